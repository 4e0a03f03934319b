"""Pages of the responsibility list, of the negative list, of a body's catalogue list, and of what bodies answer for."""

from __future__ import annotations

from datetime import date

import msgspec

from jutong import catalogue, registers
from jutong.catalogue import Entry, Order, Progress, Responsibility, Search, ShareType, Stage, Summary
from jutong.guard import Label
from jutong.kernel.errors import NotFound
from jutong.kernel.text import Text, text

from ..wiring import Code, Ulid, UlidField, Words
from .catalogue import legal
from .demands import HOME, visible
from .frame import Answer, Crumb, TheVisit, acted, done, page, shown
from .overtaken import noun_overtaken, seen_of
from .table import Asked, Column, Table, table_page
from .visit import Visit

RESPONSIBILITIES: Crumb = ("/responsibilities", text("Responsibility list"))
ENTRIES_TO_NAME = 200


class Fulfilment(msgspec.Struct, kw_only=True):
    """The entry in force that holds what was asked for."""

    entry: UlidField


class Drop(msgspec.Struct, kw_only=True):
    """Why a responsibility is taken off the list."""

    reason: Words


class Duties(msgspec.Struct, kw_only=True):
    """What a body answers for."""

    duties: Words


@shown("/responsibilities", guard="pages.demands")
def list_own(visit: TheVisit) -> Answer:
    """List what the visitor's own body is responsible for."""
    return _listing(visit, owner=visit.acting.org)


@shown("/responsibilities/all", guard="pages.demands")
def list_all(visit: TheVisit) -> Answer:
    """List what every body is responsible for."""
    return _listing(visit, owner="")


def _listing(visit: Visit, *, owner: str) -> Answer:
    with visit.house.reading() as db:
        names = {one.code: one.name for one in registers.bodies(db)}
        audits = visit.may("catalogue.audit_demand", Label(owner="", parties=registers.authorities(db)))
    table: Table[Responsibility] = Table(
        name="responsibilities",
        title=text("Responsibility list"),
        columns=(
            Column(key="due", title=text("Due on"), value=lambda one: one.task.due, kind="day", sort=True),
            Column(
                key="title",
                title=text("Wanted data"),
                value=lambda one: one.title,
                href=lambda one: f"/responsibilities/{one.id}",
            ),
            Column(key="owner", title=text("Responsible body"), value=lambda one: names.get(one.owner, one.owner)),
            Column(key="consumer", title=text("Asking body"), value=lambda one: names.get(one.consumer, one.consumer)),
            Column(key="items", title=text("Items"), value=lambda one: "、".join(one.task.items)),
            Column(key="method", title=text("Way of sharing"), value=lambda one: one.task.method),
            Column(
                key="progress",
                title=text("Progress"),
                value=lambda one: one.progress,
                tone=lambda one: _tone(one, visit.today),
                options=Progress,
            ),
        ),
        key=lambda one: (one.task.due.isoformat(), one.id),
        sort="due",
        empty=text("Nobody is responsible for anything here."),
        then=text("Responsibilities begin when the authority splits a demand that it accepted."),
    )

    def fetch(ask: Asked) -> tuple[Responsibility, ...]:
        progress = ask.filter("progress")
        with visit.house.reading() as db:
            return catalogue.responsibilities(
                db,
                owner=owner,
                progress=Progress(progress) if progress else None,
                descending=ask.descending,
                after=ask.after,
                limit=ask.limit,
            )

    return table_page(
        visit, table, fetch, "lists/responsibilities.html", title=table.title, crumbs=(HOME,), audits=audits
    )


def _tone(one: Responsibility, today: date) -> str:
    if one.progress is Progress.DONE:
        return "green"
    return "dark-red" if one.overdue(today) else "amber" if one.progress is Progress.OPEN else "plain"


