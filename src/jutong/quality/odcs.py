"""Rulebooks as documents of the Open Data Contract Standard (ODCS v3.1): its ``quality``, and our extension of it.

Library metrics say what they can; everything else is ``type: custom, engine: jutong`` with the check and its fields
under ``implementation``. Whole SQL queries are refused: a rule is an expression over one row.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, fields
from enum import StrEnum
from typing import Any

import msgspec

from jutong.kernel.errors import Invalid
from jutong.kernel.shape import learn
from jutong.kernel.text import Text, text
from jutong.terms.element import CHECKS, Dimension, Length, Pattern, Required, Severity, Unique, check_of

from .declared import OWN, AnyCheck, Book, Declared, Missing, OneOf, Rows, Together
from .expression import checked_pattern
from .rule import NONE_FAILS, Operator, Target

for kind in (*OWN.values(), *CHECKS.values()):
    learn(kind)
VERSION = "v3.1.0"
ENGINE = "jutong"
ORIGIN, ELEMENT = "jutong.origin", "jutong.element"
STANDARD = "standard"  # the origin of rules that a standard element brings along: shown, and never read back
MOST_RULES = 500
_MOST = 10**15
_NAME = re.compile("[a-z][a-z0-9-]{0,60}")
_OTHER = re.compile("[^a-z0-9]+")
_DIMENSIONS = {
    Dimension.NORMATIVITY: "conformity",
    Dimension.COMPLETENESS: "completeness",
    Dimension.ACCURACY: "accuracy",
    Dimension.CONSISTENCY: "consistency",
    Dimension.TIMELINESS: "timeliness",
    Dimension.ACCESSIBILITY: "coverage",
}
_MEANT = {**{word: dimension for dimension, word in _DIMENSIONS.items()}, "uniqueness": Dimension.CONSISTENCY}
_SEVERITIES = {"warning": Severity.WARNING, "info": Severity.WARNING, "low": Severity.WARNING}
# Length of a value by the options of a property: a rule of its own name.
_DECLARED = "declared-"


def document_of(
    book: Book, *, id: str, name: str, title: str, version: int, items: Mapping[str, str]
) -> dict[str, Any]:
    """Return a book as a document; ``items`` are the titles of its table's items by their names."""
    return {
        "apiVersion": VERSION,
        "kind": "DataContract",
        "id": id,
        "name": title,
        "version": f"{version}.0.0",
        "status": "active",
        "schema": [
            {
                "name": name,
                "businessName": title,
                "logicalType": "object",
                "properties": [_property_of(book, item, told) for item, told in items.items()],
                "quality": [
                    *(_rule_to_document(one) for one in book.rules if not one.item),
                    *({"type": "text", "description": words} for words in book.unasked),
                ],
            }
        ],
    }


def book_of(document: object) -> Book:
    """Read a document, or refuse it at the first thing that cannot be meant."""
    if _holds_nul(document):
        raise _wrong(text("the document holds a character that no text has (NUL)"))
    schema = _only_schema(document)
    rules: list[Declared] = []
    prose: list[str] = []
    elements: dict[str, str] = {}
    for told in _list(schema.get("properties"), "properties"):
        item = _text(told.get("name"), "name")
        if not item or len(item) > 200:
            raise _wrong(text("a property has no name, or one of more than 200 characters"))
        if ELEMENT in (custom := _custom(told)):
            elements[item] = str(custom[ELEMENT])
        rules += _declared_by_property(item, told)
        for one in _list(told.get("quality"), "quality"):
            rules += _read(one, item, elements, prose, rules)
    for one in _list(schema.get("quality"), "quality"):
        rules += _read(one, "", elements, prose, rules)
    if len(rules) > MOST_RULES:
        raise _wrong(text("a rulebook has at most {most} rules", most=MOST_RULES))
    title = str(schema.get("businessName") or schema.get("name") or "")
    return Book(title=title[:200], rules=tuple(rules), elements=elements, unasked=tuple(prose))


def items_of(document: object) -> tuple[str, ...]:
    """Return the names of a document's properties, in order."""
    told = _list(_only_schema(document).get("properties"), "properties")
    return tuple(_text(one.get("name"), "name") for one in told)


def _holds_nul(value: object) -> bool:
    match value:
        case str():
            return "\0" in value
        case dict():
            return any(_holds_nul(one) for one in (*value, *value.values()))
        case list() | tuple():
            return any(_holds_nul(one) for one in value)
        case _:
            return False


def _only_schema(document: object) -> Mapping[str, Any]:
    if not isinstance(document, dict) or document.get("kind", "DataContract") != "DataContract":
        raise _wrong(text("this is no data contract"))
    if not str(document.get("apiVersion", "")).startswith("v3."):
        raise _wrong(text("the document says no apiVersion v3"))
    schemas = _list(document.get("schema"), "schema")
    if len(schemas) != 1:
        raise _wrong(text("a rulebook is about one table: its schema has one object"))
    return schemas[0]


