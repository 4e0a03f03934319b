"""Layers of space: features in a stated reference system, whatever their file; what lies where; what is handed out."""

from __future__ import annotations

import gzip
import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pcsv
import pyarrow.parquet as pq
import pyproj
import pytest
import shapely
import sqlalchemy as sa

from jutong import registers
from jutong.cli.demo.made_map import SEATS, YEAR, made_districts
from jutong.kernel.db import transaction
from jutong.kernel.errors import Invalid, NotAllowed, NotFound
from jutong.library import space
from jutong.library.space import CGCS2000, WGS84, Crs, Reading, store
from tests.fitness import KEEPER, OFFICER, Place, place_at
from tests.real import data
from tests.unit.test_base_libraries import deliver, entry_of

WEST, EAST = shapely.box(106, 29, 107, 30), shapely.box(107, 29, 108, 30)
CROSSED = shapely.Polygon([(109, 29), (110, 30), (110, 29), (109, 30)])  # an outline that crosses itself
SWAPPED = shapely.box(31, 108, 32, 109)  # latitude first
ABROAD = shapely.box(10, 50, 11, 51)
DECLARED = Reading(crs=CGCS2000)


def geojson(folder: Path, shapes: dict[str, object], **members: object) -> Path:
    """Write a GeoJSON file of features with these codes; a text is a geometry as it is spelled."""
    path = folder / f"layer-{len(list(folder.iterdir()))}.geojson"
    features = [
        {
            "id": code,
            "properties": {"name": f"{code}区"},
            "geometry": json.loads(shape if isinstance(shape, str) else shapely.to_geojson(shape)),
        }
        for code, shape in shapes.items()
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features, **members}))
    return path


def parquet(folder: Path, shapes: dict[str, object], geo: dict[str, object] | None) -> Path:
    """Write a Parquet file with a column of WKB, and metadata of GeoParquet if given."""
    path = folder / f"layer-{len(list(folder.iterdir()))}.parquet"
    columns = {"code": list(shapes), "name": list(shapes), "shape": [shapely.to_wkb(one) for one in shapes.values()]}
    table = pa.table(columns)
    pq.write_table(table.replace_schema_metadata({"geo": json.dumps(geo)} if geo else None), path)
    return path


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    return place_at(tmp_path_factory.mktemp("place"))


@pytest.fixture
def files(tmp_path: Path) -> Path:
    folder = tmp_path / "files"
    folder.mkdir()
    return folder


def loaded(
    place: Place, path: Path, reading: Reading = DECLARED, name: str = "districts", year: int = 0
) -> space.Layer:
    with place.desk(KEEPER) as desk:
        return space.load_layer(desk, name, path, reading, origin="测绘院2024年成果", year=year)


def at(place: Place, lon: float, lat: float, **how: Crs) -> str | None:
    with place.desk(KEEPER) as desk:
        found = space.locate(desk, "districts", lon, lat, **how)
    return found.feature if found else None


def findings(place: Place, name: str = "districts") -> list[tuple[object, ...]]:
    with place.desk(KEEPER) as desk:
        return [(one["feature"], one["reason"], one["repaired"]) for one in space.look_at_findings(desk, name)]


def test_a_point_lies_in_one_feature_or_in_none(place: Place, files: Path) -> None:
    """On a border the lowest code holds it; where somebody asked is in no evidence; swapped numbers are refused."""
    made = loaded(place, geojson(files, {"B": EAST, "A": WEST}))
    assert (made.features, made.withheld, made.crs, made.bounds) == (2, 0, CGCS2000, (106.0, 29.0, 108.0, 30.0))
    points = ((106.5, 29.5), (107.5, 29.5), (107.0, 29.5), (120.0, 40.0))
    assert [at(place, *point) for point in points] == ["A", "B", "A", None]
    assert "29.5" not in "".join(line.leaf().decode() for line in place.lines("library.layer"))
    with pytest.raises(Invalid, match="latitude and longitude"):
        at(place, 29.5, 106.5)


