"""Rules that a rulebook declares beyond the standard elements: about one item, about a row, about the whole table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from jutong.terms.element import Check, Dimension, Severity

from .rule import NONE_FAILS, Target


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """Something stands there, and it is none of these words for nothing."""

    code: ClassVar[str] = "missing"
    dimension: ClassVar[Dimension] = Dimension.COMPLETENESS
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class OneOf:
    """The value is one of a few that are written out."""

    code: ClassVar[str] = "one-of"
    dimension: ClassVar[Dimension] = Dimension.NORMATIVITY
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Together:
    """No two rows share the values of these items; a row that lacks one of them is not asked."""

    code: ClassVar[str] = "unique-together"
    dimension: ClassVar[Dimension] = Dimension.CONSISTENCY
    items: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Refers:
    """The value stands in an item of another entry's newest batch, or of this very batch where ``entry`` is empty."""

    code: ClassVar[str] = "refers"
    dimension: ClassVar[Dimension] = Dimension.CONSISTENCY
    to: str
    entry: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Satisfies:
    """A row satisfies an expression over its items; where the expression cannot be told, the row is not asked."""

    code: ClassVar[str] = "satisfies"
    dimension: ClassVar[Dimension] = Dimension.CONSISTENCY
    expression: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Adds:
    """Parts add up to their total, as exact decimals, within a tolerance."""

    code: ClassVar[str] = "adds-up"
    dimension: ClassVar[Dimension] = Dimension.ACCURACY
    parts: tuple[str, ...]
    total: str
    tolerance: str = "0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """The table has as many rows as the target says."""

    code: ClassVar[str] = "rows"
    dimension: ClassVar[Dimension] = Dimension.COMPLETENESS


OwnCheck = Missing | OneOf | Together | Refers | Satisfies | Adds | Rows
AnyCheck = Check | OwnCheck
OWN: Mapping[str, type[OwnCheck]] = {
    kind.code: kind for kind in (Missing, OneOf, Together, Refers, Satisfies, Adds, Rows)
}
OF_TABLE = (Together, Satisfies, Adds, Rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """One rule of a rulebook; ``item`` is empty for a rule about rows or the table, ``says`` is its authors' words."""

    name: str
    check: AnyCheck
    item: str = ""
    severity: Severity = Severity.ERROR
    dimension: Dimension | None = None
    says: str = ""
    target: Target = NONE_FAILS

    @property
    def measures(self) -> Dimension:
        """The dimension that the rule counts for: as declared, or that of its check."""
        return self.dimension or self.check.dimension


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """What a rulebook declares: its rules, the standard element of each item that names one, words nobody can ask.

    ``unasked`` are statements in prose: they are kept and shown, and no row is asked.
    """

    title: str = ""
    rules: tuple[Declared, ...] = ()
    elements: Mapping[str, str] = field(default_factory=dict)
    unasked: tuple[str, ...] = ()

    @property
    def entries(self) -> tuple[str, ...]:
        """The other entries that some rule looks into."""
        return tuple(sorted({rule.check.entry for rule in self.rules if isinstance(rule.check, Refers)} - {""}))


NO_BOOK = Book()
