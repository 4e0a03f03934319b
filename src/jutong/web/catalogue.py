"""Catalogue endpoints: entries from draft to publication."""

from __future__ import annotations

from typing import Annotated

import msgspec
from litestar import Response
from litestar.params import FromQuery, HeaderParameter, JSONBody, Parameter

from jutong import catalogue
from jutong.catalogue import Entry, Stage

from .exact import refuse_strangers
from .wiring import AfterUlid, Limit, Sought, TheActor, TheHouse, TheMessage, Ulid, Words, act, look

TAGS = ["catalogue"]


class Reasons(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Why an entry is sent back; everything at once."""

    reasons: tuple[Words, ...]


class Withdrawal(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Why an entry is taken back for good."""

    reason: Words


class Registration(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The first audit's answer to conditions that are not on the list (art. 15)."""

    other_conditions_accepted: bool = False


IfMatch = Annotated[
    str, HeaderParameter(name="if-match", pattern='^("[0-9a-f]{64}")?$', description="ETag of what was read before")
]


def tagged(entry: Entry) -> Response[Entry]:
    """Answer with an entry under the digest of what it says (RFC 9110, 8.8.3)."""
    return Response(entry, headers={"etag": f'"{catalogue.digest_of(entry)}"'})


@act("/api/entries", tags=TAGS)
def draft_entry(
    house: TheHouse, actor: TheActor, data: JSONBody[Entry], message: TheMessage, if_match: IfMatch = ""
) -> Response[Entry]:
    """Draft an entry, or change a draft; of a published entry the next version begins.

    With the ETag of the entry that was read in If-Match, what somebody changed meanwhile is not overwritten.
    """
    refuse_strangers(message, data)
    with house.desk(actor) as desk:
        return tagged(catalogue.draft(desk, data, seen=if_match.strip('"')))


@look("/api/entries", tags=TAGS)
def list_entries(
    house: TheHouse,
    actor: TheActor,
    stage: FromQuery[Stage | None] = None,
    provider: Annotated[str | None, Parameter(pattern="^[0-9A-HJ-NP-RT-UW-Y]{18}$")] = None,
    contains: Sought = "",
    after: AfterUlid = "",
    limit: Limit = 50,
) -> list[Entry]:
    """List the entries that you may see, in the order of their identifiers."""
    with house.reading() as db:
        found = catalogue.entries_visible_to(
            db, actor, stage=stage, provider=provider, contains=contains, after=after, limit=limit
        )
        return list(found)


@look("/api/entries/{entry_id:str}", tags=TAGS)
def show_entry(house: TheHouse, actor: TheActor, entry_id: Ulid) -> Response[Entry]:
    """Show the version of an entry that you may see, with its ETag."""
    with house.reading() as db:
        return tagged(catalogue.visible_to(db, entry_id, actor))


@act("/api/entries/{entry_id:str}/signature", tags=TAGS)
def sign_entry(house: TheHouse, actor: TheActor, entry_id: Ulid) -> Entry:
    """Sign an entry as head of its department (art. 13)."""
    with house.desk(actor) as desk:
        return catalogue.sign(desk, entry_id)


@act("/api/entries/{entry_id:str}/submission", tags=TAGS)
def submit_entry(house: TheHouse, actor: TheActor, entry_id: Ulid) -> Entry:
    """Hand a signed entry to the authority; its two working days begin (art. 17)."""
    with house.desk(actor) as desk:
        return catalogue.submit(desk, entry_id)


@act("/api/entries/{entry_id:str}/registration", tags=TAGS)
def audit_registration(house: TheHouse, actor: TheActor, entry_id: Ulid, data: JSONBody[Registration]) -> Entry:
    """Pass the first audit."""
    with house.desk(actor) as desk:
        return catalogue.audit_registration(desk, entry_id, other_conditions_accepted=data.other_conditions_accepted)


@act("/api/entries/{entry_id:str}/publication", tags=TAGS)
def audit_publication(house: TheHouse, actor: TheActor, entry_id: Ulid) -> Entry:
    """Pass the second audit, by another person: the entry is published to all departments."""
    with house.desk(actor) as desk:
        return catalogue.audit_publication(desk, entry_id)


@act("/api/entries/{entry_id:str}/return", tags=TAGS)
def return_entry(house: TheHouse, actor: TheActor, entry_id: Ulid, data: JSONBody[Reasons]) -> Entry:
    """Send an entry back to its provider with everything that is wrong."""
    with house.desk(actor) as desk:
        return catalogue.return_entry(desk, entry_id, data.reasons)


@act("/api/entries/{entry_id:str}/withdrawal", tags=TAGS)
def withdraw_entry(house: TheHouse, actor: TheActor, entry_id: Ulid, data: JSONBody[Withdrawal]) -> Entry:
    """Take an entry back for good; its versions stay readable, its service ends."""
    with house.desk(actor) as desk:
        return catalogue.withdraw(desk, entry_id, data.reason)


ENDPOINTS = [
    draft_entry,
    list_entries,
    show_entry,
    sign_entry,
    submit_entry,
    audit_registration,
    audit_publication,
    return_entry,
    withdraw_entry,
]
