"""Levels of sessions, accounts that nobody uses, passkeys, linked identities, and proofs that were used up."""

import sqlalchemy as sa
from alembic import op

import jutong.kernel.db

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('access_passkey',
    sa.Column('id', sa.String(length=26), nullable=False),
    sa.Column('person', sa.String(length=26), nullable=False),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('credential', sa.LargeBinary(), nullable=False),
    sa.Column('name', sa.String(length=80), nullable=False),
    sa.Column('made', jutong.kernel.db.Instant(length=32), nullable=False),
    sa.Column('used', jutong.kernel.db.Instant(length=32), nullable=True),
    sa.Column('count', sa.BigInteger(), nullable=False),
    sa.Column('backed', sa.Boolean(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_access_passkey')),
    sa.UniqueConstraint('digest', name=op.f('uq_access_passkey_digest'))
    )
    op.create_index('ix_access_passkey_person', 'access_passkey', ['person'])
    op.create_table('access_identity',
    sa.Column('id', sa.String(length=26), nullable=False),
    sa.Column('person', sa.String(length=26), nullable=False),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('issuer', sa.String(length=300), nullable=False),
    sa.Column('subject', sa.String(length=255), nullable=False),
    sa.Column('made', jutong.kernel.db.Instant(length=32), nullable=False),
    sa.Column('used', jutong.kernel.db.Instant(length=32), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_access_identity')),
    sa.UniqueConstraint('digest', name=op.f('uq_access_identity_digest'))
    )
    op.create_index('ix_access_identity_person', 'access_identity', ['person'])
    op.create_table('access_spent',
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('until', jutong.kernel.db.Instant(length=32), nullable=False),
    sa.PrimaryKeyConstraint('digest', name=op.f('pk_access_spent'))
    )
    op.create_index('ix_access_spent_until', 'access_spent', ['until'])
    with op.batch_alter_table('access_account', schema=None) as batch_op:
        for name in ('used', 'warned', 'closed'):
            batch_op.add_column(sa.Column(name, jutong.kernel.db.Instant(length=32), nullable=True))
    # Whoever sits while a node is upgraded signs in again: a session's level cannot be guessed from one flag.
    op.execute("DELETE FROM access_session")
    with op.batch_alter_table('access_session', schema=None) as batch_op:
        batch_op.drop_column('second')
        batch_op.add_column(sa.Column('level', sa.Integer(), nullable=False))
