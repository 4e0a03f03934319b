"""What the base library is about: the legal person, known by its credit code, and the fields that are kept of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from jutong.catalogue.entry import Entry
from jutong.kernel.errors import Invalid
from jutong.kernel.text import Text, text
from jutong.terms.identifier import Fault, credit_code_fault

CREDIT_CODE, ORGANISATION_CODE = "credit-code", "organisation-code"
KEY = "uscc"
REF_MARK = "~"  # begins what a row without a key is known by
_FAULTS: Mapping[Fault, Text] = {
    Fault.LENGTH: text("a credit code has 18 characters"),
    Fault.ALPHABET: text("a credit code is spelled with digits and capital letters other than I, O, S, V and Z"),
    Fault.CHECK_DIGIT: text("the last character does not match the others: a character is mistyped"),
    Fault.OLD_NUMBER: text("this is an old 15-digit registration number, not a credit code"),
}


class Unkeyed(StrEnum):
    """Why a row tells of no legal person that the library could know."""

    EMPTY = "empty"
    OLD_NUMBER = "old-registration-number"
    INVALID = "invalid"


class Nature(StrEnum):
    """How a field behaves when sources or deliveries differ."""

    IDENTIFYING = "identifying"  # two values are a conflict: the first stands, disputed, until somebody decides
    CHANGING = "changing"  # the highest source's newest value stands


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A column of golden records, filled from items of one standard element."""

    name: str
    element: str
    nature: Nature = Nature.CHANGING


FIELDS = (
    Field(name="name", element="enterprise-name", nature=Nature.IDENTIFYING),
    Field(name="reg_date", element="registration-date"),
    Field(name="ent_type", element="enterprise-type"),
    Field(name="capital", element="registered-capital"),
    Field(name="scope", element="business-scope"),
    Field(name="province", element="province"),
    Field(name="city", element="place"),
    Field(name="address", element="address"),
)


def is_ref(code: str) -> bool:
    """Say whether this is what a row without a key is known by, not a credit code."""
    return code.startswith(REF_MARK)


def key_of(code: str) -> str | None:
    """Return the key of the legal person with this credit code, or None for what is none.

    The outer check digit decides: registries have issued codes whose inner organisation code fails its own.

    >>> key_of("91330100799655058b"), key_of("110108000000016")
    ('91330100799655058B', None)
    """
    upper = code.upper()
    return upper if credit_code_fault(upper) in (None, Fault.ORGANISATION_CODE) else None


def checked_key(code: str) -> str:
    """Return the key of the legal person with this credit code, or refuse it and say what is wrong with it.

    >>> checked_key(" 91330100799655058b")
    '91330100799655058B'
    """
    upper = code.strip().upper()
    fault = credit_code_fault(upper)
    if fault in (None, Fault.ORGANISATION_CODE):
        return upper
    raise Invalid(
        _FAULTS.get(fault, _FAULTS[Fault.CHECK_DIGIT]),
        basis=text("GB 32100-2015; GB 11714-1997"),
        remedy=text("compare the code with the licence, character by character"),
    )


def key_item_of(entry: Entry) -> str | None:
    """Return the item of an entry that holds credit codes of the things it is about, the key item first.

    A key of the department's own numbering says nothing of what the rows are about; a resident's number does.
    """
    return next(
        (
            item.name
            for item in sorted(entry.items, key=lambda item: not item.key)
            if item.element == CREDIT_CODE and (item.key or not _about_others(entry))
        ),
        None,
    )


def names_legal_persons(entry: Entry) -> bool:
    """Say whether rows of an entry tell of legal persons: by a credit code, or by a name if no key says otherwise."""
    return key_item_of(entry) is not None or ("name" in items_of(entry) and not _about_others(entry))


def _about_others(entry: Entry) -> bool:
    if not entry.key_item:
        return False
    return entry.item(entry.key_item).element not in (None, "", CREDIT_CODE, ORGANISATION_CODE)


def items_of(entry: Entry) -> Mapping[str, str]:
    """Return field -> item for the fields that the entry can fill."""
    by_element: dict[str, str] = {}
    for item in entry.items:
        if item.element:
            by_element.setdefault(item.element, item.name)
    return {field.name: by_element[field.element] for field in FIELDS if field.element in by_element}
