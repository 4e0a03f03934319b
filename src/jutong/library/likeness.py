"""How alike two records are that no key joins: what is compared of them, and how much each likeness weighs.

The weights are stated here and are the same everywhere: no training on the rows at hand, so that a match can be
explained and repeated. ``m`` is how often two records of one legal person are so alike, ``u`` how often two are.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from jutong.quality.reading import literal, one_of, quoted
from jutong.terms.division import Division

REF = "ref"  # what a record without a key is known by; a legal person's is its key
SURE, UNSURE = 4.0, -2.0  # match weights, in bits: from the first on it is one; below the second it is another
LEAD = 3.0  # bits by which the best candidate must be ahead of the next


class Band(StrEnum):
    """What follows from a match: a key inside another, likeness enough, or somebody must look."""

    KEY = "key"
    SURE = "sure"
    UNSURE = "unsure"


_WIDE = "（）【】［］｛｝，．－＃０１２３４５６７８９ＡＢＣＤＥＦＧＨＩＪＫＬＭＮＯＰＱＲＳＴＵＶＷＸＹＺ"
_PLAIN = "()[][]{},.-#0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_SILENT = " \t\r\n\u00a0\u3000·•・.,，。、;；:：\"“”'‘’-—_"
_FORMS = ("有限责任公司", "股份有限公司", "有限公司", "责任公司", "股份公司", "公司")
_CHARACTER = 3  # the engine counts edits in bytes; a Chinese character has three
_ORGANISATION = "substr({code}, 9, 9)"


@dataclass(frozen=True, slots=True)
class Level:
    """One degree of likeness of a comparison: the condition, and how often it holds of one and of two."""

    sql: str
    m: float
    u: float


def _pair(column: str) -> tuple[str, str]:
    return quoted(f"{column}_l"), quoted(f"{column}_r")


def _comparisons() -> Mapping[str, tuple[Level, ...]]:
    (name_l, name_r), (core_l, core_r), (place_l, place_r) = _pair("name"), _pair("core"), _pair("place")
    (code_l, code_r), (city_l, city_r) = _pair("code"), _pair("city")
    shorter = f"least(length({place_l}), length({place_r}))"
    digits = "regexp_replace({}, '[^0-9]', '', 'g')"
    same_digits = f"{digits.format(place_l)} = {digits.format(place_r)}"
    begins = f"(starts_with({place_l}, {place_r}) OR starts_with({place_r}, {place_l}))"
    ends = "(ends_with({0}, {1}) OR ends_with({1}, {0}))"
    least = f"least(length({core_l}), length({core_r}))"
    return {
        "name": (
            Level(f"{name_l} = {name_r}", 0.62, 1.2e-4),
            Level(f"{core_l} = {core_r}", 0.22, 1.2e-4),
            Level(f"{least} > 7 AND levenshtein({core_l}, {core_r}) <= {_CHARACTER}", 0.05, 1e-5),
            Level(f"{least} > 3 AND {ends.format(core_l, core_r)}", 0.03, 5e-5),
            Level(f"{least} > 2 AND levenshtein({core_l}, {core_r}) <= {_CHARACTER}", 0.05, 4e-4),
            Level(f"{least} > 7 AND levenshtein({core_l}, {core_r}) <= {2 * _CHARACTER}", 0.01, 1e-4),
        ),
        "place": (
            Level(f"{place_l} = {place_r}", 0.65, 1e-4),
            Level(f"{ends.format(place_l, place_r)} AND {shorter} > 5", 0.15, 1e-4),
            Level(f"{begins} AND {shorter} > 9", 0.08, 3e-5),
            Level(f"{begins} AND {shorter} > 4", 0.06, 4e-4),
            Level(f"{same_digits} AND levenshtein({place_l}, {place_r}) <= {_CHARACTER} * {shorter} // 4", 0.02, 1e-4),
        ),
        "code": (
            Level(f"damerau_levenshtein({code_l}, {code_r}) <= 1", 0.90, 1e-6),
            Level(f"{_ORGANISATION.format(code=code_l)} = {_ORGANISATION.format(code=code_r)}", 0.05, 1e-6),
            Level(f"damerau_levenshtein({code_l}, {code_r}) <= 2", 0.03, 1e-5),
        ),
        "city": (Level(f"{city_l} = {city_r}", 0.98, 0.05),),
    }


COMPARISONS = _comparisons()
BLOCKS = (
    "l.core = r.core",
    "l.place = r.place",
    "substr(l.core, 1, 3) = substr(r.core, 1, 3) AND substr(l.place, 1, 3) = substr(r.place, 1, 3)",
    "right(l.core, 6) = right(r.core, 6)",
    "substr(l.core, 1, 2) = substr(r.core, 1, 2) AND right(l.core, 3) = right(r.core, 3)",
    "substr(l.code, 9, 9) = substr(r.code, 9, 9)",
    "substr(l.place, 1, 10) = substr(r.place, 1, 10) AND substr(l.core, 1, 1) = substr(r.core, 1, 1)",
    "substr(l.code, 1, 12) = substr(r.code, 1, 12)",
    "substr(l.code, 11, 8) = substr(r.code, 11, 8)",
    "right(l.place, 8) = right(r.place, 8)",
)


def settings_of(golden: int) -> dict[str, Any]:
    """Return the settings of the linker for a library of so many records."""
    return {
        "link_type": "link_only",
        "unique_id_column_name": REF,
        "probability_two_random_records_match": 1 / max(golden, 2),
        "retain_matching_columns": False,
        "retain_intermediate_calculation_columns": False,
        "blocking_rules_to_generate_predictions": [{"blocking_rule": rule, "sql_dialect": "duckdb"} for rule in BLOCKS],
        "comparisons": [comparison(name, levels) for name, levels in COMPARISONS.items()],
    }


def comparison(name: str, levels: Iterable[Level]) -> dict[str, Any]:
    """Return a comparison as the linker reads it: what is not there weighs nothing, what differs weighs against."""
    left, right = _pair(name)
    known = tuple(levels)
    stated = [
        {
            "sql_condition": level.sql,
            "label_for_charts": f"{name} {n}",
            "m_probability": level.m,
            "u_probability": level.u,
        }
        for n, level in enumerate(known)
    ]
    return {
        "output_column_name": name,
        "comparison_levels": [
            {
                "sql_condition": f"{left} IS NULL OR {right} IS NULL",
                "label_for_charts": f"no {name}",
                "is_null_level": True,
            },
            *stated,
            {
                "sql_condition": "ELSE",
                "label_for_charts": f"another {name}",
                "m_probability": 1 - sum(level.m for level in known),
                "u_probability": 1 - sum(level.u for level in known),
            },
        ],
    }


def places_of(spans: Iterable[Division]) -> tuple[str, ...]:
    """Return the names of provinces and cities, long and short, that may stand in front of a name or an address.

    >>> named = {"500000": "重庆市", "500103": "渝中区"}
    >>> places_of(Division(code=code, name=name, since=1997) for code, name in named.items())
    ('重庆市', '重庆')
    """
    names: dict[str, None] = {}
    for span in spans:
        if span.code.endswith("00") and span.name not in _NO_PLACES:
            names |= dict.fromkeys(name for name in (span.name, _KIND.sub("", span.name)) if len(name) > 1)
    return tuple(names)


_NO_PLACES = ("市辖区", "县", "省直辖县级行政区划", "自治区直辖县级行政区划")
_KIND = re.compile("(?:壮族自治区|回族自治区|维吾尔自治区|自治区|特别行政区|自治州|地区|省|市|盟)$")


def compared_sql(rows: str, *, ref: str, places: Iterable[str], code: str = "code") -> str:
    """Return the query for what is compared of ``rows``, known by the column ``ref``, without ``places`` in front."""
    front = "^(" + "|".join(sorted(set(places), key=lambda place: (-len(place), place))) + ")"
    forms = "|".join(_FORMS)
    bare = f"regexp_replace({{}}, {literal(front)}, '')"
    core = f"regexp_replace({bare.format('name')}, {literal(forms)}, '', 'g')"
    return (
        f"WITH plain AS (SELECT {ref} AS {REF}, {_plain('name')} AS name, {_plain('address')} AS place, "  # noqa: S608
        f"{_plain('city')} AS city, {_plain(code)} AS code FROM {rows}) "
        f"SELECT {REF}, name, coalesce(nullif({core}, ''), name) AS core, {bare.format('place')} AS place, city, "
        f"CASE WHEN length(code) = 18 THEN code END AS code FROM plain"
    )


def _plain(sql: str) -> str:
    """Return the SQL of a text as it is compared: one width, capitals, no blanks and points; NULL for nothing."""
    folded = f"upper(translate({sql}, {literal(_WIDE)}, {literal(_PLAIN)}))"
    return f"nullif(regexp_replace({folded}, {literal(one_of(_SILENT) + '+')}, '', 'g'), '')"
