"""A table of a consumer's PostgreSQL: filled by COPY, changed by key, in one transaction with the note of what stands.

The transaction is the staging: readers see the old rows until all new ones are there, and a run that dies leaves
nothing. What was delivered stands in ``_jutong_delivery`` beside the table, written by the same transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.csv as pacsv
from psycopg import Cursor, sql

from jutong.collection.sources.postgres import postgres_table
from jutong.kernel.foreign import Postgres, writing_postgres
from jutong.kernel.text import Text, text

from ..loading import Done, Found, Load, Order, Standing, Step
from ..target import NOTED, Target
from ..ways import Ways
from .seam import LOCK_SECONDS, STATEMENT_SECONDS, altered, misfit, misfits, occupied, writing

_CSV = pacsv.WriteOptions(include_header=False, quoting_style="all_valid")
_COLUMNS = """
SELECT a.attname, format_type(a.atttypid, NULL), a.attnotnull AND NOT a.atthasdef AND a.attidentity = ''
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE n.nspname = %s AND c.relname = %s AND c.relkind IN ('r', 'p') ORDER BY a.attnum
"""
_NOTES = """
CREATE TABLE IF NOT EXISTS {} (
  outflow text PRIMARY KEY, agreement text NOT NULL, version bigint NOT NULL, rows bigint NOT NULL,
  digest text NOT NULL, keyed boolean NOT NULL, manifest text NOT NULL, delivered timestamptz NOT NULL DEFAULT now())
