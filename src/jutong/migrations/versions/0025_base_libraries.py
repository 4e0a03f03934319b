"""Who is believed and who is one and the same, for each kind of subject of the base libraries."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    def about() -> sa.Column[str]:
        return sa.Column('about', sa.String(length=20), nullable=False, server_default='legal_person')

    with op.batch_alter_table('library_authority') as table:
        table.add_column(about())
    with op.batch_alter_table('library_decision') as table:
        table.add_column(about())
        table.alter_column('kept', existing_type=sa.String(length=40), type_=sa.String(length=160), existing_nullable=False)
        table.alter_column('other', existing_type=sa.String(length=40), type_=sa.String(length=160), existing_nullable=False)
