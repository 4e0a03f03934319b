"""Rows as a file to take along: CSV or XLSX, in which no cell is ever a formula."""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from itertools import islice
from pathlib import Path
from urllib.parse import quote

from litestar.response import Stream
from openpyxl import Workbook
from openpyxl.cell import Cell, WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.worksheet._write_only import WriteOnlyWorksheet

from jutong.kernel.cell import harmless
from jutong.kernel.clock import LEGAL_TIME
from jutong.kernel.errors import Invalid
from jutong.kernel.text import text

ROWS_A_CHUNK = 200
ROWS_OF_A_SHEET = 1_048_575
BYTES_A_CHUNK = 1 << 16
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def download(
    name: str, kind: str, heads: Sequence[str], kinds: Sequence[str], rows: Iterable[Sequence[object]]
) -> Stream:
    """Return rows as a file, streamed; a kind that nobody knows is refused."""
    headers = {"content-disposition": f"attachment; filename*=UTF-8''{quote(name)}.{kind}", "cache-control": "no-store"}
    if kind == "csv":
        return Stream(as_csv(heads, kinds, rows), media_type="text/csv", headers=headers)
    if kind == "xlsx":
        return Stream(as_xlsx(heads, kinds, rows), media_type=XLSX, headers=headers)
    raise Invalid(text("a table is downloaded as csv or xlsx"))


def chunks_of(path: Path) -> Iterator[bytes]:
    """Yield a file piece by piece."""
    with path.open("rb") as stream:
        while chunk := stream.read(BYTES_A_CHUNK):
            yield chunk


def as_csv(heads: Sequence[str], kinds: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[bytes]:
    """Yield UTF-8 with a byte-order mark, without which spreadsheets misread Chinese."""
    yield b"\xef\xbb\xbf" + _csv_lines([[harmless(head) for head in heads]])
    waiting = iter(rows)
    while chunk := list(islice(waiting, ROWS_A_CHUNK)):
        yield _csv_lines([[_csv_cell(value) for value in row] for row in chunk])


def as_xlsx(heads: Sequence[str], kinds: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[bytes]:
    """Yield a workbook; codes are text cells, so that no digit is lost, and no cell is a formula."""
    book = Workbook(write_only=True)
    sheet: WriteOnlyWorksheet = book.create_sheet()
    sheet.append([_xlsx_cell(sheet, head, "text") for head in heads])
    for row in islice(rows, ROWS_OF_A_SHEET):
        sheet.append([_xlsx_cell(sheet, value, kind) for value, kind in zip(row, kinds, strict=True)])
    with tempfile.TemporaryFile() as kept:
        book.save(kept)
        kept.seek(0)
        while chunk := kept.read(BYTES_A_CHUNK):
            yield chunk


def _csv_lines(rows: list[list[str]]) -> bytes:
    kept = io.StringIO()
    csv.writer(kept).writerows(rows)
    return kept.getvalue().encode()


def _csv_cell(value: object) -> str:
    if isinstance(value, int | float | Decimal):
        return str(value)
    return harmless(_words(value))


def _words(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.astimezone(LEGAL_TIME).isoformat(sep=" ", timespec="seconds")
    return value.isoformat() if isinstance(value, date) else str(value)


def _xlsx_cell(sheet: WriteOnlyWorksheet, value: object, kind: str) -> Cell:
    if kind in ("number", "percent") and isinstance(value, int | float | Decimal):
        return WriteOnlyCell(sheet, float(value) if isinstance(value, Decimal) else value)
    cell = WriteOnlyCell(sheet, ILLEGAL_CHARACTERS_RE.sub("", _words(value)))
    cell.data_type = "s"  # a text that begins with an equals sign stays a text
    cell.number_format = "@"
    return cell
