"""What is done with layers of space: load one, find the feature of a point, count points by feature."""

from __future__ import annotations

from pathlib import Path

from jutong import registers
from jutong.desk import Desk

from .kind import SPATIAL_OBJECT
from .layer import Crs, Layer, Place
from .placing import count, finder_of, load
from .sight import whole_library


def load_layer(desk: Desk, name: str, path: Path, crs: Crs, *, code: str = "", title: str = "name") -> Layer:
    """Load a layer from a file; the same file again changes nothing, another takes its place."""
    desk.allow("library.load_layer", whole_library(registers.bodies(desk.db), SPATIAL_OBJECT))
    with desk.released():
        loaded = load(desk.pools, name, path, crs, code=code, title=title)
    desk.record("library.layer_loaded", on=name, features=loaded.features, mended=loaded.mended, crs=crs.value)
    return loaded


def locate(desk: Desk, name: str, lon: float, lat: float) -> Place | None:
    """Return which feature of a layer holds a point; that somebody asked is on record, where is not."""
    desk.allow("library.look_at_layer", whole_library(registers.bodies(desk.db), SPATIAL_OBJECT))
    with desk.released():
        found = finder_of(desk.pools, name).place(lon, lat)
    desk.record("library.layer_looked_at", on=name, points=1)
    return found


def count_points(desk: Desk, name: str, path: Path, *, lon: str, lat: str) -> list[dict[str, object]]:
    """Return how many of a file's points each feature of a layer holds; the file is not kept."""
    desk.allow("library.look_at_layer", whole_library(registers.bodies(desk.db), SPATIAL_OBJECT))
    with desk.released():
        found = count(desk.pools, name, path, lon=lon, lat=lat)
    desk.record("library.layer_looked_at", on=name, points=sum(int(str(one["points"])) for one in found))
    return found
