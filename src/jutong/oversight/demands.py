"""How many lawful demands are met: followed through the ledger, from the audit to the last responsibility."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date

from jutong.ledger.evidence import Evidence

from .indicator import Indicator, Proof
from .reading import day_of, proof_of, word


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """One body's part of a demand."""

    owner: str
    done: date | None = None
    dropped: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Lawful:
    """A demand that the authority accepted, or lets be met together with another."""

    authority: str
    since: date
    met: date | None = None
    void: bool = False
    proofs: tuple[Proof, ...] = ()


@dataclass(slots=True)
class Demands:
    """The lawful demands of the lines that were read so far, and what bodies owe for them."""

    lawful: dict[str, _Lawful] = field(default_factory=dict)
    parts: dict[str, tuple[str, _Part]] = field(default_factory=dict)  # responsibility -> demand, part

    def follow(self, place: int, line: Evidence) -> None:
        """Let one more line count; lines come in order."""
        proof, day = proof_of(place, line), day_of(line)
        match line.act:
            case "catalogue.demand_accepted" | "catalogue.demand_merged":
                known = self.lawful.get(line.on) or _Lawful(authority=line.org, since=day)
                self.lawful[line.on] = _cited(known, proof)
            case "catalogue.demand_satisfied" if line.on in self.lawful:
                self.lawful[line.on] = _cited(replace(self.lawful[line.on], met=day), proof)
            case "catalogue.demand_withdrawn" if line.on in self.lawful:
                self.lawful[line.on] = _cited(replace(self.lawful[line.on], void=True), proof)
            case "catalogue.responsibility_opened":
                demand = word(line, "demand")
                self.parts[line.on] = demand, _Part(owner=word(line, "provider"))
                self._cite(demand, proof)
            case "catalogue.responsibility_fulfilled" if line.on in self.parts:
                self._move(line.on, proof, done=day)
            case "catalogue.responsibility_dropped" if line.on in self.parts:
                self._move(line.on, proof, dropped=True)

    def satisfaction(self, body: str, *, since: date, until: date) -> Indicator:
        """Return the rate of a body: the authority answers for every demand, others for those they have a part in.

        A demand counts in a period if it was lawful by its end and was not met before it began.
        """
        counted = {
            demand: one
            for demand, one in self.lawful.items()
            if not one.void and one.since <= until and (one.met is None or one.met >= since)
        }
        mine = {demand: met for demand, one in counted.items() if (met := self._met(body, demand, one)) is not None}
        return Indicator(
            code="S3",
            numerator=sum(mine.values()),
            denominator=len(mine),
            evidence=tuple(sorted({proof for demand in mine for proof in counted[demand].proofs})),
        )

    def _met(self, body: str, demand: str, one: _Lawful) -> bool | None:
        """Say whether a body has done its part of a demand; None where it has none."""
        if body == one.authority:
            return one.met is not None
        parts = [part for of, part in self.parts.values() if of == demand and part.owner == body and not part.dropped]
        return all(part.done is not None for part in parts) if parts else None

    def _move(self, responsibility: str, proof: Proof, *, done: date | None = None, dropped: bool = False) -> None:
        demand, part = self.parts[responsibility]
        self.parts[responsibility] = demand, replace(part, done=done, dropped=dropped)
        self._cite(demand, proof)

    def _cite(self, demand: str, proof: Proof) -> None:
        if demand in self.lawful:
            self.lawful[demand] = _cited(self.lawful[demand], proof)


def _cited(one: _Lawful, proof: Proof) -> _Lawful:
    return replace(one, proofs=(*one.proofs, proof))
