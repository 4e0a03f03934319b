"""What the acceptance desk holds: every thing of sharing that waits for a body, of whatever kind, in one order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from jutong.guard.permit import Label, decide
from jutong.guard.policy import POLICIES
from jutong.kernel.errors import NotAllowed
from jutong.kernel.text import Text
from jutong.terms.actor import Actor
from jutong.terms.duty import NOT_OF_POSTS, Duty

from .todo import RULES, Whose, Work, works_of

NO_DAY = "9999-12-31"  # where it stands that has no day: after every day that is owed


class Matter(StrEnum):
    """Which kind of thing waits."""

    REQUEST = "request"
    AMENDMENT = "amendment"  # a change of an agreement that its using body applies for
    BATCH = "batch"  # a request that came as one of several
    SUPPLEMENT = "supplement"
    EXTENSION = "extension"
    DELIVERY = "delivery"
    CHANGE = "change"  # of a running service, by two keys
    RECTIFICATION = "rectification"
    USE = "use"
    DISPOSAL = "disposal"
    DISPUTE = "dispute"
    OBJECTION = "objection"
    DEMAND = "demand"  # for data that has no entry
    RESPONSIBILITY = "responsibility"
    PURCHASE = "purchase"


class Term(StrEnum):
    """How the clock of a thing stands."""

    OVERDUE = "overdue"
    RUNNING = "running"
    NONE = "none"


# Which kind each work is about (None: the request says itself how it came), and the page by which one looks at it.
ACCEPTED: Mapping[Work, tuple[Matter | None, str]] = {
    Work.ANSWER: (None, "pages.requests"),
    Work.CHECK_REQUEST: (None, "pages.requests"),
    Work.SIGN_REQUEST: (None, "pages.requests"),
    Work.SUBMIT_REQUEST: (None, "pages.requests"),
    Work.SUPPLEMENT: (Matter.SUPPLEMENT, "pages.requests"),
    Work.AGREE_EXTENSION: (Matter.EXTENSION, "pages.requests"),
    Work.DELIVER: (Matter.DELIVERY, "pages.agreements"),
    Work.ANSWER_CHANGE: (Matter.CHANGE, "pages.agreements"),
    Work.DECIDE_CHANGE: (Matter.CHANGE, "pages.agreements"),
    Work.RECTIFY: (Matter.RECTIFICATION, "pages.agreements"),
    Work.JUDGE_RECTIFICATION: (Matter.RECTIFICATION, "pages.agreements"),
    Work.RECORD_USE: (Matter.USE, "pages.agreements"),
    Work.DISPOSE: (Matter.DISPOSAL, "pages.agreements"),
    Work.SETTLE_DISPUTE: (Matter.DISPUTE, "pages.disputes"),
    Work.TAKE_UP_OBJECTION: (Matter.OBJECTION, "pages.objections"),
    Work.ANSWER_OBJECTION: (Matter.OBJECTION, "pages.objections"),
    Work.CLOSE_OBJECTION: (Matter.OBJECTION, "pages.objections"),
    Work.AUDIT_DEMAND: (Matter.DEMAND, "pages.demands"),
    Work.SPLIT_DEMAND: (Matter.DEMAND, "pages.demands"),
    Work.ANSWER_DEMAND: (Matter.DEMAND, "pages.demands"),
    Work.FILE_DEMAND: (Matter.DEMAND, "pages.demands"),
    Work.FULFIL_RESPONSIBILITY: (Matter.RESPONSIBILITY, "pages.demands"),
    Work.SHARE_PURCHASE: (Matter.PURCHASE, "pages.purchases"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Awaited:
    """One line of the desk: what is to be done with which thing, by whom, and by when."""

    work: Work
    matter: Matter
    on: str
    title: str
    entry: str = ""
    party: str = ""  # the other body that is concerned
    party_name: str = ""
    since: date | None = None
    due: date | None = None
    days_left: int | None = None  # working days; below zero: so many late
    provisional: bool = False
    mine: bool = True  # whoever looks may do it; otherwise a colleague

    @property
    def term(self) -> Term:
        """How its clock stands."""
        if self.days_left is None:
            return Term.NONE
        return Term.OVERDUE if self.days_left < 0 else Term.RUNNING

    @property
    def law(self) -> Text:
        """The provision by which it must be done."""
        return RULES[self.work].law

    @property
    def thing(self) -> str:
        """Where it is done: the thing, and which part of it."""
        return f"{self.on}/use" if self.work is Work.RECORD_USE else self.on

    @property
    def place(self) -> tuple[str, str, str]:
        """Where it stands in the list."""
        return NO_DAY if self.due is None else self.due.isoformat(), self.on, self.work.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What of the desk is asked for; nothing said: all of it."""

    matter: Matter | None = None
    work: Work | None = None
    term: Term | None = None
    mine: bool | None = None  # True: what one may do oneself; False: what is a colleague's
    sought: str = ""  # part of a title or of a body's name, or an identifier


@dataclass(frozen=True, slots=True)
class Size:
    """How many things of a kind wait, and how many of them are overdue."""

    count: int = 0
    overdue: int = 0


def accepted_by(actor: Actor, authorities: frozenset[str]) -> Mapping[Work, bool]:
    """Return the works that an actor's desk shows, and of each whether the actor may do it.

    A body's people see what waits for colleagues, as far as they may look at such things; what is for the tier's
    authority is shown to those alone who may do it.
    """
    mine = {work for work in works_of(actor, authorities) if work in ACCEPTED}
    return {
        work: work in mine
        for work, (_, page) in ACCEPTED.items()
        if work in mine or (RULES[work].whose is Whose.OWN and _may_look(actor, page))
    }


def duties_of(work: Work) -> tuple[Duty, ...]:
    """Return the duties that may do a work, in one order that stays."""
    return tuple(duty for duty in Duty if duty in POLICIES[RULES[work].act].duties - NOT_OF_POSTS)


def _may_look(actor: Actor, page: str) -> bool:
    try:
        decide(actor, page, Label(owner=actor.org))
    except NotAllowed:
        return False
    return True
