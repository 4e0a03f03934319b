"""Check digits in SQL, and over whole columns, say what the identifiers themselves say."""

from __future__ import annotations

import duckdb
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from jutong.quality import vectors
from jutong.quality.checkdigit import check_reading
from jutong.quality.reading import staged
from jutong.terms.element import SCHEMES, Scheme
from jutong.terms.identifier import (
    CREDIT_ALPHABET,
    ORGANISATION_ALPHABET,
    credit_code_of,
    licence_id_of,
    organisation_code_of,
    registration_number_of,
    resident_id_of,
)


def _spelled(alphabet: str, length: int) -> st.SearchStrategy[str]:
    return st.text(alphabet, min_size=length, max_size=length)


SOUND = st.one_of(
    st.builds(
        lambda head, body: credit_code_of(head + organisation_code_of(body)),
        _spelled(CREDIT_ALPHABET, 8),
        _spelled(CREDIT_ALPHABET, 8),
    ),
    _spelled(CREDIT_ALPHABET, 17).map(credit_code_of),
    _spelled(ORGANISATION_ALPHABET, 8).map(organisation_code_of),
    _spelled("0123456789", 17).map(resident_id_of),
    _spelled("0123456789", 14).map(registration_number_of),
    st.builds(
        licence_id_of,
        _spelled(ORGANISATION_ALPHABET, 21),
        st.sampled_from(["500000", "11500000MB16000001"]),
        st.text(ORGANISATION_ALPHABET, min_size=1, max_size=30),
        st.just("001"),
    ),
    st.integers(10**12, 10**19 - 1).map(str),
    st.text("0123456789ABXIOSVZ重 ", max_size=22),
)


@st.composite
def numbers(draw: st.DrawFn) -> str:
    """Draw a sound number, often with one character changed."""
    number = draw(SOUND)
    if number and draw(st.booleans()):
        place = draw(st.integers(0, len(number) - 1))
        return number[:place] + draw(st.sampled_from("0123456789ABXYIOSVZ")) + number[place + 1 :]
    return number


@settings(max_examples=60, deadline=None)
@given(st.lists(numbers(), min_size=1, max_size=80))
def test_a_table_is_checked_as_a_value_is(values: list[str]) -> None:
    """The joins over partial sums and the plain loop over characters agree on every string."""
    reading, sound = check_reading('"v"', "v", frozenset(Scheme))
    duck = duckdb.connect()
    duck.register("given", pa.table({"v": values}))
    for name, table in reading.tables.items():
        duck.register(name, table)
    columns = ", ".join(f'{sql} AS "{scheme}"' for scheme, sql in sound.items())
    for row in (
        duck.sql(f"{staged('SELECT v FROM given', [reading])} SELECT v, {columns} FROM readings")
        .to_arrow_table()
        .to_pylist()
    ):
        value = row["v"]
        for scheme in frozenset(Scheme):
            if scheme is Scheme.EMBEDDED_ORGANISATION_CODE and not (
                len(value) == 18 and set(value) <= set(CREDIT_ALPHABET)
            ):
                continue  # asked only of what is spelled as a credit code
            assert row[scheme] is SCHEMES[scheme](value), (scheme, value)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.none() | numbers(), max_size=80), st.integers(0, 3))
def test_a_column_is_checked_as_a_value_is(values: list[str | None], cut: int) -> None:
    """The tables of byte pairs and the plain loop agree on every string, in a slice of a column and with gaps."""
    column = pa.array(values, pa.string())[cut:]
    lent = {function.name: function.of for function in vectors.functions()}
    for scheme in Scheme:
        inner = scheme is Scheme.EMBEDDED_ORGANISATION_CODE
        answers = lent[vectors.name_of(Scheme.CREDIT_CODE if inner else scheme)](column).to_pylist()
        bit = vectors.INNER_SOUND if inner else vectors.SOUND
        for value, answer in zip(column.to_pylist(), answers, strict=True):
            spelled = value is not None and len(value) == 18 and set(value) <= set(CREDIT_ALPHABET)
            if not inner or spelled:
                assert bool(answer & bit) is (value is not None and SCHEMES[scheme](value.upper())), (scheme, value)
