"""Declared services, and the agreements to which they were opened, in the control database."""

from __future__ import annotations

from typing import Any

import msgspec
import sqlalchemy as sa

from jutong.kernel.db import Db, Instant, Json, keyset, metadata, upsert
from jutong.kernel.errors import NotFound, WrongMoment
from jutong.kernel.shape import learn
from jutong.kernel.text import text

from ..opening import State
from ..store import Openings
from .listing import Listing, Order, Parameter

listing = sa.Table(
    "delivery_listing",
    metadata,
    sa.Column("id", sa.String(26), primary_key=True),
    sa.Column("entry", sa.String(26), nullable=False),
    sa.Column("provider", sa.String(18), nullable=False),
    sa.Column("name", sa.String(63), nullable=False),
    sa.Column("title", sa.String(200), nullable=False),
    sa.Column("items", Json, nullable=False),
    sa.Column("parameters", Json, nullable=False),
    sa.Column("condition", sa.String(2000), nullable=False),
    sa.Column("order", Json, nullable=False),
    sa.Column("page_rows", sa.Integer, nullable=False),
    sa.Column("most_rows", sa.Integer, nullable=False),
    sa.Column("made", Instant, nullable=False),
    sa.Column("by", sa.String(300), nullable=False),
    sa.Column("state", sa.String(20), nullable=False),
    sa.Column("copied", sa.String(40), nullable=False),
    sa.Column("copied_at", Instant, nullable=True),
    sa.Column("rows", sa.BigInteger, nullable=False),
    sa.Index("ix_delivery_listing_entry_id", "entry", "id"),
    sa.Index(
        "uq_delivery_listing_live_name",
        "entry",
        "name",
        unique=True,
        sqlite_where=sa.text("state = 'live'"),
        postgresql_where=sa.text("state = 'live'"),
    ),
)
_opened = Openings("listing", listing)
openings, agreements_of = _opened.live, _opened.agreements_of
add_opening, remove_opening = _opened.add, _opened.remove
_PARTS = ("items", "parameters", "order", "state")
_SAME = tuple(one.name for one in listing.c if one.name not in _PARTS)


def add_listing(db: Db, one: Listing) -> None:
    """Keep a new declaration; its name must be free among the entry's live ones."""
    try:
        with db.begin_nested():
            db.execute(listing.insert().values(**_values(one)))
    except sa.exc.IntegrityError as error:
        raise WrongMoment(
            text("the entry has a service called {name} already", name=one.name),
            remedy=text("choose another name, or end that one first"),
        ) from error


def save_listing(db: Db, one: Listing) -> None:
    """Keep a declared service as it stands."""
    upsert(db, listing, _values(one), key=("id",))


def find_listing(db: Db, listing_id: str) -> Listing:
    """Return a declared service, or refuse with ``NotFound``."""
    row = db.execute(sa.select(listing).where(listing.c.id == listing_id)).mappings().one_or_none()
    if row is None:
        raise NotFound("declared service", listing_id[:26])
    return _listing_of(row)


def listings_of(
    db: Db, entry_id: str, *, after: tuple[str, ...] = (), descending: bool = False, limit: int = 50
) -> tuple[Listing, ...]:
    """Return a page of an entry's declared services, the oldest first."""
    query = sa.select(listing).where(listing.c.entry == entry_id)
    page = keyset(query, (listing.c.id,), after=after, descending=descending, limit=limit)
    return tuple(_listing_of(row) for row in db.execute(page).mappings())


def live_listings(db: Db, entry_id: str = "") -> tuple[Listing, ...]:
    """Return the declared services that have not ended, of one entry or of all."""
    query = sa.select(listing).where(listing.c.state == State.LIVE.value)
    if entry_id:
        query = query.where(listing.c.entry == entry_id)
    return tuple(_listing_of(row) for row in db.execute(query.order_by(listing.c.id)).mappings())


def listings_open_to(
    db: Db, agreement_id: str, *, after: tuple[str, ...] = (), descending: bool = False, limit: int = 50
) -> tuple[Listing, ...]:
    """Return a page of the declared services that were opened to an agreement, the oldest first."""
    page = keyset(_opened.declared_for(agreement_id), (listing.c.id,), after=after, descending=descending, limit=limit)
    return tuple(_listing_of(row) for row in db.execute(page).mappings())


def _values(one: Listing) -> dict[str, Any]:
    return {name: getattr(one, name) for name in _SAME} | {
        "items": list(one.items),
        "parameters": msgspec.to_builtins(one.parameters),
        "order": msgspec.to_builtins(one.order),
        "state": one.state.value,
    }


def _listing_of(row: sa.RowMapping) -> Listing:
    told: dict[str, Any] = {name: row[name] for name in _SAME}
    return Listing(
        **told,
        items=tuple(row["items"]),
        parameters=msgspec.convert(row["parameters"], tuple[Parameter, ...]),
        order=msgspec.convert(row["order"], tuple[Order, ...]),
        state=State(row["state"]),
    )


learn(Parameter, Order)
