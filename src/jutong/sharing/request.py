"""A share request and the moves that the law allows it (Order 809, arts 20-22)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum

from jutong.catalogue.entry import Entry
from jutong.catalogue.terms_of_use import ShareType
from jutong.kernel.canon import Fact
from jutong.kernel.errors import Invalid, Overtaken, Refused, WrongMoment
from jutong.kernel.text import text
from jutong.terms.actor import Actor
from jutong.terms.calendar import Calendar
from jutong.terms.deadline import Deadline
from jutong.terms.duty import Duty

from .precheck import Precheck
from .wish import LIST_LIMIT, Paper, Wish, check, check_papers, check_words, must_differ

EXTENSION_LIMIT = 10  # working days


class Stage(StrEnum):
    """How far a request has come; what follows the answer is the agreement's own course."""

    DRAFT = "draft"
    CONSUMER_OFFICE_SIGNED = "consumer-office-signed"
    PRECHECK = "precheck"  # before the authority, where a local rule sets that stage
    PRECHECK_RETURNED = "precheck-returned"
    SUBMITTED = "submitted"
    SUPPLEMENT_REQUIRED = "supplement-required"
    EXTENSION_ASKED = "extension-asked"
    EXTENDED = "extended"
    AGREED = "agreed"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


UNSEEN = frozenset({Stage.DRAFT, Stage.CONSUMER_OFFICE_SIGNED})  # not yet the provider's to know of
OPEN = frozenset({Stage.SUBMITTED, Stage.EXTENSION_ASKED, Stage.EXTENDED})  # the answer clock runs


