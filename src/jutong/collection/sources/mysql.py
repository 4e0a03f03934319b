"""A table or view of a live MySQL or MariaDB: one consistent snapshot, streamed row by row from the server."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from pymysql.cursors import Cursor, SSCursor

from jutong.kernel.errors import NotFound
from jutong.kernel.foreign import Connection, Mysql, reading_mysql

from .database import SHOWN, STATEMENT_SECONDS, Snapshot, Told, Window
from .pulled import Tally, broke_off

FETCHED = 4_096
_TABLE = """
SELECT c.column_name, c.data_type, c.column_key = 'PRI', c.column_type FROM information_schema.columns c
WHERE c.table_schema = %s AND c.table_name = %s ORDER BY c.ordinal_position
"""
_NUMBERS = {"tinyint", "smallint", "mediumint", "int", "bigint", "decimal"}
_INSTANTS = {"datetime", "timestamp", "date"}
_FLOATS = {"float", "double"}
_TEXTS = {"char", "varchar", "tinytext", "text", "mediumtext", "longtext", "enum", "set"}
_BYTES = {"binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob", "bit", "geometry"}


@dataclass(frozen=True, slots=True)
class MysqlTable:
    """One table within one snapshot."""

    db: Mysql
    table: str
    found: tuple[tuple[str, str, bool, str], ...]

    def columns(self) -> tuple[Told, ...]:
        """Return the table's columns."""
        return tuple(Told(name, _kind(plain), spelled) for name, plain, _, spelled in self.found)

    def head(self, columns: Sequence[str], most: int) -> list[tuple[str | None, ...]]:
        """Return some rows as text, each value cut to what a page shows."""
        cells = ", ".join(f"LEFT({text_of(quoted(name))}, {SHOWN})" for name in columns)
        with self.db.cursor(Cursor) as cursor:
            cursor.execute(f"SELECT {cells} FROM {self._name} LIMIT {int(most)}", ())  # noqa: S608 (quoted names)
            return [tuple(map(_word, row)) for row in cursor.fetchall()]

    def until(self, window: Window, most: int) -> str:
        """Return the newest watermark of the first ``most`` rows, ties included."""
        mark = quoted(window.column)
        where, values = (f"{mark} > {_spelled(window)}", (window.since,)) if window.since else ("TRUE", ())
        told = self._one(
            f"SELECT {text_of('max(w)')} FROM (SELECT {mark} AS w FROM {self._name} WHERE {where}"  # noqa: S608 (quoted names)
            f" ORDER BY {mark} LIMIT {int(most)}) s",
            values,
        )
        return _word(told[0]) or window.since

    def tally(self, columns: Sequence[str], window: Window | None, *, checksum: bool) -> Tally:
        """Count the rows, and sum up digests of them."""
        unit, null = "CHAR(31 USING utf8mb4)", "CHAR(30 USING utf8mb4)"
        cells = ", ".join(f"IFNULL({text_of(quoted(name))}, {null})" for name in columns)
        summed = "COALESCE(SUM(CAST(CONV(SUBSTRING(MD5(r), 1, 15), 16, 10) AS UNSIGNED)), 0)" if checksum else "NULL"
        where, values = _where(window)
        told = self._one(
            f"SELECT COUNT(*), {summed}, COALESCE(MAX(OCTET_LENGTH(r)), 0), COUNT(*) - COUNT(r) FROM"  # noqa: S608 (quoted names)
            f" (SELECT CONCAT_WS({unit}, {cells}) AS r FROM {self._name} WHERE {where}) s",
            values,
        )
        rows, total, widest, lost = (_word(one) for one in told)
        # A text above ``max_allowed_packet`` becomes null: then it is wider than anything that is taken.
        wide = 2**40 if int(lost or 0) else int(widest or 0)
        return Tally(
            int(rows or 0), int(total) if total is not None else None, wide, self._unmarked(window) if window else 0
        )

    def lines(self, columns: Sequence[str], window: Window | None) -> Generator[bytes]:
        """Stream the rows; the server forms the text, so that no number is ever rounded here."""
        cells = [cell_of(text_of(quoted(name))) for name in columns]
        values: tuple[object, ...] = ()
        if window:
            again, values = _again(window)
            cells += [cell_of(text_of(quoted(window.column))), f"IF({again}, '1', '0')"]
        where, more = _where(window)
        keys = [name for name, _, key, _ in self.found if key]
        named = [quoted(name) for name in keys] or [f"BINARY {text_of(quoted(name))}" for name in columns]
        order = ", ".join([*([quoted(window.column)] if window else []), *named])
        line = "CONCAT({})".format(", ',', ".join(cells))
        cursor = self.db.cursor(SSCursor)
        cursor.execute(f"SELECT {line} FROM {self._name} WHERE {where} ORDER BY {order}", (*values, *more))  # noqa: S608 (quoted names)
        try:
            while rows := cursor.fetchmany(FETCHED):
                if any(row[0] is None for row in rows):
                    raise broke_off(self.table)
                yield b"\n".join(row[0] for row in rows) + b"\n"
        finally:
            _let_go(cursor)

    @property
    def _name(self) -> str:
        return quoted(self.table)

    def _one(self, statement: str, values: tuple[object, ...]) -> tuple[Any, ...]:
        with self.db.cursor(Cursor) as cursor:
            cursor.execute(statement, values)
            return tuple(cursor.fetchone() or ())

    def _unmarked(self, window: Window) -> int:
        mark = quoted(window.column)
        told = self._one(f"SELECT COUNT(*) FROM {self._name} WHERE {mark} IS NULL", ())  # noqa: S608 (quoted names)
        return int(told[0])


