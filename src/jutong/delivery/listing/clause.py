"""A declaration in SQL: what its condition says, how each parameter finds rows, in which order they come."""

from __future__ import annotations

from dataclasses import dataclass

from jutong.catalogue.entry import Entry
from jutong.catalogue.item import DataType
from jutong.quality.expression import Compiled, Kind, Lifted, conditions, handed_in
from jutong.quality.reading import column

from .listing import Listing, Operator, Parameter

_NUMBERS = frozenset({DataType.NUMERIC, DataType.CURRENCY, DataType.DOUBLE, DataType.INTEGER, DataType.FLOAT})


@dataclass(frozen=True, slots=True)
class Prepared:
    """A declaration as it is asked: the parts of its condition, the kinds of its order, and what an answer tells of.

    ``asked`` are the items of which an answer tells something by which rows it has and in which order. What the
    provider alone wrote tells of its choice; where a caller's value is compared, the caller could search.
    """

    listing: Listing
    parts: tuple[Compiled, ...]
    kinds: tuple[Kind, ...]
    asked: tuple[str, ...]
    columns: tuple[tuple[str, str], ...]  # beside the items: values read as numbers and days, each once

    @property
    def fixed(self) -> tuple[str, ...]:
        """The parts that hold for every caller: what they leave out is not even in the copy."""
        return tuple(part.sql for part in self.parts if not part.parameters)


def prepared(listing: Listing, entry: Entry) -> Prepared:
    """Return a declaration as it is asked, or refuse one whose condition is not allowed."""
    names, lifted = [item.name for item in entry.items], Lifted()
    kinds = tuple(_kind(entry.item(one.item).data_type) for one in listing.order)
    types = {one.name: one.type.kind for one in listing.parameters}
    parts = conditions(listing.condition, names, lifted, types) if listing.condition.strip() else ()
    for one in listing.parameters:
        if one.item:
            clause(one, lifted)
    for order, kind in zip(listing.order, kinds, strict=True):
        value_of(order.item, kind, lifted)
    asked = [one.item for one in listing.parameters if one.item]
    asked += [item for part in parts if part.parameters for item in part.items]
    asked += [one.item for one in listing.order]
    return Prepared(listing, parts, kinds, tuple(dict.fromkeys(asked)), tuple(lifted.columns.items()))


def clause(parameter: Parameter, lifted: Lifted) -> str:
    """Return the SQL by which a parameter finds rows.

    >>> clause(Parameter(name="a", item="b", operator=Operator.PREFIX), Lifted())
    'starts_with("b", CAST($a AS VARCHAR))'
    """
    value = value_of(parameter.item, parameter.type.kind, lifted)
    handed = handed_in(parameter.name, parameter.type.kind)
    match parameter.operator:
        case Operator.PREFIX:
            return f"starts_with({value}, {handed})"
        case Operator.FROM:
            return f"({value} >= {handed})"
        case Operator.TO:
            return f"({value} <= {handed})"
        case Operator.IN:
            return f"list_contains({handed.removesuffix(')')}[]), {value})"
        case _:
            return f"({value} = {handed})"


def value_of(item: str, kind: Kind, lifted: Lifted) -> str:
    """Return the column in which an item's value is compared as this kind."""
    if kind is Kind.NUMBER:
        return lifted.number(item)
    return lifted.day(item) if kind is Kind.DAY else column(item)


def compared(prepared: Prepared) -> tuple[str, ...]:
    """Return the items of which the copy holds the value as it is compared."""
    told = [*prepared.asked, *(item for part in prepared.parts for item in part.items)]
    return tuple(dict.fromkeys(told))


def _kind(told: DataType) -> Kind:
    if told in _NUMBERS:
        return Kind.NUMBER
    return Kind.DAY if told is DataType.DATE else Kind.TEXT
