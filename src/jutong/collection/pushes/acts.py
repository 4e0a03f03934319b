"""What is done with pushes: opened, landed, refused, given up."""

from __future__ import annotations

from dataclasses import replace

from jutong import catalogue
from jutong.desk import Desk
from jutong.kernel.errors import NotFound, Refused, TooMuch
from jutong.kernel.text import text

from .. import store as batches
from ..flow import Progress
from ..landing import in_force, landed
from ..source import Source
from . import store
from .push import LEFT_AFTER, OPEN_MOST, Parcel, Push, Stage, new_push


def open_push(desk: Desk, parcel: Parcel) -> Push:
    """Let a system announce a file; the same file again is the same push, wherever it stands."""
    catalogue.visible_to(desk.db, parcel.entry, desk.actor)
    entry = in_force(catalogue.find(desk.db, parcel.entry))
    desk.allow("collection.push", entry.label)
    push = new_push(parcel, entry, desk.actor.id, desk.now)
    known = store.standing_push(desk.db, push.id)
    if known and known.stage in (Stage.OPEN, Stage.LANDED, Stage.TAKEN):
        return known
    if store.open_count(desk.db, push.system, since=desk.now - LEFT_AFTER) >= OPEN_MOST:
        raise TooMuch(
            text("{system} has {limit} files under way already", system=push.system, limit=OPEN_MOST),
            remedy=text("finish them or give them up, then open the next"),
        )
    store.save_push(desk.db, push)
    desk.record(
        "collection.push_opened",
        on=push.id,
        entry=push.entry,
        provider=push.provider,
        size=parcel.size,
        content=parcel.content,
    )
    return push


def land(desk: Desk, push_id: str, source: Source, *, progress: Progress | None = None) -> Push:
    """Land a file that is all there: its batch and the end of the push are kept at once, or neither is."""
    push = _own(desk, push_id)
    desk.allow("collection.push", push.label)
    if push.stage is Stage.LANDED:
        return push
    entry = catalogue.find(desk.db, push.standing().entry)
    batch = replace(landed(desk, entry, source, progress=progress), source=push.parcel.name)
    new = batches.save(desk.db, batch)
    batch = batches.find_batch(desk.db, batch.id)
    if new:
        desk.record("collection.landed", on=batch.id, **batch.facts())
    line = desk.record(
        "collection.push_landed",
        on=push.id,
        batch=batch.id,
        content=push.parcel.content,
        entry=push.entry,
        known=not new,
        provider=push.provider,
        rows=batch.rows_landed,
        rows_digest=batch.rows_digest,
        rows_quarantined=batch.rows_quarantined,
        rows_read=batch.rows_read,
    )
    ended = store.find_push(desk.db, push.id).landed(batch, line, desk.now)
    store.save_push(desk.db, ended)
    return ended


def fail(desk: Desk, push_id: str, error: Refused) -> Push:
    """End a push whose file is at fault, with the reason."""
    push = _own(desk, push_id)
    desk.allow("collection.push", push.label)
    ended = push.refused(error, desk.now)
    store.save_push(desk.db, ended)
    desk.record("collection.push_refused", on=push.id, entry=push.entry, provider=push.provider, code=error.code)
    return ended


def take_over(desk: Desk, push_id: str) -> Push:
    """End a push that brought a package; the package is kept already."""
    push = _own(desk, push_id)
    desk.allow("collection.push", push.label)
    if push.stage is Stage.TAKEN:
        return push
    ended = push.taken(desk.now)
    store.save_push(desk.db, ended)
    desk.record("collection.push_taken", on=push.id, entry=push.entry, provider=push.provider)
    return ended


def give_up(desk: Desk, push_id: str) -> Push:
    """Let a system give up a file that it will not finish."""
    push = _own(desk, push_id)
    desk.allow("collection.push", push.label)
    ended = push.given_up(desk.now)
    store.save_push(desk.db, ended)
    desk.record("collection.push_given_up", on=push.id, entry=push.entry, provider=push.provider)
    return ended


def _own(desk: Desk, push_id: str) -> Push:
    """Return a push of this very system; of another's not even that it is there."""
    push = store.find_push(desk.db, push_id)
    if push.system != desk.actor.id:
        raise NotFound("push", push_id[:26])
    return push
