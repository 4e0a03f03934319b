"""Sitting down at a desk and getting up: signing in by a password, and what one does about one's own way in."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from jutong import registers
from jutong.desk import Desk
from jutong.guard import Label
from jutong.kernel.errors import NotFound
from jutong.terms import Assurance

from . import store
from .account import PASSWORD_DAYS, Account
from .delegation import Delegation, checked_delegation
from .invitation import no_invitation
from .password import NOBODYS, checked_password, hashed, outdated, refuse_repeated, verified
from .second_factor import SecondFactor, Vault, digest_of, matching_step, new_recovery_codes
from .session import Caller, Outcome, needs_second, unknown_person, wrong_code
from .sitting import (
    NOBODY,
    account_of,
    came_in,
    count_failure,
    keys,
    may_sit,
    own_session,
    refuse_unsure,
    sit_down,
)


def sign_in(
    desk: Desk, vault: Vault, name: str, password: str, caller: Caller, *, password_days: int = PASSWORD_DAYS
) -> Outcome:
    """Let somebody in who knows the password; what is refused is counted and kept, so the refusal is a value."""
    desk.allow("access.sign_in", Label(owner=desk.actor.org))
    store.find_door(desk.db, *keys(vault, name, caller)).refuse_locked(desk.now)
    known = store.account_named(desk.db, name)
    with desk.released():  # tens of milliseconds of arithmetic: nobody waits for the database meanwhile
        has = known is not None and bool(known.password)
        right = verified(known.password if known and has else NOBODYS, password) and has
        kept = hashed(password) if known and right and outdated(known.password) else ""
    door = store.hold_door(desk.db, *keys(vault, name, caller), desk.now)
    door.refuse_locked(desk.now)
    still = store.account_named(desk.db, name)
    if known is None or still != known or not right or not may_sit(desk, known):
        count_failure(desk, door, known.person if known else NOBODY, factor="password")
        return Outcome(refusal=unknown_person())
    account = known.rehashed(kept) if kept else known
    account = replace(account, must_change=account.must_change or account.expired(desk.now, days=password_days))
    store.save_account(desk.db, account)
    token, session = sit_down(desk, account, caller, level=Assurance.ONE)
    if account.second is None:
        desk.record("access.signed_in", on=account.person, **came_in(desk, account, session, door, by="password"))
    else:
        desk.record("access.code_awaited", on=account.person, session=session.id)
    return Outcome(token)


def confirm(desk: Desk, vault: Vault, token: str, code: str, caller: Caller) -> Outcome:
    """Let somebody in who has shown the password and now the second factor; the session gets a new token."""
    desk.allow("access.confirm", Label(owner=desk.actor.org))
    session = store.session_with(desk.db, token)
    account = store.find_account(desk.db, session.person, hold=True) if session else None
    if session is None or account is None or account.second is None or not session.live(desk.now):
        raise unknown_person()
    door = store.hold_door(
        desk.db, *keys(vault, registers.find_person(desk.db, account.person).account, caller), desk.now
    )
    door.refuse_locked(desk.now)
    spent = _spent(desk, vault, account, code)
    if spent is None or not may_sit(desk, account):
        count_failure(desk, door, account.person, factor="code")
        return Outcome(refusal=wrong_code())
    store.drop_session(desk.db, session.id)
    fresh, session = sit_down(desk, spent, caller, level=max(session.level, Assurance.TWO))
    desk.record("access.signed_in", on=spent.person, **came_in(desk, spent, session, door, by="code"))
    return Outcome(fresh)


def sign_out(desk: Desk, session_id: str) -> None:
    """Get up: the session's token opens nothing any more."""
    desk.allow("access.sign_out", Label(owner=desk.actor.org))
    session = own_session(desk, session_id)
    store.drop_session(desk.db, session.id)
    desk.record("access.signed_out", on=session.person, session=session.id)


def end_other_sessions(desk: Desk, session_id: str) -> int:
    """End all sessions of one's own but this one, and return how many there were."""
    desk.allow("access.sign_out", Label(owner=desk.actor.org))
    session = own_session(desk, session_id)
    ended = store.drop_sessions(desk.db, session.person, but=session.id)
    if ended:
        desk.record("access.other_sessions_ended", on=session.person, session=session.id, sessions=ended)
    return ended


