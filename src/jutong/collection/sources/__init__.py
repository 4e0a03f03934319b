"""Kinds of sources, told apart by what a file is and not by what it is called."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from ..contract import Limits
from ..layout import Layout
from ..source import Source
from .csv import CsvSource
from .packed import checked_size
from .parquet import ParquetSource
from .peer import PeerSource, export_batch, write_export
from .sqlite import SqliteSource
from .xlsx import XlsxSource

SOURCES: Mapping[str, Callable[[Path, Layout, Limits], Source]] = {
    "csv": CsvSource,
    "parquet": ParquetSource,
    "sqlite": SqliteSource,
    "xlsx": XlsxSource,
}

_MAGIC = {b"PAR1": "parquet", b"SQLi": "sqlite", b"PK\x03\x04": "xlsx", b"\xd0\xcf\x11\xe0": "xlsx"}


def source_at(path: Path, layout: Layout, limits: Limits) -> Source:
    """Return the file at ``path`` as a source of the kind that its first bytes show; all else is delimited text."""
    checked_size(path, limits)
    with path.open("rb") as stream:
        kind = _MAGIC.get(stream.read(4), "csv")
    return SOURCES[kind](path, layout, limits)


__all__ = [
    "SOURCES",
    "CsvSource",
    "ParquetSource",
    "PeerSource",
    "SqliteSource",
    "XlsxSource",
    "export_batch",
    "source_at",
    "write_export",
]
