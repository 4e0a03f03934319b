"""What every kind of source must do; each kind proves it on the same rows."""

from __future__ import annotations

import csv
import gzip
import http.server
import io
import json
import sqlite3
import struct
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import ClassVar
from urllib.parse import parse_qs, urlsplit

import openpyxl
import psycopg
import pyarrow as pa
import pyarrow.parquet as pq
import pymysql
import pytest

from jutong.collection import (
    Contract,
    CsvSource,
    DbfSource,
    Handed,
    JsonSource,
    Layout,
    Limits,
    Manifest,
    Paging,
    ParquetSource,
    PeerSource,
    PulledSource,
    Reach,
    ReachKind,
    Reading,
    Source,
    SqliteSource,
    XlsxSource,
    source_at,
    write_export,
)
from jutong.collection.contract import Column
from jutong.collection.sift import landed_schema
from jutong.collection.sources.api import Api, pull_api
from jutong.collection.sources.database import pull
from jutong.collection.sources.mysql import mysql_table
from jutong.collection.sources.postgres import postgres_table
from jutong.kernel.errors import Invalid, NotFound, Refused, TooMuch, Unavailable
from jutong.kernel.foreign import Connection
from jutong.kernel.outward import Outward
from jutong.pools.snapshot import digest_of
from tests.mariadb import USER, WORD, mariadb_port  # noqa: F401
from tests.postgres import fresh_database, postgres_url  # noqa: F401

CONTRACT = Contract(
    columns=(Column(name="code", title="代码"), Column(name="name", title="名称"), Column(name="day", title="日期"))
)
ROWS = [
    ("001234567890123456", '甲, "乙" 公司', "2004-01-02"),
    ("915001137562299212", '=HYPERLINK("http://x")', "2004-1-2"),
    ("007", "'; DROP TABLE firm; --", ""),
    ("1e5", "<script>alert(1)</script>", "N/A"),
    ("-0", "第一行\n第二行", "0"),
]
MANY = [(f"{number:018d}", f"企业{number}", "2004-01-02") for number in range(20_000)]
Rows = Sequence[tuple[str, str, str]]


class SourceContract:
    """What every source must do; each kind subclasses this and gives ``make``."""

    def make(self, folder: Path, rows: Rows, titles: Sequence[str] = ("代码", "名称", "日期")) -> Source:
        raise NotImplementedError

    def rows_of(self, source: Source) -> list[tuple[str, str, str]]:
        assert source.survey(CONTRACT)
        tables = [portion.rows for portion in source.portions(CONTRACT)]
        table = pa.Table.from_batches(tables).select(list(CONTRACT.names))
        assert all(pa.types.is_string(each.type) for each in table.schema)
        return [tuple(row.values()) for row in table.to_pylist()]

    def test_text_survives_verbatim(self, tmp_path: Path) -> None:
        """Leading zeros, 18 digits, formulas, SQL and HTML in a field arrive as the characters that they are."""
        assert self.rows_of(self.make(tmp_path, ROWS)) == ROWS

    def test_rows_come_in_order_and_numbered(self, tmp_path: Path) -> None:
        """Every row has the position that it had in the source, from 1, however large the portions are."""
        source = self.make(tmp_path, MANY)
        assert source.survey(CONTRACT).rows == len(MANY)
        places = [place for portion in source.portions(CONTRACT) for place in portion.rows.column("_row").to_pylist()]
        assert places == list(range(1, len(MANY) + 1))
        assert self.rows_of(source) == MANY

    def test_reading_again_gives_the_same(self, tmp_path: Path) -> None:
        """A landing that was cut short can be done again from the beginning."""
        source = self.make(tmp_path, ROWS)
        assert source.survey(CONTRACT) == source.survey(CONTRACT)
        assert self.rows_of(source) == self.rows_of(source)

    def test_another_content_has_another_digest(self, tmp_path: Path) -> None:
        """The digest tells deliveries apart."""
        one, two = self.make(tmp_path, ROWS), self.make(tmp_path / "b", ROWS[:4])
        assert one.survey(CONTRACT).content != two.survey(CONTRACT).content

    def test_a_missing_column_is_named(self, tmp_path: Path) -> None:
        """A delivery without a declared column is refused, and the column is named."""
        source = self.make(tmp_path, ROWS, ("代码", "名称", "其他"))
        with pytest.raises(Refused, match="日期"):
            source.survey(CONTRACT)

    def test_an_empty_file_is_refused(self, tmp_path: Path) -> None:
        """A file of no bytes is not a delivery."""
        source = self.make(tmp_path, ROWS)
        source.path.write_bytes(b"")  # type: ignore[attr-defined]
        with pytest.raises(Refused):
            source.survey(CONTRACT)

    @pytest.mark.parametrize("part", [0.3, 0.6, 0.97])
    def test_a_cut_file_is_refused(self, tmp_path: Path, part: float) -> None:
        """A file that ends too early is refused before a row is read."""
        source = self.make(tmp_path, MANY)
        path: Path = source.path  # type: ignore[attr-defined]
        path.write_bytes(path.read_bytes()[: int(path.stat().st_size * part)])
        with pytest.raises(Refused):
            source.survey(CONTRACT)

    def test_no_rows_is_refused(self, tmp_path: Path) -> None:
        """A header alone is a broken export, not a delivery."""
        with pytest.raises(Refused, match="no rows"):
            self.make(tmp_path, []).survey(CONTRACT)


