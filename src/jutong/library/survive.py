"""Which value survives where sources differ: authority per field, and what is known of where a value came from."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

import pyarrow as pa

from jutong.kernel.errors import Invalid
from jutong.kernel.text import text
from jutong.quality.reading import literal, quoted

from .basis import check_basis
from .kind import KINDS, LEGAL_PERSON, Kind, Nature
from .meaning import meaning_clauses, meant

_NAMES = frozenset(field.name for kind in KINDS.values() for field in kind.fields)
UNRANKED = 1000  # of a source that nobody has named for the field
ALL_FIELDS = "*"
# A place is rank, delivery, row in one number: 10, 20 and 32 bits; one more puts a source that contradicts itself last.
_DELIVERIES, _ROWS = 1 << 20, 1 << 32
_SPLIT = 1 << 62


@dataclass(frozen=True, slots=True, kw_only=True)
class Authority:
    """That an entry's source is the one to be believed on a field (Order 809, art. 19); rank 1 is the highest."""

    field: str
    entry: str
    rank: int
    basis: str
    about: str = LEGAL_PERSON.name  # the kind of subjects

    def __post_init__(self) -> None:
        check_basis(self.basis)
        if self.field != ALL_FIELDS and self.field not in _NAMES:
            raise Invalid(text("golden records have no field {field}", field=self.field[:63]))
        if not 1 <= self.rank <= UNRANKED:
            raise Invalid(text("a rank is a number from 1 (highest) to {lowest}", lowest=UNRANKED))


