"""Disputes about sharing climb the ladder of art. 28, and what ends them binds what they are about."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from jutong import oversight, registers, sharing
from jutong.kernel.db import transaction
from jutong.kernel.errors import Invalid, NotAllowed, NotFound, Refused, WrongMoment
from jutong.notices.notice import notices_of
from jutong.oversight import Work
from jutong.sharing import Agreement, Request, Stage, Standing, dispute
from jutong.sharing.dispute import Dispute, Ruling, Rung, State, arbiter_of, government_of
from jutong.terms import Actor, BodyKind, Duty, Org
from tests.postgres import fresh_database
from tests.town import (
    ANSWERING_HEAD,
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

GOVERNMENT = "11500000MB5000050N"
WHY = "属于履行职责所必需，理由不成立"


def org(code: str, division: str, kind: BodyKind = BodyKind.AUTHORITY) -> Org:
    """Return a body of a division."""
    return Org(code=code, name=code, division=division, kind=kind)


NATION, CITY, OTHER_CITY, DISTRICT = (
    org("n", "000000"),
    org("c", "500000"),
    org("o", "510000"),
    org("d", "500112"),
)
AUTHORITIES = (NATION, CITY, OTHER_CITY, DISTRICT)


@pytest.mark.parametrize(
    ("one", "other", "judge"),
    [
        ("500112", "500112", "d"),  # the same tier: its own authority
        ("500112", "500000", "c"),  # across tiers
        ("500112", "500103", "c"),  # across areas
        ("500000", "510000", "n"),  # across provinces
        ("510104", "510000", "o"),
    ],
)
def test_the_nearest_authority_above_both_mediates(one: str, other: str, judge: str) -> None:
    """Of the same tier its own authority; across tiers or areas the common superior (art. 28)."""
    sides = (org("1", one, BodyKind.DEPARTMENT), org("2", other, BodyKind.DEPARTMENT))
    assert arbiter_of(sides, (*sides, *AUTHORITIES)).code == judge


def test_an_authority_does_not_judge_its_own_case() -> None:
    """Where it is a party the next one above mediates; where there is none the ladder says whom to register."""
    sides = (DISTRICT, org("2", "500112", BodyKind.DEPARTMENT))
    assert arbiter_of(sides, (*sides, *AUTHORITIES)).code == "c"
    with pytest.raises(Refused, match="stands above both"):
        arbiter_of(sides, sides)
    governments = (org("g", "500000", BodyKind.GOVERNMENT), org("h", "510000", BodyKind.GOVERNMENT))
    assert government_of(CITY, (*AUTHORITIES, *governments)) == governments[0]
    assert government_of(DISTRICT, governments) is None


@pytest.fixture(params=["sqlite", "postgresql"])
def town(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Town]:
    """One node with a published entry, on either database."""
    url = ""
    if request.param == "postgresql":
        url = fresh_database(request.getfixturevalue("postgres_url")).replace("postgresql:", "postgresql+psycopg:")
    town = a_town(tmp_path, url=url)
    yield town
    town.engine.dispose()


def refused(town: Town) -> str:
    """Let a request be refused on 2025-09-24."""
    request_id = submitted(town, date(2025, 9, 24))
    with town.desk(ANSWERING_HEAD) as desk:
        sharing.refuse(desk, request_id, reason="与职责无关", basis="条例第二十条")
    return request_id


def opened(town: Town, about: str, ruling: Ruling = Ruling.SHARE) -> Dispute:
    """Let the consumer open a dispute."""
    with town.desk(ASKING_HEAD) as desk:
        return dispute.open_dispute(desk, about, ruling, WHY)


def request_as_it_stands(town: Town, request_id: str) -> Request:
    """Return the request as it now stands."""
    with transaction(town.engine) as db:
        return sharing.find_request(db, request_id)


def has_work(town: Town, actor: Actor) -> bool:
    """Say whether a desk shows a dispute to act in."""
    with transaction(town.engine) as db:
        own, _ = oversight.waiting_for(db, actor, town.now)
    return Work.SETTLE_DISPUTE in own.sizes


def test_what_both_bodies_accept_binds_the_request(town: Town) -> None:
    """The provider accepts while they negotiate: the refusal is undone, the clock runs anew, and no second refusal."""
    request_id = refused(town)
    one = opened(town, request_id)
    assert (one.rung, one.clock.due, one.same_tier, one.arbiter) == (
        Rung.NEGOTIATION,
        date(2025, 10, 14),
        True,
        AUTHORITY,
    )
    assert opened(town, request_id) == one
    assert has_work(town, ANSWERING_HEAD)
    assert not has_work(town, OVERSEER)
    (line,) = town.lines("sharing.dispute_opened")
    assert {(told.body, told.side.value) for told in notices_of(line, {AUTHORITY})} == {(MARKET, "answering")}
    with town.desk(ANSWERING_HEAD) as desk:
        settled = dispute.accept_ruling(desk, one.id)
    assert (settled.state, settled.ruling) == (State.SETTLED, Ruling.SHARE)
    bound = request_as_it_stands(town, request_id)
    assert (bound.stage, bound.bound, bound.due) == (Stage.SUBMITTED, one.id, date(2025, 10, 14))
    with town.desk(ANSWERING_HEAD) as desk, pytest.raises(Refused, match="ruling that the data is shared"):
        sharing.refuse(desk, request_id, reason="仍不同意", basis="条例")
    with town.desk(ANSWERING_HEAD) as desk:
        assert sharing.approve(desk, request_id).covers(date(2025, 9, 24))
    assert not has_work(town, ANSWERING_HEAD)
    assert all(WHY not in str(told.facts) for told in town.lines("sharing."))


def test_the_ladder_is_climbed_rung_by_rung(town: Town) -> None:
    """Negotiation, the authority, its government: each by its own body, each step dated, each late rung reported."""
    with town.desk(HOUSE) as desk:
        registers.register_body(
            desk, Org(code=GOVERNMENT, name="市人民政府", division="500000", kind=BodyKind.GOVERNMENT)
        )
    mayor = officer(GOVERNMENT, Duty.DEPARTMENT_HEAD)
    one = opened(town, refused(town))
    for actor in (OVERSEER, mayor):
        with town.desk(actor) as desk, pytest.raises((NotAllowed, WrongMoment)):
            dispute.propose_ruling(desk, one.id, Ruling.STAND, "不必共享")
    town.on(date(2025, 10, 15))
    with town.desk(HOUSE) as desk:
        assert dispute.escalate_disputes(desk) == (one.id,)
        assert dispute.escalate_disputes(desk) == ()
    with town.desk(ANSWERING_HEAD) as desk:
        dispute.state_opinion(desk, one.id, "涉及商业秘密")
    with town.desk(ASKING_HEAD) as desk:
        one = dispute.take_up_dispute(desk, one.id, "协商不成")
    assert (one.rung, one.clock.due, one.late) == (Rung.MEDIATION, date(2025, 11, 5), True)
    assert has_work(town, OVERSEER)
    with town.desk(ASKING_HEAD) as desk, pytest.raises(NotAllowed):
        dispute.decide_dispute(desk, one.id, Ruling.SHARE, "自己决定")
    with town.desk(OVERSEER) as desk:
        dispute.propose_ruling(desk, one.id, Ruling.SHARE, "脱敏后共享")
    with town.desk(ASKING_HEAD) as desk:
        assert dispute.accept_ruling(desk, one.id).state is State.OPEN
    with town.desk(OVERSEER) as desk:
        one = dispute.refer_dispute(desk, one.id, "提供部门不接受")
    assert one.turns == {GOVERNMENT}
    (line,) = town.lines("sharing.dispute_referred")
    assert (GOVERNMENT, "judging") in {(told.body, told.side.value) for told in notices_of(line, {AUTHORITY})}
    with town.desk(OVERSEER) as desk, pytest.raises(NotAllowed):
        dispute.decide_dispute(desk, one.id, Ruling.SHARE, "代为决定")
    with town.desk(mayor) as desk:
        one = dispute.decide_dispute(desk, one.id, Ruling.SHARE, "应当共享")
        assert dispute.decide_dispute(desk, one.id, Ruling.SHARE, "应当共享") == one
    assert (one.state, one.ended) == (State.DECIDED, date(2025, 10, 15))
    assert [said.rung for said in one.opinions] == [
        *[Rung.NEGOTIATION] * 3,
        *[Rung.MEDIATION] * 2,
        Rung.DECISION,
    ]
    assert request_as_it_stands(town, one.about).stage is Stage.SUBMITTED
    with pytest.raises(WrongMoment, match="government has decided"):
        opened(town, one.about, Ruling.STAND)


def test_without_a_government_at_the_node_its_paper_is_entered(town: Town) -> None:
    """The authority enters the decision with the paper's number, and not without it."""
    one = opened(town, refused(town))
    with town.desk(ASKING_HEAD) as desk:
        dispute.take_up_dispute(desk, one.id, "协商不成")
    with town.desk(OVERSEER) as desk:
        dispute.refer_dispute(desk, one.id, "未达成一致")
    with town.desk(OVERSEER) as desk, pytest.raises(Invalid):
        dispute.decide_dispute(desk, one.id, Ruling.STAND, "维持")
    with town.desk(OVERSEER) as desk:
        one = dispute.decide_dispute(desk, one.id, Ruling.STAND, "维持", paper="渝府函〔2025〕9号")
    assert (one.paper, one.ruling) == ("渝府函〔2025〕9号", Ruling.STAND)
    assert request_as_it_stands(town, one.about).stage is Stage.REFUSED


