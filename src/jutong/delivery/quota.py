"""What several gateway processes count together: calls of a day per agreement, and signatures already used.

Both are tables in memory-mapped files: a process that is killed between two lines leaves them as they were, and a
power cut costs at most what the system had not yet written back (the journal of calls stays the truth).
"""

from __future__ import annotations

import fcntl
import hashlib
import mmap
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path

from jutong.kernel.errors import TooMuch
from jutong.kernel.files import refusing_full_disk
from jutong.kernel.httpsig import PAST_SECONDS, full
from jutong.kernel.text import text

_DAY_FILE = re.compile(r"quota-(\d{4}-\d{2}-\d{2})\.map")
_KEPT_DAYS = 2


class _Shared:
    """A file of fixed size, mapped, under a lock that the system lets go of when its holder dies."""

    def __init__(self, path: Path, size: int) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        with refusing_full_disk():
            # Every block is there before the map is: writing to a hole of a full disk would end the process.
            os.posix_fallocate(self._handle, 0, size)
        self.map = mmap.mmap(self._handle, size)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep all other processes out of the table."""
        fcntl.flock(self._handle, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(self._handle, fcntl.LOCK_UN)

    def take(self, cells: memoryview, cell: int, amount: int, limit: int) -> bool:
        """Add ``amount`` to a cell unless that would go above ``limit``."""
        fcntl.flock(self._handle, fcntl.LOCK_EX)
        try:
            used: int = cells[cell]
            if used + amount > limit:
                return False
            cells[cell] = used + amount
            return True
        finally:
            fcntl.flock(self._handle, fcntl.LOCK_UN)

    def close(self) -> None:
        """Let go of the file."""
        self.map.close()
        os.close(self._handle)


class Counters:
    """How many records each agreement has given out on one legal day, exact over all processes of the node.

    One file a day; an agreement has a slot of 32 bytes: 24 of its digest, 8 of count.
    """

    def __init__(self, folder: Path, *, slots: int = 1 << 16) -> None:
        self._folder, self._slots = folder, slots
        self._day: date | None = None
        self._shared: _Shared | None = None
        self._cells = memoryview(b"")
        self._places: dict[str, int] = {}

    def take(self, agreement: str, day: date, amount: int, limit: int) -> bool:
        """Count ``amount`` records, or count nothing and say False if the day's ``limit`` would be passed."""
        shared = self._on(day)
        place = self._places.get(agreement)
        if place is None:
            place = self._places[agreement] = self._place(shared, agreement)
        return shared.take(self._cells, place * 4 + 3, amount, limit)

    def give(self, agreement: str, day: date, amount: int) -> None:
        """Take back what was counted for records that were not given out after all."""
        shared = self._on(day)
        place = self._places.get(agreement)
        if place is None:
            place = self._places[agreement] = self._place(shared, agreement)
        with shared.alone():
            held = int(self._cells[place * 4 + 3])
            self._cells[place * 4 + 3] = max(0, held - amount)

    def used(self, agreement: str, day: date) -> int:
        """Return how many records were counted on ``day``."""
        self.take(agreement, day, 0, 0)
        return int(self._cells[self._places[agreement] * 4 + 3])

    def close(self) -> None:
        """Let go of the file."""
        if self._shared is not None:
            self._cells.release()
            self._shared.close()
            self._shared = self._day = None

    def _on(self, day: date) -> _Shared:
        if self._shared is None or day != self._day:
            self.close()
            self._shared = _Shared(self._folder / f"quota-{day}.map", self._slots * 32)
            self._cells = memoryview(self._shared.map).cast("Q")
            self._day, self._places = day, {}
            self._sweep(day)
        return self._shared

    def _place(self, shared: _Shared, agreement: str) -> int:
        name = hashlib.sha256(agreement.encode()).digest()[:24]
        first = int.from_bytes(name[:4], "big")
        with shared.alone():
            for step in range(self._slots):
                place = (first + step) % self._slots
                held = shared.map[place * 32 : place * 32 + 24]
                if held == name:
                    return place
                if not any(held):
                    shared.map[place * 32 : place * 32 + 24] = name
                    return place
        raise TooMuch(text("more agreements are in use than this node can count"))

    def _sweep(self, today: date) -> None:
        for path in self._folder.glob("quota-*.map"):
            found = _DAY_FILE.fullmatch(path.name)
            if found and date.fromisoformat(found[1]) < today - timedelta(days=_KEPT_DAYS):
                path.unlink(missing_ok=True)


def used_on(folder: Path, agreement: str, day: date) -> int:
    """Return how many records an agreement has given out on a day, as the gateway's processes count them."""
    counters = Counters(folder)
    try:
        return counters.used(agreement, day)
    finally:
        counters.close()


class Spent:
    """Which signatures were used while they could still be fresh, over all processes and restarts of the node.

    Eight areas take turns, 64 seconds each. A slot of 16 bytes names the turn in which it was taken, so an area need
    not be emptied before it is used again: what names an older turn is free. Memory is bounded; full means refuse.
    """

    _TURN_SHIFT, _AREAS, _PROBES = 6, 8, 64

    def __init__(self, path: Path, *, slots: int = 1 << 19) -> None:
        self._slots = slots
        self._shared = _Shared(path, slots * 16 * self._AREAS)

    def admit(self, mark: bytes, *, created: int, now: int) -> bool:
        """Say whether the signature with this mark is used for the first time, and remember it."""
        if created + PAST_SECONDS < now:
            return False
        turn = created >> self._TURN_SHIFT
        area = (turn % self._AREAS) * self._slots
        prefix = turn.to_bytes(4, "big")
        wanted = prefix + mark[:12]
        first = int.from_bytes(mark[12:16], "big")
        table = self._shared.map
        with self._shared.alone():
            for step in range(self._PROBES):
                at = (area + (first + step) % self._slots) * 16
                held = table[at : at + 16]
                if held == wanted:
                    return False
                if held[:4] != prefix:
                    table[at : at + 16] = wanted
                    return True
        raise full()

    def close(self) -> None:
        """Let go of the file."""
        self._shared.close()