@dataclass(frozen=True, slots=True, kw_only=True)
class Extension:
    """More time to answer: how many working days, why, and whether the authority has agreed."""

    days: int
    reason: str
    asked: date
    agreed: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Who wants what, and by when the provider must answer. Silence is never a yes: it is a breach that grows."""

    id: str
    consumer: str
    provider: str
    entry_version: int
    share_type: ShareType
    wish: Wish
    drafted: date
    stage: Stage = Stage.DRAFT
    precheck: Precheck | None = None
    received: date | None = None  # the first time; a completed filing keeps it and starts a new clock
    clock: Deadline | None = None  # the answer clock that runs, or that ran last
    missing: tuple[str, ...] = ()  # what the provider said, once, that the papers lack
    supplement_required: date | None = None
    supplemented: date | None = None
    extension: Extension | None = None
    answered: date | None = None
    reason: str = ""
    basis: str = ""
    late: bool = False  # a due day passed before the move that it was for; this never becomes false again
    escalated: bool = False  # the breach of the running clock has been reported
    bound: str = ""  # the dispute whose ruling says that the data is shared: it cannot be refused any more
    urged: tuple[date, ...] = ()  # days on which the provider was reminded of what it owes
    amends: str = ""  # the agreement that is to be otherwise; empty: a new one is asked for
    before: Wish | None = None  # how that agreement stood when the change was drafted
    batch: str = ""  # the application for several entries of which it is a part

    @property
    def entry(self) -> str:
        """The catalogue entry that is asked for."""
        return self.wish.entry

    @property
    def answer_rule(self) -> str:
        """The clock by which the answer is due."""
        return "REQ_ANSWER_UNCOND" if self.share_type is ShareType.UNCONDITIONAL else "REQ_ANSWER_COND"

    @property
    def extension_days(self) -> int:
        """How many working days the running clock has been given on top of the rule's."""
        return self.extension.days if self.stage is Stage.EXTENDED and self.extension is not None else 0

    @property
    def due(self) -> date | None:
        """The day by which an answer is owed; None while none is."""
        return self.clock.due if self.stage in OPEN and self.clock is not None else None

    def visible_to(self, actor: Actor) -> bool:
        """Say whether the actor may learn that the request exists."""
        if actor.org == self.consumer:
            return True
        if self.stage in UNSEEN:
            return False
        return actor.org == self.provider or bool(actor.duties & {Duty.OVERSIGHT, Duty.HOUSE})

    def overdue(self, today: date) -> bool:
        """Say whether an answer is owed and its due day is over; on the day itself it is still in time."""
        return self.stage in OPEN and self._running().overdue(today)

    def redraft(self, wish: Wish, entry: Entry, today: date, *, seen: str = "") -> Request:
        """Return the draft with another wish of the same entry; what is signed is no longer changed.

        ``seen`` is the digest of the wish that was changed: what a colleague wrote meanwhile is not overwritten.
        """
        self._must_be(Stage.DRAFT)
        if wish.digest() != self.wish.digest():
            self._must_be_seen(seen)
        if wish.entry != self.entry:
            raise Invalid(text("a draft stays with the entry that it asks for"), remedy=text("draft another request"))
        if self.before is not None:
            must_differ(wish, self.before)
        fresh = request_of(wish, entry, id=self.id, consumer=self.consumer, today=today)
        return replace(fresh, drafted=self.drafted, amends=self.amends, before=self.before, batch=self.batch)

    def sign(self, *, seen: str = "") -> Request:
        """Return the request as signed by the head of the consumer's sharing office, as it was ``seen``."""
        self._must_be(Stage.DRAFT)
        self._must_be_seen(seen)
        return replace(self, stage=Stage.CONSUMER_OFFICE_SIGNED)

    def hand_to_authority(self, clock: Deadline) -> Request:
        """Return the request as handed to the authority, which checks it before its provider receives it."""
        self._must_be(Stage.CONSUMER_OFFICE_SIGNED)
        return replace(self, stage=Stage.PRECHECK, precheck=Precheck(clock=clock))

    def return_precheck(self, missing: Sequence[str], today: date) -> Request:
        """Return the request as sent back by the authority, once, with everything that is missing."""
        check = self._checked(Stage.PRECHECK).send_back(missing, today)
        return replace(self, stage=Stage.PRECHECK_RETURNED, precheck=check)

    def complete_precheck(self, papers: tuple[Paper, ...], clock: Deadline) -> Request:
        """Return the request as complete; the authority's clock starts anew."""
        check = self._checked(Stage.PRECHECK_RETURNED).complete(clock)
        return replace(self, stage=Stage.PRECHECK, precheck=check, wish=self._with_papers(papers))

    def pass_precheck(self, clock: Deadline) -> Request:
        """Return the request as received by the provider on the day on which the answer ``clock`` starts."""
        check = self._checked(Stage.PRECHECK).let_pass(clock.started)
        return replace(self, stage=Stage.SUBMITTED, precheck=check, received=clock.started, clock=clock)

    def escalate_precheck(self) -> Request:
        """Return the request with the authority's missed day marked as reported."""
        return replace(self, precheck=replace(self._checked(Stage.PRECHECK), escalated=True))

    def submit(self, clock: Deadline) -> Request:
        """Return the request as received by the provider on the day on which ``clock`` starts."""
        self._must_be(Stage.CONSUMER_OFFICE_SIGNED)
        return replace(self, stage=Stage.SUBMITTED, received=clock.started, clock=clock)

    def require_supplement(self, missing: Sequence[str], today: date) -> Request:
        """Return the request as sent back for papers; the list must be whole, for there is no second one."""
        self._must_be(Stage.SUBMITTED, Stage.EXTENSION_ASKED, Stage.EXTENDED)
        if self.supplement_required is not None:
            raise WrongMoment(
                text("what was missing has been told on {day}", day=self.supplement_required),
                basis=text("Order 809, art. 21: everything missing is told once"),
                remedy=text("answer the request as it stands"),
            )
        if not 1 <= len(missing) <= LIST_LIMIT:
            raise Invalid(
                text("say what is missing, all of it"),
                basis=text("Order 809, art. 21: everything missing is told once"),
            )
        for paper in missing:
            check_words(text("missing paper"), paper)
        return replace(
            self,
            stage=Stage.SUPPLEMENT_REQUIRED,
            missing=tuple(missing),
            supplement_required=today,
            late=self._late(today),
        )

    def supplement(self, papers: tuple[Paper, ...], clock: Deadline) -> Request:
        """Return the request as complete; the clock starts anew, and the first receipt stays on record.

        Order 809 is silent, but its sibling texts do so: registration rule, art. 10; information disclosure, art. 30.
        """
        self._must_be(Stage.SUPPLEMENT_REQUIRED)
        return replace(
            self,
            wish=self._with_papers(papers),
            stage=Stage.SUBMITTED,
            clock=clock,
            supplemented=clock.started,
            extension=None if self.extension is None or self.extension.agreed is None else self.extension,
            escalated=False,
        )

    def ask_extension(self, days: int, reason: str, today: date) -> Request:
        """Return the request with more time asked of the authority; until it agrees, the clock runs on."""
        self._must_be(Stage.SUBMITTED)
        if self.share_type is ShareType.UNCONDITIONAL:
            raise Refused(
                text("the answer for data that is shared without condition cannot be put off"),
                basis=text("Order 809, art. 21; house policy: only conditional sharing is extended"),
                remedy=text("answer"),
            )
        if self.extension is not None:
            raise WrongMoment(text("the time to answer is extended once"), basis=text("Order 809, art. 21"))
        if not 1 <= days <= EXTENSION_LIMIT:
            raise Invalid(
                text("an extension is from 1 to {limit} working days", limit=EXTENSION_LIMIT),
                basis=text("Order 809, art. 21"),
            )
        check_words(text("reason"), reason)
        self._in_time(today)
        return replace(self, stage=Stage.EXTENSION_ASKED, extension=Extension(days=days, reason=reason, asked=today))

    def extend(self, clock: Deadline, today: date) -> Request:
        """Return the request with the time that its authority agrees to; the consumer is told by the same act."""
        self._must_be(Stage.EXTENSION_ASKED)
        self._in_time(today)
        extension = None if self.extension is None else replace(self.extension, agreed=today)
        return replace(self, stage=Stage.EXTENDED, clock=clock, extension=extension)

    def agree(self, today: date) -> Request:
        """Return the request as agreed to; what was late stays marked as late."""
        self._must_be(*OPEN)
        if today > self.wish.ends:
            raise WrongMoment(
                text("the term that was asked for ended on {day}", day=self.wish.ends),
                remedy=text("the consumer withdraws the request and asks for a new term"),
            )
        return replace(self, stage=Stage.AGREED, answered=today, late=self._late(today))

    def refuse(self, reason: str, basis: str, today: date) -> Request:
        """Return the request as refused, with reason and basis; unconditional data cannot be refused."""
        self._must_be(*OPEN)
        if self.share_type is ShareType.UNCONDITIONAL:
            raise Refused(
                text("data that is shared without condition may not be refused"),
                basis=text("Order 809, arts 14 and 21"),
                remedy=text("approve; or, if papers are missing, say once which"),
            )
        if self.bound:
            raise Refused(
                text("the dispute about this request was ended with the ruling that the data is shared"),
                basis=text("Order 809, art. 28"),
                remedy=text("approve"),
            )
        check_words(text("reason"), reason)
        check_words(text("basis"), basis)
        return replace(self, stage=Stage.REFUSED, answered=today, reason=reason, basis=basis, late=self._late(today))

    def bind(self, dispute: str, clock: Deadline) -> Request:
        """Return the request as one that a ruling says is to be shared: a refusal is undone, and none is possible."""
        self._must_be(Stage.REFUSED, Stage.SUPPLEMENT_REQUIRED, *OPEN)
        if self.stage is not Stage.REFUSED:
            return replace(self, bound=dispute)
        again = replace(self, stage=Stage.SUBMITTED, clock=clock, answered=None, reason="", basis="")
        return replace(again, bound=dispute, escalated=False)

    def withdraw(self, today: date) -> Request:
        """Return the request as taken back by its consumer; an answer that was already late stays late."""
        self._must_be(*UNSEEN, *OPEN, Stage.SUPPLEMENT_REQUIRED, Stage.PRECHECK, Stage.PRECHECK_RETURNED)
        return replace(self, stage=Stage.WITHDRAWN, answered=today, late=self._late(today))

    def urge(self, today: date) -> Request:
        """Return the request with its provider reminded on a day: as often as one wants, once a day is told."""
        self._must_be(*OPEN)
        return self if today in self.urged else replace(self, urged=(*self.urged, today))

    def escalate(self) -> Request:
        """Return the request with its breach marked as reported."""
        return replace(self, escalated=True)

    def reclocked(self, clock: Deadline) -> Request:
        """Return the request with its due day counted again, after the calendar became firm."""
        self._must_be(*OPEN)
        return replace(self, clock=clock)

    def facts(self) -> dict[str, Fact]:
        """Return what evidence may say of the request: identifiers, days and digests, none of its words."""
        clock = self.clock
        return {
            "entry": self.entry,
            "entry_version": self.entry_version,
            "provider": self.provider,
            "consumer": self.consumer,
            "share_type": self.share_type.value,
            "wish": self.wish.digest(),
            "received": None if self.received is None else self.received.isoformat(),
            "rule": self.answer_rule,
            "due": None if clock is None else clock.due.isoformat(),
            "provisional": None if clock is None else clock.provisional,
            "late": self.late,
            **({"amends": self.amends} if self.amends else {}),
        }

    def _running(self) -> Deadline:
        if self.clock is None:
            raise WrongMoment(text("request {id} has not been received", id=self.id))
        return self.clock

    def _checked(self, stage: Stage) -> Precheck:
        self._must_be(stage)
        if self.precheck is None:
            raise WrongMoment(text("request {id} is not before the authority", id=self.id))
        return self.precheck

    def _with_papers(self, papers: tuple[Paper, ...]) -> Wish:
        check_papers(papers)
        if not papers:
            raise Invalid(text("add the papers that the provider listed"), remedy=text("or withdraw the request"))
        wish = replace(self.wish, papers=(*self.wish.papers, *papers))
        check_papers(wish.papers)
        return wish

    def _late(self, today: date) -> bool:
        return self.late or self.overdue(today)

    def _in_time(self, today: date) -> None:
        if self.overdue(today):
            raise WrongMoment(
                text("the answer was due on {day}", day=self._running().due),
                basis=text("Order 809, art. 21"),
                remedy=text("answer now; a breach cannot be extended away"),
            )

    def _must_be_seen(self, seen: str) -> None:
        if seen and seen != self.wish.digest():
            raise Overtaken

    def _must_be(self, *stages: Stage) -> None:
        if self.stage not in stages:
            raise WrongMoment(
                text("request {id} is {stage}", id=self.id, stage=self.stage.value),
                remedy=text("possible from: {stages}", stages=", ".join(sorted(stages))),
            )


def days_used(clock: Deadline, calendar: Calendar, today: date) -> int:
    """Return how many working days of the clock have passed; as everywhere, the day on which it started is not one."""
    days = ((clock.started + timedelta(days=n)) for n in range(1, (today - clock.started).days + 1))
    return sum(calendar.is_working(day) for day in days)


def request_of(wish: Wish, entry: Entry, *, id: str, consumer: str, today: date) -> Request:
    """Return the draft of a request, if the wish is one that the entry can answer."""
    check(wish, entry, consumer=consumer)
    if wish.ends < today:
        raise Invalid(text("the term ends ({ends}) before today", ends=wish.ends))
    return Request(
        id=id,
        consumer=consumer,
        provider=entry.provider,
        entry_version=entry.version,
        share_type=entry.share_type_of(wish.items),
        wish=wish,
        drafted=today,
    )
