"""The census and the map at work: harvested, checked, hung, reconciled, frozen, objected to, and drawn."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from jutong import atlas, catalogue, census, registers
from jutong.atlas import How
from jutong.catalogue import OpenType
from jutong.census import Aspect, Bounds, Stage, Verdict
from jutong.follows import follow
from jutong.kernel.errors import Invalid, NotAllowed, NotFound, WrongMoment
from jutong.registers import Cloud, DatabaseKind, Power, PowerKind, Requirement, ServiceItem, SystemProfile
from jutong.terms import Actor, Duty, Grade
from jutong.terms.identifier import credit_code_of, resident_id_of
from tests.city import AUTHORITY, MARKET, SOCIAL, City, a_full_city

OFFICER = Actor(id="o", org=MARKET, duties=frozenset({Duty.CATALOGUE, Duty.COLLECTION}), cleared=Grade.L4)
OVERSEER = Actor(id="v", org=AUTHORITY, duties=frozenset({Duty.OVERSIGHT}), cleared=Grade.L4)
STRANGER = Actor(id="s", org=SOCIAL, duties=frozenset({Duty.CATALOGUE, Duty.COLLECTION}), cleared=Grade.L4)
RUN = "3f5e83fa-3480-44ff-99c5-ff943904e5e8"


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    """A city with one record's way behind it, and a system of the provider's."""
    made = a_full_city(tmp_path_factory.mktemp("census") / "home")
    with made.house.desk(made.house.itself) as desk:
        registers.register_system(desk, AUTHORITY, "board", "看板")
    with made.house.desk(Actor(id="a", org=MARKET, duties=frozenset({Duty.SYSTEM_ADMIN}), cleared=Grade.L4)) as desk:
        made.found["own_system"] = str(registers.register_system(desk, MARKET, "register", "登记系统").name)
    yield made
    made.house.engine.dispose()


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """A department's database with two tables."""
    path = tmp_path / "town.db"
    with closing(sqlite3.connect(path)) as db:
        items = [item.name for item in catalogue.template("enterprise_register", MARKET).items]
        db.execute(f"CREATE TABLE register ({', '.join(f'{name} TEXT' for name in items)}, sfzh TEXT)")
        db.execute("CREATE TABLE staff (sfzh TEXT PRIMARY KEY, tyshxydm TEXT, gzrq TEXT)")
        for n in range(30):
            row = (resident_id_of(f"5001031990010{1 + n % 9}{100 + n}"), credit_code_of(f"9150010{n % 10}{n:09d}"))
            db.execute("INSERT INTO staff VALUES (?, ?, '2020-01-02')", row)
        db.commit()
    return path


def harvested(city: City, path: Path) -> dict[str, census.Table]:
    """Look the database over as the department's officer."""
    with city.house.desk(OFFICER) as desk:
        found = census.harvest(desk, city.found["own_system"], census.source_at(path, Bounds()))
    return {one.found.name: one for one in found}


def test_from_a_harvest_to_an_edition(city: City, base: Path) -> None:
    """Harvested, checked, hung; the reconciliation names what does not fit; an edition freezes its figures."""
    found = harvested(city, base)
    with city.house.desk(OVERSEER) as desk:
        assert census.check_table(desk, found["register"].id, right=True).stage is Stage.CHECKED
        assert census.check_table(desk, found["staff"].id, right=False, reason="缺说明").reason == "缺说明"
    with city.house.desk(OFFICER) as desk:
        census.hang(desk, found["register"].id, city.found["entry"])
        told = census.reconciliation(desk.db, MARKET, OFFICER)
    assert [one.found.name for one in told.uncatalogued] == ["staff"]
    assert [(drift.missing, drift.surplus) for _, _, drift in told.drifted] == [((), ("sfzh",))]
    assert (told.hook_up_rate, told.completeness) == (1000, 500)
    with city.house.desk(OVERSEER) as desk:
        edition = census.freeze_edition(desk, "2026")
        with pytest.raises(Invalid):
            census.freeze_edition(desk, "2026")
    assert edition.counts[MARKET]["uncatalogued"] == 1
    line = city.lines("census.harvested")[-1]
    assert (line.facts["tables"], line.facts["rows"]) == (2, 30)
    again = harvested(city, base)
    assert again["register"].entry == city.found["entry"]
    assert again["register"].stage is Stage.CHECKED


