"""Pages of requests: what was asked for, whose turn it is, by which day, and the moves that the law allows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from jutong import catalogue, guard, ledger, oversight, registers, sharing
from jutong.desk import Reading
from jutong.kernel.text import Text, text
from jutong.ledger import Kept
from jutong.sharing import Request, Stage
from jutong.terms import BodyKind
from jutong.terms.calendar import Calendar

from ..wiring import Ulid
from .comparing import compared
from .course import course_of
from .disputing import disputes_about
from .frame import Answer, TheVisit, acted, done, page, shown
from .known_names import division_words, entry_page, mask_words, titles_of_entries
from .papers import papers_of
from .said import DONE
from .sides import fetching, other_sides, side_column
from .table import Column, Table, table_page
from .visit import Visit

FIRST = ("/", text("First page"))
REQUESTS = ("/requests", text("Requests"))
LINES_SHOWN = 100
PAPERS_AT_ONCE = 3
UPLOAD_LIMIT = 32 << 20
STAGE_TONES: Mapping[Stage, str] = {
    Stage.DRAFT: "plain",
    Stage.CONSUMER_OFFICE_SIGNED: "plain",
    Stage.PRECHECK: "blue",
    Stage.PRECHECK_RETURNED: "amber",
    Stage.SUBMITTED: "blue",
    Stage.SUPPLEMENT_REQUIRED: "amber",
    Stage.EXTENSION_ASKED: "blue",
    Stage.EXTENDED: "blue",
    Stage.AGREED: "green",
    Stage.REFUSED: "red",
    Stage.WITHDRAWN: "plain",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A request as a row of the list."""

    request: Request
    title: str
    other: str  # the body on the other side
    left: int | None  # working days


def left_words(left: int | None) -> Text | None:
    """Return how long there is still, in words."""
    if left is None:
        return None
    if left < 0:
        return text("{days} working days late", days=-left)
    return text("{days} working days left", days=left) if left else text("due today")


def left_tone(left: int | None) -> str:
    """Return the colour beside those words."""
    if left is None:
        return "plain"
    return "dark-red" if left < 0 else "red" if left <= 1 else "amber" if left <= 3 else "green"


TABLE: Table[Listed] = Table(
    name="requests",
    title=text("Requests"),
    columns=(
        Column(
            key="title",
            title=text("Asked for"),
            value=lambda row: row.title,
            href=lambda row: f"/requests/{row.request.id}",
        ),
        Column(key="other", title=text("Other body"), value=lambda row: row.other),
        Column(
            key="stage",
            title=text("Stage"),
            value=lambda row: row.request.stage,
            tone=lambda row: STAGE_TONES[row.request.stage],
            options=Stage,
        ),
        Column(key="due", title=text("Answer due"), value=lambda row: row.request.due, kind="day", sort=True),
        Column(
            key="left", title=text("Left"), value=lambda row: left_words(row.left), tone=lambda row: left_tone(row.left)
        ),
        Column(key="id", title=text("Drafted"), value=lambda row: row.request.drafted, kind="day", sort=True),
        side_column(),
        Column(key="scenario", title=text("Scenario"), value=lambda row: row.request.wish.scenario, shown=False),
        Column(key="share", title=text("Sharing"), value=lambda row: row.request.share_type, shown=False),
        Column(key="number", title=text("Number"), value=lambda row: row.request.id, kind="code", shown=False),
    ),
    key=lambda row: sharing.key_of_request(row.request),
    sort="due",
    empty=text("No request stands here."),
    then=text("Requests begin at an entry of the catalogue."),
)


@shown("/requests", guard="pages.requests")
def list_requests(visit: TheVisit) -> Answer:
    """List the requests that the visitor may see, those that are owed an answer first."""
    fetch = fetching(visit, sharing.requests_listed, _rows, stages=Stage)
    with visit.house.reading() as db:
        begun = sharing.sketches(db, visit.acting)
        titles = titles_of_entries(db, (one.entry for one in begun))
    return table_page(
        visit,
        TABLE,
        fetch,
        "sharing/requests.html",
        title=TABLE.title,
        crumbs=(FIRST,),
        sketches=[(titles[one.entry], f"/requests/new?entry={one.entry}", one.changed) for one in begun],
        may_ask=visit.may("pages.request_form"),
        side=visit.asked("side"),
    )


@shown("/requests/{request_id:str}", guard="pages.requests")
def show_request(visit: TheVisit, request_id: Ulid) -> Answer:
    """Show a request with its course, its clock, whose turn it is, and what the visitor can do."""
    with visit.house.reading() as db:
        request = sharing.find_request(db, request_id, visit.acting)
        entry = catalogue.at_version(db, request.entry, request.entry_version)
        bodies = {one.code: one for one in registers.bodies(db)}
        calendar = registers.calendar(db)
        agreement = sharing.agreement_from(db, request.id)
        granted = _granted(db, request, items_of(entry, request))
        disputed = disputes_about(db, visit, request)
        lines = readable(db, visit, request.id)
        if agreement is not None:
            lines = sorted([*lines, *readable(db, visit, agreement.id)], key=lambda one: (one.line.at, one.line.id))
    authorities = frozenset(code for code, one in bodies.items() if one.kind is BodyKind.AUTHORITY)
    may = {
        move
        for move in sharing.moves_of(request)
        if visit.may(f"sharing.{move}", _label(request, move, entry, authorities))
    }
    return page(
        visit,
        "sharing/request.html",
        title=_title(request, entry),
        crumbs=(FIRST, REQUESTS),
        request=request,
        entry=entry,
        entry_page=entry_page(entry.id),
        names={code: one.name for code, one in bodies.items()},
        items=[(item, mask_words(item.standing_mask)) for item in items_of(entry, request)],
        masks=granted,
        compared=compared(visit, entry, request),
        may_ask=request.consumer == visit.acting.org and visit.may("sharing.keep_template"),
        divisions=division_words(request.wish.divisions),
        agreement=agreement,
        turn=sharing.turn_of(request),
        mine=_turn_is_mine(visit, request, authorities),
        left=None if request.due is None else calendar.left(visit.today, request.due),
        check_left=None if request.precheck is None else calendar.left(visit.today, request.precheck.clock.due),
        extension_due=_extension_due(calendar, request),
        course=course_of(request, agreement, visit.today),
        lines=happened(lines),
        may=may,
        papers_at_once=range(1, PAPERS_AT_ONCE + 1),
        stage_tone=STAGE_TONES[request.stage],
        disputed=disputed,
    )