def _csv(rows: Rows, titles: Sequence[str]) -> str:
    out = io.StringIO(newline="")
    csv.writer(out).writerows([titles, *rows])
    return out.getvalue()


class TestGzippedCsv(SourceContract):
    """Delimited text, packed."""

    def make(self, folder: Path, rows: Rows, titles: Sequence[str] = ("代码", "名称", "日期")) -> Source:
        folder.mkdir(exist_ok=True)
        (folder / "rows.csv.gz").write_bytes(gzip.compress(_csv(rows, titles).encode("gb18030")))
        return CsvSource(folder / "rows.csv.gz", Layout(encoding="gb18030"))


class TestCsv(SourceContract):
    """Delimited text; a plain file that is cut at a line's end cannot be told from a shorter one."""

    def make(self, folder: Path, rows: Rows, titles: Sequence[str] = ("代码", "名称", "日期")) -> Source:
        folder.mkdir(exist_ok=True)
        (folder / "rows.csv").write_text("\ufeff" + _csv(rows, titles), "utf-8", newline="")
        return CsvSource(folder / "rows.csv")

    @pytest.mark.parametrize("part", [1])
    def test_a_cut_file_is_refused(self, tmp_path: Path, part: float) -> None:
        """Nothing in a plain text file tells its length; the record that was cut is kept apart."""
        source = self.make(tmp_path, MANY)
        path: Path = source.path  # type: ignore[attr-defined]
        whole = path.read_bytes()
        path.write_bytes(whole[: whole.index(MANY[5][1].encode()) + 3])
        broken = [row for portion in source.portions(CONTRACT) for row in portion.broken]
        assert [row.reason for row in broken] == ["too-few-fields"]


class TestTsv(TestCsv):
    """Text parted by tabs."""

    def make(self, folder: Path, rows: Rows, titles: Sequence[str] = ("代码", "名称", "日期")) -> Source:
        folder.mkdir(exist_ok=True)
        out = io.StringIO(newline="")
        csv.writer(out, delimiter="\t").writerows([titles, *rows])
        (folder / "rows.tsv").write_text(out.getvalue(), "utf-8", newline="")
        return CsvSource(folder / "rows.tsv", Layout(delimiter="\t"))


class TestJsonLines(SourceContract):
    """One object a line, in an old encoding."""

    def make(self, folder: Path, rows: Rows, titles: Sequence[str] = ("代码", "名称", "日期")) -> Source:
        folder.mkdir(exist_ok=True)
        lines = (json.dumps(dict(zip(titles, row, strict=True)), ensure_ascii=False) for row in rows)
        (folder / "rows.ndjson").write_bytes(("\n".join(lines) or "\n").encode("gb18030"))
        return JsonSource(folder / "rows.ndjson", Layout(encoding="gb18030"))

    def test_numbers_are_the_characters_that_were_written(self, tmp_path: Path) -> None:
        """A number in JSON is not rounded: 24 digits and a trailing zero stay."""
        path = tmp_path / "rows.json"
        path.write_text('{"代码": 915001137562299212345678, "名称": 1.10, "日期": null}\n', "utf-8")
        assert self.rows_of(JsonSource(path)) == [("915001137562299212345678", "1.10", None)]

    def test_a_line_that_is_no_object_is_kept_apart(self, tmp_path: Path) -> None:
        """What cannot be read is told with its line; the lines around it land."""
        path = tmp_path / "rows.json"
        good = json.dumps({"代码": "1", "名称": "a", "日期": "b"})
        path.write_text(f"{good}\n[1]\n\n{good}\n", "utf-8")
        source = JsonSource(path)
        assert source.survey(CONTRACT).rows == 3
        broken = [one for portion in source.portions(CONTRACT) for one in portion.broken]
        assert [(one.row, one.line, one.reason.value) for one in broken] == [(2, 2, "not-a-record")]


