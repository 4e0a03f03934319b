"""All rules of one entry, made from the checks that its items' standard elements declare."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

import pyarrow as pa

from jutong.catalogue.entry import Entry
from jutong.catalogue.item import Item
from jutong.kernel.text import Text, text
from jutong.terms.codeset import CodeSet
from jutong.terms.division import Divisions
from jutong.terms.element import (
    Alphabet,
    Check,
    CheckDigit,
    DateValid,
    Dimension,
    DivisionKnown,
    Length,
    Member,
    NotInFuture,
    OldNumberAllowed,
    Pattern,
    Required,
    Scheme,
    Severity,
    StandardElement,
    Unique,
)

from .capital import capital_reading
from .checkdigit import CASELESS, COMPILED, check_reading
from .reading import NO_READING, Join, Reading, Step, column, literal, one_of, present, quoted
from .rule import Rule

CAPITAL = "registered-capital"
_ALWAYS = 9999
_FORM = (Length, Alphabet, Pattern)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standards:
    """What the rules rest on: elements, divisions and code sets, as the registers had them."""

    elements: Mapping[str, StandardElement]
    divisions: Divisions
    code_sets: Mapping[str, CodeSet]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rulebook:
    """The rules of an entry and how its items are read for them.

    ``presents`` and ``sameness`` are SQL over an item's raw column: its value, and what two rows must not share.
    ``keys`` are rules about sameness; ``unasked`` names declared checks that cannot be asked of a whole table.
    """

    presents: Mapping[str, str]
    sameness: Mapping[str, str]
    rules: tuple[Rule, ...]
    readings: tuple[Reading, ...]
    keys: tuple[Rule, ...]
    unasked: tuple[str, ...]

    @property
    def all_rules(self) -> tuple[Rule, ...]:
        """Rules about rows, then rules about sameness."""
        return (*self.rules, *self.keys)


def rulebook_of(entry: Entry, standards: Standards, *, today: date) -> Rulebook:
    """Return the rules of ``entry`` as they are asked on ``today``."""
    books = [_Item(entry, item, standards, today) for item in entry.items]
    rules = [rule for book in books for rule in book.rules()]
    return Rulebook(
        presents={book.item.name: book.present for book in books},
        sameness={book.item.name: book.same for book in books},
        rules=tuple(rule for rule in rules if rule.fails),
        readings=tuple(book.reading for book in books),
        keys=tuple(rule for rule in rules if not rule.fails),
        unasked=tuple(word for book in books for word in book.unasked),
    )


class _Item:
    """The rules of one item, while they are being made."""

    def __init__(self, entry: Entry, item: Item, standards: Standards, today: date) -> None:
        self.item, self._entry, self._standards, self._today = item, entry, standards, today
        element = standards.elements.get(item.element or "")
        self._element = element.id if element else None
        self._checks = _with_own(item, element.checks if element else ())
        schemes = frozenset(check.scheme for check in self._checks if isinstance(check, CheckDigit))
        self._caseless = bool(schemes & CASELESS)
        self._old_number = any(isinstance(check, OldNumberAllowed) for check in self._checks)
        self.unasked = tuple(f"{item.name}.{scheme}" for scheme in sorted(schemes - COMPILED))
        self.present = present(item.name, element.absent if element else ())
        self.same = f"upper({self.present})" if self._caseless else self.present
        self._raw = column(item.name)
        self.value = quoted(f"{item.name} upper") if self._caseless else self._raw
        wanted = (schemes & COMPILED) | ({Scheme.REGISTRATION_NUMBER} if self._old_number else frozenset())
        self._digits, self._sound = check_reading(self.value, item.name, wanted) if wanted else (NO_READING, {})
        self.reading = self._reading()

    def rules(self) -> Iterator[Rule]:
        """Yield the item's rules in the order of its checks."""
        if self._caseless:
            yield self._rule(
                "upper-case",
                Dimension.NORMATIVITY,
                Severity.WARNING,
                fails=f"{self._raw} <> {self.value}",
                message=text("a letter is in lower case"),
            )
        for check in self._checks:
            yield from self._rules_of(check)
        if self._element == CAPITAL:
            yield self._rule(
                "readable-amount",
                Dimension.ACCURACY,
                Severity.WARNING,
                fails=f"{quoted(f'{self.item.name}_doubt')} IS NOT NULL",
                message=text("the amount can be read in more than one way, or not at all"),
            )

    def _rules_of(self, check: Check) -> Iterator[Rule]:
        if isinstance(check, CheckDigit) and check.scheme not in COMPILED:
            return
        if isinstance(check, OldNumberAllowed):
            yield from self._old_number_rules(check)
            return
        rule = "embedded-organisation-code" if _is_embedded(check) else check.code
        yield self._rule(
            rule,
            check.dimension,
            check.severity,
            asked="true" if isinstance(check, Required) else self._asked(check),
            fails=self._fails(check),
            message=_message(check),
            listed=not (isinstance(check, Required) and check.severity is Severity.WARNING),
        )

    def _old_number_rules(self, check: OldNumberAllowed) -> Iterator[Rule]:
        asked = f"{self._raw} IS NOT NULL AND {self._has_15_digits}"
        sound = self._sound[Scheme.REGISTRATION_NUMBER]
        yield self._rule(
            check.code,
            check.dimension,
            check.severity,
            asked=asked,
            fails=sound,
            message=text("an old 15-digit registration number stands for the credit code"),
        )
        yield self._rule(
            "old-number-check-digit",
            Dimension.ACCURACY,
            Severity.ERROR,
            asked=asked,
            fails=f"NOT {sound}",
            message=text("the check digit of the old registration number is wrong"),
        )

    @property
    def _has_15_digits(self) -> str:
        return f"regexp_matches({self._raw}, '^[0-9]{{15}}$')"

    def _asked(self, check: Check) -> str:
        asked = f"{self._raw} IS NOT NULL"
        if self._old_number and not isinstance(check, Unique):
            asked += f" AND NOT {self._has_15_digits}"
        if isinstance(check, CheckDigit | DivisionKnown):
            for form in self._checks:
                if isinstance(form, _FORM):
                    asked += f" AND NOT ({self._fails(form)})"
        return asked

    def _fails(self, check: Check) -> str:
        """Return the SQL of failing for a present value; "" for sameness, which is no question to one row."""
        match check:
            case Required():
                return f"{self._raw} IS NULL"
            case Length(least=least, most=most):
                return f"length({self.value}) NOT BETWEEN {least} AND {most}"
            case Alphabet(characters=characters):
                return f"NOT regexp_matches({self.value}, {literal(f'^{one_of(characters)}*$')})"
            case Pattern(expression=expression):
                return f"NOT regexp_matches({self.value}, {literal(f'^({expression})$')})"
            case CheckDigit(scheme=scheme):
                return f"NOT {self._sound[scheme]}"
            case DateValid():
                return f"{self._day} IS NULL"
            case NotInFuture():
                return f"coalesce({self._day} > DATE '{self._today.isoformat()}', false)"
            case DivisionKnown():
                return f"coalesce({quoted(f'{self.item.name} division until')}, -1) < {self._year_of(check)}"
            case Member(code_set=code_set):
                codes = self._standards.code_sets[code_set].codes
                return f"{self.value} NOT IN ({', '.join(literal(code) for code in codes)})"
            case Unique() | OldNumberAllowed():
                return ""

    @property
    def _day(self) -> str:
        return day_of(self.item.name)

    def _year_of(self, check: DivisionKnown) -> str:
        dated = next((item.name for item in self._entry.items if check.year_of and item.element == check.year_of), None)
        return "0" if dated is None else f"coalesce(year({day_of(dated)}), 0)"

    def _reading(self) -> Reading:
        first = Step(columns=((f"{self.item.name} upper", f"upper({self._raw})"),)) if self._caseless else Step()
        parts = [Reading(steps=(first, *self._digits.steps), tables=self._digits.tables)]
        parts += [self._division_reading(check.first) for check in self._checks if isinstance(check, DivisionKnown)]
        if self._element == CAPITAL:
            parts.append(capital_reading(self.item.name))
        steps = tuple(step for part in parts for step in part.steps if step != Step())
        return Reading(steps=steps, tables={name: table for part in parts for name, table in part.tables.items()})

    def _division_reading(self, first: int) -> Reading:
        alias = quoted(f"{self.item.name} division")
        join = Join(table="divisions", alias=alias, on=f"{alias}.code = substr({self.value}, {first}, 6)")
        step = Step(columns=((f"{self.item.name} division until", f"{alias}.until"),), joins=(join,))
        return Reading(steps=(step,), tables={"divisions": _until_table(self._standards.divisions)})

    def _rule(
        self,
        code: str,
        dimension: Dimension,
        severity: Severity,
        *,
        fails: str,
        message: Text,
        asked: str = "",
        listed: bool = True,
    ) -> Rule:
        return Rule(
            id=f"{self.item.name}.{code}",
            item=self.item.name,
            element=self._element,
            dimension=dimension,
            severity=severity,
            asked=asked or f"{self._raw} IS NOT NULL",
            fails=fails,
            message=message,
            listed=listed,
        )


