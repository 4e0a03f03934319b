"""The services of the gateway in the control database."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict

import sqlalchemy as sa

from jutong.kernel.db import Db, metadata, upsert
from jutong.kernel.errors import NotFound

from .service import Service

service = sa.Table(
    "delivery_service",
    metadata,
    sa.Column("entry", sa.String(26), primary_key=True),
    sa.Column("entry_version", sa.Integer, nullable=False),
    sa.Column("path", sa.String(400), nullable=False, unique=True),
    sa.Column("copy", sa.String(80), nullable=False),
    sa.Column("table", sa.String(200), nullable=False),
    sa.Column("key_item", sa.String(63), nullable=False),
    sa.Column("version", sa.String(400), nullable=False),
    sa.Column("rows", sa.BigInteger, nullable=False),
)


def save(db: Db, one: Service) -> None:
    """Keep what is served for an entry now."""
    upsert(db, service, asdict(one), key=("entry",))


def find_service(db: Db, entry_id: str) -> Service:
    """Return the service of an entry."""
    found = service_for(db, entry_id)
    if found is None:
        raise NotFound("service", entry_id)
    return found


def service_for(db: Db, entry_id: str) -> Service | None:
    """Return the service of an entry, if it has one."""
    row = db.execute(sa.select(service).where(service.c.entry == entry_id)).mappings().one_or_none()
    return None if row is None else Service(**row)


def services_of(db: Db, entry_ids: Collection[str]) -> Mapping[str, Service]:
    """Return the services of some entries, by entry."""
    rows = db.execute(sa.select(service).where(service.c.entry.in_(entry_ids))).mappings()
    return {row["entry"]: Service(**row) for row in rows}


def services(db: Db) -> tuple[Service, ...]:
    """Return all services, by path."""
    return tuple(Service(**row) for row in db.execute(sa.select(service).order_by(service.c.path)).mappings())
