"""What every harvest keeps to: how long, how much, how many."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from jutong.kernel.errors import TooMuch
from jutong.kernel.text import text
from jutong.terms.division import Divisions

from ..recognise import VALUE_LIMIT, profile_of, recognise
from ..table import Column, Found


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """How much a harvest may ask of the source and of this machine."""

    seconds: float = 300  # in all
    statement_seconds: int = 10  # a statement
    tables: int = 5000
    sample_rows: int = 1000  # times columns times ``VALUE_LIMIT`` characters is what is in memory at once
    workbook_bytes: int = 256 * 1024**2  # unpacked


@dataclass(slots=True)
class Clock:
    """The harvest's time, asked between statements and blocks."""

    bounds: Bounds
    _begun: float = field(default_factory=time.monotonic)

    def check(self) -> None:
        """Refuse to go on beyond the time."""
        if time.monotonic() - self._begun > self.bounds.seconds:
            raise TooMuch(
                text("the harvest took longer than {seconds} seconds; nothing was kept", seconds=self.bounds.seconds),
                remedy=text("harvest one schema or one file at a time"),
            )


class Source(Protocol):
    """Something whose tables can be looked over; ``complete`` says that what it does not show is not there."""

    @property
    def kind(self) -> str:
        """A key of ``SOURCES``."""
        ...

    @property
    def complete(self) -> bool:
        """Whether a table that is not found is gone."""
        ...

    def tables(self, divisions: Divisions) -> Iterator[Found]:
        """Yield its tables in order, each with the counts of a sample; no value leaves."""
        ...


def profiled(found: Found, rows: Iterable[Sequence[str | None]], divisions: Divisions) -> Found:
    """Return the table with what a sample of its rows shows."""
    values: list[list[str | None]] = [[] for _ in found.columns]
    for row in rows:
        for place, value in enumerate(row[: len(values)]):
            values[place].append(None if value is None else value[:VALUE_LIMIT])
    return replace(
        found, columns=tuple(_seen(one, held, divisions) for one, held in zip(found.columns, values, strict=True))
    )


def _seen(column: Column, values: list[str | None], divisions: Divisions) -> Column:
    profile = profile_of(values, divisions)
    return replace(column, profile=profile, guess=recognise(column.name, column.comment, profile))
