"""Plans: run once at a time, from where the last run ended, whatever dies in between; what changes is decided."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from jutong import catalogue
from jutong.cli.node import make_home
from jutong.collection import Layout, Limits, Mode, Reach, ReachKind, Reading, batches, contract_of, plans
from jutong.collection.plans import Outcome, Plan, Schedule, State, Wanted
from jutong.collection.plans import acts as plan_acts
from jutong.desk import open_house
from jutong.guard import POLICIES
from jutong.kernel.clock import LEGAL_TIME
from jutong.kernel.errors import Invalid, NotAllowed, Unavailable, WrongMoment
from jutong.kernel.outward import Outward
from jutong.kernel.settings import Home
from jutong.pools.layout import raw_table
from jutong.terms import Actor, Duty, Grade
from tests.collecting import ENTRY, OFFICER, REGULATOR, register_entry
from tests.near import sources_near
from tests.postgres import fresh_database, postgres_url  # noqa: F401

NAMES = contract_of(register_entry()).names
ROW = ("91500227MA5U579E19", "2003-01-06", "N/A", "N/A", "普通货运", "重庆", "璧山", "广普镇西大街")
ELSEWHERE = Actor(id="other", org="11500000MB3000030X", duties=frozenset({Duty.COLLECTION}), cleared=Grade.L4)


class Town:
    """A node, and a department's database beside it, of which the password is in the node's keys."""

    def __init__(self, folder: Path, url: str) -> None:
        self.url, self.folder = url, folder
        make_home(folder, name="cn-500000", body=REGULATOR, division="500000")
        sources_near(folder)
        self.now = datetime.now(UTC)
        self.house = open_house(folder, clock=lambda: self.now)
        with self.house.desk(self.house.itself) as desk:
            catalogue.adopt(desk, register_entry(), "test")
        keys = folder / "keys" / "sources"
        keys.mkdir(parents=True)
        (keys / f"{REGULATOR}-register").write_text("a-word\n")
        (keys / f"{REGULATOR}-register").chmod(0o600)
        columns = ", ".join(f"{name} varchar(100)" for name in NAMES)
        self.sql(f"CREATE TABLE firm (n int PRIMARY KEY, {columns}, changed timestamp NOT NULL)")
        self.outward = Outward(inside=True)

    def sql(self, statement: str, values: tuple[object, ...] = ()) -> None:
        with psycopg.connect(self.url, autocommit=True) as db:
            db.execute(statement, values)  # type: ignore[arg-type]

    def add(self, number: int, minute: int = 0) -> None:
        marks = ", ".join(["%s"] * (len(NAMES) + 2))
        row = (number, f"公司{number}", *ROW, f"2026-01-01 00:{minute:02d}:00")
        self.sql(f"INSERT INTO firm VALUES ({marks})", row)

    def plan(self, **changes: object) -> Plan:
        told = psycopg.conninfo.conninfo_to_dict(self.url)
        reach = Reach(
            kind=ReachKind.POSTGRESQL,
            host=str(told["host"]),
            port=int(str(told["port"])),
            database=str(told["dbname"]),
            table="firm",
            user=str(told["user"]),
            secret="register",
        )
        wanted = Wanted(title="企业登记库", reach=reach, reading=Reading.of("changed", overlap=60))
        with self.house.desk(OFFICER) as desk:
            return plans.keep(desk, ENTRY, replace(wanted, **changes))  # type: ignore[arg-type]

    def run(self, plan: Plan, actor: Actor = OFFICER) -> plans.Run:
        self.now += timedelta(minutes=1)
        return plans.run_plan(self.house, actor, plan.id, self.outward)

    def found(self, plan: Plan) -> Plan:
        with self.house.reading() as db:
            return plans.find_plan(db, plan.id)

    def landed(self) -> list[str]:
        table = raw_table(ENTRY)
        lake = self.house.pools.lake
        return sorted(lake.read(table).read_all().column("name").to_pylist()) if lake.exists(table) else []


@pytest.fixture
def town(tmp_path: Path, postgres_url: str) -> Iterator[Town]:  # noqa: F811
    """A town."""
    made = Town(tmp_path / "home", fresh_database(postgres_url))
    with closing(made.outward):
        yield made
    made.house.engine.dispose()


def test_a_plan_brings_what_is_new_and_nothing_twice(town: Town) -> None:
    """The second run reads on from the first, takes what came late within the overlap, and the third finds nothing."""
    for number in range(3):
        town.add(number, minute=number)
    plan = town.plan()
    assert town.run(plan).outcome is Outcome.LANDED
    town.add(7, minute=2)
    town.add(8, minute=9)
    second = town.run(plan)
    assert (second.outcome, second.rows, second.again) == (Outcome.LANDED, 2, 2)
    assert town.run(plan).outcome is Outcome.NOTHING_NEW
    assert town.landed() == ["公司0", "公司1", "公司2", "公司7", "公司8"]


def test_a_full_plan_knows_rows_that_did_not_change(town: Town) -> None:
    """The same table again is the same batch."""
    town.add(1)
    plan = town.plan(reading=Reading())
    assert [town.run(plan).outcome for _ in range(2)] == [Outcome.LANDED, Outcome.KNOWN]
    with town.house.reading() as db:
        assert len(batches(db, ENTRY)) == 1


def test_two_collectors_never_run_one_plan(town: Town) -> None:
    """The second is told that another is at it; a run that died is given up after its lease, and says so."""
    plan = town.plan()
    town.add(1)
    with town.house.desk(OFFICER) as desk:
        _, dead = plan_acts.begin(desk, plan.id)
    with pytest.raises(WrongMoment, match="another collector"):
        town.run(plan)
    town.now += timedelta(minutes=3)
    assert town.run(plan).outcome is Outcome.LANDED
    with town.house.reading() as db:
        assert plans.find_run(db, dead.id).outcome is Outcome.ABANDONED


def test_a_run_that_was_given_up_keeps_nothing(town: Town, tmp_path: Path) -> None:
    """A collector that slept through its lease finds that it may not land."""
    plan = town.plan()
    town.add(1)
    with town.house.desk(OFFICER) as desk:
        _, slow = plan_acts.begin(desk, plan.id)
    door = plans.door_of(Home.open(town.folder), REGULATOR, plan.reach, town.outward)
    contract = contract_of(register_entry())
    pulled = door.pull(contract, tmp_path / "slow.arrow", layout=Layout(), reading=plan.reading, limits=Limits())
    town.now += timedelta(minutes=3)
    town.add(2)
    town.run(plan)
    with pytest.raises(WrongMoment, match="given up"), town.house.desk(OFFICER) as desk:
        plan_acts.land(desk, slow, pulled, columns={})
    with town.house.reading() as db:
        assert sum(one.rows_landed for one in batches(db, ENTRY)) == 2


def test_a_loss_stops_a_plan_and_a_gain_is_asked_about(town: Town) -> None:
    """A new column is left aside and asked about; a narrowed one stops all reading until somebody has decided."""
    town.add(1)
    plan = town.plan(schedule=Schedule("every 1h"))
    town.run(plan)
    town.sql("ALTER TABLE firm ADD COLUMN note text, ALTER COLUMN name TYPE varchar(300)")
    town.run(plan)
    asked = town.found(plan)
    assert asked.state is State.ACTIVE
    assert {(one.column, one.change.value) for one in asked.drift} == {("note", "added"), ("name", "widened")}
    with town.house.desk(OFFICER) as desk:
        plans.settle_drift(desk, plan.id, accept=True)
    town.sql("ALTER TABLE firm ALTER COLUMN name TYPE varchar(200)")
    with pytest.raises(WrongMoment, match="narrowed the columns name"):
        town.run(plan)
    assert (town.found(plan).state, town.found(plan).next_at) == (State.STOPPED, None)
    with pytest.raises(WrongMoment, match="until that is decided"):
        town.run(plan)
    with town.house.desk(OFFICER) as desk:
        assert plans.settle_drift(desk, plan.id, accept=True).state is State.ACTIVE
    assert town.run(plan).outcome is Outcome.NOTHING_NEW


def test_the_clock_runs_what_is_due_for_every_department(town: Town) -> None:
    """A plan with a schedule runs by itself, a paused one does not; by hand only one's own department may run it."""
    town.add(1)
    plan = town.plan(schedule=Schedule("every 30m"))
    assert plans.run_due(town.house, town.outward) == 0
    town.now += timedelta(minutes=31)
    assert plans.run_due(town.house, town.outward) == 1
    with pytest.raises(NotAllowed):
        town.run(plan, actor=ELSEWHERE)
    with town.house.desk(OFFICER) as desk:
        plans.pause(desk, plan.id)
    town.now += timedelta(hours=2)
    assert plans.run_due(town.house, town.outward) == 0


