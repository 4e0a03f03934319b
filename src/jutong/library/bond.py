"""Who is one and the same: bonds between subjects, tied and cut by decisions that all stay on record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

import pyarrow as pa

from jutong.kernel.errors import Invalid, NotFound, WrongMoment
from jutong.kernel.text import text

from .basis import check_basis
from .kind import Kind

_BASIS = text("Order 809, art. 19")


class Verdict(StrEnum):
    """What was decided of a pair; the newest decision holds, and cutting leaves a negative link."""

    SAME = "same"
    APART = "apart"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bond:
    """One decision on a pair: that ``other`` is the subject ``kept`` under another code, or that it is not."""

    kept: str
    other: str
    verdict: Verdict
    basis: str

    def __post_init__(self) -> None:
        if self.kept == self.other:
            raise Invalid(text("a subject cannot be merged with itself"), remedy=text("give two different codes"))
        check_basis(self.basis)

    def masked(self, kind: Kind) -> Bond:
        """Return it as it is shown to anybody; of two keys that look alike under their mask, each says which it is."""
        kept, other = kind.shown_key(self.kept), kind.shown_key(self.other)
        return (
            replace(self, kept=kept, other=other)
            if kept != other
            else replace(self, kept=f"{kept} (1)", other=f"{other} (2)")
        )


@dataclass(frozen=True, slots=True)
class Bonds:
    """All decisions, oldest first, and what follows from them."""

    decided: tuple[Bond, ...] = ()
    _up: Mapping[str, str] = field(init=False, compare=False)  # other -> kept
    _apart: frozenset[frozenset[str]] = field(init=False, compare=False)

    def __post_init__(self) -> None:
        newest = {frozenset((each.kept, each.other)): each for each in self.decided}
        standing = [each for each in newest.values() if each.verdict is Verdict.SAME]
        object.__setattr__(self, "_up", {each.other: each.kept for each in standing})
        apart = frozenset(pair for pair, each in newest.items() if each.verdict is Verdict.APART)
        object.__setattr__(self, "_apart", apart)

    def root(self, code: str) -> str:
        """Return the code under which a subject is known.

        >>> Bonds((Bond(kept="A", other="B", verdict=Verdict.SAME, basis="x"),)).root("B")
        'A'
        """
        while code in self._up:
            code = self._up[code]
        return code

    def members(self, root: str) -> tuple[str, ...]:
        """Return everything that is known under ``root``, itself first."""
        return (root, *sorted(code for code in self._up if self.root(code) == root))

    def joined(self, kept: str, other: str, *, basis: str, although_parted: bool = False) -> Bond:
        """Decide that two subjects are one, or refuse; what was parted is joined again only by saying so."""
        bond = Bond(kept=self.root(kept), other=self.root(other), verdict=Verdict.SAME, basis=basis)
        crossing = {frozenset((a, b)) for a in self.members(bond.kept) for b in self.members(bond.other)} & self._apart
        if crossing and not (although_parted and crossing == {frozenset((bond.kept, bond.other))}):
            raise WrongMoment(
                text("it was decided before that these are not the same"),
                basis=_BASIS,
                remedy=text("read the earlier decision; if it was wrong, say that you merge although they were parted"),
            )
        return bond

    def parted(self, other: str, *, basis: str) -> Bond:
        """Decide that what was merged into another subject is one of its own again, or refuse."""
        if other not in self._up:
            raise NotFound("merge of subjects", "")
        return Bond(kept=self._up[other], other=other, verdict=Verdict.APART, basis=basis)

    def told_apart(self, one: str, another: str, *, basis: str) -> Bond:
        """Decide that two subjects are not the same although they look alike, or refuse."""
        if self.root(one) == self.root(another):
            raise WrongMoment(text("these are merged"), remedy=text("unmerge them instead"))
        return Bond(kept=one, other=another, verdict=Verdict.APART, basis=basis)

    def apart_table(self) -> pa.Table:
        """Return the pairs that were told apart, each both ways round."""
        pairs = sorted(tuple(sorted(pair)) for pair in self._apart)
        both = [*pairs, *((other, kept) for kept, other in pairs)]
        return pa.table(
            {
                "kept": pa.array([kept for kept, _ in both], pa.string()),
                "other": pa.array([other for _, other in both], pa.string()),
            }
        )

    def table(self, key: str) -> pa.Table:
        """Return code -> the code under which it is known, for those that are known under another."""
        codes = sorted(self._up)
        return pa.table(
            {key: pa.array(codes, pa.string()), "root": pa.array([self.root(code) for code in codes], pa.string())}
        )
