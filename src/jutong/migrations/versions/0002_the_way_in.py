"""The way in: accounts, sessions, invitations, delegations."""

import sqlalchemy as sa
from alembic import op

import jutong.kernel.db

revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('access_account',
    sa.Column('person', sa.String(length=26), nullable=False),
    sa.Column('password', sa.String(length=200), nullable=False),
    sa.Column('changed', jutong.kernel.db.Instant(length=32), nullable=False),
    sa.Column('must_change', sa.Boolean(), nullable=False),
    sa.Column('previous', jutong.kernel.db.Json(none_as_null=True), nullable=False),
    sa.Column('barred', sa.Boolean(), nullable=False),
    sa.Column('sealed', sa.LargeBinary(), nullable=True),
    sa.Column('last_step', sa.BigInteger(), nullable=False),
    sa.Column('recovery', jutong.kernel.db.Json(none_as_null=True), nullable=False),
    sa.Column('language', sa.String(length=10), nullable=True),
    sa.Column('post', sa.String(length=26), nullable=True),
    sa.PrimaryKeyConstraint('person', name=op.f('pk_access_account'))
    )
    op.create_table('access_attempts',
    sa.Column('key', sa.String(length=32), nullable=False),
    sa.Column('failures', sa.Integer(), nullable=False),
    sa.Column('last', jutong.kernel.db.Instant(length=32), nullable=False),
    sa.Column('until', jutong.kernel.db.Instant(length=32), nullable=True),
    sa.PrimaryKeyConstraint('key', name=op.f('pk_access_attempts'))
    )
    with op.batch_alter_table('access_attempts', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_access_attempts_last'), ['last'], unique=False)

    op.create_table('access_delegation',
    sa.Column('id', sa.String(length=26), nullable=False),
    sa.Column('post', sa.String(length=26), nullable=False),
    sa.Column('holder', sa.String(length=26), nullable=False),
    sa.Column('delegate', sa.String(length=26), nullable=False),
    sa.Column('starts', sa.Date(), nullable=False),
    sa.Column('ends', sa.Date(), nullable=False),
    sa.Column('made', jutong.kernel.db.Instant(length=32), nullable=False),
    sa.Column('ended', jutong.kernel.db.Instant(length=32), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_access_delegation'))
    )
    with op.batch_alter_table('access_delegation', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_access_delegation_delegate'), ['delegate'], unique=False)
        batch_op.create_index(batch_op.f('ix_access_delegation_holder'), ['holder'], unique=False)
        batch_op.create_index(batch_op.f('ix_access_delegation_post'), ['post'], unique=False)

    op.create_table('access_invitation',
    sa.Column('id', sa.String(length=26), nullable=False),
    sa.Column('person', sa.String(length=26), nullable=False),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('issued', jutong.kernel.db.Instant(length=32), nullable=False),
    sa.Column('expires', jutong.kernel.db.Instant(length=32), nullable=False),
    sa.Column('by', sa.String(length=26), nullable=False),
    sa.Column('used', jutong.kernel.db.Instant(length=32), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_access_invitation')),
    sa.UniqueConstraint('digest', name=op.f('uq_access_invitation_digest'))
    )
    with op.batch_alter_table('access_invitation', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_access_invitation_person'), ['person'], unique=False)

    op.create_table('access_session',
    sa.Column('id', sa.String(length=26), nullable=False),
    sa.Column('person', sa.String(length=26), nullable=False),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('post', sa.String(length=26), nullable=True),
    sa.Column('second', sa.Boolean(), nullable=False),
    sa.Column('opened', jutong.kernel.db.Instant(length=32), nullable=False),
    sa.Column('seen', jutong.kernel.db.Instant(length=32), nullable=False),
    sa.Column('ends', jutong.kernel.db.Instant(length=32), nullable=False),
    sa.Column('source', sa.String(length=64), nullable=False),
    sa.Column('agent', sa.String(length=200), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_access_session')),
    sa.UniqueConstraint('digest', name=op.f('uq_access_session_digest'))
    )
    with op.batch_alter_table('access_session', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_access_session_person'), ['person'], unique=False)

