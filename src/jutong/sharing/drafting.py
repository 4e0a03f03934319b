"""A draft made of a wish: whether the entry can be asked for, and by which systems."""

from __future__ import annotations

from jutong import registers
from jutong.catalogue.entry import Entry
from jutong.catalogue.stage import Stage as EntryStage
from jutong.desk import Desk
from jutong.kernel.errors import NotFound

from .buying import store as buying
from .buying.purchase import check_licences
from .request import Request, request_of
from .wish import Wish


def drafted(desk: Desk, wish: Wish, entry: Entry) -> Request:
    """Return the draft of a request of the actor's body, if the entry can answer it; nothing is kept."""
    if entry.stage is not EntryStage.PUBLISHED:
        raise NotFound("catalogue entry", wish.entry)
    check_licences(buying.purchases_of_entry(desk.db, entry.id), wish, desk.actor.org, desk.today)
    for name in wish.systems:
        registers.find_system(desk.db, registers.SystemName.parse(name))
    return request_of(wish, entry, id=desk.new_id(), consumer=desk.actor.org, today=desk.today)
