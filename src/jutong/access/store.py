"""Ways in, in the control database."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from jutong import registers
from jutong.kernel.canon import digest
from jutong.kernel.clock import LEGAL_TIME
from jutong.kernel.db import Db, Instant, Json, metadata, transaction, upsert
from jutong.kernel.errors import NotFound
from jutong.terms import Assurance

from .account import Account, Standing
from .attempts import WITH_ACCOUNT, Attempts, Door
from .delegation import Delegation
from .invitation import Invitation
from .ring import passkey, sweep_spent
from .second_factor import SecondFactor
from .session import IDLE, NOTED_EVERY, Chair, Seat, Session, chairs_of, seat_of

account = sa.Table(
    "access_account",
    metadata,
    sa.Column("person", sa.String(26), primary_key=True),
    sa.Column("password", sa.String(200), nullable=False),
    sa.Column("changed", Instant, nullable=False),
    sa.Column("must_change", sa.Boolean, nullable=False),
    sa.Column("previous", Json, nullable=False),
    sa.Column("barred", sa.Boolean, nullable=False),
    sa.Column("sealed", sa.LargeBinary, nullable=True),
    sa.Column("last_step", sa.BigInteger, nullable=False),
    sa.Column("recovery", Json, nullable=False),
    sa.Column("language", sa.String(10), nullable=True),
    sa.Column("post", sa.String(26), nullable=True),
    sa.Column("used", Instant, nullable=True),
    sa.Column("warned", Instant, nullable=True),
    sa.Column("closed", Instant, nullable=True),
)
attempts = sa.Table(
    "access_attempts",
    metadata,
    sa.Column("key", sa.String(32), primary_key=True),
    sa.Column("failures", sa.Integer, nullable=False),
    sa.Column("last", Instant, nullable=False, index=True),
    sa.Column("until", Instant, nullable=True),
)
session = sa.Table(
    "access_session",
    metadata,
    sa.Column("id", sa.String(26), primary_key=True),
    sa.Column("person", sa.String(26), nullable=False, index=True),
    sa.Column("digest", sa.String(64), nullable=False, unique=True),
    sa.Column("post", sa.String(26), nullable=True),
    sa.Column("level", sa.Integer, nullable=False),
    sa.Column("opened", Instant, nullable=False),
    sa.Column("seen", Instant, nullable=False),
    sa.Column("ends", Instant, nullable=False),
    sa.Column("source", sa.String(64), nullable=False),
    sa.Column("agent", sa.String(200), nullable=False),
)
invitation = sa.Table(
    "access_invitation",
    metadata,
    sa.Column("id", sa.String(26), primary_key=True),
    sa.Column("person", sa.String(26), nullable=False, index=True),
    sa.Column("digest", sa.String(64), nullable=False, unique=True),
    sa.Column("issued", Instant, nullable=False),
    sa.Column("expires", Instant, nullable=False),
    sa.Column("by", sa.String(26), nullable=False),
    sa.Column("used", Instant, nullable=True),
)
delegation = sa.Table(
    "access_delegation",
    metadata,
    sa.Column("id", sa.String(26), primary_key=True),
    sa.Column("post", sa.String(26), nullable=False, index=True),
    sa.Column("holder", sa.String(26), nullable=False, index=True),
    sa.Column("delegate", sa.String(26), nullable=False, index=True),
    sa.Column("starts", sa.Date, nullable=False),
    sa.Column("ends", sa.Date, nullable=False),
    sa.Column("made", Instant, nullable=False),
    sa.Column("ended", Instant, nullable=True),
)

_PLAIN = ("person", "password", "changed", "must_change", "barred", "language", "post", "used", "warned", "closed")

# Asked at every page: made once. One row for each post that is lent to the person today, one where there is none.
_SESSION = (
    sa.select(
        session,
        account.c.language,
        account.c.must_change,
        account.c.barred,
        account.c.closed,
        sa.exists().where(passkey.c.person == session.c.person).label("has_passkey"),
        account.c.sealed.is_not(None).label("has_second"),
        delegation.c.post.label("lent"),
        delegation.c.ends.label("lent_until"),
    )
    .select_from(
        session.join(account, account.c.person == session.c.person).outerjoin(
            delegation,
            (delegation.c.delegate == session.c.person)
            & delegation.c.ended.is_(None)
            & (delegation.c.starts <= sa.bindparam("today"))
            & (delegation.c.ends >= sa.bindparam("today")),
        )
    )
    .where(session.c.digest == sa.bindparam("digest"))
)


def session_of(db: Db, token: str, now: datetime) -> Seat | None:
    """Return the seat of a session's token; None for a stranger, and for a session that has ended."""
    if not token:
        return None
    today = now.astimezone(LEGAL_TIME).date()
    rows = db.execute(_SESSION, {"digest": digest(token.encode("utf-8", "replace")), "today": today}).all()
    if not rows or rows[0].barred or rows[0].closed:
        return None
    found = _session(rows[0]._mapping)
    if not found.live(now):
        return None
    who, chairs = _chairs(db, found.person, [(row.lent, row.lent_until) for row in rows if row.lent])
    if who is None:
        return None
    standing = Standing(rows[0].language, rows[0].must_change, rows[0].has_second, bool(rows[0].has_passkey))
    return seat_of(found, standing, who, chairs, token)


