"""What upkeep must do to a lake, in a folder and in a bucket, and what it must leave alone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest

from jutong.kernel.errors import NotFound
from jutong.pools import DuckEngine, Lake, TableRef
from jutong.pools.history import NoLongerKept
from jutong.pools.upkeep import compact, mark_standing, tables, trim, wear
from tests.bucket import s3_options, s3_url  # noqa: F401

LANDINGS = 12
LATER = timedelta(days=1)


def amounts(number: int) -> pa.Table:
    """Three rows of one landing, in every kind of column that the house keeps."""
    return pa.table(
        {
            "_batch": [f"b{number}"] * 3,
            "_row": pa.array([1, 2, 3], pa.int64()),
            "name": [f"企业{number}-{row}" for row in range(3)],
            "amount": pa.array([Decimal("1.50000000"), None, Decimal(number)], pa.decimal128(28, 8)),
            "day": [date(2026, 1, 1 + number), None, date(2026, 1, 1)],
            "gone": [True, False, None],
        }
    )


def a_worn_table(lake: Lake, table: str = "raw/a") -> None:
    """Land many small deliveries."""
    for number in range(LANDINGS):
        lake.append(table, amounts(number), mark=f"m{number}")


def rows_of(lake: Lake, table: str = "raw/a", version: int | None = None) -> list[dict[str, object]]:
    """The rows in an order of their own."""
    rows: list[dict[str, object]] = lake.read(table, version=version).read_all().to_pylist()
    return sorted(rows, key=lambda row: (str(row["_batch"]), str(row["_row"])))


def tomorrow() -> datetime:
    """An instant before which everything has happened."""
    return datetime.now(UTC) + LATER


class UpkeepContract:
    """What upkeep does to every lake."""

    @pytest.fixture
    def lake(self) -> Lake:
        raise NotImplementedError

    def test_many_small_files_become_one_and_nothing_else_changes(self, lake: Lake) -> None:
        """Rows, values, marks and change feed are what they were; the version before stays readable."""
        a_worn_table(lake)
        rows, version = rows_of(lake), lake.version("raw/a")
        assert compact(lake, "raw/a") == (LANDINGS, 1)
        assert rows_of(lake) == rows == rows_of(lake, version=version)
        assert lake.version("raw/a") == version + 1
        assert lake.append("raw/a", amounts(3), mark="m3").version == 4
        assert lake.changes("raw/a", after=0).read_all().num_rows == 3 * LANDINGS
        assert lake.changes("raw/a", after=version).read_all().num_rows == 0
        assert compact(lake, "raw/a") == (1, 1)
        assert lake.version("raw/a") == version + 1

    def test_retention_takes_away_what_no_kept_version_shows(self, lake: Lake) -> None:
        """Log and small files go; rows stay; a mark of old still lands only once; what is gone is refused clearly."""
        a_worn_table(lake)
        rows, landed = rows_of(lake), lake.snapshot_of("raw/a", "m3")
        compact(lake, "raw/a")
        assert mark_standing(lake, "raw/a")
        assert not mark_standing(lake, "raw/a")
        worn = wear(lake, "raw/a", before=tomorrow(), unused_since=tomorrow())
        assert (worn.entries, worn.dead_files, worn.oldest, worn.start) == (LANDINGS + 1, LANDINGS, 0, LANDINGS + 1)
        done = trim(lake, "raw/a", before=tomorrow(), unused_since=tomorrow())
        assert (done.oldest, done.entries, done.files, done.bytes) == (
            *(LANDINGS + 1, LANDINGS + 1, LANDINGS),
            worn.dead_bytes,
        )
        assert rows_of(lake) == rows
        assert lake.snapshot_of("raw/a", "m3") == landed == lake.append("raw/a", amounts(3), mark="m3")
        assert lake.kept("raw/a", 4) == LANDINGS + 1
        with pytest.raises(NoLongerKept, match=f"back to version {LANDINGS + 1}"):
            lake.read("raw/a", version=4)
        with pytest.raises(NoLongerKept):
            lake.changes("raw/a", after=4)
        assert lake.append("raw/a", amounts(20), mark="new").version == LANDINGS + 2
        assert not wear(lake, "raw/a", before=tomorrow(), unused_since=tomorrow()).due or mark_standing(lake, "raw/a")

    def test_marks_outlive_two_rounds_of_retention(self, lake: Lake) -> None:
        """What was written beside the log is carried on when more of the log goes."""
        for number in (1, 2):
            lake.append("raw/a", amounts(number), mark=f"m{number}")
            mark_standing(lake, "raw/a")
            trim(lake, "raw/a", before=tomorrow(), unused_since=tomorrow())
        lake.append("raw/a", amounts(3), mark="m3")
        mark_standing(lake, "raw/a")
        trim(lake, "raw/a", before=tomorrow(), unused_since=tomorrow())
        assert [getattr(lake.snapshot_of("raw/a", f"m{number}"), "version", None) for number in (1, 2, 3)] == [1, 2, 3]

    def test_what_is_younger_than_its_retention_stays(self, lake: Lake) -> None:
        """Nothing that stood within the retention goes, and no file that may be on its way into the table."""
        a_worn_table(lake)
        compact(lake, "raw/a")
        mark_standing(lake, "raw/a")
        yesterday = datetime.now(UTC) - LATER
        assert not wear(lake, "raw/a", before=yesterday, unused_since=yesterday).due
        assert trim(lake, "raw/a", before=yesterday, unused_since=tomorrow()).entries == 0
        assert len(rows_of(lake, version=3)) == 9

    def test_an_instant_leads_to_the_version_that_stood_then(self, lake: Lake) -> None:
        """Before the table there is nothing; afterwards the newest version that had come."""
        lake.append("raw/a", amounts(1), mark="m1")
        lake.append("raw/a", amounts(2), mark="m2")
        came = lake.history("raw/a").came(1)
        assert lake.version_at("raw/a", tomorrow()) == 2
        assert lake.version_at("raw/a", came) in (1, 2)  # both may have come in one millisecond
        with pytest.raises(NotFound):
            lake.version_at("raw/a", came - LATER)
        mark_standing(lake, "raw/a")
        trim(lake, "raw/a", before=tomorrow(), unused_since=tomorrow())
        with pytest.raises(NoLongerKept):
            lake.version_at("raw/a", came - LATER)

    def test_an_engine_reads_what_upkeep_left(self, lake: Lake, tmp_path: Path) -> None:
        """Questions are answered from compacted files as from small ones; a name leads to its layer."""
        a_worn_table(lake, "library/a")
        engine = DuckEngine(lake, tmp_path / "spill")
        sql = "SELECT count(*) AS n, sum(amount) AS s, min(day) AS d FROM t"
        before = engine.query(sql, {"t": TableRef("library/a")}).read_all()
        compact(lake, "library/a")
        assert engine.query(sql, {"t": TableRef("library/a")}).read_all() == before
        assert list(tables(lake)) == ["library/a"]

    def test_rows_of_a_delivery_outlive_the_version_that_first_showed_them(self, lake: Lake, tmp_path: Path) -> None:
        """Whoever asks for a delivery's rows where only more came on top of them is answered from a kept version."""
        a_worn_table(lake)
        mark_standing(lake, "raw/a")
        trim(lake, "raw/a", before=tomorrow(), unused_since=tomorrow())
        engine = DuckEngine(lake, tmp_path / "spill")
        sql = "SELECT count(*) AS n FROM t WHERE _batch = 'b2'"
        with pytest.raises(NoLongerKept):
            engine.query(sql, {"t": TableRef("raw/a", 3)})
        assert engine.query(sql, {"t": TableRef("raw/a", 3, lasting=True)}).read_all()["n"].to_pylist() == [3]