def test_unsound_features_are_findings_and_repaired_only_if_the_loader_says_so(place: Place, files: Path) -> None:
    """Each has its reason; repaired or not, what the file gave is kept."""
    open_ring = '{"type": "Polygon", "coordinates": [[[105, 29], [105.5, 29], [105.5, 29.5], [105, 29.5]]]}'
    shapes = {"A": WEST, "C": CROSSED, "O": open_ring, "S": SWAPPED, "X": ABROAD, "N": "null", "U": '{"type": "Blob"}'}
    path = geojson(files, shapes)
    first = loaded(place, path)
    told = {
        ("C", "crossed"),
        ("O", "open-ring"),
        ("S", "swapped"),
        ("X", "outside"),
        ("N", "empty"),
        ("U", "unreadable"),
    }
    assert (first.features, first.withheld, first.repaired) == (1, 6, 0)
    assert set(findings(place)) == {(*one, False) for one in told}
    assert at(place, 109.9, 29.5) is None
    second = loaded(place, path, Reading(crs=CGCS2000, repair=True))
    assert (second.features, second.withheld, second.repaired) == (4, 3, 3)
    assert set(findings(place)) == {(code, why, code in "COS") for code, why in told}
    assert [at(place, *one) for one in ((109.9, 29.5), (105.2, 29.2), (108.5, 31.5))] == ["C", "O", "S"]
    kept = {one["feature"]: one["given"] for one in _given(place)}
    assert shapely.equals_exact(shapely.from_geojson(kept["S"]), SWAPPED, normalize=True)
    with pytest.raises(Invalid, match="outside 1"):
        loaded(place, geojson(files, {"X": ABROAD}))


def _given(place: Place) -> list[dict[str, object]]:
    return list(place.pools.lake.read("library/layer_finding-districts").read_all().to_pylist())


def test_a_geometry_that_would_fell_the_reader_is_only_unreadable(place: Place, files: Path) -> None:
    """Collections nested without end, curves, other kinds of values: none of them ends the process."""
    deep = 200_000
    wkb = b"\x01\x07\0\0\0\x01\0\0\0" * deep + shapely.to_wkb(shapely.Point(107, 30))
    words = {"A": WEST.wkt, "B": "GEOMETRYCOLLECTION(" * deep + "POINT (107 30)" + ")" * deep, "C": wkb.hex()}
    words |= {"D": "CIRCULARSTRING (106 29, 107 30, 108 29)", "E": "POINT (nan 3)", "F": "POLYGON (((", "G": "ff" * 20}
    path = files / "deep.csv"
    path.write_text("feature,name,geometry\n" + "".join(f'{code},x,"{one}"\n' for code, one in words.items()))
    made = loaded(place, path, name="deep")
    assert (made.features, made.withheld) == (1, 6)
    assert {why for _, why, _ in findings(place, "deep")} <= {"unreadable", "outside", "empty"}
    strange = geojson(files, {"A": WEST, "B": '"x"', "C": '{"type": "Polygon", "coordinates": 3}', "D": "[1]"})
    assert loaded(place, strange, name="deep").withheld == 3
    numbers = files / "numbers.parquet"
    pq.write_table(pa.table({"feature": ["A"], "name": ["x"], "geometry": [1.5]}), numbers)
    with pytest.raises(Invalid):
        loaded(place, numbers, name="deep")


def test_one_shape_comes_the_same_from_every_form_and_system(place: Place, files: Path) -> None:
    """GeoJSON, WKT, EWKT, WKB in hexadecimal, EWKB, Parquet and GeoParquet; degrees, and zones in metres."""
    into = pyproj.Transformer.from_crs(4490, 4524, always_xy=True)  # 3-degree zone 36
    metres = shapely.transform(WEST, lambda one: np.column_stack(into.transform(one[:, 0], one[:, 1])))
    column = {"encoding": "WKB", "geometry_types": ["Polygon"]}
    geo = {"version": "1.1.0", "primary_column": "shape", "columns": {"shape": column}}
    zone = {**geo, "columns": {"shape": {**column, "crs": pyproj.CRS.from_epsg(4524).to_json_dict()}}}
    named = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::4490"}}

    def csv(words: str) -> Path:
        path = files / f"layer-{len(list(files.iterdir()))}.csv"
        path.write_text(f'code,name,shape\nA,甲,"{words}"\n')
        return path

    columns = {"code": "code", "geometry": "shape"}
    coming = [
        (geojson(files, {"A": WEST}), DECLARED, CGCS2000),
        (geojson(files, {"A": WEST}, crs=named), Reading(), CGCS2000),
        (csv(WEST.wkt), Reading(crs=WGS84, **columns), WGS84),
        (csv(f"SRID=4524;{metres.wkt}"), Reading(**columns), Crs(4524)),
        (csv(WEST.wkb_hex), Reading(crs=CGCS2000, **columns), CGCS2000),
        (csv(shapely.to_wkb(shapely.set_srid(WEST, 4490), hex=True, include_srid=True)), Reading(**columns), CGCS2000),
        (parquet(files, {"A": metres}, None), Reading(crs=Crs(4524), **columns), Crs(4524)),
        (parquet(files, {"A": WEST}, geo), Reading(code="code"), WGS84),  # so says the specification
        (parquet(files, {"A": metres}, zone), Reading(code="code"), Crs(4524)),
    ]
    for path, reading, crs in coming:
        made = loaded(place, path, reading)
        assert (made.crs, made.features, at(place, 106.5, 29.5), at(place, 107.5, 29.5)) == (crs, 1, "A", None), path
        assert made.bounds == pytest.approx((106, 29, 107, 30), abs=1e-6)
    assert at(place, *into.transform(106.5, 29.5), crs=Crs(4524)) == "A"


