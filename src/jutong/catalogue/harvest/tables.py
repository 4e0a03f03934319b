"""The tables of the harvest: sources, gathers, records, refused rows, decisions, names of bodies."""

from __future__ import annotations

import sqlalchemy as sa

from jutong.kernel.db import Instant, Json, metadata

source_table = sa.Table(
    "catalogue_harvest_source",
    metadata,
    sa.Column("name", sa.String(80), primary_key=True),
    sa.Column("owner", sa.String(18), nullable=False),
    sa.Column("mapped", Json, nullable=False),
    sa.Column("identity", sa.String(12), nullable=False),
    sa.Column("division", sa.String(6), nullable=False),
    sa.Column("accepted_by", sa.String(64), nullable=False),
    sa.Column("accepted_at", Instant, nullable=True),
)
gather_table = sa.Table(
    "catalogue_harvest_gather",
    metadata,
    sa.Column("id", sa.String(26), primary_key=True),
    sa.Column("source", sa.String(80), nullable=False),
    sa.Column("content", sa.String(64), nullable=False),
    sa.Column("rules", sa.String(64), nullable=False),
    sa.Column("file", sa.String(400), nullable=False),
    sa.Column("rows", sa.Integer, nullable=False),
    sa.Column("guesses", Json, nullable=False),
    sa.Column("identity", sa.String(12), nullable=False),
    sa.Column("stage", sa.String(12), nullable=False),
    sa.Column("complete", sa.Boolean, nullable=False),
    sa.Column("many", sa.Boolean, nullable=False),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("counts", Json, nullable=False),
    sa.Column("flaws", Json, nullable=False),
    sa.Column("kin", Json, nullable=False),
    sa.Column("began", Instant, nullable=False),
    sa.Column("ended", Instant, nullable=True),
    sa.Index("ix_catalogue_harvest_gather_source_id", "source", "id"),
)
record_table = sa.Table(
    "catalogue_harvest_record",
    metadata,
    sa.Column("id", sa.String(26), primary_key=True),
    sa.Column("source", sa.String(80), nullable=False),
    sa.Column("key", sa.String(64), nullable=False),
    sa.Column("identifier", sa.String(400), nullable=False),
    sa.Column("title", sa.String(400), nullable=False),
    sa.Column("description", sa.Text, nullable=False),
    sa.Column("department", sa.String(400), nullable=False),
    sa.Column("body", sa.String(18), nullable=False),
    sa.Column("category", sa.String(400), nullable=False),
    sa.Column("theme", sa.String(20), nullable=False),
    sa.Column("industry", sa.String(400), nullable=False),
    sa.Column("tags", sa.Text, nullable=False),
    sa.Column("open_words", sa.String(400), nullable=False),
    sa.Column("open_type", sa.String(20), nullable=True),
    sa.Column("cycle_words", sa.String(400), nullable=False),
    sa.Column("update_cycle", sa.String(20), nullable=True),
    sa.Column("published", sa.Date, nullable=True),
    sa.Column("updated", sa.Date, nullable=True),
    sa.Column("due", sa.Date, nullable=True),
    sa.Column("formats", sa.String(400), nullable=False),
    sa.Column("formats_unknown", sa.String(400), nullable=False),
    sa.Column("volume", sa.BigInteger, nullable=True),
    sa.Column("telephone", sa.String(100), nullable=False),
    sa.Column("email", sa.String(254), nullable=False),
    sa.Column("url", sa.Text, nullable=False),
    sa.Column("fields", sa.Text, nullable=False),
    sa.Column("aside", Json, nullable=False),
    sa.Column("digest", sa.String(64), nullable=False),
    sa.Column("content", sa.String(64), nullable=False),
    sa.Column("state", sa.String(12), nullable=False),
    sa.Column("gather", sa.String(26), nullable=False),  # the last that saw it
    sa.Column("first_seen", Instant, nullable=False),
    sa.Column("changed", Instant, nullable=False),
    sa.Column("kin", sa.String(12), nullable=False),  # how it belongs to its leader, empty if to none
    sa.Column("leader", sa.String(26), nullable=False),
    sa.Column("entry", sa.String(26), nullable=False),  # the draft that was made of it
    sa.UniqueConstraint("source", "key"),
    sa.Index("ix_catalogue_harvest_record_source_id", "source", "id"),
    sa.Index("ix_catalogue_harvest_record_state_due", "state", "due", "department"),
    sa.Index("ix_catalogue_harvest_record_department", "department"),
    sa.Index("ix_catalogue_harvest_record_title", "title", "id"),
    sa.Index("ix_catalogue_harvest_record_entry", "entry"),
)
flaw_table = sa.Table(
    "catalogue_harvest_flaw",
    metadata,
    sa.Column("gather", sa.String(26), primary_key=True),
    sa.Column("line", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("flaw", sa.String(20), nullable=False),
)
decision_table = sa.Table(
    "catalogue_harvest_decision",
    metadata,
    sa.Column("id", sa.String(26), primary_key=True),
    sa.Column("source", sa.String(80), nullable=False),
    sa.Column("kin", sa.String(12), nullable=False),
    sa.Column("leader", sa.String(26), nullable=False),
    sa.Column("member", sa.String(26), nullable=False),
    sa.Column("why", sa.String(20), nullable=False),
    sa.Column("standing", sa.String(12), nullable=False),
    sa.Column("decided", Instant, nullable=False),
    sa.UniqueConstraint("kin", "leader", "member", name="uq_catalogue_harvest_decision_kin"),
    sa.Index("ix_catalogue_harvest_decision_source_id", "source", "id"),
    sa.Index("ix_catalogue_harvest_decision_member", "member"),
)
alias_table = sa.Table(
    "catalogue_harvest_alias",
    metadata,
    sa.Column("name", sa.String(400), primary_key=True),
    sa.Column("body", sa.String(18), nullable=False),
)
