"""Finds whose copy rows come from that turned up elsewhere: a sample is enough, sorted anew, cut, rounded or merged."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
from openpyxl import load_workbook

from jutong.catalogue.entry import Entry
from jutong.guard.watermark import (
    Digits,
    Suspicion,
    bias_sql,
    bit_sql,
    canary_scores,
    hash_sql,
    holds_canary,
    named,
    parse_mark,
    recipient_sql,
    suspicion,
    weight_sql,
)
from jutong.kernel.errors import Invalid
from jutong.kernel.text import text
from jutong.pools import Pools, TableRef

from ..service import GOLDEN, columns_of, standing_rows, standing_table
from .marking import Marking, handle_sql

BYTES_MOST = 256 << 20  # of a file that is traced
_SAID = b"jutong.agreement"


@dataclass(frozen=True, slots=True)
class Leak:
    """Rows that were found, every value as text, the file's digest, and which agreement its own metadata names."""

    rows: pa.Table
    digest: str
    says: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """What the marks in found rows say.

    ``named`` are those whom they name; for each candidate the score and what bounds the chance of a false accusation.
    """

    rows: int
    known: int  # rows that are the entry's
    positions: int  # marks that could be read
    canaries: int
    says: str
    suspicions: tuple[Suspicion, ...]
    consumers: Mapping[str, str]

    @property
    def named(self) -> tuple[Suspicion, ...]:
        """The recipients from whose copies the rows come, the surest first."""
        return named(self.suspicions)


def read_leak(path: Path, name: str) -> Leak:
    """Read CSV, JSON, XLSX or Parquet by the ending of ``name``; every value as text."""
    if path.stat().st_size > BYTES_MOST:
        raise Invalid(
            text("a file to be traced has at most {limit} bytes", limit=BYTES_MOST),
            remedy=text("a sample of the rows is enough"),
        )
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    ending, says = name.rpartition(".")[2].lower(), ""
    try:
        if ending == "parquet":
            rows = pq.read_table(path)
            said = (pq.read_metadata(path).metadata or {}).get(_SAID, b"")
            says = said.decode("ascii", "replace")[:26]
        elif ending == "csv":
            rows = _read_csv(path)
        elif ending == "json":
            rows = pa.Table.from_pylist(msgspec.json.decode(path.read_bytes(), type=list[dict[str, object]]))
        elif ending == "xlsx":
            rows = _read_sheet(path)
        else:
            raise Invalid(text("a file is csv, xlsx, json or parquet"))
        columns = [column.cast(pa.string()) for column in rows.columns]
        return Leak(pa.table(columns, names=rows.column_names), digest, says)
    except (pa.ArrowException, msgspec.MsgspecError, ValueError, KeyError, OSError) as error:
        raise Invalid(text("the file cannot be read as a table")) from error


def traced(
    pools: Pools, entry: Entry, marking: Marking, leak: Leak, candidates: Mapping[str, str], *, key: bytes
) -> Trace:
    """Return what the marks in found rows say of each candidate (agreement -> consumer)."""
    table = standing_table(entry, golden=pools.lake.exists(GOLDEN))
    columns = columns_of(entry, table, entry.key_item)
    leaked = _named_by_items(leak.rows, entry)
    found = _with_handles(pools, entry, marking, leaked, table, columns)
    seen = [one for one in marking.canaries if one[entry.key_item].strip().upper() in _keys(leaked, entry.key_item)]
    names = [one[entry.key_item] for one in seen]
    held = {who: frozenset(name for name in names if holds_canary(key, who, name)) for who in candidates}
    scores = canary_scores(held, names)
    for item, spec in marking.columns.items():
        if item in found.column_names:
            for who, score, positions in _scores(pools, found, item, spec, tuple(candidates), key):
                before, counted = scores[who]
                scores[who] = (before + score, counted + positions)
    told = [suspicion(who, score, positions) for who, (score, positions) in scores.items()]
    return Trace(
        rows=leak.rows.num_rows,
        known=found.num_rows,
        positions=max((one.positions for one in told), default=0),
        canaries=len(seen),
        says=leak.says if leak.says in candidates else "",
        suspicions=tuple(sorted(told, key=lambda one: -one.score)),
        consumers=dict(candidates),
    )


def _named_by_items(rows: pa.Table, entry: Entry) -> pa.Table:
    """Return the columns that are items of the entry, by name or title; the mark of a harmless cell is taken off."""
    names = {item.title: item.name for item in entry.items} | {item.name: item.name for item in entry.items}
    taken = {names[name]: rows[place] for place, name in enumerate(rows.column_names) if name in names}
    if not taken:
        raise Invalid(
            text("no column of the file is an item of {entry}", entry=entry.title),
            remedy=text("name its columns as the catalogue does, by name or title"),
        )
    return pa.table(taken)


