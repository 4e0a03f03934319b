"""A harvest under way: how many tables were looked over, and how it ended, for whoever waits for it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import msgspec

from jutong.kernel.clock import Clock
from jutong.kernel.errors import NO_TEXT, Refused, Unavailable
from jutong.kernel.files import sweep
from jutong.kernel.ids import is_ulid
from jutong.kernel.shape import learn
from jutong.kernel.telling import tell, told, whole
from jutong.kernel.text import Text

FOLDER = "surveys"  # of the home; what it holds is progress, and no row of it is kept anywhere else
LEFT_AFTER = timedelta(days=7)
SILENT_AFTER = timedelta(minutes=15)  # longer than a harvest may take in all


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """How far one harvest has come."""

    id: str
    body: str
    system: str
    began: datetime
    told: datetime
    tables: int = 0
    done: bool = False
    reason: Text = NO_TEXT  # of a refusal
    basis: Text = NO_TEXT
    remedy: Text = NO_TEXT

    @property
    def refused(self) -> bool:
        """Say whether nothing came of it."""
        return bool(self.reason)

    def running(self, now: datetime) -> bool:
        """Say whether more may come."""
        return not (self.done or self.refused or self.broken_off(now))

    def broken_off(self, now: datetime) -> bool:
        """Say whether its process must have ended: nothing was told for longer than a harvest may take."""
        return not (self.done or self.refused) and now - self.told > SILENT_AFTER


# Made once, before any thread asks: what a type looks like is not worked out safely by several at a time.
_READER = msgspec.json.Decoder(Survey)
learn(Survey)


@dataclass(slots=True)
class Surveying:
    """Tells how far one harvest has come."""

    path: Path
    clock: Clock
    at: Survey

    def progress(self, tables: int) -> None:
        """Tell how many tables were looked over."""
        self.tell(replace(self.at, tables=tables))

    def tell(self, at: Survey) -> None:
        """Tell where it stands."""
        self.at = replace(at, told=self.clock())
        tell(self.path, self.at)


@contextmanager
def surveyed(home: Path, survey_id: str, *, body: str, system: str, clock: Clock) -> Iterator[Surveying]:
    """Let a harvest tell how far it has come; a refusal is told in its own words and goes no further."""
    now = clock()
    folder = home / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    sweep(folder, before=now - LEFT_AFTER)
    teller = Surveying(
        _path(home, survey_id), clock, Survey(id=survey_id, body=body, system=system, began=now, told=now)
    )
    teller.tell(teller.at)
    try:
        yield teller
    except (Refused, Unavailable) as error:
        teller.tell(replace(teller.at, reason=error.reason, basis=error.basis, remedy=error.remedy))
    except BaseException:
        teller.path.unlink(missing_ok=True)
        raise
    else:
        teller.tell(replace(teller.at, done=True))


def find_survey(home: Path, survey_id: str) -> Survey | None:
    """Return how far a harvest has come, or how it ended; nothing when it was never there or is long over."""
    at = told(_path(home, survey_id), _READER) if is_ulid(survey_id) else None
    return at and replace(at, reason=whole(at.reason), basis=whole(at.basis), remedy=whole(at.remedy))


def _path(home: Path, survey_id: str) -> Path:
    return home / FOLDER / f"{survey_id}.json"
