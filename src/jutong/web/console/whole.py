"""The page of what an agreement gives as a whole: its view, who reads it, profiles of its systems, subscriptions."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated
from urllib.parse import quote

import msgspec
from litestar.response import Stream

from jutong import catalogue, sharing
from jutong.catalogue import Purpose
from jutong.delivery import bulk
from jutong.delivery.bulk import telling
from jutong.delivery.bulk.telling import State, Subscription
from jutong.guard import Label
from jutong.kernel.errors import Invalid
from jutong.kernel.text import text

from ..wiring import Name, Ulid
from .agreements import AGREEMENTS
from .frame import Answer, TheVisit, acted, done, shown
from .sharing import FIRST
from .sheet import chunks_of
from .table import Act, Asked, Column, Table, table_page
from .visit import Visit
from .words import word_of

Told = tuple[Subscription, int]  # and the number of the newest event


class WantedFile(msgspec.Struct, kw_only=True):
    """In which form the file is wanted, and for which purpose."""

    form: bulk.Form
    file_purpose: Purpose


class NewProfile(msgspec.Struct, kw_only=True):
    """For which system and purpose a profile is, and for how many days."""

    system: Name
    purpose: Purpose
    days: Annotated[int, msgspec.Meta(ge=1, le=bulk.LONGEST_DAYS)] = 30


class NewSubscription(msgspec.Struct, kw_only=True):
    """Which system is told of new versions, at which address, for which purpose."""

    subscriber: Name
    receiver: Annotated[str, msgspec.Meta(max_length=500, pattern=r"^[^\u0000]*$")]
    told_for: Purpose


@shown("/agreements/{agreement_id:str}/whole", guard="pages.agreements")
def show_whole(visit: TheVisit, agreement_id: Ulid) -> Answer:
    """Show what an agreement gives as a whole, and by which profiles it is read."""
    return _whole(visit, agreement_id)


@acted("/agreements/{agreement_id:str}/profiles", guard="pages.agreements", again=show_whole)
def issue_profile(visit: TheVisit, agreement_id: Ulid) -> Answer:
    """Issue a profile for a system of the using body; it is shown this once."""
    given = visit.form.read(NewProfile)
    with visit.desk() as desk:
        agreement = sharing.find_agreement(desk.db, agreement_id, visit.acting)
        if given.system not in agreement.systems:
            raise Invalid(text("the agreement does not name this system"))
        kept, token = bulk.issue_profile(desk, given.system, given.purpose, days=given.days)
    endpoint = f"{visit.house.home.address}/sharing"
    return _whole(visit, agreement_id, issued=bulk.profile_file(endpoint, token, kept.expires).decode())


@acted(
    "/agreements/{agreement_id:str}/profiles/{profile_id:str}/revocation", guard="pages.agreements", again=show_whole
)
def revoke_profile(visit: TheVisit, agreement_id: Ulid, profile_id: Ulid) -> Answer:
    """End a profile at once."""
    with visit.desk() as desk:
        bulk.revoke_profile(desk, profile_id)
    return done(desk, f"/agreements/{agreement_id}/whole")


@acted("/agreements/{agreement_id:str}/subscriptions", guard="pages.agreements", again=show_whole)
def subscribe(visit: TheVisit, agreement_id: Ulid) -> Answer:
    """Let a system of the using body be told of new versions."""
    given = visit.form.read(NewSubscription)
    with visit.desk() as desk:
        telling.subscribe(
            *(desk, agreement_id, given.subscriber, given.receiver.strip(), given.told_for), key=visit.house.key
        )
    return done(desk, f"/agreements/{agreement_id}/whole")


@acted(
    "/agreements/{agreement_id:str}/subscriptions/{subscription_id:str}/ending",
    guard="pages.agreements",
    again=show_whole,
)
def end_subscription(visit: TheVisit, agreement_id: Ulid, subscription_id: Ulid) -> Answer:
    """End a subscription at once."""
    with visit.desk() as desk:
        telling.end_subscription(desk, agreement_id, subscription_id)
    return done(desk, f"/agreements/{agreement_id}/whole")


@acted(
    "/agreements/{agreement_id:str}/subscriptions/{subscription_id:str}/repetition",
    guard="pages.agreements",
    again=show_whole,
)
def send_again(visit: TheVisit, agreement_id: Ulid, subscription_id: Ulid) -> Answer:
    """Send a dead letter again."""
    with visit.desk() as desk:
        telling.send_again(desk, agreement_id, subscription_id)
    return done(desk, f"/agreements/{agreement_id}/whole")


@acted("/agreements/{agreement_id:str}/file", guard="pages.agreements", again=show_whole)
def take_file(visit: TheVisit, agreement_id: Ulid) -> Answer:
    """Download the whole as one file; that it leaves is on record before its first byte does."""
    given = visit.form.read(WantedFile)
    handed = bulk.hand_over(visit.house, visit.acting, agreement_id, given.form, given.file_purpose)
    headers = {
        "content-disposition": f"attachment; filename*=UTF-8''{quote(handed.name)}",
        "content-length": str(handed.size),
        "cache-control": "no-store",
        "jutong-manifest": handed.manifest,
    }
    return Stream(chunks_of(Path(handed.path)), media_type=handed.form.media_type, headers=headers)


def _whole(visit: Visit, agreement_id: str, *, issued: str = "") -> Answer:
    with visit.house.reading() as db:
        agreement = sharing.find_agreement(db, agreement_id, visit.acting)
        entry = catalogue.at_version(db, agreement.entry, agreement.entry_version)
        view = bulk.newest_view(db, agreement.id)
        may_issue = visit.may("delivery.issue_profile", Label(owner=agreement.consumer))
        profiles = bulk.profiles_of(db, agreement.systems, now=visit.house.clock()) if may_issue else ()
        newest = telling.newest_number(db, agreement.id)
    owned = Label(owner=agreement.consumer)
    agreed = sorted(one.value for one in agreement.methods & bulk.BATCHES)
    may_see = may_issue or visit.sees("delivery.end_subscription", owned)

    def fetch(asked: Asked) -> Iterable[Told]:
        with visit.house.reading() as db:
            found = telling.subscriptions_of(
                db, agreement.id, after=asked.after, descending=asked.descending, limit=asked.limit
            )
        return [(one, newest) for one in found] if may_see else ()

    table = Table(
        name="subscriptions",
        title=text("Subscriptions"),
        columns=_SUBSCRIPTIONS,
        key=lambda row: (row[0].id,),
        sort="-made",
        empty=text("No system is told of new versions."),
        path=f"/agreements/{agreement.id}/whole",
    )
    return table_page(
        visit,
        table,
        fetch,
        "delivery/whole.html",
        title=text("The whole: {title}", title=entry.title),
        may_see=may_see,
        may_subscribe="table" in agreed and visit.may("delivery.subscribe", owned),
        crumbs=(FIRST, AGREEMENTS),
        agreement=agreement,
        agreed=agreed,
        view=view,
        files=len(view.parts) if view else 0,
        endpoint=f"{visit.house.home.address}/sharing",
        profiles=[(one, word_of(Purpose(one.purpose))) for one in profiles],
        systems=[(one, one) for one in agreement.systems],
        may_issue=may_issue,
        may_take="file" in agreed and view is not None and visit.may("delivery.hand_over_file", owned),
        forms=[(one.value, one.value.upper()) for one in bulk.Form],
        issued=issued,
        most_days=bulk.LONGEST_DAYS,
    )


def _end(row: Told) -> Act | None:
    if row[0].ended:
        return None
    return Act(
        action=f"/agreements/{row[0].agreement}/subscriptions/{row[0].id}/ending", words=text("End the subscription")
    )


def _again(row: Told) -> Act | None:
    if row[0].state(row[1]) is not State.DEAD:
        return None
    return Act(action=f"/agreements/{row[0].agreement}/subscriptions/{row[0].id}/repetition", words=text("Send again"))


def _tone(row: Told) -> str:
    return {State.FOLLOWING: "green", State.WAITING: "blue", State.DEAD: "red"}.get(row[0].state(row[1]), "")


_SUBSCRIPTIONS: tuple[Column[Told], ...] = (
    Column(key="made", title=text("Subscribed"), value=lambda row: row[0].made, kind="instant", sort=True),
    Column(key="system", title=text("System"), value=lambda row: row[0].system.rpartition("/")[2]),
    Column(key="receiver", title=text("Receiver"), value=lambda row: row[0].url, kind="code"),
    Column(key="state", title=text("State"), value=lambda row: row[0].state(row[1]), tone=_tone),
    Column(key="told", title=text("Last event that it took"), value=lambda row: row[0].told, kind="number"),
    Column(key="waiting", title=text("Events that wait"), value=lambda row: row[0].waiting(row[1]), kind="number"),
    Column(key="tries", title=text("Tries in vain"), value=lambda row: row[0].tries, kind="number"),
    Column(key="failure", title=text("Why in vain"), value=lambda row: row[0].failure or ""),
    Column(key="status", title=text("HTTP status"), value=lambda row: row[0].status, kind="number", shown=False),
    Column(key="due", title=text("Next try"), value=lambda row: row[0].due or "", kind="instant"),
    Column(key="again", title=text("Send again"), value=_again, kind="act"),
    Column(key="end", title=text("End"), value=_end, kind="act"),
)

PAGES = [
    show_whole,
    issue_profile,
    revoke_profile,
    subscribe,
    end_subscription,
    send_again,
    take_file,
]
