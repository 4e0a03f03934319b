"""Proof from the terminal: hand a receipt out, verify one, audit a whole log."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from jutong import ledger
from jutong.delivery import bulk
from jutong.kernel.errors import Invalid, Refused
from jutong.kernel.keys import load_any_key
from jutong.kernel.public_key import read_public_key
from jutong.kernel.text import text
from jutong.ledger import Verdict, VerifierKey

from .command import HERE, HomeOption, JsonOption, app, in_house
from .output import NOT_PROVEN, console, ending, progress, said, show

FILE_LIMIT = 4 << 20  # bytes; a manifest may name many files


@app.command()
def receipt(
    some_id: Annotated[str, typer.Argument(help="A call's identifier, or an evidence line's.")],
    home: HomeOption = HERE,
) -> None:
    """Print the receipt of a call or an act; it verifies on any machine, with public keys alone."""
    with in_house(home) as house:
        sys.stdout.write(ledger.receipt_of(house.engine, house.home.ledger, some_id))


@app.command()
def keys(home: HomeOption = HERE, as_json: JsonOption = False) -> None:
    """Print the public keys by which this node's receipts, cosignatures on others' logs, and answers are checked."""
    with in_house(home) as house:
        own = ledger.witness_key(house.home.settings.name, house.key.public)
        made = house.home.sm2_key.exists()
        sm2 = {"sm2": str(load_any_key(house.home.sm2_key).public)} if made else {}
        answers = {"answers": str(house.key.public), **sm2}
        log = dict(zip(("log", "log_sm2"), map(str, house.log.verifiers), strict=False))
        show({**log, "witness": str(own), **answers}, as_json=as_json)


@app.command()
def verify(
    what: Annotated[Path, typer.Argument(help="A receipt's file, a manifest's, or a ledger's folder.", exists=True)],
    key: Annotated[
        list[str] | None,
        typer.Option(
            help="A verifier key (name+id+base64; of a manifest: the node's public key), or a file of them; repeatable."
        ),
    ] = None,
    witnesses: Annotated[int, typer.Option(min=0, help="How many of the given witnesses must have cosigned.")] = 0,
    as_json: JsonOption = False,
) -> None:
    """Verify a receipt, or audit a whole log and name its first bad leaf; needs no database and no network.

    Given the log's SM2 key, a checkpoint without a true SM2 signature does not hold. A manifest must be signed by each
    key that is given; the files beside it are compared with it.
    """
    with ending(), progress(text("verifying"), quiet=as_json):
        given = _spelled(key or [])
        told = "" if what.is_dir() else _receipt(what)
        if bulk.is_manifest(told):
            verdict = _manifest(what, told, given)
        else:
            known = [VerifierKey.read(spelled) for spelled in given]
            verdict = (
                ledger.verify_folder(what, known)
                if what.is_dir()
                else ledger.verify_receipt(told, known, witnesses=witnesses)
            )
    _tell(verdict, as_json=as_json)
    if not verdict.holds:
        raise typer.Exit(NOT_PROVEN)


def _tell(verdict: Verdict, *, as_json: bool) -> None:
    reason = said(verdict.reason) if verdict.reason else ""
    if as_json:
        told = {"holds": verdict.holds, "check": verdict.check, "reason": reason, "leaf": verdict.leaf}
        show({**told, **verdict.facts}, as_json=True)
    elif verdict.holds:
        console.print(f"✓ {said(text('it holds'))}", style="green")
        show(dict(verdict.facts), as_json=False)
    else:
        at = "" if verdict.leaf is None else f" ({said(text('leaf {leaf}', leaf=verdict.leaf))})"
        console.print(f"✗ {verdict.check}: {reason}{at}", style="bold red", markup=False)


def _manifest(path: Path, told: str, given: list[str]) -> Verdict:
    try:
        return Verdict(True, facts=bulk.proved(path, told, [read_public_key(one) for one in given]))
    except Refused as refusal:
        return Verdict(False, "manifest", refusal.reason)


def _receipt(path: Path) -> str:
    if path.stat().st_size > FILE_LIMIT:
        raise Invalid(text("the file {path} is too large for a receipt", path=path))
    try:
        return path.read_text("utf-8")
    except UnicodeDecodeError as error:
        raise Invalid(text("the file {path} is not a receipt", path=path)) from error


def _spelled(given: list[str]) -> list[str]:
    found: list[str] = []
    for one in given:
        found += Path(one).read_text("utf-8").split() if "+" not in one and Path(one).is_file() else [one]
    return found
