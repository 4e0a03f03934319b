"""The catalogue against what stands: entries without a table, tables without an entry, schemas that drifted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from jutong.catalogue.entry import Entry
from jutong.catalogue.terms_of_use import ShareType

from .table import Drift, Stage, Table, drift_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciliation:
    """What one body's catalogue and its tables say of each other."""

    body: str
    entries: int
    shareable: int  # entries that are shared at all: only those must hang on a table
    tables: int
    rows: int
    checked: int
    unhung: tuple[Entry, ...]
    uncatalogued: tuple[Table, ...]
    drifted: tuple[tuple[Table, Entry, Drift], ...]
    gone: tuple[Table, ...]

    @property
    def hook_up_rate(self) -> int | None:
        """Thousandths of the shareable entries that have a live table (挂接率, C3)."""
        return 1000 * (self.shareable - len(self.unhung)) // self.shareable if self.shareable else None

    @property
    def completeness(self) -> int | None:
        """Thousandths of the tables that stand in the catalogue (C1)."""
        return 1000 * (self.tables - len(self.uncatalogued)) // self.tables if self.tables else None

    def counts(self) -> Mapping[str, int]:
        """Return the figures that an edition freezes."""
        return {
            "entries": self.entries,
            "shareable": self.shareable,
            "tables": self.tables,
            "rows": self.rows,
            "checked": self.checked,
            "unhung": len(self.unhung),
            "uncatalogued": len(self.uncatalogued),
            "drifted": len(self.drifted),
            "gone": len(self.gone),
        }


def reconciled(body: str, entries: Iterable[Entry], tables: Iterable[Table]) -> Reconciliation:
    """Return how the published entries and the tables of one body fit."""
    known = {one.id: one for one in entries if not one.classified}
    every = tuple(tables)
    live = tuple(one for one in every if not one.gone)
    hung = {one.entry for one in live if one.entry}
    shareable = tuple(one for one in known.values() if one.share_type is not ShareType.NOT_SHARED)
    drifts = tuple((one, known[one.entry], drift_of(one, known[one.entry])) for one in live if one.entry in known)
    return Reconciliation(
        body=body,
        entries=len(known),
        shareable=len(shareable),
        tables=len(live),
        rows=sum(one.found.rows or 0 for one in live),
        checked=sum(one.stage is Stage.CHECKED for one in live),
        unhung=tuple(one for one in shareable if one.id not in hung),
        uncatalogued=tuple(one for one in live if not one.entry),
        drifted=tuple(each for each in drifts if each[2]),
        gone=tuple(one for one in every if one.gone),
    )
