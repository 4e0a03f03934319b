"""Packages of edge agents: which came, from whom, and how each ended."""

import sqlalchemy as sa
from alembic import op

import jutong.kernel.db

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('collection_package',
    sa.Column('id', sa.String(length=26), nullable=False),
    sa.Column('system', sa.String(length=200), nullable=False),
    sa.Column('provider', sa.String(length=18), nullable=False),
    sa.Column('entry', sa.String(length=26), nullable=False),
    sa.Column('number', sa.BigInteger(), nullable=False),
    sa.Column('previous', sa.String(length=64), nullable=False),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('size', sa.BigInteger(), nullable=False),
    sa.Column('came', jutong.kernel.db.Instant(length=32), nullable=False),
    sa.Column('stage', sa.String(length=20), nullable=False),
    sa.Column('ended', jutong.kernel.db.Instant(length=32), nullable=True),
    sa.Column('batch', sa.String(length=26), nullable=False),
    sa.Column('line', sa.String(length=26), nullable=False),
    sa.Column('code', sa.String(length=40), nullable=False),
    sa.Column('reason', jutong.kernel.db.Json(), nullable=False),
    sa.Column('remedy', jutong.kernel.db.Json(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_collection_package'))
    )
    op.create_index('ix_collection_package_system_entry_number', 'collection_package', ['system', 'entry', 'number'], unique=True)
    op.create_index('ix_collection_package_came', 'collection_package', ['came', 'id'])
    op.create_index('ix_collection_package_provider_came', 'collection_package', ['provider', 'came', 'id'])
    op.create_index('ix_collection_package_stage', 'collection_package', ['stage'])
