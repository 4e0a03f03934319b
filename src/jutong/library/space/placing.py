"""Layers in the lake: landing one, reading it, and streaming points, rows and spatial objects past it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pcsv
import pyarrow.parquet as pq
import shapely

from jutong.kernel.errors import Invalid
from jutong.kernel.files import refusing_full_disk
from jutong.kernel.text import text
from jutong.pools import Pools, TableRef
from jutong.pools.layout import library_table, standard_table
from jutong.quality.reading import quoted
from jutong.terms.division import Divisions

from ..golden import current_sql
from ..kind import SPATIAL_OBJECT
from ..standard import KEY_COLUMN
from .crs import Crs, crs_of, degrees_of
from .export import geojson_pieces, geoparquet_rows, geoparquet_schema
from .finder import OVERLAPS, Finder
from .layer import BYTES_MOST, Form, Layer, Reading, Stand, check_layer_name
from .shapes import Judged, features_of, without
from .spelling import of_wkt

BLOCK_BYTES = 4 << 20  # of a file of points, that are held at once
ROWS_AT_ONCE = 4096
OUTSIDE = ""  # the feature of points that no feature holds
LAYERS_HELD = 4  # in memory, for the next question
STOOD = pa.schema([("object", pa.string()), ("feature", pa.string()), ("name", pa.string()), ("share", pa.float64())])


def layer_table(name: str) -> str:
    """Return the table of a layer."""
    check_layer_name(name)
    return library_table(f"layer-{name}")


def finding_table(name: str) -> str:
    """Return the table of what was wrong with a layer's features."""
    check_layer_name(name)
    return library_table(f"layer_finding-{name}")


def read(name: str, path: Path, reading: Reading) -> tuple[Judged, str]:
    """Read a layer's file, and return what it holds with the digest of the file and of how it was read."""
    check_layer_name(name)
    with path.open("rb") as stream:
        document = stream.read(BYTES_MOST + 1)
    declared = reading.crs.value if reading.crs else ""
    how = "\0".join((declared, reading.code, reading.title, reading.geometry, str(reading.repair)))
    return features_of(document, reading), hashlib.sha256(document + how.encode()).hexdigest()


def land(pools: Pools, name: str, judged: Judged, digest: str, *, after: int) -> tuple[int, int]:
    """Put features and findings in place of what the layer held at version ``after``; return their versions."""
    mark = f"library.layer/{name}/{digest}/{after}"
    findings = pools.lake.replace(finding_table(name), judged.found, mark=mark)
    return pools.lake.replace(layer_table(name), judged.table, mark=mark).version, findings.version


def finder_of(pools: Pools, layer: Layer) -> Finder:
    """Return the finder of a layer; memory goes with the layer's features, never with points."""
    return _finder_at(pools, layer.name, pools.lake.kept(layer_table(layer.name), layer.version))


def found_in(pools: Pools, layer: Layer, *, after: int = 0, limit: int = 100) -> list[dict[str, object]]:
    """Return what was wrong with features, in the order of the file, without their geometries."""
    version = pools.lake.kept(finding_table(layer.name), layer.findings)
    sql = "SELECT feature, place, reason, told, repaired FROM found WHERE place > ? ORDER BY place, reason LIMIT ?"
    tables = {"found": TableRef(finding_table(layer.name), version)}
    return list(pools.engine.query(sql, tables, (after, limit)).read_all().to_pylist())


def count(finder: Finder, batches: Iterable[pa.RecordBatch], crs: Crs) -> list[dict[str, object]]:
    """Return feature -> how many points it holds, of batches of two columns; those of no feature stand last.

    Points stream: one batch is held at a time. What is no number is a point of no feature.
    """
    counted = np.zeros(len(finder.table) + 1, np.int64)
    for batch in batches:
        lon, lat = degrees_of(crs, *(_numbers(batch.column(at)) for at in (0, 1)))
        held = finder.holding(lon, lat)
        counted += np.bincount(np.where(held < 0, len(finder.table), held), minlength=len(counted))
    codes, names = finder.table["feature"].to_pylist(), finder.table["name"].to_pylist()
    rows = zip([*codes, OUTSIDE], [*names, ""], counted.tolist(), strict=True)
    return [{"feature": feature, "name": said, "points": points} for feature, said, points in rows]


def points_of_file(path: Path, *, lon: str, lat: str) -> Iterator[pa.RecordBatch]:
    """Stream two columns of a CSV file as text, in blocks of 4 MiB."""
    options = pcsv.ConvertOptions(include_columns=[lon, lat], column_types={lon: pa.string(), lat: pa.string()})
    try:
        yield from pcsv.open_csv(path, read_options=pcsv.ReadOptions(block_size=BLOCK_BYTES), convert_options=options)
    except (pa.ArrowInvalid, pa.ArrowKeyError) as error:
        raise Invalid(
            text("the file cannot be read as CSV with these two columns"),
            remedy=text("name the columns of longitude and latitude, and save the file as UTF-8"),
        ) from error


