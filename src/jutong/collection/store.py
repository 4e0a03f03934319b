"""The collection room's table: which batch landed where."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from jutong.kernel.db import Db, Instant, Json, keyset, metadata
from jutong.kernel.errors import NotFound
from jutong.pools.snapshot import Snapshot

from .batch import Batch, Feed
from .contract import Reason

SORTS = frozenset({"collected_at", "rows_read", "rows_quarantined"})
FEED_SORTS = frozenset({"batches", "rows", "quarantined", "last_at"})

batch = sa.Table(
    "collection_batch",
    metadata,
    sa.Column("id", sa.String(26), primary_key=True),
    sa.Column("entry", sa.String(26), nullable=False, index=True),
    sa.Column("provider", sa.String(18), nullable=False),
    sa.Column("kind", sa.String(20), nullable=False),
    sa.Column("source", sa.String(400), nullable=False),
    sa.Column("content", sa.String(64), nullable=False),
    sa.Column("rows_digest", sa.String(64), nullable=False),
    sa.Column("table", sa.String(200), nullable=False),
    sa.Column("version", sa.BigInteger, nullable=False),
    sa.Column("digest", sa.String(64), nullable=False),
    sa.Column("rows_read", sa.BigInteger, nullable=False),
    sa.Column("rows_landed", sa.BigInteger, nullable=False),
    sa.Column("rows_quarantined", sa.BigInteger, nullable=False),
    sa.Column("rows_withdrawn", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("quarantined", Json, nullable=False),
    sa.Column("tier", sa.String(200), nullable=False),
    sa.Column("origin", sa.String(26), nullable=False),
    sa.Column("left_aside", Json, nullable=False),
    sa.Column("collected_at", Instant, nullable=False),
    sa.Index("ix_collection_batch_collected_at", "collected_at", "id"),
    sa.Index("ix_collection_batch_provider_collected_at", "provider", "collected_at", "id"),
    sa.Index("ix_collection_batch_entry_collected_at", "entry", "collected_at", "id"),
    sa.Index("ix_collection_batch_rows_read", "rows_read", "id"),
    sa.Index("ix_collection_batch_rows_quarantined", "rows_quarantined", "id"),
)


def save(db: Db, landed: Batch) -> bool:
    """Keep a batch unless it is kept already, and say whether it was new."""
    insert = postgresql.insert if db.dialect.name == "postgresql" else sqlite.insert
    done = db.execute(
        insert(batch)
        .values(
            id=landed.id,
            entry=landed.entry,
            provider=landed.provider,
            kind=landed.kind,
            source=landed.source,
            content=landed.content,
            rows_digest=landed.rows_digest,
            table=landed.snapshot.table,
            version=landed.snapshot.version,
            digest=landed.snapshot.digest,
            rows_read=landed.rows_read,
            rows_landed=landed.rows_landed,
            rows_quarantined=landed.rows_quarantined,
            rows_withdrawn=landed.rows_withdrawn,
            quarantined={reason.value: count for reason, count in landed.quarantined.items()},
            tier=landed.tier,
            origin=landed.origin,
            left_aside=list(landed.left_aside),
            collected_at=landed.collected_at,
        )
        .on_conflict_do_nothing(index_elements=["id"])
        .returning(batch.c.id)
    )
    return done.first() is not None


def find_batch(db: Db, batch_id: str) -> Batch:
    """Return a batch, or refuse with ``NotFound``."""
    row = db.execute(sa.select(batch).where(batch.c.id == batch_id)).mappings().one_or_none()
    if row is None:
        raise NotFound("batch", batch_id[:26])
    return _batch_of(row)


def known(db: Db, batch_id: str) -> bool:
    """Say whether the batch was recorded."""
    return db.execute(sa.select(batch.c.id).where(batch.c.id == batch_id)).first() is not None


def batches(db: Db, entry: str) -> tuple[Batch, ...]:
    """Return the batches of an entry, oldest first."""
    query = sa.select(batch).where(batch.c.entry == entry).order_by(batch.c.version, batch.c.id)
    return tuple(_batch_of(row) for row in db.execute(query).mappings())


def batches_of(db: Db, entry: str, *, after: str = "", limit: int = 100) -> tuple[Batch, ...]:
    """Return some batches of an entry, oldest first, from the one after ``after`` on."""
    query = sa.select(batch).where(batch.c.entry == entry, batch.c.id > after).order_by(batch.c.id).limit(limit)
    return tuple(_batch_of(row) for row in db.execute(query).mappings())


def batches_listed(
    db: Db,
    *,
    provider: str = "",
    entry: str = "",
    kind: str = "",
    broken: bool | None = None,
    sort: str = "collected_at",
    descending: bool = True,
    after: tuple[str, ...] = (),
    limit: int = 50,
) -> tuple[Batch, ...]:
    """Return a page of batches: of one provider or entry, with or without broken rows, in the order asked for."""
    query = sa.select(batch)
    for column, wanted in ((batch.c.provider, provider), (batch.c.entry, entry), (batch.c.kind, kind)):
        if wanted:
            query = query.where(column == wanted)
    if broken is not None:
        query = query.where(batch.c.rows_quarantined > 0 if broken else batch.c.rows_quarantined == 0)
    order = (batch.c[sort if sort in SORTS else "collected_at"], batch.c.id)
    page = keyset(query, order, after=after, descending=descending, limit=limit)
    return tuple(_batch_of(row) for row in db.execute(page).mappings())


def feeds(
    db: Db,
    *,
    provider: str = "",
    entry: str = "",
    kind: str = "",
    sort: str = "",
    descending: bool = False,
    after: tuple[str, ...] = (),
    limit: int = 50,
) -> tuple[Feed, ...]:
    """Return where rows come from, as seen in the batches: by entry, kind of source and giving tier.

    Counted anew each time, along the index of the entries: the batches of one provider, or of all.
    """
    kept = batch.c
    by = (kept.entry, kept.kind, kept.tier)
    query = sa.select(
        *by,
        sa.func.max(kept.provider).label("provider"),
        sa.func.count().label("batches"),
        sa.cast(sa.func.sum(kept.rows_landed), sa.BigInteger).label("rows"),
        sa.cast(sa.func.sum(kept.rows_quarantined), sa.BigInteger).label("quarantined"),
        sa.func.max(kept.collected_at, type_=Instant).label("last_at"),
    ).group_by(*by)
    for column, wanted in ((kept.provider, provider), (kept.entry, entry), (kept.kind, kind)):
        if wanted:
            query = query.where(column == wanted)
    feed = query.subquery()
    first = (feed.c[sort],) if sort in FEED_SORTS else ()
    order = (*first, feed.c.entry, feed.c.kind, feed.c.tier)
    page = keyset(sa.select(feed), order, after=after, descending=descending, limit=limit)
    return tuple(Feed(**row) for row in db.execute(page).mappings())


def _batch_of(row: sa.RowMapping) -> Batch:
    told: dict[str, Any] = {
        name: row[name]
        for name in (
            *("id", "entry", "provider", "kind", "source", "content", "rows_digest", "rows_read", "rows_landed"),
            *("rows_quarantined", "rows_withdrawn", "tier", "origin", "collected_at"),
        )
    }
    return Batch(
        **told,
        snapshot=Snapshot(table=row["table"], version=row["version"], rows=row["rows_landed"], digest=row["digest"]),
        quarantined={Reason(reason): count for reason, count in row["quarantined"].items()},
        left_aside=tuple(row["left_aside"]),
    )
