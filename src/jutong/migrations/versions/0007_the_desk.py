"""The desk: what waits is found by an index; notices, and letters about them."""

import sqlalchemy as sa
from alembic import op

import jutong.kernel.db

revision = '0007'
down_revision = '0006'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('notices_notice',
    sa.Column('line', sa.String(length=26), nullable=False),
    sa.Column('body', sa.String(length=18), nullable=False),
    sa.Column('side', sa.String(length=12), nullable=False),
    sa.Column('word', sa.String(length=80), nullable=False),
    sa.Column('thing', sa.String(length=12), nullable=False),
    sa.Column('on', sa.String(length=200), nullable=False),
    sa.Column('entry', sa.String(length=26), nullable=False),
    sa.Column('other', sa.String(length=18), nullable=False),
    sa.Column('at', jutong.kernel.db.Instant(length=32), nullable=False),
    sa.Column('due', sa.Date(), nullable=True),
    sa.PrimaryKeyConstraint('line', 'body', 'side', name=op.f('pk_notices_notice'))
    )
    op.create_index('ix_notices_notice_body_line', 'notices_notice', ['body', 'line'])
    op.create_table('notices_read_until',
    sa.Column('person', sa.String(length=26), nullable=False),
    sa.Column('body', sa.String(length=18), nullable=False),
    sa.Column('line', sa.String(length=26), nullable=False),
    sa.PrimaryKeyConstraint('person', 'body', name=op.f('pk_notices_read_until'))
    )
    op.create_table('notices_read',
    sa.Column('person', sa.String(length=26), nullable=False),
    sa.Column('line', sa.String(length=26), nullable=False),
    sa.PrimaryKeyConstraint('person', 'line', name=op.f('pk_notices_read'))
    )
    op.create_table('notices_address',
    sa.Column('person', sa.String(length=26), nullable=False),
    sa.Column('address', sa.String(length=254), nullable=False),
    sa.PrimaryKeyConstraint('person', name=op.f('pk_notices_address'))
    )
    op.create_table('notices_outbox',
    sa.Column('line', sa.String(length=26), nullable=False),
    sa.Column('person', sa.String(length=26), nullable=False),
    sa.Column('body', sa.String(length=18), nullable=False),
    sa.Column('side', sa.String(length=12), nullable=False),
    sa.Column('tries', sa.Integer(), nullable=False),
    sa.Column('next', jutong.kernel.db.Instant(length=32), nullable=True),
    sa.Column('sent', jutong.kernel.db.Instant(length=32), nullable=True),
    sa.PrimaryKeyConstraint('line', 'person', name=op.f('pk_notices_outbox'))
    )
    op.create_index(op.f('ix_notices_outbox_next'), 'notices_outbox', ['next'])

    # Whether a draft is complete is found out when it is next saved; until then its head may look at it.
    op.add_column('catalogue_version', sa.Column('ready', sa.Boolean(), nullable=False, server_default=sa.true()))
    with op.batch_alter_table('catalogue_version', schema=None) as batch_op:
        batch_op.alter_column('ready', existing_type=sa.Boolean(), existing_nullable=False, server_default=None)
    op.create_index(
        'ix_catalogue_version_own_stage', 'catalogue_version', ['provider', 'seen_by_owner', 'stage', 'id', 'ready']
    )
    op.create_index(
        'ix_catalogue_version_authority_stage',
        'catalogue_version',
        ['seen_by_authority', 'stage', 'audit_due', 'id', 'provider'],
    )
    op.create_index('ix_quality_objection_stage_due', 'quality_objection', ['stage', 'due', 'id'])
    op.create_index(
        'ix_quality_objection_provider_stage_due', 'quality_objection', ['provider', 'stage', 'due', 'id']
    )
    op.create_index(op.f('ix_library_merge_merged_at'), 'library_merge', ['merged_at'])
    op.create_index(op.f('ix_registers_credential_expires'), 'registers_credential', ['expires'])

