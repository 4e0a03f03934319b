"""Geometries as they are spelled, in WKB, WKT or GeoJSON, read without trust: what is no plain geometry is none."""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

Shapes = npt.NDArray[Any]
NESTED_MOST = 8  # collections in collections; the reader of GEOS goes down as deep as it is led, and falls
PLAIN_TYPES = (0, 1, 3, 4, 5, 6, 7)  # points, lines, surfaces, and collections of them; no curves
_POINT, _LINE, _POLYGON = 1, 2, 3
_COLLECTIONS = (4, 5, 6, 7)
_NAMES = re.compile("[A-Z]{4,}")
_PLAIN_NAMES = frozenset(
    ("POINT", "LINESTRING", "POLYGON", "MULTIPOINT", "MULTILINESTRING", "MULTIPOLYGON", "GEOMETRYCOLLECTION", "EMPTY")
)


def of_wkb(spelled: Sequence[bytes], *, fix: bool = False) -> Shapes:
    """Return what each WKB says, none for what cannot be read; ``fix`` closes open rings.

    >>> of_wkb([shapely.to_wkb(shapely.Point(1, 2)), b"no"]).tolist()
    [<POINT (1 2)>, None]
    """
    sound = np.array([one if is_shallow(one) else None for one in spelled], object)
    return _plain(shapely.from_wkb(sound, on_invalid="fix" if fix else "ignore"))


def of_wkt(spelled: Sequence[str | None], *, fix: bool = False) -> Shapes:
    """Return what each WKT says, none for what cannot be read; ``fix`` closes open rings.

    >>> of_wkt(["POINT (1 2)", "GEOMETRYCOLLECTION (" * 99 + "POINT (1 2)" + ")" * 99]).tolist()
    [<POINT (1 2)>, None]
    """
    sound = np.array([one if one is not None and _is_plain_wkt(one) else None for one in spelled], object)
    return _plain(shapely.from_wkt(sound, on_invalid="fix" if fix else "ignore"))


def of_geojson(spelled: Sequence[str], *, fix: bool = False) -> Shapes:
    """Return what each GeoJSON geometry says, none for what cannot be read; ``fix`` closes open rings.

    >>> of_geojson(['{"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1]]]}'], fix=True).tolist()
    [<POLYGON ((0 0, 1 0, 1 1, 0 0))>]
    """
    words = [_closed(one) for one in spelled] if fix else list(spelled)
    return _plain(shapely.from_geojson(np.array(words, object), on_invalid="ignore"))


def is_shallow(wkb: bytes) -> bool:
    r"""Say whether collections in a WKB stand at most eight deep; what breaks off is not.

    >>> is_shallow(shapely.to_wkb(shapely.Point(1, 2))), is_shallow((b"\x01\x07\0\0\0\x01\0\0\0") * 9)
    (True, False)
    """
    at, open_ones = 0, [1]
    try:
        while open_ones:
            if open_ones[-1] == 0:
                open_ones.pop()
                continue
            open_ones[-1] -= 1
            order = "<" if wkb[at] == 1 else ">"
            (kind,) = struct.unpack_from(f"{order}I", wkb, at + 1)
            at += 5 + (4 if kind & 0x20000000 else 0)
            plain, over = (kind & 0xFFFFFFF) % 1000, (kind & 0xFFFFFFF) // 1000
            size = 8 * (2 + bool(kind & 0x80000000 or over in (1, 3)) + bool(kind & 0x40000000 or over in (2, 3)))
            if plain == _POINT:
                at += size
                continue
            (count,) = struct.unpack_from(f"{order}I", wkb, at)
            at += 4
            if plain == _LINE:
                at += count * size
            elif plain == _POLYGON:
                for _ in range(count):
                    at += 4 + struct.unpack_from(f"{order}I", wkb, at)[0] * size
            elif plain in _COLLECTIONS and len(open_ones) <= NESTED_MOST:
                open_ones.append(count)
            else:
                return False
    except (struct.error, IndexError):
        return False
    return at <= len(wkb)


def _plain(shapes: Any) -> Shapes:
    found = np.array(shapes, object)
    found[~np.isin(shapely.get_type_id(found), PLAIN_TYPES)] = None
    return found


def _is_plain_wkt(words: str) -> bool:
    return set(_NAMES.findall(words.upper())) <= _PLAIN_NAMES and _depth(words) <= NESTED_MOST


def _depth(words: str) -> int:
    """Return how deep brackets stand in brackets.

    >>> _depth("MULTIPOLYGON (((0 0, 1 0, 1 1, 0 0)))")
    3
    """
    letters = np.frombuffer(words.encode(), np.uint8)
    opened = np.where(letters == ord("("), 1, np.where(letters == ord(")"), -1, 0))
    return int(opened.cumsum().max(initial=0))


def _closed(geometry: str) -> str:
    try:
        read = json.loads(geometry)
        parts = [read["coordinates"]] if read["type"] == "Polygon" else read["coordinates"]
        for ring in (ring for part in parts for ring in part if read["type"] in ("Polygon", "MultiPolygon")):
            if ring[0] != ring[-1]:
                ring.append(ring[0])
        return json.dumps(read)
    except (ValueError, KeyError, TypeError, IndexError, AttributeError):
        return geometry
