"""A share request from the draft to the service, as the Regulation orders it."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from pathlib import Path

import pytest

from jutong import catalogue, registers, sharing
from jutong.guard.grades import Method
from jutong.kernel.db import transaction
from jutong.kernel.errors import Invalid, NotAllowed, NotFound, Refused, WrongMoment
from jutong.sharing import Agreement, Paper, Request, Stage, Standing
from jutong.terms import Duty
from tests.postgres import fresh_database, postgres_url  # noqa: F401
from tests.town import (
    ANSWERING,
    ANSWERING_HEAD,
    ASKING,
    ASKING_HEAD,
    HOUSE,
    MARKET,
    OVERSEER,
    SOCIAL,
    STRANGER,
    Town,
    a_town,
    a_wish,
    officer,
    submitted,
)

UNCONDITIONAL = ("name", "uscc")
PAPER = Paper(title="使用承诺书", digest="0" * 64)


@pytest.fixture(params=["sqlite", "postgresql"])
def town(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Town]:
    """One node with a published entry, on either database."""
    url = ""
    if request.param == "postgresql":
        url = fresh_database(request.getfixturevalue("postgres_url")).replace("postgresql:", "postgresql+psycopg:")
    town = a_town(tmp_path, url=url)
    yield town
    town.engine.dispose()


def request_in(town: Town, request_id: str) -> Request:
    """Return the request as it now stands."""
    with transaction(town.engine) as db:
        return sharing.find_request(db, request_id)


def approved(town: Town, request_id: str, **how: object) -> Agreement:
    """Let the provider's head say yes."""
    with town.desk(ANSWERING_HEAD) as desk:
        return sharing.approve(desk, request_id, **how)  # type: ignore[arg-type]


# The table that was measured against the State Council's notices of 2025 and 2026.
MEASURED = [
    (date(2025, 9, 24), date(2025, 10, 14)),
    (date(2025, 9, 30), date(2025, 10, 21)),
    (date(2026, 2, 10), date(2026, 3, 2)),
]


@pytest.mark.parametrize(("received", "due"), MEASURED)
def test_conditional_data_is_answered_within_ten_working_days(town: Town, received: date, due: date) -> None:
    """The start day is not counted; days off in lieu and make-up days are as the notice says."""
    request = request_in(town, submitted(town, received))
    assert request.clock is not None
    assert (request.clock.due, request.clock.provisional) == (due, False)


def test_unconditional_data_is_answered_within_one_working_day(town: Town) -> None:
    """Asked for on the eve of the long holiday, the answer is due on the first day after it."""
    request = request_in(town, submitted(town, date(2025, 9, 30), items=UNCONDITIONAL))
    assert request.clock is not None
    assert request.clock.due == date(2025, 10, 9)


def test_delivery_is_due_twenty_working_days_after_the_yes(town: Town) -> None:
    """The delivery clock is its own clock; it starts with the answer, not with the request."""
    request_id = submitted(town, date(2025, 9, 22))
    town.on(date(2025, 9, 24))
    agreement = approved(town, request_id)
    assert (agreement.delivery.started, agreement.delivery.due) == (date(2025, 9, 24), date(2025, 10, 28))


def test_an_extension_is_counted_from_the_same_start(town: Town) -> None:
    """Ten and ten working days from 2025-09-24 end where twenty do, once the authority agrees."""
    request_id = submitted(town, date(2025, 9, 24))
    with town.desk(ANSWERING) as desk:
        sharing.ask_extension(desk, request_id, 10, "需要征求上级主管部门意见")
    assert request_in(town, request_id).clock.due == date(2025, 10, 14)  # type: ignore[union-attr]
    with town.desk(OVERSEER) as desk:
        extended = sharing.extend(desk, request_id)
    assert extended.clock is not None
    assert (extended.stage, extended.clock.due) == (Stage.EXTENDED, date(2025, 10, 28))
    line = town.lines("sharing.extended")[0]
    assert (line.facts["was"], line.facts["due"], line.facts["days"]) == ("2025-10-14", "2025-10-28", 10)


