"""A decision on the library: whose word stands on a field, or who is one and the same; kept for good, in order."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from .bond import Bond, Bonds
from .kind import LEGAL_PERSON, Kind
from .survive import Authority, Belief, belief_of

AUTHORITY = "authority"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What was decided, on which basis, by which body, when; ``kind`` is ``authority`` or a verdict on a pair."""

    id: str
    kind: str
    basis: str
    org: str
    at: datetime
    field: str = ""
    entry: str = ""
    rank: int = 0
    kept: str = ""
    other: str = ""
    about: str = LEGAL_PERSON.name  # the kind of subjects

    @classmethod
    def on_authority(cls, named: Authority, *, id: str, org: str, at: datetime) -> Decision:
        """Return the decision that names a source."""
        return cls(
            id=id,
            kind=AUTHORITY,
            basis=named.basis,
            org=org,
            at=at,
            field=named.field,
            entry=named.entry,
            rank=named.rank,
            about=named.about,
        )

    @classmethod
    def on_bond(cls, bond: Bond, *, id: str, org: str, at: datetime, about: Kind = LEGAL_PERSON) -> Decision:
        """Return the decision on a pair."""
        return cls(
            id=id,
            kind=bond.verdict.value,
            basis=bond.basis,
            org=org,
            at=at,
            kept=bond.kept,
            other=bond.other,
            about=about.name,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What was decided of a kind of subjects up to a point: whose word stands, and who is one and the same."""

    number: int = 0  # of the last decision
    authorities: tuple[Authority, ...] = ()
    bonds: Bonds = field(default_factory=Bonds)
    kind: Kind = LEGAL_PERSON

    @property
    def belief(self) -> Belief:
        """The orders in which sources are believed."""
        return belief_of(self.authorities, self.kind)
