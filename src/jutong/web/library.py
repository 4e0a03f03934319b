"""Library endpoints: golden records with the provenance of every field, and the conflicts between sources."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import msgspec
from litestar.params import FromQuery, JSONBody, Parameter

from jutong import library, registers
from jutong.library import (
    KINDS,
    LEGAL_PERSON,
    Authority,
    Bond,
    Conflict,
    Golden,
    Making,
    Matching,
    Merge,
    Suspect,
    Theme,
    Verdict,
    kind_named,
)

from .collection import visible_batch
from .wiring import NO_NUL, Code, CodeField, Limit, Name, TheActor, TheHouse, Ulid, UlidField, act, look

TAGS = ["library"]
KindField = Annotated[str, msgspec.Meta(pattern="^[a-z-]{1,20}$")]
KindName = Annotated[
    str,
    Parameter(pattern="^[a-z-]{1,20}$", description="natural-person, legal-person, spatial-object or licence"),
]
KeyField = Annotated[str, msgspec.Meta(min_length=1, max_length=160, pattern=NO_NUL)]
ThemeName = Annotated[str, Parameter(pattern="^[a-z][a-z0-9_]{0,39}$", description="the theme's name")]
AfterRef = Annotated[str, Parameter(pattern="^(~[0-9a-f]{31})?$", description="only what stands after this row")]
AfterCode = Annotated[
    str, Parameter(pattern="^[0-9A-Za-z.:_-]{0,160}$", description="only what stands after this code")
]


class FieldView(msgspec.Struct, kw_only=True):
    """A value, who said it, how far that source is believed, in which delivery."""

    value: str
    source: str
    rank: int
    batch: str
    disputed: bool


class GoldenView(msgspec.Struct, kw_only=True):
    """What a base library holds of one subject."""

    code: str
    fields: Mapping[str, FieldView]
    capital_amount: str | None
    capital_currency: str | None
    capital_confidence: str
    rows: int
    also: tuple[str, ...]
    address_parts: Mapping[str, str]  # of twelve, those that were understood
    address_reading: str


class LibraryView(msgspec.Struct, kw_only=True):
    """How large the library is."""

    subjects: int
    conflicts: int


class AuthorityForm(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """How far an entry's source is believed on a field: 1 is believed first (Order 809 art. 19)."""

    entry: UlidField
    field: Annotated[str, msgspec.Meta(pattern="^[a-z][a-z0-9_]{0,62}$")]
    rank: Annotated[int, msgspec.Meta(ge=1, le=99)]
    basis: Name


class RateView(msgspec.Struct, kw_only=True):
    """How far sources agree on a field."""

    field: str
    filled: int
    checked: int
    conflicts: int
    disputed: int
    rate: float


