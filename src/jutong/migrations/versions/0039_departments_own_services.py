"""Departments' own services, and the agreements to which they are open."""

import sqlalchemy as sa
from alembic import op

import jutong.kernel.db

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('delivery_proxy',
    sa.Column('id', sa.String(length=26), nullable=False),
    sa.Column('entry', sa.String(length=26), nullable=False),
    sa.Column('provider', sa.String(length=18), nullable=False),
    sa.Column('name', sa.String(length=63), nullable=False),
    sa.Column('title', sa.String(length=200), nullable=False),
    sa.Column('base', sa.String(length=500), nullable=False),
    sa.Column('operations', jutong.kernel.db.Json(none_as_null=True), nullable=False),
    sa.Column('document', sa.String(length=64), nullable=False),
    sa.Column('fields', jutong.kernel.db.Json(none_as_null=True), nullable=False),
    sa.Column('first_seconds', sa.Integer(), nullable=False),
    sa.Column('whole_seconds', sa.Integer(), nullable=False),
    sa.Column('most_question', sa.Integer(), nullable=False),
    sa.Column('most_answer', sa.Integer(), nullable=False),
    sa.Column('at_once', sa.Integer(), nullable=False),
    sa.Column('hedge_ms', sa.Integer(), nullable=False),
    sa.Column('asks', sa.String(length=20), nullable=False),
    sa.Column('header', sa.String(length=64), nullable=False),
    sa.Column('made', jutong.kernel.db.Instant(length=32), nullable=False),
    sa.Column('by', sa.String(length=300), nullable=False),
    sa.Column('state', sa.String(length=20), nullable=False),
    sa.Column('secret', sa.LargeBinary(), nullable=False),
    sa.Column('secret_set', jutong.kernel.db.Instant(length=32), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_delivery_proxy'))
    )
    op.create_index('ix_delivery_proxy_entry_id', 'delivery_proxy', ['entry', 'id'])
    op.create_index(
        'uq_delivery_proxy_live_name',
        'delivery_proxy',
        ['entry', 'name'],
        unique=True,
        sqlite_where=sa.text("state = 'live'"),
        postgresql_where=sa.text("state = 'live'"),
    )
    op.create_table('delivery_proxy_opening',
    sa.Column('proxy', sa.String(length=26), nullable=False),
    sa.Column('agreement', sa.String(length=26), nullable=False),
    sa.Column('opened', jutong.kernel.db.Instant(length=32), nullable=False),
    sa.Column('by', sa.String(length=300), nullable=False),
    sa.PrimaryKeyConstraint('proxy', 'agreement', name=op.f('pk_delivery_proxy_opening'))
    )
    op.create_index('ix_delivery_proxy_opening_agreement', 'delivery_proxy_opening', ['agreement', 'proxy'])
