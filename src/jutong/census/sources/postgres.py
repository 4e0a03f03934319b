"""The tables of a live PostgreSQL database, read in read-only transactions with a time for each statement."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import psycopg
from psycopg import sql

from jutong.kernel.foreign import Connection, Postgres, reading_postgres
from jutong.terms.division import Divisions

from ..table import Column, Found, data_type_of
from .bounded import Bounds, Clock, profiled

_COLUMNS = """
SELECT n.nspname, c.relname, c.relkind::text, c.reltuples::bigint, coalesce(obj_description(c.oid, 'pg_class'), ''),
       a.attname, format_type(a.atttypid, a.atttypmod), NOT a.attnotnull,
       coalesce(i.indisprimary, false), coalesce(col_description(c.oid, a.attnum), '')
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
LEFT JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary AND a.attnum = ANY (i.indkey)
WHERE c.relkind IN ('r', 'p', 'm', 'v', 'f') AND NOT c.relispartition
  AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg\\_%%'
  AND (%(schema)s = '' OR n.nspname = %(schema)s) AND has_table_privilege(c.oid, 'SELECT')
ORDER BY n.nspname, c.relname, a.attnum
"""
_SAMPLED = ("r", "p", "m")
_LARGE = 100_000  # rows; a larger table is sampled over its whole length


@dataclass(frozen=True, slots=True)
class PostgresSource:
    """A schema, or all schemas that the account may read."""

    connection: Connection
    bounds: Bounds = field(default_factory=Bounds)
    kind: str = "postgresql"
    complete: bool = True

    def tables(self, divisions: Divisions) -> Iterator[Found]:
        """Yield the tables with counts, or refuse where the database does not answer."""
        clock = Clock(self.bounds)
        seconds = self.bounds.statement_seconds
        with reading_postgres(self.connection, seconds=seconds, name="jutong census") as db:
            for found, kind, estimate in self._found(db):
                clock.check()
                yield self._looked_over(db, found, kind, estimate, divisions)

    def _found(self, db: Postgres) -> Iterator[tuple[Found, str, int]]:
        grouped: dict[tuple[str, str, str, int, str], list[Column]] = {}
        for row in db.execute(_COLUMNS, {"schema": self.connection.schema}):
            schema, name, kind, estimate, comment, column, spelled, nullable, key, words = row
            grouped.setdefault((str(schema), str(name), str(kind), int(str(estimate)), str(comment)), []).append(
                Column(
                    name=str(column),
                    type=str(spelled),
                    data_type=data_type_of(str(spelled)),
                    nullable=bool(nullable),
                    key=bool(key),
                    comment=str(words),
                )
            )
        for (schema, name, kind, estimate, comment), columns in list(grouped.items())[: self.bounds.tables]:
            yield Found(place=schema, name=name, comment=comment, columns=tuple(columns)), kind, estimate

    def _looked_over(self, db: Postgres, found: Found, kind: str, estimate: int, divisions: Divisions) -> Found:
        table = sql.Identifier(found.place, found.name)
        cells = [
            sql.SQL("NULL") if one.type == "bytea" else sql.SQL("left({}::text, 256)").format(sql.Identifier(one.name))
            for one in found.columns
        ]
        part: sql.Composable = sql.SQL("")
        if kind in _SAMPLED and estimate > _LARGE:
            percent = min(100.0, 300.0 * self.bounds.sample_rows / estimate)
            part = sql.SQL(" TABLESAMPLE SYSTEM ({})").format(sql.Literal(percent))
        sample = sql.SQL("SELECT {} FROM {}{} LIMIT {}").format(
            sql.SQL(", ").join(cells), table, part, sql.Literal(self.bounds.sample_rows)
        )
        try:
            rows = db.execute(sql.SQL("SELECT count(*) FROM {}").format(table)).fetchone()
            counted, exact = int(str(rows[0])) if rows else 0, True
        except psycopg.errors.QueryCanceled:
            counted, exact = max(estimate, 0), False
        try:
            sampled = [[None if one is None else str(one) for one in row] for row in db.execute(sample)]
        except psycopg.errors.QueryCanceled:
            sampled = []
        return profiled(replace(found, rows=counted, rows_exact=exact), sampled, divisions)
