"""Lines of the ledger by body, day and person."""

import json
from datetime import datetime, timedelta, timezone

import sqlalchemy as sa
from alembic import op

revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None

PAGE = 1000
LEGAL_TIME = timezone(timedelta(hours=8))
COUNTER = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def upgrade() -> None:
    op.create_table('ledger_concern',
    sa.Column('body', sa.String(length=200), nullable=False),
    sa.Column('seq', COUNTER, autoincrement=False, nullable=False),
    sa.Column('act', sa.String(length=80), nullable=False),
    sa.ForeignKeyConstraint(
        ['seq'], ['ledger_evidence.seq'], name=op.f('fk_ledger_concern_seq'), ondelete='CASCADE'
    ),
    sa.PrimaryKeyConstraint('body', 'seq', name=op.f('pk_ledger_concern'))
    )
    op.create_index('ix_ledger_concern_body_act_seq', 'ledger_concern', ['body', 'act', 'seq'], unique=False)
    op.add_column('ledger_evidence', sa.Column('actor', sa.String(length=200), server_default='', nullable=False))
    op.add_column('ledger_evidence', sa.Column('day', sa.String(length=10), server_default='', nullable=False))
    _fill(op.get_bind())
    op.create_index('ix_ledger_evidence_act_seq', 'ledger_evidence', ['act', 'seq'], unique=False)
    op.create_index('ix_ledger_evidence_actor_seq', 'ledger_evidence', ['actor', 'seq'], unique=False)
    op.create_index('ix_ledger_evidence_day_seq', 'ledger_evidence', ['day', 'seq'], unique=False)


def _fill(db: sa.Connection) -> None:
    """Tell of the lines that stand already what is told of new ones."""
    line = sa.table('ledger_evidence', *map(sa.column, ('seq', 'act', 'leaf', 'actor', 'day')))
    concern = sa.table('ledger_concern', *map(sa.column, ('body', 'seq', 'act')))
    update = line.update().where(line.c.seq == sa.bindparam('number'))
    after = 0
    page = sa.select(line.c.seq, line.c.act, line.c.leaf).order_by(line.c.seq).limit(PAGE)
    while rows := db.execute(page.where(line.c.seq > after)).all():
        told, concerned = [], []
        for seq, act, leaf in rows:
            raw = json.loads(leaf)
            day = datetime.fromisoformat(raw['at']).astimezone(LEGAL_TIME).date().isoformat()
            told.append({'number': seq, 'who': raw['actor'], 'when': day})
            facts = raw.get('facts') or {}
            named = {facts.get(party) for party in ('provider', 'consumer', 'body')}
            bodies = {raw['org'], *(one for one in named if isinstance(one, str) and one)}
            concerned += [{'body': body, 'seq': seq, 'act': act} for body in sorted(bodies)]
        db.execute(update.values(actor=sa.bindparam('who'), day=sa.bindparam('when')), told)
        db.execute(concern.insert(), concerned)
        after = rows[-1].seq