class TestJsonDocument(SourceContract):
    """A document with a list in it."""

    def make(self, folder: Path, rows: Rows, titles: Sequence[str] = ("代码", "名称", "日期")) -> Source:
        folder.mkdir(exist_ok=True)
        listed = [dict(zip(titles, row, strict=True)) for row in rows]
        (folder / "rows.json").write_text(json.dumps({"data": {"list": listed}}), "utf-8")
        return JsonSource(folder / "rows.json", Layout(rows_at="data.list"))


class TestDbf(SourceContract):
    """A dBase table in Big5 or GBK, with a deleted record in it."""

    def make(self, folder: Path, rows: Rows, titles: Sequence[str] = ("代码", "名称", "日期")) -> Source:
        folder.mkdir(exist_ok=True)
        (folder / "rows.dbf").write_bytes(a_dbf(titles, rows, "gb18030"))
        return DbfSource(folder / "rows.dbf", Layout(encoding="gb18030"))

    def test_a_deleted_record_is_none(self, tmp_path: Path) -> None:
        """What dBase only marked as deleted does not come back to life."""
        source = self.make(tmp_path, ROWS)
        path: Path = source.path  # type: ignore[attr-defined]
        data = bytearray(path.read_bytes())
        begins, width = struct.unpack_from("<HH", data, 8)
        data[begins + width] = ord("*")
        path.write_bytes(data)
        assert self.rows_of(source) == [ROWS[0], *ROWS[2:]]

    def test_another_encoding_is_refused(self, tmp_path: Path) -> None:
        """Words that the declared encoding does not know are not guessed."""
        source = self.make(tmp_path, [("1", "重庆", "")])
        path: Path = source.path  # type: ignore[attr-defined]
        with pytest.raises(Refused):
            DbfSource(path, Layout(encoding="utf-8", headers={"����": "code"})).survey(CONTRACT)


def a_dbf(titles: Sequence[str], rows: Rows, encoding: str) -> bytes:
    """Return a dBase III table of character fields."""
    lengths = (30, 120, 20)
    fields = b"".join(
        struct.pack("<11sc4xB15x", title.encode(encoding), b"C", length)
        for title, length in zip(titles, lengths, strict=True)
    )
    begins, width = 33 + len(fields), 1 + sum(lengths)
    head = struct.pack("<B3sIHH20x", 3, b"\x1a\x01\x01", len(rows), begins, width)
    cells = (
        b" " + b"".join(word.encode(encoding).ljust(length) for word, length in zip(row, lengths, strict=True))
        for row in rows
    )
    return head + fields + b"\r" + b"".join(cells) + b"\x1a"


class TestParquet(SourceContract):
    """Parquet."""

    def make(self, folder: Path, rows: Rows, titles: Sequence[str] = ("代码", "名称", "日期")) -> Source:
        folder.mkdir(exist_ok=True)
        columns = [pa.array([row[place] for row in rows], pa.string()) for place in range(3)]
        pq.write_table(pa.table(columns, names=list(titles)), folder / "rows.parquet", row_group_size=7_000)
        return ParquetSource(folder / "rows.parquet")


class TestSqlite(SourceContract):
    """One table of an SQLite file."""

    def make(self, folder: Path, rows: Rows, titles: Sequence[str] = ("代码", "名称", "日期")) -> Source:
        folder.mkdir(exist_ok=True)
        (folder / "rows.db").unlink(missing_ok=True)
        with sqlite3.connect(folder / "rows.db") as db:
            db.execute("CREATE TABLE firm ({})".format(", ".join(f'"{title}" TEXT' for title in titles)))
            db.executemany("INSERT INTO firm VALUES (?, ?, ?)", rows)
        db.close()
        return SqliteSource(folder / "rows.db", Layout(table="firm"))


