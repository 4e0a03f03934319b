"""Pushing files to a node as a department's system: signed here, resumed from where the node has got."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from jutong import ledger
from jutong.collection import LAYOUTS, Layout, pushes
from jutong.collection.pushes import Parcel, Sent
from jutong.kernel.errors import Invalid, NotFound
from jutong.kernel.files import write_whole
from jutong.kernel.keys import load_any_key
from jutong.kernel.outward import Outward
from jutong.kernel.text import text
from jutong.ledger import Receipt, VerifierKey

from .command import JsonOption, app
from .output import ending, language, progress, said, show

ANSWER_SECONDS = 60


@app.command()
def push(
    files: Annotated[list[Path], typer.Argument(help="CSV, TSV, JSON (all also gzipped), DBF, Parquet, XLSX, SQLite.")],
    entry: Annotated[str, typer.Option(help="The entry's identifier.")],
    url: Annotated[str, typer.Option(help="The node's address.")],
    system: Annotated[str, typer.Option(help="Your system's name in the network.")],
    private_key: Annotated[
        Path, typer.Option("--key", help="Your system's private key (PEM; Ed25519 or SM2); it stays here.")
    ],
    log_key: Annotated[
        list[str] | None,
        typer.Option(help="A key of the node's log, as `jutong keys` prints it; receipts are checked with it."),
    ] = None,
    layout: Annotated[str, typer.Option(help="A shipped layout, such as enterprise-register-gb18030.")] = "",
    encoding: Annotated[str, typer.Option(help="utf-8, gb18030 or big5; the refusal of another names what fits.")] = "",
    delimiter: Annotated[str, typer.Option(help="Between the fields of a CSV file: , ; | or tab.")] = "",
    table: Annotated[str, typer.Option(help="A table of an SQLite file, or a sheet of a workbook.")] = "",
    rows_at: Annotated[str, typer.Option(help="Path of the list in a JSON document, such as data.list.")] = "",
    header: Annotated[
        list[str] | None, typer.Option(help="column=item, where it is not the title or name; may be repeated.")
    ] = None,
    patience: Annotated[int, typer.Option(min=0, help="Seconds to wait for a node that is away.")] = 600,
    as_json: JsonOption = False,
) -> None:
    """Push files of rows to a node; after a break the same command goes on, and each file lands once.

    The receipt of the node's ledger is kept beside each file as FILE.receipt; `jutong verify` checks it anywhere.
    """
    with ending():
        declared = _layout(layout).declaring(encoding=encoding, delimiter=delimiter, table=table, rows_at=rows_at)
        declared = replace(declared, headers={**declared.headers, **dict(_pair(one) for one in header or [])})
        key, checkers = load_any_key(private_key), [VerifierKey.read(one) for one in log_key or []]
        with closing(Outward(inside=True, timeout_seconds=ANSWER_SECONDS)) as outward:
            sender = pushes.Sender(url, system, key, outward, patience=patience, language=language())
            told = [_pushed(sender, path, entry, declared, checkers, quiet=as_json) for path in files]
    show(told, as_json=as_json)


def _pushed(
    sender: pushes.Sender, path: Path, entry: str, layout: Layout, checkers: list[VerifierKey], *, quiet: bool
) -> dict[str, object]:
    try:
        size = path.stat().st_size
    except OSError as error:
        raise NotFound("file", path.name) from error
    with progress(text("reading {name}", name=path.name), quiet=quiet) as bar:
        content = pushes.digest_of(path, progress=bar)
    parcel = Parcel(entry=entry, name=path.name, size=size, content=content, layout=layout)
    with progress(text("pushing {name}", name=path.name), quiet=quiet) as bar:
        sent = sender.send(path, parcel, progress=bar)
    proven = bool(checkers) and _proven(sent, content, checkers)
    kept = path.with_name(path.name + ".receipt")
    write_whole(kept, sent.receipt.encode())
    return {
        "file": path.name,
        "push": sent.id,
        "batch": sent.batch,
        "rows_read": sent.rows_read,
        "rows_collected": sent.rows_landed,
        "rows_quarantined": sent.rows_quarantined,
        "digest": sent.rows_digest,
        "receipt": str(kept),
        "receipt_checked": proven,
    }


def _proven(sent: Sent, content: str, checkers: list[VerifierKey]) -> bool:
    """Refuse a receipt that does not hold under the log's keys, or is of another file."""
    verdict = ledger.verify_receipt(sent.receipt, checkers)
    if not verdict.holds:
        raise Invalid(
            text("the receipt does not hold: {why}", why=said(verdict.reason) if verdict.reason else verdict.check),
            remedy=text("ask the node's administrators which key its log has; do not delete the file"),
        )
    line = ledger.Evidence.of_leaf(Receipt.read(sent.receipt).leaf)
    if line.on != sent.id or line.facts.get("content") != content or line.facts.get("batch") != sent.batch:
        raise Invalid(
            text("the receipt is of another file"),
            remedy=text("ask the node's administrators which key its log has; do not delete the file"),
        )
    return True


def _layout(name: str) -> Layout:
    if name and name not in LAYOUTS:
        raise Invalid(
            text("there is no layout {name}", name=name),
            remedy=text("use one of: {names}", names=", ".join(LAYOUTS)),
        )
    return LAYOUTS.get(name, Layout())


def _pair(spelled: str) -> tuple[str, str]:
    column, between, item = spelled.partition("=")
    if not column or not between or not item:
        raise Invalid(text("a header is given as column=item"))
    return column, item
