"""The Parquet files of one landing: written beside the table, named after their landing, taken away if it fails."""

from __future__ import annotations

import contextlib
import json
import secrets
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date
from functools import partial

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from deltalake.transaction import AddAction

from jutong.kernel.clock import system_clock

from .place import Place, answering

ROWS_A_GROUP = 131_072
BYTES_A_GROUP = 64 << 20
BYTES_A_FILE = 128 << 20
LOOKED_AT = 16_384  # rows
_LONGEST_BOUND = 64  # characters; longer texts get no bounds in the table's log


@dataclass(slots=True)
class Writing:
    """Files on their way into a table; until they are committed nobody sees them.

    A full row group is written by a thread of its own while the next one fills: two groups are in memory at most.
    """

    place: Place
    table: str
    schema: pa.Schema
    said: Mapping[str, str] = field(default_factory=dict)  # what each file says of itself, in its own metadata
    _name: str = field(default_factory=lambda: f"part-{_now_ms():013d}-{secrets.token_hex(8)}")
    _done: list[AddAction] = field(default_factory=list)
    _waiting: list[pa.RecordBatch] = field(default_factory=list)
    _waiting_rows: int = 0
    _waiting_bytes: int = 0
    _stream: pa.NativeFile | None = None
    _writer: pq.ParquetWriter | None = None
    _hand: ThreadPoolExecutor = field(default_factory=partial(ThreadPoolExecutor, 1, thread_name_prefix="landing"))
    _writes: Future[None] | None = None

    def add(self, batch: pa.RecordBatch) -> None:
        """Take in the next rows; they are written once a row group is full."""
        self._waiting.append(batch)
        self._waiting_rows += batch.num_rows
        self._waiting_bytes += batch.nbytes
        if self._waiting_rows >= ROWS_A_GROUP or self._waiting_bytes >= BYTES_A_GROUP:
            self._write_group()

    def finish(self) -> list[AddAction]:
        """Write what is left, make all of it durable and return what to tell the table's log."""
        self._write_group()
        self._hand_over(self._close_file)
        self._wait()
        self._hand.shutdown()
        return self._done

    def abandon(self) -> None:
        """Take away every file of this landing."""
        self._hand.shutdown()
        with contextlib.suppress(OSError, pa.ArrowException):
            if self._writer is not None:
                self._writer.close()
        with contextlib.suppress(OSError, pa.ArrowException):
            if self._stream is not None:
                self._stream.close()
        for number in range(len(self._done) + (self._stream is not None)):
            with contextlib.suppress(OSError, pa.ArrowException):
                self.place.files.delete_file(f"{self.table}/{self._file(number)}")

    def _file(self, number: int) -> str:
        return f"{self._name}-{number:05d}.zstd.parquet"

    def _write_group(self) -> None:
        if not self._waiting_rows:
            self._waiting = []
            return
        rows = pa.Table.from_batches(self._waiting, self.schema)
        self._waiting, self._waiting_rows, self._waiting_bytes = [], 0, 0
        self._hand_over(partial(self._written, rows))

    def _hand_over(self, what: Callable[[], None]) -> None:
        self._wait()
        self._writes = self._hand.submit(what)

    def _wait(self) -> None:
        if self._writes is not None:
            writes, self._writes = self._writes, None
            writes.result()

    def _written(self, rows: pa.Table) -> None:
        with answering(self.table, self.place.options):
            if self._writer is None:
                self.place.make_room(self.table)
                self._stream = self.place.new_files.open_output_stream(f"{self.table}/{self._file(len(self._done))}")
                self._writer = pq.ParquetWriter(
                    self._stream,
                    self.schema,
                    compression="zstd",
                    compression_level=1,
                    store_schema=False,
                    use_dictionary=_repeating(rows),
                    write_statistics=_bounded(rows),
                )
            self._writer.write_table(rows, row_group_size=len(rows))
            full = self._stream is not None and self._stream.tell() >= BYTES_A_FILE
        if full:
            self._close_file()

    def _close_file(self) -> None:
        if self._writer is None or self._stream is None:
            return
        name = self._file(len(self._done))
        with answering(self.table, self.place.options):
            if self.said:
                self._writer.add_key_value_metadata(dict(self.said))
            self._writer.close()
            size = self._stream.tell()
            self._stream.close()
            self.place.make_durable(f"{self.table}/{name}")
        stats = json.dumps(_stats(self._writer.writer.metadata, self.schema), ensure_ascii=False)
        self._done.append(AddAction(name, size, {}, _now_ms(), data_change=True, stats=stats))
        self._writer, self._stream = None, None


def _repeating(rows: pa.Table) -> list[str]:
    """Return the columns whose values come again: a dictionary of all others is made and thrown away for nothing."""
    head = rows.slice(0, LOOKED_AT)
    return [
        name
        for name, column in zip(head.column_names, head.columns, strict=True)
        if len(column.unique()) <= max(1, len(head) // 2)
    ]


def _bounded(rows: pa.Table) -> list[str]:
    """Return the columns whose bounds let readers pass a file over: numbers and days, and texts that come in order.

    Of texts that do not, every file holds nearly everything between the first and the last.
    """
    head = rows.slice(0, LOOKED_AT)
    return [
        name
        for name, column in zip(head.column_names, head.columns, strict=True)
        if not pa.types.is_string(column.type) or _in_order(column)
    ]


def _in_order(column: pa.ChunkedArray) -> bool:
    values = column.drop_null().combine_chunks()
    return len(values) < 2 or bool(pc.all(pc.less_equal(values[:-1], values[1:])).as_py())


def _stats(written: pq.FileMetaData, schema: pa.Schema) -> dict[str, object]:
    """Return what the table's log says of a file, so that readers can pass it over."""
    lowest: dict[str, object] = {}
    highest: dict[str, object] = {}
    nulls: dict[str, int] = {}
    for place, column in enumerate(schema):
        groups = [written.row_group(number).column(place).statistics for number in range(written.num_row_groups)]
        if any(group is None or not group.has_null_count for group in groups):
            continue
        nulls[column.name] = sum(group.null_count for group in groups)
        bounds = [(group.min, group.max) for group in groups if group.has_min_max]
        filled = sum(group.num_values > 0 for group in groups)
        kept = pa.types.is_integer(column.type) or pa.types.is_date32(column.type) or pa.types.is_string(column.type)
        if not kept or not bounds or len(bounds) < filled:
            continue
        low, high = min(low for low, _ in bounds), max(high for _, high in bounds)
        if isinstance(low, str) and max(len(low), len(high)) > _LONGEST_BOUND:
            continue
        lowest[column.name], highest[column.name] = _spelled(low), _spelled(high)
    return {"numRecords": written.num_rows, "minValues": lowest, "maxValues": highest, "nullCount": nulls}


def _spelled(bound: object) -> object:
    return bound.isoformat() if isinstance(bound, date) else bound


def _now_ms() -> int:
    return int(system_clock().timestamp() * 1000)
