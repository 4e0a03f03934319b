"""Settling: golden records are brought up to what was said and decided; versions are added, none is changed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import pyarrow as pa

from jutong.kernel.errors import NotFound
from jutong.pools import Pools, TableRef
from jutong.pools.layout import library_table
from jutong.quality.capital import CAPITAL_COLUMNS, capital_reading
from jutong.quality.reading import literal, quoted, staged

from .bond import Bonds
from .golden import BY, GONE, TURN, current_sql
from .subject import FIELDS, KEY
from .survive import Authority, Belief, Delivery, belief_of, golden_sql

GOLDEN = library_table("legal_person")
SOURCES = library_table("legal_person_source")
# A turn is the version of what was said, then the number of the last decision: 40 and 23 bits.
_DECISIONS = 1 << 23


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What was decided up to a point: whose word stands, and who is one and the same."""

    number: int = 0  # of the last decision
    authorities: tuple[Authority, ...] = ()
    bonds: Bonds = field(default_factory=Bonds)

    @property
    def belief(self) -> Belief:
        """The orders in which sources are believed."""
        return belief_of(self.authorities)


def settle(pools: Pools, standing: Standing, touched: str, by: str, *, only_changed: bool = False) -> int:
    """Add a new version of the golden record of each subject that the query ``touched`` names; return the turn.

    ``touched`` sees ``source`` and ``roots``. ``by`` is the batch or decision that asks; together with the turn it
    marks the landing, so that it lands once. With ``only_changed`` records that stay as they are get no new version.
    """
    while True:
        version = pools.lake.version(SOURCES)
        turn = version * _DECISIONS + standing.number
        mark = f"library.settle/{by}/{turn}"
        tables = heard(pools, standing, version)
        if pools.lake.snapshot_of(GOLDEN, mark) is None:
            _add(pools, standing.belief, touched, tables, turn, by, mark, only_changed=only_changed)
        # Another batch's rows may have landed meanwhile, and its golden records be older than these.
        if pools.lake.version(SOURCES) == version:
            return turn


def heard(pools: Pools, standing: Standing, version: int | None = None) -> dict[str, TableRef | pa.Table]:
    """Return what a query for golden records or conflicts names: what was said, by whom, and who is who."""
    said = TableRef(SOURCES, pools.lake.version(SOURCES) if version is None else version)
    return {
        "source": said,
        "roots": standing.bonds.table(),
        **standing.belief.tables(_deliveries(pools, said)),
    }


def whole(codes: Iterable[str]) -> str:
    """Return the query for the subjects of these codes."""
    values = ", ".join(f"({literal(code)})" for code in codes)
    return f"SELECT DISTINCT {KEY} FROM (VALUES {values}) AS given({KEY})"  # noqa: S608 (escaped)


def subjects_of_entry(entry: str) -> str:
    """Return the query for the subjects of which an entry says something."""
    return (
        f"SELECT DISTINCT coalesce(roots.root, source.{KEY}) AS {KEY} FROM source "  # noqa: S608 (escaped)
        f"LEFT JOIN roots ON roots.{KEY} = source.{KEY} WHERE source._entry = {literal(entry)}"
    )


EVERY_SUBJECT = (
    f"SELECT DISTINCT coalesce(roots.root, source.{KEY}) AS {KEY} FROM source "  # noqa: S608 (constants)
    f"LEFT JOIN roots ON roots.{KEY} = source.{KEY}"
)


def _add(
    pools: Pools,
    belief: Belief,
    touched: str,
    tables: dict[str, TableRef | pa.Table],
    turn: int,
    by: str,
    mark: str,
    *,
    only_changed: bool,
) -> None:
    reading = capital_reading("capital")
    names = record_columns()
    inputs = {**tables, **reading.tables}
    land = pools.lake.append
    if pools.lake.exists(GOLDEN) and TURN not in pools.lake.files(GOLDEN)[1].names:
        # A library of before there were versions is made anew, whole.
        touched, only_changed, land = EVERY_SUBJECT, False, pools.lake.replace
    asked = f"SELECT {KEY} FROM ({touched}) AS asked WHERE substr({KEY}, 1, 1) <> '~'"  # noqa: S608
    made = staged(golden_sql(belief, asked), [reading])
    made = f"{made}, made AS (SELECT {', '.join(names)}, false AS {GONE} FROM readings"  # noqa: S608
    made += f" UNION ALL SELECT asked.{KEY}, {_nothing()}, true AS {GONE} FROM ({asked}) AS asked"  # noqa: S608
    made += f" LEFT JOIN readings ON readings.{KEY} = asked.{KEY} WHERE readings.{KEY} IS NULL)"
    unless = ""
    if only_changed and pools.lake.exists(GOLDEN):
        inputs["golden"] = TableRef(GOLDEN, pools.lake.version(GOLDEN))
        differs = " OR ".join(f"made.{name} IS DISTINCT FROM held.{name}" for name in (*names[1:], GONE))
        unless = f" LEFT JOIN ({current_sql(gone=True)}) AS held ON held.{KEY} = made.{KEY} WHERE {differs}"
    own = ", ".join(f"made.{name}" for name in (*names, GONE))
    sql = f"{made} SELECT {own}, CAST({turn} AS BIGINT) AS {TURN}, {literal(by)} AS {BY} FROM made{unless}"  # noqa: S608
    land(GOLDEN, pools.engine.query(sql, inputs), mark=mark)


def _deliveries(pools: Pools, said: TableRef) -> tuple[Delivery, ...]:
    sql = "SELECT DISTINCT _batch AS batch, _entry AS entry, _source AS source, _at AS at FROM source"
    rows = pools.engine.query(sql, {"source": said}).read_all().to_pylist()
    return tuple(Delivery(**row) for row in rows)


def record_columns() -> list[str]:
    """Return the columns of a golden record, quoted; the key is first."""
    told = [(one.name, *(f"{one.name}_{part}" for part in ("source", "rank", "batch"))) for one in FIELDS]
    names = [KEY, *(name for names in told for name in names), *(f"capital_{part}" for part in CAPITAL_COLUMNS)]
    return [*map(quoted, names), "_disputed", "_checked", "_conflict", "_rows", "_first_batch"]


def _nothing() -> str:
    """Return a record of nothing: what stands where a subject has become another's."""
    kinds = {"capital_amount": "DECIMAL(28, 8)", "capital_unit": "BIGINT", "_checked": "BIGINT", "_conflict": "BIGINT"}
    kinds |= {"_rows": "BIGINT", **{f"{one.name}_rank": "INTEGER" for one in FIELDS}}
    names = [name.strip('"') for name in record_columns()[1:]]
    return ", ".join(f"CAST(NULL AS {kinds.get(name, 'VARCHAR')}) AS {quoted(name)}" for name in names)


def need_golden(pools: Pools) -> TableRef:
    """Return the table of golden records, or refuse."""
    if not pools.lake.exists(GOLDEN):
        raise NotFound("legal person", "")
    return TableRef(GOLDEN)