def points_of_rows(pools: Pools, entry: str, *, lon: str, lat: str) -> Iterator[pa.RecordBatch]:
    """Stream two items of an entry's rows in standard form as text: of each key its newest row."""
    table = standard_table(entry)
    columns = pools.lake.files(table)[1].names if pools.lake.exists(table) else []
    if lon not in columns or lat not in columns:
        raise Invalid(
            text("the entry's rows have no such two items"),
            remedy=text("name the items of longitude and latitude; rows must have been merged"),
        )
    key = f"coalesce({quoted(KEY_COLUMN)}, _batch || '/' || CAST(_row AS VARCHAR))"
    sql = (
        f"SELECT CAST({quoted(lon)} AS VARCHAR) AS lon, CAST({quoted(lat)} AS VARCHAR) AS lat FROM (SELECT *, "  # noqa: S608
        f"row_number() OVER (PARTITION BY {key} ORDER BY _batch DESC, _row DESC) AS turn FROM standard) AS newest "
        "WHERE turn = 1"
    )
    yield from pools.engine.query(sql, {"standard": TableRef(table)})


def write_overlaps(finder: Finder, other: Finder, to: Path) -> int:
    """Write what two layers have in common as CSV, piece by piece, and return how many pairs there are."""
    pairs = 0
    with refusing_full_disk(), pcsv.CSVWriter(str(to), OVERLAPS) as writer:
        for batch in finder.overlaps(other):
            writer.write_batch(batch)
            pairs += len(batch)
    return pairs


def write_layer(layer: Layer, finder: Finder, to: Path, form: Form) -> None:
    """Write a layer as GeoParquet or GeoJSON, piece by piece."""
    with refusing_full_disk():
        if form is Form.GEOJSON:
            with to.open("wb") as stream:
                stream.writelines(geojson_pieces(layer, finder.table))
            return
        with pq.ParquetWriter(to, geoparquet_schema(layer), compression="zstd") as writer:
            for batch in geoparquet_rows(layer, finder.table):
                writer.write_batch(batch)


def objects(pools: Pools) -> Iterator[pa.RecordBatch]:
    """Stream the spatial objects that stand and have a geometry: key, reference system, geometry (WKT)."""
    if not pools.lake.exists(SPATIAL_OBJECT.golden):
        return
    key = SPATIAL_OBJECT.key
    sql = (
        f"SELECT {key} AS object, crs, geometry FROM ({current_sql(key=key)}) AS standing "  # noqa: S608 (constants)
        "WHERE geometry IS NOT NULL"
    )
    for batch in pools.engine.query(sql, {"golden": TableRef(SPATIAL_OBJECT.golden)}):
        yield from (batch.slice(at, ROWS_AT_ONCE) for at in range(0, len(batch), ROWS_AT_ONCE))


def placed(finder: Finder, batch: pa.RecordBatch) -> pa.RecordBatch:
    """Return where each spatial object of a batch stands: the feature that holds most of it, and which share.

    An object whose geometry cannot be read, or that says no reference system, stands in no feature.
    """
    shapes = of_wkt(batch["geometry"].to_pylist())
    stated = np.array([_is_stated(one) for one in batch["crs"].to_pylist()], np.bool_)
    held, shares = finder.most_of(without(shapes, ~(stated & shapely.is_valid(shapes))))
    row = pa.array(np.where(held < 0, 0, held), mask=held < 0)
    return pa.RecordBatch.from_arrays(
        [
            batch["object"],
            finder.table["feature"].combine_chunks().take(row),
            finder.table["name"].combine_chunks().take(row),
            pa.array(np.round(shares, 6)),
        ],
        schema=STOOD,
    )


def write_placed(pools: Pools, finder: Finder, to: Path) -> tuple[int, int]:
    """Write where every spatial object stands as CSV; return how many there are, and how many stand somewhere."""
    seen = held = 0
    with refusing_full_disk(), pcsv.CSVWriter(str(to), STOOD) as writer:
        for batch in objects(pools):
            told = placed(finder, batch)
            writer.write_batch(told)
            seen, held = seen + len(told), held + len(told) - told["feature"].null_count
    return seen, held


def stands(
    pools: Pools, layers: Sequence[Layer], *, crs: str, geometry: str, divisions: Divisions
) -> tuple[Stand, ...]:
    """Return where one geometry stands in each layer that holds any of it."""
    one = pa.record_batch({"object": ["-"], "crs": [crs], "geometry": [geometry]})
    found = []
    for layer in layers:
        (told,) = placed(finder_of(pools, layer), one).to_pylist()
        if told["feature"] is None:
            continue
        of_year = layer.year and divisions.in_force(told["feature"], layer.year)
        found.append(
            Stand(
                layer=layer.name,
                feature=told["feature"],
                name=told["name"],
                share=told["share"],
                division=divisions.full_name_of(told["feature"], layer.year) if of_year else "",
                year=layer.year,
            )
        )
    return tuple(found)


@lru_cache(maxsize=LAYERS_HELD)
def _finder_at(pools: Pools, name: str, version: int) -> Finder:
    """Read a layer once a version: it is asked more often than it changes."""
    return Finder.of(pools.lake.read(layer_table(name), version=version).read_all().sort_by("feature"))


@lru_cache(maxsize=64)
def _is_stated(crs: str | None) -> bool:
    try:
        return crs_of(crs or "").in_degrees
    except Invalid:
        return False


def _numbers(words: pa.Array) -> npt.NDArray[np.float64]:
    plain = pc.utf8_trim_whitespace(words)
    number = pc.match_substring_regex(plain, r"^[-+]?[0-9]{1,9}([.][0-9]{1,18})?$")
    read: pa.Array = pc.cast(pc.if_else(number, plain, None), pa.float64())
    return np.asarray(read.to_numpy(zero_copy_only=False), np.float64)