def note_seen(engine: sa.Engine, seat: Seat, now: datetime) -> None:
    """Remember that a session is in use; written once a minute at most, so that a page costs no write."""
    if now - seat.seen < NOTED_EVERY:
        return
    with transaction(engine) as db:
        db.execute(sa.update(session).where(session.c.id == seat.session, session.c.seen < now).values(seen=now))


def chairs(db: Db, person: str, today: date) -> tuple[Chair, ...]:
    """Return the chairs in which a person may sit on a day."""
    query = sa.select(delegation.c.post, delegation.c.ends).where(
        delegation.c.delegate == person,
        delegation.c.ended.is_(None),
        delegation.c.starts <= today,
        delegation.c.ends >= today,
    )
    return _chairs(db, person, [(row.post, row.ends) for row in db.execute(query)])[1]


def account_named(db: Db, name: str) -> Account | None:
    """Return the account that goes by a name; one that does not exist is looked for as long as one that does."""
    person = registers.person_with(db, name)
    return find_account(db, person.id if person else "")


def find_account(db: Db, person: str, *, hold: bool = False) -> Account | None:
    """Return the account of a person, if it has one; ``hold`` lets nobody else change it before the act ends."""
    query = sa.select(account).where(account.c.person == person)
    row = db.execute(query.with_for_update() if hold else query).mappings().first()
    return _account(row) if row else None


def nobody_yet(db: Db) -> bool:
    """Say whether not one account is open: a fresh home, into which nobody can sign in."""
    return db.execute(sa.select(account.c.person).limit(1)).first() is None


def accounts_of(db: Db, people: Collection[str]) -> Mapping[str, Account]:
    """Return the accounts of those among ``people`` who have one, by person."""
    rows = db.execute(sa.select(account).where(account.c.person.in_(list(people)))).mappings()
    return {row["person"]: _account(row) for row in rows}


def save_account(db: Db, kept: Account) -> None:
    """Keep an account."""
    values = {
        **{name: getattr(kept, name) for name in _PLAIN},
        "previous": list(kept.previous),
        "sealed": kept.second.sealed if kept.second else None,
        "last_step": kept.second.last_step if kept.second else -1,
        "recovery": list(kept.second.recovery) if kept.second else [],
    }
    upsert(db, account, values, key=("person",))


def find_door(db: Db, account_key: str, address_key: str) -> Door:
    """Return the failures with an account and from an address; none is a value too."""
    return Door(_attempts(db, account_key), _attempts(db, address_key))


