"""What becomes of an agreement: suspended, put right or not, changed by two keys, ended, and its copies disposed of."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from jutong import oversight, registers, sharing
from jutong.kernel.db import transaction
from jutong.kernel.errors import Invalid, NotAllowed, NotFound, Refused, WrongMoment
from jutong.notices.notice import notices_of
from jutong.oversight import Work
from jutong.sharing import Agreement, Manner, Outcome, Standing, Task
from jutong.terms import Actor, Duty
from tests.postgres import fresh_database
from tests.town import (
    ANSWERING_HEAD,
    ASKING,
    ASKING_HEAD,
    AUTHORITY,
    HOUSE,
    MARKET,
    OVERSEER,
    SOCIAL,
    STRANGER,
    Town,
    a_town,
    officer,
    submitted,
)

WORDS = {"reason": "系统整合，接口停用", "basis": "渝府办发〔2025〕12号"}
MISUSE = "把数据提供给了第三方"


@pytest.fixture(params=["sqlite", "postgresql"])
def town(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Town]:
    """One node with a published entry, on either database."""
    url = ""
    if request.param == "postgresql":
        url = fresh_database(request.getfixturevalue("postgres_url")).replace("postgresql:", "postgresql+psycopg:")
    town = a_town(tmp_path, url=url)
    yield town
    town.engine.dispose()


def agreed(town: Town) -> Agreement:
    """Bring an agreement about on 2025-09-24, delivered on the same day."""
    request_id = submitted(town, date(2025, 9, 24))
    with town.desk(ANSWERING_HEAD) as desk:
        agreement = sharing.approve(desk, request_id)
        return sharing.record_delivery(desk, agreement.id)


def as_it_stands(town: Town, agreement: Agreement) -> Agreement:
    """Return the agreement as it now stands."""
    with transaction(town.engine) as db:
        return sharing.find_agreement(db, agreement.id)


def suspended(town: Town, agreement: Agreement, by: Actor = ANSWERING_HEAD) -> Agreement:
    """Suspend it for a misuse, until 2025-10-20."""
    with town.desk(by) as desk:
        return sharing.suspend(desk, agreement.id, reason=MISUSE, rectify_by=date(2025, 10, 20))


def kept(town: Town) -> list[str]:
    """Let the house keep its clocks; return what it reported, by clock."""
    before = len(town.lines("sharing.escalated"))
    with town.desk(HOUSE) as desk:
        sharing.end_terms(desk)
    with town.desk(HOUSE) as desk:
        sharing.escalate_overdue(desk)
    return [str(line.facts["clock"]) for line in town.lines("sharing.escalated")[before:]]


def desk_of(town: Town, actor: Actor) -> dict[Work, int]:
    """Return how much of each kind of work the actor's desk shows, own and awaited."""
    with transaction(town.engine) as db:
        own, others = oversight.waiting_for(db, actor, town.now)
    return {**own.sizes, **others.sizes}


def test_suspended_put_right_and_in_force_again(town: Town) -> None:
    """The consumer reports within its clock; whoever suspended judges it within another, and gives the rights back."""
    agreement = suspended(town, agreed(town))
    assert (agreement.stage, agreement.rectify_by) == (Standing.SUSPENDED, date(2025, 10, 20))
    assert Work.RECTIFY in desk_of(town, ASKING)
    assert Work.AWAIT_RECTIFICATION in desk_of(town, ANSWERING_HEAD)
    town.on(date(2025, 10, 9))
    with town.desk(ASKING) as desk:
        reported = sharing.rectify(desk, agreement.id, report="已停用并召回全部副本")
        assert sharing.rectify(desk, agreement.id, report="已停用并召回全部副本") == reported
    (owed,) = reported.owed
    assert (owed.task, owed.body, owed.clock and owed.clock.due) == (
        Task.JUDGE_RECTIFICATION,
        MARKET,
        date(2025, 10, 15),
    )
    assert Work.JUDGE_RECTIFICATION in desk_of(town, ANSWERING_HEAD)
    assert Work.RECTIFY not in desk_of(town, ASKING)
    with town.desk(ANSWERING_HEAD) as desk:
        resumed = sharing.resume(desk, agreement.id)
    assert resumed.covers(date(2025, 10, 9))
    assert (resumed.owed, resumed.rectification) == ((), None)
    assert len(town.lines("sharing.rectified")) == 1
    assert all(MISUSE not in str(line.facts) for line in town.lines("sharing."))


