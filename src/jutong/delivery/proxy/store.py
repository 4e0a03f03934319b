"""Departments' own services, and the agreements to which they were opened, in the control database."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa

from jutong.kernel.db import Db, Instant, Json, keyset, metadata, upsert
from jutong.kernel.errors import NotFound, WrongMoment
from jutong.kernel.shape import learn
from jutong.kernel.text import text

from ..opening import State
from ..store import Openings
from .operation import Operation
from .proxy import Asks, Field, Proxy

proxy = sa.Table(
    "delivery_proxy",
    metadata,
    sa.Column("id", sa.String(26), primary_key=True),
    sa.Column("entry", sa.String(26), nullable=False),
    sa.Column("provider", sa.String(18), nullable=False),
    sa.Column("name", sa.String(63), nullable=False),
    sa.Column("title", sa.String(200), nullable=False),
    sa.Column("base", sa.String(500), nullable=False),
    sa.Column("operations", Json, nullable=False),
    sa.Column("document", sa.String(64), nullable=False),
    sa.Column("fields", Json, nullable=False),
    sa.Column("first_seconds", sa.Integer, nullable=False),
    sa.Column("whole_seconds", sa.Integer, nullable=False),
    sa.Column("most_question", sa.Integer, nullable=False),
    sa.Column("most_answer", sa.Integer, nullable=False),
    sa.Column("at_once", sa.Integer, nullable=False),
    sa.Column("hedge_ms", sa.Integer, nullable=False),
    sa.Column("asks", sa.String(20), nullable=False),
    sa.Column("header", sa.String(64), nullable=False),
    sa.Column("made", Instant, nullable=False),
    sa.Column("by", sa.String(300), nullable=False),
    sa.Column("state", sa.String(20), nullable=False),
    sa.Column("secret", sa.LargeBinary, nullable=False),
    sa.Column("secret_set", Instant, nullable=True),
    sa.Index("ix_delivery_proxy_entry_id", "entry", "id"),
    sa.Index(
        "uq_delivery_proxy_live_name",
        "entry",
        "name",
        unique=True,
        sqlite_where=sa.text("state = 'live'"),
        postgresql_where=sa.text("state = 'live'"),
    ),
)
_opened = Openings("proxy", proxy)
openings, agreements_of = _opened.live, _opened.agreements_of
add_opening, remove_opening = _opened.add, _opened.remove
_PARTS = ("operations", "fields", "state", "asks")
_SAME = tuple(one.name for one in proxy.c if one.name not in _PARTS)


def add_proxy(db: Db, one: Proxy) -> None:
    """Keep a new declaration; its name must be free among the entry's live ones."""
    try:
        with db.begin_nested():
            db.execute(proxy.insert().values(**_values(one)))
    except sa.exc.IntegrityError as error:
        raise WrongMoment(
            text("the entry has a service called {name} already", name=one.name),
            remedy=text("choose another name, or end that one first"),
        ) from error


def save_proxy(db: Db, one: Proxy) -> None:
    """Keep a proxied service as it stands."""
    upsert(db, proxy, _values(one), key=("id",))


def find_proxy(db: Db, proxy_id: str) -> Proxy:
    """Return a proxied service, or refuse with ``NotFound``."""
    row = db.execute(sa.select(proxy).where(proxy.c.id == proxy_id)).mappings().one_or_none()
    if row is None:
        raise NotFound("proxied service", proxy_id[:26])
    return _proxy_of(row)


def proxies_of(
    db: Db, entry_id: str, *, after: tuple[str, ...] = (), descending: bool = False, limit: int = 50
) -> tuple[Proxy, ...]:
    """Return a page of an entry's proxied services, the oldest first."""
    query = sa.select(proxy).where(proxy.c.entry == entry_id)
    page = keyset(query, (proxy.c.id,), after=after, descending=descending, limit=limit)
    return tuple(_proxy_of(row) for row in db.execute(page).mappings())


def live_proxies(db: Db, entry_id: str = "") -> tuple[Proxy, ...]:
    """Return the proxied services that have not ended, of one entry or of all."""
    query = sa.select(proxy).where(proxy.c.state == State.LIVE.value)
    if entry_id:
        query = query.where(proxy.c.entry == entry_id)
    return tuple(_proxy_of(row) for row in db.execute(query.order_by(proxy.c.id)).mappings())


def live_marks(db: Db) -> frozenset[tuple[str, datetime | None]]:
    """Return the identifiers of those that have not ended, each with the instant of its secret: what may change."""
    query = sa.select(proxy.c.id, proxy.c.secret_set).where(proxy.c.state == State.LIVE.value)
    return frozenset((row[0], row[1]) for row in db.execute(query))


def proxies_open_to(
    db: Db, agreement_id: str, *, after: tuple[str, ...] = (), descending: bool = False, limit: int = 50
) -> tuple[Proxy, ...]:
    """Return a page of the proxied services that were opened to an agreement, the oldest first."""
    page = keyset(_opened.declared_for(agreement_id), (proxy.c.id,), after=after, descending=descending, limit=limit)
    return tuple(_proxy_of(row) for row in db.execute(page).mappings())


def _values(one: Proxy) -> dict[str, Any]:
    return {name: getattr(one, name) for name in _SAME} | {
        "operations": msgspec.to_builtins(one.operations),
        "fields": msgspec.to_builtins(one.fields),
        "state": one.state.value,
        "asks": one.asks.value,
    }


def _proxy_of(row: sa.RowMapping) -> Proxy:
    told: dict[str, Any] = {name: row[name] for name in _SAME}
    return Proxy(
        **told,
        operations=msgspec.convert(row["operations"], tuple[Operation, ...]),
        fields=msgspec.convert(row["fields"], tuple[Field, ...]),
        state=State(row["state"]),
        asks=Asks(row["asks"]),
    )


learn(Operation, Field)
