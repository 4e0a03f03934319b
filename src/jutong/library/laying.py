"""Laying a batch into the library's tables, each once, and reading what they hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import pyarrow as pa

from jutong.catalogue.entry import Entry
from jutong.collection.batch import Batch
from jutong.collection.standing import plain
from jutong.collection.taken_back import Tables
from jutong.kernel.errors import NotFound
from jutong.pools import Pools, TableRef
from jutong.pools.layout import library_table, standard_table
from jutong.quality.reading import literal, quoted
from jutong.terms.element import StandardElement

from .bond import Bonds
from .decision import Standing
from .golden import BY, GONE, TURN, Conflict, Golden, Merge, Rate, Said, current_sql, golden_of
from .kind import KINDS, LEGAL_PERSON, Kind
from .matching import ref_sql
from .settling import heard, roots, settle, whole
from .standard import KEY_COLUMN, UNKEYED_COLUMN, standard_of
from .subject import is_ref, items_of, key_of, kind_of
from .survive import conflict_sql, touched_sql

UNKEYED = library_table("unkeyed")
LAST_KEY = "\U0010ffff"  # behind every code
_SAID_MOST = 500  # rows of one subject that are read for its page
_COUNTED = ("rows", "unkeyed", "doubtful")


def lay(
    pools: Pools,
    batch: Batch,
    entry: Entry,
    elements: Mapping[str, StandardElement],
    standing: Standing,
    *,
    known: Tables,
    at: datetime,
) -> Merge:
    """Put a batch into standard form and merge it into the golden records; doing it again changes nothing.

    Work and memory go with the batch, not with the library: rows stream, and only records that the batch touches get
    a new version. Finding them reads the key column of what was said before.
    """
    standard = standard_of(entry, elements, batch.id)
    table, mark = standard_table(entry.id), f"library.merge/{batch.id}"
    raw = TableRef(batch.snapshot.table, batch.snapshot.version, lasting=True)
    if pools.lake.snapshot_of(table, mark) is None:
        # A table from before a standard form was known goes on with the columns that it has.
        had = pools.lake.files(table)[1].names if pools.lake.exists(table) else ["*"]
        kept = ", ".join(name if name == "*" else quoted(name) for name in had)
        sql = f"SELECT {kept} FROM ({standard.sql}) AS standard"  # noqa: S608 (escaped)
        pools.lake.append(table, pools.engine.query(sql, {"raw": raw, **standard.tables}), mark=mark)
    told = _row_counts(pools, table, batch.id, standard.capitals)
    people = {}
    kind = kind_of(entry)
    if kind is not None and _lay_sources(pools, batch, entry, kind, mark) | _lay_gone(pools, batch, entry, kind, known):
        turn = settle(pools, standing, touched_sql(kind, batch.id), batch.id)
        people = _people_counts(pools, kind, turn, batch.id)
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


def find_subject(pools: Pools, code: str, bonds: Bonds, kind: Kind = LEGAL_PERSON) -> Golden:
    """Return the golden record of a key, or refuse; a key that was merged leads to the one that was kept."""
    key = key_of(code, kind)
    if key is not None and pools.lake.exists(kind.golden):
        root = bonds.root(key)
        sql = f"SELECT * FROM golden WHERE {kind.key} = ? ORDER BY {TURN} DESC LIMIT 1"  # noqa: S608 (constants)
        for row in pools.engine.query(sql, {"golden": TableRef(kind.golden)}, (root,)).read_all().to_pylist():
            if not row[GONE]:
                return golden_of(row, kind, also=tuple(one for one in bonds.members(root)[1:] if not is_ref(one)))
    raise NotFound("golden record", kind.shown_key(code)[:40])


def said_of(pools: Pools, code: str, bonds: Bonds, kind: Kind = LEGAL_PERSON) -> tuple[Said, ...]:
    """Return every value that any source gave of a subject: each once a delivery, the newest first."""
    key = key_of(code, kind)
    if key is None or not pools.lake.exists(kind.sources):
        return ()
    sql = (
        f"SELECT source.* FROM source LEFT JOIN roots ON roots.{kind.key} = source.{kind.key} "  # noqa: S608 (constants)
        f"WHERE coalesce(roots.root, source.{kind.key}) = ? ORDER BY _at DESC, _batch, _row LIMIT {_SAID_MOST}"
    )
    inputs = {"source": TableRef(kind.sources), "roots": roots(pools, bonds, kind=kind)}
    rows = pools.engine.query(sql, inputs, (bonds.root(key),)).read_all().to_pylist()
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
        for field in kind.fields
        if row[field.name] is not None
    )
    return tuple(dict.fromkeys(said))


def count_subjects(pools: Pools, kind: Kind = LEGAL_PERSON) -> int:
    """Return how many golden records there are."""
    return _over_current(pools, kind, "count(*) AS n").get("n", 0)


def count_conflicts(pools: Pools, kind: Kind = LEGAL_PERSON) -> int:
    """Return how many subjects have a field on which sources contradict each other."""
    return _over_current(pools, kind, "count(CASE WHEN _conflict > 0 THEN 1 END) AS n").get("n", 0)


def rates(pools: Pools, kind: Kind = LEGAL_PERSON) -> tuple[Rate, ...]:
    """Return for each field how many records have it, of how many several sources say it, and how often they differ."""
    return _rates_at(pools, kind.name, pools.lake.version(kind.golden) if pools.lake.exists(kind.golden) else -1)


@lru_cache(maxsize=16)
def _rates_at(pools: Pools, name: str, version: int) -> tuple[Rate, ...]:
    """Count once a version: the page is looked at more often than the library changes."""
    del version
    kind = KINDS[name]
    counted = ", ".join(
        f"count({field.name}) AS filled{n}, count(CASE WHEN _checked & {1 << n} > 0 THEN 1 END) AS checked{n}, "
        f"count(CASE WHEN _conflict & {1 << n} > 0 THEN 1 END) AS conflicts{n}, "
        f"count(CASE WHEN strpos(_disputed, '\"{field.name}\"') > 0 THEN 1 END) AS disputed{n}"
        for n, field in enumerate(kind.fields)
    )
    told = _over_current(pools, kind, counted)
    counts = ("filled", "checked", "conflicts", "disputed")
    return tuple(
        Rate(field=field.name, **{count: told.get(f"{count}{n}", 0) for count in counts})
        for n, field in enumerate(kind.fields)
    )


def conflicts(pools: Pools, standing: Standing, *, after: str = "", limit: int = 100) -> tuple[Conflict, ...]:
    """Return the values that stand against each other, code by code, for at most ``limit`` codes after ``after``."""
    kind = standing.kind
    if not pools.lake.exists(kind.golden):
        return ()
    page = (
        f"SELECT {kind.key} FROM ({current_sql(key=kind.key)}) AS standing WHERE _conflict > 0 AND {kind.key} > ? "  # noqa: S608 (constants)
        f"ORDER BY {kind.key} LIMIT ?"
    )
    codes = pools.engine.query(page, {"golden": TableRef(kind.golden)}, (after, limit)).read_all()[kind.key].to_pylist()
    if not codes:
        return ()
    return tuple(one for group in _groups(pools, standing, codes) for one in group)


def disputes(
    pools: Pools,
    standing: Standing,
    *,
    field: str = "",
    descending: bool = False,
    after: tuple[str, str] | None = None,
    limit: int = 50,
) -> tuple[tuple[Conflict, ...], ...]:
    """Return the values that stand against each other, a group for each code and field, in the order of these two.

    ``after`` is the code and field of the last group before; ``field`` narrows to one.
    """
    kind = standing.kind
    if not pools.lake.exists(kind.golden):
        return ()
    bits = sum(1 << place for place, one in enumerate(kind.fields) if field in ("", one.name))
    found: list[tuple[Conflict, ...]] = []
    begin = after[0] if after is not None else LAST_KEY if descending else ""
    here, there = ("<=", "<") if descending else (">=", ">")
    while len(found) < limit:
        page = (
            f"SELECT {kind.key} FROM ({current_sql(key=kind.key)}) AS standing WHERE _conflict & {bits} > 0 "  # noqa: S608 (constants)
            f"AND {kind.key} {here} ? ORDER BY {kind.key} {'DESC' if descending else 'ASC'} LIMIT ?"
        )
        wanted = limit - len(found) + 1
        codes = (
            pools.engine.query(page, {"golden": TableRef(kind.golden)}, (begin, wanted))
            .read_all()[kind.key]
            .to_pylist()
        )
        if codes:
            found += _groups(pools, standing, codes, field=field, descending=descending, after=after)
            begin, here = codes[-1], there
        if len(codes) < wanted:
            break
    return tuple(found[:limit])


def _groups(
    pools: Pools,
    standing: Standing,
    codes: Sequence[str],
    *,
    field: str = "",
    descending: bool = False,
    after: tuple[str, str] | None = None,
) -> list[tuple[Conflict, ...]]:
    kind = standing.kind
    sql = f"{conflict_sql(standing.belief, whole(codes, kind))} ORDER BY {kind.key}, field, kept DESC, value"
    groups: dict[tuple[str, str], list[Conflict]] = {}
    for row in pools.engine.query(sql, heard(pools, standing)).read_all().to_pylist():
        one = Conflict(code=row.pop(kind.key), **row)
        beyond = after is None or ((one.code, one.field) < after if descending else (one.code, one.field) > after)
        if beyond and field in ("", one.field):
            groups.setdefault((one.code, one.field), []).append(one)
    return [tuple(groups[key]) for key in sorted(groups, reverse=descending)]


def unkeyed_rows(pools: Pools, batch: str, *, after: int = -1, limit: int = 100) -> pa.Table:
    """Return which rows of a batch tell of no legal person, and why (``_row``, ``reason``)."""
    if not pools.lake.exists(UNKEYED):
        return pa.table({"_row": pa.array([], pa.int64()), "reason": pa.array([], pa.string())})
    sql = 'SELECT "_row", reason FROM unkeyed WHERE "_batch" = ? AND "_row" > ? ORDER BY "_row" LIMIT ?'
    return pools.engine.query(sql, {"unkeyed": TableRef(UNKEYED)}, (batch, after, limit)).read_all()


def _lay_sources(pools: Pools, batch: Batch, entry: Entry, kind: Kind, mark: str) -> bool:
    """Land what the batch's rows say of subjects, and which rows say it of nobody; say whether any does."""
    table = standard_table(entry.id)
    version = pools.lake.version(table)
    here = {"standard": TableRef(table, version)}
    own = f'WHERE "_batch" = {literal(batch.id)}'
    items = items_of(entry)
    said = ", ".join(
        f"{quoted(items[field.name])} AS {quoted(field.name)}"
        if field.name in items
        else f"CAST(NULL AS VARCHAR) AS {quoted(field.name)}"
        for field in kind.fields
    )
    ref = "CAST(NULL AS VARCHAR)"
    if kind is LEGAL_PERSON and "name" in items:
        ref = f"CASE WHEN {quoted(items['name'])} IS NOT NULL THEN {ref_sql(entry)} END"
    milliseconds = int(batch.collected_at.timestamp() * 1000)
    sources = (
        f"SELECT coalesce({KEY_COLUMN}, {ref}) AS {kind.key}, {said}, {literal(entry.id)} AS _entry, "  # noqa: S608 (escaped parts)
        f"{literal(entry.provider)} AS _source, _batch, _row, CAST({milliseconds} AS BIGINT) AS _at "
        f"FROM standard {own} AND coalesce({KEY_COLUMN}, {ref}) IS NOT NULL"
    )
    unkeyed = (
        f"SELECT {literal(entry.id)} AS _entry, _batch, _row, {UNKEYED_COLUMN} AS reason "  # noqa: S608
        f"FROM standard {own} AND {KEY_COLUMN} IS NULL"
    )
    for target, sql in ((kind.sources, sources), (UNKEYED, unkeyed)):
        if pools.lake.snapshot_of(target, mark) is None:
            pools.lake.append(target, pools.engine.query(sql, here), mark=mark)
    landed = pools.lake.snapshot_of(kind.sources, mark)
    return landed is not None and landed.rows > 0


