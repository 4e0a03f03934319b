"""Pages of who is one and the same: merges by decision, rows without a key, and how far sources agree."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import msgspec

from jutong import catalogue, library
from jutong.kernel.errors import NotFound
from jutong.kernel.text import Text, text
from jutong.library import Decision, Suspect, Verdict

from ..wiring import Name
from .frame import Answer, TheVisit, acted, done, page, shown
from .library import FIRST, KindName, check_may_look, choices_of, kinds_open_to, names_of_bodies, titles_of_fields
from .table import Act, Asked, Column, Table, table_page


class Joining(msgspec.Struct, kw_only=True):
    """Which code stays and which is merged into it, on which basis."""

    kept: Annotated[str, msgspec.Meta(max_length=160)]
    other: Annotated[str, msgspec.Meta(max_length=160)]
    basis: Name
    kind: KindName = library.LEGAL_PERSON.spelled
    although_parted: bool = False


class Picked(msgspec.Struct, kw_only=True):
    """The row without a key that is looked at."""

    ref: Annotated[str, msgspec.Meta(pattern="^~[0-9a-f]{31}$")]


class Matched(Picked, kw_only=True):
    """What is said of a row without a key and a legal person, on which basis."""

    code: Annotated[str, msgspec.Meta(max_length=40)]
    verdict: Verdict
    basis: Name


class Parting(msgspec.Struct, kw_only=True):
    """Which merged code becomes a record of its own again, on which basis."""

    parted: Annotated[str, msgspec.Meta(max_length=160)]
    parting_basis: Name
    parted_kind: KindName = library.LEGAL_PERSON.spelled


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision on a pair, and how many records follow it; None while they do not yet."""

    number: int
    decision: Decision
    verdict: Verdict
    body: str
    subjects: int | None


# A row without a key beside its likeliest legal person, the title of its entry, and how it stands.
Match = tuple[Suspect, str, Text]


@shown("/rates", guard="pages.rates")
def show_rates(visit: TheVisit) -> Answer:
    """Show how far sources agree, field by field: counts, no names."""
    kind = library.kind_named(visit.form.get("kind") or library.LEGAL_PERSON.spelled)
    with visit.house.reading() as db:
        titles = titles_of_fields(visit, db, kind)
    rates = library.rates(visit.house.pools, kind)
    return page(
        visit,
        "library/rates.html",
        title=text("How far sources agree"),
        crumbs=(FIRST,),
        rates=[(titles.get(one.field, one.field), one) for one in rates],
        subjects=library.count_subjects(visit.house.pools, kind),
        kind=kind,
        kinds=choices_of(library.KINDS.values()),
    )


@shown("/bonds", guard="pages.subjects")
def list_bonds(visit: TheVisit) -> Answer:
    """List which records were merged and parted, and let it be decided; codes travel in forms, never in addresses."""
    kinds = choices_of(kinds_open_to(visit))
    with visit.house.reading() as db:
        names = names_of_bodies(db)

    def fetch(ask: Asked) -> list[Decided]:
        with visit.house.reading() as db:
            found = library.decided_pairs(
                db, kind=ask.filter("verdict"), descending=ask.descending, after=ask.after, limit=ask.limit
            )
        return [
            Decided(number, one, Verdict(one.kind), names.get(one.org, one.org), subjects)
            for number, one, subjects in found
        ]

    title = text("Merge and unmerge")
    return table_page(visit, BONDS, fetch, "library/bonds.html", title=title, crumbs=(FIRST,), kinds=kinds)


@acted("/bonds", guard="pages.subjects", again=list_bonds)
def join(visit: TheVisit) -> Answer:
    """Merge one subject's record into another's."""
    given = visit.form.read(Joining)
    with visit.desk() as desk:
        library.join(
            desk,
            given.kept,
            given.other,
            basis=given.basis,
            although_parted=given.although_parted,
            kind=library.kind_named(given.kind),
        )
    return done(desk, "/bonds")


@shown("/matches", guard="pages.subjects")
def list_matches(visit: TheVisit) -> Answer:
    """List rows without a key beside the legal persons that they may tell of; each look leaves a line."""
    check_may_look(visit)
    with visit.house.reading() as db:
        merged = library.merged_entries(db)
        entries = catalogue.titles(db, merged)
    looked: list[str] = []

    def fetch(ask: Asked) -> list[Match]:
        with visit.desk() as desk:
            found = library.look_at_matches(
                desk,
                sure=ask.filter("state") == "bound",
                entry=ask.filter("entry"),
                by_weight=True,
                descending=ask.descending,
                after=ask.after,
                limit=ask.limit,
            )
        looked.append(desk.left[-1][1])
        state = text("bound by itself") if ask.filter("state") == "bound" else text("to decide")
        return [(one, entries.get(one.entry, one.entry), state) for one in found]

    entry: Column[Match] = Column(
        key="entry",
        title=text("Entry"),
        value=lambda row: row[1],
        href=lambda row: f"/batches/{row[0].batch}",
        options=tuple((one, entries.get(one, one)) for one in merged),
    )
    table: Table[Match] = Table(
        name="matches",
        title=text("Rows without a key"),
        columns=(*_PAIR, entry, *_LIKENESS),
        key=lambda row: (row[0].ref,),
        sort="-weight",
        secret=True,
        path="/matches",
        empty=text("No row waits to be decided on."),
        then=text("A row appears here when its source gives no valid code and its likeness leaves a doubt."),
    )
    return table_page(visit, table, fetch, "library/matches.html", title=table.title, crumbs=(FIRST,), looked=looked)