class TestXlsx(SourceContract):
    """A workbook of one sheet."""

    def make(self, folder: Path, rows: Rows, titles: Sequence[str] = ("代码", "名称", "日期")) -> Source:
        folder.mkdir(exist_ok=True)
        book = openpyxl.Workbook(write_only=True)
        sheet = book.create_sheet("企业")
        sheet.append(list(titles))
        for row in rows:
            cells = [openpyxl.cell.WriteOnlyCell(sheet, value) for value in row]
            for cell in cells:
                cell.data_type = "s" if cell.value else "n"
            sheet.append(cells)
        book.save(folder / "rows.xlsx")
        return XlsxSource(folder / "rows.xlsx")


class TestPeer(SourceContract):
    """Another tier's batch; the manifest knows the rows, so any change is seen."""

    def make(self, folder: Path, rows: Rows, titles: Sequence[str] = ("代码", "名称", "日期")) -> Source:
        folder.mkdir(exist_ok=True)
        names = [{"代码": "code", "名称": "name", "日期": "day"}.get(title, title) for title in titles]
        schema = landed_schema(names)
        columns = [pa.array(range(1, len(rows) + 1), pa.int64())]
        columns += [pa.array([row[place] for row in rows], pa.string()) for place in range(3)]
        table = pa.Table.from_arrays(columns, schema=schema)
        manifest = Manifest(entry="e", batch="b", rows=len(rows), rows_digest=digest_of(table), columns=tuple(names))
        keys = pa.table({"key": pa.array([], pa.string())}).to_reader()
        write_export(folder / "rows.arrows", Handed(table.to_reader(4_000), keys, manifest))
        return PeerSource(folder / "rows.arrows", manifest)

    def test_no_rows_is_refused(self, tmp_path: Path) -> None:
        """A batch of which every row was quarantined is handed over as the batch of no rows that it is."""
        assert self.make(tmp_path, []).survey(CONTRACT).rows == 0

    def test_a_changed_row_is_seen(self, tmp_path: Path) -> None:
        """Rows that are not those of the manifest are refused, though their number is right."""
        source = self.make(tmp_path, ROWS)
        assert isinstance(source, PeerSource)
        other = self.make(tmp_path / "b", [*ROWS[:4], ("-1", *ROWS[4][1:])])
        assert isinstance(other, PeerSource)
        with pytest.raises(Refused, match="not those of the manifest"):
            PeerSource(other.path, source.manifest).survey(CONTRACT)
        with pytest.raises(Refused, match="not those of the manifest"):
            PeerSource(source.path, replace(source.manifest, rows=4)).survey(CONTRACT)


class LiveContract(SourceContract):
    """A live source is read into a file first; what is missing there is refused before there is one."""

    def test_a_missing_column_is_named(self, tmp_path: Path) -> None:
        """A source without a declared column is refused, and the column is named."""
        with pytest.raises(Refused, match="日期"):
            self.make(tmp_path, ROWS, ("代码", "名称", "其他"))
        assert not list(tmp_path.glob("*.arrow"))

    def test_no_rows_is_refused(self, tmp_path: Path) -> None:
        """An empty source is a broken one, not a delivery."""
        with pytest.raises(Refused, match="no rows"):
            self.make(tmp_path, [])
        assert not list(tmp_path.glob("*.arrow"))


CREATE = (
    'CREATE TABLE rows (n INT PRIMARY KEY, "{}" VARCHAR(30), "{}" VARCHAR(120), "{}" VARCHAR(20), changed TIMESTAMP)'
)


