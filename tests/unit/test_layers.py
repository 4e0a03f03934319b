"""Layers of space: features in a stated reference system, and the district of a point."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from jutong import library
from jutong.kernel.errors import Invalid, NotAllowed, NotFound
from jutong.library import Crs
from tests.fitness import KEEPER, OFFICER, Place, place_at
from tests.real import data

WEST = [[[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]]]
EAST = [[[1, 0], [2, 0], [2, 1], [1, 1], [1, 0]]]
CROSSED = [[[3, 0], [4, 1], [4, 0], [3, 1], [3, 0]]]  # an outline that crosses itself


def layer_at(folder: Path, *shapes: tuple[str, object], kind: str = "Polygon") -> Path:
    """Write a GeoJSON file of features with these codes."""
    path = folder / f"layer-{len(list(folder.iterdir()))}.geojson"
    features = [
        {"id": code, "properties": {"name": f"{code}区"}, "geometry": {"type": kind, "coordinates": shape}}
        for code, shape in shapes
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return path


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return place_at(tmp_path / "place")


def loaded(place: Place, path: Path, **how: str) -> library.Layer:
    with place.desk(KEEPER) as desk:
        return library.load_layer(desk, "districts", path, Crs.CGCS2000, **how)


def at(place: Place, lon: float, lat: float) -> str | None:
    with place.desk(KEEPER) as desk:
        found = library.locate(desk, "districts", lon, lat)
    return found.feature if found else None


def test_a_point_lies_in_one_feature_or_in_none(place: Place, tmp_path: Path) -> None:
    """On a border the lowest code holds it; a crossed outline is put right and counted; where is in no evidence."""
    made = loaded(place, layer_at(tmp_path, ("B", EAST), ("A", WEST), ("C", CROSSED)))
    assert (made.features, made.mended, made.crs) == (3, 1, Crs.CGCS2000)
    assert [at(place, *point) for point in ((0.5, 0.5), (1.5, 0.5), (1.0, 0.5), (3.9, 0.5), (9.0, 9.0))] == [
        *("A", "B", "A", "C"),
        None,
    ]
    assert "0.5" not in "".join(line.leaf().decode() for line in place.lines("library.layer"))


def test_the_same_file_again_changes_nothing_and_another_takes_its_place(place: Place, tmp_path: Path) -> None:
    """What was loaded before stays readable as an earlier version."""
    first = layer_at(tmp_path, ("A", WEST))
    assert loaded(place, first).version == loaded(place, first).version
    assert loaded(place, layer_at(tmp_path, ("B", WEST))).version > 0
    assert at(place, 0.5, 0.5) == "B"


@pytest.mark.parametrize("spelled", ["GCJ-02", "gcj02", "BD-09", "EPSG:3857", "", "EPSG:4543"])
def test_a_system_that_is_shifted_or_unknown_is_refused(spelled: str) -> None:
    """Nobody takes shifted coordinates for true ones unseen."""
    with pytest.raises(Invalid):
        library.crs_of(spelled)


@pytest.mark.parametrize(
    "document",
    [
        "",
        "[]",
        "{}",
        '{"features": []}',
        '{"features": [{"id": "A", "properties": {}, "geometry": {"type": "Point"}}]}',
        '{"features": [{"id": "A", "properties": {}, "geometry": {"type": "Point", "coordinates": [3e7, 3e6]}}]}',
        '{"features": [{"id": "A b", "properties": {}, "geometry": {"type": "Point", "coordinates": [1, 1]}}]}',
        '{"features": [{"properties": {}, "geometry": null}]}',
        "[" * 100_000,
    ],
)
def test_a_file_that_is_no_layer_leaves_nothing(place: Place, tmp_path: Path, document: str) -> None:
    """Metres, missing codes, no features: each is refused in words, and the layer is not there."""
    path = tmp_path / "bad.geojson"
    path.write_text(document)
    with pytest.raises(Invalid):
        loaded(place, path)
    with pytest.raises(NotFound):
        at(place, 1, 1)


def test_two_features_with_one_code_are_refused(place: Place, tmp_path: Path) -> None:
    """A code leads to one feature."""
    with pytest.raises(Invalid):
        loaded(place, layer_at(tmp_path, ("A", WEST), ("A", EAST)))


def test_only_the_authority_loads_and_asks(place: Place, tmp_path: Path) -> None:
    """A department's officer neither loads a layer nor looks at one."""
    path = layer_at(tmp_path, ("A", WEST))
    with pytest.raises(NotAllowed), place.desk(OFFICER) as desk:
        library.load_layer(desk, "districts", path, Crs.WGS84)
    loaded(place, path)
    with pytest.raises(NotAllowed), place.desk(OFFICER) as desk:
        library.locate(desk, "districts", 0.5, 0.5)


def test_points_are_counted_in_pieces(place: Place, tmp_path: Path) -> None:
    """More points than one block holds; what is no number, or far away, lies in no feature."""
    loaded(place, layer_at(tmp_path, ("A", WEST), ("B", EAST)))
    points = tmp_path / "points.csv"
    inside = "0.25,0.5,x\n1.75,0.5,y\n" * 300_000
    points.write_text(f"lon,lat,what\n{inside},,z\n北,0.5,z\n99,9,z\n")
    with place.desk(KEEPER) as desk:
        told = library.count_points(desk, "districts", points, lon="lon", lat="lat")
        assert [(one["feature"], one["points"]) for one in told] == [("A", 300_000), ("B", 300_000), ("", 3)]
    with pytest.raises(Invalid), place.desk(KEEPER) as desk:
        library.count_points(desk, "districts", points, lon="x", lat="lat")


def test_the_districts_of_chongqing_hold_their_own_centres(place: Place, tmp_path: Path) -> None:
    """38 districts, of which 8 outlines cross themselves; each one's marked centre lies in it."""
    document = json.loads(gzip.decompress(data("geo/chongqing.geojson.gz").read_bytes()))
    path = tmp_path / "chongqing.geojson"
    path.write_text(json.dumps(document))
    made = loaded(place, path)
    found = [at(place, *one["properties"]["cp"]) for one in document["features"]]
    right = [one for one, feature in zip(found, document["features"], strict=True) if one == feature["id"]]
    assert (made.features, made.mended, len(right)) == (38, 8, 38)
