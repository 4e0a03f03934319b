"""Administrators' pages about bodies, systems, nodes and the calendar."""

from __future__ import annotations

import re
from datetime import date

import msgspec

from jutong import registers
from jutong.kernel.crypto import PublicKey
from jutong.kernel.errors import Invalid, Overtaken
from jutong.kernel.text import text
from jutong.registers import Node, Relation, System, SystemName
from jutong.terms import BodyKind, Org

from ..wiring import CodeField, Name, Words
from .frame import Answer, Crumb, TheVisit, acted, done, page, shown
from .overtaken import body_overtaken
from .table import Asked, Column, Table, table_page
from .visit import Visit

HOME: tuple[Crumb, ...] = (("/", text("First page")),)
DAY = re.compile(r"(\d{4}-\d{2}-\d{2})\s+(rest|work|休|班)")
RESTS = ("rest", "休")


class NewBody(msgspec.Struct, kw_only=True):
    """A body under its unified social credit code."""

    code: CodeField
    name: Name
    division: Name
    kind: BodyKind
    short_name: Name = ""


class NewSystem(msgspec.Struct, kw_only=True):
    """A body's system: its code in the network and its title."""

    body: CodeField
    code: Name
    title: Name


class Key(msgspec.Struct, kw_only=True):
    """A system's public key."""

    name: Name
    public_key: Name


class Named(msgspec.Struct, kw_only=True):
    """A system by its name in the network."""

    name: Name


class NewNode(msgspec.Struct, kw_only=True):
    """Another tier's node."""

    name: Name
    url: Words
    key: Name
    relation: Relation
    body: CodeField


class Year(msgspec.Struct, kw_only=True):
    """A year's notice."""

    year: int
    notice: Name
    days: Words


BODIES: Table[Org] = Table(
    name="bodies",
    title=text("Bodies"),
    columns=(
        Column(key="name", title=text("Body"), value=lambda row: row.name, options="text"),
        Column(key="code", title=text("Credit code"), value=lambda row: row.code, kind="code"),
        Column(key="division", title=text("Division"), value=lambda row: row.division, kind="code", sort=True),
        Column(key="kind", title=text("Kind"), value=lambda row: row.kind, options=BodyKind),
    ),
    key=lambda row: (row.division, row.code),
    sort="division",
    empty=text("No body is registered yet."),
)


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
        seen=registers.spelled_body(known) if known else "",
        overtaken=body_overtaken(visit, known, lambda: _body(visit)),
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


@shown("/systems", guard="pages.systems")
def list_systems(visit: TheVisit) -> Answer:
    """List the systems that the visitor looks after, with their keys."""
    with visit.house.reading() as db:
        over_all = registers.over_all(db, visit.acting)
        systems: tuple[System, ...] = registers.systems(db, None if over_all else visit.acting.org)
        names = {one.code: one.short_name or one.name for one in registers.bodies(db)}
    bodies = names if over_all else {visit.acting.org: names.get(visit.acting.org, visit.acting.org)}
    return page(
        visit,
        "people/systems.html",
        title=text("Systems"),
        crumbs=HOME,
        systems=systems,
        names=names,
        bodies=tuple(bodies.items()),
        standing=_title_of(systems, visit),
        may_register=visit.may("registers.register_system"),
        may_key=visit.may("registers.set_key"),
    )


@acted("/systems", guard="pages.systems", again=list_systems)
def register_system(visit: TheVisit) -> Answer:
    """Enter a body's system."""
    given = visit.form.read(NewSystem)
    with visit.desk() as desk:
        registers.register_system(desk, given.body, given.code, given.title, seen=visit.form.seen)
    return done(desk, "/systems")


@acted("/systems/key", guard="pages.systems", again=list_systems)
def set_key(visit: TheVisit) -> Answer:
    """Give a system its key, or a new one."""
    given = visit.form.read(Key)
    with visit.desk() as desk:
        key = PublicKey.read(given.public_key)
        registers.set_key(desk, SystemName.parse(given.name), key, seen=visit.form.seen)
    return done(desk, "/systems")


@acted("/systems/key/withdrawal", guard="pages.systems", again=list_systems)
def withdraw_key(visit: TheVisit) -> Answer:
    """Take a system's key from it."""
    given = visit.form.read(Named)
    with visit.desk() as desk:
        registers.withdraw_key(desk, SystemName.parse(given.name))
    return done(desk, "/systems")


@shown("/nodes", guard="pages.nodes")
def list_nodes(visit: TheVisit) -> Answer:
    """List the nodes of other tiers that this one trusts."""
    with visit.house.reading() as db:
        nodes, names = registers.nodes(db), {one.code: one.name for one in registers.bodies(db)}
    return page(
        visit,
        "people/nodes.html",
        title=text("Neighbouring nodes"),
        crumbs=HOME,
        nodes=nodes,
        names=names,
        relations=Relation,
        may_enrol=visit.may("registers.enrol_node"),
    )


@acted("/nodes", guard="pages.nodes", again=list_nodes)
def enrol_node(visit: TheVisit) -> Answer:
    """Trust another tier's node under its key."""
    given = visit.form.read(NewNode)
    node = Node(name=given.name, url=given.url, key=PublicKey.read(given.key), relation=given.relation, body=given.body)
    with visit.desk() as desk:
        registers.enrol_node(desk, node)
    return done(desk, "/nodes")


@shown("/calendar", guard="pages.calendar")
def calendar(visit: TheVisit) -> Answer:
    """Show for which years the notice on holidays is entered, and take another."""
    with visit.house.reading() as db:
        years = registers.years(db)
    return page(
        visit,
        "people/calendar.html",
        title=text("Calendar of working days"),
        crumbs=HOME,
        years=years,
        next_year=visit.today.year + 1,
        may_enter=visit.may("registers.enter_calendar"),
    )


@acted("/calendar", guard="pages.calendar", again=calendar)
def enter_calendar(visit: TheVisit) -> Answer:
    """Enter a year's notice; open terms that it touches are counted anew."""
    given = visit.form.read(Year)
    days = _days(given.days, given.year)
    with visit.desk() as desk:
        registers.enter_calendar(desk, given.year, days, given.notice)
    return done(desk, "/calendar")


def _title_of(systems: tuple[System, ...], visit: Visit) -> str:
    """Return the title that stands under the body and the code that a form names."""
    body, code = visit.form.get("body"), visit.form.get("code")
    return next((one.title for one in systems if (one.body, one.name.system) == (body, code)), "")


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


PAGES = [
    list_bodies,
    register_body,
    list_systems,
    register_system,
    set_key,
    withdraw_key,
    list_nodes,
    enrol_node,
    calendar,
    enter_calendar,
]