class TestPostgres(LiveContract):
    """A table of a live PostgreSQL."""

    @pytest.fixture(autouse=True)
    def _server(self, postgres_url: str) -> None:  # noqa: F811
        self.url = fresh_database(postgres_url)

    def make(self, folder: Path, rows: Rows, titles: Sequence[str] = ("代码", "名称", "日期")) -> Source:
        folder.mkdir(exist_ok=True)
        with psycopg.connect(self.url, autocommit=True) as db:
            db.execute("DROP TABLE IF EXISTS rows")
            db.execute(CREATE.format(*titles))
            with db.cursor().copy("COPY rows FROM STDIN") as copy:
                for place, row in enumerate(rows):
                    copy.write_row((place, *row, f"2026-01-01 00:00:{place % 60:02d}"))
        return self.pulled(folder)

    def pulled(self, folder: Path, **more: object) -> Source:
        told = psycopg.conninfo.conninfo_to_dict(self.url)
        where = Connection(
            host=str(told["host"]), port=int(str(told["port"])), database=str(told["dbname"]), user=str(told["user"])
        )
        return self.of(partial(postgres_table, where, "rows"), folder, **more)

    def of(self, opened: object, folder: Path, **more: object) -> Source:
        asked = {"layout": Layout(), "reading": Reading(), "limits": Limits(), **more}
        self.last = pull(opened, "rows", CONTRACT, folder / "rows.arrow", **asked)  # type: ignore[arg-type]
        return PulledSource(folder / "rows.arrow", "postgresql", "rows")

    def run(self, statement: str) -> None:
        with psycopg.connect(self.url, autocommit=True) as db:
            db.execute(statement)

    def test_only_what_is_new_is_read_and_the_overlap_comes_once(self, tmp_path: Path) -> None:
        """Rows after the watermark come, and late ones within the overlap; none comes twice."""
        by_change = {"reading": Reading.of("changed", overlap=60)}
        self.make(tmp_path, ROWS[:3])
        self.pulled(tmp_path, **by_change)
        first = self.last
        assert first.rows == 3
        self.run("INSERT INTO rows VALUES (10, '010', 'late', '', '2025-12-31 23:59:30')")
        self.run("INSERT INTO rows VALUES (11, '011', 'new', '', '2026-01-02 00:00:00')")
        source = self.pulled(tmp_path, since=first.until, seen=first.seen, **by_change)
        assert sorted(self.rows_of(source)) == [("010", "late", ""), ("011", "new", "")]
        second = self.last
        assert second.again == 3
        self.pulled(tmp_path, since=second.until, seen=second.seen, **by_change)
        assert self.last.rows == 0

    def test_a_large_step_is_parted_at_its_watermarks(self, tmp_path: Path) -> None:
        """Of many new rows so many come as are asked for; the next step goes on from there until all are there."""
        self.make(tmp_path, MANY[:500])
        since, seen, found = "", frozenset[str](), 0
        for _ in range(40):
            self.pulled(tmp_path, reading=Reading.of("changed"), since=since, seen=seen, most=40)
            since, seen, found = self.last.until, self.last.seen, found + self.last.rows
        assert found == 500

    def test_floating_numbers_are_refused(self, tmp_path: Path) -> None:
        """A column of floating numbers has already rounded what was in it."""
        self.make(tmp_path, ROWS)
        self.run("ALTER TABLE rows DROP COLUMN 代码")
        self.run("ALTER TABLE rows ADD COLUMN 代码 DOUBLE PRECISION")
        with pytest.raises(Invalid, match="floating"):
            self.pulled(tmp_path)

    def test_a_giant_field_is_refused_before_it_is_read(self, tmp_path: Path) -> None:
        """What does not fit into memory is never asked for."""
        self.make(tmp_path, ROWS)
        self.run("ALTER TABLE rows ALTER COLUMN 名称 TYPE TEXT")
        self.run("UPDATE rows SET 名称 = repeat('x', 4000000) WHERE n = 1")
        with pytest.raises(TooMuch):
            self.pulled(tmp_path)
        assert not list(tmp_path.glob("*.arrow"))

    def test_a_source_that_lies_is_refused(self, tmp_path: Path) -> None:
        """A view that shows other rows at every look is caught by its checksum."""
        self.make(tmp_path, ROWS)
        self.run("ALTER TABLE rows RENAME TO kept")
        self.run("CREATE VIEW rows AS SELECT 代码, md5(random()::text) AS 名称, 日期 FROM kept")
        with pytest.raises(Invalid, match="checksum"):
            self.pulled(tmp_path)
        assert not list(tmp_path.glob("*.arrow"))

    def test_nothing_can_be_written_through_the_connection(self, tmp_path: Path) -> None:
        """A view that would write fails; the source stays as it was."""
        self.make(tmp_path, ROWS)
        self.run("ALTER TABLE rows RENAME TO kept")
        self.run(
            "CREATE FUNCTION f() RETURNS text LANGUAGE sql AS 'INSERT INTO kept (n) VALUES (99) RETURNING n::text'"
        )
        self.run("CREATE VIEW rows AS SELECT f() AS 代码, '' AS 名称, '' AS 日期")
        with pytest.raises(Unavailable):
            self.pulled(tmp_path)
        with psycopg.connect(self.url) as db:
            assert db.execute("SELECT count(*) FROM kept").fetchone() == (len(ROWS),)


