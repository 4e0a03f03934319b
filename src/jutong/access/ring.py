"""What else opens an account, in the control database: passkeys, linked identities, and proofs that were used up."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from jutong.kernel.db import Db, Instant, metadata, upsert
from jutong.kernel.errors import NotFound

from .identity import Identity
from .passkey import Passkey

passkey = sa.Table(
    "access_passkey",
    metadata,
    sa.Column("id", sa.String(26), primary_key=True),
    sa.Column("person", sa.String(26), nullable=False, index=True),
    sa.Column("digest", sa.String(64), nullable=False, unique=True),
    sa.Column("credential", sa.LargeBinary, nullable=False),
    sa.Column("name", sa.String(80), nullable=False),
    sa.Column("made", Instant, nullable=False),
    sa.Column("used", Instant, nullable=True),
    sa.Column("count", sa.BigInteger, nullable=False),
    sa.Column("backed", sa.Boolean, nullable=False),
)
identity = sa.Table(
    "access_identity",
    metadata,
    sa.Column("id", sa.String(26), primary_key=True),
    sa.Column("person", sa.String(26), nullable=False, index=True),
    sa.Column("digest", sa.String(64), nullable=False, unique=True),
    sa.Column("issuer", sa.String(300), nullable=False),
    sa.Column("subject", sa.String(255), nullable=False),
    sa.Column("made", Instant, nullable=False),
    sa.Column("used", Instant, nullable=True),
)
spent = sa.Table(
    "access_spent",
    metadata,
    sa.Column("digest", sa.String(64), primary_key=True),
    sa.Column("until", Instant, nullable=False, index=True),
)


def save_passkey(db: Db, kept: Passkey) -> None:
    """Keep a passkey."""
    names = ("id", "person", "digest", "credential", "name", "made", "used", "count", "backed")
    upsert(db, passkey, {name: getattr(kept, name) for name in names}, key=("id",))


def passkey_with(db: Db, digest: str) -> Passkey | None:
    """Return the passkey whose credential identifier has this digest; nobody else uses it before the act ends."""
    query = sa.select(passkey).where(passkey.c.digest == digest).with_for_update()
    row = db.execute(query).mappings().first()
    return Passkey(**row) if row else None


def passkeys_of(db: Db, person: str) -> tuple[Passkey, ...]:
    """Return the passkeys of a person, the oldest first."""
    query = sa.select(passkey).where(passkey.c.person == person).order_by(passkey.c.id)
    return tuple(Passkey(**row) for row in db.execute(query).mappings())


def drop_passkey(db: Db, person: str, passkey_id: str) -> None:
    """Forget a passkey of a person's own."""
    gone = sa.delete(passkey).where(passkey.c.id == passkey_id, passkey.c.person == person)
    if not db.execute(gone).rowcount:
        raise NotFound("passkey", passkey_id)


def drop_passkeys(db: Db, person: str) -> int:
    """Forget all passkeys of a person, and return how many there were."""
    return db.execute(sa.delete(passkey).where(passkey.c.person == person)).rowcount


def save_identity(db: Db, kept: Identity) -> None:
    """Keep a link to an identity."""
    names = ("id", "person", "digest", "issuer", "subject", "made", "used")
    upsert(db, identity, {name: getattr(kept, name) for name in names}, key=("id",))


def identity_with(db: Db, digest: str) -> Identity | None:
    """Return the link of the identity with this digest."""
    row = db.execute(sa.select(identity).where(identity.c.digest == digest)).mappings().first()
    return Identity(**row) if row else None


def identities_of(db: Db, person: str) -> tuple[Identity, ...]:
    """Return the identities that are linked to a person, the oldest first."""
    query = sa.select(identity).where(identity.c.person == person).order_by(identity.c.id)
    return tuple(Identity(**row) for row in db.execute(query).mappings())


def drop_identity(db: Db, person: str, identity_id: str) -> None:
    """Forget a link of a person's own."""
    gone = sa.delete(identity).where(identity.c.id == identity_id, identity.c.person == person)
    if not db.execute(gone).rowcount:
        raise NotFound("linked identity", identity_id)


def drop_identities(db: Db, person: str) -> int:
    """Forget all links of a person, and return how many there were."""
    return db.execute(sa.delete(identity).where(identity.c.person == person)).rowcount


def spend(db: Db, digest: str, until: datetime) -> bool:
    """Remember that a proof was used, until it would have ended anyway; say whether this was the first time."""
    insert = (postgresql.insert if db.dialect.name == "postgresql" else sqlite.insert)(spent)
    once = insert.values(digest=digest, until=until).on_conflict_do_nothing().returning(spent.c.digest)
    return db.execute(once).first() is not None


def sweep_spent(db: Db, now: datetime) -> int:
    """Forget used proofs that nobody could use again, and return how many there were."""
    return db.execute(sa.delete(spent).where(spent.c.until <= now)).rowcount
