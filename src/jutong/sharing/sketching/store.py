"""Request forms that are put aside, one for each body and entry."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from jutong.kernel.db import Db, Instant, Json, metadata, upsert
from jutong.terms.actor import Actor

from .sketch import Sketch

# What a body typed of a request that is not whole yet: one form for each entry.
sketch = sa.Table(
    "sharing_sketch",
    metadata,
    sa.Column("consumer", sa.String(18), primary_key=True),
    sa.Column("entry", sa.String(26), primary_key=True),
    sa.Column("changed", Instant, nullable=False),
    sa.Column("fields", Json, nullable=False),
)


def sketches(db: Db, actor: Actor) -> tuple[Sketch, ...]:
    """Return the forms that the actor's body has not filled in yet, the newest first."""
    query = sa.select(sketch).where(sketch.c.consumer == actor.org).order_by(sketch.c.changed.desc())
    return tuple(_sketch(row) for row in db.execute(query))


def sketch_for(db: Db, actor: Actor, entry: str) -> Sketch | None:
    """Return what the actor's body typed so far of its wish for an entry."""
    query = sa.select(sketch).where(sketch.c.consumer == actor.org, sketch.c.entry == entry)
    row = db.execute(query).one_or_none()
    return None if row is None else _sketch(row)


def save_sketch(db: Db, noun: Sketch) -> None:
    """Keep what was typed, in place of what was typed before."""
    values = {
        "consumer": noun.consumer,
        "entry": noun.entry,
        "changed": noun.changed,
        "fields": {name: list(typed) for name, typed in noun.fields.items()},
    }
    upsert(db, sketch, values, key=("consumer", "entry"))


def drop_sketch(db: Db, consumer: str, entry: str) -> None:
    """Forget what was typed: it has become a request."""
    db.execute(sketch.delete().where(sketch.c.consumer == consumer, sketch.c.entry == entry))


def _sketch(row: sa.Row[Any]) -> Sketch:
    fields = {str(name): tuple(map(str, typed)) for name, typed in row.fields.items()}
    return Sketch(consumer=row.consumer, entry=row.entry, changed=row.changed, fields=fields)
