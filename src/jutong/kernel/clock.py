"""The only place that asks the machine what time it is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone

Clock = Callable[[], datetime]

# One legal time for the whole country (GB/T 7408; UTC+8, no summer time): a statutory day begins and ends by it.
LEGAL_TIME = timezone(timedelta(hours=8), "UTC+08:00")


def system_clock() -> datetime:
    """Return the present instant, aware and in UTC."""
    return datetime.now(UTC)


class SteadyClock:
    """A clock that never runs backwards, whatever the machine's does.

    >>> ticks = iter([datetime(2026, 1, 2, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)])
    >>> clock = SteadyClock(lambda: next(ticks))
    >>> clock() == clock()
    True
    """

    def __init__(self, beneath: Clock = system_clock) -> None:
        self._beneath = beneath
        self._last = datetime.min.replace(tzinfo=UTC)

    def __call__(self) -> datetime:
        """Return the present instant, or the last one if the machine's clock went back."""
        self._last = max(self._last, self._beneath())
        return self._last
