"""An objection: the source department is asked to verify and correct, within the term that the law sets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Any

import msgspec

from jutong.guard.permit import Label
from jutong.kernel.canon import Fact, canonical, digest
from jutong.kernel.errors import Invalid, WrongMoment
from jutong.kernel.ids import spell
from jutong.kernel.shape import learn
from jutong.kernel.text import Text, text
from jutong.terms.deadline import Deadline


class Stage(StrEnum):
    """Where an objection stands (Order 809, art. 26)."""

    FILED = "filed"
    VERIFYING = "verifying"
    CORRECTED = "corrected"
    REJECTED_WITH_REASON = "rejected-with-reason"
    FEEDBACK_SENT = "feedback-sent"


class Queue(StrEnum):
    """The three ways in which somebody doubts a value; they have clocks and readers of their own and never mix."""

    CORRECTION = "correction"  # between departments (Order 809, art. 26): rules, and officers who use the rows
    PUBLIC = "public"  # what the public says of an open data set
    RIGHTS = "rights"  # of a person or firm about what is kept of them


DOUBTED = "doubted"  # the rule of a doubt that no rule raised
PROFILE = "jutong-objection-1"
_TOLD = ("id", "entry", "provider", "batch", "rule", "item", "count", "opened", "due", "provisional", "basis")
OPEN = (Stage.FILED, Stage.VERIFYING)
ANSWERED = (Stage.CORRECTED, Stage.REJECTED_WITH_REASON)


def objection_id(entry: str, rule: str, *of: str) -> str:
    """Return the identifier of the one ticket of a rule at a source, or of a doubt; every tier finds the same.

    >>> objection_id("01JZ", "uscc.length") == objection_id("01JZ", "uscc.length")
    True
    """
    return spell(int(digest(canonical({"entry": entry, "rule": rule, "of": list(of)}))[:32], 16))


@dataclass(frozen=True, slots=True, kw_only=True)
class Objection:
    """Which rule how many rows of which delivery fail, who must answer, and by when."""

    id: str
    entry: str
    provider: str  # the body that answers
    batch: str
    rule: str
    item: str
    count: int
    opened: date
    due: date
    provisional: bool
    basis: str
    stage: Stage = Stage.FILED
    reason: str = ""  # of a rejection
    resolved_by: str = ""  # the batch in which the rule held again
    closed: date | None = None
    queue: Queue = Queue.CORRECTION
    reopened: int = 0  # times that the rule failed again after an answer
    raised_by: str = ""  # the body whose officer doubts; empty where a rule does
    row: int = 0  # of the batch that is doubted; 0 where all failing rows are, or none was found
    doubt: str = ""  # the words of whoever doubts

    @property
    def label(self) -> Label:
        """The objection is the answering body's to deal with."""
        return Label(owner=self.provider)

    @property
    def open(self) -> bool:
        """Say whether the source has yet to answer."""
        return self.stage in OPEN

    def facts(self) -> dict[str, Fact]:
        """Return what evidence says of the objection as it is opened."""
        return {
            "entry": self.entry,
            "provider": self.provider,
            "batch": self.batch,
            "rule": self.rule,
            "item": self.item,
            "count": self.count,
            "due": self.due.isoformat(),
            "provisional": self.provisional,
        }

    @property
    def marks(self) -> bool:
        """Say whether the rows carry the flag: until the source says that they are right, or brings better ones."""
        if self.queue is Queue.PUBLIC:
            return False  # what anybody may say is verified first
        return self.open or (self.stage is Stage.CORRECTED and not self.resolved_by)

    def again(self, *, batch: str, count: int, term: Deadline) -> Objection:
        """Return the ticket when its rule fails in another batch.

        While it is open, its clock runs on. What the source called right is not asked again before more rows fail.
        """
        if batch == self.batch:
            return self
        if self.open:
            return replace(self, batch=batch, count=count)
        if self.reason and count <= self.count:
            return self
        return replace(
            self,
            batch=batch,
            count=count,
            stage=Stage.FILED,
            reason="",
            resolved_by="",
            closed=None,
            reopened=self.reopened + 1,
            opened=term.started,
            due=term.due,
            provisional=term.provisional,
            basis=term.basis,
        )

    def adopted(self, *, provider: str) -> Objection:
        """Return the objection as it begins in the tier that must answer it: at the body that this tier knows."""
        return replace(self, provider=provider, stage=Stage.FILED, reason="", resolved_by="", closed=None)

    def resolved_by_rows(self, *, rows: int, before: int | None) -> bool:
        """Say whether ``rows`` rows that pass the rule can hold the objected ones, of ``before``, put right.

        A smaller delivery may simply leave them out, so it shows nothing.
        """
        return self.open and (before is None or rows >= before - self.count)

    def overdue(self, today: date) -> bool:
        """Say whether the last day has passed without an answer."""
        return self.open and today > self.due

    def verifying(self) -> Objection:
        """Return the objection as taken up by the source; again is no change."""
        if self.stage is Stage.VERIFYING:
            return self
        self._need(Stage.FILED)
        return replace(self, stage=Stage.VERIFYING)

    def corrected(self, *, by_batch: str = "") -> Objection:
        """Return the objection as answered: the rows were wrong and are put right; again is no change."""
        if self.stage is Stage.CORRECTED:
            return self
        self._need(*OPEN)
        return replace(self, stage=Stage.CORRECTED, resolved_by=by_batch)

    def rejected(self, reason: str) -> Objection:
        """Return the objection as answered: the rows are right as they are, and why; again is no change."""
        if self.stage is Stage.REJECTED_WITH_REASON and self.reason == reason.strip():
            return self
        self._need(*OPEN)
        if not reason.strip():
            raise Invalid(
                text("a rejection must give its reason"),
                basis=text("Order 809, art. 26"),
                remedy=text("say why the rows are right as they are"),
            )
        return replace(self, stage=Stage.REJECTED_WITH_REASON, reason=reason.strip())

    def fed_back(self, today: date) -> Objection:
        """Return the objection as closed: whoever objected has the answer; again is no change."""
        if self.stage is Stage.FEEDBACK_SENT:
            return self
        self._need(*ANSWERED)
        return replace(self, stage=Stage.FEEDBACK_SENT, closed=today)

    def _need(self, *stages: Stage) -> None:
        if self.stage not in stages:
            raise WrongMoment(text("the objection is {stage}", stage=self.stage.value), remedy=_remedy(self.stage))


