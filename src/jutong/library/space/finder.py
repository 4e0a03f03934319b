"""Questions to a layer in memory: which feature holds a point, what is near it, what two layers have in common."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyproj
import shapely

from jutong.kernel.errors import Invalid
from jutong.kernel.text import text

from .crs import COUNTRY
from .layer import Near, Place

PAIRS_AT_ONCE = 4096
METRES_MOST = 100_000.0
METRES_A_DEGREE = 110_500.0  # of latitude, the fewest
OVERLAPS = pa.schema(
    [
        ("feature", pa.string()),
        ("name", pa.string()),
        ("other", pa.string()),
        ("other_name", pa.string()),
        ("wholly", pa.bool_()),  # the feature lies in the other one as a whole
        ("square_metres", pa.float64()),
        ("metres", pa.float64()),  # of lines
        ("share", pa.float64()),  # of the feature, by area or by length; 1 for a point
    ]
)
_EARTH = pyproj.Geod(a=6_378_137.0, rf=298.257_222_101)  # CGCS2000's ellipsoid


@dataclass(frozen=True, slots=True)
class Finder:
    """A tree over the boxes of a layer's features, asked for many points or features at once.

    Memory: the features, at most 100,000 from a file of 64 MiB, and one batch of what is asked.
    """

    table: pa.Table
    shapes: npt.NDArray[Any]
    _tree: shapely.STRtree

    @classmethod
    def of(cls, table: pa.Table) -> Finder:
        """Return the finder of a layer's table."""
        shapes = np.asarray(shapely.from_wkb(table["geometry"].to_numpy(zero_copy_only=False)))
        shapely.prepare(shapes)
        return cls(table, shapes, shapely.STRtree(shapes))

    def holding(self, lon: npt.NDArray[np.float64], lat: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
        """Return for each point the row of the feature that holds it, -1 for none; on a border the lowest code."""
        known = np.isfinite(lon) & np.isfinite(lat)
        points = shapely.points(np.where(known, lon, 0.0), np.where(known, lat, 0.0))
        which, feature = self._tree.query(points)  # whose box holds it; the prepared shapes then say whether they do
        real = shapely.intersects_xy(self.shapes[feature], lon[which], lat[which])
        held = np.full(len(points), len(self.table), np.int64)
        np.minimum.at(held, which[real], feature[real])
        return np.where(known & (held < len(self.table)), held, -1)

    def place(self, lon: float, lat: float) -> Place | None:
        """Return the feature that holds one point; two numbers that were swapped are refused, not answered."""
        check_point(lon, lat)
        (row,) = self.holding(np.array([lon]), np.array([lat])).tolist()
        return None if row < 0 else Place(feature=self._word("feature", row), name=self._word("name", row))

    def near(self, lon: float, lat: float, *, metres: float, most: int = 100) -> tuple[Near, ...]:
        """Return the features within some metres of a point, the nearest first, at most ``most``.

        The nearest spot of a feature is looked for on the plane that touches the earth at the point, and its distance
        measured on the ellipsoid: within 100 km, metres are right to a few in a thousand.
        """
        check_point(lon, lat)
        if not 0 <= metres <= METRES_MOST:
            raise Invalid(text("a distance is 0 to {most} metres", most=int(METRES_MOST)))
        narrowing = np.cos(np.radians(lat))
        reach = metres / METRES_A_DEGREE * 1.01
        box = shapely.box(lon - reach / narrowing, lat - reach, lon + reach / narrowing, lat + reach)
        rows = np.sort(self._tree.query(box, predicate="intersects"))
        centre = np.array([lon, lat])
        scale = np.array([narrowing, 1.0])
        flat = shapely.transform(self.shapes[rows], lambda corners: (corners - centre) * scale)
        spots = shapely.get_coordinates(shapely.shortest_line(flat, shapely.points(0.0, 0.0)))[::2] / scale + centre
        away = np.asarray(_EARTH.inv(np.full(len(rows), lon), np.full(len(rows), lat), spots[:, 0], spots[:, 1])[2])
        found = [
            Near(
                feature=self._word("feature", int(row)), name=self._word("name", int(row)), metres=round(float(far), 1)
            )
            for row, far in zip(rows, away, strict=True)
            if far <= metres
        ]
        return tuple(sorted(found, key=lambda one: (one.metres, one.feature))[:most])

    def overlaps(self, other: Finder) -> Iterator[pa.RecordBatch]:
        """Stream what each feature has in common with each of another layer, measured on the ellipsoid.

        Two features that only touch have nothing in common. 4,096 pairs are held at a time.
        """
        for first in range(0, len(self.shapes), PAIRS_AT_ONCE):
            mine, theirs = other._tree.query(self.shapes[first : first + PAIRS_AT_ONCE], predicate="intersects")
            mine = mine + first
            order = np.lexsort((theirs, mine))
            for begin in range(0, len(order), PAIRS_AT_ONCE):
                pairs = order[begin : begin + PAIRS_AT_ONCE]
                yield self._measured(other, mine[pairs], theirs[pairs])

    def most_of(self, shapes: npt.NDArray[Any]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
        """Return for each shape the row of the feature that holds most of it (-1 for none), and which share."""
        which, rows = self._tree.query(shapes, predicate="intersects")
        share = np.zeros(len(which))
        for begin in range(0, len(which), PAIRS_AT_ONCE):
            pair = slice(begin, begin + PAIRS_AT_ONCE)
            whole = shapes[which[pair]]
            share[pair] = _share(whole, shapely.intersection(whole, self.shapes[rows[pair]]))
        # Of each shape the largest share first; among equals, as on a border, the lowest code.
        order = np.lexsort((rows, -share, which))
        asked, first = np.unique(which[order], return_index=True)
        held, shares = np.full(len(shapes), -1, np.int64), np.zeros(len(shapes))
        held[asked], shares[asked] = rows[order][first], share[order][first]
        return held, shares

    def page(self, *, after: str, descending: bool, limit: int) -> tuple[Place, ...]:
        """Return some features in the order of their codes, those behind ``after``."""
        codes = self.table["feature"].to_numpy(zero_copy_only=False).astype(str)
        if descending:
            last = int(np.searchsorted(codes, after)) if after else len(codes)
            rows = list(range(last - 1, max(last - 1 - limit, -1), -1))
        else:
            first = int(np.searchsorted(codes, after, side="right")) if after else 0
            rows = list(range(first, min(first + limit, len(codes))))
        return tuple(Place(feature=self._word("feature", row), name=self._word("name", row)) for row in rows)

    def _measured(self, other: Finder, mine: npt.NDArray[np.int64], theirs: npt.NDArray[np.int64]) -> pa.RecordBatch:
        common = shapely.intersection(self.shapes[mine], other.shapes[theirs])
        # Neighbours share a border: that is less than they are.
        real = shapely.get_dimensions(common) == np.minimum(
            shapely.get_dimensions(self.shapes[mine]), shapely.get_dimensions(other.shapes[theirs])
        )
        mine, theirs, common = mine[real], theirs[real], common[real]
        areas, lengths = measured(common)
        columns = [
            self.table["feature"].take(mine),
            self.table["name"].take(mine),
            other.table["feature"].take(theirs),
            other.table["name"].take(theirs),
            pa.array(shapely.covered_by(self.shapes[mine], other.shapes[theirs])),
            pa.array(areas),
            pa.array(lengths),
            pa.array(np.round(_share(self.shapes[mine], common), 6)),
        ]
        flat = [one.combine_chunks() if isinstance(one, pa.ChunkedArray) else one for one in columns]
        return pa.RecordBatch.from_arrays(flat, schema=OVERLAPS)

    def _word(self, column: str, row: int) -> str:
        return str(self.table[column][row].as_py())


def check_point(lon: float, lat: float) -> None:
    """Refuse two numbers of which the first is the latitude: they would lie in no feature, and nobody would know why.

    >>> check_point(29.56, 106.55)
    Traceback (most recent call last):
    jutong.kernel.errors.Invalid: these two numbers are latitude and longitude, in this order
    """
    west, south, east, north = COUNTRY
    if not (np.isfinite(lon) and np.isfinite(lat)):
        raise Invalid(text("a point is two numbers"))
    if not (west <= lon <= east and south <= lat <= north) and (west <= lat <= east and south <= lon <= north):
        raise Invalid(
            text("these two numbers are latitude and longitude, in this order"),
            remedy=text("give the longitude first (degrees east), then the latitude (degrees north)"),
        )


def measured(shapes: npt.NDArray[Any]) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return the areas of shapes in square metres, and the lengths of what is a line in metres, on the ellipsoid.

    >>> areas, lengths = measured(np.array([shapely.box(106, 29, 107, 30), shapely.LineString([(106, 29), (107, 29)])]))
    >>> [round(float(one) / 1e6) for one in areas], [round(float(one) / 1e3, 1) for one in lengths]
    ([10748, 0], [0.0, 97.4])
    """
    turned = shapely.orient_polygons(shapes)
    areas = np.array([abs(_EARTH.geometry_area_perimeter(one)[0]) if one.area else 0.0 for one in turned])
    lines = np.array([0.0 if one.area else _EARTH.geometry_length(one) for one in turned])
    return np.round(areas, 1), np.round(lines, 1)


def _share(whole: npt.NDArray[Any], part: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """Return which share of each shape a part of it is, by area, else by length, else 1 where there is any."""
    area, length = shapely.area(whole), shapely.length(whole)
    by_area = np.divide(shapely.area(part), area, out=np.zeros(len(part)), where=area > 0)
    by_length = np.divide(shapely.length(part), length, out=np.zeros(len(part)), where=length > 0)
    share = np.where(area > 0, by_area, np.where(length > 0, by_length, 1.0))
    return np.clip(np.where(shapely.is_empty(part), 0.0, share), 0.0, 1.0)