def check_rank_free(named: Authority, known: Iterable[Authority]) -> None:
    """Refuse a rank that another source of the same kind has on the same field: one datum, one source."""
    wanted = (named.about, named.field, named.rank)
    if any((one.about, one.field, one.rank) == wanted and one.entry != named.entry for one in known):
        raise Invalid(
            text("another source has rank {rank} on this field", rank=named.rank),
            basis=text("Order 809, art. 19: one datum has one source"),
            remedy=text("give this source another rank, or change the other's first"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A batch that says something of subjects: whose it is, and when it came (milliseconds)."""

    batch: str
    entry: str
    source: str
    at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """The order in which sources are believed on some fields: by rank, then by time.

    Of what identifies, the source that came into the library first stands; of what changes, the newest word.
    """

    name: str
    nature: Nature
    ranks: Mapping[str, int]  # by entry

    def table(self, deliveries: Iterable[Delivery]) -> pa.Table:
        """Return delivery -> its first place in the order; a row's place is that plus the row's number."""
        known = sorted(deliveries, key=lambda each: (each.at, each.batch))
        if self.nature is Nature.CHANGING:
            known.reverse()
        else:
            came = {each.entry: number for number, each in reversed(list(enumerate(known)))}
            known.sort(key=lambda each: came[each.entry])
        ranked = [(self.ranks.get(each.entry, UNRANKED), number, each) for number, each in enumerate(known)]
        return pa.table(
            {
                "batch": pa.array([each.batch for _, _, each in ranked], pa.string()),
                "source": pa.array([each.source for _, _, each in ranked], pa.string()),
                "rank": pa.array([rank for rank, _, _ in ranked], pa.int32()),
                "place": pa.array([(rank * _DELIVERIES + number) * _ROWS for rank, number, _ in ranked], pa.int64()),
            }
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Belief:
    """Field -> the order in which sources are believed on it; fields of equal order share one."""

    orders: Mapping[str, Order]
    kind: Kind = LEGAL_PERSON

    @property
    def distinct(self) -> tuple[Order, ...]:
        """Each order once."""
        return tuple({order.name: order for order in self.orders.values()}.values())

    def tables(self, deliveries: Iterable[Delivery]) -> dict[str, pa.Table]:
        """Return the deliveries and the orders as the tables that the queries name."""
        known = sorted(deliveries, key=lambda each: (each.at, each.batch))
        entries = {entry: number for number, entry in enumerate(dict.fromkeys(each.entry for each in known))}
        numbered = pa.table(
            {
                "batch": pa.array([each.batch for each in known], pa.string()),
                "e": pa.array([entries[each.entry] for each in known], pa.int64()),
                "d": pa.array(range(len(known)), pa.int64()),
            }
        )
        return {"delivery": numbered, **{order.name: order.table(known) for order in self.distinct}}


def belief_of(authorities: Iterable[Authority], kind: Kind = LEGAL_PERSON) -> Belief:
    """Return who is believed on what of a kind; a rank for the field itself goes before one for all fields.

    >>> named = [Authority(field=f, entry="e", rank=n, basis="x") for f, n in (("*", 5), ("name", 1))]
    >>> [(name, order.ranks["e"]) for name, order in belief_of(named).orders.items()][:2]
    [('name', 1), ('reg_date', 5)]
    """
    known = tuple(one for one in authorities if one.about == kind.name)
    general = {each.entry: each.rank for each in known if each.field == ALL_FIELDS}
    shared: dict[tuple[Nature, tuple[tuple[str, int], ...]], Order] = {}
    orders = {}
    for field in kind.fields:
        ranks = {**general, **{each.entry: each.rank for each in known if each.field == field.name}}
        alike = (field.nature, tuple(sorted(ranks.items())))
        orders[field.name] = shared.setdefault(
            alike, Order(name=f"order{len(shared)}", nature=field.nature, ranks=ranks)
        )
    return Belief(orders=orders, kind=kind)


def touched_sql(kind: Kind, batch: str) -> str:
    """Return the query for the subjects of which a batch says something, or takes something back."""
    return (
        f"SELECT DISTINCT {_subject(kind)} AS {kind.key} FROM source "  # noqa: S608 (escaped parts)
        f"LEFT JOIN roots ON roots.{kind.key} = source.{kind.key} "
        f"WHERE source._batch = {literal(batch)} UNION SELECT coalesce(roots.root, gone.{kind.key}) AS {kind.key} "
        f"FROM gone LEFT JOIN roots ON roots.{kind.key} = gone.{kind.key} WHERE gone._by = {literal(batch)}"
    )


def golden_sql(belief: Belief, touched: str) -> str:
    """Return the query for the golden records of the subjects that the query ``touched`` names.

    Every source is heard with the newest word it has for a field. The highest in rank whose word is one word stands;
    what the others say only confirms or contradicts it. The answer is a function of the set of source rows, the bonds
    (``roots``) and the ranks: neither the order nor the number of merges changes it.
    """
    fields, key, split = belief.orders, belief.kind.key, belief.kind.identifying
    best = ", ".join(
        f"min_by({quoted(name)}, {_ranked(name, split)}) AS {quoted(name)}, "
        f"min({_ranked(name, split)}) AS {quoted(f'{name} place')}, "
        f"count({quoted(name)}) > 1 AS {quoted(f'{name} checked')}, "
        f"min({_low(name, split)}) < max({_high(name, split)}) AS {quoted(f'{name} conflict')}"
        for name in fields
    )
    # A row that is its subject's only one, as most are, needs no comparing.
    alone = ", ".join(
        f"said.{quoted(name)}, CASE WHEN said.{quoted(name)} IS NOT NULL THEN said.{order.name} END, false, false"
        for name, order in fields.items()
    )
    disputed = " || ".join(
        f"CASE WHEN {quoted(f'{name} conflict')} AND ({quoted(f'{name} place')} >= {_SPLIT} "
        f"OR {_origin(name)}.rank = {UNRANKED}) THEN ',\"{name}\"' ELSE '' END"
        for name in fields
    )
    joins = "".join(
        f" LEFT JOIN {order.name} AS {_origin(name)} ON {_origin(name)}.place = {_start(quoted(f'{name} place'))}"
        for name, order in fields.items()
    )
    return (
        f"{_said(belief, touched)}, {_stated(belief)}, "  # noqa: S608 (all parts are escaped)
        f"best AS (SELECT {key}, {best}, CAST(sum(_rows) AS BIGINT) AS _rows, min(_first) AS _first "
        f"FROM stated GROUP BY {key} UNION ALL SELECT said.{key}, {alone}, CAST(1 AS BIGINT), said._d FROM said "
        f"LEFT JOIN several ON several.{key} = said.{key} WHERE several.{key} IS NULL) "
        f"SELECT best.{key}, {', '.join(map(_told, fields))}, "
        f"nullif('[' || substr({disputed}, 2) || ']', '[]') AS _disputed, "
        f"{_mask(fields, 'checked')} AS _checked, {_mask(fields, 'conflict')} AS _conflict, _rows, "
        f"delivery.batch AS _first_batch FROM best{joins} LEFT JOIN delivery ON delivery.d = best._first"
    )


def conflict_sql(belief: Belief, touched: str) -> str:
    """Return the query for every value that stands against another, of the subjects that ``touched`` names."""
    parts = " UNION ALL ".join(_conflicts_of(belief.kind, name, order) for name, order in belief.orders.items())
    return f"{_said(belief, touched)}, {_stated(belief)} {parts}"


def _subject(kind: Kind) -> str:
    return f"coalesce(roots.root, source.{kind.key})"


def _said(belief: Belief, touched: str) -> str:
    """Return the rows of the subjects: who is meant, which delivery of which entry, and the row's places."""
    key = belief.kind.key
    fields = ", ".join(f"source.{quoted(name)}" for name in belief.orders)
    places = ", ".join(f"{order.name}.place + source._row AS {order.name}" for order in belief.distinct)
    joins = "".join(f" JOIN {order.name} ON {order.name}.batch = source._batch" for order in belief.distinct)
    return (
        f"WITH touched AS ({touched}), said AS (SELECT touched.{key} AS {key}, {fields}, "  # noqa: S608
        f"delivery.e AS _e, delivery.d AS _d, {places} FROM source "
        f"LEFT JOIN roots ON roots.{key} = source.{key} JOIN touched ON touched.{key} = {_subject(belief.kind)} "
        f"JOIN delivery ON delivery.batch = source._batch{joins} "
        f"WHERE NOT EXISTS (SELECT 1 FROM gone WHERE gone._batch = source._batch AND gone._row = source._row))"
    )


def _stated(belief: Belief) -> str:
    """Return each source's word for each field: of its newest delivery that has one, the first."""
    told, stated, key = [], [], belief.kind.key
    several = f"SELECT said.* FROM said JOIN several ON several.{key} = said.{key}"  # noqa: S608 (escaped)
    for plain, order in belief.orders.items():
        name, place, known = quoted(plain), quoted(f"{plain} place"), f"CASE WHEN {quoted(plain)} IS NOT NULL THEN "
        first, newest = f"{known}{order.name} END", f"{known}_d END"
        told.append(f"min_by({name}, {first}) AS {name}, min({first}) AS {place}")
        stated.append(
            f"max_by({name}, {newest}) AS {name}, max_by({place}, {newest}) AS {place}, "
            f"max({newest}) AS {quoted(f'{plain} d')}"
        )
        low, high = _low(plain, belief.kind.identifying), _high(plain, belief.kind.identifying)
        if low == high:
            told.append(f"min_by({low}, {first}) AS {low}")
            stated.append(f"max_by({low}, {newest}) AS {low}")
        else:
            told.append(f"min({meant(plain)}) AS {low}, max({meant(plain)}) AS {high}")
            stated.append(f"max_by({low}, {newest}) AS {low}, max_by({high}, {newest}) AS {high}")
    return (
        f"several AS (SELECT {key} FROM said GROUP BY {key} HAVING count(*) > 1), "  # noqa: S608 (all parts are escaped)
        f"{meaning_clauses(belief.kind, several, name='heard')}, "
        f"told AS (SELECT {key}, _e, _d, count(*) AS _rows, {', '.join(told)} FROM heard GROUP BY {key}, _e, _d), "
        f"stated AS (SELECT {key}, _e, sum(_rows) AS _rows, min(_d) AS _first, {', '.join(stated)} "
        f"FROM told GROUP BY {key}, _e)"
    )


def _conflicts_of(kind: Kind, plain: str, order: Order) -> str:
    key, identifying = kind.key, kind.identifying
    name, place = quoted(plain), f"heard.{order.name}"
    # A source's several values of what identifies all stand against each other; of what changes, its first one speaks.
    spoken = "" if plain in identifying else f" AND {place} = stated.{quoted(f'{plain} place')}"
    split = ""
    if plain in identifying:
        split = f" + CASE WHEN {_low(plain, identifying)} < {_high(plain, identifying)} THEN {_SPLIT} ELSE 0 END"
    spoken_for = (
        f"SELECT heard.{key}, min_by(heard.{name}, {place}{split}) AS value, min({place}{split}) AS place FROM heard "  # noqa: S608
        f"JOIN stated ON stated.{key} = heard.{key} AND stated._e = heard._e "
        f"AND stated.{quoted(f'{plain} d')} = heard._d "
        f"WHERE heard.{name} IS NOT NULL{spoken} GROUP BY heard.{key}, heard.{meant(plain)}"
    )
    return (
        f"SELECT each.{key}, '{plain}' AS field, each.value, origin.source, origin.rank, origin.batch, "  # noqa: S608
        f"each.place = several.best AS kept FROM ({spoken_for}) AS each "
        f"JOIN (SELECT {key}, min(place) AS best FROM ({spoken_for}) AS all_of_it GROUP BY {key} HAVING count(*) > 1) "
        f"AS several ON each.{key} = several.{key} "
        f"JOIN {order.name} AS origin ON origin.place = {_start('each.place')}"
    )


def _ranked(plain: str, identifying: Collection[str]) -> str:
    """Return the SQL of a word's place among all sources' words, NULL where there is none."""
    place = quoted(f"{plain} place")
    if plain not in identifying:
        return place
    return f"{place} + CASE WHEN {_low(plain, identifying)} < {_high(plain, identifying)} THEN {_SPLIT} ELSE 0 END"


def _low(plain: str, identifying: Collection[str]) -> str:
    return quoted(f"{plain} low") if plain in identifying else meant(plain)


def _high(plain: str, identifying: Collection[str]) -> str:
    return quoted(f"{plain} high") if plain in identifying else meant(plain)


def _mask(names: Iterable[str], kind: str) -> str:
    """Return the SQL of a number whose bits are the fields, in their order, for which something holds."""
    bits = (f"CASE WHEN {quoted(f'{name} {kind}')} THEN {1 << place} ELSE 0 END" for place, name in enumerate(names))
    return f"CAST({' + '.join(bits)} AS BIGINT)"


def _told(name: str) -> str:
    origin = _origin(name)
    return f"{quoted(name)}, " + ", ".join(
        f"{origin}.{part} AS {quoted(f'{name}_{part}')}" for part in ("source", "rank", "batch")
    )


def _origin(name: str) -> str:
    return quoted(f"{name} origin")


def _start(place: str) -> str:
    """Return the SQL of the first place of the delivery in which a place lies, whether its source is split or not."""
    return f"({place} % {_SPLIT} - {place} % {_ROWS})"
