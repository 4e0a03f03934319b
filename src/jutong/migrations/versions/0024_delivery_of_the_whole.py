"""Views of agreements in versions, the profiles by which systems read them, and what may be marked in copies."""

import sqlalchemy as sa
from alembic import op

import jutong.kernel.db

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('delivery_view',
    sa.Column('agreement', sa.String(length=26), nullable=False),
    sa.Column('version', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('terms', sa.String(length=64), nullable=False),
    sa.Column('table', sa.String(length=200), nullable=False),
    sa.Column('source', sa.BigInteger(), nullable=False),
    sa.Column('made', jutong.kernel.db.Instant(length=32), nullable=False),
    sa.Column('schema', sa.Text(), nullable=False),
    sa.Column('parts', jutong.kernel.db.Json(), nullable=False),
    sa.Column('changes', jutong.kernel.db.Json(), nullable=True),
    sa.Column('manifest', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('agreement', 'version', name=op.f('pk_delivery_view'))
    )
    op.create_table('delivery_marking',
    sa.Column('entry', sa.String(length=26), nullable=False),
    sa.Column('columns', jutong.kernel.db.Json(), nullable=False),
    sa.Column('canaries', jutong.kernel.db.Json(), nullable=False),
    sa.Column('declared', jutong.kernel.db.Instant(length=32), nullable=False),
    sa.Column('by', sa.String(length=300), nullable=False),
    sa.PrimaryKeyConstraint('entry', name=op.f('pk_delivery_marking'))
    )
    op.create_table('delivery_profile',
    sa.Column('id', sa.String(length=26), nullable=False),
    sa.Column('system', sa.String(length=300), nullable=False),
    sa.Column('body', sa.String(length=18), nullable=False),
    sa.Column('purpose', sa.String(length=63), nullable=False),
    sa.Column('token_digest', sa.String(length=64), nullable=False),
    sa.Column('issued', jutong.kernel.db.Instant(length=32), nullable=False),
    sa.Column('expires', jutong.kernel.db.Instant(length=32), nullable=False),
    sa.Column('revoked', jutong.kernel.db.Instant(length=32), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_delivery_profile'))
    )
    op.create_index('ix_delivery_profile_system_issued', 'delivery_profile', ['system', 'issued', 'id'])
