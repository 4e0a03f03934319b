"""The catalogue at work on a control database: acts, evidence, and who may see what."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from jutong import catalogue, registers
from jutong.catalogue import Entry, FaultyEntry, Stage, digest_of, entry_of_document, entry_to_document, template
from jutong.desk import Desk, open_desk
from jutong.kernel.db import Db, connect, connection, metadata
from jutong.kernel.errors import Invalid, NotAllowed, NotFound, Refused, WrongMoment
from jutong.ledger import Evidence
from jutong.pools import Pools
from jutong.terms import Actor, Duty, Grade, house_of
from tests.postgres import fresh_database, postgres_url  # noqa: F401

PROVIDER = "11500000MB16000001"
OTHER_BODY = "11500000009275000A"
AUTHORITY = "11500000MB1R000005"
NOW = datetime(2026, 2, 10, 1, tzinfo=UTC)
NOWHERE = Pools(lake=None, engine=None, lookup=None, ranges=None, vault=None)  # type: ignore[arg-type]
OFFICER = Actor(id="officer", org=PROVIDER, duties=frozenset({Duty.CATALOGUE}))
HEAD = Actor(id="head", org=PROVIDER, duties=frozenset({Duty.DEPARTMENT_HEAD}))
STRANGER = Actor(id="stranger", org=OTHER_BODY, duties=frozenset({Duty.CATALOGUE, Duty.DEPARTMENT_HEAD}))
FIRST = Actor(id="first", org=AUTHORITY, duties=frozenset({Duty.REGISTER_AUDIT}))
SECOND = Actor(id="second", org=AUTHORITY, duties=frozenset({Duty.PUBLISH_AUDIT}))
PEER = Actor(id="peer", org=AUTHORITY, duties=frozenset({Duty.PEER}))


@pytest.fixture(params=["sqlite", "postgres"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[sa.Engine]:
    """Give an empty control database that knows the calendar and the terms of the law, of either kind."""
    if request.param == "sqlite":
        engine = connect(f"sqlite:///{tmp_path / 'control.db'}")
    else:
        url = fresh_database(request.getfixturevalue("postgres_url"))
        engine = connect(url.replace("postgresql:", "postgresql+psycopg:"))
    metadata.create_all(engine)
    with open_desk(engine, house_of(AUTHORITY), NOW, NOWHERE) as desk:
        registers.seed_standards(desk)
    yield engine
    engine.dispose()


@pytest.fixture
def by(engine: sa.Engine) -> Callable[..., contextmanager[Desk]]:
    """Give the desks of whoever is named."""
    return lambda actor, now=NOW: open_desk(engine, actor, now, NOWHERE)


@pytest.fixture
def db(engine: sa.Engine) -> Iterator[Db]:
    """Give a connection for looking things up."""
    with connection(engine) as db:
        yield db


def a_form(**changes: object) -> Entry:
    """Return the form that an officer fills in."""
    return replace(template("enterprise_register", PROVIDER), secrecy_assessed=True, impact_assessed=True, **changes)


def lines(db: Db) -> list[Evidence]:
    """Return the catalogue's evidence in the order in which it was left."""
    rows = db.execute(sa.text("select leaf from ledger_evidence where act like 'catalogue.%' order by seq")).scalars()
    return [Evidence.of_leaf(leaf) for leaf in rows]


def publish(by: Callable[..., contextmanager[Desk]], form: Entry | None = None) -> Entry:
    """Take an entry the whole way."""
    with by(OFFICER) as desk:
        entry = catalogue.draft(desk, form or a_form())
    with by(HEAD) as desk:
        catalogue.sign(desk, entry.id)
    with by(OFFICER) as desk:
        catalogue.submit(desk, entry.id)
    with by(FIRST) as desk:
        catalogue.audit_registration(desk, entry.id)
    with by(SECOND) as desk:
        return catalogue.audit_publication(desk, entry.id)


def test_an_entry_goes_from_draft_to_publication_and_leaves_a_line_at_each_step(by, db) -> None:
    """Each line names version, digest, the number of items by share type; the audit's due day once it runs."""
    entry = publish(by)
    assert entry == catalogue.find(db, entry.id)
    said = lines(db)
    assert [line.act for line in said] == [
        f"catalogue.{word}" for word in ("drafted", "signed", "submitted", "registered", "published")
    ]
    assert {line.on for line in said} == {entry.id}
    assert {line.facts["digest"] for line in said} == {digest_of(entry)}
    assert said[-1].facts["items"] == {"conditional": 3, "unconditional": 6}
    assert "audit_due" not in said[1].facts
    assert said[2].facts["audit_due"] == said[4].facts["audit_due"] == "2026-02-12"
    assert said[2].facts["provisional"] is False


def test_the_audit_clock_counts_working_days(by) -> None:
    """Submitted on the last Friday before a long holiday, the entry is due after it (Order 809, art. 17)."""
    friday = datetime(2025, 9, 30, 2, tzinfo=UTC)
    with by(OFFICER, friday) as desk:
        entry = catalogue.draft(desk, a_form())
    with by(HEAD, friday) as desk:
        catalogue.sign(desk, entry.id)
    with by(OFFICER, friday) as desk:
        assert catalogue.submit(desk, entry.id).audit_due == date(2025, 10, 10)


