"""The node's side of a push: look a push up for its system, and land a file that is all there."""

from __future__ import annotations

from jutong.desk import House
from jutong.kernel.errors import Invalid, NotFound, TooMuch
from jutong.terms import Actor

from ..contract import Limits
from ..sources import source_at
from ..underway import under_way
from . import acts, store
from .parts import Tray
from .push import Push, Stage


def sent_by(house: House, actor: Actor, push_id: str) -> Push:
    """Return a push of this very system; of another's not even that it is there."""
    with house.reading() as db:
        push = store.find_push(db, push_id)
    if push.system != actor.id:
        raise NotFound("push", push_id[:26])
    return push


def finish(house: House, actor: Actor, push_id: str) -> Push:
    """Land a file that is all there, once; a file that is at fault ends its push, all else may be asked for again."""
    push = sent_by(house, actor, push_id)
    if push.stage is Stage.LANDED:
        return push
    tray = Tray.of(house.home.folder, push.standing())
    with tray.held():
        push = sent_by(house, actor, push_id)
        if push.stage is Stage.LANDED:
            return push
        tray.check_whole()
        try:
            with under_way(house.home.folder, push.entry, house.clock, delivery=push.id) as told:
                source = source_at(tray.path, push.parcel.layout, Limits())
                with house.desk(actor) as desk:
                    ended = acts.land(desk, push.id, source, progress=told.progress)
        except (Invalid, TooMuch) as error:
            with house.desk(actor) as desk:
                acts.fail(desk, push.id, error)
            tray.clear()
            raise
        tray.clear()
    return ended
