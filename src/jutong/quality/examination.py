"""What the rules found in one batch: counts, six dimensions, a score and a band."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from jutong.catalogue.terms_of_use import UpdateCycle
from jutong.terms.element import Dimension, Severity

from .rule import RuleCount

# Our own weights and band limits: GB/T 36344 names the dimensions and the ratio, not how they are added up.
WEIGHTS: Mapping[Dimension, int] = {
    Dimension.NORMATIVITY: 20,
    Dimension.COMPLETENESS: 20,
    Dimension.ACCURACY: 25,
    Dimension.CONSISTENCY: 15,
    Dimension.TIMELINESS: 10,
    Dimension.ACCESSIBILITY: 10,
}
CYCLE_DAYS: Mapping[UpdateCycle, int] = {
    UpdateCycle.REAL_TIME: 1,
    UpdateCycle.DAILY: 1,
    UpdateCycle.WEEKLY: 7,
    UpdateCycle.MONTHLY: 31,
    UpdateCycle.QUARTERLY: 92,
    UpdateCycle.HALF_YEARLY: 184,
    UpdateCycle.YEARLY: 366,
}


class Band(StrEnum):
    """The five bands, best first."""

    A = "A"
    B = "B"
    C = "C"
    D = "D"
    E = "E"


_LIMITS = ((900, Band.A), (800, Band.B), (700, Band.C), (600, Band.D))


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeliness:
    """Whether the batch came within the entry's update cycle after the one before; unknown for a first batch."""

    cycle: UpdateCycle
    before: date | None
    arrived: date

    @property
    def per_mille(self) -> int | None:
        """1000 in time, 0 late, None where there is nothing to compare with."""
        days = CYCLE_DAYS.get(self.cycle)
        if days is None or self.before is None:
            return None
        return 1000 if self.arrived <= self.before + timedelta(days=days) else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Examination:
    """The result of one pass over one batch; ratios are in thousandths, rounded down."""

    batch: str
    entry: str
    rows: int
    counts: tuple[RuleCount, ...]
    dimensions: Mapping[Dimension, int]
    unasked: tuple[str, ...]
    examined_at: datetime
    rulebook: int = 0  # the edition of the entry's own rules that was asked

    @property
    def score(self) -> int:
        """The weighted mean of the dimensions that could be measured, in thousandths."""
        return score_of(self.dimensions)

    @property
    def band(self) -> Band:
        """The band of the score."""
        return band_of(self.score)

    @property
    def failures(self) -> tuple[RuleCount, ...]:
        """The errors that some row has: each is an objection to the source."""
        return tuple(count for count in self.counts if count.objectionable)

    def asks(self, rule: str) -> bool:
        """Say whether the rule was asked of any row."""
        return any(count.asked > 0 for count in self.counts if count.rule == rule)

    def passes(self, rule: str) -> bool:
        """Say whether no more rows fail the rule than it lets pass."""
        return all(count.met for count in self.counts if count.rule == rule)

    @property
    def findings(self) -> dict[str, int]:
        """Rule -> failing rows, for the rules that any row fails."""
        return {count.rule: count.failed for count in self.counts if count.failed}


def band_of(score: int) -> Band:
    """Return the band of a score in thousandths.

    >>> band_of(900).value, band_of(899).value, band_of(0).value
    ('A', 'B', 'E')
    """
    return next((band for limit, band in _LIMITS if score >= limit), Band.E)


def score_of(dimensions: Mapping[Dimension, int]) -> int:
    """Return the weighted mean of the dimensions that were measured, in thousandths."""
    weight = sum(WEIGHTS[dimension] for dimension in dimensions)
    return sum(WEIGHTS[name] * value for name, value in dimensions.items()) // weight if weight else 0


def dimensions_of(
    counts: Iterable[RuleCount], *, rows_read: int, rows_landed: int, timeliness: Timeliness | None = None
) -> dict[Dimension, int]:
    """Return conforming / checked, in thousandths, for each dimension that could be measured.

    Warnings ask for a look and lower nothing. Accessibility is the share of the delivered rows that could be read.
    """
    asked: dict[Dimension, int] = {}
    failed: dict[Dimension, int] = {}
    for count in counts:
        if count.severity is Severity.ERROR:
            asked[count.dimension] = asked.get(count.dimension, 0) + count.asked
            failed[count.dimension] = failed.get(count.dimension, 0) + count.failed
    measured = {name: 1000 * (asked[name] - failed[name]) // asked[name] for name in Dimension if asked.get(name)}
    if rows_read:
        measured[Dimension.ACCESSIBILITY] = 1000 * rows_landed // rows_read
    if timeliness is not None and timeliness.per_mille is not None:
        measured[Dimension.TIMELINESS] = timeliness.per_mille
    return {name: measured[name] for name in Dimension if name in measured}
