"""Shared secrets in the control database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from jutong.kernel.db import Db, Instant, metadata, upsert
from jutong.kernel.errors import NotFound
from jutong.kernel.httpmac import HeaderProfile

from .secret import SharedSecret

secret = sa.Table(
    "delivery_secret",
    metadata,
    sa.Column("id", sa.String(26), primary_key=True),
    sa.Column("system", sa.String(300), nullable=False),
    sa.Column("body", sa.String(18), nullable=False),
    sa.Column("profile", sa.String(20), nullable=False),
    sa.Column("sealed", sa.LargeBinary, nullable=False),
    sa.Column("issued", Instant, nullable=False),
    sa.Column("expires", Instant, nullable=False),
    sa.Column("revoked", Instant, nullable=True),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Index("ix_delivery_secret_system", "system", "id"),
)
_NAMES = tuple(one.name for one in fields(SharedSecret))


def save(db: Db, one: SharedSecret) -> None:
    """Keep a secret."""
    upsert(db, secret, {name: getattr(one, name) for name in _NAMES} | {"profile": one.profile.value}, key=("id",))


def find(db: Db, secret_id: str) -> SharedSecret:
    """Return the secret with this identifier."""
    row = db.execute(sa.select(secret).where(secret.c.id == secret_id)).mappings().one_or_none()
    if row is None:
        raise NotFound("shared secret", secret_id)
    return _secret(row)


def live_secrets(db: Db, now: datetime, system: str | None = None) -> tuple[SharedSecret, ...]:
    """Return the secrets that count at ``now``, of all systems or one, the newest first."""
    query = sa.select(secret).where(secret.c.revoked.is_(None), secret.c.expires > now)
    if system is not None:
        query = query.where(secret.c.system == system)
    return tuple(_secret(row) for row in db.execute(query.order_by(secret.c.id.desc())).mappings())


def secrets_epoch(db: Db) -> tuple[int, int]:
    """Return what differs after every change of any secret, in whatever order changes were committed."""
    count, changes = db.execute(sa.select(sa.func.count(), sa.func.sum(secret.c.version))).one()
    return int(count), int(changes or 0)


def _secret(row: Mapping[Any, Any]) -> SharedSecret:
    return SharedSecret(**{**row, "profile": HeaderProfile(row["profile"])})
