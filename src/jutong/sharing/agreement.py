"""A sharing agreement: exactly what one body may have of another's data, from when to when, and whether it may now."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from jutong.catalogue.terms_of_use import Purpose
from jutong.guard.grades import Method
from jutong.kernel.canon import Fact, canonical, digest
from jutong.kernel.errors import Refused, WrongMoment
from jutong.kernel.text import text
from jutong.terms.actor import Actor
from jutong.terms.deadline import Deadline
from jutong.terms.duty import Duty

from .change import Change
from .disposal import Disposal
from .rectification import Rectification
from .standing import OVER, Owed, Standing, Task
from .wish import check_words


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantedItem:
    """One item that may be had, and the mask through which it is seen, as ``guard.parse_mask`` reads it."""

    name: str
    mask: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """The rights of one consumer in one entry; each change gives it a new ``epoch``, the node's highest so far."""

    id: str
    request: str
    entry: str
    entry_version: int
    provider: str
    consumer: str
    systems: tuple[str, ...]
    items: tuple[GrantedItem, ...]
    purposes: tuple[Purpose, ...]
    methods: frozenset[Method]
    quota_per_day: int
    divisions: tuple[str, ...]
    starts: date
    ends: date
    delivery: Deadline
    stage: Standing = Standing.IN_FORCE
    epoch: int = 0
    delivered: date | None = None  # the first time: from this day on there is use
    widened: date | None = None  # its consumer's change was agreed to, and is not delivered yet
    amended: tuple[str, ...] = ()  # the requests by which its consumer changed it, in order
    late: bool = False  # the delivery came after its due day
    escalated: bool = False  # that it is overdue has been reported
    reason: str = ""  # why it was suspended or ended
    rectify_by: date | None = None
    rectification: Rectification | None = None
    change: Change | None = None  # the proposal that is open, or that was answered last
    ended: date | None = None  # the first day without rights
    disposal: Deadline | None = None
    disposed: Disposal | None = None
    reported: tuple[Task, ...] = ()  # tasks whose overdue clock has been reported

    @property
    def over(self) -> bool:
        """Whether it gives no rights any more, and never will."""
        return self.stage in OVER

    @property
    def due(self) -> date | None:
        """The day by which the service is owed; None when it is there, or owed no longer."""
        return self.delivery.due if self.awaits_delivery else None

    @property
    def awaits_delivery(self) -> bool:
        """Whether the provider still owes the service, or what a change added to it."""
        return not self.over and (self.delivered is None or self.widened is not None)

    @property
    def worded_by(self) -> str:
        """The request in whose words basis, scenario and scope stand: the last that was agreed to."""
        return self.amended[-1] if self.amended else self.request

    @property
    def owed(self) -> tuple[Owed, ...]:
        """What somebody owes on the agreement now, besides the delivery."""
        found = []
        wrong = self.rectification
        if self.stage is Standing.SUSPENDED and wrong is not None:
            if wrong.waits_for_consumer:
                found.append(Owed(task=Task.RECTIFY, body=self.consumer, clock=wrong.clock))
            else:
                found.append(Owed(task=Task.JUDGE_RECTIFICATION, body=wrong.demanded_by, clock=wrong.judging))
        if self.change is not None and self.change.open and not self.over:
            found.append(Owed(task=Task.ANSWER_CHANGE, body=self.consumer, clock=self.change.clock))
        if self.over and self.disposal is not None and self.disposed is None:
            found.append(Owed(task=Task.DISPOSE, body=self.consumer, clock=self.disposal))
        return tuple(found)

    def covers(self, today: date) -> bool:
        """Say whether the rights can be used today; both days of the term are part of it."""
        return self.stage is Standing.IN_FORCE and self.starts <= today <= self.ends

    def visible_to(self, actor: Actor) -> bool:
        """Say whether the actor may learn that the agreement exists."""
        return actor.org in {self.provider, self.consumer} or bool(actor.duties & {Duty.OVERSIGHT, Duty.HOUSE})

    def overdue(self, today: date) -> bool:
        """Say whether the service is owed and its due day is over; what has ended owes no service more."""
        return self.due is not None and self.delivery.overdue(today)

    def deliver(self, today: date) -> Agreement:
        """Return the agreement as delivered: from this day on the service answers."""
        if not self.awaits_delivery:
            raise WrongMoment(text("agreement {id} awaits no delivery", id=self.id))
        return replace(self, delivered=self.delivered or today, widened=None, late=self.overdue(today))

    def suspend(self, reason: str, rectification: Rectification | None) -> Agreement:
        """Return the agreement without rights until what is wrong has been put right; None: nobody did wrong."""
        self._must_be(Standing.IN_FORCE)
        check_words(text("reason"), reason)
        return replace(
            self,
            stage=Standing.SUSPENDED,
            reason=reason,
            rectify_by=None if rectification is None else rectification.clock.due,
            rectification=rectification,
            reported=self._unreported(Task.RECTIFY, Task.JUDGE_RECTIFICATION),
        )

    def rectify(self, report: str, judging: Deadline) -> Agreement:
        """Return the agreement with the consumer's report of what it has put right."""
        after = self._wrong().report_done(report, judging)
        return replace(self, rectification=after, reported=self._unreported(Task.JUDGE_RECTIFICATION))

    def judge_short(self, why: str, clock: Deadline | None, *, by: str, today: date) -> Agreement:
        """Return the agreement with its consumer's report judged not enough; ``clock`` gives another chance."""
        wrong = self._wrong()
        self._must_answer_to(by)
        after = wrong.judge_short(why, clock, today)
        return replace(self, rectification=after, rectify_by=after.clock.due, reported=self._unreported(Task.RECTIFY))

    def resume(self, *, by: str) -> Agreement:
        """Return the agreement with its rights back; what the authority took, the provider does not give back."""
        self._must_be(Standing.SUSPENDED)
        self._must_answer_to(by)
        return replace(self, stage=Standing.IN_FORCE, reason="", rectify_by=None, rectification=None)

    def terminate(self, reason: str, disposal: Deadline) -> Agreement:
        """Return the agreement as ended for good, because a misuse was not put right or not enough (art. 27).

        A running service has two keys: whoever would end it without that finding proposes a change.
        """
        today = disposal.started
        self._must_be(Standing.IN_FORCE, Standing.SUSPENDED)
        check_words(text("reason"), reason)
        if self.stage is Standing.IN_FORCE or self.rectification is None:
            raise Refused(
                text("a running service is not ended by one side alone"),
                basis=text("Order 809, art. 27: without good reason the provider neither ends nor changes a service"),
                remedy=text(
                    "propose the end with reason and basis; it stands when the using body or the authority agrees. "
                    "Answer misuse by suspension first"
                ),
            )
        if not self.rectification.failed(today):
            raise WrongMoment(
                text("the misuse can still be put right: by {day}, or its report is to be judged", day=self.rectify_by),
                basis=text("Order 809, art. 27: sharing is ended when it is refused or falls short"),
                remedy=text("wait for the day, or judge the report"),
            )
        return self._over(Standing.TERMINATED, reason, disposal)

    def conclude(self, reason: str, disposal: Deadline) -> Agreement:
        """Return the agreement as given up by its consumer: the purpose is met, cannot be met, or needs no data."""
        self._must_be(Standing.IN_FORCE, Standing.SUSPENDED)
        check_words(text("reason"), reason)
        return self._over(Standing.ENDED, reason, disposal)

    def expire(self, disposal: Deadline, today: date) -> Agreement:
        """Return the agreement as ended with its term; the clock of disposal starts on the day after it."""
        self._must_be(Standing.IN_FORCE, Standing.SUSPENDED)
        if today <= self.ends:
            raise WrongMoment(text("the term runs to {day}", day=self.ends))
        return self._over(Standing.ENDED, self.reason, disposal)

    def propose(self, change: Change) -> Agreement:
        """Return the agreement with a change that its provider proposes; until another agrees, nothing changes."""
        self._must_be(Standing.IN_FORCE, Standing.SUSPENDED)
        if self.change is not None and self.change.open:
            raise WrongMoment(
                text("another proposal waits for its answer"), remedy=text("take it back, then make a new one")
            )
        change.check([item.name for item in self.items], self.quota_per_day, self.ends)
        return replace(self, change=change, reported=self._unreported(Task.ANSWER_CHANGE))

    def agree_change(self, *, by: str, today: date) -> Agreement:
        """Return the agreement as the proposal wants it; a last day that has passed meanwhile is today."""
        change = self._proposed().agree(by, provider=self.provider, today=today)
        ends = self.ends if change.last_day is None else max(change.last_day, today)
        return replace(
            self,
            change=change,
            items=tuple(item for item in self.items if item.name not in change.without),
            quota_per_day=change.quota_per_day or self.quota_per_day,
            ends=ends,
        )

    def decline_change(self, why: str, *, by: str, today: date) -> Agreement:
        """Return the agreement as it was, with its proposal declined."""
        return replace(self, change=self._proposed().decline(by, why, today=today))

    def take_back_change(self, *, by: str, today: date) -> Agreement:
        """Return the agreement as it was, with its proposal taken back."""
        return replace(self, change=self._proposed().take_back(by, today=today))

    def must_be_amendable(self) -> None:
        """Refuse to change what gives no rights now, or what its provider is about to change."""
        self._must_be(Standing.IN_FORCE)
        if self.change is not None and self.change.open:
            raise WrongMoment(
                text("another proposal waits for its answer"), remedy=text("answer it or take it back first")
            )

    def amend(self, fresh: Agreement, *, by: str) -> Agreement:
        """Return the agreement on the terms of ``fresh``, to which its provider agreed by the request ``by``."""
        self.must_be_amendable()
        return replace(
            self,
            entry_version=fresh.entry_version,
            systems=fresh.systems,
            items=fresh.items,
            purposes=fresh.purposes,
            methods=fresh.methods,
            quota_per_day=fresh.quota_per_day,
            divisions=fresh.divisions,
            ends=fresh.ends,
            delivery=fresh.delivery,
            widened=fresh.delivery.started if self.delivered else None,
            escalated=False,
            amended=(*self.amended, by),
        )

    def dispose(self, disposal: Disposal) -> Agreement:
        """Return the agreement with its consumer's certificate; the last duty on it is done."""
        if self.ended is None or self.disposal is None:
            raise WrongMoment(
                text("agreement {id} still gives rights", id=self.id),
                basis=text("Order 809, art. 27"),
                remedy=text("say first that the data is needed no longer"),
            )
        if self.disposed is not None:
            raise WrongMoment(text("the certificate of disposal is on record"))
        disposal.check(self.ended)
        return replace(self, disposed=replace(disposal, late=self.disposal.overdue(disposal.certified)))

    def overdue_tasks(self, today: date) -> tuple[Owed, ...]:
        """Return what is owed, overdue and not yet reported."""
        return tuple(
            one
            for one in self.owed
            if one.task not in self.reported and one.clock is not None and one.clock.overdue(today)
        )

    def report_overdue(self, task: Task) -> Agreement:
        """Return the agreement with an overdue task marked as reported."""
        return replace(self, reported=(*self.reported, task))

    def with_clock(self, task: Task, clock: Deadline) -> Agreement:
        """Return the agreement with the clock of a task counted again, after the calendar became firm."""
        match task:
            case Task.DISPOSE:
                return replace(self, disposal=clock)
            case Task.ANSWER_CHANGE if self.change is not None:
                return replace(self, change=replace(self.change, clock=clock))
            case Task.RECTIFY if self.rectification is not None:
                return replace(self, rectify_by=clock.due, rectification=replace(self.rectification, clock=clock))
            case Task.JUDGE_RECTIFICATION if self.rectification is not None:
                return replace(self, rectification=replace(self.rectification, judging=clock))
            case _:
                return self

    def escalate(self) -> Agreement:
        """Return the agreement with its late delivery marked as reported."""
        return replace(self, escalated=True)

    def reclocked(self, delivery: Deadline) -> Agreement:
        """Return the agreement with its delivery day counted again, after the calendar became firm."""
        return replace(self, delivery=delivery)

    def digest(self) -> str:
        """Return the digest of all that the agreement says; whoever holds its text can make it again."""
        said: dict[str, Fact] = {
            "id": self.id,
            "request": self.request,
            "entry": self.entry,
            "entry_version": self.entry_version,
            "provider": self.provider,
            "consumer": self.consumer,
            "systems": tuple(sorted(self.systems)),
            "items": [[item.name, item.mask] for item in self.items],
            "purposes": tuple(sorted(self.purposes)),
            "methods": tuple(sorted(self.methods)),
            "quota_per_day": self.quota_per_day,
            "divisions": tuple(sorted(self.divisions)),
            "starts": self.starts.isoformat(),
            "ends": self.ends.isoformat(),
            **({"amended": self.amended} if self.amended else {}),
        }
        return digest(canonical(said))

    def facts(self) -> dict[str, Fact]:
        """Return what evidence may say of the agreement: identifiers, days and digests, none of its words."""
        return {
            "request": self.request,
            "entry": self.entry,
            "entry_version": self.entry_version,
            "provider": self.provider,
            "consumer": self.consumer,
            "epoch": self.epoch,
            "rule": self.delivery.rule_id,
            "due": self.delivery.due.isoformat(),
            "provisional": self.delivery.provisional,
            "late": self.late,
        }

    def grant(self) -> dict[str, Fact]:
        """Return what evidence says of the agreement at its birth, beside the facts of its request."""
        return {
            "agreement": self.id,
            "epoch": self.epoch,
            "items": [item.name for item in self.items],
            "masks": [item.mask for item in self.items],
            "delivery_due": self.delivery.due.isoformat(),
            "delivery_provisional": self.delivery.provisional,
        }

    def owed_facts(self, task: Task) -> dict[str, Fact]:
        """Return the facts with the clock of a task in the place of the delivery's."""
        clock = next((one.clock for one in self.owed if one.task is task), None)
        return {
            **self.facts(),
            "rule": None if clock is None else clock.rule_id,
            "due": None if clock is None else clock.due.isoformat(),
            "provisional": clock is not None and clock.provisional,
        }

    def _over(self, stage: Standing, reason: str, disposal: Deadline) -> Agreement:
        return replace(self, stage=stage, reason=reason, ended=disposal.started, disposal=disposal)

    def _wrong(self) -> Rectification:
        self._must_be(Standing.SUSPENDED)
        if self.rectification is None:
            raise WrongMoment(
                text("nothing is to be put right: the rights rest because the catalogue entry was withdrawn"),
                remedy=text("ask the provider when the entry is published again"),
            )
        return self.rectification

    def _proposed(self) -> Change:
        if self.change is None or self.over:
            raise WrongMoment(text("no change of agreement {id} is proposed", id=self.id))
        return self.change

    def _must_answer_to(self, by: str) -> None:
        wrong = self.rectification
        if wrong is not None and by == self.provider and wrong.demanded_by != by:
            raise Refused(
                text("the authority suspended the rights; it judges whether all was put right"),
                basis=text("Order 809, art. 27"),
                remedy=text("tell the authority what you know"),
            )

    def _unreported(self, *tasks: Task) -> tuple[Task, ...]:
        return tuple(task for task in self.reported if task not in tasks)

    def _must_be(self, *stages: Standing) -> None:
        if self.stage not in stages:
            raise WrongMoment(
                text("agreement {id} is {stage}", id=self.id, stage=self.stage.value),
                basis=text("Order 809, art. 27"),
                remedy=text("possible from: {stages}", stages=", ".join(sorted(stages))),
            )
