"""Who a row tells of: the kind of subject, the item that holds its key, and how a key is read."""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Mapping
from enum import StrEnum

from jutong.catalogue.entry import Entry
from jutong.kernel.errors import Invalid
from jutong.kernel.text import Text, text
from jutong.terms.identifier import Fault, credit_code_fault, is_licence_id, resident_id_18, resident_id_fault

from .kind import KINDS, LEGAL_PERSON, LICENCE, NATURAL_PERSON, SPATIAL_OBJECT, Kind

CREDIT_CODE, ORGANISATION_CODE = "credit-code", "organisation-code"
LAYER = "layer-code"  # the element of the item that names the layer of a row's feature
REF_MARK = "~"  # begins what a row without a key is known by
# Full-width forms of what keys are spelled with; the blanks after them vanish.
PLAIN = string.digits + string.ascii_letters + ".-:"
WIDE = "".join(chr(ord(character) + 0xFEE0) for character in PLAIN) + "\u3000\u00a0\t "
LAYER_FORM, FEATURE_FORM = "[a-z0-9][a-z0-9_-]{0,39}", "[0-9A-Za-z._-]{1,64}"
# First-generation numbers that end so belong to people born before 1900 (GB 11643): their century cannot be told.
CENTENARIANS = ("996", "997", "998", "999")
_FOLD = {ord(wide): PLAIN[place] if place < len(PLAIN) else None for place, wide in enumerate(WIDE)}
_FEATURE = re.compile(f"{LAYER_FORM}:{FEATURE_FORM}")
_MISTYPED = text("the last character does not match the others: a character is mistyped")
_CODE_FAULTS: Mapping[Fault, Text] = {
    Fault.LENGTH: text("a credit code has 18 characters"),
    Fault.ALPHABET: text("a credit code is spelled with digits and capital letters other than I, O, S, V and Z"),
    Fault.CHECK_DIGIT: _MISTYPED,
    Fault.OLD_NUMBER: text("this is an old 15-digit registration number, not a credit code"),
}
_NUMBER_FAULTS: Mapping[Fault, Text] = {
    Fault.LENGTH: text("an identity number has 18 characters; one of the first generation has 15 digits"),
    Fault.ALPHABET: text("an identity number is 17 digits and a digit or X"),
    Fault.BIRTH_DATE: text("the birth date in the number does not exist"),
    Fault.CHECK_DIGIT: _MISTYPED,
}


class Unkeyed(StrEnum):
    """Why a row tells of no subject that the library could know."""

    EMPTY = "empty"
    OLD_NUMBER = "old-registration-number"
    CENTURY = "century"  # a first-generation number of somebody born before 1900
    INVALID = "invalid"


def is_ref(code: str) -> bool:
    """Say whether this is what a row without a key is known by, not a key."""
    return code.startswith(REF_MARK)


def folded(written: str) -> str:
    """Return a key without blanks, in half-width characters.

    >>> folded(" １１010519491231００２ｘ")
    '11010519491231002x'
    """
    return written.strip().translate(_FOLD)


def key_of(code: str, kind: Kind = LEGAL_PERSON) -> str | None:
    """Return the key of the subject with this code, or None for what is none.

    Of credit codes the outer check digit decides: registries have issued codes whose inner organisation code fails its
    own. Of identity numbers the division is not asked: it is that of the first registration, and long abolished ones,
    81 to 83 (residents of Hong Kong, Macau and Taiwan) and 9 (permanent residents) are sound.

    >>> key_of("91330100799655058b"), key_of("110108000000016")
    ('91330100799655058B', None)
    >>> key_of("130503670401001", NATURAL_PERSON), key_of("130503670401996", NATURAL_PERSON)
    ('130503196704010016', None)
    """
    return _READ[kind.name](code)


def checked_key(code: str, kind: Kind = LEGAL_PERSON) -> str:
    """Return the key of the subject with this code, or refuse it and say what is wrong with it, never repeating it.

    >>> checked_key(" 91330100799655058b")
    '91330100799655058B'
    """
    found = key_of(code.strip(), kind)
    if found is not None:
        return found
    raise Invalid(
        _FAULT_OF[kind.name](code.strip()),
        basis=_BASIS[kind.name],
        remedy=text("compare the code with the licence, character by character"),
    )


def key_item_of(entry: Entry) -> str | None:
    """Return the item of an entry that holds keys of the things it is about: the key item first.

    A key of the department's own numbering says nothing of what the rows are about; a resident's number does.
    """
    kind = kind_of(entry)
    if kind is None:
        return None
    return entry.key_item if kind is not LEGAL_PERSON else _code_item_of(entry)


