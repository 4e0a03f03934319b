"""Rows of a live database, read once in one snapshot: counted and summed there, streamed as text, compared here."""

from __future__ import annotations

import io
from collections.abc import Callable, Collection, Generator, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow.csv import ConvertOptions, ParseOptions, ReadOptions, open_csv

from jutong.kernel.errors import Invalid, TooMuch
from jutong.kernel.text import text

from ..contract import Contract, Limits
from ..layout import Layout
from ..reach import Mode, Reading
from .pulled import Pulled, Tally, broke_off, reconcile, spooling

BLOCK = 8 * 1024**2
WIDEST = 3 * 1024**2  # of a row, so that a block of the stream always holds one
STATEMENT_SECONDS = 6 * 3600
COLUMNS_MOST = 2_000
MARK, AGAIN = "_mark", "_again"
SHOWN = 200  # characters of a value that is looked at
Progress = Callable[[int, int], None]
Look = Callable[[Mapping[str, str]], None]  # column -> type, as the source spells it


@dataclass(frozen=True, slots=True)
class Told:
    """A column as the database declares it; ``kind``: text, exact, number, instant, or what does not become text."""

    name: str
    kind: str
    spelled: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The rows that are read: from ``since`` less the overlap up to ``until``, both as the database spells them."""

    column: str
    kind: str  # number | instant | text
    since: str
    overlap: int
    until: str = ""


class Snapshot(Protocol):
    """One look at one table, in which nothing changes."""

    def columns(self) -> tuple[Told, ...]:
        """Return the table's columns."""
        ...

    def head(self, columns: Sequence[str], most: int) -> list[tuple[str | None, ...]]:
        """Return some rows as text, each value cut to what a page shows."""
        ...

    def until(self, window: Window, most: int) -> str:
        """Return the newest watermark of the first ``most`` rows after ``since``, ties included; ``since`` for none."""
        ...

    def tally(self, columns: Sequence[str], window: Window | None, *, checksum: bool) -> Tally:
        """Count the rows, and sum up digests of them."""
        ...

    def lines(self, columns: Sequence[str], window: Window | None) -> Generator[bytes]:
        """Yield the rows as delimited text: nulls empty, all else in quotes; a window adds its mark and its flag."""
        ...


Opened = Callable[[], AbstractContextManager[Snapshot]]


def pull(
    opened: Opened,
    name: str,
    contract: Contract,
    path: Path,
    *,
    layout: Layout,
    reading: Reading,
    limits: Limits,
    since: str = "",
    seen: Collection[str] = (),
    most: int = 1_000_000,
    look: Look | None = None,
    progress: Progress | None = None,
) -> Pulled:
    """Read the rows into a file at ``path``, or refuse and keep nothing.

    ``look`` is shown the columns before a row is read, and may refuse them. Memory is bounded by a few blocks of the
    stream, and by the digests of the overlap.
    """
    path.unlink(missing_ok=True)
    with opened() as snapshot:
        found = snapshot.columns()
        told = {one.name: one.kind for one in found}
        if len(told) > COLUMNS_MOST:
            raise TooMuch(text("the table has more than {limit} columns", limit=COLUMNS_MOST))
        if look:
            look({one.name: one.spelled for one in found})
        columns, aside = contract.columns_in(told, layout.headers)
        refuse_inexact(columns, told, layout)
        window = _window(snapshot, told, reading, since, most)
        if window is not None and not window.until:
            return Pulled(path=path, rows=0, left_aside=aside, until=since, seen=frozenset(seen))
        tally = snapshot.tally(list(columns.values()), window, checksum=reading.checksum)
        _refuse_unfit(tally, name, window)
        return _spooled(
            snapshot, tally, window, columns, path=path, contract=contract, limits=limits,
            seen=seen, aside=aside, name=name, progress=progress,
        )  # fmt: skip


def _spooled(
    snapshot: Snapshot,
    tally: Tally,
    window: Window | None,
    columns: Mapping[str, str],
    *,
    path: Path,
    contract: Contract,
    limits: Limits,
    seen: Collection[str],
    aside: tuple[str, ...],
    name: str,
    progress: Progress | None,
) -> Pulled:
    known = pa.array(sorted(seen), pa.string())
    again: set[str] = set()
    read = checksum = 0
    until = ""
    names = [*contract.names, *([MARK, AGAIN] if window else [])]
    with (
        duckdb.connect() as reckoner,
        spooling(path, contract, limits) as spool,
        closing(snapshot.lines(list(columns.values()), window)) as lines,
    ):
        for batch in batches_of(lines, names, name):
            read += len(batch)
            if tally.checksum is not None:
                checksum += _checksum(reckoner, batch, contract.names)
            if window:
                digests = _digests(reckoner, batch, [*contract.names, MARK])
                flagged = pc.equal(batch.column(AGAIN), "1")
                again.update(digests.filter(flagged).to_pylist())
                until = window.until
                if len(known):
                    batch = batch.filter(pc.invert(pc.is_in(digests, value_set=known)))
            spool.add(batch.select(list(contract.names)))
            if progress:
                progress(read, tally.rows)
        reconcile(tally, read, checksum, name)
        rows = spool.rows
    return Pulled(path=path, rows=rows, again=read - rows, left_aside=aside, until=until, seen=frozenset(again))


