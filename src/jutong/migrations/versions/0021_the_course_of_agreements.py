"""What somebody owes on an agreement besides its delivery."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('sharing_owed',
    sa.Column('agreement', sa.String(length=26), nullable=False),
    sa.Column('task', sa.String(length=30), nullable=False),
    sa.Column('body', sa.String(length=18), nullable=False),
    sa.Column('provider', sa.String(length=18), nullable=False),
    sa.Column('due', sa.String(length=10), nullable=False),
    sa.PrimaryKeyConstraint('agreement', 'task', name=op.f('pk_sharing_owed'))
    )
    op.create_index('ix_sharing_owed_task_due', 'sharing_owed', ['task', 'due', 'agreement'])
    op.create_index('ix_sharing_owed_task_body_due', 'sharing_owed', ['task', 'body', 'due', 'agreement'])
    op.create_index('ix_sharing_owed_task_provider_due', 'sharing_owed', ['task', 'provider', 'due', 'agreement'])
