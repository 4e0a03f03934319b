"""What was harvested, as lists and counts: sources, records, decisions, unknown spellings, what is overdue."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import date
from typing import Any

import sqlalchemy as sa

from jutong.kernel.db import Db, keyset
from jutong.kernel.errors import NotFound

from .gather import Gather, Source
from .kinship import Decision, Kin
from .listed import Harvested, Overdue, Unknown
from .mapping import Idea
from .reading import decision_of, gather_of, harvested_of, listed_by, source_of
from .record import State
from .report import Report
from .store import find_gather, find_source
from .tables import decision_table, flaw_table, gather_table, record_table, source_table

PAGE = 1000
OVERDUE_SORTS = frozenset({"late", "dated", "oldest"})
SAID, THEME_MOST = "said:", 60  # a theme by the portal's own word, which nobody knows, and its length
SHOWN = 200  # unknown spellings of one idea


def sources(db: Db) -> tuple[tuple[Source, int, int], ...]:
    """Return every source with how many of its records are listed, and how many have vanished."""
    count = sa.select(record_table.c.source, record_table.c.state, sa.func.count())
    count = count.group_by(record_table.c.source, record_table.c.state)
    sizes = {(name, state): size for name, state, size in db.execute(count).all()}
    rows = db.execute(sa.select(source_table).order_by(source_table.c.name)).mappings()
    return tuple(
        (source_of(row), sizes.get((row["name"], State.LISTED), 0), sizes.get((row["name"], State.VANISHED), 0))
        for row in rows
    )


def sources_listed(
    db: Db, *, sought: str = "", descending: bool = False, after: tuple[str, ...] = (), limit: int = 50
) -> tuple[tuple[Source, int, int, Gather | None], ...]:
    """Return a page of the sources by name: what is listed of each, what has vanished, and its newest gather."""
    query = sa.select(source_table)
    if sought:
        query = query.where(source_table.c.name.contains(sought, autoescape=True))
    page = keyset(query, (source_table.c.name,), after=after, descending=descending, limit=limit)
    found = [source_of(row) for row in db.execute(page).mappings()]
    names = [one.name for one in found]
    count = sa.select(record_table.c.source, record_table.c.state, sa.func.count())
    count = count.where(record_table.c.source.in_(names)).group_by(record_table.c.source, record_table.c.state)
    sizes = {(name, state): size for name, state, size in db.execute(count).all()}
    newest = sa.select(sa.func.max(gather_table.c.id)).where(gather_table.c.source.in_(names))
    rows = db.execute(sa.select(gather_table).where(gather_table.c.id.in_(newest.group_by(gather_table.c.source))))
    gathers = {one.source: one for one in map(gather_of, rows.mappings())}
    return tuple(
        (
            one,
            sizes.get((one.name, State.LISTED), 0),
            sizes.get((one.name, State.VANISHED), 0),
            gathers.get(one.name),
        )
        for one in found
    )


def themes_of(db: Db, entries: Collection[str] | None = None) -> Mapping[str, str]:
    """Return the theme of each entry, or of these, that was drafted from a portal's record which names one.

    A theme is its code, or where nobody knows what the portal's word means, that word behind ``SAID``.
    """
    query = sa.select(record_table.c.entry, record_table.c.theme, record_table.c.category)
    query = query.where(record_table.c.entry != "").order_by(record_table.c.id)
    if entries is not None:
        query = query.where(record_table.c.entry.in_(sorted(entries)))
    return {
        entry: theme or f"{SAID}{category.strip()[:THEME_MOST]}"
        for entry, theme, category in db.execute(query)
        if theme or category.strip()
    }


def drafted_from(db: Db, source: str) -> tuple[str, ...]:
    """Return the entries that were drafted from a source's records."""
    query = sa.select(record_table.c.entry).where(record_table.c.source == source, record_table.c.entry != "")
    return tuple(db.execute(query.order_by(record_table.c.entry)).scalars())


def report(db: Db, gather_id: str) -> Report:
    """Return what a gather found."""
    gather = find_gather(db, gather_id)
    return Report(
        gather=gather,
        source=find_source(db, gather.source),
        normalised=normalised(db, gather.source),
        unknown=unknown(db, gather.source),
        flaws=flaws_of(db, gather.id),
    )


def flaws_of(db: Db, gather: str, *, limit: int = 500) -> tuple[tuple[int, str], ...]:
    """Return the rows that a gather refused, each with its line and reason."""
    query = sa.select(flaw_table.c.line, flaw_table.c.flaw).where(flaw_table.c.gather == gather)
    return tuple((row.line, row.flaw) for row in db.execute(query.order_by(flaw_table.c.line).limit(limit)))


def find_harvested(db: Db, record_id: str) -> Harvested:
    """Return one record."""
    row = db.execute(sa.select(record_table).where(record_table.c.id == record_id)).mappings().one_or_none()
    if row is None:
        raise NotFound("harvested record", record_id)
    return harvested_of(row)


def harvested(db: Db, *, after: str = "") -> Iterator[Harvested]:
    """Yield every record that a portal lists and whose source's mapping was accepted, in the order of identifiers.

    A collapsed duplicate is left out; twins and parts of a series name their leader, so that they can share its place.
    Streams: a page of records is held at a time.
    """
    accepted = sa.select(source_table.c.name).where(source_table.c.accepted_by != "")
    wanted = (record_table.c.state == State.LISTED.value, record_table.c.kin != Kin.DUPLICATE.value)
    query = sa.select(record_table).where(*wanted, record_table.c.source.in_(accepted)).order_by(record_table.c.id)
    while True:
        rows = db.execute(query.where(record_table.c.id > after).limit(PAGE)).mappings().all()
        for row in rows:
            yield harvested_of(row)
        if len(rows) < PAGE:
            return
        after = rows[-1]["id"]