class BondForm(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Which code stays, which is merged into it, on which basis."""

    kept: KeyField
    other: KeyField
    basis: Name
    although_parted: bool = False
    kind: KindField = LEGAL_PERSON.spelled


class MatchForm(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Whether a row tells of a legal person, on which basis."""

    ref: Annotated[str, msgspec.Meta(pattern="^~[0-9a-f]{31}$")]
    code: CodeField
    verdict: Verdict
    basis: Name


class ThemeForm(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A theme library: the name of its table, its question, on which basis it is kept."""

    name: Annotated[str, msgspec.Meta(pattern="^[a-z][a-z0-9_]{0,39}$")]
    title: Name
    sql: Annotated[str, msgspec.Meta(max_length=20_000, pattern=NO_NUL)]
    basis: Name


class ThemeView(msgspec.Struct, kw_only=True):
    """A theme library, and its newest making."""

    theme: Theme
    made: Making | None


class PartingForm(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Which merged code becomes a record of its own again, on which basis."""

    other: KeyField
    basis: Name
    kind: KindField = LEGAL_PERSON.spelled


class KeyForm(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The key that is looked up; in the body, so that it stands in no address and no proxy's log."""

    key: KeyField


class KindView(msgspec.Struct, kw_only=True):
    """A base library: how large it is, by what its records are known, and how grave they are."""

    kind: str
    key: str
    grade: str
    fields: tuple[str, ...]
    subjects: int
    conflicts: int


@look("/api/batches/{batch_id:str}/merge", tags=TAGS)
def show_merge(house: TheHouse, actor: TheActor, batch_id: Ulid) -> Merge:
    """Show what a delivery did to the library."""
    with house.reading() as db:
        visible_batch(house, actor, batch_id, db)
        return library.find_merge(db, batch_id)


@look("/api/library/legal-person", tags=TAGS)
def show_library(house: TheHouse, actor: TheActor) -> LibraryView:
    """Show how many legal persons the library holds, and how many of them sources disagree on."""
    return LibraryView(subjects=library.count_subjects(house.pools), conflicts=library.count_conflicts(house.pools))


@look("/api/library/legal-person/{code:str}", tags=TAGS)
def show_subject(house: TheHouse, actor: TheActor, code: Code) -> GoldenView:
    """Show a golden record with the provenance of each field; looking it up leaves a line."""
    with house.desk(actor) as desk:
        return _view(library.look_up(desk, code))


@look("/api/library/kinds", tags=TAGS)
def list_kinds(house: TheHouse, actor: TheActor) -> list[KindView]:
    """List the base libraries: natural persons, legal persons, natural resources and space, electronic licences."""
    return [
        KindView(
            kind=one.spelled,
            key=one.element,
            grade=one.grade.name,
            fields=tuple(field.name for field in one.fields),
            subjects=library.count_subjects(house.pools, one),
            conflicts=library.count_conflicts(house.pools, one),
        )
        for one in KINDS.values()
    ]


@act("/api/library/kinds/{kind:str}/record", tags=TAGS)
def look_up(house: TheHouse, actor: TheActor, kind: KindName, data: JSONBody[KeyForm]) -> GoldenView:
    """Show a golden record of any kind, each value under its mask; looking it up leaves a line."""
    sought = kind_named(kind)
    with house.desk(actor) as desk:
        return _view(library.look_up(desk, library.checked_key(data.key, sought), sought))


@look("/api/library/conflicts", tags=TAGS)
def list_conflicts(
    house: TheHouse,
    actor: TheActor,
    after: AfterCode = "",
    limit: Limit = 50,
    kind: KindName = LEGAL_PERSON.spelled,
) -> list[Conflict]:
    """List the values that stand against each other, code by code; looking leaves a line. Persons are not listed."""
    with house.desk(actor) as desk:
        return list(library.look_at_conflicts(desk, after=after, limit=limit, kind=kind_named(kind)))


@act("/api/library/authorities", tags=TAGS)
def set_authority(house: TheHouse, actor: TheActor, data: JSONBody[AuthorityForm]) -> Authority:
    """Name how far an entry's source is believed on a field."""
    with house.desk(actor) as desk:
        named = Authority(entry=data.entry, field=data.field, rank=data.rank, basis=data.basis)
        return library.set_authority(desk, named)


@look("/api/library/rates", tags=TAGS)
def show_rates(house: TheHouse, actor: TheActor, kind: KindName = LEGAL_PERSON.spelled) -> list[RateView]:
    """Show how often sources differ, field by field: counts, no names."""
    return [
        RateView(
            field=one.field,
            filled=one.filled,
            checked=one.checked,
            conflicts=one.conflicts,
            disputed=one.disputed,
            rate=one.share,
        )
        for one in library.rates(house.pools, kind_named(kind))
    ]


@act("/api/library/bonds", tags=TAGS)
def join(house: TheHouse, actor: TheActor, data: JSONBody[BondForm]) -> Bond:
    """Merge one record into another of its kind; nothing is overwritten, and it can be undone."""
    kind = kind_named(data.kind)
    with house.desk(actor) as desk:
        bond = library.join(
            desk, data.kept, data.other, basis=data.basis, although_parted=data.although_parted, kind=kind
        )
    return bond.masked(kind)


@act("/api/library/partings", tags=TAGS)
def part(house: TheHouse, actor: TheActor, data: JSONBody[PartingForm]) -> Bond:
    """Make a merged record one of its own again; a negative link stays."""
    kind = kind_named(data.kind)
    with house.desk(actor) as desk:
        bond = library.part(desk, data.other, basis=data.basis, kind=kind)
    return bond.masked(kind)


@look("/api/library/matches", tags=TAGS)
def list_matches(
    house: TheHouse, actor: TheActor, after: AfterRef = "", limit: Limit = 20, sure: FromQuery[bool] = False
) -> list[Suspect]:
    """List rows without a key beside the legal persons that they may tell of; looking leaves a line."""
    with house.desk(actor) as desk:
        return list(library.look_at_matches(desk, sure=sure, after=(after,) if after else (), limit=limit))


@act("/api/library/matches", tags=TAGS)
def decide_match(house: TheHouse, actor: TheActor, data: JSONBody[MatchForm]) -> Bond:
    """Accept or reject that a row tells of a legal person."""
    with house.desk(actor) as desk:
        decide = library.accept_match if data.verdict is Verdict.SAME else library.reject_match
        return decide(desk, data.ref, data.code, basis=data.basis)


@act("/api/entries/{entry_id:str}/matches", tags=TAGS)
def match_again(house: TheHouse, actor: TheActor, entry_id: Ulid) -> Matching | None:
    """Look again for the legal persons of an entry's rows that found nobody before."""
    with house.desk(actor) as desk:
        return library.match_again(desk, entry_id)


@look("/api/library/themes", tags=TAGS)
def list_themes(house: TheHouse, actor: TheActor) -> list[ThemeView]:
    """List the theme libraries with their questions and when each was last made."""
    with house.reading() as db:
        return [
            ThemeView(theme=one, made=next(iter(library.makings(db, one.name, limit=1)), None))
            for one in library.themes(db)
        ]


@act("/api/library/themes", tags=TAGS)
def declare_theme(house: TheHouse, actor: TheActor, data: JSONBody[ThemeForm]) -> Theme:
    """Declare a theme library by one question over the base library, or change its question."""
    with house.desk(actor) as desk:
        declared = Theme(name=data.name, title=data.title, sql=data.sql, basis=data.basis)
        return library.declare_theme(desk, declared)


@act("/api/library/themes/{name:str}/making", tags=TAGS)
def make_theme(house: TheHouse, actor: TheActor, name: ThemeName) -> Making:
    """Make a theme anew from the base library as it stands."""
    with house.desk(actor) as desk:
        return library.make_theme(desk, name)


def _view(golden: Golden) -> GoldenView:
    amount = golden.capital.amount
    written = golden.fields["address"].value if "address" in golden.fields else ""
    # What a mask left of an address says nothing of its parts.
    address = registers.gazetteer().read("" if golden.kind.secret else written)
    return GoldenView(
        code=golden.code,
        fields={
            name: FieldView(value=one.value, source=one.source, rank=one.rank, batch=one.batch, disputed=one.disputed)
            for name, one in golden.fields.items()
        },
        capital_amount=None if amount is None else str(amount),
        capital_currency=golden.capital.currency,
        capital_confidence=golden.capital.confidence.value,
        rows=golden.rows,
        also=golden.also,
        address_parts=address.parts,
        address_reading=address.reading.value,
    )


ENDPOINTS = [
    show_merge,
    show_library,
    show_subject,
    list_kinds,
    look_up,
    list_conflicts,
    set_authority,
    show_rates,
    join,
    part,
]
ENDPOINTS += [list_matches, decide_match, match_again, list_themes, declare_theme, make_theme]
