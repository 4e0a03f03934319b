"""The page of what an agreement gives as a whole: its view, who reads it by shares, profiles of its systems."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated
from urllib.parse import quote

import msgspec
from litestar.response import Stream

from jutong import catalogue, sharing
from jutong.catalogue import Purpose
from jutong.delivery import bulk
from jutong.guard import Label
from jutong.kernel.errors import Invalid
from jutong.kernel.text import text

from ..wiring import Name, Ulid
from .agreements import AGREEMENTS
from .frame import Answer, TheVisit, acted, done, page, shown
from .sharing import FIRST
from .sheet import chunks_of
from .visit import Visit
from .words import word_of


class WantedFile(msgspec.Struct, kw_only=True):
    """In which form the file is wanted, and for which purpose."""

    form: bulk.Form
    file_purpose: Purpose


class NewProfile(msgspec.Struct, kw_only=True):
    """For which system and purpose a profile is, and for how many days."""

    system: Name
    purpose: Purpose
    days: Annotated[int, msgspec.Meta(ge=1, le=bulk.LONGEST_DAYS)] = 30


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
    owned = Label(owner=agreement.consumer)
    agreed = sorted(one.value for one in agreement.methods & bulk.BATCHES)
    return page(
        visit,
        "delivery/whole.html",
        title=text("The whole: {title}", title=entry.title),
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


PAGES = [show_whole, issue_profile, revoke_profile, take_file]
