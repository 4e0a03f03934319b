"""Sheets of systems, lists of powers and service items in the control database."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
import sqlalchemy as sa

from jutong.kernel.db import Db, Json, keyset, metadata, upsert
from jutong.kernel.errors import NotFound

from .duties import Power, PowerKind, Requirement, RequirementKind, ServiceItem
from .profile import Cloud, DatabaseKind, SystemProfile

profile = sa.Table(
    "registers_system_profile",
    metadata,
    sa.Column("system", sa.String(260), primary_key=True),
    sa.Column("body", sa.String(64), nullable=False, index=True),
    sa.Column("purpose", sa.String(500), nullable=False),
    sa.Column("cloud", sa.String(20), nullable=False),
    sa.Column("database", sa.String(20), nullable=False),
    sa.Column("address", sa.String(300), nullable=False),
)
power = sa.Table(
    "registers_power",
    metadata,
    sa.Column("body", sa.String(64), primary_key=True),
    sa.Column("code", sa.String(64), primary_key=True),
    sa.Column("title", sa.String(200), nullable=False),
    sa.Column("kind", sa.String(20), nullable=False),
    sa.Column("basis", sa.String(500), nullable=False),
)
service_item = sa.Table(
    "registers_service_item",
    metadata,
    sa.Column("body", sa.String(64), primary_key=True),
    sa.Column("code", sa.String(64), primary_key=True),
    sa.Column("title", sa.String(200), nullable=False),
    sa.Column("power", sa.String(64), nullable=False),
    sa.Column("requirements", Json, nullable=False),
)


def save_profile(db: Db, one: SystemProfile) -> None:
    """Keep a system's sheet."""
    upsert(db, profile, msgspec.to_builtins(one), key=("system",))


def profiles(db: Db, body: str | None = None) -> tuple[SystemProfile, ...]:
    """Return the sheets of all systems, or of one body's, by name."""
    query = sa.select(profile).order_by(profile.c.system)
    rows = db.execute(query if body is None else query.where(profile.c.body == body)).mappings()
    return tuple(
        SystemProfile(**{**row, "cloud": Cloud(row["cloud"]), "database": DatabaseKind(row["database"])})
        for row in rows
    )


def save_power(db: Db, one: Power) -> None:
    """Keep a line of a list of powers."""
    upsert(db, power, msgspec.to_builtins(one), key=("body", "code"))


def powers(db: Db, body: str | None = None) -> tuple[Power, ...]:
    """Return the lists of powers of all bodies, or of one, by code."""
    query = sa.select(power).order_by(power.c.body, power.c.code)
    rows = db.execute(query if body is None else query.where(power.c.body == body)).mappings()
    return tuple(Power(**{**row, "kind": PowerKind(row["kind"])}) for row in rows)


def powers_listed(
    db: Db,
    body: str,
    *,
    title: str = "",
    kind: str = "",
    sort: str = "code",
    descending: bool = False,
    after: tuple[str, ...] = (),
    limit: int = 50,
) -> tuple[Power, ...]:
    """Return a page of a body's powers, by ``title`` or by ``code``, their key."""
    query = sa.select(power).where(power.c.body == body)
    if title:
        query = query.where(power.c.title.contains(title, autoescape=True))
    if kind:
        query = query.where(power.c.kind == kind)
    order = (power.c.title, power.c.code) if sort == "title" else (power.c.code,)
    page = keyset(query, order, after=after, descending=descending, limit=limit)
    return tuple(Power(**{**row, "kind": PowerKind(row["kind"])}) for row in db.execute(page).mappings())


def find_power(db: Db, body: str, code: str) -> Power:
    """Return one line of a body's list."""
    row = db.execute(sa.select(power).where(power.c.body == body, power.c.code == code)).mappings().first()
    if row is None:
        raise NotFound("power", code)
    return Power(**{**row, "kind": PowerKind(row["kind"])})


def save_service_item(db: Db, one: ServiceItem) -> None:
    """Keep a service item."""
    upsert(db, service_item, msgspec.to_builtins(one), key=("body", "code"))


def service_items(db: Db, body: str | None = None) -> tuple[ServiceItem, ...]:
    """Return the service items of all bodies, or of one, by code."""
    query = sa.select(service_item).order_by(service_item.c.body, service_item.c.code)
    rows = db.execute(query if body is None else query.where(service_item.c.body == body)).mappings()
    return tuple(map(_service_item, rows))


def service_items_listed(
    db: Db,
    body: str,
    *,
    title: str = "",
    sort: str = "code",
    descending: bool = False,
    after: tuple[str, ...] = (),
    limit: int = 50,
) -> tuple[ServiceItem, ...]:
    """Return a page of a body's service items, by ``title`` or by ``code``, their key."""
    query = sa.select(service_item).where(service_item.c.body == body)
    if title:
        query = query.where(service_item.c.title.contains(title, autoescape=True))
    order = (service_item.c.title, service_item.c.code) if sort == "title" else (service_item.c.code,)
    page = keyset(query, order, after=after, descending=descending, limit=limit)
    return tuple(map(_service_item, db.execute(page).mappings()))


def find_service_item(db: Db, body: str, code: str) -> ServiceItem:
    """Return one service item of a body."""
    where = (service_item.c.body == body) & (service_item.c.code == code)
    row = db.execute(sa.select(service_item).where(where)).mappings().first()
    if row is None:
        raise NotFound("service item", code)
    return _service_item(row)


def _service_item(row: Mapping[Any, Any]) -> ServiceItem:
    told = (
        Requirement(**{**one, "kind": RequirementKind(one["kind"]), "items": tuple(one["items"])})
        for one in row["requirements"]
    )
    return ServiceItem(**{**row, "requirements": tuple(told)})
