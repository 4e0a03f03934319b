"""Pages of disputes: the list, and each one with its ladder, its opinions and what can be done on this rung."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import msgspec

from jutong import guard, registers, sharing
from jutong.kernel.errors import NotFound
from jutong.kernel.text import Text, text
from jutong.sharing import dispute
from jutong.sharing.dispute import Dispute, Ruling, Rung, State

from ..wiring import Name, Ulid, UlidField, Words
from .frame import Answer, TheVisit, acted, done, page, shown
from .known_names import names_of_bodies, titles_of_entries
from .sharing import FIRST, happened, readable
from .table import Asked, Column, Table, table_page
from .visit import Visit

DISPUTES = ("/disputes", text("Disputes"))
TONES: Mapping[State, str] = {
    State.OPEN: "amber",
    State.SETTLED: "green",
    State.DECIDED: "green",
    State.WITHDRAWN: "plain",
}
RUNGS = tuple(Rung)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A dispute as a row of the list."""

    dispute: Dispute
    title: str
    consumer: str
    provider: str


class Opening(msgspec.Struct, kw_only=True):
    """What the dispute is about, the ruling that one wants, and why."""

    about: UlidField
    wanted: Ruling
    dispute_words: Words


class Statement(msgspec.Struct, kw_only=True):
    """What one's body holds."""

    words: Words


class Offer(msgspec.Struct, kw_only=True):
    """A ruling with its reasons."""

    offered: Ruling
    offer_words: Words


class Climb(msgspec.Struct, kw_only=True):
    """Why the rung below was not enough."""

    climb_words: Words


class Decision(msgspec.Struct, kw_only=True):
    """The government's ruling."""

    decided: Ruling
    decision_words: Words
    paper: Name = ""


TABLE: Table[Listed] = Table(
    name="disputes",
    title=text("Disputes"),
    columns=(
        Column(
            key="title",
            title=text("Data"),
            value=lambda row: row.title,
            href=lambda row: f"/disputes/{row.dispute.id}",
        ),
        Column(key="consumer", title=text("Using body"), value=lambda row: row.consumer),
        Column(key="provider", title=text("Providing body"), value=lambda row: row.provider),
        Column(
            key="state",
            title=text("State"),
            value=lambda row: row.dispute.state,
            tone=lambda row: TONES[row.dispute.state],
            options=State,
        ),
        Column(key="rung", title=text("Rung"), value=lambda row: row.dispute.rung),
        Column(
            key="due",
            title=text("Due"),
            value=lambda row: row.dispute.clock.due if row.dispute.state is State.OPEN else None,
            kind="day",
        ),
        Column(key="opened", title=text("Opened"), value=lambda row: row.dispute.opened, kind="day", sort=True),
        Column(key="ruling", title=text("Ruling"), value=lambda row: row.dispute.ruling or ""),
        Column(key="number", title=text("Number"), value=lambda row: row.dispute.id, kind="code", shown=False),
    ),
    key=lambda row: dispute.key_of_dispute(row.dispute),
    sort="-opened",
    path="/disputes",
    empty=text("No dispute concerns your body."),
    then=text("One is opened on the page of a request or an agreement."),
)


@shown("/disputes", guard="pages.disputes")
def list_disputes(visit: TheVisit) -> Answer:
    """List the disputes that concern the visitor's body, the newest first."""

    def fetch(ask: Asked) -> list[Listed]:
        state = ask.filter("state")
        with visit.house.reading() as db:
            found = dispute.disputes_listed(
                db,
                visit.acting,
                state=State(state) if state else None,
                after=ask.after,
                descending=ask.descending,
                limit=ask.limit,
            )
            titles = titles_of_entries(db, (one.entry for one in found))
            names = names_of_bodies(db, (code for one in found for code in one.parties))
        return [
            Listed(dispute=one, title=titles[one.entry], consumer=names[one.consumer], provider=names[one.provider])
            for one in found
        ]

    return table_page(visit, TABLE, fetch, "sharing/disputes.html", title=TABLE.title, crumbs=(FIRST,))


@acted("/disputes", guard="pages.disputes", again=list_disputes)
def open_dispute(visit: TheVisit) -> Answer:
    """Open a dispute about a request or an agreement."""
    given = visit.form.read(Opening)
    with visit.desk() as desk:
        opened = dispute.open_dispute(desk, given.about, given.wanted, given.dispute_words)
    return done(desk, f"/disputes/{opened.id}")


@shown("/disputes/{dispute_id:str}", guard="pages.disputes")
def show_dispute(visit: TheVisit, dispute_id: Ulid) -> Answer:
    """Show a dispute: its ladder, what each body said, the ruling that is offered, and what can be done."""
    with visit.house.reading() as db:
        one = dispute.find_dispute(db, dispute_id, visit.acting)
        title = titles_of_entries(db, [one.entry])[one.entry]
        names = names_of_bodies(db, (*one.parties, one.arbiter, *([one.government] if one.government else ())))
        left = registers.calendar(db).left(visit.today, one.clock.due)
        matter = _matter(visit, one)
        lines = readable(db, visit, one.id)
    return page(
        visit,
        "sharing/dispute.html",
        title=text("Dispute: {title}", title=title),
        crumbs=(FIRST, DISPUTES),
        dispute=one,
        names=names,
        left=left,
        matter=matter,
        steps=_steps(one, names),
        open=one.state is State.OPEN,
        tone=TONES[one.state],
        lines=happened(lines),
        rulings=_rulings(one),
        may={
            move
            for move in one.moves(visit.acting.org)
            if visit.may(f"sharing.{move}", guard.Label(owner=visit.acting.org))
        },
    )


