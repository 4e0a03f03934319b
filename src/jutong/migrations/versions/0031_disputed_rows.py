"""The flag of disputed records in views and in what is told of them."""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('delivery_view', sa.Column('doubts', sa.String(length=64), server_default='', nullable=False))
    op.add_column('delivery_view', sa.Column('disputed', sa.BigInteger(), server_default='0', nullable=False))
    op.add_column('delivery_event', sa.Column('disputed', sa.BigInteger(), server_default='0', nullable=False))
