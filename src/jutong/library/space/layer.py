"""A layer of space: what it is, in which reference system it came, and what is wrong with its features."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import pyarrow as pa

from jutong.kernel.errors import Invalid
from jutong.kernel.text import Text, text

from ..subject import FEATURE_FORM, LAYER_FORM
from .crs import Crs

FEATURES_MOST, BYTES_MOST = 100_000, 64 << 20  # of a layer's file, which is read whole
COLUMNS = pa.schema(
    [("feature", pa.string()), ("name", pa.string()), ("crs", pa.string()), ("geometry", pa.binary())]  # WKB
)
# What was wrong with a feature; ``given`` is its geometry as the file spelled it: WKB, or WKT or GeoJSON in UTF-8.
FOUND = pa.schema(
    [
        ("feature", pa.string()),
        ("place", pa.int64()),  # in the file, from 1 on
        ("reason", pa.string()),
        ("told", pa.string()),
        ("repaired", pa.bool_()),
        ("given", pa.binary()),
    ]
)


class Form(StrEnum):
    """What a layer's file is."""

    GEOJSON = "geojson"
    CSV = "csv"  # a column of WKT, EWKT, or WKB in hexadecimal
    PARQUET = "parquet"  # a column of WKB or WKT
    GEOPARQUET = "geoparquet"  # which says itself where its geometry is, and in which system


class Fault(StrEnum):
    """What can be wrong with a feature's geometry."""

    EMPTY = "empty"
    UNREADABLE = "unreadable"
    OPEN = "open-ring"
    CROSSED = "crossed"  # an outline that crosses or touches itself where it may not
    SWAPPED = "swapped"  # outside the country, and inside it once longitude and latitude change places
    OUTSIDE = "outside"


REPAIRED = frozenset({Fault.OPEN, Fault.CROSSED, Fault.SWAPPED})  # if the loader says so


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How a layer's file is read: the declared system, the columns, and whether faults are repaired."""

    crs: Crs | None = None
    code: str = ""  # the property or column of the features' codes; empty: the feature's id, or the column "feature"
    title: str = "name"
    geometry: str = ""  # empty: what a GeoParquet file names, or the column "geometry"
    repair: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """A layer as it was loaded, from which version of its table on."""

    name: str
    origin: str  # who made the shapes, when, by which right
    form: Form
    crs: Crs  # of the file
    kept: Crs  # of the lake, in degrees
    year: int  # in which its codes are those of divisions; 0: they are none
    features: int
    withheld: int  # which stand among the findings alone
    repaired: int  # of which the lake keeps both
    kinds: tuple[str, ...]
    bounds: tuple[float, float, float, float]  # west, south, east, north
    digest: str
    version: int
    findings: int  # the version of the table of findings
    loaded_by: str
    loaded_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The feature that holds a point."""

    feature: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Near:
    """A feature and how many metres a point is away from it, 0 within."""

    feature: str
    name: str
    metres: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Stand:
    """Where a spatial object stands in a layer: the feature that holds most of it, and which share of it."""

    layer: str
    feature: str
    name: str
    share: float
    division: str  # the division's full name in the layer's year; empty where the codes are those of no divisions
    year: int


def check_layer_name(name: str) -> None:
    """Refuse a name that no layer may have."""
    if not re.fullmatch(LAYER_FORM, name):
        raise Invalid(text("a layer's name is 1 to 40 of a-z, 0-9, _ and -, and begins with a letter or digit"))


def check_codes(codes: list[str]) -> None:
    """Refuse features without a code of their own, none, or too many of them."""
    if not 0 < len(codes) <= FEATURES_MOST:
        raise refused(text("a layer has 1 to {most} features", most=FEATURES_MOST))
    if len(set(codes)) < len(codes) or not all(re.fullmatch(FEATURE_FORM, one) for one in codes):
        raise refused(text("each feature of a layer has a code of its own, of letters, digits, point, - and _"))


def refused(why: Text) -> Invalid:
    """Return the refusal of a whole file."""
    return Invalid(
        why,
        basis=text("RFC 7946; GeoParquet 1.1; OGC Simple Features"),
        remedy=text("mend the file and load it again"),
    )
