"""One acceptance desk: everything of sharing that waits for a body, of all kinds in one list, the first due first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from jutong import catalogue, oversight, sharing
from jutong.catalogue import Purpose
from jutong.kernel.db import connection, transaction
from jutong.kernel.errors import Invalid
from jutong.oversight import ACCEPTED, Awaited, Matter, Size, Term, Wanted, Work
from jutong.quality import store as quality_store
from jutong.quality.objection import objection_of
from jutong.sharing import Delta, buying, dispute, use
from jutong.sharing.dispute import Ruling
from jutong.terms import Actor, Deadline, Duty
from tests.town import (
    ANSWERING,
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
    a_wish,
    officer,
    submitted,
)

ALL = Wanted()
MONDAY = date(2025, 9, 1)
CATALOGUER = officer(MARKET, Duty.CATALOGUE)
AUDITOR = officer(AUTHORITY, Duty.REGISTER_AUDIT)
EVERYBODY = (
    *(ASKING, ASKING_HEAD, ANSWERING, ANSWERING_HEAD, OVERSEER, CATALOGUER, AUDITOR),
    *(officer(AUTHORITY, Duty.GOVERNANCE), officer(MARKET, Duty.OVERSIGHT), officer(SOCIAL, Duty.DEPARTMENT_HEAD)),
)


@pytest.fixture
def town(tmp_path: Path, database_url: str) -> Iterator[Town]:
    """A town on either database, in which something of every kind waits."""
    made = a_town(tmp_path, url=database_url)
    _busy(made)
    yield made
    made.engine.dispose()


def _busy(town: Town) -> None:
    """Let something of each kind wait."""
    town.on(MONDAY)
    agreements = []
    for place in range(5):
        request = submitted(town, MONDAY, scenario=f"核验{place}")
        with town.desk(ANSWERING_HEAD) as desk:
            agreements.append(sharing.approve(desk, request).id)
    running, changing, misused, ended, _undelivered = agreements
    for one in agreements[:4]:
        with town.desk(ANSWERING) as desk:
            sharing.record_delivery(desk, one)
    with town.desk(HOUSE) as desk:
        use.watch_use(desk)
    with town.desk(ANSWERING_HEAD) as desk:
        sharing.propose_change(desk, changing, reason="系统迁移", basis="第二十七条", quota_per_day=5000)
        sharing.suspend(desk, misused, reason="超范围使用", rectify_by=MONDAY + timedelta(days=20))
    with town.desk(ASKING_HEAD) as desk:
        sharing.conclude(desk, ended, reason="不再需要")
        dispute.open_dispute(desk, running, Ruling.STAND, "各执一词")
    with town.desk(ASKING) as desk:
        sharing.draft_amendment(
            desk, running, Delta(legal_basis="第二十条", scenario="更多", scope="本市", quota_per_day=99)
        )
        sharing.draft_request(desk, a_wish(town, scenario="草稿"))
    answered = submitted(town, MONDAY, scenario="缺材料")
    with town.desk(ANSWERING) as desk:
        sharing.require_supplement(desk, answered, ("依据全文",))
    put_off = submitted(town, MONDAY + timedelta(days=1), scenario="需会商")
    with town.desk(ANSWERING) as desk:
        sharing.ask_extension(desk, put_off, 5, "需会商")
    with town.desk(CATALOGUER) as desk:
        buying.declare_purchase(
            desk,
            buying.Terms(
                title="企业信用评分数据",
                supplier="某征信公司",
                contract="0" * 64,
                price=buying.PriceClass.TO_1M,
                purposes=(Purpose.APPROVAL,),
                starts=date(2025, 1, 1),
                ends=date(2035, 12, 31),
            ),
        )
    for title in ("泵站运行数据", "闸门数据"):
        with town.desk(ASKING) as desk:
            need = catalogue.Need(
                title=title,
                purpose=Purpose.APPROVAL,
                words="防汛调度",
                legal_basis="防汛条例",
                items=("水位",),
                by=date(2026, 12, 31),
            )
            demand = catalogue.draft_demand(desk, need)
            catalogue.file_demand(desk, demand.id)
    with town.desk(AUDITOR) as desk:
        catalogue.accept_demand(desk, demand.id)
        catalogue.route_demand(desk, demand.id, MARKET)
    term = Deadline(
        rule_id="CORRECTION", started=MONDAY, due=MONDAY + timedelta(days=14), provisional=False, basis="26", notice=""
    )
    for rule in ("uscc.length", "uscc.digits"):
        filed = objection_of(entry=town.entry, provider=MARKET, batch="b", rule=rule, item="uscc", count=2, term=term)
        with transaction(town.engine) as db:
            quality_store.save_new_objection(db, filed)


def accepted(town: Town, actor: Actor, wanted: Wanted = ALL, **how: object) -> tuple[Awaited, ...]:
    """Return the desk of somebody."""
    with connection(town.engine) as db:
        return oversight.accepted(db, actor, town.now, wanted, limit=500, **how)  # type: ignore[arg-type]


def sizes(town: Town, actor: Actor, wanted: Wanted = ALL) -> dict[Matter, Size]:
    """Return how much of each kind lies there."""
    with connection(town.engine) as db:
        return dict(oversight.accepted_sizes(db, actor, town.now, wanted))


def test_it_holds_what_lies_on_the_desk_of_each_post(town: Town) -> None:
    """What one may do oneself is, work by work, what one's own desk counts: no second truth."""
    for day in (MONDAY + timedelta(days=2), MONDAY + timedelta(days=300)):
        town.on(day)
        for actor in EVERYBODY:
            with connection(town.engine) as db:
                own, _ = oversight.waiting_for(db, actor, town.now)
            wanted = {work: size for work, size in own.sizes.items() if work in ACCEPTED}
            found = [line.work for line in accepted(town, actor) if line.mine]
            assert {work: found.count(work) for work in found} == wanted, actor.id
            counted = sizes(town, actor, Wanted(mine=True))
            assert sum(size.count for size in counted.values()) == sum(wanted.values())