def _window(snapshot: Snapshot, told: Mapping[str, str], reading: Reading, since: str, most: int) -> Window | None:
    if reading.mode is Mode.FULL:
        return None
    kind = told.get(reading.watermark, "")
    if kind not in ("number", "instant", "text") or (kind == "text" and reading.overlap):
        raise Invalid(
            text("the watermark {name} is no column that grows: an instant or a whole number", name=reading.watermark),
            remedy=text("name another column, or read the table in full"),
        )
    window = Window(column=reading.watermark, kind=kind, since=since, overlap=reading.overlap)
    until = snapshot.until(window, most)
    return Window(column=reading.watermark, kind=kind, since=since, overlap=reading.overlap, until=until)


def refuse_inexact(columns: Mapping[str, str], told: Mapping[str, str], layout: Layout) -> None:
    """Refuse columns whose values do not become text without loss."""
    strange = [item for item, column in columns.items() if told[column] == "bytes"]
    strange += [item for item, column in columns.items() if told[column] == "float" and item not in layout.castable]
    if strange:
        raise Invalid(
            text("columns {names} hold floating numbers or bytes", names=", ".join(strange)),
            remedy=text("store them as text: a code of 18 digits does not survive as a floating number"),
        )


def _refuse_unfit(tally: Tally, name: str, window: Window | None) -> None:
    if tally.unmarked:
        raise Invalid(
            text("{rows} rows of {name} have no watermark and would never be read", rows=tally.unmarked, name=name),
            remedy=text("name another column, or read the table in full"),
        )
    if not tally.rows and window is None:
        raise Invalid(text("{name} holds no rows", name=name))
    if tally.widest > WIDEST:
        raise TooMuch(
            text("a row of {name} is larger than {limit} MiB", name=name, limit=WIDEST // 1024**2),
            remedy=text("leave large texts and pictures out: have the source offer a view without them"),
        )


def batches_of(lines: Iterator[bytes], names: list[str], name: str) -> Iterator[pa.RecordBatch]:
    """Yield delimited text as batches of text, a few blocks at a time."""
    first = next(lines, b"")
    if not first:
        return
    try:
        reader = open_csv(
            pa.PythonFile(_Stream(first, lines), mode="r"),
            read_options=ReadOptions(use_threads=False, block_size=BLOCK, column_names=names),
            parse_options=ParseOptions(newlines_in_values=True),
            convert_options=ConvertOptions(
                column_types={each: pa.string() for each in names},
                null_values=[""],
                strings_can_be_null=True,
                quoted_strings_can_be_null=False,
            ),
        )
        yield from reader
    except pa.ArrowInvalid:
        # Arrow's own words quote the row.
        raise broke_off(name) from None


class _Stream(io.RawIOBase):
    """Blocks as a file that can be read once."""

    def __init__(self, first: bytes, blocks: Iterator[bytes]) -> None:
        self._blocks, self._rest = blocks, memoryview(first)

    def read(self, size: int = -1) -> bytes:
        """Return up to ``size`` bytes; none at the end."""
        if not self._rest:
            self._rest = memoryview(next(self._blocks, b""))
        part, self._rest = self._rest[:size], self._rest[size:]
        return bytes(part)

    def readable(self) -> bool:
        """Say that it can be read."""
        return True


def joined(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Yield small pieces as blocks of about a mebibyte."""
    held: list[bytes] = []
    size = 0
    for piece in pieces:
        held.append(piece)
        size += len(piece)
        if size >= 1024**2:
            yield b"".join(held)
            held, size = [], 0
    if held:
        yield b"".join(held)


# One row as one text, the same here and there: fields parted by U+001F, a null as U+001E.
def _row_text(names: Sequence[str]) -> str:
    return "concat_ws(chr(31), {})".format(", ".join(f'coalesce("{name}", chr(30))' for name in names))


def _checksum(reckoner: duckdb.DuckDBPyConnection, batch: pa.RecordBatch, names: Sequence[str]) -> int:
    table = pa.Table.from_batches([batch])
    reckoner.register("rows", table)
    told = reckoner.execute(
        f"SELECT coalesce(sum(('0x' || substr(md5({_row_text(names)}), 1, 15))::BIGINT), 0)::HUGEINT FROM rows"  # noqa: S608
    ).fetchall()
    return int(told[0][0])


def _digests(reckoner: duckdb.DuckDBPyConnection, batch: pa.RecordBatch, names: Sequence[str]) -> pa.Array:
    reckoner.register("rows", pa.Table.from_batches([batch]))
    told = reckoner.sql(f"SELECT md5({_row_text(names)}) AS d FROM rows")  # noqa: S608
    column = told.to_arrow_table().column("d")
    return pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], pa.string())