def test_a_system_is_never_guessed(place: Place, files: Path) -> None:
    """None declared, two that differ, a null in GeoParquet, metres declared as degrees: each is refused in words."""
    column = {"encoding": "WKB", "geometry_types": [], "crs": None}
    geo = {"version": "1.1.0", "primary_column": "shape", "columns": {"shape": column}}
    for path, reading in (
        (geojson(files, {"A": WEST}), Reading()),
        (geojson(files, {"A": WEST}, crs={"properties": {"name": "EPSG:4326"}}), DECLARED),
        (parquet(files, {"A": WEST}, geo), Reading(code="code")),
        (geojson(files, {"A": shapely.Point(36_500_000, 3_270_000)}), DECLARED),
        (geojson(files, {"A": WEST}), Reading(crs=Crs(4524))),
    ):
        with pytest.raises(Invalid):
            loaded(place, path, reading)


@pytest.mark.parametrize("spelled", ["GCJ-02", "gcj02", "BD-09", "EPSG:3857", "", "EPSG:4490x", "EPSG:4610"])
def test_a_system_that_is_shifted_or_unknown_is_refused(spelled: str) -> None:
    """Nobody takes shifted coordinates for true ones unseen."""
    with pytest.raises(Invalid):
        space.crs_of(spelled)


def test_the_same_file_again_changes_nothing_and_an_earlier_one_can_come_back(place: Place, files: Path) -> None:
    """What is loaded stands, also if it stood before the one that it replaces."""
    first, second = geojson(files, {"A": WEST}), geojson(files, {"B": WEST})
    made = loaded(place, first)
    lines = len(place.lines("library.layer_loaded"))
    assert loaded(place, first) == made
    assert len(place.lines("library.layer_loaded")) == lines
    loaded(place, second)
    assert at(place, 106.5, 29.5) == "B"
    assert loaded(place, first).version > made.version
    assert at(place, 106.5, 29.5) == "A"


BAD = (
    *("", "[]", "{}", '{"features": []}', "[" * 100_000, "a,b\n1,2\n", "PAR1rubbish"),
    '{"features": [{"id": "A", "properties": {}, "geometry": {"type": "Point"}}]}',
    '{"features": [{"id": "A b", "properties": {}, "geometry": {"type": "Point", "coordinates": [107, 30]}}]}',
    '{"features": [{"properties": {}, "geometry": null}]}',
    '{"features": [{"id": "A", "properties": {}, "geometry": {"type": "Point", "coordinates": [107, 30]}},'
    ' {"id": "A", "properties": {}, "geometry": {"type": "Point", "coordinates": [107, 31]}}]}',
)


def test_a_file_that_is_no_layer_leaves_nothing(place: Place, files: Path) -> None:
    """Missing codes, codes that come twice, no features: each is refused in words, and the layer is not there."""
    path = files / "bad"
    for document in BAD:
        path.write_text(document)
        with pytest.raises(Invalid):
            loaded(place, path, name="nothing")
    with pytest.raises(NotFound), place.desk(KEEPER) as desk:
        space.locate(desk, "nothing", 107, 30)


def test_only_the_authority_loads_asks_and_takes_along(place: Place, files: Path) -> None:
    """A department's officer neither loads a layer nor looks at one."""
    path = geojson(files, {"A": WEST})
    with pytest.raises(NotAllowed), place.desk(OFFICER) as desk:
        space.load_layer(desk, "districts", path, DECLARED, origin="x")
    loaded(place, path)
    with pytest.raises(NotAllowed), place.desk(OFFICER) as desk:
        space.locate(desk, "districts", 106.5, 29.5)
    with pytest.raises(NotAllowed), place.desk(OFFICER) as desk:
        space.export_layer(desk, "districts", files / "out", space.Form.GEOJSON)
    with pytest.raises(Invalid, match="who made its shapes"), place.desk(KEEPER) as desk:
        space.load_layer(desk, "districts", path, DECLARED, origin=" ")