def test_every_kind_of_thing_comes_to_somebody(town: Town) -> None:
    """Requests, changes, demands, purchases, disputes, objections: each lies somewhere, with its other body and day."""
    town.on(MONDAY + timedelta(days=300))
    lines = [line for actor in EVERYBODY for line in accepted(town, actor)]
    missing = set(Matter) - {line.matter for line in lines} - {Matter.BATCH, Matter.RESPONSIBILITY}
    assert not missing
    assert all(line.title and line.law for line in lines)
    received = {line.matter: line.since for line in lines}
    assert all(received[matter] for matter in received if matter is not Matter.RESPONSIBILITY), received
    asked = next(line for line in lines if line.work is Work.ANSWER)
    assert (asked.party, asked.party_name) == (SOCIAL, "重庆市人力资源和社会保障局")
    assert asked.since == MONDAY + timedelta(days=1)


def test_the_first_due_stand_first_and_pages_join(town: Town) -> None:
    """Page by page, forwards and backwards, nothing is lost or doubled; what has no day comes last."""
    whole = accepted(town, ANSWERING_HEAD)
    assert len(whole) >= 6
    assert [line.place for line in whole] == sorted(line.place for line in whole)
    for descending in (False, True):
        found: list[Awaited] = []
        after: Sequence[str] = ()
        with connection(town.engine) as db:
            while page := oversight.accepted(db, ANSWERING_HEAD, town.now, after=after, descending=descending, limit=1):
                found += page
                after = page[-1].place
        assert found == list(whole[::-1] if descending else whole)


def test_a_place_that_is_none_is_refused(town: Town) -> None:
    """An address that somebody made up is not a place in the list."""
    for after in (("2025-09-01",), ("soon", "x", "answer")):
        with pytest.raises(Invalid):
            accepted(town, ANSWERING_HEAD, after=after)


def test_colleagues_work_is_shown_as_theirs(town: Town) -> None:
    """Whoever may look at requests sees what waits for the body's office head, and that it is not one's own turn."""
    lines = accepted(town, ASKING)
    theirs = {line.work for line in lines if not line.mine}
    assert {Work.SIGN_REQUEST, Work.ANSWER_CHANGE, Work.DISPOSE} <= theirs
    assert {line.work for line in accepted(town, ASKING, Wanted(mine=False))} == theirs
    assert oversight.duties_of(Work.SIGN_REQUEST) == (Duty.OFFICE_HEAD,)


