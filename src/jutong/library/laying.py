"""Laying a batch into the library's tables, each once, and reading what they hold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from jutong.catalogue.entry import Entry
from jutong.collection.batch import Batch
from jutong.kernel.errors import NotFound
from jutong.pools import Pools, TableRef
from jutong.pools.layout import library_table, standard_table
from jutong.quality.capital import CAPITAL_COLUMNS, capital_reading
from jutong.quality.reading import literal, quoted, staged
from jutong.terms.element import StandardElement

from .golden import Conflict, Golden, Merge, Said, golden_of
from .standard import KEY_COLUMN, UNKEYED_COLUMN, standard_of
from .subject import FIELDS, KEY, items_of, key_item_of, key_of
from .survive import Authority, Belief, Delivery, belief_of, conflict_sql, golden_sql

GOLDEN = library_table("legal_person")
SOURCES = library_table("legal_person_source")
CONFLICTS = library_table("conflict")
UNKEYED = library_table("unkeyed")
_SAID_MOST = 500  # rows of one legal person that are read for its page
_COUNTED = ("rows", "unkeyed", "doubtful")


def lay(
    pools: Pools,
    batch: Batch,
    entry: Entry,
    elements: Mapping[str, StandardElement],
    authorities: Iterable[Authority],
    *,
    at: datetime,
) -> Merge:
    """Put a batch into standard form and merge it into the golden records; doing it again changes nothing."""
    standard = standard_of(entry, elements, batch.id)
    table, mark = standard_table(entry.id), f"library.merge/{batch.id}"
    raw = TableRef(batch.snapshot.table, batch.snapshot.version)
    if pools.lake.snapshot_of(table, mark) is None:
        pools.lake.append(table, pools.engine.query(standard.sql, {"raw": raw, **standard.tables}), mark=mark)
    told = _row_counts(pools, table, batch.id, standard.capitals)
    keyed = _lay_sources(pools, batch, entry, mark) if key_item_of(entry) else None
    people = _lay_golden(pools, batch.id, belief_of(authorities)) if keyed else {}
    return Merge(
        batch=batch.id,
        entry=entry.id,
        rows=told["rows"],
        touched=people.get("touched", 0),
        created=people.get("created", 0),
        conflicts=people.get("conflicts", 0),
        unkeyed=told["unkeyed"],
        doubtful=told["doubtful"],
        merged_at=at,
    )


def find_subject(pools: Pools, code: str) -> Golden:
    """Return the golden record of a credit code, or refuse."""
    key = key_of(code)
    if key is not None and pools.lake.exists(GOLDEN):
        sql = f"SELECT * FROM golden WHERE {KEY} = ?"  # noqa: S608 (a constant)
        for row in pools.engine.query(sql, {"golden": TableRef(GOLDEN)}, (key,)).read_all().to_pylist():
            return golden_of(row)
    raise NotFound("legal person", code[:18])


def said_of(pools: Pools, code: str) -> tuple[Said, ...]:
    """Return every value that any source gave of a legal person: each once a delivery, the newest first."""
    key = key_of(code)
    if key is None or not pools.lake.exists(SOURCES):
        return ()
    sql = f"SELECT * FROM source WHERE {KEY} = ? ORDER BY _at DESC, _batch, _row LIMIT {_SAID_MOST}"  # noqa: S608
    rows = pools.engine.query(sql, {"source": TableRef(SOURCES)}, (key,)).read_all().to_pylist()
    said = (
        Said(
            field=field.name,
            value=row[field.name],
            entry=row["_entry"],
            source=row["_source"],
            batch=row["_batch"],
            at=datetime.fromtimestamp(row["_at"] / 1000, UTC),
        )
        for row in rows
        for field in FIELDS
        if row[field.name] is not None
    )
    return tuple(dict.fromkeys(said))


def count_subjects(pools: Pools) -> int:
    """Return how many golden records there are."""
    return _one(pools, "SELECT count(*) AS n FROM golden", {"golden": GOLDEN})["n"] if pools.lake.exists(GOLDEN) else 0


def count_conflicts(pools: Pools) -> int:
    """Return how many legal persons have a field on which sources contradict each other."""
    if not pools.lake.exists(CONFLICTS):
        return 0
    return int(_one(pools, f"SELECT count(DISTINCT {KEY}) AS n FROM conflict", {"conflict": CONFLICTS})["n"])  # noqa: S608


def conflicts(pools: Pools, *, after: str = "", limit: int = 100) -> tuple[Conflict, ...]:
    """Return the values that stand against each other, code by code, for at most ``limit`` codes after ``after``."""
    if not pools.lake.exists(CONFLICTS):
        return ()
    sql = (
        f"SELECT conflict.* FROM conflict JOIN (SELECT DISTINCT {KEY} FROM conflict WHERE {KEY} > ? "  # noqa: S608
        f"ORDER BY {KEY} LIMIT ?) AS page ON conflict.{KEY} = page.{KEY} ORDER BY {KEY}, field, kept DESC, value"
    )
    rows = pools.engine.query(sql, {"conflict": TableRef(CONFLICTS)}, (after, limit)).read_all().to_pylist()
    return tuple(Conflict(code=row.pop(KEY), **row) for row in rows)


def unkeyed_rows(pools: Pools, batch: str, *, after: int = -1, limit: int = 100) -> pa.Table:
    """Return which rows of a batch tell of no legal person, and why (``_row``, ``reason``)."""
    if not pools.lake.exists(UNKEYED):
        return pa.table({"_row": pa.array([], pa.int64()), "reason": pa.array([], pa.string())})
    sql = 'SELECT "_row", reason FROM unkeyed WHERE "_batch" = ? AND "_row" > ? ORDER BY "_row" LIMIT ?'
    return pools.engine.query(sql, {"unkeyed": TableRef(UNKEYED)}, (batch, after, limit)).read_all()


def _lay_sources(pools: Pools, batch: Batch, entry: Entry, mark: str) -> bool:
    """Land what the batch's rows say of legal persons, and which rows say it of nobody; say whether any does."""
    table = standard_table(entry.id)
    version = pools.lake.version(table)
    here = {"standard": TableRef(table, version)}
    own = f'WHERE "_batch" = {literal(batch.id)}'
    items = items_of(entry)
    said = ", ".join(
        f"{quoted(items[field.name])} AS {quoted(field.name)}"
        if field.name in items
        else f"CAST(NULL AS VARCHAR) AS {quoted(field.name)}"
        for field in FIELDS
    )
    milliseconds = int(batch.collected_at.timestamp() * 1000)
    sources = (
        f"SELECT {KEY_COLUMN} AS {KEY}, {said}, {literal(entry.id)} AS _entry, "  # noqa: S608 (escaped parts)
        f"{literal(entry.provider)} AS _source, _batch, _row, CAST({milliseconds} AS BIGINT) AS _at "
        f"FROM standard {own} AND {KEY_COLUMN} IS NOT NULL"
    )
    unkeyed = (
        f"SELECT {literal(entry.id)} AS _entry, _batch, _row, {UNKEYED_COLUMN} AS reason "  # noqa: S608
        f"FROM standard {own} AND {KEY_COLUMN} IS NULL"
    )
    for target, sql in ((SOURCES, sources), (UNKEYED, unkeyed)):
        if pools.lake.snapshot_of(target, mark) is None:
            pools.lake.append(target, pools.engine.query(sql, here), mark=mark)
    landed = pools.lake.snapshot_of(SOURCES, mark)
    return landed is not None and landed.rows > 0