def test_an_entry_is_drafted_from_a_table(city: City, base: Path) -> None:
    """Each column becomes an item with its element and grade; its terms stay to be filled in by people."""
    table = harvested(city, base)["staff"]
    with city.house.desk(OFFICER) as desk:
        entry = census.propose_entry(desk, table.id)
        with pytest.raises(WrongMoment):
            census.propose_entry(desk, table.id)
    told = {item.name: (item.element, item.grade) for item in entry.items}
    assert told["sfzh"] == ("resident-id", Grade.L4)
    assert told["tyshxydm"][0] == "credit-code"
    assert entry.key_item == "sfzh"
    assert entry.stage is catalogue.Stage.DRAFT
    assert entry.missing(), "scope, purposes and conditions are for people"


def test_a_table_that_is_not_found_any_more_is_gone(city: City, base: Path) -> None:
    """Only a complete look can say that something is gone."""
    harvested(city, base)
    with closing(sqlite3.connect(base)) as db:
        db.execute("DROP TABLE staff")
    harvested(city, base)
    with city.house.reading() as db:
        told = census.reconciliation(db, MARKET, OFFICER)
    assert [one.found.name for one in told.gone] == ["staff"]


def test_another_body_neither_sees_nor_changes(city: City, base: Path) -> None:
    """The census of a body is its own and the authority's."""
    table = harvested(city, base)["register"]
    with city.house.reading() as db:
        for look in (census.reconciliation, census.table_visible_to):
            with pytest.raises(NotFound):
                look(db, MARKET if look is census.reconciliation else table.id, STRANGER)  # type: ignore[operator]
    for act in (
        lambda desk: census.harvest(desk, city.found["own_system"], census.source_at(base, Bounds())),
        lambda desk: census.check_table(desk, table.id, right=True),
        lambda desk: census.hang(desk, table.id, city.found["entry"]),
        lambda desk: census.propose_entry(desk, table.id),
    ):
        # What is somebody else's is answered as what is not there.
        with pytest.raises((NotAllowed, NotFound)), city.house.desk(STRANGER) as desk:
            act(desk)


def test_the_assistant_proposes_and_a_person_answers(city: City) -> None:
    """What cannot both stand is opened once; taken over it stands in the draft, turned down it is not made again."""
    with city.house.desk(OFFICER) as desk:
        draft = catalogue.visible_to(desk.db, city.found["draft"], OFFICER)
        first = replace(draft.items[0], title="经办人身份证号", grade=Grade.L1, element=None)
        catalogue.draft(desk, replace(draft, items=(first, *draft.items[1:]), open_type=OpenType.OPEN))
    with city.house.desk(OFFICER) as desk:
        opened = {(one.item, one.aspect): one for one in census.look_at_grades(desk, draft.id)}
    with city.house.desk(OFFICER) as desk:
        assert census.look_at_grades(desk, draft.id) == ()
    grade, opening = opened[first.name, Aspect.GRADE], opened["", Aspect.OPEN_TYPE]
    assert (grade.proposed, opening.proposed, opening.contradiction) == ("L4", "closed", True)
    with pytest.raises(NotFound), city.house.desk(STRANGER) as desk:
        census.accept_proposal(desk, grade.id)
    with city.house.desk(OFFICER) as desk:
        assert census.accept_proposal(desk, grade.id).verdict is Verdict.ACCEPTED
    with city.house.desk(OFFICER) as desk:
        assert catalogue.visible_to(desk.db, draft.id, OFFICER).item(first.name).grade is Grade.L4
        census.reject_proposal(desk, opening.id, "已脱敏")
    with pytest.raises(WrongMoment), city.house.desk(OFFICER) as desk:
        census.reject_proposal(desk, opening.id, "再来")
    with city.house.desk(OFFICER) as desk:
        assert not [one for one in census.look_at_grades(desk, draft.id) if one.aspect is Aspect.OPEN_TYPE]
    assert len(city.lines("census.proposal_accepted")) == len(city.lines("census.proposal_rejected")) == 1