def test_points_are_counted_in_pieces(place: Place, files: Path) -> None:
    """More points than one block holds; what is no number, or far away, lies in no feature."""
    loaded(place, geojson(files, {"A": WEST, "B": EAST}))
    points = files / "points.csv"
    inside = "106.25,29.5,x\n107.75,29.5,y\n" * 200_000
    points.write_text(f"lon,lat,what\n{inside},,z\n北,29.5,z\n99,9,z\n")
    with place.desk(KEEPER) as desk:
        told = space.count_points(desk, "districts", points, lon="lon", lat="lat")
        assert [(one["feature"], one["points"]) for one in told] == [("A", 200_000), ("B", 200_000), ("", 3)]
    with pytest.raises(Invalid), place.desk(KEEPER) as desk:
        space.count_points(desk, "districts", points, lon="x", lat="lat")


def test_what_is_near_is_measured_on_the_ellipsoid(place: Place, files: Path) -> None:
    """Within is nought; metres agree with those of the geodesic to five in a thousand, up to 100 km."""
    loaded(place, geojson(files, {"A": WEST, "B": EAST, "P": shapely.Point(106.5, 30.3)}))
    with place.desk(KEEPER) as desk:
        found = space.look_near(desk, "districts", 106.9, 30.1, metres=60_000)
    _, _, to_point = pyproj.Geod(ellps="GRS80").inv(106.9, 30.1, 106.5, 30.3)
    _, _, to_edge = pyproj.Geod(ellps="GRS80").inv(106.9, 30.1, 106.9, 30.0)
    assert [one.feature for one in found] == ["A", "B", "P"]
    assert found[0].metres == pytest.approx(to_edge, rel=5e-3)
    assert found[2].metres == pytest.approx(to_point, rel=5e-3)
    with place.desk(KEEPER) as desk:
        assert [one.metres for one in space.look_near(desk, "districts", 106.5, 29.5, metres=0)] == [0.0]
    with pytest.raises(Invalid), place.desk(KEEPER) as desk:
        space.look_near(desk, "districts", 106.5, 29.5, metres=1e6)


def test_two_layers_are_compared_by_area_and_length(place: Place, files: Path) -> None:
    """What lies wholly within, what is cut, and neighbours that only touch, which have nothing in common."""
    loaded(place, geojson(files, {"A": WEST, "B": EAST}))
    zones = {
        "in": shapely.box(106.2, 29.2, 106.4, 29.4),
        "cut": shapely.box(106.5, 29.5, 107.5, 29.6),
        "touch": shapely.box(105.5, 29, 106, 30),
        "road": shapely.LineString([(106.5, 29.5), (107.5, 29.5)]),
        "spot": shapely.Point(107.5, 29.5),
    }
    loaded(place, geojson(files, zones), name="zones")
    with place.desk(KEEPER) as desk:
        pairs = space.compare_layers(desk, "zones", "districts", files / "pairs.csv")
    told = {(one["feature"], one["other"]): one for one in pcsv.read_csv(files / "pairs.csv").to_pylist()}
    assert pairs == len(told)
    assert {key for key, one in told.items() if one["wholly"]} == {("in", "A"), ("spot", "B")}
    assert set(told) == {("in", "A"), ("cut", "A"), ("cut", "B"), ("road", "A"), ("road", "B"), ("spot", "B")}
    area = abs(pyproj.Geod(ellps="GRS80").geometry_area_perimeter(zones["in"])[0])
    assert told["in", "A"]["square_metres"] == pytest.approx(area, rel=1e-6)
    assert told["cut", "A"]["share"] == pytest.approx(0.5)
    assert told["road", "A"]["metres"] == pytest.approx(48_461, rel=1e-3)


