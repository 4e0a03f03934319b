"""A table of a consumer's MySQL or MariaDB: rows by many-rowed INSERT, changes by key, in one transaction of InnoDB.

Not by LOAD DATA LOCAL: there it is the server that names the file which the client sends.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pymysql
from pymysql.cursors import Cursor

from jutong.collection.sources.mysql import mysql_table
from jutong.kernel.errors import Unavailable
from jutong.kernel.foreign import Mysql, writing_mysql
from jutong.kernel.text import Text, text

from ..loading import Done, Found, Load, Order, Standing, Step
from ..target import NOTED, Target
from ..ways import Ways
from .postgres import summed_columns
from .seam import LOCK_SECONDS, STATEMENT_SECONDS, altered, misfit, misfits, occupied, writing

KEY_MOST = 256  # characters of a key, so that it can have an index
ROWS_A_STATEMENT = 2_048
_COLUMNS = """
SELECT column_name, data_type, is_nullable = 'NO' AND column_default IS NULL AND extra NOT LIKE '%%auto_increment%%'
FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = %s ORDER BY ordinal_position
"""
_ENGINE = "SELECT engine FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = %s"
_NOTES = f"""
CREATE TABLE IF NOT EXISTS "{NOTED}" (
  outflow varchar(26) CHARACTER SET ascii PRIMARY KEY, agreement varchar(26) CHARACTER SET ascii NOT NULL,
  version bigint NOT NULL, "rows" bigint NOT NULL, digest varchar(64) CHARACTER SET ascii NOT NULL,
  keyed tinyint NOT NULL, manifest mediumtext CHARACTER SET ascii NOT NULL,
  delivered timestamp NOT NULL DEFAULT current_timestamp ON UPDATE current_timestamp) ENGINE = InnoDB