def test_more_than_ten_days_or_a_second_extension_is_refused(town: Town) -> None:
    """The law gives ten working days more, once."""
    request_id = submitted(town, date(2025, 9, 24))
    with town.desk(ANSWERING) as desk, pytest.raises(Invalid):
        sharing.ask_extension(desk, request_id, 11, "需要更多时间")
    with town.desk(ANSWERING) as desk:
        sharing.ask_extension(desk, request_id, 3, "需要更多时间")
    with town.desk(OVERSEER) as desk:
        sharing.extend(desk, request_id)
    with town.desk(ANSWERING) as desk, pytest.raises(WrongMoment):
        sharing.ask_extension(desk, request_id, 3, "需要更多时间")


def test_only_the_authority_agrees_to_an_extension(town: Town) -> None:
    """Neither the provider nor any department with an overseer of its own can give itself time."""
    request_id = submitted(town, date(2025, 9, 24))
    with town.desk(ANSWERING) as desk:
        sharing.ask_extension(desk, request_id, 5, "需要更多时间")
    for body in (MARKET, SOCIAL):
        with pytest.raises(NotAllowed), town.desk(officer(body, Duty.OVERSIGHT)) as desk:
            sharing.extend(desk, request_id)


def test_the_answer_for_unconditional_data_is_neither_put_off_nor_no(town: Town) -> None:
    """What every department may have cannot be refused; the law's one working day stands."""
    request_id = submitted(town, date(2025, 9, 24), items=UNCONDITIONAL)
    with town.desk(ANSWERING) as desk, pytest.raises(Refused) as put_off:
        sharing.ask_extension(desk, request_id, 1, "需要更多时间")
    with town.desk(ANSWERING_HEAD) as desk, pytest.raises(Refused) as refused:
        sharing.refuse(desk, request_id, reason="不同意", basis="无")
    assert "art. 21" in str(put_off.value.basis)
    assert "21" in str(refused.value.basis)


@pytest.mark.parametrize(("reason", "basis"), [("", "有关规定"), ("不符合使用条件", " ")])
def test_a_refusal_needs_reason_and_basis(town: Town, reason: str, basis: str) -> None:
    """A bare no is not an answer."""
    request_id = submitted(town, date(2025, 9, 24))
    with town.desk(ANSWERING_HEAD) as desk, pytest.raises(Invalid):
        sharing.refuse(desk, request_id, reason=reason, basis=basis)


def test_a_refusal_is_an_answer_in_time(town: Town) -> None:
    """A reasoned no on the due day itself is not late, and its words stay out of the evidence."""
    request_id = submitted(town, date(2025, 9, 24))
    town.on(date(2025, 10, 14))
    with town.desk(ANSWERING_HEAD) as desk:
        request = sharing.refuse(desk, request_id, reason="与法定职责无关", basis="政务数据共享条例第二十条")
    facts = town.lines("sharing.refused")[0].facts
    assert (request.stage, facts["late"], facts["used"]) == (Stage.REFUSED, False, 10)
    assert "与法定职责无关" not in str(facts)


def test_missing_papers_are_told_once_and_restart_the_clock(town: Town) -> None:
    """The clock stands still while the consumer completes its papers; both days of receipt stay on record."""
    request_id = submitted(town, date(2025, 9, 24))
    town.on(date(2025, 9, 26))
    with town.desk(ANSWERING) as desk:
        sharing.require_supplement(desk, request_id, ["使用承诺书"])
    town.on(date(2026, 2, 10))
    assert not request_in(town, request_id).overdue(date(2026, 2, 10))
    with town.desk(ASKING) as desk:
        request = sharing.supplement(desk, request_id, [PAPER])
    assert request.clock is not None
    assert (request.received, request.supplemented, request.clock.due) == (
        date(2025, 9, 24),
        date(2026, 2, 10),
        date(2026, 3, 2),
    )
    with town.desk(ANSWERING) as desk, pytest.raises(WrongMoment):
        sharing.require_supplement(desk, request_id, ["还有一份"])


