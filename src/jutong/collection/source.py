"""What every source hands in: rows as text, the rows that it could not cut into fields, and its own count."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import pyarrow as pa

from .contract import Contract, Limits, Reason

ROW = "_row"  # the record's position in the delivery, from 1; a header is not a record
LINE = "_line"  # the physical line, sheet row or table row at which the record begins, as the deliverer counts


@dataclass(frozen=True, slots=True)
class Broken:
    """A record that the source could not cut into the declared fields; ``raw`` is what stood there."""

    row: int
    line: int
    reason: Reason
    raw: str


@dataclass(frozen=True, slots=True)
class Portion:
    """Some records in order: ``rows`` has ``_row`` and ``_line`` (int64), then the contract's items as text.

    ``disordered`` is true where the source itself tells that a record lost the order of its columns.
    """

    rows: pa.RecordBatch
    broken: tuple[Broken, ...] = ()
    disordered: pa.Array | None = None


@dataclass(frozen=True, slots=True)
class Survey:
    """What a source says of itself before a row is read: digest of its content, its own count, columns left aside."""

    content: str
    rows: int
    left_aside: tuple[str, ...] = ()


class Source(Protocol):
    """A delivery that can be read from its beginning as often as asked, and is the same each time."""

    @property
    def kind(self) -> str:
        """What kind of source it is: a key of ``SOURCES``, or ``peer``."""
        ...

    @property
    def name(self) -> str:
        """What the deliverer calls it."""
        ...

    @property
    def limits(self) -> Limits:
        """How much it may ask of the machine."""
        ...

    def survey(self, contract: Contract) -> Survey:
        """Look the delivery over without reading rows into memory, or refuse it."""
        ...

    def portions(self, contract: Contract) -> Iterator[Portion]:
        """Yield all records in order, in portions of bounded size."""
        ...


def schema_of(contract: Contract) -> pa.Schema:
    """Return the schema of a portion's rows."""
    items = [pa.field(name, pa.string()) for name in contract.names]
    return pa.schema([pa.field(ROW, pa.int64()), pa.field(LINE, pa.int64()), *items])
