"""Delivery of the whole: the view of an agreement, and profiles by which systems read it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec
from litestar.params import JSONBody

from jutong import sharing
from jutong.catalogue import Purpose
from jutong.delivery import bulk
from jutong.kernel.errors import NotFound

from .wiring import Name, TheActor, TheHouse, Ulid, Words, act, look, removing

TAGS = ["delivery"]


class ViewSheet(msgspec.Struct, kw_only=True):
    """The newest version of an agreement's view; ``manifest`` is signed by the node (JWS)."""

    agreement: str
    version: int
    made: datetime
    rows: int
    size: int
    files: int
    manifest: str


class ProfileForm(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """For which system and purpose a profile is, and for how many days."""

    system: Name
    purpose: Purpose
    days: Annotated[int, msgspec.Meta(ge=1, le=bulk.LONGEST_DAYS)] = 30


class IssuedProfile(msgspec.Struct, kw_only=True):
    """A new profile: the content of its file, which is shown this once."""

    id: str
    expires: datetime
    profile: str


@look("/api/agreements/{agreement_id:str}/view", tags=TAGS)
def show_view(house: TheHouse, actor: TheActor, agreement_id: Ulid) -> ViewSheet:
    """Show how the view of an agreement stands."""
    with house.reading() as db:
        agreement = sharing.find_agreement(db, agreement_id, actor)
        view = bulk.newest_view(db, agreement.id)
    if view is None:
        raise NotFound("view", agreement_id)
    return ViewSheet(
        agreement=view.agreement,
        version=view.version,
        made=view.made,
        rows=view.rows,
        size=view.size,
        files=len(view.parts),
        manifest=view.manifest,
    )


class MarkedItem(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """An item, and the mark that copies may carry in it: ``digits:1`` to ``digits:4``, or ``seconds``."""

    item: Name
    mark: Name


class CanaryValue(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """An item of a canary row, and its value."""

    item: Name
    value: Words


class MarksForm(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Which items may carry marks, and which rows are canaries."""

    columns: tuple[MarkedItem, ...]
    canaries: tuple[tuple[CanaryValue, ...], ...] = ()


class MarksSheet(msgspec.Struct, kw_only=True):
    """What may be marked in copies of an entry; canaries are counted, never shown."""

    entry: str
    columns: tuple[MarkedItem, ...]
    canaries: int
    declared: datetime


@act("/api/entries/{entry_id:str}/marks", tags=TAGS)
def declare_marks(house: TheHouse, actor: TheActor, entry_id: Ulid, data: JSONBody[MarksForm]) -> MarksSheet:
    """Declare, as the owner, in which items copies of an entry may be marked; views are made anew."""
    columns = {one.item: one.mark for one in data.columns}
    canaries = [{one.item: one.value for one in row} for row in data.canaries]
    with house.desk(actor) as desk:
        told = bulk.declare_marks(desk, entry_id, columns, canaries)
    return MarksSheet(
        entry=told.entry,
        columns=tuple(MarkedItem(item=item, mark=mark) for item, mark in told.columns.items()),
        canaries=len(told.canaries),
        declared=told.declared,
    )


@act("/api/profiles", tags=TAGS)
def issue_profile(house: TheHouse, actor: TheActor, data: JSONBody[ProfileForm]) -> IssuedProfile:
    """Issue a profile for a system of your body and one purpose; it is shown this once."""
    with house.desk(actor) as desk:
        kept, token = bulk.issue_profile(desk, data.system, data.purpose, days=data.days)
    told = bulk.profile_file(f"{house.home.address}/sharing", token, kept.expires)
    return IssuedProfile(id=kept.id, expires=kept.expires, profile=told.decode())


@removing("/api/profiles/{profile_id:str}", tags=TAGS)
def revoke_profile(house: TheHouse, actor: TheActor, profile_id: Ulid) -> None:
    """End a profile at once."""
    with house.desk(actor) as desk:
        bulk.revoke_profile(desk, profile_id)


ENDPOINTS = [show_view, declare_marks, issue_profile, revoke_profile]
