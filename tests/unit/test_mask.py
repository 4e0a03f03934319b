"""Masks: what of a value may still be seen."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jutong.guard import parse_mask
from jutong.guard.mask import HIDDEN
from jutong.kernel.errors import Invalid

KEY = b"k" * 32
ANY_SPEC = st.one_of(
    st.sampled_from(["none", "drop", "hash", "year", "month", "region:2", "region:4", "region:6", "region:9"]),
    st.sampled_from(["found", "found:card", "found:card:person:phone", "found:mail"]),
    st.builds("keep:{}:{}".format, st.integers(0, 30), st.integers(0, 30)),
    st.sets(st.integers(-(10**9), 10**9), min_size=1, max_size=8).map(
        lambda bounds: "range:" + ":".join(map(str, sorted(bounds)))
    ),
)
# Values that look like what masks are for, and everything else.
VALUES = st.one_of(
    st.text(),
    st.from_regex(r"[0-9]{6}([0-9]{3}){0,2}", fullmatch=True),
    st.dates().map(str),
    st.decimals(allow_nan=False, allow_infinity=False).map(str),
    st.text(alphabet="重庆市葛󠄀á\u200d👩🏽", max_size=12),
)


def masked(spec: str, value: str | None) -> str | None:
    """Apply a mask by its spelling."""
    return parse_mask(spec).compile(KEY)(value)


@given(spec=ANY_SPEC)
def test_a_mask_is_spelled_in_one_way(spec: str) -> None:
    """What an agreement stores is what the mask says of itself."""
    assert str(parse_mask(spec)) == spec


@given(spec=ANY_SPEC)
def test_nothing_stays_nothing(spec: str) -> None:
    """An absent value is absent under every mask: a token for nothing would say that there was nothing."""
    assert masked(spec, None) is None


@given(head=st.integers(0, 20), tail=st.integers(0, 20), value=VALUES)
def test_keep_shows_no_more_than_declared(head: int, tail: int, value: str) -> None:
    """At most the declared characters of each end are seen, and never the whole value."""
    seen = masked(f"keep:{head}:{tail}", value)
    assert seen is not None
    if len(value) <= head + tail:
        assert seen == HIDDEN
        return
    first, last = next(
        (seen[:cut], seen[cut + len(HIDDEN) :])
        for cut in range(min(head, len(seen)), -1, -1)
        if seen[cut : cut + len(HIDDEN)] == HIDDEN and value.startswith(seen[:cut]) and value.endswith(seen[cut + 3 :])
    )
    assert len(first) <= head
    assert len(last) <= tail


@given(value=VALUES)
def test_a_date_shows_only_its_year_or_month(value: str) -> None:
    """Of what is not a date nothing is seen."""
    year, month = masked("year", value), masked("month", value)
    assert year == HIDDEN or (re.fullmatch("[0-9]{4}", year or "") and value.startswith(year or "?"))
    assert month == HIDDEN or re.fullmatch("[0-9]{4}-(0[1-9]|1[0-2])", month or "")


@given(digits=st.sampled_from([2, 4, 6, 9]), value=VALUES)
def test_a_division_shows_only_its_upper_levels(digits: int, value: str) -> None:
    """The rest reads as zeros, so that a district's code cannot be told from its city's."""
    seen = masked(f"region:{digits}", value)
    assert seen == HIDDEN or (seen is not None and seen[:digits] in value and set(seen[digits:]) <= {"0"})


@given(value=VALUES)
def test_a_number_shows_only_its_band(value: str) -> None:
    """There are as many answers as bands, and one for what is no number."""
    assert masked("range:0:100", value) in {"<0", "0..100", ">=100", HIDDEN}


@given(value=st.text())
def test_a_token_says_nothing_of_its_value(value: str) -> None:
    """Tokens have one length; under another consumer's key the same value has another token."""
    token = masked("hash", value)
    assert re.fullmatch("[0-9a-f]{32}", token or "")
    assert token == masked("hash", value)
    assert token != parse_mask("hash").compile(b"o" * 32)(value)


def test_a_token_without_a_secret_is_our_bug() -> None:
    """Without a key anybody could try all credit codes."""
    with pytest.raises(ValueError, match="secret key"):
        parse_mask("hash").compile(b"")


