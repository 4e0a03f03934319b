"""Tending other people's ways in: invitations, sessions, suspension, closing; and accounts that nobody uses."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from jutong import registers
from jutong.desk import Desk
from jutong.guard import Label

from . import ring, store
from .account import WARNED_DAYS
from .invitation import new_invitation
from .second_factor import Vault
from .sitting import account_of, labels, refuse_oneself


def invite(desk: Desk, person_id: str) -> str:
    """Return a code, shown this once, with which a person sets its password; older codes of that person end."""
    person = registers.find_person(desk.db, person_id)
    for label in labels(desk, person.id):
        desk.allow("access.invite", label)
    refuse_oneself(desk, person.id)
    store.drop_invitations(desk.db, person.id)
    kept, code = new_invitation(desk.new_id(), person.id, by=desk.actor.id, now=desk.now)
    store.save_invitation(desk.db, kept)
    desk.record("access.invited", on=person.id, invitation=kept.id, expires=kept.expires.isoformat())
    return code


def end_session(desk: Desk, session_id: str) -> None:
    """End a session of somebody else's, or another one of one's own."""
    session = store.find_session(desk.db, session_id)
    if session.person == desk.actor.id:
        desk.allow("access.sign_out", Label(owner=desk.actor.org))
    else:
        for label in labels(desk, session.person):
            desk.allow("access.end_session", label)
    store.drop_session(desk.db, session.id)
    desk.record("access.session_ended", on=session.person, session=session.id)


def end_sessions(desk: Desk, person_id: str) -> int:
    """End all sessions of a person, and return how many there were."""
    for label in labels(desk, person_id):
        desk.allow("access.end_session", label)
    ended = store.drop_sessions(desk.db, person_id)
    if ended:
        desk.record("access.sessions_ended", on=person_id, sessions=ended)
    return ended


def bar(desk: Desk, person_id: str) -> None:
    """Let a person in no more, until it is unlocked; its sessions end."""
    for label in labels(desk, person_id):
        desk.allow("access.bar", label)
    refuse_oneself(desk, person_id)
    account = account_of(desk, person_id)
    if account.barred:
        return
    store.save_account(desk.db, replace(account, barred=True))
    desk.record("access.barred", on=person_id, sessions=store.drop_sessions(desk.db, person_id))


def unlock(desk: Desk, vault: Vault, person_id: str) -> None:
    """Let a person in again who was barred, or who failed too often."""
    for label in labels(desk, person_id):
        desk.allow("access.unlock", label)
    refuse_oneself(desk, person_id)
    account = account_of(desk, person_id)
    forgotten = store.forget_attempts(desk.db, vault.mark("account", registers.find_person(desk.db, person_id).account))
    if not account.barred and not forgotten:
        return
    store.save_account(desk.db, replace(account, barred=False).came_in(desk.now))
    desk.record("access.unlocked", on=person_id, barred=account.barred)


def reset_second_factor(desk: Desk, person_id: str) -> None:
    """Take a lost second factor and all passkeys from a person; an administrator must enrol another before all else."""
    for label in labels(desk, person_id):
        desk.allow("access.reset_second_factor", label)
    refuse_oneself(desk, person_id)
    account = account_of(desk, person_id)
    passkeys = ring.drop_passkeys(desk.db, person_id)
    if account.second is None and not passkeys:
        return
    store.save_account(desk.db, replace(account, second=None))
    ended = store.drop_sessions(desk.db, person_id)
    desk.record("access.second_factor_reset", on=person_id, passkeys=passkeys, sessions=ended)


def close(desk: Desk, person_id: str) -> None:
    """Close an account: whatever opened it is forgotten, and only a new invitation opens it again.

    Credentials of the person's posts stop counting too, and posts that were lent go back.
    """
    for label in labels(desk, person_id):
        desk.allow("access.close", label)
    refuse_oneself(desk, person_id)
    account = account_of(desk, person_id)
    if account.closed is not None:
        return
    store.save_account(desk.db, account.as_closed(desk.now))
    store.drop_invitations(desk.db, person_id)
    for post in registers.posts_held_by(desk.db, person_id):
        for credential in registers.credentials_of(desk.db, post.id):
            if credential.live(desk.now):
                registers.revoke_credential(desk, credential.id)
    desk.record(
        "access.closed",
        on=person_id,
        sessions=store.drop_sessions(desk.db, person_id),
        passkeys=ring.drop_passkeys(desk.db, person_id),
        identities=ring.drop_identities(desk.db, person_id),
        delegations=store.drop_delegations(desk.db, person_id, desk.now),
    )


def suspend_unused(desk: Desk, *, days: int) -> int:
    """Warn whoever has not signed in for long, then suspend; return how many were suspended. With ``days`` 0 nobody is.

    A warning goes before, ``WARNED_DAYS`` earlier at least, to the person and to the security administrators of its
    bodies; the suspension is told to them too.
    """
    desk.allow("access.suspend_unused", Label(owner=desk.actor.org))
    if days <= 0:
        return 0
    suspended = 0
    for account in store.unused_accounts(desk.db, desk.now - timedelta(days=days - WARNED_DAYS)):
        if account.to_suspend(desk.now, days=days):
            store.save_account(desk.db, replace(account, barred=True))
            ended = store.drop_sessions(desk.db, account.person)
            for body in _bodies(desk, account.person):
                desk.record("access.unused_suspended", on=account.person, body=body, sessions=ended)
            suspended += 1
        elif account.to_warn(desk.now, days=days):
            store.save_account(desk.db, replace(account, warned=desk.now))
            ends = max(account.last_used + timedelta(days=days), desk.now + timedelta(days=WARNED_DAYS))
            for body in _bodies(desk, account.person):
                desk.record("access.unused_warned", on=account.person, body=body, due=ends.date().isoformat())
    return suspended


def _bodies(desk: Desk, person_id: str) -> list[str]:
    return sorted({post.body for post in registers.posts_held_by(desk.db, person_id)}) or [desk.actor.org]
