"""Library: declared themes, and when each was made."""

import sqlalchemy as sa
from alembic import op

import jutong.kernel.db

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('library_theme',
    sa.Column('name', sa.String(length=40), nullable=False),
    sa.Column('title', sa.String(length=100), nullable=False),
    sa.Column('sql', sa.Text(), nullable=False),
    sa.Column('basis', sa.String(length=400), nullable=False),
    sa.PrimaryKeyConstraint('name', name=op.f('pk_library_theme'))
    )
    op.create_table('library_making',
    sa.Column('theme', sa.String(length=40), nullable=False),
    sa.Column('version', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('base', sa.BigInteger(), nullable=False),
    sa.Column('rows', sa.BigInteger(), nullable=False),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('at', jutong.kernel.db.Instant(length=32), nullable=False),
    sa.PrimaryKeyConstraint('theme', 'version', name=op.f('pk_library_making'))
    )
