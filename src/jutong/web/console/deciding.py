"""What providers and the authority decide on a request's page: complete it, give time, say yes or no, pass it on."""

from __future__ import annotations

from typing import Annotated

import msgspec

from jutong import sharing

from ..wiring import Ulid, Words
from .frame import Answer, TheVisit, acted, done
from .sharing import show_request


class Missing(msgspec.Struct, kw_only=True):
    """Every paper that is missing, one a line."""

    missing: Words


class Extension(msgspec.Struct, kw_only=True):
    """How many more working days, and why."""

    days: Annotated[int, msgspec.Meta(ge=1, le=sharing.EXTENSION_LIMIT)]
    reason: Words


class Approval(msgspec.Struct, kw_only=True):
    """How many calls a day are granted; masks stand in fields of their own."""

    quota_per_day: Annotated[int, msgspec.Meta(ge=1, le=sharing.QUOTA_LIMIT)] | None = None


class Refusal(msgspec.Struct, kw_only=True):
    """Why not, and by which rule."""

    reason: Words
    basis: Words


@acted("/requests/{request_id:str}/precheck-pass", guard="pages.requests", again=show_request)
def pass_precheck(visit: TheVisit, request_id: Ulid) -> Answer:
    """Pass a request on to its provider, as the authority."""
    with visit.desk() as desk:
        sharing.pass_precheck(desk, request_id)
    return done(desk, f"/requests/{request_id}")


@acted("/requests/{request_id:str}/precheck-return", guard="pages.requests", again=show_request)
def return_precheck(visit: TheVisit, request_id: Ulid) -> Answer:
    """Send a request back once, with everything that is missing."""
    given = visit.form.read(Missing)
    with visit.desk() as desk:
        sharing.return_precheck(desk, request_id, _lines_of(given.missing))
    return done(desk, f"/requests/{request_id}")


@acted("/requests/{request_id:str}/supplement-notice", guard="pages.requests", again=show_request)
def require_supplement(visit: TheVisit, request_id: Ulid) -> Answer:
    """Say once what is missing."""
    given = visit.form.read(Missing)
    with visit.desk() as desk:
        sharing.require_supplement(desk, request_id, _lines_of(given.missing))
    return done(desk, f"/requests/{request_id}")


@acted("/requests/{request_id:str}/extension", guard="pages.requests", again=show_request)
def ask_extension(visit: TheVisit, request_id: Ulid) -> Answer:
    """Ask the authority for more time."""
    given = visit.form.read(Extension)
    with visit.desk() as desk:
        sharing.ask_extension(desk, request_id, given.days, given.reason)
    return done(desk, f"/requests/{request_id}")


@acted("/requests/{request_id:str}/extension-consent", guard="pages.requests", again=show_request)
def extend(visit: TheVisit, request_id: Ulid) -> Answer:
    """Agree to more time, as the authority."""
    with visit.desk() as desk:
        sharing.extend(desk, request_id)
    return done(desk, f"/requests/{request_id}")


@acted("/requests/{request_id:str}/approval", guard="pages.requests", again=show_request)
def approve(visit: TheVisit, request_id: Ulid) -> Answer:
    """Say yes; the agreement is shown."""
    given = visit.form.read(Approval)
    masks = {name.removeprefix("mask-"): typed[0] for name, typed in visit.form.fields.items() if _is_mask(name, typed)}
    with visit.desk() as desk:
        agreement = sharing.approve(desk, request_id, masks=masks, quota_per_day=given.quota_per_day)
    return done(desk, f"/agreements/{agreement.id}")


@acted("/requests/{request_id:str}/refusal", guard="pages.requests", again=show_request)
def refuse(visit: TheVisit, request_id: Ulid) -> Answer:
    """Say no, with reason and basis."""
    given = visit.form.read(Refusal)
    with visit.desk() as desk:
        sharing.refuse(desk, request_id, reason=given.reason, basis=given.basis)
    return done(desk, f"/requests/{request_id}")


def _lines_of(typed: str) -> list[str]:
    return [line.strip() for line in typed.splitlines() if line.strip()]


def _is_mask(name: str, typed: tuple[str, ...]) -> bool:
    return name.startswith("mask-") and bool(typed) and bool(typed[0])


PAGES = [pass_precheck, return_precheck, require_supplement, ask_extension, extend, approve, refuse]
