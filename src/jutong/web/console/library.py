"""Pages of the base libraries: one subject with who said what, and conflicts of sources."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any

import msgspec

from jutong import catalogue, collection, library, registers
from jutong.kernel.errors import Invalid, NotFound
from jutong.kernel.text import Text, text
from jutong.library import (
    ALL_FIELDS,
    KINDS,
    LEGAL_PERSON,
    SPATIAL_OBJECT,
    UNRANKED,
    Conflict,
    Golden,
    Kind,
    Said,
    kind_named,
    space,
)

from .frame import Answer, TheVisit, acted, page, shown
from .table import Act, Asked, Column, Table, table_page
from .visit import Visit

FIRST = ("/", text("First page"))


KindName = Annotated[str, msgspec.Meta(max_length=20, pattern=r"^[a-z-]+$")]


class Sought(msgspec.Struct, kw_only=True):
    """The base library, and the key that is looked up in it."""

    code: Annotated[str, msgspec.Meta(max_length=160)]
    kind: KindName = LEGAL_PERSON.spelled


class Contested(Sought, kw_only=True):
    """The key and the field on which sources contradict each other."""

    field: Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9_]{0,62}$")]


@dataclass(frozen=True, slots=True)
class Value:
    """One value of a field, with names: who said it, how far that source is believed, in which delivery, when."""

    value: str
    source: str
    rank: int | None
    batch: str
    at: object
    entry: str = ""


@dataclass(frozen=True, slots=True)
class FieldShown:
    """One field of a golden record: what stands, and what else was said."""

    name: str
    title: str
    kept: Value | None
    disputed: bool
    others: tuple[Value, ...]
    contested: bool = False  # sources differ, settled or not


@dataclass(frozen=True, slots=True)
class Dispute:
    """One subject on which sources contradict each other: the value that stands, and those against it."""

    kind: Kind
    code: str
    name: str
    field: str
    kept: Value | None
    against: tuple[Value, ...]


@shown("/subjects", guard="pages.subjects")
def seek(visit: TheVisit) -> Answer:
    """Show the form for one key; the key travels in the form's body, never in an address."""
    kinds = kinds_open_to(visit, asking=True)
    pools = visit.house.pools
    return page(
        visit,
        "library/subjects.html",
        title=text("Base libraries"),
        crumbs=(FIRST,),
        sizes=[
            (one, library.count_subjects(pools, one), library.count_conflicts(pools, one)) for one in KINDS.values()
        ],
        kinds=choices_of(kinds),
    )


@acted("/subjects", guard="pages.subjects", again=seek)
def show_subject(visit: TheVisit) -> Answer:
    """Show a golden record with who said each value; looking leaves a line without the code."""
    given = visit.form.read(Sought)
    kind = kind_named(given.kind)
    code = library.checked_key(given.code, kind)
    with visit.desk() as desk:
        golden, said = library.look_into(desk, code, kind)
    stands: tuple[space.Stand, ...] = ()
    if kind is SPATIAL_OBJECT:
        with visit.desk() as other:
            stands = space.look_at_stands(other, code)
    with visit.house.reading() as db:
        fields = _fields(visit, db, golden, said)
    return page(
        visit,
        "library/subject.html",
        title=golden.fields["name"].value if "name" in golden.fields else golden.code,
        crumbs=(FIRST, ("/subjects", text("Base libraries"))),
        golden=golden,
        kind=kind,
        fields=fields,
        disputed=[one for one in fields if one.disputed],
        stands=stands,
        line=desk.left[-1][1],
        unranked=UNRANKED,
        address=registers.gazetteer().read(golden.fields["address"].value)
        if "address" in golden.fields and not kind.secret
        else None,
    )


