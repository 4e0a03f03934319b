"""Lists of entries: of one's own body, of all bodies, and of what waits for an audit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date

from jutong import catalogue, registers
from jutong.catalogue import Order, Search, ShareType, Stage, Summary, UpdateCycle
from jutong.kernel.text import Text, text
from jutong.terms import Calendar, Org

from .frame import Answer, TheVisit, shown
from .table import Asked, Column, Table, table_page
from .visit import Visit

BODIES_TO_CHOOSE = 200  # more are named by a part of the name
AUDIT_STAGES = (Stage.SUBMITTED, Stage.REGISTERED)
SOON_DAYS = 1
WAITS_FOR: Mapping[Stage, Text] = {
    Stage.SUBMITTED: text("registration audit"),
    Stage.REGISTERED: text("publication audit"),
}
TONES: Mapping[Stage, str] = {
    Stage.DRAFT: "plain",
    Stage.SIGNED: "blue",
    Stage.SUBMITTED: "amber",
    Stage.REGISTERED: "amber",
    Stage.PUBLISHED: "green",
    Stage.RETURNED: "red",
    Stage.WITHDRAWN: "plain",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """An entry in a list, with the name of its body."""

    summary: Summary
    body: str
    days_left: int = 0


def title_column(address: str) -> Column[Line]:
    """Return the column of titles, which lead to the entries."""
    return Column(
        key="title",
        title=text("Title"),
        value=lambda line: line.summary.title,
        href=lambda line: f"{address}/{line.summary.id}",
        options="text",
        sort=True,
    )


def body_column(bodies: tuple[Org, ...]) -> Column[Line]:
    """Return the column of bodies, to choose from where they are not too many."""
    few = len(bodies) <= BODIES_TO_CHOOSE
    return Column(
        key="provider",
        title=text("Body"),
        value=lambda line: line.body,
        options=tuple((one.code, one.name) for one in bodies) if few else "text",
    )


def share_column() -> Column[Line]:
    """Return the column of share types."""
    return Column(key="share", title=text("Share type"), value=lambda line: line.summary.share_type, options=ShareType)


def cycle_column() -> Column[Line]:
    """Return the column of update cycles."""
    return Column(
        key="cycle", title=text("Update cycle"), value=lambda line: line.summary.update_cycle, options=UpdateCycle
    )


def changed_column() -> Column[Line]:
    """Return the column that says when an entry last moved."""
    return Column(
        key="changed", title=text("Last move"), value=lambda line: line.summary.changed, kind="instant", sort=True
    )


def _entry_columns(*, own: bool, bodies: tuple[Org, ...]) -> tuple[Column[Line], ...]:
    stage: Column[Line] = Column(
        key="stage",
        title=text("Stage"),
        value=lambda line: line.summary.stage,
        tone=lambda line: TONES[line.summary.stage],
        options=Stage,
    )
    return (
        title_column("/entries"),
        *(() if own else (body_column(bodies),)),
        stage,
        share_column(),
        cycle_column(),
        Column(key="grade", title=text("Grade"), value=lambda line: line.summary.grade.name, shown=False),
        Column(key="items", title=text("Items"), value=lambda line: line.summary.item_count, kind="number"),
        Column(key="version", title=text("Version"), value=lambda line: line.summary.version, kind="number"),
        changed_column(),
        Column(key="id", title=text("Identifier"), value=lambda line: line.summary.id, kind="code", shown=False),
    )


def _audit_columns(bodies: tuple[Org, ...]) -> tuple[Column[Line], ...]:
    return (
        Column(key="due", title=text("Due"), value=lambda line: line.summary.audit_due, kind="day", sort=True),
        Column(key="left", title=text("Working days left"), value=_days_left, tone=_tone_of_days),
        replace(title_column("/entries"), sort=False),
        body_column(bodies),
        Column(
            key="stage",
            title=text("Waits for"),
            value=lambda line: WAITS_FOR[line.summary.stage],
            tone=lambda line: TONES[line.summary.stage],
            options=tuple((stage.value, WAITS_FOR[stage]) for stage in AUDIT_STAGES),
        ),
        share_column(),
        Column(key="version", title=text("Version"), value=lambda line: line.summary.version, kind="number"),
    )


def _days_left(line: Line) -> Text:
    if line.days_left < 0:
        return text("{days} working days late", days=-line.days_left)
    return text("{days} working days left", days=line.days_left) if line.days_left else text("due today")


def _tone_of_days(line: Line) -> str:
    return "dark-red" if line.days_left < 0 else "red" if line.days_left <= SOON_DAYS else "amber"


def line_key(line: Line) -> tuple[str, ...]:
    """Return after what every order of a list of entries goes on."""
    return tuple(one for order in Order for one in line.summary.place(order))


def searched(ask: Asked, bodies: Iterable[Org]) -> Search:
    """Return what a table's reader asked, as the catalogue takes it."""
    order = Order(ask.sort)
    place = 2 * list(Order).index(order)
    share, cycle, stage = ask.filter("share"), ask.filter("cycle"), ask.filter("stage")
    return Search(
        words=ask.filter("title"),
        share_type=ShareType(share) if share else None,
        update_cycle=UpdateCycle(cycle) if cycle else None,
        stages=(Stage(stage),) if stage else (),
        providers=named_bodies(bodies, ask.filter("provider")),
        order=order,
        descending=ask.descending,
        after=ask.after[place : place + 2],
        limit=ask.limit,
    )


