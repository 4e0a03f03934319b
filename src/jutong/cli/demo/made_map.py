"""A made map of the city's 38 districts and counties: their codes and names are real, their borders are not."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from jutong import registers
from jutong.kernel.text import Text, text

from .caller import Caller

ORIGIN = "示例图形：按随机种子生成，非测绘成果，不得对外公开使用"
YEAR = 2023
SEED = 20_260_101
WIDER, CORNER = 0.28, 0.04  # degrees: how far the outline stands from the outer seats; how long an edge is at most
# About where each seat of government is, to a tenth of a degree or so.
SEATS: Mapping[str, tuple[float, float]] = {
    "500101": (108.4, 30.8),
    "500102": (107.4, 29.7),
    "500103": (106.57, 29.55),
    "500104": (106.47, 29.46),
    "500105": (106.58, 29.62),
    "500106": (106.43, 29.58),
    "500107": (106.38, 29.45),
    "500108": (106.64, 29.52),
    "500109": (106.4, 29.8),
    "500110": (106.65, 29.0),
    "500111": (105.7, 29.7),
    "500112": (106.7, 29.8),
    "500113": (106.7, 29.35),
    "500114": (108.8, 29.5),
    "500115": (107.1, 29.9),
    "500116": (106.25, 29.1),
    "500117": (106.3, 30.1),
    "500118": (105.9, 29.3),
    "500119": (107.1, 29.1),
    "500120": (106.2, 29.6),
    "500151": (106.0, 29.85),
    "500152": (105.8, 30.2),
    "500153": (105.6, 29.4),
    "500154": (108.4, 31.2),
    "500155": (107.8, 30.7),
    "500156": (107.7, 29.4),
    "500229": (108.7, 31.9),
    "500230": (107.8, 29.9),
    "500231": (107.4, 30.3),
    "500233": (108.0, 30.3),
    "500235": (108.8, 31.0),
    "500236": (109.4, 31.0),
    "500237": (109.9, 31.1),
    "500238": (109.4, 31.5),
    "500240": (108.3, 30.0),
    "500241": (109.0, 28.5),
    "500242": (108.8, 28.9),
    "500243": (108.2, 29.3),
}


def made_districts(*, seed: int = SEED) -> bytes:
    """Return a GeoJSON collection of 38 districts that cover a made outline without gap or overlap."""
    names = registers.divisions()
    seats = shapely.multipoints(list(SEATS.values()))
    outline = shapely.concave_hull(seats, ratio=0.4).buffer(WIDER)
    cells = shapely.voronoi_polygons(seats, extend_to=outline, ordered=True)
    parts = shapely.intersection(np.asarray(shapely.get_parts(cells)), outline)
    bent = shapely.transform(shapely.segmentize(parts, CORNER), _bending(seed))
    features = [
        {
            "type": "Feature",
            "id": code,
            "properties": {"name": names.name_of(code, YEAR)},
            "geometry": json.loads(shapely.to_geojson(shape)),
        }
        for code, shape in zip(SEATS, bent, strict=True)
    ]
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::4490"}}
    collection = {"type": "FeatureCollection", "description": ORIGIN, "crs": crs, "features": features}
    return json.dumps(collection, ensure_ascii=False).encode()


def lay_the_map(city: Caller, audit: Caller, folder: Path) -> Text:
    """Load the 38 districts, find the one in which the city's government sits, and say so."""
    file = folder / "made-districts.geojson"
    file.write_bytes(made_districts())
    layer = city.send("/api/library/layers/districts", file, origin=ORIGIN, year=str(YEAR))
    found = city.post("/api/library/layers/districts/point", {"lon": 106.55, "lat": 29.56})
    return text(
        "{count} districts as a layer (made borders, not surveyed); the city's government sits in {district};"
        " city ledger {place}",
        count=layer["features"],
        district=found["name"],
        place=audit.line("library.layer_loaded", "districts"),
    )


def _bending(seed: int) -> Any:
    """Return a bend that moves one spot one way, whichever district it belongs to, so that neighbours still fit."""
    chance = random.Random(seed)  # noqa: S311 (a drawing)
    waves = [(chance.uniform(3, 14), chance.uniform(3, 14), chance.uniform(0, 2 * math.pi)) for _ in range(8)]

    def bend(corners: Any) -> Any:
        x, y = corners[:, 0], corners[:, 1]
        shift = [sum(np.sin(a * x + b * y + c) / (a + b) for a, b, c in half) for half in (waves[:4], waves[4:])]
        return np.round(np.column_stack((x + 0.3 * shift[0], y + 0.3 * shift[1])), 6)

    return bend
