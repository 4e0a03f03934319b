"""Whatever officials try on an agreement, in whatever order and when: nobody ends it alone, nothing is stuck."""

from __future__ import annotations

from contextlib import suppress
from datetime import date, timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from jutong.catalogue.terms_of_use import Purpose
from jutong.guard.grades import Method
from jutong.kernel.errors import Refused
from jutong.registers import shipped
from jutong.sharing.agreement import Agreement, GrantedItem
from jutong.sharing.change import Change
from jutong.sharing.disposal import Disposal, Manner
from jutong.sharing.rectification import Rectification, until
from jutong.sharing.standing import Standing, Task
from jutong.sharing.turn import moves_of_agreement
from jutong.terms.calendar import Calendar
from jutong.terms.deadline import Deadline

CALENDAR = Calendar.of_years(shipped.calendar_years())
RULES = {rule.id: rule for rule in shipped.deadline_rules() if not rule.jurisdiction}
PROVIDER, CONSUMER, AUTHORITY = "11500000MB20000201", "11500000MB30000308", "11500000MB1000010R"
BODIES = st.sampled_from((PROVIDER, CONSUMER, AUTHORITY))
JUDGES = st.sampled_from((PROVIDER, AUTHORITY))
ITEMS = ("name", "uscc", "capital")


