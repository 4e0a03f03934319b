"""The authority's check of a request before its provider receives it: an optional stage, where a local rule sets it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from jutong.kernel.errors import Invalid, WrongMoment
from jutong.kernel.text import text
from jutong.terms.deadline import Deadline

from .wish import LIST_LIMIT, check_words


@dataclass(frozen=True, slots=True, kw_only=True)
class Precheck:
    """How the check went: its own clock, what was missing, told once and whole, and the day on which it passed."""

    clock: Deadline
    missing: tuple[str, ...] = ()
    returned: date | None = None
    completed: date | None = None
    passed: date | None = None
    late: bool = False
    escalated: bool = False  # the breach of the running clock has been reported

    @property
    def runs(self) -> bool:
        """Whether the authority must act."""
        return self.passed is None and (self.returned is None or self.completed is not None)

    def overdue(self, today: date) -> bool:
        """Say whether the authority still owes its word after its day."""
        return self.runs and self.clock.overdue(today)

    def send_back(self, missing: Sequence[str], today: date) -> Precheck:
        """Return the check as sent back to the asking body with everything that is missing; there is no second time."""
        if self.returned is not None:
            raise WrongMoment(
                text("what was missing has been told on {day}", day=self.returned),
                basis=text("Order 809, art. 21: everything missing is told once"),
                remedy=text("let it pass; the provider answers it as it stands"),
            )
        if not 1 <= len(missing) <= LIST_LIMIT:
            raise Invalid(
                text("say what is missing, all of it"),
                basis=text("Order 809, art. 21: everything missing is told once"),
            )
        for one in missing:
            check_words(text("missing paper"), one)
        return replace(self, missing=tuple(missing), returned=today, late=self.late or self.overdue(today))

    def complete(self, clock: Deadline) -> Precheck:
        """Return the check as begun anew with what was missing."""
        return replace(self, completed=clock.started, clock=clock, escalated=False)

    def let_pass(self, today: date) -> Precheck:
        """Return the check as passed; late stays late."""
        return replace(self, passed=today, late=self.late or self.overdue(today))