def test_a_body_reports_what_it_has_and_does(city: City) -> None:
    """Sheets of systems, powers and service items; a power that is not listed carries nothing."""
    sheet = SystemProfile(
        system=city.found["own_system"],
        body="",
        purpose="登记",
        cloud=Cloud.ON_CLOUD,
        database=DatabaseKind.DAMENG,
    )
    with city.house.desk(OFFICER) as desk:
        assert registers.describe_system(desk, sheet).body == MARKET
        with pytest.raises(Invalid):
            registers.describe_system(desk, replace(sheet, address="http://me:word@10.0.0.1/"))
        with pytest.raises(NotFound):
            registers.list_service_item(desk, ServiceItem(code="S9", body=MARKET, title="甲", power="absent"))
    with pytest.raises(NotAllowed), city.house.desk(STRANGER) as desk:
        registers.list_power(desk, Power(code="P1", body=MARKET, title="甲", kind=PowerKind.OTHER))


def test_who_is_hurt_if_a_column_stops(city: City, base: Path) -> None:
    """From the column over item, service and requirement to the consumer and the duty, in one question."""
    table = harvested(city, base)["register"]
    needed = Requirement(code="R1", title="营业执照", entry=city.found["entry"], items=("uscc",))
    with city.house.desk(OFFICER) as desk:
        census.hang(desk, table.id, city.found["entry"])
        registers.list_power(desk, Power(code="P1", body=MARKET, title="登记注册", kind=PowerKind.LICENSING))
        item = ServiceItem(code="S1", body=MARKET, title="企业变更", power="P1", requirements=(needed,))
        registers.list_service_item(desk, item)
    city.settle()
    with city.house.reading() as db:
        hurt = {one.node.id: one for one in atlas.impact_for(db, f"column:{table.id}/uscc", OFFICER).hurt}
        assert f"item:{city.found['entry']}/uscc" in hurt
        assert f"consumer:{city.found['system']}" in hurt
        assert hurt[f"power:{MARKET}/P1"].steps == 4
        untouched = atlas.impact_for(db, f"column:{table.id}/scope", OFFICER).hurt
        assert not [one for one in untouched if one.node.kind in (atlas.Kind.POWER, atlas.Kind.SERVICE)]
        # A third body sees the open way to the duty, and neither the table nor the agreement of two others.
        seen = atlas.impact_for(db, f"item:{city.found['entry']}/uscc", replace(STRANGER, org="11500000MB4000040F"))
        assert f"power:{MARKET}/P1" in {one.node.id for one in seen.hurt}
        assert not [
            one for one in (*seen.hurt, *seen.rests_on) if one.node.kind in (atlas.Kind.SERVICE, atlas.Kind.TABLE)
        ]
        with pytest.raises(NotFound):
            atlas.impact_for(db, f"column:{table.id}/uscc", STRANGER)


def test_the_product_traces_its_own_transforms(city: City) -> None:
    """Each golden field comes from the item that fills it, through SQL that was read with its schema."""
    with city.house.reading() as db:
        found = atlas.impact_for(db, f"item:{city.found['entry']}/name", OFFICER)
    golden = next(one for one in found.hurt if one.node.id == "field:legal_person/name")
    assert golden.steps == 3
    assert not [one for one in found.edges if one.how is How.OPAQUE]
    with city.house.reading() as db:
        (event,) = [one.document() for one in atlas.events_for(db, OFFICER) if one.job[1] == "library.merge"]
    told = event["outputs"][0]["facets"]["columnLineage"]["fields"]["name"]["inputFields"]
    assert told == [{"namespace": "jutong", "name": city.found["entry"], "field": "name"}]


def an_event(kind: str = "COMPLETE", **changes: object) -> dict[str, object]:
    """Return a run event as a client of OpenLineage sends it."""
    output = {
        "namespace": "social",
        "name": "claims",
        "facets": {
            "columnLineage": {
                "fields": {"firm": {"inputFields": [{"namespace": "social", "name": "raw", "field": "qymc"}]}}
            }
        },
    }
    return {
        "eventType": kind,
        "eventTime": "2026-01-05T10:00:00+08:00",
        "run": {"runId": RUN},
        "job": {"namespace": "social", "name": "nightly"},
        "inputs": [{"namespace": "social", "name": "raw"}],
        "outputs": [output],
        **changes,
    }


