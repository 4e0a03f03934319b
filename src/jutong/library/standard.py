"""The standard form of an entry's rows, as SQL: present values, codes in capitals, real days, read amounts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import pyarrow as pa

from jutong.catalogue.entry import Entry
from jutong.catalogue.item import Item
from jutong.quality.capital import CAPITAL_COLUMNS, capital_reading
from jutong.quality.checkdigit import CASELESS, check_reading
from jutong.quality.naming import NAME_COLUMNS, ORGANISATION, PERSON, name_reading
from jutong.quality.phone import PHONE, PHONE_COLUMNS, phone_reading
from jutong.quality.reading import (
    BATCH,
    ROW,
    Reading,
    Step,
    column,
    literal,
    present,
    quoted,
    source_sql,
    staged,
    tables_of,
)
from jutong.quality.rulebook import CAPITAL, day_of
from jutong.terms.element import CheckDigit, DateValid, Scheme, StandardElement
from jutong.terms.identifier import RESIDENT_CHECKS, RESIDENT_WEIGHTS

from .kind import LEGAL_PERSON, LICENCE, NATURAL_PERSON
from .subject import CENTENARIANS, FEATURE_FORM, LAYER_FORM, PLAIN, WIDE, Unkeyed, key_item_of, kind_of, layer_item_of

KEY_COLUMN, UNKEYED_COLUMN = "_key", "_unkeyed"
# Element -> how its values are read, and the columns that stand beside the value as it was written.
READ: Mapping[str, tuple[Callable[[str], Reading], tuple[str, ...]]] = {
    CAPITAL: (capital_reading, CAPITAL_COLUMNS),
    PHONE: (phone_reading, PHONE_COLUMNS),
    ORGANISATION: (name_reading, NAME_COLUMNS),
    PERSON: (partial(name_reading, person=True), NAME_COLUMNS),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Standard:
    """The query for a batch's rows in standard form, and the small tables it looks into."""

    sql: str
    tables: Mapping[str, pa.Table]
    capitals: tuple[str, ...]  # items that hold an amount


def standard_of(entry: Entry, elements: Mapping[str, StandardElement], batch: str) -> Standard:
    """Return how the rows of ``batch`` are put into standard form."""
    element_of = {item.name: elements.get(item.element or "") for item in entry.items}
    presents = {name: present(name, element.absent if element else ()) for name, element in element_of.items()}
    key, kind = key_item_of(entry), kind_of(entry)
    capitals = tuple(item.name for item in entry.items if item.element == CAPITAL)
    read = [(name, *READ[element]) for name, element in _elements(entry).items() if element in READ]
    readings: list[Reading] = [reading(name) for name, reading, _ in read]
    keyed, unkeyed = "CAST(NULL AS VARCHAR)", "CAST(NULL AS VARCHAR)"
    if key is not None:
        match kind:
            case _ if kind is NATURAL_PERSON:
                reading, keyed, unkeyed = _number_reading(key)
            case _ if kind is LICENCE:
                reading, keyed, unkeyed = _licence_reading(key)
            case _ if kind is LEGAL_PERSON:
                reading, keyed, unkeyed = _key_reading(key)
            case _:
                reading, keyed, unkeyed = _feature_reading(key, layer_item_of(entry), entry.id)
        readings.append(reading)
    columns = [quoted(BATCH), quoted(ROW), f"{keyed} AS {KEY_COLUMN}", f"{unkeyed} AS {UNKEYED_COLUMN}"]
    columns += [f"{_standard(item, element_of[item.name])} AS {quoted(item.name)}" for item in entry.items]
    taken = {item.name for item in entry.items}
    columns += [quoted(f"{name}_{part}") for name, _, parts in read for part in parts if f"{name}_{part}" not in taken]
    source = source_sql(batch, presents, BATCH)
    return Standard(
        sql=f"{staged(source, readings)} SELECT {', '.join(columns)} FROM readings",  # noqa: S608 (escaped parts)
        tables=tables_of(readings),
        capitals=capitals,
    )


def _key_reading(item: str) -> tuple[Reading, str, str]:
    """Return how the key is read, the SQL of the key, and the SQL of why there is none."""
    upper = f"upper({column(item)})"
    reading, sound = check_reading(upper, f"{item} key", frozenset({Scheme.CREDIT_CODE, Scheme.REGISTRATION_NUMBER}))
    valid, old = sound[Scheme.CREDIT_CODE], sound[Scheme.REGISTRATION_NUMBER]
    reason = (
        f"CASE WHEN {column(item)} IS NULL THEN '{Unkeyed.EMPTY}' WHEN {valid} THEN NULL "
        f"WHEN {old} THEN '{Unkeyed.OLD_NUMBER}' ELSE '{Unkeyed.INVALID}' END"
    )
    return reading, f"CASE WHEN {valid} THEN {upper} END", reason