def _lay_gone(pools: Pools, batch: Batch, entry: Entry, kind: Kind, known: Tables) -> bool:
    """Land which rows are no longer heard because a source took them back; they stay, with the delivery that did so."""
    if not (batch.rows_withdrawn and entry.key_item):
        return False
    mark, own = f"library.merge/{batch.id}", plain(f"raw.{quoted(entry.key_item)}")
    if pools.lake.snapshot_of(kind.gone, mark) is None:
        milliseconds = int(batch.collected_at.timestamp() * 1000)
        sql = (
            f"SELECT DISTINCT source.{kind.key}, source._batch, source._row, {literal(batch.id)} AS _by, "  # noqa: S608
            f"CAST({milliseconds} AS BIGINT) AS _at FROM raw JOIN batches AS theirs ON theirs.batch = raw._batch "
            f"JOIN batches AS ours ON ours.batch = {literal(batch.id)} AND ours.feed = theirs.feed "
            f"AND theirs.n <= ours.n "
            f"JOIN withdrawn ON withdrawn._batch = ours.batch AND {plain('withdrawn.key')} = {own} "
            f"JOIN source ON source._batch = raw._batch AND source._row = raw._row "
            f"AND source._entry = {literal(entry.id)}"
        )
        inputs = {**known, "raw": TableRef(batch.snapshot.table), "source": TableRef(kind.sources)}
        pools.lake.append(kind.gone, pools.engine.query(sql, inputs), mark=mark)
    # What was said has a new version by that: records that are settled on it are newer than those of before.
    nothing = pools.lake.read(kind.sources).schema.empty_table()
    pools.lake.append(kind.sources, nothing, mark=f"{mark}/gone")
    return True


