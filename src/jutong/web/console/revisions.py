"""Pages of the revisions that a change of law or duties makes due: their clocks, more time, and their end."""

from __future__ import annotations

from datetime import date

import msgspec

from jutong import catalogue, registers
from jutong.catalogue import Cause, Order, Revision, Search, Step
from jutong.guard import Label
from jutong.kernel.errors import NotFound
from jutong.kernel.text import text

from ..wiring import CodeField, Name, Ulid, UlidField, Words
from .demands import HOME
from .frame import Answer, Crumb, TheVisit, acted, done, page, shown
from .table import Asked, Column, Table, table_page
from .wizard import lines_of

REVISIONS: Crumb = ("/revisions", text("Updates of the catalogue"))
ENTRIES_TO_NAME = 200
EXTENSION_MOST = 5


class Trigger(msgspec.Struct, kw_only=True):
    """What changed, when, and which entries it concerns."""

    provider: CodeField
    cause: Cause
    words: Words
    changed_on: date
    entries: Words = ""


class Extension(msgspec.Struct, kw_only=True):
    """Why more time is asked for."""

    reason: Words


class Decision(msgspec.Struct, kw_only=True):
    """The authority's word on more time."""

    answer: Name
    days: int = EXTENSION_MOST


class Closure(msgspec.Struct, kw_only=True):
    """The entry by which a new duty is catalogued."""

    entry: UlidField


class Drop(msgspec.Struct, kw_only=True):
    """Why a clock is ended."""

    why: Words


@shown("/revisions", guard="pages.revisions")
def list_revisions(visit: TheVisit) -> Answer:
    """List the revisions of one's own body; to those who look over the tier, of all bodies."""
    with visit.house.reading() as db:
        names = {one.code: one.name for one in registers.bodies(db)}
        over = visit.acting.org in registers.authorities(db)
    table: Table[Revision] = Table(
        name="revisions",
        title=text("Updates of the catalogue"),
        columns=(
            Column(key="due", title=text("Due on"), value=lambda one: one.due, kind="day", sort=True),
            Column(
                key="cause",
                title=text("What changed"),
                value=lambda one: one.cause,
                href=lambda one: f"/revisions/{one.id}",
            ),
            Column(key="body", title=text("Body"), value=lambda one: names.get(one.provider, one.provider)),
            Column(
                key="step",
                title=text("Stage"),
                value=lambda one: one.step,
                tone=lambda one: _tone(one, visit.today),
                options=Step,
            ),
            Column(key="entry", title=text("Entry"), value=lambda one: one.entry, kind="code"),
        ),
        key=lambda one: (one.due.isoformat(), one.id),
        sort="due",
        empty=text("No update is due."),
        then=text("A clock begins here when a law or a body's duties change."),
    )

    def fetch(ask: Asked) -> tuple[Revision, ...]:
        step = ask.filter("step")
        with visit.house.reading() as db:
            return catalogue.revisions(
                db,
                provider="" if over else visit.acting.org,
                steps=(Step(step),) if step else (),
                descending=ask.descending,
                after=ask.after,
                limit=ask.limit,
            )

    return table_page(
        visit,
        table,
        fetch,
        "lists/revisions.html",
        title=table.title,
        crumbs=(HOME,),
        may_open=visit.may("catalogue.open_revisions"),
    )


def _tone(one: Revision, today: date) -> str:
    if one.step is Step.DONE:
        return "green"
    return "dark-red" if one.overdue(today) else "amber" if one.step in catalogue.OPEN_STEPS else "plain"


@shown("/revisions/new", guard="pages.revisions")
def show_new(visit: TheVisit) -> Answer:
    """Show the form that sets an update clock going."""
    with visit.house.reading() as db:
        bodies = {one.code: one.name for one in registers.bodies(db)}
        over = visit.acting.org in registers.authorities(db)
    return page(
        visit,
        "lists/revision_form.html",
        title=text("A law or duties changed"),
        crumbs=(HOME, REVISIONS),
        bodies=tuple((code, name) for code, name in bodies.items() if over or code == visit.acting.org),
        causes=Cause,
        entries=visit.asked("entry")[:26],
    )


