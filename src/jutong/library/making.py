"""Making theme libraries: the question is asked of the base library as it stands, and its answer replaces the table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

import pyarrow as pa

from jutong.kernel.canon import canonical, digest
from jutong.kernel.errors import NotFound, TooMuch, WrongMoment
from jutong.kernel.text import text
from jutong.pools import Pools, TableRef
from jutong.pools.layout import theme_table

from .golden import current_sql
from .settling import GOLDEN
from .theme import BASE, COLUMNS, Making, Theme

SHOWN = 20
ROWS_MOST = 200_000_000


def make(pools: Pools, theme: Theme, *, at: datetime) -> Making:
    """Make a theme's table from the newest base library; the same question over the same library lands once.

    The answer streams into the lake; what the engine must hold for it is bounded by its memory limit, beyond it spills.
    """
    if not pools.lake.exists(GOLDEN):
        raise WrongMoment(text("the library holds no legal persons yet"), remedy=text("merge a batch first"))
    base, question = pools.lake.version(GOLDEN), theme.question()
    mark = f"library.theme/{theme.name}/{base}/{digest(canonical(question))[:40]}"
    landed = pools.lake.snapshot_of(theme_table(theme.name), mark)
    if landed is None:
        columns = ", ".join(COLUMNS)
        standing = f"(SELECT {columns} FROM ({current_sql()}) AS standing)"  # noqa: S608 (constants)
        asked = f"WITH {BASE} AS {standing} SELECT * FROM ({question}) AS answer"  # noqa: S608 (allow-listed)
        rows = _at_most(pools.engine.query(asked, {"golden": TableRef(GOLDEN, base)}))
        landed = pools.lake.replace(theme_table(theme.name), rows, mark=mark)
    return Making(theme=theme.name, base=base, version=landed.version, rows=landed.rows, digest=landed.digest, at=at)


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