@acted("/requests/{request_id:str}/signature", guard="pages.requests", again=show_request)
def sign_request(visit: TheVisit, request_id: Ulid) -> Answer:
    """Sign a draft as head of the asking body's sharing office."""
    with visit.desk() as desk:
        sharing.sign_request(desk, request_id, seen=visit.form.seen)
    return done(desk, f"/requests/{request_id}")


@acted("/requests/{request_id:str}/submission", guard="pages.requests", again=show_request)
def submit_request(visit: TheVisit, request_id: Ulid) -> Answer:
    """Hand a signed request to the provider."""
    with visit.desk() as desk:
        sharing.submit_request(desk, request_id)
    return done(desk, f"/requests/{request_id}")


@acted("/requests/{request_id:str}/withdrawal", guard="pages.requests", again=show_request)
def withdraw_request(visit: TheVisit, request_id: Ulid) -> Answer:
    """Take a request back."""
    with visit.desk() as desk:
        sharing.withdraw(desk, request_id)
    return done(desk, f"/requests/{request_id}")


@acted("/requests/{request_id:str}/urging", guard="pages.requests", again=show_request)
def urge(visit: TheVisit, request_id: Ulid) -> Answer:
    """Remind the provider of the answer that it owes."""
    with visit.desk() as desk:
        sharing.urge(desk, request_id)
    return done(desk, f"/requests/{request_id}")


@acted(
    "/requests/{request_id:str}/supplement",
    guard="pages.requests",
    again=show_request,
    request_max_body_size=UPLOAD_LIMIT,
)
def supplement(visit: TheVisit, request_id: Ulid) -> Answer:
    """Hand in what was missing."""
    papers = papers_of(visit)
    with visit.desk() as desk:
        sharing.supplement(desk, request_id, papers)
    return done(desk, f"/requests/{request_id}")


def readable(db: Reading, visit: Visit, on: str) -> list[Kept]:
    """Return the lines on a thing that the visitor may read, oldest first."""
    kept = ledger.read_about(db, on=on, limit=LINES_SHOWN)
    sight = oversight.sight_of(db, visit.acting)
    return [one for one in kept if sight.shows(one.line)]


def happened(lines: Iterable[Kept]) -> list[tuple[object, object, str]]:
    """Return lines as events: when, in which words, and where the line stands."""
    return [(one.line.at, DONE.get(one.line.act, one.line.act), f"/ledger/lines/{one.line.id}") for one in lines]


def _rows(db: Reading, visit: Visit, found: Sequence[Request]) -> list[Listed]:
    calendar, other = registers.calendar(db), other_sides(db, visit, found)
    titles = titles_of_entries(db, (one.entry for one in found))
    return [
        Listed(
            request=one,
            title=titles[one.entry],
            other=other[one.id],
            left=None if one.due is None else calendar.left(visit.today, one.due),
        )
        for one in found
    ]


def _label(request: Request, move: str, entry: catalogue.Entry, authorities: frozenset[str]) -> guard.Label:
    if move == "approve":
        return entry.label
    if move in {"extend", "pass_precheck", "return_precheck"}:
        return guard.Label(owner="", parties=authorities)
    if move == "urge":
        return guard.Label(owner=request.consumer, parties=authorities)
    answering = move in {"refuse", "require_supplement", "ask_extension"}
    return guard.Label(owner=request.provider if answering else request.consumer)


def _turn_is_mine(visit: Visit, request: Request, authorities: frozenset[str]) -> bool:
    turn = sharing.turn_of(request)
    if turn is None or turn.duty not in visit.acting.duties:
        return False
    return visit.acting.org == turn.body or (not turn.body and visit.acting.org in authorities)


def _granted(
    db: Reading, request: Request, items: Iterable[catalogue.Item]
) -> list[tuple[catalogue.Item, list[tuple[str, Text]], str]]:
    """Return which masks an approval offers for each item, and the one that stands first: a change keeps what was."""
    standing = sharing.find_agreement(db, request.amends).items if request.amends else ()
    kept = {one.name: one.mask for one in standing}
    found = []
    for item in items:
        masks = sharing.masks_for(item)
        chosen = kept.get(item.name, masks[0])
        found.append((item, [(mask, mask_words(mask)) for mask in masks], chosen if chosen in masks else masks[0]))
    return found


def _title(request: Request, entry: catalogue.Entry) -> Text:
    if request.amends:
        return text("Change applied for: {title}", title=entry.title)
    return text("Request: {title}", title=entry.title)


def _extension_due(calendar: Calendar, request: Request) -> date | None:
    if request.clock is None or request.extension is None or request.extension.agreed:
        return None
    return calendar.after(request.clock.due, request.extension.days).day


def items_of(entry: catalogue.Entry, request: Request) -> list[catalogue.Item]:
    """Return the items that are asked for, in the order of the entry."""
    return [item for item in entry.items if item.name in request.wish.items]


PAGES = [list_requests, show_request, sign_request, submit_request, withdraw_request, urge, supplement]
