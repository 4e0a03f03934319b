"""Rows that a source takes back: they stand no more in any layer, and the record of what stood stays."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import psycopg
import pymysql
import pytest
import sqlalchemy as sa

from jutong import catalogue, ledger, library, registers
from jutong.collection import (
    Manifest,
    Mode,
    PeerSource,
    Reach,
    ReachKind,
    Reading,
    aggregate,
    batches,
    export_batch,
    plans,
    write_export,
)
from jutong.collection.plans import Change, Outcome, Plan, State, Wanted
from jutong.collection.standing import standing_sql
from jutong.collection.taken_back import standing_tables
from jutong.follows import follow
from jutong.kernel.db import connection, transaction
from jutong.kernel.errors import Invalid, NotFound, WrongMoment
from jutong.pools import Pools, TableRef
from jutong.pools.layout import raw_table
from jutong.terms import Actor
from tests.city import MARKET, a_city
from tests.collecting import ENTRY, HOUSE, OFFICER, node_at, register_entry
from tests.console import CSRF, a_console
from tests.mariadb import KEEPER, WORD, mariadb_port  # noqa: F401
from tests.postgres import fresh_database, postgres_url  # noqa: F401
from tests.unit.test_plans import NAMES, Town
from tests.unit.test_streams import AT_ONCE


def code(number: int) -> str:
    """Return a sound credit code."""
    body = f"915000000{number:08}"
    weights, letters = (
        [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28],
        "0123456789ABCDEFGHJKLMNPQRTUWXY",
    )
    return body + letters[-sum(w * letters.index(c) for w, c in zip(weights, body, strict=True)) % 31]


class Register(Town):
    """A department's register in which the credit code is the primary key, in either database."""

    kind = ReachKind.POSTGRESQL
    reading = Reading(mode=Mode.STREAM, publication="jutong")

    def __init__(self, folder: Path, url: str) -> None:
        super().__init__(folder, url)
        columns = ", ".join(f"{name} varchar(100) {'PRIMARY KEY' if name == 'uscc' else ''}" for name in NAMES)
        self.sql(f"CREATE TABLE register ({columns})")
        self.publish()

    def publish(self) -> None:
        self.sql("CREATE PUBLICATION jutong FOR TABLE register")

    def sql(self, statement: str, values: tuple[object, ...] = ()) -> None:
        with psycopg.connect(self.url, autocommit=True, options=AT_ONCE) as db:
            db.execute(statement, values)  # type: ignore[arg-type]

    def put(self, number: int, name: str = "") -> None:
        row = dict.fromkeys(NAMES, "重庆") | {
            "uscc": code(number),
            "name": name or f"公司{number}",
            "reg_date": "2003-01-06",
        }
        marks = ", ".join(["%s"] * len(NAMES))
        self.sql(f"INSERT INTO register ({', '.join(NAMES)}) VALUES ({marks})", tuple(row[one] for one in NAMES))

    def drop(self, number: int) -> None:
        self.sql("DELETE FROM register WHERE uscc = %s", (code(number),))

    def reach(self) -> Reach:
        told = psycopg.conninfo.conninfo_to_dict(self.url)
        return Reach(
            kind=self.kind, host=str(told["host"]), port=int(str(told["port"])), database=str(told["dbname"]),
            table="register", user=str(told["user"]), secret="register",
        )  # fmt: skip

    def follow(self, **changes: object) -> Plan:
        wanted = Wanted(title="企业登记库", reach=self.reach(), reading=self.reading)
        with self.house.desk(OFFICER) as desk:
            return plans.keep(desk, ENTRY, replace(wanted, **changes))  # type: ignore[arg-type]

    def standing(self) -> list[str]:
        """Return the names that stand in the raw rows."""
        with self.house.reading() as db:
            tables = standing_tables(db, self.house.pools.lake, ENTRY)
        sql = f"SELECT name FROM {standing_sql('uscc')}"
        told = self.house.pools.engine.query(sql, {**tables, "t": TableRef(raw_table(ENTRY))})
        return sorted(told.read_all()["name"].to_pylist())

    def golden(self, number: int) -> str | None:
        """Return the name that the library holds of a legal person."""
        while ledger.sequence(self.house.engine, self.house.log) + follow(self.house):
            pass
        try:
            with self.house.desk(self.house.itself) as desk:
                return (
                    library.laying.find_subject(desk.pools, code(number), library.store.bonds(desk.db))
                    .fields["name"]
                    .value
                )
        except NotFound:
            return None

    def end(self) -> None:
        """Leave nothing at the source."""
        self.sql(
            "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE database = current_database()"
        )