def take_post(desk: Desk, session_id: str, post_id: str) -> None:
    """Sit down in another post of one's own, or in one that is lent to one."""
    desk.allow("access.take_post", Label(owner=desk.actor.org))
    session = own_session(desk, session_id)
    chairs = {chair.id: chair for chair in store.chairs(desk.db, session.person, desk.today)}
    if post_id not in chairs:
        raise NotFound("post", post_id)
    if session.post == post_id:
        return
    store.save_session(desk.db, replace(session, post=post_id))
    store.save_account(desk.db, replace(account_of(desk, desk.actor.id), post=post_id))
    desk.record("access.post_taken", on=post_id, session=session.id, lent=chairs[post_id].lent_by is not None)


def choose_language(desk: Desk, language: str) -> None:
    """Choose in which language one's pages are shown."""
    desk.allow("access.choose_language", Label(owner=desk.actor.org))
    account = account_of(desk, desk.actor.id)
    chosen = account.in_language(language)
    if chosen == account:
        return
    store.save_account(desk.db, chosen)
    desk.record("access.language_chosen", on=account.person, language=language)


def change_password(desk: Desk, vault: Vault, session_id: str, old: str, new: str, caller: Caller) -> Outcome:
    """Change one's password; every session ends, and this one goes on under a new token."""
    desk.allow("access.change_password", Label(owner=desk.actor.org))
    session, account = own_session(desk, session_id), account_of(desk, desk.actor.id)
    who = registers.find_person(desk.db, account.person)
    store.find_door(desk.db, *keys(vault, who.account, caller)).refuse_locked(desk.now)
    checked_password(new, account=who.account, name=who.name)
    with desk.released():
        right = verified(account.password, old)
        if right:
            refuse_repeated(new, (account.password, *account.previous))
        kept = hashed(new) if right else ""
    door = store.hold_door(desk.db, *keys(vault, who.account, caller), desk.now)
    if not right or account_of(desk, desk.actor.id) != account:
        count_failure(desk, door, account.person, factor="password")
        return Outcome(refusal=unknown_person())
    changed = account.with_password(kept, desk.now)
    store.save_account(desk.db, changed)
    ended = store.drop_sessions(desk.db, account.person)
    token, _ = sit_down(desk, changed, caller, level=session.level)
    desk.record("access.password_changed", on=account.person, sessions=ended)
    return Outcome(token)


def enrol_second_factor(
    desk: Desk, vault: Vault, session_id: str, code: str, caller: Caller
) -> tuple[str, tuple[str, ...]]:
    """Enrol the second factor that this session was offered; return a new token and recovery codes, shown once."""
    desk.allow("access.enrol_second_factor", Label(owner=desk.actor.org))
    session, account = own_session(desk, session_id), account_of(desk, desk.actor.id)
    refuse_unsure(desk, account)
    secret = vault.offered(account.person, session.id)
    step = matching_step(secret, code.replace(" ", ""), desk.now, after=-1)
    if step is None:
        raise wrong_code()
    codes = new_recovery_codes()
    factor = SecondFactor(
        sealed=vault.seal(secret, of=account.person), last_step=step, recovery=tuple(map(digest_of, codes))
    )
    enrolled = account.with_second(factor)
    store.save_account(desk.db, enrolled)
    store.drop_sessions(desk.db, account.person)
    token, _ = sit_down(desk, enrolled, caller, level=max(session.level, Assurance.TWO))
    desk.record("access.second_factor_enrolled", on=account.person)
    return token, codes


def give_up_second_factor(desk: Desk, vault: Vault, session_id: str, code: str, caller: Caller) -> Outcome:
    """Do without the second factor from now on; an administrator may not."""
    desk.allow("access.give_up_second_factor", Label(owner=desk.actor.org))
    session, account = own_session(desk, session_id), account_of(desk, desk.actor.id)
    bare = account.without_second(required=needs_second(store.chairs(desk.db, account.person, desk.today)))
    door = store.hold_door(
        desk.db, *keys(vault, registers.find_person(desk.db, account.person).account, caller), desk.now
    )
    door.refuse_locked(desk.now)
    if _spent(desk, vault, account, code) is None:
        count_failure(desk, door, account.person, factor="code")
        return Outcome(refusal=wrong_code())
    store.save_account(desk.db, bare)
    desk.record("access.second_factor_given_up", on=account.person, session=session.id)
    return Outcome()