def test_without_a_day_of_its_own_the_rule_sets_one(town: Town) -> None:
    """Ten working days over the long holiday."""
    agreement = agreed(town)
    with town.desk(ANSWERING_HEAD) as desk:
        assert sharing.suspend(desk, agreement.id, reason=MISUSE).rectify_by == date(2025, 10, 14)


def test_a_misuse_that_is_not_put_right_ends_the_sharing_and_not_before(town: Town) -> None:
    """Until its day the consumer has its chance; silence beyond it is reported, and then either side may end it."""
    agreement = suspended(town, agreed(town))
    with town.desk(ANSWERING_HEAD) as desk, pytest.raises(WrongMoment):
        sharing.terminate(desk, agreement.id, reason="拒不整改")
    town.on(date(2025, 10, 20))
    assert kept(town) == []
    town.on(date(2025, 10, 21))
    assert kept(town) == ["rectify"]
    assert kept(town) == []
    assert Work.URGE_RECTIFICATION in desk_of(town, OVERSEER)
    with town.desk(ANSWERING_HEAD) as desk:
        ended = sharing.terminate(desk, agreement.id, reason="拒不整改")
        assert sharing.terminate(desk, agreement.id, reason="拒不整改") == ended
    assert (ended.stage, ended.ended) == (Standing.TERMINATED, date(2025, 10, 21))
    assert [one.task for one in ended.owed] == [Task.DISPOSE]


def test_what_falls_short_gets_another_day_or_ends(town: Town) -> None:
    """A judgement names what is still wrong; with a new day the clock runs anew and its breach is reported anew."""
    agreement = suspended(town, agreed(town))
    town.on(date(2025, 10, 21))
    assert kept(town) == ["rectify"]
    with town.desk(ASKING_HEAD) as desk:
        late = sharing.rectify(desk, agreement.id, report="正在清理")
    assert late.rectification is not None
    assert late.rectification.late
    assert town.lines("sharing.rectified")[0].facts["missed"] is True
    with town.desk(ANSWERING_HEAD) as desk:
        again = sharing.judge_rectification(desk, agreement.id, why="备份仍在", rectify_by=date(2025, 10, 31))
    assert again.rectify_by == date(2025, 10, 31)
    assert [one.task for one in again.owed] == [Task.RECTIFY]
    town.on(date(2025, 11, 3))
    assert kept(town) == ["rectify"]
    with town.desk(ASKING_HEAD) as desk:
        sharing.rectify(desk, agreement.id, report="已全部删除")
    with town.desk(ANSWERING_HEAD) as desk:
        with pytest.raises(WrongMoment):
            sharing.terminate(desk, agreement.id, reason="整改不到位")
        short = sharing.judge_rectification(desk, agreement.id, why="第三方仍在使用")
        assert [one.clock for one in short.owed] == [None]
        assert sharing.terminate(desk, agreement.id, reason="整改不到位").stage is Standing.TERMINATED


def test_what_the_authority_took_the_provider_does_not_give_back(town: Town) -> None:
    """Whoever suspended judges: the report goes to the authority, and only it resumes."""
    agreement = suspended(town, agreed(town), OVERSEER)
    with town.desk(ASKING_HEAD) as desk:
        (owed,) = sharing.rectify(desk, agreement.id, report="已停用").owed
    assert owed.body == AUTHORITY
    assert Work.JUDGE_RECTIFICATION in desk_of(town, OVERSEER)
    for act in (
        lambda desk: sharing.resume(desk, agreement.id),
        lambda desk: sharing.judge_rectification(desk, agreement.id, why="不够"),
    ):
        with town.desk(ANSWERING_HEAD) as desk, pytest.raises(Refused) as refused:
            act(desk)
        assert "art. 27" in str(refused.value.basis)
    with town.desk(OVERSEER) as desk:
        assert sharing.resume(desk, agreement.id).stage is Standing.IN_FORCE


@pytest.mark.parametrize("by", [ANSWERING_HEAD, OVERSEER], ids=["provider", "authority"])
def test_nobody_ends_a_running_service_alone(town: Town, by: Actor) -> None:
    """The refusal cites article 27 and says what to do instead."""
    agreement = agreed(town)
    with town.desk(by) as desk, pytest.raises(Refused) as refused:
        sharing.terminate(desk, agreement.id, reason="不想再共享")
    assert "art. 27" in str(refused.value.basis)
    assert "propose" in str(refused.value.remedy)
    assert as_it_stands(town, agreement).stage is Standing.IN_FORCE


