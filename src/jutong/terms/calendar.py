"""Working days: which days count, by whose notice, and when a term of working days ends."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import accumulate

from jutong.kernel.errors import Invalid
from jutong.kernel.text import text

SATURDAY = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """One day; provisional as long as no notice for its year is entered."""

    date: date
    working: bool
    notice: str = ""
    provisional: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DueDay:
    """The last day of a term, and how firm it is."""

    day: date
    provisional: bool
    notice: str


@dataclass(frozen=True, slots=True, kw_only=True)
class YearNotice:
    """What the State Council's notice for one year says: which weekdays rest, and which weekend days work.

    A notice may also name days at the end of the year before, where the New Year holiday often begins.
    """

    year: int
    notice: str
    days: Mapping[date, bool]

    def __post_init__(self) -> None:
        stray = sorted(
            day for day in self.days if day.year != self.year and (day.year, day.month) != (self.year - 1, 12)
        )
        if stray:
            raise Invalid(
                text("the notice for {year} cannot name {day}", year=self.year, day=stray[0].isoformat()),
                basis=text("State Council notice on holidays, one a year"),
                remedy=text("enter each year's days with that year's notice"),
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """Weekdays work and weekends rest, but for the exceptions that each year's notice lists."""

    notices: Mapping[int, str] = field(default_factory=dict)
    exceptions: Mapping[date, bool] = field(default_factory=dict)
    # The exceptions in order, and by how many days they have moved the count of weekdays so far.
    _days: tuple[date, ...] = field(init=False, repr=False, compare=False)
    _moved: tuple[int, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        days = sorted(self.exceptions)
        moved = accumulate((self.exceptions[day] - (day.weekday() < SATURDAY) for day in days), initial=0)
        object.__setattr__(self, "_days", tuple(days))
        object.__setattr__(self, "_moved", tuple(moved))

    @classmethod
    def of_years(cls, years: Iterable[YearNotice]) -> Calendar:
        """Return the calendar in which these years are firm; on the seam of two years the later notice counts."""
        ordered = sorted(years, key=lambda year: year.year)
        return cls(
            notices={year.year: year.notice for year in ordered},
            exceptions={day: working for year in ordered for day, working in year.days.items()},
        )

    def day(self, on: date) -> Day:
        """Return what is known of one day.

        >>> Calendar().day(date(2027, 1, 2))      # a Saturday of a year without notice
        Day(date=datetime.date(2027, 1, 2), working=False, notice='', provisional=True)
        """
        return Day(
            date=on,
            working=self.exceptions.get(on, on.weekday() < SATURDAY),
            notice=self.notices.get(on.year, ""),
            provisional=on.year not in self.notices,
        )

    def is_working(self, on: date) -> bool:
        """Say whether public bodies work on that day."""
        return self.day(on).working

    def left(self, today: date, due: date) -> int:
        """Return how many working days are left after today, the due day with them; late days count below nought.

        >>> Calendar().left(date(2026, 1, 2), date(2026, 1, 5)), Calendar().left(date(2026, 1, 5), date(2026, 1, 2))
        (1, -1)
        """
        count = self.working_days(today, due)
        # A day of the law that passed is missed at once, though nobody has worked since.
        return count if due >= today else min(count, -1)

    def working_days(self, since: date, until: date) -> int:
        """Return how many days public bodies work after ``since``, up to and with ``until``; fewer than none backwards.

        >>> Calendar().working_days(date(2026, 1, 2), date(2026, 1, 5))      # from a Friday to a Monday
        1
        >>> Calendar().working_days(date(2026, 1, 5), date(2026, 1, 2))
        -1
        """
        if until < since:
            return -self.working_days(until, since)
        weeks, days = divmod((until - since).days, 7)
        rest = (since + timedelta(days=place) for place in range(1, days + 1))
        usual = 5 * weeks + sum(day.weekday() < SATURDAY for day in rest)
        before, after = (self._moved[bisect_right(self._days, day)] for day in (since, until))
        return usual + after - before

    def after(self, start: date, working_days: int) -> DueDay:
        """Return the last day of a term that begins on ``start``; the start day itself is not counted.

        A last day on which nobody works moves to the next working day (Civil Code, arts 201 and 203). One
        provisional day on the way makes the whole answer provisional.

        >>> Calendar(notices={2026: "notice"}).after(date(2026, 1, 2), 1).day      # a Friday
        datetime.date(2026, 1, 5)
        """
        if working_days < 0:
            raise ValueError("a term has no negative length")
        last = self.day(start)
        touched = [last] if working_days == 0 else []
        left = working_days
        while left or not last.working:
            last = self.day(last.date + timedelta(days=1))
            touched.append(last)
            left = max(left - last.working, 0)
        return DueDay(
            day=last.date,
            provisional=any(day.provisional for day in touched),
            notice="；".join(dict.fromkeys(day.notice for day in touched if day.notice)),
        )
