"""Requests, agreements and the epoch that tells the gateways when a right has changed: the room's only SQL."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from jutong.kernel.db import Db, Json, metadata, upsert
from jutong.kernel.errors import Invalid, NotFound
from jutong.kernel.shape import learn
from jutong.kernel.text import text
from jutong.terms.actor import Actor
from jutong.terms.duty import Duty

from .agreement import Agreement
from .request import UNSEEN, Request, Stage
from .standing import Standing
from .turn import Side

OVERSEEING = frozenset({Duty.OVERSIGHT, Duty.HOUSE})

request = sa.Table(
    "sharing_request",
    metadata,
    sa.Column("id", sa.String(26), primary_key=True),
    sa.Column("consumer", sa.String(18), nullable=False),
    sa.Column("provider", sa.String(18), nullable=False),
    sa.Column("entry", sa.String(26), nullable=False, index=True),
    sa.Column("stage", sa.String(30), nullable=False),
    sa.Column("due", sa.String(10), nullable=False),  # of the answer that is owed; NEVER if none is
    sa.Column("wish", sa.String(64), nullable=False, index=True),
    sa.Column("amends", sa.String(26), nullable=False, server_default="", index=True),
    sa.Column("batch", sa.String(26), nullable=False, server_default="", index=True),
    sa.Column("body", Json, nullable=False),
    sa.Index("ix_sharing_request_due", "due", "id"),
    sa.Index("ix_sharing_request_stage_due", "stage", "due", "id"),
    *(
        sa.Index(f"ix_sharing_request_{side}_{'_'.join(columns) or 'id'}", side, *columns, "id")
        for side in ("consumer", "provider")
        for columns in ((), ("due",), ("stage", "due"))
    ),
)

agreement = sa.Table(
    "sharing_agreement",
    metadata,
    sa.Column("id", sa.String(26), primary_key=True),
    sa.Column("request", sa.String(26), nullable=False, unique=True),
    sa.Column("consumer", sa.String(18), nullable=False),
    sa.Column("provider", sa.String(18), nullable=False),
    sa.Column("entry", sa.String(26), nullable=False, index=True),
    sa.Column("stage", sa.String(30), nullable=False),
    sa.Column("delivered", sa.Boolean, nullable=False, index=True),
    sa.Column("due", sa.String(10), nullable=False),  # of the delivery that is owed; NEVER if none is
    sa.Column("ends", sa.String(10), nullable=False),
    sa.Column("epoch", sa.BigInteger, nullable=False, unique=True),
    sa.Column("body", Json, nullable=False),
    sa.Index("ix_sharing_agreement_due", "due", "id"),
    sa.Index("ix_sharing_agreement_ends", "ends", "id"),
    sa.Index("ix_sharing_agreement_stage_due", "stage", "due", "id"),
    *(
        sa.Index(f"ix_sharing_agreement_{side}_{'_'.join(columns)}", side, *columns, "id")
        for side in ("consumer", "provider")
        for columns in (("due",), ("ends",), ("stage", "due"))
    ),
)

# What somebody owes on an agreement besides its delivery: an index of ``Agreement.owed``, written with the agreement.
owed = sa.Table(
    "sharing_owed",
    metadata,
    sa.Column("agreement", sa.String(26), primary_key=True),
    sa.Column("task", sa.String(30), primary_key=True),
    sa.Column("body", sa.String(18), nullable=False),  # that owes it
    sa.Column("provider", sa.String(18), nullable=False),
    sa.Column("due", sa.String(10), nullable=False),  # NEVER where it has no day
    sa.Index("ix_sharing_owed_task_due", "task", "due", "agreement"),
    sa.Index("ix_sharing_owed_task_body_due", "task", "body", "due", "agreement"),
    sa.Index("ix_sharing_owed_task_provider_due", "task", "provider", "due", "agreement"),
)

NEVER = "9999-12-31"  # after every day that is owed

# One row. It is raised by one statement in the transaction of the change, and its row lock makes those transactions
# commit in the order of their epochs: a gateway that has seen an epoch has seen every change below it.
epoch = sa.Table(
    "sharing_epoch",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("value", sa.BigInteger, nullable=False),
)


learn(Request, Agreement)


def find_request(db: Db, request_id: str, actor: Actor | None = None, *, hold: bool = False) -> Request:
    """Return the request if ``actor`` (None: the house) may see it; ``hold`` keeps others from changing it."""
    body = _body(db, request, request.c.id == request_id, hold=hold)
    found = None if body is None else msgspec.convert(body, Request)
    if found is None or (actor is not None and not found.visible_to(actor)):
        raise NotFound("request", request_id)
    return found


def find_agreement(db: Db, agreement_id: str, actor: Actor | None = None, *, hold: bool = False) -> Agreement:
    """Return the agreement if ``actor`` (None: the house) may see it; ``hold`` keeps others from changing it."""
    body = _body(db, agreement, agreement.c.id == agreement_id, hold=hold)
    found = None if body is None else msgspec.convert(body, Agreement)
    if found is None or (actor is not None and not found.visible_to(actor)):
        raise NotFound("agreement", agreement_id)
    return found


def agreement_from(db: Db, request_id: str) -> Agreement | None:
    """Return the agreement that the request led to, if it did: the one that it asked for, or that it changed."""
    changed = sa.select(request.c.amends).where(request.c.id == request_id, request.c.stage == Stage.AGREED.value)
    led_to = sa.or_(agreement.c.request == request_id, agreement.c.id == changed.scalar_subquery())
    body = _body(db, agreement, led_to)
    return None if body is None else msgspec.convert(body, Agreement)


def changes_of(db: Db, agreement_id: str) -> tuple[Request, ...]:
    """Return the applications for a change of an agreement that have no answer yet, oldest first."""
    over = [one.value for one in (Stage.AGREED, Stage.REFUSED, Stage.WITHDRAWN)]
    query = sa.select(request.c.body).where(request.c.amends == agreement_id, request.c.stage.not_in(over))
    return tuple(msgspec.convert(body, Request) for body in db.execute(query.order_by(request.c.id)).scalars())


def draft_like(db: Db, consumer: str, wish_digest: str) -> Request | None:
    """Return the consumer's draft of the very same wish, if there is one."""
    body = _body(
        db,
        request,
        sa.and_(
            request.c.consumer == consumer,
            request.c.wish == wish_digest,
            request.c.stage == Stage.DRAFT.value,
            request.c.amends == "",
            request.c.batch == "",
        ),
    )
    return None if body is None else msgspec.convert(body, Request)


