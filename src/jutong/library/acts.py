"""What is done with the base library: merge a batch, name who is believed."""

from __future__ import annotations

from jutong import catalogue, collection, registers
from jutong.desk import Desk
from jutong.guard import Label
from jutong.kernel.mark import check_mark

from . import store
from .golden import Conflict, Golden, Merge, Said
from .laying import conflicts, find_subject, lay, said_of
from .sight import whole_library
from .survive import Authority


def merge(desk: Desk, batch_id: str) -> Merge:
    """Lay a batch into the library; a batch is merged once, and again is no change."""
    batch = collection.find_batch(desk.db, batch_id)
    entry = catalogue.find(desk.db, batch.entry)
    desk.allow("library.merge", Label(owner=entry.provider))
    done = store.known_merge(desk.db, batch.id)
    if done is None:
        elements = {element.id: element for element in registers.elements(desk.db)}
        authorities = store.authorities(desk.db)
        with desk.released():
            done = lay(desk.pools, batch, entry, elements, authorities, at=desk.now)
        if store.save_merge(desk.db, done):
            desk.record(
                "library.merged",
                on=batch.id,
                entry=entry.id,
                provider=entry.provider,
                rows=done.rows,
                touched=done.touched,
                created=done.created,
                conflicts=done.conflicts,
                unkeyed=done.unkeyed,
                capital_doubtful=done.doubtful,
            )
    return store.find_merge(desk.db, batch.id)


def set_authority(desk: Desk, named: Authority, *, seen: str | None = None) -> Authority:
    """Name how far an entry's source is believed on a field (Order 809, art. 19); it holds for merges from now on.

    What is named already is changed as it was ``seen``.
    """
    entry = catalogue.visible_to(desk.db, named.entry, desk.actor)
    desk.allow("library.set_authority", Label(owner=entry.provider))
    same = (one for one in store.authorities(desk.db) if (one.field, one.entry) == (named.field, named.entry))
    known = next(same, None)
    if named != known:
        check_mark(seen, known)
        store.save_authority(desk.db, named)
        desk.record("library.authority_set", on=entry.id, field=named.field, rank=named.rank, provider=entry.provider)
    return named


def look_up(desk: Desk, code: str) -> Golden:
    """Show a golden record to an official; that somebody looked is on record, whom they looked at is not."""
    desk.allow("library.look_up", whole_library(registers.bodies(desk.db)))
    found = find_subject(desk.pools, code)
    desk.record("library.looked_up", on="legal-person", fields=len(found.fields))
    return found


def look_into(desk: Desk, code: str) -> tuple[Golden, tuple[Said, ...]]:
    """Show a golden record with all that was ever said of it; it leaves the line that looking it up leaves."""
    desk.allow("library.look_up", whole_library(registers.bodies(desk.db)))
    with desk.released():
        found, said = find_subject(desk.pools, code), said_of(desk.pools, code)
    desk.record("library.looked_up", on="legal-person", fields=len(found.fields))
    return found, said


def look_at_conflicts(desk: Desk, *, after: str = "", limit: int = 100) -> tuple[Conflict, ...]:
    """Show an official the values that stand against each other."""
    desk.allow("library.look_at_conflicts", whole_library(registers.bodies(desk.db)))
    found = conflicts(desk.pools, after=after, limit=limit)
    desk.record("library.conflicts_looked_at", on="legal-person", values=len(found))
    return found
