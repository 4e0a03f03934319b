"""Files as tables: delimited text, Parquet and workbooks, read in blocks of bounded size."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
from openpyxl import load_workbook

from jutong.kernel.errors import Invalid, TooMuch
from jutong.kernel.text import text
from jutong.terms.division import Divisions

from ..table import Column, Found, data_type_of
from .bounded import Bounds, Clock, profiled

BLOCK = 4 * 1024**2
PROBED = 1024**2


@dataclass(frozen=True, slots=True)
class FileSource:
    """One delimited file, UTF-8 or GB18030, also gzipped: its rows are counted by reading all of it once."""

    path: Path
    bounds: Bounds = field(default_factory=Bounds)
    kind: str = "csv"
    complete: bool = False

    def tables(self, divisions: Divisions) -> Iterator[Found]:
        """Yield the one table."""
        clock = Clock(self.bounds)
        rows, names = 0, tuple[str, ...]()
        sample: list[Sequence[str | None]] = []
        try:
            with pa.input_stream(str(self.path)) as probe:
                encoding = _encoding(probe.read(PROBED))
            with pa.input_stream(str(self.path)) as stream, _csv(stream, encoding) as reader:
                names = tuple(reader.schema.names)
            with pa.input_stream(str(self.path)) as stream, _csv(stream, encoding, names) as reader:
                for batch in reader:
                    clock.check()
                    rows += batch.num_rows
                    if len(sample) < self.bounds.sample_rows:
                        sample += _rows(batch.slice(0, self.bounds.sample_rows - len(sample)))
        except (pa.ArrowInvalid, OSError, UnicodeDecodeError) as error:
            raise _unreadable(self.path) from error
        columns = tuple(Column(name=name, type="text", data_type=data_type_of("")) for name in names)
        found = Found(
            place=self.path.name, name=self.path.name.split(".")[0], columns=columns, rows=rows, rows_exact=True
        )
        yield profiled(found, sample, divisions)


@dataclass(frozen=True, slots=True)
class ParquetSource:
    """One Parquet file: schema and row count stand in its foot."""

    path: Path
    bounds: Bounds = field(default_factory=Bounds)
    kind: str = "parquet"
    complete: bool = False

    def tables(self, divisions: Divisions) -> Iterator[Found]:
        """Yield the one table."""
        try:
            with pq.ParquetFile(self.path) as file:
                columns = tuple(
                    Column(name=one.name, type=str(one.type), data_type=data_type_of(str(one.type)))
                    for one in file.schema_arrow
                )
                rows = file.metadata.num_rows
                batches = file.iter_batches(batch_size=self.bounds.sample_rows)
                sample = [row for batch in islice(batches, 1) for row in _rows(batch)]
        except (pa.ArrowInvalid, OSError) as error:
            raise _unreadable(self.path) from error
        found = Found(
            place=self.path.name, name=self.path.name.split(".")[0], columns=columns, rows=rows, rows_exact=True
        )
        yield profiled(found, sample, divisions)


@dataclass(frozen=True, slots=True)
class WorkbookSource:
    """A workbook: each sheet with a header is a table."""

    path: Path
    bounds: Bounds = field(default_factory=Bounds)
    kind: str = "xlsx"
    complete: bool = False

    def tables(self, divisions: Divisions) -> Iterator[Found]:
        """Yield the sheets."""
        clock = Clock(self.bounds)
        try:
            with zipfile.ZipFile(self.path) as packed:
                if sum(one.file_size for one in packed.infolist()) > self.bounds.workbook_bytes:
                    raise TooMuch(text("the workbook unpacks to more than is taken"))
            with closing(load_workbook(self.path, read_only=True, data_only=True)) as book:
                for sheet in book.worksheets:
                    lines = sheet.iter_rows(values_only=True)
                    names = [str(one) for one in next(lines, ()) if one is not None]
                    if not names:
                        continue
                    rows = 0
                    sample: list[Sequence[str | None]] = []
                    for line in lines:
                        rows += 1
                        if rows % 1000 == 0:
                            clock.check()
                        if len(sample) < self.bounds.sample_rows:
                            sample.append([None if one is None else str(one) for one in line])
                    columns = tuple(Column(name=name, type="cell", data_type=data_type_of("")) for name in names)
                    found = Found(place=self.path.name, name=sheet.title, columns=columns, rows=rows, rows_exact=True)
                    yield profiled(found, sample, divisions)
        except (zipfile.BadZipFile, KeyError, ValueError, OSError) as error:
            raise _unreadable(self.path) from error


def _csv(stream: pa.NativeFile, encoding: str, names: Sequence[str] = ()) -> pyarrow.csv.CSVStreamingReader:
    return pyarrow.csv.open_csv(
        stream,
        read_options=pyarrow.csv.ReadOptions(block_size=BLOCK, encoding=encoding, use_threads=False),
        parse_options=pyarrow.csv.ParseOptions(newlines_in_values=True, invalid_row_handler=lambda _: "skip"),
        convert_options=pyarrow.csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()), null_values=[""], strings_can_be_null=True
        ),
    )


def _encoding(head: bytes) -> str:
    try:
        head.decode()
    except UnicodeDecodeError as error:
        return "utf8" if error.start >= len(head) - 3 else "gb18030"
    return "utf8"


def _rows(batch: pa.RecordBatch) -> list[Sequence[str | None]]:
    columns = [[None if one is None else str(one) for one in column.to_pylist()] for column in batch.columns]
    return list(zip(*columns, strict=True))


def _unreadable(path: Path) -> Invalid:
    return Invalid(
        text("{name} cannot be read as what its first bytes say it is", name=path.name),
        remedy=text("deliver the file again"),
    )
