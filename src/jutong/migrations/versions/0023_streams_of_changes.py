"""How far behind its source's log a run of a stream ended."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('collection_run') as table:
        table.add_column(sa.Column('behind', sa.BigInteger(), nullable=False, server_default="0"))
