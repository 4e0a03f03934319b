"""The data map from the terminal: who is hurt if something stops, and run events for other programs."""

from __future__ import annotations

from typing import Annotated

import typer

from jutong import atlas

from .command import HERE, HomeOption, JsonOption, TokenOption, app, at_desk
from .output import show

commands = typer.Typer(name="map", no_args_is_help=True, help="What rests on what.")
app.add_typer(commands)


@commands.command()
def impact(
    node: Annotated[str, typer.Argument(help="Such as item:ENTRY/name, column:TABLE/name, entry:ENTRY.")],
    home: HomeOption = HERE,
    token: TokenOption = "",
    as_json: JsonOption = False,
) -> None:
    """List who is hurt if something stops, the nearest first."""
    with at_desk(home, token) as desk:
        found = atlas.impact_for(desk.db, node, desk.actor)
    rows = [
        {"steps": one.steps, "kind": one.node.kind.value, "title": one.node.title, "id": one.node.id}
        for one in found.hurt
    ]
    show(rows, as_json=as_json)


@commands.command()
def lineage(
    after: Annotated[str, typer.Option(help="Only what arrived after this event's identifier.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=5000)] = 500,
    home: HomeOption = HERE,
    token: TokenOption = "",
    as_json: JsonOption = False,
) -> None:
    """Write OpenLineage run events that you may see."""
    with at_desk(home, token) as desk:
        found = atlas.events_for(desk.db, desk.actor, after=after, limit=limit)
    show([one.document() for one in found], as_json=as_json)