def test_asking_for_papers_too_late_does_not_wash_the_lateness_off(town: Town) -> None:
    """Late stays late: a new clock does not make the breach of the first one unhappen."""
    request_id = submitted(town, date(2025, 9, 24))
    town.on(date(2025, 10, 15))
    with town.desk(ANSWERING) as desk:
        sharing.require_supplement(desk, request_id, ["使用承诺书"])
    with town.desk(ASKING) as desk:
        sharing.supplement(desk, request_id, [PAPER])
    approved(town, request_id)
    assert town.lines("sharing.approved")[0].facts["late"] is True


def test_silence_is_never_a_yes(town: Town) -> None:
    """A year after the due day there is still no agreement, only one escalation."""
    request_id = submitted(town, date(2025, 9, 24))
    town.on(date(2025, 10, 14))
    with town.desk(HOUSE) as desk:
        assert sharing.escalate_overdue(desk) == ()
    for day in (date(2025, 10, 15), date(2025, 10, 16), date(2026, 9, 30)):
        town.on(day)
        with town.desk(HOUSE) as desk:
            sharing.escalate_overdue(desk)
    assert [line.on for line in town.lines("sharing.escalated")] == [request_id]
    with transaction(town.engine) as db:
        assert sharing.agreement_from(db, request_id) is None


def test_an_answer_that_is_owed_may_be_urged_once_a_day(town: Town) -> None:
    """Consumer and authority remind the provider; its clock stays as it is, and what is answered is not urged."""
    request_id = submitted(town, date(2025, 9, 24))
    before = request_in(town, request_id)
    with town.desk(ASKING) as desk:
        once = sharing.urge(desk, request_id)
        assert sharing.urge(desk, request_id) == once
    with pytest.raises(NotAllowed), town.desk(ANSWERING) as desk:
        sharing.urge(desk, request_id)
    town.on(date(2025, 9, 25))
    with town.desk(OVERSEER) as desk:
        twice = sharing.urge(desk, request_id)
    assert (twice.clock, twice.urged) == (before.clock, (date(2025, 9, 24), date(2025, 9, 25)))
    assert [line.facts["times"] for line in town.lines("sharing.urged")] == [1, 2]
    approved(town, request_id)
    with town.desk(ASKING) as desk, pytest.raises(WrongMoment):
        sharing.urge(desk, request_id)


def test_unconditional_data_is_answered_at_once_and_nothing_else_is(town: Town) -> None:
    """The house says yes where the law leaves no other answer; a conditional request waits for its head."""
    conditional = submitted(town, date(2025, 9, 24))
    request_id = submitted(town, date(2025, 9, 24), items=UNCONDITIONAL)
    with town.desk(HOUSE) as desk:
        (agreed,) = sharing.answer_unconditional(desk)
        assert sharing.answer_unconditional(desk) == ()
    assert request_in(town, request_id).stage is Stage.AGREED
    assert request_in(town, conditional).stage is Stage.SUBMITTED
    with transaction(town.engine) as db:
        agreement = sharing.find_agreement(db, agreed)
    assert {item.name for item in agreement.items} == set(UNCONDITIONAL)
    line = town.lines("sharing.approved")[0]
    assert (line.actor, line.facts["late"], line.facts["used"]) == (HOUSE.id, False, 0)
    assert approved(town, request_id) == agreement


def test_what_the_house_cannot_give_waits_for_a_person(town: Town) -> None:
    """An unconditional request for a term that is over by then is not answered by the house."""
    request_id = submitted(town, date(2025, 9, 24), items=UNCONDITIONAL, ends=date(2025, 9, 25))
    town.on(date(2025, 9, 26))
    with town.desk(HOUSE) as desk:
        assert sharing.answer_unconditional(desk) == ()
    assert request_in(town, request_id).stage is Stage.SUBMITTED


