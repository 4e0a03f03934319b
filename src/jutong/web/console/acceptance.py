"""The acceptance desk: everything of sharing that waits for a body, of all kinds in one list, the first due first."""

from __future__ import annotations

from dataclasses import dataclass

from jutong import oversight
from jutong.kernel.text import Text, text
from jutong.oversight import ACCEPTED, Awaited, Matter, Term, Wanted, Work

from .desk_words import SENTENCES, page_of
from .frame import Answer, TheVisit, shown
from .sharing import FIRST, left_tone, left_words
from .table import Asked, Column, Table, table_page
from .visit import Visit
from .words import word_of

MINE, THEIRS = "mine", "theirs"


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A line of the desk as a row of the list, with whose turn it is."""

    line: Awaited
    turn: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind above the list: how much of it waits, how much of that is overdue, and the list of it alone."""

    words: Text
    size: int
    overdue: int
    href: str
    chosen: bool


TABLE: Table[Listed] = Table(
    name="acceptance",
    title=text("Acceptance desk"),
    columns=(
        Column(
            key="what",
            title=text("What waits"),
            value=lambda row: Text(SENTENCES[row.line.work][0].template, {"title": row.line.title}),
            href=lambda row: page_of(row.line.work, row.line.thing),
            options="text",
        ),
        Column(key="kind", title=text("Kind"), value=lambda row: row.line.matter, options=Matter),
        Column(
            key="stage",
            title=text("Stage"),
            value=lambda row: row.line.work,
            options=tuple((work.value, word_of(work)) for work in ACCEPTED),
        ),
        Column(key="party", title=text("Other body"), value=lambda row: row.line.party_name),
        Column(key="since", title=text("Received"), value=lambda row: row.line.since, kind="day"),
        Column(key="due", title=text("Due"), value=lambda row: row.line.due, kind="day", sort=True),
        Column(
            key="term",
            title=text("Left"),
            value=lambda row: left_words(row.line.days_left),
            tone=lambda row: left_tone(row.line.days_left),
            options=Term,
        ),
        Column(
            key="turn",
            title=text("Whose turn"),
            value=lambda row: row.turn,
            options=((MINE, text("for me to do")), (THEIRS, text("for colleagues to do"))),
        ),
        Column(
            key="firm",
            title=text("Day"),
            value=lambda row: text("provisional") if row.line.provisional else "",
            shown=False,
        ),
        Column(key="law", title=text("Rule"), value=lambda row: row.line.law, shown=False),
        Column(key="number", title=text("Number"), value=lambda row: row.line.on, kind="code", shown=False),
    ),
    key=lambda row: row.line.place,
    sort="due",
    stacked=True,
    empty=text("Nothing waits for your body."),
    then=text("Requests, changes, demands, disputes and objections appear here as they arrive."),
)


@shown("/acceptance", guard="pages.acceptance")
def show_acceptance(visit: TheVisit) -> Answer:
    """Show everything of sharing that waits for the visitor's body, with how much there is of each kind."""

    def fetch(ask: Asked) -> list[Listed]:
        with visit.house.reading() as db:
            found = oversight.accepted(
                db,
                visit.acting,
                visit.house.clock(),
                _wanted(ask),
                after=ask.after,
                descending=ask.descending,
                limit=ask.limit,
            )
        return [Listed(line=one, turn=_turn(visit, one)) for one in found]

    chosen = visit.asked("kind")
    with visit.house.reading() as db:
        sizes = oversight.accepted_sizes(db, visit.acting, visit.house.clock())
    kinds = [
        Kind(
            words=word_of(matter),
            size=size.count,
            overdue=size.overdue,
            href=f"/acceptance?kind={matter.value}",
            chosen=matter.value == chosen,
        )
        for matter, size in sizes.items()
    ]
    return table_page(
        visit,
        TABLE,
        fetch,
        "sharing/acceptance.html",
        title=TABLE.title,
        crumbs=(FIRST,),
        kinds=kinds,
        size=sum(one.count for one in sizes.values()),
        overdue=sum(one.overdue for one in sizes.values()),
        may_sign=visit.may("sharing.approve") or visit.may("sharing.sign_request"),
    )


def _wanted(ask: Asked) -> Wanted:
    kind, stage, term, turn = (ask.filter(name) for name in ("kind", "stage", "term", "turn"))
    return Wanted(
        matter=Matter(kind) if kind else None,
        work=Work(stage) if stage else None,
        term=Term(term) if term else None,
        mine={"": None, MINE: True, THEIRS: False}[turn],
        sought=ask.filter("what"),
    )


def _turn(visit: Visit, line: Awaited) -> str:
    """Return who may do it: the visitor, or the colleagues who hold one of its duties."""
    if line.mine:
        return visit.say(text("you"))
    return "、".join(visit.say(word_of(duty)) for duty in oversight.duties_of(line.work))


PAGES = [show_acceptance]