learn(Objection)


def objection_of(
    *, entry: str, provider: str, batch: str, rule: str, item: str, count: int, term: Deadline
) -> Objection:
    """Return the objection to what ``rule`` found in a delivery."""
    return Objection(
        id=objection_id(entry, rule),
        entry=entry,
        provider=provider,
        batch=batch,
        rule=rule,
        item=item,
        count=count,
        opened=term.started,
        due=term.due,
        provisional=term.provisional,
        basis=term.basis,
    )


def doubt_of(
    *,
    entry: str,
    provider: str,
    batch: str,
    row: int,
    item: str,
    key: str,
    queue: Queue,
    raised_by: str,
    doubt: str,
    term: Deadline,
) -> Objection:
    """Return the doubt of one cell; whoever doubts the same again finds the same ticket."""
    if not doubt.strip():
        raise Invalid(
            text("a doubt says why"),
            basis=text("Order 809, art. 26"),
            remedy=text("say what is wrong, and how you know"),
        )
    return Objection(
        id=objection_id(entry, f"{item}.{DOUBTED}", key, queue, raised_by),
        entry=entry,
        provider=provider,
        batch=batch,
        rule=f"{item}.{DOUBTED}",
        item=item,
        count=1,
        opened=term.started,
        due=term.due,
        provisional=term.provisional,
        basis=term.basis,
        queue=queue,
        raised_by=raised_by,
        row=row,
        doubt=doubt.strip(),
    )


def _remedy(stage: Stage) -> Text:
    if stage in OPEN:
        return text("the source department answers first")
    return text("read the answer; object again if a later batch still fails")


def objection_to_document(objection: Objection) -> dict[str, Fact]:
    """Return the objection as another tier receives it.

    >>> term = Deadline(rule_id="CORRECTION", started=date(2026, 1, 5), due=date(2026, 1, 19), provisional=False,
    ...     basis="第26条", notice="")
    >>> one = objection_of(entry="e", provider="p", batch="b", rule="uscc.length", item="uscc",
    ...     count=2, term=term)
    >>> objection_of_document(objection_to_document(one)) == one
    True
    """
    told = {name: getattr(objection, name) for name in _TOLD}
    return {"profile": PROFILE, **{name: v.isoformat() if isinstance(v, date) else v for name, v in told.items()}}


def objection_of_document(document: Mapping[str, Any]) -> Objection:
    """Read what another tier handed over, or refuse; what it says of the answer is not read."""
    if document.get("profile") != PROFILE:
        raise Invalid(text("this is no objection of the profile {profile}", profile=PROFILE))
    try:
        return msgspec.convert({name: document.get(name) for name in _TOLD}, Objection)
    except msgspec.ValidationError as error:
        raise Invalid(text("the objection that was handed over has not the form of one")) from error