@shown("/conflicts", guard="pages.subjects")
def list_conflicts(visit: TheVisit) -> Answer:
    """List the subjects on which sources contradict each other; each look leaves a line. Persons are never listed."""
    kinds = tuple(one for one in kinds_open_to(visit) if not one.secret)
    with visit.house.reading() as db:
        titles = titles_of_all(visit, db, kinds)
    looked: list[str] = []

    def fetch(ask: Asked) -> list[Dispute]:
        with visit.desk() as desk:
            found = library.look_at_disputes(
                desk,
                kind=kind_named(ask.filter("kind") or LEGAL_PERSON.spelled),
                field=ask.filter("field"),
                descending=ask.descending,
                after=_after(ask),
                limit=ask.limit,
            )
        looked.append(desk.left[-1][1])
        with visit.house.reading() as db:
            return _disputes(visit, db, kind_named(ask.filter("kind") or LEGAL_PERSON.spelled), found)

    table: Table[Dispute] = Table(
        name="conflicts",
        title=text("Conflicts of sources"),
        columns=(
            replace(_KIND, options=choices_of(kinds)),
            _CODE,
            replace(_FIELD, options=tuple(titles.items())),
            *_SIDES,
        ),
        key=lambda one: (one.code, one.name),
        sort="code",
        secret=True,
        path="/conflicts",
        empty=text("No sources contradict each other."),
        then=text("A conflict appears here when two sources say different things of one key."),
    )
    return table_page(visit, table, fetch, "library/conflicts.html", title=table.title, crumbs=(FIRST,), looked=looked)


@acted("/conflicts/one", guard="pages.subjects", again=list_conflicts)
def show_conflict(visit: TheVisit) -> Answer:
    """Show one conflict: both sides, where each comes from, and how it is settled; the code stays out of addresses."""
    given = visit.form.read(Contested)
    kind = kind_named(given.kind)
    with visit.desk() as desk:
        golden, said = library.look_into(desk, library.checked_key(given.code, kind), kind)
    with visit.house.reading() as db:
        found = {one.name: one for one in _fields(visit, db, golden, said)}
        named = [
            one for one in library.authorities(db) if one.about == kind.name and one.field in (given.field, ALL_FIELDS)
        ]
        titles = catalogue.titles(db, [one.entry for one in named])
    if given.field not in found or not found[given.field].contested:
        raise NotFound("conflict", given.field)
    return page(
        visit,
        "library/conflict.html",
        title=text("Conflict: {field}", field=found[given.field].title),
        crumbs=(FIRST, ("/conflicts", text("Conflicts of sources"))),
        golden=golden,
        kind=kind,
        one=found[given.field],
        named=[(titles.get(one.entry, one.entry), one) for one in sorted(named, key=lambda one: one.rank)],
        line=desk.left[-1][1],
        unranked=UNRANKED,
    )


def check_may_look(visit: Visit) -> None:
    """Refuse whoever may not look into the base library."""
    with visit.desk() as desk:
        desk.allow("library.look_up", library.whole_library(registers.bodies(desk.db)))


def kinds_open_to(visit: Visit, *, asking: bool = False) -> tuple[Kind, ...]:
    """Return the kinds that the visitor may look up, by clearance; refuse whoever may look up none.

    For ``asking`` a question there are those too that need a second factor first.
    """
    check_may_look(visit)
    with visit.house.reading() as db:
        bodies = tuple(registers.bodies(db))
    open_to = visit.may if asking else visit.sees
    return tuple(one for one in KINDS.values() if open_to("library.look_up", library.whole_library(bodies, one)))


def choices_of(kinds: Iterable[Kind]) -> tuple[tuple[str, Text], ...]:
    """Return kinds as choices, that of legal persons first."""
    return tuple((one.spelled, one.title) for one in sorted(kinds, key=lambda one: one is not LEGAL_PERSON))


def _after(ask: Asked) -> tuple[str, str] | None:
    match ask.after:
        case ():
            return None
        case (code, field):
            return code, field
    raise Invalid(text("the list has no such place"), remedy=text("begin at the first page of the list"))


