"""Endpoints of the layers of space: what there is, where a point lies, counts by feature, and files."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated

import msgspec
from litestar import post
from litestar.concurrency import sync_to_thread
from litestar.params import FromQuery, JSONBody, Parameter
from litestar.response import Stream

from jutong import library, registers
from jutong.desk import House
from jutong.kernel.errors import TooMuch
from jutong.kernel.files import refusing_full_disk
from jutong.kernel.text import text
from jutong.library import SPATIAL_OBJECT, space
from jutong.library.space import Form, Layer, Near, Place, Stand
from jutong.terms import Actor

from .collection import Delivery
from .library import KeyForm
from .problems import REFUSALS
from .wiring import NO_NUL, SLACK, Limit, Name, TheActor, TheHouse, TheRequest, act, look

TAGS = ["library"]
POINTS_MOST = 1 << 30  # bytes of a file of points
BLOCK = 1 << 20
LayerName = Annotated[str, Parameter(pattern="^[a-z0-9][a-z0-9_-]{0,39}$", description="the layer's name")]
CrsName = Annotated[str, Parameter(max_length=60, pattern=NO_NUL, description="EPSG:4490, 4491 to 4554, or 4326")]
ColumnName = Annotated[str, Parameter(max_length=63, pattern=NO_NUL, description="a property or column of the file")]
Origin = Annotated[str, Parameter(max_length=300, pattern=NO_NUL, description="who made the shapes, by which right")]
Year = Annotated[int, Parameter(ge=0, le=2100, description="in which year the codes are those of divisions; 0: none")]
AfterPlace = Annotated[int, Parameter(ge=0, le=2**31, description="only what stands after this place in the file")]


class LayerView(msgspec.Struct, kw_only=True):
    """A layer as it was loaded last."""

    name: str
    origin: str
    form: Form
    crs: str
    kept: str
    year: int
    features: int
    withheld: int
    repaired: int
    kinds: tuple[str, ...]
    bounds: tuple[float, float, float, float]
    digest: str
    version: int
    loaded_at: datetime


class FindingView(msgspec.Struct, kw_only=True):
    """What is wrong with a feature, and whether it was repaired."""

    feature: str
    place: int
    reason: str
    told: str
    repaired: bool


class PointForm(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A point; in the body, so that it stands in no address and no proxy's log."""

    lon: Annotated[float, msgspec.Meta(ge=-1e9, le=1e9)]
    lat: Annotated[float, msgspec.Meta(ge=-1e9, le=1e9)]
    crs: Annotated[str, msgspec.Meta(max_length=60, pattern=NO_NUL)] = space.CGCS2000.value


class NearForm(PointForm, kw_only=True, forbid_unknown_fields=True):
    """A point, and how far away at most."""

    metres: Annotated[float, msgspec.Meta(ge=0, le=space.METRES_MOST)]


