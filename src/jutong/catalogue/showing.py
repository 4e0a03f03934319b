"""Which versions of which entries are shown to which kinds of reader: what an index of the catalogue is made from."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

import msgspec
import sqlalchemy as sa

from jutong.kernel.db import Db
from jutong.terms import Actor

from .document import entry_of_document
from .entry import Entry
from .stage import Stage
from .store import AUDITING, version

PAGE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Showing:
    """A version of an entry, and who sees the entry in this version."""

    entry: Entry
    by_owner: bool
    by_authority: bool
    by_all: bool  # every department
    by_everybody: bool  # the public too


def showings(db: Db, *, ids: Collection[str] | None = None, provider: str | None = None) -> Iterator[Showing]:
    """Yield the versions that anybody sees, of all entries or of some, by their identifiers."""
    flags = (version.c.seen_by_owner, version.c.seen_by_authority, version.c.seen_by_all)
    query = sa.select(version.c.id, version.c.version, version.c.body, *flags).where(sa.or_(*flags))
    if ids is not None:
        query = query.where(version.c.id.in_(sorted(ids)))
    if provider is not None:
        query = query.where(version.c.provider == provider)
    place, last = sa.tuple_(version.c.id, version.c.version), ("", 0)
    while True:
        there = sa.tuple_(sa.literal(last[0]), sa.literal(last[1]))
        rows = db.execute(query.where(place > there).order_by(version.c.id, version.c.version).limit(PAGE)).all()
        for row in rows:
            entry = entry_of_document(msgspec.json.decode(row.body))
            yield Showing(
                entry=entry,
                by_owner=row.seen_by_owner,
                by_authority=row.seen_by_authority,
                by_all=row.seen_by_all,
                by_everybody=row.seen_by_all and entry.stage is Stage.PUBLISHED,
            )
        if len(rows) < PAGE:
            return
        last = rows[-1].id, rows[-1].version


def shown_among(db: Db, actor: Actor | None, ids: Collection[str]) -> frozenset[tuple[str, int]]:
    """Return which of these entries ``actor`` (nobody: the public) may see at this moment, each with its version."""
    if not ids:
        return frozenset()
    query = sa.select(version.c.id, version.c.version).where(version.c.id.in_(sorted(set(ids))))
    if actor is None:
        seen = sa.and_(version.c.seen_by_all == sa.true(), version.c.stage == Stage.PUBLISHED.value)
    else:
        others = version.c.seen_by_authority if actor.duties & AUDITING else version.c.seen_by_all
        own = sa.and_(version.c.provider == actor.org, version.c.seen_by_owner == sa.true())
        seen = sa.or_(own, sa.and_(version.c.provider != actor.org, others == sa.true()))
    return frozenset((row.id, row.version) for row in db.execute(query.where(seen)))
