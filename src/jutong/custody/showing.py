"""Requests for erasure, and how the lake's tables stand, shown to those who may see them; reading leaves no line."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from jutong import guard, registers
from jutong.kernel.db import Db
from jutong.kernel.errors import NotFound
from jutong.pools import Lake
from jutong.pools.layout import LAYERS
from jutong.pools.upkeep import Wear, tables, wear
from jutong.terms import Actor

from . import store
from .erasure import Erasure
from .retention import UNUSED, Retention, kept_since


def list_erasures(
    db: Db, actor: Actor, *, phase: str = "", after: str = "", descending: bool = True, limit: int = 200
) -> tuple[Erasure, ...]:
    """List the requests for erasure, of one phase or of any, newest first; page on from the last one's identifier."""
    _check(db, actor)
    return store.erasures(db, phase=phase, after=after, descending=descending, limit=limit)


def find_erasure(db: Db, actor: Actor, erasure_id: str) -> Erasure:
    """Return one request for erasure and what came of it."""
    _check(db, actor)
    return store.find_erasure(db, erasure_id)


def list_wear(
    db: Db, actor: Actor, lake: Lake, declared: Mapping[str, Retention], *,
    now: datetime, layer: str = "", after: str = "", descending: bool = False, limit: int = 20,
) -> tuple[Wear, ...]:  # fmt: skip
    """Say how the tables of one layer (of all, if empty) stand, by their names; only those listed are looked into."""
    _check(db, actor, "pages.lake")
    names = sorted(tables(lake, [layer] if layer in LAYERS else LAYERS), reverse=descending)
    beyond = [name for name in names if not after or (name < after if descending else name > after)]
    return tuple(_wear(lake, name, declared, now) for name in beyond[:limit])


def find_wear(
    db: Db, actor: Actor, lake: Lake, declared: Mapping[str, Retention], table: str, *, now: datetime
) -> Wear:
    """Say how one table stands, and what upkeep would do to it now."""
    _check(db, actor, "pages.lake")
    layer = table.partition("/")[0]
    if layer not in LAYERS or table not in tables(lake, [layer]):
        raise NotFound("table", table[:60])
    return _wear(lake, table, declared, now)


def _wear(lake: Lake, table: str, declared: Mapping[str, Retention], now: datetime) -> Wear:
    return wear(lake, table, before=kept_since(table, declared, now), unused_since=now - UNUSED)


def _check(db: Db, actor: Actor, page: str = "pages.erasures") -> None:
    guard.decide(actor, page, guard.Label(owner="", parties=registers.authorities(db)))
