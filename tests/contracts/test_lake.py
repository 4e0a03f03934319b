"""What a lake must do, in a folder and in a bucket."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from jutong.kernel.errors import Invalid, NotFound, Unavailable
from jutong.pools import DuckEngine, Lake, TableRef, digest_of
from tests.bucket import s3_options, s3_url  # noqa: F401


def firms(*rows: tuple[str, str | None]) -> pa.Table:
    """Rows of a small register."""
    return pa.table(
        {"code": [code for code, _ in rows], "name": [name for _, name in rows]},
        schema=pa.schema({"code": pa.string(), "name": pa.string()}),
    )


def rows_of(reader: pa.RecordBatchReader) -> list[tuple[object, ...]]:
    """The rows, sorted, because a table has no order."""
    table = reader.read_all()
    return sorted(zip(*(column.to_pylist() for column in table.columns), strict=True))


class LakeContract:
    """What every lake must do."""

    @pytest.fixture
    def lake(self) -> Lake:
        raise NotImplementedError

    def test_what_landed_is_read(self, lake: Lake) -> None:
        """Rows come back as they went in, nulls and characters of all planes included."""
        lake.append("raw/a", firms(("1", "甲"), ("2", None), ("3", "𠮷野家")), mark="m1")
        assert rows_of(lake.read("raw/a", where=pc.field("name").is_valid())) == [("1", "甲"), ("3", "𠮷野家")]
        assert lake.read("raw/a", columns=["code"]).schema.names == ["code"]

    def test_a_mark_lands_once(self, lake: Lake) -> None:
        """A delivery that arrives twice changes nothing and gets the first one's snapshot."""
        first = lake.append("raw/a", firms(("1", "甲")), mark="m1")
        lake.append("raw/a", firms(("2", "乙")), mark="m2")
        assert lake.append("raw/a", firms(("1", "甲")), mark="m1") == first
        assert lake.snapshot_of("raw/a", "m1") == first
        assert lake.snapshot_of("raw/a", "m3") is None
        assert rows_of(lake.read("raw/a")) == [("1", "甲"), ("2", "乙")]

    def test_replacing_leaves_the_new_rows_alone(self, lake: Lake) -> None:
        """A full delivery takes the place of the one before, also with other columns; the old stays readable."""
        old = lake.append("raw/a", firms(("1", "甲")), mark="m1")
        new = lake.replace("raw/a", pa.table({"code": ["2"], "capital": [5]}), mark="m2")
        assert rows_of(lake.read("raw/a")) == [("2", 5)]
        assert rows_of(lake.read("raw/a", version=old.version)) == [("1", "甲")]
        assert lake.replace("raw/a", pa.table({"code": ["2"], "capital": [5]}), mark="m2") == new

    def test_replacing_by_nothing_empties(self, lake: Lake) -> None:
        """A source that has no rows left is believed."""
        lake.append("raw/a", firms(("1", "甲")), mark="m1")
        lake.replace("raw/a", firms(), mark="m2")
        assert rows_of(lake.read("raw/a")) == []

    def test_merging_keeps_one_row_a_key(self, lake: Lake) -> None:
        """Known keys get the new values, new keys come in, the others stay."""
        lake.merge("library/f", firms(("1", "甲"), ("2", "乙")), key=("code",), mark="m1")
        lake.merge("library/f", firms(("2", None), ("3", "丙")), key=("code",), mark="m2")
        assert rows_of(lake.read("library/f")) == [("1", "甲"), ("2", None), ("3", "丙")]

    def test_merging_what_is_there_leaves_a_mark_and_no_change(self, lake: Lake) -> None:
        """Rows that are as they were are no change for those who read the change feed."""
        first = lake.merge("library/f", firms(("1", "甲")), key=("code",), mark="m1")
        again = lake.merge("library/f", firms(("1", "甲")), key=("code",), mark="m2")
        assert lake.snapshot_of("library/f", "m2") == again
        assert lake.changes("library/f", after=first.version).read_all().num_rows == 0

    def test_sweeping_spares_what_any_version_knows(self, lake: Lake) -> None:
        """Old versions and change feeds stay readable after a sweep."""
        first = lake.merge("library/f", firms(("1", "甲")), key=("code",), mark="m1")
        lake.merge("library/f", firms(("1", "乙")), key=("code",), mark="m2")
        lake.replace("library/f", firms(("2", "丙")), mark="m3")
        assert lake.sweep("library/f", before=datetime.now(UTC) + timedelta(days=1)) == 0
        assert rows_of(lake.read("library/f", version=first.version)) == [("1", "甲")]
        assert lake.changes("library/f", after=0).read_all().num_rows == 5

    def test_the_change_feed_tells_what_a_merge_did(self, lake: Lake) -> None:
        """Whoever follows a table reads inserts and both sides of an update, and needs no second copy."""
        first = lake.merge("library/f", firms(("1", "甲"), ("2", "乙")), key=("code",), mark="m1")
        lake.merge("library/f", firms(("2", "二"), ("3", "丙")), key=("code",), mark="m2")
        changes = lake.changes("library/f", after=first.version).read_all()
        assert sorted(zip(changes["_change_type"].to_pylist(), changes["name"].to_pylist(), strict=True)) == [
            ("insert", "丙"),
            ("update_postimage", "二"),
            ("update_preimage", "乙"),
        ]
        assert lake.changes("library/f", after=99).read_all().num_rows == 0

    def test_a_merge_with_an_unclear_key_is_refused(self, lake: Lake) -> None:
        """Two rows for one key, or a row without one: nobody could say which survives; no value is told."""
        for rows in (firms(("1", "甲"), ("1", "乙")), pa.table({"code": [None, "1"], "name": ["a", "b"]})):
            with pytest.raises(Invalid) as refusal:
                lake.merge("library/f", rows, key=("code",), mark="m1")
            assert "甲" not in str(refusal.value)
        assert not lake.exists("library/f")

    def test_rows_with_other_columns_are_refused(self, lake: Lake) -> None:
        """A drift of the source is for collection to judge; the table does not take it silently."""
        lake.append("raw/a", firms(("1", "甲")), mark="m1")
        with pytest.raises(Invalid):
            lake.append("raw/a", pa.table({"code": ["2"]}), mark="m2")
        assert lake.snapshot_of("raw/a", "m2") is None
        assert lake.version("raw/a") == 1

    def test_a_source_that_breaks_off_leaves_nothing(self, lake: Lake) -> None:
        """A landing is whole or absent; its files are taken away; what broke is told as it was."""

        def broken() -> Iterator[pa.RecordBatch]:
            yield firms(*((str(n), "甲") for n in range(200_000))).to_batches()[0]
            raise ConnectionResetError("source")

        lake.append("raw/a", firms(("1", "甲")), mark="m1")
        reader = pa.RecordBatchReader.from_batches(firms().schema, broken())
        with pytest.raises(ConnectionResetError):
            lake.append("raw/a", reader, mark="m2")
        assert rows_of(lake.read("raw/a")) == [("1", "甲")]
        assert lake.sweep("raw/a", before=datetime.now(UTC) + timedelta(days=1)) == 0

    def test_every_type_comes_back(self, lake: Lake) -> None:
        """What the digest saw is what is read, on any machine."""
        rows = pa.table(
            {
                "text": pa.array(["a", None, ""], pa.large_string()),
                "word": pa.array(["x", "y", "x"]).dictionary_encode(),
                "count": pa.array([1, None, 3], pa.uint32()),
                "ratio": pa.array([0.5, float("nan"), None]),
                "yes": pa.array([True, None, False]),
                "day": pa.array([date(2026, 1, 2), None, date(1949, 10, 1)]),
                "at": pa.array([datetime(2026, 1, 2, tzinfo=UTC), None, None], pa.timestamp("ns", "Asia/Shanghai")),
                "money": pa.array([None, 1, 2], pa.decimal128(18, 2)),
                "bytes": pa.array([b"\x00", None, b""]),
                "nothing": pa.nulls(3),
            }
        )
        landed = lake.append("raw/types", rows, mark="m1")
        assert digest_of(rows) == landed.digest == digest_of(lake.read("raw/types"))

    def test_a_table_that_is_not_there_is_not_found(self, lake: Lake) -> None:
        """An absent table is a refusal, not an empty answer."""
        assert not lake.exists("raw/none")
        with pytest.raises(NotFound):
            lake.read("raw/none")
        with pytest.raises(NotFound):
            lake.version("raw/none")

    def test_two_writers_at_once_lose_nothing(self, lake: Lake) -> None:
        """Both landings stand; neither overwrites the other."""
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda n: lake.append("raw/a", firms((str(n), "甲")), mark=f"m{n}"), range(12)))
        assert lake.read("raw/a").read_all().num_rows == 12

    def test_two_writers_of_one_mark_land_it_once(self, lake: Lake) -> None:
        """The same delivery taken up by two workers is in the table once, and both get the same snapshot."""
        with ThreadPoolExecutor(4) as pool:
            landed = list(pool.map(lambda _: lake.append("raw/a", firms(("1", "甲")), mark="m"), range(8)))
        assert len(set(landed)) == 1
        assert rows_of(lake.read("raw/a")) == [("1", "甲")]
        assert lake.sweep("raw/a", before=datetime.now(UTC) + timedelta(days=1)) == 0

    def test_old_marks_are_known_after_many_landings(self, lake: Lake) -> None:
        """The log is folded into checkpoints on the way; a mark outlives them."""
        first = lake.append("raw/a", firms(("0", "甲")), mark="m0")
        for number in range(1, 25):
            lake.append("raw/a", firms((str(number), "甲")), mark=f"m{number}")
        assert lake.append("raw/a", firms(("0", "甲")), mark="m0") == first
        assert lake.read("raw/a").read_all().num_rows == 25

    def test_the_engine_reads_the_lake(self, lake: Lake, tmp_path: Path) -> None:
        """SQL over a table at a version, and over one that is empty."""
        engine = DuckEngine(lake, tmp_path)
        old = lake.append("raw/a", firms(("1", "甲")), mark="m1")
        lake.append("raw/a", firms(("2", "乙")), mark="m2")
        count = "SELECT count(*) AS n FROM a"
        assert engine.query(count, {"a": TableRef("raw/a")}).read_all().to_pylist() == [{"n": 2}]
        assert engine.query(count, {"a": TableRef("raw/a", old.version)}).read_all().to_pylist() == [{"n": 1}]
        lake.replace("raw/a", firms(), mark="m3")
        assert engine.query(count, {"a": TableRef("raw/a")}).read_all().to_pylist() == [{"n": 0}]


