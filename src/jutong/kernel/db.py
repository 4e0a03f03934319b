"""The control database: SQLite (WAL) or PostgreSQL by URL, one schema, explicit transactions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.types import TypeDecorator

from .errors import Invalid, Unavailable
from .text import text

# Every room's store declares its own tables on this one description; Alembic compares it with what stands.
metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(column_0_label)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

Db = sa.Connection
BUSY_SECONDS = 30


class Instant(TypeDecorator[datetime]):
    """An aware instant, kept to the microsecond as sortable UTC text so that both databases say the same."""

    impl = sa.String(32)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> str | None:
        """Spell the instant in UTC."""
        del dialect
        return None if value is None else value.astimezone(UTC).isoformat(timespec="microseconds")

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> datetime | None:
        """Read the instant back, aware."""
        del dialect
        return None if value is None else datetime.fromisoformat(value)


class Json(TypeDecorator[Any]):
    """A JSON value: JSONB on PostgreSQL, text on SQLite."""

    impl = sa.JSON(none_as_null=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> sa.types.TypeEngine[Any]:
        """Choose the column type of the database at hand."""
        on_postgresql = dialect.name == "postgresql"
        return dialect.type_descriptor(postgresql.JSONB(none_as_null=True) if on_postgresql else self.impl_instance)


def connect(url: str) -> sa.Engine:
    """Open the control database at ``url`` (``sqlite:///...`` or ``postgresql+psycopg://...``)."""
    if url.startswith("sqlite"):
        engine = sa.create_engine(url, connect_args={"timeout": BUSY_SECONDS}, json_deserializer=msgspec.json.decode)
        sa.event.listen(engine, "connect", _sqlite_pragmas)
        return engine.execution_options(isolation_level="AUTOCOMMIT")
    return sa.create_engine(
        url, pool_pre_ping=True, pool_size=5, max_overflow=10, json_deserializer=msgspec.json.decode
    )


def _sqlite_pragmas(connection: Any, _: object) -> None:
    cursor = connection.cursor()
    # FULL, not NORMAL: an act that was answered must outlive a power cut (the ledger's promise).
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", f"busy_timeout={BUSY_SECONDS * 1000}"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


class Transaction:
    """One transaction that can be let go of while long work is done, as long as nothing was written in it.

    SQLite has one writer at a time, so a transaction that reads for a minute and then writes would hold up the
    whole house or fail at its first write; ``released`` gives the database back for that minute.
    """

    def __init__(self, db: Db) -> None:
        self.db = db
        self._begun: sa.RootTransaction | None = None

    def begin(self) -> None:
        """Start; SQLite takes the write lock at once, so that no later statement can find it gone."""
        if self.db.dialect.name == "sqlite":
            self.db.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            self._begun = self.db.begin()

    def commit(self) -> None:
        """Keep all that was written."""
        if self._begun is not None:
            self._begun.commit()
        else:
            self.db.exec_driver_sql("COMMIT")

    def rollback(self) -> None:
        """Keep nothing."""
        if self._begun is not None:
            self._begun.rollback()
        else:
            self.db.exec_driver_sql("ROLLBACK")


@contextmanager
def transaction(engine: sa.Engine) -> Iterator[Db]:
    """Run the block in one transaction: all of it is kept, or nothing is."""
    with connection(engine) as db:
        work = Transaction(db)
        work.begin()
        try:
            yield db
        except BaseException:
            work.rollback()
            raise
        work.commit()


@contextmanager
def connection(engine: sa.Engine) -> Iterator[Db]:
    """Lend a connection; no answer is ``Unavailable``, a value that it cannot hold ``Invalid``."""
    try:
        with engine.connect() as db:
            yield db
    except sa.exc.TimeoutError as error:
        raise Unavailable(
            text("the control database is busy: every connection is lent out"),
            remedy=text("do it again in a moment; if this goes on, give the node more workers or a larger database"),
        ) from error
    except sa.exc.OperationalError as error:
        raise Unavailable(
            text("the control database does not answer"),
            remedy=text("start it, or correct `database` in jutong.toml; then run `jutong doctor`"),
        ) from error
    except sa.exc.DataError as error:
        raise Invalid(
            text("a value is too long, too large, or holds a character that the control database cannot keep"),
            remedy=text("shorten it, and leave control characters out"),
        ) from error


@dataclass(frozen=True, slots=True)
class Piling:
    """A question for a pile, made once: its first rows in an order, each with how many there are in all.

    Both must go by an index, or they are too slow. What is asked at every page is not spelled anew for each.
    """

    asked: sa.Select[Any]

    @classmethod
    def of(cls, query: sa.Select[Any], *order: sa.ColumnElement[Any]) -> Piling:
        """Make the question; what changes from page to page stands in it as ``sa.bindparam``."""
        size = query.with_only_columns(sa.func.count(), maintain_column_froms=True).scalar_subquery()
        return cls(query.add_columns(size.label("size")).order_by(*order).limit(sa.bindparam("limit")))

    def read(self, db: Db, *, limit: int, **values: object) -> tuple[Sequence[sa.Row[Any]], int]:
        """Return the first rows, and how many there are."""
        rows = db.execute(self.asked, {"limit": limit, **values}).all()
        return rows, rows[0].size if rows else 0


def upsert(db: Db, table: sa.Table, values: dict[str, Any], *, key: tuple[str, ...]) -> None:
    """Insert one row, or replace the row with the same ``key`` columns."""
    insert = (postgresql.insert if db.dialect.name == "postgresql" else sqlite.insert)(table).values(values)
    rest = {name: insert.excluded[name] for name in values if name not in key}
    db.execute(
        insert.on_conflict_do_update(index_elements=list(key), set_=rest)
        if rest
        else insert.on_conflict_do_nothing(index_elements=list(key))
    )


def keyset(
    query: sa.Select[Any],
    columns: Sequence[sa.ColumnElement[Any]],
    *,
    after: tuple[str, ...] = (),
    descending: bool = False,
    limit: int,
) -> sa.Select[Any]:
    """Return one page of a query: ordered by ``columns``, of which the last tells rows apart, from after a row's key.

    ``after`` holds the values of the columns in the last row before, spelled as text.
    """
    if after:
        if len(after) != len(columns):
            raise _no_place()
        last = [sa.literal(_read(column, value), column.type) for column, value in zip(columns, after, strict=True)]
        here, there = sa.tuple_(*columns), sa.tuple_(*last)
        query = query.where(here < there if descending else here > there)
    return query.order_by(*(column.desc() if descending else column.asc() for column in columns)).limit(limit)


def _read(column: sa.ColumnElement[Any], value: str) -> object:
    try:
        match column.type:
            case Instant():
                return datetime.fromisoformat(value)
            case sa.Date():
                return date.fromisoformat(value)
            case sa.Integer():
                return int(value)
    except ValueError as error:
        raise _no_place() from error
    return value


def _no_place() -> Invalid:
    return Invalid(text("the list has no such place"), remedy=text("begin at the first page of the list"))