def test_doing_an_act_again_leaves_nothing_new(by, db) -> None:
    """Acts are asked for at least once; a second time they give back what is there."""
    entry = publish(by)
    before = lines(db)
    with by(SECOND) as desk:
        assert catalogue.audit_publication(desk, entry.id) == entry
    with by(OFFICER) as desk:
        assert catalogue.draft(desk, a_form()) == entry
    assert lines(db) == before


def test_a_form_without_an_identifier_is_the_providers_entry_of_that_service(by) -> None:
    """Sending the form twice does not make two entries."""
    with by(OFFICER) as desk:
        first = catalogue.draft(desk, a_form())
    with by(OFFICER) as desk:
        again = catalogue.draft(desk, a_form(abstract="另一个"))
    assert again.id == first.id
    assert again.version == 1


def test_a_service_name_is_taken_once_a_provider(by) -> None:
    """A gateway path names one entry; another provider may use the same word."""
    with by(OFFICER) as desk:
        first = catalogue.draft(desk, a_form())
    with pytest.raises(Invalid, match="is taken"), by(OFFICER, NOW + timedelta(seconds=1)) as desk:
        catalogue.draft(desk, a_form(id=desk.new_id()))
    with by(STRANGER) as desk:
        assert catalogue.draft(desk, a_form(provider=OTHER_BODY)).id != first.id
    with by(HEAD) as desk:
        catalogue.withdraw(desk, first.id, "误建")
    with by(OFFICER) as desk:
        assert catalogue.draft(desk, a_form()).id != first.id


def test_another_bodys_draft_does_not_exist(by, db) -> None:
    """Not by its identifier, not by any act, not in any list; and saying so leaves no difference to see."""
    with by(OFFICER) as desk:
        entry = catalogue.draft(desk, a_form())
    for act in (
        lambda desk: catalogue.sign(desk, entry.id),
        lambda desk: catalogue.submit(desk, entry.id),
        lambda desk: catalogue.withdraw(desk, entry.id, "x"),
        lambda desk: catalogue.draft(desk, a_form(id=entry.id, provider=OTHER_BODY, service="mine")),
        lambda desk: catalogue.visible_to(desk.db, entry.id, desk.actor),
    ):
        with pytest.raises(NotFound), by(STRANGER) as desk:
            act(desk)
    with pytest.raises(NotFound), by(FIRST) as desk:
        catalogue.audit_registration(desk, entry.id)
    assert list(catalogue.entries_visible_to(db, STRANGER)) == []
    assert list(catalogue.entries_visible_to(db, OFFICER)) == [entry]
    assert list(catalogue.published(db)) == []


def test_each_reader_sees_its_version(by, db) -> None:
    """While version 2 is drafted and audited, other departments go on seeing version 1."""
    first = publish(by)
    with by(OFFICER) as desk:
        second = catalogue.draft(desk, a_form(abstract="第二版"))
    for actor, version in ((OFFICER, 2), (FIRST, 1), (STRANGER, 1)):
        assert catalogue.visible_to(db, first.id, actor).version == version
    with by(HEAD) as desk:
        catalogue.sign(desk, first.id)
    with by(OFFICER) as desk:
        catalogue.submit(desk, first.id)
    for actor, version in ((OFFICER, 2), (FIRST, 2), (STRANGER, 1)):
        assert catalogue.visible_to(db, first.id, actor).version == version
        assert [entry.version for entry in catalogue.entries_visible_to(db, actor)] == [version]
    assert catalogue.find(db, first.id) == first
    assert catalogue.find_by_service(db, PROVIDER, "enterprise-register") == first
    with by(FIRST) as desk:
        catalogue.audit_registration(desk, first.id)
    with by(SECOND) as desk:
        catalogue.audit_publication(desk, first.id)
    assert catalogue.find(db, first.id).abstract == second.abstract
    assert [entry.version for entry in catalogue.versions(db, first.id)] == [1, 2]
    assert catalogue.versions(db, first.id)[0] == first


def test_a_withdrawn_entry_stays_readable_and_serves_no_more(by, db) -> None:
    """What follows (agreements, archives) can still read what it was."""
    entry = publish(by)
    with by(HEAD) as desk:
        withdrawn = catalogue.withdraw(desk, entry.id, "机构改革，职责划转")
    assert catalogue.find(db, entry.id) == withdrawn
    assert catalogue.visible_to(db, entry.id, STRANGER) == withdrawn
    assert list(catalogue.published(db)) == []
    with pytest.raises(NotFound):
        catalogue.find_by_service(db, PROVIDER, "enterprise-register")
    with by(HEAD) as desk:
        assert catalogue.withdraw(desk, entry.id, "again") == withdrawn
    with pytest.raises(WrongMoment), by(OFFICER) as desk:
        catalogue.draft(desk, replace(entry, abstract="x"))


