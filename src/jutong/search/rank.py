"""The order of what was found: how much of the question a record answers, where, when, and how well it is known."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from .kind import Kind
from .places import nearness
from .query import Plan
from .row import Row
from .slot import Slot

FIELDS: Mapping[str, float] = {"title": 1.0, "tags": 0.7, "items": 0.5, "publisher": 0.45, "description": 0.4}
PARTLY = 0.7  # what a word counts of which only parts stand there
PARTS_LEAST = 0.45
ENOUGH = 0.5  # of a kept question, for its body to be told of a record
PLACE, YEAR, ORGAN = 0.7, 0.7, 0.5  # how much more a record counts that is of the place, year, department
NEXT_YEAR = 0.25  # of the share of a record that was published in the year but does not name it
MATCH, WHOLE, TIGHT, FRESH, POPULAR = 0.08, 0.12, 0.06, 0.01, 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why a record was found: what was looked for, the term that answers it, and where that stands."""

    said: str
    term: str
    where: str  # title, tags, items, publisher, description, place, year
    kind: Kind
    whole: bool = True  # not only a part of the term stands there


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A record that was found."""

    row: Row
    score: float
    reasons: tuple[Reason, ...]


def ranked(rows: Iterable[Row], plan: Plan) -> list[Hit]:
    """Return the records in the order in which they answer the question, without those that do not."""
    found = tuple(rows)
    best = max((row.match for row in found), default=0.0) or 1.0
    newest = max((row.changed for row in found), default="")
    hits = [hit for row in found if (hit := _hit(row, plan, best, newest)) is not None]
    return sorted(hits, key=lambda hit: (-hit.score, len(hit.row.title), hit.row.entry))


def answers(row: Row, plan: Plan) -> bool:
    """Say whether a record answers most of a question: whoever keeps the question is told of it."""
    total = sum(slot.weight for slot in plan.topics)
    covered = sum(slot.weight * _answer(row, slot)[0] for slot in plan.topics)
    there = all(_beside(row, slot)[0] > 0 for slot in plan.slots if slot.kind is not Kind.WORD)
    return there and (not total or covered >= ENOUGH * total)


def _hit(row: Row, plan: Plan, best: float, newest: str) -> Hit | None:
    reasons: list[Reason] = []
    covered = total = 0.0
    for slot in plan.topics:
        value, reason = _answer(row, slot)
        covered += slot.weight * value
        total += slot.weight
        if reason is not None:
            reasons.append(reason)
    if total and not covered:
        return None
    score = covered / total if total else 1.0
    factor = 1.0
    for slot in plan.slots:
        if slot.kind is Kind.WORD:
            continue
        share, reason = _beside(row, slot)
        factor *= 1 + {Kind.PLACE: PLACE, Kind.YEAR: YEAR, Kind.ORGAN: ORGAN}[slot.kind] * share
        if reason is not None:
            reasons.append(reason)
    if not total and factor == 1.0:
        return None
    whole = max((len(one) for one in plan.whole if one in row.title), default=0)
    said = sum(map(len, plan.whole)) or 1
    score += WHOLE * whole / said + MATCH * row.match / best + TIGHT * _tightness(row.title, reasons)
    score += POPULAR * min(row.popularity, 10) / 10 + (FRESH if row.changed[:4] == newest[:4] else 0.0)
    return Hit(row=row, score=score * factor, reasons=tuple(reasons))


def _answer(row: Row, slot: Slot) -> tuple[float, Reason | None]:
    best, reason = 0.0, None
    for term, worth in slot.terms.items():
        if worth <= best:
            continue
        for where, counts in FIELDS.items():
            if worth * counts <= best:
                break
            if term in getattr(row, where):
                best = worth * counts
                reason = Reason(said=slot.glossed or slot.said, term=term, where=where, kind=slot.kind)
                break
    total = sum(slot.pairs.values())
    if best < PARTLY and total and len(slot.pairs) > 1:
        there = [one for one in slot.pairs if one in row.title]
        share = sum(slot.pairs[one] for one in there) / total
        if share >= PARTS_LEAST and share * PARTLY > best:
            best = share * PARTLY
            reason = Reason(said=slot.said, term="".join(there[:1]), where="title", kind=slot.kind, whole=False)
    return best, reason


def _beside(row: Row, slot: Slot) -> tuple[float, Reason | None]:
    if slot.kind is Kind.PLACE:
        if slot.said in row.title or slot.said in row.publisher:
            return 1.0, Reason(said=slot.said, term=slot.said, where="place", kind=slot.kind)
        share = nearness(slot.codes, row.places)
        return share * 0.9, Reason(said=slot.said, term=slot.said, where="place", kind=slot.kind) if share else None
    if slot.kind is Kind.YEAR:
        if slot.said in row.title:
            return 1.0, Reason(said=slot.said, term=slot.said, where="title", kind=slot.kind)
        if slot.said in row.description or row.changed.startswith(slot.said):
            return NEXT_YEAR, Reason(said=slot.said, term=slot.said, where="year", kind=slot.kind)
        return 0.0, None
    for where, counts in (("publisher", 1.0), ("title", 0.8)):
        for term in slot.terms:
            if term in getattr(row, where):
                return counts, Reason(said=slot.said, term=term, where=where, kind=slot.kind)
    return 0.0, None


def _tightness(title: str, reasons: Iterable[Reason]) -> float:
    """Return how much of a title is what was looked for."""
    found = sum(len(one.term) for one in reasons if one.where == "title" and one.whole)
    return min(1.0, found / len(title)) if title else 0.0
