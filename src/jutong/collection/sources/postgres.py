"""A table or view of a live PostgreSQL: one repeatable-read snapshot, streamed by COPY."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from psycopg import sql

from jutong.kernel.errors import NotFound
from jutong.kernel.foreign import Connection, Postgres, reading_postgres

from .database import SHOWN, STATEMENT_SECONDS, Snapshot, Told, Window, joined
from .pulled import Tally

_TABLE = """
SELECT c.oid, a.attname, format_type(a.atttypid, NULL),
       coalesce(a.attnum = ANY (i.indkey), false), format_type(a.atttypid, a.atttypmod)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
LEFT JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary
WHERE n.nspname = %(schema)s AND c.relname = %(table)s AND c.relkind IN ('r', 'p', 'm', 'v', 'f')
  AND has_table_privilege(c.oid, 'SELECT')
ORDER BY a.attnum
"""
_NUMBERS = {"smallint", "integer", "bigint", "numeric"}
_INSTANTS = {"timestamp without time zone", "timestamp with time zone", "date"}
_FLOATS = {"real", "double precision"}
_TEXTS = {"text", "character varying", "character"}


@dataclass(frozen=True, slots=True)
class PostgresTable:
    """One table within one snapshot."""

    db: Postgres
    schema: str
    table: str
    found: tuple[tuple[str, str, bool, str], ...]

    def columns(self) -> tuple[Told, ...]:
        """Return the table's columns."""
        return tuple(Told(name, _kind(plain), spelled) for name, plain, _, spelled in self.found)

    def head(self, columns: Sequence[str], most: int) -> list[tuple[str | None, ...]]:
        """Return some rows as text, each value cut to what a page shows."""
        cells = sql.SQL(", ").join(
            sql.SQL("left({}::text, {})").format(sql.Identifier(name), sql.Literal(SHOWN)) for name in columns
        )
        asked = sql.SQL("SELECT {} FROM {} LIMIT {}").format(cells, self._name, sql.Literal(most))
        return [tuple(None if one is None else str(one) for one in row) for row in self.db.execute(asked)]

    def until(self, window: Window, most: int) -> str:
        """Return the newest watermark of the first ``most`` rows, ties included."""
        mark = sql.Identifier(window.column)
        newer = sql.SQL("{} > {}").format(mark, _value(window, window.since)) if window.since else sql.SQL("true")
        ordered = sql.SQL(
            "SELECT max(w)::text FROM (SELECT {mark} AS w FROM {table} WHERE {where} ORDER BY {mark} LIMIT {most}) s"
        ).format(mark=mark, table=self._name, where=newer, most=sql.Literal(most))
        told = self.db.execute(ordered).fetchone()
        return str(told[0]) if told and told[0] is not None else window.since

    def tally(self, columns: Sequence[str], window: Window | None, *, checksum: bool) -> Tally:
        """Count the rows, and sum up digests of them."""
        row = sql.SQL("array_to_string(ARRAY[{}], E'\\x1f', E'\\x1e')").format(_texts(columns))
        summed = sql.SQL("coalesce(sum(('x' || substr(md5(r), 1, 15))::bit(60)::bigint), 0)")
        told = self.db.execute(
            sql.SQL(
                "SELECT count(*), {summed}, coalesce(max(octet_length(r)), 0) FROM"
                " (SELECT {row} AS r FROM {table} WHERE {where}) s"
            ).format(
                summed=summed if checksum else sql.SQL("NULL"), row=row, table=self._name, where=self._where(window)
            )
        ).fetchone() or (0, None, 0)
        rows, total, widest = told
        return Tally(
            int(str(rows)),
            int(str(total)) if total is not None else None,
            int(str(widest)),
            self._unmarked(window) if window else 0,
        )

    def lines(self, columns: Sequence[str], window: Window | None) -> Generator[bytes]:
        """Stream the rows by COPY; the server forms the text, so that no number is ever rounded here."""
        cells = _texts(columns)
        if window:
            mark = sql.Identifier(window.column)
            again = sql.SQL("CASE WHEN {} THEN '1' ELSE '0' END").format(self._again(window))
            cells = sql.SQL("{}, {}::text, {}").format(cells, mark, again)
        statement = sql.SQL(
            "COPY (SELECT {cells} FROM {table} WHERE {where} ORDER BY {order}) TO STDOUT"
            " (FORMAT csv, FORCE_QUOTE *, ENCODING 'UTF8')"
        ).format(cells=cells, table=self._name, where=self._where(window), order=self._order(columns, window))
        with self.db.cursor() as cursor, cursor.copy(statement) as copy:
            yield from joined(bytes(piece) for piece in copy)

    @property
    def _name(self) -> sql.Identifier:
        return sql.Identifier(self.schema, self.table)

    def _order(self, columns: Sequence[str], window: Window | None) -> sql.Composable:
        # The same rows must come in the same order, or they would be another delivery.
        keys = [name for name, _, key, _ in self.found if key]
        named = [sql.Identifier(name) for name in (keys or ())]
        if not named:
            named = [sql.SQL('{}::text COLLATE "C"').format(sql.Identifier(name)) for name in columns]  # type: ignore[misc]
        first = [sql.Identifier(window.column)] if window else []
        return sql.SQL(", ").join([*first, *named])

    def _where(self, window: Window | None) -> sql.Composable:
        if window is None:
            return sql.SQL("true")
        upper = sql.SQL("{} <= {}").format(sql.Identifier(window.column), _value(window, window.until))
        return sql.SQL("{} AND {}").format(self._since(window), upper)

    def _since(self, window: Window) -> sql.Composable:
        mark = sql.Identifier(window.column)
        if not window.since:
            return sql.SQL("{} IS NOT NULL").format(mark)
        return sql.SQL("{} >= {}").format(mark, _less(window, window.since))

    def _again(self, window: Window) -> sql.Composable:
        return sql.SQL("{} >= {}").format(sql.Identifier(window.column), _less(window, window.until))

    def _unmarked(self, window: Window) -> int:
        told = self.db.execute(
            sql.SQL("SELECT count(*) FROM {} WHERE {} IS NULL").format(self._name, sql.Identifier(window.column))
        ).fetchone()
        return int(str(told[0])) if told else 0


