"""Records as JSON: one object a line, or a document with a list of objects; every value as the text that it is."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa

from jutong.kernel.errors import Invalid, TooMuch
from jutong.kernel.text import text

from ..contract import Contract, Limits, Reason
from ..layout import Layout
from ..source import Broken, Portion, Survey, schema_of
from .packed import damaged
from .words import ENCODINGS, utf8_blocks

DOCUMENT_MOST = 64 * 1024**2  # a document is held whole, some ten times its size; lines are not
LINE_MOST = 16 * 1024**2
Record = Mapping[str, Any]
# What is written as a fraction stays the characters that were written; whole numbers are exact by themselves.
_RECORD: msgspec.json.Decoder[dict[str, Any]] = msgspec.json.Decoder(dict[str, Any], float_hook=str)
_ANY: msgspec.json.Decoder[Any] = msgspec.json.Decoder(float_hook=str)


@dataclass(slots=True)
class JsonSource:
    """Objects whose members are the entry's items, and maybe others, which stay where they are."""

    path: Path
    layout: Layout = field(default_factory=Layout)
    limits: Limits = field(default_factory=Limits)
    kind: str = "json"
    _content: str = ""

    def __post_init__(self) -> None:
        if self.layout.encoding not in ENCODINGS:
            raise Invalid(
                text("this layout of a text file is not known"),
                remedy=text("declare utf-8, gb18030 or big5; refuse or quarantine; and , ; | or a tab"),
            )

    @property
    def name(self) -> str:
        """The file's name."""
        return self.path.name

    def survey(self, contract: Contract) -> Survey:
        """Read the whole file once: its digest, its records, and every member that any of them has."""
        hashed = hashlib.sha256()
        members: dict[str, None] = {}
        rows = 0
        for records in self._records(hashed):
            for _, record, _ in records:
                members.update(dict.fromkeys(record or ()))
            rows += len(records)
        if not rows:
            raise Invalid(text("{name} holds no rows", name=self.name))
        self._content = hashed.hexdigest()
        _, aside = contract.columns_in(members, self.layout.headers)
        return Survey(self._content, rows, aside)

    def portions(self, contract: Contract) -> Iterator[Portion]:
        """Yield the records; a line that is no object is kept apart."""
        hashed = hashlib.sha256()
        words = {word: name for word, name in self.layout.headers.items() if name in contract.names}
        columns = [
            (column.name, column.title, *(word for word, name in words.items() if name == column.name))
            for column in contract.columns
        ]
        row = 0
        for records in self._records(hashed):
            yield _portion(records, row, columns, contract)
            row += len(records)
        if self._content and hashed.hexdigest() != self._content:
            raise damaged(self.name, text("(it changed while it was read)"))

    def _records(self, hashed: hashlib._Hash) -> Iterator[list[tuple[int, Record | None, str]]]:
        """Yield line, record (None for what is none), and then what stands there."""
        layout = self.layout
        refuse = layout.on_bad_bytes == "refuse"
        blocks = utf8_blocks(self.path, self.limits, layout.encoding, hashed, refuse=refuse)
        first = next(blocks, b"")
        while first and not first.strip() and (more := next(blocks, b"")):
            first += more
        if layout.rows_at or first.lstrip()[:1] == b"[":
            yield from self._document(first, blocks)
        else:
            yield from self._lines(first, blocks)

    def _document(self, first: bytes, blocks: Iterator[bytes]) -> Iterator[list[tuple[int, Record | None, str]]]:
        whole = bytearray(first)
        for block in blocks:
            whole += block
            if len(whole) > DOCUMENT_MOST:
                raise TooMuch(
                    text("the document is larger than {limit} MiB", limit=DOCUMENT_MOST // 1024**2),
                    remedy=text("deliver it as one object a line"),
                )
        try:
            records = rows_at(_ANY.decode(whole), self.layout.rows_at)
        except (msgspec.DecodeError, RecursionError) as error:
            raise damaged(self.name) from error
        place = 0
        while part := records[place : place + 4096]:
            yield [(place + at + 1, record, "") for at, record in enumerate(part)]
            place += len(part)

    def _lines(self, first: bytes, blocks: Iterator[bytes]) -> Iterator[list[tuple[int, Record | None, str]]]:
        rest, line = first, 1
        while True:
            block = next(blocks, b"")
            whole, newline, rest = rest.rpartition(b"\n")
            if whole or newline:
                told = [_line(words, line + at) for at, words in enumerate(whole.split(b"\n"))]
                line += len(told)
                if found := [one for one in told if one is not None]:
                    yield found
            if len(rest) > LINE_MOST:
                raise TooMuch(text("a record is longer than {limit} MiB", limit=LINE_MOST // 1024**2))
            if not block:
                break
            rest += block
        last = _line(rest, line)
        if last is not None:
            if last[1] is None:
                raise damaged(self.name)  # an end without an end of line is whole only if the object is
            yield [last]


def _line(words: bytes, line: int) -> tuple[int, Record | None, str] | None:
    if not words.strip():
        return None
    try:
        return line, _RECORD.decode(words), ""
    except (msgspec.DecodeError, RecursionError):
        return line, None, words.decode("utf-8", "replace")


def found_at(document: Any, path: str) -> Any:
    """Return what stands at a path of members, such as ``data.list``; None where nothing does.

    >>> found_at({"data": {"list": [1]}}, "data.list"), found_at({"data": 1}, "data.list")
    ([1], None)
    """
    for part in path.split(".") if path else ():
        document = document.get(part) if isinstance(document, dict) else None
    return document


def rows_at(document: Any, path: str) -> list[dict[str, Any]]:
    """Return the list of objects at a path of a document, or refuse it."""
    found = found_at(document, path)
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise Invalid(
            text("there is no list of objects at {path}", path=path or "."),
            remedy=text("name the path of the list, such as data.list"),
        )
    return found


def columns_of(records: Sequence[Record], columns: Sequence[Sequence[str]]) -> list[list[str | None]]:
    """Return the records column by column, as text; each column has the names under which it may stand."""
    return [[text_of(_member(record, names)) for record in records] for names in columns]


def text_of(value: Any) -> str | None:
    """Return a value as the text that it is; nothing is rounded, a list or an object stays JSON.

    >>> text_of(915001137562299212345678), text_of(True), text_of(None), text_of(["a"])
    ('915001137562299212345678', 'true', None, '["a"]')
    """
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int) else msgspec.json.encode(value).decode()


def _member(record: Record, names: Sequence[str]) -> Any:
    return next((record[name] for name in names if name in record), None)


def _portion(
    records: list[tuple[int, Record | None, str]], before: int, columns: Sequence[Sequence[str]], contract: Contract
) -> Portion:
    placed = [(before + at + 1, line, record, raw) for at, (line, record, raw) in enumerate(records)]
    whole = [(row, line, record) for row, line, record, _ in placed if record is not None]
    broken = tuple(Broken(row, line, Reason.NOT_A_RECORD, raw) for row, line, record, raw in placed if record is None)
    items = columns_of([record for _, _, record in whole], columns)
    arrays = [
        pa.array([row for row, _, _ in whole], pa.int64()),
        pa.array([line for _, line, _ in whole], pa.int64()),
        *(pa.array(item, pa.string()) for item in items),
    ]
    return Portion(pa.RecordBatch.from_arrays(arrays, schema=schema_of(contract)), broken)