def hold_door(db: Db, account_key: str, address_key: str, now: datetime) -> Door:
    """Return the same, and let nobody else count there before this transaction ends.

    Always the account first: whoever counts waits for whoever counts, and never in a circle.
    """
    for key in (account_key, address_key):
        insert = (postgresql.insert if db.dialect.name == "postgresql" else sqlite.insert)(attempts)
        db.execute(insert.values(key=key, failures=0, last=now).on_conflict_do_nothing())
        db.execute(sa.select(attempts.c.key).where(attempts.c.key == key).with_for_update())
    return find_door(db, account_key, address_key)


def save_door(db: Db, door: Door) -> None:
    """Keep failures."""
    for kept in (door.account, door.address):
        values = {"key": kept.key, "failures": kept.failures, "last": kept.last, "until": kept.until}
        upsert(db, attempts, values, key=("key",))


def forget_attempts(db: Db, key: str) -> bool:
    """Forget the failures under a key; say whether there were any."""
    return db.execute(sa.delete(attempts).where(attempts.c.key == key)).rowcount > 0


def save_session(db: Db, kept: Session) -> None:
    """Keep a session."""
    names = ("id", "person", "digest", "post", "level", "opened", "seen", "ends", "source", "agent")
    upsert(db, session, {name: getattr(kept, name) for name in names}, key=("id",))


def session_with(db: Db, token: str) -> Session | None:
    """Return the session of a token, ended or not."""
    found = digest(token.encode("utf-8", "replace"))
    row = db.execute(sa.select(session).where(session.c.digest == found)).mappings().first()
    return _session(row) if row else None


def find_session(db: Db, session_id: str) -> Session:
    """Return the session with this identifier."""
    row = db.execute(sa.select(session).where(session.c.id == session_id)).mappings().first()
    if row is None:
        raise NotFound("session", session_id)
    return _session(row)


def sessions_of(db: Db, person: str, now: datetime) -> tuple[Session, ...]:
    """Return the live sessions of a person, the newest first."""
    query = sa.select(session).where(session.c.person == person).order_by(session.c.id.desc())
    found = map(_session, db.execute(query).mappings().all())
    return tuple(one for one in found if one.live(now))


def drop_session(db: Db, session_id: str) -> None:
    """End a session: its token opens nothing any more."""
    db.execute(sa.delete(session).where(session.c.id == session_id))


def drop_sessions(db: Db, person: str, *, but: str = "") -> int:
    """End all sessions of a person, ``but`` one, and return how many there were."""
    return db.execute(sa.delete(session).where(session.c.person == person, session.c.id != but)).rowcount


def unused_accounts(db: Db, before: datetime, *, limit: int = 500) -> tuple[Account, ...]:
    """Return open accounts that were last used before an instant, each held until the act ends."""
    last = sa.func.coalesce(account.c.used, account.c.changed)
    query = sa.select(account).where(~account.c.barred, account.c.closed.is_(None), last < before)
    rows = db.execute(query.order_by(account.c.person).limit(limit).with_for_update(skip_locked=True)).mappings()
    return tuple(map(_account, rows))


def save_invitation(db: Db, kept: Invitation) -> None:
    """Keep an invitation."""
    names = ("id", "person", "digest", "issued", "expires", "by", "used")
    upsert(db, invitation, {name: getattr(kept, name) for name in names}, key=("id",))


def invitation_with(db: Db, code_digest: str) -> Invitation | None:
    """Return the invitation whose code has this digest."""
    row = db.execute(sa.select(invitation).where(invitation.c.digest == code_digest)).mappings().first()
    return Invitation(**row) if row else None


def invited_until(db: Db, people: Collection[str], now: datetime) -> Mapping[str, datetime]:
    """Return who of ``people`` is invited and has not come yet, and until when."""
    query = sa.select(invitation.c.person, invitation.c.expires).where(invitation.c.person.in_(list(people)))
    found = db.execute(query.where(invitation.c.used.is_(None), invitation.c.expires > now))
    return {row.person: row.expires for row in found}


