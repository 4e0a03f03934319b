"""What waits on a desk: each kind of work for the right duty alone, the most urgent first, gone when it is done."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from jutong import catalogue, oversight, quality, registers, sharing
from jutong.kernel.db import connection, transaction
from jutong.library import store as library_store
from jutong.library.golden import Merge
from jutong.oversight import Todo, Todos, Urgency, Work, works_of
from jutong.quality import store as quality_store
from jutong.quality.objection import objection_of
from jutong.sharing import Paper
from jutong.terms import Actor, Deadline, Duty, Grade
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

MONDAY = date(2025, 9, 1)
WRITER = officer(MARKET, Duty.CATALOGUE)
HEAD = officer(MARKET, Duty.DEPARTMENT_HEAD)
FIRST_AUDITOR = officer(AUTHORITY, Duty.REGISTER_AUDIT)
SECOND_AUDITOR = officer(AUTHORITY, Duty.PUBLISH_AUDIT)
GOVERNOR = officer(AUTHORITY, Duty.GOVERNANCE)
SYSTEM = officer(AUTHORITY, Duty.SYSTEM_ADMIN)
SECURITY = officer(AUTHORITY, Duty.SECURITY_ADMIN)
EVERYBODY = (
    *(WRITER, HEAD, FIRST_AUDITOR, SECOND_AUDITOR, GOVERNOR, SYSTEM, SECURITY, OVERSEER),
    *(ASKING, ASKING_HEAD, ANSWERING, ANSWERING_HEAD, officer(AUTHORITY, Duty.AUDIT_ADMIN)),
)


@pytest.fixture
def town(tmp_path: Path, database_url: str) -> Iterator[Town]:
    """A town on either database."""
    made = a_town(tmp_path, url=database_url)
    yield made
    made.engine.dispose()


def desk_of(town: Town, actor: Actor, only: Work | None = None) -> tuple[Todos, Todos]:
    """Return what waits for somebody, and what somebody waits for."""
    with connection(town.engine) as db:
        return oversight.waiting_for(db, actor, town.now, only=only)


def works(town: Town, actor: Actor) -> set[Work]:
    """Return which kinds of work wait for somebody."""
    return set(desk_of(town, actor)[0].sizes)


def holders(town: Town, work: Work) -> set[str]:
    """Return on whose desks a kind of work lies."""
    return {actor.id for actor in EVERYBODY if work in works(town, actor)}


def awaiting(town: Town, work: Work) -> set[str]:
    """Return who waits for a kind of thing."""
    return {actor.id for actor in EVERYBODY if work in desk_of(town, actor)[1].sizes}


def only(*actors: Actor) -> set[str]:
    """Return identifiers."""
    return {actor.id for actor in actors}


def a_draft(town: Town, **changes: object) -> str:
    """Let the catalogue officer write a second entry."""
    sheet = replace(
        catalogue.template("enterprise_register", MARKET),
        service="second",
        title="第二份登记",
        secrecy_assessed=True,
        impact_assessed=True,
    )
    with town.desk(WRITER) as desk:
        return catalogue.draft(desk, replace(sheet, **changes)).id  # type: ignore[arg-type]


def test_an_entry_goes_from_desk_to_desk(town: Town) -> None:
    """Signed by the head, submitted, audited twice: on each step it lies on one kind of desk, then on none."""
    town.on(MONDAY)
    entry = a_draft(town)
    assert holders(town, Work.SIGN_ENTRY) == only(HEAD)
    assert awaiting(town, Work.AWAIT_ENTRY_SIGNATURE) == only(WRITER)
    with town.desk(HEAD) as desk:
        catalogue.sign(desk, entry)
    assert holders(town, Work.SIGN_ENTRY) == set()
    assert holders(town, Work.SUBMIT_ENTRY) == only(WRITER, HEAD)
    with town.desk(WRITER) as desk:
        catalogue.submit(desk, entry)
    assert holders(town, Work.SUBMIT_ENTRY) == set()
    assert holders(town, Work.AUDIT_REGISTRATION) == only(FIRST_AUDITOR)
    (line,) = desk_of(town, FIRST_AUDITOR)[0].lines
    assert (line.on, line.due, line.days_left) == (entry, date(2025, 9, 3), 2)
    assert awaiting(town, Work.AWAIT_AUDIT) == only(WRITER, HEAD)
    with town.desk(FIRST_AUDITOR) as desk:
        catalogue.audit_registration(desk, entry)
    assert holders(town, Work.AUDIT_REGISTRATION) == set()
    assert holders(town, Work.AUDIT_PUBLICATION) == only(SECOND_AUDITOR)
    with town.desk(SECOND_AUDITOR) as desk:
        catalogue.audit_publication(desk, entry)
    assert holders(town, Work.AUDIT_PUBLICATION) == set()


def test_a_returned_entry_and_an_unfinished_draft_are_the_writers(town: Town) -> None:
    """What is not complete does not trouble the head."""
    entry = a_draft(town, secrecy_assessed=False)
    assert holders(town, Work.FINISH_ENTRY) == only(WRITER)
    assert holders(town, Work.SIGN_ENTRY) == set()
    assert a_draft(town) == entry
    with town.desk(HEAD) as desk:
        catalogue.sign(desk, entry)
        catalogue.submit(desk, entry)
    with town.desk(FIRST_AUDITOR) as desk:
        catalogue.return_entry(desk, entry, ("标题不明确",))
    assert holders(town, Work.MEND_ENTRY) == only(WRITER)
    assert holders(town, Work.FINISH_ENTRY) == set()


def test_a_request_goes_from_desk_to_desk(town: Town) -> None:
    """Signed and submitted by the asking body, then the answering body's clock runs."""
    town.on(MONDAY)
    with town.desk(ASKING) as desk:
        request = sharing.draft_request(desk, a_wish(town)).id
    assert holders(town, Work.SIGN_REQUEST) == only(ASKING_HEAD)
    assert awaiting(town, Work.AWAIT_REQUEST_SIGNATURE) == only(ASKING)
    with town.desk(ASKING_HEAD) as desk:
        sharing.sign_request(desk, request)
    assert holders(town, Work.SUBMIT_REQUEST) == only(ASKING, ASKING_HEAD)
    with town.desk(ASKING) as desk:
        sharing.submit_request(desk, request)
    assert holders(town, Work.SUBMIT_REQUEST) == set()
    assert holders(town, Work.ANSWER) == only(ANSWERING, ANSWERING_HEAD)
    assert awaiting(town, Work.AWAIT_ANSWER) == only(ASKING, ASKING_HEAD)
    (line,) = desk_of(town, ANSWERING)[0].lines
    assert (line.on, line.title, line.days_left) == (
        request,
        catalogue.template("enterprise_register", MARKET).title,
        10,
    )
    assert line.body_name == "重庆市人力资源和社会保障局"
    with town.desk(ANSWERING) as desk:
        sharing.require_supplement(desk, request, ("法律依据全文",))
    assert holders(town, Work.ANSWER) == set()
    assert holders(town, Work.SUPPLEMENT) == only(ASKING, ASKING_HEAD)
    assert awaiting(town, Work.AWAIT_SUPPLEMENT) == only(ANSWERING, ANSWERING_HEAD)
    with town.desk(ASKING) as desk:
        sharing.supplement(desk, request, (Paper(title="依据", digest="a" * 64),))
    assert holders(town, Work.SUPPLEMENT) == set()
    with town.desk(ANSWERING) as desk:
        sharing.ask_extension(desk, request, 5, "需会商")
    assert holders(town, Work.AGREE_EXTENSION) == only(OVERSEER)
    with town.desk(OVERSEER) as desk:
        sharing.extend(desk, request)
    assert holders(town, Work.AGREE_EXTENSION) == set()
    with town.desk(ANSWERING_HEAD) as desk:
        agreement = sharing.approve(desk, request)
    assert holders(town, Work.ANSWER) == set()
    assert holders(town, Work.DELIVER) == only(ANSWERING, ANSWERING_HEAD)
    assert awaiting(town, Work.AWAIT_DELIVERY) == only(ASKING, ASKING_HEAD)
    with town.desk(ANSWERING) as desk:
        sharing.record_delivery(desk, agreement.id)
    assert holders(town, Work.DELIVER) == set()
    assert holders(town, Work.RENEW_AGREEMENT) == set()
    town.on(agreement.ends - timedelta(days=29))
    assert holders(town, Work.RENEW_AGREEMENT) == only(ASKING, ASKING_HEAD)