@pytest.mark.parametrize(
    ("spec", "value", "seen"),
    [
        ("keep:3:4", "13812345678", "138***5678"),
        ("keep:1:0", "张", HIDDEN),
        ("keep:1:0", "张三", "张***"),
        ("keep:0:0", "x", HIDDEN),
        ("keep:1:1", "", HIDDEN),
        ("keep:1:0", "葛\U000e0100城", "***"),  # a rare form is one character: half of it is not shown
        ("keep:0:1", "a\u0301", "***"),
        ("year", "2019-03-05", "2019"),
        ("year", "20190305", "2019"),
        ("month", "2019/3/5", "2019-03"),
        ("month", "2019-03-05T08:00:00Z", "2019-03"),
        ("month", "2019-13-05", HIDDEN),
        ("year", "2019-3/5", HIDDEN),
        ("year", "２０１９-03-05", HIDDEN),
        ("region:4", "500103", "500100"),
        ("region:6", "500103001002", "500103"),
        ("region:9", "500103001002", "500103001"),
        ("region:2", "5001", HIDDEN),
        ("range:100:500", "99.999", "<100"),
        ("range:100:500", "100", "100..500"),
        ("range:100:500", "500", ">=500"),
        ("range:100:500", "1e3", HIDDEN),
        ("range:100:500", "NaN", HIDDEN),
        ("range:100:500", "9" * 41, HIDDEN),
        ("range:-5:5", "-5", "-5..5"),
        ("none", "x", "x"),
        ("drop", "x", None),
    ],
)
def test_masks_by_example(spec: str, value: str, seen: str | None) -> None:
    """One line for each promise of the manual."""
    assert masked(spec, value) == seen


@pytest.mark.parametrize(
    "spec",
    [
        "", "keep", "keep:3", "keep:3:4:5", "keep:-1:2", "keep:60:60", "keep: 3:4", "keep:03:4", "keep:３:4", "none:1",
        "region:3", "region:12", "region:", "range", "range:", "range:5:1", "range:1:1", "range:-0", "range:1.5",
        "range:" + ":".join(map(str, range(65))), "NONE", "hash:key", "year:2", "mask", "x" * 5000,
    ],
)  # fmt: skip
def test_what_is_not_a_mask_is_refused(spec: str) -> None:
    """A mask that was mistyped must never turn into no mask."""
    with pytest.raises(Invalid):
        parse_mask(spec)


@given(spec=st.text(alphabet="keprangiohyd:0123456789-"))
def test_no_spelling_breaks_the_reader(spec: str) -> None:
    """Whatever is written is a mask or is refused."""
    try:
        mask = parse_mask(spec)
    except Invalid:
        return
    assert str(mask) == spec


@pytest.mark.parametrize(
    ("said", "seen"),
    [
        ("回访13812345678，未接", "回访***，未接"),
        ("13812345678 13912345678,+86 137-1234-5678", "*** ***,***"),
        ("办公电话023-67891234转8", "办公电话***转8"),
        ("身份证110101199003070011（应为110101199003070012）", "身份证***（应为***）"),
        ("旧证 110101900307001。", "旧证 ***。"),
        ("卡6222 0212 3456 7890 128与6222021234567890128", "卡***与***"),
        ("护照E12345678，通行证H12345678", "护照***，通行证***"),
        ("车牌渝A·12345、渝AD12345，信箱 a.b@city.gov.cn", "车牌***、***，信箱 ***"),
        ("１３８１２３４５６７８", "***"),
    ],
)
def test_numbers_of_persons_are_hidden_wherever_they_stand_in_a_text(said: str, seen: str) -> None:
    """Spaced, of full width, one beside the other, or mistyped in the last place: a number of a person is not seen."""
    assert masked("found", said) == seen


@pytest.mark.parametrize(
    "said",
    [
        "2019年3月5日申请，金额 1234567.89 元，受理号 20190305000123",
        "订单6222021234567890129",  # no card: Luhn says so
        "统一社会信用代码91500000MA5U8UYD3X",  # public by law
        "面积12000平方米，坐标106.551556,29.563009",
        "渝A字第12号",
    ],
)
def test_what_only_looks_like_a_number_of_a_person_stays(said: str) -> None:
    """Dates, amounts, case numbers, codes of firms and places stay: a text without its numbers is of no use."""
    assert masked("found", said) == said


def test_only_the_kinds_that_are_named_are_hidden() -> None:
    """A mask that names telephones leaves cars to be seen; kinds stand in one order, and each once."""
    assert masked("found:phone", "渝A12345 13812345678") == "渝A12345 ***"
    for wrong in (
        "found:",
        "found:phone:card",
        "found:card:card",
        "found:name",
        "found:card:person:phone:passport:plate:mail",
    ):
        with pytest.raises(Invalid):
            parse_mask(wrong)
