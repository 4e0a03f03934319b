"""A layer as a file that other programs understand: GeoParquet 1.1 or GeoJSON, with its reference system in it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import shapely

from jutong.kernel.errors import Invalid
from jutong.kernel.text import text

from .crs import WGS84
from .layer import Form, Layer

ROWS_AT_ONCE = 512
BOX = ("xmin", "ymin", "xmax", "ymax")
MEDIA = {Form.GEOJSON: "application/geo+json", Form.GEOPARQUET: "application/vnd.apache.parquet"}
ENDINGS = {Form.GEOJSON: "geojson", Form.GEOPARQUET: "parquet"}


def form_of(spelled: str) -> Form:
    """Return a form in which layers are handed out, or refuse it."""
    if spelled in (Form.GEOJSON, Form.GEOPARQUET):
        return Form(spelled)
    raise Invalid(text("a layer is handed out as geojson or geoparquet"))


def geoparquet_schema(layer: Layer) -> pa.Schema:
    """Return the columns of a layer's GeoParquet file with the metadata that the specification asks for.

    The lake's own table has none: its rows stand in several files, and upkeep writes them anew.
    """
    column = {
        "encoding": "WKB",
        "geometry_types": list(layer.kinds),
        "crs": layer.kept.projjson,
        "edges": "planar",
        "orientation": "counterclockwise",
        "bbox": list(layer.bounds),
        "covering": {"bbox": {edge: ["bbox", edge] for edge in BOX}},
    }
    geo = {"version": "1.1.0", "primary_column": "geometry", "columns": {"geometry": column}}
    box = pa.struct([pa.field(edge, pa.float64(), nullable=False) for edge in BOX])
    return pa.schema(
        [("feature", pa.string()), ("name", pa.string()), ("bbox", box), ("geometry", pa.binary())],
        metadata={"geo": json.dumps(geo, ensure_ascii=False)},
    )


def geoparquet_rows(layer: Layer, table: pa.Table) -> Iterator[pa.RecordBatch]:
    """Stream the rows of a layer's GeoParquet file."""
    schema = geoparquet_schema(layer)
    for batch in table.to_batches(ROWS_AT_ONCE):
        shapes = _turned(batch)
        bounds = shapely.bounds(shapes)
        box = pa.StructArray.from_arrays(
            [pa.array(bounds[:, edge]) for edge in range(4)], fields=list(schema.field("bbox").type)
        )
        wkb = pa.array(list(shapely.to_wkb(shapes)), pa.binary())
        yield pa.RecordBatch.from_arrays([batch["feature"], batch["name"], box, wkb], schema=schema)


def geojson_pieces(layer: Layer, table: pa.Table) -> Iterator[bytes]:
    """Stream a layer as a GeoJSON collection.

    RFC 7946 knows WGS 84 alone: CGCS2000, which differs by less than a metre, is named as GeoJSON of 2008 did.
    """
    head: dict[str, Any] = {"type": "FeatureCollection", "name": layer.name, "bbox": list(layer.bounds)}
    if layer.kept != WGS84:
        named = f"urn:ogc:def:crs:EPSG::{layer.kept.epsg}"
        head["crs"] = {"type": "name", "properties": {"name": named}}
    yield json.dumps(head, ensure_ascii=False).encode()[:-1] + b', "features": [\n'
    comma = b""
    for batch in table.to_batches(ROWS_AT_ONCE):
        for line in _lines(batch):
            yield comma + line
            comma = b",\n"
    yield b"\n]}\n"


def _lines(batch: pa.RecordBatch) -> Iterable[bytes]:
    codes, names = batch["feature"].to_pylist(), batch["name"].to_pylist()
    for code, name, shape in zip(codes, names, shapely.to_geojson(_turned(batch)), strict=True):
        about = json.dumps({"code": code, "name": name}, ensure_ascii=False)
        yield f'{{"type": "Feature", "id": {json.dumps(code)}, "properties": {about}, "geometry": {shape}}}'.encode()


def _turned(batch: pa.RecordBatch) -> np.ndarray[Any, Any]:
    """Return shapes with their outlines counterclockwise, as both specifications ask for."""
    shapes = shapely.from_wkb(batch["geometry"].to_numpy(zero_copy_only=False))
    return np.asarray(shapely.orient_polygons(shapes, exterior_cw=False))
