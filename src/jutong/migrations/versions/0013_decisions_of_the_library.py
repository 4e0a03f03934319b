"""Library: decisions on authorities and on who is one and the same, and which of them the records follow."""

import sqlalchemy as sa
from alembic import op

import jutong.kernel.db

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('library_decision',
    sa.Column('number', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('id', sa.String(length=26), nullable=False),
    sa.Column('kind', sa.String(length=16), nullable=False),
    sa.Column('basis', sa.String(length=400), nullable=False),
    sa.Column('org', sa.String(length=18), nullable=False),
    sa.Column('at', jutong.kernel.db.Instant(length=32), nullable=False),
    sa.Column('field', sa.String(length=63), nullable=False),
    sa.Column('entry', sa.String(length=26), nullable=False),
    sa.Column('rank', sa.Integer(), nullable=False),
    sa.Column('kept', sa.String(length=40), nullable=False),
    sa.Column('other', sa.String(length=40), nullable=False),
    sa.PrimaryKeyConstraint('number', name=op.f('pk_library_decision')),
    sa.UniqueConstraint('id', name=op.f('uq_library_decision_id'))
    )
    op.create_index(op.f('ix_library_decision_kept'), 'library_decision', ['kept'])
    op.create_index(op.f('ix_library_decision_other'), 'library_decision', ['other'])
    op.create_table('library_settled',
    sa.Column('decision', sa.String(length=26), nullable=False),
    sa.Column('subjects', sa.BigInteger(), nullable=False),
    sa.Column('at', jutong.kernel.db.Instant(length=32), nullable=False),
    sa.PrimaryKeyConstraint('decision', name=op.f('pk_library_settled'))
    )
    op.create_table('library_matched',
    sa.Column('asker', sa.String(length=26), nullable=False),
    sa.Column('entry', sa.String(length=26), nullable=False),
    sa.Column('matched', sa.BigInteger(), nullable=False),
    sa.Column('in_review', sa.BigInteger(), nullable=False),
    sa.Column('at', jutong.kernel.db.Instant(length=32), nullable=False),
    sa.PrimaryKeyConstraint('asker', name=op.f('pk_library_matched'))
    )
    op.create_index(op.f('ix_library_matched_entry'), 'library_matched', ['entry'])
    # A rank now needs its basis; those that were set without one rest on the article that asks for ranks.
    authority = sa.table('library_authority', sa.column('basis', sa.String()))
    op.execute(authority.update().where(authority.c.basis == '').values(basis='第809号令第十九条'))
