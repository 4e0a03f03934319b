"""A portion of a gather: the rows that are dealt with in one transaction, and what each comes to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from .kinship import id_of
from .record import Flaw, Reader, Record, Row, State

ROWS = 1000


@dataclass(frozen=True, slots=True)
class Known:
    """What is kept of a record, as far as a new gather must know it."""

    id: str
    digest: str
    state: State


@dataclass(frozen=True, slots=True, kw_only=True)
class Portion:
    """Some rows of a file in its order, from one position to another."""

    start: int
    end: int
    records: tuple[Record, ...]
    flaws: tuple[tuple[int, Flaw], ...]  # line and reason

    @property
    def keys(self) -> list[str]:
        """The keys of its records."""
        return [one.key for one in self.records]

    @property
    def flaw_counts(self) -> Mapping[Flaw, int]:
        """How many rows were refused, by reason."""
        return Counter(flaw for _, flaw in self.flaws)


Sorted = tuple[str, str, Record]  # identifier, digest and record


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a portion changes."""

    new: tuple[Sorted, ...]
    changed: tuple[Sorted, ...]
    seen: tuple[str, ...]

    def counts(self, refused: int) -> Mapping[str, int]:
        """Return how many rows came to what."""
        return {
            "new": len(self.new),
            "updated": len(self.changed),
            "unchanged": len(self.seen),
            "refused": refused,
        }


def portions(rows: Iterable[Row], reader: Reader, *, start: int, size: int = ROWS) -> Iterator[Portion]:
    """Cut a file into portions from ``start`` on; what stands before is read, but only to count keys that repeat."""
    coming, at = iter(rows), 0
    while cut := list(islice(coming, size if at >= start else min(size, start - at))):
        read = [(row, reader.read(row)) for row in cut]
        begin, at = at, at + len(cut)
        if begin >= start:
            yield Portion(
                start=begin,
                end=at,
                records=tuple(one for _, one in read if isinstance(one, Record)),
                flaws=tuple((row.line, one) for row, one in read if isinstance(one, Flaw)),
            )


def outcome(source: str, portion: Portion, known: Mapping[str, Known]) -> Outcome:
    """Return what is new, what says something else than before (or is back), and what is as it was."""
    new, changed, seen = [], [], []
    for record in portion.records:
        said, before = record.digest(), known.get(record.key)
        if before is None:
            new.append((id_of(source, record.key), said, record))
        elif before.digest != said or before.state is State.VANISHED:
            changed.append((before.id, said, record))
        else:
            seen.append(before.id)
    return Outcome(tuple(new), tuple(changed), tuple(seen))
