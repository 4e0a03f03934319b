"""The acceptance desk from the terminal: everything of sharing that waits for one's body, the first due first."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table

from jutong import oversight
from jutong.kernel.text import text
from jutong.oversight import Awaited, Matter, Term, Wanted, Work

from .command import HERE, HomeOption, JsonOption, TokenOption, app, as_somebody
from .output import console, lay, said, show

COLUMNS = (
    *(text("kind"), text("stage"), text("about what"), text("other body")),
    *(text("received"), text("due"), text("working days left"), text("number")),
)


@app.command()
def acceptance(
    home: HomeOption = HERE,
    token: TokenOption = "",
    kind: Annotated[Matter | None, typer.Option(help="Things of one kind alone.")] = None,
    stage: Annotated[Work | None, typer.Option(help="What waits for one kind of act alone.")] = None,
    term: Annotated[Term | None, typer.Option(help="What is overdue, in time, or has no day.")] = None,
    mine: Annotated[bool | None, typer.Option("--mine/--theirs", help="For you to do, or for your colleagues.")] = None,
    sought: Annotated[str, typer.Option("--search", help="Part of a title or of a body's name, or a number.")] = "",
    after: Annotated[str, typer.Option(help="Only what stands after this place, as the page before named it.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=500, help="At most so many.")] = 50,
    as_json: JsonOption = False,
) -> None:
    """List everything of sharing that waits for your body, of all kinds, the first due first."""
    wanted = Wanted(matter=kind, work=stage, term=term, mine=mine, sought=sought)
    with as_somebody(home, token) as (house, who):
        place = tuple(after.split("/")) if after else ()
        with house.reading() as db:
            found = oversight.accepted(db, who, house.clock(), wanted, after=place, limit=limit + 1)
            sizes = oversight.accepted_sizes(db, who, house.clock(), wanted)
    page, beyond = found[:limit], "/".join(found[limit - 1].place) if len(found) > limit else ""
    if as_json:
        counts = {matter.value: {"count": size.count, "overdue": size.overdue} for matter, size in sizes.items()}
        show({"lines": [_spelled(one) for one in page], "sizes": counts, "next": beyond}, as_json=True)
        return
    if not page:
        show([], as_json=False)
        return
    table = Table(*(said(head) for head in COLUMNS))
    for one in page:
        left = "" if one.days_left is None else str(one.days_left)
        table.add_row(
            *(one.matter.value, one.work.value, one.title, one.party_name),
            *(str(one.since or ""), str(one.due or ""), left, one.on),
            style="bold red" if one.term is Term.OVERDUE else None,
        )
    lay(table)
    console.print(
        said(
            text(
                "{count} things wait, {overdue} of them are overdue",
                count=sum(size.count for size in sizes.values()),
                overdue=sum(size.overdue for size in sizes.values()),
            )
        )
    )
    if beyond:
        console.print(said(text("more stand after {place}", place=beyond)), soft_wrap=True, highlight=False)


def _spelled(one: Awaited) -> dict[str, object]:
    return {
        "matter": one.matter,
        "work": one.work,
        "on": one.on,
        "title": one.title,
        "party": one.party,
        "party_name": one.party_name,
        "since": one.since,
        "due": one.due,
        "days_left": one.days_left,
        "provisional": one.provisional,
        "term": one.term,
        "law": said(one.law),
        "mine": one.mine,
    }
