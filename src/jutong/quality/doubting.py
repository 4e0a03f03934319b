"""Which records carry the flag: those whose rows fail a rule that its source has yet to answer, and doubted cells."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from jutong import collection
from jutong.collection.batch import Batch
from jutong.kernel.canon import canonical, digest
from jutong.kernel.db import Db
from jutong.pools import Lake, TableRef
from jutong.pools.layout import finding_table

from . import store
from .objection import Objection
from .reading import DOUBT_ITEMS, DOUBT_KEY, ROW, literal, quoted
from .scan import batch_where, raw_of


@dataclass(frozen=True, slots=True)
class Doubts:
    """The question for doubted records: key in capitals -> JSON list of items; ``mark`` changes when any of it does."""

    sql: str
    tables: Mapping[str, TableRef]
    mark: str


def doubts_of(db: Db, lake: Lake, entry: str, key_item: str) -> Doubts | None:
    """Return which records of an entry are in doubt, or nothing."""
    marking = [one for one in store.objections(db, entry=entry, limit=None) if one.marks]
    batches = {one.id: one for one in collection.batches(db, entry)}
    there = [one for one in marking if one.batch in batches]
    tables: dict[str, TableRef] = {}
    if lake.exists(finding_table(entry)):
        tables["finding"] = TableRef(finding_table(entry))
    parts: list[str] = []
    for place, batch_id in enumerate(sorted({one.batch for one in there})):
        tables[f"doubted_{place}"] = raw_of(batches[batch_id])
        of_batch = [one for one in there if one.batch == batch_id]
        parts += _parts(f"doubted_{place}", batches[batch_id], of_batch, key_item, listed="finding" in tables)
    if not parts:
        return None
    sql = (
        f"SELECT k AS {DOUBT_KEY}, '[' || string_agg('\"' || item || '\"', ',') || ']' AS {DOUBT_ITEMS} "  # noqa: S608
        f"FROM (SELECT DISTINCT k, item FROM ({' UNION ALL '.join(parts)}) AS each WHERE k IS NOT NULL) AS doubted "
        "GROUP BY k"
    )
    mark = digest(canonical([[one.id, one.batch, one.count, one.row] for one in there]))
    return Doubts(sql, tables, mark)


def _parts(table: str, batch: Batch, objections: Sequence[Objection], key_item: str, *, listed: bool) -> Iterator[str]:
    key = f"upper(trim(CAST({table}.{quoted(key_item)} AS VARCHAR)))"
    row = f"{table}.{quoted(ROW)}"
    rules = [one.rule for one in objections if not one.raised_by] if listed else []
    if rules:
        yield (
            f"SELECT {key} AS k, finding.item AS item FROM {table} JOIN finding ON finding.batch = {literal(batch.id)} "  # noqa: S608
            f'AND finding."row" = {row} WHERE {table}.{batch_where(batch)} '
            f"AND finding.rule IN ({', '.join(map(literal, rules))})"
        )
    for one in objections:
        if one.row:
            yield (
                f"SELECT {key} AS k, {literal(one.item)} AS item FROM {table} "  # noqa: S608 (escaped)
                f"WHERE {table}.{batch_where(batch)} AND {row} = {one.row}"
            )