def _elements(entry: Entry) -> Mapping[str, str]:
    return {item.name: item.element or "" for item in entry.items}


def _folded(item: str) -> str:
    return f"translate({column(item)}, {literal(WIDE)}, {literal(PLAIN)})"


def _number_reading(item: str) -> tuple[Reading, str, str]:
    """Read identity numbers (GB 11643): first-generation ones in their long form, if the century is known."""
    short, long = quoted(f"{item} folded"), quoted(f"{item} long")
    with_century = f"substr({short}, 1, 6) || '19' || substr({short}, 7)"
    weighed = " + ".join(
        f"coalesce(try_cast(substr({with_century}, {place}, 1) AS INTEGER), 0) * {weight}"
        for place, weight in enumerate(RESIDENT_WEIGHTS, 1)
    )
    first, ends = f"regexp_matches({short}, '^[0-9]{{15}}$')", ", ".join(map(literal, CENTENARIANS))
    century = f"{first} AND substr({short}, 13, 3) IN ({ends})"
    made = f"{with_century} || substr('{RESIDENT_CHECKS}', ({weighed}) % 11 + 1, 1)"
    steps = (
        Step(columns=((f"{item} folded", f"upper({_folded(item)})"),)),
        Step(columns=((f"{item} long", f"CASE WHEN {first} AND NOT ({century}) THEN {made} ELSE {short} END"),)),
    )
    reading, sound = check_reading(long, f"{item} key", frozenset({Scheme.RESIDENT_ID}))
    valid = sound[Scheme.RESIDENT_ID]
    reason = (
        f"CASE WHEN {column(item)} IS NULL THEN '{Unkeyed.EMPTY}' WHEN {valid} THEN NULL "
        f"WHEN {century} THEN '{Unkeyed.CENTURY}' ELSE '{Unkeyed.INVALID}' END"
    )
    return Reading(steps=(*steps, *reading.steps), tables=reading.tables), f"CASE WHEN {valid} THEN {long} END", reason


def _licence_reading(item: str) -> tuple[Reading, str, str]:
    """Read identifiers of electronic licences (GB/T 36904)."""
    short = quoted(f"{item} folded")
    reading, sound = check_reading(short, f"{item} key", frozenset({Scheme.LICENCE_ID}))
    valid = sound[Scheme.LICENCE_ID]
    step = Step(columns=((f"{item} folded", f"upper({_folded(item)})"),))
    reason = (
        f"CASE WHEN {column(item)} IS NULL THEN '{Unkeyed.EMPTY}' WHEN {valid} THEN NULL ELSE '{Unkeyed.INVALID}' END"
    )
    return (
        Reading(steps=(step, *reading.steps), tables=reading.tables),
        f"CASE WHEN {valid} THEN {short} END",
        reason,
    )


def _feature_reading(item: str, layer: str | None, entry: str) -> tuple[Reading, str, str]:
    """Read a layer's feature codes: known by layer and code together; without a layer the entry is one."""
    code, within = quoted(f"{item} folded"), quoted(f"{item} layer")
    named = f"lower({_folded(layer)})" if layer else literal(entry.lower())
    step = Step(columns=((f"{item} folded", _folded(item)), (f"{item} layer", named)))
    valid = (
        f"coalesce(regexp_matches({within}, '^{LAYER_FORM}$') AND regexp_matches({code}, '^{FEATURE_FORM}$'), false)"
    )
    reason = (
        f"CASE WHEN {column(item)} IS NULL THEN '{Unkeyed.EMPTY}' WHEN {valid} THEN NULL ELSE '{Unkeyed.INVALID}' END"
    )
    return Reading(steps=(step,)), f"CASE WHEN {valid} THEN {within} || ':' || {code} END", reason


def _standard(item: Item, element: StandardElement | None) -> str:
    checks = element.checks if element else ()
    if any(isinstance(check, CheckDigit) and check.scheme in CASELESS for check in checks):
        return f"upper({column(item.name)})"
    if any(isinstance(check, DateValid) for check in checks):
        return f"CASE WHEN {day_of(item.name)} IS NOT NULL THEN {column(item.name)} END"
    return column(item.name)
