"""Streams of MySQL and MariaDB: the binary log tells which rows changed, the table how they stand, each change once."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import pymysql
import pytest

from jutong.collection import Mode, Reach, ReachKind, Reading, plans
from jutong.collection.plans import Outcome, Plan, State
from jutong.collection.plans.acts import LEASE
from jutong.collection.sources import keys, mysql_stream
from jutong.kernel.errors import Invalid, WrongMoment
from jutong.pools.layout import raw_table
from tests.collecting import ENTRY, OFFICER
from tests.mariadb import KEEPER, USER, WORD, mariadb_port  # noqa: F401
from tests.unit.test_plans import NAMES, ROW, Town

STREAM = Reading(mode=Mode.STREAM)
_numbers = count(1)


class Source(Town):
    """A town whose department keeps its register in a MariaDB that writes a binary log."""

    def __init__(self, folder: Path, port: int) -> None:
        self.port, self.reader, self.table = port, f"reader{next(_numbers)}", f"firm{next(_numbers)}"
        self.grant("REPLICATION SLAVE, BINLOG MONITOR ON *.*", "SELECT ON town.*")
        super().__init__(folder, "")
        (folder / "keys" / "sources" / "11500000MB16000001-register").write_text(WORD + "\n")

    def grant(self, *rights: str) -> None:
        self.sql(f"CREATE OR REPLACE USER {self.reader}@'127.0.0.1' IDENTIFIED BY '{WORD}'")
        for right in rights:
            self.sql(f"GRANT {right} TO {self.reader}@'127.0.0.1'")

    def sql(self, *statements: str, values: tuple[object, ...] = (), user: str = KEEPER) -> None:
        with (
            closing(
                pymysql.connect(
                    host="127.0.0.1", port=self.port, user=user, password=WORD, database="town", charset="utf8mb4"
                )
            ) as db,
            db.cursor() as cursor,
        ):
            for statement in statements:
                if statement.startswith("CREATE TABLE firm ("):
                    columns = ", ".join(f"{name} varchar(100)" for name in NAMES)
                    statement = (
                        f"CREATE TABLE firm (pad decimal(20,4) DEFAULT 1.5, flags set('a','b'), kind enum('x','y'), at6"
                        f" datetime(6) DEFAULT now(6), bits bit(11) DEFAULT b'101', pic blob, fixed char(80),"
                        f" n bigint unsigned PRIMARY KEY, {columns}, changed datetime NOT NULL) CHARACTER SET utf8mb4"
                    )
                if statement.startswith("PURGE"):
                    self.purge(cursor)
                    continue
                cursor.execute(statement.replace("firm", self.table), values)
            db.commit()

    def purge(self, cursor: pymysql.cursors.Cursor) -> None:
        """Throw away every file of the log but the newest; one that is just being read is held for a while."""
        for _ in range(100):
            cursor.execute("SHOW BINARY LOGS")
            *old, (newest, _) = cursor.fetchall()
            if not old:
                return
            cursor.execute(f"PURGE BINARY LOGS TO '{newest}'")
            time.sleep(0.1)
        raise AssertionError("the server keeps its old logs")

    def add(self, number: int, minute: int = 0) -> None:
        names = ", ".join(["n", *NAMES, "changed"])
        marks = ", ".join(["%s"] * (len(NAMES) + 2))
        row = (number, f"公司{number}", *ROW, f"2026-01-01 00:{minute:02d}:00")
        self.sql(f"INSERT INTO firm ({names}) VALUES ({marks})", values=row)

    def landed_whole(self) -> list[list[object]]:
        rows = self.house.pools.lake.read(raw_table(ENTRY)).read_all().to_pylist()
        return [
            [row[name] for name in NAMES] for row in sorted(rows, key=lambda row: row["name"] == "公司1", reverse=True)
        ]

    def rename(self, number: int, name: str) -> None:
        self.sql("UPDATE firm SET name = %s WHERE n = %s", values=(name, number))

    def plan(self, **changes: object) -> Plan:
        reach = Reach(
            kind=ReachKind.MYSQL,
            host="127.0.0.1",
            port=self.port,
            database="town",
            table=self.table,
            user=self.reader,
            secret="register",
        )
        wanted = plans.Wanted(title="企业登记库", reach=reach, reading=STREAM)
        with self.house.desk(OFFICER) as desk:
            return plans.keep(desk, ENTRY, replace(wanted, **changes))  # type: ignore[arg-type]

    def restart(self, plan: Plan) -> None:
        with self.house.desk(OFFICER) as desk:
            plans.restart(desk, plan.id)


@pytest.fixture
def source(tmp_path: Path, mariadb_port: int) -> Iterator[Source]:  # noqa: F811
    """A department's MariaDB."""
    made = Source(tmp_path / "home", mariadb_port)
    with closing(made.outward):
        yield made
    made.sql(
        "DROP TABLE IF EXISTS firm", f"DROP USER {made.reader}@'127.0.0.1'",
        "SET GLOBAL binlog_row_image = FULL", "SET GLOBAL log_bin_compress = OFF", "SET GLOBAL binlog_checksum = CRC32",
    )  # fmt: skip
    made.house.engine.dispose()