def test_a_stop_has_two_keys(town: Town) -> None:
    """The provider proposes with reason and basis, the consumer agrees; the service runs to the end of its last day."""
    agreement = agreed(town)
    with town.desk(ANSWERING_HEAD) as desk:
        proposed = sharing.propose_change(desk, agreement.id, last_day=date(2025, 10, 31), **WORDS)
        assert sharing.propose_change(desk, agreement.id, last_day=date(2025, 10, 31), **WORDS) == proposed
        with pytest.raises(WrongMoment):
            sharing.propose_change(desk, agreement.id, last_day=date(2025, 11, 1), **WORDS)
    assert proposed.ends == agreement.ends
    assert Work.ANSWER_CHANGE in desk_of(town, ASKING_HEAD)
    assert Work.AWAIT_CHANGE in desk_of(town, ANSWERING_HEAD)
    with pytest.raises(NotAllowed), town.desk(ANSWERING_HEAD) as desk:
        sharing.agree_change(desk, agreement.id)
    with pytest.raises(NotAllowed), town.desk(officer(MARKET, Duty.OVERSIGHT)) as desk:
        sharing.agree_change(desk, agreement.id)
    with town.desk(ASKING_HEAD) as desk:
        stopped = sharing.agree_change(desk, agreement.id)
        assert sharing.agree_change(desk, agreement.id) == stopped
    assert stopped.change is not None
    assert (stopped.ends, stopped.change.outcome) == (date(2025, 10, 31), Outcome.AGREED)
    assert stopped.covers(date(2025, 10, 31))
    assert not stopped.covers(date(2025, 11, 1))
    assert town.lines("sharing.change_agreed")[0].facts["agreed"] == stopped.digest()
    town.on(date(2025, 10, 31))
    kept(town)
    assert as_it_stands(town, agreement).stage is Standing.IN_FORCE
    town.on(date(2025, 11, 3))
    kept(town)
    ended = as_it_stands(town, agreement)
    assert (ended.stage, ended.ended, len(town.lines("sharing.expired"))) == (Standing.ENDED, date(2025, 11, 1), 1)


def test_a_change_takes_away_what_it_names_and_nothing_else(town: Town) -> None:
    """Items and quota shrink when the second key turns; what would give more, or nothing, is refused."""
    agreement = agreed(town)
    for wrong in (
        {},
        {"without": ("secret",)},
        {"without": ("name", "uscc", "capital", "address")},
        {"quota_per_day": 10_000},
        {"last_day": date(2025, 9, 23)},
        {"last_day": date(2027, 8, 31)},
        {"reason": " ", "quota_per_day": 5},
    ):
        with town.desk(ANSWERING_HEAD) as desk, pytest.raises(Invalid):
            sharing.propose_change(desk, agreement.id, **(WORDS | wrong))  # type: ignore[arg-type]
    with town.desk(ANSWERING_HEAD) as desk:
        sharing.propose_change(desk, agreement.id, without=("address",), quota_per_day=50, **WORDS)
    with town.desk(OVERSEER) as desk:
        changed = sharing.agree_change(desk, agreement.id)
    assert [item.name for item in changed.items] == ["name", "uscc", "capital"]
    assert (changed.quota_per_day, changed.ends) == (50, agreement.ends)
    assert changed.epoch > agreement.epoch


def test_silence_turns_no_key(town: Town) -> None:
    """A proposal that nobody answers is reported once; a year later the service still runs as it was agreed."""
    agreement = agreed(town)
    with town.desk(ANSWERING_HEAD) as desk:
        sharing.propose_change(desk, agreement.id, quota_per_day=50, **WORDS)
    town.on(date(2025, 10, 15))
    assert kept(town) == ["answer-change"]
    assert Work.DECIDE_CHANGE in desk_of(town, OVERSEER)
    town.on(date(2026, 9, 24))
    assert kept(town) == []
    assert as_it_stands(town, agreement).quota_per_day == agreement.quota_per_day
    with town.desk(OVERSEER) as desk, pytest.raises(Invalid):
        sharing.decline_change(desk, agreement.id, why=" ")
    with town.desk(OVERSEER) as desk:
        declined = sharing.decline_change(desk, agreement.id, why="服务仍为民生所需")
    assert declined.change is not None
    assert (declined.change.outcome, declined.owed) == (Outcome.DECLINED, ())
    with town.desk(ASKING_HEAD) as desk, pytest.raises(WrongMoment):
        sharing.agree_change(desk, agreement.id)


