"""What an engine must do: the same questions get the same answers from DuckDB and from Spark Connect."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pytest

from jutong.kernel.errors import Invalid, NotFound, Unavailable
from jutong.pools import DuckEngine, Engine, Lake, SparkEngine, TableRef

FIRMS = pa.table(
    {
        "code": ["91500000A", "91500000B", "91500001C", "9150", None, "91500000A"],
        "name": ["重庆长安", "𠮷野家（重庆）", "O'Neil 100%_\\", None, "", "重庆长安股份"],
        "capital": pa.array([100, 20, None, 7, 7, 100], pa.int64()),
        "founded": ["2001-02-03", "1999-12-31", "2001-02-30", "", None, "2001-02-03"],
    }
)

# Each a question of the house and its answer; the order is always asked for, because no engine promises one.
QUESTIONS: dict[str, tuple[str, list[tuple[object, ...]]]] = {
    "filter": (
        "SELECT code FROM f WHERE capital > 10 AND name <> '' ORDER BY name",
        [("91500000A",), ("91500000A",), ("91500000B",)],
    ),
    "aggregates": (
        "SELECT count(*), count(capital), CAST(sum(capital) AS BIGINT), min(capital), max(code) FROM f",
        [(6, 5, 234, 7, "91500001C")],
    ),
    "distinct count": ("SELECT count(DISTINCT code), count(DISTINCT name) FROM f", [(4, 5)]),
    "group": (
        "SELECT code, count(*) AS n FROM f WHERE code IS NOT NULL GROUP BY code HAVING count(*) > 1 ORDER BY code",
        [("91500000A", 2)],
    ),
    "inline table": (
        "SELECT f.code, v.place FROM f JOIN (VALUES ('重庆长安', 1), ('x', 2)) AS v(name, place) ON v.name = f.name",
        [("91500000A", 1)],
    ),
    "self join": ("SELECT count(*) FROM f JOIN f AS g ON f.code = g.code", [(7,)]),
    "regular expression": (
        "SELECT code FROM f WHERE regexp_matches(code, '^[0-9A-HJ-NPQRTUWXY]{9}$') ORDER BY name",
        [("91500001C",), ("91500000A",), ("91500000A",), ("91500000B",)],
    ),
    "regular expression, full": (
        "SELECT count(*) FROM f WHERE regexp_full_match(founded, '\\d{4}-\\d{2}-\\d{2}')",
        [(4,)],
    ),
    "regular expression, flags": ("SELECT count(*) FROM f WHERE regexp_matches(code, 'a$', 'i')", [(2,)]),
    "substring": (
        "SELECT substr(code, 3, 6), left(code, 2), right(code, 1), length(name) FROM f WHERE capital = 20",
        [("500000", "91", "B", 7)],
    ),
    "case": (
        "SELECT CASE WHEN capital IS NULL THEN 'none' WHEN capital < 10 THEN 'small' ELSE 'large' END AS size, count(*)"
        " FROM f GROUP BY 1 ORDER BY 1",
        [("large", 3), ("none", 1), ("small", 2)],
    ),
    "try cast": (
        "SELECT CAST(count(TRY_CAST(founded AS DATE)) AS BIGINT), count(TRY_CAST(code AS BIGINT)) FROM f",
        [(3, 1)],
    ),
    "window": (
        "SELECT name FROM (SELECT name, row_number() OVER (PARTITION BY code ORDER BY name DESC) AS n FROM f"
        " WHERE code = '91500000A') AS ranked WHERE n = 1",
        [("重庆长安股份",)],
    ),
    "nulls": (
        "SELECT coalesce(name, '?'), name IS NOT DISTINCT FROM NULL, nullif(founded, '') FROM f WHERE code = '9150'",
        [("?", True, None)],
    ),
    "null order": (
        "SELECT code FROM f ORDER BY code NULLS LAST, name LIMIT 5 OFFSET 3",
        [("91500000B",), ("91500001C",), (None,)],
    ),
    "with": ("WITH big AS (SELECT * FROM f WHERE capital >= 100) SELECT count(*) FROM big", [(2,)]),
    "union": ("SELECT count(*) FROM (SELECT code FROM f UNION SELECT code FROM f) AS u", [(5,)]),
    "except": (
        "SELECT code FROM f EXCEPT SELECT code FROM f WHERE capital > 10 ORDER BY code",
        [("9150",), ("91500001C",), (None,)],
    ),
    "texts": (
        "SELECT upper(trim('  a ')), replace(name, '重庆', ''), concat(code, '/', name), strpos(name, '长') FROM f"
        " WHERE name = '重庆长安'",
        [("A", "长安", "91500000A/重庆长安", 3)],
    ),
    "like": ("SELECT count(*) FROM f WHERE name LIKE '%重庆%'", [(3,)]),
    "whole numbers": ("SELECT 7 // 2, 7 % 3, CAST(7 AS BIGINT) * 3", [(3, 1, 21)]),
    "exists": (
        "SELECT count(*) FROM f WHERE NOT EXISTS (SELECT 1 FROM f AS g WHERE g.code = f.code AND g.capital > 10)",
        [(3,)],
    ),
    "filter clause": (
        "SELECT count(*) FILTER (WHERE capital > 10), count(*) FILTER (WHERE name IS NULL) FROM f",
        [(3, 1)],
    ),
}


class EngineContract:
    """What every engine must do."""

    @pytest.fixture
    def lake(self, tmp_path: Path) -> Lake:
        return Lake(str(tmp_path / "lake"), {}, tmp_path / "scratch")

    @pytest.fixture
    def engine(self, lake: Lake, tmp_path: Path) -> Engine:
        raise NotImplementedError

    @pytest.mark.parametrize("question", QUESTIONS)
    def test_one_question_has_one_answer(self, engine: Engine, lake: Lake, question: str) -> None:
        """Over a table of the lake, every engine gives the answer that is written here."""
        sql, answer = QUESTIONS[question]
        lake.append("raw/f", FIRMS, mark="m1")
        assert _rows(engine.query(sql, {"f": TableRef("raw/f")})) == answer

    def test_arrow_rows_are_asked_like_tables(self, engine: Engine, lake: Lake) -> None:
        """A table in memory, a stream and a table of the lake in one question."""
        lake.append("raw/f", FIRMS, mark="m1")
        given = pa.table({"code": ["9150", "x"], "note": ["甲", None]})
        sql = "SELECT f.code, g.note, s.n FROM f JOIN g ON f.code = g.code JOIN s ON s.code = f.code"
        stream = pa.table({"code": ["9150"], "n": [5]}).to_reader()
        assert _rows(engine.query(sql, {"f": TableRef("raw/f"), "g": given, "s": stream})) == [("9150", "甲", 5)]

    def test_an_empty_input_is_a_table_without_rows(self, engine: Engine, lake: Lake) -> None:
        """Nothing collected yet is no error."""
        lake.append("raw/f", FIRMS.schema.empty_table(), mark="m1")
        tables = {"f": TableRef("raw/f"), "g": FIRMS.schema.empty_table()}
        assert _rows(engine.query("SELECT count(*) FROM f, g", tables)) == [(0,)]
        assert engine.query("SELECT code, capital FROM f", tables).schema.names == ["code", "capital"]

    def test_values_come_in_as_parameters(self, engine: Engine) -> None:
        """Whatever an officer types is a value, never SQL; marks count in the order of the text."""
        evil = "'; DROP TABLE f; -- \\' \" ${x} 重庆 %"
        sql = "WITH w AS (SELECT ? AS a) SELECT a, ? AS b, ? AS c, ? AS d, '?' AS e FROM w WHERE ? < 2"
        assert _rows(engine.query(sql, {}, [evil, 5, True, None, 1])) == [(evil, 5, True, None, "?")]

    def test_a_version_is_read_as_it_was(self, engine: Engine, lake: Lake) -> None:
        """A question about a batch is answered from the batch's version, whatever landed since."""
        old = lake.append("raw/f", FIRMS, mark="m1")
        lake.append("raw/f", FIRMS, mark="m2")
        sql = "SELECT count(*) FROM f"
        assert _rows(engine.query(sql, {"f": TableRef("raw/f", old.version)})) == [(6,)]
        assert _rows(engine.query(sql, {"f": TableRef("raw/f")})) == [(12,)]

    def test_the_answer_can_land_in_the_lake(self, engine: Engine, lake: Lake) -> None:
        """Question to table without a stop in memory."""
        lake.append("raw/f", FIRMS, mark="m1")
        answer = engine.query("SELECT code, count(*) AS n FROM f GROUP BY code", {"f": TableRef("raw/f")})
        assert lake.replace("standard/f", answer, mark="m1").rows == 5

    def test_many_rows_come_as_a_stream(self, engine: Engine, lake: Lake) -> None:
        """More than one batch, all rows, in the order that was asked for."""
        numbers = pa.table({"n": pa.array(range(200_000), pa.int64())})
        lake.append("raw/n", numbers, mark="m1")
        answer = engine.query("SELECT n FROM n ORDER BY n DESC", {"n": TableRef("raw/n")})
        batches = [batch for batch in answer if batch.num_rows]
        assert len(batches) > 1
        assert pa.Table.from_batches(batches)["n"].to_pylist() == list(range(199_999, -1, -1))

    def test_a_value_that_does_not_fit_is_refused_untold(self, engine: Engine, lake: Lake) -> None:
        """The refusal says what to do; the value stays where it is."""
        lake.append("raw/f", FIRMS, mark="m1")
        with pytest.raises(Invalid) as refusal:
            engine.query("SELECT CAST(name AS BIGINT) FROM f", {"f": TableRef("raw/f")}).read_all()
        assert "长安" not in str(refusal.value)

    def test_only_questions_are_answered(self, engine: Engine) -> None:
        """An engine never changes anything."""
        with pytest.raises(Invalid):
            engine.query("CREATE TABLE t AS SELECT 1 AS a")

    def test_a_table_that_is_not_there_is_not_found(self, engine: Engine) -> None:
        """The same refusal as from the lake."""
        with pytest.raises(NotFound):
            engine.query("SELECT 1 FROM f", {"f": TableRef("raw/none")})


