"""Strands: one list laid from the tables of several rooms, each read along its own index as far as a page needs it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import sqlalchemy as sa

from .db import Db
from .errors import Invalid
from .text import text

NEVER = "9999-12-31"  # after every day that is owed
Facts = Mapping[str, sa.ColumnElement[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Strand:
    """What one room holds of a list: which rows, what they stand in order by, and the facts that are told of each.

    The order is the day on which each is due and then its identifier. ``due`` is a ``sa.Date`` or its ISO text;
    None: no day is owed. ``due`` and ``id`` must be the end of an index that begins with what ``where`` asks for.
    """

    of: sa.FromClause
    where: tuple[sa.ColumnElement[bool], ...]
    due: sa.ColumnElement[Any] | None
    id: sa.ColumnElement[Any]
    facts: Facts

    def only(self, wanted: sa.ColumnElement[bool]) -> Strand:
        """Return the strand narrowed to what is wanted."""
        return replace(self, where=(*self.where, wanted))

    def due_in(self, since: date | None, until: date | None) -> Strand | None:
        """Return what is due from a day on (None: whenever) to before another (None: ever); None if nothing is."""
        if self.due is None:
            return None
        found = self.only(self.due < self.day(NEVER if until is None else until.isoformat()))
        return found if since is None else found.only(self.due >= self.day(since.isoformat()))

    def dayless(self) -> Strand:
        """Return what has no day by which it must be done."""
        return self if self.due is None else self.only(self.due == self.day(NEVER))

    def day(self, spelled: str) -> sa.ColumnElement[Any]:
        """Return a day as the room's column keeps it."""
        if isinstance(getattr(self.due, "type", None), sa.Date):
            return sa.literal(date.fromisoformat(spelled), sa.Date)
        return sa.literal(spelled)


Place = tuple[str, str, str]  # the day, the identifier, the strand's name


def laid(
    db: Db, strands: Mapping[str, Strand], *, after: Sequence[str] = (), descending: bool = False, limit: int
) -> Sequence[sa.Row[Any]]:
    """Return one page of all strands: by day, identifier and the strand's name, from after the place of a row.

    Each row has ``strand``, ``day`` (``NEVER`` where none is owed), ``id`` and the facts, which are the same of all.
    """
    place = _place(after)
    reads = [
        _read(name, strand, place, descending=descending, limit=limit)
        for name, strand in strands.items()
        # Descending, what has no day stands before all that has one.
        if strand.due is not None or place is None or not descending or place[0] == NEVER
    ]
    if not reads:
        return ()
    whole = sa.union_all(*(sa.select(one.subquery()) for one in reads)).subquery()
    order = (whole.c.day, whole.c.id, whole.c.strand)
    return db.execute(
        sa.select(whole).order_by(*(_way(one, descending=descending) for one in order)).limit(limit)
    ).all()


def counted(
    db: Db, strands: Mapping[str, Strand], kind: Callable[[Strand], sa.ColumnElement[Any]], today: date
) -> Mapping[str, tuple[int, int]]:
    """Return for each kind how much there is of it, and how much of that is overdue."""
    if not strands:
        return {}
    reads = [
        sa.select(
            kind(strand).label("kind"),
            sa.func.count().label("size"),
            sa.literal(0).label("late")
            if strand.due is None
            else sa.func.coalesce(
                sa.func.sum(sa.case((strand.due < strand.day(today.isoformat()), 1), else_=0)), 0
            ).label("late"),
        )
        .select_from(strand.of)
        .where(*strand.where)
        .group_by(sa.literal_column("1"))
        for strand in strands.values()
    ]
    found: dict[str, tuple[int, int]] = {}
    for row in db.execute(sa.union_all(*reads)):
        size, late = found.get(row.kind, (0, 0))
        found[row.kind] = (size + int(row.size), late + int(row.late))
    return found


def fact(table: sa.FromClause, *path: str) -> sa.ColumnElement[Any]:
    """Return a word out of the ``body`` of a row, by the names on the way to it."""
    found: sa.ColumnElement[Any] = sa.type_coerce(table.c.body, sa.JSON)[path if len(path) > 1 else path[0]].as_string()
    return found


def _read(name: str, strand: Strand, place: Place | None, *, descending: bool, limit: int) -> sa.Select[Any]:
    beyond = () if place is None else (_beyond(name, strand, place, descending=descending),)
    day = sa.literal(NEVER) if strand.due is None else sa.cast(strand.due, sa.String(10))
    columns = (sa.literal(name).label("strand"), day.label("day"), strand.id.label("id"))
    order = (strand.id,) if strand.due is None else (strand.due, strand.id)
    return (
        sa.select(*columns, *(column.label(fact) for fact, column in strand.facts.items()))
        .select_from(strand.of)
        .where(*strand.where, *beyond)
        .order_by(*(_way(one, descending=descending) for one in order))
        .limit(limit)
    )


def _beyond(name: str, strand: Strand, place: Place, *, descending: bool) -> sa.ColumnElement[bool]:
    """Return what stands after a place; a thing that stands in several strands is told once by each."""
    day, identifier, seen = place
    here = sa.literal(identifier)
    there: tuple[Any, Any] = (strand.id, here)
    if strand.due is not None:
        there = (sa.tuple_(strand.due, strand.id), sa.tuple_(strand.day(day), here))
    elif day != NEVER:
        return sa.true()
    left, right = there
    if descending:
        return left <= right if name < seen else left < right  # type: ignore[no-any-return]
    return left >= right if name > seen else left > right  # type: ignore[no-any-return]


def _place(after: Sequence[str]) -> Place | None:
    if not after:
        return None
    try:
        day, identifier, name = after
        return date.fromisoformat(day).isoformat(), identifier, name
    except ValueError as error:
        raise Invalid(text("the list has no such place"), remedy=text("begin at the first page of the list")) from error


def _way(column: sa.ColumnElement[Any], *, descending: bool) -> sa.ColumnElement[Any]:
    return column.desc() if descending else column.asc()