def _keys(leaked: pa.Table, key_item: str) -> frozenset[str]:
    values = leaked[key_item].to_pylist() if key_item in leaked.column_names else []
    return frozenset(str(value).strip().upper() for value in values if value is not None)


def _with_handles(
    pools: Pools, entry: Entry, marking: Marking, leaked: pa.Table, table: str, columns: Mapping[str, str]
) -> pa.Table:
    """Return the found rows with the handle of each: its key, or where that is gone the one row that it can only be."""
    if entry.key_item in leaked.column_names:
        own, known = handle_sql(entry.key_item), f"{_quoted(entry.key_item)} IS NOT NULL"
        sql = f"SELECT *, {own} AS _handle FROM leaked WHERE {known}"  # noqa: S608
        return pools.engine.query(sql, {"leaked": leaked}).read_all()
    held = pools.lake.files(table)[1].names
    shared = [one for one in leaked.column_names if one not in marking.columns and columns.get(one) in held]
    if not shared:
        raise Invalid(
            text("without its key a row is known by its other items, and the file has none that carry no mark"),
            remedy=text("find rows with more columns"),
        )
    own = ", ".join(f"CAST({_quoted(columns[one])} AS VARCHAR)" for one in shared)
    found = ", ".join(_quoted(one) for one in shared)
    handle = handle_sql(columns[entry.key_item])
    # The rows of a source by what the file still tells of them; those alone that nothing else looks like.
    sql = (
        f"SELECT leaked.*, known._handle FROM leaked JOIN ("  # noqa: S608
        f"SELECT sha256(to_json([{own}])) AS seen, any_value({handle}) AS _handle FROM {standing_rows(held)} "
        f"GROUP BY seen HAVING count(DISTINCT {handle}) = 1) AS known ON known.seen = sha256(to_json([{found}]))"
    )
    return pools.engine.query(sql, {"leaked": leaked, "t": TableRef(table)}).read_all()


def _scores(
    pools: Pools, found: pa.Table, item: str, spec: str, candidates: Sequence[str], key: bytes
) -> Iterator[tuple[str, float, int]]:
    """Yield the score of each candidate over one marked item, and the number of positions that could be read."""
    mark, value = parse_mark(spec), _quoted(item)
    position = hash_sql(key, f"'position' || chr(31) || '{item}' || chr(31) || _handle")
    place = mark.places(position)
    lost = _rounded(pools, found, item, mark.last) if isinstance(mark, Digits) else 0
    # A cell that two copies show differently tells nothing; what was rounded away neither.
    read = (
        f"SELECT _handle, any_value({bias_sql(position)}) AS bias, any_value({mark.bit(value, place)}) AS seen, "  # noqa: S608
        f"any_value({position}) AS position FROM found WHERE {mark.fits(value)} AND {place} >= {lost} "
        f"GROUP BY _handle HAVING count(DISTINCT {mark.bit(value, place)}) = 1"
    )
    own = bit_sql("position", recipient_sql(key, "who", f"'{item}'", "_handle"))
    sql = (
        f"SELECT who, sum({weight_sql('bias', 'seen', 'own')}) AS score, count(*) AS positions FROM ("  # noqa: S608
        f"SELECT who, bias, seen, {own} AS own FROM ({read}) AS cells CROSS JOIN candidates) GROUP BY who"
    )
    given = pa.table({"who": pa.array(list(candidates), pa.string())})
    for row in pools.engine.query(sql, {"found": found, "candidates": given}).read_all().to_pylist():
        yield row["who"], float(row["score"]), int(row["positions"])


def _rounded(pools: Pools, found: pa.Table, item: str, last: int) -> int:
    """Return how many of the last digits are nought in every row: somebody rounded."""
    number = f"TRY_CAST({_quoted(item)} AS BIGINT)"
    told = ", ".join(f"bool_and({number} % {10**place} = 0) AS d{place}" for place in range(1, last + 1))
    row = pools.engine.query(f"SELECT {told} FROM found WHERE {number} IS NOT NULL", {"found": found}).read_all()  # noqa: S608
    return max((place for place in range(1, last + 1) if row[f"d{place}"][0].as_py()), default=0)


def _read_csv(path: Path) -> pa.Table:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        names = next(csv.reader(stream), [])
    convert = pacsv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False)
    return pacsv.read_csv(
        path, read_options=pacsv.ReadOptions(column_names=names, skip_rows=1), convert_options=convert
    )


def _read_sheet(path: Path) -> pa.Table:
    sheet = load_workbook(path, read_only=True, data_only=True).worksheets[0]
    rows = sheet.iter_rows(values_only=True)
    names = [str(name) for name in next(rows, ())]
    columns = list(zip(*rows, strict=True)) or [() for _ in names]
    told = [pa.array([None if one is None else str(one) for one in column], pa.string()) for column in columns]
    return pa.table(told, names=names)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
