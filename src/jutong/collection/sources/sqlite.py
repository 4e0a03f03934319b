"""One table of an SQLite file, opened so that nothing can be written and nothing of the file's own can run."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import pyarrow as pa

from jutong.kernel.errors import Invalid, NotFound
from jutong.kernel.text import text

from ..contract import UNREADABLE, Contract, Limits
from ..layout import Layout
from ..source import Portion, Survey, schema_of
from .packed import content_of, damaged

MAGIC = b"SQLite format 3\x00"
ROWS = 8_192
PORTION_BYTES = 32 * 1024**2
Row = tuple[bytes | None, ...]


@dataclass(slots=True)
class SqliteSource:
    """A table named by ``layout.table``; its rows come in the order of their row numbers."""

    path: Path
    layout: Layout
    limits: Limits = field(default_factory=Limits)
    kind: str = "sqlite"

    @property
    def name(self) -> str:
        """The file's name and the table's."""
        return f"{self.path.name}/{self.layout.table}"

    def survey(self, contract: Contract) -> Survey:
        """Check the file and count the table's rows by SQL."""
        content = content_of(self.path, self.limits, self.layout.table)
        with closing(self._open()) as db:
            columns, aside, _ = self._columns(db, contract)
            table = _quoted(self.layout.table)
            try:
                if db.execute("PRAGMA quick_check(1)").fetchone() != (b"ok",):
                    raise damaged(self.path.name)
                self._refuse_numbers(db, columns, table)
                rows = int(db.execute(f"SELECT count(*) FROM {table}").fetchone()[0])  # noqa: S608
            except sqlite3.Error as error:
                raise damaged(self.path.name) from error
        if not rows:
            raise Invalid(text("{name} holds no rows", name=self.name))
        return Survey(content, rows, aside)

    def portions(self, contract: Contract) -> Iterator[Portion]:
        """Yield the rows by row number, as many at a time as memory bears."""
        with closing(self._open()) as db:
            columns, _, rowid = self._columns(db, contract)
            table, names = _quoted(self.layout.table), ", ".join(_text(columns[name]) for name in contract.names)
            row = 0
            try:
                cursor = db.execute(f"SELECT {names} FROM {table} ORDER BY {rowid}")  # noqa: S608
                for page in _pages(cursor):
                    yield _portion(page, row, contract)
                    row += len(page)
            except sqlite3.Error as error:
                raise damaged(self.path.name) from error

    def _open(self) -> sqlite3.Connection:
        with self.path.open("rb") as stream:
            if stream.read(len(MAGIC)) != MAGIC:
                raise Invalid(text("{name} is not an SQLite file", name=self.path.name))
        waiting = self.path.with_name(self.path.name + "-wal")
        if waiting.exists() and waiting.stat().st_size:
            raise Invalid(
                text("{name} has changes that are not yet in the file", name=self.path.name),
                remedy=text("close the database or run PRAGMA wal_checkpoint(TRUNCATE), then deliver it"),
            )
        db = sqlite3.connect(f"file:{quote(str(self.path))}?mode=ro&immutable=1", uri=True)
        db.text_factory = bytes
        db.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, 4 * self.limits.max_field)
        try:
            db.execute("PRAGMA trusted_schema=OFF")
            db.execute("PRAGMA query_only=ON")
        except sqlite3.Error as error:
            db.close()
            raise damaged(self.path.name) from error
        return db

    def _columns(self, db: sqlite3.Connection, contract: Contract) -> tuple[dict[str, str], tuple[str, ...], str]:
        try:
            found = db.execute(
                "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ? AND name NOT LIKE 'sqlite^_%' ESCAPE '^'"
                " AND sql NOT LIKE 'CREATE VIRTUAL%'",
                (self.layout.table,),
            ).fetchone()
            told = db.execute("SELECT name FROM pragma_table_xinfo(?)", (self.layout.table,)).fetchall()
            names = [name.decode("utf-8", "replace") for (name,) in told]
            rowid = next((word for word in ("rowid", "_rowid_", "oid") if word not in {n.lower() for n in names}), "")
            if found and rowid:
                db.execute(f"SELECT {rowid} FROM {_quoted(self.layout.table)} LIMIT 1")  # noqa: S608
        except sqlite3.Error as error:
            raise Invalid(
                text("the table cannot be read in the order of its row numbers"),
                remedy=text("deliver a table with row numbers"),
            ) from error
        if not found or not rowid:
            raise NotFound("table", self.layout.table[:100])
        return *contract.columns_in(names, self.layout.headers), rowid

    def _refuse_numbers(self, db: sqlite3.Connection, columns: dict[str, str], table: str) -> None:
        kinds = ", ".join(f"max(typeof({_quoted(column)}) IN ('real', 'blob'))" for column in columns.values())
        told = db.execute(f"SELECT {kinds} FROM {table}").fetchone()  # noqa: S608
        strange = [item for item, held in zip(columns, told, strict=True) if held]
        if strange:
            raise Invalid(
                text("columns {names} hold floating numbers or bytes", names=", ".join(strange)),
                remedy=text("store them as text: a code of 18 digits does not survive as a floating number"),
            )


def _pages(cursor: sqlite3.Cursor) -> Iterator[list[Row]]:
    page: list[Row] = []
    held = 0
    for row in cursor:
        page.append(row)
        held += sum(len(value) for value in row if value)
        if len(page) == ROWS or held > PORTION_BYTES:
            yield page
            page, held = [], 0
    if page:
        yield page


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _text(column: str) -> str:
    return f"CAST({_quoted(column)} AS TEXT)"


def _words(value: bytes | None) -> str | None:
    if value is None:
        return None
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("utf-8", "replace").replace("\ufffd", UNREADABLE)


def _portion(page: list[Row], before: int, contract: Contract) -> Portion:
    place = pa.array(range(before + 1, before + 1 + len(page)), pa.int64())
    items = [pa.array([_words(value) for value in column], pa.string()) for column in zip(*page, strict=True)]
    return Portion(pa.RecordBatch.from_arrays([place, place, *items], schema=schema_of(contract)))
