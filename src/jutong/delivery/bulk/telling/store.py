"""Events and subscriptions in the control database."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from jutong.kernel.db import Db, Instant, keyset, metadata

from .event import Event
from .subscription import Failure, Subscription

event = sa.Table(
    "delivery_event",
    metadata,
    sa.Column("agreement", sa.String(26), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("manifest", sa.String(64), nullable=False),
    sa.Column("rows", sa.BigInteger, nullable=False),
    sa.Column("files", sa.Integer, nullable=False),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("changed", sa.BigInteger, nullable=True),
    sa.Column("deleted", sa.BigInteger, nullable=True),
    sa.Column("disputed", sa.BigInteger, nullable=False, server_default="0"),
)
subscription = sa.Table(
    "delivery_subscription",
    metadata,
    sa.Column("id", sa.String(26), primary_key=True),
    sa.Column("agreement", sa.String(26), nullable=False),
    sa.Column("system", sa.String(300), nullable=False),
    sa.Column("body", sa.String(18), nullable=False),
    sa.Column("purpose", sa.String(63), nullable=False),
    sa.Column("url", sa.String(500), nullable=False),
    sa.Column("made", Instant, nullable=False),
    sa.Column("by", sa.String(300), nullable=False),
    sa.Column("told", sa.Integer, nullable=False),
    sa.Column("willing", Instant, nullable=True),
    sa.Column("tries", sa.Integer, nullable=False),
    sa.Column("since", Instant, nullable=True),
    sa.Column("due", Instant, nullable=True),
    sa.Column("failure", sa.String(20), nullable=True),
    sa.Column("status", sa.Integer, nullable=False),
    sa.Column("dead", Instant, nullable=True),
    sa.Column("ended", Instant, nullable=True),
    sa.Index("ix_delivery_subscription_agreement_made", "agreement", "made", "id"),
)
_PROGRESS = ("told", "willing", "tries", "since", "due", "failure", "status", "dead")


def add_event(db: Db, one: Event) -> None:
    """Keep an event; its number is taken only once."""
    db.execute(sa.insert(event).values(asdict(one)))


def newest_number(db: Db, agreement_id: str) -> int:
    """Return the number of an agreement's newest event; 0 where there is none."""
    newest = sa.select(sa.func.max(event.c.number)).where(event.c.agreement == agreement_id)
    return int(db.execute(newest).scalar() or 0)


def event_at(db: Db, agreement_id: str, number: int) -> Event | None:
    """Return one event, if it is there."""
    query = sa.select(event).where(event.c.agreement == agreement_id, event.c.number == number)
    row = db.execute(query).mappings().one_or_none()
    return None if row is None else Event(**row)


def events_after(db: Db, agreement_id: str, number: int, *, limit: int) -> tuple[Event, ...]:
    """Return the events after a number, in order."""
    query = (
        sa.select(event)
        .where(event.c.agreement == agreement_id, event.c.number > number)
        .order_by(event.c.number)
        .limit(limit)
    )
    return tuple(Event(**row) for row in db.execute(query).mappings())


def add_subscription(db: Db, one: Subscription) -> None:
    """Keep a new subscription."""
    db.execute(sa.insert(subscription).values(asdict(one)))


def subscription_with(db: Db, subscription_id: str) -> Subscription | None:
    """Return a subscription, if there is one."""
    row = db.execute(sa.select(subscription).where(subscription.c.id == subscription_id)).mappings().one_or_none()
    return None if row is None else _subscription(row)


def live_subscriptions(db: Db, agreement_id: str) -> tuple[Subscription, ...]:
    """Return the subscriptions of an agreement that have not ended, the oldest first."""
    query = (
        sa.select(subscription)
        .where(subscription.c.agreement == agreement_id, subscription.c.ended.is_(None))
        .order_by(subscription.c.made, subscription.c.id)
    )
    return tuple(_subscription(row) for row in db.execute(query).mappings())


def subscriptions_of(
    db: Db, agreement_id: str, *, after: tuple[str, ...] = (), descending: bool = False, limit: int = 50
) -> tuple[Subscription, ...]:
    """Return a page of an agreement's subscriptions, the oldest first."""
    query = sa.select(subscription).where(subscription.c.agreement == agreement_id)
    rows = db.execute(keyset(query, (subscription.c.id,), after=after, descending=descending, limit=limit)).mappings()
    return tuple(_subscription(row) for row in rows)


def untold(db: Db, now: datetime) -> tuple[str, ...]:
    """Return the subscriptions that are to be told something now, whoever waits longest first."""
    newest = (
        sa.select(sa.func.max(event.c.number))
        .where(event.c.agreement == subscription.c.agreement)
        .correlate(subscription)
        .scalar_subquery()
    )
    query = (
        sa.select(subscription.c.id)
        .where(
            subscription.c.ended.is_(None),
            subscription.c.dead.is_(None),
            sa.or_(subscription.c.due.is_(None), subscription.c.due <= now),
            subscription.c.told < newest,
        )
        .order_by(subscription.c.made, subscription.c.id)
    )
    return tuple(db.execute(query).scalars())


def save_progress(db: Db, before: Subscription, after: Subscription) -> bool:
    """Keep how far a subscription has come, unless it ended or was moved on meanwhile; say whether it was kept."""
    told = {name: getattr(after, name) for name in _PROGRESS}
    same = (subscription.c.told == before.told, subscription.c.tries == before.tries)
    update = sa.update(subscription).where(subscription.c.id == before.id, subscription.c.ended.is_(None), *same)
    return db.execute(update.values(told)).rowcount == 1


def end(db: Db, subscription_id: str, now: datetime) -> None:
    """Let a subscription have ended."""
    update = sa.update(subscription).where(subscription.c.id == subscription_id, subscription.c.ended.is_(None))
    db.execute(update.values(ended=now))


def _subscription(row: Any) -> Subscription:
    failure = row["failure"]
    return Subscription(**{**row, "failure": None if failure is None else Failure(failure)})