class TestDuck(EngineContract):
    """DuckDB in this process."""

    @pytest.fixture
    def engine(self, lake: Lake, tmp_path: Path) -> Engine:
        return DuckEngine(lake, tmp_path / "scratch")

    @pytest.mark.parametrize(
        "sql",
        [
            "SELECT * FROM read_text('/etc/hostname')",
            "SELECT * FROM glob('/etc/*')",
            "SELECT * FROM '/etc/passwd'",
            "ATTACH '/tmp/x.db'",
            "COPY (SELECT 1) TO '/tmp/jutong-x.csv'",
            "INSTALL httpfs",
            "LOAD httpfs",
            "SET memory_limit = '1TB'",
            "SET enable_external_access = true",
            "SELECT * FROM lake",
        ],
    )
    def test_the_machine_is_out_of_reach(self, engine: Engine, lake: Lake, sql: str) -> None:
        """SQL sees the tables that it was handed, no file, no network, no setting and no variable of ours."""
        with pytest.raises(Exception, match=r"(?s).") as refusal:
            engine.query(sql).read_all()
        assert type(refusal.value).__name__ in {
            "PermissionException",
            "CatalogException",
            "Invalid",
            "Unavailable",
            "ParserException",
        }

    def test_instants_do_not_depend_on_the_machine(self, engine: Engine) -> None:
        """The node's own time zone is nowhere in an answer."""
        sql = "SELECT CAST(CAST('2026-01-01 00:00:00+08' AS TIMESTAMPTZ) AS VARCHAR)"
        assert _rows(engine.query(sql)) == [("2025-12-31 16:00:00+00",)]

    def test_a_large_sort_spills_instead_of_dying(self, lake: Lake, tmp_path: Path) -> None:
        """A question larger than the memory that it may use is answered from the disk."""
        small = DuckEngine(lake, tmp_path / "spill", memory_bytes=200 << 20, threads=2)
        sql = "SELECT md5(CAST(n AS VARCHAR)) AS h, n FROM range(4000000) AS t(n) ORDER BY h"
        assert sum(batch.num_rows for batch in small.query(sql)) == 4_000_000