"""
_TEXTS = ("text", "character varying")
_TYPES: dict[pa.DataType, tuple[str, ...]] = {  # the first is the one of a table that is made
    pa.string(): _TEXTS,
    pa.binary(): ("bytea",),
    pa.bool_(): ("boolean",),
    pa.int8(): ("smallint", "integer", "bigint", "numeric"),
    pa.int16(): ("smallint", "integer", "bigint", "numeric"),
    pa.int32(): ("integer", "bigint", "numeric"),
    pa.int64(): ("bigint", "numeric"),
    pa.float32(): ("real", "double precision"),
    pa.float64(): ("double precision",),
    pa.date32(): ("date",),
    pa.timestamp("us", "UTC"): ("timestamp with time zone",),
    pa.timestamp("us"): ("timestamp without time zone",),
}


@dataclass(frozen=True, slots=True)
class PostgresTarget:
    """One table of one database."""

    target: Target
    secret: str
    ways: Ways

    def look(self, order: Order) -> tuple[Text, ...]:
        """Reach the table and return in what it does not fit."""
        with self._opened() as db:
            found = self._columns(db)
            if not found:
                return () if self.target.create else (text("there is no such table"),)
            return tuple(misfits(found, order.schema, _fitting))

    def deliver(self, order: Order) -> Done:
        """Bring what the table lacks, in one transaction."""
        with self._opened() as db, db.transaction(), db.cursor() as cursor:
            self._prepare(db, order)
            standing = self._standing(db, order)
            load = order.load(standing, keyed=True)
            if load is None:
                return Done(load=None)
            changed = None if load.base is None else self._followed(cursor, load)
            if changed is None:
                load = load if load.base is None else order.load(None, keyed=True)
                assert load is not None
                changed = self._whole(cursor, load)
            self._note(db, load)
            order.still()
        return Done(load=load, changed=changed)

    def compare(self, order: Order) -> Found:
        """Count the rows of the table and sum up their text."""
        told = self.ways.connection(self.target, self.secret)
        with writing(self.target.place), postgres_table(told, self.target.table, seconds=STATEMENT_SECONDS) as table:
            tally = table.tally(summed_columns(order.schema), None, checksum=True)
        return Found(rows=tally.rows, checksum=tally.checksum)

    @property
    def _schema(self) -> str:
        return self.target.schema or "public"

    @property
    def _table(self) -> sql.Identifier:
        return sql.Identifier(self._schema, self.target.table)

    @property
    def _notes(self) -> sql.Identifier:
        return sql.Identifier(self._schema, NOTED)

    @contextmanager
    def _opened(self) -> Iterator[Postgres]:
        told = self.ways.connection(self.target, self.secret)
        with (
            writing(self.target.place),
            writing_postgres(told, seconds=STATEMENT_SECONDS, lock_seconds=LOCK_SECONDS, name="jutong outflow") as db,
        ):
            yield db

    def _columns(self, db: Postgres) -> list[tuple[str, str, bool]]:
        rows = db.execute(_COLUMNS, (self._schema, self.target.table)).fetchall()
        return [(str(name), str(kind), bool(needed)) for name, kind, needed in rows]

    def _prepare(self, db: Postgres, order: Order) -> None:
        """One writer at a time; the table is made where that is allowed, and fits, or the run is refused."""
        word = f"{self._schema}.{self.target.table}"
        db.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 27))", (word,))
        if db.execute("SELECT to_regclass(%s)", (sql_name(self._schema, NOTED),)).fetchone() == (None,):
            db.execute("SELECT pg_advisory_xact_lock(27)")
            db.execute(sql.SQL(_NOTES).format(self._notes))
        found = self._columns(db)
        if not found and self.target.create:
            self._make(db, order)
        elif unfit := tuple(misfits(found, order.schema, _fitting)) if found else (text("there is no such table"),):
            raise misfit(self.target.place, unfit)

    def _make(self, db: Postgres, order: Order) -> None:
        columns = sql.SQL(", ").join(
            sql.SQL("{} " + _made(one.type)).format(sql.Identifier(one.name)) for one in order.schema
        )
        db.execute(sql.SQL("CREATE TABLE {} ({})").format(self._table, columns))
        if order.key:
            # So that a change costs by its own size, not by that of the table.
            db.execute(sql.SQL("CREATE INDEX ON {} ({})").format(self._table, sql.Identifier(order.key)))

    def _standing(self, db: Postgres, order: Order) -> Standing | None:
        asked = sql.SQL("SELECT version, rows, digest, keyed FROM {} WHERE outflow = %s FOR UPDATE").format(self._notes)
        row = db.execute(asked, (order.outflow,)).fetchone()
        if row is None:
            if not order.anew and self._holds_rows(db):
                raise occupied(self.target.place)
            return None
        return Standing(version=int(str(row[0])), rows=int(str(row[1])), digest=str(row[2]), keyed=bool(row[3]))

    def _holds_rows(self, db: Postgres) -> bool:
        return db.execute(sql.SQL("SELECT 1 FROM {} LIMIT 1").format(self._table)).fetchone() is not None

    def _whole(self, cursor: Cursor[tuple[object, ...]], load: Load) -> int:
        cursor.execute(sql.SQL("DELETE FROM {}").format(self._table))
        return max(cursor.rowcount, 0) + self._copied(cursor, self._table, load.schema, load.whole())

    def _followed(self, cursor: Cursor[tuple[object, ...]], load: Load) -> int | None:
        """Lay on what changed; None where a key would stand twice."""
        changed = 0
        for step in load.steps:
            laid = self._laid(cursor, load, step)
            if laid is None:
                return None
            changed += laid
        return changed

    def _laid(self, cursor: Cursor[tuple[object, ...]], load: Load, step: Step) -> int | None:
        """Take away the rows that went, by key, then bring those that came; what went must have been there.

        Keys are looked up by the table's index, so that a change costs by its own size.
        """
        key, named = sql.Identifier(load.key), sql.SQL("SELECT {} FROM {}")
        went, came = (named.format(key, sql.Identifier(one)) for one in ("_jutong_went", "_jutong_came"))
        there = sql.SQL("FROM {} WHERE {} = ANY (ARRAY({}))")
        gone = self._staged(cursor, load, "_jutong_went", load.deleted(step))
        cursor.execute(sql.SQL("DELETE {}").format(there.format(self._table, key, went)))
        if cursor.rowcount != gone:
            raise altered(self.target.place, gone, cursor.rowcount)
        keys = (batch.column(load.key) for batch in load.inserted(step))
        come = self._staged(cursor, load, "_jutong_came", keys)
        cursor.execute(sql.SQL("SELECT count(DISTINCT {}) FROM ({}) c").format(key, came))
        distinct = cursor.fetchone()
        new = sql.SQL("{} EXCEPT {}").format(came, went)  # of the others it is known that they are gone
        cursor.execute(sql.SQL("SELECT count(*) {}").format(there.format(self._table, key, new)))
        if distinct != (come,) or cursor.fetchone() != (0,):
            return None
        return gone + self._copied(cursor, self._table, load.schema, load.inserted(step))

    def _staged(self, cursor: Cursor[tuple[object, ...]], load: Load, name: str, keys: Iterable[pa.Array]) -> int:
        """Fill a table of this session with keys, of the type that they have in the target."""
        column, table = pa.schema([load.schema.field(load.key)]), sql.Identifier("pg_temp", name)
        cursor.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(table))
        made = sql.SQL("CREATE TEMP TABLE {} ON COMMIT DROP AS SELECT {} FROM {} WITH NO DATA")
        cursor.execute(made.format(sql.Identifier(name), sql.Identifier(load.key), self._table))
        return self._copied(cursor, table, column, (pa.record_batch([one], schema=column) for one in keys))

    def _copied(
        self,
        cursor: Cursor[tuple[object, ...]],
        into: sql.Identifier,
        schema: pa.Schema,
        batches: Iterable[pa.RecordBatch],
    ) -> int:
        names = sql.SQL(", ").join(map(sql.Identifier, schema.names))
        asked = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT csv, ENCODING 'UTF8')").format(into, names)
        rows = 0
        with cursor.copy(asked) as copy:
            for batch in batches:
                copy.write(lines_of(batch))
                rows += batch.num_rows
        return rows

    def _note(self, db: Postgres, load: Load) -> None:
        noted = sql.SQL(
            "INSERT INTO {} (outflow, agreement, version, rows, digest, keyed, manifest)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s)"
            " ON CONFLICT (outflow) DO UPDATE SET version = excluded.version, rows = excluded.rows,"
            " digest = excluded.digest, keyed = excluded.keyed, manifest = excluded.manifest, delivered = now()"
        ).format(self._notes)
        told = (load.outflow, load.agreement, load.version, load.rows, load.digest, load.keyed, load.manifest)
        db.execute(noted, told)


def lines_of(batch: pa.RecordBatch) -> memoryview:
    r"""Return rows as delimited text: every value in quotes, so that an empty text is none of the nulls.

    >>> bytes(lines_of(pa.record_batch({"a": ["", None, '0"1']})))
    b'""\n\n"0""1"\n'
    """
    sink = pa.BufferOutputStream()
    pacsv.write_csv(pa.record_batch([_plain(one) for one in batch.columns], names=batch.schema.names), sink, _CSV)
    return memoryview(sink.getvalue())


def summed_columns(schema: pa.Schema) -> list[str]:
    """Return the columns whose text is the same here and there: texts, whole and decimal numbers, days."""
    kinds = (pa.types.is_string, pa.types.is_integer, pa.types.is_decimal, pa.types.is_date32)
    return [one.name for one in schema if any(fits(one.type) for fits in kinds)]


def sql_name(schema: str, table: str) -> str:
    """Return a quoted name as text.

    >>> sql_name("public", 'a"b')
    '"public"."a""b"'
    """
    return ".".join('"' + one.replace('"', '""') + '"' for one in (schema, table))


def _plain(column: pa.Array) -> pa.Array:
    if pa.types.is_decimal(column.type):
        return column.cast(pa.string())
    if pa.types.is_binary(column.type):
        return pa.array([None if one is None else "\\x" + one.hex() for one in column.to_pylist()], pa.string())
    return column


def _made(kind: pa.DataType) -> str:
    return f"numeric({kind.precision},{kind.scale})" if pa.types.is_decimal(kind) else _TYPES[kind][0]


def _fitting(kind: pa.DataType) -> tuple[str, ...]:
    return ("numeric",) if pa.types.is_decimal(kind) else _TYPES[kind]
