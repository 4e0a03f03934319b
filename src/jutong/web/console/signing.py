"""What waits for a head, on one page that a phone can show: what, for what, by whom, by when, how graded."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from jutong import catalogue, registers, sharing
from jutong.desk import Reading
from jutong.kernel.errors import Invalid
from jutong.kernel.ids import is_ulid
from jutong.kernel.text import Text, text
from jutong.sharing import Request, Side, Stage
from jutong.terms import Grade

from .frame import Answer, TheVisit, acted, done, page, shown
from .known_names import names_of_bodies
from .sharing import FIRST, REQUESTS, items_of, left_tone, left_words
from .visit import Visit

AT_ONCE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One request as a head needs to see it before it signs or decides."""

    request: Request
    title: str
    other: str  # the providing body, or the asking one
    items: tuple[str, ...]
    grade: Grade
    left: Text | None
    tone: str

    @property
    def mark(self) -> str:
        """What is signed: the request, as it was shown."""
        return f"{self.request.id}:{self.request.wish.digest()}"


@shown("/signatures", guard="pages.requests")
def show_signatures(visit: TheVisit) -> Answer:
    """Show the drafts that wait for a signature, and the requests that wait for an answer."""
    org = visit.acting.org
    with visit.house.reading() as db:
        drafts = sharing.requests_waiting(db, Side.ASKED, org, stage=Stage.DRAFT, limit=AT_ONCE)
        asked = sharing.requests_waiting(db, Side.ANSWERING, org, limit=AT_ONCE)
        to_sign, to_answer = _cards(db, visit, drafts.top), _cards(db, visit, asked.top)
    return page(
        visit,
        "sharing/signatures.html",
        title=text("To sign and to decide"),
        crumbs=(FIRST, REQUESTS),
        to_sign=to_sign,
        to_answer=to_answer,
        more=drafts.size - len(to_sign) + asked.size - len(to_answer),
        may_sign=visit.may("sharing.sign_request"),
        ticked=visit.form.all("signed"),
    )


@acted("/signatures", guard="pages.requests", again=show_signatures)
def sign_several(visit: TheVisit) -> Answer:
    """Sign the drafts that are ticked, each as it was shown and with a line of its own; all of them or none."""
    chosen = [one.partition(":") for one in visit.form.all("signed")]
    if not 0 < len(chosen) <= AT_ONCE or not all(is_ulid(number) and seen for number, _, seen in chosen):
        raise Invalid(text("tick the requests that you sign"))
    with visit.desk() as desk:
        for number, _, seen in chosen:
            sharing.sign_request(desk, number, seen=seen)
    return done(desk, "/signatures")


def _cards(db: Reading, visit: Visit, found: Iterable[Request]) -> list[Card]:
    requests, calendar = tuple(found), registers.calendar(db)
    other = {one.id: one.provider if one.consumer == visit.acting.org else one.consumer for one in requests}
    names = names_of_bodies(db, other.values())
    cards = []
    for one in requests:
        entry = catalogue.at_version(db, one.entry, one.entry_version)
        items, left = items_of(entry, one), calendar.left(visit.today, one.due) if one.due else None
        cards.append(
            Card(
                request=one,
                title=entry.title,
                other=names[other[one.id]],
                items=tuple(item.title for item in items),
                grade=max(item.grade for item in items),
                left=left_words(left),
                tone=left_tone(left),
            )
        )
    return cards


PAGES = [show_signatures, sign_several]
