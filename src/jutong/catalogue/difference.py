"""What two versions of an entry say differently."""

from __future__ import annotations

from dataclasses import dataclass, fields

from .entry import Entry
from .item import Item

_WAY = frozenset({"id", "provider", "version", "stage", "moves", "audit_due", "items", "terms"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One thing that differs: of the sheet, or of the item that is named; None where one version has no such item."""

    field: str
    before: object
    after: object
    item: str = ""


def differences(before: Entry, after: Entry) -> tuple[Difference, ...]:
    """Return all that differs between two versions: the sheet first, then item by item."""
    sheet = [
        Difference(field=name, before=getattr(before, name), after=getattr(after, name))
        for name in (one.name for one in fields(Entry))
        if name not in _WAY
    ]
    terms = [
        Difference(field=name, before=getattr(before.terms, name), after=getattr(after.terms, name))
        for name in (one.name for one in fields(before.terms))
    ]
    found = [one for one in (*sheet, *terms) if one.before != one.after]
    old, new = ({item.name: item for item in entry.items} for entry in (before, after))
    for name in dict.fromkeys((*old, *new)):
        found += _of_item(name, old.get(name), new.get(name))
    kept = [name for name in old if name in new]
    if kept != [name for name in new if name in old]:
        found.append(Difference(field="order", before=tuple(old), after=tuple(new)))
    return tuple(found)


def _of_item(name: str, before: Item | None, after: Item | None) -> list[Difference]:
    if before is None or after is None:
        return [Difference(field="item", before=before and before.title, after=after and after.title, item=name)]
    return [
        Difference(field=one.name, before=getattr(before, one.name), after=getattr(after, one.name), item=name)
        for one in fields(Item)
        if getattr(before, one.name) != getattr(after, one.name)
    ]
