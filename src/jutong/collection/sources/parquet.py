"""Parquet files: text columns as they are, numbers and dates only where the deliverer declared them castable."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from jutong.kernel.errors import Invalid
from jutong.kernel.text import text

from ..contract import Contract, Limits
from ..layout import Layout
from ..source import Portion, Survey, schema_of
from .packed import bomb, content_of, damaged, too_large

ROWS = 16_384
PORTION_BYTES = 64 * 1024**2
_TEXT = (pa.string(), pa.large_string(), pa.string_view())


@dataclass(slots=True)
class ParquetSource:
    """A Parquet file that holds the entry's items, and maybe other columns, which stay where they are."""

    path: Path
    layout: Layout = field(default_factory=Layout)
    limits: Limits = field(default_factory=Limits)
    kind: str = "parquet"

    @property
    def name(self) -> str:
        """The file's name."""
        return self.path.name

    def survey(self, contract: Contract) -> Survey:
        """Read the footer: the columns, and the number of rows that the writer counted."""
        content = content_of(self.path, self.limits)
        file = self._open()
        with file:
            _, aside = self._columns(file.schema_arrow, contract)
            metadata = file.metadata
            groups = [metadata.row_group(group) for group in range(metadata.num_row_groups)]
            if sum(group.total_byte_size for group in groups) > self.limits.max_bytes:
                raise too_large(self.limits.max_bytes)
            if not metadata.num_rows:
                raise Invalid(text("{name} holds no rows", name=self.name))
            return Survey(content, metadata.num_rows, aside)

    def portions(self, contract: Contract) -> Iterator[Portion]:
        """Yield rows as text; a dictionary is unfolded only as far as memory bears."""
        with self._open() as file:
            columns, _ = self._columns(file.schema_arrow, contract)
            wanted = [*columns.values(), *([self.layout.width_column] if self.layout.width_column else [])]
            batches = file.iter_batches(ROWS, columns=wanted, use_threads=False)
            row = unfolded = 0
            while (batch := self._next(batches)) is not None:
                for part in _bearable(batch):
                    portion = self._portion(part, row, columns, contract)
                    row, unfolded = row + len(part), unfolded + portion.rows.nbytes
                    if unfolded > self.limits.max_bytes:
                        raise bomb()
                    yield portion

    def _open(self) -> pq.ParquetFile:
        try:
            names = [each.name for each in pq.read_schema(self.path) if each.type == pa.string()]
            return pq.ParquetFile(self.path, read_dictionary=names, buffer_size=1024**2, memory_map=False)
        except (pa.ArrowException, OSError) as error:
            raise damaged(self.name) from error

    def _next(self, batches: Iterator[pa.RecordBatch]) -> pa.RecordBatch | None:
        try:
            return next(batches, None)
        except (pa.ArrowException, OSError) as error:
            raise damaged(self.name) from error

    def _columns(self, schema: pa.Schema, contract: Contract) -> tuple[dict[str, str], tuple[str, ...]]:
        columns, aside = contract.columns_in(schema.names, self.layout.headers)
        if self.layout.width_column and self.layout.width_column not in schema.names:
            raise contract.wrong_schema(contract.names, [self.layout.width_column])
        typed = {item: _plain(schema.field(column).type) for item, column in columns.items()}
        strange = [item for item, kind in typed.items() if not self._becomes_text(item, kind)]
        if strange:
            raise Invalid(
                text("columns {names} do not hold text", names=", ".join(strange)),
                remedy=text("write them as text, or declare whole numbers and dates castable"),
            )
        return columns, aside

    def _becomes_text(self, item: str, kind: pa.DataType) -> bool:
        if kind in _TEXT:
            return True
        exact = pa.types.is_integer(kind) or pa.types.is_date(kind) or pa.types.is_boolean(kind)
        return item in self.layout.castable and (exact or pa.types.is_decimal(kind) or pa.types.is_timestamp(kind))

    def _portion(self, part: pa.RecordBatch, before: int, columns: dict[str, str], contract: Contract) -> Portion:
        place = pa.array(range(before + 1, before + 1 + len(part)), pa.int64())
        items = [part.column(columns[name]).cast(pa.string()) for name in contract.names]
        disordered = None
        if self.layout.width_column:
            width = part.column(self.layout.width_column).cast(pa.string())
            disordered = pc.fill_null(pc.not_equal(width, str(self.layout.width)), fill_value=True)
        return Portion(
            pa.RecordBatch.from_arrays([place, place, *items], schema=schema_of(contract)), disordered=disordered
        )


def _plain(kind: pa.DataType) -> pa.DataType:
    return kind.value_type if pa.types.is_dictionary(kind) else kind


def _bearable(batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    # One long value may stand in the dictionary once and in the rows a million times.
    if len(batch) > 1 and sum(_unfolded(column) for column in batch.columns) > PORTION_BYTES:
        half = len(batch) // 2
        yield from _bearable(batch.slice(0, half))
        yield from _bearable(batch.slice(half))
    else:
        yield batch


def _unfolded(column: pa.Array) -> int:
    if not pa.types.is_dictionary(column.type):
        return int(column.nbytes)
    lengths = pc.binary_length(column.dictionary.cast(pa.string()))
    return int(pc.sum(pc.take(lengths, column.indices)).as_py() or 0)
