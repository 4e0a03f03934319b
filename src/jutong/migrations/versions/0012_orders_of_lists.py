"""Orders in which officials may have lists: demands and records of other portals by title, systems by title."""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_catalogue_demand_title", "catalogue_demand", ["title", "id"])
    op.create_index("ix_catalogue_harvest_record_title", "catalogue_harvest_record", ["title", "id"])
    op.create_index("ix_registers_system_title", "registers_system", ["title", "name"])
