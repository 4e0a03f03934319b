"""A file of another portal's records: JSON lines, JSON, CSV or XLSX, plain or gzip, read row by row within limits."""

from __future__ import annotations

import codecs
import csv
import gzip
import hashlib
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError

import msgspec
from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from jutong.kernel.errors import Invalid, NotFound, TooMuch
from jutong.kernel.text import text

from .encoding import ENCODINGS, encoding_of
from .record import Flaw, Row
from .spelling import absent, words_of

# What is held in memory: a line, a sample, and for JSON and XLSX (which cannot be read in parts) the whole document.
MAX_BYTES = 1 << 30  # of the file, and of what it unpacks to
MAX_LINE = 1 << 20
MAX_WHOLE = 128 << 20
MAX_RECORDS = 200_000
MAX_FIELDS = 200
MAX_RATIO, RATIO_FROM = 200, 32 << 20
MAX_MEMBERS = 2_000
SAMPLE = 256 << 10
SAMPLES = 400  # values of each field that a guess rests on
GZIP, ZIP, OLE = b"\x1f\x8b", b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
DAMAGE = (
    *(zipfile.BadZipFile, ParseError, InvalidFileException, zlib.error, LookupError, ValueError, TypeError),
    *(AttributeError, ArithmeticError, NotImplementedError, EOFError, OSError),
)


@dataclass(slots=True, kw_only=True)
class Survey:
    """What one reading of the whole file found."""

    content: str  # digest of the bytes
    rows: int = 0
    samples: dict[str, list[str]] = field(default_factory=dict)
    distinct: dict[str, float] = field(default_factory=dict)  # field -> values by row


@dataclass(slots=True)
class _Distinct:
    """How many values there are; a field that repeats itself is soon forgotten, so that little is held."""

    _seen: set[int] | None = field(default_factory=set)
    _repeated: int = 0

    def add(self, value: str, rows: int) -> None:
        """Count one more value."""
        if self._seen is None or not value:
            return
        key = hash(value)
        self._repeated += key in self._seen
        self._seen.add(key)
        if self._repeated > 100 + rows // 5:
            self._seen = None

    @property
    def count(self) -> int:
        """How many values there are; none of a field that repeats itself."""
        return len(self._seen or ())


