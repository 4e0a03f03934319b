"""Deliveries under way: how far each has come, told in a file of the home to whoever looks, from any process."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path

import msgspec

from jutong.kernel.clock import Clock
from jutong.kernel.errors import NO_TEXT, NotFound, Refused, Unavailable
from jutong.kernel.ids import is_ulid, ulid
from jutong.kernel.shape import learn
from jutong.kernel.telling import tell, told, whole
from jutong.kernel.text import Text

from .batch import Batch

FOLDER = "progress"
TOLD_EVERY_SECONDS = 0.5
SILENT_AFTER = timedelta(minutes=5)  # longer than any step takes that tells nothing


class Step(StrEnum):
    """Where a delivery under way stands."""

    COUNTING = "counting"
    LANDING = "landing"
    LANDED = "landed"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Underway:
    """How far one delivery has come."""

    id: str
    entry: str
    began: datetime
    told: datetime
    step: Step = Step.COUNTING
    rows: int = 0
    total: int = 0
    batch: str = ""
    known: bool = False  # the same delivery had landed before
    reason: Text = NO_TEXT  # of a refusal
    basis: Text = NO_TEXT
    remedy: Text = NO_TEXT

    @property
    def ended(self) -> bool:
        """Say whether nothing more will come."""
        return self.step in (Step.LANDED, Step.REFUSED)

    def broken_off(self, now: datetime) -> bool:
        """Say whether its process must have ended: nothing was told for longer than any step takes."""
        return not self.ended and now - self.told > SILENT_AFTER


# Made once, before any thread asks: what a type looks like is not worked out safely by several at a time.
_READER = msgspec.json.Decoder(Underway)


@dataclass(slots=True)
class Teller:
    """Tells how far one delivery has come, at most twice a second while rows are read."""

    path: Path
    clock: Clock
    at: Underway
    _next: float = field(default=0.0)

    def progress(self, rows: int, of: int) -> None:
        """Tell how many rows were read, of how many."""
        if time.monotonic() >= self._next:
            self._tell(replace(self.at, step=Step.LANDING, rows=rows, total=of))

    def landed(self, batch: Batch, *, known: bool) -> None:
        """Tell which batch it became, and whether that was known before."""
        rows = batch.rows_read
        self._tell(replace(self.at, step=Step.LANDED, rows=rows, total=rows, batch=batch.id, known=known))

    def refused(self, error: Refused | Unavailable) -> None:
        """Tell why nothing came of it."""
        self._tell(replace(self.at, step=Step.REFUSED, reason=error.reason, basis=error.basis, remedy=error.remedy))

    def _tell(self, at: Underway) -> None:
        self.at = replace(at, told=self.clock())
        self._next = time.monotonic() + TOLD_EVERY_SECONDS
        tell(self.path, self.at)


@contextmanager
def under_way(home: Path, entry: str, clock: Clock, *, delivery: str = "") -> Iterator[Teller]:
    """Let a delivery tell how far it has come; without a name of its own nothing of it stays when it ends."""
    if not is_ulid(entry):
        raise NotFound("catalogue entry", entry[:26])
    now = clock()
    name = delivery or ulid(now)
    path = _path(home, entry, name)
    path.parent.mkdir(parents=True, exist_ok=True)
    teller = Teller(path, clock, Underway(id=name, entry=entry, began=now, told=now))
    tell(path, teller.at)
    try:
        yield teller
    except (Refused, Unavailable) as error:
        teller.refused(error)
        raise
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    finally:
        if not delivery:
            path.unlink(missing_ok=True)


def find_under_way(home: Path, entry: str, delivery: str) -> Underway | None:
    """Return how far a delivery has come, or has got; nothing when it was never there or is long over."""
    if not (is_ulid(entry) and is_ulid(delivery)):
        return None
    return _read(_path(home, entry, delivery))


def all_under_way(home: Path, entry: str = "") -> tuple[Underway, ...]:
    """Return the deliveries that have not ended, of one entry or of all, the oldest first."""
    folder = home / FOLDER
    pattern = f"{entry}.*.json" if is_ulid(entry) else "*.json"
    found = [one for path in (folder.glob(pattern) if folder.is_dir() else ()) if (one := _read(path))]
    return tuple(sorted((one for one in found if not one.ended), key=lambda one: (one.began, one.id)))


def _path(home: Path, entry: str, delivery: str) -> Path:
    return home / FOLDER / f"{entry}.{delivery}.json"


learn(Underway)


def _read(path: Path) -> Underway | None:
    at = told(path, _READER)
    return at and replace(at, reason=whole(at.reason), basis=whole(at.basis), remedy=whole(at.remedy))
