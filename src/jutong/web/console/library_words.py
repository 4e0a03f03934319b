"""Words of the base library's values."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any

from jutong.kernel.text import Text, text
from jutong.library import Verdict
from jutong.library.kind import Nature
from jutong.library.space import Fault, Form
from jutong.library.subject import Unkeyed
from jutong.terms.address import Reading

SUBJECTS: Mapping[type[Enum], Mapping[Any, Text]] = {
    Reading: {
        Reading.WHOLE: text("the whole address"),
        Reading.PART: text("a part of it"),
        Reading.NONE: text("nothing of it"),
    },
    Verdict: {
        Verdict.SAME: text("one and the same"),
        Verdict.APART: text("not the same"),
    },
    Nature: {
        Nature.IDENTIFYING: text("identifying field"),
        Nature.CHANGING: text("changing field"),
    },
    Form: {
        Form.GEOJSON: text("GeoJSON"),
        Form.CSV: text("CSV with a column of geometries"),
        Form.PARQUET: text("Parquet with a column of geometries"),
        Form.GEOPARQUET: text("GeoParquet"),
    },
    Fault: {
        Fault.EMPTY: text("it has no geometry"),
        Fault.UNREADABLE: text("its geometry cannot be read"),
        Fault.OPEN: text("a ring is not closed"),
        Fault.CROSSED: text("its outline crosses itself"),
        Fault.SWAPPED: text("longitude and latitude are swapped"),
        Fault.OUTSIDE: text("it lies outside the country"),
    },
    Unkeyed: {
        Unkeyed.EMPTY: text("the key is empty"),
        Unkeyed.OLD_NUMBER: text("an old registration number"),
        Unkeyed.CENTURY: text("a number of somebody born before 1900"),
        Unkeyed.INVALID: text("not a valid key"),
    },
}
