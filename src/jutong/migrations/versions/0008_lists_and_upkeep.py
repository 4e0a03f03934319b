"""Demands, responsibilities, revisions that are due, codes; entries that refuse to share something."""

import sqlalchemy as sa
from alembic import op

import jutong.kernel.db

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

REFUSAL = '%"share_type":"not-shared"%'


def upgrade() -> None:
    op.create_table('catalogue_code',
    sa.Column('code', sa.String(length=100), nullable=False),
    sa.Column('scheme', sa.String(length=40), nullable=False),
    sa.Column('stem', sa.String(length=80), nullable=False),
    sa.Column('number', sa.BigInteger(), nullable=False),
    sa.Column('entry', sa.String(length=26), nullable=False),
    sa.PrimaryKeyConstraint('code', name=op.f('pk_catalogue_code'))
    )
    op.create_index(op.f('ix_catalogue_code_entry'), 'catalogue_code', ['entry'])
    op.create_table('catalogue_code_counter',
    sa.Column('scheme', sa.String(length=40), nullable=False),
    sa.Column('stem', sa.String(length=80), nullable=False),
    sa.Column('last', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('scheme', 'stem', name=op.f('pk_catalogue_code_counter'))
    )
    op.create_table('catalogue_revision',
    sa.Column('id', sa.String(length=26), nullable=False),
    sa.Column('provider', sa.String(length=18), nullable=False),
    sa.Column('entry', sa.String(length=26), nullable=False),
    sa.Column('step', sa.String(length=20), nullable=False),
    sa.Column('due', sa.Date(), nullable=False),
    sa.Column('body', jutong.kernel.db.Json(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_catalogue_revision'))
    )
    op.create_index('ix_catalogue_revision_step_due', 'catalogue_revision', ['step', 'due', 'id'])
    op.create_index('ix_catalogue_revision_provider_step_due', 'catalogue_revision', ['provider', 'step', 'due', 'id'])
    op.create_index('ix_catalogue_revision_entry_step', 'catalogue_revision', ['entry', 'step'])
    op.create_table('catalogue_late_audit',
    sa.Column('id', sa.String(length=26), nullable=False),
    sa.Column('version', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('due', sa.Date(), nullable=False),
    sa.PrimaryKeyConstraint('id', 'version', 'due', name=op.f('pk_catalogue_late_audit'))
    )
    op.create_table('catalogue_demand',
    sa.Column('id', sa.String(length=26), nullable=False),
    sa.Column('consumer', sa.String(length=18), nullable=False),
    sa.Column('owner', sa.String(length=18), nullable=False),
    sa.Column('stage', sa.String(length=20), nullable=False),
    sa.Column('standing', sa.String(length=20), nullable=False),
    sa.Column('lead', sa.String(length=26), nullable=False),
    sa.Column('title', sa.String(length=200), nullable=False),
    sa.Column('at', jutong.kernel.db.Instant(length=32), nullable=False),
    sa.Column('body', jutong.kernel.db.Json(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_catalogue_demand'))
    )
    op.create_index('ix_catalogue_demand_stage_id', 'catalogue_demand', ['stage', 'id'])
    op.create_index('ix_catalogue_demand_consumer_stage_id', 'catalogue_demand', ['consumer', 'stage', 'id'])
    op.create_index('ix_catalogue_demand_owner_standing_id', 'catalogue_demand', ['owner', 'standing', 'id'])
    op.create_index('ix_catalogue_demand_lead', 'catalogue_demand', ['lead'])
    op.create_table('catalogue_responsibility',
    sa.Column('id', sa.String(length=26), nullable=False),
    sa.Column('demand', sa.String(length=26), nullable=False),
    sa.Column('owner', sa.String(length=18), nullable=False),
    sa.Column('progress', sa.String(length=20), nullable=False),
    sa.Column('due', sa.Date(), nullable=False),
    sa.Column('body', jutong.kernel.db.Json(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_catalogue_responsibility'))
    )
    op.create_index(op.f('ix_catalogue_responsibility_demand'), 'catalogue_responsibility', ['demand'])
    op.create_index('ix_catalogue_responsibility_progress_due', 'catalogue_responsibility', ['progress', 'due', 'id'])
    op.create_index(
        'ix_catalogue_responsibility_owner_progress_due', 'catalogue_responsibility', ['owner', 'progress', 'due', 'id']
    )
    op.create_table('catalogue_duties',
    sa.Column('body', sa.String(length=18), nullable=False),
    sa.Column('words', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('body', name=op.f('pk_catalogue_duties'))
    )

    op.add_column('catalogue_version', sa.Column('refusing', sa.Boolean(), nullable=False, server_default=sa.false()))
    version = sa.table('catalogue_version', sa.column('refusing', sa.Boolean()), sa.column('body', sa.Text()))
    op.get_bind().execute(sa.update(version).where(version.c.body.like(REFUSAL)).values(refusing=True))
    with op.batch_alter_table('catalogue_version', schema=None) as batch_op:
        batch_op.alter_column('refusing', existing_type=sa.Boolean(), existing_nullable=False, server_default=None)
    op.create_index(
        'ix_catalogue_version_all_refusing',
        'catalogue_version',
        ['seen_by_all', 'refusing', 'title_order', 'id', 'provider', 'stage'],
    )