def named_bodies(bodies: Iterable[Org], given: str) -> tuple[str, ...] | None:
    """Return the codes of the bodies that a reader names, by code or by a part of the name; None if by nothing."""
    return tuple(one.code for one in bodies if given == one.code or given in one.name) if given else None


@shown("/entries", guard="pages.entries")
def list_own(visit: TheVisit) -> Answer:
    """List the entries of the visitor's own body, as it works on them."""
    return _listing(visit, own=True)


@shown("/entries/all", guard="pages.entries")
def list_all(visit: TheVisit) -> Answer:
    """List what the visitor may see of all bodies."""
    return _listing(visit, own=False)


def _listing(visit: Visit, *, own: bool) -> Answer:
    with visit.house.reading() as db:
        bodies = registers.bodies(db)
    names = {one.code: one.name for one in bodies}
    table = Table(
        name="entries",
        title=text("Entries of my body") if own else text("Entries of all bodies"),
        columns=_entry_columns(own=own, bodies=bodies),
        key=line_key,
        sort="-changed",
        empty=text("Your body has no entry yet.") if own else text("No entry is published yet."),
    )

    def fetch(ask: Asked) -> list[Line]:
        search = replace(searched(ask, bodies), own=own)
        if not own and search.words:
            search = replace(search, or_providers=named_bodies(bodies, search.words) or ())
        with visit.house.reading() as db:
            found = catalogue.summaries(db, visit.acting, search)
        return [Line(summary=one, body=names.get(one.provider, one.provider)) for one in found]

    return table_page(
        visit,
        table,
        fetch,
        "catalogue/entries.html",
        title=table.title,
        crumbs=(("/", text("First page")),),
        own=own,
        may_draft=visit.may("catalogue.draft"),
    )


@shown("/audits", guard="pages.audits")
def list_audits(visit: TheVisit) -> Answer:
    """List what waits for an audit, first what is due first."""
    with visit.house.reading() as db:
        bodies, calendar = registers.bodies(db), registers.calendar(db)
    names = {one.code: one.name for one in bodies}
    table = Table(
        name="audits",
        title=text("Entries that wait for an audit"),
        columns=_audit_columns(bodies),
        key=line_key,
        sort="due",
        empty=text("No entry waits for an audit."),
    )

    def fetch(ask: Asked) -> list[Line]:
        search = searched(ask, bodies)
        search = replace(search, stages=search.stages or AUDIT_STAGES)
        with visit.house.reading() as db:
            found = catalogue.summaries(db, visit.acting, search)
        return [
            Line(summary=one, body=names.get(one.provider, one.provider), days_left=_left(calendar, visit.today, one))
            for one in found
        ]

    return table_page(
        visit, table, fetch, "catalogue/audits.html", title=table.title, crumbs=(("/", text("First page")),)
    )


def _left(calendar: Calendar, today: date, summary: Summary) -> int:
    return calendar.working_days(today, summary.audit_due) if summary.audit_due else 0


PAGES = [list_own, list_all, list_audits]
