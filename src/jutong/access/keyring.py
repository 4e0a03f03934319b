"""Passkeys: adding one, taking one away, and sitting down with one."""

from __future__ import annotations

from jutong.desk import Desk
from jutong.guard import Label
from jutong.kernel.canon import digest
from jutong.kernel.errors import NotKnown
from jutong.terms import Assurance

from . import ring, store
from .passkey import (
    Party,
    Passkey,
    challenge_ends,
    challenge_in,
    checked_name,
    credential_digest_in,
    made,
    no_passkey,
    signed,
)
from .second_factor import Vault
from .session import Caller, Outcome
from .sitting import NOBODY, account_of, came_in, count_failure, keys, may_sit, refuse_unsure, sit_down

ADDING, SIGNING_IN = "adding", "signing in"  # what a challenge is for


def add_passkey(desk: Desk, vault: Vault, party: Party, name: str, given: str, *, binder: str) -> Passkey:
    """Add the passkey that the actor's device has made for this session's challenge."""
    desk.allow("access.add_passkey", Label(owner=desk.actor.org))
    account = account_of(desk, desk.actor.id)
    refuse_unsure(desk, account)
    name = checked_name(name, ring.passkeys_of(desk.db, account.person))
    challenge = _spent(desk, vault, ADDING, binder, given)
    passkey = made(party, challenge, given, passkey_id=desk.new_id(), person=account.person, name=name, now=desk.now)
    if ring.passkey_with(desk.db, passkey.digest) is not None:
        raise no_passkey()
    ring.save_passkey(desk.db, passkey)
    desk.record("access.passkey_added", on=account.person, passkey=passkey.id, backed=passkey.backed)
    return passkey


def remove_passkey(desk: Desk, passkey_id: str) -> None:
    """Take one of one's passkeys away: it opens nothing from now on."""
    desk.allow("access.remove_passkey", Label(owner=desk.actor.org))
    account = account_of(desk, desk.actor.id)
    refuse_unsure(desk, account)
    ring.drop_passkey(desk.db, account.person, passkey_id)
    desk.record("access.passkey_removed", on=account.person, passkey=passkey_id)


def sign_in_with_passkey(
    desk: Desk, vault: Vault, party: Party, given: str, caller: Caller, *, binder: str, token: str = ""
) -> Outcome:
    """Let somebody in whose passkey signed this session's challenge; a session under ``token`` goes on as the new one.

    A passkey verifies its user, so it counts as two factors. Whoever sits already can only step up as the same person.
    """
    desk.allow("access.sign_in", Label(owner=desk.actor.org))
    named = credential_digest_in(given)
    door = store.hold_door(desk.db, *keys(vault, named, caller, kind="passkey"), desk.now)
    door.refuse_locked(desk.now)
    passkey = ring.passkey_with(desk.db, named)
    account = store.find_account(desk.db, passkey.person, hold=True) if passkey else None
    try:
        if passkey is None or account is None or not may_sit(desk, account):
            raise no_passkey()
        said = signed(party, _spent(desk, vault, SIGNING_IN, binder, given), given, passkey)
        if said.person not in ("", passkey.person):
            raise no_passkey()
        used = passkey.signed(said.count, desk.now)
        before = store.session_with(desk.db, token) if token else None
        if before is not None and before.live(desk.now) and before.person != account.person:
            raise no_passkey()
    except NotKnown as refusal:
        count_failure(desk, door, passkey.person if passkey else NOBODY, factor="passkey")
        return Outcome(refusal=refusal)
    ring.save_passkey(desk.db, used)
    if before is not None:
        store.drop_session(desk.db, before.id)
    fresh, session = sit_down(desk, account, caller, level=Assurance.THREE)
    desk.record("access.signed_in", on=account.person, **came_in(desk, account, session, door, by="passkey"))
    return Outcome(fresh)


def _spent(desk: Desk, vault: Vault, purpose: str, binder: str, given: str) -> bytes:
    """Return the challenge that was signed, used up by this: what is sent twice counts once."""
    challenge = challenge_in(given)
    ends = challenge_ends(vault, purpose, binder, challenge, desk.now)
    if not ring.spend(desk.db, digest(challenge), ends):
        raise no_passkey()
    return challenge
