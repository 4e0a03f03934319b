"""A change of a running service that its provider proposes: it needs a second key, and silence never turns one."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from jutong.kernel.canon import Fact, canonical, digest
from jutong.kernel.errors import Invalid, Refused, WrongMoment
from jutong.kernel.text import text
from jutong.terms.deadline import Deadline

from .wish import check_words


class Outcome(StrEnum):
    """What became of a proposed change."""

    OPEN = "open"
    AGREED = "agreed"
    DECLINED = "declined"
    TAKEN_BACK = "taken-back"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What the provider wants otherwise, why, and by which rule: an earlier last day, fewer items, a smaller quota."""

    reason: str
    basis: str
    clock: Deadline  # by when the consumer is to answer; after that the authority is told, and nothing else happens
    last_day: date | None = None  # the service runs to the end of it
    without: tuple[str, ...] = ()  # items that are no longer given
    quota_per_day: int | None = None
    outcome: Outcome = Outcome.OPEN
    answered: date | None = None
    answered_by: str = ""  # the body
    why: str = ""  # why it was declined

    @property
    def open(self) -> bool:
        """Say whether it still waits for an answer."""
        return self.outcome is Outcome.OPEN

    def check(self, items: Collection[str], quota_per_day: int, ends: date) -> None:
        """Refuse what is no change of such a service, or gives more than was agreed."""
        check_words(text("reason"), self.reason)
        check_words(text("basis"), self.basis)
        if self.last_day is None and not self.without and self.quota_per_day is None:
            raise Invalid(
                text("the proposal changes nothing"),
                remedy=text("name a last day, items that are no longer given, or a smaller quota"),
            )
        if self.last_day is not None and not self.clock.started <= self.last_day < ends:
            raise Invalid(
                text(
                    "the last day is from today on and before {ends}, on which the agreement ends anyway",
                    ends=ends,
                )
            )
        if set(self.without) - set(items):
            raise Invalid(text("items are to be left out that the agreement does not give"))
        if len(set(self.without)) == len(items):
            raise Invalid(
                text("a service without items is no service"), remedy=text("name a last day: that ends the service")
            )
        if self.quota_per_day is not None and not 1 <= self.quota_per_day < quota_per_day:
            raise Invalid(
                text("a change makes the quota smaller: from 1 to below {quota} calls a day", quota=quota_per_day),
                basis=text("Order 809, art. 20: more is asked for anew"),
            )

    def agree(self, by: str, *, provider: str, today: date) -> Change:
        """Return the change as agreed to by another body than the one that proposed it."""
        self.must_be_open()
        if by == provider:
            raise Refused(
                text("who proposes a change cannot agree to it: a running service has two keys"),
                basis=text("Order 809, art. 27: without good reason the provider neither ends nor changes a service"),
                remedy=text("wait for the using body or the authority; misuse is answered by suspension"),
            )
        return replace(self, outcome=Outcome.AGREED, answered=today, answered_by=by)

    def decline(self, by: str, why: str, *, today: date) -> Change:
        """Return the change as declined, with the reason."""
        self.must_be_open()
        check_words(text("reason"), why)
        return replace(self, outcome=Outcome.DECLINED, answered=today, answered_by=by, why=why)

    def take_back(self, by: str, *, today: date) -> Change:
        """Return the change as taken back by its provider."""
        self.must_be_open()
        return replace(self, outcome=Outcome.TAKEN_BACK, answered=today, answered_by=by)

    def must_be_open(self) -> None:
        """Refuse when it has had its answer."""
        if not self.open:
            raise WrongMoment(
                text("the proposal has been answered"), remedy=text("the provider may make another proposal")
            )

    def facts(self) -> dict[str, Fact]:
        """Return what evidence may say of the change: days, counts and a digest of its words."""
        return {
            "last_day": None if self.last_day is None else self.last_day.isoformat(),
            "without": len(self.without),
            "quota": self.quota_per_day,
            "told": digest(canonical({"reason": self.reason, "basis": self.basis, "without": list(self.without)})),
        }
