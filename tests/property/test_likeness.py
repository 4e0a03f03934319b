"""Laws of verification: how a value was typed does not matter, what it says does."""

from __future__ import annotations

import unicodedata
from decimal import Decimal

from hypothesis import assume, example, given
from hypothesis import strategies as st

from jutong.delivery.likeness import alike, key_bytes, matches

WORDS = st.text(max_size=40)
VALUES = st.one_of(st.none(), st.booleans(), st.integers(-(10**12), 10**12), WORDS)


def wide(words: str) -> str:
    """Return the words in full width."""
    return "".join(chr(ord(letter) + 0xFEE0) if "!" <= letter <= "~" else letter for letter in words)


@given(VALUES)
def test_a_value_is_like_itself(value: str | int | bool | None) -> None:
    """What is on record, stated word for word, is true."""
    assert alike(value, value)


@given(VALUES, VALUES)
def test_likeness_has_no_direction(one: str | int | bool | None, other: str | int | bool | None) -> None:
    """It does not matter which of the two stands on record."""
    assert alike(one, other) == alike(other, one)


@given(st.text(st.characters(codec="ascii"), max_size=40), st.data())
def test_width_case_and_spaces_do_not_matter(words: str, data: st.DataObject) -> None:
    """An officer who types full width, capitals or spaces is not told no."""
    at = data.draw(st.integers(0, len(words)))
    typed = wide(words[:at] + "  " + words[at:]).upper()
    assert alike(typed, words.lower())


@given(WORDS)
@example("ŉ")
@example("ﬃ")
@example("ΐ")
@example("ẛ̣")
def test_equivalent_spellings_are_alike_in_every_script(words: str) -> None:
    """Normal forms and case folding change the spelling, not the word."""
    for form in ("NFC", "NFD", "NFKC", "NFKD"):
        assert alike(words, unicodedata.normalize(form, words))
    assert alike(words, words.casefold())


@given(st.text("重庆市长江公司甲乙丙", max_size=10), st.text("重庆市长江公司甲乙丙", max_size=10))
def test_other_words_are_other_words(one: str, other: str) -> None:
    """Tolerance ends where another name begins."""
    assert alike(one, other) == (one == other)


@given(st.decimals(-(10**6), 10**6, allow_nan=False, places=3))
def test_a_number_is_its_value(number: Decimal) -> None:
    """Trailing zeros do not make another amount where the record holds a number."""
    assert alike(f"{number}", float(number))
    assert not alike(f"{number + 1}", float(number))


@given(st.dictionaries(st.sampled_from("abcd"), VALUES, min_size=1), st.dictionaries(st.sampled_from("abcd"), VALUES))
def test_all_facts_must_be_on_record(facts: dict[str, str | int], row: dict[str, str | int]) -> None:
    """One that is not makes the verdict no; so does the absence of the record, whatever is stated."""
    assert matches(facts, row) == all(alike(value, row.get(item)) for item, value in facts.items())
    assert not matches(facts, None)
    assert not matches(dict.fromkeys(facts), None)


@given(st.text(max_size=30))
@example("ΐ")
@example("ŉ x")
def test_a_key_has_one_spelling(key: str) -> None:
    """Spelling a key twice changes nothing."""
    once = key_bytes(key)
    assume(once)
    assert key_bytes(once.decode("utf-8", "surrogatepass")) == once
