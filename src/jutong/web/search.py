"""Searching the catalogue by program."""

from __future__ import annotations

from typing import Annotated

import msgspec
from litestar.params import Parameter, QueryParameter

from jutong import search
from jutong.search import Hit

from .wiring import NO_NUL, Limit, TheActor, TheHouse, look

TAGS = ["catalogue"]
Asked = Annotated[str, Parameter(max_length=100, pattern=NO_NUL, description="words, places, years; pinyin or English")]
Chosen = Annotated[str, Parameter(max_length=100, pattern=NO_NUL)]


class Why(msgspec.Struct, kw_only=True):
    """Which part of the question is answered, by which term, and where that stands."""

    asked: str
    term: str
    where: str


class Result(msgspec.Struct, kw_only=True):
    """An entry that was found; those of its series behind it."""

    entry: str
    version: int
    title: str
    provider: str
    publisher: str
    score: float
    why: list[Why]
    more: list[str] = []


class Results(msgspec.Struct, kw_only=True):
    """The answer to a question, best first."""

    asked: str
    read_as: str
    hits: int
    results: list[Result]
    facets: dict[str, dict[str, int]]


@look("/api/catalogue/search", tags=TAGS)
def search_catalogue(
    house: TheHouse,
    actor: TheActor,
    q: Asked = "",
    provider: Chosen = "",
    share: Chosen = "",
    opened: Annotated[str, QueryParameter(name="open", max_length=100, pattern=NO_NUL)] = "",
    cycle: Chosen = "",
    grade: Chosen = "",
    resource_format: Annotated[str, QueryParameter(name="format", max_length=100, pattern=NO_NUL)] = "",
    division: Chosen = "",
    theme: Chosen = "",
    limit: Limit = 20,
) -> Results:
    """Search the entries that you may see: best first, a series in one place, each with why it was found."""
    facets = {
        "provider": provider,
        "share": share,
        "open": opened,
        "cycle": cycle,
        "grade": grade,
        "format": resource_format,
        "division": division,
        "theme": theme,
    }
    return results_of(search.search(house, actor, q, facets), limit=limit)


def results_of(found: search.Found, *, limit: int) -> Results:
    """Return what was found as programs read it."""
    return Results(
        asked=found.plan.asked,
        read_as=found.plan.read_as,
        hits=len(found.hits),
        results=[_result(one.first, one.more) for one in found.places[:limit]],
        facets={name: dict(counts) for name, counts in found.counted(search.FACETS).items()},
    )


def _result(hit: Hit, more: tuple[Hit, ...]) -> Result:
    row = hit.row
    return Result(
        entry=row.entry,
        version=row.version,
        title=row.shown,
        provider=row.provider,
        publisher=row.publisher,
        score=round(hit.score, 4),
        why=[Why(asked=one.said, term=one.term, where=one.where) for one in hit.reasons],
        more=[one.row.entry for one in more],
    )


ENDPOINTS = [search_catalogue]
