"""Make ``calendar.csv`` from the package chinesecalendar (a development tool): exceptions alone; run by hand."""

from __future__ import annotations

import csv
from datetime import date, timedelta
from pathlib import Path

import chinese_calendar

TARGET = Path(__file__).parent.parent / "src" / "jutong" / "data" / "calendar.csv"
FIRST, LAST = 2004, 2026
SATURDAY = 5


def main() -> None:
    """Write every weekday that rests and every weekend day that works."""
    with TARGET.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(("date", "working", "notice"))
        day = date(FIRST, 1, 1)
        while day.year <= LAST:
            working = chinese_calendar.is_workday(day)
            if working != (day.weekday() < SATURDAY):
                writer.writerow((day.isoformat(), int(working), f"国务院办公厅关于{day.year}年部分节假日安排的通知"))
            day += timedelta(days=1)


if __name__ == "__main__":
    main()
