"""Rows that fail a rule as an official may see them: masked by each item's grade and by the viewer's clearance."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from jutong.catalogue.entry import Entry
from jutong.catalogue.item import Item
from jutong.guard.mask import HIDDEN, Masked, Token, parse_mask
from jutong.terms.grade import Grade

from .reading import ROW

SHOWN = 200  # characters of a value


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One failing row: its place in the delivery, and its values item by item; None where nothing stands."""

    row: int
    values: Mapping[str, str | None]


def examples_of(rows: Iterable[Mapping[str, object]], entry: Entry, cleared: Grade) -> tuple[Example, ...]:
    """Return failing rows as somebody with that clearance sees them."""
    shown = {item.name: shown_of(item, cleared) for item in entry.items}
    return tuple(
        Example(
            row=int(str(row[ROW])),
            values={name: mask(_text(row[name])) for name, mask in shown.items() if name in row},
        )
        for row in rows
    )


def shown_of(item: Item, cleared: Grade) -> Masked:
    """Return what is shown of an item's values: nothing above the viewer's clearance, else what its mask leaves.

    A token would need the key of one consumer, and tells an official nothing: it is hidden too.
    """
    mask = parse_mask(item.standing_mask)
    if item.grade > cleared or isinstance(mask, Token):
        return _hidden
    masked = mask.compile()

    def shown(value: str | None) -> str | None:
        told = masked(value)
        return HIDDEN if told is None and value else told

    return shown


def _hidden(value: str | None) -> str | None:
    del value  # not even whether there is one
    return HIDDEN


def _text(value: object) -> str | None:
    return None if value is None else str(value)[:SHOWN]
