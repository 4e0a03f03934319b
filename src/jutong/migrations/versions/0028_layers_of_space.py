"""Layers of space, as each was loaded last."""

import sqlalchemy as sa
from alembic import op

import jutong.kernel.db

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('library_layer',
    sa.Column('name', sa.String(length=40), nullable=False),
    sa.Column('origin', sa.String(length=300), nullable=False),
    sa.Column('form', sa.String(length=16), nullable=False),
    sa.Column('crs', sa.Integer(), nullable=False),
    sa.Column('kept', sa.Integer(), nullable=False),
    sa.Column('year', sa.Integer(), nullable=False),
    sa.Column('features', sa.Integer(), nullable=False),
    sa.Column('withheld', sa.Integer(), nullable=False),
    sa.Column('repaired', sa.Integer(), nullable=False),
    sa.Column('kinds', jutong.kernel.db.Json(), nullable=False),
    sa.Column('bounds', jutong.kernel.db.Json(), nullable=False),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('version', sa.BigInteger(), nullable=False),
    sa.Column('findings', sa.BigInteger(), nullable=False),
    sa.Column('loaded_by', sa.String(length=300), nullable=False),
    sa.Column('loaded_at', jutong.kernel.db.Instant(length=32), nullable=False),
    sa.PrimaryKeyConstraint('name', name=op.f('pk_library_layer'))
    )
