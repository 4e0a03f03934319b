"""Search: synonyms of the node, kept questions and what was told of them, questions without an answer, candidates."""

import sqlalchemy as sa
from alembic import op

import jutong.kernel.db

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('search_synonym',
    sa.Column('id', sa.String(length=26), nullable=False),
    sa.Column('line', sa.String(length=300), nullable=False),
    sa.Column('body', sa.String(length=18), nullable=False),
    sa.Column('changed', jutong.kernel.db.Instant(length=32), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_search_synonym'))
    )
    op.create_table('search_kept',
    sa.Column('id', sa.String(length=26), nullable=False),
    sa.Column('body', sa.String(length=18), nullable=False),
    sa.Column('asked', sa.String(length=100), nullable=False),
    sa.Column('facets', jutong.kernel.db.Json(), nullable=False),
    sa.Column('kept', jutong.kernel.db.Instant(length=32), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_search_kept'))
    )
    op.create_index(op.f('ix_search_kept_body'), 'search_kept', ['body'])
    op.create_table('search_told',
    sa.Column('kept', sa.String(length=26), nullable=False),
    sa.Column('entry', sa.String(length=26), nullable=False),
    sa.PrimaryKeyConstraint('kept', 'entry', name=op.f('pk_search_told'))
    )
    op.create_table('search_missed',
    sa.Column('words', sa.String(length=30), nullable=False),
    sa.Column('count', sa.Integer(), nullable=False),
    sa.Column('first', sa.Date(), nullable=False),
    sa.Column('last', sa.Date(), nullable=False),
    sa.PrimaryKeyConstraint('words', name=op.f('pk_search_missed'))
    )
    op.create_table('search_candidate',
    sa.Column('id', sa.String(length=26), nullable=False),
    sa.Column('words', sa.String(length=30), nullable=False),
    sa.Column('count', sa.Integer(), nullable=False),
    sa.Column('reason', sa.String(length=500), nullable=False),
    sa.Column('body', sa.String(length=18), nullable=False),
    sa.Column('noted', jutong.kernel.db.Instant(length=32), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_search_candidate')),
    sa.UniqueConstraint('words', name=op.f('uq_search_candidate_words'))
    )