def test_what_is_overdue_lies_before_the_authority_too(town: Town) -> None:
    """The day after the due day an answer is a breach, on the answering desk and on the overseer's."""
    request = submitted(town, MONDAY)
    due = desk_of(town, ANSWERING)[0].lines[0].due
    assert due is not None
    town.on(due)
    assert desk_of(town, ANSWERING)[0].lines[0].urgency is Urgency.LAST
    assert holders(town, Work.URGE_ANSWER) == set()
    town.on(due + timedelta(days=1))
    (late,) = desk_of(town, OVERSEER)[0].lines
    assert (late.work, late.on, late.urgency) == (Work.URGE_ANSWER, request, Urgency.BREACHED)
    assert holders(town, Work.URGE_ANSWER) == only(OVERSEER)
    assert desk_of(town, ANSWERING)[0].lines[0].days_left == -1


def test_the_most_urgent_stands_first(town: Town) -> None:
    """By the day of the law, whatever the kind of work; what has no such day comes after."""
    late = submitted(town, MONDAY)
    soon = submitted(town, MONDAY + timedelta(days=2), scenario="另一项核验")
    a_draft(town)
    both = officer(MARKET, Duty.ANSWERS, Duty.DEPARTMENT_HEAD)
    lines = desk_of(town, both)[0].lines
    assert [(line.work, line.on) for line in lines[:2]] == [(Work.ANSWER, late), (Work.ANSWER, soon)]
    assert [line.work for line in lines[2:]] == [Work.SIGN_ENTRY]
    assert lines[2].urgency is Urgency.NONE