@contextmanager
def sail(mode: str) -> Iterator[str]:
    """A Spark Connect server in a process of its own, which ends with our end of its pipe."""
    if importlib.util.find_spec("pysail") is None:
        pytest.skip("pysail is not installed")
    program = (
        "import sys\n"
        "from pysail.spark import SparkConnectServer\n"
        "server = SparkConnectServer('127.0.0.1', 0)\n"
        "server.start(background=True)\n"
        "print(server.listening_address[1], flush=True)\n"
        "sys.stdin.read()\n"
        "server.stop()\n"
    )
    environment = {**os.environ, "SAIL_MODE": mode, "RUST_LOG": "error"}
    pipe = subprocess.PIPE
    with subprocess.Popen(
        [sys.executable, "-c", program], env=environment, stdin=pipe, stdout=pipe, text=True
    ) as server:
        assert server.stdout is not None
        assert server.stdin is not None
        yield f"sc://127.0.0.1:{server.stdout.readline().strip()}"
        server.stdin.close()
        server.wait(60)


class SparkContract(EngineContract):
    """A Spark Connect endpoint."""

    @pytest.fixture
    def engine(self, lake: Lake, endpoint: str) -> Engine:
        return SparkEngine(lake, endpoint)


class TestSailAlone(SparkContract):
    """Sail in one process."""

    @pytest.fixture(scope="class")
    def endpoint(self) -> Iterator[str]:
        with sail("local") as url:
            yield url

    def test_an_engine_that_went_away_is_unavailable(self, lake: Lake) -> None:
        """Told within seconds; and when it is back, the next question is answered."""
        with sail("local") as url:
            engine = SparkEngine(lake, url)
            assert _rows(engine.query("SELECT 1 AS a")) == [(1,)]
            assert _rows(engine.query("SELECT 1 AS a", {"f": FIRMS})) == [(1,)]
        with pytest.raises(Unavailable):
            engine.query("SELECT 1 AS a").read_all()


class TestSailCluster(SparkContract):
    """Sail with a driver and workers that talk over the network."""

    @pytest.fixture(scope="class")
    def endpoint(self) -> Iterator[str]:
        with sail("local-cluster") as url:
            yield url


def _rows(answer: pa.RecordBatchReader) -> list[tuple[object, ...]]:
    table = answer.read_all()
    return list(zip(*(column.to_pylist() for column in table.columns), strict=True))
