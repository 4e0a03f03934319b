"""One question to every row of a batch, and what an answer of no means."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from jutong.kernel.text import Text
from jutong.terms.element import Dimension, Severity


class Operator(StrEnum):
    """How a count is held against a target, in the words of ODCS."""

    IS = "mustBe"
    IS_NOT = "mustNotBe"
    ABOVE = "mustBeGreaterThan"
    FROM = "mustBeGreaterOrEqualTo"
    BELOW = "mustBeLessThan"
    UP_TO = "mustBeLessOrEqualTo"
    BETWEEN = "mustBeBetween"
    OUTSIDE = "mustNotBeBetween"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What the number of failing rows must be, in rows or in per cent of the rows asked."""

    operator: Operator = Operator.IS
    first: float = 0
    second: float = 0
    percent: bool = False

    def met(self, count: int, of: int) -> bool:
        """Say whether ``count`` rows out of ``of`` meet the target.

        >>> Target(operator=Operator.BELOW, first=1, percent=True).met(1, 100)
        False
        >>> Target().met(0, 0)
        True
        """
        value = 100 * count / of if self.percent and of else count
        match self.operator:
            case Operator.IS:
                return value == self.first
            case Operator.IS_NOT:
                return value != self.first
            case Operator.ABOVE:
                return value > self.first
            case Operator.FROM:
                return value >= self.first
            case Operator.BELOW:
                return value < self.first
            case Operator.UP_TO:
                return value <= self.first
            case Operator.BETWEEN:
                return self.first <= value <= self.second
            case Operator.OUTSIDE:
                return not self.first <= value <= self.second


NONE_FAILS = Target()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What is asked of which item; ``asked`` and ``fails`` are SQL over a row's readings, never NULL.

    A rule about sameness has ``same`` instead: what no two rows may share. Rows that are not ``asked`` count neither as
    passing nor as failing. ``listed`` says whether failing rows are written down one by one, or only counted.
    """

    id: str
    item: str
    element: str | None
    dimension: Dimension
    severity: Severity
    message: Text
    fails: str
    asked: str = "true"
    listed: bool = True
    same: str = ""
    target: Target = NONE_FAILS


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleCount:
    """How many rows a rule was asked of, and how many failed it."""

    rule: str
    item: str
    dimension: Dimension
    severity: Severity
    asked: int
    failed: int
    target: Target = NONE_FAILS

    @property
    def met(self) -> bool:
        """Say whether no more rows fail than the rule lets pass."""
        return self.target.met(self.failed, self.asked)

    @property
    def objectionable(self) -> bool:
        """Say whether the source department must put it right: an error that more rows have than are let pass."""
        return self.severity is Severity.ERROR and not self.met
