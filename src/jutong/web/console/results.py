"""What answers a question: results for everybody with why each was found, and what they can be narrowed by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from jutong import registers, search
from jutong.catalogue import Format, OpenType, ShareType, Theme, UpdateCycle, harvest
from jutong.kernel.text import Text, text
from jutong.search import Found, Hit, Kind, Reason
from jutong.terms import Grade

from .frame import Answer, page
from .visit import Visit
from .words import word_of

PAGE = 20
VALUES_SHOWN = 8
FACETS: Mapping[str, Text] = {
    "provider": text("Body"),
    "division": text("Division"),
    "share": text("Share type"),
    "open": text("Opening to the public"),
    "cycle": text("Update cycle"),
    "grade": text("Grade"),
    "format": text("Format"),
    "theme": text("Theme"),
}
ENUMERATIONS = {"share": ShareType, "open": OpenType, "cycle": UpdateCycle, "format": Format, "theme": Theme}
WHERE: Mapping[str, Text] = {
    "title": text("in the title"),
    "tags": text("among the key words"),
    "items": text("among the items"),
    "publisher": text("in the body's name"),
    "description": text("in the abstract"),
    "place": text("where it belongs"),
    "year": text("when it last changed"),
}


@dataclass(frozen=True, slots=True)
class Shown:
    """A result with what is said about it."""

    hit: Hit
    body: str
    why: tuple[Text, ...]
    more: tuple[Hit, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """A value by which results can be narrowed."""

    words: Text | str
    count: int
    address: str
    chosen: bool


def results(visit: Visit, asked: str) -> Answer:
    """Show what answers a question, and why."""
    chosen = {name: visit.asked(name) for name in FACETS if visit.asked(name)}
    found = search.search(visit.house, visit.actor, asked, chosen)
    size = _number(visit.asked("size"))
    with visit.house.reading() as db:
        names = {one.code: one.name for one in registers.bodies(db)}
    places = found.places
    return page(
        visit,
        "search/results.html",
        title=text("Search results"),
        crumbs=(("/", text("First page")), ("/catalogue", text("Catalogue of government data"))),
        asked=asked,
        found=found,
        count=len(places),
        base="/entries" if visit.actor else "/catalogue",
        results=tuple(
            Shown(
                hit=one.first,
                body=names.get(one.first.row.provider, one.first.row.provider),
                why=tuple(_why(reason) for reason in one.first.reasons),
                more=one.more,
            )
            for one in places[:size]
        ),
        facets=_choices(found, asked, chosen, names),
        chosen=chosen,
        further=results_address(asked, {**chosen, "size": str(size + PAGE)}) if len(places) > size else "",
        may_keep=visit.may("search.keep_question"),
    )


def _number(given: str) -> int:
    return min(int(given), 500) if given.isascii() and given.isdigit() and int(given[:4]) > 0 else PAGE


def _why(reason: Reason) -> Text:
    where = WHERE[reason.where]
    if reason.kind in (Kind.PLACE, Kind.YEAR) or (reason.said == reason.term and reason.whole):
        return text("{term}: {where}", term=reason.term, where=where)
    if not reason.whole:
        return text("a part of {said}: {where}", said=reason.said, where=where)
    return text("{term} stands for {said}: {where}", term=reason.term, said=reason.said, where=where)


def _choices(
    found: Found, asked: str, chosen: Mapping[str, str], names: Mapping[str, str]
) -> tuple[tuple[Text, tuple[Choice, ...]], ...]:
    counted = found.counted(FACETS)
    shown_facets = []
    for name, title in FACETS.items():
        values = dict(list(counted[name].items())[:VALUES_SHOWN])
        if name in chosen:
            values = {chosen[name]: counted[name].get(chosen[name], 0)}
        choices = tuple(
            Choice(
                words=facet_words(name, value, names),
                count=count,
                chosen=name in chosen,
                address=results_address(
                    asked, {**{k: v for k, v in chosen.items() if k != name}, **_unless(name, value, chosen)}
                ),
            )
            for value, count in values.items()
        )
        if choices and (len(choices) > 1 or name in chosen):
            shown_facets.append((title, choices))
    return tuple(shown_facets)


def _unless(name: str, value: str, chosen: Mapping[str, str]) -> dict[str, str]:
    return {} if name in chosen else {name: value}


def facet_words(name: str, value: str, names: Mapping[str, str]) -> Text | str:
    """Return how a facet's value is said; ``names`` are the bodies'."""
    if name == "provider":
        return names.get(value, value)
    if name == "division":
        return registers.divisions().full_name_of(value) or value
    if name == "theme" and value == search.NO_THEME:
        return text("no theme is given")
    if name == "theme" and value.startswith(harvest.SAID):
        return text("{words} (not a known theme)", words=value.removeprefix(harvest.SAID))
    kind = ENUMERATIONS.get(name)
    known = kind is not None and value in {one.value for one in kind}
    if kind is not None and known:
        return word_of(kind(value))
    return word_of(Grade[value]) if name == "grade" and value in Grade.__members__ else value


def results_address(asked: str, chosen: Mapping[str, str]) -> str:
    """Return where the results stand, narrowed as chosen."""
    return f"/catalogue?{urlencode({'q': asked, **chosen})}"
