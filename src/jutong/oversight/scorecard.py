"""A department's scorecard: its numbers for a period, their weighted mean, and what could not be counted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from jutong.kernel.canon import Fact, canonical, digest

from .indicator import Count, Indicator

FORMULAS = "2026-2"  # raised whenever a formula or a weight changes; part of every digest
USUAL_DAYS = 365


@dataclass(frozen=True, slots=True, kw_only=True)
class Scorecard:
    """One department, one period; ``size`` is how much of the log was read."""

    provider: str
    since: date
    until: date
    size: int
    indicators: tuple[Indicator, ...]
    counts: tuple[Count, ...]

    @property
    def missing(self) -> tuple[str, ...]:
        """The indicators for which there was nothing to count; they are left out of the score, and said to be."""
        return tuple(one.code for one in self.indicators if one.value is None)

    @property
    def score(self) -> int | None:
        """The weighted mean of what could be counted, in thousandths, rounded down; None if that is nothing."""
        counted = [(one.definition.weight, one.value) for one in self.indicators if one.value is not None]
        weights = sum(weight for weight, _ in counted)
        return sum(weight * value for weight, value in counted) // weights if weights else None

    def indicator(self, code: str) -> Indicator:
        """Return one indicator."""
        return next(one for one in self.indicators if one.code == code)

    def count(self, code: str) -> int:
        """Return one count."""
        return next(one.value for one in self.counts if one.code == code)

    def spelled(self) -> dict[str, Fact]:
        """Return the scorecard in plain values."""
        return {
            "formulas": FORMULAS,
            "provider": self.provider,
            "since": self.since.isoformat(),
            "until": self.until.isoformat(),
            "size": self.size,
            "score": self.score,
            "missing": self.missing,
            "weights": {one.code: one.definition.weight for one in self.indicators},
            "indicators": [one.spelled() for one in self.indicators],
            "counts": [one.spelled() for one in self.counts],
        }

    def digest(self) -> str:
        """Return the digest by which a frozen scorecard is known."""
        return digest(canonical(self.spelled()))


def usual_since(until: date) -> date:
    """Return the first day of the year that ends with ``until``, where nobody named another.

    >>> usual_since(date.min) == date.min
    True
    """
    return date.fromordinal(max(until.toordinal() - USUAL_DAYS, 1))
