"""Divisions by year, and the codes that no table has."""

from __future__ import annotations

from itertools import pairwise

import duckdb

from jutong.registers import divisions, shipped
from tests.real import data

ALL = divisions()


def test_chongqing_has_38_districts_and_counties() -> None:
    """26 districts and 12 counties stand today."""
    today = [
        span
        for span in ALL.spans
        if span.code.startswith("50") and span.code[4:] != "00" and span.until is None and not span.registry
    ]
    assert len(today) == 38
    assert ALL.full_name_of("500112") == "重庆市渝北区"
    assert ALL.parents("500112") == ("500100", "500000")


def test_a_code_that_was_given_again_keeps_both_names() -> None:
    """500110 was Wansheng until 2011 and has been Qijiang since."""
    assert ALL.name_of("500110", 2000) == "万盛区"
    assert ALL.name_of("500110") == "綦江区"
    assert ALL.name_of("999999") == ""


def test_a_code_of_first_registration_may_be_younger_than_its_bearer() -> None:
    """Somebody born in 1960 may have been registered under a code of 1997, never under one abolished before birth."""
    assert ALL.known_from("500243", 1960)
    assert not ALL.in_force("500243", 1990)
    assert ALL.known_from("440524", 1985)
    assert not ALL.known_from("440524", 2020)
    assert ALL.known("440524")


def test_years_before_the_first_table_are_answered_by_it() -> None:
    """Code tables begin in 1980; a firm of 1978 is not held against its county."""
    assert ALL.in_force("110000", 1978)
    assert ALL.name_of("110000", 1949) == "北京市"


def test_registry_codes_are_known_apart() -> None:
    """Suzhou's industrial park stands in no yearly table, but its registering office uses 320594."""
    assert ALL.is_registry_code("320594")
    assert not ALL.known("320594")
    assert not ALL.is_registry_code("500112")
    assert not ALL.is_registry_code("500190")


def test_names_of_one_code_overlap_no_longer_than_the_tables_are_silent() -> None:
    """Between two tables nobody says in which year a name changed, so both names hold there: five years at most."""
    by_code: dict[str, list[tuple[int, int]]] = {}
    for span in ALL.spans:
        assert len(span.code) == 6
        assert span.until is None or span.since <= span.until
        by_code.setdefault(span.code, []).append((span.since, span.until or 9999))
    for spans in by_code.values():
        for (_, before), (after, _) in pairwise(spans):
            assert after >= before - 4


def test_yearly_tables_are_contained() -> None:
    """Every code that a table of 2002 to 2014 lists is in force in that table's year."""
    rows = duckdb.execute(
        "select distinct code, left(revision, 4)::int from read_parquet(?) where revision <> 'latest'",
        [str(data("divisions/gbt2260_revisions.parquet"))],
    ).fetchall()
    assert [row for row in rows if not ALL.in_force(*row)] == []


def test_most_codes_of_real_registrations_are_explained() -> None:
    """Of 397,655 real registrations, under one in a thousand bears a division part that nobody explains."""
    rows = duckdb.execute(
        "select uscc[3:8], left(reg_date, 4)::int, count(*) from read_parquet(?)"
        " where regexp_full_match(uscc, '[0-9A-Z]{18}') and regexp_full_match(reg_date, '[0-9]{4}-.*') group by all",
        [str(data("enterprise/chongqing.parquet").parent / "*.parquet")],
    ).fetchall()
    unknown = sum(n for code, year, n in rows if not (ALL.known_from(code, year) or ALL.is_registry_code(code)))
    assert unknown * 1000 < sum(n for _, _, n in rows)


def test_data_files_are_read_once() -> None:
    """Asking again costs nothing."""
    assert shipped.divisions() is shipped.divisions()