class TestFolderLake(LakeContract):
    """A lake in a folder."""

    @pytest.fixture
    def lake(self, tmp_path: Path) -> Lake:
        return Lake(str(tmp_path / "lake"), {}, tmp_path / "scratch")

    def test_a_full_disk_refuses_and_keeps_what_was_there(self, lake: Lake, tmp_path: Path) -> None:
        """What does not fit is refused whole, its files are gone, and the same mark may come again."""
        lake.append("raw/a", firms(("1", "甲")), mark="m1")
        full = f"""
import resource
from pathlib import Path
import pyarrow as pa
from jutong.kernel.errors import Unavailable
from jutong.pools import Lake
resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))
lake = Lake({str(tmp_path / "lake")!r}, {{}}, Path({str(tmp_path / "scratch")!r}))
import hashlib
names = [hashlib.sha256(str(n).encode()).hexdigest() for n in range(100_000)]
rows = pa.table({{"code": names, "name": names}})
for land in (lake.append, lake.replace, lambda *a, **k: lake.merge(*a, key=("code",), **k)):
    try:
        land("raw/a", rows, mark="m2")
    except Unavailable as error:
        assert "full" in str(error), error
    else:
        raise SystemExit("landed")
"""
        done = subprocess.run([sys.executable, "-c", full], env=_environment(), capture_output=True, check=False)
        assert done.returncode == 0, done.stderr.decode()[-2000:]
        assert rows_of(lake.read("raw/a")) == [("1", "甲")]
        assert lake.sweep("raw/a", before=datetime.now(UTC) + timedelta(days=1)) == 0
        assert lake.append("raw/a", firms(("2", "乙")), mark="m2").version == 2


