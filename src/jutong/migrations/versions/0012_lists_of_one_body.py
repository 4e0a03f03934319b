"""The catalogue list of one body, in the order of titles."""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

COLUMNS = ["provider", "seen_by_all", "title_order", "id", "stage", "share_type"]


def upgrade() -> None:
    op.create_index("ix_catalogue_version_body_title", "catalogue_version", COLUMNS)
