"""The acceptance desk by program: everything of sharing that waits for your body, page by page."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated

import msgspec
from litestar.params import FromQuery, Parameter

from jutong import oversight
from jutong.kernel.text import preferred_language
from jutong.oversight import Awaited, Matter, Size, Term, Wanted, Work

from .wiring import NO_NUL, Limit, TheActor, TheHouse, TheRequest, look

TAGS = ["sharing"]
AfterPlace = Annotated[
    str,
    Parameter(
        max_length=100,
        pattern=r"^([0-9]{4}-[0-9]{2}-[0-9]{2}/[0-9A-Z]{26}/[a-z-]+)?$",
        description="only what stands after this place: `next` of the page before",
    ),
]
Words = Annotated[str, Parameter(max_length=200, pattern=NO_NUL)]


class Line(msgspec.Struct, kw_only=True):
    """One thing that waits: its kind, what is to be done, of whom, by when, and whether it is yours to do."""

    matter: Matter
    work: Work
    on: str
    title: str
    party: str
    party_name: str
    since: date | None
    due: date | None
    days_left: int | None
    provisional: bool
    term: Term
    law: str
    mine: bool


class SizeView(msgspec.Struct, kw_only=True):
    """How many things of a kind wait, and how many of them are overdue."""

    matter: Matter
    count: int
    overdue: int


class DeskView(msgspec.Struct, kw_only=True):
    """One page of the desk, how much of each kind there is in all, and the place of the next page (empty: none)."""

    lines: tuple[Line, ...]
    sizes: tuple[SizeView, ...]
    next: str


@look("/api/acceptance", tags=TAGS)
def list_acceptance(
    house: TheHouse,
    actor: TheActor,
    request: TheRequest,
    matter: FromQuery[Matter | None] = None,
    work: FromQuery[Work | None] = None,
    term: FromQuery[Term | None] = None,
    mine: FromQuery[bool | None] = None,
    q: Words = "",
    after: AfterPlace = "",
    limit: Limit = 50,
) -> DeskView:
    """List everything of sharing that waits for your body, of all kinds, the first due first."""
    wanted = Wanted(matter=matter, work=work, term=term, mine=mine, sought=q.strip())
    place = tuple(after.split("/")) if after else ()
    now = house.clock()
    with house.reading() as db:
        found = oversight.accepted(db, actor, now, wanted, after=place, limit=limit + 1)
        sizes = oversight.accepted_sizes(db, actor, now)
    language = preferred_language(request.headers.get("accept-language"))
    return desk_of(found, limit, language, sizes)


def desk_of(found: tuple[Awaited, ...], limit: int, language: str, sizes: Mapping[Matter, Size]) -> DeskView:
    """Return the page in the reader's language; one line more than it shows tells whether there is another."""
    shown = found[:limit]
    return DeskView(
        lines=tuple(_line(one, language) for one in shown),
        sizes=tuple(SizeView(matter=matter, count=size.count, overdue=size.overdue) for matter, size in sizes.items()),
        next="/".join(shown[-1].place) if len(found) > limit else "",
    )


def _line(one: Awaited, language: str) -> Line:
    told = {
        name: getattr(one, name)
        for name in ("matter", "work", "on", "title", "party", "party_name", "since", "due", "days_left", "mine")
    }
    return Line(**told, provisional=one.provisional, term=one.term, law=one.law.said_in(language))


ENDPOINTS = [list_acceptance]
