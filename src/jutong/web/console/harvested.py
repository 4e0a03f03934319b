"""Pages of harvested records: what portals list, which belong together, and which are overdue."""

from __future__ import annotations

from datetime import date

from jutong import registers
from jutong.catalogue import harvest
from jutong.catalogue.harvest import Decision, Harvested, Kin, Overdue, Standing, State
from jutong.kernel.errors import Invalid
from jutong.kernel.text import text

from ..wiring import Ulid
from .frame import Answer, TheVisit, acted, done, page, shown
from .harvest import FIRST, HARVEST
from .table import Asked, Column, Table, table_page
from .visit import Visit

Decided = tuple[Decision, str, str]
RECORDS: Table[Harvested] = Table(
    name="harvested",
    title=text("Records of other portals"),
    columns=(
        Column(
            key="title",
            title=text("Title"),
            value=lambda row: row.title,
            href=lambda row: f"/harvest/records/{row.id}",
            options="text",
            sort=True,
            place=lambda row: row.title,
        ),
        Column(key="source", title=text("Portal"), value=lambda row: row.source, options="text"),
        Column(
            key="department",
            title=text("Body as the portal names it"),
            value=lambda row: row.department,
            options="text",
        ),
        Column(key="cycle", title=text("Update cycle"), value=lambda row: row.update_cycle or row.cycle_words),
        Column(key="updated", title=text("Last update"), value=lambda row: row.updated or row.published, kind="day"),
        Column(key="due", title=text("Due"), value=lambda row: row.due, kind="day"),
        Column(key="formats", title=text("Formats"), value=lambda row: ", ".join(row.formats), shown=False),
        Column(key="kin", title=text("Belongs together"), value=lambda row: row.kin, options=Kin),
        Column(
            key="state",
            title=text("State"),
            value=lambda row: row.state,
            options=State,
            tone=lambda row: "green" if row.state is State.LISTED else "red",
        ),
        Column(key="seen", title=text("Imported"), value=lambda row: row.first_seen, kind="instant", sort=True),
    ),
    key=lambda row: (row.id,),
    sort="seen",
    empty=text("No portal's list was imported yet."),
    then=text("Import one under Lists: JSON lines, JSON, CSV or XLSX."),
)
DECISIONS: Table[Decided] = Table(
    name="kinship",
    title=text("What belongs together"),
    columns=(
        Column(
            key="member",
            title=text("Record"),
            value=lambda row: row[2],
            href=lambda row: f"/harvest/decisions/{row[0].id}",
            sort=True,
            place=lambda row: row[2],
        ),
        Column(key="kin", title=text("is a"), value=lambda row: row[0].kin, options=Kin),
        Column(key="leader", title=text("of the record"), value=lambda row: row[1]),
        Column(key="why", title=text("Because"), value=lambda row: row[0].why),
        Column(key="confidence", title=text("Confidence"), value=lambda row: row[0].confidence / 1000, kind="percent"),
        Column(key="source", title=text("Portal"), value=lambda row: row[0].source, options="text"),
        Column(key="standing", title=text("Standing"), value=lambda row: row[0].standing, options=Standing),
    ),
    key=lambda row: (row[0].id,),
    empty=text("No records were found to belong together."),
    then=text("Duplicates, interfaces and series are looked for at every import."),
)


@shown("/harvest/records", guard="pages.harvest")
def list_records(visit: TheVisit) -> Answer:
    """List what portals list."""
    day = _day(visit) if visit.asked("late") else None

    def fetch(ask: Asked) -> tuple[Harvested, ...]:
        with visit.house.reading() as db:
            return harvest.records_page(
                db,
                source=ask.filter("source"),
                department=ask.filter("department"),
                sought=ask.filter("title"),
                state=ask.filter("state"),
                kin=ask.filter("kin"),
                overdue_on=day,
                sort=ask.sort,
                descending=ask.descending,
                after=ask.after,
                limit=ask.limit,
            )

    return table_page(
        visit, RECORDS, fetch, "harvest/list.html", title=RECORDS.title, crumbs=(FIRST, HARVEST), day=None
    )


@shown("/harvest/records/{record_id:str}", guard="pages.harvest")
def show_record(visit: TheVisit, record_id: Ulid) -> Answer:
    """Show what a portal says of one data set, and what it was taken for."""
    with visit.house.reading() as db:
        record = harvest.find_harvested(db, record_id)
        source = harvest.find_source(db, record.source)
        decisions = harvest.decisions_page(db, record=record.id)
        body = next((one.name for one in registers.bodies(db) if one.code == record.body), "")
    return page(
        visit,
        "harvest/record.html",
        title=record.title,
        crumbs=(FIRST, HARVEST, ("/harvest/records", RECORDS.title)),
        record=record,
        body=body,
        decisions=decisions,
        theme=harvest.theme_names().get(record.theme, ""),
        late=record.late_on(visit.today),
        may_draft=bool(record.body) and visit.may("catalogue.draft_from_harvest", record.label),
        may_restore=record.state is State.VANISHED and visit.may("catalogue.harvest", source.label),
    )


