"""More or other use than was agreed is applied for anew, while the old terms run on (Order 809, arts 20 and 25)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from jutong import oversight, sharing
from jutong.catalogue import Purpose, ShareType
from jutong.kernel.db import transaction
from jutong.kernel.errors import Invalid, NotAllowed, NotFound, Refused, WrongMoment
from jutong.notices.notice import notices_of
from jutong.oversight import Work
from jutong.oversight.owed import Kind, debts
from jutong.sharing import Agreement, Delta, Request, Stage
from jutong.terms import Duty
from tests.town import (
    ANSWERING_HEAD,
    ASKING,
    ASKING_HEAD,
    HOUSE,
    OVERSEER,
    STRANGER,
    Town,
    a_town,
    officer,
    submitted,
)

WORDS = {"legal_basis": "社会保险法第五十一条", "scenario": "稳岗返还核验", "scope": "本市参保企业"}
WIDER = Delta(
    **WORDS,
    items=("name", "uscc", "capital", "address", "reg_date"),
    purposes=(Purpose.SOCIAL_SECURITY, Purpose.STATISTICS),
    quota_per_day=20_000,
    ends=date(2028, 6, 30),
)


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    """One node with a published entry."""
    town = a_town(tmp_path)
    yield town
    town.engine.dispose()


def agreed(town: Town) -> Agreement:
    """Bring an agreement about on 2025-09-24 with a stricter mask than the catalogue's, delivered on the same day."""
    request_id = submitted(town, date(2025, 9, 24))
    with town.desk(ANSWERING_HEAD) as desk:
        agreement = sharing.approve(desk, request_id, masks={"address": "drop"})
        return sharing.record_delivery(desk, agreement.id)


def applied(town: Town, agreement: Agreement, delta: Delta = WIDER) -> Request:
    """Let the consumer apply, and its head sign, on 2025-10-09."""
    town.on(date(2025, 10, 9))
    with town.desk(ASKING) as desk:
        request = sharing.draft_amendment(desk, agreement.id, delta)
    with town.desk(ASKING_HEAD) as desk:
        sharing.sign_request(desk, request.id)
        return sharing.submit_request(desk, request.id)


def stands(town: Town, agreement: Agreement) -> Agreement:
    """Return the agreement as it now stands."""
    with transaction(town.engine) as db:
        return sharing.find_agreement(db, agreement.id)


def test_until_the_answer_the_old_terms_run_on(town: Town) -> None:
    """The application has the clocks of a request; the agreement does not move, not even its epoch."""
    agreement = agreed(town)
    request = applied(town, agreement)
    assert request.clock is not None
    assert (request.amends, request.stage, request.clock.due) == (agreement.id, Stage.SUBMITTED, date(2025, 10, 22))
    assert stands(town, agreement) == agreement
    with transaction(town.engine) as db:
        own, _ = oversight.waiting_for(db, ANSWERING_HEAD, town.now)
    assert Work.ANSWER in own.sizes


def test_a_yes_gives_the_same_agreement_a_new_epoch_and_owes_a_delivery(town: Town) -> None:
    """Terms, digest and delivery clock are new; number, first day and the day of first use stay."""
    agreement = agreed(town)
    request = applied(town, agreement)
    town.on(date(2025, 10, 10))
    with town.desk(ANSWERING_HEAD) as desk:
        changed = sharing.approve(desk, request.id, quota_per_day=15_000)
    assert (changed.id, changed.starts, changed.delivered) == (agreement.id, agreement.starts, agreement.delivered)
    assert changed.epoch > agreement.epoch
    assert (changed.quota_per_day, changed.ends) == (15_000, date(2028, 6, 30))
    assert Purpose.STATISTICS in changed.purposes
    masks = {item.name: item.mask for item in changed.items}
    assert masks["address"] == "drop"  # what was agreed to stays as strict as it was
    assert "reg_date" in masks
    assert changed.delivery.started == date(2025, 10, 10)
    assert changed.due == changed.delivery.due
    assert changed.covers(town.now.date())
    (line,) = town.lines("sharing.amended")
    assert (line.on, line.facts["by"]) == (agreement.id, request.id)
    assert (line.facts["was"], line.facts["agreed"]) == (agreement.digest(), changed.digest())
    with town.desk(HOUSE) as desk:
        delivered = sharing.record_delivery(desk, agreement.id)
    assert (delivered.due, delivered.widened, delivered.delivered) == (None, None, agreement.delivered)
    with town.desk(ANSWERING_HEAD) as desk:
        assert sharing.approve(desk, request.id) == delivered  # the same yes again changes nothing
    with transaction(town.engine) as db:
        assert sharing.agreement_from(db, request.id) == delivered
        assert sharing.agreement_from(db, agreement.request) == delivered
    assert {one.kind for one in debts(town.placed()) if one.done is None} <= {Kind.AUDIT}


