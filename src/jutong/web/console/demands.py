"""Pages of the demand list: what departments need, its audit, its way to a body that has it, and who answers for it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import msgspec

from jutong import catalogue, registers
from jutong.catalogue import Demand, DemandStage, Need, Purpose, Standing, Task
from jutong.desk import Reading
from jutong.guard import Label, Method
from jutong.kernel.errors import NotFound
from jutong.kernel.text import text
from jutong.sharing import buying

from ..wiring import CodeField, Name, Ulid, UlidField, Words
from .form import Misfilled
from .frame import Answer, Crumb, TheVisit, acted, done, page, shown
from .overtaken import NEEDED, noun_overtaken, seen_of
from .table import Asked, Column, Table, table_page
from .visit import Visit
from .wizard import lines_of
from .wizard_choices import METHODS, PURPOSES

DEMANDS: Crumb = ("/demands", text("Demand list"))
HOME: Crumb = ("/", text("First page"))
ALIKE_AMONG = 500
TONES: Mapping[DemandStage, str] = {
    DemandStage.DRAFT: "plain",
    DemandStage.FILED: "amber",
    DemandStage.PUBLISHED: "blue",
    DemandStage.REFUSED: "red",
    DemandStage.MERGED: "blue",
    DemandStage.WITHDRAWN: "plain",
    DemandStage.SATISFIED: "green",
}
LISTED = (DemandStage.PUBLISHED, DemandStage.MERGED, DemandStage.SATISFIED)


class DemandForm(msgspec.Struct, kw_only=True):
    """What a department needs, as it is typed."""

    title: Name
    purpose: Purpose
    words: Words = ""
    legal_basis: Words = ""
    items: Words = ""
    source: CodeField | None = None
    entry: UlidField | None = None
    method: Method = Method.QUERY
    by: date | None = None


class Reason(msgspec.Struct, kw_only=True):
    """Why something is refused or contested."""

    reason: Words


class Lead(msgspec.Struct, kw_only=True):
    """The demand that another is met with."""

    lead: UlidField


class Owner(msgspec.Struct, kw_only=True):
    """The body that is asked whether it has the data."""

    owner: CodeField


class Split(msgspec.Struct, kw_only=True):
    """A body's part of a demand."""

    responsible: CodeField
    part: Words
    way: Method
    due: date
    held_in: UlidField | None = None


@shown("/demands", guard="pages.demands")
def list_own(visit: TheVisit) -> Answer:
    """List the demands of the visitor's own body."""
    return _listing(visit, own=True)


@shown("/demands/all", guard="pages.demands")
def list_all(visit: TheVisit) -> Answer:
    """List the demands of all bodies: what is on the list; the authority sees what waits for its audit, too."""
    return _listing(visit, own=False)


def _listing(visit: Visit, *, own: bool) -> Answer:
    with visit.house.reading() as db:
        names = {one.code: one.name for one in registers.bodies(db)}
        over = visit.acting.org in registers.authorities(db)
    stages = tuple(DemandStage) if own else LISTED if not over else tuple(DemandStage)[1:]
    table: Table[Demand] = Table(
        name="demands",
        title=text("Demand list"),
        columns=(
            Column(
                key="title",
                title=text("Wanted data"),
                value=lambda one: one.need.title,
                href=lambda one: f"/demands/{one.id}",
                options="text",
                sort=True,
                place=lambda one: one.need.title,
            ),
            Column(key="consumer", title=text("Asking body"), value=lambda one: names.get(one.consumer, one.consumer)),
            Column(
                key="stage",
                title=text("Stage"),
                value=lambda one: one.stage,
                tone=lambda one: TONES[one.stage],
                options=DemandStage,
            ),
            Column(key="purpose", title=text("Purpose"), value=lambda one: one.need.purpose, shown=False),
            Column(key="items", title=text("Wanted items"), value=lambda one: "、".join(one.need.items)),
            Column(key="by", title=text("Wanted by"), value=lambda one: one.need.by, kind="day"),
            Column(key="owner", title=text("Presumed owner"), value=lambda one: names.get(one.owner, one.owner)),
            Column(key="id", title=text("Drafted"), value=lambda one: one.at, kind="day", sort=True),
        ),
        key=lambda one: (one.id,),
        sort="-id",
        empty=text("No demand stands here."),
        then=text(
            "A demand is filed for data that a duty needs and that no entry offers; what is accepted is listed for all."
        ),
    )

    def fetch(ask: Asked) -> tuple[Demand, ...]:
        stage = ask.filter("stage")
        with visit.house.reading() as db:
            return catalogue.demands(
                db,
                consumer=visit.acting.org if own else "",
                stages=tuple(one for one in stages if not stage or one.value == stage),
                contains=ask.filter("title"),
                sort=ask.sort,
                descending=ask.descending,
                after=ask.after,
                limit=ask.limit,
            )

    return table_page(
        visit,
        table,
        fetch,
        "lists/demands.html",
        title=table.title,
        crumbs=(HOME,),
        may_draft=visit.may("catalogue.draft_demand"),
    )


