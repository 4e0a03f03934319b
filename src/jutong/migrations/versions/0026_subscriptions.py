"""Events of new versions of views, and the systems that are told of them."""

import sqlalchemy as sa
from alembic import op

import jutong.kernel.db

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('delivery_event',
    sa.Column('agreement', sa.String(length=26), nullable=False),
    sa.Column('number', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('at', jutong.kernel.db.Instant(length=32), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('manifest', sa.String(length=64), nullable=False),
    sa.Column('rows', sa.BigInteger(), nullable=False),
    sa.Column('files', sa.Integer(), nullable=False),
    sa.Column('size', sa.BigInteger(), nullable=False),
    sa.Column('changed', sa.BigInteger(), nullable=True),
    sa.PrimaryKeyConstraint('agreement', 'number', name=op.f('pk_delivery_event'))
    )
    op.create_table('delivery_subscription',
    sa.Column('id', sa.String(length=26), nullable=False),
    sa.Column('agreement', sa.String(length=26), nullable=False),
    sa.Column('system', sa.String(length=300), nullable=False),
    sa.Column('body', sa.String(length=18), nullable=False),
    sa.Column('purpose', sa.String(length=63), nullable=False),
    sa.Column('url', sa.String(length=500), nullable=False),
    sa.Column('made', jutong.kernel.db.Instant(length=32), nullable=False),
    sa.Column('by', sa.String(length=300), nullable=False),
    sa.Column('told', sa.Integer(), nullable=False),
    sa.Column('willing', jutong.kernel.db.Instant(length=32), nullable=True),
    sa.Column('tries', sa.Integer(), nullable=False),
    sa.Column('since', jutong.kernel.db.Instant(length=32), nullable=True),
    sa.Column('due', jutong.kernel.db.Instant(length=32), nullable=True),
    sa.Column('failure', sa.String(length=20), nullable=True),
    sa.Column('status', sa.Integer(), nullable=False),
    sa.Column('dead', jutong.kernel.db.Instant(length=32), nullable=True),
    sa.Column('ended', jutong.kernel.db.Instant(length=32), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_delivery_subscription'))
    )
    op.create_index('ix_delivery_subscription_agreement_made', 'delivery_subscription', ['agreement', 'made', 'id'])