class AgreementMachine(RuleBasedStateMachine):
    """Every move, tried at any moment; what the noun refuses changes nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.today = date(2025, 9, 24)
        self.told: set[tuple[Task, date]] = set()
        self.agreement = Agreement(
            id="1" * 26,
            request="2" * 26,
            entry="0" * 26,
            entry_version=1,
            provider=PROVIDER,
            consumer=CONSUMER,
            systems=(),
            items=tuple(GrantedItem(name=name, mask="none") for name in ITEMS),
            purposes=(Purpose.STATISTICS,),
            methods=frozenset({Method.QUERY}),
            quota_per_day=1000,
            divisions=(),
            starts=self.today,
            ends=date(2026, 3, 31),
            delivery=self.clock("DELIVER"),
        )

    def clock(self, name: str, started: date | None = None) -> Deadline:
        """Return a clock that starts on a day."""
        return RULES[name].due(CALENDAR, started or self.today)

    def tried(self, after: Agreement) -> None:
        """Go on from what a move gave; what is over stays over."""
        before = self.agreement
        assert not before.over or after.stage is before.stage
        assert {one.name for one in after.items} <= {one.name for one in before.items}
        assert after.quota_per_day <= before.quota_per_day
        assert after.ends <= before.ends
        self.agreement = after

    @rule(days=st.integers(0, 20))
    def time_passes(self, days: int) -> None:
        """Nobody does anything: silence ends, changes and forgives nothing but the term."""
        stood = self.agreement
        self.today += timedelta(days)
        if self.today > stood.ends and not stood.over:
            self.tried(stood.expire(self.clock("DISPOSAL_CERTIFIED", stood.ends + timedelta(1)), self.today))
        for one in self.agreement.overdue_tasks(self.today):
            assert one.clock is not None
            assert (one.task, one.clock.due) not in self.told, "a breach is reported once"
            self.told.add((one.task, one.clock.due))
            self.agreement = self.agreement.report_overdue(one.task)

    @rule(by=JUDGES, days=st.one_of(st.none(), st.integers(-2, 40)))
    def suspend(self, by: str, days: int | None) -> None:
        """Provider or authority answers misuse."""
        with suppress(Refused):
            day = None if days is None else self.today + timedelta(days)
            wrong = Rectification(clock=until(day, self.clock("RECTIFY")), demanded_by=by)
            self.tried(self.agreement.suspend("超范围使用", wrong))
            self.told = {one for one in self.told if one[0] not in (Task.RECTIFY, Task.JUDGE_RECTIFICATION)}

    @rule()
    def rectify(self) -> None:
        """The consumer reports."""
        with suppress(Refused):
            self.tried(self.agreement.rectify("已改正", self.clock("RECTIFY_JUDGED")))
            self.told = {one for one in self.told if one[0] is not Task.JUDGE_RECTIFICATION}

    @rule(by=JUDGES, again=st.booleans())
    def judge_short(self, by: str, again: bool) -> None:
        """It is not enough."""
        with suppress(Refused):
            clock = self.clock("RECTIFY") if again else None
            wrong = self.agreement.rectification
            self.tried(self.agreement.judge_short("不够", clock, by=by, today=self.today))
            assert wrong is not None
            assert not (by == PROVIDER and wrong.demanded_by != PROVIDER)
            self.told = {one for one in self.told if one[0] is not Task.RECTIFY}

    @rule(by=JUDGES)
    def resume(self, by: str) -> None:
        """Rights are given back."""
        with suppress(Refused):
            wrong = self.agreement.rectification
            self.tried(self.agreement.resume(by=by))
            assert wrong is None or by == AUTHORITY or wrong.demanded_by == PROVIDER

    @rule()
    def terminate(self) -> None:
        """Somebody would end it for good."""
        with suppress(Refused):
            wrong = self.agreement.rectification
            self.tried(self.agreement.terminate("拒不整改", self.clock("DISPOSAL_CERTIFIED")))
            assert wrong is not None, "a running service is not ended alone"
            assert wrong.fell_short or (wrong.reported is None and self.today > wrong.clock.due)

    @rule(without=st.sets(st.sampled_from(ITEMS)), quota=st.one_of(st.none(), st.integers(0, 1001)))
    def propose(self, without: set[str], quota: int | None) -> None:
        """The provider wants it otherwise: that alone changes no right."""
        with suppress(Refused):
            stood = self.agreement
            change = Change(
                reason="整合",
                basis="条例",
                clock=self.clock("CHANGE_ANSWER"),
                last_day=self.today + timedelta(30) if quota is None else None,
                without=tuple(sorted(without)),
                quota_per_day=quota,
            )
            self.tried(stood.propose(change))
            assert self.agreement.digest() == stood.digest()
            self.told = {one for one in self.told if one[0] is not Task.ANSWER_CHANGE}

    @rule(by=BODIES)
    def agree(self, by: str) -> None:
        """Somebody turns the second key."""
        with suppress(Refused):
            self.tried(self.agreement.agree_change(by=by, today=self.today))
            assert by != PROVIDER, "who proposes does not agree"

    @rule(by=BODIES)
    def decline(self, by: str) -> None:
        """Somebody keeps it."""
        with suppress(Refused):
            stood = self.agreement
            self.tried(stood.decline_change("仍需要", by=by, today=self.today))
            assert self.agreement.digest() == stood.digest()

    @rule()
    def conclude(self) -> None:
        """The consumer gives it up."""
        with suppress(Refused):
            self.tried(self.agreement.conclude("已完成", self.clock("DISPOSAL_CERTIFIED")))

    @rule()
    def dispose(self) -> None:
        """The consumer certifies."""
        with suppress(Refused):
            self.tried(
                self.agreement.dispose(
                    Disposal(manner=Manner.ERASED, copies="库", done=self.today, certified=self.today, by="a")
                )
            )

    @invariant()
    def nothing_is_stuck_and_no_clock_is_lost(self) -> None:
        """Whatever is not finished is somebody's to do, whatever is owed has its day or its finding."""
        one = self.agreement
        open_to = frozenset().union(*(moves_of_agreement(one, body, self.today) for body in (CONSUMER, AUTHORITY)))
        finished = one.over and one.disposed is not None
        assert open_to or finished
        assert not (finished and open_to)
        tasks = {owed.task for owed in one.owed}
        assert (Task.DISPOSE in tasks) == (one.over and one.disposed is None)
        if one.stage is Standing.SUSPENDED:
            assert tasks & {Task.RECTIFY, Task.JUDGE_RECTIFICATION}
        for owed in one.owed:
            assert owed.clock is not None or (one.rectification is not None and one.rectification.fell_short)
        assert not (one.over and one.covers(self.today))


AgreementMachine.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
TestAgreementMachine = AgreementMachine.TestCase
