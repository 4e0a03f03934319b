"""The editions of rulebooks: every one that was issued is kept, and the newest stands."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from jutong.kernel.db import Db, Instant, Json, metadata
from jutong.kernel.errors import Overtaken

from ..edition import Edition

rulebook = sa.Table(
    "quality_rulebook",
    metadata,
    sa.Column("entry", sa.String(26), primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True),
    sa.Column("document", Json, nullable=False),
    sa.Column("issued_at", Instant, nullable=False),
    sa.Column("issued_by", sa.String(100), nullable=False),
)


def save_edition(db: Db, issued: Edition) -> None:
    """Keep a new edition; two people who issue the same version at one instant do not both win."""
    values: dict[str, Any] = {
        "entry": issued.entry,
        "version": issued.version,
        "document": dict(issued.document),
        "issued_at": issued.issued_at,
        "issued_by": issued.issued_by,
    }
    insert = postgresql.insert if db.dialect.name == "postgresql" else sqlite.insert
    unless = insert(rulebook).values(**values).on_conflict_do_nothing(index_elements=["entry", "version"])
    if db.execute(unless.returning(rulebook.c.version)).first() is None:
        raise Overtaken


def standing_edition(db: Db, entry: str) -> Edition:
    """Return the newest edition of an entry's rules, or the one before the first."""
    return next(iter(editions(db, entry, limit=1)), Edition(entry=entry))


def edition_at(db: Db, entry: str, at: datetime) -> Edition:
    """Return the edition that stood at an instant: a batch is asked what stood when it came, however often."""
    query = sa.select(rulebook).where(rulebook.c.entry == entry, rulebook.c.issued_at <= at)
    row = db.execute(query.order_by(rulebook.c.version.desc()).limit(1)).mappings().one_or_none()
    return Edition(entry=entry) if row is None else _edition_of(row)


def editions(db: Db, entry: str, *, limit: int = 50) -> tuple[Edition, ...]:
    """Return the editions of an entry's rules, the newest first."""
    query = sa.select(rulebook).where(rulebook.c.entry == entry).order_by(rulebook.c.version.desc()).limit(limit)
    return tuple(_edition_of(row) for row in db.execute(query).mappings())


def _edition_of(row: sa.RowMapping) -> Edition:
    return Edition(**{name: row[name] for name in ("entry", "version", "document", "issued_at", "issued_by")})