def test_a_refusal_leaves_everything_as_it_was(town: Town) -> None:
    """The consumer is told why, and the service goes on."""
    agreement = agreed(town)
    request = applied(town, agreement)
    with town.desk(ANSWERING_HEAD) as desk:
        sharing.refuse(desk, request.id, reason="超出职责", basis="条例第十五条")
    assert stands(town, agreement) == agreement
    (line,) = town.lines("sharing.refused")
    assert line.facts["amends"] == agreement.id
    assert notices_of(line, set())
    with town.desk(ASKING) as desk:  # and may apply again
        assert sharing.draft_amendment(desk, agreement.id, WIDER).id != request.id


def test_what_is_added_is_judged_by_its_grade_as_in_any_request(town: Town) -> None:
    """What the catalogue masks stays masked, and what it shares under conditions is answered by a person."""
    town.on(date(2025, 9, 24))
    request_id = submitted(town, date(2025, 9, 24), items=("name", "uscc"))
    with town.desk(ANSWERING_HEAD) as desk:
        agreement = sharing.approve(desk, request_id)
    request = applied(town, agreement)
    assert request.share_type is ShareType.CONDITIONAL  # by what is added: nobody answers it by machine
    for masks in ({"address": "none"}, {"address": "keep:8:0"}):
        with town.desk(ANSWERING_HEAD) as desk, pytest.raises(Refused, match="shows more"):
            sharing.approve(desk, request.id, masks=masks)
    assert stands(town, agreement) == agreement
    with town.desk(ANSWERING_HEAD) as desk:
        changed = sharing.approve(desk, request.id)
    assert {one.name: one.mask for one in changed.items}["address"] == "keep:6:0"


def test_who_may_apply_and_for_what(town: Town) -> None:
    """Only the using body, one change at a time, only what differs, and never the day on which it began."""
    agreement = agreed(town)
    for other in (ANSWERING_HEAD, OVERSEER):
        with town.desk(other) as desk, pytest.raises(NotAllowed):
            sharing.draft_amendment(desk, agreement.id, WIDER)
    with town.desk(officer(STRANGER, Duty.REQUESTS)) as desk, pytest.raises(NotFound):
        sharing.draft_amendment(desk, agreement.id, WIDER)
    with town.desk(ASKING) as desk, pytest.raises(Invalid, match="changes nothing"):
        sharing.draft_amendment(desk, agreement.id, Delta(**WORDS))
    with town.desk(ASKING) as desk:
        request = sharing.draft_amendment(desk, agreement.id, WIDER)
        assert sharing.draft_amendment(desk, agreement.id, WIDER) == request
    with town.desk(ASKING) as desk, pytest.raises(WrongMoment):
        sharing.draft_amendment(desk, agreement.id, replace(WIDER, quota_per_day=30_000))
    with town.desk(ASKING) as desk, pytest.raises(Invalid):
        sharing.redraft_request(desk, request.id, replace(request.wish, starts=date(2025, 11, 1)))
    with town.desk(ASKING) as desk:
        smaller = sharing.redraft_request(desk, request.id, replace(request.wish, quota_per_day=30_000))
    assert (smaller.amends, smaller.before) == (agreement.id, request.before)


def test_a_change_is_not_agreed_to_over_another_one(town: Town) -> None:
    """What was compared with the agreement must still be what stands; a suspended one gives nothing more."""
    agreement = agreed(town)
    request = applied(town, agreement)
    with town.desk(ANSWERING_HEAD) as desk:
        sharing.propose_change(desk, agreement.id, reason="容量", basis="通知", quota_per_day=5)
    with town.desk(ANSWERING_HEAD) as desk, pytest.raises(WrongMoment, match="proposal"):
        sharing.approve(desk, request.id)
    with town.desk(ASKING_HEAD) as desk:
        sharing.agree_change(desk, agreement.id)
    with town.desk(ANSWERING_HEAD) as desk, pytest.raises(WrongMoment, match="has changed"):
        sharing.approve(desk, request.id)
    with town.desk(ANSWERING_HEAD) as desk:
        sharing.suspend(desk, agreement.id, reason="转提供")
    with town.desk(ANSWERING_HEAD) as desk, pytest.raises(WrongMoment):
        sharing.approve(desk, request.id)


def test_what_has_ended_is_not_asked_for_any_more(town: Town) -> None:
    """When the agreement ends, the house takes the open application back."""
    agreement = agreed(town)
    request = applied(town, agreement)
    with town.desk(HOUSE) as desk:
        assert sharing.drop_amendments(desk, agreement.id) == ()
    with town.desk(ASKING_HEAD) as desk:
        sharing.conclude(desk, agreement.id, reason="不再需要")
    with town.desk(HOUSE) as desk:
        assert sharing.drop_amendments(desk, agreement.id) == (request.id,)
        assert sharing.drop_amendments(desk, agreement.id) == ()
    with transaction(town.engine) as db:
        assert sharing.find_request(db, request.id).stage is Stage.WITHDRAWN
