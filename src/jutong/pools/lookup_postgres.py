"""Serving copies in PostgreSQL, for gateways on several machines: one table a copy, swapped in one transaction."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import sql
from psycopg_pool import ConnectionPool, PoolTimeout

from jutong.kernel.errors import Unavailable
from jutong.kernel.text import text

from .layout import table_name
from .lookup import LONGEST_KEY, checked, copy_version

_SCHEMA = """
CREATE TABLE IF NOT EXISTS serving_copy (
    relation text PRIMARY KEY,
    name text NOT NULL,
    version text NOT NULL,
    made bigint GENERATED ALWAYS AS IDENTITY,
    served boolean NOT NULL
)
"""
_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))"
_CURRENT = "SELECT version, relation FROM serving_copy WHERE name = %s AND served"
# The copy before the present one stays, for readers that have not refreshed yet.
_PASSED = "SELECT relation FROM serving_copy WHERE name = %s AND NOT served ORDER BY made DESC OFFSET %s"


class PostgresLookup:
    """Serving copies in the database at ``url``; its password never leaves this object."""

    def __init__(self, url: str, *, readers: int = 8, seconds: float = 5) -> None:
        self._pool = ConnectionPool(
            url, min_size=0, max_size=readers, open=True, timeout=seconds, kwargs={"autocommit": True}
        )
        self._ready = False

    def build(self, name: str, rows: Iterable[tuple[bytes, bytes]], *, version: str) -> None:
        """Build and swap in one transaction: whatever happens on the way, the old copy serves."""
        version, relation = copy_version(version), _relation(table_name(name), version)
        with self._connection() as db, db.transaction():
            db.execute(_LOCK, [f"jutong serving {name}"])
            present = db.execute(_CURRENT, [name]).fetchone()
            if present is not None and present[0] == version:
                return
            self._drop(db, [relation])
            _fill(db, relation, rows)
            db.execute("UPDATE serving_copy SET served = false WHERE name = %s AND served", [name])
            db.execute(
                "INSERT INTO serving_copy (relation, name, version, served) VALUES (%s, %s, %s, true)",
                [relation, name, version],
            )
            self._drop(db, [row[0] for row in db.execute(_PASSED, [name, 1]).fetchall()])

    def version(self, name: str) -> str | None:
        """Return the version that is served."""
        return self.current(name)[0]

    def open(self, name: str) -> PostgresReader:
        """Open the present copy."""
        return PostgresReader(self, table_name(name))

    def remove(self, name: str) -> None:
        """Drop the copy."""
        with self._connection() as db, db.transaction():
            db.execute(_LOCK, [f"jutong serving {name}"])
            db.execute("UPDATE serving_copy SET served = false WHERE name = %s", [table_name(name)])
            self._drop(db, [row[0] for row in db.execute(_PASSED, [name, 0]).fetchall()])

    def close(self) -> None:
        """Let go of the database."""
        self._pool.close()

    def current(self, name: str) -> tuple[str | None, str | None]:
        """Return the version that is served and the table in which it is."""
        with self._connection() as db:
            found = db.execute(_CURRENT, [table_name(name)]).fetchone()
        return (None, None) if found is None else (found[0], found[1])

    def value(self, query: sql.Composed, key: bytes) -> bytes | None:
        """Return what ``query`` finds for ``key``."""
        with self._connection() as db:
            found = db.execute(query, [key], prepare=True, binary=True).fetchone()
        return None if found is None else bytes(found[0])

    def values(self, query: sql.Composed, keys: Sequence[bytes]) -> dict[bytes, bytes]:
        """Return what ``query`` finds for any of ``keys``, by key."""
        with self._connection() as db:
            found = db.execute(query, [list(keys)], prepare=True, binary=True).fetchall()
        return {bytes(key): bytes(value) for key, value in found}

    def _drop(self, db: psycopg.Connection[tuple[Any, ...]], relations: list[str]) -> None:
        for relation in relations:
            db.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(sql.Identifier(relation)))
            db.execute("DELETE FROM serving_copy WHERE relation = %s", [relation])

    @contextmanager
    def _connection(self) -> Iterator[psycopg.Connection[tuple[Any, ...]]]:
        try:
            with self._pool.connection() as db:
                if not self._ready:
                    with db.transaction():
                        db.execute(_LOCK, ["jutong serving schema"])
                        db.execute(_SCHEMA)
                    self._ready = True
                yield db
        except psycopg.errors.DiskFull as error:
            raise Unavailable(
                text("the disk of the serving database is full; the old copy still serves"),
                remedy=text("free space there, then repeat the act"),
            ) from error
        except (psycopg.OperationalError, PoolTimeout):
            # Not chained: the driver's words may hold the connection string.
            raise Unavailable(
                text("the serving database does not answer"),
                remedy=text("start it, or correct `lookup` in jutong.toml; then repeat the act"),
            ) from None


class PostgresReader:
    """One prepared query on the table of a copy."""

    def __init__(self, lookup: PostgresLookup, name: str) -> None:
        self._lookup, self._name = lookup, name
        self._query: sql.Composed | None = None
        self._queries: sql.Composed | None = None
        self.version: str | None = None
        self.refresh()

    def get(self, key: bytes) -> bytes | None:
        """Return the row of ``key``, or None."""
        if self._query is None or not 0 < len(key) <= LONGEST_KEY:
            return None
        try:
            return self._lookup.value(self._query, key)
        except psycopg.errors.UndefinedTable:
            # Two swaps went by since the last refresh.
            if not self.refresh():
                raise
            return self.get(key)

    def get_many(self, keys: Sequence[bytes]) -> list[bytes | None]:
        """Return the row of each key, or None: one question for all of them."""
        possible = [key for key in keys if 0 < len(key) <= LONGEST_KEY]
        if self._queries is None or not possible:
            return [None] * len(keys)
        try:
            found = self._lookup.values(self._queries, possible)
        except psycopg.errors.UndefinedTable:
            if not self.refresh():
                raise
            return self.get_many(keys)
        return [found.get(key) for key in keys]

    def refresh(self) -> bool:
        """Ask the database which copy is served and follow it."""
        version, relation = self._lookup.current(self._name)
        if version == self.version:
            return False
        self.version = version
        self._query = self._queries = None
        if relation is not None:
            copy = sql.Identifier(relation)
            self._query = sql.SQL("SELECT value FROM {} WHERE key = %s").format(copy)
            self._queries = sql.SQL("SELECT key, value FROM {} WHERE key = ANY(%s)").format(copy)
        return True

    def close(self) -> None:
        """Let go of the copy."""
        self._query = self._queries = self.version = None


def _relation(name: str, version: str) -> str:
    return f"serving_{hashlib.sha256(f'{name} {version}'.encode()).hexdigest()[:32]}"


def _fill(db: psycopg.Connection[tuple[Any, ...]], relation: str, rows: Iterable[tuple[bytes, bytes]]) -> None:
    copy, landing = sql.Identifier(relation), sql.Identifier(f"{relation}_landing")
    db.execute(sql.SQL("CREATE TEMP TABLE {} (place bigint, key bytea, value bytea) ON COMMIT DROP").format(landing))
    into = sql.SQL("COPY {} FROM STDIN (FORMAT BINARY)").format(landing)
    with db.cursor() as cursor, cursor.copy(into) as stream:
        stream.set_types(["int8", "bytea", "bytea"])
        for place, (key, value) in enumerate(checked(rows)):
            stream.write_row((place, key, value))
    db.execute(
        sql.SQL("CREATE TABLE {} AS SELECT DISTINCT ON (key) key, value FROM {} ORDER BY key, place DESC").format(
            copy, landing
        )
    )
    db.execute(sql.SQL("ALTER TABLE {} ADD PRIMARY KEY (key)").format(copy))
    db.execute(sql.SQL("ANALYZE {}").format(copy))