@acted("/harvest/records/{record_id:str}/draft", guard="pages.harvest", again=show_record)
def draft_from(visit: TheVisit, record_id: Ulid) -> Answer:
    """Begin a draft entry with what the portal says; the wizard goes on from there."""
    with visit.desk() as desk:
        entry = harvest.draft_from(desk, record_id)
        return done(desk, f"/entries/{entry.id}/edit/about")


@acted("/harvest/records/{record_id:str}/restoration", guard="pages.harvest", again=show_record)
def restore(visit: TheVisit, record_id: Ulid) -> Answer:
    """Put a vanished record back."""
    with visit.desk() as desk:
        record = harvest.restore(desk, record_id)
        return done(desk, f"/harvest/records/{record.id}")


@shown("/harvest/decisions", guard="pages.harvest")
def list_decisions(visit: TheVisit) -> Answer:
    """List which records were taken to belong together, and why."""

    def fetch(ask: Asked) -> tuple[Decided, ...]:
        with visit.house.reading() as db:
            return harvest.decisions_page(
                db,
                source=ask.filter("source"),
                kin=ask.filter("kin"),
                standing=ask.filter("standing"),
                sort=ask.sort,
                descending=ask.descending,
                after=ask.after,
                limit=ask.limit,
            )

    return table_page(
        visit, DECISIONS, fetch, "harvest/list.html", title=DECISIONS.title, crumbs=(FIRST, HARVEST), day=None
    )


@shown("/harvest/decisions/{decision_id:str}", guard="pages.harvest")
def show_decision(visit: TheVisit, decision_id: Ulid) -> Answer:
    """Show two records side by side, and why they were taken to belong together."""
    with visit.house.reading() as db:
        decision = harvest.find_decision(db, decision_id)
        source = harvest.find_source(db, decision.source)
        pair = [harvest.find_harvested(db, one) for one in (decision.leader, decision.member)]
    return page(
        visit,
        "harvest/decision.html",
        title=text("Do these two belong together?"),
        crumbs=(FIRST, HARVEST, ("/harvest/decisions", DECISIONS.title)),
        decision=decision,
        pair=pair,
        may_settle=decision.standing is not Standing.LAPSED and visit.may("catalogue.settle_kinship", source.label),
        stands=decision.standing is Standing.STANDS,
    )


@acted("/harvest/decisions/{decision_id:str}/overturning", guard="pages.harvest", again=show_decision)
def overturn(visit: TheVisit, decision_id: Ulid) -> Answer:
    """Overturn a decision."""
    with visit.desk() as desk:
        harvest.overturn(desk, decision_id)
        return done(desk, f"/harvest/decisions/{decision_id}")


@acted("/harvest/decisions/{decision_id:str}/upholding", guard="pages.harvest", again=show_decision)
def uphold(visit: TheVisit, decision_id: Ulid) -> Answer:
    """Let a decision stand again."""
    with visit.desk() as desk:
        harvest.uphold(desk, decision_id)
        return done(desk, f"/harvest/decisions/{decision_id}")


@shown("/harvest/overdue", guard="pages.harvest")
def list_overdue(visit: TheVisit) -> Answer:
    """Count by department which records are later than their own cycle allows."""
    day = _day(visit)
    table: Table[Overdue] = Table(
        name="overdue",
        title=text("Overdue records"),
        columns=(
            Column(
                key="department",
                title=text("Body as the portal names it"),
                value=lambda row: row.department or text("no body is named"),
            ),
            Column(key="source", title=text("Portal"), value=lambda row: row.source, options="text", sort=True),
            Column(
                key="late",
                title=text("Overdue"),
                value=lambda row: row.late,
                kind="number",
                sort=True,
                place=lambda row: str(row.late),
            ),
            Column(
                key="dated",
                title=text("Dated, with a known cycle"),
                value=lambda row: row.dated,
                kind="number",
                sort=True,
                place=lambda row: str(row.dated),
            ),
            Column(key="share", title=text("Share"), value=lambda row: row.late / row.dated, kind="percent"),
            Column(
                key="oldest",
                title=text("Due since"),
                value=lambda row: row.oldest,
                kind="day",
                sort=True,
                place=lambda row: row.oldest.isoformat(),
            ),
        ),
        key=lambda row: (row.source, row.department),
        sort="source",
        empty=text("No dated record with a known cycle is here."),
    )

    def fetch(ask: Asked) -> tuple[Overdue, ...]:
        with visit.house.reading() as db:
            return harvest.overdue(
                db,
                day,
                source=ask.filter("source"),
                sort=ask.sort,
                descending=ask.descending,
                after=ask.after,
                limit=ask.limit,
            )

    return table_page(visit, table, fetch, "harvest/list.html", title=table.title, crumbs=(FIRST, HARVEST), day=day)


def _day(visit: Visit) -> date:
    given = visit.asked("day")
    try:
        return date.fromisoformat(given) if given else visit.today
    except ValueError as error:
        raise Invalid(text("a day is needed here, such as 2026-01-31")) from error


PAGES = [
    list_records,
    show_record,
    draft_from,
    restore,
    list_decisions,
    show_decision,
    overturn,
    uphold,
    list_overdue,
]
