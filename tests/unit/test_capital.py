"""Reading registered capital: what a spelling says, and what is left to somebody who knows."""

from __future__ import annotations

from decimal import Decimal
from itertools import product

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jutong.quality.capital import CAPITAL_COLUMNS, WORDS, Capital, Confidence, Doubt, capital_of, capital_reading
from jutong.quality.reading import present, staged
from tests.real import data


@pytest.mark.parametrize(
    ("spelling", "amount", "unit", "currency", "confidence"),
    [
        ("800万人民币", "800", 10_000, "CNY", Confidence.STATED),
        ("5,147.1628(万)", "5147.1628", 10_000, "CNY", Confidence.ASSUMED),
        ("200.9800(万元人民币)", "200.98", 10_000, "CNY", Confidence.STATED),
        ("1,006,687.1625(万元人民币)", "1006687.1625", 10_000, None, Confidence.DOUBTFUL),
        ("100（万元（人民币））", "100", 10_000, "CNY", Confidence.STATED),
        ("( 万", None, None, None, Confidence.DOUBTFUL),
        ("300( 万人民币元)", "300", 10_000, "CNY", Confidence.STATED),
        ("99（万元）", "99", 10_000, "CNY", Confidence.ASSUMED),
        ("50万港币", "50", 10_000, "HKD", Confidence.STATED),
        ("1,128(万香港元)", "1128", 10_000, "HKD", Confidence.STATED),
        ("0万港元", "0", 10_000, "HKD", Confidence.STATED),
        ("148,875.1734(万日元)", "148875.1734", 10_000, "JPY", Confidence.STATED),
        ("238.3858(万德国马克)", "238.3858", 10_000, "DEM", Confidence.STATED),
        ("3,345(万元(欧元))", "3345", 10_000, "EUR", Confidence.STATED),
        ("30(万元美元)", "30", 10_000, "USD", Confidence.STATED),
        ("500000元", "500000", 1, "CNY", Confidence.ASSUMED),
        ("１００万元", "100", 10_000, "CNY", Confidence.ASSUMED),
    ],
)
def test_a_spelling_says_amount_unit_and_currency(
    spelling: str, amount: str | None, unit: int | None, currency: str | None, confidence: Confidence
) -> None:
    """Registers spell one thing in forty ways; each way that can be told is read."""
    read = capital_of(spelling)
    assert read.confidence is confidence
    if confidence is not Confidence.DOUBTFUL:
        assert (read.amount, read.unit, read.currency) == (Decimal(str(amount)), unit, currency)
    else:
        assert read.amount is None


@pytest.mark.parametrize(
    ("spelling", "doubt"),
    [
        ("2,0000(万)", Doubt.COMMA),
        ("200,0000000(万)", Doubt.COMMA),
        ("1,00万", Doubt.COMMA),
        ("7500000(万)", Doubt.IMPLAUSIBLE),
        ("002万人民币", Doubt.NUMBER),
        ("1.2.3万", Doubt.NUMBER),
        ("-5万", Doubt.NUMBER),
        ("JEAN", Doubt.NUMBER),
        ("2002-07-16", Doubt.UNIT),
        ("100", Doubt.UNIT),
        ("100(万贝壳)", Doubt.UNIT),
    ],
)
def test_what_can_be_read_in_two_ways_is_in_doubt(spelling: str, doubt: Doubt) -> None:
    """A comma that may be a decimal point, an amount 10,000 times too large: a person decides, the machine does not."""
    read = capital_of(spelling)
    assert (read.amount, read.confidence, read.doubt) == (None, Confidence.DOUBTFUL, doubt)


def test_nothing_is_not_zero() -> None:
    """An empty capital is absent, and a stated nought is an amount."""
    assert capital_of(None).confidence is capital_of("").confidence is Confidence.ABSENT
    assert capital_of("0万人民币").whole == 0


def test_an_amount_is_counted_in_its_unit() -> None:
    """80 of 万 dollars are 800,000 dollars."""
    assert capital_of("80(万美元)").whole == Decimal(800_000)


_PARTS = st.sampled_from(
    [*"0123456789", ",", ".", "(", ")", "（", "）", " ", "　", "万", "元", "人民币", "美元", "9", "00"]
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(_PARTS, max_size=12).map("".join), min_size=1, max_size=40))
def test_the_query_reads_as_the_noun_does(spellings: list[str]) -> None:
    """Whole tables are read by SQL, single values by Python; they never differ."""
    _compare(spellings)


def test_every_known_unit_is_read_alike() -> None:
    """Every spelling of unit and currency, with and without a doubt in the number."""
    _compare([f"{number}({word})" for number, word in product(("1,000", "2,0000", "5", "0.5", "9999999"), WORDS)])


def test_all_real_spellings_are_read_alike() -> None:
    """All distinct spellings of 397,655 registrations; 145 rows write a comma for a decimal point."""
    folder = data("enterprise")
    duck = duckdb.connect()
    rows = duck.sql(f"SELECT capital, count(*) FROM read_parquet('{folder}/*.parquet') GROUP BY 1").fetchall()
    _compare([spelling for spelling, _ in rows])
    doubts = {doubt: sum(n for spelling, n in rows if capital_of(spelling).doubt is doubt) for doubt in Doubt}
    assert doubts[Doubt.COMMA] == 145


def _compare(spellings: list[str]) -> None:
    reading = capital_reading("capital")
    duck = duckdb.connect()
    duck.register("given", pa.table({"capital": pa.array(spellings, pa.string())}))
    for name, table in reading.tables.items():
        duck.register(name, table)
    source = f"SELECT capital AS spelled, {present('capital')} AS capital FROM given"
    columns = ", ".join(f"capital_{part}" for part in CAPITAL_COLUMNS)
    for spelled, amount, unit, currency, confidence, doubt in duck.sql(
        f"{staged(source, [reading])} SELECT spelled, {columns} FROM readings"
    ).fetchall():
        absent = spelled.strip(" \t\r\n\u00a0\u3000") in ("", "N/A")
        read = capital_of(None if absent else spelled.strip(" \t\r\n\u00a0\u3000"))
        told = Capital(
            amount=amount,
            unit=unit,
            currency=currency,
            confidence=Confidence(confidence),
            doubt=Doubt(doubt) if doubt else None,
        )
        assert told == read, spelled