@dataclass(slots=True)
class Feed:
    """A file, told apart by its first bytes; ``encoding`` is found out where nobody declares it."""

    path: Path
    encoding: str = ""

    def __post_init__(self) -> None:
        if self.encoding and self.encoding not in ENCODINGS:
            raise Invalid(
                text("the encoding {name} is not read here", name=self.encoding[:40]),
                remedy=text("use one of: {names}", names=", ".join(ENCODINGS)),
            )

    @property
    def name(self) -> str:
        """The file's name."""
        return self.path.name

    def survey(self) -> Survey:
        """Read the whole file once: nothing of a file that is damaged anywhere is taken over."""
        hashed = hashlib.sha256()
        _checked_size(self.path)
        with self.path.open("rb") as stream:
            while block := stream.read(1 << 20):
                hashed.update(block)
        found = Survey(content=hashed.hexdigest())
        values: dict[str, _Distinct] = {}
        for row in self.rows():
            found.rows += 1
            for name, value in row.values.items():
                if len(found.samples.setdefault(name, [])) < SAMPLES and not absent(value):
                    found.samples[name].append(value)
                values.setdefault(name, _Distinct()).add(value, found.rows)
            if len(values) > MAX_FIELDS:
                raise TooMuch(text("the records have more than {limit} fields", limit=MAX_FIELDS))
        if not found.rows:
            raise Invalid(text("{name} holds no records", name=self.name))
        found.distinct = {name: one.count / found.rows for name, one in values.items()}
        return found

    def rows(self) -> Iterator[Row]:
        """Yield the rows in the order of the file; refuse a file that is cut off, damaged, too large or no list."""
        _checked_size(self.path)
        with self.path.open("rb") as stream:
            head = stream.peek(8)[:8]
        if head.startswith(OLE):
            raise Invalid(
                text("{name} is an old or a locked spreadsheet", name=self.name),
                remedy=text("save it as .xlsx without a password"),
            )
        for number, row in enumerate(self._sheet() if head.startswith(ZIP) else self._text(), 1):
            if number > MAX_RECORDS:
                raise TooMuch(
                    text("the file holds more than {limit} records", limit=MAX_RECORDS),
                    remedy=text("import it in parts, each as a source of its own"),
                )
            yield row

    def _text(self) -> Iterator[Row]:
        # A binary line is a whole line in every encoding that is read here: no trail byte is a line end.
        lines = self._lines()
        begun: list[bytes] = []
        size = 0
        for line in lines:
            begun.append(line)
            size += len(line)
            if size >= SAMPLE:
                break
        sample = b"".join(begun)
        encoding = self.encoding or encoding_of(sample)
        first = sample.decode(ENCODINGS[encoding], "replace").lstrip()
        whole = chain(begun, lines)
        if first.startswith("{") and _object(first.splitlines()[0]) is not None:
            return self._json_lines(whole, encoding)
        if first.startswith(("[", "{")):
            return self._json(whole, encoding)
        return self._csv(whole, encoding)

    def _lines(self) -> Iterator[bytes]:
        """Yield lines of bounded length, unpacked within limits that a bomb cannot pass."""
        size, total, last = self.path.stat().st_size, 0, b""
        with self.path.open("rb") as stream:
            packed = stream.peek(2)[:2] == GZIP
            source: Any = gzip.GzipFile(fileobj=stream) if packed else stream
            try:
                while line := source.readline(MAX_LINE + 1):
                    total += len(line)
                    if len(line) > MAX_LINE and not self._one_document(last or line):
                        raise TooMuch(
                            text("a line of {name} is longer than {limit} KiB", name=self.name, limit=MAX_LINE >> 10),
                            remedy=text("look whether this is a list of records, one on each line"),
                        )
                    if total > MAX_BYTES:
                        raise _too_large(MAX_BYTES)
                    if packed and total > max(RATIO_FROM, size * MAX_RATIO):
                        raise _bomb()
                    last = last or line
                    yield line
            except (EOFError, gzip.BadGzipFile, zlib.error) as error:
                raise _damaged(self.name) from error

    @staticmethod
    def _one_document(first: bytes) -> bool:
        begun = first.removeprefix(b"\xef\xbb\xbf").strip()
        return begun[:1] == b"[" or (begun[:1] == b"{" and begun[-1:] != b"}")

    def _decoded(self, lines: Iterator[bytes], encoding: str) -> Iterator[str]:
        # Pieces of one long line are cut anywhere, also within a character.
        decoder = codecs.getincrementaldecoder(ENCODINGS[encoding])()
        for number, line in enumerate(chain(lines, [b""]), 1):
            try:
                yield decoder.decode(line, final=not line)
            except UnicodeDecodeError as error:
                raise Invalid(
                    text(
                        "line {line} of {name} is not written in {encoding}",
                        line=number,
                        name=self.name,
                        encoding=encoding,
                    ),
                    remedy=text("save the file anew in UTF-8, or declare its encoding"),
                ) from error

    def _json_lines(self, lines: Iterator[bytes], encoding: str) -> Iterator[Row]:
        for number, line in enumerate(self._decoded(lines, encoding), 1):
            if not line.strip():
                continue
            found = _object(line)
            if found is None:
                raise Invalid(
                    text(
                        "line {line} of {name} is no record: the file is cut off or damaged",
                        line=number,
                        name=self.name,
                    ),
                    remedy=text("fetch the file again; nothing of it was imported"),
                )
            yield Row(line=number, values=_values(found))

    def _json(self, lines: Iterator[bytes], encoding: str) -> Iterator[Row]:
        held, size = [], 0
        for line in self._decoded(lines, encoding):
            size += len(line)
            if size > MAX_WHOLE:
                raise TooMuch(
                    text("a JSON document of more than {limit} MiB is not read at once", limit=MAX_WHOLE >> 20),
                    remedy=text("save it as JSON lines: one record on each line"),
                )
            held.append(line)
        try:
            document = msgspec.json.decode("".join(held))
        except (msgspec.DecodeError, RecursionError, ValueError) as error:
            raise _damaged(self.name) from error
        listed = _records(document)
        if listed is None:
            raise Invalid(
                text("{name} holds no list of records", name=self.name),
                remedy=text("look whether this is a list of catalogue entries"),
            )
        for number, one in enumerate(listed, 1):
            values = _values(one) if isinstance(one, dict) else {}
            yield Row(line=number, values=values, flaw=None if isinstance(one, dict) else Flaw.NO_OBJECT)

    def _csv(self, lines: Iterator[bytes], encoding: str) -> Iterator[Row]:
        decoded = self._decoded(lines, encoding)
        header_line = next(decoded, "")
        delimiter = max(",;\t|", key=header_line.count)
        reader = csv.reader(chain([header_line], decoded), delimiter=delimiter, strict=True)
        try:
            names = _names(next(reader, []), self.name)
            if len(names) < 2:
                raise Invalid(
                    text("{name} holds no list of records", name=self.name),
                    remedy=text("look whether this is a list of catalogue entries"),
                )
            for cells in reader:
                if any(cells):
                    flaw = Flaw.TOO_MANY_CELLS if len(cells) > len(names) else None
                    values = {name: words_of(cell) for name, cell in zip(names, cells, strict=False)}
                    yield Row(line=reader.line_num, values=values, flaw=flaw)
        except csv.Error as error:
            raise Invalid(
                text(
                    "line {line} of {name} is no record: the file is cut off or damaged",
                    line=reader.line_num,
                    name=self.name,
                ),
                remedy=text("fetch the file again; nothing of it was imported"),
            ) from error

    def _sheet(self) -> Iterator[Row]:
        self._guard_workbook()
        try:
            with closing(load_workbook(self.path, read_only=True, keep_links=False)) as book:
                sheet = book.worksheets[0]
                sheet.reset_dimensions()
                rows = sheet.iter_rows()
                names = _names([words_of(cell.value) for cell in next(rows, ())], self.name)
                for number, cells in enumerate(rows, 2):
                    if len(cells) > MAX_FIELDS + 1 and len(names) <= MAX_FIELDS:
                        cells = cells[: len(names) + 1]
                    values = {name: _cell(cell.value) for name, cell in zip(names, cells, strict=False) if name}
                    kinds = {getattr(cell, "data_type", "n") for cell in cells}
                    flaw = Flaw.FORMULA if "f" in kinds else Flaw.ERROR_VALUE if "e" in kinds else None
                    if flaw or any(values.values()):
                        yield Row(line=number, values=values, flaw=flaw)
        except Invalid:
            raise
        except DAMAGE as error:
            raise _damaged(self.name) from error

    def _guard_workbook(self) -> None:
        try:
            with zipfile.ZipFile(self.path) as archive:
                members = archive.infolist()
        except DAMAGE as error:
            raise _damaged(self.name) from error
        total = sum(member.file_size for member in members)
        if total > MAX_WHOLE or len(members) > MAX_MEMBERS:
            raise _bomb()
        if total > max(RATIO_FROM, self.path.stat().st_size * MAX_RATIO):
            raise _bomb()


