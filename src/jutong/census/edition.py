"""An edition of the census: the figures of a day, frozen, with a digest over what they were counted from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from jutong.kernel.canon import canonical, digest

from .reconcile import Reconciliation


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """The census as it stood."""

    id: str
    name: str
    frozen: datetime
    by: str
    counts: Mapping[str, Mapping[str, int]]  # body -> figures
    digest: str

    @property
    def totals(self) -> Mapping[str, int]:
        """The figures of all bodies together."""
        names = sorted({name for figures in self.counts.values() for name in figures})
        return {name: sum(figures.get(name, 0) for figures in self.counts.values()) for name in names}


def edition_of(found: Iterable[Reconciliation], *, id: str, name: str, by: str, at: datetime) -> Edition:
    """Return the edition that these reconciliations make."""
    counts = {one.body: dict(one.counts()) for one in found if one.entries or one.tables}
    return Edition(id=id, name=name, frozen=at, by=by, counts=counts, digest=digest(canonical(counts)))
