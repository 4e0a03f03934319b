"""Delimited text: UTF-8, GB18030 or Big5, plain or gzip, read strictly; ragged records are kept apart."""

from __future__ import annotations

import csv
import hashlib
import io
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow.csv import ConvertOptions, InvalidRow, ParseOptions, ReadOptions, open_csv

from jutong.kernel.errors import Invalid
from jutong.kernel.text import text

from ..contract import Contract, Limits, Reason
from ..layout import Layout
from ..source import Broken, Portion, Survey, schema_of
from .packed import BLOCK, damaged
from .records import Places, RecordScanner
from .words import ENCODINGS, utf8_blocks


@dataclass(slots=True)
class CsvSource:
    """A delimited text file whose header names the entry's items."""

    path: Path
    layout: Layout = field(default_factory=Layout)
    limits: Limits = field(default_factory=Limits)
    kind: str = "csv"
    _content: str = ""
    _plain: bool = False  # every line is one record, as the survey found

    def __post_init__(self) -> None:
        known = self.layout.encoding in ENCODINGS and self.layout.on_bad_bytes in ("refuse", "quarantine")
        if not known or self.layout.delimiter not in (",", ";", "\t", "|"):
            raise Invalid(
                text("this layout of a text file is not known"),
                remedy=text("declare utf-8, gb18030 or big5; refuse or quarantine; and , ; | or a tab"),
            )

    @property
    def name(self) -> str:
        """The file's name."""
        return self.path.name

    def survey(self, contract: Contract) -> Survey:
        """Decode the whole file once: its digest, and its records counted without cutting them into fields."""
        self._plain = False
        feed = _Feed(self)
        self._names(feed.header, contract)
        while feed.read(BLOCK):
            feed.lines.clear()
        self._content, self._plain = feed.content.hexdigest(), feed.scanner.plain
        if feed.scanner.open:
            raise Invalid(
                text("the quote that opens in the record at line {line} is never closed", line=feed.scanner.last_line),
                basis=text("RFC 4180"),
                remedy=text("double the quotes inside fields, then deliver the file again"),
            )
        aside = (self.layout.width_column,) if self.layout.width_column else ()
        return Survey(self._content, feed.scanner.records - 1, aside)

    def portions(self, contract: Contract) -> Iterator[Portion]:
        """Cut the records into fields, a block at a time."""
        feed = _Feed(self)
        names = self._names(feed.header, contract)
        uncut: deque[InvalidRow] = deque()
        reader = _open(feed, names, self.layout.delimiter, uncut)
        rows = _Rows(feed)
        try:
            while (batch := _next(reader, feed)) is not None:
                yield self._portion(batch, uncut, rows, contract)
        finally:
            reader.close()
        if uncut:
            yield self._portion(_nothing(names), uncut, rows, contract)
        if self._content and feed.content.hexdigest() != self._content:
            raise damaged(self.name, text("(it changed while it was read)"))

    def _names(self, header: tuple[str, ...], contract: Contract) -> tuple[str, ...]:
        extra = self.layout.width_column
        if not extra:
            return contract.names_of(header, self.layout.headers)
        cells = [cell.strip() for cell in header]
        if cells.count(extra) != 1:
            raise contract.wrong_schema(contract.names, [extra])
        place = cells.index(extra)
        names = contract.names_of([*cells[:place], *cells[place + 1 :]], self.layout.headers)
        return (*names[:place], extra, *names[place:])

    def _portion(self, batch: pa.RecordBatch, uncut: deque[InvalidRow], rows: _Rows, contract: Contract) -> Portion:
        told = [uncut.popleft() for _ in range(len(uncut))]
        cut, lines, told_lines = rows.take(len(batch), [row.number for row in told])
        broken = tuple(
            Broken(
                row.number,
                line,
                Reason.TOO_FEW_FIELDS if row.actual_columns < row.expected_columns else Reason.TOO_MANY_FIELDS,
                row.text,
            )
            for row, line in zip(told, told_lines.tolist(), strict=True)
        )
        columns = [pa.array(cut), pa.array(lines), *(batch.column(name) for name in contract.names)]
        disordered = None
        if self.layout.width_column:
            disordered = pc.not_equal(batch.column(self.layout.width_column), str(self.layout.width))
        return Portion(pa.RecordBatch.from_arrays(columns, schema=schema_of(contract)), broken, disordered)


