"""What somebody does about notices: read them, and say where letters go."""

from __future__ import annotations

from collections.abc import Collection

from jutong.desk import Desk
from jutong.guard import Label

from . import store
from .letter import checked_address


def mark_read(desk: Desk, lines: Collection[str] | None) -> int:
    """Mark notices as read by the actor, all of its body's for None: from this line on nobody can say not to know."""
    desk.allow("notices.mark_read", Label(owner=desk.actor.org))
    if lines is None:
        newest = store.mark_all(desk.db, desk.actor.id, desk.actor.org)
        count = int(bool(newest))
    else:
        newest = max(lines, default="")
        count = store.mark(desk.db, desk.actor.id, desk.actor.org, lines)
    if count:
        desk.record("notices.read", on=newest, all=lines is None)
    return count


def set_address(desk: Desk, address: str) -> str:
    """Say where one wants letters about notices, or nowhere; the ledger learns whether, never where."""
    desk.allow("notices.set_address", Label(owner=desk.actor.org))
    given = checked_address(address)
    if given != store.address_of(desk.db, desk.actor.id):
        store.save_address(desk.db, desk.actor.id, given)
        desk.record("notices.address_set", on=desk.actor.id, given=bool(given))
    return given
