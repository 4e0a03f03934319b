"""The table of packages: which came, from whom, and which number each sender's next one has."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import sqlalchemy as sa

from jutong.kernel.db import Db, Instant, Json, keyset, metadata, upsert
from jutong.kernel.errors import NotFound
from jutong.kernel.text import spelled, told_again

from .package import Package, Stage

package = sa.Table(
    "collection_package",
    metadata,
    sa.Column("id", sa.String(26), primary_key=True),
    sa.Column("system", sa.String(200), nullable=False),
    sa.Column("provider", sa.String(18), nullable=False),
    sa.Column("entry", sa.String(26), nullable=False),
    sa.Column("number", sa.BigInteger, nullable=False),
    sa.Column("previous", sa.String(64), nullable=False),
    sa.Column("digest", sa.String(64), nullable=False),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("came", Instant, nullable=False),
    sa.Column("stage", sa.String(20), nullable=False),
    sa.Column("ended", Instant),
    sa.Column("batch", sa.String(26), nullable=False),
    sa.Column("line", sa.String(26), nullable=False),
    sa.Column("code", sa.String(40), nullable=False),
    sa.Column("reason", Json, nullable=False),
    sa.Column("remedy", Json, nullable=False),
    sa.Index("ix_collection_package_system_entry_number", "system", "entry", "number", unique=True),
    sa.Index("ix_collection_package_came", "came", "id"),
    sa.Index("ix_collection_package_provider_came", "provider", "came", "id"),
    sa.Index("ix_collection_package_stage", "stage"),
)
_OVER = (Stage.LANDED.value, Stage.SKIPPED.value)
_PLAIN = ("id", "system", "provider", "entry", "number", "previous", "digest", "size", "came", "ended", "batch", "line")


def save_package(db: Db, kept: Package) -> None:
    """Keep a package as it stands."""
    values = {
        **{name: getattr(kept, name) for name in (*_PLAIN, "code")},
        "stage": kept.stage.value,
        "reason": spelled(kept.reason),
        "remedy": spelled(kept.remedy),
    }
    upsert(db, package, values, key=("id",))


def find_package(db: Db, package_id: str) -> Package:
    """Return a package, or refuse with ``NotFound``."""
    found = standing_package(db, package_id)
    if found is None:
        raise NotFound("package", package_id[:26])
    return found


def standing_package(db: Db, package_id: str) -> Package | None:
    """Return a package, or None."""
    row = db.execute(sa.select(package).where(package.c.id == package_id)).mappings().one_or_none()
    return _package_of(row) if row else None


def next_numbers(db: Db, feeds: Collection[tuple[str, str]]) -> dict[tuple[str, str], int]:
    """Return, for each sender and entry, the number of the package that may land next."""
    if not feeds:
        return {}
    told = (
        sa.select(package.c.system, package.c.entry, sa.func.max(package.c.number).label("newest"))
        .where(sa.tuple_(package.c.system, package.c.entry).in_(list(feeds)), package.c.stage.in_(_OVER))
        .group_by(package.c.system, package.c.entry)
    )
    newest = {(row.system, row.entry): int(row.newest) for row in db.execute(told)}
    return {feed: newest.get(feed, 0) + 1 for feed in feeds}


def waiting_count(db: Db, system: str, entry: str) -> int:
    """Count a sender's packages for an entry that have not ended."""
    query = sa.select(sa.func.count()).where(package.c.system == system, package.c.entry == entry)
    return int(db.execute(query.where(package.c.stage.not_in(_OVER))).scalar_one())


def waiting_feeds(db: Db, *, limit: int) -> tuple[tuple[str, str], ...]:
    """Return the senders and entries of which a package waits."""
    query = sa.select(package.c.system, package.c.entry).where(package.c.stage == Stage.WAITING.value).distinct()
    ordered = query.order_by(package.c.system, package.c.entry).limit(limit)
    return tuple((row.system, row.entry) for row in db.execute(ordered))


def packages_listed(
    db: Db,
    *,
    provider: str = "",
    entry: str = "",
    stage: str = "",
    after: tuple[str, ...] = (),
    limit: int = 50,
    descending: bool = True,
) -> tuple[Package, ...]:
    """Return a page of packages, the newest first."""
    query = sa.select(package)
    for column, wanted in ((package.c.provider, provider), (package.c.entry, entry), (package.c.stage, stage)):
        if wanted:
            query = query.where(column == wanted)
    page = keyset(query, (package.c.came, package.c.id), after=after, descending=descending, limit=limit)
    return tuple(_package_of(row) for row in db.execute(page).mappings())


def _package_of(row: sa.RowMapping) -> Package:
    told: dict[str, Any] = {name: row[name] for name in (*_PLAIN, "code")}
    return Package(
        **told, stage=Stage(row["stage"]), reason=told_again(row["reason"]), remedy=told_again(row["remedy"])
    )
