"""Identifiers with check digits: the standards' vectors, and the laws that a check digit promises."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from jutong.terms import identifier
from jutong.terms.identifier import CREDIT_ALPHABET, ORGANISATION_ALPHABET, Fault

CREDIT_CODES = (
    "91330100799655058B",
    "91110000600037341L",
    "913100007109328220",
    "91440300708461136T",
    "9144030071526726XG",
    "91350100M000100Y43",
    "11100000000013338W",
    "113700000045046442",
    "11100000MB03271699",
    "12100000400000624D",
)
LICENCES = (
    "1.2.156.3005.2.11100000000013338W011.11430000006122244L.20230000403.001.U",
    "1.2.156.3005.2.11100000000013338W009.11330105002500287C.2025052201.002.0",
    "1.2.156.3005.2.11100000MB03271699022.340100.000000016.001.9",
)

digits = st.characters(codec="ascii", categories=["Nd"])


@st.composite
def organisation_codes(draw: st.DrawFn) -> str:
    return identifier.organisation_code_of(draw(st.text(digits, min_size=8, max_size=8)))


@st.composite
def credit_codes(draw: st.DrawFn) -> str:
    return identifier.credit_code_of("91" + draw(st.text(digits, min_size=6, max_size=6)) + draw(organisation_codes()))


def altered(code: str, place: int, letter: str) -> str:
    place %= len(code)
    assume(code[place] != letter)
    return code[:place] + letter + code[place + 1 :]


@pytest.mark.parametrize("code", CREDIT_CODES)
def test_real_credit_codes_are_sound(code: str) -> None:
    """The vectors of GB 32100 pass, and so do the organisation codes inside them."""
    assert identifier.credit_code_fault(code) is None
    assert identifier.is_organisation_code(code[8:17])
    assert identifier.credit_code_of(code[:17]) == code


@pytest.mark.parametrize(
    ("code", "fault"),
    [
        ("91330000799655058B", Fault.CHECK_DIGIT),  # another division
        ("9135010OM000100Y43", Fault.ALPHABET),  # the letter O
        ("91330100799655058b", Fault.ALPHABET),
        ("91330100799655058B\n", Fault.LENGTH),
        ("9133010079965505８B", Fault.ALPHABET),  # a full-width digit
        ("", Fault.LENGTH),
        ("110108000000016", Fault.OLD_NUMBER),
        ("110108000000017", Fault.LENGTH),
        (identifier.credit_code_of("91330100799655057"), Fault.ORGANISATION_CODE),
    ],
)
def test_a_wrong_credit_code_is_told_why(code: str, fault: Fault) -> None:
    """The first thing that is wrong is named, and an old registration number is not called wrong."""
    assert identifier.credit_code_fault(code) is fault


@given(code=credit_codes(), place=st.integers(0, 17), letter=st.sampled_from(CREDIT_ALPHABET))
def test_one_wrong_character_in_a_credit_code_is_always_caught(code: str, place: int, letter: str) -> None:
    """No single slip of the pen makes one credit code into another."""
    assert identifier.is_credit_code(code)
    assert not identifier.is_credit_code(altered(code, place, letter))


@given(first8=st.text(digits, min_size=8, max_size=8), place=st.integers(0, 8), letter=digits)
def test_one_wrong_digit_in_an_organisation_code_is_always_caught(first8: str, place: int, letter: str) -> None:
    """No wrong digit goes unseen; letters eleven apart would (GB 11714 counts modulo 11)."""
    assert not identifier.is_organisation_code(altered(identifier.organisation_code_of(first8), place, letter))


def test_organisation_codes_of_the_standard_are_sound() -> None:
    """79965505-8 and 71526726-X are the worked examples."""
    assert identifier.is_organisation_code("799655058")
    assert identifier.is_organisation_code("71526726X")
    assert not identifier.is_organisation_code("715267260")
    assert not identifier.is_organisation_code("79965505")


def test_the_standards_own_resident_numbers_are_sound() -> None:
    """The division and the birth year are no part of the check: late registration is lawful."""
    assert identifier.is_resident_id("11010519491231002X")
    assert identifier.is_resident_id("440524188001010014")
    assert identifier.resident_id_fault("110105194912310021") is Fault.CHECK_DIGIT
    assert identifier.resident_id_fault("11010519491231002x") is Fault.ALPHABET
    assert identifier.resident_id_fault("130503670401001") is Fault.LENGTH
    assert identifier.resident_id_18("130503670401001") == "130503196704010016"


def test_nobody_is_born_tomorrow() -> None:
    """A birth date after the day of asking is wrong; on the day itself it is not."""
    number = identifier.resident_id_of("11010520260102001")
    assert identifier.is_resident_id(number, today=date(2026, 1, 2))
    assert identifier.resident_id_fault(number, today=date(2026, 1, 1)) is Fault.BIRTH_DATE


@given(
    born=st.dates(date(1900, 1, 1), date(2026, 1, 1)),
    sequence=st.integers(0, 999),
    place=st.integers(0, 17),
    letter=digits,
)
def test_one_wrong_digit_in_a_resident_number_is_always_caught(
    born: date, sequence: int, place: int, letter: str
) -> None:
    """ISO 7064 MOD 11-2 catches every single substitution."""
    number = identifier.resident_id_of(f"110105{born:%Y%m%d}{sequence:03}")
    assert identifier.is_resident_id(number)
    assert not identifier.is_resident_id(altered(number, place, letter))


def test_registration_numbers_of_the_standard_are_sound() -> None:
    """Old licences carry 15 digits (ISO 7064 MOD 11,10)."""
    assert identifier.is_registration_number("110108000000016")
    assert identifier.is_registration_number("440301103097413")
    assert not identifier.is_registration_number("110108000000017")


@given(first14=st.text(digits, min_size=14, max_size=14), place=st.integers(0, 14), letter=digits)
def test_one_wrong_digit_in_a_registration_number_is_always_caught(first14: str, place: int, letter: str) -> None:
    """ISO 7064 MOD 11,10 catches every single substitution."""
    assert not identifier.is_registration_number(altered(identifier.registration_number_of(first14), place, letter))


@pytest.mark.parametrize("licence", LICENCES)
def test_real_licence_identifiers_are_sound(licence: str) -> None:
    """Issuers were six-digit divisions in old licences and are credit codes in new ones."""
    assert identifier.is_licence_id(licence)


def test_a_published_licence_identifier_is_wrong() -> None:
    """An interface description gives check character M where D is right: such licences are set aside, not dropped."""
    start = "1.2.156.3005.2.11100000000013661B006.113700000045046442.209FA4E88F9E4C878F3E9BED2CE7EA49.001."
    assert not identifier.is_licence_id(start + "M")
    assert identifier.is_licence_id(start + "D")


@given(
    serial=st.text(st.sampled_from(ORGANISATION_ALPHABET), min_size=1, max_size=32),
    place=st.integers(0, 31),
    letter=st.sampled_from(ORGANISATION_ALPHABET),
)
def test_one_wrong_character_in_a_licence_identifier_is_always_caught(serial: str, place: int, letter: str) -> None:
    """ISO 7064 MOD 37,36 catches every single substitution."""
    parts = ("11100000MB03271699022", "340100", serial, "001")
    sound = identifier.licence_id_of(*parts)
    wrong = sound.split(".")
    wrong[7] = altered(serial, place, letter)
    assert identifier.is_licence_id(sound)
    assert not identifier.is_licence_id(".".join(wrong))


def test_card_numbers_are_checked_by_luhn() -> None:
    """Both a domestic and an international example pass."""
    assert identifier.is_bank_card("6222021234567890128")
    assert identifier.is_bank_card("4111111111111111")
    assert not identifier.is_bank_card("6222021234567890129")
    assert not identifier.is_bank_card("0" * 12)


def test_phones_and_postal_codes_have_a_form() -> None:
    """A newline at the end, or another script's digits, are no part of a number."""
    assert identifier.is_mobile("13800138000")
    assert not identifier.is_mobile("13800138000\n")
    assert not identifier.is_mobile("1380013800０")
    assert identifier.is_postal_code("400000")
    assert not identifier.is_postal_code("40000")


def test_a_maker_refuses_what_cannot_be_coded() -> None:
    """A letter outside the alphabet would make a code that nobody can check."""
    with pytest.raises(ValueError, match="17 characters"):
        identifier.credit_code_of("9133010079965505O")
    with pytest.raises(ValueError, match="8 characters"):
        identifier.organisation_code_of("1234567")


@given(text=st.text(max_size=40))
def test_any_text_gets_an_answer(text: str) -> None:
    """Whatever stands in a source's column, the question is answered and nothing breaks."""
    identifier.credit_code_fault(text)
    identifier.resident_id_fault(text)
    for ask in (
        identifier.is_organisation_code,
        identifier.is_registration_number,
        identifier.is_bank_card,
        identifier.is_licence_id,
        identifier.is_mobile,
        identifier.is_postal_code,
    ):
        assert ask(text) in (True, False)