@acted("/revisions/new", guard="pages.revisions", again=show_new)
def open_revisions(visit: TheVisit) -> Answer:
    """Set the clock going, one for each entry."""
    given = visit.form.read(Trigger)
    with visit.desk() as desk:
        opened = catalogue.open_revisions(
            desk,
            given.provider,
            cause=given.cause,
            words=given.words,
            changed_on=given.changed_on,
            entry_ids=lines_of(given.entries),
        )
    return done(desk, f"/revisions/{opened[0].id}")


@shown("/revisions/{revision_id:str}", guard="pages.revisions")
def show(visit: TheVisit, revision_id: Ulid) -> Answer:
    """Show a revision, its clock and what may be done about it."""
    with visit.house.reading() as db:
        authorities = registers.authorities(db)
        one = catalogue.find_revision(db, revision_id)
        if visit.acting.org not in (one.provider, *authorities):
            raise NotFound("revision", revision_id)
        body = registers.find_body(db, one.provider).name
        titles = catalogue.titles(db, {name for name in (one.entry, one.done_by) if name})
        left = registers.calendar(db).left(visit.today, one.due)
        running, own, tier = (
            one.step in catalogue.OPEN_STEPS,
            Label(owner=one.provider),
            Label(owner="", parties=authorities),
        )
        may_close = running and visit.may("catalogue.close_revision", own)
        search = Search(own=True, order=Order.CHANGED, descending=True, limit=ENTRIES_TO_NAME)
        entries = catalogue.summaries(db, visit.acting, search) if may_close else ()
    return page(
        visit,
        "lists/revision.html",
        title=titles.get(one.entry) or text("An entry that is still to be drafted"),
        crumbs=(HOME, REVISIONS),
        one=one,
        body=body,
        titles=titles,
        tone=_tone(one, visit.today),
        running=running,
        days_left=left,
        entries=tuple((entry.id, entry.title) for entry in entries),
        may_ask=one.step is Step.RUNNING
        and not one.extension_days
        and visit.may("catalogue.ask_revision_extension", own),
        may_decide=one.step is Step.EXTENSION_ASKED and visit.may("catalogue.decide_revision_extension", tier),
        may_close=may_close,
        may_drop=running and visit.may("catalogue.drop_revision", tier),
        most=EXTENSION_MOST,
    )


@acted("/revisions/{revision_id:str}/extension", guard="pages.revisions", again=show)
def ask_extension(visit: TheVisit, revision_id: Ulid) -> Answer:
    """Ask the authority for more time."""
    given = visit.form.read(Extension)
    with visit.desk() as desk:
        catalogue.ask_revision_extension(desk, revision_id, given.reason)
    return done(desk, f"/revisions/{revision_id}")


@acted("/revisions/{revision_id:str}/extension-decision", guard="pages.revisions", again=show)
def decide_extension(visit: TheVisit, revision_id: Ulid) -> Answer:
    """Agree to more time, or let the day stand."""
    given = visit.form.read(Decision)
    with visit.desk() as desk:
        catalogue.decide_revision_extension(desk, revision_id, agreed=given.answer == "agree", days=given.days)
    return done(desk, f"/revisions/{revision_id}")


@acted("/revisions/{revision_id:str}/closure", guard="pages.revisions", again=show)
def close(visit: TheVisit, revision_id: Ulid) -> Answer:
    """Name the submitted entry that catalogues what changed."""
    given = visit.form.read(Closure)
    with visit.desk() as desk:
        catalogue.close_revision(desk, revision_id, given.entry)
    return done(desk, f"/revisions/{revision_id}")


@acted("/revisions/{revision_id:str}/drop", guard="pages.revisions", again=show)
def drop(visit: TheVisit, revision_id: Ulid) -> Answer:
    """End a clock that was set going in error."""
    given = visit.form.read(Drop)
    with visit.desk() as desk:
        catalogue.drop_revision(desk, revision_id, given.why)
    return done(desk, f"/revisions/{revision_id}")


PAGES = [
    list_revisions,
    show_new,
    open_revisions,
    show,
    ask_extension,
    decide_extension,
    close,
    drop,
]
