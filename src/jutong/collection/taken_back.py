"""Keys whose rows a source took back: which deliveries there were, what goes with a spool, and how much that is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

from jutong.catalogue.entry import Entry
from jutong.kernel.db import Db
from jutong.pools import Pools, TableRef
from jutong.pools.lake import Lake
from jutong.pools.layout import raw_table, withdrawn_table

from . import store
from .sources import PeerSource, PulledSource
from .sources.keys import read_gone
from .standing import FEED, plain, quoted, standing_sql

WITHDRAWN = pa.schema([pa.field("_batch", pa.string()), pa.field("key", pa.string())])
_MINE = pa.schema([pa.field("k", pa.string())])
Tables: TypeAlias = Mapping[str, TableRef | pa.Table]


def standing_tables(db: Db, lake: Lake, entry: str) -> Tables:
    """Return what ``standing_sql`` looks into beside the raw rows: a line a delivery, and the keys taken back."""
    known = store.batches(db, entry)
    table = withdrawn_table(entry)
    return {
        "batches": pa.table(
            {
                "batch": pa.array([one.id for one in known], pa.string()),
                "feed": pa.array([one.source for one in known], pa.string()),
                "n": pa.array(range(1, len(known) + 1), pa.int64()),
            }
        ),
        "withdrawn": TableRef(table) if lake.exists(table) else WITHDRAWN.empty_table(),
    }


def withdrawn_keys(
    pools: Pools, entry: Entry, tables: Tables, source: PulledSource | PeerSource
) -> Iterator[pa.RecordBatch]:
    """Yield the keys that a delivery takes back: those that it names, and if it is whole those that it lacks."""
    yield from source.keys_gone()
    raw = raw_table(entry.id)
    if source.whole and entry.key_item and pools.lake.exists(raw):
        key = quoted(entry.key_item)
        sql = (
            f"SELECT DISTINCT CAST({key} AS VARCHAR) AS key FROM {standing_sql(entry.key_item)} "  # noqa: S608
            f"LEFT JOIN (SELECT DISTINCT k FROM mine) AS mine ON mine.k = {plain(key)} "
            f"WHERE {FEED} = ? AND {key} IS NOT NULL AND mine.k IS NULL"
        )
        given = {**tables, "t": TableRef(raw), "mine": _keys_at(source.path, entry.key_item)}
        yield from pools.engine.query(sql, given, (source.name,))


def loss_of(pools: Pools, entry: Entry, tables: Tables, path: Path, feed: str, *, whole: bool) -> tuple[int, int]:
    """Return how many of a source's keys a spool takes back, and how many stand before."""
    raw = raw_table(entry.id)
    if not entry.key_item or not pools.lake.exists(raw):
        return 0, 0
    lacks = "OR mine.k IS NULL" if whole else ""
    sql = (
        f"SELECT count(*) AS n, count(CASE WHEN gone.k IS NOT NULL {lacks} THEN 1 END) AS lost FROM "  # noqa: S608
        f"(SELECT DISTINCT {plain(quoted(entry.key_item))} AS k FROM {standing_sql(entry.key_item)} "
        f"WHERE {FEED} = ? AND {quoted(entry.key_item)} IS NOT NULL) AS held "
        f"LEFT JOIN (SELECT DISTINCT {plain('gone.key')} AS k FROM gone) AS gone ON gone.k = held.k "
        f"LEFT JOIN (SELECT DISTINCT k FROM mine) AS mine ON mine.k = held.k"
    )
    mine = _keys_at(path, entry.key_item) if whole else _MINE.empty_table()
    given = {**tables, "t": TableRef(raw), "gone": read_gone(path), "mine": mine}
    told = pools.engine.query(sql, given, (feed,)).read_all().to_pylist()[0]
    return int(told["lost"]), int(told["n"])


def _keys_at(path: Path, key: str) -> pa.RecordBatchReader:
    """Return the keys of a spool's rows as they are compared."""

    def read() -> Iterator[pa.RecordBatch]:
        with pa.OSFile(str(path)) as stream, pa.ipc.open_file(stream) as reader:
            for place in range(reader.num_record_batches):
                column = reader.get_batch(place).column(key)
                yield pa.record_batch([pc.utf8_upper(pc.utf8_trim(column, " "))], schema=_MINE)

    return pa.RecordBatchReader.from_batches(_MINE, read())
