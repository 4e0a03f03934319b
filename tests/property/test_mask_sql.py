"""What SQL leaves of a column is what the mask leaves of each value."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jutong.guard import parse_mask
from jutong.guard.mask_sql import mask_sql
from jutong.pools import DuckEngine, Lake

KEY = b"k" * 32
MASKS = (
    *("none", "drop", "hash", "year", "month", "keep:0:0", "keep:1:1", "keep:3:4", "keep:1:0", "keep:0:2"),
    *("region:2", "region:4", "region:6", "region:9", "range:100:500", "range:-5:0:5", "range:0"),
    *("found", "found:card", "found:person:phone", "found:passport:plate:mail"),
)
DATES = st.from_regex(r"[0-9]{4}[-/.]?[0-9]{1,2}[-/.]?[0-9]{1,2}([T ].{0,3})?", fullmatch=True)
NUMBERS = st.from_regex(r"[+-]?[0-9]{1,3}(\.[0-9]{1,3})?", fullmatch=True)
HUGE = st.from_regex(r"[+-]?[0-9]{30,42}(\.[0-9]{1,3})?", fullmatch=True)
DIVISIONS = st.from_regex(r"[0-9]{4,13}", fullmatch=True)
LETTERS = st.text(alphabet="ab 张三é\u0301\u0300\u200d\ufe00\U000e0100𠮷\n.+-1", max_size=9)
PIECES = st.sampled_from(
    (
        *(
            "138 1234 5678",
            "13912345678",
            "+86 13712345678",
            "023-67891234",
            "110101199003070011",
            "500103 19900307 001x",
        ),
        *(
            "110101900307001",
            "6222021234567890128",
            "6222 0212 3456 7890 128",
            "4111111111111111",
            "E12345678",
            "H12345678",
        ),
        *(
            "渝A·12345",
            "渝AD12345",
            "a.b@city.gov.cn",
            "１３８１２３４５６７８",
            "2019-03-05",
            "0",
            "7",
            "a",
            "张三",
            " ",
            "，",
        ),
    )
)
TEXTS = st.lists(PIECES, max_size=6).map("".join)
VALUES = st.one_of(st.none(), LETTERS, DATES, NUMBERS, HUGE, DIVISIONS, TEXTS, st.text(max_size=6))


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> DuckEngine:
    """An engine of its own."""
    folder = tmp_path_factory.mktemp("masks")
    return DuckEngine(Lake(str(folder / "lake"), {}, folder / "scratch"), folder / "scratch", threads=1)


@given(values=st.lists(VALUES, min_size=20, max_size=60))
@settings(max_examples=60, deadline=None)
def test_a_column_is_masked_as_each_of_its_values_is(engine: DuckEngine, values: list[str | None]) -> None:
    """Whoever reads a whole table sees of a value what whoever asks for one record sees, and nothing more."""
    kept = [value for value in values if value is None or value.isprintable() or "\n" in value]
    given_ = [value for value in kept if value is None or ("\0" not in value and not _surrogate(value))]
    table = pa.table({"v": pa.array(given_, pa.string())})
    columns = ", ".join(f'{mask_sql(parse_mask(spec), "v", key=KEY)} AS "{place}"' for place, spec in enumerate(MASKS))
    told = engine.query(f"SELECT {columns} FROM t", {"t": table}).read_all()
    for place, spec in enumerate(MASKS):
        masked = parse_mask(spec).compile(KEY)
        assert told[str(place)].to_pylist() == [masked(value) for value in given_], spec


def _surrogate(value: str) -> bool:
    return any("\ud800" <= one <= "\udfff" for one in value)