def day_of(item: str) -> str:
    """Return the SQL of an item's value as a day; NULL unless it is spelled YYYY-MM-DD and exists."""
    value = column(item)
    return f"CASE WHEN regexp_matches({value}, '^[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}$') THEN try_cast({value} AS DATE) END"


def _with_own(item: Item, checks: tuple[Check, ...]) -> tuple[Check, ...]:
    """Return the element's checks, sharpened by what the entry says of the item: required, key."""
    asked = tuple(check for check in checks if not (item.required and isinstance(check, Required)))
    own: tuple[Check, ...] = (Required(),) if item.required else ()
    if item.key and not any(isinstance(check, Unique) for check in asked):
        asked = (*asked, Unique())
    return own + asked


def _is_embedded(check: Check) -> bool:
    return isinstance(check, CheckDigit) and check.scheme is Scheme.EMBEDDED_ORGANISATION_CODE


def _message(check: Check) -> Text:
    match check:
        case Required():
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
        case Unique():
            return text("an earlier row of the batch has the same value")


def _until_table(divisions: Divisions) -> pa.Table:
    until: dict[str, int] = {}
    for span in divisions.spans:
        last = _ALWAYS if span.registry or span.until is None else span.until
        until[span.code] = max(until.get(span.code, 0), last)
    return pa.table({"code": list(until), "until": pa.array(list(until.values()), pa.int32())})
