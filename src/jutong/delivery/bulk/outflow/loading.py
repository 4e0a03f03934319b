"""What a run brings: the rows of a version, or what changed since the version that stands in the target.

Memory: one row group of a file. Each batch that is asked for is asked about first (``watch``): a right that was taken
away ends the run before the next one leaves.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from jutong.kernel.errors import Unavailable
from jutong.kernel.text import text

from ..making import folder_of
from ..view import Part, View

ROWS_A_BATCH = 16_384
CHANGE = "_change_type"
Watch = Callable[[int], None]  # told how many rows were handed on; refuses where nothing more may leave


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What a target says that it holds: the version, its rows, and the digest of the view's manifest."""

    version: int
    rows: int
    digest: str
    keyed: bool = True  # each of its rows has a key of its own


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What was found in a target when it was compared: its rows and their checksum, where they were reckoned."""

    rows: int
    checksum: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What changed from one version to the next, in files."""

    version: int
    folder: Path
    parts: tuple[Part, ...]

    @property
    def rows(self) -> int:
        """How many rows were inserted or deleted."""
        return sum(part.rows for part in self.parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """One delivery: the whole of ``version`` (``base`` None), or the ``steps`` that lead to it from ``base``."""

    agreement: str
    outflow: str
    version: int
    digest: str  # of the view's manifest
    manifest: str  # signed: what lies in the target after this delivery
    rows: int  # of the version
    folder: Path
    parts: tuple[Part, ...]
    schema: pa.Schema
    key: str  # the column by which a row is known; empty where none leaves in clear
    keyed: bool  # each row of the version has a key of its own
    base: int | None = None
    steps: tuple[Step, ...] = ()
    watch: Watch

    @property
    def total(self) -> int:
        """How many rows are to be handed on."""
        return self.rows if self.base is None else sum(step.rows for step in self.steps)

    def whole(self) -> Iterator[pa.RecordBatch]:
        """Yield all rows of the version."""
        for part in self.parts:
            yield from self._read(self.folder / part.name, self.schema.names)

    def inserted(self, step: Step) -> Iterator[pa.RecordBatch]:
        """Yield the rows that came with a step."""
        yield from self._changed(step, "insert", self.schema.names)

    def deleted(self, step: Step) -> Iterator[pa.Array]:
        """Yield the keys of the rows that went with a step."""
        for batch in self._changed(step, "delete", [self.key]):
            yield batch.column(0)

    def _changed(self, step: Step, kind: str, names: Collection[str]) -> Iterator[pa.RecordBatch]:
        for part in step.parts:
            for batch in self._read(step.folder / part.name, [*names, CHANGE]):
                kept = batch.filter(pc.equal(batch.column(CHANGE), kind))
                if kept.num_rows:
                    yield kept.select(list(names))

    def _read(self, path: Path, names: Collection[str]) -> Iterator[pa.RecordBatch]:
        try:
            with pq.ParquetFile(path, memory_map=True) as file:
                for batch in file.iter_batches(ROWS_A_BATCH, columns=list(names)):
                    self.watch(0)
                    yield batch.select(list(names))
                    self.watch(batch.num_rows)
        except (OSError, pa.ArrowException) as error:
            raise Unavailable(text("files of a view cannot be read")) from error


class Order(Protocol):
    """What a target is asked to take; it says what stands, and is given what leads from there."""

    @property
    def outflow(self) -> str:
        """Identifier of the outflow."""
        ...

    @property
    def agreement(self) -> str:
        """Identifier of the agreement."""
        ...

    @property
    def schema(self) -> pa.Schema:
        """The columns of the rows."""
        ...

    @property
    def key(self) -> str:
        """The column by which rows are looked up in the target, or empty."""
        ...

    @property
    def anew(self) -> bool:
        """Whether the consumer asked for the whole over whatever stands there."""
        ...

    @property
    def last(self) -> int:
        """The version that this node believes to stand there; -1 for none."""
        ...

    @property
    def newest(self) -> int:
        """The version that is to stand there."""
        ...

    def load(self, standing: Standing | None, *, keyed: bool) -> Load | None:
        """Return what is to be brought, or None where all of it stands; ``keyed``: changes are laid on by key."""
        ...

    def still(self) -> None:
        """Refuse where the delivery may not be completed any more."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What came of a delivery; ``load`` None: the target had it already."""

    load: Load | None
    changed: int = 0


def steps_from(folder: Path, views: Collection[View], base: int, newest: View) -> tuple[Step, ...] | None:
    """Return what leads from ``base`` to ``newest`` without a gap and under the same terms, or None."""
    known: Mapping[int, View] = {one.version: one for one in views if one.terms == newest.terms}
    if base not in known:
        return None
    steps = []
    for version in range(base + 1, newest.version + 1):
        one = known.get(version)
        if one is None or one.changes is None:
            return None
        home = folder_of(folder, one.agreement, version) / "changes"
        steps.append(Step(version=version, folder=home, parts=one.changes))
    return tuple(steps)


def schema_at(folder: Path, view: View) -> pa.Schema:
    """Return the columns of a version's rows, as its files have them."""
    try:
        return pq.read_schema(folder_of(folder, view.agreement, view.version) / view.parts[0].name).remove_metadata()
    except (OSError, pa.ArrowException) as error:
        raise Unavailable(text("files of a view cannot be read")) from error
