"""Which value survives where sources differ: authority per field, and what is known of where a value came from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import pyarrow as pa

from jutong.kernel.errors import Invalid
from jutong.kernel.text import text
from jutong.quality.reading import literal, quoted

from .subject import FIELDS, KEY, Nature

UNRANKED = 1000  # of a source that nobody has named for the field
ALL_FIELDS = "*"
# A place is rank, delivery, row in one number: 10, 20 and 32 bits.
_DELIVERIES, _ROWS = 1 << 20, 1 << 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Authority:
    """That an entry's source is the one to be believed on a field (Order 809, art. 19); rank 1 is the highest."""

    field: str
    entry: str
    rank: int
    basis: str = ""

    def __post_init__(self) -> None:
        if self.field != ALL_FIELDS and self.field not in {field.name for field in FIELDS}:
            raise Invalid(text("golden records have no field {field}", field=self.field[:63]))
        if not 1 <= self.rank <= UNRANKED:
            raise Invalid(text("a rank is a number from 1 (highest) to {lowest}", lowest=UNRANKED))


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A batch that says something of legal persons: whose it is, and when it came (milliseconds)."""

    batch: str
    entry: str
    source: str
    at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """The order in which deliveries are believed on some fields: by rank, then by time.

    What identifies is kept as first said; what changes is taken as last said.
    """

    name: str
    nature: Nature
    ranks: Mapping[str, int]  # by entry

    def table(self, deliveries: Iterable[Delivery]) -> pa.Table:
        """Return delivery -> its first place in the order; a row's place is that plus the row's number."""
        newest_first = self.nature is Nature.CHANGING
        by_time = sorted(deliveries, key=lambda each: (each.at, each.batch), reverse=newest_first)
        ranked = [(self.ranks.get(each.entry, UNRANKED), number, each) for number, each in enumerate(by_time)]
        return pa.table(
            {
                "batch": pa.array([each.batch for _, _, each in ranked], pa.string()),
                "source": pa.array([each.source for _, _, each in ranked], pa.string()),
                "rank": pa.array([rank for rank, _, _ in ranked], pa.int32()),
                "place": pa.array([(rank * _DELIVERIES + number) * _ROWS for rank, number, _ in ranked], pa.int64()),
            }
        )


ARRIVAL = Order(name="arrival", nature=Nature.IDENTIFYING, ranks={})


@dataclass(frozen=True, slots=True, kw_only=True)
class Belief:
    """Field -> the order in which deliveries are believed on it; fields of equal order share one."""

    orders: Mapping[str, Order]

    @property
    def distinct(self) -> tuple[Order, ...]:
        """Each order once, with that of arrival."""
        return (ARRIVAL, *{order.name: order for order in self.orders.values()}.values())

    def tables(self, deliveries: Iterable[Delivery]) -> dict[str, pa.Table]:
        """Return the orders as the tables that the queries name."""
        known = tuple(deliveries)
        return {order.name: order.table(known) for order in self.distinct}


def belief_of(authorities: Iterable[Authority]) -> Belief:
    """Return who is believed on what; a rank for the field itself goes before one for all fields.

    >>> named = [Authority(field="*", entry="e", rank=5), Authority(field="name", entry="e", rank=1)]
    >>> [(name, order.ranks["e"]) for name, order in belief_of(named).orders.items()][:2]
    [('name', 1), ('reg_date', 5)]
    """
    known = tuple(authorities)
    general = {each.entry: each.rank for each in known if each.field == ALL_FIELDS}
    shared: dict[tuple[Nature, tuple[tuple[str, int], ...]], Order] = {}
    orders = {}
    for field in FIELDS:
        ranks = {**general, **{each.entry: each.rank for each in known if each.field == field.name}}
        alike = (field.nature, tuple(sorted(ranks.items())))
        orders[field.name] = shared.setdefault(
            alike, Order(name=f"order{len(shared)}", nature=field.nature, ranks=ranks)
        )
    return Belief(orders=orders)


def golden_sql(belief: Belief, batch: str) -> str:
    """Return the query for the golden records that ``batch`` touches, from all that any source ever said of them.

    It is a function of the set of source rows, so neither the order nor the number of merges changes its answer.
    """
    best = ", ".join(
        f"min_by({name}, CASE WHEN {name} IS NOT NULL THEN said.{order.name} END) AS {name}, "
        f"min(CASE WHEN {name} IS NOT NULL THEN said.{order.name} END) AS {quoted(f'{plain} place')}"
        for plain, order in belief.orders.items()
        for name in [quoted(plain)]
    )
    several = ", ".join(
        f"max({quoted(name)}) > min({quoted(name)}) AS {quoted(f'{name} several')}" for name in _IDENTIFYING
    )
    told = ", ".join(_told(name) for name in belief.orders)
    disputed = " || ".join(
        f"CASE WHEN {quoted(f'{name} several')} THEN ',\"{name}\"' ELSE '' END" for name in _IDENTIFYING
    )
    joins = "".join(
        f" LEFT JOIN {order.name} AS {_origin(name)} ON {_origin(name)}.place = {_start(quoted(f'{name} place'))}"
        for name, order in belief.orders.items()
    )
    return (
        f"{_said(belief, batch)}, "  # noqa: S608 (all parts are escaped)
        f"best AS (SELECT {KEY}, {best}, {several}, count(*) AS _rows, min(said.arrival) AS first_place "
        f"FROM said GROUP BY {KEY}) "
        f"SELECT {KEY}, {told}, nullif('[' || substr({disputed}, 2) || ']', '[]') AS _disputed, _rows, "
        f"arrival.batch AS _first_batch FROM best{joins} "
        f"LEFT JOIN arrival ON arrival.place = {_start('first_place')}"
    )


def conflict_sql(belief: Belief, batch: str) -> str:
    """Return the query for every value of an identifying field that stands against another, of codes in ``batch``."""
    parts = [_conflicts_of(name, belief.orders[name]) for name in _IDENTIFYING]
    return f"{_said(belief, batch)} " + " UNION ALL ".join(parts)


_IDENTIFYING = tuple(field.name for field in FIELDS if field.nature is Nature.IDENTIFYING)


def _said(belief: Belief, batch: str) -> str:
    places = ", ".join(f"{order.name}.place + source._row AS {order.name}" for order in belief.distinct)
    joins = "".join(f" JOIN {order.name} ON {order.name}.batch = source._batch" for order in belief.distinct)
    return (
        f"WITH touched AS (SELECT DISTINCT {KEY} FROM source WHERE _batch = {literal(batch)}), "  # noqa: S608
        f"said AS (SELECT source.*, {places} FROM source JOIN touched ON source.{KEY} = touched.{KEY}{joins})"
    )


def _conflicts_of(plain: str, order: Order) -> str:
    name, place = quoted(plain), f"said.{order.name}"
    # Nested, not windowed: conflicts are few, and a window would sort every row that was ever said.
    return (
        f"SELECT each.{KEY}, '{plain}' AS field, each.value, origin.source, origin.rank, origin.batch, "  # noqa: S608
        f"each.place = several.best AS kept "
        f"FROM (SELECT {KEY}, {name} AS value, min({place}) AS place FROM said WHERE {name} IS NOT NULL "
        f"GROUP BY {KEY}, {name}) AS each "
        f"JOIN (SELECT {KEY}, min({place}) AS best FROM said WHERE {name} IS NOT NULL GROUP BY {KEY} "
        f"HAVING max({name}) > min({name})) AS several ON each.{KEY} = several.{KEY} "
        f"JOIN {order.name} AS origin ON origin.place = {_start('each.place')}"
    )


def _told(name: str) -> str:
    origin = _origin(name)
    return f"{quoted(name)}, " + ", ".join(
        f"{origin}.{part} AS {quoted(f'{name}_{part}')}" for part in ("source", "rank", "batch")
    )


def _origin(name: str) -> str:
    return quoted(f"{name} origin")


def _start(place: str) -> str:
    """Return the SQL of the first place of the delivery in which a place lies."""
    return f"({place} - {place} % {_ROWS})"
