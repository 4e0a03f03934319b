"""Reading a layer's file, whatever its form: codes, names, geometries in degrees, and what is wrong with them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.csv as pcsv
import pyarrow.parquet as pq
import shapely
from shapely.errors import ShapelyError

from jutong.kernel.text import text

from .crs import WGS84, Crs, crs_of, crs_of_document, in_country, settled, shapes_in_degrees
from .layer import BYTES_MOST, COLUMNS, FEATURES_MOST, FOUND, REPAIRED, Fault, Form, Reading, check_codes, refused
from .spelling import Shapes, of_geojson, of_wkb, of_wkt

UNPACKED_MOST = 256 << 20  # bytes of what a Parquet file holds once it is unpacked
ROWS_A_PIECE = 64
EDGES = ("planar", None)
_EWKT = re.compile(r"\s*SRID=(\d{1,6});(.*)", re.DOTALL | re.IGNORECASE)
_HEX = re.compile(r"(?:[0-9A-Fa-f]{2}){5,}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """A file as it was read: a line a feature, geometries as they were spelled, the system if the file states one."""

    form: Form
    codes: list[str]
    names: list[str]
    spelled: list[bytes | str | None]
    stated: Crs | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """The sound features in the order of their codes, the findings, and what to say of them."""

    form: Form
    crs: Crs
    table: pa.Table
    found: pa.Table
    withheld: int
    repaired: int
    kinds: tuple[str, ...]
    bounds: tuple[float, float, float, float]


def features_of(document: bytes, reading: Reading) -> Judged:
    """Return the features of a file; a file in which no feature is sound is refused.

    Memory: the file (at most 64 MiB; 256 MiB unpacked), its geometries, and those once more in degrees.
    """
    if len(document) > BYTES_MOST:
        raise refused(text("a layer's file has at most {most} bytes", most=BYTES_MOST))
    given = _given(document, reading)
    check_codes(given.codes)
    try:
        return _judged(given, settled(reading.crs, given.stated), repair=reading.repair)
    except ShapelyError as error:
        raise refused(text("the file holds a geometry that cannot be judged")) from error


def _given(document: bytes, reading: Reading) -> Given:
    try:
        if document[:4] == b"PAR1":
            return _of_parquet(document, reading)
        if document.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"["):
            return _of_geojson(document, reading)
        return _of_csv(document, reading)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, OSError) as error:
        raise refused(
            text("the file cannot be read as GeoJSON, GeoParquet, or as CSV or Parquet with these columns")
        ) from error


def _of_geojson(document: bytes, reading: Reading) -> Given:
    read = json.loads(document)
    features = read["features"]
    return Given(
        form=Form.GEOJSON,
        codes=[str(one["properties"][reading.code] if reading.code else one["id"]) for one in features],
        names=[str(one["properties"].get(reading.title) or "") for one in features],
        spelled=[json.dumps(one["geometry"]) if one["geometry"] else None for one in features],
        # Not in RFC 7946, which knows WGS 84 alone; files of before 2016 and those in CGCS2000 have it.
        stated=crs_of(str(read["crs"]["properties"]["name"])) if read.get("crs") else None,
    )


def _of_csv(document: bytes, reading: Reading) -> Given:
    code, geometry = reading.code or "feature", reading.geometry or "geometry"
    wanted = list(dict.fromkeys((code, reading.title, geometry)))
    table = pcsv.read_csv(
        pa.BufferReader(document),
        read_options=pcsv.ReadOptions(block_size=max(len(document), 1 << 20)),
        parse_options=pcsv.ParseOptions(newlines_in_values=True),
        convert_options=pcsv.ConvertOptions(
            include_columns=wanted, column_types={one: pa.string() for one in wanted}, strings_can_be_null=True
        ),
    )
    return _of_columns(Form.CSV, table, (code, reading.title, geometry), None)


def _of_parquet(document: bytes, reading: Reading) -> Given:
    file = pq.ParquetFile(pa.BufferReader(document))
    told = (file.schema_arrow.metadata or {}).get(b"geo")
    form, geometry, stated = Form.PARQUET, reading.geometry or "geometry", None
    if told is not None:
        form, (geometry, stated) = Form.GEOPARQUET, _told_by(json.loads(told), reading.geometry)
    code = reading.code or "feature"
    if file.metadata.num_rows > FEATURES_MOST:
        raise refused(text("a layer has 1 to {most} features", most=FEATURES_MOST))
    pieces, size = [], 0
    for piece in file.iter_batches(ROWS_A_PIECE, columns=list(dict.fromkeys((code, reading.title, geometry)))):
        size += piece.nbytes
        if size > UNPACKED_MOST:
            raise refused(text("a layer's file has at most {most} bytes", most=UNPACKED_MOST))
        pieces.append(piece)
    table = pa.Table.from_batches(pieces) if pieces else file.schema_arrow.empty_table()
    return _of_columns(form, table, (code, reading.title, geometry), stated)


def _told_by(geo: Mapping[str, Any], wanted: str) -> tuple[str, Crs]:
    """Return the column and the system that a GeoParquet file names."""
    name = wanted or str(geo["primary_column"])
    column = geo["columns"][name]
    if column["encoding"] != "WKB" or column.get("edges") not in EDGES:
        raise refused(text("of GeoParquet, columns of WKB with planar edges are read"))
    # Without the key, the specification says that it is WGS 84; a null says that nobody knows.
    return name, crs_of_document(column["crs"]) if "crs" in column else WGS84


def _of_columns(form: Form, table: pa.Table, columns: tuple[str, str, str], stated: Crs | None) -> Given:
    code, title, geometry = (table[one].to_pylist() for one in columns)
    spelled: list[bytes | str | None] = []
    systems: set[int] = set()
    for one in geometry:
        if not isinstance(one, bytes | str | None):
            raise TypeError(type(one))
        matched = _EWKT.fullmatch(one) if isinstance(one, str) else None
        if matched:
            systems.add(int(matched[1]))
        words = matched[2] if matched else one
        hexadecimal = isinstance(words, str) and _HEX.fullmatch(words.strip())
        spelled.append(bytes.fromhex(words.strip()) if isinstance(words, str) and hexadecimal else words)
    systems |= set(shapely.get_srid(of_wkb([one for one in spelled if isinstance(one, bytes)])).tolist())
    for system in sorted(systems - {0, -1}):
        stated = settled(stated, crs_of(f"EPSG:{system}"))
    return Given(
        form=form,
        codes=["" if one is None else str(one) for one in code],
        names=["" if one is None else str(one) for one in title],
        spelled=spelled,
        stated=stated,
    )


def _judged(given: Given, crs: Crs, *, repair: bool) -> Judged:
    faults: dict[Fault, npt.NDArray[np.bool_]] = {}
    shapes, faults[Fault.OPEN] = _read(given)
    faults[Fault.EMPTY] = np.array([one is None for one in given.spelled]) | (
        ~shapely.is_missing(shapes) & shapely.is_empty(shapes)
    )
    faults[Fault.UNREADABLE] = shapely.is_missing(shapes) & ~faults[Fault.EMPTY]
    lost = faults[Fault.EMPTY] | faults[Fault.UNREADABLE]
    shapes = without(shapely.force_2d(shapes), lost)
    placed = shapes_in_degrees(crs, shapes)
    abroad = ~lost & ~in_country(shapely.bounds(placed))
    turned = shapes_in_degrees(crs, shapely.transform(without(shapes, ~abroad), lambda corners: corners[:, ::-1]))
    faults[Fault.SWAPPED] = abroad & in_country(shapely.bounds(turned))
    faults[Fault.OUTSIDE] = abroad & ~faults[Fault.SWAPPED]
    placed = np.where(faults[Fault.SWAPPED], turned, placed)
    sure = without(placed, faults[Fault.OUTSIDE])  # what is infinite is asked for nothing
    faults[Fault.CROSSED] = ~shapely.is_missing(sure) & ~shapely.is_valid(sure)
    mended = np.where(faults[Fault.CROSSED], shapely.make_valid(sure, method="structure", keep_collapsed=False), sure)
    beyond = lost | faults[Fault.OUTSIDE] | (shapely.is_missing(mended) | shapely.is_empty(mended))
    repairable = np.logical_or.reduce([faults[one] for one in sorted(REPAIRED)])
    repaired = repairable & ~beyond if repair else np.zeros(len(shapes), np.bool_)
    sound = ~beyond & (~repairable | repaired)
    if not sound.any():
        raise refused(
            text(
                "no feature of the file is sound: {reasons}",
                reasons=", ".join(f"{one.value} {n}" for one, n in _counts(faults)),
            )
        )
    order = np.array(sorted(np.flatnonzero(sound), key=lambda row: given.codes[row]))
    kept = mended[order]
    table = pa.table(
        {
            "feature": [given.codes[row] for row in order],
            "name": [given.names[row] for row in order],
            "crs": [crs.degrees.value] * len(order),
            "geometry": list(shapely.to_wkb(kept)),
        },
        schema=COLUMNS,
    )
    west, south, east, north = (round(float(one), 6) for one in shapely.total_bounds(kept))
    return Judged(
        form=given.form,
        crs=crs,
        table=table,
        found=_found(given, faults, placed, repaired),
        withheld=int((~sound).sum()),
        repaired=int(repaired.sum()),
        kinds=tuple(sorted({str(one.geom_type) for one in kept})),
        bounds=(west, south, east, north),
    )


def without(shapes: Shapes, rows: npt.NDArray[np.bool_]) -> Shapes:
    """Return shapes with none in these rows.

    >>> without(np.array([shapely.Point(1, 1), shapely.Point(2, 2)]), np.array([True, False])).tolist()
    [None, <POINT (2 2)>]
    """
    kept = np.array(shapes, object)
    kept[rows] = None
    return kept


def _counts(faults: Mapping[Fault, npt.NDArray[np.bool_]]) -> list[tuple[Fault, int]]:
    return [(fault, int(rows.sum())) for fault, rows in faults.items() if rows.any()]


def _found(
    given: Given, faults: Mapping[Fault, npt.NDArray[np.bool_]], placed: Shapes, repaired: npt.NDArray[np.bool_]
) -> pa.Table:
    """Return a line for each fault of each feature, in the order of the file."""
    lines = sorted((int(row), fault) for fault, rows in faults.items() for row in np.flatnonzero(rows))
    spelled = [given.spelled[row] for row, _ in lines]
    return pa.table(
        {
            "feature": [given.codes[row] for row, _ in lines],
            "place": [row + 1 for row, _ in lines],
            "reason": [fault.value for _, fault in lines],
            "told": [shapely.is_valid_reason(placed[row]) if fault is Fault.CROSSED else "" for row, fault in lines],
            "repaired": [bool(repaired[row]) for row, _ in lines],
            "given": [one.encode() if isinstance(one, str) else one for one in spelled],
        },
        schema=FOUND,
    )


def _read(given: Given) -> tuple[Shapes, npt.NDArray[np.bool_]]:
    """Return the geometries as they can be read, those with open rings closed, and which these are."""
    shapes = np.full(len(given.spelled), None, object)
    open_ones = np.zeros(len(given.spelled), np.bool_)
    of_words = of_geojson if given.form is Form.GEOJSON else of_wkt
    for kind, read in ((str, of_words), (bytes, of_wkb)):
        places = np.array([row for row, one in enumerate(given.spelled) if isinstance(one, kind)], np.int64)
        shapes[places] = _read_at(given, places, read, fix=False)
        missed = places[shapely.is_missing(shapes[places])]
        shapes[missed] = _read_at(given, missed, read, fix=True)
        open_ones[missed] = ~shapely.is_missing(shapes[missed])
    return shapes, open_ones


def _read_at(given: Given, places: npt.NDArray[np.int64], read: Callable[..., Shapes], *, fix: bool) -> Shapes:
    return read([given.spelled[row] for row in places.tolist()], fix=fix)
