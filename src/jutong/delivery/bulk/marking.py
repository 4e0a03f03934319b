"""What an owner lets be marked in copies of its rows: items in whose low digits or seconds a mark is, canary rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa

from jutong.catalogue.entry import Entry
from jutong.catalogue.item import DataType, Item
from jutong.guard.watermark import Digits, holds_canary, marked_sql, parse_mark
from jutong.kernel.canon import Fact, canonical, digest
from jutong.kernel.errors import Invalid
from jutong.kernel.text import text

CANARIES_MOST = 1000
VALUE_MOST = 4000  # characters
PURPOSE = "watermark"  # for which the node's key makes the key of marks
_AMOUNTS = frozenset({"registered-capital", "amount"})
_NUMBERS = frozenset({DataType.NUMERIC, DataType.CURRENCY, DataType.INTEGER, DataType.DOUBLE, DataType.FLOAT})


@dataclass(frozen=True, slots=True, kw_only=True)
class Marking:
    """What may be marked in the copies of one entry, as its owner declared it; canaries stand here and nowhere else."""

    entry: str
    columns: Mapping[str, str]  # item -> mark, as ``guard.watermark.parse_mark`` reads it
    canaries: tuple[Mapping[str, str], ...]  # item -> value; each has a key of its own
    declared: datetime
    by: str

    def digest(self) -> str:
        """Return the digest of what may be marked; copies of another one are made anew."""
        told: list[Fact] = [dict(sorted(self.columns.items())), [dict(sorted(one.items())) for one in self.canaries]]
        return digest(canonical(told))

    def marked(self, agreement: str, key_column: str, columns: Mapping[str, str], key: bytes) -> dict[str, str]:
        """Return the SQL of each marked item as this agreement's consumer gets it."""
        if not key_column:
            return {}
        handle = handle_sql(key_column)
        return {
            item: marked_sql(
                parse_mark(spec),
                f"CAST({_quoted(columns[item])} AS VARCHAR)",
                handle=handle,
                column=item,
                key=key,
                recipient=agreement,
            )
            for item, spec in self.columns.items()
            if item in columns
        }

    def held_by(self, agreement: str, key_item: str, key: bytes) -> tuple[Mapping[str, str], ...]:
        """Return the canaries that this agreement's copy holds."""
        return tuple(one for one in self.canaries if holds_canary(key, agreement, one[key_item]))


def check_marking(entry: Entry, columns: Mapping[str, str], canaries: tuple[Mapping[str, str], ...]) -> None:
    """Refuse marks in keys, codes, divisions and what has a check digit, and canaries that are no rows of the entry."""
    if not entry.key_item:
        raise Invalid(
            text("{entry} has no key item, so nothing tells its rows apart", entry=entry.title),
            remedy=text("complete the entry and publish it again"),
        )
    for name, spec in columns.items():
        item, mark = entry.item(name), parse_mark(spec)
        if not (_may_carry_digits(item) if isinstance(mark, Digits) else _may_carry_seconds(item)) or (
            name in (entry.key_item, entry.region_item)
        ):
            raise Invalid(
                text("{item} cannot carry the mark {mark}", item=item.title, mark=spec),
                basis=text("marks never touch keys, codes, divisions or values under a check digit"),
                remedy=text("mark amounts and numbers by digits, times by seconds"),
            )
    if len(canaries) > CANARIES_MOST:
        raise Invalid(text("at most {limit} canary rows", limit=CANARIES_MOST))
    names = {item.name for item in entry.items}
    keys = [one.get(entry.key_item, "").strip().upper() for one in canaries]
    if not all(keys) or len(set(keys)) != len(keys):
        raise Invalid(text("each canary row has a key of its own"))
    for one in canaries:
        if not set(one) <= names or any(len(value) > VALUE_MOST for value in one.values()):
            raise Invalid(text("a canary row has values of the entry's items alone"))


def canary_table(canaries: tuple[Mapping[str, str], ...], columns: Mapping[str, str], schema: pa.Schema) -> pa.Table:
    """Return canaries as rows of the entry's table; a value that the column cannot hold is left empty."""
    fields = [field for field in schema if field.name in columns.values()]
    item_of = {column: item for item, column in columns.items()}
    told = {}
    for field in fields:
        values = pa.array([one.get(item_of[field.name]) for one in canaries], pa.string())
        try:
            told[field.name] = values.cast(field.type)
        except pa.ArrowInvalid:
            told[field.name] = pa.nulls(len(canaries), field.type)
    return pa.table(told, schema=pa.schema(fields))


def handle_sql(column: str) -> str:
    """Return the SQL by which rows are told apart: their key, however it was typed."""
    return f"upper(trim(CAST({_quoted(column)} AS VARCHAR)))"


def _may_carry_digits(item: Item) -> bool:
    return item.element in _AMOUNTS or (item.element is None and item.data_type in _NUMBERS)


def _may_carry_seconds(item: Item) -> bool:
    return item.element is None and item.data_type is DataType.DATETIME


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
