"""What changed in a source's columns since somebody last looked: what is asked about, and what stops a plan."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum

_TYPE = re.compile(r"([a-z ]+?)\s*(?:\(([0-9, ]+)\))?(?: (?:unsigned|without time zone|with time zone))*")
_LADDERS = (
    ("tinyint", "smallint", "mediumint", "int", "integer", "bigint", "numeric", "decimal"),
    ("char", "character", "varchar", "character varying", "text", "longtext"),
)


class Change(StrEnum):
    """What happened to a column."""

    ADDED = "added"
    WIDENED = "widened"
    DROPPED = "dropped"
    NARROWED = "narrowed"  # or changed so that nobody can say what fits
    WITHDRAWN = "withdrawn"  # no column: more rows were taken back than go by themselves


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One column that is not as it was."""

    column: str  # empty where rows went
    change: Change
    before: str = ""
    now: str = ""

    @property
    def stops(self) -> bool:
        """Whether no more rows are read until somebody has decided."""
        return self.change in (Change.DROPPED, Change.NARROWED, Change.WITHDRAWN)


def differences(before: Mapping[str, str], now: Mapping[str, str], needed: Collection[str]) -> tuple[Difference, ...]:
    """Return what changed; of columns that the entry does not declare, a loss is only asked about.

    >>> [one.change.value for one in differences({"a": "varchar(9)"}, {"a": "varchar(18)", "b": "text"}, ["a"])]
    ['widened', 'added']
    """
    found = []
    for name, spelled in before.items():
        told = now.get(name)
        if told is None:
            if name in needed:
                found.append(Difference(column=name, change=Change.DROPPED, before=spelled))
        elif told != spelled and name in needed:
            change = Change.WIDENED if _wider(spelled, told) else Change.NARROWED
            found.append(Difference(column=name, change=change, before=spelled, now=told))
    found += [
        Difference(column=name, change=Change.ADDED, now=spelled) for name, spelled in now.items() if name not in before
    ]
    return tuple(found)


def _wider(before: str, now: str) -> bool:
    old, new = _TYPE.fullmatch(before.lower()), _TYPE.fullmatch(now.lower())
    if old is None or new is None:
        return False
    (kind, sizes), (other, others) = old.groups(), new.groups()
    if kind == other:
        mine = [int(one) for one in (sizes or "").split(",") if one.strip()]
        theirs = [int(one) for one in (others or "").split(",") if one.strip()]
        if not theirs:
            return True
        # Of a decimal number neither the places before the point nor those after it may shrink.
        if len(mine) == len(theirs) == 2:
            return theirs[1] >= mine[1] and theirs[0] - theirs[1] >= mine[0] - mine[1]
        return len(mine) == len(theirs) and all(b >= a for a, b in zip(mine, theirs, strict=True))
    for ladder in _LADDERS:
        if kind in ladder and other in ladder:
            longer = not others or (sizes is not None and int(others.split(",")[0]) >= int(sizes.split(",")[0]))
            return ladder.index(other) > ladder.index(kind) and longer
    return False
