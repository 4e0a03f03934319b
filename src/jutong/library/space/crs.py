"""The reference systems in which coordinates may stand: CGCS2000 and WGS 84 in degrees, CGCS2000's zones in metres."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pyproj
import pyproj.network
import shapely
from pyproj.exceptions import CRSError

from jutong.kernel.errors import Invalid
from jutong.kernel.text import text

# No grid is ever fetched: between the systems below, plain arithmetic is exact.
pyproj.network.set_network_enabled(active=False)  # type: ignore[attr-defined]

Numbers = npt.NDArray[np.float64]
ZONES = range(4491, 4555)  # CGCS2000 / Gauss-Krueger: zones of 6 degrees until 4512, of 3 degrees from 4513 on
COUNTRY = (73.0, 3.0, 136.0, 54.0)  # west, south, east, north, in degrees, with the seas
_SHIFTED = re.compile(r"GCJ0?2|BD0?9|MARS", re.IGNORECASE)
_EPSG = re.compile(
    r"(?:EPSG:|URN:OGC:DEF:CRS:EPSG:[0-9.]*:|HTTPS?://WWW[.]OPENGIS[.]NET/DEF/CRS/EPSG/[0-9.]+/)?([0-9]{4,6})"
)
_SPELLED = {"WGS84": 4326, "CGCS2000": 4490, "CRS84": 4326, "OGC:CRS84": 4326, "URN:OGC:DEF:CRS:OGC:1.3:CRS84": 4326}


@dataclass(frozen=True, slots=True, order=True)
class Crs:
    """A reference system by its number in the EPSG register; axes are always taken east first, then north."""

    epsg: int

    @property
    def value(self) -> str:
        """The system as it is spelled."""
        return f"EPSG:{self.epsg}"

    @property
    def in_degrees(self) -> bool:
        """Whether coordinates are longitude and latitude, not metres."""
        return self.epsg not in ZONES

    @property
    def degrees(self) -> Crs:
        """The system in degrees in which the lake keeps what stood in this one."""
        return self if self.in_degrees else CGCS2000

    @property
    def title(self) -> str:
        """The system's name in the EPSG register.

        >>> Crs(4524).title
        'CGCS2000 / 3-degree Gauss-Kruger zone 36'
        """
        return str(pyproj.CRS.from_epsg(self.epsg).name)

    @property
    def projjson(self) -> dict[str, Any]:
        """The system as GeoParquet's metadata spell it (PROJJSON)."""
        return dict(pyproj.CRS.from_epsg(self.epsg).to_json_dict())

    def point(self, x: float, y: float) -> tuple[float, float]:
        """Return the longitude and the latitude of one point in this system."""
        lon, lat = degrees_of(self, np.array([x]), np.array([y]))
        return float(lon[0]), float(lat[0])


CGCS2000, WGS84 = Crs(4490), Crs(4326)


def crs_of(spelled: str) -> Crs:
    """Return a declared reference system, or refuse it.

    >>> crs_of("cgcs2000").value, crs_of("urn:ogc:def:crs:EPSG::4524").in_degrees
    ('EPSG:4490', False)
    """
    word = spelled.strip().upper().replace("-", "").replace("_", "").replace(" ", "")
    if _SHIFTED.search(word):
        raise _shifted(word)
    numbered = _EPSG.fullmatch(word)
    number = _SPELLED.get(word) or (int(numbered[1]) if numbered else 0)
    if number in (CGCS2000.epsg, WGS84.epsg) or number in ZONES:
        return Crs(number)
    raise Invalid(
        text("a layer says in which reference system it stands"),
        basis=text("Surveying and Mapping Law, art. 9: CGCS2000"),
        remedy=text(
            "declare EPSG:4490 (CGCS2000), one of its zones (EPSG:4491 to 4554) or EPSG:4326 (WGS 84);"
            " project other systems before"
        ),
    )


def crs_of_document(stated: object) -> Crs:
    """Return the system that a GeoParquet file states as PROJJSON, or refuse it.

    >>> crs_of_document({"id": {"authority": "OGC", "code": "CRS84"}}).value
    'EPSG:4326'
    """
    if not isinstance(stated, Mapping):
        return crs_of(stated if isinstance(stated, str) else "")
    named = str(stated.get("name", ""))
    if _SHIFTED.search(re.sub("[-_ ]", "", named)):
        raise _shifted(named[:40])
    known = stated.get("id")
    if isinstance(known, Mapping):
        authority, code = str(known.get("authority", "")), str(known.get("code", ""))
        return crs_of(code if authority.upper() == "OGC" else f"{authority}:{code}")
    try:
        number = pyproj.CRS.from_json_dict(dict(stated)).to_epsg(min_confidence=90)
    except CRSError:
        number = None
    return crs_of(f"EPSG:{number}")


def settled(declared: Crs | None, stated: Crs | None) -> Crs:
    """Return the one system that a loader declares or a file states; two that differ are refused, none is guessed."""
    if declared and stated and declared != stated:
        raise Invalid(
            text("the file says {stated}, the loader {declared}", stated=stated.value, declared=declared.value),
            remedy=text("find out which is right, and have the other one corrected"),
        )
    return declared or stated or crs_of("")


def degrees_of(crs: Crs, x: Numbers, y: Numbers) -> tuple[Numbers, Numbers]:
    """Return longitudes and latitudes of coordinates in a system; what cannot be projected is infinite.

    >>> [one.round(6).tolist() for one in degrees_of(Crs(4545), np.array([500000.0]), np.array([3270000.0]))]
    [[108.0], [29.547911]]
    """
    if crs.in_degrees:
        return x, y
    lon, lat = _into_degrees(crs.epsg).transform(x, y)
    return np.asarray(lon, np.float64), np.asarray(lat, np.float64)


def shapes_in_degrees(crs: Crs, shapes: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return shapes with each corner brought into degrees; straight lines stay straight between corners."""
    if crs.in_degrees:
        return shapes

    def moved(corners: Numbers) -> Numbers:
        return np.column_stack(degrees_of(crs, corners[:, 0], corners[:, 1]))

    return np.asarray(shapely.transform(shapes, moved))


def in_country(bounds: Numbers) -> npt.NDArray[np.bool_]:
    """Say for each row of west, south, east and north whether it lies in the country's bounds."""
    west, south, east, north = COUNTRY
    within = (bounds[:, 0] >= west) & (bounds[:, 1] >= south) & (bounds[:, 2] <= east) & (bounds[:, 3] <= north)
    return np.asarray(within, np.bool_)


@lru_cache(maxsize=len(ZONES))
def _into_degrees(epsg: int) -> pyproj.Transformer:
    return pyproj.Transformer.from_crs(epsg, CGCS2000.epsg, always_xy=True)


def _shifted(word: str) -> Invalid:
    return Invalid(
        text("{crs} is shifted on purpose by up to 700 m, and no exact way back is published", crs=word),
        basis=text("GB 20263; Surveying and Mapping Law, art. 9: CGCS2000"),
        remedy=text("have the source deliver CGCS2000 or WGS 84"),
    )
