"""Disputes about sharing, and whose turn it is in each."""

import sqlalchemy as sa
from alembic import op

import jutong.kernel.db

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('sharing_dispute',
    sa.Column('id', sa.String(length=26), nullable=False),
    sa.Column('about', sa.String(length=26), nullable=False),
    sa.Column('state', sa.String(length=20), nullable=False),
    sa.Column('due', sa.String(length=10), nullable=False),
    sa.Column('body', jutong.kernel.db.Json(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_sharing_dispute'))
    )
    op.create_index('ix_sharing_dispute_about', 'sharing_dispute', ['about', 'id'])
    op.create_index('ix_sharing_dispute_state_due', 'sharing_dispute', ['state', 'due', 'id'])
    op.create_table('sharing_dispute_side',
    sa.Column('dispute', sa.String(length=26), nullable=False),
    sa.Column('body', sa.String(length=18), nullable=False),
    sa.Column('turn', sa.Boolean(), nullable=False),
    sa.Column('due', sa.String(length=10), nullable=False),
    sa.PrimaryKeyConstraint('dispute', 'body', name=op.f('pk_sharing_dispute_side'))
    )
    op.create_index('ix_sharing_dispute_side_body', 'sharing_dispute_side', ['body', 'dispute'])
    op.create_index('ix_sharing_dispute_side_turn', 'sharing_dispute_side', ['body', 'turn', 'due', 'dispute'])
