"""Bring rows in: once, in order, traceably; what cannot be read is kept apart with a reason, never guessed.

Nouns: Batch, Contract, Feed, Layout, Limits, Manifest, Reason, Source, Underway.
"""

from .acts import aggregate, collect
from .batch import Batch, Feed, batch_id
from .contract import Contract, Limits, Reason, contract_of
from .layout import LAYOUTS, Layout
from .manifest import Manifest
from .reach import Mode, Paging, Reach, ReachKind, Reading
from .source import Source
from .sources import (
    SOURCES,
    CsvSource,
    DbfSource,
    Handed,
    JsonSource,
    ParquetSource,
    PeerSource,
    PulledSource,
    SqliteSource,
    XlsxSource,
    export_batch,
    source_at,
    write_export,
)
from .store import batches, batches_listed, batches_of, feeds, find_batch, known
from .underway import Step, Teller, Underway, all_under_way, find_under_way, under_way

__all__ = [
    "LAYOUTS",
    "SOURCES",
    "Batch",
    "Contract",
    "CsvSource",
    "DbfSource",
    "Feed",
    "Handed",
    "JsonSource",
    "Layout",
    "Limits",
    "Manifest",
    "Mode",
    "Paging",
    "ParquetSource",
    "PeerSource",
    "PulledSource",
    "Reach",
    "ReachKind",
    "Reading",
    "Reason",
    "Source",
    "SqliteSource",
    "Step",
    "Teller",
    "Underway",
    "XlsxSource",
    "aggregate",
    "all_under_way",
    "batch_id",
    "batches",
    "batches_listed",
    "batches_of",
    "collect",
    "contract_of",
    "export_batch",
    "feeds",
    "find_batch",
    "find_under_way",
    "known",
    "source_at",
    "under_way",
    "write_export",
]
