"""What is read from the ledger: which words and which of their facts each number rests on, and nothing besides."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

from jutong.kernel.canon import Fact
from jutong.ledger.evidence import Evidence

from .indicator import Proof

Placed = tuple[int, Evidence]

_ANSWER = {
    "sharing.submitted": ("provider", "consumer", "entry", "due"),
    "sharing.supplement_required": ("late",),
    "sharing.supplemented": ("due", "late"),
    "sharing.extended": ("due",),
    "sharing.deadline_recomputed": ("clock", "due"),
    "sharing.approved": ("late",),
    "sharing.refused": ("late",),
    "sharing.withdrawn": ("late",),
}
_DELIVERY = {
    "sharing.approved": ("agreement", "provider", "consumer", "entry", "delivery_due"),
    "sharing.deadline_recomputed": ("clock", "due"),
    "sharing.delivered": ("late",),
    "sharing.terminated": ("late",),
    "sharing.concluded": ("late",),
    "sharing.expired": ("late",),
}
_DEMAND = {
    "catalogue.demand_accepted": ("consumer",),
    "catalogue.demand_merged": ("consumer", "into"),
    "catalogue.demand_satisfied": ("consumer",),
    "catalogue.demand_withdrawn": ("consumer",),
    "catalogue.responsibility_opened": ("provider", "consumer", "demand", "entry", "due"),
    "catalogue.responsibility_fulfilled": ("late",),
    "catalogue.responsibility_dropped": ("late",),
}
# No indicator is counted from these: they are what is owed.
UPKEEP = {
    "catalogue.revision_opened": ("provider", "entry", "due"),
    "catalogue.revision_extended": ("due",),
    "catalogue.revision_recounted": ("due",),
    "catalogue.revision_settled": ("late",),
    "catalogue.revision_dropped": ("late",),
    "catalogue.submitted": ("authority", "provider", "version", "round", "audit_due"),
    "catalogue.published": ("version", "round"),
    "catalogue.returned": ("version", "round"),
    "catalogue.withdrawn": ("version", "round"),
}
OWNER = {"catalogue.published": ("provider",), "catalogue.adopted": ("provider",)}

# One table: whoever renames a word or a fact below must come here, and the tests ask the acts themselves.
FACTS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "S1": _ANSWER,
    "S2": _DELIVERY,
    "S3": _DEMAND,
    "Q1": {"quality.examined": ("entry", "provider", "score")},
    "Q2": {
        "quality.objection_opened": ("provider", "entry", "due"),
        "quality.objection_adopted": ("provider", "entry", "due"),
        "quality.objection_answered": ("in_time",),
        "quality.objection_resolved": ("in_time",),
    },
    "Q4": {"collection.landed": ("entry", "rows_read", "rows_quarantined"), **OWNER},
    "U1": {
        "sharing.approved": ("agreement", "provider"),
        "sharing.delivered": (),
        "delivery.called": ("agreements", "refused"),
    },
}
WORDS: tuple[str, ...] = tuple(sorted({word for words in (*FACTS.values(), UPKEEP) for word in words}))


def in_order(lines: Iterable[Placed], *, until: date) -> list[Placed]:
    """Return the lines that count, by their places, up to the end of the day ``until``."""
    counted = (placed for placed in lines if placed[1].act in WORDS and day_of(placed[1]) <= until)
    return sorted(counted, key=lambda placed: placed[0])


def day_of(line: Evidence) -> date:
    """Return the day of a line by legal time."""
    return line.day


def proof_of(place: int, line: Evidence) -> Proof:
    """Return how a line is cited."""
    return Proof(place, line.id)


def word(line: Evidence, name: str) -> str:
    """Return a fact that is a word; empty where the line does not have it."""
    value = line.facts.get(name)
    return value if isinstance(value, str) else ""


def number(line: Evidence, name: str) -> int:
    """Return a fact that is a count; 0 where the line does not have it."""
    return _count(line.facts.get(name))


def truth(line: Evidence, name: str) -> bool:
    """Return a fact that is yes or no; no where the line does not have it."""
    return line.facts.get(name) is True


def due(line: Evidence, name: str = "due") -> date | None:
    """Return a fact that is a day."""
    spelled = word(line, name)
    return date.fromisoformat(spelled) if spelled else None


def counts(line: Evidence, name: str) -> dict[str, int]:
    """Return a fact that counts by name."""
    value = line.facts.get(name)
    return {key: _count(count) for key, count in value.items()} if isinstance(value, Mapping) else {}


def _count(value: Fact) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0
