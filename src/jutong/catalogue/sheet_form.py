"""Spreadsheets that officers fill in: read cell by cell, with every fault at its row and column, or not at all."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from typing import Any, Literal
from xml.etree.ElementTree import ParseError

from defusedxml import DefusedXmlException
from openpyxl import load_workbook
from openpyxl.cell import Cell, MergedCell
from openpyxl.utils import get_column_letter
from openpyxl.utils.exceptions import InvalidFileException

from jutong.guard.grades import Method
from jutong.kernel.errors import Invalid, TooMuch
from jutong.kernel.text import LANGUAGES, Text, text
from jutong.terms.grade import Grade

from .item import DataType
from .terms_of_use import Instrument, OpenType, Purpose, ShareCondition, ShareType, UpdateCycle
from .wording import joined

BYTES_MOST = 4 << 20
UNPACKED_MOST = 64 << 20
MEMBERS_MOST = 200
ROWS_MOST = 2000
COLUMNS_MOST = 100
EXACT_DIGITS = 15  # of a number in a spreadsheet (IEEE 754 double)
YES = frozenset({"1", "是", "yes", "y", "true", "√"})
NO = frozenset({"", "0", "否", "no", "n", "false"})
_DAMAGE = (
    *(zipfile.BadZipFile, ParseError, DefusedXmlException, InvalidFileException),
    *(KeyError, IndexError, ValueError, TypeError, AttributeError, OSError, EOFError),
)

Kind = Literal["text", "lines", "code", "day", "flag", "number"] | type[Enum]


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetColumn:
    """One column of a form: its heading, what its cells hold, and whether each row needs it."""

    key: str
    title: Text
    kind: Kind = "text"
    needed: bool = False
    many: bool = False  # several values of an enumeration, a line each


@dataclass(frozen=True, slots=True, kw_only=True)
class CellFault:
    """What is wrong with one cell, by the row and the column that the spreadsheet shows."""

    row: int
    column: str
    why: Text

    @property
    def said(self) -> Text:
        """The fault with its place."""
        return text("{place}: {why}", place=f"{self.column}{self.row}", why=self.why)


class FaultySheet(Invalid):
    """All that is wrong with a spreadsheet, said at once; nothing of it was taken."""

    def __init__(self, faults: Sequence[CellFault]) -> None:
        self.faults = tuple(faults)
        super().__init__(
            text(
                "{count} cells: {faults}", count=len(self.faults), faults=joined(tuple(one.said for one in self.faults))
            ),
            remedy=text("put all of them right and send the file again; nothing of it was taken"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetRow:
    """One row as it was read; what was left empty is not among its values."""

    row: int
    values: Mapping[str, Any]


Words = Callable[[Enum], Text]

ITEM_COLUMNS = (
    SheetColumn(key="name", title=text("Name"), needed=True),
    SheetColumn(key="title", title=text("Title"), needed=True),
    SheetColumn(key="data_type", title=text("Data type"), kind=DataType),
    SheetColumn(key="length", title=text("Length"), kind="number"),
    SheetColumn(key="element", title=text("Standard element")),
    SheetColumn(key="share_type", title=text("Share type"), kind=ShareType, needed=True),
    SheetColumn(key="grade", title=text("Grade"), kind=Grade, needed=True),
    SheetColumn(key="required", title=text("Must be filled"), kind="flag"),
    SheetColumn(key="key", title=text("Key"), kind="flag"),
    SheetColumn(key="mask", title=text("Mask")),
    SheetColumn(key="conditions", title=text("Conditions"), kind=ShareCondition, many=True),
    SheetColumn(key="other_conditions", title=text("Other conditions"), kind="lines"),
    SheetColumn(key="open_type", title=text("Opening to the public"), kind=OpenType),
    SheetColumn(key="open_condition", title=text("Conditions of opening")),
    SheetColumn(key="update_cycle", title=text("Update cycle"), kind=UpdateCycle),
    SheetColumn(key="source", title=text("Authoritative source"), kind="code"),
    SheetColumn(key="reason", title=text("Reason for not sharing")),
    SheetColumn(key="instrument", title=text("Kind of rule"), kind=Instrument),
    SheetColumn(key="rule", title=text("Title of the rule")),
    SheetColumn(key="article", title=text("Article")),
)
DEMAND_COLUMNS = (
    SheetColumn(key="title", title=text("Wanted data"), needed=True),
    SheetColumn(key="purpose", title=text("Purpose"), kind=Purpose, needed=True),
    SheetColumn(key="words", title=text("Use")),
    SheetColumn(key="legal_basis", title=text("Legal basis")),
    SheetColumn(key="items", title=text("Wanted items"), kind="lines", needed=True),
    SheetColumn(key="source", title=text("Presumed source"), kind="code"),
    SheetColumn(key="entry", title=text("Catalogue entry")),
    SheetColumn(key="method", title=text("Way of sharing"), kind=Method),
    SheetColumn(key="by", title=text("Wanted by"), kind="day"),
)
RESPONSIBILITY_COLUMNS = (
    SheetColumn(key="demand", title=text("Demand"), needed=True),
    SheetColumn(key="owner", title=text("Responsible body"), kind="code", needed=True),
    SheetColumn(key="items", title=text("Items"), kind="lines", needed=True),
    SheetColumn(key="method", title=text("Way of sharing"), kind=Method, needed=True),
    SheetColumn(key="due", title=text("Due on"), kind="day", needed=True),
    SheetColumn(key="entry", title=text("Catalogue entry")),
)


def read_sheet(content: bytes, columns: Sequence[SheetColumn], word_of: Words) -> tuple[SheetRow, ...]:
    """Return the rows of a workbook's first sheet, or refuse it with every fault of every cell."""
    sheet = _opened(content)
    places, faults = _places(next(iter(sheet), ()), columns)
    if faults:
        raise FaultySheet(faults)
    rows = []
    for number, cells in enumerate(sheet[1:], start=2):
        if all(cell.value is None or not str(cell.value).strip() for cell in cells):
            continue
        values: dict[str, Any] = {}
        for place, column in places.items():
            try:
                value = _value(cells[place] if place < len(cells) else None, column, word_of)
            except Invalid as fault:
                faults.append(CellFault(row=number, column=get_column_letter(place + 1), why=fault.reason))
                continue
            if value is not None:
                values[column.key] = value
        rows.append(SheetRow(row=number, values=values))
    if not rows and not faults:
        raise Invalid(text("the sheet holds no rows"), remedy=text("fill in the template below its headings"))
    if faults:
        raise FaultySheet(faults)
    return tuple(rows)