@contextmanager
def postgres_table(told: Connection, table: str, *, seconds: int = STATEMENT_SECONDS) -> Iterator[Snapshot]:
    """Lend one snapshot of a table; the account may read it and change nothing."""
    schema = told.schema or "public"
    with reading_postgres(told, seconds=seconds, name="jutong collect") as db:
        db.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        rows = db.execute(_TABLE, {"schema": schema, "table": table}).fetchall()
        if not rows:
            raise NotFound("table", table[:100])
        yield PostgresTable(db, schema, table, tuple((str(n), str(t), bool(k), str(f)) for _, n, t, k, f in rows))


def _kind(spelled: str) -> str:
    for kind, known in (("number", _NUMBERS), ("instant", _INSTANTS), ("float", _FLOATS), ("text", _TEXTS)):
        if spelled in known:
            return kind
    return "bytes" if spelled == "bytea" else "exact"


def _texts(columns: Sequence[str]) -> sql.Composable:
    return sql.SQL(", ").join(sql.SQL("{}::text").format(sql.Identifier(name)) for name in columns)


def _value(window: Window, value: str) -> sql.Composable:
    kinds = {"number": "numeric", "instant": "timestamptz"}
    literal: sql.Composable = sql.Literal(value)
    return sql.SQL("CAST({} AS {})").format(literal, sql.SQL(kinds[window.kind])) if window.kind in kinds else literal


def _less(window: Window, value: str) -> sql.Composable:
    plain = _value(window, value)
    if not window.overlap:
        return plain
    if window.kind == "instant":
        return sql.SQL("({} - make_interval(secs => {}))").format(plain, sql.Literal(window.overlap))
    return sql.SQL("({} - {})").format(plain, sql.Literal(window.overlap))
