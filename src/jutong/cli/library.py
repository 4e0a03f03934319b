"""The base libraries from a terminal: sizes, one record, how far sources agree, themes, rows without a key."""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import Annotated

import typer

from jutong import library
from jutong.kernel.text import text

from .command import HERE, HomeOption, JsonOption, TokenOption, app, at_desk, interactive
from .output import progress, said, show

commands = typer.Typer(name="library", no_args_is_help=True, help="The base library and its themes.")
app.add_typer(commands)


KindOption = Annotated[str, typer.Option("--kind", help="natural-person, legal-person, spatial-object or licence.")]


@commands.command()
def kinds(home: HomeOption = HERE, token: TokenOption = "", as_json: JsonOption = False) -> None:
    """Show the four base libraries: how large they are, and on how many records sources disagree."""
    with at_desk(home, token) as desk:
        found = [
            {
                "kind": one.spelled,
                "grade": one.grade.name,
                "subjects": library.count_subjects(desk.pools, one),
                "conflicts": library.count_conflicts(desk.pools, one),
            }
            for one in library.KINDS.values()
        ]
    show(found, as_json=as_json)


@commands.command("look-up")
def look_up(
    kind: KindOption = library.LEGAL_PERSON.spelled,
    home: HomeOption = HERE,
    token: TokenOption = "",
    as_json: JsonOption = False,
) -> None:
    """Show a golden record, each value under its mask; the key is asked for, and never taken from the command line."""
    sought = library.kind_named(kind)
    asked = said(sought.key_title)
    key = str(typer.prompt(asked, hide_input=sought.secret)) if interactive() else sys.stdin.readline()
    with at_desk(home, token) as desk:
        found = library.look_up(desk, library.checked_key(key, sought), sought)
    rows = [
        {"field": name, "value": one.value, "source": one.source, "rank": one.rank, "disputed": one.disputed}
        for name, one in found.fields.items()
    ]
    show(rows, as_json=as_json)


@commands.command()
def rates(
    kind: KindOption = library.LEGAL_PERSON.spelled,
    home: HomeOption = HERE,
    token: TokenOption = "",
    as_json: JsonOption = False,
) -> None:
    """Show how often sources differ, field by field."""
    with at_desk(home, token) as desk:
        found = [asdict(one) | {"rate": one.share} for one in library.rates(desk.pools, library.kind_named(kind))]
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
