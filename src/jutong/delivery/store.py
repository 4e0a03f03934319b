"""The services of the gateway in the control database, and what was opened to single agreements."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from jutong.kernel.db import Db, Instant, metadata, upsert
from jutong.kernel.errors import NotFound

from .opening import State
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


class Openings:
    """To which agreements the declared services of one kind are open; each kind has a table, all of one form."""

    def __init__(self, kind: str, declared: sa.Table) -> None:
        """Keep the openings of what stands in ``declared``; ``kind`` is how the room calls it."""
        self._kind, self._declared = kind, declared
        self.table = sa.Table(
            f"delivery_{kind}_opening",
            metadata,
            sa.Column(kind, sa.String(26), primary_key=True),
            sa.Column("agreement", sa.String(26), primary_key=True),
            sa.Column("opened", Instant, nullable=False),
            sa.Column("by", sa.String(300), nullable=False),
            sa.Index(f"ix_delivery_{kind}_opening_agreement", "agreement", kind),
        )
        self._of = self.table.c[kind]

    def declared_for(self, agreement_id: str) -> sa.Select[Any]:
        """Return the question for what is open to an agreement."""
        query = sa.select(self._declared).join(self.table, self._of == self._declared.c.id)
        return query.where(self.table.c.agreement == agreement_id)

    def live(self, db: Db) -> frozenset[tuple[str, str]]:
        """Return which live services are open to which agreements."""
        query = sa.select(self._of, self.table.c.agreement).join(self._declared, self._of == self._declared.c.id)
        live = query.where(self._declared.c.state == State.LIVE.value)
        return frozenset((row[0], row[1]) for row in db.execute(live))

    def agreements_of(self, db: Db, declared_id: str) -> tuple[str, ...]:
        """Return the agreements to which a service is open."""
        query = sa.select(self.table.c.agreement).where(self._of == declared_id).order_by(self.table.c.agreement)
        return tuple(db.execute(query).scalars())

    def add(self, db: Db, declared_id: str, agreement_id: str, *, opened: datetime, by: str) -> None:
        """Keep that a service is open to an agreement."""
        values = {self._kind: declared_id, "agreement": agreement_id, "opened": opened, "by": by}
        upsert(db, self.table, values, key=(self._kind, "agreement"))

    def remove(self, db: Db, declared_id: str, agreement_id: str) -> None:
        """Forget that a service is open to an agreement."""
        db.execute(sa.delete(self.table).where(self._of == declared_id, self.table.c.agreement == agreement_id))
