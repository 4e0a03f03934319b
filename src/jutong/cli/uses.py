"""Records of use from the terminal: write one, read them, let one go whose years are over."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
import typer

from jutong.kernel.errors import Invalid
from jutong.kernel.shape import learn
from jutong.kernel.text import text
from jutong.sharing import use
from jutong.sharing.use import Usage

from .command import HERE, HomeOption, JsonOption, TokenOption, app, as_somebody, at_desk
from .output import ending, show

commands = typer.Typer(name="uses", no_args_is_help=True, help="Records of how shared data was used.")
app.add_typer(commands)
LISTED_MOST = 1000
learn(Usage)


@commands.command()
def record(
    agreement: Annotated[str, typer.Argument(help="The agreement's identifier.")],
    usage: Annotated[Path, typer.Argument(help="A JSON file: since, until, scene, process, effect, storage, ...")],
    home: HomeOption = HERE,
    token: TokenOption = "",
    as_json: JsonOption = False,
) -> None:
    """Record how your body used what was shared with it (art. 29)."""
    with ending():
        told = _usage(usage)
    with at_desk(home, token) as desk:
        kept = use.record_use(desk, agreement, told)
    show(kept, as_json=as_json)


@commands.command("list")
def list_uses(
    agreement: Annotated[str, typer.Option(help="Of one agreement alone.")] = "",
    after: Annotated[str, typer.Option(help="Only what was recorded after this record.")] = "",
    home: HomeOption = HERE,
    token: TokenOption = "",
    as_json: JsonOption = False,
) -> None:
    """List the records of use that your body made or may inspect, the oldest first."""
    with as_somebody(home, token) as (house, who), house.reading() as db:
        beyond = (after,) if after else ()
        found = use.uses_listed(db, who, agreement_id=agreement, after=beyond, limit=LISTED_MOST)
    show(list(found), as_json=as_json)


@commands.command()
def discard(
    record_id: Annotated[str, typer.Argument(metavar="RECORD", help="The record's identifier.")],
    home: HomeOption = HERE,
    token: TokenOption = "",
    as_json: JsonOption = False,
) -> None:
    """Let a record of use go whose years are over; before that it is refused."""
    with at_desk(home, token) as desk:
        gone = use.discard_use(desk, record_id)
    show(gone, as_json=as_json)


def _usage(path: Path) -> Usage:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Usage)
    except OSError as error:
        raise Invalid(text("the file {path} cannot be read", path=path)) from error
    except msgspec.MsgspecError as error:
        raise Invalid(
            text("the file {path} is not a record of use: {why}", path=path, why=str(error)),
            basis=text("Order 809, art. 29"),
        ) from error
