"""Library endpoints: golden records with the provenance of every field, and the conflicts between sources."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import msgspec
from litestar.params import JSONBody, Parameter

from jutong import library
from jutong.library import Authority, Conflict, Golden, Merge

from .collection import visible_batch
from .wiring import Code, Limit, TheActor, TheHouse, Ulid, UlidField, act, look

TAGS = ["library"]
AfterCode = Annotated[str, Parameter(pattern="^[0-9A-Z]{0,18}$", description="only what stands after this code")]


class FieldView(msgspec.Struct, kw_only=True):
    """A value, who said it, how far that source is believed, in which delivery."""

    value: str
    source: str
    rank: int
    batch: str
    disputed: bool


class GoldenView(msgspec.Struct, kw_only=True):
    """What the library holds of one legal person."""

    code: str
    fields: Mapping[str, FieldView]
    capital_amount: str | None
    capital_currency: str | None
    capital_confidence: str
    rows: int


class LibraryView(msgspec.Struct, kw_only=True):
    """How large the library is."""

    subjects: int
    conflicts: int


class AuthorityForm(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """How far an entry's source is believed on a field: 1 is believed first (Order 809 art. 19)."""

    entry: UlidField
    field: Annotated[str, msgspec.Meta(pattern="^[a-z][a-z0-9_]{0,62}$")]
    rank: Annotated[int, msgspec.Meta(ge=1, le=99)]


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


@look("/api/library/conflicts", tags=TAGS)
def list_conflicts(house: TheHouse, actor: TheActor, after: AfterCode = "", limit: Limit = 50) -> list[Conflict]:
    """List the values that stand against each other, code by code; looking leaves a line."""
    with house.desk(actor) as desk:
        return list(library.look_at_conflicts(desk, after=after, limit=limit))


@act("/api/library/authorities", tags=TAGS)
def set_authority(house: TheHouse, actor: TheActor, data: JSONBody[AuthorityForm]) -> Authority:
    """Name how far an entry's source is believed on a field."""
    with house.desk(actor) as desk:
        return library.set_authority(desk, Authority(entry=data.entry, field=data.field, rank=data.rank))


def _view(golden: Golden) -> GoldenView:
    amount = golden.capital.amount
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
    )


ENDPOINTS = [show_merge, show_library, show_subject, list_conflicts, set_authority]
