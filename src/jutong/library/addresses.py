"""Addresses of a batch read into twelve parts, in a table beside the standard one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from jutong.catalogue.entry import Entry
from jutong.collection.batch import Batch
from jutong.pools import Pools, TableRef
from jutong.pools.layout import addresses_table, standard_table
from jutong.quality.addressing import ADDRESS, ADDRESS_COLUMNS, address_reading
from jutong.quality.reading import BATCH, ROW, literal, quoted, staged
from jutong.terms.address import Gazetteer

from .standard import KEY_COLUMN


def address_items(entry: Entry) -> tuple[str, ...]:
    """Return the items of an entry that hold addresses."""
    return tuple(item.name for item in entry.items if item.element == ADDRESS)


def lay_addresses(pools: Pools, batch: Batch, entry: Entry, gazetteer: Gazetteer) -> Mapping[str, int]:
    """Read the addresses of a batch that stands in the standard table, once; return how many were read how far.

    A row is known by its batch and place, and by its key where it has one, so that it goes when the subject goes.
    It streams; apart from the merge, because an address costs more than all other forms of a row together.
    """
    items, table, mark = address_items(entry), addresses_table(entry.id), f"library.addresses/{batch.id}"
    if pools.lake.snapshot_of(table, mark) is None:
        kept = ", ".join(map(quoted, (BATCH, ROW, KEY_COLUMN, *items)))
        source = f"SELECT {kept} FROM standard WHERE {quoted(BATCH)} = {literal(batch.id)}"  # noqa: S608 (escaped)
        parts = ", ".join(quoted(f"{item}_{part}") for item in items for part in ADDRESS_COLUMNS)
        told = f"{quoted(BATCH)}, {quoted(ROW)}, {quoted(KEY_COLUMN)}, {parts}"
        sql = f"{staged(source, [address_reading(item, gazetteer) for item in items])} SELECT {told} FROM readings"  # noqa: S608
        standing = TableRef(standard_table(entry.id))
        pools.lake.append(table, pools.engine.query(sql, {"standard": standing}), mark=mark)
    counts: Counter[str] = Counter()
    for item in items:
        reading = quoted(f"{item}_reading")
        sql = (
            f"SELECT {reading} AS reading, count(*) AS n FROM t "  # noqa: S608 (as above)
            f"WHERE {quoted(BATCH)} = ? AND {reading} IS NOT NULL GROUP BY {reading}"
        )
        for row in pools.engine.query(sql, {"t": TableRef(table)}, (batch.id,)).read_all().to_pylist():
            counts[row["reading"]] += row["n"]
    return counts