"""
_TEXTS = ("mediumtext", "varchar", "text", "longtext", "char")
_TYPES: dict[pa.DataType, tuple[str, ...]] = {  # the first is the one of a table that is made
    pa.string(): _TEXTS,
    pa.binary(): ("longblob", "mediumblob", "blob", "varbinary"),
    pa.bool_(): ("tinyint",),
    pa.int8(): ("tinyint", "smallint", "int", "bigint", "decimal"),
    pa.int16(): ("smallint", "int", "bigint", "decimal"),
    pa.int32(): ("int", "bigint", "decimal"),
    pa.int64(): ("bigint", "decimal"),
    pa.float32(): ("float", "double"),
    pa.float64(): ("double",),
    pa.date32(): ("date",),
    pa.timestamp("us", "UTC"): ("datetime(6)", "datetime"),
    pa.timestamp("us"): ("datetime(6)", "datetime"),
}


@dataclass(frozen=True, slots=True)
class MysqlTarget:
    """One table of one database."""

    target: Target
    secret: str
    ways: Ways

    def look(self, order: Order) -> tuple[Text, ...]:
        """Reach the table and return in what it does not fit."""
        with self._opened() as db, closing(db.cursor(Cursor)) as cursor:
            return tuple(self._misfit(cursor, order))

    def deliver(self, order: Order) -> Done:
        """Bring what the table lacks, in one transaction; tables are made before it, because that would end it."""
        with self._opened() as db, closing(db.cursor(Cursor)) as cursor:
            self._prepare(cursor, order)
            db.begin()
            try:
                standing = self._standing(cursor, order)
                load = order.load(standing, keyed=True)
                changed = 0
                if load is not None:
                    laid = None if load.base is None else self._followed(cursor, load)
                    if laid is None and load.base is not None:
                        load = order.load(None, keyed=True)
                        assert load is not None
                    changed = self._whole(cursor, load) if laid is None else laid
                    self._note(cursor, load)
                    order.still()
                db.commit()
            except BaseException:
                _undone(db)
                raise
        return Done(load=load, changed=changed)

    def compare(self, order: Order) -> Found:
        """Count the rows of the table and sum up their text."""
        told = self.ways.connection(self.target, self.secret)
        with writing(self.target.place), mysql_table(told, self.target.table, seconds=STATEMENT_SECONDS) as table:
            tally = table.tally(summed_columns(order.schema), None, checksum=True)
        return Found(rows=tally.rows, checksum=tally.checksum)

    @property
    def _table(self) -> str:
        return _quoted(self.target.table)

    @contextmanager
    def _opened(self) -> Iterator[Mysql]:
        told = self.ways.connection(self.target, self.secret)
        with (
            writing(self.target.place),
            writing_mysql(told, seconds=STATEMENT_SECONDS, lock_seconds=LOCK_SECONDS) as db,
        ):
            yield db

    def _misfit(self, cursor: Any, order: Order) -> Iterator[Text]:
        found = self._columns(cursor)
        if not found:
            if not self.target.create:
                yield text("there is no such table")
            return
        yield from misfits(found, order.schema, _fitting)
        cursor.execute(_ENGINE, (self.target.table,))
        if (cursor.fetchone() or ("",))[0] != "InnoDB":
            yield text("the table keeps no transactions (InnoDB does)")

    def _columns(self, cursor: Any) -> list[tuple[str, str, bool]]:
        cursor.execute(_COLUMNS, (self.target.table,))
        return [(str(name), str(kind).lower(), bool(needed)) for name, kind, needed in cursor.fetchall()]

    def _prepare(self, cursor: Any, order: Order) -> None:
        """One writer at a time; the table is made where that is allowed, and fits, or the run is refused."""
        cursor.execute("SELECT GET_LOCK(LEFT(CONCAT('jutong ', DATABASE(), '.', %s), 64), 1)", (self.target.table,))
        if cursor.fetchone() != (1,):
            raise Unavailable(text("another run writes into {place} already", place=self.target.place))
        cursor.execute("SELECT 1 FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = %s",
                       (NOTED,))  # fmt: skip
        if not cursor.fetchall():
            cursor.execute(_NOTES)
        if not self._columns(cursor) and self.target.create:
            cursor.execute(self._made(order))
        elif differences := list(self._misfit(cursor, order)):
            raise misfit(self.target.place, differences)

    def _made(self, order: Order) -> str:
        columns = [f"{_quoted(one.name)} {_made(one, order.key)}" for one in order.schema]
        index = [f"INDEX ({_quoted(order.key)})"] if order.key else []
        how = "ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"
        return f"CREATE TABLE {self._table} ({', '.join([*columns, *index])}) {how}"

    def _standing(self, cursor: Any, order: Order) -> Standing | None:
        asked = f'SELECT version, "rows", digest, keyed FROM "{NOTED}" WHERE outflow = %s FOR UPDATE'  # noqa: S608 (our name)
        cursor.execute(asked, (order.outflow,))
        row = cursor.fetchone()
        if row is None:
            if not order.anew and self._holds_rows(cursor):
                raise occupied(self.target.place)
            return None
        return Standing(version=int(row[0]), rows=int(row[1]), digest=str(row[2]), keyed=bool(row[3]))

    def _holds_rows(self, cursor: Any) -> bool:
        cursor.execute(f"SELECT 1 FROM {self._table} LIMIT 1")  # noqa: S608 (quoted names)
        return bool(cursor.fetchall())

    def _whole(self, cursor: Any, load: Load) -> int:
        cursor.execute(f"DELETE FROM {self._table}")  # noqa: S608 (quoted names)
        return int(cursor.rowcount) + self._inserted(cursor, load.schema, load.whole())

    def _followed(self, cursor: Any, load: Load) -> int | None:
        """Lay on what changed; None where a key would stand twice."""
        changed = 0
        for step in load.steps:
            laid = self._laid(cursor, load, step)
            if laid is None:
                return None
            changed += laid
        return changed

    def _laid(self, cursor: Any, load: Load, step: Step) -> int | None:
        """Take away the rows that went, by key, then bring those that came; what went must have been there."""
        gone = found = come = 0
        for some in _sliced(load.deleted(step)):
            cursor.execute(f"DELETE FROM {self._among(load.key, some)}")  # noqa: S608 (quoted names)
            gone, found = gone + len(some), found + int(cursor.rowcount)
        if gone != found:
            raise altered(self.target.place, gone, found)
        for batch in load.inserted(step):
            for some in _sliced([batch.column(load.key)]):
                cursor.execute(f"SELECT COUNT(*) FROM {self._among(load.key, some)}")  # noqa: S608 (quoted names)
                if cursor.fetchone() != (0,) or pc.count_distinct(some).as_py() != len(some):
                    return None
            come += self._inserted(cursor, load.schema, [batch])
        return gone + come

    def _among(self, key: str, some: pa.Array) -> str:
        return f"{self._table} WHERE {_quoted(key)} IN ({_joined(_literals(some), ',')})"

    def _inserted(self, cursor: Any, schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> int:
        head = f"INSERT INTO {self._table} ({', '.join(map(_quoted, schema.names))}) VALUES "  # noqa: S608 (quoted names)
        rows = 0
        for batch in batches:
            for start in range(0, batch.num_rows, ROWS_A_STATEMENT):
                some = batch.slice(start, ROWS_A_STATEMENT)
                cells = pc.binary_join_element_wise(*map(_literals, some.columns), ",")
                cursor.execute(head + _joined(pc.binary_join_element_wise("(", cells, ")", ""), ","))
                rows += some.num_rows
        return rows

    def _note(self, cursor: Any, load: Load) -> None:
        noted = (
            f'REPLACE INTO "{NOTED}" (outflow, agreement, version, "rows", digest, keyed, manifest)'  # noqa: S608 (our name)
            " VALUES (%s, %s, %s, %s, %s, %s, %s)"
        )
        told = (load.outflow, load.agreement, load.version, load.rows, load.digest, load.keyed, load.manifest)
        cursor.execute(noted, told)


def _sliced(columns: Iterable[pa.Array]) -> Iterator[pa.Array]:
    for column in columns:
        for start in range(0, len(column), ROWS_A_STATEMENT):
            yield column.slice(start, ROWS_A_STATEMENT)


def _undone(db: Mysql) -> None:
    try:
        db.rollback()
    except (OSError, pymysql.MySQLError):  # the connection is gone, and with it what was not committed
        return


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _made(one: pa.Field, key: str) -> str:
    if pa.types.is_decimal(one.type):
        return f"decimal({one.type.precision},{one.type.scale})"
    return f"varchar({KEY_MOST})" if one.name == key and pa.types.is_string(one.type) else _TYPES[one.type][0]


def _literals(column: pa.Array) -> pa.Array:
    """Return values as SQL: a text in quotes, of which each inside is doubled (NO_BACKSLASH_ESCAPES), null as NULL.

    >>> _literals(pa.array(["it's", None, "007"])).to_pylist()
    ["'it''s'", 'NULL', "'007'"]
    """
    if pa.types.is_boolean(column.type):
        words = column.cast(pa.int8()).cast(pa.string())
    elif pa.types.is_binary(column.type):
        return pa.array(["NULL" if one is None else f"X'{one.hex()}'" for one in column.to_pylist()], pa.string())
    elif pa.types.is_timestamp(column.type):
        words = pc.strftime(column, format="%Y-%m-%d %H:%M:%S")
    else:
        words = column.cast(pa.string())
    quoted = pc.binary_join_element_wise("'", pc.replace_substring(words, "'", "''"), "'", "")
    return pc.fill_null(quoted, "NULL")


def _joined(words: pa.Array, between: str) -> str:
    whole = pa.LargeListArray.from_arrays(pa.array([0, len(words)]), words)
    return str(pc.binary_join(whole, between)[0].as_py())


def _fitting(kind: pa.DataType) -> tuple[str, ...]:
    return ("decimal",) if pa.types.is_decimal(kind) else _TYPES[kind]
