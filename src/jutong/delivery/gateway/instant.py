"""The instant at which calls arrive: the clock is read once for all that come in one turn of the event loop."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, date, datetime
from functools import lru_cache

import msgspec

from jutong.kernel.clock import LEGAL_TIME, Clock

_LEGAL_OFFSET = 8 * 3600  # seconds


class Instant(msgspec.Struct, frozen=True, gc=False):
    """One instant in the spellings that a call needs."""

    now: datetime
    seconds: int
    milliseconds: int
    day: date  # the legal one
    spelled: str
    steady: float  # by the steady clock of the machine
    hour: int  # of the legal day


class Instants:
    """Tells the present instant; calls of one turn of the loop, less than a millisecond apart, share it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._held: Instant | None = None

    def present(self) -> Instant:
        """Return the instant of this turn."""
        held = self._held
        if held is None:
            held = self._held = _instant_of(self._clock())
            asyncio.get_running_loop().call_soon(self._pass)
        return held

    def _pass(self) -> None:
        self._held = None


def _instant_of(now: datetime) -> Instant:
    stamp = now.timestamp()
    seconds = int(stamp)
    # What isoformat gives for an instant in UTC, at a quarter of its price.
    spelled = f"{_second(seconds)}.{now.microsecond:06}+00:00"
    return Instant(
        now,
        seconds,
        int(stamp * 1000),
        _legal_day((seconds + _LEGAL_OFFSET) // 86_400),
        spelled,
        time.monotonic(),
        (seconds + _LEGAL_OFFSET) // 3600 % 24,
    )


def legal_day(now: datetime) -> date:
    """Return the day by legal time (UTC+8).

    >>> legal_day(datetime(2026, 1, 1, 17, tzinfo=UTC))
    datetime.date(2026, 1, 2)
    """
    return _legal_day((int(now.timestamp()) + _LEGAL_OFFSET) // 86_400)


@lru_cache(maxsize=8)
def _second(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")


@lru_cache(maxsize=8)
def _legal_day(number: int) -> date:
    # One and the same date for all calls of a day, so that it can be told by identity.
    return datetime.fromtimestamp(number * 86_400 - _LEGAL_OFFSET, LEGAL_TIME).date()
