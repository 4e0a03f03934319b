"""Rulebooks: the editions of an entry's own rules, which of them an examination asked; profiles of batches."""

import sqlalchemy as sa
from alembic import op

import jutong.kernel.db

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('quality_rulebook',
    sa.Column('entry', sa.String(length=26), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('document', jutong.kernel.db.Json(), nullable=False),
    sa.Column('issued_at', jutong.kernel.db.Instant(length=32), nullable=False),
    sa.Column('issued_by', sa.String(length=100), nullable=False),
    sa.PrimaryKeyConstraint('entry', 'version', name=op.f('pk_quality_rulebook'))
    )
    op.create_table('quality_profile',
    sa.Column('batch', sa.String(length=26), nullable=False),
    sa.Column('entry', sa.String(length=26), nullable=False),
    sa.Column('rows', sa.BigInteger(), nullable=False),
    sa.Column('items', jutong.kernel.db.Json(), nullable=False),
    sa.Column('profiled_at', jutong.kernel.db.Instant(length=32), nullable=False),
    sa.PrimaryKeyConstraint('batch', name=op.f('pk_quality_profile'))
    )
    op.create_index('ix_quality_profile_entry_profiled_at', 'quality_profile', ['entry', 'profiled_at', 'batch'])
    op.add_column('quality_examination', sa.Column('rulebook', sa.Integer(), server_default='0', nullable=False))