def _declared_by_property(item: str, told: Mapping[str, Any]) -> Iterator[Declared]:
    if told.get("required") is True:
        yield Declared(name=f"{_DECLARED}required", item=item, check=Required())
    if told.get("unique") is True or told.get("primaryKey") is True:
        yield Declared(name=f"{_DECLARED}unique", item=item, check=Unique())
    options = told.get("logicalTypeOptions")
    if not isinstance(options, dict):
        return
    least, most = options.get("minLength", 0), options.get("maxLength", 1_000_000)
    if isinstance(least, int) and isinstance(most, int) and (least, most) != (0, 1_000_000):
        yield Declared(name=f"{_DECLARED}length", item=item, check=Length(least=least, most=most))
    if "pattern" in options:
        pattern = checked_pattern(_text(options["pattern"], "pattern"))
        yield Declared(name=f"{_DECLARED}pattern", item=item, check=Pattern(expression=pattern))


def _read(
    told: Mapping[str, Any], item: str, elements: dict[str, str], prose: list[str], before: Sequence[Declared]
) -> Iterator[Declared]:
    kind = told.get("type", "library")
    if kind == "text":
        prose.append(_text(told.get("description"), "description")[:500])
        return
    if kind == "sql":
        raise Invalid(
            text("a rule is a whole SQL query; only expressions over one row are asked"),
            remedy=text("write it as type custom, engine jutong, with a check and its fields"),
        )
    if _custom(told).get(ORIGIN) == STANDARD:
        return
    if kind == "custom":
        if told.get("engine") != ENGINE:
            prose.append(f"{told.get('engine')}: {told.get('name', '')}"[:500])
            return
        made = told.get("implementation")
        if not isinstance(made, dict):
            raise _wrong(text("a rule of this engine gives its check as an object"))
        if item and set(made) == {"element"}:
            elements[item] = _text(made["element"], "element")
            return
        check, target = _check_of(made), _target_of(made.get("target", {}))
    else:
        check, target = _metric_of(told, item), _target_of(told)
    yield Declared(
        name=_name_of(told, check, item, before),
        item=item,
        check=check,
        severity=_SEVERITIES.get(str(told.get("severity", "error")), Severity.ERROR),
        dimension=_dimension_of(told, check),
        says=_text(told.get("description", ""), "description")[:500],
        target=target,
    )


def _metric_of(told: Mapping[str, Any], item: str) -> AnyCheck:
    arguments = told.get("arguments") or {}
    if not isinstance(arguments, dict):
        raise _wrong(text("the arguments of a metric are an object"))
    match told.get("metric") or told.get("rule"):
        case "rowCount":
            return Rows()
        case "nullValues" if item:
            return Required()
        case "missingValues" if item:
            words = [each for each in arguments.get("missingValues", ()) if each is not None and each != ""]
            return Missing(words=_texts(words) if words else ())
        case "invalidValues" if item and "validValues" in arguments:
            return OneOf(values=_texts(arguments["validValues"]))
        case "invalidValues" if item and "pattern" in arguments:
            return Pattern(expression=checked_pattern(_text(arguments["pattern"], "pattern")))
        case "duplicateValues" if item:
            return Unique()
        case "duplicateValues" if arguments.get("properties"):
            return Together(items=_texts(arguments["properties"]))
        case other:
            raise _wrong(text("there is no metric {metric} with these arguments", metric=str(other)[:40]))


def _check_of(made: Mapping[str, Any]) -> AnyCheck:
    code = str(made.get("check", ""))
    told = {name: value for name, value in made.items() if name not in ("check", "target")}
    kind = OWN.get(code) or CHECKS.get(code)
    if kind is None:
        raise _wrong(text("there is no check {check}", check=code[:40]))
    known = {field.name for field in fields(kind)} - {"severity"}
    if set(told) - known:
        raise _wrong(text("the check {check} knows no {field}", check=code, field=min(set(told) - known)[:40]))
    try:
        check: AnyCheck = msgspec.convert(told, OWN[code]) if code in OWN else check_of({"check": code, **told})
        if code in CHECKS:
            msgspec.convert({name: _plain(getattr(check, name)) for name in told}, kind)
    except (msgspec.ValidationError, ValueError, TypeError, KeyError):
        raise _wrong(text("the check {check} is not told as it is meant", check=code)) from None
    if isinstance(check, Pattern):
        checked_pattern(check.expression)
    return check


