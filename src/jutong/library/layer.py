"""A layer of space: features in a stated reference system, and which of them holds a point."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import shapely
from shapely.errors import ShapelyError

from jutong.kernel.errors import Invalid
from jutong.kernel.text import Text, text

from .subject import FEATURE_FORM, LAYER_FORM

FEATURES_MOST, BYTES_MOST = 100_000, 64 << 20  # of a layer's file, which is read whole
COLUMNS = pa.schema(
    [("feature", pa.string()), ("name", pa.string()), ("crs", pa.string()), ("geometry", pa.binary())]  # WKB
)


class Crs(StrEnum):
    """The reference systems in which degrees may stand; one of the two of surveys is taken for the other (< 1 m)."""

    WGS84 = "EPSG:4326"
    CGCS2000 = "EPSG:4490"


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """A layer as it was loaded: how many features, how many of them were put right, from which version on."""

    name: str
    crs: Crs
    features: int
    mended: int  # whose outline crossed itself
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The feature that holds a point."""

    feature: str
    name: str


def crs_of(spelled: str) -> Crs:
    """Return a declared reference system, or refuse it.

    >>> crs_of("cgcs2000").value
    'EPSG:4490'
    """
    names = {"EPSG:4326": Crs.WGS84, "WGS84": Crs.WGS84, "EPSG:4490": Crs.CGCS2000, "CGCS2000": Crs.CGCS2000}
    word = spelled.strip().upper().replace("-", "").replace("_", "")
    if word in ("GCJ02", "BD09"):
        raise Invalid(
            text("{crs} is shifted on purpose by up to 700 m, and no exact way back is published", crs=word),
            basis=text("GB 20263; Surveying and Mapping Law, art. 9: CGCS2000"),
            remedy=text("have the source deliver CGCS2000 or WGS 84"),
        )
    if word not in names:
        raise Invalid(
            text("a layer says in which reference system it stands"),
            remedy=text("declare EPSG:4490 (CGCS2000) or EPSG:4326 (WGS 84); project other systems before"),
        )
    return names[word]


def check_layer_name(name: str) -> None:
    """Refuse a name that no layer may have."""
    if not re.fullmatch(LAYER_FORM, name):
        raise Invalid(text("a layer's name is 1 to 40 of a-z, 0-9, _ and -, and begins with a letter or digit"))


def features_of(document: bytes, crs: Crs, *, code: str = "", title: str = "name") -> tuple[pa.Table, int]:
    """Return the features of a GeoJSON collection in the order of their codes, and how many outlines were mended.

    ``code`` is the property that holds the feature's code (empty: the feature's ``id``), ``title`` that of its name.
    """
    if len(document) > BYTES_MOST:
        raise _refused(text("a layer's file has at most {most} bytes", most=BYTES_MOST))
    try:
        read = json.loads(document)
        features = read["features"]
        shapes = shapely.from_geojson([json.dumps(one["geometry"]) for one in features])
        told = [(_word(one, code), str(one["properties"].get(title) or "")) for one in features]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, ShapelyError) as error:
        raise _refused(text("the file cannot be read as a GeoJSON collection of features")) from error
    if not 0 < len(told) <= FEATURES_MOST:
        raise _refused(text("a layer has 1 to {most} features", most=FEATURES_MOST))
    codes = [one for one, _ in told]
    if len(set(codes)) < len(codes) or not all(re.fullmatch(FEATURE_FORM, one) for one in codes):
        raise _refused(text("each feature of a layer has a code of its own, of letters, digits, point, - and _"))
    bounds = shapely.total_bounds(shapes)
    if not (np.isfinite(bounds).all() and bounds[0] >= -180 and bounds[2] <= 180 and abs(bounds[[1, 3]]).max() <= 90):
        raise _refused(text("the features do not stand in degrees of longitude and latitude"))
    broken = ~shapely.is_valid(shapes)
    shapes = np.where(broken, shapely.make_valid(shapes), shapes)
    order = np.argsort(np.array(codes))
    table = pa.table(
        {
            "feature": [codes[n] for n in order],
            "name": [told[n][1] for n in order],
            "crs": [crs.value] * len(order),
            "geometry": list(shapely.to_wkb(shapes[order])),
        },
        schema=COLUMNS,
    )
    return table, int(broken.sum())


@dataclass(frozen=True, slots=True)
class Finder:
    """Which feature of a layer holds a point: a tree over the features' boxes, asked for many points at once."""

    table: pa.Table
    _tree: shapely.STRtree

    @classmethod
    def of(cls, table: pa.Table) -> Finder:
        """Return the finder of a layer's table."""
        return cls(table, shapely.STRtree(shapely.from_wkb(table["geometry"].to_numpy(zero_copy_only=False))))

    def holding(self, lon: npt.NDArray[np.float64], lat: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
        """Return for each point the row of the feature that holds it, -1 for none; on a border the lowest code."""
        known = np.isfinite(lon) & np.isfinite(lat)
        points = shapely.points(np.where(known, lon, 0.0), np.where(known, lat, 0.0))
        which, feature = self._tree.query(points, predicate="intersects")
        held = np.full(len(points), len(self.table), np.int64)
        np.minimum.at(held, which, feature)
        return np.where(known & (held < len(self.table)), held, -1)

    def place(self, lon: float, lat: float) -> Place | None:
        """Return the feature that holds one point."""
        (row,) = self.holding(np.array([lon]), np.array([lat])).tolist()
        if row < 0:
            return None
        return Place(feature=self.table["feature"][row].as_py(), name=self.table["name"][row].as_py())


def _word(feature: Mapping[str, Any], code: str) -> str:
    return str(feature["properties"][code] if code else feature["id"])


def _refused(why: Text) -> Invalid:
    return Invalid(why, basis=text("RFC 7946"), remedy=text("mend the file and load it again"))