def test_late_delivery_is_escalated_once(town: Town) -> None:
    """The yes alone is not enough: the service is owed too."""
    request_id = submitted(town, date(2025, 9, 24))
    agreement = approved(town, request_id)
    for day in (agreement.delivery.due, agreement.delivery.due + timedelta(1), agreement.delivery.due + timedelta(9)):
        town.on(day)
        with town.desk(HOUSE) as desk:
            sharing.escalate_overdue(desk)
    assert [line.facts["clock"] for line in town.lines("sharing.escalated")] == ["delivery"]
    with town.desk(ANSWERING) as desk:
        assert sharing.record_delivery(desk, agreement.id).late


def test_the_new_years_notice_moves_provisional_days(town: Town) -> None:
    """A request of December is counted on weekdays alone until the notice comes; then the old day stays in evidence."""
    request_id = submitted(town, date(2026, 12, 25))
    answer = request_in(town, request_id).clock
    assert answer is not None
    assert (answer.due, answer.provisional) == (date(2027, 1, 8), True)
    with town.desk(HOUSE) as desk:
        registers.enter_calendar(
            desk,
            2027,
            {date(2027, 1, 1): False, date(2027, 1, 2): False, date(2027, 1, 3): True},
            "国办发明电〔2026〕7号",
        )
        assert sharing.recompute_deadlines(desk, 2027) == (request_id,)
        assert sharing.recompute_deadlines(desk, 2027) == ()
    moved = request_in(town, request_id).clock
    assert moved is not None
    line = town.lines("sharing.deadline_recomputed")[0]
    assert (line.facts["was"], line.facts["due"]) == ("2027-01-08", moved.due.isoformat())
    assert (moved.due, moved.provisional) == (date(2027, 1, 8), False)


def test_a_request_leaves_the_house_only_signed(town: Town) -> None:
    """The head of the consumer's own sharing office signs; nobody else can, and unsigned nothing is submitted."""
    with town.desk(ASKING) as desk:
        draft = sharing.draft_request(desk, a_wish(town))
    with town.desk(ASKING_HEAD) as desk, pytest.raises(WrongMoment):
        sharing.submit_request(desk, draft.id)
    with pytest.raises(NotAllowed), town.desk(ASKING) as desk:
        sharing.sign_request(desk, draft.id)


def test_only_the_head_of_the_providers_office_answers(town: Town) -> None:
    """An officer prepares; the answer is the head's (art. 20)."""
    request_id = submitted(town, date(2025, 9, 24))
    with pytest.raises(NotAllowed), town.desk(ANSWERING) as desk:
        sharing.approve(desk, request_id)
    with pytest.raises(NotAllowed), town.desk(ASKING_HEAD) as desk:
        sharing.approve(desk, request_id)


def test_strangers_do_not_learn_that_a_request_exists(town: Town) -> None:
    """A third body sees neither request nor agreement; the provider sees no draft."""
    stranger = officer(STRANGER, Duty.REQUESTS, Duty.OFFICE_HEAD)
    with town.desk(ASKING) as desk:
        draft = sharing.draft_request(desk, a_wish(town, quota_per_day=7))
    request_id = submitted(town, date(2025, 9, 24))
    agreement = approved(town, request_id)
    with transaction(town.engine) as db:
        for actor, identifier in ((stranger, request_id), (stranger, "x' or 1=1 --"), (ANSWERING, draft.id)):
            with pytest.raises(NotFound):
                sharing.find_request(db, identifier, actor)
        with pytest.raises(NotFound):
            sharing.find_agreement(db, agreement.id, stranger)
        assert sharing.requests(db, stranger) == ()
        assert [one.id for one in sharing.requests(db, ANSWERING)] == [request_id]
        assert [one.id for one in sharing.requests(db, ASKING)] == [draft.id, request_id]
        assert sharing.requests(db, ASKING, after=draft.id, limit=1)[0].id == request_id
    with pytest.raises(NotFound), town.desk(stranger) as desk:
        sharing.withdraw(desk, request_id)


