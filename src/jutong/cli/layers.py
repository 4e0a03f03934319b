"""Layers of space from a terminal: load one, ask it of points, compare two, hand one out."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from jutong.kernel.errors import Invalid
from jutong.kernel.text import text
from jutong.library import space

from .command import HERE, HomeOption, JsonOption, TokenOption, at_desk
from .library import commands
from .output import progress, show

LayerName = Annotated[str, typer.Argument(help="The layer's name.")]
LonArgument = Annotated[float, typer.Argument(help="Degrees east; metres east in a zone of CGCS2000.")]
LatArgument = Annotated[float, typer.Argument(help="Degrees north; metres north in a zone of CGCS2000.")]
CrsOption = Annotated[str, typer.Option(help="In which reference system the points stand.")]
InTo = Annotated[Path, typer.Argument(dir_okay=False, help="The file that is written.")]


@commands.command()
def layers(home: HomeOption = HERE, token: TokenOption = "", as_json: JsonOption = False) -> None:
    """List the layers of space: what each is, in which reference system it came, how many features it has."""
    with at_desk(home, token) as desk:
        found = [_row(one) for one in space.layers(desk.db)]
    show(found, as_json=as_json)


@commands.command("load-layer")
def load_layer(
    name: Annotated[str, typer.Argument(help="The layer's name, such as districts.")],
    file: Annotated[
        Path,
        typer.Argument(
            exists=True,
            dir_okay=False,
            help="GeoJSON, GeoParquet, or CSV or Parquet with a column of WKT, EWKT or WKB.",
        ),
    ],
    origin: Annotated[str, typer.Option(help="Who made the shapes and by which right.")],
    crs: Annotated[
        str, typer.Option(help="The reference system: EPSG:4490, 4491 to 4554, 4326; needed where the file says none.")
    ] = "",
    code: Annotated[str, typer.Option(help="The property or column of the features' codes.")] = "",
    title: Annotated[str, typer.Option(help="The property or column of their names.")] = "name",
    geometry: Annotated[str, typer.Option(help="The column of their geometries.")] = "",
    year: Annotated[int, typer.Option(help="In which year the codes are those of divisions; 0 for other codes.")] = 0,
    repair: Annotated[
        bool, typer.Option("--repair", help="Repair what is crossed, open or swapped, and keep both.")
    ] = False,
    home: HomeOption = HERE,
    token: TokenOption = "",
    as_json: JsonOption = False,
) -> None:
    """Load a layer of space from a file; another file takes its place, earlier versions stay readable."""
    reading = space.Reading(
        crs=space.crs_of(crs) if crs else None, code=code, title=title, geometry=geometry, repair=repair
    )
    with progress(text("loading {layer}", layer=name), quiet=as_json), at_desk(home, token) as desk:
        loaded = space.load_layer(desk, name, file, reading, origin=origin, year=year)
    show([_row(loaded)], as_json=as_json)


@commands.command("layer-findings")
def layer_findings(
    layer: LayerName,
    after: Annotated[int, typer.Option(help="Only what stands after this place in the file.")] = 0,
    home: HomeOption = HERE,
    token: TokenOption = "",
    as_json: JsonOption = False,
) -> None:
    """Show which features of a layer's file are not sound, why, and whether they were repaired."""
    with at_desk(home, token) as desk:
        found = space.look_at_findings(desk, layer, after=after, limit=500)
    show(found, as_json=as_json)


@commands.command()
def locate(
    layer: LayerName,
    lon: LonArgument,
    lat: LatArgument,
    crs: CrsOption = space.CGCS2000.value,
    home: HomeOption = HERE,
    token: TokenOption = "",
    as_json: JsonOption = False,
) -> None:
    """Show which feature of a layer holds a point, such as its district."""
    stated = space.crs_of(crs)
    with at_desk(home, token) as desk:
        found = space.locate(desk, layer, lon, lat, crs=stated)
    show([asdict(found)] if found else [], as_json=as_json)


