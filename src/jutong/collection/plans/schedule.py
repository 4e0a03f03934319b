"""When a plan runs: every so often, or by the five fields of cron in legal time; or only by hand."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from jutong.kernel.clock import LEGAL_TIME
from jutong.kernel.errors import Invalid
from jutong.kernel.text import text

_EVERY = re.compile(r"every ([1-9][0-9]{0,4})([mhd])")
_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}
_PART = re.compile(r"(\*|[0-9]{1,2}(?:-[0-9]{1,2})?)(?:/([1-9][0-9]?))?")
_RANGES = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))
DAYS_AHEAD = 366 * 8  # the 29th of February comes within eight years


@dataclass(frozen=True, slots=True)
class Schedule:
    """A schedule as it was written; empty means by hand.

    >>> Schedule("every 15m").after(datetime(2026, 1, 1, tzinfo=LEGAL_TIME)).isoformat()
    '2026-01-01T00:15:00+08:00'
    >>> Schedule("30 2 * * 1-5").after(datetime(2026, 1, 2, 3, tzinfo=LEGAL_TIME)).isoformat()
    '2026-01-05T02:30:00+08:00'
    """

    spelled: str = ""

    def __post_init__(self) -> None:
        if self.spelled and not _EVERY.fullmatch(self.spelled):
            self._fields()

    def after(self, now: datetime) -> datetime | None:
        """Return the next instant at which the plan is due; None for a plan that runs by hand."""
        if not self.spelled:
            return None
        every = _EVERY.fullmatch(self.spelled)
        if every:
            return now + int(every[1]) * _UNITS[every[2]]
        minutes, hours, days, months, weekdays = self._fields()
        both = all("*" not in self.spelled.split()[place] for place in (2, 4))
        begun = now.astimezone(LEGAL_TIME).replace(second=0, microsecond=0) + timedelta(minutes=1)
        for ahead in range(DAYS_AHEAD):
            day = (begun + timedelta(days=ahead)).replace(hour=0, minute=0) if ahead else begun
            in_month, in_week = day.day in days, day.isoweekday() % 7 in weekdays
            # As cron does: where both the day of the month and that of the week are named, either is enough.
            if day.month not in months or not ((in_month or in_week) if both else (in_month and in_week)):
                continue
            found = next(
                (
                    day.replace(hour=hour, minute=minute)
                    for hour in sorted(hours)
                    for minute in sorted(minutes)
                    if (hour, minute) >= (day.hour, day.minute)
                ),
                None,
            )
            if found:
                return found
        raise self._wrong()

    def _fields(self) -> tuple[frozenset[int], ...]:
        parts = self.spelled.split()
        if len(parts) != len(_RANGES):
            raise self._wrong()
        minutes, hours, days, months, weekdays = (
            self._values(part, low, high) for part, (low, high) in zip(parts, _RANGES, strict=True)
        )
        return minutes, hours, days, months, frozenset(day % 7 for day in weekdays)

    def _values(self, part: str, low: int, high: int) -> frozenset[int]:
        found: set[int] = set()
        for one in part.split(","):
            told = _PART.fullmatch(one)
            if told is None:
                raise self._wrong()
            first, _, last = told[1].partition("-")
            begin, end = (low, high) if first == "*" else (int(first), int(last or first))
            if told[2] and first != "*" and not last:
                end = high
            if not low <= begin <= end <= high:
                raise self._wrong()
            found.update(range(begin, end + 1, int(told[2] or 1)))
        return frozenset(found)

    def _wrong(self) -> Invalid:
        return Invalid(
            text("{spelled} is no schedule", spelled=self.spelled[:60]),
            remedy=text("write every 15m, every 2h or every 1d, or five fields as 30 2 * * 1-5; nothing means by hand"),
        )
