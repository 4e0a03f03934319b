"""The table of pushes: which system sends which file, and how that ended."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa

from jutong.kernel.db import Db, Instant, Json, keyset, metadata, upsert
from jutong.kernel.errors import NotFound
from jutong.kernel.shape import learn
from jutong.kernel.text import spelled, told_again

from ..layout import Layout
from .push import Parcel, Push, Stage

push = sa.Table(
    "collection_push",
    metadata,
    sa.Column("id", sa.String(26), primary_key=True),
    sa.Column("system", sa.String(200), nullable=False),
    sa.Column("provider", sa.String(18), nullable=False),
    sa.Column("entry", sa.String(26), nullable=False),
    sa.Column("name", sa.String(200), nullable=False),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("content", sa.String(64), nullable=False),
    sa.Column("layout", Json, nullable=False),
    sa.Column("opened", Instant, nullable=False),
    sa.Column("stage", sa.String(20), nullable=False),
    sa.Column("ended", Instant),
    sa.Column("batch", sa.String(26), nullable=False),
    sa.Column("line", sa.String(26), nullable=False),
    sa.Column("code", sa.String(40), nullable=False),
    sa.Column("reason", Json, nullable=False),
    sa.Column("remedy", Json, nullable=False),
    sa.Index("ix_collection_push_opened", "opened", "id"),
    sa.Index("ix_collection_push_provider_opened", "provider", "opened", "id"),
    sa.Index("ix_collection_push_system_stage", "system", "stage"),
)


def save_push(db: Db, kept: Push) -> None:
    """Keep a push as it stands."""
    parcel = kept.parcel
    values = {
        **{name: getattr(kept, name) for name in ("id", "system", "provider", "opened", "ended", "batch", "line")},
        **{name: getattr(parcel, name) for name in ("entry", "name", "size", "content")},
        "layout": msgspec.to_builtins(parcel.layout),
        "stage": kept.stage.value,
        "code": kept.code,
        "reason": spelled(kept.reason),
        "remedy": spelled(kept.remedy),
    }
    upsert(db, push, values, key=("id",))


def find_push(db: Db, push_id: str) -> Push:
    """Return a push, or refuse with ``NotFound``."""
    found = standing_push(db, push_id)
    if found is None:
        raise NotFound("push", push_id[:26])
    return found


def standing_push(db: Db, push_id: str) -> Push | None:
    """Return a push, or None."""
    row = db.execute(sa.select(push).where(push.c.id == push_id)).mappings().one_or_none()
    return _push_of(row) if row else None


def open_count(db: Db, system: str, *, since: datetime) -> int:
    """Count the pushes of a system that were opened lately and have not ended."""
    query = sa.select(sa.func.count()).where(push.c.system == system, push.c.stage == Stage.OPEN.value)
    return int(db.execute(query.where(push.c.opened > since)).scalar_one())


def pushes_listed(
    db: Db,
    *,
    provider: str = "",
    entry: str = "",
    stage: str = "",
    after: tuple[str, ...] = (),
    limit: int = 50,
    descending: bool = True,
) -> tuple[Push, ...]:
    """Return a page of pushes, the newest first."""
    query = sa.select(push)
    for column, wanted in ((push.c.provider, provider), (push.c.entry, entry), (push.c.stage, stage)):
        if wanted:
            query = query.where(column == wanted)
    page = keyset(query, (push.c.opened, push.c.id), after=after, descending=descending, limit=limit)
    return tuple(_push_of(row) for row in db.execute(page).mappings())


def _push_of(row: sa.RowMapping) -> Push:
    told: dict[str, Any] = {
        name: row[name] for name in ("id", "system", "provider", "opened", "ended", "batch", "line", "code")
    }
    return Push(
        **told,
        parcel=Parcel(
            entry=row["entry"],
            name=row["name"],
            size=row["size"],
            content=row["content"],
            layout=msgspec.convert(row["layout"], Layout),
        ),
        stage=Stage(row["stage"]),
        reason=told_again(row["reason"]),
        remedy=told_again(row["remedy"]),
    )


learn(Layout)
