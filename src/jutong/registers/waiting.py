"""What of the registers waits for an administrator, and the short words by which desks name bodies."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from functools import cache
from typing import Any

import sqlalchemy as sa

from jutong.kernel.db import Db, Piling
from jutong.kernel.pile import Pile
from jutong.terms.org import BodyKind

from .credential import Credential
from .post import Post
from .store import body, credential, find_credential, find_post, post, system, system_key
from .system import System, SystemName


def body_names(db: Db, codes: Collection[str]) -> Mapping[str, str]:
    """Return the names of bodies by their codes, the short ones where there are."""
    if not codes:
        return {}
    return {row.code: row.short_name or row.name for row in db.execute(_NAMES, {"codes": sorted(set(codes))})}


def authorities(db: Db) -> frozenset[str]:
    """Return the codes of the sharing authorities."""
    return frozenset(db.execute(_AUTHORITIES).scalars())


def credentials_ending(
    db: Db, *, since: datetime, until: datetime, bodies: Collection[str] | None = None, limit: int = 20
) -> Pile[tuple[Credential, Post]]:
    """Return credentials of held posts that expire in that time, the first to expire first: of some bodies, or of all.

    One whose post has another that lasts longer needs nobody.
    """
    asked = _credentials(of_some=bodies is not None)
    rows, size = asked.read(db, limit=limit, since=since, until=until, bodies=sorted(bodies or ()))
    return Pile(tuple((find_credential(db, row.id), find_post(db, row.post)) for row in rows), size)


def systems_without_key(db: Db, *, bodies: Collection[str] | None = None, limit: int = 20) -> Pile[System]:
    """Return systems that no key was ever set for: of some bodies, or of all."""
    rows, size = _keyless(of_some=bodies is not None).read(db, limit=limit, bodies=sorted(bodies or ()))
    return Pile(tuple(System(name=SystemName.parse(row.name), title=row.title, keys=()) for row in rows), size)


_NAMES = sa.select(body.c.code, body.c.name, body.c.short_name).where(
    body.c.code.in_(sa.bindparam("codes", expanding=True))
)
_AUTHORITIES = sa.select(body.c.code).where(body.c.kind == BodyKind.AUTHORITY.value)


@cache
def _credentials(*, of_some: bool) -> Piling:
    later = credential.alias("later")
    lasting = sa.exists().where(
        later.c.post == post.c.id, later.c.revoked.is_(None), later.c.expires > sa.bindparam("until")
    )
    query = (
        sa.select(credential.c.id, credential.c.post)
        .join(post, post.c.id == credential.c.post)
        .where(
            credential.c.expires.between(sa.bindparam("since"), sa.bindparam("until")),
            credential.c.revoked.is_(None),
            post.c.until.is_(None),
            ~lasting,
        )
    )
    return Piling.of(_of_bodies(query, post.c.body) if of_some else query, credential.c.expires, credential.c.id)


@cache
def _keyless(*, of_some: bool) -> Piling:
    query = sa.select(system.c.name, system.c.title)
    query = query.where(~sa.exists().where(system_key.c.system == system.c.name))
    return Piling.of(_of_bodies(query, system.c.body) if of_some else query, system.c.name)


def _of_bodies(query: sa.Select[Any], column: sa.ColumnElement[str]) -> sa.Select[Any]:
    return query.where(column.in_(sa.bindparam("bodies", expanding=True)))
