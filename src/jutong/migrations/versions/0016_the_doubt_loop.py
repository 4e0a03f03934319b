"""The doubt loop: queues, doubts of single cells, and how often a ticket was opened again."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('quality_objection', sa.Column('queue', sa.String(length=16), server_default='correction', nullable=False))
    op.add_column('quality_objection', sa.Column('reopened', sa.Integer(), server_default='0', nullable=False))
    op.add_column('quality_objection', sa.Column('raised_by', sa.String(length=18), server_default='', nullable=False))
    op.add_column('quality_objection', sa.Column('row', sa.BigInteger(), server_default='0', nullable=False))
    op.add_column('quality_objection', sa.Column('doubt', sa.Text(), server_default='', nullable=False))