@acted("/disputes/{dispute_id:str}/opinion", guard="pages.disputes", again=show_dispute)
def state_opinion(visit: TheVisit, dispute_id: Ulid) -> Answer:
    """Say what one's body holds."""
    given = visit.form.read(Statement)
    with visit.desk() as desk:
        dispute.state_opinion(desk, dispute_id, given.words)
    return done(desk, f"/disputes/{dispute_id}")


@acted("/disputes/{dispute_id:str}/ruling", guard="pages.disputes", again=show_dispute)
def propose_ruling(visit: TheVisit, dispute_id: Ulid) -> Answer:
    """Offer a ruling."""
    given = visit.form.read(Offer)
    with visit.desk() as desk:
        dispute.propose_ruling(desk, dispute_id, given.offered, given.offer_words)
    return done(desk, f"/disputes/{dispute_id}")


@acted("/disputes/{dispute_id:str}/acceptance", guard="pages.disputes", again=show_dispute)
def accept_ruling(visit: TheVisit, dispute_id: Ulid) -> Answer:
    """Accept the ruling that is offered."""
    with visit.desk() as desk:
        dispute.accept_ruling(desk, dispute_id)
    return done(desk, f"/disputes/{dispute_id}")


@acted("/disputes/{dispute_id:str}/mediation", guard="pages.disputes", again=show_dispute)
def take_up_dispute(visit: TheVisit, dispute_id: Ulid) -> Answer:
    """Bring it before the authority."""
    given = visit.form.read(Climb)
    with visit.desk() as desk:
        dispute.take_up_dispute(desk, dispute_id, given.climb_words)
    return done(desk, f"/disputes/{dispute_id}")


@acted("/disputes/{dispute_id:str}/referral", guard="pages.disputes", again=show_dispute)
def refer_dispute(visit: TheVisit, dispute_id: Ulid) -> Answer:
    """Bring it before the government."""
    given = visit.form.read(Climb)
    with visit.desk() as desk:
        dispute.refer_dispute(desk, dispute_id, given.climb_words)
    return done(desk, f"/disputes/{dispute_id}")


@acted("/disputes/{dispute_id:str}/decision", guard="pages.disputes", again=show_dispute)
def decide_dispute(visit: TheVisit, dispute_id: Ulid) -> Answer:
    """Decide it."""
    given = visit.form.read(Decision)
    with visit.desk() as desk:
        dispute.decide_dispute(desk, dispute_id, given.decided, given.decision_words, paper=given.paper)
    return done(desk, f"/disputes/{dispute_id}")


@acted("/disputes/{dispute_id:str}/withdrawal", guard="pages.disputes", again=show_dispute)
def withdraw_dispute(visit: TheVisit, dispute_id: Ulid) -> Answer:
    """Take it back."""
    with visit.desk() as desk:
        dispute.withdraw_dispute(desk, dispute_id)
    return done(desk, f"/disputes/{dispute_id}")


def _matter(visit: Visit, one: Dispute) -> str:
    """Return the page of what the dispute is about, for those who may see it."""
    find = sharing.find_agreement if one.on_agreement else sharing.find_request
    with visit.house.reading() as db:
        try:
            find(db, one.about, visit.acting)
        except NotFound:
            return ""
    return f"/agreements/{one.about}" if one.on_agreement else f"/requests/{one.about}"


def _steps(one: Dispute, names: Mapping[str, str]) -> list[tuple[Text, str, date | None, str]]:
    """Return the rungs with their state, the day on which each was reached or is due, and who leads there."""
    here = RUNGS.index(one.rung)
    first = {said.rung: said.day for said in reversed(one.opinions)}
    leads = {
        Rung.NEGOTIATION: "、".join(names[code] for code in sorted(one.parties)),
        Rung.MEDIATION: names[one.arbiter],
        Rung.DECISION: names.get(one.government, ""),
    }
    words = {
        Rung.NEGOTIATION: text("Negotiation"),
        Rung.MEDIATION: text("Mediation, same tier") if one.same_tier else text("Mediation, common superior"),
        Rung.DECISION: text("Decision by the government"),
    }
    found = []
    for place, rung in enumerate(RUNGS):
        if place > here:
            state = "next" if one.state is State.OPEN else "skipped"
        elif place == here and one.state is State.OPEN:
            state = "now"
        else:
            state = "done"
        found.append((words[rung], state, first.get(rung) if place <= here else None, leads[rung]))
    return found


def _rulings(one: Dispute) -> tuple[Ruling, ...]:
    return (Ruling.RESUME, Ruling.END, Ruling.STAND) if one.on_agreement else (Ruling.SHARE, Ruling.STAND)


PAGES = [
    list_disputes,
    open_dispute,
    show_dispute,
    state_opinion,
    propose_ruling,
    accept_ruling,
    take_up_dispute,
    refer_dispute,
    decide_dispute,
    withdraw_dispute,
]
