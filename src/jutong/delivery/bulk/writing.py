"""Writes a view as one file of a form: once a version, streamed, named when it is whole."""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.dataset as ds
import pyarrow.parquet as pq
from openpyxl import Workbook
from openpyxl.cell import Cell, WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

from jutong.kernel.cell import harmless
from jutong.kernel.files import refusing_full_disk, sync_folder
from jutong.pools import Pools

from .form import Form, check_fits
from .making import folder_of
from .view import View

_FORMULA = r"^[=+\-@\t\r\n]"
_JSON_ROWS = "SELECT to_json(t) AS v FROM t"


def written(pools: Pools, folder: Path, view: View, form: Form) -> tuple[Path, int, str]:
    """Return the file of a version in a form, its bytes and its digest; the first time, write it."""
    check_fits(form, view.rows)
    home = folder_of(folder, view.agreement, view.version)
    target = home / "files" / f"whole.{form.value}"
    if not target.exists():
        target.parent.mkdir(exist_ok=True)
        beside = target.with_name(f".{secrets.token_hex(8)}")
        try:
            with refusing_full_disk():
                _WRITE[form](pools, home, view, beside)
                with beside.open("rb") as stream:
                    os.fsync(stream.fileno())
            beside.replace(target)
            sync_folder(target.parent)
        finally:
            with suppress(FileNotFoundError):
                beside.unlink()
    with target.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    return target, target.stat().st_size, digest


def _rows(home: Path, view: View) -> pa.RecordBatchReader:
    paths = [str(home / part.name) for part in view.parts]
    return ds.dataset(paths, format="parquet").scanner(batch_readahead=2, fragment_readahead=1).to_reader()


def _csv(_: Pools, home: Path, view: View, path: Path) -> None:
    """UTF-8 with a byte-order mark, without which spreadsheets misread Chinese; no cell is a formula."""
    rows = _rows(home, view)
    with path.open("wb") as stream:
        for block in csv_blocks(rows.schema, rows):
            stream.write(block)


def csv_blocks(schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> Iterator[bytes]:
    """Yield rows as delimited text for people: a mark of UTF-8, a header, and no cell that a spreadsheet computes."""
    told = pa.schema([(harmless(one.name), _csv_type(one.type)) for one in schema])
    yield b"\xef\xbb\xbf" + _csv_text(told.empty_table(), header=True)
    for batch in batches:
        yield _csv_text(pa.record_batch([_csv_column(one) for one in batch.columns], schema=told), header=False)


def _csv_text(rows: pa.Table | pa.RecordBatch, *, header: bool) -> bytes:
    sink = pa.BufferOutputStream()
    pacsv.write_csv(rows, sink, pacsv.WriteOptions(include_header=header))
    return bytes(sink.getvalue())


def _csv_type(kind: pa.DataType) -> pa.DataType:
    return pa.string() if pa.types.is_decimal(kind) or pa.types.is_binary(kind) else kind


def _csv_column(column: pa.Array) -> pa.Array:
    if pa.types.is_string(column.type):
        marked = pc.binary_join_element_wise("'", column, "")
        return pc.if_else(pc.fill_null(pc.match_substring_regex(column, _FORMULA), False), marked, column)
    return column.cast(_csv_type(column.type))


def _json(pools: Pools, home: Path, view: View, path: Path) -> None:
    """An array of one object a row and line."""
    with path.open("wb") as stream:
        between = b"[\n"
        for batch in pools.engine.query(_JSON_ROWS, {"t": _rows(home, view)}):
            lines = pc.cast(batch.column(0), pa.string())
            if len(lines):
                stream.write(between)
                whole = pa.LargeListArray.from_arrays(pa.array([0, len(lines)]), lines)
                stream.write(pc.binary_join(whole, ",\n")[0].as_buffer())
                between = b",\n"
        stream.write(b"[]\n" if between == b"[\n" else b"\n]\n")


def _xlsx(_: Pools, home: Path, view: View, path: Path) -> None:
    """A workbook of one sheet; texts are text cells, so that no digit is lost and none is a formula."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet()

    def cell(value: object) -> Cell:
        if isinstance(value, bool | int | float) or value is None:
            return WriteOnlyCell(sheet, value)
        words = value.decode("latin-1") if isinstance(value, bytes) else str(value)
        made = WriteOnlyCell(sheet, ILLEGAL_CHARACTERS_RE.sub("", words))
        made.data_type, made.number_format = "s", "@"
        return made

    rows = _rows(home, view)
    sheet.append([cell(name) for name in rows.schema.names])
    for batch in rows:
        for row in zip(*(column.to_pylist() for column in batch.columns), strict=True):
            sheet.append([cell(value) for value in row])
    book.save(path)


def _parquet(_: Pools, home: Path, view: View, path: Path) -> None:
    if len(view.parts) == 1:
        os.link(home / view.parts[0].name, path)
        return
    rows = _rows(home, view)
    with pq.ParquetWriter(path, rows.schema, compression="zstd", store_schema=False) as writer:
        for group in _groups(rows):
            writer.write_table(group)


def _groups(rows: pa.RecordBatchReader, size: int = 131_072) -> Iterator[pa.Table]:
    waiting: list[pa.RecordBatch] = []
    for batch in rows:
        waiting.append(batch)
        if sum(one.num_rows for one in waiting) >= size:
            yield pa.Table.from_batches(waiting)
            waiting = []
    if waiting:
        yield pa.Table.from_batches(waiting)


_WRITE: dict[Form, Callable[[Pools, Path, View, Path], None]] = {
    Form.CSV: _csv,
    Form.JSON: _json,
    Form.XLSX: _xlsx,
    Form.PARQUET: _parquet,
}
