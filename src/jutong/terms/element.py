"""Standard data elements: what an item means, and the checks that every value of it must pass."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from enum import StrEnum
from typing import Any, ClassVar

from jutong.kernel.canon import Fact

from .codeset import CodeSet
from .division import Divisions
from .identifier import (
    Fault,
    credit_code_fault,
    is_bank_card,
    is_licence_id,
    is_organisation_code,
    is_registration_number,
    is_resident_id,
)

# Standard elements whose values are about one natural person (Personal Information Protection Law, art. 4).
PERSONAL = frozenset({"bank-card", "birth-date", "email", "ethnicity", "person-name", "phone", "resident-id", "sex"})


class Severity(StrEnum):
    """What follows from a failed check: an error fails the row, a warning is counted and shown."""

    ERROR = "error"
    WARNING = "warning"


class Dimension(StrEnum):
    """The six dimensions of data quality (GB/T 36344-2018)."""

    NORMATIVITY = "normativity"
    COMPLETENESS = "completeness"
    ACCURACY = "accuracy"
    CONSISTENCY = "consistency"
    TIMELINESS = "timeliness"
    ACCESSIBILITY = "accessibility"


class Scheme(StrEnum):
    """How a check digit is computed."""

    CREDIT_CODE = "credit-code"
    EMBEDDED_ORGANISATION_CODE = "embedded-organisation-code"  # characters 9 to 17 of a credit code
    ORGANISATION_CODE = "organisation-code"
    REGISTRATION_NUMBER = "registration-number"
    RESIDENT_ID = "resident-id"
    LICENCE_ID = "licence-id"
    BANK_CARD = "bank-card"


@dataclass(frozen=True, slots=True, kw_only=True)
class Required:
    """The value is there; an element says which spellings count as absent."""

    code: ClassVar[str] = "required"
    dimension: ClassVar[Dimension] = Dimension.COMPLETENESS
    severity: Severity = Severity.ERROR


@dataclass(frozen=True, slots=True, kw_only=True)
class Length:
    """The value has between ``least`` and ``most`` characters."""

    code: ClassVar[str] = "length"
    dimension: ClassVar[Dimension] = Dimension.NORMATIVITY
    least: int
    most: int
    severity: Severity = Severity.ERROR


@dataclass(frozen=True, slots=True, kw_only=True)
class Alphabet:
    """The value is spelled with these characters alone."""

    code: ClassVar[str] = "alphabet"
    dimension: ClassVar[Dimension] = Dimension.NORMATIVITY
    characters: str
    severity: Severity = Severity.ERROR


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern:
    """The whole value matches ``expression``, in the dialect that RE2 and Python share."""

    code: ClassVar[str] = "pattern"
    dimension: ClassVar[Dimension] = Dimension.NORMATIVITY
    expression: str
    severity: Severity = Severity.ERROR


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckDigit:
    """The check digit is right; asked only of values whose length and alphabet are."""

    code: ClassVar[str] = "check-digit"
    dimension: ClassVar[Dimension] = Dimension.ACCURACY
    scheme: Scheme
    severity: Severity = Severity.ERROR


@dataclass(frozen=True, slots=True, kw_only=True)
class OldNumberAllowed:
    """A sound 15-digit registration number stands for the credit code; it is counted, and no other check is asked."""

    code: ClassVar[str] = "old-registration-number"
    dimension: ClassVar[Dimension] = Dimension.NORMATIVITY
    severity: Severity = Severity.WARNING


@dataclass(frozen=True, slots=True, kw_only=True)
class DateValid:
    """The value is a day that exists, spelled YYYY-MM-DD."""

    code: ClassVar[str] = "date-valid"
    dimension: ClassVar[Dimension] = Dimension.NORMATIVITY
    severity: Severity = Severity.ERROR


@dataclass(frozen=True, slots=True, kw_only=True)
class NotInFuture:
    """The day is not after the day of examination."""

    code: ClassVar[str] = "not-in-future"
    dimension: ClassVar[Dimension] = Dimension.ACCURACY
    severity: Severity = Severity.ERROR


@dataclass(frozen=True, slots=True, kw_only=True)
class DivisionKnown:
    """Six digits from character ``first`` (counted from 1) are a division that was in force at any time from a year on,
    or a code of a registering office.

    The year is that of the item whose element is ``year_of``, or the four digits from character ``year_at`` on.
    Values that begin with one of the ``exempt`` (words) carry no division of the tables.
    """

    code: ClassVar[str] = "division-known"
    dimension: ClassVar[Dimension] = Dimension.CONSISTENCY
    first: int = 1
    year_of: str = ""
    year_at: int = 0
    exempt: str = ""
    severity: Severity = Severity.WARNING


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """The value is a code of the code set."""

    code: ClassVar[str] = "member"
    dimension: ClassVar[Dimension] = Dimension.NORMATIVITY
    code_set: str
    severity: Severity = Severity.ERROR


@dataclass(frozen=True, slots=True, kw_only=True)
class Unique:
    """No other row of the batch has the same value."""

    code: ClassVar[str] = "unique"
    dimension: ClassVar[Dimension] = Dimension.CONSISTENCY
    severity: Severity = Severity.ERROR


Check = (
    Required
    | Length
    | Alphabet
    | Pattern
    | CheckDigit
    | OldNumberAllowed
    | DateValid
    | NotInFuture
    | DivisionKnown
    | Member
    | Unique
)

CHECKS: Mapping[str, type[Check]] = {
    kind.code: kind
    for kind in (
        Required,
        Length,
        Alphabet,
        Pattern,
        CheckDigit,
        OldNumberAllowed,
        DateValid,
        NotInFuture,
        DivisionKnown,
        Member,
        Unique,
    )
}

SCHEMES: Mapping[Scheme, Callable[[str], bool]] = {
    Scheme.CREDIT_CODE: lambda value: credit_code_fault(value) in (None, Fault.ORGANISATION_CODE),
    Scheme.EMBEDDED_ORGANISATION_CODE: lambda value: is_organisation_code(value[8:17]),
    Scheme.ORGANISATION_CODE: is_organisation_code,
    Scheme.REGISTRATION_NUMBER: is_registration_number,
    Scheme.RESIDENT_ID: is_resident_id,
    Scheme.LICENCE_ID: is_licence_id,
    Scheme.BANK_CARD: is_bank_card,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class StandardElement:
    """One element of the standard; ``data_type`` is a letter of the code set ``data-type`` (C text, D date ...).

    ``absent`` lists the spellings that sources use for "nothing"; NULL and blanks always count as absent.
    """

    id: str
    title: str
    title_en: str
    data_type: str
    checks: tuple[Check, ...] = ()
    absent: tuple[str, ...] = ()

    def is_absent(self, value: str | None) -> bool:
        """Say whether ``value`` is a spelling of "nothing"."""
        return value is None or not value.strip() or value.strip() in self.absent

    def facts(self) -> dict[str, Fact]:
        """Return the element as plain values; ``of_facts`` reads them back."""
        checks = [{"check": check.code, **asdict(check)} for check in self.checks]
        return {
            "id": self.id,
            "title": self.title,
            "title_en": self.title_en,
            "data_type": self.data_type,
            "absent": list(self.absent),
            "checks": [{name: _plain(value) for name, value in check.items()} for check in checks],
        }

    @classmethod
    def of_facts(cls, facts: Mapping[str, Any]) -> StandardElement:
        """Read an element from plain values (a data file, a JSON column).

        >>> StandardElement.of_facts({"id": "x", "title": "x", "title_en": "x", "data_type": "C",
        ...     "checks": [{"check": "check-digit", "scheme": "luhn"}]})
        Traceback (most recent call last):
        ValueError: 'luhn' is not a valid Scheme
        """
        return cls(
            id=facts["id"],
            title=facts["title"],
            title_en=facts["title_en"],
            data_type=facts["data_type"],
            absent=tuple(facts.get("absent", ())),
            checks=tuple(check_of(each) for each in facts.get("checks", ())),
        )


def check_of(facts: Mapping[str, Any]) -> Check:
    """Read one check from plain values: its code under ``check``, and its own fields."""
    told = {name: value for name, value in facts.items() if name != "check"}
    if "severity" in told:
        told["severity"] = Severity(told["severity"])
    if "scheme" in told:
        told["scheme"] = Scheme(told["scheme"])
    return CHECKS[facts["check"]](**told)


def holds(
    check: Check,
    value: str,
    *,
    today: date,
    divisions: Divisions,
    year: int = 0,
    code_sets: Mapping[str, CodeSet],
) -> bool:
    """Say whether one present value passes a check; this is the oracle for every faster way of asking.

    ``Unique`` is a question to the batch, not to a value, and holds here.
    """
    match check:
        case Length(least=least, most=most):
            return least <= len(value) <= most
        case Alphabet(characters=characters):
            return all(character in characters for character in value)
        case Pattern(expression=expression):
            return re.fullmatch(expression, value) is not None
        case CheckDigit(scheme=scheme):
            return SCHEMES[scheme](value)
        case OldNumberAllowed():
            return not is_registration_number(value)
        case DateValid():
            return _day(value) is not None
        case NotInFuture():
            day = _day(value)
            return day is None or day <= today
        case DivisionKnown(first=first, year_at=at, exempt=exempt):
            code = value[first - 1 : first + 5]
            since = int(value[at - 1 : at + 3]) if at else year
            return (
                value.startswith(tuple(exempt.split()))
                or divisions.known_from(code, since)
                or divisions.is_registry_code(code)
            )
        case Member(code_set=code_set):
            return value in code_sets[code_set]
        case Required() | Unique():
            return True


def _day(value: str) -> date | None:
    if re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", value) is None:
        return None
    try:
        return date.fromisoformat(value)
    except ValueError:
        return None


def _plain(value: object) -> Fact:
    return value.value if isinstance(value, StrEnum) else value if isinstance(value, int | bool) else str(value)
