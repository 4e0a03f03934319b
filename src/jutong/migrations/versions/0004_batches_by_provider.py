"""Batches name their provider; batches, examinations and objections are found in the order in which they are listed."""

import sqlalchemy as sa
from alembic import op

revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('collection_batch', schema=None) as batch_op:
        batch_op.add_column(sa.Column('provider', sa.String(length=18), nullable=False, server_default=''))
    op.execute(
        'UPDATE collection_batch SET provider = coalesce('
        '(SELECT provider FROM catalogue_entry WHERE catalogue_entry.id = collection_batch.entry), \'\')'
    )
    with op.batch_alter_table('collection_batch', schema=None) as batch_op:
        batch_op.alter_column('provider', existing_type=sa.String(length=18), server_default=None)
        batch_op.create_index('ix_collection_batch_collected_at', ['collected_at', 'id'])
        batch_op.create_index('ix_collection_batch_entry_collected_at', ['entry', 'collected_at', 'id'])
        batch_op.create_index('ix_collection_batch_provider_collected_at', ['provider', 'collected_at', 'id'])
        batch_op.create_index('ix_collection_batch_rows_quarantined', ['rows_quarantined', 'id'])
        batch_op.create_index('ix_collection_batch_rows_read', ['rows_read', 'id'])
    with op.batch_alter_table('quality_examination', schema=None) as batch_op:
        batch_op.create_index('ix_quality_examination_entry_examined_at', ['entry', 'examined_at', 'batch'])
    with op.batch_alter_table('quality_objection', schema=None) as batch_op:
        batch_op.create_index('ix_quality_objection_due', ['due', 'id'])
        batch_op.create_index('ix_quality_objection_provider_due', ['provider', 'due', 'id'])