def _target_of(told: object) -> Target:
    if not isinstance(told, dict):
        raise _wrong(text("a target is an object"))
    said = [operator for operator in Operator if operator.value in told]
    if not said:
        return NONE_FAILS
    if len(said) > 1:
        raise _wrong(text("a rule has one target"))
    value = told[said[0].value]
    pair = said[0] in (Operator.BETWEEN, Operator.OUTSIDE)
    numbers = value if pair and isinstance(value, list) and len(value) == 2 else [value]
    if len(numbers) != 1 + pair or not all(
        isinstance(one, int | float) and not isinstance(one, bool) and abs(one) <= _MOST for one in numbers
    ):
        raise _wrong(text("the target {target} is no number", target=said[0].value))
    percent = str(told.get("unit", "rows")) in ("percent", "%")
    return Target(operator=said[0], first=numbers[0], second=numbers[-1], percent=percent)


def _name_of(told: Mapping[str, Any], check: AnyCheck, item: str, before: Sequence[Declared]) -> str:
    given = str(told.get("id") or told.get("name") or "").lower()
    name = _OTHER.sub("-", given).strip("-")[:50]
    if not _NAME.fullmatch(name):
        name = f"own-{check.code}"
    taken = {one.name for one in before if one.item == item}
    return next(each for each in (name, *(f"{name}-{n}" for n in range(2, MOST_RULES + 2))) if each not in taken)


def _dimension_of(told: Mapping[str, Any], check: AnyCheck) -> Dimension | None:
    word = told.get("dimension")
    if word is None:
        return None
    if word not in _MEANT:
        raise _wrong(text("there is no dimension {dimension}", dimension=str(word)[:40]))
    meant = _MEANT[word]
    return None if meant is check.dimension else meant


def _property_of(book: Book, item: str, title: str) -> dict[str, Any]:
    told: dict[str, Any] = {"name": item, "businessName": title, "logicalType": "string"}
    if item in book.elements:
        told["customProperties"] = [{"property": ELEMENT, "value": book.elements[item]}]
    told["quality"] = [_rule_to_document(one) for one in book.rules if one.item == item]
    return told


def _rule_to_document(one: Declared) -> dict[str, Any]:
    told: dict[str, Any] = {"name": one.name}
    target = _target_to_document(one.target)
    match one.check:
        case Rows():
            told |= {"type": "library", "metric": "rowCount", **target}
        case Required():
            told |= {"type": "library", "metric": "nullValues", **target}
        case Missing(words=words):
            told |= {
                "type": "library",
                "metric": "missingValues",
                "arguments": {"missingValues": list(words)},
                **target,
            }
        case OneOf(values=values):
            told |= {"type": "library", "metric": "invalidValues", "arguments": {"validValues": list(values)}, **target}
        case Pattern(expression=expression):
            told |= {"type": "library", "metric": "invalidValues", "arguments": {"pattern": expression}, **target}
        case Unique():
            told |= {"type": "library", "metric": "duplicateValues", **target}
        case Together(items=items):
            told |= {"type": "library", "metric": "duplicateValues", "arguments": {"properties": list(items)}, **target}
        case check:
            made = {name: _plain(value) for name, value in asdict(check).items() if name != "severity"}
            more = {"target": target} if one.target != NONE_FAILS else {}
            told |= {"type": "custom", "engine": ENGINE, "implementation": {"check": check.code, **made, **more}}
    told |= {"dimension": _DIMENSIONS[one.measures], "severity": one.severity.value}
    return told | ({"description": one.says} if one.says else {})


def _target_to_document(target: Target) -> dict[str, Any]:
    pair = target.operator in (Operator.BETWEEN, Operator.OUTSIDE)
    value = [target.first, target.second] if pair else target.first
    return {target.operator.value: value, "unit": "percent" if target.percent else "rows"}


def _plain(value: object) -> object:
    return value.value if isinstance(value, StrEnum) else list(value) if isinstance(value, tuple) else value


def _custom(told: Mapping[str, Any]) -> dict[str, Any]:
    pairs = told.get("customProperties")
    return {
        str(one.get("property")): one.get("value")
        for one in (pairs if isinstance(pairs, list) else ())
        if isinstance(one, dict)
    }


def _list(value: object, what: str) -> list[dict[str, Any]]:
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise _wrong(text("{what} is a list of objects", what=what))
    return value


def _text(value: object, what: str) -> str:
    if not isinstance(value, str):
        raise _wrong(text("{what} is a text", what=what))
    return value


def _texts(values: object) -> tuple[str, ...]:
    if not isinstance(values, list) or not values or len(values) > 10_000:
        raise _wrong(text("a list of values is empty, or too long"))
    return tuple(
        _text(str(one) if isinstance(one, int | float) and not isinstance(one, bool) else one, "values")
        for one in values
    )


def _wrong(reason: Text) -> Invalid:
    return Invalid(
        reason, basis=text("ODCS v3.1, quality"), remedy=text("put the document right, and read it in again")
    )