class TestMariadb(TestPostgres):
    """A table of a live MariaDB, where one is installed."""

    @pytest.fixture(autouse=True)
    def _server(self, mariadb_port: int) -> None:  # noqa: F811
        self.port = mariadb_port

    def make(self, folder: Path, rows: Rows, titles: Sequence[str] = ("代码", "名称", "日期")) -> Source:
        folder.mkdir(exist_ok=True)
        self.run("DROP VIEW IF EXISTS `rows`")
        self.run("DROP TABLE IF EXISTS `rows`, kept")
        self.run(CREATE.format(*titles).replace(" rows ", " `rows` ").replace('"', "`"))
        told = [(place, *row, f"2026-01-01 00:00:{place % 60:02d}") for place, row in enumerate(rows)]
        with closing(self._open()) as db, db.cursor() as cursor:
            cursor.executemany("INSERT INTO `rows` VALUES (%s, %s, %s, %s, %s)", told)
            db.commit()
        return self.pulled(folder)

    def pulled(self, folder: Path, **more: object) -> Source:
        where = Connection(host="127.0.0.1", port=self.port, database="town", user=USER, password=WORD)
        return self.of(partial(mysql_table, where, "rows"), folder, **more)

    def run(self, statement: str) -> None:
        told = statement.replace("::text", "").replace(" rows ", " `rows` ")
        told = told.replace("random()", "rand()").replace("DOUBLE PRECISION", "DOUBLE")
        told = told.replace("ALTER COLUMN 名称 TYPE TEXT", "MODIFY 名称 LONGTEXT")
        with closing(self._open()) as db, db.cursor() as cursor:
            cursor.execute(told)
            db.commit()

    def _open(self) -> pymysql.Connection:
        return pymysql.connect(
            host="127.0.0.1", port=self.port, user=USER, password=WORD, database="town",
            charset="utf8mb4", init_command="SET time_zone = '+00:00', sql_mode = ''",
        )  # fmt: skip

    def test_a_source_that_lies_is_refused(self, tmp_path: Path) -> None:
        """A view that shows other rows at every look is caught by its checksum."""
        self.make(tmp_path, ROWS)
        self.run("ALTER TABLE rows RENAME TO kept")
        self.run("CREATE VIEW rows AS SELECT 代码, md5(random()) AS 名称, 日期 FROM kept")
        with pytest.raises(Invalid, match="checksum"):
            self.pulled(tmp_path)

    def test_nothing_can_be_written_through_the_connection(self, tmp_path: Path) -> None:
        """The account's own rights would let it write; the transaction does not."""
        self.make(tmp_path, ROWS)
        where = Connection(host="127.0.0.1", port=self.port, database="town", user=USER, password=WORD)
        with pytest.raises(Unavailable), mysql_table(where, "rows") as snapshot:
            snapshot.db.cursor().execute("DELETE FROM `rows`")  # type: ignore[attr-defined]
        assert len(self.rows_of(self.pulled(tmp_path))) == len(ROWS)


