"""What is done with layers of space: load one, look at it, ask it of points, compare two, hand one out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from jutong import catalogue, registers
from jutong.desk import Desk
from jutong.kernel.errors import Invalid
from jutong.kernel.text import text

from ..kind import SPATIAL_OBJECT
from ..laying import find_subject
from ..sight import whole_library
from ..store import bonds
from . import store
from .crs import CGCS2000, Crs
from .finder import Finder
from .layer import Form, Layer, Near, Place, Reading, Stand
from .placing import (
    count,
    finder_of,
    found_in,
    land,
    points_of_file,
    points_of_rows,
    read,
    stands,
    write_layer,
    write_overlaps,
    write_placed,
)

ORIGIN_MOST, FIRST_YEAR, LAST_YEAR = 300, 1949, 2100


def load_layer(desk: Desk, name: str, path: Path, reading: Reading, *, origin: str, year: int = 0) -> Layer:
    """Load a layer from a file; the same file again changes nothing, another takes its place.

    ``origin`` says who made the shapes and by which right; ``year`` in which year its codes are those of divisions.
    """
    desk.allow("library.load_layer", whole_library(registers.bodies(desk.db), SPATIAL_OBJECT))
    _check_told(origin, year)
    with desk.released():
        judged, digest = read(name, path, reading)
    standing = store.known_layer(desk.db, name)
    if standing and (standing.digest, standing.origin, standing.year) == (digest, origin.strip(), year):
        return standing
    with desk.released():
        version, findings = land(desk.pools, name, judged, digest, after=standing.version if standing else -1)
    loaded = Layer(
        name=name,
        origin=origin.strip(),
        form=judged.form,
        crs=judged.crs,
        kept=judged.crs.degrees,
        year=year,
        features=len(judged.table),
        withheld=judged.withheld,
        repaired=judged.repaired,
        kinds=judged.kinds,
        bounds=judged.bounds,
        digest=digest,
        version=version,
        findings=findings,
        loaded_by=desk.actor.id,
        loaded_at=desk.now,
    )
    store.save_layer(desk.db, loaded)
    desk.record(
        "library.layer_loaded",
        on=name,
        features=loaded.features,
        withheld=loaded.withheld,
        repaired=loaded.repaired,
        crs=loaded.crs.value,
        digest=digest,
    )
    return loaded


def look_at_layer(desk: Desk, name: str) -> tuple[Layer, Finder, list[dict[str, object]]]:
    """Show a layer, its features, and the first hundred findings."""
    desk.allow("library.look_at_layer", whole_library(registers.bodies(desk.db), SPATIAL_OBJECT))
    layer = store.find_layer(desk.db, name)
    with desk.released():
        finder, found = finder_of(desk.pools, layer), found_in(desk.pools, layer)
    desk.record("library.layer_looked_at", on=name, points=0)
    return layer, finder, found


def look_at_findings(desk: Desk, name: str, *, after: int = 0, limit: int = 100) -> list[dict[str, object]]:
    """Show what was wrong with a layer's features, from after a place in its file."""
    desk.allow("library.look_at_layer", whole_library(registers.bodies(desk.db), SPATIAL_OBJECT))
    layer = store.find_layer(desk.db, name)
    with desk.released():
        found = found_in(desk.pools, layer, after=after, limit=limit)
    desk.record("library.layer_looked_at", on=name, points=0)
    return found


def locate(desk: Desk, name: str, lon: float, lat: float, *, crs: Crs = CGCS2000) -> Place | None:
    """Return which feature of a layer holds a point; that somebody asked is on record, where is not."""
    desk.allow("library.look_at_layer", whole_library(registers.bodies(desk.db), SPATIAL_OBJECT))
    layer = store.find_layer(desk.db, name)
    with desk.released():
        found = finder_of(desk.pools, layer).place(*crs.point(lon, lat))
    desk.record("library.layer_looked_at", on=name, points=1)
    return found


def look_near(desk: Desk, name: str, lon: float, lat: float, *, metres: float, crs: Crs = CGCS2000) -> tuple[Near, ...]:
    """Return which features of a layer lie within some metres of a point, the nearest first."""
    desk.allow("library.look_at_layer", whole_library(registers.bodies(desk.db), SPATIAL_OBJECT))
    layer = store.find_layer(desk.db, name)
    with desk.released():
        found = finder_of(desk.pools, layer).near(*crs.point(lon, lat), metres=metres)
    desk.record("library.layer_looked_at", on=name, points=1)
    return found


