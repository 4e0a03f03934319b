"""Make ``divisions.csv`` and ``registry_codes.csv`` from yearly code tables and a register; run by hand.

``JUTONG_DATA`` names the folder with ``divisions/`` and ``enterprise/``. What is written are plain facts: which code
was called what in which years, and which codes registering offices use that no table has.
"""

from __future__ import annotations

import csv
import os
import re
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import duckdb

SOURCES = Path(os.environ.get("JUTONG_DATA", "../shared/data"))
TARGET = Path(__file__).parent.parent / "src" / "jutong" / "data"
FIRST, LAST = 1980, 2023
FILLERS = (
    "市辖区",
    "县",
    "市",
    "省直辖县级行政区划",
    "自治区直辖县级行政区划",
    "省直辖行政单位",
    "省直辖县级行政单位",
    "自治区直辖县级行政单位",
)
LEAST_ROWS = 20  # a code that fewer registrations bear may be a slip of the pen

Names = dict[int, str]  # year -> name


def main() -> None:
    """Write both files."""
    tables, zones = yearly_tables()
    spans = sorted(span for code, names in tables.items() for span in spans_of(code, names, tables))
    write("divisions.csv", ("code", "name", "first_year", "last_year"), spans)
    known = {span[0] for span in spans}
    registry = {code: (name, "statistical zone") for code, name in zones.items() if code not in known}
    registry.update({code: ("", "register") for code in codes_in_registers() if code not in known | set(registry)})
    rows = sorted((code, name, origin) for code, (name, origin) in registry.items())
    write("registry_codes.csv", ("code", "name", "origin"), rows)


def yearly_tables() -> tuple[dict[str, Names], dict[str, str]]:
    """Return code -> year -> name from all tables, and the zones that only statistics know."""
    tables: dict[str, Names] = defaultdict(dict)
    for year, code, name in mca_rows():
        tables[code][year] = name
    for revision, code, name in query("gbt2260_revisions", "revision, code, name", "code, revision"):
        tables[code][2014 if revision == "latest" else int(revision[:4])] = clean(name)
    zones: dict[str, str] = {}
    for code, name in nbs_rows():
        if code in tables or code[4] != "7":
            tables[code][LAST] = name
        else:
            zones[code] = name
    return tables, zones


def mca_rows() -> Iterable[tuple[int, str, str]]:
    """Yield year, code and name of the ministry's tables, without the rows that a scraper broke."""
    for year, raw_code, raw_name in query(
        "mca_county_codes_even_years_1980_2018", "year, code_raw, name_raw", "year, code_raw"
    ):
        code, name = clean(raw_code), clean(raw_name)
        if re.fullmatch("[1-9][0-9]{5}", code) and re.fullmatch("[\u4e00-\u9fff]{2,}", name):
            yield year, code, name


def nbs_rows() -> Iterable[tuple[str, str]]:
    """Yield code and name of the newest table."""
    for level, digits in (("provinces", 2), ("cities", 4), ("areas", 6)):
        for code, name in query(f"nbs2023_{level}", "code, name", "code"):
            if len(code) == digits:
                yield code.ljust(6, "0"), clean(name)


def spans_of(code: str, names: Names, tables: dict[str, Names]) -> Iterable[tuple[str, str, str, str]]:
    """Yield (code, name, first year, last year); the bounds are outer ones, since the tables have gaps."""
    if names[min(names)] in FILLERS:  # not in every table, but standing as long as what they fill
        begin = max(FIRST, min(tables.get(f"{code[:2]}0000", {FIRST: ""})))
        latest = max(names)
        yield code, names[latest], str(begin), "" if latest == LAST else str(latest + 1)
        return
    years = table_years()
    run: list[int] = []
    for place, year in enumerate(years):
        if year in names:
            run.append(year)
            continue
        after = years[place + 1] if place + 1 < len(years) else None
        if run and after in names and years[place - 1] in names and names[after] == names[years[place - 1]]:
            run.append(year)  # missing from one table alone: the table's fault
            names = {**names, year: names[after]}
            continue
        if run:
            yield from named_spans(code, run, names, until=year)
            run = []
    if run:
        yield from named_spans(code, run, names, until=None)


def named_spans(code: str, run: list[int], names: Names, *, until: int | None) -> Iterable[tuple[str, str, str, str]]:
    """Yield one span a name over a run of tables that all list the code."""
    years = table_years()
    before = [year for year in years if year < run[0]]
    begin = before[-1] + 1 if before else FIRST
    for place, year in enumerate(run):
        if place + 1 < len(run) and names[run[place + 1]] == names[year]:
            continue
        last = place + 1 == len(run)
        end = ("" if until is None else str(until)) if last else str(run[place + 1])
        yield code, names[year], str(begin), end
        begin = year + 1


def table_years() -> tuple[int, ...]:
    """Return the years that have a table."""
    return tuple(sorted({*range(1980, 2019, 2), *range(2002, 2015), LAST}))


def codes_in_registers() -> list[str]:
    """Return the division parts that enough registrations bear."""
    rows = duckdb.execute(
        "select uscc[3:8] as code from read_parquet(?) where regexp_full_match(uscc, '[0-9A-Z]{2}[1-9][0-9]{5}.{10}')"
        " group by code having count(*) >= ? order by code",
        [str(SOURCES / "enterprise" / "*.parquet"), LEAST_ROWS],
    )
    return [code for (code,) in rows.fetchall()]


def query(table: str, columns: str, order: str) -> list[tuple[Any, ...]]:
    """Return rows of one table of divisions."""
    path = SOURCES / "divisions" / f"{table}.parquet"
    words = f"select {columns} from read_parquet(?) order by {order}"  # noqa: S608, written in this file
    return duckdb.execute(words, [str(path)]).fetchall()


def clean(raw: str) -> str:
    """Return a cell without blanks, in whichever spelling."""
    return re.sub(r"<U\+00A0>|\s|\u3000", "", raw)


def write(name: str, head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> None:
    """Write one data file."""
    with (TARGET / name).open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(head)
        writer.writerows(rows)


if __name__ == "__main__":
    main()