@pytest.mark.parametrize(
    ("actor", "act"),
    [
        (HEAD, lambda desk, entry: catalogue.draft(desk, replace(entry, abstract="x"))),
        (OFFICER, lambda desk, entry: catalogue.sign(desk, entry.id)),
        (OFFICER, lambda desk, entry: catalogue.audit_registration(desk, entry.id)),
        (FIRST, lambda desk, entry: catalogue.audit_publication(desk, entry.id)),
        (SECOND, lambda desk, entry: catalogue.audit_registration(desk, entry.id)),
        (OFFICER, lambda desk, entry: catalogue.return_entry(desk, entry.id, ("x",))),
        (OFFICER, lambda desk, entry: catalogue.withdraw(desk, entry.id, "x")),
        (OFFICER, lambda desk, entry: catalogue.adopt(desk, entry, "node")),
        (FIRST, lambda desk, entry: catalogue.submit(desk, entry.id)),
        (
            replace(FIRST, org=PROVIDER),  # a department that gave itself an auditor's duty
            lambda desk, entry: catalogue.audit_registration(desk, entry.id),
        ),
    ],
)
def test_every_act_needs_its_duty(by, actor: Actor, act) -> None:
    """Departments fill in and sign, the authority audits; nobody does the other's part."""
    entry = publish(by)
    with pytest.raises(NotAllowed), by(actor) as desk:
        act(desk, entry)


def test_an_unfinished_draft_is_kept_but_not_signed(by) -> None:
    """An officer may stop in the middle; the head's signature needs everything."""
    with by(OFFICER) as desk:
        entry = catalogue.draft(desk, a_form(methods=(), items=()))
    with pytest.raises(FaultyEntry), by(HEAD) as desk:
        catalogue.sign(desk, entry.id)


def test_lists_go_on_where_they_stopped_and_find_words(by, db) -> None:
    """Pages follow one another without gaps; what is searched for is text, never a pattern."""
    for number in range(7):
        with by(OFFICER, NOW + timedelta(seconds=number)) as desk:
            catalogue.draft(desk, a_form(service=f"s-{number}", title=f"目录{number}%_" if number % 2 else "Open DATA"))
    seen: list[str] = []
    while page := [entry.id for entry in catalogue.entries(db, limit=3, after=seen[-1] if seen else "")]:
        assert len(page) <= 3
        seen += page
    assert len(seen) == len(set(seen)) == 7
    assert seen == sorted(seen) == [entry.id for entry in catalogue.entries(db)]
    assert len(list(catalogue.entries(db, contains="3%_"))) == 1
    assert len(list(catalogue.entries(db, contains="%"))) == 3
    assert len(list(catalogue.entries(db, contains="open data"))) == 4
    assert len(list(catalogue.entries(db, contains="统一社会信用代码"))) == 7
    assert list(catalogue.entries(db, contains="' or 1=1 --")) == []
    assert len(list(catalogue.entries(db, stage=Stage.DRAFT, provider=PROVIDER))) == 7
    assert list(catalogue.entries(db, stage=Stage.SIGNED)) == []
    assert list(catalogue.entries(db, limit=0)) == []


def test_a_long_list_crosses_pages(by, db, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is capped in silence."""
    monkeypatch.setattr("jutong.catalogue.store.PAGE", 2)
    for number in range(5):
        with by(OFFICER, NOW + timedelta(seconds=number)) as desk:
            catalogue.draft(desk, a_form(service=f"s-{number}"))
    assert len(list(catalogue.entries(db))) == 5
    assert len(list(catalogue.entries(db, limit=4))) == 4


def test_a_neighbour_tiers_entry_is_taken_over_once(by, db) -> None:
    """The department submits at home; the city adopts, audits and publishes under the same identifier."""
    home = (
        a_form(id="01KB0000000000000000000000")
        .begun("01KB0000000000000000000000", OFFICER, NOW)
        .signed(HEAD, NOW)
        .submitted(OFFICER, NOW, due=date(2026, 2, 12))
    )
    arrived = entry_of_document(entry_to_document(home))
    for _ in range(2):
        with by(PEER) as desk:
            assert catalogue.adopt(desk, arrived, "重庆市市场监管局") == home
    with by(FIRST) as desk:
        catalogue.audit_registration(desk, home.id)
    with by(SECOND) as desk:
        published = catalogue.audit_publication(desk, home.id)
    with by(PEER) as desk:
        assert catalogue.adopt(desk, arrived, "重庆市市场监管局") == published
    said = lines(db)
    assert [line.act for line in said] == ["catalogue.adopted", "catalogue.registered", "catalogue.published"]
    assert said[0].facts["stage"] == "submitted"
    with pytest.raises(Refused), by(PEER) as desk:
        catalogue.adopt(desk, replace(published, abstract="另一个"), "重庆市市场监管局")
    with pytest.raises(Refused), by(PEER) as desk:
        catalogue.adopt(desk, replace(published, provider=OTHER_BODY, version=2), "重庆市市场监管局")


def test_clearance_is_for_data_not_for_its_description(by, db) -> None:
    """The sheet of a grave entry is read and kept by officers who may not see its rows."""
    entry = publish(by)
    assert entry.grade is Grade.L3 > OFFICER.cleared
    assert catalogue.find(db, entry.id).label.grade is Grade.L3
