"""The tables of records of use and of the watches over agreements that are in use."""

from __future__ import annotations

from datetime import date
from functools import cache

import msgspec
import sqlalchemy as sa

from jutong.kernel.db import Db, Json, Piling, keyset, metadata, upsert
from jutong.kernel.errors import NotFound
from jutong.kernel.pile import Pile
from jutong.kernel.shape import learn
from jutong.terms.actor import Actor

from ..agreement import Agreement
from ..standing import OVER, Standing
from ..store import OVERSEEING, agreement
from ..turn import Side
from .record import UseRecord
from .watch import Watch

record = sa.Table(
    "sharing_use",
    metadata,
    sa.Column("id", sa.String(26), primary_key=True),
    sa.Column("agreement", sa.String(26), nullable=False),
    sa.Column("consumer", sa.String(18), nullable=False),
    sa.Column("provider", sa.String(18), nullable=False),
    sa.Column("told", sa.String(64), nullable=False),
    sa.Column("kept", sa.String(10), nullable=False),
    sa.Column("body", Json, nullable=False),
    sa.Index("ix_sharing_use_agreement", "agreement", "id"),
    sa.Index("ix_sharing_use_consumer", "consumer", "id"),
    sa.Index("ix_sharing_use_provider", "provider", "id"),
)

watch = sa.Table(
    "sharing_use_watch",
    metadata,
    sa.Column("agreement", sa.String(26), primary_key=True),
    sa.Column("consumer", sa.String(18), nullable=False),
    sa.Column("due", sa.String(10), nullable=False),
    sa.Column("body", Json, nullable=False),
    sa.Index("ix_sharing_use_watch_due", "due", "agreement"),
    sa.Index("ix_sharing_use_watch_consumer_due", "consumer", "due", "agreement"),
)

learn(Agreement, UseRecord, Watch)


def find_use(db: Db, record_id: str, actor: Actor | None = None, *, hold: bool = False) -> UseRecord:
    """Return a record of use if ``actor`` (None: the house) may see it; ``hold`` keeps others from letting it go."""
    query = sa.select(record.c.body).where(record.c.id == record_id)
    body = db.execute(query.with_for_update() if hold else query).scalar()
    found = None if body is None else msgspec.convert(body, UseRecord)
    if found is None or (actor is not None and not found.visible_to(actor)):
        raise NotFound("record of use", record_id)
    return found


def same_use(db: Db, agreement_id: str, told: str) -> UseRecord | None:
    """Return the record of an agreement that tells the very same, if there is one."""
    query = sa.select(record.c.body).where(record.c.agreement == agreement_id, record.c.told == told).limit(1)
    body = db.execute(query).scalar()
    return None if body is None else msgspec.convert(body, UseRecord)


def uses_listed(
    db: Db,
    actor: Actor,
    *,
    agreement_id: str = "",
    side: Side | None = None,
    after: tuple[str, ...] = (),
    descending: bool = False,
    limit: int = 50,
) -> tuple[UseRecord, ...]:
    """Return records of use that ``actor`` may see, in the order in which they were made."""
    mine = {Side.ASKED: record.c.consumer == actor.org, Side.ANSWERING: record.c.provider == actor.org}
    query = sa.select(record.c.body)
    if side is not None:
        query = query.where(mine[side])
    elif not actor.duties & OVERSEEING:
        query = query.where(sa.or_(*mine.values()))
    if agreement_id:
        query = query.where(record.c.agreement == agreement_id)
    page = keyset(query, (record.c.id,), after=after, descending=descending, limit=limit)
    return tuple(msgspec.convert(body, UseRecord) for body in db.execute(page).scalars())


def key_of_use(noun: UseRecord) -> tuple[str, ...]:
    """Return where a record stands in the lists."""
    return (noun.id,)


def save_use(db: Db, noun: UseRecord) -> None:
    """Keep a record; it is written once."""
    values = {
        **{name: getattr(noun, name) for name in ("id", "agreement", "consumer", "provider")},
        "told": noun.usage.digest(),
        "kept": noun.kept.due.isoformat(),
        "body": msgspec.to_builtins(noun, order="deterministic"),
    }
    db.execute(record.insert().values(values))


def drop_use(db: Db, record_id: str, today: date) -> None:
    """Let a record go; one whose time is not over stays, whatever was decided above."""
    db.execute(record.delete().where(record.c.id == record_id, record.c.kept < today.isoformat()))


def watch_over(db: Db, agreement_id: str) -> Watch | None:
    """Return the watch over an agreement, held against change."""
    query = sa.select(watch.c.body).where(watch.c.agreement == agreement_id).with_for_update()
    body = db.execute(query).scalar()
    return None if body is None else msgspec.convert(body, Watch)


def save_watch(db: Db, noun: Watch) -> None:
    """Keep a watch as it now stands."""
    values = {
        "agreement": noun.agreement,
        "consumer": noun.consumer,
        "due": noun.clock.due.isoformat(),
        "body": msgspec.to_builtins(noun, order="deterministic"),
    }
    upsert(db, watch, values, key=("agreement",))


def unwatched(db: Db) -> tuple[Agreement, ...]:
    """Return the agreements that are in use and have no watch yet, oldest first."""
    in_use = sa.and_(agreement.c.stage == Standing.IN_FORCE.value, agreement.c.delivered.is_(True))
    none = ~sa.exists().where(watch.c.agreement == agreement.c.id)
    query = sa.select(agreement.c.body).where(in_use, none).order_by(agreement.c.id)
    return tuple(msgspec.convert(body, Agreement) for body in db.execute(query).scalars())


def watches_due(db: Db, today: date) -> tuple[Watch, ...]:
    """Return the watches over agreements in force whose day is over, the first due first, held against change."""
    standing = sa.select(agreement.c.id).where(agreement.c.stage == Standing.IN_FORCE.value)
    due = sa.and_(watch.c.due < today.isoformat(), watch.c.agreement.in_(standing))
    query = sa.select(watch.c.body).where(due).order_by(watch.c.due, watch.c.agreement).with_for_update()
    return tuple(msgspec.convert(body, Watch) for body in db.execute(query).scalars())


def drop_ended_watches(db: Db) -> None:
    """Forget the watches over agreements that have ended: their certificate of disposal is owed instead."""
    over = sa.select(agreement.c.id).where(agreement.c.stage.in_([one.value for one in OVER]))
    db.execute(watch.delete().where(watch.c.agreement.in_(over)))


def uses_missing(db: Db, body: str, *, before: date, limit: int = 20) -> Pile[Watch]:
    """Return the watches over a body's agreements of which it must record the use before a day, or is late."""
    rows, size = _missing().read(db, limit=limit, body=body, before=before.isoformat())
    return Pile(tuple(msgspec.convert(row.body, Watch) for row in rows), size)


@cache
def _missing() -> Piling:
    query = (
        sa.select(watch.c.body)
        .select_from(watch.join(agreement, agreement.c.id == watch.c.agreement))
        .where(
            watch.c.consumer == sa.bindparam("body"),
            watch.c.due < sa.bindparam("before"),
            agreement.c.stage == Standing.IN_FORCE.value,
        )
    )
    return Piling.of(query, watch.c.due, watch.c.agreement)
