"""A golden record: one subject, and behind each value who said it, with what authority, in which delivery."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from jutong.quality.capital import Capital, Confidence, Doubt

from .kind import LEGAL_PERSON, Kind

NO_CAPITAL = Capital(amount=None, unit=None, currency=None, confidence=Confidence.ABSENT)
# Of a record's versions that of the highest turn stands; versions of equal turn say the same, and one of them is taken.
TURN, BY, GONE = "_turn", "_by", "_gone"


@dataclass(frozen=True, slots=True, kw_only=True)
class Surviving:
    """A value and where it came from."""

    value: str
    source: str
    rank: int
    batch: str
    disputed: bool = False  # sources contradict each other, and no rank settles it
    contested: bool = False  # sources contradict each other


@dataclass(frozen=True, slots=True, kw_only=True)
class Golden:
    """What the library holds of one subject; a field that no source fills is absent."""

    code: str
    fields: Mapping[str, Surviving]
    capital: Capital
    rows: int  # of all sources
    also: tuple[str, ...] = ()  # codes that were merged into this one
    kind: Kind = LEGAL_PERSON

    def masked(self) -> Golden:
        """Return the record as it is shown to anybody: each value under its field's mask."""
        return replace(
            self,
            code=self.kind.shown_key(self.code),
            fields={name: replace(one, value=self.kind.shown(name, one.value)) for name, one in self.fields.items()},
            also=tuple(map(self.kind.shown_key, self.also)),
        )

    @property
    def disputed(self) -> tuple[str, ...]:
        """The fields on which sources contradict each other."""
        return tuple(name for name, field in self.fields.items() if field.disputed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A value that a source gave for a field, whether it was chosen or not."""

    field: str
    value: str
    entry: str
    source: str
    batch: str
    at: datetime

    def masked(self, kind: Kind) -> Said:
        """Return it as it is shown to anybody."""
        return replace(self, value=kind.shown(self.field, self.value))


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """One of several values that sources give for a field that has one."""

    code: str
    field: str
    value: str
    source: str
    rank: int
    batch: str
    kept: bool

    def masked(self, kind: Kind) -> Conflict:
        """Return it as it is shown to anybody."""
        return replace(self, code=kind.shown_key(self.code), value=kind.shown(self.field, self.value))


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """How far sources agree on a field: what verification by several sources found."""

    field: str
    filled: int  # records that have it
    checked: int  # of them, those of whom two or more sources say it
    conflicts: int  # of them, those on which sources differ
    disputed: int  # of them, those that no named source settles

    @property
    def share(self) -> float:
        """The conflict rate: of what several sources say, how much they say differently."""
        return self.conflicts / self.checked if self.checked else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Merge:
    """What one batch did to the library."""

    batch: str
    entry: str
    rows: int
    touched: int  # subjects of which the batch says something
    created: int  # of them, first heard of in this batch
    conflicts: int  # of them, with a disputed field
    unkeyed: int  # rows without a valid key
    doubtful: int  # rows whose capital cannot be told
    merged_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Matching:
    """What a search for the legal persons of rows without a key found; ``asker`` is the batch or act that asked."""

    asker: str
    entry: str
    matched: int  # rows whose legal person was found
    in_review: int  # rows of which somebody must say who it is
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspect:
    """A row without a key and the legal person that it may tell of, side by side."""

    ref: str
    code: str
    weight: float  # in bits
    lead: float  # over the next candidate
    entry: str
    batch: str
    sure: bool  # bound by itself, until somebody says otherwise
    row: Mapping[str, str | None]
    golden: Mapping[str, str | None]


def current_sql(golden: str = "golden", *, gone: bool = False, key: str = LEGAL_PERSON.key) -> str:
    """Return the query for the golden records that stand, over the table of all their versions.

    ``gone`` brings along those that have become another's.
    """
    only = "" if gone else f" WHERE NOT {golden}.{GONE}"
    return (
        f"SELECT {golden}.* FROM {golden} JOIN (SELECT {key}, max({TURN}) AS {TURN}, "  # noqa: S608 (constants)
        f"max_by({BY}, {TURN}) AS {BY} FROM {golden} GROUP BY {key}) AS newest ON newest.{key} = {golden}.{key} "
        f"AND newest.{TURN} = {golden}.{TURN} AND newest.{BY} = {golden}.{BY}{only}"
    )


def golden_of(row: Mapping[str, Any], kind: Kind = LEGAL_PERSON, *, also: tuple[str, ...] = ()) -> Golden:
    """Return the record that a row of the golden table holds."""
    disputed = set(json.loads(row["_disputed"] or "[]"))
    return Golden(
        code=row[kind.key],
        fields={
            field.name: Surviving(
                value=row[field.name],
                source=row[f"{field.name}_source"],
                rank=row[f"{field.name}_rank"],
                batch=row[f"{field.name}_batch"],
                disputed=field.name in disputed,
                contested=bool(row["_conflict"] & 1 << place),
            )
            for place, field in enumerate(kind.fields)
            if row[field.name] is not None
        },
        capital=_capital_of(row) if kind.amounts else NO_CAPITAL,
        rows=row["_rows"],
        also=also,
        kind=kind,
    )


def _capital_of(row: Mapping[str, Any]) -> Capital:
    amount: Decimal | None = row["capital_amount"]
    return Capital(
        amount=amount,
        unit=row["capital_unit"],
        currency=row["capital_currency"],
        confidence=Confidence(row["capital_confidence"]),
        doubt=Doubt(row["capital_doubt"]) if row["capital_doubt"] else None,
    )
