"""Streams: what changed in a PostgreSQL table comes from its log, each change once, whatever dies in between."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest

from jutong.collection import Mode, Reach, ReachKind, Reading, plans
from jutong.collection.plans import Outcome, Plan, State
from jutong.collection.plans.acts import LEASE
from jutong.collection.sources import stream as streams
from jutong.collection.sources.stream import slot_of
from jutong.kernel.errors import Invalid, NotAllowed, WrongMoment
from tests.collecting import OFFICER
from tests.postgres import fresh_database, postgres_url  # noqa: F401
from tests.unit.test_plans import ELSEWHERE, Town

AT_ONCE = "-c synchronous_commit=on"
STREAM = Reading(mode=Mode.STREAM, publication="jutong")


class Source(Town):
    """A town whose database publishes its table's changes."""

    def __init__(self, folder: Path, url: str) -> None:
        super().__init__(folder, url)
        self.sql("CREATE PUBLICATION jutong FOR TABLE firm")
        self.kept: list[Plan] = []

    def stream(self, **changes: object) -> Plan:
        self.kept.append(self.plan(reading=STREAM, **changes))
        return self.kept[-1]

    def sql(self, statement: str, values: tuple[object, ...] = ()) -> None:
        # The tests' cluster writes its log late; a change that is not in it yet is the next run's.
        with psycopg.connect(self.url, autocommit=True, options=AT_ONCE) as db:
            db.execute(statement, values)  # type: ignore[arg-type]

    def rename(self, number: int, name: str) -> None:
        self.sql("UPDATE firm SET name = %s WHERE n = %s", (name, number))

    def slot(self, plan: Plan) -> str | None:
        with psycopg.connect(self.url) as db:
            query = "SELECT confirmed_flush_lsn::text FROM pg_replication_slots WHERE slot_name = %s"
            told = db.execute(query, (slot_of(plan.id),)).fetchone()
            return str(told[0]) if told else None


@pytest.fixture
def source(tmp_path: Path, postgres_url: str) -> Iterator[Source]:  # noqa: F811
    """A department's database with a publication."""
    made = Source(tmp_path / "home", fresh_database(postgres_url))
    with closing(made.outward):
        yield made
        for plan in made.kept:
            made.sql(
                "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = %s",
                (slot_of(plan.id),),
            )
    made.house.engine.dispose()


def test_the_first_run_reads_all_and_the_next_what_changed(source: Source) -> None:
    """Inserts and updates land once, in their order; a quiet source lets its log go on."""
    for number in range(3):
        source.add(number)
    plan = source.stream()
    assert source.run(plan).rows == 3
    source.add(7)
    source.rename(1, "改名")
    source.rename(1, "再改")
    second = source.run(plan)
    assert (second.outcome, second.rows) == (Outcome.LANDED, 3)
    before = source.slot(plan)
    source.sql("CREATE TABLE other AS SELECT generate_series(1, 1000) AS n")
    assert source.run(plan).outcome is Outcome.NOTHING_NEW
    assert source.slot(plan) != before
    assert source.landed() == sorted(["公司0", "公司1", "公司2", "公司7", "改名", "再改"])


def test_the_same_value_again_is_another_change(source: Source) -> None:
    """A row that goes to and fro lands each time: a delivery is its rows and its place in the log."""
    source.add(1)
    plan = source.stream()
    source.run(plan)
    for name in ("甲", "乙", "甲"):
        source.rename(1, name)
        assert source.run(plan).outcome is Outcome.LANDED
    assert source.landed() == sorted(["公司1", "甲", "乙", "甲"])


