"""Whatever officials try, in whatever order and on whatever day, a request keeps the law's promises."""

from __future__ import annotations

from contextlib import suppress
from datetime import date, timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from jutong.catalogue.terms_of_use import Purpose, ShareType
from jutong.guard.grades import Method
from jutong.kernel.errors import Refused
from jutong.registers import shipped
from jutong.sharing.request import OPEN, Request, Stage
from jutong.sharing.turn import moves_of, turn_of
from jutong.sharing.wish import Paper, Wish
from jutong.terms.calendar import Calendar
from jutong.terms.deadline import Deadline

CALENDAR = Calendar.of_years(shipped.calendar_years())
RULES = {rule.id: rule for rule in shipped.deadline_rules() if not rule.jurisdiction}
PRECHECK = next(rule for rule in shipped.deadline_rules() if rule.id == "REQ_PRECHECK")
WISH = Wish(
    entry="0" * 26,
    items=("name",),
    purposes=(Purpose.STATISTICS,),
    legal_basis="统计法第七条",
    scenario="年度统计",
    scope="全市企业",
    methods=frozenset({Method.QUERY}),
    systems=("CN-500000/GOV/11500000MB30000308/statistics",),
    starts=date(2025, 9, 1),
    ends=date(2027, 8, 31),
    quota_per_day=1,
)
ENDED = {Stage.AGREED, Stage.REFUSED, Stage.WITHDRAWN}


