"""Harvest: from an entry to the portal's record that it was drafted from, whose theme the search narrows by."""

from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_catalogue_harvest_record_entry", "catalogue_harvest_record", ["entry"])
