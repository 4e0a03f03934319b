"""Administrators' pages about bodies and the calendar."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Annotated

import msgspec

from jutong import registers
from jutong.kernel.errors import Invalid, Overtaken
from jutong.kernel.mark import mark_of
from jutong.kernel.text import text
from jutong.terms import BodyKind, Org, YearNotice
from jutong.terms.deadline import DeadlineRule

from ..wiring import CodeField, Name, Words
from .frame import Answer, Crumb, TheVisit, acted, done, page, shown
from .overtaken import noun_overtaken, seen_of
from .table import Asked, Column, Table, table_page
from .visit import Visit

HOME: tuple[Crumb, ...] = (("/", text("First page")),)
DAY = re.compile(r"(\d{4}-\d{2}-\d{2})\s+(rest|work|休|班)")
RESTS = ("rest", "休")
OF_BODY = {
    "name": text("Name of the body"),
    "short_name": text("Short name"),
    "division": text("Division, six digits"),
    "kind": text("Kind"),
}
OF_YEAR = {"notice": text("Title and number of the notice"), "spelled": text("Days that differ from the week")}


class NewBody(msgspec.Struct, kw_only=True):
    """A body under its unified social credit code."""

    code: CodeField
    name: Name
    division: Name
    kind: BodyKind
    short_name: Name = ""


class Year(msgspec.Struct, kw_only=True):
    """A year's notice."""

    year: int
    notice: Name
    days: Words


BODIES: Table[Org] = Table(
    name="bodies",
    title=text("Bodies"),
    columns=(
        Column(
            key="name",
            title=text("Body"),
            value=lambda row: row.name,
            options="text",
            sort=True,
            place=lambda row: row.name,
        ),
        Column(key="code", title=text("Credit code"), value=lambda row: row.code, kind="code"),
        Column(key="division", title=text("Division"), value=lambda row: row.division, kind="code", sort=True),
        Column(key="kind", title=text("Kind"), value=lambda row: row.kind, options=BodyKind),
    ),
    key=lambda row: (row.division, row.code),
    sort="division",
    empty=text("No body is registered yet."),
)


class LocalTerm(msgspec.Struct, kw_only=True):
    """A place's own term for something that the country, or another place, has set one for."""

    rule: Annotated[str, msgspec.Meta(max_length=40)]
    division: Annotated[str, msgspec.Meta(max_length=12)]
    working_days: int
    since: date
    until: Annotated[str, msgspec.Meta(max_length=10)] = ""
    instrument: Name
    article: Annotated[str, msgspec.Meta(max_length=40)] = ""


@shown("/bodies", guard="pages.bodies")
def list_bodies(visit: TheVisit) -> Answer:
    """List the bodies of this node."""

    def fetch(ask: Asked) -> list[Org]:
        with visit.house.reading() as db:
            return list(
                registers.bodies_page(
                    db,
                    sought=ask.filter("name"),
                    kind=ask.filter("kind"),
                    sort=ask.sort,
                    descending=ask.descending,
                    after=ask.after,
                    limit=ask.limit,
                )
            )

    may = visit.may("registers.register_body")
    known = _standing(visit) if may else None
    return table_page(
        visit,
        BODIES,
        fetch,
        "people/bodies.html",
        title=BODIES.title,
        crumbs=HOME,
        may_register=may,
        kinds=BodyKind,
        seen=mark_of(known),
        overtaken=noun_overtaken(
            visit,
            known,
            lambda: _body(visit),
            OF_BODY,
            on=known.code if known else "",
            word="registers.body_registered",
        ),
    )


@acted("/bodies", guard="pages.bodies", again=list_bodies)
def register_body(visit: TheVisit) -> Answer:
    """Enter a body, or change its entry."""
    org = _body(visit)
    with visit.desk() as desk:
        registers.register_body(desk, org, seen=visit.form.seen)
    return done(desk, "/bodies")


def _body(visit: Visit) -> Org:
    given = visit.form.read(NewBody)
    return Org(code=given.code, name=given.name, division=given.division, kind=given.kind, short_name=given.short_name)


