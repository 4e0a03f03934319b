"""Policies on deliveries in the control database, and the epoch by which gateways see that one has changed."""

from __future__ import annotations

from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from jutong.kernel.db import Db, Instant, keyset, metadata, upsert
from jutong.kernel.errors import NotFound

from ..ruling import InForce
from .policy import DeliveryPolicy, Stage

policy = sa.Table(
    "delivery_policy",
    metadata,
    sa.Column("id", sa.String(26), primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True),
    sa.Column("title", sa.String(200), nullable=False),
    sa.Column("basis", sa.String(500), nullable=False),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("body", sa.String(18), nullable=False),
    sa.Column("whole", sa.Boolean, nullable=False),
    sa.Column("by", sa.String(300), nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("stage", sa.String(20), nullable=False),
    sa.Column("starts", sa.Date, nullable=True),
    sa.Column("approved_by", sa.String(300), nullable=False),
    sa.Column("approved_at", Instant, nullable=True),
    sa.Column("withdrawn_by", sa.String(300), nullable=False),
    sa.Column("withdrawn_at", Instant, nullable=True),
    sa.Index("ix_delivery_policy_stage", "stage", "id", "version"),
)
# One row, raised with every change in the same transaction: a gateway asks for it several times a second.
epoch_table = sa.Table(
    "delivery_policy_epoch",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("value", sa.BigInteger, nullable=False),
)
VERSIONS_MOST = 2**31 - 1
_NAMES = tuple(one.name for one in policy.c)


def save(db: Db, kept: DeliveryPolicy) -> None:
    """Keep a version as it stands."""
    _raise_epoch(db)
    values = {name: getattr(kept, name) for name in _NAMES} | {"stage": kept.stage.value}
    upsert(db, policy, values, key=("id", "version"))


def epoch(db: Db) -> int:
    """Return the epoch of the newest change to any policy; 0 before the first."""
    return db.execute(sa.select(epoch_table.c.value)).scalar() or 0


def in_force(db: Db, today: date) -> tuple[InForce, ...]:
    """Return the policies that count today, the oldest first: of each the newest version whose day has come."""
    query = (
        sa.select(policy)
        .where(policy.c.stage == Stage.IN_FORCE.value, policy.c.starts <= today)
        .order_by(policy.c.id, policy.c.version)
    )
    newest = {row["id"]: _of(row).in_force() for row in db.execute(query).mappings()}
    return tuple(newest.values())


def find_policy(db: Db, policy_id: str, version: int) -> DeliveryPolicy:
    """Return one version, or refuse with ``NotFound``."""
    query = sa.select(policy).where(policy.c.id == policy_id, policy.c.version == version)
    # A number beyond the column's own is no version, and no database would take it.
    row = db.execute(query).mappings().one_or_none() if 0 < version <= VERSIONS_MOST else None
    if row is None:
        raise NotFound("policy", policy_id)
    return _of(row)


def versions_of(db: Db, policy_id: str) -> tuple[DeliveryPolicy, ...]:
    """Return all versions of a policy, the newest first."""
    query = sa.select(policy).where(policy.c.id == policy_id).order_by(policy.c.version.desc())
    return tuple(_of(row) for row in db.execute(query).mappings())


def latest_policy(db: Db, policy_id: str, *, body: str, every: bool) -> DeliveryPolicy:
    """Return the newest version, if this body may see it: its own, the tier's; ``every`` for the tier itself."""
    found = versions_of(db, policy_id)
    if not found or not (every or found[0].whole or found[0].body == body):
        raise NotFound("policy", policy_id)
    return found[0]


def policies_shown(
    db: Db, *, body: str, every: bool, after: tuple[str, ...] = (), descending: bool = False, limit: int = 50
) -> tuple[DeliveryPolicy, ...]:
    """Return a page of the policies that a body may see, each in its newest version, by identifier."""
    later = policy.alias()
    newer = sa.exists().where(later.c.id == policy.c.id, later.c.version > policy.c.version)
    query = sa.select(policy).where(~newer)
    if not every:
        query = query.where(sa.or_(policy.c.body == body, policy.c.whole))
    page = keyset(query, (policy.c.id,), after=after, descending=descending, limit=limit)
    return tuple(_of(row) for row in db.execute(page).mappings())


class Standing:
    """The policies in force as one process knows them; read anew when one has changed, or the day."""

    def __init__(self) -> None:
        self._mark: tuple[int, date] | None = None
        self._held: tuple[InForce, ...] = ()

    def read(self, db: Db, today: date) -> tuple[InForce, ...]:
        """Return the policies that count today."""
        mark = epoch(db), today
        if mark != self._mark:
            self._held = in_force(db, today)
            self._mark = mark
        return self._held


def _of(row: sa.RowMapping) -> DeliveryPolicy:
    values: dict[str, Any] = dict(row)
    return DeliveryPolicy(**values | {"stage": Stage(row["stage"])})


def _raise_epoch(db: Db) -> None:
    insert = (postgresql.insert if db.dialect.name == "postgresql" else sqlite.insert)(epoch_table)
    raised = insert.values(id=1, value=1)
    db.execute(raised.on_conflict_do_update(index_elements=["id"], set_={"value": epoch_table.c.value + 1}))