class MariaRegister(Register):
    """The same in MariaDB."""

    kind = ReachKind.MYSQL
    reading = Reading(mode=Mode.STREAM)

    def publish(self) -> None:
        pass

    def sql(self, statement: str, values: tuple[object, ...] = ()) -> None:
        with (
            closing(
                pymysql.connect(
                    host="127.0.0.1", port=int(self.url), user=KEEPER, password=WORD, database="town", charset="utf8mb4"
                )
            ) as db,
            db.cursor() as cursor,
        ):
            cursor.execute(statement, values)
            db.commit()

    def reach(self) -> Reach:
        return Reach(
            kind=self.kind,
            host="127.0.0.1",
            port=int(self.url),
            database="town",
            table="register",
            user=KEEPER,
            secret="register",
        )

    def end(self) -> None:
        self.sql("DROP TABLE register, firm")


@pytest.fixture(params=[Register, MariaRegister])
def register(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Register]:
    """A register in one database, and in the other."""
    if request.param is Register:
        where = fresh_database(request.getfixturevalue("postgres_url"))
    else:
        where = str(request.getfixturevalue("mariadb_port"))
    made = request.param(tmp_path / "home", where)
    keys = made.folder / "keys" / "sources" / "11500000MB16000001-register"
    keys.write_text(WORD + "\n")
    with closing(made.outward):
        yield made
        made.end()
    made.house.engine.dispose()


def test_what_is_deleted_at_the_source_stands_nowhere(register: Register) -> None:
    """Deleted, renamed or brought back: each layer follows, and what was said before stays on record."""
    for number in range(5):
        register.put(number)
    plan = register.follow()
    register.run(plan)
    assert register.golden(1) == "公司1"
    register.drop(1)
    register.sql("UPDATE register SET uscc = %s WHERE uscc = %s", (code(7), code(2)))
    register.put(9)
    register.drop(9)
    run = register.run(plan)
    assert (run.outcome, run.withdrawn >= 2) == (Outcome.LANDED, True)
    assert register.standing() == ["公司0", "公司2", "公司3", "公司4"]
    assert [register.golden(number) for number in (1, 2, 7, 3, 9)] == [None, None, "公司2", "公司3", None]
    register.drop(3)
    alone = register.run(plan)
    assert (alone.outcome, alone.rows, alone.withdrawn) == (Outcome.LANDED, 0, 1)
    assert register.golden(3) is None
    register.put(1, "公司1 新")
    register.run(plan)
    assert register.golden(1) == "公司1 新"
    assert register.standing() == ["公司0", "公司1 新", "公司2", "公司4"]
    assert register.run(plan).outcome is Outcome.NOTHING_NEW
    with register.house.reading() as db:
        assert [one.rows_withdrawn >= 1 for one in batches(db, ENTRY)] == [False, True, True, False]
    assert "公司3" in register.landed()


def named_at(engine: sa.Engine, pools: Pools) -> list[str]:
    """Return the names that stand in a tier, the newest of each key."""
    with connection(engine) as db:
        tables = standing_tables(db, pools.lake, ENTRY)
    sql = f"SELECT max_by(name, _turn) AS name FROM {standing_sql('uscc')} GROUP BY uscc"
    return sorted(pools.engine.query(sql, {**tables, "t": TableRef(raw_table(ENTRY))}).read_all()["name"].to_pylist())


def test_what_was_taken_back_stands_no_more_in_the_tier_above(register: Register, tmp_path: Path) -> None:
    """Keys travel behind the rows, a row that goes to and fro comes each time, and a damaged file lands nothing."""
    city, taken = node_at(tmp_path / "city"), tmp_path / "batch.arrows"

    def hand_up() -> Manifest:
        with register.house.reading() as db:
            newest = batches(db, ENTRY)[-1]
        handed = export_batch(register.house.pools, newest, tuple(NAMES))
        write_export(taken, handed)
        for _ in range(2):
            with city.desk(HOUSE) as desk:
                aggregate(desk, ENTRY, PeerSource(taken, handed.manifest), tier="city")
        return handed.manifest

    for number in range(4):
        register.put(number)
    plan = register.follow()
    for deed, stand in (
        (lambda: None, ["公司0", "公司1", "公司2", "公司3"]),
        (lambda: register.drop(1), ["公司0", "公司2", "公司3"]),
        (lambda: register.sql("UPDATE register SET name = '乙' WHERE name = '公司2'"), ["乙", "公司0", "公司3"]),
        (lambda: register.sql("UPDATE register SET name = '公司2' WHERE name = '乙'"), ["公司0", "公司2", "公司3"]),
        (lambda: register.sql("UPDATE register SET name = '乙' WHERE name = '公司2'"), ["乙", "公司0", "公司3"]),
        (lambda: register.drop(3), ["乙", "公司0"]),
    ):
        deed()
        register.run(plan)
        manifest = hand_up()
        assert named_at(city.engine, city.pools) == named_at(register.house.engine, register.house.pools) == stand
    taken.write_bytes(taken.read_bytes()[:-40])
    with pytest.raises(Invalid), city.desk(HOUSE) as desk:
        aggregate(desk, ENTRY, PeerSource(taken, replace(manifest, batch="other")), tier="city")