def requests(db: Db, actor: Actor, *, after: str = "", limit: int = 50) -> tuple[Request, ...]:
    """Return the requests that ``actor`` may see, oldest first, from the one after ``after`` on."""
    mine = sa.or_(
        request.c.consumer == actor.org,
        sa.and_(request.c.provider == actor.org, request.c.stage.not_in([stage.value for stage in UNSEEN])),
    )
    query = sa.select(request.c.body).where(request.c.id > after, mine).order_by(request.c.id).limit(limit)
    return tuple(msgspec.convert(body, Request) for body in db.execute(query).scalars())


def agreements(db: Db, actor: Actor, *, after: str = "", limit: int = 50) -> tuple[Agreement, ...]:
    """Return the agreements to which the actor's body is a party, oldest first, from the one after ``after`` on."""
    mine = sa.or_(agreement.c.consumer == actor.org, agreement.c.provider == actor.org)
    query = sa.select(agreement.c.body).where(agreement.c.id > after, mine).order_by(agreement.c.id).limit(limit)
    return tuple(msgspec.convert(body, Agreement) for body in db.execute(query).scalars())


def requests_listed(
    db: Db,
    actor: Actor,
    *,
    side: Side | None = None,
    stage: Stage | None = None,
    sort: str = "due",
    descending: bool = False,
    after: Sequence[str] = (),
    limit: int = 50,
) -> tuple[Request, ...]:
    """Return requests that ``actor`` may see, by the day on which an answer is owed or (``id``) in which they came.

    ``after`` is the ``key_of_request`` of the last one seen.
    """
    seen = request.c.stage.not_in([one.value for one in UNSEEN])
    parts = _parts(request, actor, side, seen)
    if stage is not None:
        parts = [sa.and_(part, request.c.stage == stage.value) for part in parts]
    columns = {"due": request.c.due, "id": request.c.id}
    keys = _keys(columns, after)
    found = _page(
        db, request, parts, columns[sort], keys.get(sort, ""), keys.get("id", ""), limit, descending=descending
    )
    return tuple(msgspec.convert(body, Request) for body in found)