class TestFolderUpkeep(UpkeepContract):
    """A lake in a folder."""

    @pytest.fixture
    def lake(self, tmp_path: Path) -> Lake:
        return Lake(str(tmp_path / "lake"), {}, tmp_path / "scratch")


class TestBucketUpkeep(UpkeepContract):
    """A lake behind an S3 URL."""

    @pytest.fixture
    def lake(self, s3_url: str, s3_options: dict[str, str], tmp_path: Path) -> Lake:  # noqa: F811
        return Lake(s3_url, s3_options, tmp_path)


def test_a_reader_goes_on_while_its_files_are_replaced(tmp_path: Path) -> None:
    """Somebody who is in the middle of a table reads it to its end, whatever upkeep does meanwhile."""
    lake = Lake(str(tmp_path), {}, tmp_path / "scratch")
    a_worn_table(lake)
    reader = lake.read("raw/a")
    reader.read_next_batch()
    compact(lake, "raw/a")
    mark_standing(lake, "raw/a")
    # The retention of every layer is days; a reader's files are as young as its question.
    trim(lake, "raw/a", before=datetime.now(UTC) - LATER, unused_since=datetime.now(UTC) - LATER)
    assert sum(batch.num_rows for batch in reader) == 3 * LANDINGS - 3


_UPKEEP = """
import os, signal, sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from jutong.pools import Lake
from jutong.pools.upkeep import compact, mark_standing, trim

where, limit = sys.argv[1], int(sys.argv[2])
lake, done = Lake(where, {}, Path(where) / "scratch"), 0


class Dying:
    def __init__(self, files):
        self.files = files

    def __getattr__(self, name):
        real = getattr(self.files, name)
        if name not in ("delete_file", "move", "open_output_stream"):
            return real

        def counted(*args, **facts):
            global done
            done += 1
            if done > limit:
                os.kill(os.getpid(), signal.SIGKILL)
            return real(*args, **facts)

        return counted


compact(lake, "raw/a")
mark_standing(lake, "raw/a")
lake.place.files = Dying(lake.place.files)
later = datetime.now(UTC) + timedelta(days=1)
trim(lake, "raw/a", before=later, unused_since=later)
"""


@pytest.mark.parametrize("limit", [0, 1, 2, 5, LANDINGS + 2, LANDINGS + 4, LANDINGS + 6])
def test_upkeep_that_is_killed_leaves_a_sound_table_and_is_completed_by_the_next(tmp_path: Path, limit: int) -> None:
    """Struck dead at its n-th step: all rows and marks are there, and the next run finishes what was begun."""
    lake = Lake(str(tmp_path), {}, tmp_path / "scratch")
    a_worn_table(lake)
    rows = rows_of(lake)
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2] / "src")}
    argv = [sys.executable, "-c", _UPKEEP, str(tmp_path), str(limit)]
    assert subprocess.run(argv, env=environment, check=False).returncode == -signal.SIGKILL
    assert rows_of(lake) == rows
    assert all(lake.snapshot_of("raw/a", f"m{number}") for number in range(LANDINGS))
    lake.append("raw/a", amounts(20), mark="new")
    mark_standing(lake, "raw/a")
    trim(lake, "raw/a", before=tomorrow(), unused_since=tomorrow())
    assert len(rows_of(lake)) == len(rows) + 3
    assert lake.history("raw/a").oldest == lake.version("raw/a")
    assert all(lake.snapshot_of("raw/a", mark) for mark in ("m0", "m11", "new"))
    assert not list(tmp_path.glob("raw/a/_jutong/*.part"))
    assert len(list(tmp_path.glob("raw/a/*.parquet"))) == 2