def _lay_golden(pools: Pools, batch: str, belief: Belief) -> dict[str, int]:
    """Bring the golden records that the batch touches up to all that was ever said of them."""
    reading = capital_reading("capital")
    golden = f"{staged(golden_sql(belief, batch), [reading])} SELECT {', '.join(_columns())} FROM readings"  # noqa: S608
    conflict = conflict_sql(belief, batch)
    while True:
        version = pools.lake.version(SOURCES)
        mark = f"library.merge/{batch}/{version}"
        said = {"source": TableRef(SOURCES, version), **belief.tables(_deliveries(pools, version))}
        for target, sql, key, tables in (
            (GOLDEN, golden, (KEY,), {**said, **reading.tables}),
            (CONFLICTS, conflict, (KEY, "field", "value"), said),
        ):
            if pools.lake.snapshot_of(target, mark) is None:
                pools.lake.merge(target, pools.engine.query(sql, tables), key=key, mark=mark)
        # Another batch's rows may have landed meanwhile, and its golden records been overwritten by these older ones.
        if pools.lake.version(SOURCES) == version:
            return _people_counts(pools, version, batch)


def _deliveries(pools: Pools, version: int) -> tuple[Delivery, ...]:
    sql = "SELECT DISTINCT _batch AS batch, _entry AS entry, _source AS source, _at AS at FROM source"
    rows = pools.engine.query(sql, {"source": TableRef(SOURCES, version)}).read_all().to_pylist()
    return tuple(Delivery(**row) for row in rows)


def _columns() -> list[str]:
    told = [(field.name, *(f"{field.name}_{part}" for part in ("source", "rank", "batch"))) for field in FIELDS]
    names = [KEY, *(name for names in told for name in names), *(f"capital_{part}" for part in CAPITAL_COLUMNS)]
    return [*map(quoted, names), "_disputed", "_rows", "_first_batch"]


def _row_counts(pools: Pools, table: str, batch: str, capitals: tuple[str, ...]) -> dict[str, int]:
    doubtful = " OR ".join(f"{quoted(f'{name}_doubt')} IS NOT NULL" for name in capitals) or "false"
    sql = (
        f"SELECT count(*) AS rows, count({UNKEYED_COLUMN}) AS unkeyed, "  # noqa: S608 (escaped parts)
        f"count(CASE WHEN {doubtful} THEN 1 END) AS doubtful FROM standard WHERE _batch = {literal(batch)}"
    )
    told = _one(pools, sql, {"standard": table})
    return {name: told[name] for name in _COUNTED}


def _people_counts(pools: Pools, version: int, batch: str) -> dict[str, int]:
    sql = (
        f"SELECT count(*) AS touched, count(_disputed) AS conflicts, "  # noqa: S608 (escaped parts)
        f"count(CASE WHEN _first_batch = {literal(batch)} THEN 1 END) AS created FROM golden "
        f"JOIN (SELECT DISTINCT {KEY} FROM source WHERE _batch = {literal(batch)}) AS touched "
        f"ON touched.{KEY} = golden.{KEY}"
    )
    tables = {"golden": TableRef(GOLDEN), "source": TableRef(SOURCES, version)}
    return dict(pools.engine.query(sql, tables).read_all().to_pylist()[0])


def _one(pools: Pools, sql: str, tables: Mapping[str, str]) -> dict[str, Any]:
    refs = {name: TableRef(table) for name, table in tables.items()}
    return dict(pools.engine.query(sql, refs).read_all().to_pylist()[0])
