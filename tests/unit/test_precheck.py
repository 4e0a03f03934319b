"""The authority's check of requests: a stage that a local rule sets, with its own clock; elsewhere there is none."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from jutong import oversight, registers, sharing
from jutong.kernel.db import transaction
from jutong.kernel.errors import Invalid, NotAllowed, WrongMoment
from jutong.notices.notice import notices_of
from jutong.oversight import Work
from jutong.registers import store as register
from jutong.sharing import Paper, Request, Stage
from jutong.terms import Actor, BodyKind, Org
from tests.town import (
    ANSWERING_HEAD,
    ASKING,
    ASKING_HEAD,
    AUTHORITY,
    HOUSE,
    MARKET,
    OVERSEER,
    SOCIAL,
    Town,
    a_town,
    submitted,
)

PAPER = Paper(title="三定方案", digest="0" * 64)


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    """A node whose provider lies in a place with a check of its own and shorter terms."""
    town = a_town(tmp_path)
    with town.desk(HOUSE) as desk:
        kind = BodyKind.DEPARTMENT
        registers.register_body(desk, Org(code=MARKET, name="高平市市场监督管理局", division="140581", kind=kind))
    yield town
    town.engine.dispose()


def as_it_stands(town: Town, request_id: str) -> Request:
    """Return the request as it now stands."""
    with transaction(town.engine) as db:
        return sharing.find_request(db, request_id)


def works(town: Town, actor: Actor) -> set[Work]:
    """Return the kinds of work on a desk."""
    with transaction(town.engine) as db:
        own, _ = oversight.waiting_for(db, actor, town.now)
    return set(own.sizes)


def test_where_a_rule_sets_it_the_authority_checks_before_the_provider_receives(town: Town) -> None:
    """Two working days for the check, then five for the answer, each from its own day and by its own rule."""
    request_id = submitted(town, date(2025, 9, 24))
    request = as_it_stands(town, request_id)
    assert (request.stage, request.received, request.due) == (Stage.PRECHECK, None, None)
    assert request.precheck is not None
    assert request.precheck.clock.due == date(2025, 9, 26)
    assert town.lines("sharing.submitted") == []  # the provider owes nothing yet
    assert Work.CHECK_REQUEST in works(town, OVERSEER)
    assert Work.ANSWER not in works(town, ANSWERING_HEAD)
    (line,) = town.lines("sharing.precheck_asked")
    assert [(one.body, one.due) for one in notices_of(line, {AUTHORITY})] == [(AUTHORITY, date(2025, 9, 26))]
    for actor in (ASKING_HEAD, ANSWERING_HEAD):
        with town.desk(actor) as desk, pytest.raises(NotAllowed):
            sharing.pass_precheck(desk, request_id)
    with town.desk(ANSWERING_HEAD) as desk, pytest.raises(WrongMoment):
        sharing.approve(desk, request_id)
    town.on(date(2025, 9, 25))
    with town.desk(OVERSEER) as desk:
        passed = sharing.pass_precheck(desk, request_id)
        assert sharing.pass_precheck(desk, request_id) == passed
    assert (passed.stage, passed.received, passed.due) == (Stage.SUBMITTED, date(2025, 9, 25), date(2025, 10, 9))
    assert len(town.lines("sharing.submitted")) == len(town.lines("sharing.precheck_passed")) == 1
    with town.desk(ANSWERING_HEAD) as desk:
        assert sharing.approve(desk, request_id).consumer == SOCIAL


def test_it_is_sent_back_once_with_the_whole_list(town: Town) -> None:
    """What is missing is told once; handed in, the clock starts anew, and the request can only be passed on."""
    request_id = submitted(town, date(2025, 9, 24))
    with town.desk(OVERSEER) as desk, pytest.raises(Invalid):
        sharing.return_precheck(desk, request_id, [])
    with town.desk(OVERSEER) as desk:
        back = sharing.return_precheck(desk, request_id, ["三定方案", "承诺书"])
        assert sharing.return_precheck(desk, request_id, ["三定方案", "承诺书"]) == back
    assert Work.SUPPLEMENT in works(town, ASKING)
    assert Work.CHECK_REQUEST not in works(town, OVERSEER)
    with town.desk(OVERSEER) as desk, pytest.raises(WrongMoment):
        sharing.pass_precheck(desk, request_id)
    town.on(date(2025, 10, 9))
    with town.desk(ASKING) as desk:
        again = sharing.supplement(desk, request_id, [PAPER])
        assert sharing.supplement(desk, request_id, [PAPER]) == again
    assert again.precheck is not None
    assert (again.stage, again.precheck.clock.due) == (Stage.PRECHECK, date(2025, 10, 11))  # a Saturday that works
    assert PAPER in again.wish.papers
    assert "return_precheck" not in sharing.moves_of(again)
    with town.desk(OVERSEER) as desk, pytest.raises(WrongMoment, match="told on 2025-09-24"):
        sharing.return_precheck(desk, request_id, ["还有"])
    assert len(town.lines("sharing.precheck_completed")) == 1


def test_a_check_that_is_late_is_reported_once_and_passes_nobody(town: Town) -> None:
    """Silence is no word: the request stays where it is, the breach is told, and stays on record."""
    request_id = submitted(town, date(2025, 9, 24))
    town.on(date(2025, 9, 28))
    with town.desk(HOUSE) as desk:
        assert sharing.escalate_prechecks(desk) == (request_id,)
        assert sharing.escalate_prechecks(desk) == ()
    (line,) = town.lines("sharing.escalated")
    assert (line.facts["clock"], line.facts["due"]) == ("precheck", "2025-09-26")
    assert {one.thing.value for one in notices_of(line, {AUTHORITY})} == {"request"}
    assert as_it_stands(town, request_id).stage is Stage.PRECHECK
    with town.desk(OVERSEER) as desk:
        passed = sharing.pass_precheck(desk, request_id)
    assert passed.precheck is not None
    assert passed.precheck.late
    assert not passed.late  # the provider's own clock begins only now


def test_elsewhere_there_is_no_such_stage(tmp_path: Path) -> None:
    """Where no place sets it, a request goes to its provider at once, by the country's ten days."""
    town = a_town(tmp_path)
    request = as_it_stands(town, submitted(town, date(2025, 9, 24)))
    assert (request.stage, request.precheck, request.due) == (Stage.SUBMITTED, None, date(2025, 10, 14))
    with town.desk(OVERSEER) as desk, pytest.raises(WrongMoment):
        sharing.pass_precheck(desk, request.id)
    with town.desk(ASKING) as desk:
        assert sharing.withdraw(desk, request.id).stage is Stage.WITHDRAWN
    town.engine.dispose()


def test_a_rule_that_lapses_meanwhile_still_leads_what_was_asked_under_it(town: Town) -> None:
    """A request that was sent back goes on by the rule of the day on which it was asked; a later one knows no check."""
    request_id = submitted(town, date(2025, 9, 24))
    with town.desk(OVERSEER) as desk:
        sharing.return_precheck(desk, request_id, ["三定方案"])
    with transaction(town.engine) as db:
        (rule,) = (one for one in registers.deadline_rules(db) if one.id == "REQ_PRECHECK")
        register.save_rule(db, replace(rule, until=date(2025, 9, 30)))
    town.on(date(2025, 10, 9))
    with town.desk(ASKING) as desk:
        again = sharing.supplement(desk, request_id, [PAPER])
    assert again.precheck is not None
    assert again.precheck.clock.due == date(2025, 10, 11)
    other = as_it_stands(town, submitted(town, date(2025, 10, 9), scenario="另一场景"))
    assert (other.stage, other.precheck) == (Stage.SUBMITTED, None)
