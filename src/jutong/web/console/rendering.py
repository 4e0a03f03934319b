"""Templates as pages: the environment, its words and filters, in the visitor's language."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from functools import lru_cache
from typing import Any

from babel import Locale
from babel.dates import format_date, format_datetime
from babel.numbers import format_decimal, format_percent
from jinja2 import Environment, PackageLoader, StrictUndefined

from jutong.kernel.clock import LEGAL_TIME
from jutong.kernel.text import Text

from .assets import address_of
from .visit import Visit
from .words import word_of

LANGUAGE_NAMES: Mapping[str, str] = {"zh-CN": "中文", "en": "English"}
# Days come before months in the English of the pages: 2 January 2026. Parsed once, because Babel does so at every call.
LOCALES: Mapping[str, Locale] = {"zh-CN": Locale.parse("zh_CN"), "en": Locale.parse("en_GB")}
INSTANTS: Mapping[str, str] = {"zh-CN": "y年M月d日 HH:mm", "en": "d MMM y, HH:mm"}
# Rendering happens in one thread from start to end; macros reach the visit without being handed it.
_visit: ContextVar[Visit] = ContextVar("visit")


def render(template: str, visit: Visit, values: Mapping[str, object]) -> str:
    """Return a page for one visit."""
    before = _visit.set(visit)
    try:
        return _environment.get_template(template).render(visit=visit, **values)
    finally:
        _visit.reset(before)


def _here() -> Visit:
    return _visit.get()


def _t(template: str, **values: object) -> str:
    """Say a literal sentence, as ``text`` does in Python."""
    return Text(template, values).said_in(_visit.get().language)


def _shown(value: object) -> object:
    """Show texts and enumerations by their words wherever they stand."""
    if isinstance(value, Text):
        return value.said_in(_visit.get().language)
    if isinstance(value, Enum):
        return word_of(value).said_in(_visit.get().language)
    return "" if value is None else value


def _locale() -> Locale:
    return LOCALES[_visit.get().language]


def day(value: date | None) -> str:
    """Show a day: 2026年1月2日, or 2 January 2026."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        value = value.astimezone(LEGAL_TIME).date()
    return _day(value, _visit.get().language)


@lru_cache(maxsize=4096)
def _day(value: date, language: str) -> str:
    return str(format_date(value, "long", locale=LOCALES[language]))


def of_kind(value: object, kind: str) -> str:
    """Show a table's value in the manner of its column."""
    return KINDS.get(kind, said)(value)


def instant(value: datetime | None) -> str:
    """Show an instant by legal time (UTC+8), to the minute."""
    if value is None:
        return ""
    return _instant(value.astimezone(LEGAL_TIME).replace(second=0, microsecond=0), _visit.get().language)


@lru_cache(maxsize=4096)
def _instant(value: datetime, language: str) -> str:
    return str(format_datetime(value, INSTANTS[language], locale=LOCALES[language]))


def number(value: float | Decimal | None) -> str:
    """Show a number with its thousands apart."""
    return "" if value is None else _number(value, _visit.get().language)


@lru_cache(maxsize=4096)
def _number(value: float | Decimal, language: str) -> str:
    return str(format_decimal(value, locale=LOCALES[language]))


def percent(value: float | Decimal | None) -> str:
    """Show a share of one in per cent, to one decimal."""
    return "" if value is None else str(format_percent(value, "0.#%", locale=_locale()))


def permille(value: int | None) -> str:
    """Show a share that is kept in thousandths in per cent."""
    return "" if value is None else percent(Decimal(value) / 1000)


def said(value: object) -> str:
    """Return a text, an enumeration's member or anything else as a string, for attributes and joins."""
    return str(_shown(value))


def code(value: object) -> str:
    """Return the code of a value, as a form sends it."""
    return str(value.value) if isinstance(value, Enum) else "" if value is None else str(value)


def codes(values: Iterable[object]) -> tuple[str, ...]:
    """Return the codes of values."""
    return tuple(code(value) for value in values)


KINDS: Mapping[str, Callable[[Any], str]] = {"number": number, "percent": percent, "day": day, "instant": instant}


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing to choose, with what helps to choose it."""

    value: str
    words: str
    help: str = ""
    law: str = ""


def choices(options: Iterable[object]) -> tuple[Choice, ...]:
    """Return what can be chosen, from members of an enumeration or from (value, words, help, law)."""
    return tuple(
        Choice(code(one[0]), *map(said, one[1:])) if isinstance(one, tuple) else Choice(code(one), said(one))
        for one in options
    )


def pairs(options: Iterable[object]) -> tuple[tuple[str, str], ...]:
    """Return what can be chosen as codes and words."""
    return tuple((one.value, one.words) for one in choices(options))


def _environment_of() -> Environment:
    environment = Environment(
        loader=PackageLoader("jutong.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        finalize=_shown,
    )
    globals_: dict[str, Any] = {"t": _t, "here": _here, "asset": address_of, "language_names": LANGUAGE_NAMES}
    environment.globals.update(globals_)
    for one in (day, instant, number, percent, permille, code, codes, choices, pairs, of_kind):
        environment.filters[one.__name__] = one
    environment.filters["say"] = said
    return environment


_environment = _environment_of()
