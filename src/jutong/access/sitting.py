"""What every way to a desk has in common: who may sit, the session that begins, the failure that is counted."""

from __future__ import annotations

import secrets

from jutong import registers
from jutong.desk import Desk
from jutong.guard import Label
from jutong.kernel.canon import Fact
from jutong.kernel.errors import NotAllowed, NotFound, NotSure
from jutong.kernel.text import text
from jutong.terms import Assurance

from . import ring, store
from .account import Account
from .attempts import Door
from .second_factor import Vault
from .session import TOKEN_BYTES, Caller, Session, new_session

NO_BODY = ""  # a person without a post belongs to the tier as a whole
NOBODY = "nobody"  # what the ledger says of an account that does not exist: not what was typed


def keys(vault: Vault, name: str, caller: Caller, *, kind: str = "account") -> tuple[str, str]:
    """Return under what failures are counted: what was named, and the address."""
    return vault.mark(kind, name), vault.mark("address", caller.source)


def count_failure(desk: Desk, door: Door, person: str, *, factor: str) -> None:
    """Count a failure, and leave its line."""
    failed = door.failed(desk.now)
    store.save_door(desk.db, failed)
    desk.record(
        "access.sign_in_failed",
        on=person,
        factor=factor,
        failures=failed.account.failures,
        source=failed.address.key,
        locked_until=failed.account.until.isoformat() if failed.account.until else None,
    )


def sit_down(desk: Desk, account: Account, caller: Caller, *, level: Assurance) -> tuple[str, Session]:
    """Return a new token and its session; at every step up, so that a token that was known before is worth nothing."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    session = new_session(desk.new_id(), account, token, caller, now=desk.now, level=level)
    store.save_session(desk.db, session)
    return token, session


def came_in(desk: Desk, account: Account, session: Session, door: Door, *, by: str) -> dict[str, Fact]:
    """Remember that somebody came in, ``by`` what, and return the facts of the line; failures before are forgotten."""
    store.forget_attempts(desk.db, door.account.key)
    store.save_account(desk.db, account.came_in(desk.now))
    level = session.level
    return {
        "session": session.id,
        "second": level > Assurance.ONE,
        "level": int(level),
        "by": by,
        "source": door.address.key,
    }


def may_sit(desk: Desk, account: Account) -> bool:
    """Say whether an account lets its person in: it is open, and there is a post to sit in."""
    return account.open and bool(store.chairs(desk.db, account.person, desk.today))


def own_session(desk: Desk, session_id: str) -> Session:
    """Return a session of the actor's own."""
    session = store.find_session(desk.db, session_id)
    if session.person != desk.actor.id:
        raise NotFound("session", session_id)
    return session


def account_of(desk: Desk, person_id: str) -> Account:
    """Return the account of a person, which nobody else changes before the act ends."""
    account = store.find_account(desk.db, person_id, hold=True)
    if account is None:
        raise NotFound("account", person_id)
    return account


def refuse_unsure(desk: Desk, account: Account) -> None:
    """Refuse to open another way in to whoever has shown less than the account can show: it may be a thief's hand."""
    stronger = account.second is not None or ring.passkeys_of(desk.db, account.person)
    if stronger and desk.actor.assured < Assurance.TWO:
        raise NotSure(
            text("this account has a second factor or a passkey, and this session has not shown it"),
            basis=text("GB/T 22239-2019 level 3, identification by two factors"),
            remedy=text("show a code of your phone or a passkey, then repeat the act"),
        )


def labels(desk: Desk, person_id: str) -> tuple[Label, ...]:
    """Return what the guard is asked about: whoever tends a person looks after every body in which it has a post."""
    bodies = {post.body for post in registers.posts_held_by(desk.db, person_id)} or {NO_BODY}
    return tuple(registers.label_of(desk.db, body, by=desk.actor) for body in sorted(bodies))


def refuse_oneself(desk: Desk, person_id: str) -> None:
    """Refuse to tend one's own way in."""
    if person_id == desk.actor.id:
        raise NotAllowed(
            text("nobody opens the way in to themselves"),
            basis=text("GB/T 22239-2019 level 3, separation of administrators"),
            remedy=text("ask another security administrator"),
        )
