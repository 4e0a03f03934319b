"""What kind a file is by its first bytes, and the source that reads it."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from pathlib import Path

from ..contract import Limits
from ..layout import Layout
from ..source import Source
from .csv import CsvSource
from .dbf import DbfSource, header_of
from .json import JsonSource
from .packed import GZIP, checked_size
from .parquet import ParquetSource
from .sqlite import SqliteSource
from .xlsx import XlsxSource

SOURCES: Mapping[str, Callable[[Path, Layout, Limits], Source]] = {
    "csv": CsvSource,
    "dbf": DbfSource,
    "json": JsonSource,
    "parquet": ParquetSource,
    "sqlite": SqliteSource,
    "xlsx": XlsxSource,
}

HEAD = 65_535  # the longest head of a .dbf file
_MAGIC = {b"PAR1": "parquet", b"SQLi": "sqlite", b"PK\x03\x04": "xlsx", b"\xd0\xcf\x11\xe0": "xlsx"}


def source_at(path: Path, layout: Layout, limits: Limits) -> Source:
    """Return the file at ``path`` as a source of the kind that its first bytes show; all else is delimited text."""
    checked_size(path, limits)
    with path.open("rb") as stream:
        head = stream.read(HEAD)
    return SOURCES[kind_of(head)](path, layout, limits)


def kind_of(head: bytes) -> str:
    """Return the kind of a file by its first bytes; what begins as no other does is delimited text.

    >>> kind_of(b'{"name": "a"}'), kind_of(b"PAR1"), kind_of(b"name,code")
    ('json', 'parquet', 'csv')
    """
    if head[:4] in _MAGIC:
        return _MAGIC[head[:4]]
    if header_of(head, "gb18030") is not None:
        return "dbf"
    if head[:2] == GZIP:
        head = _unzipped(head)
    return "json" if head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"{", b"[") else "csv"


def _unzipped(head: bytes) -> bytes:
    try:
        return zlib.decompressobj(31).decompress(head, 4096)
    except zlib.error:
        return b""
