"""What must be put right while rights are suspended: by when, what the consumer did, and whether it was enough."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from jutong.kernel.errors import Invalid, WrongMoment
from jutong.kernel.text import text
from jutong.terms.deadline import Deadline

from .wish import check_words


@dataclass(frozen=True, slots=True, kw_only=True)
class Rectification:
    """One misuse on its way to being put right (Order 809, art. 27); there is always somebody whose turn it is."""

    clock: Deadline  # the consumer's
    demanded_by: str  # the body that suspended
    reported: date | None = None
    report: str = ""
    judging: Deadline | None = None  # the clock of the one who judges the report
    fell_short: date | None = None
    why: str = ""  # what is still wrong
    late: bool = False

    @property
    def waits_for_consumer(self) -> bool:
        """Say whether the consumer must act."""
        return self.reported is None and self.fell_short is None

    def failed(self, today: date) -> bool:
        """Say whether it was refused or fell short: the day passed in silence, or the report was judged not enough."""
        return self.fell_short is not None or (self.waits_for_consumer and self.clock.overdue(today))

    def report_done(self, report: str, judging: Deadline) -> Rectification:
        """Return it as reported by the consumer; a report after the day is taken, and stays late."""
        if not self.waits_for_consumer:
            raise WrongMoment(text("the report has been handed in"), remedy=text("wait until it is judged"))
        check_words(text("report"), report)
        today = judging.started
        return replace(
            self, reported=today, report=report, judging=judging, late=self.late or self.clock.overdue(today)
        )

    def judge_short(self, why: str, clock: Deadline | None, today: date) -> Rectification:
        """Return it as not enough: with a new clock the consumer goes on, without one it has fallen short."""
        if self.reported is None or self.fell_short is not None:
            raise WrongMoment(text("there is no report to judge"), remedy=text("wait for the using body's report"))
        check_words(text("reason"), why)
        if clock is None:
            return replace(self, fell_short=today, why=why, judging=None)
        return replace(self, clock=clock, reported=None, report="", judging=None, why=why)


def until(day: date | None, rule: Deadline) -> Deadline:
    """Return the clock of a rectification: the day that was set, or the rule's."""
    if day is None:
        return rule
    if day < rule.started:
        raise Invalid(text("the day by which to put it right is over"), basis=text("Order 809, art. 27"))
    return replace(rule, due=day, provisional=False, notice="")
