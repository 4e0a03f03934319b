"""Layers in the lake: loading one from a file, finding the feature of a point, counting a file's points by feature."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pcsv

from jutong.kernel.errors import Invalid, NotFound
from jutong.kernel.text import text
from jutong.pools import Pools
from jutong.pools.layout import library_table

from .layer import BYTES_MOST, Crs, Finder, Layer, check_layer_name, features_of

BLOCK_BYTES = 4 << 20  # of a file of points, that are held at once
OUTSIDE = ""  # the feature of points that no feature holds


def layer_table(name: str) -> str:
    """Return the table of a layer."""
    check_layer_name(name)
    return library_table(f"layer-{name}")


def load(pools: Pools, name: str, path: Path, crs: Crs, *, code: str, title: str) -> Layer:
    """Put a GeoJSON file's features in place of what the layer held; the same file again changes nothing."""
    table = layer_table(name)
    with path.open("rb") as stream:
        document = stream.read(BYTES_MOST + 1)
    rows, mended = features_of(document, crs, code=code, title=title)
    mark = f"library.layer/{name}/{crs.value}/{hashlib.sha256(document + code.encode() + title.encode()).hexdigest()}"
    landed = pools.lake.replace(table, rows, mark=mark)
    return Layer(name=name, crs=crs, features=len(rows), mended=mended, version=landed.version)


def finder_of(pools: Pools, name: str) -> Finder:
    """Return the finder of a layer, or refuse; memory goes with the layer's features, never with points."""
    table = layer_table(name)
    if not pools.lake.exists(table):
        raise NotFound("layer", name)
    return Finder.of(pools.lake.read(table).read_all().sort_by("feature"))


def count(pools: Pools, name: str, path: Path, *, lon: str, lat: str) -> list[dict[str, object]]:
    """Return feature -> how many of a CSV file's points it holds; those of no feature stand last, without a code.

    Points stream: one block of the file is held at a time. What is no number is a point of no feature.
    """
    finder = finder_of(pools, name)
    counted = np.zeros(len(finder.table) + 1, np.int64)
    options = pcsv.ConvertOptions(include_columns=[lon, lat], column_types={lon: pa.string(), lat: pa.string()})
    try:
        reader = pcsv.open_csv(path, read_options=pcsv.ReadOptions(block_size=BLOCK_BYTES), convert_options=options)
        for batch in reader:
            held = finder.holding(*(_degrees(batch.column(at)) for at in (0, 1)))
            counted += np.bincount(np.where(held < 0, len(finder.table), held), minlength=len(counted))
    except (pa.ArrowInvalid, pa.ArrowKeyError) as error:
        raise Invalid(
            text("the file cannot be read as CSV with these two columns"),
            remedy=text("name the columns of longitude and latitude, and save the file as UTF-8"),
        ) from error
    codes, names = finder.table["feature"].to_pylist(), finder.table["name"].to_pylist()
    rows = zip([*codes, OUTSIDE], [*names, ""], counted.tolist(), strict=True)
    return [{"feature": feature, "name": said, "points": points} for feature, said, points in rows]


def _degrees(words: pa.Array) -> npt.NDArray[np.float64]:
    plain = pc.utf8_trim_whitespace(words)
    number = pc.match_substring_regex(plain, r"^[-+]?[0-9]{1,3}([.][0-9]{1,18})?$")
    degrees: pa.Array = pc.cast(pc.if_else(number, plain, None), pa.float64())
    return np.asarray(degrees.to_numpy(zero_copy_only=False), np.float64)
