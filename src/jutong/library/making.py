"""Making theme libraries: the question is asked of base libraries as they stand, and its answer replaces the table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

import pyarrow as pa

from jutong.kernel.canon import canonical, digest
from jutong.kernel.errors import NotFound, TooMuch, WrongMoment
from jutong.kernel.text import text
from jutong.pools import Pools, TableRef
from jutong.pools.layout import theme_table

from .hiding import seen_sql
from .theme import Making, Theme

SHOWN = 20
ROWS_MOST = 200_000_000


def make(pools: Pools, theme: Theme, *, at: datetime) -> tuple[Making, Mapping[str, int]]:
    """Make a theme's table from the newest base libraries, and say from which version of each it was made.

    The same question over the same libraries lands once. The answer streams into the lake; what the engine must hold
    for it is bounded by its memory limit, beyond it spills.
    """
    kinds, question = theme.kinds, theme.question()
    for kind in kinds:
        if not pools.lake.exists(kind.golden):
            raise WrongMoment(
                text("the base library {library} holds nothing yet", library=kind.name),
                remedy=text("merge a batch first"),
            )
    bases = {kind.name: pools.lake.version(kind.golden) for kind in kinds}
    versions = "-".join(map(str, bases.values()))
    mark = f"library.theme/{theme.name}/{versions}/{digest(canonical(question))[:40]}"
    landed = pools.lake.snapshot_of(theme_table(theme.name), mark)
    if landed is None:
        goldens = {f"golden_{kind.name}": TableRef(kind.golden, bases[kind.name]) for kind in kinds}
        seen = ", ".join(f"{kind.name} AS ({seen_sql(kind, f'golden_{kind.name}')})" for kind in kinds)
        asked = f"WITH {seen} SELECT * FROM ({theme.asked()}) AS answer"  # noqa: S608 (allow-listed)
        landed = pools.lake.replace(theme_table(theme.name), _at_most(pools.engine.query(asked, goldens)), mark=mark)
    made = Making(
        theme=theme.name,
        base=next(iter(bases.values())),
        version=landed.version,
        rows=landed.rows,
        digest=landed.digest,
        at=at,
    )
    return made, bases


def _at_most(rows: pa.RecordBatchReader) -> pa.RecordBatchReader:
    def counted() -> Iterator[pa.RecordBatch]:
        count = 0
        for batch in rows:
            count += batch.num_rows
            if count > ROWS_MOST:
                raise TooMuch(
                    text("the answer has more than {most} rows; nothing was kept", most=ROWS_MOST),
                    remedy=text("join by columns that tell rows apart, or group the answer"),
                )
            yield batch

    return pa.RecordBatchReader.from_batches(rows.schema, counted())


def shown(pools: Pools, name: str, version: int) -> tuple[Sequence[str], Sequence[Sequence[object]]]:
    """Return the columns and first rows of a theme as it was made at a version: earlier ones stay readable."""
    table = theme_table(name)
    if not pools.lake.exists(table) or version > pools.lake.version(table):
        raise NotFound("theme library", name)
    rows = pools.engine.query(f"SELECT * FROM theme LIMIT {SHOWN}", {"theme": TableRef(table, version)}).read_all()  # noqa: S608
    return rows.column_names, [list(row.values()) for row in rows.to_pylist()]