def test_what_the_first_reading_had_seen_is_not_taken_again(source: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    """Changes between the making of the slot and the snapshot are in the snapshot, and only there."""
    source.add(1)
    plan = source.stream()
    table = streams.postgres_table

    def late(*args: object, **more: object) -> object:
        source.add(2)
        source.rename(1, "改名")
        return table(*args, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(streams, "postgres_table", late)
    assert source.run(plan).rows == 2
    monkeypatch.undo()
    source.add(3)
    assert source.run(plan).rows == 1
    assert source.landed() == sorted(["改名", "公司2", "公司3"])
    assert " " not in source.found(plan).until


@pytest.mark.parametrize(
    ("loss", "left"),
    [("DELETE FROM firm WHERE n = 1", 3), ("UPDATE firm SET n = 9 WHERE n = 1", 4)],
)
def test_a_lost_row_is_said_and_nothing_behind_it_lands(source: Source, loss: str, left: int) -> None:
    """What came before lands; then the stream stands until it is begun anew, and the next run reads all rows."""
    source.add(1)
    source.add(2)
    plan = source.stream()
    source.run(plan)
    source.add(3)
    with psycopg.connect(source.url, options=AT_ONCE) as db:
        db.execute("UPDATE firm SET name = 'unseen' WHERE n = 2")
        db.execute(loss)  # type: ignore[call-overload]
    source.add(4)
    assert source.run(plan).rows == 1
    for _ in range(2):
        with pytest.raises(WrongMoment, match="does not tell which ones"):
            source.run(plan)
    assert source.landed() == ["公司1", "公司2", "公司3"]
    with source.house.desk(ELSEWHERE) as desk, pytest.raises(NotAllowed):
        plans.restart(desk, plan.id)
    with source.house.desk(OFFICER) as desk:
        plans.restart(desk, plan.id)
    assert source.run(plan).rows == left
    source.add(5)
    assert source.run(plan).rows == 1


def test_long_values_that_did_not_change_are_never_guessed(source: Source) -> None:
    """The log leaves them out unless the old row is in it: without it the run says what the owner has to do."""
    source.sql("ALTER TABLE firm ALTER COLUMN scope TYPE text, ALTER COLUMN scope SET STORAGE EXTERNAL")
    source.add(1)
    plan = source.stream()
    source.run(plan)
    source.sql("UPDATE firm SET scope = repeat('长', 4000)")
    assert source.run(plan).rows == 1
    source.rename(1, "改名")
    with pytest.raises(Invalid, match="leaves out long values"):
        source.run(plan)
    with source.house.desk(OFFICER) as desk:
        plans.restart(desk, plan.id)
    source.sql("ALTER TABLE firm REPLICA IDENTITY FULL")
    source.run(plan)
    source.rename(1, "又改")
    assert source.run(plan).rows == 1
    source.sql("UPDATE firm SET n = 5")
    assert source.run(plan).rows == 1


def test_a_source_that_cannot_tell_its_changes_is_refused_with_the_remedy(
    source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No publication, one that hides deletions, no right, no logical log, a slot that is gone, another kind."""
    source.add(1)
    source.sql("CREATE PUBLICATION half FOR TABLE firm WITH (publish = 'insert, update')")
    for name in ("none", "half"):
        wrong = source.plan(reading=Reading(mode=Mode.STREAM, publication=name))
        with pytest.raises(Invalid, match="does not hold all changes"):
            source.run(wrong)
    source.sql("CREATE ROLE reader LOGIN")
    source.sql("GRANT SELECT ON firm TO reader")
    poor = source.stream()
    reach = Reach(
        kind=poor.reach.kind,
        host=poor.reach.host,
        port=poor.reach.port,
        database=poor.reach.database,
        table="firm",
        user="reader",
    )
    poor = source.stream(reach=reach)
    with pytest.raises(Invalid, match="may not read the log"):
        source.run(poor)
    source.sql("DROP OWNED BY reader; DROP ROLE reader")
    plan = source.stream()
    source.run(plan)
    source.sql("SELECT pg_drop_replication_slot(%s)", (slot_of(plan.id),))
    with pytest.raises(WrongMoment, match="slot of this plan is gone"):
        source.run(plan)
    with pytest.raises(Invalid, match="through a publication"):
        source.plan(reading=STREAM, reach=Reach(kind=ReachKind.MYSQL, host="a", database="b", table="c", user="d"))
    with pytest.raises(Invalid, match="without an overlap"):
        Reading(mode=Mode.STREAM, publication="jutong", overlap=5)
    monkeypatch.setattr(streams, "_one", lambda *_: "replica")
    with pytest.raises(Invalid, match="wal_level is not logical"):
        source.run(plan)


def test_a_plan_that_ends_leaves_no_slot(source: Source) -> None:
    """The source keeps no log for it, and it runs no more; ending again changes nothing."""
    source.add(1)
    plan = source.stream()
    source.run(plan)
    assert source.slot(plan)
    for _ in range(2):
        assert plans.end_plan(source.house, OFFICER, plan.id, source.outward).state is State.ENDED
    assert source.slot(plan) is None
    with pytest.raises(WrongMoment, match="has ended"):
        source.run(plan)


def test_a_failed_first_run_leaves_no_slot(source: Source) -> None:
    """An empty table is refused, and its log is not kept."""
    plan = source.stream()
    with pytest.raises(Invalid, match="holds no rows"):
        source.run(plan)
    assert source.slot(plan) is None


def test_a_large_transaction_and_many_small_ones_pass_in_bounds(
    source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whole transactions, at most so many changes a run; how much of the log was not read is told."""
    monkeypatch.setattr(streams, "CHANGES_MOST", 50)
    monkeypatch.setattr(streams, "ROWS", 7)
    source.add(0)
    plan = source.stream()
    source.run(plan)
    source.sql("INSERT INTO firm SELECT g, 'x' || g, uscc, reg_date, ent_type, capital, scope, province, city, address,"
               " changed FROM firm, generate_series(1, 60) g")  # fmt: skip
    for number in range(61, 71):
        source.add(number)
    first = source.run(plan)
    assert first.rows == 60
    assert first.behind > 0
    assert source.run(plan).rows == 10
    assert len(source.landed()) == 71


SCRIPT = """
import os, signal, sys
from contextlib import closing
from pathlib import Path
from jutong.collection import plans
from jutong.collection.plans import running
from jutong.collection.sources.stream import Stream
from jutong.desk import open_house
from jutong.kernel.outward import Outward
from tests.collecting import OFFICER

def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

folder, plan, when = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
if when == "read":
    running.Shelf.keep = die
elif when == "kept":
    running.acts.land = die
elif when == "landed":
    Stream.settle = die
with closing(Outward(inside=True)) as outward:
    plans.run_plan(open_house(folder), OFFICER, plan, outward)
"""


@pytest.mark.parametrize("when", ["read", "kept", "landed"])
def test_a_killed_run_loses_and_doubles_no_change(source: Source, when: str) -> None:
    """Killed after the reading, before or after the landing: every change lands once."""
    source.add(1)
    plan = source.stream()
    plans.run_plan(source.house, OFFICER, plan.id, source.outward)
    source.rename(1, "甲")
    died = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(source.folder), plan.id, when], capture_output=True, text=True, check=False
    )
    assert died.returncode == -signal.SIGKILL, died.stderr
    source.rename(1, "乙")
    source.now = datetime.now(UTC) + LEASE
    for _ in range(2):
        source.run(plan)
    assert source.landed() == sorted(["公司1", "甲", "乙"])
