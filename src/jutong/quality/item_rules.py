"""The rules of one item: what its standard element and the rulebook ask of every value, as SQL over its readings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import pyarrow as pa

from jutong.kernel.text import Text, plain, text
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
from jutong.terms.identifier import CREDIT_ALPHABET, ORGANISATION_ALPHABET

from . import vectors
from .capital import capital_reading
from .checkdigit import CASELESS, check_reading
from .declared import AnyCheck, Declared, Missing, OneOf, Refers
from .expression import Lifted
from .reading import NO_READING, Join, Reading, Step, column, literal, one_of, quoted
from .rule import NONE_FAILS, Rule, Target
from .saying import said

CAPITAL = "registered-capital"
_ALWAYS = 9999
_FORM = (Length, Alphabet, Pattern)
# What a sound number of a scheme is made of, so that its form need not be asked again.
_WIDTH = {
    Scheme.CREDIT_CODE: (18, 18),
    Scheme.ORGANISATION_CODE: (9, 9),
    Scheme.REGISTRATION_NUMBER: (15, 15),
    Scheme.RESIDENT_ID: (18, 18),
    Scheme.BANK_CARD: (13, 19),
}
_SPELLED = {
    Scheme.CREDIT_CODE: CREDIT_ALPHABET,
    Scheme.ORGANISATION_CODE: ORGANISATION_ALPHABET,
    Scheme.REGISTRATION_NUMBER: "0123456789",
    Scheme.RESIDENT_ID: "0123456789X",
    Scheme.BANK_CARD: "0123456789",
}
_PATTERNS = {
    Scheme.RESIDENT_ID: "[0-9]{17}[0-9X]",
    Scheme.REGISTRATION_NUMBER: "[0-9]{15}",
    Scheme.BANK_CARD: "[0-9]{13,19}",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Standards:
    """What the rules rest on: elements, divisions and code sets, as the registers had them."""

    elements: Mapping[str, StandardElement]
    divisions: Divisions
    code_sets: Mapping[str, CodeSet]


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """One item as the rules see it."""

    name: str
    element: str | None = None
    required: bool = False
    key: bool = False


class ItemRules:
    """The rules of one item, while they are being made; ``lent`` says that the engine knows our functions."""

    def __init__(
        self,
        item: Subject,
        items: Sequence[Subject],
        own: Sequence[Declared],
        standards: Standards,
        lifted: Lifted,
        *,
        today: date,
        lent: bool,
    ) -> None:
        self.item, self._items, self._own = item, items, own
        self._standards, self._lifted, self._today, self._lent = standards, lifted, today, lent
        element = standards.elements.get(item.element or "")
        self._element = element.id if element else None
        self.absent = element.absent if element else ()
        self._checks = _with_own(item, element.checks if element else ())
        asked: list[AnyCheck] = [*self._checks, *(one.check for one in own)]
        self._schemes = frozenset(check.scheme for check in asked if isinstance(check, CheckDigit))
        self._caseless = bool(self._schemes & CASELESS)
        self._old_number = any(isinstance(check, OldNumberAllowed) for check in asked)
        self._raw = column(item.name)
        self.same = f"upper({self._raw})" if self._caseless else self._raw
        wanted = self._schemes | ({Scheme.REGISTRATION_NUMBER} if self._old_number else frozenset())
        self._value, self._capitals = self._raw, ""
        self._digits, self._sound = self._lent_reading(wanted) if lent else self._told_reading(wanted)
        self._forms: dict[str, str] = {}
        self.reading = self._reading(asked)

    def rules(self) -> Iterator[Rule]:
        """Yield the item's rules in the order of its checks, then those of the rulebook."""
        if self._caseless:
            yield self._rule(
                "upper-case",
                Dimension.NORMATIVITY,
                Severity.WARNING,
                fails=f"{self._raw} <> {self._value}"
                if not self._capitals
                else f"CASE WHEN {self._capitals} THEN false ELSE {self._raw} <> {self._value} END",
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
        for one in self._own:
            yield self._rule(
                one.name,
                one.measures,
                one.severity,
                asked="true" if isinstance(one.check, Required | Missing) else self._asked(one.check),
                fails=self._fails(one.check, one.name),
                message=plain(one.says) if one.says else said(one.check),
                same=self.same if isinstance(one.check, Unique) else "",
                target=one.target,
            )

    def _lent_reading(self, schemes: frozenset[Scheme]) -> tuple[Reading, Mapping[Scheme, str]]:
        """Return the verdicts of the lent functions, one a row, and what of them says sound."""
        if self._caseless:
            self._value = f"upper({self._raw})"
        called: set[Scheme] = {
            Scheme.CREDIT_CODE if one is Scheme.EMBEDDED_ORGANISATION_CODE else one for one in schemes
        }
        verdicts, sound = [], []
        for scheme in sorted(called):
            call = f"{vectors.name_of(scheme)}({self._raw})"
            if scheme is Scheme.REGISTRATION_NUMBER and self._old_number:
                call = f"CASE WHEN length({self._raw}) = 15 THEN {call} ELSE CAST(0 AS TINYINT) END"
            verdicts.append((f"{self.item.name} {scheme} verdict", call))
        for scheme in sorted(schemes):
            inner = scheme is Scheme.EMBEDDED_ORGANISATION_CODE
            verdict = quoted(f"{self.item.name} {Scheme.CREDIT_CODE if inner else scheme} verdict")
            bit = vectors.INNER_SOUND if inner else vectors.SOUND
            sound.append((f"{self.item.name} {scheme}", f"({verdict} & {bit}) <> 0"))
            if scheme in CASELESS and not inner:
                sound.append((f"{self.item.name} capitals", f"({verdict} & {vectors.CAPITALS}) <> 0"))
                self._capitals = quoted(f"{self.item.name} capitals")
        steps = (Step(columns=tuple(verdicts)), Step(columns=tuple(sound)))
        return Reading(steps=steps), {one: quoted(f"{self.item.name} {one}") for one in schemes}

    def _told_reading(self, schemes: frozenset[Scheme]) -> tuple[Reading, Mapping[Scheme, str]]:
        """Return the same in SQL alone."""
        first: tuple[Step, ...] = ()
        if self._caseless:
            self._value = quoted(f"{self.item.name} upper")
            first = (Step(columns=((f"{self.item.name} upper", f"upper({self._raw})"),)),)
        digits, sound = check_reading(self._value, self.item.name, schemes) if schemes else (NO_READING, {})
        return Reading(steps=(*first, *digits.steps), tables=digits.tables), sound

    def _rules_of(self, check: Check) -> Iterator[Rule]:
        if isinstance(check, OldNumberAllowed):
            yield from self._old_number_rules(check)
            return
        inner = isinstance(check, CheckDigit) and check.scheme is Scheme.EMBEDDED_ORGANISATION_CODE
        yield self._rule(
            "embedded-organisation-code" if inner else check.code,
            check.dimension,
            check.severity,
            asked="true" if isinstance(check, Required) else self._asked(check),
            fails=self._fails(check, check.code),
            message=said(check),
            listed=not (isinstance(check, Required) and check.severity is Severity.WARNING),
            same=self.same if isinstance(check, Unique) else "",
        )

    def _old_number_rules(self, check: OldNumberAllowed) -> Iterator[Rule]:
        asked = f"{self._raw} IS NOT NULL AND {self._has_15_digits}"
        sound = self._sound[Scheme.REGISTRATION_NUMBER]
        yield self._rule(
            check.code, check.dimension, check.severity, asked=asked, fails=sound, message=said(check)
        )  # fmt: skip
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
        return quoted(f"{self.item.name} has 15 digits")

    def _asked(self, check: AnyCheck) -> str:
        asked = f"{self._raw} IS NOT NULL"
        if self._old_number and not isinstance(check, Unique):
            asked += f" AND NOT {self._has_15_digits}"
        if isinstance(check, CheckDigit | DivisionKnown):
            asked += "".join(f" AND NOT {flag}" for flag in self._forms)
        return asked

    def _fails(self, check: AnyCheck, name: str) -> str:
        """Return the SQL of failing for a present value; "" for sameness, which is no question to one row."""
        match check:
            case Required():
                return f"{self._raw} IS NULL"
            case Missing(words=words):
                among = f" OR {self._raw} IN ({', '.join(map(literal, words))})" if words else ""
                return f"({self._raw} IS NULL{among})"
            case OneOf(values=values):
                return f"{self._raw} NOT IN ({', '.join(map(literal, values))})"
            case Length() | Alphabet() | Pattern():
                form = self._form(check)
                return next((flag for flag, sql in self._forms.items() if sql == form), form)
            case CheckDigit(scheme=scheme):
                return f"NOT {self._sound[scheme]}"
            case DateValid():
                return f"{self._day} IS NULL"
            case NotInFuture():
                return f"coalesce({self._day} > DATE '{self._today.isoformat()}', false)"
            case DivisionKnown(exempt=exempt):
                late = f"coalesce({quoted(f'{self.item.name} division until')}, -1) < {self._year_of(check)}"
                free = " OR ".join(f"starts_with({self._raw}, {literal(word)})" for word in exempt.split())
                return f"CASE WHEN {free} THEN false ELSE {late} END" if free else late
            case Member(code_set=code_set):
                codes = self._standards.code_sets[code_set].codes
                return f"{self._raw} NOT IN ({', '.join(literal(code) for code in codes)})"
            case Refers():
                return f"{quoted(f'{self.item.name} {name} found')} IS NULL"
            case _:
                return ""

    def _form(self, check: Length | Alphabet | Pattern) -> str:
        match check:
            case Length(least=least, most=most):
                amiss = f"length({self._raw}) NOT BETWEEN {least} AND {most}"
            case Alphabet(characters=characters):
                amiss = f"NOT regexp_matches({self._value}, {literal(f'^{one_of(characters)}*$')})"
            case Pattern(expression=expression):
                amiss = f"NOT regexp_matches({self._value}, {literal(f'^({expression})$')})"
        sound = next((self._sound[one] for one in sorted(self._schemes) if _implies(one, check)), "")
        # Most numbers are sound, and a sound one has the form: the dear question is asked of the others alone.
        return f"CASE WHEN {sound} THEN false ELSE {amiss} END" if sound else amiss

    @property
    def _day(self) -> str:
        return self._lifted.day(self.item.name)

    def _year_of(self, check: DivisionKnown) -> str:
        if check.year_at:
            return f"coalesce(try_cast(substr({self._raw}, {check.year_at}, 4) AS INTEGER), 0)"
        dated = next((item.name for item in self._items if check.year_of and item.element == check.year_of), None)
        return "0" if dated is None else f"coalesce(year({self._lifted.day(dated)}), 0)"

    def _reading(self, asked: Sequence[AnyCheck]) -> Reading:
        parts = [self._digits]
        parts += [self._division_reading(one) for one in asked if isinstance(one, DivisionKnown)][:1]
        if self._element == CAPITAL:
            parts.append(capital_reading(self.item.name))
        flags = []
        if self._old_number:
            fifteen = f"CASE WHEN length({self._raw}) = 15 THEN regexp_matches({self._raw}, '^[0-9]{{15}}$') END"
            flags.append((f"{self.item.name} has 15 digits", f"coalesce({fifteen}, false)"))
        for check in asked:
            if isinstance(check, _FORM) and self._form(check) not in self._forms.values():
                name = f"{self.item.name} {len(self._forms)} amiss"
                self._forms[quoted(name)] = self._form(check)
                flags.append((name, f"coalesce({self._form(check)}, false)"))
        steps = tuple(step for part in parts for step in part.steps if step != Step())
        last = (Step(columns=tuple(flags)),) if flags else ()
        tables = {name: table for part in parts for name, table in part.tables.items()}
        return Reading(steps=(*steps, *last), tables=tables)

    def _division_reading(self, check: DivisionKnown) -> Reading:
        alias = quoted(f"{self.item.name} division")
        join = Join(table="divisions", alias=alias, on=f"{alias}.code = substr({self._raw}, {check.first}, 6)")
        step = Step(columns=((f"{self.item.name} division until", f"{alias}.until"),), joins=(join,))
        return Reading(steps=(step,), tables={"divisions": divisions_table(self._standards.divisions)})

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
        same: str = "",
        target: Target = NONE_FAILS,
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
            same=same,
            target=target,
        )


