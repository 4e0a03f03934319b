"""The base libraries from a terminal: sizes, one record, how far sources agree, themes, rows without a key."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
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


@commands.command("load-layer")
def load_layer(
    name: Annotated[str, typer.Argument(help="The layer's name, such as districts.")],
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A GeoJSON file.")],
    crs: Annotated[str, typer.Option(help="In which reference system it stands: EPSG:4490 or EPSG:4326.")],
    code: Annotated[str, typer.Option(help="The property that holds the features' codes; else their id.")] = "",
    title: Annotated[str, typer.Option(help="The property that holds their names.")] = "name",
    home: HomeOption = HERE,
    token: TokenOption = "",
    as_json: JsonOption = False,
) -> None:
    """Load a layer of space from a file; another file takes its place, earlier versions stay readable."""
    with progress(text("loading {layer}", layer=name), quiet=as_json), at_desk(home, token) as desk:
        loaded = library.load_layer(desk, name, file, library.crs_of(crs), code=code, title=title)
    show([asdict(loaded)], as_json=as_json)


@commands.command()
def locate(
    layer: Annotated[str, typer.Argument(help="The layer's name.")],
    lon: Annotated[float, typer.Argument(min=-180, max=180, help="Degrees east.")],
    lat: Annotated[float, typer.Argument(min=-90, max=90, help="Degrees north.")],
    home: HomeOption = HERE,
    token: TokenOption = "",
    as_json: JsonOption = False,
) -> None:
    """Show which feature of a layer holds a point, such as its district."""
    with at_desk(home, token) as desk:
        found = library.locate(desk, layer, lon, lat)
    show([asdict(found)] if found else [], as_json=as_json)


@commands.command("count-points")
def count_points(
    layer: Annotated[str, typer.Argument(help="The layer's name.")],
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A CSV file, in UTF-8.")],
    crs: Annotated[str, typer.Option(help="In which reference system the points stand.")],
    lon: Annotated[str, typer.Option(help="The column of longitudes.")] = "lon",
    lat: Annotated[str, typer.Option(help="The column of latitudes.")] = "lat",
    home: HomeOption = HERE,
    token: TokenOption = "",
    as_json: JsonOption = False,
) -> None:
    """Count a file's points by the features of a layer; the file is read in pieces and not kept."""
    library.crs_of(crs)  # refused before anything is read
    with progress(text("counting points"), quiet=as_json), at_desk(home, token) as desk:
        found = library.count_points(desk, layer, file, lon=lon, lat=lat)
    show(found, as_json=as_json)
