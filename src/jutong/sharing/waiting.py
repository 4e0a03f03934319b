"""Requests and agreements that wait for somebody, the first due first."""

from __future__ import annotations

from datetime import date
from functools import cache
from typing import Any

import msgspec
import sqlalchemy as sa

from jutong.kernel.db import Db, Piling
from jutong.kernel.pile import Pile
from jutong.kernel.shape import learn

from .agreement import Agreement
from .request import OPEN, Request, Stage
from .standing import OVER, Standing, Task
from .store import NEVER, agreement, owed, request
from .turn import Side

learn(Request, Agreement)


def requests_waiting(
    db: Db, side: Side | None, body: str, *, stage: Stage | None = None, before: str = NEVER, limit: int = 20
) -> Pile[Request]:
    """Return requests of a side's body (None: of all) that stand in ``stage``, or whose answer is owed before a day."""
    asked = _answers(side) if stage is None else _requests_at(side)
    rows, size = asked.read(db, limit=limit, body=body, before=before, stage=stage and stage.value)
    return Pile(tuple(msgspec.convert(row.body, Request) for row in rows), size)


def agreements_waiting(
    db: Db, side: Side | None, body: str, *, before: str = NEVER, ends: tuple[str, str] | None = None, limit: int = 20
) -> Pile[Agreement]:
    """Return agreements of a side's body whose delivery is owed before a day, or whose term ends from day to day."""
    asked, (since, until) = (_deliveries(side), ("", "")) if ends is None else (_ending(side), ends)
    rows, size = asked.read(db, limit=limit, body=body, before=before, since=since, until=until)
    return Pile(tuple(msgspec.convert(row.body, Agreement) for row in rows), size)


def tasks_waiting(
    db: Db, task: Task, side: Side | None, body: str = "", *, before: str = "9999-12-32", limit: int = 20
) -> Pile[Agreement]:
    """Return agreements on which a task is owed: by ``body`` (asked), to it as the provider (answering), or by all."""
    rows, size = _tasks(side).read(db, limit=limit, task=task.value, body=body, before=before)
    return Pile(tuple(msgspec.convert(row.body, Agreement) for row in rows), size)


def open_requests(db: Db, *, hold: bool = True) -> tuple[Request, ...]:
    """Return every request whose answer is owed, oldest first, held against change if it is to be changed."""
    query = sa.select(request.c.body).where(request.c.stage.in_([stage.value for stage in OPEN])).order_by(request.c.id)
    found = db.execute(query.with_for_update() if hold else query).scalars()
    return tuple(msgspec.convert(body, Request) for body in found)


def requests_at(db: Db, stage: Stage) -> tuple[Request, ...]:
    """Return every request that stands in a stage, oldest first, held against change."""
    query = sa.select(request.c.body).where(request.c.stage == stage.value).order_by(request.c.id).with_for_update()
    return tuple(msgspec.convert(body, Request) for body in db.execute(query).scalars())


def undelivered(db: Db) -> tuple[Agreement, ...]:
    """Return every agreement whose service is owed, oldest first, held against change."""
    awaited = sa.and_(agreement.c.delivered.is_(False), agreement.c.stage.not_in([one.value for one in OVER]))
    query = sa.select(agreement.c.body).where(awaited).order_by(agreement.c.id).with_for_update()
    return tuple(msgspec.convert(body, Agreement) for body in db.execute(query).scalars())


def agreements_owing(db: Db, *, before: date | None = None) -> tuple[Agreement, ...]:
    """Return the agreements on which somebody owes a task (due before a day), oldest first, held against change."""
    limit = sa.true() if before is None else owed.c.due < before.isoformat()
    owing = sa.select(owed.c.agreement).where(limit)
    query = sa.select(agreement.c.body).where(agreement.c.id.in_(owing)).order_by(agreement.c.id).with_for_update()
    return tuple(msgspec.convert(body, Agreement) for body in db.execute(query).scalars())


def agreements_past_term(db: Db, today: date) -> tuple[Agreement, ...]:
    """Return the agreements that still stand and whose term is over, oldest first, held against change."""
    standing = agreement.c.stage.in_([one.value for one in Standing if one not in OVER])
    query = sa.select(agreement.c.body).where(standing, agreement.c.ends < today.isoformat()).order_by(agreement.c.id)
    return tuple(msgspec.convert(body, Agreement) for body in db.execute(query.with_for_update()).scalars())


@cache
def _tasks(side: Side | None) -> Piling:
    columns = {Side.ASKED: owed.c.body, Side.ANSWERING: owed.c.provider}
    query = (
        sa.select(agreement.c.body)
        .select_from(owed.join(agreement, agreement.c.id == owed.c.agreement))
        .where(owed.c.task == sa.bindparam("task"), owed.c.due < sa.bindparam("before"))
    )
    if side is not None:
        query = query.where(columns[side] == sa.bindparam("body"))
    return Piling.of(query, owed.c.due, owed.c.agreement)


@cache
def _answers(side: Side | None) -> Piling:
    owed = _of(request, side).where(request.c.due < sa.bindparam("before"))
    return Piling.of(owed, request.c.due, request.c.id)


@cache
def _requests_at(side: Side | None) -> Piling:
    standing = _of(request, side).where(request.c.stage == sa.bindparam("stage"))
    return Piling.of(standing, request.c.due, request.c.id)


@cache
def _deliveries(side: Side | None) -> Piling:
    owed = _of(agreement, side).where(agreement.c.due < sa.bindparam("before"))
    return Piling.of(owed, agreement.c.due, agreement.c.id)


@cache
def _ending(side: Side | None) -> Piling:
    ending = _of(agreement, side).where(
        agreement.c.ends.between(sa.bindparam("since"), sa.bindparam("until")),
        agreement.c.stage.not_in([one.value for one in OVER]),
    )
    return Piling.of(ending, agreement.c.ends, agreement.c.id)


def _of(table: sa.Table, side: Side | None) -> sa.Select[Any]:
    columns = {Side.ASKED: table.c.consumer, Side.ANSWERING: table.c.provider}
    query = sa.select(table.c.body)
    return query if side is None else query.where(columns[side] == sa.bindparam("body"))
