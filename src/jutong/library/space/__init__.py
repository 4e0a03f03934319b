"""Layers of space: districts, zones, lines and points in a stated reference system, and what lies where.

Nouns: Crs, Layer, Reading, Place, Near, Stand, Finder, Drawing.
"""

from .acts import (
    compare_layers,
    count_points,
    count_rows,
    export_layer,
    load_layer,
    locate,
    look_at_findings,
    look_at_layer,
    look_at_stands,
    look_near,
    place_objects,
)
from .crs import CGCS2000, WGS84, Crs, crs_of
from .drawing import Drawing, drawing_of
from .export import ENDINGS, MEDIA, form_of
from .finder import METRES_MOST, Finder
from .layer import BYTES_MOST, Fault, Form, Layer, Near, Place, Reading, Stand
from .store import find_layer, layers

__all__ = [
    "BYTES_MOST",
    "CGCS2000",
    "ENDINGS",
    "MEDIA",
    "METRES_MOST",
    "WGS84",
    "Crs",
    "Drawing",
    "Fault",
    "Finder",
    "Form",
    "Layer",
    "Near",
    "Place",
    "Reading",
    "Stand",
    "compare_layers",
    "count_points",
    "count_rows",
    "crs_of",
    "drawing_of",
    "export_layer",
    "find_layer",
    "form_of",
    "layers",
    "load_layer",
    "locate",
    "look_at_findings",
    "look_at_layer",
    "look_at_stands",
    "look_near",
    "place_objects",
]
