"""What one landing put into a table: which rows, at which version, under which digest."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from jutong.kernel.canon import Fact, canonical, digest
from jutong.kernel.errors import Invalid
from jutong.kernel.text import text

_WIDER = {
    pa.uint8(): pa.int16(),
    pa.uint16(): pa.int32(),
    pa.uint32(): pa.int64(),
    pa.uint64(): pa.decimal128(20, 0),
    pa.float16(): pa.float32(),
    pa.date64(): pa.date32(),
    pa.large_string(): pa.string(),
    pa.string_view(): pa.string(),
    pa.large_binary(): pa.binary(),
    pa.binary_view(): pa.binary(),
    pa.null(): pa.string(),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """The rows that one landing handed in (their count and digest) and the table version that first shows them.

    After ``replace`` they are all the rows of the table; after ``append`` and ``merge`` the table holds others too.
    """

    table: str
    version: int
    rows: int
    digest: str


class Digest:
    """The digest of rows in their order, whatever the batches, files and machines through which they went.

    Each column has two SHA-256 of its own: one over the length of every value (four bytes, little-endian; -1 for
    null), one over the values themselves, end to end, nulls left out (numbers little-endian at their Arrow width,
    text as UTF-8). The digest is the SHA-256 of the canonical JSON of
    ``{"columns": [[name, type, lengths, values], ...], "rows": n}``. Nothing in it depends on where a batch ends.

    >>> one = Digest(pa.schema({"name": pa.string()}))
    >>> two = Digest(one.schema)
    >>> one.add(pa.record_batch({"name": ["甲", None, "丙"]}))
    >>> two.add(pa.record_batch({"name": ["甲"]})), two.add(pa.record_batch({"name": pa.array([None, "丙"])}))
    (None, None)
    >>> one.hex() == two.hex()
    True
    """

    def __init__(self, schema: pa.Schema) -> None:
        self.schema, self.rows = schema, 0
        self._columns = [(hashlib.sha256(), hashlib.sha256()) for _ in schema]

    def add(self, batch: pa.RecordBatch) -> None:
        """Take in the next rows."""
        self.rows += batch.num_rows
        for column, (lengths, values) in zip(batch.columns, self._columns, strict=True):
            _add(column, lengths, values)

    def hex(self, *, without: Collection[str] = ()) -> str:
        """Return the digest of all rows so far, as if they had come ``without`` some of their columns."""
        columns: list[Fact] = [
            [field.name, str(field.type), lengths.hexdigest(), values.hexdigest()]
            for field, (lengths, values) in zip(self.schema, self._columns, strict=True)
            if field.name not in without
        ]
        return digest(canonical({"columns": columns, "rows": self.rows}))


def digest_of(rows: pa.RecordBatchReader | pa.Table) -> str:
    """Return the digest of rows, as the snapshot of their landing has it."""
    reader = normal(rows)
    all_rows = Digest(reader.schema)
    for batch in reader:
        all_rows.add(batch)
    return all_rows.hex()


def normal(rows: pa.RecordBatchReader | pa.Table) -> pa.RecordBatchReader:
    """Return the same rows in the types that a lake keeps, so that they come back as they went in."""
    reader = rows.to_reader() if isinstance(rows, pa.Table) else rows
    schema = pa.schema([pa.field(field.name, _kept_type(field.name, field.type)) for field in reader.schema])
    if schema.equals(reader.schema, check_metadata=True):
        return reader
    return pa.RecordBatchReader.from_batches(schema, _cast(reader, schema))


def _cast(reader: pa.RecordBatchReader, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    for batch in reader:
        # A timestamp finer than a microsecond is cut; every other cast is exact or fails.
        columns = [
            column.cast(field.type, safe=not pa.types.is_timestamp(field.type))
            for column, field in zip(batch.columns, schema, strict=True)
        ]
        yield pa.RecordBatch.from_arrays(columns, schema=schema)


def _kept_type(name: str, kind: pa.DataType) -> pa.DataType:
    if pa.types.is_dictionary(kind):
        return _kept_type(name, kind.value_type)
    if pa.types.is_timestamp(kind):
        return pa.timestamp("us", "UTC" if kind.tz else None)
    kept = _WIDER.get(kind, kind)
    plain = pa.types.is_string(kept) or pa.types.is_binary(kept) or pa.types.is_date32(kept)
    if plain or pa.types.is_boolean(kept) or pa.types.is_decimal128(kept):
        return kept
    if pa.types.is_signed_integer(kept) or pa.types.is_floating(kept):
        return kept
    raise Invalid(
        text("column {name} has the type {kind}, which no table can keep", name=name, kind=str(kind)),
        remedy=text("hand it in as text, number, date, instant, yes/no or bytes"),
    )


def _add(column: pa.Array, lengths: hashlib._Hash, values: hashlib._Hash) -> None:
    kind = column.type
    if pa.types.is_string(kind) or pa.types.is_binary(kind):
        lengths.update(_bytes(pc.fill_null(pc.binary_length(column), -1), 4))
        data = column.drop_null() if column.null_count else column
        start, end = (data.offset, data.offset + len(data)) if len(data) else (0, 0)
        offsets = memoryview(data.buffers()[1]).cast("i") if len(data) else (0,)
        if offsets[end] > offsets[start]:
            values.update(memoryview(data.buffers()[2])[offsets[start] : offsets[end]])
        return
    width = 1 if pa.types.is_boolean(kind) else kind.bit_width // 8
    sizes = pc.if_else(column.is_valid(), pa.scalar(width, pa.int32()), pa.scalar(-1, pa.int32()))
    lengths.update(_bytes(sizes, 4))
    data = column.drop_null() if column.null_count else column
    if pa.types.is_boolean(kind):
        data = data.cast(pa.uint8())
    elif pa.types.is_floating(kind):
        # Every "not a number" and both zeros are one value here.
        nan = pa.scalar(float("nan"), kind)
        data = pc.if_else(pc.is_nan(data), nan, pc.add(data, pa.scalar(0.0, kind)))
    values.update(_bytes(data, width))


def _bytes(column: pa.Array, width: int) -> memoryview:
    if not len(column):
        return memoryview(b"")
    start = column.offset * width
    return memoryview(column.buffers()[1])[start : start + len(column) * width]
