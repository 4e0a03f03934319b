"""Pages of proof: the ledger's lines, what proves each of them, receipts, and the state of the log."""

from __future__ import annotations

import re
from datetime import date
from urllib.parse import quote

from litestar import Response
from litestar.params import FromPath

from jutong import ledger, oversight, registers
from jutong.kernel.errors import NotFound, WrongMoment
from jutong.kernel.text import Text, text
from jutong.ledger import Evidence, Kept, Receipt, Search, VerifierKey

from .deeds import DEEDS, Names, deed_of
from .facts import fact_of
from .frame import Answer, Crumb, TheVisit, acted, page, shown
from .proof import CHECKS, Verification, checks_of, read_keys, receipt_text
from .table import Asked, Column, Kind, Table, table_page
from .visit import Visit

LEDGER: Crumb = ("/ledger", text("Ledger"))
HOME: Crumb = ("/", text("First page"))
CHOICES_AT_MOST = 300  # bodies; beyond it one types the code
UPLOAD_LIMIT = 4 << 20
RECEIPT_FILE = "r.txt"
_ULID = re.compile("[0-7][0-9A-HJKMNP-TV-Z]{25}")
PLACE = re.compile("0|[1-9][0-9]{0,17}")


@shown("/ledger", guard="pages.ledger")
def list_lines(visit: TheVisit) -> Answer:
    """List what was done, the newest first: one's own body's lines, or all of them for those who look over all."""
    names = Names(visit.house)
    table = lines_table("ledger", text("Lines of the ledger"), names, acts=tuple(DEEDS))

    def fetch(ask: Asked) -> list[Kept]:
        return lines_for(visit, ask)

    return table_page(visit, table, fetch, "ledger/lines.html", title=text("Ledger"), crumbs=(HOME,))


def lines_table(name: str, title: Text, names: Names, *, acts: tuple[str, ...]) -> Table[Kept]:
    """Return the table of lines; each opens what proves it."""
    few = len(names.bodies) <= CHOICES_AT_MOST
    return Table(
        name=name,
        title=title,
        columns=(
            Column(key="place", title=text("Place"), value=_place_of),
            Column(key="at", title=text("When"), value=lambda kept: kept.line.at, kind="instant", sort=True),
            Column(
                key="act",
                title=text("What was done"),
                value=lambda kept: deed_of(kept.line.act),
                href=lambda kept: f"/ledger/lines/{kept.line.id}",
                options=tuple((act, deed_of(act)) for act in acts),
            ),
            Column(
                key="body",
                title=text("Body"),
                value=lambda kept: names.body(kept.line.org),
                options=tuple(names.bodies.items()) if few else "text",
            ),
            Column(key="who", title=text("Post"), value=lambda kept: names.who(kept.line.actor, kept.line.org)),
            Column(
                key="on",
                title=text("On"),
                value=lambda kept: kept.line.on,
                kind="code",
                href=lambda kept: f"/ledger?on={quote(kept.line.on, safe='')}",
                options="text",
            ),
            Column(
                key="day", title=text("Day"), value=lambda kept: kept.line.day, kind="day", options="text", shown=False
            ),
        ),
        key=lambda kept: (str(kept.number),),
        sort="-at",
        empty=text("No line stands here yet."),
    )


def lines_for(visit: Visit, ask: Asked, *, acts: tuple[str, ...] = (), person: str = "") -> list[Kept]:
    """Return the lines that a table asks for, as far as the visitor may see them."""
    act = ask.filter("act")
    with visit.house.reading() as db:
        sight = oversight.sight_of(db, visit.acting)
    wanted = Search(
        seen_by=sight.body,
        acts=(act,) if act else acts,
        body=ask.filter("body"),
        on=ask.filter("on"),
        person=person,
        day=_day(ask.filter("day")),
    )
    beyond = int(ask.after[0]) if ask.after and PLACE.fullmatch(ask.after[0]) else None
    with visit.house.reading() as db:
        return ledger.search(db, wanted, beyond=beyond, descending=ask.descending, limit=ask.limit)


@shown("/ledger/lines/{wanted:str}", guard="pages.ledger")
def show_line(visit: TheVisit, wanted: FromPath[str]) -> Answer:
    """Show one line, by its identifier or its place: in words, in bytes, and with everything that proves it."""
    place, line = _found(visit, wanted)
    names = Names(visit.house)
    proof = None
    if place is not None:
        receipt = Receipt.read(ledger.receipt_of(visit.house.engine, visit.house.home.ledger, line.id))
        proof = ledger.proven(receipt, witnesses_of(visit))
    return page(
        visit,
        "ledger/line.html",
        title=deed_of(line.act),
        crumbs=(HOME, LEDGER),
        line=line,
        place=place,
        names=names,
        facts=[(fact_of(name), _fact(names, name, value)) for name, value in sorted(line.facts.items())],
        leaf=line.leaf().decode(),
        proof=proof,
        days=("due", "delivery_due", "since", "until"),
    )


@shown("/checkpoint", guard=None)
def show_checkpoint(visit: TheVisit) -> Answer:
    """Show how the log stands: its size, its root, who signed it, and that it only grew."""
    standing = ledger.standing(visit.house.home.ledger)
    known = witnesses_of(visit)
    seen = [
        (one, ledger.Checkpoint.of_body(note.body).size)
        for note in standing.cosigned
        for one in ledger.cosignatures(note, known)
    ]
    return page(
        visit,
        "ledger/checkpoint.html",
        title=text("State of the log"),
        crumbs=(HOME,),
        standing=standing,
        point=standing.point,
        keys=[str(key) for key in visit.house.log.verifiers],
        signed_by=ledger.families(standing.note.verified(visit.house.log.verifiers)),
        witnesses=sorted(seen, key=lambda pair: (pair[0].name, -pair[1])),
        known=[str(key) for key in known],
    )


