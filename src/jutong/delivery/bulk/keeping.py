"""Keeps the views of a house true to their tables and terms, one process at a time for each of them."""

from __future__ import annotations

import logging
from collections.abc import Collection

from jutong import sharing
from jutong.desk import House
from jutong.kernel.errors import Refused, Unavailable
from jutong.kernel.lock import exclusive

from . import store
from .acts import drop_view, make_view
from .making import clear, views_folder
from .view import BATCHES, View

log = logging.getLogger(__name__)


def keep_views(house: House) -> int:
    """Make what is to be made and take away what is over; return how many views stand."""
    with house.reading() as db:
        wanted = {one.id for one in sharing.agreements_in_force(db) if one.methods & BATCHES and one.delivered}
        known = set(store.viewed(db))
    return sum(_patiently(house, one) is not None for one in sorted(wanted | known))


def keep_view(house: House, agreement_id: str, *, at_once: bool = False) -> View | None:
    """Bring one view up to date; nothing happens where another process is about it."""
    with exclusive(house.engine, house.home.locks, f"view-{agreement_id.lower()}") as ours:
        if not ours:
            return None
        folder = views_folder(house)
        with house.desk(house.itself) as desk:
            agreement = sharing.find_agreement(desk.db, agreement_id)
            if agreement.over:
                drop_view(desk, agreement_id)
                made = None
            else:
                made = make_view(
                    desk,
                    agreement_id,
                    folder=folder,
                    key=house.key,
                    node=house.home.settings.name,
                    sm2=house.sm2,
                    at_once=at_once,
                )
        with house.reading() as db:
            kept = [one.version for one in store.views_of(db, agreement_id)]
        clear(folder, agreement_id, kept)
        return made


def remake_views(house: House, tables: Collection[str]) -> None:
    """Let views follow at once where rows were erased from their tables; older versions go with the lake's."""
    with house.reading() as db:
        touched = store.views_from(db, tables)
    for one in touched:
        keep_view(house, one, at_once=True)


def _patiently(house: House, agreement_id: str) -> View | None:
    """One view that cannot be made does not hold up the others."""
    try:
        return keep_view(house, agreement_id)
    except (Refused, Unavailable) as error:
        log.warning("the view of %s was not made: %s", agreement_id, error.reason)
        return None