def records_page(
    db: Db,
    *,
    source: str = "",
    department: str = "",
    sought: str = "",
    state: str = "",
    kin: str = "",
    overdue_on: date | None = None,
    sort: str = "",
    descending: bool = False,
    after: tuple[str, ...] = (),
    limit: int = 100,
) -> tuple[Harvested, ...]:
    """Return a page of records: as they came, or by their titles."""
    query = sa.select(record_table)
    order = (record_table.c.title, record_table.c.id) if sort == "title" else (record_table.c.id,)
    asked = {"source": source, "department": department, "state": state, "kin": kin}
    for name, value in asked.items():
        if value:
            query = query.where(record_table.c[name] == value)
    if sought:
        query = query.where(record_table.c.title.contains(sought, autoescape=True))
    if overdue_on is not None:
        query = query.where(record_table.c.state == State.LISTED.value, record_table.c.due < overdue_on)
    rows = db.execute(keyset(query, order, after=after, descending=descending, limit=limit)).mappings()
    return tuple(map(harvested_of, rows))


def decisions_page(
    db: Db,
    *,
    source: str = "",
    kin: str = "",
    standing: str = "",
    record: str = "",
    sort: str = "",
    descending: bool = False,
    after: tuple[str, ...] = (),
    limit: int = 100,
) -> tuple[tuple[Decision, str, str], ...]:
    """Return a page of decisions, each with the titles of its leader and its member; by the member's, if asked for."""
    leader, member = record_table.alias("leads"), record_table.alias("belongs")
    query = sa.select(decision_table, leader.c.title.label("leads"), member.c.title.label("belongs"))
    query = query.join(leader, leader.c.id == decision_table.c.leader).join(
        member, member.c.id == decision_table.c.member
    )
    for name, value in {"source": source, "kin": kin, "standing": standing}.items():
        if value:
            query = query.where(decision_table.c[name] == value)
    if record:
        query = query.where((decision_table.c.leader == record) | (decision_table.c.member == record))
    order = (member.c.title, decision_table.c.id) if sort == "member" else (decision_table.c.id,)
    page = keyset(query, order, after=after, descending=descending, limit=limit)
    rows = db.execute(page).mappings()
    return tuple((decision_of(row), row["leads"], row["belongs"]) for row in rows)


def unknown(db: Db, source: str) -> tuple[Unknown, ...]:
    """Return what a source says and nobody understands, with how often: never dropped, never guessed."""
    t = record_table.c
    asked: tuple[tuple[Idea, sa.Column[Any], sa.ColumnElement[bool]], ...] = (
        (Idea.DEPARTMENT, t.department, t.body == ""),
        (Idea.UPDATE_FREQUENCY, t.cycle_words, t.update_cycle.is_(None)),
        (Idea.IS_OPEN, t.open_words, t.open_type.is_(None)),
        (Idea.CATEGORY, t.category, t.theme == ""),
        (Idea.DATA_FORMATS, t.formats_unknown, t.formats_unknown != ""),
    )
    found: list[Unknown] = []
    for idea, words, missed in asked:
        count = sa.func.count()
        query = sa.select(words, count).where(*listed_by(source), words != "", missed).group_by(words)
        rows = db.execute(query.order_by(count.desc(), words).limit(SHOWN)).all()
        found += [Unknown(idea, said, times) for said, times in rows]
    return tuple(found)


def normalised(db: Db, source: str) -> Mapping[str, Mapping[str, int]]:
    """Return how many listed records of a source have which code: cycle, open type, theme; resolved bodies too."""
    t = record_table.c
    found: dict[str, Mapping[str, int]] = {}
    for idea, column in (
        (Idea.UPDATE_FREQUENCY, t.update_cycle),
        (Idea.IS_OPEN, t.open_type),
        (Idea.CATEGORY, t.theme),
    ):
        rows = db.execute(sa.select(column, sa.func.count()).where(*listed_by(source)).group_by(column)).all()
        found[idea.value] = {code: count for code, count in rows if code}
    resolved = sa.func.coalesce(sa.func.sum(sa.case((t.body != "", 1), else_=0)), 0)
    named = sa.func.coalesce(sa.func.sum(sa.case((t.department != "", 1), else_=0)), 0)
    both = db.execute(sa.select(resolved, named).where(*listed_by(source))).one()
    return {**found, Idea.DEPARTMENT.value: {"resolved": int(both[0]), "named": int(both[1])}}


def overdue(
    db: Db,
    day: date,
    *,
    source: str = "",
    sort: str = "",
    descending: bool = False,
    limit: int = 1000,
    after: tuple[str, ...] = (),
) -> tuple[Overdue, ...]:
    """Return by source and department how many dated records with a known cycle are late on ``day``.

    Counted anew each time, along the index of what is due; ``sort`` is a column of the answer.
    """
    t = record_table.c
    late = sa.cast(sa.func.sum(sa.case((t.due < day, 1), else_=0)), sa.BigInteger)
    query = sa.select(
        t.source, t.department, late.label("late"), sa.func.count().label("dated"), sa.func.min(t.due).label("oldest")
    )
    query = query.where(t.state == State.LISTED.value, t.due.is_not(None), t.kin != Kin.DUPLICATE.value)
    if source:
        query = query.where(t.source == source)
    counted = query.group_by(t.source, t.department).subquery()
    first = (counted.c[sort],) if sort in OVERDUE_SORTS else ()
    order = (*first, counted.c.source, counted.c.department)
    page = keyset(sa.select(counted), order, after=after, descending=descending, limit=limit)
    return tuple(Overdue(**row) for row in db.execute(page).mappings())
