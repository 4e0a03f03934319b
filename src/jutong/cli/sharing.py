"""Asking for data and answering."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, TypeVar

import msgspec
import typer

from jutong import sharing
from jutong.kernel.errors import Invalid
from jutong.kernel.text import text
from jutong.sharing import Delta, Request, Wish

from .command import HERE, HomeOption, JsonOption, TokenOption, app, at_desk
from .output import ending, show

Read = TypeVar("Read")


@app.command()
def ask(
    wish: Annotated[
        Path, typer.Argument(help="A JSON file: entry, items, purposes, legal_basis, scenario, scope, ...")
    ],
    home: HomeOption = HERE,
    token: TokenOption = "",
    sign: Annotated[bool, typer.Option(help="Sign it as head of the sharing office (art. 20).")] = False,
    submit: Annotated[bool, typer.Option(help="Hand it to the provider; the answer clock starts (art. 21).")] = False,
    as_json: JsonOption = False,
) -> None:
    """Draft a share request; with --sign and --submit, bring it on its way."""
    with ending():
        wanted = _read(wish, Wish)
    with at_desk(home, token) as desk:
        request: Request = sharing.draft_request(desk, wanted)
        if sign:
            request = sharing.sign_request(desk, request.id)
        if submit:
            request = sharing.submit_request(desk, request.id)
    show(request, as_json=as_json)


@app.command()
def approve(
    request: Annotated[str, typer.Argument(help="The request's identifier.")],
    home: HomeOption = HERE,
    token: TokenOption = "",
    mask: Annotated[list[str] | None, typer.Option(help="A stricter mask for one item, as item=mask.")] = None,
    quota: Annotated[int | None, typer.Option(help="Calls a day, at most what was asked for.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Say yes to a request; the agreement stands from the same instant."""
    with ending():
        masks = dict(_pair(one) for one in mask or [])
    with at_desk(home, token) as desk:
        agreement = sharing.approve(desk, request, masks=masks, quota_per_day=quota)
    show(agreement, as_json=as_json)


@app.command()
def amend(
    agreement: Annotated[str, typer.Argument(help="The agreement's identifier.")],
    delta: Annotated[Path, typer.Argument(help="JSON: legal_basis, scenario, scope, and what changes.")],
    home: HomeOption = HERE,
    token: TokenOption = "",
    sign: Annotated[bool, typer.Option(help="Sign it as head of the sharing office (art. 20).")] = False,
    submit: Annotated[bool, typer.Option(help="Hand it to the provider; the answer clock starts (art. 21).")] = False,
    as_json: JsonOption = False,
) -> None:
    """Apply for more or other use than an agreement gives; until the answer it runs on as it stands."""
    with ending():
        wanted = _read(delta, Delta)
    with at_desk(home, token) as desk:
        request = sharing.draft_amendment(desk, agreement, wanted)
        if sign:
            request = sharing.sign_request(desk, request.id)
        if submit:
            request = sharing.submit_request(desk, request.id)
    show(request, as_json=as_json)


def _read(path: Path, kind: type[Read]) -> Read:
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except OSError as error:
        raise Invalid(text("the file {path} cannot be read", path=path)) from error
    except msgspec.MsgspecError as error:
        raise Invalid(
            text("the file {path} is not a request: {why}", path=path, why=str(error)),
            basis=text("Order 809 art. 20: legal basis, scenario, scope, method, term"),
        ) from error


def _pair(spelled: str) -> tuple[str, str]:
    item, _, mask = spelled.partition("=")
    if not item or not mask:
        raise Invalid(text("a mask is given as item=mask"))
    return item, mask
