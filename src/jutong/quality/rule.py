"""One question to every row of a batch, and what an answer of no means."""

from __future__ import annotations

from dataclasses import dataclass

from jutong.kernel.text import Text
from jutong.terms.element import Dimension, Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What is asked of which item; ``asked`` and ``fails`` are SQL over a row's readings, never NULL.

    Rows that are not ``asked`` count neither as passing nor as failing. ``listed`` says whether failing rows are
    written down one by one, or only counted.
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


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleCount:
    """How many rows a rule was asked of, and how many failed it."""

    rule: str
    item: str
    dimension: Dimension
    severity: Severity
    asked: int
    failed: int

    @property
    def objectionable(self) -> bool:
        """Say whether the source department must put it right: an error that at least one row has."""
        return self.severity is Severity.ERROR and self.failed > 0
