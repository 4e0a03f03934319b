"""Lists of entries: what they show, sort and narrow by stands in columns of its own."""

import json
import zlib
from datetime import date, datetime
from itertools import pairwise

import sqlalchemy as sa
from alembic import op

import jutong.kernel.db

revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None

TEXTS = {'provider': 18, 'title': 200, 'title_order': 320, 'format': 20, 'share_type': 20, 'update_cycle': 20, 'open_type': 20}
FLAGS = ('seen_by_owner', 'seen_by_authority', 'seen_by_all')
MARKS = tuple(f'mark{place}' for place in range(12))
BITS = 62
NARROWING = ('stage', 'share_type', 'update_cycle', *MARKS)
INDEXES = {
    'own_changed': ('provider', 'seen_by_owner', 'changed', 'id'),
    'own_title': ('provider', 'seen_by_owner', 'title_order', 'id'),
    'authority_changed': ('seen_by_authority', 'changed', 'id', 'provider'),
    'authority_title': ('seen_by_authority', 'title_order', 'id', 'provider'),
    'authority_due': ('seen_by_authority', 'audit_due', 'id', 'provider'),
    'all_changed': ('seen_by_all', 'changed', 'id', 'provider'),
    'all_title': ('seen_by_all', 'title_order', 'id', 'provider'),
}


def upgrade() -> None:
    columns = [
        *(sa.Column(name, sa.String(length=length), nullable=True) for name, length in TEXTS.items()),
        sa.Column('grade', sa.Integer(), nullable=True),
        sa.Column('item_count', sa.Integer(), nullable=True),
        sa.Column('changed', jutong.kernel.db.Instant(length=32), nullable=True),
        *(sa.Column(name, sa.Boolean(), nullable=True) for name in FLAGS),
        *(sa.Column(name, sa.BigInteger(), nullable=True) for name in MARKS),
    ]
    for column in [*columns, sa.Column('audit_due', sa.Date(), nullable=True)]:
        op.add_column('catalogue_version', column)
    fill()
    with op.batch_alter_table('catalogue_version', schema=None) as batch_op:
        for column in columns:
            batch_op.alter_column(column.name, existing_type=column.type, nullable=False)
        batch_op.drop_index(batch_op.f('ix_catalogue_version_stage'))
    for name, leading in INDEXES.items():
        op.create_index(f'ix_catalogue_version_{name}', 'catalogue_version', [*leading, *NARROWING], unique=False)
    all_provider = ['seen_by_all', 'stage', 'provider']
    op.create_index('ix_catalogue_version_all_provider', 'catalogue_version', all_provider, unique=False)


def fill() -> None:
    db = op.get_bind()
    head = sa.table('catalogue_entry', *map(sa.column, ('id', 'version', 'authority_version', 'public_version')))
    version = sa.table(
        'catalogue_version',
        *map(sa.column, ('id', 'version', 'words', 'body', 'grade', 'item_count', *TEXTS, *FLAGS, *MARKS)),
        sa.column('changed', jutong.kernel.db.Instant(length=32)),
        sa.column('audit_due', sa.Date()),
    )
    after = ''
    while True:
        entries = db.execute(sa.select(head).where(head.c.id > after).order_by(head.c.id).limit(500)).all()
        if not entries:
            return
        for entry in entries:
            kept = sa.select(version.c.version, version.c.words, version.c.body).where(version.c.id == entry.id)
            for row in db.execute(kept).all():
                values = columns_of(json.loads(row.body), row.words) | {
                    'seen_by_owner': row.version == entry.version,
                    'seen_by_authority': row.version == entry.authority_version,
                    'seen_by_all': row.version == entry.public_version,
                }
                db.execute(
                    sa.update(version)
                    .where(version.c.id == entry.id, version.c.version == row.version)
                    .values(values)
                )
        after = entries[-1].id


def columns_of(body: dict, words: str) -> dict:
    bits = 0
    for first, second in pairwise(words):
        more, place = divmod(zlib.crc32((first + second).encode('utf-8', 'replace')), len(MARKS) * BITS)
        bits |= 1 << place | 1 << more % (len(MARKS) * BITS)
    due = body['audit_due'] if body['stage'] in ('submitted', 'registered') else None
    return {
        'provider': body['provider'],
        'title': body['title'],
        'title_order': body['title'][:40].casefold().encode('gb18030', 'replace').hex(),
        'format': body['format'],
        'share_type': body['terms']['share_type'],
        'update_cycle': body['update_cycle'],
        'open_type': body['open_type'],
        'grade': max((item['grade'] for item in body['items']), default=1),
        'item_count': len(body['items']),
        'changed': datetime.fromisoformat(body['moves'][-1]['at']),
        'audit_due': due and date.fromisoformat(due),
        **{name: (bits >> (BITS * place)) & ((1 << BITS) - 1) for place, name in enumerate(MARKS)},
    }
