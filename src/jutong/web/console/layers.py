"""Pages of the layers of space: what each is, its shapes drawn, where a point lies, and loading a file."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import quote

import msgspec
from litestar.di import Provide
from litestar.response import Stream

from jutong import library, registers
from jutong.kernel.text import text
from jutong.library import SPATIAL_OBJECT, space
from jutong.library.space import Form, Layer, Near, Place

from ..layers import LayerName, blocks_of, folder_for
from ..wiring import NO_NUL, SLACK, Name
from .form import Misfilled
from .frame import Answer, TheVisit, acted, done, page, shown
from .library import FIRST
from .table import Asked, Column, Table, listed, table_page
from .upload import layer_form
from .visit import Visit

PLACE = "/library/layers"
Property = Annotated[str, msgspec.Meta(max_length=63, pattern=NO_NUL)]
SYSTEMS = (space.CGCS2000, space.WGS84, *(space.Crs(zone) for zone in range(4513, 4555)))


class Loaded(msgspec.Struct, kw_only=True):
    """A layer as the form tells of it; its file comes beside."""

    name: Annotated[str, msgspec.Meta(pattern="^[a-z0-9][a-z0-9_-]{0,39}$")]
    origin: Name
    crs: Annotated[str, msgspec.Meta(max_length=20, pattern=NO_NUL)] = ""
    code: Property = ""
    title: Property = "name"
    geometry: Property = ""
    year: Annotated[int, msgspec.Meta(ge=0, le=2100)] = 0
    repair: bool = False


class Point(msgspec.Struct, kw_only=True):
    """A point and the system in which it stands; with ``metres``, what is near it too."""

    lon: Annotated[float, msgspec.Meta(ge=-1e9, le=1e9)]
    lat: Annotated[float, msgspec.Meta(ge=-1e9, le=1e9)]
    point_crs: Annotated[str, msgspec.Meta(max_length=20, pattern=NO_NUL)] = space.CGCS2000.value
    metres: Annotated[float, msgspec.Meta(ge=0, le=space.METRES_MOST)] = 0.0


class Wanted(msgspec.Struct, kw_only=True):
    """In which form a layer is taken along."""

    form: Form


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Where a point lies, what is near it, where it stands on the map, and the line that says that somebody asked."""

    place: Place | None
    near: tuple[Near, ...]
    metres: float
    x: float
    y: float
    line: str


@shown(PLACE, guard="pages.layers")
def list_layers(visit: TheVisit) -> Answer:
    """List the layers of space, and let a file be loaded."""
    with visit.desk() as desk:
        desk.allow("library.look_at_layer", library.whole_library(registers.bodies(desk.db), SPATIAL_OBJECT))

    def fetch(ask: Asked) -> tuple[Layer, ...]:
        with visit.house.reading() as db:
            return space.layers(db, descending=ask.descending, after=ask.after, limit=ask.limit)

    return table_page(
        visit,
        _LAYERS,
        fetch,
        "library/layers.html",
        title=_LAYERS.title,
        crumbs=(FIRST,),
        systems=[(one.value, f"{one.value} {one.title}") for one in SYSTEMS],
        limit=space.BYTES_MOST >> 20,
    )


@acted(
    PLACE,
    guard="pages.layers",
    again=list_layers,
    request_max_body_size=space.BYTES_MOST + SLACK,
    dependencies={"form": Provide(layer_form)},
)
def load_layer(visit: TheVisit) -> Answer:
    """Load a layer from a file; what is wrong with its features is shown with it."""
    given = visit.form.read(Loaded)
    spooled = visit.form.spooled.get("file")
    if spooled is None:
        raise Misfilled({"file": text("choose the layer's file")})
    reading = space.Reading(
        crs=space.crs_of(given.crs) if given.crs else None,
        code=given.code,
        title=given.title,
        geometry=given.geometry,
        repair=given.repair,
    )
    with visit.desk() as desk:
        space.load_layer(desk, given.name, spooled.path, reading, origin=given.origin, year=given.year)
    return done(desk, f"{PLACE}/{given.name}")


@shown(PLACE + "/{layer_name:str}", guard="pages.layers")
def show_layer(visit: TheVisit, layer_name: LayerName) -> Answer:
    """Show one layer: what it is, its shapes drawn, its features and findings; looking leaves a line."""
    return _layer(visit, layer_name)


