"""One measured number of a department's sharing: what it counts, by which rule, and the evidence behind it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from jutong.kernel.canon import Fact
from jutong.kernel.text import Text, text


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """What an indicator measures; more is better in every one, and ``weight`` is its share in the score."""

    title: Text
    formula: Text
    basis: Text
    weight: int


# The codes are those of common assessment practice; formulas and weights are the product's own.
DEFINITIONS: Mapping[str, Definition] = {
    "S1": Definition(
        title=text("answers on time"),
        formula=text("requests answered on time / requests answered, and those whose due day passed in silence"),
        basis=text("Order 809, arts 21 and 39 (4)"),
        weight=25,
    ),
    "S2": Definition(
        title=text("delivery on time"),
        formula=text("services opened on time / services opened, and those whose due day passed"),
        basis=text("Order 809, arts 22 and 39 (4)"),
        weight=25,
    ),
    "S3": Definition(
        title=text("demands satisfied"),
        formula=text("lawful demands satisfied / lawful demands; of a department, those that it answers for"),
        basis=text("Order 809, arts 9 and 38; demand list and responsibility list"),
        weight=10,
    ),
    "Q1": Definition(
        title=text("quality score"),
        formula=text("mean of the newest examination's score of each entry"),
        basis=text("Order 809, arts 18 and 38; GB/T 36344-2018"),
        weight=25,
    ),
    "Q2": Definition(
        title=text("corrections on time"),
        formula=text("objections answered on time / objections answered, and those whose due day passed"),
        basis=text("Order 809, arts 26 and 39 (6)"),
        weight=15,
    ),
    "Q4": Definition(
        title=text("rows that arrive whole"),
        formula=text("rows read and not put into quarantine / rows read"),
        basis=text("Order 809, art. 18"),
        weight=5,
    ),
    "U1": Definition(
        title=text("services in use"),
        formula=text("agreements with at least one answered call / agreements delivered"),
        basis=text("Order 809, arts 29 and 38"),
        weight=5,
    ),
}


@dataclass(frozen=True, slots=True, order=True)
class Proof:
    """Where a number comes from: a place of the log, and the line's identifier."""

    place: int
    evidence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Indicator:
    """One value, as a fraction of two counts, with every line that it was counted from."""

    code: str
    numerator: int
    denominator: int
    evidence: tuple[Proof, ...]

    @property
    def definition(self) -> Definition:
        """What the number means."""
        return DEFINITIONS[self.code]

    @property
    def value(self) -> int | None:
        """The value in thousandths, rounded down; None where there was nothing to count.

        >>> Indicator(code="S1", numerator=2, denominator=3, evidence=()).value
        666
        """
        return 1000 * self.numerator // self.denominator if self.denominator else None

    def spelled(self) -> dict[str, Fact]:
        """Return the number in plain values."""
        return {
            "code": self.code,
            "numerator": self.numerator,
            "denominator": self.denominator,
            "value": self.value,
            "evidence": [[proof.place, proof.evidence] for proof in self.evidence],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """A plain number that is shown and not scored: counts can be inflated, so nobody is ranked by them."""

    code: str
    value: int
    evidence: tuple[Proof, ...]

    def spelled(self) -> dict[str, Fact]:
        """Return the number in plain values."""
        return {
            "code": self.code,
            "value": self.value,
            "evidence": [[proof.place, proof.evidence] for proof in self.evidence],
        }
