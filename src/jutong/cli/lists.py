"""Demands from the terminal: filed by a program, listed for a report."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
import typer

from jutong import catalogue
from jutong.catalogue import Need
from jutong.kernel.errors import Invalid
from jutong.kernel.text import text

from .command import HERE, HomeOption, JsonOption, TokenOption, app, at_desk
from .output import ending, show

demand = typer.Typer(no_args_is_help=True, help="What departments need: file demands, list them.")
app.add_typer(demand, name="demand")


@demand.command("file")
def file_demand(
    need: Annotated[Path, typer.Argument(help="A JSON file: title, purpose, words, legal_basis, items, method, by.")],
    home: HomeOption = HERE,
    token: TokenOption = "",
    draft: Annotated[bool, typer.Option(help="Keep it as a draft.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Draft a demand and hand it to the authority."""
    with ending():
        wanted = _need(need)
    with at_desk(home, token) as desk:
        made = catalogue.draft_demand(desk, wanted)
        if not draft:
            made = catalogue.file_demand(desk, made.id)
    show(made, as_json=as_json)


@demand.command("list")
def list_demands(
    home: HomeOption = HERE,
    token: TokenOption = "",
    limit: Annotated[int, typer.Option(min=1, max=500, help="At most so many, the newest first.")] = 50,
    as_json: JsonOption = False,
) -> None:
    """List the demands of your body."""
    with at_desk(home, token) as desk:
        found = catalogue.demands(desk.db, consumer=desk.actor.org, limit=limit)
    show(list(found), as_json=as_json)


def _need(path: Path) -> Need:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Need)
    except OSError as error:
        raise Invalid(text("the file {path} cannot be read", path=path)) from error
    except msgspec.MsgspecError as error:
        raise Invalid(text("the file {path} is not a demand: {why}", path=path, why=str(error))) from error
