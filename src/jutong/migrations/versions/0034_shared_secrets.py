"""Shared secrets of systems; a count of changes of every system, by which the gateway sees one at once."""

import sqlalchemy as sa
from alembic import op

import jutong.kernel.db

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('registers_system', sa.Column('version', sa.Integer(), server_default='0', nullable=False))
    op.create_table('delivery_secret',
    sa.Column('id', sa.String(length=26), nullable=False),
    sa.Column('system', sa.String(length=300), nullable=False),
    sa.Column('body', sa.String(length=18), nullable=False),
    sa.Column('profile', sa.String(length=20), nullable=False),
    sa.Column('sealed', sa.LargeBinary(), nullable=False),
    sa.Column('issued', jutong.kernel.db.Instant(length=32), nullable=False),
    sa.Column('expires', jutong.kernel.db.Instant(length=32), nullable=False),
    sa.Column('revoked', jutong.kernel.db.Instant(length=32), nullable=True),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_delivery_secret'))
    )
    op.create_index('ix_delivery_secret_system', 'delivery_secret', ['system', 'id'])
