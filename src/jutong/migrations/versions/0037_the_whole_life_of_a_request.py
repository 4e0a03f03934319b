"""Changes that a consumer applies for, applications for several entries, templates, and purchases."""

import sqlalchemy as sa
from alembic import op

import jutong.kernel.db

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("sharing_request", sa.Column("amends", sa.String(26), nullable=False, server_default=""))
    op.add_column("sharing_request", sa.Column("batch", sa.String(26), nullable=False, server_default=""))
    op.create_index(op.f("ix_sharing_request_amends"), "sharing_request", ["amends"])
    op.create_index(op.f("ix_sharing_request_batch"), "sharing_request", ["batch"])
    op.create_table(
        "sharing_template",
        sa.Column("body", sa.String(18), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("id", sa.String(26), nullable=False),
        sa.Column("kept", jutong.kernel.db.Json(), nullable=False),
        sa.PrimaryKeyConstraint("body", "name", name=op.f("pk_sharing_template")),
        sa.UniqueConstraint("id", name=op.f("uq_sharing_template_id")),
    )
