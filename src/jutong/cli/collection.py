"""Bringing rows in and examining them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from jutong import collection, quality
from jutong.collection import Limits
from jutong.kernel.clock import system_clock
from jutong.kernel.errors import Invalid
from jutong.kernel.text import text

from .command import HERE, HomeOption, JsonOption, TokenOption, app, at_desk
from .output import ending, progress, show


@app.command()
def collect(
    entry: Annotated[str, typer.Argument(help="The entry's identifier.")],
    file: Annotated[Path, typer.Argument(help="CSV, TSV, JSON (all also gzipped), DBF, Parquet, XLSX or SQLite.")],
    home: HomeOption = HERE,
    token: TokenOption = "",
    layout: Annotated[str, typer.Option(help="A shipped layout, such as enterprise-register-gb18030.")] = "",
    encoding: Annotated[str, typer.Option(help="utf-8, gb18030 or big5; the refusal of another names what fits.")] = "",
    delimiter: Annotated[str, typer.Option(help="Between the fields of a CSV file: , ; | or tab.")] = "",
    table: Annotated[str, typer.Option(help="A table of an SQLite file, or a sheet of a workbook.")] = "",
    rows_at: Annotated[str, typer.Option(help="Path of the list in a JSON document, such as data.list.")] = "",
    as_json: JsonOption = False,
) -> None:
    """Bring a file's rows into the department's pool: once, whatever happens in between."""
    with ending():
        if layout and layout not in collection.LAYOUTS:
            raise Invalid(
                text("there is no layout {name}", name=layout),
                remedy=text("use one of: {names}", names=", ".join(collection.LAYOUTS)),
            )
        shipped = collection.LAYOUTS.get(layout, collection.Layout())
        declared = shipped.declaring(encoding=encoding, delimiter=delimiter, table=table, rows_at=rows_at)
        source = collection.source_at(file, declared, Limits())
    with (
        progress(text("collecting {name}", name=file.name), quiet=as_json) as bar,
        at_desk(home, token) as desk,
        collection.under_way(home, entry, system_clock) as told,
    ):

        def tell(rows: int, of: int) -> None:
            bar(rows, of)
            told.progress(rows, of)

        batch = collection.collect(desk, entry, source, progress=tell)
    show(
        {
            "batch": batch.id,
            "rows_read": batch.rows_read,
            "rows_collected": batch.rows_landed,
            "rows_quarantined": batch.rows_quarantined,
            "quarantined": {reason.value: count for reason, count in batch.quarantined.items()},
            "digest": batch.rows_digest,
        },
        as_json=as_json,
    )


@app.command()
def examine(
    batch: Annotated[str, typer.Argument(help="The delivery's identifier.")],
    home: HomeOption = HERE,
    token: TokenOption = "",
    as_json: JsonOption = False,
) -> None:
    """Ask every rule of the entry of every row of a delivery; the same delivery is examined once."""
    with progress(text("examining"), quiet=as_json), at_desk(home, token) as desk:
        done = quality.examine(desk, batch)
    show(
        {
            "batch": done.batch,
            "rows": done.rows,
            "score": done.score,
            "band": done.band.value,
            "dimensions": {dimension.value: value for dimension, value in done.dimensions.items()},
            "findings": done.findings,
        },
        as_json=as_json,
    )