def test_a_layer_that_is_handed_out_comes_back_as_it_was(place: Place, files: Path) -> None:
    """GeoParquet carries the metadata that its specification asks for, GeoJSON names CGCS2000; both load again."""
    made = loaded(place, geojson(files, {"A": WEST, "B": shapely.MultiPoint([(107, 29), (108, 30)])}))
    for form in (space.Form.GEOPARQUET, space.Form.GEOJSON):
        with place.desk(KEEPER) as desk:
            space.export_layer(desk, "districts", files / form.value, form)
        again = loaded(place, files / form.value, Reading(code="feature" if form is space.Form.GEOPARQUET else ""))
        assert (again.form, again.crs, again.features, again.bounds) == (form, CGCS2000, 2, made.bounds)
    file = pq.ParquetFile(files / "geoparquet")
    geo = json.loads(file.schema_arrow.metadata[b"geo"])
    column = geo["columns"][geo["primary_column"]]
    assert (geo["version"], column["encoding"], column["geometry_types"]) == ("1.1.0", "WKB", ["MultiPoint", "Polygon"])
    assert pyproj.CRS.from_json_dict(column["crs"]).to_epsg() == 4490
    assert column["bbox"] == [106.0, 29.0, 108.0, 30.0]
    box = file.read()["bbox"].to_pylist()[0]
    assert (box["xmin"], box["ymax"]) == (106.0, 30.0)


def test_a_drawing_keeps_the_borders_of_neighbours(place: Place, files: Path) -> None:
    """Every feature is drawn, and the marked spot stands where its numbers say."""
    loaded(place, geojson(files, {"A": WEST, "B": EAST}))
    with place.desk(KEEPER) as desk:
        _, finder, _ = space.look_at_layer(desk, "districts")
    drawing = space.drawing_of(finder.table)
    assert [one.feature for one in drawing.shapes] == ["A", "B"]
    x, y = drawing.spot(107.0, 29.5)
    assert (x, y) == pytest.approx((drawing.width / 2, drawing.height / 2), abs=0.2)
    assert all(one.path.startswith("M") and one.path.endswith("Z") for one in drawing.shapes)


def test_the_districts_of_chongqing_hold_their_own_centres(place: Place, files: Path) -> None:
    """38 districts, of which 8 outlines cross themselves; each one's marked centre lies in it, in its own zone too."""
    document = gzip.decompress(data("geo/chongqing.geojson.gz").read_bytes())
    path = files / "chongqing.geojson"
    path.write_bytes(document)
    assert loaded(place, path).withheld == 8
    made = loaded(place, path, Reading(crs=CGCS2000, repair=True), year=2015)
    features = json.loads(document)["features"]
    found = [at(place, *one["properties"]["cp"]) for one in features]
    right = [one for one, feature in zip(found, features, strict=True) if one == feature["id"]]
    assert (made.features, made.repaired, len(right)) == (38, 8, 38)
    with place.desk(KEEPER) as desk:
        space.compare_layers(desk, "districts", "districts", files / "self.csv")
    own = [one for one in pcsv.read_csv(files / "self.csv").to_pylist() if one["feature"] == one["other"]]
    # The city has 82,400 km2; these outlines were made for small maps.
    assert sum(one["square_metres"] for one in own) / 1e6 == pytest.approx(82_400, rel=0.02)


def test_real_points_are_counted_by_province(place: Place, files: Path) -> None:
    """Of 1,706 charging stations nearly all lie in Guangdong, of the city's campuses in the city."""
    path = files / "china.geojson"
    path.write_bytes(gzip.decompress(data("geo/china.geojson.gz").read_bytes()))
    loaded(place, path, Reading(crs=CGCS2000, repair=True))
    stations = data("places/shenzhen_charging_2022.csv")
    with place.desk(KEEPER) as desk:
        told = space.count_points(desk, "districts", stations, lon="longitude", lat="latitude")
    counts = {str(one["name"]): one["points"] for one in told if one["points"]}
    assert int(str(counts["广东"])) > 0.99 * 1706  # the map's coast is coarse
    lines = data("places/university_campus_coordinates_gbk.csv").read_text("gb18030").splitlines()
    numbers = [re.findall(r"[0-9]+[.][0-9]+", line) for line in lines if line.startswith("重庆")]
    campuses = files / "campuses.csv"
    rows = [f"{one[1]},{one[0]}" for one in numbers if len(one) == 2]
    campuses.write_text("lon,lat\n" + "\n".join(rows) + "\n")
    with place.desk(KEEPER) as desk:
        told = space.count_points(desk, "districts", campuses, lon="lon", lat="lat")
    counts = {str(one["name"]): int(str(one["points"])) for one in told if one["points"]}
    assert counts["重庆"] > 0.9 * len(rows) > 20