@contextmanager
def mysql_table(told: Connection, table: str, *, seconds: int = STATEMENT_SECONDS) -> Iterator[Snapshot]:
    """Lend one snapshot of a table; the account may read it and change nothing."""
    with reading_mysql(told, seconds=seconds, raw=True) as db:
        with db.cursor(Cursor) as cursor:
            cursor.execute("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            cursor.execute("SET SESSION sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES', time_zone = '+00:00'")
            cursor.execute("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY")
            cursor.execute(_TABLE, (told.database, table))
            rows = cursor.fetchall()
        if not rows:
            raise NotFound("table", table[:100])
        found = tuple(
            (_word(n) or "", (_word(t) or "").lower(), _word(k) == "1", _word(f) or "") for n, t, k, f in rows
        )
        yield MysqlTable(db, table, found)


def _let_go(cursor: SSCursor) -> None:
    # By itself the cursor would read all that is left before it closes; the connection is closed instead.
    held = cursor._result
    if held is not None:
        held.unbuffered_active = False
        cursor._result = None


def _kind(spelled: str) -> str:
    kinds = (("number", _NUMBERS), ("instant", _INSTANTS), ("float", _FLOATS), ("text", _TEXTS), ("bytes", _BYTES))
    return next((kind for kind, known in kinds if spelled in known), "exact")


def _word(value: bytes | str | None) -> str | None:
    return value.decode() if isinstance(value, bytes) else value


def quoted(name: str) -> str:
    """Return a name as it stands in a question, which is then formatted once more."""
    return '"' + name.replace('"', '""').replace("%", "%%") + '"'


def text_of(expression: str) -> str:
    """Return the SQL of an expression in the server's own text."""
    return f"CONVERT(CAST({expression} AS CHAR) USING utf8mb4)"


def cell_of(expression: str) -> str:
    """Return the SQL of a text as a cell of delimited text: in quotes, and nothing for null."""
    return f"""IFNULL(CONCAT('"', REPLACE({expression}, '"', '""'), '"'), '')"""


def _less(window: Window, value: str) -> tuple[str, tuple[object, ...]]:
    if window.kind == "instant":
        return "(CAST(%s AS DATETIME(6)) - INTERVAL %s SECOND)", (value, window.overlap)
    if window.kind == "number":
        return "(CAST(%s AS DECIMAL(40, 0)) - %s)", (value, window.overlap)
    return "%s", (value,)


def _since(window: Window) -> tuple[str, tuple[object, ...]]:
    if not window.since:
        return f"{quoted(window.column)} IS NOT NULL", ()
    expression, values = _less(window, window.since)
    return f"{quoted(window.column)} >= {expression}", values


def _again(window: Window) -> tuple[str, tuple[object, ...]]:
    expression, values = _less(window, window.until)
    return f"{quoted(window.column)} >= {expression}", values


def _where(window: Window | None) -> tuple[str, tuple[object, ...]]:
    if window is None:
        return "TRUE", ()
    lower, values = _since(window)
    return f"{lower} AND {quoted(window.column)} <= {_spelled(window)}", (*values, window.until)


def _spelled(window: Window) -> str:
    return {"instant": "CAST(%s AS DATETIME(6))", "number": "CAST(%s AS DECIMAL(40, 0))"}.get(window.kind, "%s")
