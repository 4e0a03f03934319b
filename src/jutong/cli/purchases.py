"""Data that was bought, from the terminal: find it before buying again, declare it, share it under an entry."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
import typer

from jutong.kernel.clock import LEGAL_TIME
from jutong.kernel.errors import Invalid
from jutong.kernel.shape import learn
from jutong.kernel.text import text
from jutong.sharing import buying
from jutong.sharing.buying import Terms

from .command import HERE, HomeOption, JsonOption, TokenOption, app, as_somebody, at_desk
from .output import ending, show

commands = typer.Typer(name="purchases", no_args_is_help=True, help="Data that bodies bought: once, for many.")
app.add_typer(commands)
learn(Terms)

ThePurchase = Annotated[str, typer.Argument(metavar="PURCHASE", help="The purchase's identifier.")]


@commands.command("list")
def list_purchases(
    like: Annotated[str, typer.Option(help="Only what stands and has nearly this title: look before you buy.")] = "",
    after: Annotated[str, typer.Option(help="Only what was declared after this purchase.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=500, help="At most so many, the oldest first.")] = 50,
    home: HomeOption = HERE,
    token: TokenOption = "",
    as_json: JsonOption = False,
) -> None:
    """List what bodies bought."""
    with as_somebody(home, token) as (house, _), house.reading() as db:
        today = house.clock().astimezone(LEGAL_TIME).date()
        found = buying.purchases_like(db, (like,), today) if like else buying.purchases(db, after=after, limit=limit)
    if as_json:
        show(list(found), as_json=True)
        return
    rows = [
        {
            "purchase": one.id,
            "title": one.terms.title,
            "buyer": one.buyer,
            "supplier": one.terms.supplier,
            "ends": one.terms.ends,
            "entry": one.entry,
        }
        for one in found
    ]
    show(rows, as_json=False)


@commands.command("show")
def show_purchase(
    number: ThePurchase, home: HomeOption = HERE, token: TokenOption = "", as_json: JsonOption = False
) -> None:
    """Show one purchase with its licence."""
    with as_somebody(home, token) as (house, _), house.reading() as db:
        found = buying.find_purchase(db, number)
    show(found, as_json=as_json)


@commands.command("declare")
def declare_purchase(
    terms: Annotated[Path, typer.Argument(help="A JSON file: title, supplier, contract, price, purposes, starts, ...")],
    home: HomeOption = HERE,
    token: TokenOption = "",
    as_json: JsonOption = False,
) -> None:
    """Declare what your body bought, by which contract, and who may use it for what."""
    with ending():
        told = _terms(terms)
    with at_desk(home, token) as desk:
        found = buying.declare_purchase(desk, told)
    show(found, as_json=as_json)


@commands.command("share")
def share_purchase(
    number: ThePurchase,
    entry: Annotated[str, typer.Argument(help="A published entry of the buyer.")],
    home: HomeOption = HERE,
    token: TokenOption = "",
    as_json: JsonOption = False,
) -> None:
    """Share what was bought under an entry: others ask for it there, within the licence."""
    with at_desk(home, token) as desk:
        found = buying.share_purchase(desk, number, entry)
    show(found, as_json=as_json)


def _terms(path: Path) -> Terms:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Terms)
    except OSError as error:
        raise Invalid(text("the file {path} cannot be read", path=path)) from error
    except msgspec.MsgspecError as error:
        raise Invalid(text("the file {path} declares no purchase: {why}", path=path, why=str(error))) from error
