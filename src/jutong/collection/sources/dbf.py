"""dBase and FoxPro tables: fixed columns cut by the header's own measures; deleted records are no records."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from jutong.kernel.errors import Invalid
from jutong.kernel.text import text

from ..contract import UNREADABLE, Contract, Limits
from ..layout import Layout
from ..source import Portion, Survey, schema_of
from .packed import checked_size, content_of, damaged
from .words import ENCODINGS, MARKED

VERSIONS = frozenset((0x02, 0x03, 0x30, 0x31, 0x32, 0x43, 0x63, 0x83, 0x8B, 0xCB, 0xF5, 0xFB))
PORTION_BYTES = 8 * 1024**2
TEXTS = "CNFDL"  # held as characters; a whole number of four bytes is exact as well
DELETED = ord("*")
CODE_PAGES = {0x4D: "gb18030", 0x7A: "gb18030", 0x4E: "", 0x4F: "big5", 0x78: "big5", 0x7B: ""}
_END = 0x0D


@dataclass(frozen=True, slots=True)
class Measure:
    """A field: where it begins in a record, and how long it is."""

    name: str
    kind: str
    start: int
    length: int


@dataclass(frozen=True, slots=True)
class Header:
    """What the head of a file says of it."""

    records: int
    begins: int
    width: int
    fields: tuple[Measure, ...]
    page: int


@dataclass(slots=True)
class DbfSource:
    """A table of a .dbf file; its words are in the declared encoding, whatever the file says of its code page."""

    path: Path
    layout: Layout = field(default_factory=Layout)
    limits: Limits = field(default_factory=Limits)
    kind: str = "dbf"

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
        """Check the file's length against its header, and count the records that are not deleted."""
        content = content_of(self.path, self.limits)
        header = self._header()
        columns, aside = self._columns(header, contract)
        strange = [item for item, one in columns.items() if one.kind not in f"{TEXTS}I"]
        if strange:
            raise Invalid(
                text("columns {names} do not hold text", names=", ".join(strange)),
                remedy=text("write them as text, or declare whole numbers and dates castable"),
            )
        rows = sum(int(np.count_nonzero(block[:, 0] != DELETED)) for block, _ in self._blocks(header))
        if not rows:
            raise Invalid(text("{name} holds no rows", name=self.name))
        if self.layout.on_bad_bytes == "refuse":
            self._refuse_unreadable(header, columns, contract)
        return Survey(content, rows, aside)

    def portions(self, contract: Contract) -> Iterator[Portion]:
        """Yield the records in the file's order; ``_line`` is the place among all, deleted ones included."""
        header = self._header()
        columns, _ = self._columns(header, contract)
        row = 0
        for block, before in self._blocks(header):
            kept = np.flatnonzero(block[:, 0] != DELETED)
            held = block[kept]
            places = pa.array(np.arange(row + 1, row + 1 + len(kept)), pa.int64())
            lines = pa.array(kept + before + 1, pa.int64())
            items = [self._values(held, columns[name]) for name in contract.names]
            yield Portion(pa.RecordBatch.from_arrays([places, lines, *items], schema=schema_of(contract)))
            row += len(kept)

    def _header(self) -> Header:
        size = checked_size(self.path, self.limits)
        with self.path.open("rb") as stream:
            header = header_of(stream.read(65_535), ENCODINGS[self.layout.encoding])
        if header is None or size < header.begins + header.records * header.width:
            raise damaged(self.name)
        return header

    def _columns(self, header: Header, contract: Contract) -> tuple[dict[str, Measure], tuple[str, ...]]:
        columns, aside = contract.columns_in([one.name for one in header.fields], self.layout.headers)
        named = {one.name: one for one in header.fields}
        return {item: named[column] for item, column in columns.items()}, aside

    def _blocks(self, header: Header) -> Iterator[tuple[NDArray[np.uint8], int]]:
        at_once, done = max(1, PORTION_BYTES // header.width), 0
        with self.path.open("rb") as stream:
            stream.seek(header.begins)
            while done < header.records:
                count = min(at_once, header.records - done)
                data = stream.read(count * header.width)
                if len(data) < count * header.width:
                    raise damaged(self.name, text("(it changed while it was read)"))
                yield np.frombuffer(data, np.uint8).reshape(count, header.width), done
                done += count

    def _values(self, block: NDArray[np.uint8], one: Measure) -> pa.Array:
        cells = np.ascontiguousarray(block[:, one.start : one.start + one.length])
        if one.kind == "I":
            return pa.array(cells.view("<i4").reshape(-1)).cast(pa.string())
        words = words_of(cells, ENCODINGS[self.layout.encoding])
        # Numbers stand at the right of their field, words at the left.
        return pa.array(words if one.kind == "C" else [word.strip() for word in words], pa.string())

    def _refuse_unreadable(self, header: Header, columns: dict[str, Measure], contract: Contract) -> None:
        for block, before in self._blocks(header):
            kept = block[block[:, 0] != DELETED]
            for name in contract.names:
                found = [
                    at for at, word in enumerate(self._values(kept, columns[name]).to_pylist()) if UNREADABLE in word
                ]
                if found:
                    raise Invalid(
                        text(
                            "{name} is not {encoding}: a field of record {row} cannot be read",
                            name=self.name,
                            encoding=self.layout.encoding,
                            row=before + found[0] + 1,
                        ),
                        basis=text("declared encoding"),
                        remedy=text(
                            "declare the encoding in which the file was written, or have such rows quarantined"
                        ),
                    )


def header_of(head: bytes, codec: str) -> Header | None:
    """Read the head of a .dbf file; None for what cannot be one.

    >>> header_of(b"name,code", "gb18030") is None
    True
    """
    if len(head) < 65 or head[0] not in VERSIONS:
        return None
    records, begins, width = struct.unpack_from("<IHH", head, 4)
    measures: list[Measure] = []
    place, start = 32, 1
    while place + 32 <= min(begins, len(head)) and head[place] != _END:
        name = head[place : place + 11].partition(b"\0")[0].decode(codec, "replace").strip()
        kind, length = chr(head[place + 11]), head[place + 16]
        if kind == "C":
            length += head[place + 17] << 8  # Clipper and FoxPro keep the high byte where the decimals would be
        measures.append(Measure(name, kind, start, length))
        start, place = start + length, place + 32
    if not measures or start != width or begins < place + 1 or not all(one.name and one.length for one in measures):
        return None
    return Header(records, begins, width, tuple(measures), head[29])


def words_of(cells: NDArray[np.uint8], codec: str) -> list[str]:
    """Return the cells of one column as words without the blanks that fill them up; whole columns at a time."""
    if not len(cells):
        return []
    ended = np.concatenate((cells, np.full((len(cells), 1), 0x0A, np.uint8)), axis=1)
    words = ended.tobytes().decode(codec, MARKED).split("\n")
    if len(words) != len(cells) + 1 or (cells == 0x0A).any():  # a line end, or half a character at a cell's end
        words = [cell.tobytes().decode(codec, MARKED) for cell in cells] + [""]
    return [word.rstrip(" \0") for word in words[:-1]]
