"""The library room's tables: who is believed on which field, and which batches were merged."""

from __future__ import annotations

from dataclasses import asdict

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from jutong.kernel.db import Db, Instant, metadata, upsert
from jutong.kernel.errors import NotFound

from .golden import Merge
from .survive import Authority

authority = sa.Table(
    "library_authority",
    metadata,
    sa.Column("field", sa.String(63), primary_key=True),
    sa.Column("entry", sa.String(26), primary_key=True),
    sa.Column("rank", sa.Integer, nullable=False),
    sa.Column("basis", sa.String(400), nullable=False),
)

merged = sa.Table(
    "library_merge",
    metadata,
    sa.Column("batch", sa.String(26), primary_key=True),
    sa.Column("entry", sa.String(26), nullable=False, index=True),
    sa.Column("rows", sa.BigInteger, nullable=False),
    sa.Column("touched", sa.BigInteger, nullable=False),
    sa.Column("created", sa.BigInteger, nullable=False),
    sa.Column("conflicts", sa.BigInteger, nullable=False),
    sa.Column("unkeyed", sa.BigInteger, nullable=False),
    sa.Column("doubtful", sa.BigInteger, nullable=False),
    sa.Column("merged_at", Instant, nullable=False, index=True),
)


def save_authority(db: Db, named: Authority) -> None:
    """Keep who is believed on a field."""
    upsert(db, authority, asdict(named), key=("field", "entry"))


def authorities(db: Db) -> tuple[Authority, ...]:
    """Return who is believed on which field, the highest first."""
    query = sa.select(authority).order_by(authority.c.field, authority.c.rank, authority.c.entry)
    return tuple(Authority(**row) for row in db.execute(query).mappings())


def save_merge(db: Db, done: Merge) -> bool:
    """Keep what a merge did unless its batch was merged before, and say whether it was new."""
    insert = postgresql.insert if db.dialect.name == "postgresql" else sqlite.insert
    unless = insert(merged).values(**asdict(done)).on_conflict_do_nothing(index_elements=["batch"])
    # Not by the row count: of an insert, not every driver tells it.
    return db.execute(unless.returning(merged.c.batch)).first() is not None


def newest_merges(db: Db, *, limit: int = 100) -> tuple[Merge, ...]:
    """Return the newest merge of each entry, among the last ``limit`` merges."""
    query = sa.select(merged).order_by(merged.c.merged_at.desc()).limit(limit)
    newest: dict[str, Merge] = {}
    for row in db.execute(query).mappings():
        newest.setdefault(row["entry"], Merge(**row))
    return tuple(newest.values())


def merged_entries(db: Db) -> tuple[str, ...]:
    """Return the entries of which a batch was ever laid into the library."""
    return tuple(db.execute(sa.select(merged.c.entry).distinct().order_by(merged.c.entry)).scalars())


def known_merge(db: Db, batch_id: str) -> Merge | None:
    """Return what the merge of a batch did, or nothing."""
    row = db.execute(sa.select(merged).where(merged.c.batch == batch_id)).mappings().one_or_none()
    return None if row is None else Merge(**row)


def find_merge(db: Db, batch_id: str) -> Merge:
    """Return what the merge of a batch did, or refuse."""
    found = known_merge(db, batch_id)
    if found is None:
        raise NotFound("merge", batch_id[:26])
    return found