def key_of_request(noun: Request) -> tuple[str, str]:
    """Return where a request stands in the lists."""
    return _day(noun.due), noun.id


def agreements_listed(
    db: Db,
    actor: Actor,
    *,
    side: Side | None = None,
    stage: Standing | None = None,
    entry: str = "",
    sort: str = "ends",
    descending: bool = False,
    after: Sequence[str] = (),
    limit: int = 50,
) -> tuple[Agreement, ...]:
    """Return agreements that ``actor`` may see, by the end of their term, or by the day on which delivery is owed.

    ``after`` is the ``key_of_agreement`` of the last one seen.
    """
    parts = _parts(agreement, actor, side, sa.true())
    if stage is not None:
        parts = [sa.and_(part, agreement.c.stage == stage.value) for part in parts]
    if entry:
        parts = [sa.and_(part, agreement.c.entry == entry) for part in parts]
    columns = {"due": agreement.c.due, "ends": agreement.c.ends, "id": agreement.c.id}
    keys = _keys(columns, after)
    found = _page(
        db, agreement, parts, columns[sort], keys.get(sort, ""), keys.get("id", ""), limit, descending=descending
    )
    return tuple(msgspec.convert(body, Agreement) for body in found)


def key_of_agreement(noun: Agreement) -> tuple[str, str, str]:
    """Return where an agreement stands in the lists."""
    return _day(noun.due), noun.ends.isoformat(), noun.id


def agreement_parties(db: Db, actor: Actor) -> Mapping[str, str]:
    """Return the agreements to which the actor's body is a party, each with its entry."""
    mine = sa.or_(agreement.c.consumer == actor.org, agreement.c.provider == actor.org)
    rows = db.execute(sa.select(agreement.c.id, agreement.c.entry).where(mine))
    return {row.id: row.entry for row in rows}


def agreements_in_force(db: Db) -> Iterator[Agreement]:
    """Yield every agreement that is in force, whatever its term: the caller asks ``covers`` on each day."""
    query = sa.select(agreement.c.body).where(agreement.c.stage == Standing.IN_FORCE.value).order_by(agreement.c.id)
    for body in db.execute(query).scalars():
        yield msgspec.convert(body, Agreement)


def agreements_changed(db: Db, *, after: int) -> tuple[Agreement, ...]:
    """Return the agreements whose last change has an epoch above ``after``, whatever their stage, in that order."""
    query = sa.select(agreement.c.body).where(agreement.c.epoch > after).order_by(agreement.c.epoch)
    return tuple(msgspec.convert(body, Agreement) for body in db.execute(query).scalars())


def agreements_of_entry(db: Db, entry: str) -> tuple[Agreement, ...]:
    """Return the agreements on one entry, oldest first, held against change."""
    query = sa.select(agreement.c.body).where(agreement.c.entry == entry).order_by(agreement.c.id).with_for_update()
    return tuple(msgspec.convert(body, Agreement) for body in db.execute(query).scalars())


def agreements_in_force_on(db: Db, entry: str) -> int:
    """Return how many agreements on one entry are in force."""
    query = sa.select(sa.func.count()).where(agreement.c.entry == entry, agreement.c.stage == Standing.IN_FORCE.value)
    return int(db.execute(query).scalar_one())


def agreements_epoch(db: Db) -> int:
    """Return the epoch of the newest change to any agreement; 0 before the first."""
    return db.execute(sa.select(epoch.c.value)).scalar() or 0


def save_request(db: Db, noun: Request) -> None:
    """Keep a request as it now stands."""
    values = {
        "id": noun.id,
        "consumer": noun.consumer,
        "provider": noun.provider,
        "entry": noun.entry,
        "stage": noun.stage.value,
        "due": _day(noun.due),
        "wish": noun.wish.digest(),
        "amends": noun.amends,
        "batch": noun.batch,
        "body": msgspec.to_builtins(noun, order="deterministic"),
    }
    upsert(db, request, values, key=("id",))


