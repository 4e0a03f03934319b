"""Custody: requests for the erasure of one subject."""

import sqlalchemy as sa
from alembic import op

import jutong.kernel.db

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('custody_erasure',
    sa.Column('id', sa.String(length=26), nullable=False),
    sa.Column('phase', sa.String(length=20), nullable=False),
    sa.Column('body', jutong.kernel.db.Json(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_custody_erasure'))
    )