def test_the_made_map_covers_its_ground_once(place: Place, files: Path) -> None:
    """38 districts by the codes of 2023, without gap or overlap, and nobody could take them for a survey."""
    document = made_districts()
    path = files / "made.geojson"
    path.write_bytes(document)
    made = loaded(place, path, Reading(), year=YEAR)
    shapes = np.array([shapely.from_geojson(json.dumps(one["geometry"])) for one in json.loads(document)["features"]])
    assert (made.features, made.withheld, shapely.coverage_is_valid(shapes)) == (38, 0, True)
    assert shapely.union_all(shapes).geom_type == "Polygon"
    assert all(registers.divisions().in_force(code, YEAR) for code in SEATS)
    assert "非测绘成果" in document.decode() == document.decode()
    assert document == made_districts() != made_districts(seed=1)


PARK = {"layer": "layer-code", "code": "feature-code", "name": "feature-name", "crs": "crs", "shape": "geometry"}


def test_a_spatial_object_stands_in_its_district(place: Place, files: Path) -> None:
    """By the codes of the layer's year; most of it decides, and which share lies there; without a geometry, nowhere."""
    path = files / "made.geojson"
    path.write_bytes(made_districts())
    loaded(place, path, Reading(), year=YEAR)
    across = shapely.box(106.5, 29.54, 107.4, 29.56).wkt
    parks = [("1", "EPSG:4490", "POINT (106.55 29.56)"), ("2", "EPSG:4490", across), ("3", "", "POINT (106.55 29.56)")]
    rows = [
        {"layer": "parks", "code": one, "name": f"{one}号公园", "crs": crs, "shape": shape, "lon": lon, "lat": "29.56"}
        for (one, crs, shape), lon in zip([*parks, ("4", "EPSG:4490", "")], ("106.55", "106.55", "x", ""), strict=True)
    ]
    entry = "01JZ000000000000000000000S"
    place.enter(entry_of(entry, {**PARK, "lon": "", "lat": ""}, "code"))
    deliver(place, entry, rows)
    with place.desk(KEEPER) as desk:
        (stand,) = [one for one in space.look_at_stands(desk, "parks:1") if one.layer == "districts"]
    assert (stand.feature, stand.division, stand.share, stand.year) == ("500103", "重庆市渝中区", 1.0, 2023)
    with place.desk(KEEPER) as desk:
        (most,) = [one for one in space.look_at_stands(desk, "parks:2") if one.layer == "districts"]
    assert 0.2 < most.share < 1
    with place.desk(KEEPER) as desk:
        assert space.look_at_stands(desk, "parks:4") == ()
    with place.desk(KEEPER) as desk:
        seen, held = space.place_objects(desk, "districts", files / "placed.csv")
    told = {one["object"]: one["feature"] for one in pcsv.read_csv(files / "placed.csv").to_pylist()}
    assert (seen, held, told["parks:1"], told["parks:2"], told["parks:3"]) == (3, 2, 500103, int(most.feature), None)
    with place.desk(KEEPER) as desk:
        counted = space.count_rows(desk, "districts", entry, lon="lon", lat="lat")
    assert {one["feature"]: one["points"] for one in counted if one["points"]} == {"500103": 2, "": 2}
    with pytest.raises(Invalid, match="no such two items"), place.desk(KEEPER) as desk:
        space.count_rows(desk, "districts", entry, lon="east", lat="lat")


def test_what_a_layer_is_stands_in_either_database(engine: sa.Engine) -> None:
    """Loaded again, a layer takes its own place; layers are listed by name, from any of them on, either way round."""
    made = space.Layer(
        name="b",
        origin="测绘院",
        form=space.Form.GEOPARQUET,
        crs=Crs(4524),
        kept=CGCS2000,
        year=2023,
        features=38,
        withheld=1,
        repaired=2,
        kinds=("MultiPolygon", "Polygon"),
        bounds=(105.25, 28.5, 110.0, 32.0),
        digest="0" * 64,
        version=3,
        findings=3,
        loaded_by="overseer",
        loaded_at=datetime(2026, 1, 5, tzinfo=UTC),
    )
    with transaction(engine) as db:
        for name in ("c", "a", "b"):
            store.save_layer(db, replace(made, name=name, features=1))
        store.save_layer(db, made)
        assert space.find_layer(db, "b") == made
        assert [one.name for one in space.layers(db, after=("a",))] == ["b", "c"]
        assert [one.name for one in space.layers(db, descending=True, limit=2)] == ["c", "b"]
        with pytest.raises(NotFound):
            space.find_layer(db, "d")