def _checked_size(path: Path) -> None:
    if not path.is_file():
        raise NotFound("file", path.name)
    size = path.stat().st_size
    if size == 0:
        raise Invalid(text("{name} is empty", name=path.name), remedy=text("fetch the file again"))
    if size > MAX_BYTES:
        raise _too_large(MAX_BYTES)


def _object(line: str) -> Mapping[str, object] | None:
    try:
        found = msgspec.json.decode(line)
    except (msgspec.DecodeError, RecursionError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def _values(found: Mapping[str, object]) -> dict[str, str]:
    return {words_of(name)[:80]: words_of(value) for name, value in found.items()}


def _records(document: object, depth: int = 4) -> list[object] | None:
    """Return the first list of objects in a document, as APIs wrap it: data, result, rows, ..."""
    if isinstance(document, list):
        return document if any(isinstance(one, dict) for one in document) else None
    if isinstance(document, dict) and depth:
        inner = (_records(one, depth - 1) for one in document.values())
        return next((one for one in inner if one is not None), None)
    return None


def _names(cells: list[str], name: str) -> list[str]:
    names = [words_of(cell)[:80] for cell in cells]
    told = [one for one in names if one]
    if not told:
        raise Invalid(text("{name} has no names of fields in its first line", name=name))
    if len(set(told)) < len(told):
        raise Invalid(text("two fields of {name} have the same name", name=name))
    return names


def _cell(value: object) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return words_of(value)


def _damaged(name: str) -> Invalid:
    return Invalid(
        text("{name} is cut off or damaged", name=name),
        remedy=text("fetch the file again; nothing of it was imported"),
    )


def _too_large(limit: int) -> TooMuch:
    return TooMuch(text("the file is larger than {limit} MiB", limit=limit >> 20))


def _bomb() -> TooMuch:
    return TooMuch(text("the file unpacks to so much more than its size that it is taken for an attack"))


__all__ = ["Feed", "Survey"]