@commands.command()
def near(
    layer: LayerName,
    lon: LonArgument,
    lat: LatArgument,
    metres: Annotated[float, typer.Argument(min=0, max=space.METRES_MOST, help="How far away at most.")],
    crs: CrsOption = space.CGCS2000.value,
    home: HomeOption = HERE,
    token: TokenOption = "",
    as_json: JsonOption = False,
) -> None:
    """Show the features of a layer within some metres of a point, the nearest first, at most a hundred."""
    stated = space.crs_of(crs)
    with at_desk(home, token) as desk:
        found = space.look_near(desk, layer, lon, lat, metres=metres, crs=stated)
    show([asdict(one) for one in found], as_json=as_json)


@commands.command("count-points")
def count_points(
    layer: LayerName,
    crs: Annotated[str, typer.Option(help="In which reference system the points stand.")],
    file: Annotated[Path | None, typer.Argument(exists=True, dir_okay=False, help="A CSV file, in UTF-8.")] = None,
    entry: Annotated[str, typer.Option(help="In place of a file, the entry whose rows are counted.")] = "",
    lon: Annotated[str, typer.Option(help="The column or item of longitudes.")] = "lon",
    lat: Annotated[str, typer.Option(help="The column or item of latitudes.")] = "lat",
    home: HomeOption = HERE,
    token: TokenOption = "",
    as_json: JsonOption = False,
) -> None:
    """Count a file's points, or an entry's subjects, by the features of a layer; a file is not kept."""
    stated = space.crs_of(crs)  # refused before anything is read
    if (file is None) == (not entry):
        raise Invalid(text("either a file or an entry is counted"))
    with progress(text("counting points"), quiet=as_json), at_desk(home, token) as desk:
        if file is not None:
            found = space.count_points(desk, layer, file, lon=lon, lat=lat, crs=stated)
        else:
            found = space.count_rows(desk, layer, entry, lon=lon, lat=lat, crs=stated)
    show(found, as_json=as_json)


@commands.command("compare-layers")
def compare_layers(
    layer: LayerName,
    other: Annotated[str, typer.Argument(help="The other layer's name.")],
    to: InTo,
    home: HomeOption = HERE,
    token: TokenOption = "",
    as_json: JsonOption = False,
) -> None:
    """Write what each feature has in common with each of another layer as CSV: containment, areas, lengths, shares."""
    with progress(text("comparing layers"), quiet=as_json), at_desk(home, token) as desk:
        pairs = space.compare_layers(desk, layer, other, to)
    show([{"file": str(to), "pairs": pairs}], as_json=as_json)


@commands.command("export-layer")
def export_layer(
    layer: LayerName,
    to: InTo,
    form: Annotated[str, typer.Option("--format", help="geoparquet or geojson.")] = space.Form.GEOPARQUET.value,
    home: HomeOption = HERE,
    token: TokenOption = "",
    as_json: JsonOption = False,
) -> None:
    """Write a layer as GeoParquet 1.1 or GeoJSON, with its reference system in it."""
    wanted = space.form_of(form)
    with progress(text("writing {layer}", layer=layer), quiet=as_json), at_desk(home, token) as desk:
        written = space.export_layer(desk, layer, to, wanted)
    show([{"file": str(to), "features": written.features, "crs": written.kept.value}], as_json=as_json)


@commands.command("place-objects")
def place_objects(
    layer: LayerName,
    to: InTo,
    home: HomeOption = HERE,
    token: TokenOption = "",
    as_json: JsonOption = False,
) -> None:
    """Write in which feature of a layer each spatial object of the base library stands, and which share of it."""
    with progress(text("placing spatial objects"), quiet=as_json), at_desk(home, token) as desk:
        seen, held = space.place_objects(desk, layer, to)
    show([{"file": str(to), "objects": seen, "placed": held}], as_json=as_json)


def _row(layer: space.Layer) -> dict[str, object]:
    return asdict(layer) | {"form": layer.form.value, "crs": layer.crs.value, "kept": layer.kept.value}
