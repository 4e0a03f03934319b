"""What was read from a live source, kept in a file until it has landed: from there on it is a delivery like any other.

A database changes while it is read again, so it is read once, in one snapshot, into a file of the home; the file is
counted, digested and landed. It is an Arrow file with its length at its end: one that was cut is known.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.ipc

from jutong.kernel.canon import canonical
from jutong.kernel.canon import digest as hashed
from jutong.kernel.errors import Invalid, Unavailable
from jutong.kernel.files import refusing_full_disk
from jutong.kernel.text import text
from jutong.pools.snapshot import Digest

from ..contract import Contract, Limits
from ..source import Portion, Survey, schema_of
from .keys import GONE, read_gone
from .packed import checked_size, damaged, too_large

ROWS = 16_384
MEMORY = 64 * 1024**2  # of what is read but not yet written


@dataclass(frozen=True, slots=True)
class Tally:
    """What a source says of the rows that it is about to give: how many, their checksum, the widest in bytes."""

    rows: int
    checksum: int | None = None
    widest: int = 0
    unmarked: int = 0  # rows without a watermark, which nobody would ever read


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulled:
    """A pull that is complete: how many rows it brought, and where the next one begins."""

    path: Path
    rows: int
    again: int = 0  # rows of the overlap that had come before
    left_aside: tuple[str, ...] = ()
    until: str = ""  # the newest watermark that was read
    seen: frozenset[str] = frozenset()  # digests of the rows that the next pull will read again
    behind: int = 0  # bytes of the source's log that were not read yet
    gone: int = 0  # keys whose rows the source took back; they stand beside the rows
    whole: bool = False  # whatever this source had brought and is not among these rows was taken back, too

    @property
    def says(self) -> bool:
        """Whether there is anything to land."""
        return bool(self.rows or self.gone or self.whole)


class Spool:
    """The file that is being filled; at most ``limits.max_bytes`` go in."""

    def __init__(self, writer: pa.ipc.RecordBatchFileWriter, schema: pa.Schema, limits: Limits) -> None:
        self._writer, self._limits, self.schema = writer, limits, schema
        self.rows = self._bytes = 0

    def add(self, rows: pa.RecordBatch) -> None:
        """Take in some rows, all of them text."""
        self._bytes += rows.nbytes
        if self._bytes > self._limits.max_bytes:
            raise too_large(self._limits.max_bytes)
        self.rows += len(rows)
        if len(rows):
            with refusing_full_disk():
                self._writer.write_batch(rows.cast(self.schema))


@contextmanager
def spooling(path: Path, contract: Contract, limits: Limits) -> Iterator[Spool]:
    """Lend a spool at ``path``; of one that was not filled to its end nothing stays."""
    schema = pa.schema([pa.field(name, pa.string()) for name in contract.names])
    path.parent.mkdir(parents=True, exist_ok=True)
    options = pa.ipc.IpcWriteOptions(compression="zstd")
    try:
        with (
            refusing_full_disk(),
            pa.OSFile(str(path), "wb") as stream,
            pa.ipc.new_file(stream, schema, options=options) as writer,
        ):
            yield Spool(writer, schema, limits)
    except BaseException:
        path.unlink(missing_ok=True)
        raise


@dataclass(slots=True)
class PulledSource:
    """A delivery that was pulled: the rows in the file at ``path``."""

    path: Path
    kind: str
    name: str
    limits: Limits = field(default_factory=Limits)
    left_aside: tuple[str, ...] = ()
    place: str = ""  # of a stream: the same rows at another place are another delivery
    gone: int = 0
    whole: bool = False

    def survey(self, contract: Contract) -> Survey:
        """Read the whole file once: its digest, and the rows that its end counts."""
        digest = Digest(pa.schema([pa.field(name, pa.string()) for name in contract.names]))
        for batch in self._batches(contract):
            digest.add(batch)
        if not (digest.rows or self.gone or self.whole):
            raise Invalid(text("{name} holds no rows", name=self.name))
        content = digest.hex()
        if self.gone or self.whole:
            taken = Digest(GONE)
            for batch in self.keys_gone():
                taken.add(batch)
            content = hashed(canonical({"rows": content, "taken_back": taken.hex(), "whole": self.whole}))
        if self.place:
            content = hashed(canonical({"place": self.place, "rows": content}))
        return Survey(content, digest.rows, self.left_aside)

    def portions(self, contract: Contract) -> Iterator[Portion]:
        """Yield the rows in the order in which they were read."""
        row = 0
        for batch in self._batches(contract):
            place = pa.array(range(row + 1, row + 1 + len(batch)), pa.int64())
            yield Portion(pa.RecordBatch.from_arrays([place, place, *batch.columns], schema=schema_of(contract)))
            row += len(batch)

    def keys_gone(self) -> Iterator[pa.RecordBatch]:
        """Yield the keys that the source took back."""
        yield from read_gone(self.path)

    def _batches(self, contract: Contract) -> Iterator[pa.RecordBatch]:
        checked_size(self.path, self.limits)
        try:
            with pa.OSFile(str(self.path)) as stream, pa.ipc.open_file(stream) as reader:
                if set(reader.schema.names) != set(contract.names):
                    raise contract.wrong_schema(reader.schema.names, sorted({*reader.schema.names} - {*contract.names}))
                for place in range(reader.num_record_batches):
                    yield reader.get_batch(place).select(list(contract.names))
        except (pa.ArrowException, OSError) as error:
            raise damaged(self.name) from error


def reconcile(tally: Tally, rows: int, checksum: int | None, name: str) -> None:
    """Refuse what a source gave if it is not what it had said: too few or too many rows, or others."""
    if rows != tally.rows:
        raise Invalid(
            text(
                "the source counts {counted} rows, but {read} were read: nothing was kept",
                counted=tally.rows,
                read=rows,
            ),
            basis=text("reconciliation of counts"),
            remedy=text("have the source looked at: it told one number and gave another"),
        )
    if tally.checksum is not None and checksum is not None and tally.checksum != checksum:
        raise Invalid(
            text("the rows of {name} are not those over which the source reckoned its checksum", name=name),
            basis=text("reconciliation of counts"),
            remedy=text("have the source looked at: it told one number and gave another"),
        )


def broke_off(name: str) -> Unavailable:
    """Return the failure of a source that stopped in the middle."""
    return Unavailable(
        text("{name} broke off while it was read; nothing was kept", name=name),
        remedy=text("the next run begins where the last one ended"),
    )
