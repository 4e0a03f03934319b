"""The way in from a terminal: invitations, letting somebody in again, and the codes of a second factor."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from jutong import access, registers
from jutong.desk import Desk, House
from jutong.kernel.clock import system_clock
from jutong.kernel.errors import NotFound

from .command import HERE, HomeOption, JsonOption, TokenOption, app, at_desk, in_house
from .output import ending, show


@app.command()
def invite(
    account: Annotated[str, typer.Argument(help="The person's account.")],
    home: HomeOption = HERE,
    token: TokenOption = "",
    as_json: JsonOption = False,
) -> None:
    """Print a link with which a person sets a password; it counts once, for seven days, and is shown this once.

    With a credential its holder invites; without one whoever owns the home's folder does, in the node's name: that
    is how the first administrators come in, and how they come in again when all are locked out.
    """
    with in_house(home) as house, _desk(house, token) as desk:
        person = registers.person_with(desk.db, account)
        if person is None:
            raise NotFound("account", account)
        link = link_for(house, access.invite(desk, person.id))
    show({"account": account, "link": link}, as_json=as_json)


@app.command()
def unlock(
    account: Annotated[str, typer.Argument(help="The person's account.")],
    home: HomeOption = HERE,
    token: TokenOption = "",
    as_json: JsonOption = False,
) -> None:
    """Let somebody in again who was suspended, was not seen for too long, or failed too often.

    With a credential its holder does it; without one whoever owns the home's folder, in the node's name: that is how
    an administrator comes in again when all of them were suspended.
    """
    with in_house(home) as house, _desk(house, token) as desk:
        person = registers.person_with(desk.db, account)
        if person is None:
            raise NotFound("account", account)
        access.unlock(desk, access.vault_of(house.key), person.id)
    show({"account": account, "unlocked": True}, as_json=as_json)


@app.command()
def code(
    secret: Annotated[str, typer.Argument(help="The secret, in base 32.", envvar="JUTONG_SECRET")],
    as_json: JsonOption = False,
) -> None:
    """Show the present code of a second factor, where there is no phone at hand: for the demonstration."""
    with ending():
        found = access.code_at(access.read_secret(secret), access.step_of(system_clock()))
    show({"code": found}, as_json=as_json)


def link_for(house: House, invitation: str) -> str:
    """Return the link of an invitation; what stands behind the # never reaches a server or its log."""
    return f"{house.home.address}/welcome#{invitation}"


@contextmanager
def _desk(house: House, token: str) -> Iterator[Desk]:
    if token:
        with at_desk(house.home.folder, token) as desk:
            yield desk
    else:
        with house.desk(house.itself) as desk:
            yield desk