def test_a_source_that_is_gone_leaves_the_reason(town: Town) -> None:
    """A run that failed says why, and the plan waits for its next hour."""
    plan = town.plan(schedule=Schedule("every 30m"), reach=replace(town.plan().reach, port=1))
    with pytest.raises(Unavailable):
        town.run(plan)
    with town.house.reading() as db:
        (run,) = plans.runs_of(db, plan.id)
    assert (run.outcome, run.code, str(run.reason)) == (
        Outcome.UNAVAILABLE,
        "unavailable",
        f"the database {plan.reach.database} does not answer as it should",
    )
    assert town.found(plan).next_at == town.now + timedelta(minutes=30)


DIES = """
import os, signal, sys
from pathlib import Path
from jutong.collection.plans import acts, running
from jutong.desk import open_house
from jutong.kernel.outward import Outward
from tests.collecting import OFFICER

where, plan = sys.argv[2], sys.argv[3]
struck = {"read": (running, "_decide"), "kept": (acts, "land"), "landed": (acts.batches, "save")}[where]

def die(*args, **more):
    os.kill(os.getpid(), signal.SIGKILL)

setattr(*struck, die)
running.run_plan(open_house(Path(sys.argv[1])), OFFICER, plan, Outward(inside=True))
"""


@pytest.mark.parametrize("where", ["kept", "landed"])
def test_a_killed_collector_loses_nothing_and_doubles_nothing(town: Town, where: str) -> None:
    """Killed after reading, or with its rows already in the lake: the next run lands the very rows that were read."""
    town.add(1)
    plan = town.plan()
    killed = subprocess.run(
        [sys.executable, "-c", DIES, str(town.folder), where, plan.id],
        env={**os.environ, "PYTHONPATH": "src:."},
        cwd=Path(__file__).parents[2],
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL
    town.add(2, minute=30)
    town.now = datetime.now(UTC) + timedelta(minutes=3)
    assert town.run(plan).rows == 1
    assert town.run(plan).rows == 1
    assert town.landed() == ["公司1", "公司2"]
    assert town.run(plan).outcome is Outcome.NOTHING_NEW


def test_what_is_tried_is_shown_masked_and_the_password_never(town: Town) -> None:
    """A first look shows how columns fit and rows as their grade allows; nobody else's password can be borrowed."""
    town.add(1)
    plan = town.plan()
    door = plans.door_of(Home.open(town.folder), REGULATOR, plan.reach, town.outward)
    with town.house.desk(OFFICER) as desk:
        glance = plans.try_source(desk, ENTRY, plan.reach, Layout(), door)
    assert glance.misfit is None
    assert glance.left_aside == ("n", "changed")
    assert [row["name"] for row in glance.rows] == ["公司1"]
    assert "a-word" not in repr(plan) + repr(glance)
    with pytest.raises(Unavailable):
        plans.door_of(Home.open(town.folder), ELSEWHERE.org, plan.reach, town.outward)


def test_only_a_sound_plan_is_kept(town: Town) -> None:
    """Schedules, watermarks and addresses are checked before anything is read."""
    with pytest.raises(Invalid):
        town.plan(title="")
    for spelled in ("every 0m", "* * * *", "61 * * * *", "5-1 * * * *", "a b c d e"):
        with pytest.raises(Invalid):
            Schedule(spelled)
    with pytest.raises(Invalid):
        Reading(mode=Mode.INCREMENTAL)


def test_cron_fields_are_read_in_legal_time() -> None:
    """Hours are those of the country; a day of the month or of the week is enough where both are named."""
    monday = datetime(2026, 1, 5, 3, 0, tzinfo=LEGAL_TIME)
    for spelled, wanted in (
        ("30 2 * * *", datetime(2026, 1, 6, 2, 30, tzinfo=LEGAL_TIME)),
        ("*/20 3 * * *", datetime(2026, 1, 5, 3, 20, tzinfo=LEGAL_TIME)),
        ("0 0 1,15 * 0", datetime(2026, 1, 11, 0, 0, tzinfo=LEGAL_TIME)),
        ("0 0 29 2 *", datetime(2028, 2, 29, 0, 0, tzinfo=LEGAL_TIME)),
    ):
        assert Schedule(spelled).after(monday) == wanted


def test_every_policy_of_plans_is_one_of_collection() -> None:
    """Only collection officers keep and run plans; the clock runs what is due."""
    acts = {name for name in POLICIES if name.startswith("collection.") and "plan" in name}
    assert {duty for name in acts for duty in POLICIES[name].duties} == {Duty.COLLECTION}
