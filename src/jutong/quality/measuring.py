"""Measuring a batch: one pass over all rows for counts, and one over a sample for the forms of values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from jutong.collection.batch import Batch
from jutong.pools import Engine

from .expression import day_sql
from .profile import ItemProfile, forms_of
from .reading import ROW, column, quoted, read_sql
from .scan import batch_where, raw_of

SAMPLE = 50_000  # rows whose forms are looked at, spread over the batch
_FORM = (
    "regexp_replace(regexp_replace(regexp_replace(regexp_replace(substr({0}, 1, 200), '[^0-9A-Za-z一-鿿]+', '.', 'g'), "
    "'[0-9]+', '9', 'g'), '[A-Za-z]+', 'A', 'g'), '[一-鿿]+', '文', 'g') || ' ' || CAST(length({0}) AS VARCHAR)"
)


def measured(
    engine: Engine, batch: Batch, absents: Mapping[str, Sequence[str]], *, dated: Sequence[str], today: date
) -> tuple[int, tuple[ItemProfile, ...]]:
    """Return how many rows a batch has, and each item's profile; only ``dated`` items tell a day of theirs.

    Memory is the engine's: an estimate a column, and the forms of a sample.
    """
    tables = {"raw": raw_of(batch)}
    names = list(absents)
    source = read_sql(batch_where(batch), absents)
    told = ", ".join(
        f"count({column(name)}) AS c{n}, approx_count_distinct({column(name)}) AS d{n}, "
        f"min(length({column(name)})) AS s{n}, max(length({column(name)})) AS l{n}, "
        + (f"max({_day(name, today)}) AS n{n}" if name in dated else f"CAST(NULL AS DATE) AS n{n}")
        for n, name in enumerate(names)
    )
    (row,) = engine.query(f"SELECT count(*) AS n, {told} FROM ({source}) AS present", tables).read_all().to_pylist()  # noqa: S608
    every = max(1, row["n"] // SAMPLE)
    sampled = read_sql(f"{batch_where(batch)} AND {quoted(ROW)} % {every} = 0", absents)
    forms = {name: _forms(engine, tables, sampled, name) for name in names}
    return row["n"], tuple(_profile(row, n, name, forms[name]) for n, name in enumerate(names))


def _profile(row: Mapping[str, Any], n: int, name: str, forms: Mapping[str, int]) -> ItemProfile:
    newest = row[f"n{n}"]
    return ItemProfile(
        item=name,
        rows=row["n"],
        nulls=row["n"] - row[f"c{n}"],
        distinct=min(row[f"d{n}"], row[f"c{n}"]),
        shortest=row[f"s{n}"],
        longest=row[f"l{n}"],
        forms=forms,
        newest=newest if isinstance(newest, date) else None,
    )


def _forms(engine: Engine, tables: Mapping[str, Any], sampled: str, name: str) -> dict[str, int]:
    sql = (
        f"SELECT form, count(*) AS n FROM (SELECT {_FORM.format(column(name))} AS form FROM ({sampled}) AS present) "  # noqa: S608
        "AS forms GROUP BY form ORDER BY n DESC, form LIMIT 200"
    )
    found = engine.query(sql, tables).read_all()
    return forms_of(zip(found["form"].to_pylist(), found["n"].to_pylist(), strict=True))


def _day(name: str, today: date) -> str:
    day = day_sql(column(name))
    return f"CASE WHEN {day} <= DATE '{today.isoformat()}' THEN {day} END"
