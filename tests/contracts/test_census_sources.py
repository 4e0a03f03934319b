"""What every source of the census must do, run over every kind: live databases and files."""

from __future__ import annotations

import csv
import gzip
import sqlite3
from contextlib import closing
from pathlib import Path

import psycopg
import pyarrow as pa
import pyarrow.parquet as pq
import pymysql
import pytest
from openpyxl import Workbook

from jutong import registers
from jutong.census import Bounds, Connection, Found, Source, database_at, source_at
from jutong.kernel.errors import Invalid, NotFound, TooMuch, Unavailable
from jutong.terms.identifier import credit_code_of, resident_id_of
from tests.mariadb import USER, WORD, mariadb_port  # noqa: F401
from tests.postgres import fresh_database, postgres_url  # noqa: F401

HEADER = ("tyshxydm", "sfzh", "lxdh", "djrq", "bz")
ROWS = [
    (
        credit_code_of(f"9150010{n % 10}{n:09d}"),
        resident_id_of(f"5001031990010{1 + n % 9}{100 + n}"),
        f"1380013{n:04d}",
        f"20{n % 20:02d}-03-05",
        "无" if n % 2 else f"备注{n}",
    )
    for n in range(40)
]
DDL = "CREATE TABLE qyxx (tyshxydm VARCHAR(18) PRIMARY KEY, sfzh VARCHAR(18), lxdh VARCHAR(20), djrq DATE, bz TEXT)"
WANTED = {
    "tyshxydm": "credit-code",
    "sfzh": "resident-id",
    "lxdh": "phone",
    "djrq": "date",
    "bz": "",
}


@pytest.fixture(scope="module")
def url(postgres_url: str) -> str:  # noqa: F811
    """A database with the table, and a function that a view would run."""
    made = fresh_database(postgres_url)
    with psycopg.connect(made, autocommit=True) as db:
        db.execute(DDL)
        db.cursor().executemany("INSERT INTO qyxx VALUES (%s, %s, %s, %s, %s)", ROWS)
        db.execute("COMMENT ON TABLE qyxx IS '企业信息'")
        db.execute("CREATE TABLE written (n int)")
        db.execute("CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'INSERT INTO written VALUES (1) RETURNING 1'")
    return made


@pytest.fixture(scope="module")
def port(mariadb_port: int) -> int:  # noqa: F811
    """A server with the table."""
    with closing(_maria(mariadb_port)) as db, db.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS qyxx")
        cursor.execute(DDL)
        cursor.executemany("INSERT INTO qyxx VALUES (%s, %s, %s, %s, %s)", ROWS)
        db.commit()
    return mariadb_port


class SourceContract:
    """Every kind finds the same table, says the same of it, and lets no value out."""

    live = False

    @pytest.fixture
    def source(self) -> Source:
        """A source that holds the table."""
        raise NotImplementedError

    @pytest.fixture
    def found(self, source: Source) -> Found:
        """The table as the source finds it."""
        return next(one for one in source.tables(registers.divisions()) if one.name in ("qyxx", "Sheet"))

    def test_columns_are_recognised_by_name_and_values(self, found: Found) -> None:
        """Credit codes, ID numbers, telephones and days are told apart wherever they come from."""
        assert {one.name: one.guess.element for one in found.columns} == WANTED

    def test_rows_are_counted(self, found: Found) -> None:
        """The count is the source's own, exact where the source can give it."""
        assert (found.rows, found.rows_exact) == (len(ROWS), True)

    def test_no_value_leaves(self, found: Found) -> None:
        """What is found holds counts: not one of the values stands in it."""
        told = repr(found)
        assert not [value for row in ROWS for value in row[:3] if value in told]
        profile = found.columns[1].profile
        assert profile is not None
        assert (profile.sampled, profile.valid["resident-id"], profile.longest) == (len(ROWS), len(ROWS), 18)

    def test_looking_again_finds_the_same(self, source: Source, found: Found) -> None:
        """A second harvest of an unchanged system changes nothing."""
        again = next(one for one in source.tables(registers.divisions()) if one.name == found.name)
        assert again == found


class DatabaseContract(SourceContract):
    """A live database beyond that: keys and types are known, nothing is written, failures name no secret."""

    live = True

    def test_keys_and_types_come_from_the_database(self, found: Found) -> None:
        """What the database knows of its columns is taken from it, not guessed."""
        told = {one.name: (one.key, one.data_type.value) for one in found.columns}
        assert told["tyshxydm"] == (True, "C")
        assert told["djrq"] == (False, "D")

    def test_a_database_that_is_not_there_is_unavailable(self, source: Source) -> None:
        """A wrong address or password is a neighbour's failure, and is told without the password."""
        held: Connection = source.connection  # type: ignore[attr-defined]
        wrong = Connection(host="127.0.0.1", port=1, database=held.database, user=held.user, password="s3cret-word")
        assert "s3cret-word" not in repr(wrong)
        with pytest.raises(Unavailable) as refusal:
            list(database_at(source.kind, wrong, Bounds(statement_seconds=2)).tables(registers.divisions()))
        assert "s3cret-word" not in f"{refusal.value} {refusal.value.remedy}"

    def test_addresses_that_nobody_may_aim_at_are_refused(self, source: Source) -> None:
        """A cloud's metadata service is no database."""
        aimed = Connection(host="169.254.169.254", port=5432, database="x", user="x")
        with pytest.raises(Invalid):
            list(database_at(source.kind, aimed, Bounds(statement_seconds=2)).tables(registers.divisions()))

    def test_a_harvest_ends_in_time(self, source: Source) -> None:
        """A source that takes too long is given up whole."""
        held: Connection = source.connection  # type: ignore[attr-defined]
        with pytest.raises(TooMuch):
            list(database_at(source.kind, held, Bounds(seconds=0)).tables(registers.divisions()))


