"""Settling: golden records are brought up to what was said and decided; versions are added, none is changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pyarrow as pa

from jutong.kernel.errors import NotFound
from jutong.pools import Pools, TableRef
from jutong.pools.layout import library_table
from jutong.quality.capital import CAPITAL_COLUMNS, capital_reading
from jutong.quality.reading import literal, quoted, staged, tables_of

from .bond import Bonds
from .decision import Standing
from .golden import BY, GONE, TURN, current_sql
from .kind import LEGAL_PERSON, Kind
from .meaning import readings_of
from .survive import Belief, Delivery, golden_sql

GOLDEN, SOURCES = LEGAL_PERSON.golden, LEGAL_PERSON.sources
MATCHES = library_table("match")  # who the rows without a key are: found by likeness, never overwritten
# A turn is the versions of what was said and of the matches, then the number of the last decision: 22, 18 and 23 bits.
_MATCHES, _DECISIONS = 1 << 18, 1 << 23


def settle(pools: Pools, standing: Standing, touched: str, by: str, *, only_changed: bool = False) -> int:
    """Add a new version of the golden record of each subject that the query ``touched`` names; return the turn.

    ``touched`` sees ``source`` and ``roots``. ``by`` is the batch or decision that asks; together with the turn it
    marks the landing, so that it lands once. With ``only_changed`` records that stay as they are get no new version.
    """
    kind = standing.kind
    while True:
        said, matched = versions = _versions(pools, kind)
        turn = (said * _MATCHES + matched) * _DECISIONS + standing.number
        mark = f"library.settle/{by}/{turn}"
        tables = heard(pools, standing, versions)
        if pools.lake.snapshot_of(kind.golden, mark) is None:
            _add(pools, standing.belief, touched, tables, turn, by, mark, only_changed=only_changed)
        # Another batch's rows may have landed meanwhile, and its golden records be older than these.
        if _versions(pools, kind) == versions:
            return turn


def _versions(pools: Pools, kind: Kind) -> tuple[int, int]:
    return pools.lake.version(kind.sources), pools.lake.version(MATCHES) if _matches(pools, kind) else 0


def _matches(pools: Pools, kind: Kind) -> bool:
    """Say whether rows without a key were matched: of legal persons alone, for persons are not guessed at."""
    return kind is LEGAL_PERSON and pools.lake.exists(MATCHES)


def heard(pools: Pools, standing: Standing, versions: tuple[int, int] | None = None) -> dict[str, TableRef | pa.Table]:
    """Return what a query for golden records or conflicts names: what was said, by whom, and who is who."""
    kind = standing.kind
    said, matched = versions or _versions(pools, kind)
    source = TableRef(kind.sources, said)
    return {
        **({"matches": TableRef(MATCHES, matched)} if _matches(pools, kind) else {}),
        "source": source,
        "gone": gone_rows(pools, kind),
        "roots": roots(pools, standing.bonds, matched, kind=kind),
        **standing.belief.tables(_deliveries(pools, source)),
        **tables_of(readings_of(kind)),
    }


def gone_rows(pools: Pools, kind: Kind) -> TableRef | pa.Table:
    """Return which rows of what was said were taken back, and by which delivery."""
    if pools.lake.exists(kind.gone):
        return TableRef(kind.gone)
    names = (kind.key, "_batch", "_row", "_by", "_at")
    return pa.schema([(name, pa.int64() if name in ("_row", "_at") else pa.string()) for name in names]).empty_table()


def roots(pools: Pools, bonds: Bonds, version: int | None = None, *, kind: Kind = LEGAL_PERSON) -> pa.Table:
    """Return under which code everything is known that is known under another: by decision, else by a sure match."""
    decided, key = bonds.table(kind.key), kind.key
    if not _matches(pools, kind):
        return decided
    sql = (
        f"SELECT matches.ref AS {key}, min(coalesce(bound.root, matches.code)) AS root FROM matches "  # noqa: S608 (constants)
        f"LEFT JOIN bound ON bound.{key} = matches.code LEFT JOIN bound AS own ON own.{key} = matches.ref "
        f"LEFT JOIN apart ON apart.kept = matches.code AND apart.other = matches.ref "
        f"WHERE matches.band <> 'unsure' AND own.{key} IS NULL AND apart.kept IS NULL GROUP BY matches.ref "
        f"UNION ALL SELECT {key}, root FROM bound"
    )
    inputs = {"matches": TableRef(MATCHES, version), "bound": decided, "apart": bonds.apart_table()}
    return pools.engine.query(sql, inputs).read_all()


def whole(codes: Iterable[str], kind: Kind = LEGAL_PERSON) -> str:
    """Return the query for the subjects of these codes."""
    values = ", ".join(f"({literal(code)})" for code in codes)
    return f"SELECT DISTINCT {kind.key} FROM (VALUES {values}) AS given({kind.key})"  # noqa: S608 (escaped)


def subjects_of_entry(entry: str, kind: Kind) -> str:
    """Return the query for the subjects of which an entry says something."""
    return (
        f"SELECT DISTINCT coalesce(roots.root, source.{kind.key}) AS {kind.key} FROM source "  # noqa: S608 (escaped)
        f"LEFT JOIN roots ON roots.{kind.key} = source.{kind.key} WHERE source._entry = {literal(entry)}"
    )


def matched_by(asker: str) -> str:
    """Return the query for the subjects that a search for matches found."""
    return (
        f"SELECT DISTINCT roots.root AS {LEGAL_PERSON.key} FROM roots "  # noqa: S608 (escaped)
        f"JOIN matches ON matches.ref = roots.{LEGAL_PERSON.key} "
        f"WHERE matches.asker = {literal(asker)}"
    )


def every_subject(kind: Kind) -> str:
    """Return the query for all subjects of a kind."""
    return (
        f"SELECT DISTINCT coalesce(roots.root, source.{kind.key}) AS {kind.key} FROM source "  # noqa: S608 (constants)
        f"LEFT JOIN roots ON roots.{kind.key} = source.{kind.key}"
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
    kind, key, golden = belief.kind, belief.kind.key, belief.kind.golden
    readings = [capital_reading(name) for name in kind.amounts]
    names = record_columns(kind)
    inputs = dict(tables)
    land: Callable[..., object] = pools.lake.append
    if pools.lake.exists(golden) and TURN not in pools.lake.files(golden)[1].names:
        # A library of before there were versions is made anew, whole.
        touched, only_changed, land = every_subject(kind), False, pools.lake.replace
    asked = f"SELECT {key} FROM ({touched}) AS asked WHERE substr({key}, 1, 1) <> '~'"  # noqa: S608
    made = staged(golden_sql(belief, asked), readings)
    made = f"{made}, made AS (SELECT {', '.join(names)}, false AS {GONE} FROM readings"  # noqa: S608
    made += f" UNION ALL SELECT asked.{key}, {_nothing(kind)}, true AS {GONE} FROM ({asked}) AS asked"  # noqa: S608
    made += f" LEFT JOIN readings ON readings.{key} = asked.{key} WHERE readings.{key} IS NULL)"
    unless = ""
    if only_changed and pools.lake.exists(golden):
        inputs["golden"] = TableRef(golden, pools.lake.version(golden))
        differs = " OR ".join(f"made.{name} IS DISTINCT FROM held.{name}" for name in (*names[1:], GONE))
        unless = f" LEFT JOIN ({current_sql(gone=True, key=key)}) AS held ON held.{key} = made.{key} WHERE {differs}"
    own = ", ".join(f"made.{name}" for name in (*names, GONE))
    sql = f"{made} SELECT {own}, CAST({turn} AS BIGINT) AS {TURN}, {literal(by)} AS {BY} FROM made{unless}"  # noqa: S608
    land(golden, pools.engine.query(sql, inputs), mark=mark)


def _deliveries(pools: Pools, said: TableRef) -> tuple[Delivery, ...]:
    sql = "SELECT DISTINCT _batch AS batch, _entry AS entry, _source AS source, _at AS at FROM source"
    rows = pools.engine.query(sql, {"source": said}).read_all().to_pylist()
    return tuple(Delivery(**row) for row in rows)


def record_columns(kind: Kind) -> list[str]:
    """Return the columns of a golden record, quoted; the key is first."""
    told = [(one.name, *(f"{one.name}_{part}" for part in ("source", "rank", "batch"))) for one in kind.fields]
    read = [f"{name}_{part}" for name in kind.amounts for part in CAPITAL_COLUMNS]
    names = [kind.key, *(name for names in told for name in names), *read]
    return [*map(quoted, names), "_disputed", "_checked", "_conflict", "_rows", "_first_batch"]


def _nothing(kind: Kind) -> str:
    """Return a record of nothing: what stands where a subject has become another's."""
    types = {"capital_amount": "DECIMAL(28, 8)", "capital_unit": "BIGINT", "_checked": "BIGINT", "_conflict": "BIGINT"}
    types |= {"_rows": "BIGINT", **{f"{one.name}_rank": "INTEGER" for one in kind.fields}}
    names = [name.strip('"') for name in record_columns(kind)[1:]]
    return ", ".join(f"CAST(NULL AS {types.get(name, 'VARCHAR')}) AS {quoted(name)}" for name in names)


def need_golden(pools: Pools) -> TableRef:
    """Return the table of golden records, or refuse."""
    if not pools.lake.exists(GOLDEN):
        raise NotFound("legal person", "")
    return TableRef(GOLDEN)