def an_objection(town: Town, entry: str, rule: str = "uscc.length") -> str:
    """Let one rule have failed in a delivery."""
    term = Deadline(
        rule_id="CORRECTION", started=MONDAY, due=MONDAY + timedelta(days=14), provisional=False, basis="26", notice=""
    )
    filed = objection_of(entry=entry, provider=MARKET, batch="b", rule=rule, item="uscc", count=2, term=term)
    with transaction(town.engine) as db:
        quality_store.save_new_objection(db, filed)
    return filed.id


def test_an_objection_goes_to_its_source_and_back(town: Town) -> None:
    """Taken up, answered by the source department, closed by whoever objected."""
    town.on(MONDAY)
    objection = an_objection(town, town.entry)
    source = only(ANSWERING, ANSWERING_HEAD)
    assert holders(town, Work.TAKE_UP_OBJECTION) == source
    assert awaiting(town, Work.AWAIT_CORRECTION) == only(GOVERNOR)
    with town.desk(ANSWERING) as desk:
        quality.verify_objection(desk, objection)
    assert holders(town, Work.TAKE_UP_OBJECTION) == set()
    assert holders(town, Work.ANSWER_OBJECTION) == source
    town.on(MONDAY + timedelta(days=15))
    assert holders(town, Work.URGE_CORRECTION) == only(OVERSEER)
    with town.desk(ANSWERING) as desk:
        quality.answer_objection(desk, objection, corrected=True)
    assert holders(town, Work.ANSWER_OBJECTION) == holders(town, Work.URGE_CORRECTION) == set()
    assert holders(town, Work.CLOSE_OBJECTION) == only(GOVERNOR)
    with town.desk(GOVERNOR) as desk:
        quality.close_objection(desk, objection)
    assert holders(town, Work.CLOSE_OBJECTION) == set()


def test_conflicts_lie_before_those_who_may_look_at_them(town: Town) -> None:
    """The newest merge of an entry counts: what a later one settled is gone."""

    def merged(batch: str, conflicts: int) -> None:
        town.now += timedelta(minutes=1)
        done = Merge(
            batch=batch,
            entry=town.entry,
            rows=9,
            touched=9,
            created=9,
            conflicts=conflicts,
            unkeyed=0,
            doubtful=0,
            merged_at=town.now,
        )
        with transaction(town.engine) as db:
            library_store.save_merge(db, done)

    merged("first", 3)
    assert holders(town, Work.SETTLE_CONFLICTS) == only(GOVERNOR, OVERSEER)
    assert desk_of(town, GOVERNOR)[0].lines[0].count == 3
    merged("second", 0)
    assert holders(town, Work.SETTLE_CONFLICTS) == set()


