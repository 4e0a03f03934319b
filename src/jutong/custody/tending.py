"""The lake tended by the node itself, table by table."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from jutong.desk import House
from jutong.kernel.errors import Unavailable
from jutong.kernel.lock import exclusive
from jutong.kernel.text import text
from jutong.pools.upkeep import mark_standing, tables
from jutong.terms import Actor

from .acts import Kept, order_upkeep, tend
from .retention import retentions

LOCK = "lake"


@contextmanager
def alone(house: House) -> Iterator[None]:
    """Have the lake to oneself for what one process of the node does at a time, or refuse with ``Unavailable``."""
    with exclusive(house.engine, house.home.locks, LOCK) as free:
        if not free:
            raise Unavailable(
                text("the lake is being tended by another process of this node"), remedy=text("wait, then repeat")
            )
        yield


def tend_table(house: House, actor: Actor, table: str) -> Kept | None:
    """Tend one table for somebody, while nobody else tends the lake; None if nothing was due."""
    declared = retentions(house.home.settings.retention)
    with alone(house):
        with house.desk(actor) as desk:
            due = order_upkeep(desk, table, declared)
        if due is None:
            return None
        with house.desk(actor) as desk:
            return tend(desk, table, declared)


def tend_lake(house: House) -> int:
    """Tend every table for which something is due, in the node's own name; return how many were.

    One process of the node at a time; who finds another at it leaves it to that one.
    """
    declared = retentions(house.home.settings.retention)
    tended = 0
    with exclusive(house.engine, house.home.locks, LOCK) as free:
        for table in tables(house.pools.lake) if free else ():
            with house.desk(house.itself) as desk:
                due = order_upkeep(desk, table, declared)
            if due is not None:
                with house.desk(house.itself) as desk:
                    tend(desk, table, declared)
                tended += 1
            # From here on the next runs count: what stands now is what a later retention goes back to.
            mark_standing(house.pools.lake, table)
    return tended