class Portal(http.server.BaseHTTPRequestHandler):
    """An API of a department that stumbles: it is busy at first, and knows its callers by a token."""

    rows: ClassVar[list[dict[str, str]]] = []
    busy = 1
    told = 0
    stuck = False

    def do_GET(self) -> None:
        cls = type(self)
        if cls.busy:
            cls.busy -= 1
            return self._answer(503, {}, {"retry-after": "7"})
        if self.headers.get("x-token") != "k s3cret":
            return self._answer(401, {})
        asked = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
        size = int(asked.get("size", "100000"))
        begin = 0 if cls.stuck else int(asked.get("from", "0")) or size * (int(asked.get("page", "1")) - 1)
        part = cls.rows[begin : begin + size]
        following = begin + size if begin + size < len(cls.rows) else None
        return self._answer(200, {"data": {"list": part, "total": cls.told, "next": following}})

    def _answer(self, status: int, body: object, headers: dict[str, str] | None = None) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        for name, value in {**(headers or {}), "content-length": str(len(data))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def a_portal(rows: Rows, titles: Sequence[str] = ("代码", "名称", "日期"), **more: object) -> Iterator[str]:
    """Serve rows under a token, as a department would."""
    listed = [dict(zip(titles, row, strict=True)) for row in rows]
    handler = type("Handler", (Portal,), {"rows": listed, "told": len(rows), "busy": 1, **more})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/rows?of=firms"
    finally:
        server.shutdown()
        server.server_close()


class TestApi(LiveContract):
    """An HTTP API, read by pages."""

    paging: ClassVar[dict[str, object]] = {"paging": Paging.PAGE, "size": 3000}

    def make(
        self, folder: Path, rows: Rows, titles: Sequence[str] = ("代码", "名称", "日期"), **more: object
    ) -> Source:
        folder.mkdir(exist_ok=True)
        self.waited: list[float] = []
        with a_portal(rows, titles, **more) as url, closing(Outward(inside=True)) as outward:
            reach = Reach(
                kind=ReachKind.API, url=url, rows_at="data.list", total_at="data.total",
                header="X-Token", prefix="k ", **self.paging,
            )  # fmt: skip
            api = Api(reach, "s3cret", outward, self.waited.append)
            pull_api(api, CONTRACT, folder / "rows.arrow", layout=Layout(), limits=Limits())
        return PulledSource(folder / "rows.arrow", "api", reach.place)

    def test_a_busy_source_is_asked_again_when_it_says(self, tmp_path: Path) -> None:
        """What passes is waited for, as long as the source asks."""
        self.make(tmp_path, ROWS)
        assert self.waited == [7.0]

    def test_a_source_that_stays_busy_is_unavailable(self, tmp_path: Path) -> None:
        """After five tries it is left for the next run, and nothing was kept."""
        with pytest.raises(Unavailable):
            self.make(tmp_path, ROWS, busy=9)
        assert len(self.waited) == 4
        assert not list(tmp_path.glob("*.arrow"))

    def test_a_source_that_lies_about_its_count_is_refused(self, tmp_path: Path) -> None:
        """The count that it tells must be the rows that it gives."""
        with pytest.raises(Invalid, match="counts 6 rows, but 5"):
            self.make(tmp_path, ROWS, told=6)
        assert not list(tmp_path.glob("*.arrow"))

    def test_a_page_that_comes_again_is_refused(self, tmp_path: Path) -> None:
        """A source that does not understand how pages are asked for would be read for ever."""
        if self.paging["paging"] is not Paging.CURSOR:
            with pytest.raises(Invalid, match="same page"):
                self.make(tmp_path, MANY, stuck=True)

    def test_an_address_that_nobody_may_aim_at_is_refused(self, tmp_path: Path) -> None:
        """A cloud's metadata service is no department, and a token is not sent there."""
        reach = Reach(kind=ReachKind.API, url="http://169.254.169.254/latest")
        with closing(Outward(inside=True)) as outward, pytest.raises(Invalid, match="never called"):
            pull_api(Api(reach, "s3cret", outward), CONTRACT, tmp_path / "rows.arrow", layout=Layout(), limits=Limits())


class TestApiByOffset(TestApi):
    """An HTTP API, read from a place on."""

    paging: ClassVar[dict[str, object]] = {"paging": Paging.OFFSET, "page_parameter": "from", "size": 2500}


class TestApiByCursor(TestApi):
    """An HTTP API that names the next page itself."""

    paging: ClassVar[dict[str, object]] = {
        "paging": Paging.CURSOR,
        "page_parameter": "from",
        "cursor_at": "data.next",
        "size": 4000,
    }


def test_a_source_is_known_by_its_first_bytes(tmp_path: Path) -> None:
    """A file's name proves nothing about what is in it."""
    for kind in (TestCsv, TestGzippedCsv, TestJsonLines, TestDbf, TestParquet, TestSqlite, TestXlsx):
        made = kind().make(tmp_path / kind.__name__, ROWS)
        renamed = made.path.rename(tmp_path / "rows.txt")  # type: ignore[attr-defined]
        assert source_at(renamed, Layout(table="firm"), Limits()).kind == made.kind
    with pytest.raises(NotFound):
        source_at(tmp_path / "none", Layout(), Limits())