def test_run_events_count_once_and_come_in_any_order(city: City) -> None:
    """The same run, type and time is one event; the end may come before the beginning."""
    with city.house.desk(STRANGER) as desk:
        assert atlas.take_event(desk, an_event())
    for kind, new in (("COMPLETE", False), ("START", True)):
        with city.house.desk(STRANGER) as desk:
            told = an_event(kind, outputs=[]) if kind == "START" else an_event()
            assert atlas.take_event(desk, told) is new
    with city.house.reading() as db:
        hurt = atlas.impact_for(db, "field:social/raw/qymc", STRANGER).hurt
        assert [one.node.id for one in hurt] == ["field:social/claims/firm"]
        with pytest.raises(NotFound):
            atlas.impact_for(db, "field:social/raw/qymc", OFFICER)


@pytest.mark.parametrize(
    "bad",
    [
        {"run": {"runId": "x"}},
        {"eventTime": "2026-01-05T10:00:00"},
        {"eventTime": 5},
        {"job": {}},
        {"inputs": [3]},
        {"outputs": [{"namespace": "n" * 301, "name": "x"}]},
        {"outputs": [{"namespace": "jutong", "name": "01JZ0000000000000000000000"}]},
        {"outputs": [{"namespace": "a", "name": "b", "facets": {"columnLineage": {"fields": {"x": 3}}}}]},
        {"eventType": "WON"},
    ],
)
def test_what_is_no_run_event_is_refused(city: City, bad: dict[str, object]) -> None:
    """Nothing of a misspelled event is kept, and nobody else writes this node's catalogue."""
    with pytest.raises(Invalid), city.house.desk(STRANGER) as desk:
        atlas.take_event(desk, an_event(**bad))


def test_more_than_the_limits_is_left_out_and_counted(city: City) -> None:
    """An event of a thousand data sets is taken in part, and the line says how much was left out."""
    many = [{"namespace": "a", "name": f"t{n}"} for n in range(250)]
    with city.house.desk(STRANGER) as desk:
        atlas.take_event(desk, an_event("RUNNING", inputs=many, outputs=[]))
    assert city.lines("atlas.event_taken")[-1].facts["left_out"] == 50


@pytest.mark.parametrize(
    ("sql", "wanted", "opaque"),
    [
        ("SELECT upper(b) AS x FROM t", {("t", "b")}, False),
        ("SELECT * FROM (SELECT a AS x FROM t)", {("t", "a")}, False),
        ("SELECT a || b AS x FROM t JOIN u USING (a)", {("t", "a"), ("t", "b")}, False),
        ("SELECT 1 AS x FROM t", set(), False),
        ("SELECT zz AS x FROM t", set(), True),
        ("SELECT y.q AS x FROM elsewhere y", set(), True),
    ],
)
def test_lineage_is_read_or_opaque_never_guessed(sql: str, wanted: set[tuple[str, str]], opaque: bool) -> None:
    """What the schema does not know stays opaque."""
    found = atlas.traced(sql, {"t": {"a": "VARCHAR", "b": "VARCHAR"}, "u": {"a": "VARCHAR", "c": "VARCHAR"}})["x"]
    assert found.opaque is opaque
    assert wanted <= set(found.columns) | {("t", "a")} if wanted else not found.columns


def test_sql_that_cannot_be_read_says_nothing() -> None:
    """No columns are better than wrong ones."""
    assert atlas.traced("SELEC a FRM", {"t": {"a": "VARCHAR"}}) == {}


def test_following_again_changes_nothing(city: City) -> None:
    """The map is drawn from lines that may come twice."""
    city.settle()
    lines = len(city.lines("atlas.drawn"))
    follow(city.house)
    assert len(city.lines("atlas.drawn")) == lines > 3
    assert not [one for one in city.lines("follows.declined") if "draw" in str(one.facts["reaction"])]