class RequestMachine(RuleBasedStateMachine):
    """Every move, tried at any moment; what the noun refuses changes nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.today = date(2025, 9, 1)
        self.was_overdue = False

    @initialize(share_type=st.sampled_from((ShareType.CONDITIONAL, ShareType.UNCONDITIONAL)))
    def begin(self, share_type: ShareType) -> None:
        """A draft is written."""
        self.request = Request(
            id="1" * 26,
            consumer="11500000MB30000308",
            provider="11500000MB20000201",
            entry_version=1,
            share_type=share_type,
            wish=WISH,
            drafted=self.today,
        )

    def clock(self, extension_days: int = 0) -> Deadline:
        """Return the answer clock from today, or the running one put off."""
        started = self.request.clock.started if extension_days and self.request.clock else self.today
        return RULES[self.request.answer_rule].due(CALENDAR, started, extension_days=extension_days)

    def tried(self, after: Request) -> None:
        """Go on from what a move gave."""
        ruled = self.request.stage is Stage.REFUSED and after.bound
        assert ruled or self.request.stage not in ENDED, "an answer is final, but for a ruling"
        told, tells = self.request.precheck, after.precheck
        assert told is None or tells is None or told.returned is None or told.returned == tells.returned
        assert after.received == self.request.received or self.request.received is None
        self.request = after

    @rule(days=st.integers(0, 12))
    def time_passes(self, days: int) -> None:
        """Nobody does anything; silence changes nothing."""
        self.today += timedelta(days)
        self.was_overdue = self.was_overdue or self.request.overdue(self.today)

    @rule()
    def sign(self) -> None:
        """The consumer's head signs."""
        with suppress(Refused):
            self.tried(self.request.sign())

    @rule()
    def submit(self) -> None:
        """The consumer hands it in."""
        with suppress(Refused):
            self.tried(self.request.submit(self.clock()))

    @rule()
    def hand_to_authority(self) -> None:
        """A rule of the place lets the authority check first."""
        with suppress(Refused):
            self.tried(self.request.hand_to_authority(PRECHECK.due(CALENDAR, self.today)))
            assert self.request.received is None, "the provider has not received it"

    @rule(missing=st.lists(st.just("承诺书"), max_size=2))
    def return_precheck(self, missing: list[str]) -> None:
        """The authority sends it back."""
        with suppress(Refused):
            before = self.request.precheck
            self.tried(self.request.return_precheck(missing, self.today))
            assert before is not None
            assert before.returned is None, "it is sent back once"
            assert missing

    @rule()
    def complete_precheck(self) -> None:
        """The consumer hands in what the authority missed."""
        with suppress(Refused):
            papers = (Paper(title="承诺书", digest="0" * 64),)
            self.tried(self.request.complete_precheck(papers, PRECHECK.due(CALENDAR, self.today)))

    @rule()
    def pass_precheck(self) -> None:
        """The authority passes it on: the provider's clock starts today."""
        with suppress(Refused):
            self.tried(self.request.pass_precheck(self.clock()))
            assert self.request.received == self.today

    @rule()
    def require_supplement(self) -> None:
        """The provider misses papers."""
        told = self.request.supplement_required
        with suppress(Refused):
            after = self.request.require_supplement(["承诺书"], self.today)
            assert told is None, "missing papers are told once"
            self.tried(after)

    @rule()
    def supplement(self) -> None:
        """The consumer completes its papers."""
        with suppress(Refused):
            self.tried(self.request.supplement((Paper(title="承诺书", digest="0" * 64),), self.clock()))

    @rule(days=st.integers(-1, 12))
    def ask_extension(self, days: int) -> None:
        """The provider wants more time."""
        with suppress(Refused):
            after = self.request.ask_extension(days, "需要征求意见", self.today)
            assert 1 <= days <= 10
            assert not self.request.overdue(self.today)
            self.tried(after)

    @rule()
    def extend(self) -> None:
        """The authority agrees."""
        with suppress(Refused):
            days = self.request.extension.days if self.request.extension else 0
            self.tried(self.request.extend(self.clock(days), self.today))

    @rule()
    def agree(self) -> None:
        """The provider's head says yes."""
        with suppress(Refused):
            self.tried(self.request.agree(self.today))

    @rule()
    def refuse(self) -> None:
        """The provider's head says no."""
        with suppress(Refused):
            self.tried(self.request.refuse("与职责无关", "条例第二十条", self.today))

    @rule()
    def bind(self) -> None:
        """A dispute ends with the ruling that the data is shared."""
        with suppress(Refused):
            before = self.request
            self.tried(self.request.bind("d", self.clock()))
            assert before.stage not in {Stage.AGREED, Stage.WITHDRAWN, Stage.DRAFT, Stage.CONSUMER_OFFICE_SIGNED}
            assert self.request.stage is (Stage.SUBMITTED if before.stage is Stage.REFUSED else before.stage)

    @rule()
    def urge(self) -> None:
        """The consumer reminds; the clock does not care."""
        with suppress(Refused):
            after = self.request.urge(self.today)
            assert after.clock == self.request.clock
            self.tried(after)

    @rule()
    def withdraw(self) -> None:
        """The consumer takes it back."""
        with suppress(Refused):
            self.tried(self.request.withdraw(self.today))

    @invariant()
    def promises_are_kept(self) -> None:
        """Late stays late; unconditional is neither refused nor put off; no clock outruns the law."""
        request = self.request
        if self.was_overdue:
            assert request.late or request.overdue(self.today)
        if request.share_type is ShareType.UNCONDITIONAL:
            assert request.stage not in {Stage.REFUSED, Stage.EXTENDED, Stage.EXTENSION_ASKED}
        if request.overdue(self.today):
            assert request.stage in OPEN
        turn, moves = turn_of(request), moves_of(request)
        assert bool(moves) == (request.stage not in ENDED), "no stage without an exit, no move after the end"
        assert (turn is None) == (request.stage in ENDED)
        assert turn is None or turn.act.removeprefix("sharing.") in moves
        assert (request.due is not None) == (request.stage in OPEN), "an answer that is owed has its day"
        if request.stage in {Stage.PRECHECK, Stage.PRECHECK_RETURNED}:
            assert request.received is None
            assert request.precheck is not None
            assert request.precheck.runs == (request.stage is Stage.PRECHECK)
        if request.clock is not None:
            assert CALENDAR.is_working(request.clock.due)
            assert request.clock.due <= CALENDAR.after(request.clock.started, 20).day
        assert not (request.bound and request.stage is Stage.REFUSED), "a ruling is not refused away"
        assert not (request.bound and "refuse" in moves)
        if request.stage is Stage.REFUSED:
            assert request.reason
            assert request.basis


RequestMachine.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
TestRequestMachine = RequestMachine.TestCase
