"""Views and profiles of recipients in the control database."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from jutong.kernel.db import Db, Instant, Json, metadata, upsert
from jutong.kernel.errors import NotFound

from .marking import Marking
from .profile import Profile
from .view import Part, View

view = sa.Table(
    "delivery_view",
    metadata,
    sa.Column("agreement", sa.String(26), primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("terms", sa.String(64), nullable=False),
    sa.Column("table", sa.String(200), nullable=False),
    sa.Column("source", sa.BigInteger, nullable=False),
    sa.Column("made", Instant, nullable=False),
    sa.Column("schema", sa.Text, nullable=False),
    sa.Column("parts", Json, nullable=False),
    sa.Column("changes", Json, nullable=True),
    sa.Column("manifest", sa.Text, nullable=False),
    sa.Column("deleted", sa.BigInteger, nullable=True),
    sa.Column("doubts", sa.String(64), nullable=False, server_default=""),
    sa.Column("disputed", sa.BigInteger, nullable=False, server_default="0"),
)
_PLAIN = tuple(one.name for one in view.c if one.name not in ("parts", "changes"))
marking = sa.Table(
    "delivery_marking",
    metadata,
    sa.Column("entry", sa.String(26), primary_key=True),
    sa.Column("columns", Json, nullable=False),
    sa.Column("canaries", Json, nullable=False),
    sa.Column("declared", Instant, nullable=False),
    sa.Column("by", sa.String(300), nullable=False),
)
profile = sa.Table(
    "delivery_profile",
    metadata,
    sa.Column("id", sa.String(26), primary_key=True),
    sa.Column("system", sa.String(300), nullable=False),
    sa.Column("body", sa.String(18), nullable=False),
    sa.Column("purpose", sa.String(63), nullable=False),
    sa.Column("token_digest", sa.String(64), nullable=False),
    sa.Column("issued", Instant, nullable=False),
    sa.Column("expires", Instant, nullable=False),
    sa.Column("revoked", Instant, nullable=True),
    sa.Index("ix_delivery_profile_system_issued", "system", "issued", "id"),
)


def save_marking(db: Db, one: Marking) -> None:
    """Keep what may be marked in the copies of an entry."""
    upsert(db, marking, asdict(one), key=("entry",))


def marking_of(db: Db, entry_id: str) -> Marking | None:
    """Return what may be marked in the copies of an entry, if its owner declared it."""
    row = db.execute(sa.select(marking).where(marking.c.entry == entry_id)).mappings().one_or_none()
    return None if row is None else Marking(**{**row, "canaries": tuple(row["canaries"])})


def marked_entries(db: Db) -> tuple[str, ...]:
    """Return the entries whose owners let copies be marked."""
    return tuple(db.execute(sa.select(marking.c.entry).order_by(marking.c.entry)).scalars())


def marks_of(db: Db, entry_id: str) -> str:
    """Return the digest of what may be marked in the copies of an entry; empty where nothing may."""
    found = marking_of(db, entry_id)
    return found.digest() if found else ""


def save_view(db: Db, one: View) -> None:
    """Keep one version of a view."""
    row = {name: getattr(one, name) for name in _PLAIN}
    row["parts"] = [asdict(part) for part in one.parts]
    row["changes"] = None if one.changes is None else [asdict(part) for part in one.changes]
    upsert(db, view, row, key=("agreement", "version"))


def remove_views(db: Db, agreement_id: str, versions: Collection[int]) -> None:
    """Forget versions of a view."""
    db.execute(sa.delete(view).where(view.c.agreement == agreement_id, view.c.version.in_(versions)))


def views_of(db: Db, agreement_id: str) -> tuple[View, ...]:
    """Return every version that is kept, the newest last."""
    rows = db.execute(sa.select(view).where(view.c.agreement == agreement_id).order_by(view.c.version)).mappings()
    return tuple(_view(row) for row in rows)


def newest_view(db: Db, agreement_id: str) -> View | None:
    """Return the newest version, if there is one."""
    rows = sa.select(view).where(view.c.agreement == agreement_id).order_by(view.c.version.desc()).limit(1)
    row = db.execute(rows).mappings().one_or_none()
    return None if row is None else _view(row)


def view_at(db: Db, agreement_id: str, version: int) -> View | None:
    """Return one version, if it is kept."""
    rows = sa.select(view).where(view.c.agreement == agreement_id, view.c.version == version)
    row = db.execute(rows).mappings().one_or_none()
    return None if row is None else _view(row)


def viewed(db: Db) -> tuple[str, ...]:
    """Return the agreements that have a view."""
    return tuple(db.execute(sa.select(view.c.agreement).distinct().order_by(view.c.agreement)).scalars())


def views_from(db: Db, tables: Collection[str]) -> tuple[str, ...]:
    """Return the agreements whose views are made from one of these tables."""
    rows = sa.select(view.c.agreement).where(view.c.table.in_(tables)).distinct().order_by(view.c.agreement)
    return tuple(db.execute(rows).scalars())


def save_profile(db: Db, one: Profile) -> None:
    """Keep a profile; of its token only the digest."""
    upsert(db, profile, asdict(one), key=("id",))


def profile_with(db: Db, profile_id: str) -> Profile | None:
    """Return a profile, if there is one."""
    row = db.execute(sa.select(profile).where(profile.c.id == profile_id)).mappings().one_or_none()
    return None if row is None else Profile(**row)


def find_profile(db: Db, profile_id: str) -> Profile:
    """Return a profile, or refuse."""
    found = profile_with(db, profile_id)
    if found is None:
        raise NotFound("profile", profile_id)
    return found


def profiles_of(db: Db, systems: Collection[str], *, now: datetime) -> tuple[Profile, ...]:
    """Return the profiles of systems that still serve, the newest first."""
    rows = (
        sa.select(profile)
        .where(profile.c.system.in_(systems), profile.c.revoked.is_(None), profile.c.expires > now)
        .order_by(profile.c.issued.desc(), profile.c.id.desc())
    )
    return tuple(Profile(**row) for row in db.execute(rows).mappings())


def _view(row: Any) -> View:
    told = {name: row[name] for name in _PLAIN}
    changes = None if row["changes"] is None else tuple(Part(**one) for one in row["changes"])
    return View(**told, parts=tuple(Part(**one) for one in row["parts"]), changes=changes)