def check_rows(rows: Sequence[SheetRow], faults_of: Callable[[SheetRow], Iterator[Text]]) -> None:
    """Refuse a sheet whose rows do not hold together, each fault at its row."""
    found = [CellFault(row=one.row, column="A", why=why) for one in rows for why in faults_of(one)]
    if found:
        raise FaultySheet(found)


def _opened(content: bytes) -> list[tuple[Cell | MergedCell, ...]]:
    if len(content) > BYTES_MOST:
        raise TooMuch(text("the file is larger than {limit} MiB", limit=BYTES_MOST >> 20))
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = archive.infolist()
        # What is said of sizes is checked again while it is unpacked: zipfile stops at them.
        if sum(one.file_size for one in members) > UNPACKED_MOST or len(members) > MEMBERS_MOST:
            raise TooMuch(text("the file unpacks to more than a form can hold"))
        sheet = load_workbook(io.BytesIO(content), keep_links=False).worksheets[0]
        if sheet.max_row > ROWS_MOST + 1 or sheet.max_column > COLUMNS_MOST:
            raise TooMuch(text("a form has at most {rows} rows", rows=ROWS_MOST), remedy=text("send it in parts"))
        if sheet.merged_cells.ranges:
            raise Invalid(text("the sheet holds merged cells"), remedy=text("unmerge cells and repeat the value"))
        return list(sheet.iter_rows())
    except _DAMAGE as error:
        raise Invalid(
            text("this is not a spreadsheet (.xlsx), or it is damaged"), remedy=text("fill in the template anew")
        ) from error