@pytest.mark.parametrize(
    "wrong",
    [
        {"items": ()},
        {"items": ("name", "name")},
        {"items": ("legal_representative",)},
        {"items": ("name; drop table x",)},
        {"purposes": ()},
        {"legal_basis": " "},
        {"scenario": "查\u202e询"},
        {"scope": "x" * 2001},
        {"methods": frozenset({Method.ENCLAVE})},
        {"systems": (f"CN-500000/GOV/{STRANGER}/other",)},
        {"ends": date(2025, 8, 31)},
        {"ends": date(2035, 8, 31)},
        {"quota_per_day": 0},
        {"divisions": ("50",)},
        {"papers": (Paper(title="x", digest="1"),)},
    ],
)
def test_a_wish_that_the_entry_cannot_answer_is_refused_at_once(town: Town, wrong: dict[str, object]) -> None:
    """Basis, scenario, scope, method and term are compulsory; items and purposes are the entry's."""
    with town.desk(ASKING) as desk, pytest.raises((Invalid, NotFound)):
        sharing.draft_request(desk, a_wish(town, **wrong))
    assert town.lines("sharing.") == []


def test_nobody_asks_for_its_own_data(town: Town) -> None:
    """The provider has it already."""
    with pytest.raises(NotAllowed), town.desk(officer(MARKET, Duty.REQUESTS)) as desk:
        sharing.draft_request(desk, a_wish(town))


def test_every_act_done_twice_is_done_once(town: Town) -> None:
    """A follower or a page that asks again finds what stands, and no second line of evidence."""
    town.on(date(2025, 9, 24))
    with town.desk(ASKING) as desk:
        first = sharing.draft_request(desk, a_wish(town))
        assert sharing.draft_request(desk, a_wish(town)) == first
    with town.desk(ASKING_HEAD) as desk:
        assert sharing.sign_request(desk, first.id) == sharing.sign_request(desk, first.id)
        assert sharing.submit_request(desk, first.id) == sharing.submit_request(desk, first.id)
    with town.desk(ANSWERING) as desk:
        sharing.require_supplement(desk, first.id, ["承诺书"])
        sharing.require_supplement(desk, first.id, ["承诺书"])
    with town.desk(ASKING) as desk:
        assert sharing.supplement(desk, first.id, [PAPER]) == sharing.supplement(desk, first.id, [PAPER])
    agreement = approved(town, first.id)
    assert approved(town, first.id) == agreement
    with town.desk(HOUSE) as desk:
        delivered = sharing.record_delivery(desk, agreement.id)
        assert sharing.record_delivery(desk, agreement.id) == delivered
    words = [line.act for line in town.lines("sharing.")]
    assert len(words) == len(set(words)) == 7


def test_an_agreement_is_the_wish_or_less(town: Town) -> None:
    """Masks are the catalogue's or stricter, the quota is at most what was asked for."""
    request_id = submitted(town, date(2025, 9, 24))
    for masks, quota in (
        ({"address": "none"}, None),
        ({"address": "keep:7:0"}, None),
        ({"address": "found"}, None),
        ({"capitol": "drop"}, None),
        ({}, 10_001),
    ):
        with town.desk(ANSWERING_HEAD) as desk, pytest.raises(Invalid):
            sharing.approve(desk, request_id, masks=masks, quota_per_day=quota)
    agreement = approved(town, request_id, masks={"address": "keep:3:0", "capital": "drop"}, quota_per_day=500)
    assert {item.name: item.mask for item in agreement.items} == {
        "name": "none",
        "uscc": "none",
        "capital": "drop",
        "address": "keep:3:0",
    }
    assert agreement.quota_per_day == 500
    assert agreement.starts == date(2025, 9, 24)