class TestBucketLake(LakeContract):
    """A lake behind an S3 URL."""

    @pytest.fixture
    def lake(self, s3_url: str, s3_options: dict[str, str], tmp_path: Path) -> Lake:  # noqa: F811
        return Lake(s3_url, s3_options, tmp_path)

    def test_a_store_that_is_away_is_unavailable(self, tmp_path: Path) -> None:
        """It is told within seconds, and no secret is in the words."""
        options = {
            "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
            "AWS_ALLOW_HTTP": "true",
            "AWS_ACCESS_KEY_ID": "AKIATESTKEY",
            "AWS_SECRET_ACCESS_KEY": "very-secret",
            "AWS_REGION": "us-east-1",
        }
        lake = Lake("s3://lake/node", options, tmp_path)
        for use in (
            lambda: lake.read("raw/a"),
            lambda: lake.exists("raw/a"),
            lambda: lake.append("raw/a", firms(("1", "甲")), mark="m1"),
        ):
            with pytest.raises(Unavailable) as refusal:
                use()
            assert "very-secret" not in str(refusal.value)
            assert "AKIATESTKEY" not in str(refusal.value)

    def test_a_bucket_that_is_not_there_is_told(self, s3_options: dict[str, str], tmp_path: Path) -> None:  # noqa: F811
        """A misspelled bucket is refused at the first landing, not taken for an empty lake that accepts rows."""
        lake = Lake("s3://no-such-bucket/node", s3_options, tmp_path)
        with pytest.raises((Unavailable, NotFound)):
            lake.append("raw/a", firms(("1", "甲")), mark="m1")


