"""The count behind every scorecard: a fold over ledger lines, so that anybody who holds the log can count again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from jutong.kernel.errors import Invalid
from jutong.kernel.text import text
from jutong.ledger.evidence import Evidence

from .demands import Demands
from .indicator import DEFINITIONS, Count, Indicator, Proof
from .owed import Debts, Kind, Owed, follow
from .reading import OWNER, Placed, counts, day_of, in_order, number, proof_of, word
from .scorecard import Scorecard


@dataclass(frozen=True, slots=True)
class _Landed:
    """A batch that was brought in."""

    day: date
    entry: str
    read: int
    aside: int
    proof: Proof


@dataclass(frozen=True, slots=True)
class _Called:
    """Calls that were answered and refused, by agreement."""

    day: date
    agreements: Mapping[str, int]
    refused: Mapping[str, int]
    proof: Proof


@dataclass(slots=True)
class Tally:
    """What the lines that were read so far say; it grows line by line and never reads one twice."""

    last: Proof | None = None
    newest: date = date.min
    lines: int = 0
    owed: Debts = field(default_factory=dict)
    owners: dict[str, str] = field(default_factory=dict)
    examined: dict[tuple[str, str], tuple[int, Proof]] = field(default_factory=dict)
    landed: list[_Landed] = field(default_factory=list)
    called: list[_Called] = field(default_factory=list)
    demands: Demands = field(default_factory=Demands)

    @property
    def size(self) -> int:
        """How much of the log was read."""
        return self.last.place + 1 if self.last else 0

    def take(self, lines: Iterable[Placed]) -> Tally:
        """Read on; ``lines`` stand in order and behind those that were read."""
        for place, line in lines:
            self.last, self.newest, self.lines = proof_of(place, line), max(self.newest, day_of(line)), self.lines + 1
            follow(self.owed, place, line)
            self.demands.follow(place, line)
            self._note(line, self.last)
        return self

    def scorecard(self, *, provider: str, since: date, until: date) -> Scorecard:
        """Return a department's numbers between two days; no line that was read is of a later day."""
        owed = [one for one in self.owed.values() if one.provider == provider]
        counted = [one for one in owed if one.counts_in(since, until)]
        services = {one.on: one for one in owed if one.kind is Kind.DELIVERY}
        called = [one for one in self.called if since <= one.day <= until]
        landed = [one for one in self.landed if since <= one.day <= until and self.owners.get(one.entry) == provider]
        indicators = {
            "S1": _on_time("S1", counted, Kind.ANSWER),
            "S2": _on_time("S2", counted, Kind.DELIVERY),
            "S3": self.demands.satisfaction(provider, since=since, until=until),
            "Q1": self._quality(provider),
            "Q2": _on_time("Q2", counted, Kind.CORRECTION),
            "Q4": _whole_rows(landed),
            "U1": _use(called, services),
        }
        return Scorecard(
            provider=provider,
            since=since,
            until=until,
            size=self.size,
            indicators=tuple(indicators[code] for code in DEFINITIONS),
            counts=(*_calls(called, services), _days_late(counted, until)),
        )

    def _note(self, line: Evidence, proof: Proof) -> None:
        if line.act in OWNER:
            self.owners[line.on] = word(line, "provider")
        elif line.act == "quality.examined":
            self.examined[word(line, "provider"), word(line, "entry")] = number(line, "score"), proof
        elif line.act == "collection.landed":
            read, aside = number(line, "rows_read"), number(line, "rows_quarantined")
            self.landed.append(_Landed(day_of(line), word(line, "entry"), read, aside, proof))
        elif line.act == "delivery.called":
            self.called.append(_Called(day_of(line), counts(line, "agreements"), counts(line, "refused"), proof))

    def _quality(self, provider: str) -> Indicator:
        newest = [found for (owner, _), found in self.examined.items() if owner == provider]
        return Indicator(
            code="Q1",
            numerator=sum(score for score, _ in newest),
            denominator=1000 * len(newest),
            evidence=tuple(sorted(proof for _, proof in newest)),
        )


def score_of(lines: Iterable[Placed], *, provider: str, since: date, until: date) -> Scorecard:
    """Return what the lines say of a department between two days, both of them in it.

    ``until`` is at most the day on which the log was read: what is due later is not late yet.
    """
    check_period(since, until)
    return Tally().take(in_order(lines, until=until)).scorecard(provider=provider, since=since, until=until)


def check_period(since: date, until: date) -> None:
    """Refuse a period that ends before it begins."""
    if until < since:
        raise Invalid(text("the period ends ({until}) before it begins ({since})", until=until, since=since))


def _on_time(code: str, owed: Sequence[Owed], kind: Kind) -> Indicator:
    mine = [one for one in owed if one.kind is kind]
    return Indicator(
        code=code, numerator=sum(one.on_time() for one in mine), denominator=len(mine), evidence=_behind(mine)
    )


def _whole_rows(landed: Sequence[_Landed]) -> Indicator:
    read = sum(one.read for one in landed)
    return Indicator(
        code="Q4",
        numerator=read - sum(one.aside for one in landed),
        denominator=read,
        evidence=tuple(one.proof for one in landed),
    )


def _use(called: Sequence[_Called], services: dict[str, Owed]) -> Indicator:
    delivered = {on: one for on, one in services.items() if one.done is not None and not one.void}
    used: set[str] = set()
    proofs = [proof for one in delivered.values() for proof in one.evidence]
    for batch in called:
        answered = {on for on, calls in batch.agreements.items() if calls > batch.refused.get(on, 0)}
        if mine := answered & delivered.keys():
            used |= mine
            proofs.append(batch.proof)
    return Indicator(code="U1", numerator=len(used), denominator=len(delivered), evidence=tuple(sorted(proofs)))


def _calls(called: Sequence[_Called], services: dict[str, Owed]) -> tuple[Count, Count]:
    calls, refusals, proofs = 0, 0, list[Proof]()
    for batch in called:
        mine = sum(count for on, count in batch.agreements.items() if on in services)
        calls += mine
        refusals += sum(count for on, count in batch.refused.items() if on in services)
        proofs += [batch.proof] if mine else []
    behind = tuple(proofs)
    return Count(code="calls", value=calls, evidence=behind), Count(code="refusals", value=refusals, evidence=behind)


def _days_late(owed: Sequence[Owed], until: date) -> Count:
    late = [one for one in owed if one.days_late(until)]
    return Count(code="days_late", value=sum(one.days_late(until) for one in late), evidence=_behind(late))


def _behind(owed: Sequence[Owed]) -> tuple[Proof, ...]:
    return tuple(sorted({proof for one in owed for proof in one.evidence}))