@shown("/demands/new", guard="pages.demand_form")
def show_new(visit: TheVisit) -> Answer:
    """Show an empty form, or one that begins with the words of a search."""
    return _form(visit, None)


@acted("/demands/new", guard="pages.demand_form", again=show_new)
def draft(visit: TheVisit) -> Answer:
    """Keep a new demand as a draft."""
    need = _need(visit)
    with visit.desk() as desk:
        demand = catalogue.draft_demand(desk, need)
    return done(desk, f"/demands/{demand.id}")


@shown("/demands/{demand_id:str}/draft", guard="pages.demand_form")
def show_draft(visit: TheVisit, demand_id: Ulid) -> Answer:
    """Show a draft to go on with."""
    with visit.house.reading() as db:
        demand = visible(visit, db, demand_id)
    if demand.consumer != visit.acting.org:
        raise NotFound("demand", demand_id)
    return _form(visit, demand)


@acted("/demands/{demand_id:str}/draft", guard="pages.demand_form", again=show_draft)
def redraft(visit: TheVisit, demand_id: Ulid) -> Answer:
    """Keep a changed draft."""
    need = _need(visit)
    with visit.desk() as desk:
        catalogue.redraft_demand(desk, demand_id, need, seen=visit.form.mark)
    return done(desk, f"/demands/{demand_id}")


def _form(visit: Visit, demand: Demand | None) -> Answer:
    with visit.house.reading() as db:
        bodies = tuple((one.code, one.name) for one in registers.bodies(db) if one.code != visit.acting.org)
    return page(
        visit,
        "lists/demand_form.html",
        title=demand.need.title if demand else text("New demand"),
        crumbs=(HOME, DEMANDS),
        demand=demand,
        seen=seen_of(visit, demand.need) if demand else "",
        overtaken=noun_overtaken(
            visit,
            demand.need if demand else None,
            lambda: _need(visit),
            NEEDED,
            on=demand.id if demand else "",
            word="catalogue.demand_drafted",
        ),
        need=demand.need if demand else Need(title=visit.asked("title")[:200], purpose=Purpose.APPROVAL),
        bodies=bodies,
        purposes=PURPOSES,
        methods=METHODS,
    )


def _need(visit: Visit) -> Need:
    given = visit.form.read(DemandForm)
    return Need(
        title=given.title,
        purpose=given.purpose,
        words=given.words,
        legal_basis=given.legal_basis,
        items=lines_of(given.items),
        source=given.source or "",
        entry=given.entry or "",
        method=given.method,
        by=given.by,
    )


@shown("/demands/{demand_id:str}", guard="pages.demands")
def show(visit: TheVisit, demand_id: Ulid) -> Answer:
    """Show a demand, where it stands, and what may be done about it."""
    with visit.house.reading() as db:
        demand = visible(visit, db, demand_id)
        names = {one.code: one.name for one in registers.bodies(db)}
        parts = catalogue.responsibilities_of(db, demand.id)
        merged = catalogue.merged_into(db, demand.id)
        bought = buying.purchases_like(db, (demand.need.title,), visit.today)
        may = _may(visit, db, demand)
        similar = _alike(db, demand) if may["audit"] else ()
        presumed = (
            catalogue.presumed_owners(demand, catalogue.duties_stated(db), catalogue.holders_of(db, demand.need.items))
            if may["route"]
            else ()
        )
    return page(
        visit,
        "lists/demand.html",
        title=demand.need.title,
        crumbs=(HOME, DEMANDS),
        demand=demand,
        tone=TONES[demand.stage],
        names=names,
        parts=parts,
        merged=merged,
        bought=bought,
        similar=similar,
        presumed=presumed,
        bodies=tuple((code, name) for code, name in names.items() if code != demand.consumer),
        methods=METHODS,
        may=may,
    )


def _may(visit: Visit, db: Reading, demand: Demand) -> Mapping[str, bool]:
    """Return which forms are shown: what the duty permits and the stage has come to."""
    stage, own = demand.stage, demand.label
    audits = visit.may("catalogue.audit_demand", Label(owner="", parties=registers.authorities(db)))
    answers = visit.may("catalogue.answer_demand", Label(owner=demand.owner))
    open_ = stage is DemandStage.PUBLISHED
    return {
        "edit": stage is DemandStage.DRAFT and visit.may("catalogue.redraft_demand", own),
        "file": stage is DemandStage.DRAFT and visit.may("catalogue.file_demand", own),
        "withdraw": stage in (DemandStage.DRAFT, DemandStage.FILED, DemandStage.PUBLISHED)
        and visit.may("catalogue.withdraw_demand", own),
        "accept": stage is DemandStage.FILED and audits,
        "audit": stage in (DemandStage.FILED, DemandStage.PUBLISHED) and audits,
        "route": open_ and audits,
        "split": open_ and audits and demand.standing in (Standing.NOBODY, Standing.CONFIRMED),
        "answer": open_ and demand.standing is Standing.ASKED and answers,
    }


