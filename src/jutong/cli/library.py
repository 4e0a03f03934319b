"""The base library from a terminal: how far sources agree, theme libraries, and rows without a key."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from jutong import library
from jutong.kernel.text import text

from .command import HERE, HomeOption, JsonOption, TokenOption, app, at_desk
from .output import progress, show

commands = typer.Typer(name="library", no_args_is_help=True, help="The base library and its themes.")
app.add_typer(commands)


@commands.command()
def rates(home: HomeOption = HERE, token: TokenOption = "", as_json: JsonOption = False) -> None:
    """Show how often sources differ, field by field."""
    with at_desk(home, token) as desk:
        found = [asdict(one) | {"rate": one.share} for one in library.rates(desk.pools)]
    show(found, as_json=as_json)


@commands.command()
def make(
    theme: Annotated[str, typer.Argument(help="The theme's name; all of them if left out.")] = "",
    home: HomeOption = HERE,
    token: TokenOption = "",
    as_json: JsonOption = False,
) -> None:
    """Make theme libraries anew from the base library as it stands."""
    with at_desk(home, token) as desk:
        names = [theme] if theme else [one.name for one in library.themes(desk.db)]
    made = []
    for name in names:
        with progress(text("making {theme}", theme=name), quiet=as_json), at_desk(home, token) as desk:
            made.append(asdict(library.make_theme(desk, name)))
    show(made, as_json=as_json)


@commands.command()
def match(
    entry: Annotated[str, typer.Argument(help="The entry's identifier.")],
    home: HomeOption = HERE,
    token: TokenOption = "",
    as_json: JsonOption = False,
) -> None:
    """Look again for the legal persons of an entry's rows that have no valid key."""
    with progress(text("matching"), quiet=as_json), at_desk(home, token) as desk:
        found = library.match_again(desk, entry)
    show([asdict(found)] if found else [], as_json=as_json)
