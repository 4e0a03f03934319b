"""Settling: golden records are brought up to what was said and decided; versions are added, none is changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pyarrow as pa

from jutong.kernel.errors import NotFound
from jutong.pools import Pools, TableRef
from jutong.pools.layout import library_table
from jutong.quality.capital import CAPITAL_COLUMNS, capital_reading
from jutong.quality.reading import literal, quoted, staged

from .bond import Bonds
from .decision import Standing
from .golden import BY, GONE, TURN, current_sql
from .subject import FIELDS, KEY
from .survive import Belief, Delivery, golden_sql

GOLDEN = library_table("legal_person")
SOURCES = library_table("legal_person_source")
MATCHES = library_table("match")  # who the rows without a key are: found by likeness, never overwritten
# A turn is the versions of what was said and of the matches, then the number of the last decision: 22, 18 and 23 bits.
_MATCHES, _DECISIONS = 1 << 18, 1 << 23


def settle(pools: Pools, standing: Standing, touched: str, by: str, *, only_changed: bool = False) -> int:
    """Add a new version of the golden record of each subject that the query ``touched`` names; return the turn.

    ``touched`` sees ``source`` and ``roots``. ``by`` is the batch or decision that asks; together with the turn it
    marks the landing, so that it lands once. With ``only_changed`` records that stay as they are get no new version.
    """
    while True:
        said, matched = versions = _versions(pools)
        turn = (said * _MATCHES + matched) * _DECISIONS + standing.number
        mark = f"library.settle/{by}/{turn}"
        tables = heard(pools, standing, versions)
        if pools.lake.snapshot_of(GOLDEN, mark) is None:
            _add(pools, standing.belief, touched, tables, turn, by, mark, only_changed=only_changed)
        # Another batch's rows may have landed meanwhile, and its golden records be older than these.
        if _versions(pools) == versions:
            return turn


def _versions(pools: Pools) -> tuple[int, int]:
    return pools.lake.version(SOURCES), pools.lake.version(MATCHES) if pools.lake.exists(MATCHES) else 0


def heard(pools: Pools, standing: Standing, versions: tuple[int, int] | None = None) -> dict[str, TableRef | pa.Table]:
    """Return what a query for golden records or conflicts names: what was said, by whom, and who is who."""
    said, matched = versions or _versions(pools)
    source = TableRef(SOURCES, said)
    return {
        **({"matches": TableRef(MATCHES, matched)} if pools.lake.exists(MATCHES) else {}),
        "source": source,
        "roots": roots(pools, standing.bonds, matched),
        **standing.belief.tables(_deliveries(pools, source)),
    }


def roots(pools: Pools, bonds: Bonds, version: int | None = None) -> pa.Table:
    """Return under which code everything is known that is known under another: by decision, else by a sure match."""
    decided = bonds.table()
    if not pools.lake.exists(MATCHES):
        return decided
    sql = (
        f"SELECT matches.ref AS {KEY}, min(coalesce(bound.root, matches.code)) AS root FROM matches "  # noqa: S608 (constants)
        f"LEFT JOIN bound ON bound.{KEY} = matches.code LEFT JOIN bound AS own ON own.{KEY} = matches.ref "
        f"LEFT JOIN apart ON apart.kept = matches.code AND apart.other = matches.ref "
        f"WHERE matches.band <> 'unsure' AND own.{KEY} IS NULL AND apart.kept IS NULL GROUP BY matches.ref "
        f"UNION ALL SELECT {KEY}, root FROM bound"
    )
    inputs = {"matches": TableRef(MATCHES, version), "bound": decided, "apart": bonds.apart_table()}
    return pools.engine.query(sql, inputs).read_all()


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


def matched_by(asker: str) -> str:
    """Return the query for the subjects that a search for matches found."""
    return (
        f"SELECT DISTINCT roots.root AS {KEY} FROM roots JOIN matches ON matches.ref = roots.{KEY} "  # noqa: S608
        f"WHERE matches.asker = {literal(asker)}"
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
    land: Callable[..., object] = pools.lake.append
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