def locked_until(db: Db, account_key: str, now: datetime) -> datetime | None:
    """Return until when an account is locked by failed attempts; None when it is not."""
    kept = _attempts(db, account_key)
    return kept.until if kept.locked(now) else None


def drop_invitations(db: Db, person: str) -> None:
    """Let no older invitation of a person count."""
    db.execute(sa.delete(invitation).where(invitation.c.person == person, invitation.c.used.is_(None)))


def save_delegation(db: Db, kept: Delegation) -> None:
    """Keep a delegation."""
    names = ("id", "post", "holder", "delegate", "starts", "ends", "made", "ended")
    upsert(db, delegation, {name: getattr(kept, name) for name in names}, key=("id",))


def find_delegation(db: Db, delegation_id: str) -> Delegation:
    """Return the delegation with this identifier."""
    row = db.execute(sa.select(delegation).where(delegation.c.id == delegation_id)).mappings().first()
    if row is None:
        raise NotFound("delegation", delegation_id)
    return Delegation(**row)


def delegations_of(db: Db, person: str) -> tuple[Delegation, ...]:
    """Return the delegations that a person gave or was given, the newest first."""
    where = (delegation.c.holder == person) | (delegation.c.delegate == person)
    query = sa.select(delegation).where(where).order_by(delegation.c.id.desc()).limit(200)
    return tuple(Delegation(**row) for row in db.execute(query).mappings())


def drop_delegations(db: Db, person: str, now: datetime) -> int:
    """End every delegation that a person gave or was given, and return how many there were."""
    theirs = (delegation.c.holder == person) | (delegation.c.delegate == person)
    still = sa.update(delegation).where(theirs, delegation.c.ended.is_(None), delegation.c.ends >= now.date())
    return db.execute(still.values(ended=now)).rowcount


def delegations_to(db: Db, person: str) -> tuple[Delegation, ...]:
    """Return the delegations that a person was given."""
    query = sa.select(delegation).where(delegation.c.delegate == person).order_by(delegation.c.id)
    return tuple(Delegation(**row) for row in db.execute(query).mappings())


def sweep(engine: sa.Engine, now: datetime) -> int:
    """Remove what no longer counts: sessions that ended, failures that are forgotten; return how many."""
    with transaction(engine) as db:
        ended = sa.delete(session).where((session.c.ends <= now) | (session.c.seen <= now - IDLE))
        stale = sa.delete(attempts).where(
            attempts.c.last < now - WITH_ACCOUNT.forgotten, attempts.c.until.is_(None) | (attempts.c.until < now)
        )
        return db.execute(ended).rowcount + db.execute(stale).rowcount + sweep_spent(db, now)


def _attempts(db: Db, key: str) -> Attempts:
    row = db.execute(sa.select(attempts).where(attempts.c.key == key)).mappings().first()
    return Attempts(**row) if row else Attempts(key=key)


def _chairs(db: Db, person: str, lent: list[tuple[str, date]]) -> tuple[registers.Person | None, tuple[Chair, ...]]:
    who, holdings = registers.holdings(db, person, also=[post for post, _ in lent])
    return who, chairs_of(person, holdings, lent)


def _account(row: sa.RowMapping) -> Account:
    second = (
        None
        if row["sealed"] is None
        else SecondFactor(sealed=row["sealed"], last_step=row["last_step"], recovery=tuple(row["recovery"]))
    )
    return Account(**{name: row[name] for name in _PLAIN}, previous=tuple(row["previous"]), second=second)


def _session(row: sa.RowMapping) -> Session:
    names = ("id", "person", "digest", "post", "opened", "seen", "ends", "source", "agent")
    return Session(**{name: row[name] for name in names}, level=Assurance(row["level"]))
