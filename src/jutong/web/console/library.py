"""Pages of the base library: one legal person with who said what, conflicts of sources, who is believed, merges."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any

import msgspec

from jutong import catalogue, collection, library, registers
from jutong.kernel.errors import Invalid, NotFound
from jutong.kernel.text import Text, text
from jutong.library import ALL_FIELDS, FIELDS, UNRANKED, Authority, Conflict, Golden, Said

from ..wiring import Name, UlidField
from .form import Misfilled
from .frame import Answer, TheVisit, acted, done, page, shown
from .overtaken import noun_overtaken, seen_of
from .table import Act, Asked, Column, Table, table_page
from .visit import Visit

FIRST = ("/", text("First page"))


class Sought(msgspec.Struct, kw_only=True):
    """The credit code that is looked up."""

    code: Annotated[str, msgspec.Meta(max_length=40)]


class Contested(Sought, kw_only=True):
    """The credit code and the field on which sources contradict each other."""

    field: Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9_]{0,62}$")]


class Naming(msgspec.Struct, kw_only=True):
    """How far an entry's source is believed on a field."""

    field: Annotated[str, msgspec.Meta(pattern=r"^([a-z][a-z0-9_]{0,62}|\*)$")]
    entry: UlidField
    rank: Annotated[int, msgspec.Meta(ge=1, le=99)]
    basis: Name


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
    """One legal person on which sources contradict each other: the value that stands, and those against it."""

    code: str
    name: str
    field: str
    kept: Value | None
    against: tuple[Value, ...]


@shown("/subjects", guard="pages.subjects")
def seek(visit: TheVisit) -> Answer:
    """Show the form for one credit code; the code travels in the form's body, never in an address."""
    check_may_look(visit)
    pools = visit.house.pools
    return page(
        visit,
        "library/subjects.html",
        title=text("Look up a legal person"),
        crumbs=(FIRST,),
        subjects=library.count_subjects(pools),
        conflicts=library.count_conflicts(pools),
    )


@acted("/subjects", guard="pages.subjects", again=seek)
def show_subject(visit: TheVisit) -> Answer:
    """Show a golden record with who said each value; looking leaves a line without the code."""
    given = visit.form.read(Sought)
    code = library.checked_key(given.code)
    with visit.desk() as desk:
        golden, said = library.look_into(desk, code)
    with visit.house.reading() as db:
        fields = _fields(visit, db, golden, said)
    return page(
        visit,
        "library/subject.html",
        title=golden.fields["name"].value if "name" in golden.fields else golden.code,
        crumbs=(FIRST, ("/subjects", text("Look up a legal person"))),
        golden=golden,
        fields=fields,
        disputed=[one for one in fields if one.disputed],
        line=desk.left[-1][1],
        unranked=UNRANKED,
        address=registers.gazetteer().read(golden.fields["address"].value) if "address" in golden.fields else None,
    )


@shown("/conflicts", guard="pages.subjects")
def list_conflicts(visit: TheVisit) -> Answer:
    """List the legal persons on which sources contradict each other; each look leaves a line."""
    check_may_look(visit)
    with visit.house.reading() as db:
        titles = titles_of_fields(visit, db)
    looked: list[str] = []

    def fetch(ask: Asked) -> list[Dispute]:
        with visit.desk() as desk:
            found = library.look_at_disputes(
                desk,
                field=ask.filter("field"),
                descending=ask.descending,
                after=_after(ask),
                limit=ask.limit,
            )
        looked.append(desk.left[-1][1])
        with visit.house.reading() as db:
            return _disputes(visit, db, found)

    table: Table[Dispute] = Table(
        name="conflicts",
        title=text("Conflicts of sources"),
        columns=(_CODE, replace(_FIELD, options=tuple(titles.items())), *_SIDES),
        key=lambda one: (one.code, one.name),
        sort="code",
        secret=True,
        path="/conflicts",
        empty=text("No sources contradict each other."),
        then=text("A conflict appears here when two sources say different things of one credit code."),
    )
    return table_page(visit, table, fetch, "library/conflicts.html", title=table.title, crumbs=(FIRST,), looked=looked)


@acted("/conflicts/one", guard="pages.subjects", again=list_conflicts)
def show_conflict(visit: TheVisit) -> Answer:
    """Show one conflict: both sides, where each comes from, and how it is settled; the code stays out of addresses."""
    given = visit.form.read(Contested)
    with visit.desk() as desk:
        golden, said = library.look_into(desk, library.checked_key(given.code))
    with visit.house.reading() as db:
        found = {one.name: one for one in _fields(visit, db, golden, said)}
        named = [one for one in library.authorities(db) if one.field in (given.field, ALL_FIELDS)]
        titles = catalogue.titles(db, [one.entry for one in named])
    if given.field not in found or not found[given.field].contested:
        raise NotFound("conflict", given.field)
    return page(
        visit,
        "library/conflict.html",
        title=text("Conflict: {field}", field=found[given.field].title),
        crumbs=(FIRST, ("/conflicts", text("Conflicts of sources"))),
        golden=golden,
        one=found[given.field],
        named=[(titles.get(one.entry, one.entry), one) for one in sorted(named, key=lambda one: one.rank)],
        line=desk.left[-1][1],
        unranked=UNRANKED,
    )


