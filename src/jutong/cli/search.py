"""Finding entries from a terminal, and making the index anew."""

from __future__ import annotations

from typing import Annotated

import typer

from jutong import registers, search
from jutong.kernel.text import text

from .command import HERE, HomeOption, JsonOption, TokenOption, app, in_house
from .output import console, said, show

REBUILD = "rebuild"
SHOWN = 20


@app.command("search")
def search_command(
    words: Annotated[list[str], typer.Argument(help="What is looked for; or the one word `rebuild`.")],
    home: HomeOption = HERE,
    token: TokenOption = "",
    theme: Annotated[
        str, typer.Option(help="Only entries of this theme: a code, `said:` a portal's word, `none`.")
    ] = "",
    limit: Annotated[int, typer.Option(min=1, max=500)] = SHOWN,
    as_json: JsonOption = False,
) -> None:
    """Search the catalogue: what is published, or with a credential what its holder may see.

    `jutong search rebuild` makes the index anew from the catalogue and swaps it in.
    """
    with in_house(home) as house:
        if words == [REBUILD]:
            show({"records": search.rebuild(house)}, as_json=as_json)
            return
        with house.reading() as db:
            actor = registers.actor_of(db, token, house.clock()) if token else None
        found = search.search(house, actor, " ".join(words), {"theme": theme})
    lines = [
        {
            "entry": one.first.row.entry,
            "title": one.first.row.shown,
            "publisher": one.first.row.publisher,
            "why": ", ".join(f"{reason.term} ({reason.where})" for reason in one.first.reasons),
            "more": len(one.more),
        }
        for one in found.places[:limit]
    ]
    if as_json:
        told = {"asked": found.plan.asked, "read_as": found.plan.read_as, "results": lines}
        show({**told, "facets": found.counted(search.FACETS)}, as_json=True)
        return
    if found.plan.read_as:
        console.print(said(text("read as: {words}", words=found.plan.read_as)), highlight=False, markup=False)
    show(lines, as_json=False)
