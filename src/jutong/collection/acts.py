"""Bringing a delivery into the pools, once."""

from __future__ import annotations

from jutong import catalogue
from jutong.catalogue.entry import Entry
from jutong.desk import Desk
from jutong.kernel.errors import Invalid
from jutong.kernel.text import text

from . import store
from .batch import Batch
from .flow import Progress
from .landing import landed
from .source import Source
from .sources import PeerSource


def collect(
    desk: Desk,
    entry_id: str,
    source: Source,
    *,
    tier: str = "",
    progress: Progress | None = None,
) -> Batch:
    """Bring a delivery's rows into the department's pool; the same delivery again is the same batch and no change."""
    entry = _visible(desk, entry_id)
    desk.allow("collection.collect", entry.label)
    batch = landed(desk, entry, source, tier=tier, progress=progress)
    if store.save(desk.db, batch):
        desk.record("collection.landed", on=batch.id, **batch.facts())
    return store.find_batch(desk.db, batch.id)


def aggregate(
    desk: Desk,
    entry_id: str,
    source: PeerSource,
    *,
    tier: str = "",
    progress: Progress | None = None,
) -> Batch:
    """Bring a batch that another tier hands over into this tier's pool, after checking it against its manifest."""
    entry = _visible(desk, entry_id)
    desk.allow("collection.aggregate", entry.label)
    if source.manifest.entry != entry.id:
        raise Invalid(text("the batch handed over is of another entry"), remedy=text("ask for the batch of this entry"))
    batch = landed(desk, entry, source, tier=tier, progress=progress)
    if store.save(desk.db, batch):
        desk.record("collection.landed", on=batch.id, **batch.facts())
    return store.find_batch(desk.db, batch.id)


def _visible(desk: Desk, entry_id: str) -> Entry:
    """Return the version that stands; of an entry that the actor may not see, not even that it is there."""
    catalogue.visible_to(desk.db, entry_id, desk.actor)
    return catalogue.find(desk.db, entry_id)