@shown("/receipts/{some_id:str}", guard="pages.ledger")
def show_receipt(visit: TheVisit, some_id: FromPath[str]) -> Answer:
    """Show what the receipt of a call or an act says."""
    spelled = receipt_for(visit, some_id)
    receipt = Receipt.read(spelled)
    line = Evidence.of_leaf(receipt.leaf)
    names = Names(visit.house)
    return page(
        visit,
        "ledger/receipt.html",
        title=text("Receipt"),
        crumbs=(HOME, LEDGER),
        some_id=some_id,
        spelled=spelled,
        line=line,
        deed=deed_of(line.act),
        body=names.body(line.org),
        who=names.who(line.actor, line.org),
        call=sorted(receipt.call_facts.items()),
        called=receipt.call,
        proof=ledger.proven(receipt, witnesses_of(visit)),
        fact_of=fact_of,
        shows_line=_shows(visit, line),
    )


@shown("/receipts/{some_id:str}/r.txt", guard="pages.ledger")
def take_receipt(visit: TheVisit, some_id: FromPath[str]) -> Answer:
    """Hand the receipt out as a file."""
    headers = {"content-disposition": f'attachment; filename="{RECEIPT_FILE}"', "cache-control": "no-store"}
    return Response(receipt_for(visit, some_id), media_type="text/plain; charset=utf-8", headers=headers)


@shown("/verify", guard=None)
def verify(visit: TheVisit) -> Answer:
    """Let everybody check a receipt: in the browser, or at this node where the browser runs no script."""
    of, spelled = visit.asked("of"), ""
    if of and visit.actor is not None:
        spelled = receipt_for(visit, of)
    return _verify_page(visit, Verification(), spelled)


@acted("/verify", guard=None, again=verify, request_max_body_size=UPLOAD_LIMIT)
def verify_here(visit: TheVisit) -> Answer:
    """Check a receipt at this node, for those whose browser does not."""
    keys, witnesses = read_keys(visit.form)
    return _verify_page(visit, checks_of(receipt_text(visit.form), keys, witnesses=witnesses), "")


def _verify_page(visit: Visit, verification: Verification, spelled: str) -> Answer:
    return page(
        visit,
        "ledger/verify.html",
        title=text("Verify a receipt"),
        crumbs=(HOME,),
        verification=verification,
        checks=CHECKS,
        spelled=spelled,
        keys="\n".join(map(str, (*visit.house.log.verifiers, *witnesses_of(visit)))),
        most=ledger.RECEIPT_CHARACTERS,
    )


def receipt_for(visit: Visit, some_id: str) -> str:
    """Return the receipt of a call or an act to somebody who may see it; for others it is not there."""
    if not _ULID.fullmatch(some_id):
        raise NotFound("receipt", some_id)
    try:
        spelled = ledger.receipt_of(visit.house.engine, visit.house.home.ledger, some_id)
        with visit.house.reading() as db:
            oversight.check_may_read_receipt(db, visit.acting, Receipt.read(spelled))
    except NotFound:
        raise NotFound("receipt", some_id) from None
    except WrongMoment:
        _found(visit, some_id)  # whether it waits is told only to those who may see it
        raise
    return spelled


def witnesses_of(visit: Visit) -> list[VerifierKey]:
    """Return the keys under which neighbours cosign this node's log."""
    with visit.house.reading() as db:
        return [ledger.witness_key(node.name, node.key) for node in registers.nodes(db)]


def _found(visit: Visit, wanted: str) -> tuple[int | None, Evidence]:
    with visit.house.reading() as db:
        if PLACE.fullmatch(wanted):
            place, line = int(wanted), ledger.find_at(db, int(wanted))
        elif _ULID.fullmatch(wanted):
            at, line = ledger.find(db, wanted)
            if not _shows(visit, line):
                raise NotFound("evidence line", wanted)
            return at, line
        else:
            raise NotFound("evidence line", wanted)
    if not _shows(visit, line):
        raise NotFound("evidence line", wanted)
    return place, line


def _shows(visit: Visit, line: Evidence) -> bool:
    with visit.house.reading() as db:
        return oversight.sight_of(db, visit.acting).shows(line)


def _place_of(kept: Kept) -> Text | str:
    return text("waits") if kept.place is None else str(kept.place)


def _day(spelled: str) -> date | None:
    try:
        return date.fromisoformat(spelled) if spelled else None
    except ValueError:
        return date.min  # a day on which nothing was done: what cannot be read finds nothing


def _fact(names: Names, name: str, value: object) -> tuple[Kind, object]:
    """Return how a fact is shown, and its value."""
    if isinstance(value, bool):
        return "text", text("yes") if value else text("no")
    if isinstance(value, int):
        return "number", value
    if isinstance(value, str) and value in names.bodies:
        return "text", names.bodies[value]
    if isinstance(value, str) and name in ("due", "delivery_due", "since", "until", "rectify_by"):
        day = _day(value)
        return ("day", day) if day not in (None, date.min) else ("text", value)
    if isinstance(value, dict):
        return "text", "; ".join(f"{key}: {one}" for key, one in sorted(value.items()))
    if isinstance(value, (list, tuple)):
        return "text", "、".join(str(one) for one in value)
    return "code", value


PAGES = [list_lines, show_line, show_checkpoint, show_receipt, take_receipt, verify, verify_here]