def count_points(
    desk: Desk, name: str, path: Path, *, lon: str, lat: str, crs: Crs = CGCS2000
) -> list[dict[str, object]]:
    """Return how many of a file's points each feature of a layer holds; the file is not kept."""
    desk.allow("library.look_at_layer", whole_library(registers.bodies(desk.db), SPATIAL_OBJECT))
    layer = store.find_layer(desk.db, name)
    with desk.released():
        found = count(finder_of(desk.pools, layer), points_of_file(path, lon=lon, lat=lat), crs)
    desk.record("library.layer_looked_at", on=name, points=sum(int(str(one["points"])) for one in found))
    return found


def count_rows(
    desk: Desk, name: str, entry_id: str, *, lon: str, lat: str, crs: Crs = CGCS2000
) -> list[dict[str, object]]:
    """Return how many of an entry's subjects each feature holds, by two items that hold their coordinates.

    Of a subject that came more than once, the newest row counts.
    """
    library = whole_library(registers.bodies(desk.db), SPATIAL_OBJECT)
    desk.allow("library.look_at_layer", library)
    entry = catalogue.find(desk.db, entry_id)
    desk.allow("library.look_at_layer", replace(library, grade=max(library.grade, entry.grade)))
    layer = store.find_layer(desk.db, name)
    with desk.released():
        found = count(finder_of(desk.pools, layer), points_of_rows(desk.pools, entry.id, lon=lon, lat=lat), crs)
    points = sum(int(str(one["points"])) for one in found)
    desk.record("library.layer_looked_at", on=name, points=points, entry=entry.id)
    return found


def compare_layers(desk: Desk, name: str, other: str, to: Path) -> int:
    """Write what each feature of a layer has in common with each of another as CSV: areas, lengths, shares."""
    desk.allow("library.look_at_layer", whole_library(registers.bodies(desk.db), SPATIAL_OBJECT))
    layer, second = store.find_layer(desk.db, name), store.find_layer(desk.db, other)
    with desk.released():
        pairs = write_overlaps(finder_of(desk.pools, layer), finder_of(desk.pools, second), to)
    desk.record("library.layers_compared", on=name, other=other, pairs=pairs)
    return pairs


def export_layer(desk: Desk, name: str, to: Path, form: Form) -> Layer:
    """Write a layer as GeoParquet or GeoJSON, with its reference system in it."""
    desk.allow("library.export_layer", whole_library(registers.bodies(desk.db), SPATIAL_OBJECT))
    layer = store.find_layer(desk.db, name)
    with desk.released():
        write_layer(layer, finder_of(desk.pools, layer), to, form)
    desk.record("library.layer_exported", on=name, form=form.value, features=layer.features)
    return layer


def place_objects(desk: Desk, name: str, to: Path) -> tuple[int, int]:
    """Write in which feature of a layer every spatial object stands; return how many there are, and how many stand."""
    desk.allow("library.look_at_layer", whole_library(registers.bodies(desk.db), SPATIAL_OBJECT))
    layer = store.find_layer(desk.db, name)
    with desk.released():
        seen, held = write_placed(desk.pools, finder_of(desk.pools, layer), to)
    desk.record("library.objects_placed", on=name, objects=seen, placed=held)
    return seen, held


def look_at_stands(desk: Desk, code: str) -> tuple[Stand, ...]:
    """Show where a spatial object stands in each layer: its district by the codes of the layer's year, its share."""
    desk.allow("library.look_at_layer", whole_library(registers.bodies(desk.db), SPATIAL_OBJECT))
    golden = find_subject(desk.pools, code, bonds(desk.db, SPATIAL_OBJECT), SPATIAL_OBJECT)
    layers, values = store.layers(desk.db), {field: one.value for field, one in golden.fields.items()}
    found: tuple[Stand, ...] = ()
    if "geometry" in values:
        with desk.released():
            found = stands(
                desk.pools,
                layers,
                crs=values.get("crs", ""),
                geometry=values["geometry"],
                divisions=registers.divisions(),
            )
    desk.record("library.layer_looked_at", on=SPATIAL_OBJECT.spelled, points=len(found))
    return found


def _check_told(origin: str, year: int) -> None:
    if not 0 < len(origin.strip()) <= ORIGIN_MOST:
        raise Invalid(
            text("a layer says who made its shapes and by which right"),
            remedy=text("name the survey or the decision, and the map approval number if there is one"),
        )
    if year and not FIRST_YEAR <= year <= LAST_YEAR:
        raise Invalid(text("the year of the codes is one of {first} to {last}", first=FIRST_YEAR, last=LAST_YEAR))
