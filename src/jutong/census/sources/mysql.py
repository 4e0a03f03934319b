"""The tables of a live MySQL or MariaDB database, read in read-only transactions with a time for each statement."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import pymysql

from jutong.kernel.foreign import LATE, Connection, reading_mysql
from jutong.terms.division import Divisions

from ..table import Column, Found, data_type_of
from .bounded import Bounds, Clock, profiled

_COLUMNS = """
SELECT c.table_name, coalesce(t.table_rows, 0), t.table_comment, c.column_name, c.column_type,
       c.is_nullable = 'YES', c.column_key = 'PRI', c.column_comment
FROM information_schema.columns c
JOIN information_schema.tables t ON t.table_schema = c.table_schema AND t.table_name = c.table_name
WHERE c.table_schema = %s
ORDER BY c.table_name, c.ordinal_position
"""


@dataclass(frozen=True, slots=True)
class MysqlSource:
    """All tables of one database that the account may read."""

    connection: Connection
    bounds: Bounds = field(default_factory=Bounds)
    kind: str = "mysql"
    complete: bool = True

    def tables(self, divisions: Divisions) -> Iterator[Found]:
        """Yield the tables with counts, or refuse where the database does not answer."""
        clock = Clock(self.bounds)
        seconds = self.bounds.statement_seconds
        with reading_mysql(self.connection, seconds=seconds) as db, db.cursor() as cursor:
            for found, estimate in self._found(cursor):
                clock.check()
                yield self._looked_over(cursor, found, estimate, divisions)

    def _found(self, cursor: Any) -> Iterator[tuple[Found, int]]:
        cursor.execute(_COLUMNS, (self.connection.database,))
        grouped: dict[tuple[str, int, str], list[Column]] = {}
        for name, estimate, comment, column, spelled, nullable, key, words in cursor.fetchall():
            grouped.setdefault((name, int(estimate), comment), []).append(
                Column(
                    name=column,
                    type=spelled,
                    data_type=data_type_of(spelled),
                    nullable=bool(nullable),
                    key=bool(key),
                    comment=words,
                )
            )
        for (name, estimate, comment), columns in list(grouped.items())[: self.bounds.tables]:
            told = "" if comment == "VIEW" else comment
            yield Found(place=self.connection.database, name=name, comment=told, columns=tuple(columns)), estimate

    def _looked_over(self, cursor: Any, found: Found, estimate: int, divisions: Divisions) -> Found:
        table = _quoted(found.name)
        cells = ", ".join(
            "NULL" if "blob" in one.type or "binary" in one.type else f"LEFT(CAST({_quoted(one.name)} AS CHAR), 256)"
            for one in found.columns
        )
        counted = self._asked(cursor, f"SELECT count(*) FROM {table}")  # noqa: S608 (quoted names)
        exact = counted is not None
        rows = int(counted[0][0]) if counted else estimate
        sample = self._asked(cursor, f"SELECT {cells} FROM {table} LIMIT {self.bounds.sample_rows}")  # noqa: S608
        sampled = [[None if one is None else str(one) for one in row] for row in sample or ()]
        return profiled(replace(found, rows=rows, rows_exact=exact), sampled, divisions)

    def _asked(self, cursor: Any, statement: str) -> list[tuple[Any, ...]] | None:
        try:
            cursor.execute(statement)
        except pymysql.MySQLError as error:
            if error.args[:1] and error.args[0] in LATE:
                return None
            raise
        return list(cursor.fetchall())


def _quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"
