"""Pages of the search's upkeep: synonyms, kept questions, and questions without an answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import msgspec

from jutong import registers, search
from jutong.desk import Reading
from jutong.kernel.text import Text, text
from jutong.search import Candidate, Found, Hit, Kept, KeptGroup, Missed

from ..wiring import NO_NUL, Ulid
from .frame import Answer, TheVisit, acted, done, shown
from .results import FACETS, facet_words, results_address
from .table import Act, Asked, Column, Table, table_page

PREVIEWED = 8
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
    theme: Question = ""


class Forward(msgspec.Struct, kw_only=True):
    """A question without an answer, and why it should have one."""

    words: Question
    reason: Reasons


@shown("/synonyms", guard="pages.synonyms")
def list_synonyms(visit: TheVisit) -> Answer:
    """Show the words that stand for one another, and what a new group would change before it is kept."""
    line, asked = visit.asked("line"), visit.asked("q")
    may_keep = visit.may("search.keep_group")
    with visit.house.reading() as db:
        names = _names(db)

    def fetch(ask: Asked) -> tuple[KeptGroup, ...]:
        with visit.house.reading() as db:
            return search.groups_listed(
                db,
                words=ask.filter("words"),
                sort="line" if ask.sort == "words" else "changed",
                descending=ask.descending,
                after=ask.after,
                limit=ask.limit,
            )

    before: tuple[Hit, ...] = ()
    after: tuple[Hit, ...] = ()
    if line and asked:
        finder = search.finder_with(visit.house, line)
        before = _first(search.search(visit.house, visit.actor, asked, count=False))
        after = _first(search.search(visit.house, visit.actor, asked, finder=finder, count=False))
    known = {hit.row.entry for hit in before}
    table: Table[KeptGroup] = Table(
        name="synonyms",
        title=text("Groups of this node"),
        columns=(
            _GROUP_WORDS,
            Column(key="body", title=text("Body"), value=lambda one: names.get(one.body, one.body)),
            _GROUP_CHANGED,
            *((_GROUP_REMOVAL,) if may_keep else ()),
        ),
        key=lambda one: (one.id,),
        sort="-changed",
        path="/synonyms",
        empty=text("No group was added on this node."),
        then=text("The groups that come with the product are in use."),
    )
    return table_page(
        visit,
        table,
        fetch,
        "search/synonyms.html",
        title=text("Synonyms"),
        crumbs=(("/", text("First page")),),
        line=line,
        asked=asked,
        before=before,
        after=after,
        new={hit.row.entry for hit in after} - known,
        may_keep=may_keep,
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
        names = _names(db)

    def fetch(ask: Asked) -> tuple[Kept, ...]:
        with visit.house.reading() as db:
            return search.questions_listed(
                db,
                visit.acting.org,
                words=ask.filter("asked"),
                sort=ask.sort,
                descending=ask.descending,
                after=ask.after,
                limit=ask.limit,
            )

    def narrowed(one: Kept) -> str:
        told = [facet_words(name, value, names) for name, value in one.facets.items()]
        return "; ".join(visit.say(words) if isinstance(words, Text) else words for words in told)

    by: Column[Kept] = Column(key="by", title=text("Narrowed to"), value=narrowed)
    table: Table[Kept] = Table(
        name="searches",
        title=text("Saved searches"),
        columns=(_QUESTION, by, *_QUESTION_KEPT),
        key=lambda one: (one.id,),
        sort="-kept",
        path="/searches",
        empty=text("Your body keeps no search yet."),
        then=text("Search the catalogue, then press the button below the results."),
    )
    return table_page(visit, table, fetch, "search/kept.html", title=table.title, crumbs=(("/", text("First page")),))


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
        most = search.missed_most(db)

    def fetch(ask: Asked) -> tuple[Missed, ...]:
        with visit.house.reading() as db:
            return search.missed_listed(
                db,
                contains=ask.filter("words"),
                sort=ask.sort,
                descending=ask.descending,
                after=ask.after,
                limit=ask.limit,
            )

    return table_page(
        visit,
        MISSED,
        fetch,
        "search/missed.html",
        title=MISSED.title,
        crumbs=(("/", text("First page")),),
        missed_options=tuple((one.words, one.words) for one in most),
        may_put_forward=visit.may("search.put_forward"),
    )


@shown("/missed/forwarded", guard="pages.missed")
def list_forwarded(visit: TheVisit) -> Answer:
    """Show the questions without an answer that were put forward as demands."""
    with visit.house.reading() as db:
        names = _names(db)

    def fetch(ask: Asked) -> tuple[Candidate, ...]:
        with visit.house.reading() as db:
            return search.candidates_listed(
                db,
                contains=ask.filter("words"),
                sort=ask.sort,
                descending=ask.descending,
                after=ask.after,
                limit=ask.limit,
            )

    body: Column[Candidate] = Column(
        key="body", title=text("Put forward by"), value=lambda one: names.get(one.body, one.body)
    )
    table: Table[Candidate] = Table(
        name="candidates",
        title=text("Demand candidates"),
        columns=(*_FORWARDED, body, _NOTED),
        key=lambda one: (one.id,),
        sort="-noted",
        empty=text("Nothing was put forward yet."),
    )
    crumbs = (("/", text("First page")), ("/missed", MISSED.title))
    return table_page(visit, table, fetch, "search/forwarded.html", title=table.title, crumbs=crumbs)


@acted("/missed/demands", guard="pages.missed", again=list_missed)
def put_forward(visit: TheVisit) -> Answer:
    """Put a question without an answer forward as a demand."""
    new = visit.form.read(Forward)
    with visit.desk() as desk:
        search.put_forward(desk, new.words, new.reason)
    return done(desk, "/missed/forwarded")


def _names(db: Reading) -> Mapping[str, str]:
    return {one.code: one.name for one in registers.bodies(db)}


_GROUP_WORDS: Column[KeptGroup] = Column(
    key="words",
    title=text("Words"),
    value=lambda one: one.line,
    options="text",
    sort=True,
    place=lambda one: one.line,
)
_GROUP_CHANGED: Column[KeptGroup] = Column(
    key="changed",
    title=text("Last changed"),
    value=lambda one: one.changed,
    kind="instant",
    sort=True,
    place=lambda one: one.changed.isoformat(),
)
_GROUP_REMOVAL: Column[KeptGroup] = Column(
    key="act",
    title=text("Removal"),
    value=lambda one: Act(action=f"/synonyms/{one.id}/removal", words=text("Remove"), kind="outline-danger"),
    kind="act",
)
_QUESTION: Column[Kept] = Column(
    key="asked",
    title=text("Question"),
    value=lambda one: one.asked or text("(no words)"),
    href=lambda one: results_address(one.asked, one.facets),
    options="text",
    sort=True,
    place=lambda one: one.asked,
)
_QUESTION_KEPT: tuple[Column[Kept], ...] = (
    Column(
        key="kept",
        title=text("Kept since"),
        value=lambda one: one.kept,
        kind="instant",
        sort=True,
        place=lambda one: one.kept.isoformat(),
    ),
    Column(
        key="act",
        title=text("Removal"),
        value=lambda one: Act(action=f"/searches/{one.id}/removal", words=text("Remove"), kind="outline-danger"),
        kind="act",
    ),
)
MISSED: Table[Missed] = Table(
    name="missed",
    title=text("Searches without an answer"),
    columns=(
        Column(
            key="words",
            title=text("Question"),
            value=lambda one: one.words,
            href=lambda one: results_address(one.words, {}),
            options="text",
            sort=True,
        ),
        Column(
            key="count",
            title=text("How often"),
            value=lambda one: one.count,
            kind="number",
            sort=True,
            place=lambda one: str(one.count),
        ),
        Column(
            key="first",
            title=text("For the first time"),
            value=lambda one: one.first,
            kind="day",
            sort=True,
            place=lambda one: one.first.isoformat(),
            shown=False,
        ),
        Column(
            key="last",
            title=text("Last time"),
            value=lambda one: one.last,
            kind="day",
            sort=True,
            place=lambda one: one.last.isoformat(),
        ),
    ),
    key=lambda one: (one.words,),
    sort="-count",
    path="/missed",
    empty=text("Every search found something."),
    then=text("Questions that find nothing stand here."),
)
_FORWARDED: tuple[Column[Candidate], ...] = (
    Column(
        key="words",
        title=text("Question"),
        value=lambda one: one.words,
        options="text",
        sort=True,
        place=lambda one: one.words,
    ),
    Column(key="reason", title=text("What the data is needed for"), value=lambda one: one.reason),
    Column(
        key="count",
        title=text("How often it was missed"),
        value=lambda one: one.count,
        kind="number",
        sort=True,
        place=lambda one: str(one.count),
    ),
)
_NOTED: Column[Candidate] = Column(
    key="noted",
    title=text("When"),
    value=lambda one: one.noted,
    kind="instant",
    sort=True,
    place=lambda one: one.noted.isoformat(),
)

PAGES = [
    list_synonyms,
    keep_synonyms,
    remove_synonyms,
    list_kept,
    keep_question,
    let_go,
    list_missed,
    list_forwarded,
    put_forward,
]
