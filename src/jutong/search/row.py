"""A record as the index gives it back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .record import Record
from .words import fold


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A record as the index keeps it: everything folded, to be looked at by the ranking."""

    number: int
    entry: str
    version: int
    provider: str
    title: str
    tags: str
    description: str
    publisher: str
    items: str
    places: frozenset[str]
    changed: str
    series: str
    facets: Mapping[str, str]
    shown: str  # the title as it is written
    popularity: int
    match: float  # the engine's own order: the more, the better


def row_of(record: Record) -> Row:
    """Return a record as the index would give it back, without an index."""
    return Row(
        number=0,
        entry=record.entry,
        version=record.version,
        provider=record.provider,
        title=fold(record.title),
        tags=fold(record.tags),
        description=fold(record.description),
        publisher=fold(record.publisher),
        items=fold(record.items),
        places=record.places,
        changed=record.changed,
        series=record.series,
        facets=record.facets,
        shown=record.title,
        popularity=0,
        match=0.0,
    )