@pytest.mark.parametrize("setting", ["binlog_row_image=MINIMAL", "log_bin_compress=ON", "binlog_checksum=NONE", ""])
def test_the_first_run_reads_all_and_the_next_what_changed(source: Source, setting: str) -> None:
    """In every form of the log; what changed to and fro within a run is one row as it stands."""
    if setting:
        source.sql(f"SET GLOBAL {setting}", "FLUSH BINARY LOGS")
    source.sql("SET GLOBAL log_bin_compress_min_len = 10")
    for number in range(3):
        source.add(number)
    plan = source.plan()
    assert source.run(plan).rows == 3
    assert source.run(plan).outcome is Outcome.NOTHING_NEW
    source.add(2**63 + 7)
    source.sql("FLUSH BINARY LOGS", "UPDATE firm SET pic = repeat('x', 300), fixed = 'y', flags = 'a,b' WHERE n = 1")
    source.rename(1, "改名")
    source.rename(1, "再改")
    second = source.run(plan)
    assert (second.outcome, second.rows, second.behind) == (Outcome.LANDED, 2, 0)
    for name in ("甲", "再改"):
        source.rename(1, name)
        assert source.run(plan).outcome is Outcome.LANDED
    source.sql("FLUSH BINARY LOGS", "CREATE TABLE IF NOT EXISTS other (n int)", "INSERT INTO other VALUES (1)")
    assert source.run(plan).outcome is Outcome.NOTHING_NEW
    landed = ["公司0", "公司1", "公司2", "公司9223372036854775815", "再改", "再改", "甲"]
    assert source.landed() == sorted(landed)


def test_rows_stand_as_a_full_reading_tells_them(source: Source) -> None:
    """The log spells values its own way; what lands after a change is letter for letter what a full plan lands."""
    source.add(1)
    source.sql("UPDATE firm SET reg_date = '2003-01-06 01:02:03.5', capital = '1234.5', ent_type = '乙'")
    source.sql(
        "ALTER TABLE firm MODIFY reg_date datetime(3), MODIFY capital decimal(20,6), MODIFY ent_type enum('甲','乙')"
    )
    plan, full = source.plan(), source.plan(reading=Reading())
    source.run(plan)
    source.rename(1, '带"引号,和\n换行')
    assert source.run(plan).rows == 1
    before = source.landed_whole()
    assert source.run(full).rows == 1
    assert source.landed_whole()[-1] == before[-1]