@pytest.mark.parametrize("deed", ["TRUNCATE TABLE register", "DELETE FROM register WHERE name <> '公司3'"])
def test_a_source_that_lost_its_data_empties_nothing_by_itself(register: Register, deed: str) -> None:
    """More than the share, or everything at once, waits for a person; declined it rests, accepted it goes."""
    for number in range(30):
        register.put(number)
    plan = register.follow()
    register.run(plan)
    register.sql(deed)
    register.put(40)
    with pytest.raises(WrongMoment, match="took back"):
        register.run(plan)
    stopped = register.found(plan)
    assert (stopped.state, [one.change for one in stopped.drift]) == (State.STOPPED, [Change.WITHDRAWN])
    assert len(register.standing()) == 30
    with pytest.raises(WrongMoment, match="until that is decided"):
        register.run(plan)
    register.put(41)
    with register.house.desk(OFFICER) as desk:
        plans.settle_drift(desk, plan.id, accept=True)
    run = register.run(plan)
    assert (run.outcome, run.rows) == (Outcome.LANDED, 2)
    left = ["公司40", "公司41"] if deed.startswith("TRUNCATE") else ["公司3", "公司40", "公司41"]
    assert register.standing() == left
    assert register.found(plan).granted == 0


def test_a_stream_begun_anew_finds_what_went_meanwhile(register: Register) -> None:
    """What is no more among all rows is taken back, and what another source gave stays."""
    for number in range(12):
        register.put(number)
    plan = register.follow()
    register.run(plan)
    with register.house.desk(OFFICER) as desk:
        plans.restart(desk, plan.id)
    register.drop(5)
    run = register.run(plan)
    assert (run.rows, run.withdrawn) == (11, 1)
    assert "公司5" not in register.standing()


@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_a_loss_is_decided_and_a_stream_begun_anew_or_ended_on_its_page(tmp_path: Path, language: str) -> None:
    """The officer sees how many of how many rows went, lets them go, begins anew, and ends the plan for good."""
    city = a_city(tmp_path / "home")
    with a_console(city).client("officer", language) as client:
        house = city.house
        with house.desk(house.itself) as desk:
            catalogue.adopt(desk, replace(register_entry(), provider=MARKET), "test")
        reach = Reach(kind=ReachKind.MYSQL, host="127.0.0.1", port=1, database="a", table="b", user="c")
        post = city.posts["officer"]
        with house.reading() as db:
            found = registers.find_post(db, post)
        officer = Actor(id=found.person, org=found.body, duties=found.duties, cleared=found.cleared)
        with house.desk(officer) as desk:
            plan = plans.keep(desk, ENTRY, Wanted(title="登记库", reach=reach, reading=Reading(mode=Mode.STREAM)))
        with transaction(house.engine) as db:
            plans.store.save_plan(db, plan.losing(31, 40, {"uscc": "char(18)"}))
        page = client.get(f"/plans/{plan.id}").text
        words = {"en": ("Let the rows go", "End the plan"), "zh-CN": ("同意收回", "终止计划")}[language]
        assert all(word in page for word in (*words, ">40<", ">31<"))
        for path, fields in (("drift", {"answer": "accept"}), ("restart", {}), ("end", {})):
            answer = client.post(f"/plans/{plan.id}/{path}", data={"_csrf": CSRF, **fields})
            assert answer.status_code == 200, answer.text
            with house.reading() as db:
                plan = plans.find_plan(db, plan.id)
            if path == "drift":
                assert (plan.state, plan.granted) == (State.ACTIVE, 31)
        assert (plan.state, plan.until) == (State.ENDED, "")
        assert words[1] not in client.get(f"/plans/{plan.id}").text
    house.engine.dispose()
