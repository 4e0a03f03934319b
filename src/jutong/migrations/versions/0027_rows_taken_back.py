"""How many keys a delivery took back, how many rows a plan may let go, and how many rows of a view were deleted."""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('collection_batch', sa.Column('rows_withdrawn', sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column('collection_run', sa.Column('withdrawn', sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column('collection_plan', sa.Column('granted', sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column('delivery_view', sa.Column('deleted', sa.BigInteger(), nullable=True))
    op.add_column('delivery_event', sa.Column('deleted', sa.BigInteger(), nullable=True))
