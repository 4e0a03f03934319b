"""The census: inventory, tables, editions, proposals, projects; and the data map."""

import sqlalchemy as sa
from alembic import op

import jutong.kernel.db

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('atlas_edge',
    sa.Column('origin', sa.String(length=260), nullable=False),
    sa.Column('source', sa.String(length=260), nullable=False),
    sa.Column('target', sa.String(length=260), nullable=False),
    sa.Column('how', sa.String(length=20), nullable=False),
    sa.Column('body', sa.String(length=64), nullable=False),
    sa.Column('other', sa.String(length=64), nullable=False),
    sa.Column('open', sa.Boolean(), nullable=False),
    sa.PrimaryKeyConstraint('origin', 'source', 'target', name=op.f('pk_atlas_edge'))
    )
    op.create_index('ix_atlas_edge_source', 'atlas_edge', ['source', 'target'], unique=False)
    op.create_index('ix_atlas_edge_target', 'atlas_edge', ['target', 'source'], unique=False)
    op.create_table('atlas_event',
    sa.Column('id', sa.String(length=26), nullable=False),
    sa.Column('org', sa.String(length=64), nullable=False),
    sa.Column('run', sa.String(length=36), nullable=False),
    sa.Column('type', sa.String(length=20), nullable=False),
    sa.Column('time', jutong.kernel.db.Instant(length=32), nullable=False),
    sa.Column('facts', jutong.kernel.db.Json(none_as_null=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_atlas_event')),
    sa.UniqueConstraint('org', 'run', 'type', 'time', name=op.f('uq_atlas_event_org'))
    )
    op.create_index(op.f('ix_atlas_event_org'), 'atlas_event', ['org'], unique=False)
    op.create_table('atlas_node',
    sa.Column('id', sa.String(length=260), nullable=False),
    sa.Column('kind', sa.String(length=20), nullable=False),
    sa.Column('title', sa.String(length=300), nullable=False),
    sa.Column('body', sa.String(length=64), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_atlas_node'))
    )
    op.create_index('ix_atlas_node_title', 'atlas_node', ['title', 'id'], unique=False)
    op.create_table('census_edition',
    sa.Column('id', sa.String(length=26), nullable=False),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('frozen', jutong.kernel.db.Instant(length=32), nullable=False),
    sa.Column('facts', jutong.kernel.db.Json(none_as_null=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_census_edition')),
    sa.UniqueConstraint('name', name=op.f('uq_census_edition_name'))
    )
    op.create_table('census_project',
    sa.Column('id', sa.String(length=26), nullable=False),
    sa.Column('body', sa.String(length=18), nullable=False),
    sa.Column('opinion', sa.String(length=20), nullable=False),
    sa.Column('facts', jutong.kernel.db.Json(none_as_null=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_census_project'))
    )
    op.create_index('ix_census_project_body', 'census_project', ['body', 'id'], unique=False)
    op.create_table('census_proposal',
    sa.Column('id', sa.String(length=26), nullable=False),
    sa.Column('entry', sa.String(length=26), nullable=False),
    sa.Column('provider', sa.String(length=18), nullable=False),
    sa.Column('verdict', sa.String(length=20), nullable=False),
    sa.Column('contradiction', sa.Boolean(), nullable=False),
    sa.Column('facts', jutong.kernel.db.Json(none_as_null=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_census_proposal'))
    )
    op.create_index(op.f('ix_census_proposal_entry'), 'census_proposal', ['entry'], unique=False)
    op.create_index('ix_census_proposal_provider_verdict', 'census_proposal', ['provider', 'verdict', 'id'], unique=False)
    op.create_index('ix_census_proposal_verdict', 'census_proposal', ['verdict', 'id'], unique=False)
    op.create_table('census_table',
    sa.Column('id', sa.String(length=26), nullable=False),
    sa.Column('body', sa.String(length=18), nullable=False),
    sa.Column('system', sa.String(length=260), nullable=False),
    sa.Column('place', sa.String(length=200), nullable=False),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('stage', sa.String(length=20), nullable=False),
    sa.Column('entry', sa.String(length=26), nullable=False),
    sa.Column('gone', sa.Boolean(), nullable=False),
    sa.Column('rows', sa.BigInteger(), nullable=False),
    sa.Column('facts', jutong.kernel.db.Json(none_as_null=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_census_table')),
    sa.UniqueConstraint('system', 'place', 'name', name=op.f('uq_census_table_system'))
    )
    op.create_index('ix_census_table_body_name', 'census_table', ['body', 'name', 'id'], unique=False)
    op.create_index(op.f('ix_census_table_entry'), 'census_table', ['entry'], unique=False)
    op.create_index('ix_census_table_name', 'census_table', ['name', 'id'], unique=False)
    op.create_table('registers_power',
    sa.Column('body', sa.String(length=64), nullable=False),
    sa.Column('code', sa.String(length=64), nullable=False),
    sa.Column('title', sa.String(length=200), nullable=False),
    sa.Column('kind', sa.String(length=20), nullable=False),
    sa.Column('basis', sa.String(length=500), nullable=False),
    sa.PrimaryKeyConstraint('body', 'code', name=op.f('pk_registers_power'))
    )
    op.create_table('registers_service_item',
    sa.Column('body', sa.String(length=64), nullable=False),
    sa.Column('code', sa.String(length=64), nullable=False),
    sa.Column('title', sa.String(length=200), nullable=False),
    sa.Column('power', sa.String(length=64), nullable=False),
    sa.Column('requirements', jutong.kernel.db.Json(none_as_null=True), nullable=False),
    sa.PrimaryKeyConstraint('body', 'code', name=op.f('pk_registers_service_item'))
    )
    op.create_table('registers_system_profile',
    sa.Column('system', sa.String(length=260), nullable=False),
    sa.Column('body', sa.String(length=64), nullable=False),
    sa.Column('purpose', sa.String(length=500), nullable=False),
    sa.Column('cloud', sa.String(length=20), nullable=False),
    sa.Column('database', sa.String(length=20), nullable=False),
    sa.Column('address', sa.String(length=300), nullable=False),
    sa.PrimaryKeyConstraint('system', name=op.f('pk_registers_system_profile'))
    )
    op.create_index(op.f('ix_registers_system_profile_body'), 'registers_system_profile', ['body'], unique=False)