@shown("/authorities", guard="pages.authorities")
def list_authorities(visit: TheVisit) -> Answer:
    """List which source is believed on which field, and let it be named."""
    with visit.house.reading() as db:
        merged = library.merged_entries(db)
        titles = catalogue.titles(db, merged)
        fields = titles_of_fields(visit, db)
        typed = (visit.form.get("field"), visit.form.get("entry"))
        standing = next((one for one in library.authorities(db) if (one.field, one.entry) == typed), None)
    choices: tuple[tuple[str, Text | str], ...] = ((ALL_FIELDS, text("all fields")), *fields.items())

    def fetch(ask: Asked) -> list[tuple[Authority, str]]:
        with visit.house.reading() as db:
            found = library.authorities_listed(
                db,
                field=ask.filter("field"),
                sort=ask.sort,
                descending=ask.descending,
                after=ask.after,
                limit=ask.limit,
            )
            named = catalogue.titles(db, [one.entry for one in found])
        return [(one, named.get(one.entry, one.entry)) for one in found]

    field: Column[tuple[Authority, str]] = Column(
        key="field",
        title=text("Field"),
        value=lambda row: fields.get(row[0].field, text("all fields")),
        options=choices,
        sort=True,
    )
    table: Table[tuple[Authority, str]] = Table(
        name="authorities",
        title=text("Named so far"),
        columns=(field, *_NAMED),
        key=lambda row: (row[0].field, str(row[0].rank), row[0].entry),
        sort="field",
        path="/authorities",
        empty=text("Nobody is named yet."),
        then=text("Until then what identifies is kept as first said, and what changes is taken as last said."),
    )
    return table_page(
        visit,
        table,
        fetch,
        "library/authorities.html",
        title=text("Who is believed on which field"),
        crumbs=(FIRST,),
        fields=choices,
        entries=sorted(((one, titles.get(one, one)) for one in merged), key=lambda pair: pair[1]),
        may_set=visit.may("library.set_authority"),
        seen=seen_of(visit, standing),
        overtaken=noun_overtaken(
            visit,
            standing,
            lambda: _named(visit),
            {"rank": text("Rank"), "basis": text("Basis")},
            on=standing.entry if standing else "",
            word="library.authority_set",
        ),
    )


@acted("/authorities", guard="pages.authorities", again=list_authorities)
def set_authority(visit: TheVisit) -> Answer:
    """Name how far an entry's source is believed on a field."""
    named = _named(visit)
    with visit.house.reading() as db:
        if named.entry not in library.merged_entries(db):
            raise Misfilled({"entry": text("choose from the list")})
    with visit.desk() as desk:
        library.set_authority(desk, named, seen=visit.form.mark)
    return done(desk, "/authorities")


def _named(visit: Visit) -> Authority:
    given = visit.form.read(Naming)
    return Authority(field=given.field, entry=given.entry, rank=given.rank, basis=given.basis)


def check_may_look(visit: Visit) -> None:
    """Refuse whoever may not look into the base library."""
    with visit.desk() as desk:
        desk.allow("library.look_up", library.whole_library(registers.bodies(desk.db)))


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
    for name, title in titles_of_fields(visit, db).items():
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


def _disputes(visit: Visit, db: Any, found: Iterable[Sequence[Conflict]]) -> list[Dispute]:
    names, titles = names_of_bodies(db), titles_of_fields(visit, db)
    groups = tuple(found)
    came: dict[str, object] = {}
    for batch in dict.fromkeys(one.batch for group in groups for one in group):
        came[batch] = collection.find_batch(db, batch).collected_at if collection.known(db, batch) else None

    def value(one: Conflict) -> Value:
        return Value(one.value, names.get(one.source, one.source), one.rank, one.batch, came[one.batch])

    return [
        Dispute(
            group[0].code,
            group[0].field,
            titles.get(group[0].field, group[0].field),
            next((value(one) for one in group if one.kept), None),
            tuple(value(one) for one in group if not one.kept),
        )
        for group in groups
    ]


def titles_of_fields(visit: Visit, db: Any) -> dict[str, str]:
    """Return field -> its title in the reader's language."""
    elements = {one.id: one for one in registers.elements(db)}
    return {
        field.name: (elements[field.element].title if visit.language == "zh-CN" else elements[field.element].title_en)
        if field.element in elements
        else field.name
        for field in FIELDS
    }


def names_of_bodies(db: Any) -> Mapping[str, str]:
    """Return code -> name of every body."""
    return {body.code: body.name for body in registers.bodies(db)}


_CODE: Column[Dispute] = Column(
    key="code", title=text("Credit code"), value=lambda one: one.code, kind="code", sort=True
)
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
            action="/conflicts/one", words=text("Open"), fields={"code": one.code, "field": one.name}
        ),
        kind="act",
    ),
)
_NAMED: tuple[Column[tuple[Authority, str]], ...] = (
    Column(
        key="rank",
        title=text("Rank"),
        value=lambda row: row[0].rank,
        kind="number",
        sort=True,
        place=lambda row: str(row[0].rank),
    ),
    Column(key="entry", title=text("Entry"), value=lambda row: row[1], href=lambda row: f"/entries/{row[0].entry}"),
    Column(key="basis", title=text("Basis"), value=lambda row: row[0].basis),
)

PAGES = [seek, show_subject, list_conflicts, show_conflict, list_authorities, set_authority]
