"""Pages about passkeys: adding and removing one's own, and signing in or stepping up with one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec
from litestar import MediaType, Response

from jutong import access
from jutong.access import Owed, Party
from jutong.kernel.errors import WrongMoment
from jutong.kernel.text import text

from ..wiring import Ulid
from .account import ACCOUNT
from .frame import Answer, TheVisit, acted, done, own_path, page, see, shown, to_login, to_owed
from .visit import Visit
from .way_in import DESK, caller_of, login, seat_in, sitting, vault_of

MAY_OWE = (None, Owed.SECOND_FACTOR)  # a passkey is a second factor too
Credential = Annotated[str, msgspec.Meta(max_length=16 << 10)]


class Signed(msgspec.Struct, kw_only=True):
    """What a browser's device has signed."""

    credential: Credential


class Made(msgspec.Struct, kw_only=True):
    """What a browser's device has made, and how its person calls it."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=80)]
    credential: Credential


@shown("/account/passkeys", guard=None)
def passkeys(visit: TheVisit) -> Answer:
    """Show one's passkeys, and offer to add one."""
    seat = seat_in(visit)
    if seat is None:
        return to_login(visit)
    if seat.owes not in MAY_OWE:
        return to_owed(visit, seat.owes)
    with visit.house.reading() as db:
        kept = access.passkeys_of(db, seat.person)
    return page(
        visit,
        "access/passkeys.html",
        title=text("My passkeys"),
        crumbs=ACCOUNT,
        seat=seat,
        passkeys=kept,
        party=access.party_of(visit.house.home.address),
    )


@acted("/account/passkeys/challenge", guard=None)
def creation(visit: TheVisit) -> Answer:
    """Return what the browser asks a device to make."""
    seat = seat_in(visit)
    if seat is None or seat.owes not in MAY_OWE:
        return to_login(visit)
    with visit.house.reading() as db:
        known = access.passkeys_of(db, seat.person)
    challenge = access.new_challenge(vault_of(visit), access.ADDING, visit.csrf, visit.house.clock())
    options = access.creation_options(
        party_here(visit), challenge, person=seat.person, account=seat.account, name=seat.name, known=known
    )
    return _told(options)


@acted("/account/passkeys", guard=None, again=passkeys)
def add(visit: TheVisit) -> Answer:
    """Add a passkey."""
    seat = seat_in(visit)
    if seat is None or seat.oneself is None or seat.owes not in MAY_OWE:
        return to_login(visit)
    given = visit.form.read(Made)
    with visit.house.desk(seat.oneself) as desk:
        access.add_passkey(desk, vault_of(visit), party_here(visit), given.name, given.credential, binder=visit.csrf)
    return done(desk, "/account/passkeys")


@acted("/account/passkeys/{passkey_id:str}/removal", guard=None, again=passkeys)
def remove(visit: TheVisit, passkey_id: Ulid) -> Answer:
    """Take a passkey away."""
    seat = seat_in(visit)
    if seat is None or seat.oneself is None or seat.owes not in MAY_OWE:
        return to_login(visit)
    with visit.house.desk(seat.oneself) as desk:
        access.remove_passkey(desk, passkey_id)
    return done(desk, "/account/passkeys")


@acted("/login/passkey/challenge", guard=None)
def request(visit: TheVisit) -> Answer:
    """Return what the browser asks a device to sign."""
    challenge = access.new_challenge(vault_of(visit), access.SIGNING_IN, visit.csrf, visit.house.clock())
    return _told(access.request_options(party_here(visit), challenge))


@acted("/login/passkey", guard=None, again=login)
def sign_in(visit: TheVisit) -> Answer:
    """Let somebody in whose passkey has signed, or let a session step up."""
    given = visit.form.read(Signed)
    with visit.house.desk(visit.house.itself) as desk:
        outcome = access.sign_in_with_passkey(
            desk,
            vault_of(visit),
            party_here(visit),
            given.credential,
            caller_of(visit),
            binder=visit.csrf,
            token=visit.token if visit.known else "",
        )
    return see(own_path(visit.asked("next"), DESK), cookies=[sitting(visit, outcome.settled())])


def party_here(visit: Visit) -> Party:
    """Return for whom passkeys sign here, or refuse where browsers give none."""
    party = access.party_of(visit.house.home.address)
    if party is None:
        raise WrongMoment(
            text("browsers give passkeys only to a node that has a name and TLS"),
            remedy=text("ask the system administrator to set `address` in jutong.toml to https and a name"),
        )
    return party


def _told(options: Mapping[str, Any]) -> Answer:
    return Response(msgspec.json.encode(options), media_type=MediaType.JSON, headers={"cache-control": "no-store"})


PAGES = [passkeys, creation, add, remove, request, sign_in]
