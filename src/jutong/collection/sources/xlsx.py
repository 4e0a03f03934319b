"""Spreadsheets: one sheet of plain values; what a spreadsheet may have changed by itself is refused, cell by cell."""

from __future__ import annotations

import posixpath
import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, ParseError

import pyarrow as pa
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import iterparse
from openpyxl import load_workbook
from openpyxl.cell.read_only import EmptyCell, ReadOnlyCell
from openpyxl.utils.exceptions import InvalidFileException
from openpyxl.workbook import Workbook

from jutong.kernel.errors import Invalid, TooMuch
from jutong.kernel.text import text

from ..contract import Contract, Limits, Reason
from ..layout import Layout
from ..source import Broken, Portion, Survey, schema_of
from .packed import bomb, checked_size, content_of, damaged, too_large

ZIP, OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
MAX_MEMBERS = 2_000
LAST_ROW = 1_048_576
ROWS = 4_096
SHOWN = 10  # cells named in a refusal
EXACT_DIGITS = 15  # of a number in a spreadsheet (IEEE 754 double)
_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_ZEROS = re.compile(r"0{2,}")
_DAMAGE = (
    *(zipfile.BadZipFile, ParseError, DefusedXmlException, InvalidFileException, zlib.error),
    *(LookupError, ValueError, TypeError, AttributeError, ArithmeticError, NotImplementedError, EOFError, OSError),
)


class Fault(StrEnum):
    """What a sheet may hold that is not what somebody typed."""

    FORMULA = "formula"
    MERGED = "merged"
    ERROR = "error"
    INEXACT = "inexact"


@dataclass(slots=True)
class XlsxSource:
    """The only sheet of a workbook, or the one that ``layout.table`` names."""

    path: Path
    layout: Layout = field(default_factory=Layout)
    limits: Limits = field(default_factory=Limits)
    kind: str = "xlsx"

    @property
    def name(self) -> str:
        """The file's name, and the sheet's if it was named."""
        return f"{self.path.name}/{self.layout.table}" if self.layout.table else self.path.name

    def survey(self, contract: Contract) -> Survey:
        """Look through the sheet's own XML for what must be refused, and count its rows there."""
        content = content_of(self.path, self.limits, self.layout.table)
        self._guard()
        with closing(self._open()) as book:
            header = self._header(book)
            contract.names_of([cell for _, cell in header], self.layout.headers)
            member = str(self._sheet(book)._worksheet_path)
        rows = self._look_through(member)
        if rows < 2:
            raise Invalid(text("{name} holds no rows", name=self.name))
        return Survey(content, rows - 1)

    def portions(self, contract: Contract) -> Iterator[Portion]:
        """Yield the rows below the header; an empty row is no row."""
        with closing(self._open()) as book:
            header = self._header(book)
            names = contract.names_of([cell for _, cell in header], self.layout.headers)
            taken = dict(zip((place for place, _ in header), names, strict=True))
            rows: list[tuple[int, int, list[str]]] = []
            broken: list[Broken] = []
            records = 0
            for line, cells in self._rows(book):
                records += 1
                if records == 1:
                    continue
                extra = [place for place in cells if place not in taken]
                if extra:
                    raw = "\t".join(cells.values())
                    broken.append(Broken(records - 1, line, Reason.TOO_MANY_FIELDS, raw))
                else:
                    values = {taken[place]: value for place, value in cells.items()}
                    rows.append((records - 1, line, [values.get(name, "") for name in contract.names]))
                if len(rows) + len(broken) == ROWS:
                    yield _portion(rows, broken, contract)
                    rows, broken = [], []
            yield _portion(rows, broken, contract)

    def _guard(self) -> None:
        """Refuse a bomb before anything in it is unpacked."""
        size = checked_size(self.path, self.limits)
        with self.path.open("rb") as stream:
            magic = stream.read(4)
        if magic == OLE:
            raise Invalid(
                text("{name} is an old or a locked spreadsheet", name=self.path.name),
                remedy=text("save it as .xlsx without a password"),
            )
        if magic != ZIP:
            raise Invalid(text("{name} is not a spreadsheet (.xlsx)", name=self.path.name))
        try:
            with zipfile.ZipFile(self.path) as archive:
                members = archive.infolist()
        except _DAMAGE as error:
            raise damaged(self.path.name) from error
        total = sum(member.file_size for member in members)
        if total > self.limits.max_workbook:
            raise too_large(self.limits.max_workbook)
        if len(members) > MAX_MEMBERS or total > max(self.limits.ratio_from, size * self.limits.max_ratio):
            raise bomb()
        if any(member.filename.endswith("vbaProject.bin") for member in members):
            raise Invalid(text("{name} holds macros", name=self.path.name), remedy=text("save it as plain .xlsx"))

    def _open(self) -> Workbook:
        try:
            return load_workbook(self.path, read_only=True, keep_links=False)
        except _DAMAGE as error:
            raise damaged(self.path.name) from error

    def _sheet(self, book: Workbook) -> Any:
        names = book.sheetnames
        wanted = self.layout.table or (names[0] if len(names) == 1 else "")
        sheets = [sheet for sheet in book.worksheets if sheet.title == wanted]
        if not sheets:
            raise Invalid(
                text("the workbook has the sheets {names}; which one is delivered?", names=", ".join(names)[:400]),
                remedy=text("name one of its sheets, or deliver a workbook of one sheet"),
            )
        return sheets[0]

    def _header(self, book: Workbook) -> list[tuple[int, str]]:
        _, cells = next(self._rows(book), (0, {}))
        if not cells:
            raise Invalid(text("{name} is empty", name=self.name))
        return list(cells.items())

    def _rows(self, book: Workbook) -> Iterator[tuple[int, dict[int, str]]]:
        """Yield line and place -> text of every row that holds anything."""
        try:
            sheet = self._sheet(book)
            # What a sheet says of its own size is only a hint, and a wrong one would hide rows.
            sheet.reset_dimensions()
            for cells in sheet.iter_rows():
                told = {cell.column: _text(cell) for cell in cells if not isinstance(cell, EmptyCell)}
                held = {place: value for place, value in told.items() if value}
                if held:
                    line = next(cell.row for cell in cells if not isinstance(cell, EmptyCell))
                    yield line, held
        except _DAMAGE as error:
            raise damaged(self.path.name) from error

    def _look_through(self, member: str) -> int:
        """Return how many rows hold anything; refuse formulas, merged cells, errors and inexact numbers."""
        faults: dict[Fault, list[str]] = {}
        rows = cells = 0
        try:
            with zipfile.ZipFile(self.path) as archive, archive.open(posixpath.normpath(member).lstrip("/")) as stream:
                root: Element | None = None
                for event, element in iterparse(stream, events=("start", "end"), forbid_dtd=True):
                    root = element if root is None else root
                    if event == "start":
                        continue
                    if element.tag == f"{_MAIN}c":
                        cells += 1
                        if fault := _fault(element):
                            faults.setdefault(fault, []).append(element.get("r", "?"))
                    elif element.tag == f"{_MAIN}mergeCell":
                        faults.setdefault(Fault.MERGED, []).append(element.get("ref", "?"))
                    elif element.tag == f"{_MAIN}row":
                        if _beyond(element):
                            raise damaged(self.path.name)
                        rows += any(_filled(cell) for cell in element)
                        element.clear()
                        root.clear()
                    if cells > self.limits.max_cells:
                        raise TooMuch(text("the sheet has more than {limit} cells", limit=self.limits.max_cells))
        except _DAMAGE as error:
            raise damaged(self.path.name) from error
        if faults:
            raise _refusal(faults)
        return rows


