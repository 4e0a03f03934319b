"""What a body owes another by a day: answers, deliveries, corrections, updates, followed through the ledger."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from jutong.ledger.evidence import Evidence

from .indicator import Proof
from .reading import Placed, day_of, due, number, proof_of, truth, word


class Kind(StrEnum):
    """Which clock runs."""

    ANSWER = "answer"
    DELIVERY = "delivery"
    CORRECTION = "correction"
    UPDATE = "update"
    AUDIT = "audit"
    RESPONSIBILITY = "responsibility"


@dataclass(frozen=True, slots=True, kw_only=True)
class Owed:
    """One debt. Late stays late: once a due day has passed, nothing that follows makes it on time again."""

    kind: Kind
    on: str
    provider: str
    consumer: str
    entry: str
    due: date | None  # None while the clock stands still, waiting for the consumer's papers
    evidence: tuple[Proof, ...]
    done: date | None = None
    late: bool = False
    void: bool = False  # it ended before anything was owed

    def overdue(self, today: date) -> bool:
        """Say whether it is still owed and its day is over."""
        return self.done is None and self.due is not None and today > self.due

    def days_late(self, today: date) -> int:
        """Return by how many days the last due day was, or still is being, missed; this grows until it is done."""
        return max(((self.done or today) - self.due).days, 0) if self.due is not None else 0

    def counts_in(self, since: date, until: date) -> bool:
        """Say whether a period answers for it: it was done in it, or was left undone beyond its day.

        One that was late before its clock was stopped counts too: asking for papers does not hide it.
        """
        if self.void:
            return False
        return since <= self.done <= until if self.done is not None else self.late or self.overdue(until)

    def on_time(self) -> bool:
        """Say whether it was done, and never late."""
        return self.done is not None and not self.late

    def cited(self, place: int, line: Evidence) -> Owed:
        """Return the debt with one more line behind it."""
        return replace(self, evidence=(*self.evidence, proof_of(place, line)))

    def clocked(self, line: Evidence) -> Owed:
        """Return the debt with the due day that the line tells."""
        return replace(self, due=due(line), late=self.late or truth(line, "late"))

    def paused(self, line: Evidence) -> Owed:
        """Return the debt with its clock standing still; a day that has passed by then stays missed."""
        return replace(self, due=None, late=self._late_by(line))

    def settled(self, line: Evidence, *, late: bool = False) -> Owed:
        """Return the debt as done on the line's day."""
        return replace(self, done=day_of(line), late=late or self._late_by(line))

    def dropped(self, line: Evidence) -> Owed:
        """Return the debt as ended by the other side or with its cause: void, unless it was late by then."""
        settled = self.settled(line)
        return replace(settled, void=not settled.late)

    def _late_by(self, line: Evidence) -> bool:
        return self.late or truth(line, "late") or self.overdue(day_of(line))


Debts = dict[tuple[Kind, str], Owed]


def follow(owed: Debts, place: int, line: Evidence) -> None:
    """Let one more line open, move or settle debts; lines come in order."""
    for opened in _opened(line):
        owed.setdefault((opened.kind, opened.on), opened)
    for kind in Kind:
        before = owed.get((kind, _subject(line, kind)))
        after = before if before is None or before.done is not None else _moved(before, line)
        if before is not None and after is not None and (after != before or not before.evidence):
            owed[kind, before.on] = after.cited(place, line)


def debts(lines: Iterable[Placed]) -> tuple[Owed, ...]:
    """Return every debt that the lines tell of, in the order in which they began; ``lines`` stand in order."""
    owed: Debts = {}
    for place, line in lines:
        follow(owed, place, line)
    return tuple(owed.values())


def waiting(owed: Iterable[Owed], today: date) -> tuple[Owed, ...]:
    """Return what is owed and not done, the oldest due day first, with what waits for the other side at the end."""
    still = (one for one in owed if one.done is None)
    return tuple(sorted(still, key=lambda one: (one.due is None, one.due or today, one.on)))


def _opened(line: Evidence) -> tuple[Owed, ...]:
    match line.act:
        case "sharing.submitted":
            return (_debt(Kind.ANSWER, line.on, line, due(line)),)
        case "sharing.approved":
            return (_debt(Kind.DELIVERY, word(line, "agreement"), line, due(line, "delivery_due")),)
        case "quality.objection_opened" | "quality.objection_reopened" | "quality.objection_adopted":
            return (_debt(Kind.CORRECTION, line.on, line, due(line)),)
        case "catalogue.revision_opened":
            return (_debt(Kind.UPDATE, line.on, line, due(line)),)
        case "catalogue.responsibility_opened":
            return (_debt(Kind.RESPONSIBILITY, line.on, line, due(line)),)
        case "catalogue.submitted" if due(line, "audit_due") is not None:
            return (_audit(line),)
        case _:
            return ()


def _debt(kind: Kind, on: str, line: Evidence, day: date | None) -> Owed:
    return Owed(
        kind=kind,
        on=on,
        provider=word(line, "provider"),
        consumer=word(line, "consumer"),
        entry=word(line, "entry"),
        due=day,
        evidence=(),
    )


def _audit(line: Evidence) -> Owed:
    """Return the audit that the authority owes the department: each round of a version is a debt of its own."""
    return Owed(
        kind=Kind.AUDIT,
        on=_subject(line, Kind.AUDIT),
        provider=word(line, "authority"),
        consumer=word(line, "provider"),
        entry=line.on,
        due=due(line, "audit_due"),
        evidence=(),
    )


def _subject(line: Evidence, kind: Kind) -> str:
    if kind is Kind.AUDIT:
        return f"{line.on}/{number(line, 'version')}/{number(line, 'round')}"
    return word(line, "agreement") if kind is Kind.DELIVERY and line.act == "sharing.approved" else line.on


def _moved(owed: Owed, line: Evidence) -> Owed:
    match owed.kind, line.act:
        case Kind.ANSWER, "sharing.supplement_required":
            return owed.paused(line)
        case Kind.ANSWER, "sharing.supplemented" | "sharing.extended":
            return owed.clocked(line)
        case ((Kind.ANSWER | Kind.DELIVERY), "sharing.deadline_recomputed") if word(line, "clock") == owed.kind.value:
            return owed.clocked(line)
        case Kind.ANSWER, "sharing.approved" | "sharing.refused":
            return owed.settled(line)
        case Kind.ANSWER, "sharing.withdrawn":
            return owed.dropped(line)
        case Kind.DELIVERY, "sharing.delivered":
            return owed.settled(line)
        case Kind.DELIVERY, "sharing.terminated" | "sharing.concluded" | "sharing.expired":
            return owed.dropped(line)
        case Kind.CORRECTION, "quality.objection_answered" | "quality.objection_resolved":
            return owed.settled(line, late=not truth(line, "in_time"))
        case Kind.UPDATE, "catalogue.revision_extended" | "catalogue.revision_recounted":
            return owed.clocked(line)
        case Kind.UPDATE, "catalogue.revision_settled":
            return owed.settled(line)
        case Kind.UPDATE, "catalogue.revision_dropped":
            return owed.dropped(line)
        case Kind.AUDIT, "catalogue.published" | "catalogue.returned":
            return owed.settled(line)
        case Kind.AUDIT, "catalogue.withdrawn":
            return owed.dropped(line)
        case Kind.RESPONSIBILITY, "catalogue.responsibility_fulfilled":
            return owed.settled(line)
        case Kind.RESPONSIBILITY, "catalogue.responsibility_dropped":
            return owed.dropped(line)
        case _:
            return owed
