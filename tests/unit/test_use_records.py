"""Records of use: the consumer keeps its book for three years, both sides read it, and silence is reminded of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from jutong import oversight, sharing
from jutong.kernel.db import transaction
from jutong.kernel.errors import Invalid, NotAllowed, NotFound, WrongMoment
from jutong.notices.notice import notices_of
from jutong.oversight import Work
from jutong.sharing import Agreement, use
from jutong.sharing.use import Usage, store
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

USAGE = Usage(
    since=date(2025, 9, 24),
    until=date(2025, 10, 9),
    scene="失业保险金申领核验原单位",
    process="经办窗口逐笔核验，共 312 次",
    effect="免交单位证明 312 份",
    storage="不落地，仅留办件编号",
)


@pytest.fixture(params=["sqlite", "postgresql"])
def town(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Town]:
    """One node with a published entry, on either database."""
    url = ""
    if request.param == "postgresql":
        url = fresh_database(request.getfixturevalue("postgres_url")).replace("postgresql:", "postgresql+psycopg:")
    town = a_town(tmp_path, url=url)
    yield town
    town.engine.dispose()


def delivered(town: Town) -> Agreement:
    """Bring an agreement about on 2025-09-24, delivered on the same day."""
    request_id = submitted(town, date(2025, 9, 24))
    with town.desk(ANSWERING_HEAD) as desk:
        agreement = sharing.approve(desk, request_id)
        return sharing.record_delivery(desk, agreement.id)


def read_by(town: Town, actor: Actor) -> tuple[use.UseRecord, ...]:
    """Return the records that somebody may read."""
    with transaction(town.engine) as db:
        return use.uses_listed(db, actor)


def watched(town: Town, day: date) -> tuple[str, ...]:
    """Let the house keep its watch on a day."""
    town.on(day)
    with town.desk(HOUSE) as desk:
        return use.watch_use(desk)


def test_a_record_is_read_by_both_sides_and_kept_for_three_years(town: Town) -> None:
    """The consumer writes it once; provider and authority may inspect it; nobody lets it go before its day."""
    agreement = delivered(town)
    town.on(date(2025, 10, 9))
    with town.desk(ASKING) as desk:
        record = use.record_use(desk, agreement.id, USAGE)
        assert use.record_use(desk, agreement.id, USAGE) == record
    assert record.kept.due == date(2028, 10, 9)
    for actor in (ASKING, ANSWERING_HEAD, OVERSEER):
        assert read_by(town, actor) == (record,)
    assert read_by(town, officer(STRANGER, Duty.REQUESTS)) == ()
    (line,) = town.lines("sharing.use_recorded")
    assert {(one.body, one.side.value) for one in notices_of(line, {AUTHORITY})} == {(MARKET, "answering")}
    assert all(USAGE.scene not in str(one.facts) for one in town.lines("sharing."))
    town.on(date(2028, 10, 9))
    with town.desk(ASKING_HEAD) as desk, pytest.raises(WrongMoment, match="kept through 2028-10-09"):
        use.discard_use(desk, record.id)
    with transaction(town.engine) as db:
        store.drop_use(db, record.id, date(2028, 10, 9))  # nor does the store, whoever asks it
    assert read_by(town, ASKING) == (record,)
    town.on(date(2028, 10, 10))
    with town.desk(ANSWERING_HEAD) as desk, pytest.raises(NotAllowed):
        use.discard_use(desk, record.id)
    with town.desk(ASKING_HEAD) as desk:
        use.discard_use(desk, record.id)
    assert read_by(town, ASKING) == ()
    assert len(town.lines("sharing.use_discarded")) == 1
    with town.desk(ASKING_HEAD) as desk, pytest.raises(NotFound):
        use.discard_use(desk, record.id)


def test_what_cannot_be_a_record_is_refused(town: Town) -> None:
    """Days before the delivery or to come, an empty field, another body's pen, a service that never answered."""
    agreement = delivered(town)
    town.on(date(2025, 10, 9))
    wrong = (
        replace(USAGE, since=date(2025, 9, 23)),
        replace(USAGE, until=date(2025, 10, 10)),
        replace(USAGE, since=date(2025, 10, 9), until=date(2025, 10, 8)),
        replace(USAGE, scene=" "),
        replace(USAGE, destruction="\u202e"),
    )
    for usage in wrong:
        with town.desk(ASKING) as desk, pytest.raises(Invalid):
            use.record_use(desk, agreement.id, usage)
    with town.desk(officer(MARKET, Duty.REQUESTS)) as desk, pytest.raises(NotAllowed):
        use.record_use(desk, agreement.id, USAGE)
    with town.desk(officer(STRANGER, Duty.REQUESTS)) as desk, pytest.raises(NotFound):
        use.record_use(desk, agreement.id, USAGE)
    second = submitted(town, date(2025, 10, 9), scenario="另一场景")
    with town.desk(ANSWERING_HEAD) as desk:
        undelivered = sharing.approve(desk, second)
    with town.desk(ASKING) as desk, pytest.raises(WrongMoment):
        use.record_use(desk, undelivered.id, USAGE)
    assert town.lines("sharing.use_recorded") == []


def test_an_agreement_in_use_without_a_record_is_reminded_of_once_a_period(town: Town) -> None:
    """Sixty working days of silence: consumer, provider and authority are told; a record starts the period anew."""
    agreement = delivered(town)
    assert watched(town, date(2025, 12, 1)) == ()
    with transaction(town.engine) as db:
        own, _ = oversight.waiting_for(db, ASKING, town.on(date(2025, 12, 19)).now)
    assert own.sizes[Work.RECORD_USE] == 1
    assert watched(town, date(2025, 12, 24)) == (agreement.id,)
    assert watched(town, date(2025, 12, 25)) == ()
    (line,) = town.lines("sharing.use_unrecorded")
    told = {(one.body, one.side.value) for one in notices_of(line, {AUTHORITY})}
    assert told == {(SOCIAL, "asking"), (MARKET, "answering"), (AUTHORITY, "overseeing")}
    with town.desk(ASKING) as desk:
        use.record_use(desk, agreement.id, USAGE)
    assert watched(town, date(2026, 3, 1)) == ()
    with transaction(town.engine) as db:
        own, _ = oversight.waiting_for(db, ASKING, town.now)
    assert Work.RECORD_USE not in own.sizes
    town.on(date(2026, 3, 2))
    with town.desk(ASKING_HEAD) as desk:
        sharing.conclude(desk, agreement.id, reason="用完了")
    assert watched(town, date(2026, 12, 1)) == ()
    with town.desk(ASKING) as desk:  # what was destroyed at the end is told after the end
        last = replace(USAGE, until=date(2026, 3, 2), destruction="业务库副本于三月二日清除")
        assert use.record_use(desk, agreement.id, last).usage.destruction