def _open(feed: _Feed, names: tuple[str, ...], delimiter: str, uncut: deque[InvalidRow]) -> pa.RecordBatchReader:
    def keep(row: InvalidRow) -> str:
        uncut.append(row)
        return "skip"

    try:
        return open_csv(
            pa.PythonFile(feed, mode="r"),
            read_options=ReadOptions(use_threads=False, block_size=2 * BLOCK, column_names=list(names)),
            parse_options=ParseOptions(delimiter=delimiter, newlines_in_values=True, invalid_row_handler=keep),
            convert_options=ConvertOptions(
                column_types={name: pa.string() for name in names}, strings_can_be_null=False, check_utf8=False
            ),
        )
    except pa.ArrowInvalid:
        raise _unparsed(feed) from None


def _next(reader: pa.RecordBatchReader, feed: _Feed) -> pa.RecordBatch | None:
    try:
        return reader.read_next_batch()
    except StopIteration:
        return None
    except pa.ArrowInvalid:
        raise _unparsed(feed) from None


def _unparsed(feed: _Feed) -> Invalid:
    # Arrow's own words quote the record; a row's value must not leave through an error.
    return Invalid(
        text(
            "a record near line {line} is longer than {limit} MiB or is not delimited text",
            line=feed.scanner.last_line,
            limit=2 * BLOCK // 1024**2,
        ),
        remedy=text("look for a quote that is opened there and not closed"),
    )


def _nothing(names: tuple[str, ...]) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays([pa.array([], pa.string()) for _ in names], names=list(names))


class _Rows:
    """Which record each cut row was, and on which line it began: the uncut ones tell their places themselves."""

    def __init__(self, feed: _Feed) -> None:
        self._feed, self._next = feed, 1
        self._uncut = np.zeros(0, np.int64)
        self._lines = np.zeros(0, np.int64)
        self._before = 0  # records whose lines are forgotten

    def take(self, count: int, uncut: list[int]) -> tuple[Places, Places, Places]:
        """Return record numbers and lines of the next ``count`` cut rows, and the lines of the uncut ones told."""
        told = np.array(uncut, np.int64)
        while self._feed.lines:
            lines = self._feed.lines.popleft()
            if not self._feed.plain:
                self._lines = np.concatenate((self._lines, lines))
        self._uncut = np.concatenate((self._uncut, told))
        span = np.arange(self._next, self._next + count + len(self._uncut), dtype=np.int64)
        cut = np.setdiff1d(span, self._uncut, assume_unique=True)[:count] if len(self._uncut) else span
        if self._feed.plain:
            lines, told_lines = cut + 1, told + 1  # the header is the first line
        else:
            lines, told_lines = self._lines[cut - 1 - self._before], self._lines[told - 1 - self._before]
        if count:
            self._next = int(cut[-1]) + 1
            self._uncut = self._uncut[self._uncut >= self._next]
            if not self._feed.plain:
                self._lines, self._before = self._lines[self._next - 1 - self._before :], self._next - 1
        return cut, lines, told_lines


class _Feed(io.RawIOBase):
    """The file's records as UTF-8 bytes after the header, with the line on which each begins."""

    def __init__(self, source: CsvSource) -> None:
        self.scanner, self.content = RecordScanner(source.layout.delimiter), hashlib.sha256()
        self.lines: deque[Places] = deque()
        self._source, self.plain = source, source._plain
        layout = source.layout
        self._blocks = utf8_blocks(
            source.path, source.limits, layout.encoding, self.content, refuse=layout.on_bad_bytes == "refuse"
        )
        first = next(self._blocks, b"")
        starts, lines = self.scanner.scan(first) if first else (np.zeros(0, np.int64), np.zeros(0, np.int64))
        if len(starts) < 2:
            raise self._headless(len(starts))
        self.header = _cells(first[starts[0] : starts[1]], source.layout.delimiter)
        self.lines.append(lines[1:])
        self._rest = memoryview(first)[starts[1] :]

    def read(self, size: int = -1) -> bytes:
        """Return up to ``size`` bytes; none at the end."""
        if not self._rest:
            block = next(self._blocks, b"")
            if block and self.plain:
                self.scanner.skip(block)
            elif block:
                self.lines.append(self.scanner.scan(block)[1])
            self._rest = memoryview(block)
        part, self._rest = self._rest[:size], self._rest[size:]
        return bytes(part)

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def _headless(self, records: int) -> Invalid:
        if records and next(self._blocks, b""):
            return damaged(self._source.name, text("(its header has no end)"))
        return Invalid(
            text("{name} holds no rows", name=self._source.name), remedy=text("deliver a header and at least one row")
        )


def _cells(header: bytes, delimiter: str) -> tuple[str, ...]:
    try:
        return tuple(next(csv.reader(io.StringIO(header.decode(), newline=""), delimiter=delimiter)))
    except csv.Error as error:
        raise Invalid(text("the header cannot be read")) from error
