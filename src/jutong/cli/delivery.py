"""Calling a service as a consumer's system: signed here, checked here; no node is needed on this machine."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from jutong.catalogue import Purpose
from jutong.delivery import bulk
from jutong.kernel.errors import Invalid
from jutong.kernel.files import write_whole
from jutong.kernel.outward import Outward
from jutong.kernel.public_key import read_public_key
from jutong.kernel.text import text

from .command import (
    HERE,
    ClientOption,
    HomeOption,
    IssueOption,
    JsonOption,
    KeyOption,
    NodeKeyOption,
    PurposeOption,
    TokenOption,
    UrlOption,
    WhichOption,
    app,
    as_somebody,
    as_system,
    at_desk,
)
from .output import ending, language, progress, show

ANSWER_SECONDS = 300  # a file of many rows is first written


@app.command()
def call(
    service: Annotated[str, typer.Argument(help="The service's path: instance/class/member/system/service.")],
    key: Annotated[str, typer.Argument(help="The key of the record.")],
    url: UrlOption,
    client: ClientOption,
    private_key: KeyOption,
    node_key: NodeKeyOption,
    purpose: PurposeOption,
    agreement: WhichOption = "",
    issue: IssueOption = "",
    item: Annotated[list[str] | None, typer.Option(help="Only this item; may be repeated.")] = None,
    fact: Annotated[
        list[str] | None, typer.Option(help="Ask whether item=value is on record, instead of for the record.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Ask a service for a record, or whether facts are on record; prints the answer and the call's identifier."""
    with as_system(url, client, private_key, node_key) as consumer:
        facts = dict(_pair(one) for one in fact or [])
        if facts:
            answer = consumer.verify_all(service, {key: facts}, purpose=purpose, agreement=agreement, issue=issue)
        else:
            answer = consumer.query(service, key, purpose=purpose, items=item or (), agreement=agreement, issue=issue)
    show({"call": answer.call, "status": answer.status, "answer": answer.body}, as_json=as_json)


@app.command()
def profile(
    system: Annotated[str, typer.Argument(help="Your body's system, by its name in the network.")],
    file: Annotated[Path, typer.Argument(help="Where the profile is written; its name ends in .share.")],
    purpose: Annotated[Purpose, typer.Option(help="A purpose of the agreements that it reads.")],
    days: Annotated[int, typer.Option(min=1, max=bulk.LONGEST_DAYS, help="Days that it serves.")] = 30,
    home: HomeOption = HERE,
    token: TokenOption = "",
    as_json: JsonOption = False,
) -> None:
    """Issue a profile with which a system reads shares (Delta Sharing); only its own account can read the file."""
    with as_somebody(home, token) as (house, who):
        with house.desk(who) as desk:
            kept, secret = bulk.issue_profile(desk, system, purpose, days=days)
        write_whole(file, bulk.profile_file(f"{house.home.address}/sharing", secret, kept.expires), mode=0o600)
    show({"profile": kept.id, "file": str(file), "expires": kept.expires.isoformat()}, as_json=as_json)


@app.command()
def fetch(
    share: Annotated[Path, typer.Argument(help="The profile of your system: a file whose name ends in .share.")],
    target: Annotated[Path, typer.Argument(help="Where the file goes; csv, xlsx, json or parquet by its ending.")],
    node_key: Annotated[
        list[str],
        typer.Option(help="The node's public key, and its SM2 key besides: the manifest must be signed by each given."),
    ],
    agreement: Annotated[str, typer.Option(help="The agreement, where the profile reads several.")] = "",
    patience: Annotated[int, typer.Option(min=0, help="Seconds to wait for the ledger's receipt.")] = 10,
    as_json: JsonOption = False,
) -> None:
    """Fetch the whole of an agreement as one file; after a break the same command goes on.

    Its digest is compared with the signed manifest, which is kept beside it with the ledger's receipt of the call.
    """
    with ending():
        form = bulk.form_named(target.suffix.removeprefix(".").lower())
        keys = [read_public_key(one) for one in node_key]
        with closing(Outward(inside=True, timeout_seconds=ANSWER_SECONDS)) as outward:
            fetcher = bulk.Fetcher(share, outward, node_keys=keys, language=language())
            tables = [one for one in fetcher.tables() if agreement.lower() in ("", one["share"])]
            if len(tables) != 1:
                raise Invalid(
                    text("the profile reads no table here, or several"),
                    remedy=text("name one agreement: {names}", names=", ".join(one["share"] for one in tables) or "-"),
                )
            with progress(text("fetching {name}", name=target.name), quiet=as_json) as bar:
                fetched = fetcher.fetch(tables[0], form, target, patience=patience, progress=bar)
    show(fetched, as_json=as_json)


@app.command()
def marks(
    entry: Annotated[str, typer.Argument(help="The entry's identifier.")],
    column: Annotated[
        list[str] | None, typer.Option(help="item=mark: digits:1 to digits:4 of an amount, or seconds; repeatable.")
    ] = None,
    canaries: Annotated[Path | None, typer.Option(help="A JSON list of rows that are nobody's, by item.")] = None,
    home: HomeOption = HERE,
    token: TokenOption = "",
    as_json: JsonOption = False,
) -> None:
    """Declare, as the owner, what may be marked in copies of an entry; every copy is then made anew, each its own."""
    with ending():
        columns = dict(_pair(one) for one in column or [])
        rows = _canaries(canaries) if canaries else ()
    with at_desk(home, token) as desk:
        told = bulk.declare_marks(desk, entry, columns, rows)
    show({"entry": told.entry, "columns": dict(told.columns), "canaries": len(told.canaries)}, as_json=as_json)


@app.command()
def trace(
    file: Annotated[Path, typer.Argument(help="Rows that were found: CSV, JSON, XLSX or Parquet; a sample is enough.")],
    entry: Annotated[str, typer.Option(help="The entry whose rows they are.")],
    home: HomeOption = HERE,
    token: TokenOption = "",
    as_json: JsonOption = False,
) -> None:
    """Say whose copy rows come from, and how sure that is; nobody is named on chance above one in a million."""
    with as_somebody(home, token) as (house, who):
        leak = bulk.read_leak(file, file.name)
        with house.desk(who) as desk:
            found = bulk.trace(desk, entry, leak, key=house.key, body=house.home.settings.body)
    show(
        {
            "named": [{"agreement": one.recipient, "consumer": found.consumers[one.recipient]} for one in found.named],
            "rows": found.rows,
            "rows_known": found.known,
            "marks_read": found.positions,
            "canaries": found.canaries,
            "says": found.says,
            "bounds": {one.recipient: one.bound for one in found.suspicions[:20]},
        },
        as_json=as_json,
    )


def _canaries(path: Path) -> tuple[dict[str, str], ...]:
    try:
        return msgspec.json.decode(path.read_bytes(), type=tuple[dict[str, str], ...])
    except (OSError, msgspec.MsgspecError) as error:
        raise Invalid(text("{path} is no JSON list of rows", path=path.name)) from error


def _pair(spelled: str) -> tuple[str, str]:
    item, between, value = spelled.partition("=")
    if not item or not between:
        raise Invalid(text("a fact is given as item=value"))
    return item, value
