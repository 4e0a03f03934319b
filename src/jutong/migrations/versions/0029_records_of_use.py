"""Records of use of what was shared, and the watches over agreements in use."""

import sqlalchemy as sa
from alembic import op

import jutong.kernel.db

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('sharing_use',
    sa.Column('id', sa.String(length=26), nullable=False),
    sa.Column('agreement', sa.String(length=26), nullable=False),
    sa.Column('consumer', sa.String(length=18), nullable=False),
    sa.Column('provider', sa.String(length=18), nullable=False),
    sa.Column('told', sa.String(length=64), nullable=False),
    sa.Column('kept', sa.String(length=10), nullable=False),
    sa.Column('body', jutong.kernel.db.Json(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_sharing_use'))
    )
    op.create_index('ix_sharing_use_agreement', 'sharing_use', ['agreement', 'id'])
    op.create_index('ix_sharing_use_consumer', 'sharing_use', ['consumer', 'id'])
    op.create_index('ix_sharing_use_provider', 'sharing_use', ['provider', 'id'])
    op.create_table('sharing_use_watch',
    sa.Column('agreement', sa.String(length=26), nullable=False),
    sa.Column('consumer', sa.String(length=18), nullable=False),
    sa.Column('due', sa.String(length=10), nullable=False),
    sa.Column('body', jutong.kernel.db.Json(), nullable=False),
    sa.PrimaryKeyConstraint('agreement', name=op.f('pk_sharing_use_watch'))
    )
    op.create_index('ix_sharing_use_watch_due', 'sharing_use_watch', ['due', 'agreement'])
    op.create_index('ix_sharing_use_watch_consumer_due', 'sharing_use_watch', ['consumer', 'due', 'agreement'])
