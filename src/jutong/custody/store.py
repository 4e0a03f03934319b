"""The custody room's table: requests for erasure, without the subject's identifier."""

from __future__ import annotations

import msgspec
import sqlalchemy as sa

from jutong.kernel.db import Db, Json, metadata, upsert
from jutong.kernel.errors import NotFound
from jutong.kernel.shape import learn

from .erasure import Erasure

erasure = sa.Table(
    "custody_erasure",
    metadata,
    sa.Column("id", sa.String(26), primary_key=True),
    sa.Column("phase", sa.String(20), nullable=False),
    sa.Column("body", Json, nullable=False),
)


def save(db: Db, asked: Erasure) -> None:
    """Keep a request as it stands."""
    upsert(db, erasure, {"id": asked.id, "phase": asked.phase.value, "body": msgspec.to_builtins(asked)}, key=("id",))


def find_erasure(db: Db, erasure_id: str) -> Erasure:
    """Return a request, or refuse with ``NotFound``."""
    body = db.execute(sa.select(erasure.c.body).where(erasure.c.id == erasure_id)).scalar_one_or_none()
    if body is None:
        raise NotFound("erasure", erasure_id[:26])
    return msgspec.convert(body, Erasure)


def erasures(
    db: Db, *, phase: str = "", after: str = "", descending: bool = True, limit: int = 200
) -> tuple[Erasure, ...]:
    """Return requests of a phase, or of any, in the order in which they were asked; page on from the last one's id."""
    key = erasure.c.id
    query = sa.select(erasure.c.body).order_by(key.desc() if descending else key).limit(limit)
    if phase:
        query = query.where(erasure.c.phase == phase)
    if after:
        query = query.where(key < after if descending else key > after)
    return tuple(msgspec.convert(body, Erasure) for body in db.execute(query).scalars())


learn(Erasure)
