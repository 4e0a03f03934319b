"""Orders in which people may have lists: demands, other portals' records and systems by title, a body's entries too."""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_catalogue_demand_title", "catalogue_demand", ["title", "id"])
    op.create_index("ix_catalogue_harvest_record_title", "catalogue_harvest_record", ["title", "id"])
    op.create_index("ix_registers_system_title", "registers_system", ["title", "name"])
    columns = ["provider", "seen_by_all", "title_order", "id", "stage", "share_type"]
    op.create_index("ix_catalogue_version_body_title", "catalogue_version", columns)
