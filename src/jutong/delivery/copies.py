"""How the serving copies of a node lie: open or sealed, under which key; and a new key, under which all come anew."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from jutong import catalogue
from jutong.desk import Desk, House
from jutong.guard import Label
from jutong.kernel.db import Db
from jutong.kernel.errors import Refused
from jutong.pools import Pools
from jutong.terms import Actor

from . import store
from .acts import serve_entry
from .sealed import key_of_version, sealed_items
from .service import Service


@dataclass(frozen=True, slots=True, kw_only=True)
class Lying:
    """How one serving copy lies."""

    entry: str
    service: str
    rows: int
    key: str  # by which it is sealed; empty where it lies open
    fits: bool  # as it should by its items' grades and the newest key


@dataclass(frozen=True, slots=True, kw_only=True)
class Renewal:
    """What became of a round: how copies lie now, why some were left as they were, and which keys are no more."""

    key: str
    copies: tuple[Lying, ...]
    left: dict[str, str]
    dropped: tuple[str, ...]


def look_at_copies(desk: Desk, body: str) -> tuple[Lying, ...]:
    """Return how the copies of the node of ``body`` lie; no key's secret is ever told."""
    desk.allow("delivery.look_at_copies", Label(owner=body))
    return _lying(desk.db, desk.pools)


def make_sealing_key(desk: Desk, body: str) -> str:
    """Make a further key, under which copies are sealed from now on, and return its name."""
    desk.allow("delivery.make_sealing_key", Label(owner=body))
    key = desk.pools.vault.make()
    desk.record("delivery.sealing_key_made", on=key.id, suite=desk.pools.vault.suite.value)
    return key.id


def renew_copies(
    house: House, actor: Actor, *, new_key: bool, progress: Callable[[int, int], None] = lambda _done, _of: None
) -> Renewal:
    """Seal every copy that should be under the newest key, one by one, and destroy the keys that none needs any more.

    Each old copy serves until its new one stands. Whatever is done is done: stopped on the way, the same again goes on.
    """
    body = house.home.settings.body
    with house.desk(actor) as desk:
        desk.allow("delivery.renew_copies", Label(owner=body))
        if new_key:
            make_sealing_key(desk, body)
    with house.reading() as db:
        due = [one.entry for one in _lying(db, house.pools) if not one.fits]
    left: dict[str, str] = {}
    for place, entry in enumerate(due):
        try:
            with house.desk(house.itself) as desk:
                serve_entry(desk, entry)
        except Refused as error:
            left[entry] = str(error)
        progress(place + 1, len(due))
    with house.desk(actor) as desk:
        desk.allow("delivery.renew_copies", Label(owner=body))
        dropped = _drop_keys(desk)
        newest = desk.pools.vault.newest()
        return Renewal(key=newest.id if newest else "", copies=_lying(desk.db, desk.pools), left=left, dropped=dropped)


def _lying(db: Db, pools: Pools) -> tuple[Lying, ...]:
    newest = pools.vault.newest()
    name, found = newest.id if newest else "", []
    for service in store.services(db):
        wanted = bool(sealed_items(catalogue.find(db, service.entry)))
        key = service.sealed_by
        fits = key == (name if wanted else "") and not (wanted and not name)
        found.append(Lying(entry=service.entry, service=service.path, rows=service.rows, key=key, fits=fits))
    return tuple(found)


def _drop_keys(desk: Desk) -> tuple[str, ...]:
    """Destroy every key but the newest that no copy names: by the register, or where the copies are."""
    vault = desk.pools.vault
    named = {key for service in store.services(desk.db) for key in _keys_of(desk.pools, service)}
    dropped = tuple(key.id for key in vault.keys()[:-1] if key.id not in named)
    for key_id in dropped:
        vault.drop(key_id)
        desk.record("delivery.sealing_key_dropped", on=key_id)
    return dropped


def _keys_of(pools: Pools, service: Service) -> tuple[str, str]:
    return service.sealed_by, key_of_version(pools.lookup.version(service.copy) or "")