def test_a_ruling_on_an_agreement_gives_rights_back_or_ends_them(town: Town) -> None:
    """Suspended by the provider, given back by the ruling; another ruling ends it and starts the clock of disposal."""
    request_id = submitted(town, date(2025, 9, 24))
    with town.desk(ANSWERING_HEAD) as desk:
        agreement = sharing.record_delivery(desk, sharing.approve(desk, request_id).id)
        sharing.suspend(desk, agreement.id, reason="超范围使用")

    def ruled(ruling: Ruling) -> Agreement:
        one = opened(town, agreement.id, ruling)
        with town.desk(ANSWERING_HEAD) as desk:
            dispute.accept_ruling(desk, one.id)
        with transaction(town.engine) as db:
            return sharing.find_agreement(db, agreement.id)

    assert ruled(Ruling.RESUME).stage is Standing.IN_FORCE
    after = ruled(Ruling.END)
    assert after.stage is Standing.ENDED
    assert after.disposal is not None
    assert len(town.lines("sharing.resumed")) == len(town.lines("sharing.concluded")) == 1


def test_who_may_not_and_what_cannot_be_disputed(town: Town) -> None:
    """A stranger learns nothing; a draft is nobody's dispute yet; a ruling fits its thing."""
    stranger = officer(STRANGER, Duty.OFFICE_HEAD)
    request_id = refused(town)
    with town.desk(stranger) as desk, pytest.raises(NotFound):
        dispute.open_dispute(desk, request_id, Ruling.SHARE, WHY)
    with pytest.raises(Invalid):
        opened(town, request_id, Ruling.RESUME)
    one = opened(town, request_id)
    with town.desk(stranger) as desk, pytest.raises(NotFound):
        dispute.state_opinion(desk, one.id, "路过")
    with town.desk(ANSWERING_HEAD) as desk, pytest.raises(WrongMoment, match="is open"):
        dispute.open_dispute(desk, request_id, Ruling.STAND, "另起")
    with town.desk(ANSWERING_HEAD) as desk, pytest.raises(NotAllowed):
        dispute.withdraw_dispute(desk, one.id)
    with town.desk(ASKING_HEAD) as desk:
        assert dispute.withdraw_dispute(desk, one.id).state is State.WITHDRAWN
    with town.desk(ASKING_HEAD) as desk, pytest.raises(WrongMoment, match="has ended"):
        dispute.state_opinion(desk, one.id, "后悔了")
    assert opened(town, request_id).id != one.id
    assert SOCIAL in one.parties