def kind_of(entry: Entry) -> Kind | None:
    """Return what kind of subjects an entry's rows tell of; None where the base libraries have no place for them.

    The key item decides. Only legal persons are also found without one, by a credit code or by a name: that a number of
    a person stands somewhere in a row does not make the row one of that person.
    """
    if entry.key_item:
        element = entry.item(entry.key_item).element
        for kind in KINDS.values():
            if kind is not LEGAL_PERSON and kind.element == element:
                return kind
    if _code_item_of(entry) is not None or ("name" in _items(entry, LEGAL_PERSON) and not _about_others(entry)):
        return LEGAL_PERSON
    return None


def names_legal_persons(entry: Entry) -> bool:
    """Say whether rows of an entry tell of legal persons: by a credit code, or by a name if no key says otherwise."""
    return kind_of(entry) is LEGAL_PERSON


def items_of(entry: Entry) -> Mapping[str, str]:
    """Return field -> item for the fields of its kind that the entry can fill."""
    return _items(entry, kind_of(entry) or LEGAL_PERSON)


def layer_item_of(entry: Entry) -> str | None:
    """Return the item that names the layer of an entry's features; without one the entry is a layer of its own."""
    return next((item.name for item in entry.items if item.element == LAYER), None)


def _code_item_of(entry: Entry) -> str | None:
    return next(
        (
            item.name
            for item in sorted(entry.items, key=lambda item: not item.key)
            if item.element == CREDIT_CODE and (item.key or not _about_others(entry))
        ),
        None,
    )


def _about_others(entry: Entry) -> bool:
    if not entry.key_item:
        return False
    return entry.item(entry.key_item).element not in (None, "", CREDIT_CODE, ORGANISATION_CODE)


def _items(entry: Entry, kind: Kind) -> Mapping[str, str]:
    by_element: dict[str, str] = {}
    for item in entry.items:
        if item.element:
            by_element.setdefault(item.element, item.name)
    return {field.name: by_element[field.element] for field in kind.fields if field.element in by_element}


def _credit_code(code: str) -> str | None:
    upper = code.upper()
    return upper if credit_code_fault(upper) in (None, Fault.ORGANISATION_CODE) else None


def _number(code: str) -> str | None:
    long = _long(code)
    return None if long is None or resident_id_fault(long) is not None else long


def _long(code: str) -> str | None:
    """Return a number in its 18-character form; None where the century of birth cannot be told."""
    number = folded(code).upper()
    if re.fullmatch("[0-9]{15}", number):
        return None if number[12:] in CENTENARIANS else resident_id_18(number)
    return number


def _licence(code: str) -> str | None:
    identifier = folded(code).upper()
    return identifier if is_licence_id(identifier) else None


def _feature(code: str) -> str | None:
    layer, colon, feature = folded(code).partition(":")
    key = f"{layer.lower()}{colon}{feature}"
    return key if _FEATURE.fullmatch(key) else None


def _number_fault(code: str) -> Text:
    long = _long(code)
    if long is None:
        return text("this first-generation number is of somebody born before 1900: its century cannot be told")
    return _NUMBER_FAULTS.get(resident_id_fault(long) or Fault.CHECK_DIGIT, _MISTYPED)


_READ: Mapping[str, Callable[[str], str | None]] = {
    LEGAL_PERSON.name: _credit_code,
    NATURAL_PERSON.name: _number,
    SPATIAL_OBJECT.name: _feature,
    LICENCE.name: _licence,
}
_FAULT_OF: Mapping[str, Callable[[str], Text]] = {
    LEGAL_PERSON.name: lambda code: _CODE_FAULTS.get(
        credit_code_fault(code.upper()) or Fault.CHECK_DIGIT, _CODE_FAULTS[Fault.CHECK_DIGIT]
    ),
    NATURAL_PERSON.name: _number_fault,
    SPATIAL_OBJECT.name: lambda _code: text("a feature is known by its layer, a colon, and its code in that layer"),
    LICENCE.name: lambda _code: text(
        "this is no sound identifier of an electronic licence: its form or its check fails"
    ),
}
_BASIS: Mapping[str, Text] = {
    LEGAL_PERSON.name: text("GB 32100-2015; GB 11714-1997"),
    NATURAL_PERSON.name: text("GB 11643-1999"),
    SPATIAL_OBJECT.name: text("the layer's own feature codes"),
    LICENCE.name: text("GB/T 36904-2018"),
}
