"""Entries that wait for somebody's act, and the titles by which desks name entries."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

import sqlalchemy as sa

from jutong.kernel.db import Db, Piling
from jutong.kernel.pile import Pile

from .stage import Stage
from .store import head, version


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """Which entry waits, and by when the authority must have audited it."""

    id: str
    provider: str
    title: str
    audit_due: date | None


def own_waiting(db: Db, provider: str, stage: Stage, *, ready: bool | None = None, limit: int = 20) -> Pile[Waiting]:
    """Return a provider's entries that stand in ``stage``, the oldest first; drafts may be asked for by readiness."""
    rows, size = _own(ready=ready).read(db, limit=limit, provider=provider, stage=stage.value)
    return Pile(tuple(map(_waiting, rows)), size)


def others_waiting(db: Db, org: str, stage: Stage, *, limit: int = 20) -> Pile[Waiting]:
    """Return the entries of all bodies but ``org`` that stand in ``stage`` with the authority, the first due first."""
    rows, size = _others().read(db, limit=limit, org=org, stage=stage.value)
    return Pile(tuple(map(_waiting, rows)), size)


def titles(db: Db, entries: Collection[str]) -> Mapping[str, str]:
    """Return the titles of entries by their identifiers, as each stands for everyone, or for its provider."""
    if not entries:
        return {}
    return {row.id: row.title for row in db.execute(_TITLES, {"entries": sorted(set(entries))})}


def titled(words: str) -> sa.Select[Any]:
    """Return the question for the entries whose titles hold these words, to narrow a list of things about entries."""
    return (
        sa.select(head.c.id)
        .join(version, sa.and_(version.c.id == head.c.id, version.c.version == _STANDING))
        .where(version.c.title.contains(words, autoescape=True))
    )


_STANDING = sa.func.coalesce(head.c.public_version, head.c.version)
_TITLES = (
    sa.select(head.c.id, version.c.title)
    .join(
        version,
        sa.and_(
            version.c.id == head.c.id,
            version.c.version == _STANDING,
        ),
    )
    .where(head.c.id.in_(sa.bindparam("entries", expanding=True)))
)
_WAITING = sa.select(version.c.id, version.c.provider, version.c.title, version.c.audit_due)


@cache
def _own(*, ready: bool | None) -> Piling:
    query = _WAITING.where(
        version.c.provider == sa.bindparam("provider"),
        version.c.seen_by_owner.is_(True),
        version.c.stage == sa.bindparam("stage"),
    )
    return Piling.of(query if ready is None else query.where(version.c.ready.is_(ready)), version.c.id)


@cache
def _others() -> Piling:
    query = _WAITING.where(
        version.c.seen_by_authority.is_(True),
        version.c.stage == sa.bindparam("stage"),
        version.c.provider != sa.bindparam("org"),
    )
    return Piling.of(query, version.c.audit_due, version.c.id)


def _waiting(row: sa.Row[Any]) -> Waiting:
    return Waiting(id=row.id, provider=row.provider, title=row.title, audit_due=row.audit_due)
