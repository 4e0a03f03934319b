"""Plans of collection: what is collected from where and when, who is at it, and what came of every run."""

import sqlalchemy as sa
from alembic import op

import jutong.kernel.db

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('collection_plan',
    sa.Column('id', sa.String(length=26), nullable=False),
    sa.Column('entry', sa.String(length=26), nullable=False),
    sa.Column('provider', sa.String(length=18), nullable=False),
    sa.Column('title', sa.String(length=200), nullable=False),
    sa.Column('reach', jutong.kernel.db.Json(), nullable=False),
    sa.Column('layout', jutong.kernel.db.Json(), nullable=False),
    sa.Column('reading', jutong.kernel.db.Json(), nullable=False),
    sa.Column('schedule', sa.String(length=60), nullable=False),
    sa.Column('state', sa.String(length=20), nullable=False),
    sa.Column('next_at', jutong.kernel.db.Instant(length=32), nullable=True),
    sa.Column('until', sa.String(length=400), nullable=False),
    sa.Column('seen', sa.String(length=26), nullable=False),
    sa.Column('columns', jutong.kernel.db.Json(), nullable=False),
    sa.Column('drift', jutong.kernel.db.Json(), nullable=False),
    sa.Column('drifted', jutong.kernel.db.Json(), nullable=False),
    sa.Column('made', jutong.kernel.db.Instant(length=32), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_collection_plan'))
    )
    op.create_index(op.f('ix_collection_plan_entry'), 'collection_plan', ['entry'])
    op.create_index(op.f('ix_collection_plan_provider'), 'collection_plan', ['provider'])
    op.create_index(op.f('ix_collection_plan_next_at'), 'collection_plan', ['next_at'])
    op.create_table('collection_lease',
    sa.Column('plan', sa.String(length=26), nullable=False),
    sa.Column('run', sa.String(length=26), nullable=False),
    sa.Column('until', jutong.kernel.db.Instant(length=32), nullable=False),
    sa.PrimaryKeyConstraint('plan', name=op.f('pk_collection_lease'))
    )
    op.create_table('collection_run',
    sa.Column('id', sa.String(length=26), nullable=False),
    sa.Column('plan', sa.String(length=26), nullable=False),
    sa.Column('began', jutong.kernel.db.Instant(length=32), nullable=False),
    sa.Column('ended', jutong.kernel.db.Instant(length=32), nullable=True),
    sa.Column('outcome', sa.String(length=20), nullable=False),
    sa.Column('rows', sa.BigInteger(), nullable=False),
    sa.Column('again', sa.BigInteger(), nullable=False),
    sa.Column('batch', sa.String(length=26), nullable=False),
    sa.Column('code', sa.String(length=40), nullable=False),
    sa.Column('reason', jutong.kernel.db.Json(), nullable=False),
    sa.Column('remedy', jutong.kernel.db.Json(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_collection_run'))
    )
    op.create_index('ix_collection_run_plan_id', 'collection_run', ['plan', 'id'])
