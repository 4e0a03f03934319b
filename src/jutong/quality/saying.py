"""What it means that a value, a row or a table fails a check, in words."""

from __future__ import annotations

from jutong.kernel.text import Text, text
from jutong.terms.element import (
    Alphabet,
    CheckDigit,
    DateValid,
    DivisionKnown,
    Length,
    Member,
    NotInFuture,
    OldNumberAllowed,
    Pattern,
    Required,
    Scheme,
    Unique,
)

from .declared import Adds, AnyCheck, Missing, OneOf, Refers, Rows, Together


def said(check: AnyCheck) -> Text:
    """Return what it means that a value fails a check."""
    match check:
        case Required() | Missing():
            return text("nothing is filled in")
        case Length(least=least, most=most):
            return text("the length is not between {least} and {most} characters", least=least, most=most)
        case Alphabet():
            return text("a character stands there that the standard does not use")
        case Pattern():
            return text("the form is not that of the standard")
        case CheckDigit(scheme=Scheme.EMBEDDED_ORGANISATION_CODE):
            return text("the check digit of the organisation code inside is wrong")
        case CheckDigit():
            return text("the check digit is wrong")
        case OldNumberAllowed():
            return text("an old 15-digit registration number stands for the credit code")
        case DateValid():
            return text("this is no day that exists, spelled YYYY-MM-DD")
        case NotInFuture():
            return text("the day lies in the future")
        case DivisionKnown():
            return text("the division code was never in force from that year on")
        case Member(code_set=code_set):
            return text("the value is not a code of {code_set}", code_set=code_set)
        case OneOf():
            return text("the value is none of those that the rulebook lists")
        case Refers():
            return text("the value does not stand where it refers to")
        case Unique():
            return text("an earlier row of the batch has the same value")
        case Together():
            return text("an earlier row of the batch has the same values together")
        case Adds():
            return text("the parts do not add up to the total")
        case Rows():
            return text("the batch has not as many rows as it should")
        case _:
            return text("the row contradicts itself")