def test_every_change_of_a_right_raises_the_epoch(town: Town) -> None:
    """A gateway that has seen an epoch asks only for what changed after it."""
    with transaction(town.engine) as db:
        assert sharing.agreements_epoch(db) == 0
    agreement = approved(town, submitted(town, date(2025, 9, 24)))
    with town.desk(ANSWERING_HEAD) as desk:
        sharing.suspend(desk, agreement.id, reason="超范围使用", rectify_by=date(2025, 10, 31))
    with transaction(town.engine) as db:
        assert list(sharing.agreements_in_force(db)) == []
        changed = sharing.agreements_changed(db, after=agreement.epoch)
        assert [(one.id, one.stage) for one in changed] == [(agreement.id, Standing.SUSPENDED)]
        assert sharing.agreements_epoch(db) == changed[0].epoch == agreement.epoch + 1
    with town.desk(OVERSEER) as desk:
        assert sharing.resume(desk, agreement.id).covers(date(2025, 9, 24))
        sharing.suspend(desk, agreement.id, reason="超范围使用", rectify_by=date(2025, 9, 24))
    town.on(date(2025, 9, 25))
    with town.desk(OVERSEER) as desk:
        ended = sharing.terminate(desk, agreement.id, reason="拒不整改")
    assert not ended.covers(date(2025, 9, 25))
    with town.desk(OVERSEER) as desk, pytest.raises(WrongMoment):
        sharing.resume(desk, agreement.id)


def test_two_hands_that_say_yes_at_once_make_one_agreement(town: Town) -> None:
    """Whoever comes second finds the agreement standing; there is one line of evidence."""
    request_id = submitted(town, date(2025, 9, 24))
    with ThreadPoolExecutor(4) as hands:
        agreed = list(hands.map(lambda _: approved(town, request_id), range(4)))
    assert len({one.id for one in agreed}) == 1
    assert len(town.lines("sharing.approved")) == 1


def test_a_consumer_cannot_restore_its_own_rights(town: Town) -> None:
    """Suspending and resuming is for the provider and the authority, whatever duties a consumer's post has."""
    agreement = approved(town, submitted(town, date(2025, 9, 24)))
    with pytest.raises(NotAllowed), town.desk(officer(SOCIAL, Duty.OFFICE_HEAD, Duty.OVERSIGHT)) as desk:
        sharing.suspend(desk, agreement.id, reason="超范围使用")
    with pytest.raises(NotAllowed), town.desk(officer(SOCIAL, Duty.ANSWERS)) as desk:
        sharing.record_delivery(desk, agreement.id)


def test_a_withdrawn_entry_suspends_what_rests_on_it(town: Town) -> None:
    """The house hears of the withdrawal and takes the rights away; hearing it twice changes nothing."""
    agreement = approved(town, submitted(town, date(2025, 9, 24)))
    with town.desk(officer(MARKET, Duty.DEPARTMENT_HEAD)) as desk:
        catalogue.withdraw(desk, town.entry, "职责调整")
    with town.desk(HOUSE) as desk:
        assert [one.id for one in sharing.suspend_all(desk, town.entry)] == [agreement.id]
        assert sharing.suspend_all(desk, town.entry) == ()
    with town.desk(ASKING) as desk, pytest.raises(Refused):
        sharing.draft_request(desk, a_wish(town, quota_per_day=9))


def test_a_term_has_both_its_days(town: Town) -> None:
    """Rights begin on the first day and end with the last."""
    agreement = approved(town, submitted(town, date(2025, 8, 20)))
    days = (date(2025, 8, 31), date(2025, 9, 1), date(2027, 8, 31), date(2027, 9, 1))
    assert [agreement.covers(day) for day in days] == [False, True, True, False]


def test_evidence_holds_no_words_of_the_request(town: Town) -> None:
    """What officials typed stays in the control database; the log knows it by its digest."""
    approved(town, submitted(town, date(2025, 9, 24)))
    said = str([line.facts for line in town.lines("sharing.")])
    wish = a_wish(town)
    assert wish.digest() in said
    assert not any(words in said for words in (wish.legal_basis, wish.scenario, wish.scope))
