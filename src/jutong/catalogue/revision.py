"""A revision that a change of law or of duties makes due: the department updates its catalogue within the term."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from jutong.kernel.canon import Fact, digest
from jutong.kernel.clock import LEGAL_TIME
from jutong.kernel.errors import Invalid, WrongMoment
from jutong.kernel.text import text
from jutong.terms.deadline import Deadline

from .entry import Entry
from .stage import Stage
from .wording import reason_faults, refuse_faulty, text_faults

WORDS_LIMIT = 2000


class Cause(StrEnum):
    """What makes the revision due (Order 809, art. 17)."""

    LAW = "law"
    ADMIN_REGULATION = "admin-regulation"
    STATE_COUNCIL_DECISION = "state-council-decision"
    DUTY = "duty"  # the department's duties changed


class Step(StrEnum):
    """Where a revision stands."""

    RUNNING = "running"
    EXTENSION_ASKED = "extension-asked"
    DONE = "done"
    DROPPED = "dropped"  # it was entered in error, or its entry was withdrawn


OPEN = frozenset({Step.RUNNING, Step.EXTENSION_ASKED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """What a department must bring up to date: one of its entries, or an entry that it does not have yet."""

    id: str
    provider: str
    entry: str  # empty: an entry that is still to be drafted
    cause: Cause
    words: str  # what changed, and where it stands
    clock: Deadline
    step: Step = Step.RUNNING
    reason: str = ""  # why more time is asked for
    extension_days: int = 0
    escalated: bool = False
    done_on: date | None = None
    done_by: str = ""  # the entry that was submitted

    @property
    def due(self) -> date:
        """The last day on which it is in time."""
        return self.clock.due

    def check(self) -> None:
        """Refuse what cannot be kept."""
        refuse_faulty(tuple(text_faults(text("what changed"), self.words, limit=WORDS_LIMIT, needed=True, lines=True)))

    def overdue(self, today: date) -> bool:
        """Say whether the day has passed and nothing was submitted."""
        return self.step in OPEN and self.clock.overdue(today)

    def extension_asked(self, reason: str, today: date) -> Revision:
        """Return the revision with more time asked for, which the authority must agree to."""
        if self.step is Step.EXTENSION_ASKED:
            return self
        self._need_open()
        if self.extension_days:
            raise WrongMoment(text("the term was extended already"), basis=self.clock.basis)
        if self.clock.overdue(today):
            raise WrongMoment(
                text("the term ended on {due}", due=self.due),
                basis=self.clock.basis,
                remedy=text("submit the updated entry now; late is better than never"),
            )
        refuse_faulty(tuple(reason_faults((reason,))))
        return replace(self, step=Step.EXTENSION_ASKED, reason=reason)

    def extended(self, clock: Deadline, *, days: int) -> Revision:
        """Return the revision with the longer term that the authority agreed to."""
        if self.step is not Step.EXTENSION_ASKED:
            raise WrongMoment(text("nobody asked for more time"), remedy=text("the department asks first (art. 17)"))
        return replace(self, clock=clock, step=Step.RUNNING, extension_days=days)

    def kept(self) -> Revision:
        """Return the revision with the term that it had: the authority did not agree to more."""
        if self.step is not Step.EXTENSION_ASKED:
            raise WrongMoment(text("nobody asked for more time"), remedy=text("the department asks first (art. 17)"))
        return replace(self, step=Step.RUNNING)

    def reclocked(self, clock: Deadline) -> Revision:
        """Return the revision with its due day counted anew."""
        return replace(self, clock=clock)

    def escalate(self) -> Revision:
        """Return the revision as reported overdue."""
        return replace(self, escalated=True)

    def done(self, entry: Entry, today: date) -> Revision:
        """Return the revision as done: the updated entry lies with the authority."""
        if self.step is Step.DONE:
            return self
        self._need_open()
        submitted = [move.at.astimezone(LEGAL_TIME).date() for move in entry.moves if move.stage is Stage.SUBMITTED]
        if entry.provider != self.provider or not submitted or submitted[-1] < self.clock.started:
            raise Invalid(
                text("{entry} was not submitted by this department since the change", entry=entry.title),
                remedy=text("submit the updated entry, then name it here"),
            )
        return replace(self, step=Step.DONE, done_on=today, done_by=entry.id)

    def dropped(self, reason: str) -> Revision:
        """Return the revision as not needed any more."""
        if self.step is Step.DROPPED:
            return self
        self._need_open()
        refuse_faulty(tuple(reason_faults((reason,))))
        return replace(self, step=Step.DROPPED, reason=reason)

    def facts(self) -> Mapping[str, Fact]:
        """Return what evidence may say of the revision."""
        return {
            "provider": self.provider,
            "entry": self.entry,
            "cause": self.cause.value,
            "words": digest(self.words.encode()),
            "rule": self.clock.rule_id,
            "started": self.clock.started.isoformat(),
            "due": self.due.isoformat(),
            "provisional": self.clock.provisional,
        }

    def _need_open(self) -> None:
        if self.step not in OPEN:
            raise WrongMoment(text("the revision is {step}", step=self.step), remedy=text("open a new one"))