def _standing(visit: Visit) -> Org | None:
    """Return the body's entry that a refused form would overwrite."""
    if not isinstance(visit.refusal, Overtaken):
        return None
    with visit.house.reading() as db:
        return registers.find_body(db, _body(visit).code)


@shown("/calendar", guard="pages.calendar")
def calendar(visit: TheVisit) -> Answer:
    """Show for which years the notice on holidays is entered, and take another, or one in another's place."""
    with visit.house.reading() as db:
        years, rules = registers.years(db), registers.deadline_rules(db)
    wanted = visit.form.get("year") or visit.asked("year")
    known = next((one for one in years if str(one.year) == wanted), None)
    return page(
        visit,
        "people/calendar.html",
        title=text("Calendar of working days"),
        crumbs=HOME,
        years=years,
        known=_Spelled.of(known) if known else None,
        seen=seen_of(visit, known),
        overtaken=noun_overtaken(
            visit,
            _Spelled.of(known) if known else None,
            lambda: _Spelled.of(_year(visit)),
            OF_YEAR,
            on=wanted,
            word="registers.calendar_entered",
        ),
        next_year=visit.today.year + 1,
        local=_terms_of_places(rules),
        terms=sorted({one.id: one.event for one in rules if one.working_days}.items()),
        may_enter=visit.may("registers.enter_calendar"),
    )


@acted("/calendar", guard="pages.calendar", again=calendar)
def enter_calendar(visit: TheVisit) -> Answer:
    """Enter a year's notice; open terms that it touches are counted anew."""
    given = _year(visit)
    with visit.desk() as desk:
        registers.enter_calendar(desk, given.year, given.days, given.notice, seen=visit.form.mark)
    return done(desk, "/calendar")


@acted("/calendar/terms", guard="pages.calendar", again=calendar)
def enter_rule(visit: TheVisit) -> Answer:
    """Enter a place's own term."""
    given = visit.form.read(LocalTerm)
    with visit.desk() as desk:
        registers.enter_rule(
            desk,
            given.rule,
            division=given.division,
            working_days=given.working_days,
            since=given.since,
            until=_last_day(given.until),
            instrument=given.instrument,
            article=given.article,
        )
    return done(desk, "/calendar")


def _terms_of_places(rules: Iterable[DeadlineRule]) -> list[tuple[str, DeadlineRule]]:
    """Return the terms that bind one place, each with the place's name, in the order of their codes."""
    local = sorted((one for one in rules if one.jurisdiction), key=lambda one: (one.jurisdiction, one.id, one.since))
    names = registers.divisions()
    return [(names.full_name_of(f"{one.jurisdiction:0<6}") or one.jurisdiction, one) for one in local]


def _last_day(written: str) -> date | None:
    try:
        return date.fromisoformat(written) if written else None
    except ValueError as error:
        wanted = text("write it as 2026-12-31, or leave it empty")
        raise Invalid(text("the last day is no day"), remedy=wanted) from error


@dataclass(frozen=True, slots=True)
class _Spelled:
    """A year's notice as it is typed: one day a line."""

    year: int
    notice: str
    spelled: str

    @classmethod
    def of(cls, one: YearNotice) -> _Spelled:
        days = (f"{day.isoformat()} {'work' if working else 'rest'}" for day, working in sorted(one.days.items()))
        return cls(one.year, one.notice, "\n".join(days))


def _year(visit: Visit) -> YearNotice:
    given = visit.form.read(Year)
    return YearNotice(year=given.year, notice=given.notice, days=_days(given.days, given.year))


def _days(written: str, year: int) -> dict[date, bool]:
    days = {}
    for line in filter(None, map(str.strip, written.splitlines())):
        found = DAY.fullmatch(line)
        try:
            day = date.fromisoformat(found[1]) if found else None
        except ValueError:
            day = None
        if found is None or day is None or day.year != year:
            raise Invalid(
                text("a line of the notice cannot be read, or is of another year"),
                remedy=text("write one day a line: 2026-02-16 rest, or 2026-02-14 work"),
            )
        days[day] = found[2] not in RESTS
    return days


PAGES = [list_bodies, register_body, calendar, enter_calendar, enter_rule]