def _fields(visit: Visit, db: Any, golden: Golden, said: Iterable[Said]) -> list[FieldShown]:
    names = names_of_bodies(db)
    all_said = tuple(said)
    titles = catalogue.titles(db, [one.entry for one in all_said])
    landed = {one.batch: one for one in all_said}
    told = []
    for name, title in titles_of_fields(visit, db, golden.kind).items():
        standing = golden.fields.get(name)
        kept = None
        if standing:
            origin = landed.get(standing.batch)
            kept = Value(
                standing.value,
                names.get(standing.source, standing.source),
                standing.rank,
                standing.batch,
                origin.at if origin else None,
                titles.get(origin.entry, "") if origin else "",
            )
        others: dict[tuple[str, str], Value] = {}
        for one in all_said:
            if one.field == name and not (standing and one.value == standing.value):
                source = names.get(one.source, one.source)
                others.setdefault(
                    (one.value, one.source),
                    Value(one.value, source, None, one.batch, one.at, titles.get(one.entry, "")),
                )
        disputed, contested = (standing.disputed, standing.contested) if standing else (False, False)
        told.append(FieldShown(name, title, kept, disputed, tuple(others.values()), contested))
    return told


def _disputes(visit: Visit, db: Any, kind: Kind, found: Iterable[Sequence[Conflict]]) -> list[Dispute]:
    names, titles = names_of_bodies(db), titles_of_fields(visit, db, kind)
    groups = tuple(found)
    came: dict[str, object] = {}
    for batch in dict.fromkeys(one.batch for group in groups for one in group):
        came[batch] = collection.find_batch(db, batch).collected_at if collection.known(db, batch) else None

    def value(one: Conflict) -> Value:
        return Value(one.value, names.get(one.source, one.source), one.rank, one.batch, came[one.batch])

    return [
        Dispute(
            kind,
            group[0].code,
            group[0].field,
            titles.get(group[0].field, group[0].field),
            next((value(one) for one in group if one.kept), None),
            tuple(value(one) for one in group if not one.kept),
        )
        for group in groups
    ]


def titles_of_all(visit: Visit, db: Any, kinds: Iterable[Kind] = tuple(KINDS.values())) -> dict[str, str]:
    """Return field -> its titles in all of these kinds."""
    found: dict[str, list[str]] = {}
    for kind in sorted(kinds, key=lambda one: one is not LEGAL_PERSON):
        for name, title in titles_of_fields(visit, db, kind).items():
            found.setdefault(name, []).append(title)
    return {name: " / ".join(dict.fromkeys(titles)) for name, titles in found.items()}


def titles_of_fields(visit: Visit, db: Any, kind: Kind = LEGAL_PERSON) -> dict[str, str]:
    """Return field -> its title in the reader's language."""
    elements = {one.id: one for one in registers.elements(db)}
    return {
        field.name: (elements[field.element].title if visit.language == "zh-CN" else elements[field.element].title_en)
        if field.element in elements
        else field.name
        for field in kind.fields
    }


def names_of_bodies(db: Any) -> Mapping[str, str]:
    """Return code -> name of every body."""
    return {body.code: body.name for body in registers.bodies(db)}


_KIND: Column[Dispute] = Column(
    key="kind",
    title=text("Base library"),
    value=lambda one: one.kind.title,
    usual=LEGAL_PERSON.spelled,
    shown=False,
)
_CODE: Column[Dispute] = Column(key="code", title=text("Key"), value=lambda one: one.code, kind="code", sort=True)
_FIELD: Column[Dispute] = Column(key="field", title=text("Field"), value=lambda one: one.field)
_SIDES: tuple[Column[Dispute], ...] = (
    Column(key="kept", title=text("What stands"), value=lambda one: one.kept.value if one.kept else None),
    Column(
        key="source",
        title=text("Who says what stands"),
        value=lambda one: one.kept.source if one.kept else None,
        href=lambda one: f"/batches/{one.kept.batch}" if one.kept else "",
    ),
    Column(
        key="rank",
        title=text("Rank"),
        value=lambda one: one.kept.rank if one.kept and one.kept.rank != UNRANKED else None,
        kind="number",
        shown=False,
    ),
    Column(
        key="against",
        title=text("What stands against it"),
        value=lambda one: "; ".join(f"{other.value} ({other.source})" for other in one.against),
    ),
    Column(
        key="act",
        title=text("Record"),
        value=lambda one: Act(
            action="/conflicts/one",
            words=text("Open"),
            fields={"code": one.code, "field": one.name, "kind": one.kind.spelled},
        ),
        kind="act",
    ),
)
PAGES = [seek, show_subject, list_conflicts, show_conflict]