def _places(
    cells: Sequence[Cell | MergedCell], columns: Sequence[SheetColumn]
) -> tuple[dict[int, SheetColumn], list[CellFault]]:
    known = {_plain(spelling): column for column in columns for spelling in (column.key, *_both(column.title))}
    found: dict[int, SheetColumn] = {}
    faults = []
    for place, cell in enumerate(cells):
        heading = str(cell.value or "").strip()
        column = known.get(_plain(heading))
        if heading and (column is None or column in found.values()):
            why = text("no column of the template, or it stands twice: {heading}", heading=heading[:80])
            faults.append(CellFault(row=1, column=get_column_letter(place + 1), why=why))
        elif column is not None:
            found[place] = column
    missing = [column.title for column in columns if column.needed and column not in found.values()]
    faults += [CellFault(row=1, column="A", why=text("the column {title} is missing", title=one)) for one in missing]
    return found, faults


def _value(cell: Cell | MergedCell | None, column: SheetColumn, word_of: Words) -> Any:
    raw = None if cell is None else cell.value
    if cell is not None and cell.data_type == "f":
        raise Invalid(text("a formula: paste its value"))
    if cell is not None and cell.data_type == "e":
        raise Invalid(text("an error value"))
    if isinstance(raw, int | float) and not isinstance(raw, bool) and abs(raw) >= 10**EXACT_DIGITS:
        raise Invalid(text("a number of more than 15 digits has been rounded: type it as text from its source"))
    if column.kind == "code" and raw is not None and not isinstance(raw, str):
        raise Invalid(text("a code is typed as text: as a number it loses digits"))
    if column.kind == "day" and isinstance(raw, datetime | date):
        return raw.date() if isinstance(raw, datetime) else raw
    spelled = _spelled(raw)
    if not spelled:
        if column.needed:
            raise Invalid(text("this must be filled in"))
        return None
    return _read(spelled, column, word_of)


def _read(spelled: str, column: SheetColumn, word_of: Words) -> Any:
    if isinstance(column.kind, str):
        return _plain_value(spelled, column.kind)
    members = [_member(one.strip(), column.kind, word_of) for one in spelled.splitlines() if one.strip()]
    if len(members) > 1 and not column.many:
        raise Invalid(text("one value is needed here"))
    return tuple(members) if column.many else members[0]


def _plain_value(spelled: str, kind: str) -> Any:
    match kind:
        case "lines":
            return tuple(one.strip() for one in spelled.splitlines() if one.strip())
        case "day":
            try:
                return date.fromisoformat(spelled)
            except ValueError as error:
                raise Invalid(text("a day is needed here, such as 2026-01-31")) from error
        case "flag":
            if spelled.casefold() not in YES | NO:
                raise Invalid(text("yes or no is needed here"))
            return spelled.casefold() in YES
        case "number":
            if not spelled.isdecimal():
                raise Invalid(text("a whole number is needed here, within the bounds that are given"))
            return int(spelled)
        case _:
            return spelled


def _member(spelled: str, kind: type[Enum], word_of: Words) -> Enum:
    for one in kind:
        if _plain(spelled) in {
            _plain(str(one.value)),
            _plain(one.name),
            *(_plain(said) for said in _both(word_of(one))),
        }:
            return one
    raise Invalid(text("{given} is not on the list", given=spelled[:80]))


def _spelled(raw: object) -> str:
    if raw is None:
        return ""
    if isinstance(raw, bool):
        return "1" if raw else "0"
    if isinstance(raw, float) and raw.is_integer():
        return str(int(raw))
    return str(raw).strip()


def _both(words: Text) -> tuple[str, ...]:
    return tuple(words.said_in(language) for language in LANGUAGES)


def _plain(words: str) -> str:
    return "".join(words.casefold().split())
