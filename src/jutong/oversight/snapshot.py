"""A frozen scorecard: the period is over, and its numbers no longer change."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import msgspec

from jutong.kernel.canon import digest
from jutong.kernel.shape import learn


class Number(msgspec.Struct, frozen=True):
    """A number as it was frozen: of an indicator with what it was counted from, of a count alone."""

    code: str
    value: int | None
    evidence: list[tuple[int, str]]
    numerator: int = 0
    denominator: int = 0


class Frozen(msgspec.Struct, frozen=True):
    """What is read again of a frozen scorecard."""

    score: int | None
    size: int
    weights: dict[str, int]
    indicators: list[Number]
    counts: list[Number]


learn(Frozen)


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """One department's scorecard as it was frozen; ``digest`` is in the evidence, ``body`` is what it was made over."""

    id: str
    provider: str
    since: date
    until: date
    digest: str
    body: str

    @property
    def score(self) -> int | None:
        """The score in thousandths, as it was frozen; None where nothing could be counted."""
        return self.frozen.score

    @property
    def frozen(self) -> Frozen:
        """The numbers, as they were frozen."""
        return msgspec.json.decode(self.body, type=Frozen)

    def intact(self) -> bool:
        """Say whether the body is still the one that was frozen."""
        return digest(self.body.encode()) == self.digest
