"""Requests and agreements by their days, forms that are not filled in yet, and calls counted by day."""

import sqlalchemy as sa
from alembic import op

import jutong.kernel.db

revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None

NEVER = '9999-12-31'
OWED = ('submitted', 'extension-asked', 'extended')


def upgrade() -> None:
    with op.batch_alter_table('sharing_request', schema=None) as batch_op:
        batch_op.add_column(sa.Column('due', sa.String(length=10), nullable=False, server_default=NEVER))
        for column in ('consumer', 'provider', 'stage'):
            batch_op.drop_index(f'ix_sharing_request_{column}')
        batch_op.create_index('ix_sharing_request_due', ['due', 'id'], unique=False)
        batch_op.create_index('ix_sharing_request_stage_due', ['stage', 'due', 'id'], unique=False)
        for side in ('consumer', 'provider'):
            batch_op.create_index(f'ix_sharing_request_{side}_id', [side, 'id'], unique=False)
            batch_op.create_index(f'ix_sharing_request_{side}_due', [side, 'due', 'id'], unique=False)
            batch_op.create_index(f'ix_sharing_request_{side}_stage_due', [side, 'stage', 'due', 'id'], unique=False)

    with op.batch_alter_table('sharing_agreement', schema=None) as batch_op:
        batch_op.add_column(sa.Column('due', sa.String(length=10), nullable=False, server_default=NEVER))
        batch_op.add_column(sa.Column('ends', sa.String(length=10), nullable=False, server_default=NEVER))
        for column in ('consumer', 'provider', 'stage'):
            batch_op.drop_index(f'ix_sharing_agreement_{column}')
        batch_op.create_index('ix_sharing_agreement_due', ['due', 'id'], unique=False)
        batch_op.create_index('ix_sharing_agreement_ends', ['ends', 'id'], unique=False)
        batch_op.create_index('ix_sharing_agreement_stage_due', ['stage', 'due', 'id'], unique=False)
        for side in ('consumer', 'provider'):
            batch_op.create_index(f'ix_sharing_agreement_{side}_due', [side, 'due', 'id'], unique=False)
            batch_op.create_index(f'ix_sharing_agreement_{side}_ends', [side, 'ends', 'id'], unique=False)
            batch_op.create_index(f'ix_sharing_agreement_{side}_stage_due', [side, 'stage', 'due', 'id'], unique=False)

    op.create_table('sharing_sketch',
    sa.Column('consumer', sa.String(length=18), nullable=False),
    sa.Column('entry', sa.String(length=26), nullable=False),
    sa.Column('changed', jutong.kernel.db.Instant(length=32), nullable=False),
    sa.Column('fields', jutong.kernel.db.Json(none_as_null=True), nullable=False),
    sa.PrimaryKeyConstraint('consumer', 'entry', name=op.f('pk_sharing_sketch'))
    )
    op.create_table('ledger_call_count',
    sa.Column('agreement', sa.String(length=64), nullable=False),
    sa.Column('day', sa.String(length=10), nullable=False),
    sa.Column('code', sa.String(length=40), nullable=False),
    sa.Column('calls', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('agreement', 'day', 'code', name=op.f('pk_ledger_call_count'))
    )
    with op.batch_alter_table('ledger_call_count', schema=None) as batch_op:
        batch_op.create_index('ix_ledger_call_count_day', ['day', 'agreement', 'code'], unique=False)

    _fill()


def _fill() -> None:
    """Write down the days of what stands already."""
    db = op.get_bind()
    body = jutong.kernel.db.Json(none_as_null=True)
    request = sa.table('sharing_request', *map(sa.column, ('id', 'stage', 'due')), sa.column('body', body))
    for row in db.execute(sa.select(request.c.id, request.c.stage, request.c.body)).all():
        clock = row.body.get('clock')
        if row.stage in OWED and clock:
            db.execute(request.update().where(request.c.id == row.id).values(due=clock['due']))
    agreement = sa.table('sharing_agreement', *map(sa.column, ('id', 'stage', 'due', 'ends')), sa.column('body', body))
    for row in db.execute(sa.select(agreement.c.id, agreement.c.stage, agreement.c.body)).all():
        owed = row.stage != 'terminated' and row.body.get('delivered') is None
        days = {'due': row.body['delivery']['due'] if owed else NEVER, 'ends': row.body['ends']}
        db.execute(agreement.update().where(agreement.c.id == row.id).values(**days))
