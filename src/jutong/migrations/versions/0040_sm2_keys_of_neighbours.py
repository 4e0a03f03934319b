"""The SM2 key of a neighbour, beside its Ed25519 key."""

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("registers_node", sa.Column("sm2_key", sa.String(44), nullable=False, server_default=""))
