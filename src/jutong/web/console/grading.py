"""Pages of the grading assistant: what it proposes and why, and what a person answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass

import msgspec

from jutong import catalogue, census, registers
from jutong.census import Aspect, Proposal, Reason, Verdict
from jutong.kernel.errors import NotFound
from jutong.kernel.text import Text, plain, text
from jutong.terms.element import StandardElement

from ..wiring import Ulid, UlidField, Words
from .census_words import KINDS
from .frame import Answer, Crumb, TheVisit, acted, done, page, shown
from .known_names import titles_of_items
from .table import Asked, Column, Table, table_page
from .visit import Visit
from .words import word_of

FIRST: Crumb = ("/", text("First page"))
TONES: Mapping[Verdict, str] = {Verdict.OPEN: "amber", Verdict.ACCEPTED: "green", Verdict.REJECTED: "plain"}


class Looking(msgspec.Struct, kw_only=True):
    """The entry that the assistant is to look at."""

    entry: UlidField


class Rejection(msgspec.Struct, kw_only=True):
    """Why a proposal is turned down."""

    why: Words


@dataclass(frozen=True, slots=True)
class Row:
    """A proposal with the title of its entry."""

    proposal: Proposal
    title: str
    item: str

    @property
    def now(self) -> Text:
        """What the entry says."""
        return worded(self.proposal.aspect, self.proposal.now)

    @property
    def proposed(self) -> Text:
        """What it would say."""
        return worded(self.proposal.aspect, self.proposal.proposed)


@shown("/grading", guard="pages.grading")
def list_proposals(visit: TheVisit) -> Answer:
    """List what the assistant proposes to one's own body, or to all for those who check."""
    own = census.own_only(visit.acting)

    def fetch(ask: Asked) -> list[Row]:
        verdict, only = ask.filter("verdict"), ask.filter("contradiction")
        with visit.house.reading() as db:
            found = census.proposals_listed(
                db,
                provider=own,
                verdict=Verdict(verdict) if verdict else None,
                contradiction=only == "yes" if only else None,
                descending=ask.descending,
                after=ask.after,
                limit=ask.limit,
            )
            titles = catalogue.titles(db, [one.entry for one in found])
            items = titles_of_items(db, visit.acting, {one.entry for one in found})
        return [Row(one, titles.get(one.entry, one.entry), items.get((one.entry, one.item), one.item)) for one in found]

    return table_page(visit, _TABLE, fetch, "census/proposals.html", title=_TABLE.title, crumbs=(FIRST,))


@acted("/grading", guard="pages.grading", again=list_proposals)
def look_at_grades(visit: TheVisit) -> Answer:
    """Let the assistant look at an entry."""
    given = visit.form.read(Looking)
    with visit.desk() as desk:
        census.look_at_grades(desk, given.entry)
    return done(desk, f"/entries/{given.entry}" if not desk.left else "/grading")


@shown("/grading/{proposal_id:str}", guard="pages.grading")
def show_proposal(visit: TheVisit, proposal_id: Ulid) -> Answer:
    """Show one proposal: what would change, every reason with its rule, and the two answers."""
    with visit.house.reading() as db:
        proposal = census.proposal_visible_to(db, proposal_id, visit.acting)
        elements = registers.elements(db)
        entry = None
        with suppress(NotFound):
            entry = catalogue.visible_to(db, proposal.entry, visit.acting)
    open_now = proposal.verdict is Verdict.OPEN
    item = next((one.title for one in entry.items if one.name == proposal.item), "") if entry else ""
    return page(
        visit,
        "census/proposal.html",
        title=text("What the assistant proposes"),
        crumbs=(FIRST, ("/grading", _TABLE.title)),
        proposal=proposal,
        tone=TONES[proposal.verdict],
        entry=entry,
        item=item or proposal.item,
        now=worded(proposal.aspect, proposal.now),
        proposed=worded(proposal.aspect, proposal.proposed),
        reasons=reasons_in_words(visit, proposal.reasons, elements),
        may_accept=open_now and visit.may("census.accept_proposal", proposal.label),
        may_reject=open_now and visit.may("census.reject_proposal", proposal.label),
    )


@acted("/grading/{proposal_id:str}/acceptance", guard="pages.grading", again=show_proposal)
def accept_proposal(visit: TheVisit, proposal_id: Ulid) -> Answer:
    """Take a proposal over."""
    with visit.desk() as desk:
        census.accept_proposal(desk, proposal_id)
    return done(desk, f"/grading/{proposal_id}")


@acted("/grading/{proposal_id:str}/rejection", guard="pages.grading", again=show_proposal)
def reject_proposal(visit: TheVisit, proposal_id: Ulid) -> Answer:
    """Turn a proposal down."""
    given = visit.form.read(Rejection)
    with visit.desk() as desk:
        census.reject_proposal(desk, proposal_id, given.why)
    return done(desk, f"/grading/{proposal_id}")


def worded(aspect: Aspect, value: str) -> Text:
    """Return a value of an aspect in words."""
    match aspect:
        case Aspect.SHARE_TYPE:
            return word_of(catalogue.ShareType(value))
        case Aspect.OPEN_TYPE:
            return word_of(catalogue.OpenType(value))
        case Aspect.GRADE:
            return plain(value)


def reasons_in_words(
    visit: Visit, reasons: Iterable[Reason], elements: Iterable[StandardElement]
) -> list[tuple[Text, str, str, str]]:
    """Return each reason as its clue, what it is about, how many values say so, and the rule."""
    titles = {one.id: one.title if visit.language == "zh-CN" else one.title_en for one in elements}
    return [
        (
            word_of(one.clue),
            visit.say(KINDS[one.what]) if one.what in KINDS else titles.get(one.what, one.what),
            f"{one.share / 10:.1f} %" if one.share else "",
            one.rule,
        )
        for one in reasons
    ]


_TABLE: Table[Row] = Table(
    name="proposals",
    title=text("Proposals of the grading assistant"),
    columns=(
        Column(
            key="entry",
            title=text("Entry"),
            value=lambda row: row.title,
            href=lambda row: f"/grading/{row.proposal.id}",
        ),
        Column(key="item", title=text("Item"), value=lambda row: row.item),
        Column(key="aspect", title=text("What would change"), value=lambda row: row.proposal.aspect),
        Column(key="now", title=text("Says now"), value=lambda row: worded(row.proposal.aspect, row.proposal.now)),
        Column(
            key="proposed", title=text("Proposed"), value=lambda row: worded(row.proposal.aspect, row.proposal.proposed)
        ),
        Column(
            key="contradiction",
            title=text("Contradiction"),
            value=lambda row: text("contradiction") if row.proposal.contradiction else text("advice"),
            tone=lambda row: "red" if row.proposal.contradiction else "plain",
            options=(("yes", text("contradiction")), ("no", text("advice"))),
        ),
        Column(
            key="verdict",
            title=text("Answer"),
            value=lambda row: row.proposal.verdict,
            tone=lambda row: TONES[row.proposal.verdict],
            options=Verdict,
        ),
        Column(key="opened", title=text("Opened"), value=lambda row: row.proposal.opened, kind="day", sort=True),
    ),
    key=lambda row: (row.proposal.id,),
    sort="-opened",
    empty=text("The assistant has nothing to propose."),
    then=text("It looks at an entry when it is published, or when asked."),
)

PAGES = [list_proposals, look_at_grades, show_proposal, accept_proposal, reject_proposal]