def save_agreement(db: Db, noun: Agreement) -> Agreement:
    """Keep an agreement as it now stands, under a new epoch, and return it with that epoch."""
    noun = replace(noun, epoch=_raise_epoch(db))
    values = {
        "id": noun.id,
        "request": noun.request,
        "consumer": noun.consumer,
        "provider": noun.provider,
        "entry": noun.entry,
        "stage": noun.stage.value,
        "delivered": not noun.awaits_delivery,
        "due": _day(noun.due),
        "ends": noun.ends.isoformat(),
        "epoch": noun.epoch,
        "body": msgspec.to_builtins(noun, order="deterministic"),
    }
    upsert(db, agreement, values, key=("id",))
    db.execute(owed.delete().where(owed.c.agreement == noun.id))
    for one in noun.owed:
        due = _day(None if one.clock is None else one.clock.due)
        row = {"agreement": noun.id, "task": one.task.value, "body": one.body, "provider": noun.provider, "due": due}
        db.execute(owed.insert().values(row))
    return noun


def _parts(
    table: sa.Table, actor: Actor, side: Side | None, seen: sa.ColumnElement[bool]
) -> list[sa.ColumnElement[bool]]:
    """Return what the actor may see, in parts that each have an index; no row stands in two of them."""
    asked, answers = table.c.consumer == actor.org, sa.and_(table.c.provider == actor.org, seen)
    if side is None and actor.duties & OVERSEEING:
        return [sa.or_(table.c.consumer == actor.org, seen)]
    return {Side.ASKED: [asked], Side.ANSWERING: [answers], None: [asked, answers]}[side]


def _keys(columns: Collection[str], after: Sequence[str]) -> Mapping[str, str]:
    if after and len(after) != len(columns):
        raise Invalid(text("the list has no such place"), remedy=text("begin at the first page of the list"))
    return dict(zip(columns, after, strict=False))


def _page(
    db: Db,
    table: sa.Table,
    parts: Sequence[sa.ColumnElement[bool]],
    column: sa.ColumnElement[Any],
    after: str,
    after_id: str,
    limit: int,
    *,
    descending: bool,
) -> Sequence[Any]:
    """Return one page of bodies: each part is read along its index as far as the page needs it."""
    name, place = column.name, sa.tuple_(column, table.c.id)
    start: sa.ColumnElement[bool] = sa.true()
    if after_id:
        last = sa.tuple_(sa.literal(after), sa.literal(after_id))
        start = place < last if descending else place > last

    def order(one: sa.FromClause) -> list[sa.ColumnElement[Any]]:
        return [one.c[key].desc() if descending else one.c[key] for key in dict.fromkeys((name, "id"))]

    wanted = list({one.name: one for one in (column, table.c.id, table.c.body)}.values())
    reads = [sa.select(*wanted).where(part, start).order_by(*order(table)).limit(limit).subquery() for part in parts]
    if len(reads) == 1:
        return db.execute(sa.select(reads[0].c.body).order_by(*order(reads[0]))).scalars().all()
    both = sa.union_all(*(sa.select(one) for one in reads)).subquery()
    return db.execute(sa.select(both.c.body).order_by(*order(both)).limit(limit)).scalars().all()


def _day(day: date | None) -> str:
    return NEVER if day is None else day.isoformat()


def _raise_epoch(db: Db) -> int:
    insert = (postgresql.insert if db.dialect.name == "postgresql" else sqlite.insert)(epoch).values(id=1, value=1)
    raised = insert.on_conflict_do_update(index_elements=["id"], set_={"value": epoch.c.value + 1})
    return int(db.execute(raised.returning(epoch.c.value)).scalar_one())


def _body(db: Db, table: sa.Table, where: sa.ColumnElement[bool], *, hold: bool = False) -> Any:
    query = sa.select(table.c.body).where(where).limit(1)
    return db.execute(query.with_for_update() if hold else query).scalar()