def _row_counts(pools: Pools, table: str, batch: str, capitals: tuple[str, ...]) -> dict[str, int]:
    doubtful = " OR ".join(f"{quoted(f'{name}_doubt')} IS NOT NULL" for name in capitals) or "false"
    sql = (
        f"SELECT count(*) AS rows, count({UNKEYED_COLUMN}) AS unkeyed, "  # noqa: S608 (escaped parts)
        f"count(CASE WHEN {doubtful} THEN 1 END) AS doubtful FROM standard WHERE _batch = {literal(batch)}"
    )
    told = _one(pools, sql, {"standard": table})
    return {name: told[name] for name in _COUNTED}


def _people_counts(pools: Pools, kind: Kind, turn: int, batch: str) -> dict[str, int]:
    sql = (
        f"SELECT count(*) AS touched, count(_disputed) AS conflicts, "  # noqa: S608 (escaped parts)
        f"count(CASE WHEN _first_batch = {literal(batch)} THEN 1 END) AS created FROM golden "
        f"WHERE {TURN} = {turn} AND {BY} = {literal(batch)} AND NOT {GONE}"
    )
    return _one(pools, sql, {"golden": kind.golden})


def count_settled(pools: Pools, by: str, kind: Kind = LEGAL_PERSON) -> int:
    """Return how many records got a new version by a decision."""
    sql = f"SELECT count(DISTINCT {kind.key}) AS n FROM golden WHERE {BY} = {literal(by)}"  # noqa: S608
    return int(_one(pools, sql, {"golden": kind.golden})["n"])


def _over_current(pools: Pools, kind: Kind, counted: str) -> dict[str, int]:
    if not pools.lake.exists(kind.golden):
        return {}
    standing = current_sql(key=kind.key)
    return _one(pools, f"SELECT {counted} FROM ({standing}) AS standing", {"golden": kind.golden})  # noqa: S608


def _one(pools: Pools, sql: str, tables: Mapping[str, str]) -> dict[str, Any]:
    refs = {name: TableRef(table) for name, table in tables.items()}
    return dict(pools.engine.query(sql, refs).read_all().to_pylist()[0])
