"""Keeps the copies of declared services true to their tables, one process at a time for each of them."""

from __future__ import annotations

import logging

from jutong.desk import House
from jutong.kernel.errors import Refused, Unavailable
from jutong.kernel.lock import exclusive

from . import store
from .acts import copy_listing
from .listing import Listing

log = logging.getLogger(__name__)


def keep_listings(house: House) -> int:
    """Make what is to be made and take away what is over; return how many copies stand."""
    with house.reading() as db:
        live = store.live_listings(db)
    kept = [one for one in live if _kept(house, one)]
    for name in house.pools.ranges.names() - {one.copy for one in live}:
        house.pools.ranges.remove(name)
    return len(kept)


def remake_listings(house: House) -> None:
    """Let copies follow at once where rows were erased; what cannot be made again does not go on answering."""
    with house.reading() as db:
        live = store.live_listings(db)
    for one in live:
        try:
            with house.desk(house.itself) as desk:
                copy_listing(desk, one.id, key=house.key, at_once=True)
        except Refused:
            house.pools.ranges.remove(one.copy)


def _kept(house: House, listing: Listing) -> bool:
    """One copy that cannot be made does not hold up the others."""
    try:
        with exclusive(house.engine, house.home.locks, f"listing-{listing.copy}") as ours:
            if ours:
                with house.desk(house.itself) as desk:
                    copy_listing(desk, listing.id, key=house.key)
    except (Refused, Unavailable) as error:
        log.warning("the copy of the declared service %s was not made: %s", listing.id, error.reason)
        return False
    return True
