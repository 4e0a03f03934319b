"""The standard form of an entry's rows, as SQL: present values, codes in capitals, real days, read amounts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow as pa

from jutong.catalogue.entry import Entry
from jutong.catalogue.item import Item
from jutong.quality.capital import CAPITAL_COLUMNS, capital_reading
from jutong.quality.checkdigit import CASELESS, check_reading
from jutong.quality.reading import BATCH, ROW, Reading, column, present, quoted, source_sql, staged, tables_of
from jutong.quality.rulebook import CAPITAL, day_of
from jutong.terms.element import CheckDigit, DateValid, Scheme, StandardElement

from .subject import Unkeyed, key_item_of

KEY_COLUMN, UNKEYED_COLUMN = "_key", "_unkeyed"


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
    key = key_item_of(entry)
    capitals = tuple(item.name for item in entry.items if item.element == CAPITAL)
    readings: list[Reading] = [capital_reading(name) for name in capitals]
    keyed, unkeyed = "CAST(NULL AS VARCHAR)", "CAST(NULL AS VARCHAR)"
    if key is not None:
        reading, keyed, unkeyed = _key_reading(key)
        readings.append(reading)
    columns = [quoted(BATCH), quoted(ROW), f"{keyed} AS {KEY_COLUMN}", f"{unkeyed} AS {UNKEYED_COLUMN}"]
    columns += [f"{_standard(item, element_of[item.name])} AS {quoted(item.name)}" for item in entry.items]
    columns += [quoted(f"{name}_{part}") for name in capitals for part in CAPITAL_COLUMNS]
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


def _standard(item: Item, element: StandardElement | None) -> str:
    checks = element.checks if element else ()
    if any(isinstance(check, CheckDigit) and check.scheme in CASELESS for check in checks):
        return f"upper({column(item.name)})"
    if any(isinstance(check, DateValid) for check in checks):
        return f"CASE WHEN {day_of(item.name)} IS NOT NULL THEN {column(item.name)} END"
    return column(item.name)
