"""The first tables."""

import sqlalchemy as sa
from alembic import op

import jutong.kernel.db

revision = '0001'
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('cascade_heard',
    sa.Column('node', sa.String(length=100), nullable=False),
    sa.Column('place', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('node', name=op.f('pk_cascade_heard'))
    )
    op.create_table('catalogue_entry',
    sa.Column('id', sa.String(length=26), nullable=False),
    sa.Column('provider', sa.String(length=18), nullable=False),
    sa.Column('service', sa.String(length=63), nullable=True),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('authority_version', sa.Integer(), nullable=True),
    sa.Column('public_version', sa.Integer(), nullable=True),
    sa.Column('withdrawn', sa.Boolean(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_catalogue_entry')),
    sa.UniqueConstraint('provider', 'service', name=op.f('uq_catalogue_entry_provider'))
    )
    with op.batch_alter_table('catalogue_entry', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_catalogue_entry_provider'), ['provider'], unique=False)

    op.create_table('catalogue_version',
    sa.Column('id', sa.String(length=26), nullable=False),
    sa.Column('version', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('stage', sa.String(length=20), nullable=False),
    sa.Column('words', sa.Text(), nullable=False),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('body', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('id', 'version', name=op.f('pk_catalogue_version'))
    )
    with op.batch_alter_table('catalogue_version', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_catalogue_version_stage'), ['stage'], unique=False)

    op.create_table('collection_batch',
    sa.Column('id', sa.String(length=26), nullable=False),
    sa.Column('entry', sa.String(length=26), nullable=False),
    sa.Column('kind', sa.String(length=20), nullable=False),
    sa.Column('source', sa.String(length=400), nullable=False),
    sa.Column('content', sa.String(length=64), nullable=False),
    sa.Column('rows_digest', sa.String(length=64), nullable=False),
    sa.Column('table', sa.String(length=200), nullable=False),
    sa.Column('version', sa.BigInteger(), nullable=False),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('rows_read', sa.BigInteger(), nullable=False),
    sa.Column('rows_landed', sa.BigInteger(), nullable=False),
    sa.Column('rows_quarantined', sa.BigInteger(), nullable=False),
    sa.Column('quarantined', jutong.kernel.db.Json(none_as_null=True), nullable=False),
    sa.Column('tier', sa.String(length=200), nullable=False),
    sa.Column('origin', sa.String(length=26), nullable=False),
    sa.Column('left_aside', jutong.kernel.db.Json(none_as_null=True), nullable=False),
    sa.Column('collected_at', jutong.kernel.db.Instant(length=32), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_collection_batch'))
    )
    with op.batch_alter_table('collection_batch', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_collection_batch_entry'), ['entry'], unique=False)

    op.create_table('delivery_service',
    sa.Column('entry', sa.String(length=26), nullable=False),
    sa.Column('entry_version', sa.Integer(), nullable=False),
    sa.Column('path', sa.String(length=400), nullable=False),
    sa.Column('copy', sa.String(length=80), nullable=False),
    sa.Column('table', sa.String(length=200), nullable=False),
    sa.Column('key_item', sa.String(length=63), nullable=False),
    sa.Column('version', sa.String(length=400), nullable=False),
    sa.Column('rows', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('entry', name=op.f('pk_delivery_service')),
    sa.UniqueConstraint('path', name=op.f('uq_delivery_service_path'))
    )
    op.create_table('ledger_call_batch',
    sa.Column('id', sa.String(length=26), nullable=False),
    sa.Column('worker', sa.String(length=40), nullable=False),
    sa.Column('file', sa.String(length=100), nullable=False),
    sa.Column('starts', sa.BigInteger(), nullable=False),
    sa.Column('ends', sa.BigInteger(), nullable=False),
    sa.Column('first', sa.String(length=64), nullable=False),
    sa.Column('last', sa.String(length=64), nullable=False),
    sa.Column('count', sa.Integer(), nullable=False),
    sa.Column('root', sa.LargeBinary(), nullable=False),
    sa.Column('counts', jutong.kernel.db.Json(none_as_null=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ledger_call_batch')),
    sa.UniqueConstraint('file', 'starts', name=op.f('uq_ledger_call_batch_file'))
    )
    with op.batch_alter_table('ledger_call_batch', schema=None) as batch_op:
        batch_op.create_index('ix_ledger_call_batch_range', ['first', 'last'], unique=False)

    op.create_table('ledger_evidence',
    sa.Column('seq', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('id', sa.String(length=26), nullable=False),
    sa.Column('act', sa.String(length=80), nullable=False),
    sa.Column('on', sa.String(length=200), nullable=False),
    sa.Column('leaf', sa.LargeBinary(), nullable=False),
    sa.Column('place', sa.BigInteger(), nullable=True),
    sa.PrimaryKeyConstraint('seq', name=op.f('pk_ledger_evidence')),
    sa.UniqueConstraint('id', name=op.f('uq_ledger_evidence_id')),
    sa.UniqueConstraint('place', name=op.f('uq_ledger_evidence_place'))
    )
    with op.batch_alter_table('ledger_evidence', schema=None) as batch_op:
        batch_op.create_index('ix_ledger_evidence_act_place', ['act', 'place'], unique=False)
        batch_op.create_index(batch_op.f('ix_ledger_evidence_on'), ['on'], unique=False)

    op.create_table('ledger_position',
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('place', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('name', name=op.f('pk_ledger_position'))
    )
    op.create_table('ledger_witnessed',
    sa.Column('origin', sa.String(length=200), nullable=False),
    sa.Column('size', sa.BigInteger(), nullable=False),
    sa.Column('root', sa.LargeBinary(), nullable=False),
    sa.PrimaryKeyConstraint('origin', name=op.f('pk_ledger_witnessed'))
    )
    op.create_table('library_authority',
    sa.Column('field', sa.String(length=63), nullable=False),
    sa.Column('entry', sa.String(length=26), nullable=False),
    sa.Column('rank', sa.Integer(), nullable=False),
    sa.Column('basis', sa.String(length=400), nullable=False),
    sa.PrimaryKeyConstraint('field', 'entry', name=op.f('pk_library_authority'))
    )
    op.create_table('library_merge',
    sa.Column('batch', sa.String(length=26), nullable=False),
    sa.Column('entry', sa.String(length=26), nullable=False),
    sa.Column('rows', sa.BigInteger(), nullable=False),
    sa.Column('touched', sa.BigInteger(), nullable=False),
    sa.Column('created', sa.BigInteger(), nullable=False),
    sa.Column('conflicts', sa.BigInteger(), nullable=False),
    sa.Column('unkeyed', sa.BigInteger(), nullable=False),
    sa.Column('doubtful', sa.BigInteger(), nullable=False),
    sa.Column('merged_at', jutong.kernel.db.Instant(length=32), nullable=False),
    sa.PrimaryKeyConstraint('batch', name=op.f('pk_library_merge'))
    )
    with op.batch_alter_table('library_merge', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_library_merge_entry'), ['entry'], unique=False)

    op.create_table('oversight_snapshot',
    sa.Column('id', sa.String(length=26), nullable=False),
    sa.Column('provider', sa.String(length=18), nullable=False),
    sa.Column('since', sa.String(length=10), nullable=False),
    sa.Column('until', sa.String(length=10), nullable=False),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('body', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_oversight_snapshot')),
    sa.UniqueConstraint('provider', 'since', 'until', name=op.f('uq_oversight_snapshot_provider'))
    )
    with op.batch_alter_table('oversight_snapshot', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_oversight_snapshot_provider'), ['provider'], unique=False)

    op.create_table('quality_examination',
    sa.Column('batch', sa.String(length=26), nullable=False),
    sa.Column('entry', sa.String(length=26), nullable=False),
    sa.Column('rows', sa.BigInteger(), nullable=False),
    sa.Column('score', sa.Integer(), nullable=False),
    sa.Column('band', sa.String(length=1), nullable=False),
    sa.Column('counts', jutong.kernel.db.Json(none_as_null=True), nullable=False),
    sa.Column('dimensions', jutong.kernel.db.Json(none_as_null=True), nullable=False),
    sa.Column('unasked', jutong.kernel.db.Json(none_as_null=True), nullable=False),
    sa.Column('examined_at', jutong.kernel.db.Instant(length=32), nullable=False),
    sa.PrimaryKeyConstraint('batch', name=op.f('pk_quality_examination'))
    )
    with op.batch_alter_table('quality_examination', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_quality_examination_entry'), ['entry'], unique=False)

    op.create_table('quality_objection',
    sa.Column('id', sa.String(length=26), nullable=False),
    sa.Column('entry', sa.String(length=26), nullable=False),
    sa.Column('provider', sa.String(length=18), nullable=False),
    sa.Column('batch', sa.String(length=26), nullable=False),
    sa.Column('rule', sa.String(length=200), nullable=False),
    sa.Column('item', sa.String(length=63), nullable=False),
    sa.Column('count', sa.BigInteger(), nullable=False),
    sa.Column('opened', sa.Date(), nullable=False),
    sa.Column('due', sa.Date(), nullable=False),
    sa.Column('provisional', sa.Boolean(), nullable=False),
    sa.Column('basis', sa.String(length=200), nullable=False),
    sa.Column('stage', sa.String(length=24), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('resolved_by', sa.String(length=26), nullable=False),
    sa.Column('closed', sa.Date(), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_quality_objection'))
    )
    with op.batch_alter_table('quality_objection', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_quality_objection_batch'), ['batch'], unique=False)
        batch_op.create_index(batch_op.f('ix_quality_objection_entry'), ['entry'], unique=False)
        batch_op.create_index(batch_op.f('ix_quality_objection_provider'), ['provider'], unique=False)
        batch_op.create_index(batch_op.f('ix_quality_objection_stage'), ['stage'], unique=False)

    op.create_table('registers_body',
    sa.Column('code', sa.String(length=18), nullable=False),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('short_name', sa.String(length=40), nullable=False),
    sa.Column('division', sa.String(length=6), nullable=False),
    sa.Column('kind', sa.String(length=20), nullable=False),
    sa.PrimaryKeyConstraint('code', name=op.f('pk_registers_body'))
    )
    op.create_table('registers_calendar_year',
    sa.Column('year', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('notice', sa.String(length=200), nullable=False),
    sa.Column('days', jutong.kernel.db.Json(none_as_null=True), nullable=False),
    sa.PrimaryKeyConstraint('year', name=op.f('pk_registers_calendar_year'))
    )
    op.create_table('registers_credential',
    sa.Column('id', sa.String(length=26), nullable=False),
    sa.Column('post', sa.String(length=26), nullable=False),
    sa.Column('token_digest', sa.String(length=64), nullable=False),
    sa.Column('issued', jutong.kernel.db.Instant(length=32), nullable=False),
    sa.Column('expires', jutong.kernel.db.Instant(length=32), nullable=False),
    sa.Column('revoked', jutong.kernel.db.Instant(length=32), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_registers_credential'))
    )
    with op.batch_alter_table('registers_credential', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_registers_credential_post'), ['post'], unique=False)

    op.create_table('registers_node',
    sa.Column('name', sa.String(length=100), nullable=False),
    sa.Column('url', sa.String(length=1100), nullable=False),
    sa.Column('key', sa.String(length=44), nullable=False),
    sa.Column('relation', sa.String(length=10), nullable=False),
    sa.Column('body', sa.String(length=18), nullable=False),
    sa.PrimaryKeyConstraint('name', name=op.f('pk_registers_node'))
    )
    op.create_table('registers_person',
    sa.Column('id', sa.String(length=26), nullable=False),
    sa.Column('account', sa.String(length=64), nullable=False),
    sa.Column('name', sa.String(length=80), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_registers_person')),
    sa.UniqueConstraint('account', name=op.f('uq_registers_person_account'))
    )
    op.create_table('registers_post',
    sa.Column('id', sa.String(length=26), nullable=False),
    sa.Column('person', sa.String(length=26), nullable=False),
    sa.Column('body', sa.String(length=18), nullable=False),
    sa.Column('title', sa.String(length=80), nullable=False),
    sa.Column('duties', jutong.kernel.db.Json(none_as_null=True), nullable=False),
    sa.Column('cleared', sa.Integer(), nullable=False),
    sa.Column('since', jutong.kernel.db.Instant(length=32), nullable=False),
    sa.Column('until', jutong.kernel.db.Instant(length=32), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_registers_post'))
    )
    with op.batch_alter_table('registers_post', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_registers_post_body'), ['body'], unique=False)
        batch_op.create_index(batch_op.f('ix_registers_post_person'), ['person'], unique=False)

    op.create_table('registers_standard',
    sa.Column('kind', sa.String(length=20), nullable=False),
    sa.Column('key', sa.String(length=120), nullable=False),
    sa.Column('facts', jutong.kernel.db.Json(none_as_null=True), nullable=False),
    sa.PrimaryKeyConstraint('kind', 'key', name=op.f('pk_registers_standard'))
    )
    op.create_table('registers_system',
    sa.Column('name', sa.String(length=260), nullable=False),
    sa.Column('body', sa.String(length=64), nullable=False),
    sa.Column('title', sa.String(length=200), nullable=False),
    sa.PrimaryKeyConstraint('name', name=op.f('pk_registers_system'))
    )
    with op.batch_alter_table('registers_system', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_registers_system_body'), ['body'], unique=False)

    op.create_table('registers_system_key',
    sa.Column('system', sa.String(length=260), nullable=False),
    sa.Column('key', sa.String(length=44), nullable=False),
    sa.Column('since', jutong.kernel.db.Instant(length=32), nullable=False),
    sa.Column('until', jutong.kernel.db.Instant(length=32), nullable=True),
    sa.PrimaryKeyConstraint('system', 'key', name=op.f('pk_registers_system_key'))
    )
    op.create_table('sharing_agreement',
    sa.Column('id', sa.String(length=26), nullable=False),
    sa.Column('request', sa.String(length=26), nullable=False),
    sa.Column('consumer', sa.String(length=18), nullable=False),
    sa.Column('provider', sa.String(length=18), nullable=False),
    sa.Column('entry', sa.String(length=26), nullable=False),
    sa.Column('stage', sa.String(length=30), nullable=False),
    sa.Column('delivered', sa.Boolean(), nullable=False),
    sa.Column('epoch', sa.BigInteger(), nullable=False),
    sa.Column('body', jutong.kernel.db.Json(none_as_null=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_sharing_agreement')),
    sa.UniqueConstraint('epoch', name=op.f('uq_sharing_agreement_epoch')),
    sa.UniqueConstraint('request', name=op.f('uq_sharing_agreement_request'))
    )
    with op.batch_alter_table('sharing_agreement', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_sharing_agreement_consumer'), ['consumer'], unique=False)
        batch_op.create_index(batch_op.f('ix_sharing_agreement_delivered'), ['delivered'], unique=False)
        batch_op.create_index(batch_op.f('ix_sharing_agreement_entry'), ['entry'], unique=False)
        batch_op.create_index(batch_op.f('ix_sharing_agreement_provider'), ['provider'], unique=False)
        batch_op.create_index(batch_op.f('ix_sharing_agreement_stage'), ['stage'], unique=False)

    op.create_table('sharing_epoch',
    sa.Column('id', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('value', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_sharing_epoch'))
    )
    op.create_table('sharing_request',
    sa.Column('id', sa.String(length=26), nullable=False),
    sa.Column('consumer', sa.String(length=18), nullable=False),
    sa.Column('provider', sa.String(length=18), nullable=False),
    sa.Column('entry', sa.String(length=26), nullable=False),
    sa.Column('stage', sa.String(length=30), nullable=False),
    sa.Column('wish', sa.String(length=64), nullable=False),
    sa.Column('body', jutong.kernel.db.Json(none_as_null=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_sharing_request'))
    )
    with op.batch_alter_table('sharing_request', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_sharing_request_consumer'), ['consumer'], unique=False)
        batch_op.create_index(batch_op.f('ix_sharing_request_entry'), ['entry'], unique=False)
        batch_op.create_index(batch_op.f('ix_sharing_request_provider'), ['provider'], unique=False)
        batch_op.create_index(batch_op.f('ix_sharing_request_stage'), ['stage'], unique=False)
        batch_op.create_index(batch_op.f('ix_sharing_request_wish'), ['wish'], unique=False)