class TestPostgres(DatabaseContract):
    """A temporary PostgreSQL."""

    @pytest.fixture
    def source(self, url: str) -> Source:
        """The source."""
        return database_at("postgresql", _connection(url), Bounds(statement_seconds=5))

    def test_a_view_that_writes_cannot(self, url: str) -> None:
        """The harvest reads in read-only transactions: what would write fails, and nothing was written."""
        with psycopg.connect(url, autocommit=True) as db:
            db.execute("CREATE VIEW trap AS SELECT f() AS n")
            try:
                with pytest.raises(Unavailable):
                    list(database_at("postgresql", _connection(url), Bounds()).tables(registers.divisions()))
            finally:
                db.execute("DROP VIEW trap")
            assert db.execute("SELECT count(*) FROM written").fetchone() == (0,)

    def test_a_slow_count_becomes_an_estimate(self, url: str) -> None:
        """A table that cannot be counted in time is told as estimated."""
        with psycopg.connect(url, autocommit=True) as db:
            db.execute("CREATE VIEW slow AS SELECT pg_sleep(3)::text AS bz")
            try:
                source = database_at("postgresql", _connection(url), Bounds(statement_seconds=1))
                found = {one.name: one for one in source.tables(registers.divisions())}
            finally:
                db.execute("DROP VIEW slow")
        assert found["slow"].rows_exact is False
        assert found["qyxx"].comment == "企业信息"


class TestMariadb(DatabaseContract):
    """A temporary MariaDB, where one is installed."""

    @pytest.fixture
    def source(self, port: int) -> Source:
        """The source."""
        told = Connection(host="127.0.0.1", port=port, database="town", user=USER, password=WORD)
        return database_at("mysql", told, Bounds(statement_seconds=5))


class TestSqlite(SourceContract):
    """An SQLite file."""

    @pytest.fixture
    def source(self, tmp_path: Path) -> Source:
        """The source."""
        path = tmp_path / "town.db"
        with closing(sqlite3.connect(path)) as db:
            db.execute(DDL)
            db.executemany("INSERT INTO qyxx VALUES (?, ?, ?, ?, ?)", ROWS)
            db.commit()
        return source_at(path, Bounds())


class TestCsv(SourceContract):
    """A delimited file in an old encoding, gzipped."""

    @pytest.fixture
    def source(self, tmp_path: Path) -> Source:
        """The source."""
        path = tmp_path / "qyxx.csv.gz"
        with gzip.open(path, "wt", encoding="gb18030", newline="") as stream:
            csv.writer(stream).writerows([HEADER, *ROWS])
        return source_at(path, Bounds())


class TestParquet(SourceContract):
    """A Parquet file."""

    @pytest.fixture
    def source(self, tmp_path: Path) -> Source:
        """The source."""
        path = tmp_path / "qyxx.parquet"
        columns = zip(*ROWS, strict=True)
        pq.write_table(pa.table(dict(zip(HEADER, map(list, columns), strict=True))), path)
        return source_at(path, Bounds())


class TestWorkbook(SourceContract):
    """A workbook."""

    @pytest.fixture
    def source(self, tmp_path: Path) -> Source:
        """The source."""
        path, book = tmp_path / "qyxx.xlsx", Workbook()
        for row in (HEADER, *ROWS):
            book.active.append(row)
        book.save(path)
        return source_at(path, Bounds())


@pytest.mark.parametrize("content", [b"PK\x03\x04 not a workbook", b"PAR1 not a table", b"SQLite format 3\0 cut off"])
def test_a_file_that_is_not_what_it_says_is_refused(tmp_path: Path, content: bytes) -> None:
    """A damaged file is the deliverer's to mend, and no failure of the node."""
    path = tmp_path / "file"
    path.write_bytes(content)
    with pytest.raises(Invalid):
        list(source_at(path, Bounds()).tables(registers.divisions()))


def test_no_file_and_an_empty_one_are_refused(tmp_path: Path) -> None:
    """Nothing is nothing."""
    with pytest.raises(NotFound):
        source_at(tmp_path / "absent", Bounds())
    (tmp_path / "empty").touch()
    with pytest.raises(Invalid):
        source_at(tmp_path / "empty", Bounds())


def _connection(url: str) -> Connection:
    told = psycopg.conninfo.conninfo_to_dict(url)
    return Connection(
        host=str(told["host"]), port=int(str(told["port"])), database=str(told["dbname"]), user=str(told["user"])
    )


def _maria(port: int) -> pymysql.Connection[pymysql.cursors.Cursor]:
    return pymysql.connect(host="127.0.0.1", port=port, user=USER, password=WORD, database="town", charset="utf8mb4")