def delegate(desk: Desk, post_id: str, account: str, starts: date, ends: date) -> Delegation:
    """Lend a post that one holds to a colleague, from a day to a day."""
    desk.allow("access.delegate", Label(owner=desk.actor.org))
    post = registers.find_post(desk.db, post_id)
    colleague = registers.person_with(desk.db, account)
    if colleague is None:
        raise NotFound("account", account)
    given = [one for one in store.delegations_to(desk.db, colleague.id) if not one.over(desk.today)]
    lent = [registers.find_post(desk.db, one.post).duties for one in given]
    made = checked_delegation(
        Delegation(
            id=desk.new_id(),
            post=post.id,
            holder=desk.actor.id,
            delegate=colleague.id,
            starts=starts,
            ends=ends,
            made=desk.now,
        ),
        post,
        own=registers.posts_held_by(desk.db, colleague.id),
        lent=lent,
        today=desk.today,
    )
    for one in given:
        if one.same_as(made):
            return one
    store.save_delegation(desk.db, made)
    days = f"{made.starts}/{made.ends}"
    desk.record("access.delegated", on=made.id, post=post.id, delegate=made.delegate, days=days)
    return made


def end_delegation(desk: Desk, delegation_id: str) -> Delegation:
    """Take a post back that one lent, or hand one back that was lent to one."""
    desk.allow("access.end_delegation", Label(owner=desk.actor.org))
    found = store.find_delegation(desk.db, delegation_id)
    if desk.actor.id not in (found.holder, found.delegate):
        raise NotFound("delegation", delegation_id)
    ended = found.taken_back(desk.now)
    if ended != found:
        store.save_delegation(desk.db, ended)
        desk.record("access.delegation_ended", on=ended.id, post=ended.post)
    return ended


def accept(desk: Desk, vault: Vault, code: str, password: str, caller: Caller) -> Outcome:
    """Set the password of whoever was invited by ``code``; what comes out is the account to sign in with."""
    desk.allow("access.accept", Label(owner=desk.actor.org))
    door = store.hold_door(desk.db, *keys(vault, digest_of(code), caller), desk.now)
    door.refuse_locked(desk.now)
    asked = store.invitation_with(desk.db, digest_of(code))
    if asked is None or not asked.open(desk.now):
        count_failure(desk, door, asked.person if asked else NOBODY, factor="invitation")
        return Outcome(refusal=no_invitation())
    who, account = registers.find_person(desk.db, asked.person), store.find_account(desk.db, asked.person)
    checked_password(password, account=who.account, name=who.name)
    with desk.released():
        if account is not None:
            refuse_repeated(password, (account.password, *account.previous))
        kept = hashed(password)
    account = store.find_account(desk.db, asked.person, hold=True)
    found = store.invitation_with(desk.db, asked.digest)
    if found is None:
        raise no_invitation()
    store.save_invitation(desk.db, found.spent(desk.now))
    account = account or Account(person=who.id, password="", changed=desk.now)
    store.save_account(desk.db, replace(account.with_password(kept, desk.now), closed=None))
    ended = store.drop_sessions(desk.db, who.id)
    store.forget_attempts(desk.db, vault.mark("account", who.account))
    desk.record("access.accepted", on=who.id, invitation=found.id, sessions=ended)
    return Outcome(who.account)


def open_account(desk: Desk, vault: Vault, person_id: str, password: str, *, secret: bytes = b"") -> None:
    """Open an account whose password, and second factor, were made by the node itself; for a demonstration."""
    desk.allow("access.open_account", Label(owner=desk.actor.org))
    who = registers.find_person(desk.db, person_id)
    if store.find_account(desk.db, who.id) is not None:
        return
    kept = hashed(checked_password(password, account=who.account, name=who.name))
    second = SecondFactor(sealed=vault.seal(secret, of=who.id)) if secret else None
    store.save_account(desk.db, Account(person=who.id, password=kept, changed=desk.now, second=second))
    desk.record("access.account_opened", on=who.id, second=bool(secret))


def _spent(desk: Desk, vault: Vault, account: Account, code: str) -> Account | None:
    if account.second is None:
        return None
    secret = vault.opened(account.second.sealed, of=account.person)
    spent = account.second.spent(code, secret, desk.now)
    return replace(account, second=spent) if spent else None