def _fault(cell: Element) -> Fault | None:
    kind, value = cell.get("t", "n"), cell.findtext(f"{_MAIN}v") or ""
    if cell.find(f"{_MAIN}f") is not None:
        return Fault.FORMULA
    if kind == "e":
        return Fault.ERROR
    if kind == "n" and value:
        number = Decimal(value)
        # A whole number beyond fifteen digits has been rounded already, or will be by the next program.
        if abs(number) >= 10**EXACT_DIGITS:
            return Fault.INEXACT
    return None


def _filled(cell: Element) -> bool:
    if cell.get("t") == "inlineStr":
        return any(part.text for part in cell.iter(f"{_MAIN}t"))
    return bool(cell.findtext(f"{_MAIN}v"))


def _beyond(row: Element) -> bool:
    return not 0 < int(row.get("r", "1")) <= LAST_ROW


def _refusal(faults: Mapping[Fault, list[str]]) -> Invalid:
    words = {
        Fault.FORMULA: (text("formulas"), text("paste formulas as values")),
        Fault.MERGED: (text("merged cells"), text("unmerge cells and repeat the value")),
        Fault.ERROR: (text("error values"), text("put right or empty the cells that show an error")),
        Fault.INEXACT: (
            text("numbers of more than 15 digits"),
            text("type codes as text from their source: what the sheet shows has been rounded"),
        ),
    }
    fault, cells = next((fault, faults[fault]) for fault in words if fault in faults)
    kind, remedy = words[fault]
    shown = ", ".join(cells[:SHOWN]) + (" …" if len(cells) > SHOWN else "")
    return Invalid(
        text("the sheet holds {kind} ({count}): {cells}", kind=kind, count=len(cells), cells=shown), remedy=remedy
    )


def _text(cell: ReadOnlyCell) -> str:
    value = cell.value
    if value is None or isinstance(value, str):
        return value or ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(" ")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, int):
        # A cell formatted 000000 shows the zeros of a code; they are part of what the official wrote.
        shown = cell.number_format
        return str(value).zfill(len(shown)) if _ZEROS.fullmatch(shown) and value >= 0 else str(value)
    if isinstance(value, float):
        return format(Decimal(f"{value:.15g}"), "f")
    return str(value)


def _portion(rows: list[tuple[int, int, list[str]]], broken: list[Broken], contract: Contract) -> Portion:
    schema = schema_of(contract)
    items = zip(*(values for _, _, values in rows), strict=True) if rows else [()] * len(contract.names)
    columns = [[row for row, _, _ in rows], [line for _, line, _ in rows], *(list(item) for item in items)]
    arrays = [pa.array(values, each.type) for values, each in zip(columns, schema, strict=True)]
    return Portion(pa.RecordBatch.from_arrays(arrays, schema=schema), tuple(broken))
