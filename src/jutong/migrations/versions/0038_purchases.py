"""Data that bodies bought from society."""

import sqlalchemy as sa
from alembic import op

import jutong.kernel.db

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sharing_purchase",
        sa.Column("id", sa.String(26), nullable=False),
        sa.Column("buyer", sa.String(18), nullable=False),
        sa.Column("contract", sa.String(64), nullable=False),
        sa.Column("entry", sa.String(26), nullable=False),
        sa.Column("ends", sa.String(10), nullable=False),
        sa.Column("over", sa.Boolean(), nullable=False),
        sa.Column("body", jutong.kernel.db.Json(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sharing_purchase")),
        sa.UniqueConstraint("contract", name=op.f("uq_sharing_purchase_contract")),
    )
    op.create_index(op.f("ix_sharing_purchase_entry"), "sharing_purchase", ["entry"])
    op.create_index("ix_sharing_purchase_over_ends", "sharing_purchase", ["over", "ends"])
