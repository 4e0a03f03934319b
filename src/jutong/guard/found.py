"""Numbers of persons in free text: found by their form, and by their check digit where the form is a common one.

One description, read by Python and as SQL (DuckDB's dialect) with the same result. A mistyped number of a person is
still that person's, so its check digit is not asked; of any sixteen digits only Luhn's digit tells a bank card.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from jutong.terms.identifier import is_bank_card


class Kind(StrEnum):
    """What is looked for, in the order in which it is hidden: the longest first."""

    CARD = "card"  # bank cards, 16 to 19 digits (ISO/IEC 7812-1)
    PERSON = "person"  # citizens' numbers of 18 places and of 15 (GB 11643)
    PHONE = "phone"  # mobile and fixed
    PASSPORT = "passport"  # and travel permits
    PLATE = "plate"  # of cars (GA 36)
    MAIL = "mail"  # addresses


@dataclass(frozen=True, slots=True)
class _Form:
    pattern: str  # that Python's and DuckDB's expressions (RE2) read alike
    beside: str = ""  # characters that may not stand beside it: it would be a part of something longer


_DAY = "(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])"
_PLATED = "[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼][A-HJ-NP-Z]"
_FORMS: dict[Kind, tuple[_Form, ...]] = {
    Kind.CARD: (_Form("[0-9]{4}(?:[ -]?[0-9]{4}){3}(?:[ -]?[0-9]{1,3})?"),),
    Kind.PERSON: (
        _Form(f"[1-9][0-9]{{5}}[ -]?(?:18|19|20)[0-9]{{2}}{_DAY}[ -]?[0-9]{{3}}[0-9Xx]"),
        _Form(f"[1-9][0-9]{{5}}[ -]?[0-9]{{2}}{_DAY}[ -]?[0-9]{{3}}", "0-9"),
    ),
    Kind.PHONE: (
        _Form("(?:(?:\\+|00)?86[ -]?|0)?1[3-9][0-9][ -]?[0-9]{4}[ -]?[0-9]{4}", "0-9"),
        _Form("0[1-9][0-9]{1,2}[ -][2-9][0-9]{6,7}", "0-9"),
    ),
    Kind.PASSPORT: (_Form("(?:[EeGgDdSsPp][A-Za-z]?[0-9]{7,8}|[HhMmCc][0-9]{8}(?:[0-9]{2})?)", "0-9A-Za-z"),),
    Kind.PLATE: (_Form(f"{_PLATED}[ ·•]?[A-HJ-NP-Z0-9]{{4,5}}[A-HJ-NP-Z0-9挂学警港澳]"),),
    Kind.MAIL: (_Form("[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\\.[A-Za-z0-9-]{1,63}){1,8}"),),
}
# Digits and signs of full width are read as those of half width.
_NARROW = "0123456789Xx@-+. "
_WIDE = "".join(chr(0xFEE0 + ord(one)) for one in _NARROW[:-1]) + "\u3000"
_NARROWED = str.maketrans(_WIDE, _NARROW)


_ANY = "[0-9@]"  # without which there is nothing of all that


def hide_found(value: str, kinds: Sequence[Kind], hidden: str) -> str:
    """Return a text with ``hidden`` in the place of each number that is found.

    >>> hide_found("回访 138 1234 5678，身份证110101199003070011", tuple(Kind), "***")
    '回访 ***，身份证***'
    """
    value = value.translate(_NARROWED)
    if re.search(_ANY, value) is None:
        return value
    for kind in Kind:
        for form in _FORMS[kind] if kind in kinds else ():
            value = _cards_hidden(value, form, hidden) if kind is Kind.CARD else _hidden(value, form, hidden)
    return value


def hide_found_sql(value: str, kinds: Sequence[Kind], hidden: str) -> str:
    """Return the expression that does the same to the text expression ``value``; null stays null."""
    told = "words"
    for kind in Kind:
        for form in _FORMS[kind] if kind in kinds else ():
            told = _cards_hidden_sql(told, form, hidden) if kind is Kind.CARD else _hidden_sql(told, form, hidden)
    words = f"translate({value}, '{_WIDE}', '{_NARROW}')"
    return _let("words", words, f"CASE WHEN regexp_matches(words, '{_ANY}') THEN {told} ELSE words END")


def _hidden(value: str, form: _Form, hidden: str) -> str:
    if not form.beside:
        return re.sub(form.pattern, hidden, value)
    bounded = re.compile(rf"(^|[^{form.beside}])(?:{form.pattern})([^{form.beside}]|\Z)")
    # What stands between two numbers ends the one, so that the other is found the second time.
    return bounded.sub(rf"\1{hidden}\2", bounded.sub(rf"\1{hidden}\2", value))


def _hidden_sql(value: str, form: _Form, hidden: str) -> str:
    if not form.beside:
        return f"regexp_replace({value}, '{form.pattern}', '{hidden}', 'g')"
    bounded = rf"'(^|[^{form.beside}])(?:{form.pattern})([^{form.beside}]|$)', '\1{hidden}\2', 'g'"
    return f"regexp_replace(regexp_replace({value}, {bounded}), {bounded})"


def _cards_hidden(value: str, form: _Form, hidden: str) -> str:
    cards = {one for one in re.findall(form.pattern, value) if is_bank_card(re.sub("[ -]", "", one))}
    for card in sorted(cards, key=lambda one: (len(one), one), reverse=True):
        value = value.replace(card, hidden)
    return value


def _cards_hidden_sql(value: str, form: _Form, hidden: str) -> str:
    doubled = "substr(digits, length(digits) - nth, 1)::INTEGER * (1 + nth % 2)"
    summed = "list_sum(list_transform(doubles, lambda one: CASE WHEN one > 9 THEN one - 9 ELSE one END))"
    luhn = _let("doubles", f"list_transform(range(length(digits)), lambda nth: {doubled})", summed)
    sound = _let("digits", "regexp_replace(card, '[ -]', '', 'g')", f"{luhn} % 10 = 0")
    cards = f"list_filter(list_distinct(regexp_extract_all(said, '{form.pattern}')), lambda card: {sound})"
    longest = f"list_reverse_sort(list_transform({cards}, lambda card: lpad(length(card)::VARCHAR, 2, '0') || card))"
    wanted = f"list_prepend(said, list_transform({longest}, lambda one: substr(one, 3)))"
    hiding = f"list_reduce({wanted}, lambda told, card: replace(told, card, '{hidden}'))"
    return _let("said", value, f"CASE WHEN regexp_matches(said, '{form.pattern}') THEN {hiding} ELSE said END")


def _let(name: str, value: str, told: str) -> str:
    """Return ``told``, in which ``name`` stands for ``value``: worked out once, whatever its length."""
    return f"list_transform([{value}], lambda {name}: {told})[1]"
