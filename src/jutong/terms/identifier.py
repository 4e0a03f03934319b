"""Identifiers with check digits: what is wrong with one, and how one is made."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from enum import StrEnum

CREDIT_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"  # GB 32100: no I O S V Z
CREDIT_WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)  # 3**i mod 31
ORGANISATION_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
RESIDENT_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
RESIDENT_CHECKS = "10X98765432"  # ISO 7064 MOD 11-2

_MOBILE = re.compile(r"(?:\+?86[ -]?)?1[3-9][0-9]{9}")
_POSTAL = re.compile(r"[0-9]{6}")
# In the dialect that RE2, Python and Java share, for groups with names and without.
LICENCE_PARTS = (
    ("type", "[0-9A-Z]{21}"),
    ("issuer", "[0-9A-Z]{6}|[0-9A-Z]{18}"),
    ("serial", "[0-9A-Z]{1,64}"),
    ("version", "[0-9A-Z]{3}"),
    ("check", "[0-9A-Z]"),
)
LICENCE_FORM = r"1\.2\.156\.3005\.2\." + r"\.".join(f"(?P<{name}>{form})" for name, form in LICENCE_PARTS)
_LICENCE = re.compile(LICENCE_FORM)


class Fault(StrEnum):
    """The first thing that is wrong with an identifier."""

    LENGTH = "length"
    ALPHABET = "alphabet"
    BIRTH_DATE = "birth-date"
    CHECK_DIGIT = "check-digit"
    ORGANISATION_CODE = "organisation-code"
    OLD_NUMBER = "old-registration-number"  # a licence number from before 2015: sound in itself, but not a credit code


def credit_code_fault(code: str) -> Fault | None:
    """Return what is wrong with a unified social credit code (GB 32100), or None.

    >>> credit_code_fault("91330100799655058B")
    >>> credit_code_fault("9135010OM000100Y43").value      # the letter O
    'alphabet'
    >>> credit_code_fault("110108000000016").value
    'old-registration-number'
    """
    if len(code) != 18:
        return Fault.OLD_NUMBER if is_registration_number(code) else Fault.LENGTH
    if not _spelled_in(code, CREDIT_ALPHABET):
        return Fault.ALPHABET
    if code[17] != _credit_check(code[:17]):
        return Fault.CHECK_DIGIT
    return None if is_organisation_code(code[8:17]) else Fault.ORGANISATION_CODE


def is_credit_code(code: str) -> bool:
    """Say whether ``code`` is a unified social credit code, its inner organisation code included."""
    return credit_code_fault(code) is None


def credit_code_of(first17: str) -> str:
    """Return the credit code that begins with ``first17``.

    >>> credit_code_of("91330100799655058")
    '91330100799655058B'
    """
    _must_be_spelled(first17, CREDIT_ALPHABET, 17)
    return first17 + _credit_check(first17)


def is_organisation_code(code: str) -> bool:
    """Say whether ``code`` is an organisation code (GB 11714) of nine characters, without a hyphen."""
    return len(code) == 9 and _spelled_in(code[:8], ORGANISATION_ALPHABET) and code[8] == _organisation_check(code[:8])


def organisation_code_of(first8: str) -> str:
    """Return the organisation code that begins with ``first8``.

    >>> organisation_code_of("71526726")
    '71526726X'
    """
    _must_be_spelled(first8, ORGANISATION_ALPHABET, 8)
    return first8 + _organisation_check(first8)


def resident_id_fault(number: str, *, today: date | None = None) -> Fault | None:
    """Return what is wrong with an 18-character resident number (GB 11643), or None.

    Its division is that of the first registration, so it is no part of the check.

    >>> resident_id_fault("110105194912310021").value
    'check-digit'
    >>> resident_id_fault("11010519490230002X").value      # the 30th of February
    'birth-date'
    """
    if len(number) != 18:
        return Fault.LENGTH
    if not (_spelled_in(number[:17], "0123456789") and number[17] in "0123456789X"):
        return Fault.ALPHABET
    born = _date_of(number[6:14])
    if born is None or (today is not None and born > today):
        return Fault.BIRTH_DATE
    return None if number[17] == _resident_check(number[:17]) else Fault.CHECK_DIGIT


def is_resident_id(number: str, *, today: date | None = None) -> bool:
    """Say whether ``number`` is an 18-character resident number."""
    return resident_id_fault(number, today=today) is None


def resident_id_of(first17: str) -> str:
    """Return the resident number that begins with ``first17``."""
    _must_be_spelled(first17, "0123456789", 17)
    return first17 + _resident_check(first17)


def resident_id_18(number15: str) -> str:
    """Return the 18-character form of a first-generation number, whose holder was born in the 1900s.

    >>> resident_id_18("130503670401001")
    '130503196704010016'
    """
    _must_be_spelled(number15, "0123456789", 15)
    return resident_id_of(number15[:6] + "19" + number15[6:])


def is_registration_number(number: str) -> bool:
    """Say whether ``number`` is a 15-digit business registration number (ISO 7064 MOD 11,10).

    >>> is_registration_number("110108000000016"), is_registration_number("110108000000017")
    (True, False)
    """
    return len(number) == 15 and _spelled_in(number, "0123456789") and number[14] == _mod_11_10(number[:14])


def registration_number_of(first14: str) -> str:
    """Return the registration number that begins with ``first14``."""
    _must_be_spelled(first14, "0123456789", 14)
    return first14 + _mod_11_10(first14)


def is_bank_card(number: str) -> bool:
    """Say whether ``number`` is a card number by Luhn; some old cards fail, so a failure is only a warning.

    >>> is_bank_card("6222021234567890128"), is_bank_card("6222021234567890129")
    (True, False)
    """
    if not (13 <= len(number) <= 19 and _spelled_in(number, "0123456789")):
        return False
    doubled = [int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(number))]
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0


def is_licence_id(identifier: str) -> bool:
    """Say whether ``identifier`` is an electronic licence's (GB/T 36904, ISO 7064 MOD 37,36).

    >>> is_licence_id("1.2.156.3005.2.11100000MB03271699022.340100.000000016.001.9")
    True
    """
    parts = _LICENCE.fullmatch(identifier)
    return parts is not None and parts["check"] == _mod_37_36(
        parts["type"] + parts["issuer"] + parts["serial"] + parts["version"]
    )


def licence_id_of(kind: str, issuer: str, serial: str, version: str) -> str:
    """Return the electronic licence identifier of its four parts."""
    body = kind + issuer + serial + version
    _must_be_spelled(body, ORGANISATION_ALPHABET, len(body))
    return f"1.2.156.3005.2.{kind}.{issuer}.{serial}.{version}.{_mod_37_36(body)}"


def is_mobile(number: str) -> bool:
    """Say whether ``number`` is a mainland mobile number, with or without +86.

    >>> is_mobile("+86 13800138000"), is_mobile("12800138000")
    (True, False)
    """
    return _MOBILE.fullmatch(number) is not None


def is_postal_code(code: str) -> bool:
    """Say whether ``code`` has the form of a postal code."""
    return _POSTAL.fullmatch(code) is not None


def _credit_check(first17: str) -> str:
    return CREDIT_ALPHABET[-_weighed(first17, CREDIT_ALPHABET, CREDIT_WEIGHTS) % 31]


def _organisation_check(first8: str) -> str:
    return "0123456789X"[-_weighed(first8, ORGANISATION_ALPHABET, ORGANISATION_WEIGHTS) % 11]


def _resident_check(first17: str) -> str:
    return RESIDENT_CHECKS[_weighed(first17, "0123456789", RESIDENT_WEIGHTS) % 11]


def _mod_11_10(first14: str) -> str:
    product = 10
    for digit in first14:
        product = ((product + int(digit)) % 10 or 10) * 2 % 11
    return str((11 - product) % 10)


def _mod_37_36(body: str) -> str:
    product = 36
    for character in body:
        product = ((product + ORGANISATION_ALPHABET.index(character)) % 36 or 36) * 2 % 37
    return ORGANISATION_ALPHABET[(37 - product) % 36]


def _weighed(characters: str, alphabet: str, weights: Sequence[int]) -> int:
    return sum(alphabet.index(character) * weight for character, weight in zip(characters, weights, strict=True))


def _spelled_in(value: str, alphabet: str) -> bool:
    # Not str.isdigit(): that accepts the digits of every script.
    return all(character in alphabet for character in value)


def _must_be_spelled(value: str, alphabet: str, length: int) -> None:
    if len(value) != length or not _spelled_in(value, alphabet):
        raise ValueError(f"{length} characters of {alphabet} are wanted")


def _date_of(digits: str) -> date | None:
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return None
