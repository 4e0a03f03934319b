"""Kinds of sources, told apart by what a file is and not by what it is called."""

from .csv import CsvSource
from .dbf import DbfSource
from .json import JsonSource
from .kinds import SOURCES, kind_of, source_at
from .parquet import ParquetSource
from .peer import Handed, PeerSource, export_batch, write_export
from .pulled import PulledSource
from .sqlite import SqliteSource
from .xlsx import XlsxSource

__all__ = [
    "SOURCES",
    "CsvSource",
    "DbfSource",
    "Handed",
    "JsonSource",
    "ParquetSource",
    "PeerSource",
    "PulledSource",
    "SqliteSource",
    "XlsxSource",
    "export_batch",
    "kind_of",
    "source_at",
    "write_export",
]
