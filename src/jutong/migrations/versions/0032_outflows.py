"""Outflows of agreements into their consumers' targets, their runs and leases."""

import sqlalchemy as sa
from alembic import op

import jutong.kernel.db

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('delivery_outflow',
    sa.Column('id', sa.String(length=26), nullable=False),
    sa.Column('agreement', sa.String(length=26), nullable=False),
    sa.Column('entry', sa.String(length=26), nullable=False),
    sa.Column('provider', sa.String(length=18), nullable=False),
    sa.Column('consumer', sa.String(length=18), nullable=False),
    sa.Column('title', sa.String(length=200), nullable=False),
    sa.Column('target', jutong.kernel.db.Json(none_as_null=True), nullable=False),
    sa.Column('purpose', sa.String(length=63), nullable=False),
    sa.Column('schedule', sa.String(length=100), nullable=False),
    sa.Column('made', jutong.kernel.db.Instant(length=32), nullable=False),
    sa.Column('by', sa.String(length=300), nullable=False),
    sa.Column('state', sa.String(length=20), nullable=False),
    sa.Column('tried', jutong.kernel.db.Instant(length=32), nullable=True),
    sa.Column('next_at', jutong.kernel.db.Instant(length=32), nullable=True),
    sa.Column('tries', sa.Integer(), nullable=False),
    sa.Column('anew', sa.Boolean(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('rows', sa.BigInteger(), nullable=False),
    sa.Column('delivered', jutong.kernel.db.Instant(length=32), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_delivery_outflow'))
    )
    op.create_index('ix_delivery_outflow_agreement_id', 'delivery_outflow', ['agreement', 'id'])
    op.create_index('ix_delivery_outflow_state', 'delivery_outflow', ['state', 'next_at'])
    op.create_table('delivery_outflow_run',
    sa.Column('id', sa.String(length=26), nullable=False),
    sa.Column('outflow', sa.String(length=26), nullable=False),
    sa.Column('began', jutong.kernel.db.Instant(length=32), nullable=False),
    sa.Column('ended', jutong.kernel.db.Instant(length=32), nullable=True),
    sa.Column('outcome', sa.String(length=20), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('base', sa.Integer(), nullable=True),
    sa.Column('rows', sa.BigInteger(), nullable=False),
    sa.Column('changed', sa.BigInteger(), nullable=False),
    sa.Column('manifest', sa.String(length=64), nullable=False),
    sa.Column('code', sa.String(length=40), nullable=False),
    sa.Column('reason', jutong.kernel.db.Json(none_as_null=True), nullable=False),
    sa.Column('remedy', jutong.kernel.db.Json(none_as_null=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_delivery_outflow_run'))
    )
    op.create_index('ix_delivery_outflow_run_outflow_id', 'delivery_outflow_run', ['outflow', 'id'])
    op.create_table('delivery_outflow_lease',
    sa.Column('outflow', sa.String(length=26), nullable=False),
    sa.Column('run', sa.String(length=26), nullable=False),
    sa.Column('until', jutong.kernel.db.Instant(length=32), nullable=False),
    sa.Column('sent', sa.BigInteger(), nullable=False),
    sa.Column('total', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('outflow', name=op.f('pk_delivery_outflow_lease'))
    )