def test_texts_as_keys_are_told_apart_as_written(source: Source) -> None:
    """A key of several columns, of texts in their own character set; what a collation takes for the same is not."""
    source.sql(
        "ALTER TABLE firm DROP PRIMARY KEY, MODIFY name varchar(100) CHARACTER SET gbk,"
        " MODIFY uscc char(90) COLLATE utf8mb4_general_ci, ADD PRIMARY KEY (uscc, name, n)"
    )
    source.add(1)
    plan = source.plan()
    source.run(plan)
    source.add(2)
    source.sql("UPDATE firm SET address = '别处' WHERE n = 1")
    assert source.run(plan).rows == 2
    source.sql("UPDATE firm SET uscc = lower(uscc) WHERE n = 1")
    with pytest.raises(WrongMoment, match="does not tell which ones"):
        source.run(plan)


@pytest.mark.parametrize("loss", ["DELETE FROM firm WHERE n = 1", "UPDATE firm SET n = 9 WHERE n = 1"])
def test_a_lost_row_is_said(source: Source, loss: str) -> None:
    """Where no batch can tell it the stream stands until it is begun anew, and the next run reads all rows."""
    source.add(1)
    source.add(2)
    plan = source.plan()
    source.run(plan)
    source.add(3)
    source.sql(loss)
    for _ in range(2):
        with pytest.raises(WrongMoment, match="does not tell which ones"):
            source.run(plan)
    source.add(4)
    source.restart(plan)
    source.run(plan)
    source.add(5)
    assert source.run(plan).rows == 1


@pytest.mark.parametrize(
    ("deed", "said"),
    [
        ("RENAME TABLE firm TO gone, kept TO firm", "made anew"),
        ("ALTER TABLE firm DROP COLUMN pad, DROP COLUMN n, ADD PRIMARY KEY (changed)", "no primary key"),
        ("ALTER TABLE firm DROP COLUMN pad, MODIFY flags set('a') FIRST", "was altered"),
        ("SET SESSION binlog_format = STATEMENT; UPDATE firm SET name = 'x' WHERE n = 1", "as a statement"),
        ("XA START 'a'; UPDATE firm SET name = 'x'; XA END 'a'; XA PREPARE 'a'; XA COMMIT 'a'", "distributed"),
        ("FLUSH BINARY LOGS; PURGE", "thrown away"),
        ("RESET MASTER; INSERT INTO other SELECT seq FROM seq_1_to_2000", "begun its log anew|thrown away"),
        ("SET GLOBAL server_id = 8", "another server"),
        ("SET GLOBAL binlog_format = MIXED", "binlog_format is not ROW"),
        ("REVOKE BINLOG MONITOR ON *.* FROM reader", "may not read the log"),
        ("REVOKE REPLICATION SLAVE ON *.* FROM reader", "may not read the log"),
    ],
)
def test_a_log_that_cannot_be_followed_is_refused_with_the_remedy(source: Source, deed: str, said: str) -> None:
    """Nothing lands of it, nothing is guessed; what was begun anew goes on."""
    source.add(1)
    source.sql(
        "CREATE TABLE IF NOT EXISTS other (n int)", "DROP TABLE IF EXISTS kept, gone", "CREATE TABLE kept LIKE firm"
    )
    plan = source.plan()
    source.run(plan)
    source.rename(1, "改名")
    try:
        source.sql(*deed.replace("reader", f"{source.reader}@'127.0.0.1'").split("; "))
        with pytest.raises((Invalid, WrongMoment), match=said) as refused:
            source.run(plan)
        assert refused.value.remedy
    finally:
        source.sql("SET GLOBAL server_id = 7", "SET GLOBAL binlog_format = ROW", "DROP TABLE IF EXISTS kept, gone")
    assert source.landed() == ["公司1"]


