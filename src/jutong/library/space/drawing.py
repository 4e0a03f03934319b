"""A layer as lines to be drawn: simplified, without gaps between neighbours, in a plain frame."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import shapely

WIDTH = 720.0  # of the drawing; its height follows
TALLEST = 900.0
FEATURES_DRAWN = 3_000
FINEST = 1.2  # what is smaller than so many units is not seen


@dataclass(frozen=True, slots=True)
class Shape:
    """One feature as it is drawn: an SVG path, filled or not."""

    feature: str
    name: str
    path: str
    dimensions: int  # 0 for points, 1 for lines, 2 for surfaces


@dataclass(frozen=True, slots=True)
class Drawing:
    """The shapes in their frame, and how many features there are in all."""

    width: float
    height: float
    shapes: tuple[Shape, ...]
    features: int
    west: float
    north: float
    per_lon: float
    per_lat: float

    def spot(self, lon: float, lat: float) -> tuple[float, float]:
        """Return where a point stands in the frame."""
        return round((lon - self.west) * self.per_lon, 1), round((self.north - lat) * self.per_lat, 1)


def drawing_of(table: pa.Table) -> Drawing:
    """Return the drawing of a layer; of more than 3,000 features, the first ones."""
    shapes = np.asarray(shapely.from_wkb(table["geometry"].to_numpy(zero_copy_only=False)))
    west, south, east, north = (float(one) for one in shapely.total_bounds(shapes))
    narrowing = float(np.cos(np.radians((south + north) / 2)))
    wide, high = max((east - west) * narrowing, 1e-6), max(north - south, 1e-6)
    unit = min(WIDTH / wide, TALLEST / high)
    per_lon, per_lat = unit * narrowing, unit
    drawn = shapely.transform(
        shapes[:FEATURES_DRAWN], lambda at: (at - np.array([west, north])) * np.array([per_lon, -per_lat])
    )
    surfaces = bool((shapely.get_dimensions(drawn) == 2).all())
    # Neighbours keep one border between them, where the layer covers its ground.
    drawn = shapely.coverage_simplify(drawn, FINEST) if surfaces else shapely.simplify(drawn, FINEST)
    codes, names = table["feature"].to_pylist(), table["name"].to_pylist()
    return Drawing(
        width=round(max(wide * unit, 1.0), 1),
        height=round(max(high * unit, 1.0), 1),
        shapes=tuple(
            Shape(codes[row], names[row], " ".join(_path(one)), int(shapely.get_dimensions(one)))
            for row, one in enumerate(drawn)
        ),
        features=len(shapes),
        west=west,
        north=north,
        per_lon=per_lon,
        per_lat=per_lat,
    )


def _path(shape: Any) -> Iterator[str]:
    """Yield an SVG path: rings are closed, a point is a line without length.

    >>> list(_path(shapely.box(0, 0, 2, 1))), list(_path(shapely.Point(1, 2)))
    (['M2,0 2,1 0,1 0,0Z'], ['M1,2h0'])
    """
    for part in shapely.get_parts([shape]):
        if part.geom_type == "GeometryCollection":
            yield from _path(part)
        elif part.geom_type == "Polygon":
            for ring in (part.exterior, *part.interiors):
                yield f"M{_corners(shapely.get_coordinates(ring)[:-1])}Z"
        elif part.geom_type == "Point":
            yield f"M{_corners(shapely.get_coordinates(part))}h0"
        elif not part.is_empty:
            yield f"M{_corners(shapely.get_coordinates(part))}"


def _corners(corners: npt.NDArray[np.float64]) -> str:
    return " ".join(f"{x:g},{y:g}" for x, y in np.round(corners, 1).tolist())