@acted("/matches/one", guard="pages.subjects", again=list_matches)
def show_match(visit: TheVisit) -> Answer:
    """Show one row beside its likeliest legal person, for somebody to say whether they are one."""
    given = visit.form.read(Picked)
    with visit.desk() as desk:
        found = library.look_at_matches(desk, ref=given.ref, sure=None, limit=1)
    if not found:
        raise NotFound("match", given.ref[:12])
    (one,) = found
    with visit.house.reading() as db:
        titles = catalogue.titles(db, [one.entry])
        fields = titles_of_fields(visit, db)
    return page(
        visit,
        "library/match.html",
        title=text("Is it the same?"),
        crumbs=(FIRST, ("/matches", text("Rows without a key"))),
        one=one,
        entry=titles.get(one.entry, one.entry),
        fields=[(name, fields[name]) for name in ("name", "address", "city")],
        sure_from=f"{library.SURE:.1f}",
        line=desk.left[-1][1],
    )


@acted("/matches/decision", guard="pages.subjects", again=show_match)
def decide_match(visit: TheVisit) -> Answer:
    """Accept or reject that a row tells of a legal person."""
    given = visit.form.read(Matched)
    with visit.desk() as desk:
        decide = library.accept_match if given.verdict is Verdict.SAME else library.reject_match
        decide(desk, given.ref, given.code, basis=given.basis)
    return done(desk, "/matches")


@acted("/bonds/parting", guard="pages.subjects", again=list_bonds)
def part(visit: TheVisit) -> Answer:
    """Make a merged record one of its own again."""
    given = visit.form.read(Parting)
    with visit.desk() as desk:
        library.part(desk, given.parted, basis=given.parting_basis, kind=library.kind_named(given.parted_kind))
    return done(desk, "/bonds")


def _shown(decision: Decision, key: str) -> str:
    return library.KINDS[decision.about].shown_key(key)


def _settled(one: Decided) -> Text:
    return text("not settled yet") if one.subjects is None else text("settled")


BONDS: Table[Decided] = Table(
    name="bonds",
    title=text("Decided so far"),
    columns=(
        Column(
            key="kept",
            title=text("Code that stays"),
            value=lambda one: _shown(one.decision, one.decision.kept),
            kind="code",
        ),
        Column(
            key="other",
            title=text("Other code"),
            value=lambda one: _shown(one.decision, one.decision.other),
            kind="code",
        ),
        Column(key="kind", title=text("Base library"), value=lambda one: library.KINDS[one.decision.about].title),
        Column(key="verdict", title=text("Decision"), value=lambda one: one.verdict, options=Verdict),
        Column(key="basis", title=text("Basis"), value=lambda one: one.decision.basis),
        Column(key="body", title=text("By"), value=lambda one: one.body),
        Column(key="at", title=text("When"), value=lambda one: one.decision.at, kind="instant", sort=True),
        Column(
            key="records",
            title=text("Records"),
            value=_settled,
            tone=lambda one: "amber" if one.subjects is None else "green",
        ),
    ),
    key=lambda one: (str(one.number),),
    sort="-at",
    path="/bonds",
    empty=text("Nothing was merged or parted by decision."),
    then=text("Records with one key are one by themselves."),
)
_PAIR: tuple[Column[Match], ...] = (
    Column(key="row", title=text("What the row says"), value=lambda row: row[0].row["name"]),
    Column(key="golden", title=text("Golden record"), value=lambda row: row[0].golden["name"]),
    Column(key="code", title=text("Credit code"), value=lambda row: row[0].code, kind="code", shown=False),
    Column(key="address", title=text("Address in the row"), value=lambda row: row[0].row["address"]),
    Column(key="held", title=text("Address in the golden record"), value=lambda row: row[0].golden["address"]),
)
_LIKENESS: tuple[Column[Match], ...] = (
    Column(
        key="weight",
        title=text("Likeness"),
        value=lambda row: round(row[0].weight, 1),
        kind="number",
        sort=True,
        place=lambda row: repr(row[0].weight),
    ),
    Column(
        key="lead",
        title=text("Before the next candidate"),
        value=lambda row: round(row[0].lead, 1),
        kind="number",
        shown=False,
    ),
    Column(
        key="state",
        title=text("Which rows"),
        value=lambda row: row[2],
        options=(("decide", text("Those to decide")), ("bound", text("Those bound by themselves"))),
        usual="decide",
        shown=False,
    ),
    Column(
        key="act",
        title=text("Record"),
        value=lambda row: Act(action="/matches/one", words=text("Open"), fields={"ref": row[0].ref}),
        kind="act",
    ),
)

PAGES = [show_rates, list_bonds, join, part, list_matches, show_match, decide_match]
