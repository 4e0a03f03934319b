"""The profile of one batch: how full and how varied each item is, which forms its values have, and how it drifted.

A form is a value with its digits, letters and characters told apart and no longer told: 9{18} or 文(9). What it was
made from cannot be read from it, whatever the item's grade.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from jutong.catalogue.terms_of_use import UpdateCycle

from .examination import CYCLE_DAYS

FORMS = 12  # kept of an item; the rest is one class
STABLE, DRIFTED = 100, 250  # thousandths of PSI: below the first nothing moved, from the second on somebody must look
_LEAST = 0.0001  # of a share, so that what was not there before is no division by nothing
NOTHING, OTHER = "∅", "…"


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemProfile:
    """One item of one batch: counts, lengths, its commonest forms (of a sample) and, if the item is open, its last day.

    ``distinct`` is an estimate; ``drift`` is the PSI against the batch before in thousandths, None without one.
    """

    item: str
    rows: int
    nulls: int
    distinct: int
    shortest: int | None
    longest: int | None
    forms: Mapping[str, int] = field(default_factory=dict)
    newest: date | None = None
    drift: int | None = None

    @property
    def filled(self) -> int:
        """The share of rows that say something, in thousandths."""
        return 1000 * (self.rows - self.nulls) // self.rows if self.rows else 0

    @property
    def drifted(self) -> bool:
        """Say whether the forms moved so far that somebody must look."""
        return self.drift is not None and self.drift >= DRIFTED


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """The profiles of a batch's items."""

    batch: str
    entry: str
    rows: int
    items: tuple[ItemProfile, ...]
    profiled_at: datetime

    @property
    def drifted(self) -> tuple[str, ...]:
        """The items whose forms moved."""
        return tuple(one.item for one in self.items if one.drifted)

    def against(self, before: Profile | None) -> tuple[ItemProfile, ...]:
        """Return the items with their drift since an earlier profile."""
        if before is None:
            return self.items
        known = {one.item: one for one in before.items}
        return tuple(
            replace(one, drift=stability_index(one.forms, known[one.item].forms)) if one.item in known else one
            for one in self.items
        )


def stability_index(now: Mapping[str, int], before: Mapping[str, int]) -> int:
    """Return the population stability index of two counts of classes, in thousandths.

    >>> stability_index({"a": 50, "b": 50}, {"a": 5, "b": 5})
    0
    >>> stability_index({"a": 100}, {"b": 100}) > 1000
    True
    """
    totals = sum(now.values()), sum(before.values())
    if not all(totals):
        return 0
    index = 0.0
    for name in {*now, *before}:
        p, q = (max(counts.get(name, 0) / of, _LEAST) for counts, of in zip((now, before), totals, strict=True))
        index += (p - q) * math.log(p / q)
    return round(1000 * index)


def forms_of(counted: Iterable[tuple[str | None, int]]) -> dict[str, int]:
    """Return the commonest forms with their counts; whatever is rarer is one class, and so is nothing."""
    found: dict[str, int] = {}
    for place, (form, count) in enumerate(sorted(counted, key=lambda one: (-one[1], one[0] or ""))):
        name = NOTHING if form is None else form[:60] if place < FORMS else OTHER
        found[name] = found.get(name, 0) + count
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Freshness:
    """How often batches came, beside how often they should: measured from their arrival."""

    cycle: UpdateCycle
    last: date
    days_between: int | None  # the median; None while there is but one batch
    newest: date | None  # the last day that an open item of the rows names

    @property
    def should_be(self) -> int | None:
        """The days that the declared cycle allows."""
        return CYCLE_DAYS.get(self.cycle)

    def late(self, today: date) -> bool:
        """Say whether the next batch should have come."""
        allowed = self.should_be
        return allowed is not None and today > self.last + timedelta(days=allowed)


def freshness_of(cycle: UpdateCycle, arrivals: Sequence[date], newest: date | None) -> Freshness:
    """Return the freshness that arrivals (the oldest first, at least one) show."""
    gaps = sorted((later - earlier).days for earlier, later in itertools.pairwise(arrivals))
    return Freshness(
        cycle=cycle, last=arrivals[-1], days_between=gaps[len(gaps) // 2] if gaps else None, newest=newest
    )  # fmt: skip