@shown("/responsibilities/{responsibility_id:str}", guard="pages.demands")
def show(visit: TheVisit, responsibility_id: Ulid) -> Answer:
    """Show what a body is responsible for, and how it is fulfilled."""
    with visit.house.reading() as db:
        one = catalogue.find_responsibility(db, responsibility_id)
        demand = visible(visit, db, one.demand)
        names = {body.code: body.name for body in registers.bodies(db)}
        calendar = registers.calendar(db)
        may_fulfil = one.progress is Progress.OPEN and visit.may("catalogue.fulfil_responsibility", one.label)
        search = Search(own=True, stages=(Stage.PUBLISHED,), order=Order.TITLE, limit=ENTRIES_TO_NAME)
        own = catalogue.summaries(db, visit.acting, search) if may_fulfil else ()
        audits = visit.may("catalogue.audit_demand", Label(owner="", parties=registers.authorities(db)))
    return page(
        visit,
        "lists/responsibility.html",
        title=one.title,
        crumbs=(HOME, RESPONSIBILITIES),
        one=one,
        demand=demand,
        names=names,
        tone=_tone(one, visit.today),
        days_left=calendar.left(visit.today, one.task.due),
        entries=tuple((entry.id, entry.title) for entry in own),
        may_fulfil=may_fulfil,
        may_drop=one.progress is Progress.OPEN and audits,
    )


@acted("/responsibilities/{responsibility_id:str}/fulfilment", guard="pages.demands", again=show)
def fulfil(visit: TheVisit, responsibility_id: Ulid) -> Answer:
    """Name the entry in force that holds what was asked for."""
    given = visit.form.read(Fulfilment)
    with visit.desk() as desk:
        catalogue.fulfil_responsibility(desk, responsibility_id, given.entry)
    return done(desk, f"/responsibilities/{responsibility_id}")


@acted("/responsibilities/{responsibility_id:str}/drop", guard="pages.demands", again=show)
def drop(visit: TheVisit, responsibility_id: Ulid) -> Answer:
    """Take the responsibility off the list."""
    given = visit.form.read(Drop)
    with visit.desk() as desk:
        catalogue.drop_responsibility(desk, responsibility_id, given.reason)
    return done(desk, f"/responsibilities/{responsibility_id}")


@shown("/negative-list", guard=None)
def negative(visit: TheVisit) -> Answer:
    """List for everybody what is not shared, and the rule that forbids it: what the authority audited."""
    with visit.house.reading() as db:
        names = {one.code: one.name for one in registers.bodies(db)}
    table: Table[Entry] = Table(
        name="negative",
        title=text("Negative list"),
        columns=(
            Column(
                key="title",
                title=text("Title"),
                value=lambda one: one.title,
                href=lambda one: f"/catalogue/{one.id}",
                options="text",
                sort=True,
            ),
            Column(key="body", title=text("Body"), value=lambda one: names.get(one.provider, one.provider)),
            Column(key="what", title=text("What is not shared"), value=_refused_of),
            Column(key="reason", title=text("Reason"), value=_reasons_of),
            Column(key="law", title=text("Legal basis"), value=lambda one: _laws_of(visit, one)),
        ),
        key=lambda one: (catalogue.summary_of(one).title_order, one.id),
        sort="title",
        empty=text("Nothing is kept from sharing."),
        then=text("What a law forbids to share is listed here once the authority has audited it."),
    )

    def fetch(ask: Asked) -> tuple[Entry, ...]:
        with visit.house.reading() as db:
            return catalogue.negative_list(
                db, contains=ask.filter("title"), descending=ask.descending, after=ask.after, limit=ask.limit
            )

    return table_page(visit, table, fetch, "lists/public.html", title=table.title, crumbs=(HOME,), intro=NEGATIVE)


NEGATIVE = text(
    "What may not be shared, because a law, an administrative regulation or a State Council decision forbids it; the"
    " authority audited each line (Order 809, arts 14 to 16)."
)
CATALOGUE_LIST = text("What the body has published in the catalogue, in the order of its titles.")


