"""Services by declaration, and the agreements to which they are open."""

import sqlalchemy as sa
from alembic import op

import jutong.kernel.db

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('delivery_listing',
    sa.Column('id', sa.String(length=26), nullable=False),
    sa.Column('entry', sa.String(length=26), nullable=False),
    sa.Column('provider', sa.String(length=18), nullable=False),
    sa.Column('name', sa.String(length=63), nullable=False),
    sa.Column('title', sa.String(length=200), nullable=False),
    sa.Column('items', jutong.kernel.db.Json(none_as_null=True), nullable=False),
    sa.Column('parameters', jutong.kernel.db.Json(none_as_null=True), nullable=False),
    sa.Column('condition', sa.String(length=2000), nullable=False),
    sa.Column('order', jutong.kernel.db.Json(none_as_null=True), nullable=False),
    sa.Column('page_rows', sa.Integer(), nullable=False),
    sa.Column('most_rows', sa.Integer(), nullable=False),
    sa.Column('made', jutong.kernel.db.Instant(length=32), nullable=False),
    sa.Column('by', sa.String(length=300), nullable=False),
    sa.Column('state', sa.String(length=20), nullable=False),
    sa.Column('copied', sa.String(length=40), nullable=False),
    sa.Column('copied_at', jutong.kernel.db.Instant(length=32), nullable=True),
    sa.Column('rows', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_delivery_listing'))
    )
    op.create_index('ix_delivery_listing_entry_id', 'delivery_listing', ['entry', 'id'])
    op.create_index(
        'uq_delivery_listing_live_name',
        'delivery_listing',
        ['entry', 'name'],
        unique=True,
        sqlite_where=sa.text("state = 'live'"),
        postgresql_where=sa.text("state = 'live'"),
    )
    op.create_table('delivery_listing_opening',
    sa.Column('listing', sa.String(length=26), nullable=False),
    sa.Column('agreement', sa.String(length=26), nullable=False),
    sa.Column('opened', jutong.kernel.db.Instant(length=32), nullable=False),
    sa.Column('by', sa.String(length=300), nullable=False),
    sa.PrimaryKeyConstraint('listing', 'agreement', name=op.f('pk_delivery_listing_opening'))
    )
    op.create_index('ix_delivery_listing_opening_agreement', 'delivery_listing_opening', ['agreement', 'listing'])