def test_another_body_sees_nothing_of_it(town: Town) -> None:
    """Neither a stranger's officers nor those of another department of the pair; the authority's clerks neither."""
    stranger = officer("11500000MB4000040F", *(set(Duty) - {Duty.HOUSE}))
    stranger = replace(stranger, duties=frozenset({Duty.REQUESTS, Duty.ANSWERS, Duty.OFFICE_HEAD, Duty.OVERSIGHT}))
    assert accepted(town, stranger) == ()
    assert sizes(town, stranger) == {}
    assert accepted(town, officer(AUTHORITY, Duty.ANSWERS)) == ()
    assert accepted(town, officer(MARKET, Duty.SYSTEM_ADMIN)) == ()
    assert Matter.REQUEST not in sizes(town, CATALOGUER)


def test_it_is_narrowed_by_kind_work_clock_and_words(town: Town) -> None:
    """What is asked for alone is shown, and counted the same."""
    town.on(MONDAY + timedelta(days=60))
    whole = accepted(town, ANSWERING_HEAD)
    for matter in Matter:
        assert accepted(town, ANSWERING_HEAD, Wanted(matter=matter)) == tuple(
            line for line in whole if line.matter is matter
        )
    for term in Term:
        assert accepted(town, ANSWERING_HEAD, Wanted(term=term)) == tuple(line for line in whole if line.term is term)
    assert {line.term for line in whole} == {Term.OVERDUE, Term.NONE}
    for work in Work:
        found = accepted(town, ANSWERING_HEAD, Wanted(work=work))
        assert found == tuple(line for line in whole if line.work is work)
    named = accepted(town, ANSWERING_HEAD, Wanted(sought="人力资源"))
    assert named == tuple(line for line in whole if line.party == SOCIAL)
    assert [line.matter for line in accepted(town, ANSWERING_HEAD, Wanted(sought="泵站"))] == []
    assert [line.title for line in accepted(town, ANSWERING_HEAD, Wanted(sought="闸门"))] == ["闸门数据"]
    title = catalogue.template("enterprise_register", MARKET).title
    assert accepted(town, ANSWERING_HEAD, Wanted(sought=title[:4])) == tuple(one for one in whole if one.title == title)
    assert accepted(town, ANSWERING_HEAD, Wanted(sought=whole[0].on))[0] == whole[0]
    assert accepted(town, ANSWERING_HEAD, Wanted(sought="%")) == ()


def test_counts_say_how_much_is_overdue(town: Town) -> None:
    """On the due day nothing is late; the day after it is."""
    before = sizes(town, ANSWERING_HEAD)[Matter.OBJECTION]
    assert before == Size(2, 0)
    town.on(MONDAY + timedelta(days=14))
    assert sizes(town, ANSWERING_HEAD)[Matter.OBJECTION] == Size(2, 0)
    town.on(MONDAY + timedelta(days=15))
    assert sizes(town, ANSWERING_HEAD)[Matter.OBJECTION] == Size(2, 2)


def test_an_application_for_several_entries_is_told_as_one_of_several(town: Town) -> None:
    """A request of a batch says that it came with others; one that changes an agreement says so first."""
    changing = accepted(town, ASKING_HEAD, Wanted(matter=Matter.AMENDMENT))
    assert [line.work for line in changing] == [Work.SIGN_REQUEST]


def test_every_strand_goes_by_an_index(town: Town) -> None:
    """No table is read from end to end, however much lies in it."""
    if town.engine.dialect.name != "sqlite":
        pytest.skip("plans are read on SQLite; PostgreSQL has the same indexes")
    asked: list[tuple[str, object]] = []

    def note(_: object, __: object, statement: str, parameters: object, *___: object) -> None:
        asked.append((statement, parameters))

    sa.event.listen(town.engine, "before_cursor_execute", note)
    for actor in EVERYBODY:
        line = accepted(town, actor)
        sizes(town, actor)
        if line:
            accepted(town, actor, after=line[0].place)
            accepted(town, actor, after=line[0].place, descending=True)
    sa.event.remove(town.engine, "before_cursor_execute", note)
    tables = ("sharing_", "quality_", "catalogue_demand", "catalogue_responsibility")
    with connection(town.engine) as db:
        details = [
            row.detail
            for statement, parameters in asked
            if statement.lstrip().upper().startswith("SELECT")
            for row in db.exec_driver_sql("EXPLAIN QUERY PLAN " + statement, parameters)
        ]
    assert [one for one in details if one.startswith("SEARCH sharing_request USING INDEX")]
    assert not [one for one in details if one.startswith(tuple(f"SCAN {table}" for table in tables))]
