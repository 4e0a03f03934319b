"""Laws of landing: a mark that comes again changes nothing, and a digest knows rows, not batches."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from jutong.pools import Lake, digest_of

Rows = dict[str, int | None]
Landing = tuple[str, Rows]

_rows = st.dictionaries(st.sampled_from("abcd"), st.one_of(st.none(), st.integers(0, 3)), max_size=4)
_landings = st.lists(st.tuples(st.sampled_from(["append", "replace", "merge"]), _rows), min_size=1, max_size=4)


def _land(lake: Lake, landings: list[Landing], order: list[int]) -> list[tuple[object, ...]]:
    for number in order:
        kind, rows = landings[number]
        table = pa.table({"k": list(rows), "v": pa.array(rows.values(), pa.int64())}, _SCHEMA)
        if kind == "append":
            lake.append("t", table, mark=f"m{number}")
        elif kind == "replace":
            lake.replace("t", table, mark=f"m{number}")
        else:
            lake.merge("t", table, key=("k",), mark=f"m{number}")
    read = lake.read("t").read_all()
    return sorted(zip(read["k"].to_pylist(), map(str, read["v"].to_pylist()), strict=True))


_SCHEMA = pa.schema({"k": pa.string(), "v": pa.int64()})


def _expected(landings: list[Landing]) -> list[tuple[object, ...]]:
    """What a list of rows and three short rules say."""
    held: list[tuple[str, int | None]] = []
    for kind, rows in landings:
        if kind == "replace":
            held = []
        if kind == "merge":
            held = [(key, rows.get(key, value)) for key, value in held]
            known = {key for key, _ in held}
            held += [(key, value) for key, value in rows.items() if key not in known]
        else:
            held += rows.items()
    return sorted((key, str(value)) for key, value in held)


@settings(max_examples=25, deadline=None)
@given(landings=_landings, data=st.data())
def test_repeated_marks_change_nothing(landings: list[Landing], data: st.DataObject) -> None:
    """Any order of deliveries with any of them delivered again later is as if each had come once."""
    order: list[int] = []
    for number in range(len(landings)):
        order += [number, *data.draw(st.lists(st.integers(0, number), max_size=2))]
    with TemporaryDirectory() as folder:
        lake = Lake(folder, {}, Path(folder) / "scratch")
        assert _land(lake, landings, order) == _expected(landings)
        assert lake.version("t") == len(landings)


_columns = st.lists(
    st.tuples(st.one_of(st.none(), st.text(max_size=4)), st.one_of(st.none(), st.floats()), st.booleans()), max_size=20
)
_TYPES = pa.schema({"a": pa.string(), "b": pa.float64(), "c": pa.bool_()})


def _table(rows: list[tuple[object, ...]]) -> pa.Table:
    return pa.table(
        [pa.array([row[place] for row in rows], field.type) for place, field in enumerate(_TYPES)], schema=_TYPES
    )


@given(rows=_columns, cuts=st.lists(st.integers(0, 20)))
def test_a_digest_does_not_know_where_batches_end(rows: list[tuple[object, ...]], cuts: list[int]) -> None:
    """The same rows in one batch, in many, or cut out of a longer one have one digest."""
    whole = _table(rows)
    edges = sorted({0, len(rows), *(cut for cut in cuts if cut < len(rows))})
    pieces = [whole.slice(start, end - start) for start, end in pairwise(edges)]
    assert digest_of(pa.concat_tables([whole.slice(0, 0), *pieces])) == digest_of(whole)
    longer = _table([("x", 1.0, True), *rows, (None, None, False)])
    assert digest_of(longer.slice(1, len(rows))) == digest_of(whole)


@given(rows=_columns, other=_columns)
def test_other_rows_have_another_digest(rows: list[tuple[object, ...]], other: list[tuple[object, ...]]) -> None:
    """One changed, moved or missing value is seen; only the spellings of "not a number" and of zero are one."""
    same = repr([(a, b and b, c) for a, b, c in rows]) == repr([(a, b and b, c) for a, b, c in other])
    assert (digest_of(_table(rows)) == digest_of(_table(other))) == (same or _as_one(rows) == _as_one(other))


def _as_one(rows: list[tuple[object, ...]]) -> list[tuple[object, ...]]:
    return [(a, str(0.0 if b == 0 else b), c) for a, b, c in rows]


def test_the_digest_is_fixed() -> None:
    """It is evidence for ten years: a change of its recipe would disown every snapshot."""
    rows = pa.table({"code": ["91500000", None, ""], "n": [1, None, -1]})
    assert digest_of(rows) == "97161e95239904db546d5dcb607d8327c07c328dd43cae9ebe7632d664a0b5eb"
