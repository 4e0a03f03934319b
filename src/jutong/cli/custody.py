"""The lake from a terminal: how its tables stand, their upkeep, and a look back at an earlier version."""

from __future__ import annotations

import sys
from dataclasses import asdict
from datetime import datetime
from typing import Annotated

import typer

from jutong import custody, registers
from jutong.guard import Label
from jutong.kernel.clock import LEGAL_TIME
from jutong.kernel.errors import Unavailable
from jutong.kernel.lock import exclusive
from jutong.kernel.text import text

from .command import HERE, HomeOption, JsonOption, TokenOption, app, as_somebody, at_desk, interactive
from .output import progress, said, show

commands = typer.Typer(name="lake", no_args_is_help=True, help="The lake's tables: upkeep, retention, a look back.")
app.add_typer(commands)


@commands.command(name="show")
def show_tables(home: HomeOption = HERE, token: TokenOption = "", as_json: JsonOption = False) -> None:
    """Show how the tables stand: files, versions, and what upkeep would do now."""
    with as_somebody(home, token) as (house, actor):
        declared = custody.retentions(house.home.settings.retention)
        with progress(text("looking over the lake"), quiet=as_json), house.desk(actor) as desk:
            found = custody.look_over(desk, declared)
    show([asdict(one) for one in found], as_json=as_json)


@commands.command()
def tend(
    table: Annotated[str, typer.Argument(help="One table alone, such as raw/01JZ...; all of them if left out.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")] = False,
    home: HomeOption = HERE,
    token: TokenOption = "",
    as_json: JsonOption = False,
) -> None:
    """Put small files together and let go of versions that are older than their layer's retention."""
    done: list[object] = []
    with as_somebody(home, token) as (house, actor):
        declared = custody.retentions(house.home.settings.retention)
        with progress(text("looking over the lake"), quiet=as_json), house.desk(actor) as desk:
            due = [one for one in custody.look_over(desk, declared) if one.due and table in ("", one.table)]
        if dry_run:
            done += [asdict(one) for one in due]
        with exclusive(house.engine, house.home.locks, custody.LOCK) as free:
            if due and not dry_run and not free:
                raise Unavailable(
                    text("the lake is being tended by another process of this node"), remedy=text("wait, then repeat")
                )
            with progress(text("tending the lake"), quiet=as_json, total=len(due)) as told:
                for place, one in enumerate(() if dry_run else due):
                    with house.desk(actor) as desk:
                        ordered = custody.order_upkeep(desk, one.table, declared)
                    if ordered is not None:
                        with house.desk(actor) as desk:
                            done.append(asdict(custody.tend(desk, one.table, declared)))
                    told(place + 1, len(due))
    show(done, as_json=as_json)


@commands.command()
def read(
    table: Annotated[str, typer.Argument(help="The table, such as standard/01JZ... or library/legal_person.")],
    version: Annotated[int | None, typer.Option(min=0, help="As it stood at this version.")] = None,
    at: Annotated[
        datetime | None,
        typer.Option(help="As it stood at this instant, by legal time.", formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"]),
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=100, help="At most so many rows.")] = 20,
    home: HomeOption = HERE,
    token: TokenOption = "",
    as_json: JsonOption = False,
) -> None:
    """Read the first rows of a table as it stood at a version or an instant; that somebody looked is on record."""
    instant = None if at is None else at.replace(tzinfo=LEGAL_TIME)
    with as_somebody(home, token) as (house, actor), house.desk(actor) as desk:
        past = custody.look_back(desk, table, version=version, at=instant, limit=limit)
    if as_json:
        show(asdict(past), as_json=True)
    else:
        show({"table": past.table, "version": past.version, "came": past.came.isoformat()}, as_json=False)
        show([dict(zip(past.columns, row, strict=True)) for row in past.rows], as_json=False)


@commands.command(name="ask-erasure")
def ask_erasure(
    ground: Annotated[custody.Ground, typer.Option(help="Which case of PIPL art. 47.")],
    basis: Annotated[str, typer.Option(help="The request or decision, by number and date; no name of the subject.")],
    home: HomeOption = HERE,
    token: TokenOption = "",
    as_json: JsonOption = False,
) -> None:
    """Ask that everything on one subject be erased; its identifier is typed, or comes by standard input."""
    with as_somebody(home, token) as (house, actor):
        value, key = _identifier(), house.key.secret_for(custody.PURPOSE)
        with house.desk(actor) as desk:
            asked = custody.ask_erasure(desk, value, ground=ground, basis=basis, key=key)
    show(asdict(asked), as_json=as_json)


@commands.command()
def erase(
    erasure: Annotated[str, typer.Argument(help="The request's identifier.")],
    home: HomeOption = HERE,
    token: TokenOption = "",
    as_json: JsonOption = False,
) -> None:
    """Confirm an erasure as a second person and carry it out; stopped on the way, the same again completes it."""
    with as_somebody(home, token) as (house, actor):
        value = _identifier()
        with progress(text("erasing"), quiet=as_json) as told:
            done = custody.confirm_and_erase(house, actor, erasure, value, progress=told)
    show(asdict(done), as_json=as_json)


@commands.command()
def erasures(home: HomeOption = HERE, token: TokenOption = "", as_json: JsonOption = False) -> None:
    """List the requests for erasure and what came of them."""
    with at_desk(home, token) as desk:
        desk.allow("pages.erasures", Label(owner="", parties=registers.authorities(desk.db)))
        found = custody.list_erasures(desk.db, desk.actor)
    show([asdict(one) for one in found], as_json=as_json)


def _identifier() -> str:
    """Take the subject's identifier without an echo; never from the command line, which others on the machine see."""
    if interactive():
        return str(typer.prompt(said(text("the subject's credit code or identity number")), hide_input=True))
    return sys.stdin.readline()
