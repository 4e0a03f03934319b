"""Statutory clocks and people from the terminal."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from jutong import registers
from jutong.kernel.text import text
from jutong.registers import shipped_deadline
from jutong.terms import Duty, Grade

from .command import HERE, HomeOption, JsonOption, TokenOption, app, at_desk, in_house
from .output import console, ending, said, show


@app.command()
def due(
    rule: Annotated[str, typer.Argument(help="The clock, such as REQ_ANSWER_COND.")],
    start: Annotated[datetime, typer.Argument(formats=["%Y-%m-%d"], help="The day that starts it.")],
    home: Annotated[Path | None, typer.Option("--home", envvar="JUTONG_HOME", help="Use this node's calendar.")] = None,
    extension: Annotated[int, typer.Option(help="Working days of extension, as far as the rule allows.")] = 0,
    as_json: JsonOption = False,
) -> None:
    """Say on which day a statutory term ends, by which rule, and whether the calendar is firm."""
    if home is None:
        with ending():
            deadline = shipped_deadline(rule, start.date(), extension_days=extension)
    else:
        with in_house(home) as house, house.reading() as db:
            division = house.home.settings.division
            deadline = registers.deadline(db, rule, start.date(), division, extension_days=extension)
    if as_json:
        show(deadline, as_json=True)
        return
    firm = text("provisional: the notice for that year is not entered yet") if deadline.provisional else text("firm")
    console.print(f"{deadline.due:%Y-%m-%d}  {deadline.basis}  {said(firm)}", highlight=False)


@app.command()
def appoint(
    account: Annotated[str, typer.Argument(help="The person's account.")],
    name: Annotated[str, typer.Argument(help="The person's name; the ledger never shows it.")],
    body: Annotated[str, typer.Argument(help="The body's unified social credit code.")],
    title: Annotated[str, typer.Argument(help="The title of the post.")],
    duty: Annotated[list[Duty], typer.Option(help="A duty of the post; may be given several times.")],
    home: HomeOption = HERE,
    token: TokenOption = "",
    cleared: Annotated[int, typer.Option(min=1, max=4, help="Up to which grade the post may see.")] = 2,
    as_json: JsonOption = False,
) -> None:
    """Give a person a post in a body."""
    with at_desk(home, token) as desk:
        person = registers.register_person(desk, name, account)
        post = registers.appoint(desk, person.id, body, title, set(duty), Grade(cleared))
    show({"person": person.id, "post": post.id, "duties": sorted(post.duties)}, as_json=as_json)