@acted(PLACE + "/{layer_name:str}/point", guard="pages.layers", again=show_layer)
def locate(visit: TheVisit, layer_name: LayerName) -> Answer:
    """Show where a point lies; it travels in the form's body, never in an address."""
    given = visit.form.read(Point)
    crs = space.crs_of(given.point_crs)
    with visit.desk() as desk:
        held = space.locate(desk, layer_name, given.lon, given.lat, crs=crs)
    near: tuple[Near, ...] = ()
    if given.metres:
        with visit.desk() as again:
            near = space.look_near(again, layer_name, given.lon, given.lat, metres=given.metres, crs=crs)
    lon, lat = crs.point(given.lon, given.lat)
    found = Found(place=held, near=near, metres=given.metres, x=lon, y=lat, line=desk.left[-1][1])
    return _layer(visit, layer_name, found)


@acted(PLACE + "/{layer_name:str}/file", guard="pages.layers", again=show_layer)
def take_file(visit: TheVisit, layer_name: LayerName) -> Answer:
    """Download a layer as GeoJSON or GeoParquet; that it leaves is on record before its first byte does."""
    given = visit.form.read(Wanted)
    form = space.form_of(given.form)
    folder = folder_for(visit.house)
    try:
        with visit.desk() as desk:
            space.export_layer(desk, layer_name, folder / "file", form)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    headers = {
        "content-disposition": f"attachment; filename*=UTF-8''{quote(layer_name)}.{space.ENDINGS[form]}",
        "content-length": str((folder / "file").stat().st_size),
        "cache-control": "no-store",
    }
    return Stream(blocks_of(folder), media_type=space.MEDIA[form], headers=headers)


def _layer(visit: Visit, name: str, found: Found | None = None) -> Answer:
    with visit.desk() as desk:
        layer, finder, findings = space.look_at_layer(desk, name)
    drawing = space.drawing_of(finder.table)

    def fetch(ask: Asked) -> tuple[Place, ...]:
        return finder.page(after=ask.after[0] if ask.after else "", descending=ask.descending, limit=ask.limit)

    table: Table[Place] = Table(
        name="features",
        title=text("Features"),
        columns=_FEATURES,
        key=lambda one: (one.feature,),
        sort="feature",
        path=f"{PLACE}/{name}",
    )
    shown: dict[str, Any] = {
        "layer": layer,
        "findings": findings,
        "drawing": drawing,
        "found": found,
        "spot": drawing.spot(found.x, found.y) if found else None,
        "line": desk.left[-1][1],
        "systems": [(one.value, f"{one.value} {one.title}") for one in SYSTEMS],
        "faults": {one.value: one for one in space.Fault},
        "most": int(space.METRES_MOST),
    }
    title, crumbs = text("Layer {name}", name=name), (FIRST, (PLACE, _LAYERS.title))
    if found is None and visit.refusal is None:
        return table_page(visit, table, fetch, "library/layer.html", title=title, crumbs=crumbs, **shown)
    return page(visit, "library/layer.html", title=title, crumbs=crumbs, table=listed(visit, table, fetch), **shown)


_FEATURES: tuple[Column[Place], ...] = (
    Column(key="feature", title=text("Feature code"), value=lambda one: one.feature, kind="code", sort=True),
    Column(key="name", title=text("Feature name"), value=lambda one: one.name),
)
_LAYERS: Table[Layer] = Table(
    name="layers",
    title=text("Layers of space"),
    columns=(
        Column(
            key="name",
            title=text("Layer of space"),
            value=lambda one: one.name,
            kind="code",
            sort=True,
            href=lambda one: f"{PLACE}/{one.name}",
        ),
        Column(key="origin", title=text("Who made its shapes"), value=lambda one: one.origin),
        Column(key="crs", title=text("Reference system"), value=lambda one: one.crs.value, kind="code"),
        Column(key="features", title=text("Features"), value=lambda one: one.features, kind="number"),
        Column(key="withheld", title=text("Withheld"), value=lambda one: one.withheld, kind="number"),
        Column(key="repaired", title=text("Repaired"), value=lambda one: one.repaired, kind="number"),
        Column(key="loaded_at", title=text("Loaded"), value=lambda one: one.loaded_at, kind="instant"),
    ),
    key=lambda one: (one.name,),
    sort="name",
    path=PLACE,
    empty=text("No layer is loaded yet."),
    then=text("Districts, grids, protected zones: each is a file of shapes with codes of their own."),
)
PAGES = [list_layers, load_layer, show_layer, locate, take_file]