def test_administrators_see_what_is_about_to_end_or_missing(town: Town) -> None:
    """Keys that were never set, credentials that end, and the year's calendar, each on one administrator's desk."""
    town.on(MONDAY)
    assert holders(town, Work.SET_KEY) == only(SECURITY)
    with town.desk(HOUSE) as desk:
        person = registers.register_person(desk, "申请人", "asker")
        post = registers.appoint(desk, person.id, SOCIAL, "申请岗", frozenset({Duty.REQUESTS}), Grade.L2)
        registers.issue_credential(desk, post.id, days=40)
    assert holders(town, Work.RENEW_CREDENTIAL) == set()
    town.on(MONDAY + timedelta(days=20))
    assert holders(town, Work.RENEW_CREDENTIAL) == only(SECURITY)
    with town.desk(HOUSE) as desk:
        registers.issue_credential(desk, post.id, days=300)
    assert holders(town, Work.RENEW_CREDENTIAL) == set()
    department = officer(MARKET, Duty.SECURITY_ADMIN)
    assert works(town, department) == set()
    town.on(date(2031, 12, 1))
    assert holders(town, Work.ENTER_CALENDAR) == only(SYSTEM)
    for year in (2031, 2032):
        with town.desk(SYSTEM) as desk:
            registers.enter_calendar(desk, year, {}, "国务院办公厅通知")
    assert holders(town, Work.ENTER_CALENDAR) == set()


def test_many_of_a_kind_are_counted_and_not_read(town: Town) -> None:
    """Of a hundred requests the first due are shown, with how many there are; one kind alone shows more."""
    for place in range(30):
        submitted(town, MONDAY, scenario=f"核验{place}")
    own, _ = desk_of(town, ANSWERING)
    assert own.sizes[Work.ANSWER] == 30
    assert len(own.lines) == 12
    own, others = desk_of(town, ANSWERING, only=Work.ANSWER)
    assert len(own.lines) == 30
    assert others == Todos()


def test_a_desk_asks_the_guard_which_work_is_whose() -> None:
    """No second table of duties: what one may not do does not wait for one."""
    nobody = officer(MARKET, Duty.AUDIT_ADMIN)
    assert works_of(nobody, frozenset({AUTHORITY})) == ()
    assert Work.AGREE_EXTENSION not in works_of(officer(MARKET, Duty.OVERSIGHT), frozenset({AUTHORITY}))


@pytest.mark.parametrize(
    ("left", "urgency"),
    [
        (-1, Urgency.BREACHED),
        (0, Urgency.LAST),
        (1, Urgency.LAST),
        (2, Urgency.SOON),
        (3, Urgency.SOON),
        (4, Urgency.TIME),
    ],
)
def test_colours_follow_the_days_that_are_left(left: int, urgency: Urgency) -> None:
    """Red on the last two days, amber on the two before, green until then."""
    assert Todo(work=Work.ANSWER, on="", title="", due=MONDAY, days_left=left).urgency is urgency


def test_every_look_goes_by_an_index(town: Town) -> None:
    """No desk reads a table from end to end, however much lies in it."""
    if town.engine.dialect.name != "sqlite":
        pytest.skip("plans are read on SQLite; PostgreSQL has the same indexes")
    large = ("catalogue_version", "sharing_request", "sharing_agreement", "quality_objection", "library_merge")
    asked: list[tuple[str, object]] = []

    def note(_: object, __: object, statement: str, parameters: object, *___: object) -> None:
        asked.append((statement, parameters))

    sa.event.listen(town.engine, "before_cursor_execute", note)
    for actor in EVERYBODY:
        desk_of(town, actor)
    sa.event.remove(town.engine, "before_cursor_execute", note)
    bad = set()
    with connection(town.engine) as db:
        for statement, parameters in asked:
            if not statement.lstrip().upper().startswith("SELECT"):
                continue
            for row in db.exec_driver_sql("EXPLAIN QUERY PLAN " + statement, parameters):
                if any(row.detail.startswith(f"SCAN {table}") for table in large) and "USING INDEX" not in row.detail:
                    bad.add((row.detail, statement))
    assert not bad