def test_an_authority_that_provides_has_one_key_too(town: Town) -> None:
    """Where the authority itself is the provider it cannot agree to its own proposal in its other post."""
    change = sharing.Change(
        **WORDS, clock=registers.shipped_deadline("CHANGE_ANSWER", date(2025, 9, 24)), quota_per_day=5
    )
    with pytest.raises(Refused) as refused:
        change.agree(AUTHORITY, provider=AUTHORITY, today=date(2025, 9, 24))
    assert "art. 27" in str(refused.value.basis)


def test_a_proposal_is_taken_back(town: Town) -> None:
    """Then another may be made."""
    agreement = agreed(town)
    with town.desk(ANSWERING_HEAD) as desk:
        sharing.propose_change(desk, agreement.id, quota_per_day=50, **WORDS)
        back = sharing.take_back_change(desk, agreement.id)
        assert sharing.take_back_change(desk, agreement.id) == back
        assert sharing.propose_change(desk, agreement.id, quota_per_day=60, **WORDS).owed


def test_whoever_needs_the_data_no_longer_says_so_and_disposes_of_it(town: Town) -> None:
    """The consumer ends its own right alone; the clock of disposal starts, and ends with its certificate."""
    agreement = agreed(town)
    with town.desk(ASKING_HEAD) as desk, pytest.raises(WrongMoment):
        sharing.certify_disposal(
            desk, agreement.id, manner=Manner.ERASED, copies="业务库与备份", done=date(2025, 9, 24)
        )
    with pytest.raises(NotAllowed), town.desk(ANSWERING_HEAD) as desk:
        sharing.conclude(desk, agreement.id, reason="不再需要")
    with town.desk(ASKING_HEAD) as desk:
        over = sharing.conclude(desk, agreement.id, reason="专项核查已完成")
        assert sharing.conclude(desk, agreement.id, reason="专项核查已完成") == over
    assert (over.stage, over.disposal and over.disposal.due) == (Standing.ENDED, date(2025, 10, 14))
    assert Work.DISPOSE in desk_of(town, ASKING_HEAD)
    assert Work.AWAIT_DISPOSAL in desk_of(town, ANSWERING_HEAD)
    town.on(date(2025, 10, 15))
    assert kept(town) == ["dispose"]
    assert Work.URGE_DISPOSAL in desk_of(town, OVERSEER)
    sound = {"manner": Manner.ERASED, "copies": "业务库与备份", "done": date(2025, 10, 14)}
    for wrong in (
        {"copies": ""},
        {"done": date(2025, 10, 16)},
        {"done": date(2025, 9, 1)},
        {"manner": Manner.KEPT_BY_LAW},
        {"paper": "x"},
    ):
        with town.desk(ASKING_HEAD) as desk, pytest.raises(Invalid):
            sharing.certify_disposal(desk, agreement.id, **(sound | wrong))  # type: ignore[arg-type]
    with pytest.raises(NotAllowed), town.desk(ANSWERING_HEAD) as desk:
        sharing.certify_disposal(desk, agreement.id, **sound)  # type: ignore[arg-type]
    with town.desk(ASKING_HEAD) as desk:
        gone = sharing.certify_disposal(desk, agreement.id, **sound)  # type: ignore[arg-type]
        assert sharing.certify_disposal(desk, agreement.id, **sound) == gone  # type: ignore[arg-type]
        with pytest.raises(WrongMoment):
            sharing.certify_disposal(desk, agreement.id, **(sound | {"copies": "另一份"}))  # type: ignore[arg-type]
    assert gone.disposed is not None
    assert (gone.disposed.late, gone.owed) == (True, ())
    assert "业务库" not in str(town.lines("sharing.disposed")[0].facts)


