"""The copy that answers a declared service: the rows that stand, packed, with what they are found and ordered by."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from jutong.catalogue.entry import Entry
from jutong.collection.taken_back import Tables
from jutong.kernel.canon import Fact, canonical, digest
from jutong.quality import Doubts
from jutong.quality.expression import Kind, Lifted
from jutong.quality.reading import ROW, literal, present, quoted

from ..service import BATCH, DELIVERED, doubts_sql, packed_sql, standing_rows
from .clause import Prepared, compared, value_of
from .question import RECORD, REGION, TIE, WHOLE

PURPOSE = "order of rows that are alike in all that is agreed"  # of the secret under which they are ordered
# What comes before every value, so that rows without one have their place in the order.
_BEFORE = {Kind.NUMBER: "CAST(-1e300 AS DOUBLE)", Kind.DAY: "DATE '0001-01-01'", Kind.TEXT: "''"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """All that a copy is made by; when it is the same, the copy would be the same."""

    prepared: Prepared
    entry: Entry
    table: str
    source: int  # version of the table
    columns: Mapping[str, str]  # item -> column of the table
    known: Tables = field(default_factory=dict)
    doubts: Doubts | None = None

    @property
    def version(self) -> str:
        """What names the content."""
        told: list[Fact] = [
            self.prepared.listing.digest(),
            self.table,
            self.source,
            dict(self.columns),
            [kind.value for kind in self.prepared.kinds],
            self.entry.key_item,
            self.entry.region_item,
            self.doubts.mark if self.doubts else "",
        ]
        return digest(canonical(told))[:40]


def copy_sql(recipe: Recipe, held: Collection[str], *, secret: bytes) -> str:
    """Return the query over ``t`` whose rows are the copy, in the declared order.

    Rows that are alike in the order come by a keyed digest of their keys: any other order would tell of a key that
    is not agreed. What the provider alone wrote into the condition is applied here.
    """
    prepared, entry, columns = recipe.prepared, recipe.entry, recipe.columns
    listing, key = prepared.listing, columns[entry.key_item]
    plain = f"upper(trim(CAST({quoted(key)} AS VARCHAR)))"
    rows, latest = standing_rows(held, key), ""
    if BATCH in held:
        newest = ", ".join(f"{quoted(name)} DESC" for name in (DELIVERED, ROW) if name != ROW or name in held)
        turn = f"row_number() OVER (PARTITION BY {plain} ORDER BY {newest})"
        rows, latest = f"(SELECT *, {turn} AS _left FROM {rows}) AS latest", " AND _left = 1"  # noqa: S608
    if recipe.doubts is not None:
        rows += doubts_sql(key)
    items = compared(prepared)
    whole = [f"{quoted(item.name)} := {_text(columns.get(item.name, ''), held)}" for item in entry.items]
    raw = [
        f"{packed_sql(held, columns, listing.items, doubted=recipe.doubts is not None)} AS {RECORD}",
        # Policies may ask for what the service does not tell: whether a row may be seen hangs on all of it.
        f"to_json(struct_pack({', '.join(whole)})) AS {WHOLE}",
        f"{_text(columns.get(entry.region_item, ''), held)} AS {REGION}",
        f"left(sha256({literal(secret.hex())} || {plain}), 32) AS {TIE}",
        *(f"{_text(columns.get(item, ''), held)} AS {quoted(item)}" for item in items),
    ]
    found = f"SELECT {', '.join(raw)} FROM {rows} WHERE {quoted(key)} IS NOT NULL AND {plain} <> ''{latest}"  # noqa: S608
    kept = f"{RECORD}, {WHOLE}, {REGION}, {TIE}"
    shown = "".join(f", {present(item)} AS {quoted(item)}" for item in items)
    read = f"SELECT {kept}{shown} FROM ({found}) AS found"  # noqa: S608
    lifted = "".join(f", {sql} AS {quoted(name)}" for name, sql in prepared.columns)
    ready = f"SELECT *{lifted} FROM ({read}) AS present"  # noqa: S608
    names = Lifted()
    order = [value_of(one.item, kind, names) for one, kind in zip(listing.order, prepared.kinds, strict=True)]
    ordered = "".join(
        f", coalesce({value}, {_BEFORE[kind]}) AS _o{number}"
        for number, (value, kind) in enumerate(zip(order, prepared.kinds, strict=True))
    )
    fixed = f" WHERE {' AND '.join(prepared.fixed)}" if prepared.fixed else ""
    by = [f"_o{number}{' DESC' if one.descending else ''}" for number, one in enumerate(listing.order)]
    return f"SELECT *{ordered} FROM ({ready}) AS ready{fixed} ORDER BY {', '.join([*by, TIE])}"  # noqa: S608


def _text(column: str, held: Collection[str]) -> str:
    return f"CAST({quoted(column)} AS VARCHAR)" if column in held else "CAST(NULL AS VARCHAR)"