def _with_own(item: Subject, checks: tuple[Check, ...]) -> tuple[Check, ...]:
    """Return the element's checks, sharpened by what the entry says of the item: required, key."""
    asked = tuple(check for check in checks if not (item.required and isinstance(check, Required)))
    own: tuple[Check, ...] = (Required(),) if item.required else ()
    if item.key and not any(isinstance(check, Unique) for check in asked):
        asked = (*asked, Unique())
    return own + asked


def _implies(scheme: Scheme, check: Length | Alphabet | Pattern) -> bool:
    """Say whether every sound number of a scheme has that form."""
    match check:
        case Length(least=least, most=most):
            low, high = _WIDTH.get(scheme, (0, 0))
            return bool(high) and least <= low and high <= most
        case Alphabet(characters=characters):
            return scheme in _SPELLED and set(_SPELLED[scheme]) <= set(characters)
        case Pattern(expression=expression):
            return _PATTERNS.get(scheme) == expression


def divisions_table(divisions: Divisions) -> pa.Table:
    """Return each division code with the last year in which it was in force."""
    until: dict[str, int] = {}
    for span in divisions.spans:
        last = _ALWAYS if span.registry or span.until is None else span.until
        until[span.code] = max(until.get(span.code, 0), last)
    return pa.table({"code": list(until), "until": pa.array(list(until.values()), pa.int32())})
