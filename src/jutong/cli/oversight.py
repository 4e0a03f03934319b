"""Scorecards from the terminal."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer
from rich.table import Table

from jutong import oversight
from jutong.kernel.text import text

from .command import HERE, HomeOption, JsonOption, TokenOption, app, at_desk
from .output import console, lay, said, show

DAY = ["%Y-%m-%d"]


@app.command()
def score(
    body: Annotated[str, typer.Argument(help="The department's unified social credit code.")],
    home: HomeOption = HERE,
    token: TokenOption = "",
    since: Annotated[datetime | None, typer.Option(formats=DAY, help="First day; a year ago if left out.")] = None,
    until: Annotated[datetime | None, typer.Option(formats=DAY, help="Last day; today if left out.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Count a department's scorecard from the ledger alone; every number names the lines behind it."""
    with at_desk(home, token) as desk:
        last = until.date() if until else desk.today
        first = since.date() if since else oversight.usual_since(last)
        card = oversight.score(desk, body, first, last)
    if as_json:
        show(card.spelled(), as_json=True)
        return
    table = Table(*(said(head) for head in (text("code"), text("indicator"), text("value"), text("evidence"))))
    for one in card.indicators:
        value = "-" if one.value is None else f"{one.value / 10:.1f} %"
        places = ", ".join(str(proof.place) for proof in one.evidence[:8]) + (" ..." if len(one.evidence) > 8 else "")
        table.add_row(one.code, said(one.definition.title), value, places)
    lay(table)
    total = "-" if card.score is None else f"{card.score / 10:.1f}"
    console.print(said(text("score: {total} of 100, from {size} leaves of the log", total=total, size=card.size)))