def _refused_of(one: Entry) -> Text | str:
    if one.share_type is ShareType.NOT_SHARED:
        return text("the whole entry")
    return "、".join(item.title for item in one.items if item.share_type is ShareType.NOT_SHARED)


def _reasons_of(one: Entry) -> str:
    found = (one.terms.reason, *(item.reason for item in one.items if item.share_type is ShareType.NOT_SHARED))
    return "；".join(dict.fromkeys(reason for reason in found if reason))


def _laws_of(visit: Visit, one: Entry) -> str:
    of_items = (basis for item in one.items for basis in item.legal_basis)
    return "；".join(dict.fromkeys(visit.say(legal(basis)) for basis in (*one.legal_basis, *of_items)))


@shown("/catalogue-list/{code:str}", guard=None)
def catalogue_list(visit: TheVisit, code: Code) -> Answer:
    """List for everybody what a body has published."""
    with visit.house.reading() as db:
        body = registers.find_body(db, code)
    table: Table[Summary] = Table(
        name="catalogue-list",
        title=text("Catalogue list of {body}", body=body.name),
        columns=(
            Column(
                key="title",
                title=text("Title"),
                value=lambda one: one.title,
                href=lambda one: f"/catalogue/{one.id}",
                options="text",
                sort=True,
            ),
            Column(key="share", title=text("Share type"), value=lambda one: one.share_type, options=ShareType),
            Column(key="cycle", title=text("Update cycle"), value=lambda one: one.update_cycle),
            Column(key="open", title=text("Opening to the public"), value=lambda one: one.open_type),
            Column(key="grade", title=text("Grade"), value=lambda one: one.grade.name),
            Column(key="items", title=text("Items"), value=lambda one: one.item_count, kind="number"),
        ),
        key=lambda one: one.place(Order.TITLE),
        sort="title",
        empty=text("No entry is published yet."),
    )

    def fetch(ask: Asked) -> tuple[Summary, ...]:
        share = ask.filter("share")
        search = Search(
            providers=(code,),
            share_type=ShareType(share) if share else None,
            words=ask.filter("title"),
            order=Order.TITLE,
            descending=ask.descending,
            after=ask.after,
            limit=ask.limit,
        )
        with visit.house.reading() as db:
            return catalogue.summaries(db, None, search)

    return table_page(visit, table, fetch, "lists/public.html", title=table.title, crumbs=(HOME,), intro=CATALOGUE_LIST)


@shown("/duties/{code:str}", guard="pages.demands")
def show_duties(visit: TheVisit, code: Code) -> Answer:
    """Show what a body answers for: by these words demands find their way."""
    with visit.house.reading() as db:
        body = registers.find_body(db, code)
        words = catalogue.duties_stated(db).get(code, "")
        label = Label(owner=code, parties=registers.authorities(db))
    if not words and code != visit.acting.org and not visit.sees("catalogue.state_duties", label):
        raise NotFound("duties of the body", code)
    return page(
        visit,
        "lists/duties.html",
        title=text("What {body} answers for", body=body.name),
        crumbs=(HOME, RESPONSIBILITIES),
        code=code,
        words=words,
        seen=seen_of(visit, words),
        overtaken=noun_overtaken(
            visit,
            Duties(duties=words),
            lambda: visit.form.read(Duties),
            {"duties": text("Duties")},
            on=code,
            word="catalogue.duties_stated",
        ),
        may_state=visit.may("catalogue.state_duties", label),
    )


@acted("/duties/{code:str}", guard="pages.demands", again=show_duties)
def state_duties(visit: TheVisit, code: Code) -> Answer:
    """Keep what a body answers for."""
    given = visit.form.read(Duties)
    with visit.desk() as desk:
        catalogue.state_duties(desk, code, given.duties, seen=visit.form.mark)
    return done(desk, f"/duties/{code}")


PAGES = [list_own, list_all, show, fulfil, drop, negative, catalogue_list, show_duties, state_duties]
