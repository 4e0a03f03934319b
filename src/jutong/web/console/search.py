"""Pages of the search: results for everybody, synonyms, kept questions, and questions without an answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlencode

import msgspec

from jutong import registers, search
from jutong.catalogue import Format, OpenType, ShareType, UpdateCycle
from jutong.desk import Reading
from jutong.kernel.text import Text, text
from jutong.search import Found, Hit, Kind, Reason
from jutong.terms import Grade

from ..wiring import NO_NUL, Ulid
from .frame import Answer, TheVisit, acted, done, page, shown
from .visit import Visit
from .words import word_of

PAGE = 20
VALUES_SHOWN = 8
PREVIEWED = 8
FACETS: Mapping[str, Text] = {
    "provider": text("Body"),
    "division": text("Division"),
    "share": text("Share type"),
    "open": text("Opening to the public"),
    "cycle": text("Update cycle"),
    "grade": text("Grade"),
    "format": text("Format"),
}
ENUMERATIONS = {"share": ShareType, "open": OpenType, "cycle": UpdateCycle, "format": Format}
WHERE: Mapping[str, Text] = {
    "title": text("in the title"),
    "tags": text("among the key words"),
    "items": text("among the items"),
    "publisher": text("in the body's name"),
    "description": text("in the abstract"),
    "place": text("where it belongs"),
    "year": text("when it last changed"),
}
Line = Annotated[str, msgspec.Meta(max_length=300, pattern=NO_NUL)]
Question = Annotated[str, msgspec.Meta(max_length=100, pattern=NO_NUL)]
Reasons = Annotated[str, msgspec.Meta(max_length=500, pattern=NO_NUL)]


class NewGroup(msgspec.Struct, kw_only=True):
    """Words that stand for one another, in one line."""

    line: Line


class NewQuestion(msgspec.Struct, kw_only=True):
    """A question to keep, with what narrows it."""

    asked: Question
    provider: Question = ""
    division: Question = ""
    share: Question = ""
    open: Question = ""
    cycle: Question = ""
    grade: Question = ""
    format: Question = ""


class Forward(msgspec.Struct, kw_only=True):
    """A question without an answer, and why it should have one."""

    words: Question
    reason: Reasons


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
        further=_address(asked, {**chosen, "size": str(size + PAGE)}) if len(places) > size else "",
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
                words=_words(name, value, names),
                count=count,
                chosen=name in chosen,
                address=_address(
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


def _words(name: str, value: str, names: Mapping[str, str]) -> Text | str:
    if name == "provider":
        return names.get(value, value)
    if name == "division":
        return registers.divisions().full_name_of(value) or value
    kind = ENUMERATIONS.get(name)
    known = kind is not None and value in {one.value for one in kind}
    if kind is not None and known:
        return word_of(kind(value))
    return word_of(Grade[value]) if name == "grade" and value in Grade.__members__ else value


def _address(asked: str, chosen: Mapping[str, str]) -> str:
    return f"/catalogue?{urlencode({'q': asked, **chosen})}"


@shown("/synonyms", guard="pages.synonyms")
def list_synonyms(visit: TheVisit) -> Answer:
    """Show the words that stand for one another, and what a new group would change before it is kept."""
    line, asked = visit.asked("line"), visit.asked("q")
    with visit.house.reading() as db:
        groups = search.groups(db)
        names = _names(db)
    before: tuple[Hit, ...] = ()
    after: tuple[Hit, ...] = ()
    if line and asked:
        finder = search.finder_with(visit.house, line)
        before = _first(search.search(visit.house, visit.actor, asked, count=False))
        after = _first(search.search(visit.house, visit.actor, asked, finder=finder, count=False))
    known = {hit.row.entry for hit in before}
    return page(
        visit,
        "search/synonyms.html",
        title=text("Synonyms"),
        crumbs=(("/", text("First page")),),
        groups=tuple((one, names.get(one.body, one.body)) for one in groups),
        line=line,
        asked=asked,
        before=before,
        after=after,
        new={hit.row.entry for hit in after} - known,
        may_keep=visit.may("search.keep_group"),
    )


def _first(found: Found) -> tuple[Hit, ...]:
    return tuple(one.first for one in found.places[:PREVIEWED])


@acted("/synonyms", guard="pages.synonyms", again=list_synonyms)
def keep_synonyms(visit: TheVisit) -> Answer:
    """Keep words that stand for one another."""
    new = visit.form.read(NewGroup)
    with visit.desk() as desk:
        search.keep_group(desk, new.line)
    return done(desk, "/synonyms")


@acted("/synonyms/{group_id:str}/removal", guard="pages.synonyms", again=list_synonyms)
def remove_synonyms(visit: TheVisit, group_id: Ulid) -> Answer:
    """Let go of words that stood for one another."""
    with visit.desk() as desk:
        search.remove_group(desk, group_id)
    return done(desk, "/synonyms")


@shown("/searches", guard="pages.kept_questions")
def list_kept(visit: TheVisit) -> Answer:
    """Show the questions that one's body keeps."""
    with visit.house.reading() as db:
        kept = search.questions(db, visit.acting.org)
    return page(
        visit,
        "search/kept.html",
        title=text("Saved searches"),
        crumbs=(("/", text("First page")),),
        kept=tuple((one, _address(one.asked, one.facets)) for one in kept),
    )


@acted("/searches", guard="pages.kept_questions", again=list_kept)
def keep_question(visit: TheVisit) -> Answer:
    """Keep a question for one's body."""
    new = visit.form.read(NewQuestion)
    facets = {name: value for name in FACETS if (value := getattr(new, name))}
    with visit.desk() as desk:
        search.keep_question(desk, new.asked, facets)
    return done(desk, "/searches")


@acted("/searches/{question_id:str}/removal", guard="pages.kept_questions", again=list_kept)
def let_go(visit: TheVisit, question_id: Ulid) -> Answer:
    """Let go of a question."""
    with visit.desk() as desk:
        search.let_go(desk, question_id)
    return done(desk, "/searches")


@shown("/missed", guard="pages.missed")
def list_missed(visit: TheVisit) -> Answer:
    """Show the questions that found nothing, and what was put forward as a demand."""
    with visit.house.reading() as db:
        missed, candidates, names = search.missed_most(db), search.candidates(db), _names(db)
    return page(
        visit,
        "search/missed.html",
        title=text("Searches without an answer"),
        crumbs=(("/", text("First page")),),
        missed=missed,
        missed_options=tuple((one.words, one.words) for one in missed),
        candidates=tuple((one, names.get(one.body, one.body)) for one in candidates),
        may_put_forward=visit.may("search.put_forward"),
    )


@acted("/missed/demands", guard="pages.missed", again=list_missed)
def put_forward(visit: TheVisit) -> Answer:
    """Put a question without an answer forward as a demand."""
    new = visit.form.read(Forward)
    with visit.desk() as desk:
        search.put_forward(desk, new.words, new.reason)
    return done(desk, "/missed")


def _names(db: Reading) -> Mapping[str, str]:
    return {one.code: one.name for one in registers.bodies(db)}


PAGES = [list_synonyms, keep_synonyms, remove_synonyms, list_kept, keep_question, let_go, list_missed, put_forward]