class OtherForm(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The layer that another one is compared with."""

    other: Annotated[str, msgspec.Meta(pattern="^[a-z0-9][a-z0-9_-]{0,39}$")]


class EntryForm(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The entry whose subjects are counted, and its items of longitude and latitude."""

    entry: Annotated[str, msgspec.Meta(pattern="^[0-7][0-9A-HJKMNP-TV-Z]{25}$")]
    lon: Name
    lat: Name
    crs: Annotated[str, msgspec.Meta(max_length=60, pattern=NO_NUL)]


class CountView(msgspec.Struct, kw_only=True):
    """How many points a feature holds; those of no feature stand last, without a code."""

    feature: str
    name: str
    points: int


@look("/api/library/layers", tags=TAGS)
def list_layers(house: TheHouse, actor: TheActor) -> list[LayerView]:
    """List the layers of space: what each is, in which reference system it came, how many features it has."""
    with house.reading() as db:
        return [_view(one) for one in space.layers(db)]


@look("/api/library/layers/{layer:str}", tags=TAGS)
def show_layer(house: TheHouse, actor: TheActor, layer: LayerName) -> LayerView:
    """Show what a layer is."""
    with house.reading() as db:
        return _view(space.find_layer(db, layer))


@look("/api/library/layers/{layer:str}/findings", tags=TAGS)
def list_findings(
    house: TheHouse, actor: TheActor, layer: LayerName, after: AfterPlace = 0, limit: Limit = 100
) -> list[FindingView]:
    """List what is wrong with a layer's features, in the order of its file; looking leaves a line."""
    with house.desk(actor) as desk:
        return msgspec.convert(space.look_at_findings(desk, layer, after=after, limit=limit), list[FindingView])


@post(
    "/api/library/layers/{layer:str}",
    responses=REFUSALS,
    tags=TAGS,
    operation_class=Delivery,
    request_max_body_size=space.BYTES_MOST + SLACK,
)
async def load_layer(
    request: TheRequest,
    house: TheHouse,
    actor: TheActor,
    layer: LayerName,
    origin: Origin = "",
    crs: CrsName = "",
    code: ColumnName = "",
    title: ColumnName = "name",
    geometry: ColumnName = "",
    year: Year = 0,
    repair: FromQuery[bool] = False,
) -> LayerView:
    """Load a layer as the request's body: GeoJSON, GeoParquet, or CSV or Parquet with a column of WKT or WKB."""
    await sync_to_thread(_may, house, actor, "library.load_layer")
    reading = space.Reading(
        crs=space.crs_of(crs) if crs else None, code=code, title=title, geometry=geometry, repair=repair
    )

    def load(path: Path) -> Layer:
        with house.desk(actor) as desk:
            return space.load_layer(desk, layer, path, reading, origin=origin, year=year)

    with _room(house) as folder:
        await _spool(request, folder / "file", most=space.BYTES_MOST)
        return _view(await sync_to_thread(load, folder / "file"))


@act("/api/library/layers/{layer:str}/point", tags=TAGS)
def locate(house: TheHouse, actor: TheActor, layer: LayerName, data: JSONBody[PointForm]) -> Place | None:
    """Show which feature of a layer holds a point, such as its district; asking leaves a line without the point."""
    with house.desk(actor) as desk:
        return space.locate(desk, layer, data.lon, data.lat, crs=space.crs_of(data.crs))


@act("/api/library/layers/{layer:str}/near", tags=TAGS)
def look_near(house: TheHouse, actor: TheActor, layer: LayerName, data: JSONBody[NearForm]) -> list[Near]:
    """List the features within some metres of a point, the nearest first, at most a hundred."""
    crs = space.crs_of(data.crs)
    with house.desk(actor) as desk:
        return list(space.look_near(desk, layer, data.lon, data.lat, metres=data.metres, crs=crs))


@post(
    "/api/library/layers/{layer:str}/count",
    responses=REFUSALS,
    tags=TAGS,
    operation_class=Delivery,
    request_max_body_size=POINTS_MOST + SLACK,
    status_code=200,
)
async def count_points(
    request: TheRequest,
    house: TheHouse,
    actor: TheActor,
    layer: LayerName,
    crs: CrsName = "",
    lon: ColumnName = "lon",
    lat: ColumnName = "lat",
) -> list[CountView]:
    """Count the points of a CSV file, which is the request's body, by the features of a layer; it is not kept."""
    await sync_to_thread(_may, house, actor, "library.look_at_layer")
    stated = space.crs_of(crs)

    def count(path: Path) -> list[CountView]:
        with house.desk(actor) as desk:
            found = space.count_points(desk, layer, path, lon=lon, lat=lat, crs=stated)
        return msgspec.convert(found, list[CountView])

    with _room(house) as folder:
        await _spool(request, folder / "file", most=POINTS_MOST)
        return await sync_to_thread(count, folder / "file")


@act("/api/library/layers/{layer:str}/subjects", tags=TAGS)
def count_rows(house: TheHouse, actor: TheActor, layer: LayerName, data: JSONBody[EntryForm]) -> list[CountView]:
    """Count an entry's subjects by the features of a layer, by two items that hold their coordinates."""
    crs = space.crs_of(data.crs)
    with house.desk(actor) as desk:
        found = space.count_rows(desk, layer, data.entry, lon=data.lon, lat=data.lat, crs=crs)
    return msgspec.convert(found, list[CountView])


@act("/api/library/layers/{layer:str}/comparison", tags=TAGS, status_code=200, media_type="text/csv")
def compare_layers(house: TheHouse, actor: TheActor, layer: LayerName, data: JSONBody[OtherForm]) -> Stream:
    """Hand out as CSV what each feature has in common with each of another layer: areas, lengths, shares."""
    folder = folder_for(house)
    try:
        with house.desk(actor) as desk:
            space.compare_layers(desk, layer, data.other, folder / "file")
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return Stream(blocks_of(folder), media_type="text/csv", headers={"cache-control": "no-store"})


@act("/api/library/layers/{layer:str}/geoparquet", tags=TAGS, status_code=200, media_type=space.MEDIA[Form.GEOPARQUET])
def export_geoparquet(house: TheHouse, actor: TheActor, layer: LayerName) -> Stream:
    """Hand out a layer as one GeoParquet 1.1 file, with its reference system in it."""
    return _handed(house, actor, layer, Form.GEOPARQUET)


@act("/api/library/layers/{layer:str}/geojson", tags=TAGS, status_code=200, media_type=space.MEDIA[Form.GEOJSON])
def export_geojson(house: TheHouse, actor: TheActor, layer: LayerName) -> Stream:
    """Hand out a layer as GeoJSON, with its reference system in it."""
    return _handed(house, actor, layer, Form.GEOJSON)


@act("/api/library/spatial-object/stands", tags=TAGS, status_code=200)
def show_stands(house: TheHouse, actor: TheActor, data: JSONBody[KeyForm]) -> list[Stand]:
    """Show where a spatial object stands in each layer: its district by the codes of the layer's year, its share."""
    with house.desk(actor) as desk:
        return list(space.look_at_stands(desk, library.checked_key(data.key, SPATIAL_OBJECT)))


def _handed(house: House, actor: Actor, layer: str, form: Form) -> Stream:
    folder = folder_for(house)
    try:
        with house.desk(actor) as desk:
            space.export_layer(desk, layer, folder / "file", form)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return Stream(blocks_of(folder), media_type=space.MEDIA[form], headers={"cache-control": "no-store"})


def _view(layer: Layer) -> LayerView:
    return LayerView(
        name=layer.name,
        origin=layer.origin,
        form=layer.form,
        crs=layer.crs.value,
        kept=layer.kept.value,
        year=layer.year,
        features=layer.features,
        withheld=layer.withheld,
        repaired=layer.repaired,
        kinds=layer.kinds,
        bounds=layer.bounds,
        digest=layer.digest,
        version=layer.version,
        loaded_at=layer.loaded_at,
    )


def _may(house: House, actor: Actor, what: str) -> None:
    """Refuse before a byte of a file is taken."""
    with house.desk(actor) as desk:
        desk.allow(what, library.whole_library(registers.bodies(desk.db), SPATIAL_OBJECT))


def blocks_of(folder: Path) -> Iterator[bytes]:
    """Stream the file in a folder, which is gone from then on."""
    with (folder / "file").open("rb") as stream:
        shutil.rmtree(folder, ignore_errors=True)
        while block := stream.read(BLOCK):
            yield block


def folder_for(house: House) -> Path:
    """Make a folder for one file that comes or goes; whoever asks removes it."""
    inbox = house.home.folder / "inbox"
    inbox.mkdir(parents=True, exist_ok=True)
    return Path(tempfile.mkdtemp(dir=inbox, prefix="layer-"))


@contextmanager
def _room(house: House) -> Iterator[Path]:
    folder = folder_for(house)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


async def _spool(request: TheRequest, path: Path, *, most: int) -> None:
    size = 0
    with path.open("wb") as stream:
        async for block in request.stream():
            size += len(block)
            if size > most:
                raise TooMuch(text("the file is larger than {limit} MiB", limit=most >> 20))
            with refusing_full_disk():
                stream.write(block)


ENDPOINTS = [
    list_layers,
    show_layer,
    list_findings,
    load_layer,
    locate,
    look_near,
    count_points,
    count_rows,
    compare_layers,
    export_geoparquet,
    export_geojson,
    show_stands,
]
