"""Kinds of sources that the census looks over: live databases by name, files by what their first bytes say."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from jutong.kernel.errors import Invalid, NotFound
from jutong.kernel.foreign import Connection
from jutong.kernel.text import text

from .bounded import Bounds, Source
from .files import FileSource, ParquetSource, WorkbookSource
from .mysql import MysqlSource
from .postgres import PostgresSource
from .sqlite import SqliteSource

DATABASES: Mapping[str, Callable[[Connection, Bounds], Source]] = {
    "postgresql": PostgresSource,
    "mysql": MysqlSource,
}
FILES: Mapping[str, Callable[[Path, Bounds], Source]] = {
    "csv": FileSource,
    "parquet": ParquetSource,
    "sqlite": SqliteSource,
    "xlsx": WorkbookSource,
}
_MAGIC = {b"PAR1": "parquet", b"SQLi": "sqlite", b"PK\x03\x04": "xlsx"}


def source_at(path: Path, bounds: Bounds) -> Source:
    """Return the file at ``path`` as a source of the kind that its first bytes show; all else is delimited text."""
    try:
        with path.open("rb") as stream:
            head = stream.read(4)
    except (OSError, ValueError) as error:
        raise NotFound("file", path.name) from error
    if not head:
        raise Invalid(text("{name} is empty", name=path.name), remedy=text("deliver the file again"))
    return FILES[_MAGIC.get(head, "csv")](path, bounds)


def database_at(kind: str, connection: Connection, bounds: Bounds) -> Source:
    """Return a live database as a source."""
    if kind not in DATABASES:
        raise Invalid(
            text("there is no kind of database {name}", name=kind),
            remedy=text("use one of: {names}", names=", ".join(DATABASES)),
        )
    return DATABASES[kind](connection, bounds)


__all__ = ["DATABASES", "FILES", "Bounds", "Connection", "Source", "database_at", "source_at"]
