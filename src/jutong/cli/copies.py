"""Serving copies from the terminal: which lie sealed, under which key; a new key, and copies made anew under it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from jutong import delivery
from jutong.kernel.errors import Unavailable
from jutong.kernel.lock import exclusive
from jutong.kernel.text import text

from .command import HERE, HomeOption, JsonOption, TokenOption, app, as_somebody
from .output import progress, show

commands = typer.Typer(
    name="copies", no_args_is_help=True, help="Serving copies: which are sealed, under which key; a new key."
)
app.add_typer(commands)
LOCK = "renewing copies"


@commands.command(name="show")
def show_copies(home: HomeOption = HERE, token: TokenOption = "", as_json: JsonOption = False) -> None:
    """Show how the serving copies lie: open, or sealed and by which key; no secret is shown."""
    with as_somebody(home, token) as (house, actor), house.desk(actor) as desk:
        found = delivery.look_at_copies(desk, house.home.settings.body)
    show([asdict(one) for one in found], as_json=as_json)


@commands.command()
def renew(
    new_key: Annotated[bool, typer.Option("--new-key", help="First make a new key.")] = False,
    home: HomeOption = HERE,
    token: TokenOption = "",
    as_json: JsonOption = False,
) -> None:
    """Seal copies anew under the newest key; each old one serves until then; stopped, the same again goes on.

    Keys that no copy needs any more are destroyed.
    """
    with as_somebody(home, token) as (house, actor), exclusive(house.engine, house.home.locks, LOCK) as free:
        if not free:
            raise Unavailable(
                text("copies are being sealed anew by another process of this node"), remedy=text("wait, then repeat")
            )
        with progress(text("sealing serving copies"), quiet=as_json) as told:
            done = delivery.renew_copies(house, actor, new_key=new_key, progress=told)
    show(asdict(done), as_json=as_json)
