"""Policies on deliveries, in versions, and their epoch."""

import sqlalchemy as sa
from alembic import op

import jutong.kernel.db

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('delivery_policy',
    sa.Column('id', sa.String(length=26), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('title', sa.String(length=200), nullable=False),
    sa.Column('basis', sa.String(length=500), nullable=False),
    sa.Column('source', sa.Text(), nullable=False),
    sa.Column('body', sa.String(length=18), nullable=False),
    sa.Column('whole', sa.Boolean(), nullable=False),
    sa.Column('by', sa.String(length=300), nullable=False),
    sa.Column('at', jutong.kernel.db.Instant(length=32), nullable=False),
    sa.Column('stage', sa.String(length=20), nullable=False),
    sa.Column('starts', sa.Date(), nullable=True),
    sa.Column('approved_by', sa.String(length=300), nullable=False),
    sa.Column('approved_at', jutong.kernel.db.Instant(length=32), nullable=True),
    sa.Column('withdrawn_by', sa.String(length=300), nullable=False),
    sa.Column('withdrawn_at', jutong.kernel.db.Instant(length=32), nullable=True),
    sa.PrimaryKeyConstraint('id', 'version', name=op.f('pk_delivery_policy'))
    )
    op.create_index('ix_delivery_policy_stage', 'delivery_policy', ['stage', 'id', 'version'])
    op.create_table('delivery_policy_epoch',
    sa.Column('id', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('value', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_delivery_policy_epoch'))
    )