_LAND = """
import os, signal, sys
from pathlib import Path
import pyarrow as pa
from deltalake import DeltaTable
from jutong.pools import Lake

where, when, kind = sys.argv[1:]
commit = DeltaTable.create_write_transaction


def die_at(*args, **facts):
    if when == "before":
        os.kill(os.getpid(), signal.SIGKILL)
    commit(*args, **facts)
    if when == "after":
        os.kill(os.getpid(), signal.SIGKILL)


DeltaTable.create_write_transaction = die_at
lake = Lake(where, {}, Path(where) / "scratch")
rows = pa.table({"code": ["1", "2"], "name": ["a", "b"]})
getattr(lake, kind)("raw/a", rows, mark="m1")
"""


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2] / "src")}


@pytest.mark.parametrize("kind", ["append", "replace"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_landing_that_is_killed_lands_once_when_it_is_done_again(tmp_path: Path, when: str, kind: str) -> None:
    """Killed with its files written but not committed, or committed but not answered: one copy, no orphan for long."""
    argv = [sys.executable, "-c", _LAND, str(tmp_path), when, kind]
    assert subprocess.run(argv, env=_environment(), check=False).returncode == -9
    lake = Lake(str(tmp_path), {}, tmp_path / "scratch")
    assert (lake.snapshot_of("raw/a", "m1") is not None) == (when == "after")
    rows = firms(("1", "a"), ("2", "b"))
    landed = getattr(lake, kind)("raw/a", rows, mark="m1")
    assert rows_of(lake.read("raw/a")) == [("1", "a"), ("2", "b")]
    assert landed.version == 1
    assert landed.digest == digest_of(rows)
    assert lake.sweep("raw/a", before=datetime.now(UTC) - timedelta(hours=1)) == 0, "young files may be a landing's"
    assert lake.sweep("raw/a", before=datetime.now(UTC) + timedelta(days=1)) == (1 if when == "before" else 0)
    assert rows_of(lake.read("raw/a")) == [("1", "a"), ("2", "b")]


def test_two_processes_land_in_one_table(tmp_path: Path) -> None:
    """Two machines' workers append and merge at once; all marks are there, each once."""
    work = """
import sys
from pathlib import Path
import pyarrow as pa
from jutong.pools import Lake
where, who = sys.argv[1:]
lake = Lake(where, {}, Path(where) / who)
for number in range(8):
    lake.append("raw/a", pa.table({"code": [f"{who}{number}"]}), mark=f"{who}{number}")
    lake.append("raw/a", pa.table({"code": [f"both{number}"]}), mark=f"both{number}")
    pair = pa.table({"code": [f"{who}{number}", "same"], "n": [number, number]})
    lake.merge("library/a", pair, key=("code",), mark=f"{who}{number}")
"""
    argv = [[sys.executable, "-c", work, str(tmp_path), who] for who in ("x", "y")]
    workers = [subprocess.Popen(each, env=_environment()) for each in argv]
    assert [worker.wait(120) for worker in workers] == [0, 0]
    lake = Lake(str(tmp_path), {}, tmp_path / "z")
    wanted = [(f"{who}{number}",) for who in ("both", "x", "y") for number in range(8)]
    assert rows_of(lake.read("raw/a")) == wanted
    assert lake.read("library/a").read_all().num_rows == 17


@pytest.mark.parametrize("name", ["../x", "/etc", "a//b", "a/../b", "", "a b", "甲", "a/", "x" * 300, "a/..", "a\x00"])
def test_a_name_cannot_leave_the_lake(tmp_path: Path, name: str) -> None:
    """Names come from identifiers, but a forged one must not become a path."""
    with pytest.raises(Invalid):
        Lake(str(tmp_path), {}, tmp_path).append(name, firms(("1", "甲")), mark="m")