def test_tables_of_other_departments_and_added_columns_do_not_stop_it(source: Source) -> None:
    """Copies, views and new columns of no concern pass; what is new is asked about as with every plan."""
    source.add(1)
    plan = source.plan()
    source.run(plan)
    source.sql(
        "CREATE TABLE firm_copy AS SELECT * FROM firm", "DROP TABLE firm_copy", "ALTER TABLE firm ADD COLUMN extra int"
    )
    source.rename(1, "改名")
    assert source.run(plan).rows == 1
    assert [one.column for one in source.found(plan).drift] == ["extra"]


def test_a_large_transaction_passes_in_bounds(source: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whole transactions, at most so many changes a run; how much of the log was not read is told."""
    monkeypatch.setattr(mysql_stream, "CHANGES_MOST", 50)
    monkeypatch.setattr(keys, "PORTION", 7)
    source.add(0)
    plan = source.plan()
    source.run(plan)
    names = ", ".join([*NAMES, "changed"])
    source.sql(f"INSERT INTO firm (n, {names}) SELECT seq, {names} FROM firm, seq_1_to_60")
    for number in range(61, 71):
        source.add(number)
    first = source.run(plan)
    assert first.rows == 60
    assert first.behind > 0
    assert source.run(plan).rows == 10
    assert len(source.landed()) == 71


def test_where_a_snapshot_has_no_place_in_the_log_nothing_is_lost(
    source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So it is at MySQL: the changes of the last minute are looked at again, and land as the rows that they are."""
    monkeypatch.setattr(mysql_stream.BinaryLog, "_taken_at", lambda *_: None)
    source.add(1)
    plan = source.plan()
    source.run(plan)
    source.add(2)
    assert [source.run(plan).rows for _ in range(2)] == [1, 1]
    monkeypatch.setattr(mysql_stream, "LATE_SECONDS", -5)
    assert source.run(plan).rows == 1
    assert source.run(plan).outcome is Outcome.NOTHING_NEW
    assert set(source.landed()) == {"公司1", "公司2"}


def test_a_plan_that_ends_runs_no_more(source: Source) -> None:
    """The server keeps nothing for it; a publication is PostgreSQL's."""
    source.add(1)
    plan = source.plan()
    source.run(plan)
    assert plans.end_plan(source.house, OFFICER, plan.id, source.outward).state is State.ENDED
    with pytest.raises(Invalid, match="through a publication"):
        source.plan(reading=Reading(mode=Mode.STREAM, publication="jutong"))
    source.sql("TRUNCATE firm")
    empty = source.plan()
    with pytest.raises(Invalid, match="holds no rows"):
        source.run(empty)


SCRIPT = """
import os, signal, sys
from contextlib import closing
from pathlib import Path
from jutong.collection import plans
from jutong.collection.plans import running
from jutong.desk import open_house
from jutong.kernel.outward import Outward
from jutong.pools.layout import raw_table
from tests.collecting import ENTRY, OFFICER

def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

folder, plan, when = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
if when == "read":
    running.Shelf.keep = die
elif when == "kept":
    running.acts.land = die
elif when == "in the lake":
    running.acts.batches.save = die
with closing(Outward(inside=True)) as outward:
    plans.run_plan(open_house(folder), OFFICER, plan, outward)
"""


@pytest.mark.parametrize("when", ["read", "kept", "in the lake"])
def test_a_killed_run_loses_and_doubles_no_change(source: Source, when: str) -> None:
    """Killed after the reading, before the landing, or between the lake and the position: every change lands once."""
    source.add(1)
    plan = source.plan()
    plans.run_plan(source.house, OFFICER, plan.id, source.outward)
    source.rename(1, "甲")
    died = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(source.folder), plan.id, when], capture_output=True, text=True, check=False
    )
    assert died.returncode == -signal.SIGKILL, died.stderr
    if when != "read":
        source.rename(1, "乙")
    source.now = datetime.now(UTC) + LEASE
    for _ in range(2):
        source.run(plan)
    assert source.landed() == sorted(["公司1", "甲"] if when == "read" else ["公司1", "甲", "乙"])
