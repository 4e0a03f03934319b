"""Declared purchases."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from functools import cache

import msgspec
import sqlalchemy as sa

from jutong.kernel.db import Db, Json, Piling, metadata, upsert
from jutong.kernel.errors import NotFound
from jutong.kernel.pile import Pile
from jutong.kernel.shape import learn

from .purchase import Purchase, alike

COMPARED = 2000  # the newest so many are compared with what somebody wants to buy

purchase = sa.Table(
    "sharing_purchase",
    metadata,
    sa.Column("id", sa.String(26), primary_key=True),
    sa.Column("buyer", sa.String(18), nullable=False),
    sa.Column("contract", sa.String(64), nullable=False, unique=True),
    sa.Column("entry", sa.String(26), nullable=False, index=True),
    sa.Column("ends", sa.String(10), nullable=False),
    sa.Column("over", sa.Boolean, nullable=False),
    sa.Column("body", Json, nullable=False),
    sa.Index("ix_sharing_purchase_over_ends", "over", "ends"),
)

learn(Purchase)


def find_purchase(db: Db, purchase_id: str, *, hold: bool = False) -> Purchase:
    """Return a purchase: whoever holds a post may find what was bought, lest it be bought again."""
    query = sa.select(purchase.c.body).where(purchase.c.id == purchase_id)
    body = db.execute(query.with_for_update() if hold else query).scalar()
    if body is None:
        raise NotFound("purchase", purchase_id)
    return msgspec.convert(body, Purchase)


def purchases(db: Db, *, after: str = "", limit: int = 50, descending: bool = False) -> tuple[Purchase, ...]:
    """Return purchases by the order in which they were declared."""
    place = purchase.c.id < after if descending else purchase.c.id > after
    query = sa.select(purchase.c.body).where(place if after else sa.true())
    order = purchase.c.id.desc() if descending else purchase.c.id
    return tuple(msgspec.convert(body, Purchase) for body in db.execute(query.order_by(order).limit(limit)).scalars())


def purchase_by(db: Db, contract: str) -> Purchase | None:
    """Return the purchase by a contract."""
    body = db.execute(sa.select(purchase.c.body).where(purchase.c.contract == contract)).scalar()
    return None if body is None else msgspec.convert(body, Purchase)


def purchases_of_entry(db: Db, entry: str) -> tuple[Purchase, ...]:
    """Return the purchases that are shared under an entry, those that are over as well."""
    query = sa.select(purchase.c.body).where(purchase.c.entry == entry).order_by(purchase.c.id)
    return tuple(msgspec.convert(body, Purchase) for body in db.execute(query).scalars())


def purchases_to_share(db: Db, buyer: str, *, limit: int = 20) -> Pile[Purchase]:
    """Return what a body bought and has not yet shared under an entry, the oldest first, and how much there is."""
    rows, size = _to_share().read(db, limit=limit, buyer=buyer)
    return Pile(tuple(msgspec.convert(row.body, Purchase) for row in rows), size)


def purchases_past(db: Db, today: date) -> tuple[Purchase, ...]:
    """Return the purchases whose licence has run out and that nobody has ended yet, held against change."""
    past = sa.and_(purchase.c.over.is_(False), purchase.c.ends < today.isoformat())
    query = sa.select(purchase.c.body).where(past).order_by(purchase.c.id).with_for_update()
    return tuple(msgspec.convert(body, Purchase) for body in db.execute(query).scalars())


def purchases_like(db: Db, titles: Iterable[str], today: date) -> tuple[Purchase, ...]:
    """Return what was bought already, and may still be used, under nearly one of these titles."""
    wanted = tuple(titles)
    query = sa.select(purchase.c.body).where(purchase.c.over.is_(False)).order_by(purchase.c.id.desc()).limit(COMPARED)
    known = (msgspec.convert(body, Purchase) for body in db.execute(query).scalars())
    return tuple(one for one in known if one.stands(today) and any(alike(one.terms.title, title) for title in wanted))


def save_purchase(db: Db, noun: Purchase) -> None:
    """Keep a purchase as it now stands."""
    values = {
        "id": noun.id,
        "buyer": noun.buyer,
        "contract": noun.terms.contract,
        "entry": noun.entry,
        "ends": noun.terms.ends.isoformat(),
        "over": noun.over is not None,
        "body": msgspec.to_builtins(noun, order="deterministic"),
    }
    upsert(db, purchase, values, key=("id",))


@cache
def _to_share() -> Piling:
    query = sa.select(purchase.c.body).where(
        purchase.c.entry == "", purchase.c.over.is_(False), purchase.c.buyer == sa.bindparam("buyer")
    )
    return Piling.of(query, purchase.c.id)
