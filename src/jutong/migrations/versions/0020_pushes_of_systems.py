"""Pushes: which system sends which file, and how that ended."""

import sqlalchemy as sa
from alembic import op

import jutong.kernel.db

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('collection_push',
    sa.Column('id', sa.String(length=26), nullable=False),
    sa.Column('system', sa.String(length=200), nullable=False),
    sa.Column('provider', sa.String(length=18), nullable=False),
    sa.Column('entry', sa.String(length=26), nullable=False),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('size', sa.BigInteger(), nullable=False),
    sa.Column('content', sa.String(length=64), nullable=False),
    sa.Column('layout', jutong.kernel.db.Json(), nullable=False),
    sa.Column('opened', jutong.kernel.db.Instant(length=32), nullable=False),
    sa.Column('stage', sa.String(length=20), nullable=False),
    sa.Column('ended', jutong.kernel.db.Instant(length=32), nullable=True),
    sa.Column('batch', sa.String(length=26), nullable=False),
    sa.Column('line', sa.String(length=26), nullable=False),
    sa.Column('code', sa.String(length=40), nullable=False),
    sa.Column('reason', jutong.kernel.db.Json(), nullable=False),
    sa.Column('remedy', jutong.kernel.db.Json(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_collection_push'))
    )
    op.create_index('ix_collection_push_opened', 'collection_push', ['opened', 'id'])
    op.create_index('ix_collection_push_provider_opened', 'collection_push', ['provider', 'opened', 'id'])
    op.create_index('ix_collection_push_system_stage', 'collection_push', ['system', 'stage'])
