"""Identities at the provider: linking one to an account, and sitting down by one that is linked."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from jutong import registers
from jutong.desk import Desk
from jutong.guard import Label
from jutong.kernel.canon import digest
from jutong.kernel.errors import NotKnown, WrongMoment
from jutong.kernel.text import text
from jutong.terms import Assurance

from . import ring, store
from .account import Account
from .claims import Claims
from .identity import Identity, identity_digest
from .invitation import no_invitation
from .second_factor import Vault
from .session import Caller, Outcome
from .sitting import NOBODY, account_of, came_in, count_failure, keys, may_sit, refuse_unsure, sit_down


def sign_in_vouched(
    desk: Desk, vault: Vault, claims: Claims, level: Assurance, caller: Caller, *, proof: str, until: datetime
) -> Outcome:
    """Let somebody in for whom the provider vouches, if the identity is linked; ``proof`` counts once.

    An identity that nobody has linked opens nothing: neither a name nor an e-mail address makes an account.
    """
    desk.allow("access.sign_in", Label(owner=desk.actor.org))
    named = identity_digest(claims.issuer, claims.subject)
    door = store.hold_door(desk.db, *keys(vault, named, caller, kind="identity"), desk.now)
    door.refuse_locked(desk.now)
    identity = ring.identity_with(desk.db, named)
    account = store.find_account(desk.db, identity.person, hold=True) if identity else None
    once = ring.spend(desk.db, digest(proof.encode()), until)
    if identity is None or account is None or not once or not may_sit(desk, account):
        count_failure(desk, door, identity.person if identity else NOBODY, factor="identity")
        return Outcome(refusal=_not_linked())
    ring.save_identity(desk.db, replace(identity, used=desk.now))
    token, session = sit_down(desk, account, caller, level=level)
    if account.second is not None and level < Assurance.TWO:
        desk.record("access.code_awaited", on=account.person, session=session.id)
    else:
        desk.record("access.signed_in", on=account.person, **came_in(desk, account, session, door, by="identity"))
    return Outcome(token)


def link_identity(desk: Desk, claims: Claims) -> Identity:
    """Link an identity that was proven to the actor's own account: it opens it from now on."""
    desk.allow("access.link_identity", Label(owner=desk.actor.org))
    account = account_of(desk, desk.actor.id)
    refuse_unsure(desk, account)
    known = _known(desk, claims, account.person)
    if known is not None:
        return known
    identity = _linked(desk, claims, account.person)
    desk.record("access.identity_linked", on=account.person, identity=identity.id)
    return identity


def unlink_identity(desk: Desk, identity_id: str) -> None:
    """Take a link of one's own away; whoever has neither password nor passkey keeps the last way in."""
    desk.allow("access.unlink_identity", Label(owner=desk.actor.org))
    account = account_of(desk, desk.actor.id)
    refuse_unsure(desk, account)
    others = len(ring.identities_of(desk.db, account.person)) + len(ring.passkeys_of(desk.db, account.person)) - 1
    if not account.password and others < 1:
        raise WrongMoment(
            text("this is the only way in to your account"),
            remedy=text("add a passkey first, or ask the security administrator for an invitation to set a password"),
        )
    ring.drop_identity(desk.db, account.person, identity_id)
    desk.record("access.identity_unlinked", on=account.person, identity=identity_id)


def accept_vouched(desk: Desk, vault: Vault, invited: str, claims: Claims, caller: Caller) -> Outcome:
    """Open the account of whoever was invited by the code of the digest ``invited``, by a proven identity.

    No password is set; one that there is stays. What comes out is the account's name.
    """
    desk.allow("access.accept", Label(owner=desk.actor.org))
    door = store.hold_door(desk.db, *keys(vault, invited, caller), desk.now)
    door.refuse_locked(desk.now)
    asked = store.invitation_with(desk.db, invited)
    if asked is None or not asked.open(desk.now):
        count_failure(desk, door, asked.person if asked else NOBODY, factor="invitation")
        return Outcome(refusal=no_invitation())
    who = registers.find_person(desk.db, asked.person)
    store.save_invitation(desk.db, asked.spent(desk.now))
    account = store.find_account(desk.db, who.id, hold=True)
    opened = replace(account or Account(person=who.id, password="", changed=desk.now), closed=None)
    store.save_account(desk.db, opened)
    ended = store.drop_sessions(desk.db, who.id)
    identity = _known(desk, claims, who.id) or _linked(desk, claims, who.id)
    desk.record("access.accepted", on=who.id, invitation=asked.id, sessions=ended, identity=identity.id)
    return Outcome(who.account)


def _not_linked() -> NotKnown:
    """Return the refusal of an identity that opens no account here."""
    return NotKnown(
        text("this identity opens no account here"),
        basis=text("an identity is linked by an invitation, or by its person who has signed in; never by a name alone"),
        remedy=text("sign in with your password and link it under My account, or ask the security administrator"),
    )


def _known(desk: Desk, claims: Claims, person: str) -> Identity | None:
    known = ring.identity_with(desk.db, identity_digest(claims.issuer, claims.subject))
    if known is not None and known.person != person:
        raise WrongMoment(
            text("this identity is linked to another account"),
            basis=text("an identity opens one account"),
            remedy=text("sign in at the provider as yourself, or ask the security administrator"),
        )
    return known


def _linked(desk: Desk, claims: Claims, person: str) -> Identity:
    identity = Identity(
        id=desk.new_id(),
        person=person,
        digest=identity_digest(claims.issuer, claims.subject),
        issuer=claims.issuer,
        subject=claims.subject,
        made=desk.now,
    )
    ring.save_identity(desk.db, identity)
    return identity