def _alike(db: Reading, demand: Demand) -> tuple[Demand, ...]:
    return catalogue.alike(demand, catalogue.demands(db, stages=(DemandStage.PUBLISHED,), limit=ALIKE_AMONG))


def visible(visit: Visit, db: Reading, demand_id: str) -> Demand:
    """Return a demand that the visitor's body may know of."""
    demand = catalogue.find_demand(db, demand_id)
    if not demand.seen_by(visit.acting.org, registers.authorities(db)):
        raise NotFound("demand", demand_id)
    return demand


@acted("/demands/{demand_id:str}/filing", guard="pages.demands", again=show)
def file(visit: TheVisit, demand_id: Ulid) -> Answer:
    """Hand the demand to the authority."""
    with visit.desk() as desk:
        catalogue.file_demand(desk, demand_id)
    return done(desk, f"/demands/{demand_id}")


@acted("/demands/{demand_id:str}/withdrawal", guard="pages.demands", again=show)
def withdraw(visit: TheVisit, demand_id: Ulid) -> Answer:
    """Take the demand back."""
    with visit.desk() as desk:
        catalogue.withdraw_demand(desk, demand_id)
    return done(desk, f"/demands/{demand_id}")


@acted("/demands/{demand_id:str}/acceptance", guard="pages.demands", again=show)
def accept(visit: TheVisit, demand_id: Ulid) -> Answer:
    """Put the demand on the list."""
    with visit.desk() as desk:
        catalogue.accept_demand(desk, demand_id)
    return done(desk, f"/demands/{demand_id}")


@acted("/demands/{demand_id:str}/refusal", guard="pages.demands", again=show)
def refuse(visit: TheVisit, demand_id: Ulid) -> Answer:
    """Refuse the demand."""
    given = visit.form.read(Reason)
    with visit.desk() as desk:
        catalogue.refuse_demand(desk, demand_id, given.reason)
    return done(desk, f"/demands/{demand_id}")


@acted("/demands/{demand_id:str}/merging", guard="pages.demands", again=show)
def merge(visit: TheVisit, demand_id: Ulid) -> Answer:
    """Let the demand be met together with another."""
    given = visit.form.read(Lead)
    with visit.desk() as desk:
        catalogue.merge_demand(desk, demand_id, given.lead)
    return done(desk, f"/demands/{given.lead}")


@acted("/demands/{demand_id:str}/routing", guard="pages.demands", again=show)
def route(visit: TheVisit, demand_id: Ulid) -> Answer:
    """Ask a body whether it has the data."""
    given = visit.form.read(Owner)
    with visit.desk() as desk:
        catalogue.route_demand(desk, demand_id, given.owner)
    return done(desk, f"/demands/{demand_id}")


@acted("/demands/{demand_id:str}/confirmation", guard="pages.demands", again=show)
def confirm(visit: TheVisit, demand_id: Ulid) -> Answer:
    """Say that one's body has the data."""
    with visit.desk() as desk:
        catalogue.confirm_demand(desk, demand_id)
    return done(desk, f"/demands/{demand_id}")


@acted("/demands/{demand_id:str}/contest", guard="pages.demands", again=show)
def contest(visit: TheVisit, demand_id: Ulid) -> Answer:
    """Say why one's body does not have the data."""
    given = visit.form.read(Reason)
    with visit.desk() as desk:
        catalogue.contest_demand(desk, demand_id, given.reason)
    return done(desk, f"/demands/{demand_id}")


@acted("/demands/{demand_id:str}/responsibilities", guard="pages.demands", again=show)
def split(visit: TheVisit, demand_id: Ulid) -> Answer:
    """Make a body responsible for a part of the demand."""
    given = visit.form.read(Split)
    items = lines_of(given.part)
    if not items:
        raise Misfilled({"part": text("this must be filled in")})
    task = Task(owner=given.responsible, items=items, method=given.way, due=given.due, entry=given.held_in or "")
    with visit.desk() as desk:
        catalogue.split_demand(desk, demand_id, task)
    return done(desk, f"/demands/{demand_id}")


PAGES = [
    list_own,
    list_all,
    show_new,
    draft,
    show_draft,
    redraft,
    show,
    file,
    withdraw,
    accept,
    refuse,
    merge,
    route,
    confirm,
    contest,
    split,
]
