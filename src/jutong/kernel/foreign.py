"""Databases of others: where one is, as whom, and connections: over most of them nothing can be written."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pymysql
from pymysql.constants import ER
from pymysql.converters import encoders
from pymysql.cursors import Cursor

from .errors import Invalid, Unavailable
from .keys import read_secret
from .outward import Resolver, permitted, resolve
from .text import text

VARIABLE = "JUTONG_SOURCE_"
TARGET_VARIABLE = "JUTONG_TARGET_"
CONNECT_SECONDS = 10
SILENT_SECONDS = 900  # a server may sort for long before its first row
LOCK_MS = 2000
LATE = (ER.STATEMENT_TIMEOUT, ER.QUERY_TIMEOUT, ER.QUERY_INTERRUPTED)
Postgres = psycopg.Connection[tuple[object, ...]]
Mysql = Any  # a pymysql.Connection, which has no types


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """Where a live database is, and as whom it is read; the password shows nowhere."""

    host: str
    port: int
    database: str
    user: str
    password: str = field(default="", repr=False)
    schema: str = ""
    resolver: Resolver = field(default=resolve, repr=False, compare=False)

    def address(self) -> str:
        """Return the address to connect to: the one that was checked, so that a second look-up cannot differ."""
        found = self.resolver(self.host, self.port)
        if not found or not all(permitted(one, inside=True) for one in found):
            raise Invalid(
                text("{host} is at an address that is never called from here", host=self.host),
                basis=text("guard on outgoing addresses (OWASP API7:2023)"),
            )
        return found[0]


def source_secret(home: Path, name: str) -> str:
    """Return a source's password or token: from the environment, or from its file in the home's keys."""
    told = os.environ.get(VARIABLE + name.upper().replace("-", "_"))
    return told if told is not None else read_secret(home / "keys" / "sources", name)


def target_secret(home: Path, name: str) -> str:
    """Return a target's password: from the environment, or from its file in the home's keys."""
    told = os.environ.get(TARGET_VARIABLE + name.upper().replace("-", "_"))
    return told if told is not None else read_secret(home / "keys" / "targets", name)


@contextmanager
def reading_postgres(told: Connection, *, seconds: int, name: str) -> Iterator[Postgres]:
    """Lend a connection to PostgreSQL that only reads; ``seconds`` bound each statement."""
    waiting = min(seconds, CONNECT_SECONDS)
    with (
        _answering(told),
        closing(
            psycopg.connect(
                host=told.host,
                hostaddr=told.address(),
                port=told.port,
                dbname=told.database,
                user=told.user,
                password=told.password or None,
                connect_timeout=waiting,
                application_name=name,
                client_encoding="utf-8",
                # A network that is gone is noticed within a minute, even in the middle of an answer.
                keepalives_idle=20,
                keepalives_interval=10,
                keepalives_count=3,
                options=f"-c default_transaction_read_only=on -c statement_timeout={1000 * seconds}"
                f" -c lock_timeout={LOCK_MS} -c datestyle=ISO,YMD -c timezone=UTC -c intervalstyle=iso_8601"
                " -c extra_float_digits=3 -c bytea_output=hex",
                autocommit=True,
            )
        ) as db,
    ):
        yield db


@contextmanager
def writing_postgres(told: Connection, *, seconds: int, lock_seconds: int, name: str) -> Iterator[Postgres]:
    """Lend a connection to PostgreSQL that writes, at an address that was checked; failures in psycopg's words.

    Each statement may take ``seconds``, and wait for a lock ``lock_seconds``.
    """
    with closing(
        psycopg.connect(
            host=told.host,
            port=told.port,
            dbname=told.database,
            user=told.user,
            password=told.password or None,
            connect_timeout=CONNECT_SECONDS,
            application_name=name,
            client_encoding="utf-8",
            keepalives_idle=20,
            keepalives_interval=10,
            keepalives_count=3,
            tcp_user_timeout=60_000,
            options=f"-c statement_timeout={1000 * seconds} -c lock_timeout={1000 * lock_seconds}"
            " -c datestyle=ISO,YMD -c timezone=UTC",
            autocommit=True,
        )
    ) as db:
        yield db


@contextmanager
def writing_mysql(told: Connection, *, seconds: int, lock_seconds: int) -> Iterator[Mysql]:
    """Lend a connection to MySQL or MariaDB that writes, at an address that was checked; failures in pymysql's words.

    What does not fit is an error there, never cut; a quote in a text is doubled and nothing else escapes.
    """
    with closing(
        pymysql.connect(
            host=told.host,
            port=told.port,
            user=told.user,
            password=told.password,
            database=told.database,
            charset="utf8mb4",
            connect_timeout=CONNECT_SECONDS,
            read_timeout=min(seconds, SILENT_SECONDS) + 5,
            write_timeout=SILENT_SECONDS,
            local_infile=False,  # a hostile server could otherwise ask for files of this machine
            autocommit=True,
        )
    ) as db:
        with closing(db.cursor(Cursor)) as one:
            one.execute("SET SESSION sql_mode = 'STRICT_ALL_TABLES,ANSI_QUOTES,NO_BACKSLASH_ESCAPES'")
            one.execute("SET SESSION time_zone = '+00:00', foreign_key_checks = 1")
            one.execute(f"SET SESSION innodb_lock_wait_timeout = {int(lock_seconds)}")
            one.execute(f"SET SESSION lock_wait_timeout = {int(lock_seconds)}")
        yield db


@contextmanager
def reading_mysql(
    told: Connection, *, seconds: int, cursor: type[Cursor] = Cursor, raw: bool = False
) -> Iterator[Mysql]:
    """Lend a connection to MySQL or MariaDB that only reads; ``raw`` gives every value as the bytes that came."""
    waiting = min(seconds, CONNECT_SECONDS)
    more: dict[str, Any] = {"conv": dict(encoders), "use_unicode": False} if raw else {}
    with (
        _answering(told),
        closing(
            pymysql.connect(
                host=told.address(),
                port=told.port,
                user=told.user,
                password=told.password,
                database=told.database,
                charset="utf8mb4",
                connect_timeout=waiting,
                read_timeout=min(seconds, SILENT_SECONDS) + 5,
                write_timeout=waiting,
                local_infile=False,  # a hostile server could otherwise ask for files of this machine
                autocommit=True,
                cursorclass=cursor,
                **more,
            )
        ) as db,
    ):
        with closing(db.cursor(Cursor)) as one:
            _restrain(one, seconds)
        yield db


def _restrain(cursor: Any, seconds: int) -> None:
    cursor.execute("SET SESSION TRANSACTION READ ONLY")
    for limit in (
        f"SET SESSION max_statement_time = {seconds}",  # MariaDB, seconds
        f"SET SESSION max_execution_time = {1000 * seconds}",  # MySQL, milliseconds
    ):
        try:
            cursor.execute(limit)
        except pymysql.MySQLError as error:
            if error.args[:1] != (ER.UNKNOWN_SYSTEM_VARIABLE,):
                raise


@contextmanager
def _answering(told: Connection) -> Iterator[None]:
    """Say that a database failed without its own words: they may hold values of rows."""
    try:
        yield
    except (psycopg.Error, pymysql.MySQLError) as error:
        raise Unavailable(
            text("the database {name} does not answer as it should", name=told.database),
            remedy=text("check address, account and rights; the account needs SELECT and nothing more"),
        ) from error