def test_a_term_ends_by_itself_and_its_copies_are_owed_an_end(town: Town) -> None:
    """On the day after the last day the house ends it, suspended or not; a node that slept counts from that day."""
    agreement = suspended(town, agreed(town))
    town.on(date(2027, 8, 31))
    with town.desk(HOUSE) as desk:
        assert sharing.end_terms(desk) == ()
    town.on(date(2027, 9, 20))
    with town.desk(HOUSE) as desk:
        assert sharing.end_terms(desk) == (agreement.id,)
        assert sharing.end_terms(desk) == ()
    ended = as_it_stands(town, agreement)
    assert (ended.stage, ended.ended) == (Standing.ENDED, date(2027, 9, 1))
    assert [one.task for one in ended.owed] == [Task.DISPOSE]
    with town.desk(ANSWERING_HEAD) as desk, pytest.raises(WrongMoment):
        sharing.resume(desk, agreement.id)


def test_every_change_is_told_to_those_concerned(town: Town) -> None:
    """Each act reaches the desks of the other side, by the page of the agreement, with the day that now runs."""
    agreement = agreed(town)
    with town.desk(ANSWERING_HEAD) as desk:
        sharing.propose_change(desk, agreement.id, quota_per_day=50, **WORDS)
    suspended(town, agreement, OVERSEER)
    with town.desk(ASKING_HEAD) as desk:
        sharing.conclude(desk, agreement.id, reason="专项核查已完成")
    told = {
        line.act: {(one.body, one.thing.value, one.due) for one in notices_of(line, [AUTHORITY])}
        for line in town.lines("sharing.")
    }
    assert told["sharing.change_proposed"] == {
        (SOCIAL, "agreement", date(2025, 10, 14)),
        (AUTHORITY, "agreement", date(2025, 10, 14)),
    }
    assert told["sharing.suspended"] == {
        (SOCIAL, "agreement", date(2025, 10, 20)),
        (MARKET, "agreement", date(2025, 10, 20)),
    }
    assert told["sharing.concluded"] == {(MARKET, "agreement", date(2025, 10, 14))}


def test_a_stranger_learns_of_no_step(town: Town) -> None:
    """For a third body the agreement does not exist, whatever it tries."""
    agreement = agreed(town)
    for act in (
        lambda desk: sharing.rectify(desk, agreement.id, report="x"),
        lambda desk: sharing.judge_rectification(desk, agreement.id, why="x"),
        lambda desk: sharing.propose_change(desk, agreement.id, quota_per_day=1, **WORDS),
        lambda desk: sharing.conclude(desk, agreement.id, reason="x"),
    ):
        with pytest.raises((NotFound, NotAllowed)), town.desk(officer(STRANGER, Duty.OFFICE_HEAD)) as desk:
            act(desk)


def test_the_new_years_notice_moves_these_days_too(town: Town) -> None:
    """A clock that ran into a year without notice is counted anew when the notice comes; a day that was set stays."""
    agreement = agreed(town)
    town.on(date(2026, 12, 25))
    with town.desk(ASKING_HEAD) as desk:
        over = sharing.conclude(desk, agreement.id, reason="专项核查已完成")
    assert over.disposal is not None
    assert (over.disposal.due, over.disposal.provisional) == (date(2027, 1, 8), True)
    with town.desk(HOUSE) as desk:
        registers.enter_calendar(
            desk, 2027, {date(2027, 1, 4): False, date(2027, 1, 5): False}, "国办发明电〔2026〕7号"
        )
        assert sharing.recompute_deadlines(desk, 2027) == (agreement.id,)
    moved = as_it_stands(town, agreement).disposal
    assert moved is not None
    assert moved.due > over.disposal.due
    assert not moved.provisional
    line = town.lines("sharing.deadline_recomputed")[-1]
    assert (line.facts["clock"], line.facts["was"]) == ("dispose", over.disposal.due.isoformat())


def test_moves_on_the_page_are_moves_of_the_law(town: Town) -> None:
    """Whatever an agreement leaves open to a body can be done then, and no state is without an exit."""
    agreement = agreed(town)
    today = date(2025, 9, 24)
    moves = sharing.moves_of_agreement
    assert moves(agreement, MARKET, today) == {"suspend", "propose_change", "conclude", "draft_amendment"}
    taken = suspended(town, agreement, OVERSEER)
    assert moves(taken, MARKET, today) == {"propose_change", "conclude", "rectify"}
    assert "resume" in moves(taken, AUTHORITY, today)
    assert "terminate" in moves(taken, MARKET, today + timedelta(days=60))
