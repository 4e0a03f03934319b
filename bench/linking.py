"""Known answers of others: records of one list that are one, by the linker with the weights that stand here."""

from __future__ import annotations

import csv
import gzip
import importlib
import itertools
import logging
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from jutong.library.likeness import Level, comparison

Pair = tuple[str, str]
THRESHOLD = 0.0  # bits; what is joined through a third record is joined


def febrl(path: Path) -> dict[str, float]:
    """Return precision, recall and F1 of the generated persons of Febrl."""
    rows = _rows(path)
    names = [name for name in rows[0] if name != "rec_id"]
    table = pa.table(
        {"ref": [row["rec_id"] for row in rows], **{n: [row[n].strip() or None for row in rows] for n in names}}
    )
    groups: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        groups[row["rec_id"].split("-")[1]].append(row["rec_id"])
    words = {"given_name": (0.7, 0.01), "surname": (0.7, 0.005), "address_1": (0.7, 0.001), "address_2": (0.65, 0.003)}
    words["suburb"] = (0.75, 0.002)
    numbers = {"street_number": (0.75, 0.01, 1, 0.1, 0.1), "postcode": (0.8, 0.002, 1, 0.1, 0.01)}
    numbers |= {"date_of_birth": (0.8, 5e-4, 2, 0.12, 3e-3), "soc_sec_id": (0.85, 1e-5, 2, 0.1, 3e-4)}
    comparisons = [
        *(_words(name, m, u) for name, (m, u) in words.items()),
        *(_numbers(name, *given) for name, given in numbers.items()),
        comparison("state", [Level('"state_l" = "state_r"', 0.9, 0.22)]),
    ]
    blocks = (
        *("l.soc_sec_id = r.soc_sec_id", "l.date_of_birth = r.date_of_birth", "l.address_1 = r.address_1"),
        *(
            "l.address_2 = r.address_2",
            "l.given_name = r.surname",
            "l.given_name = r.given_name AND l.surname = r.surname",
        ),
        *("l.postcode = r.postcode AND l.surname = r.surname", "l.suburb = r.suburb AND l.given_name = r.given_name"),
        "l.postcode = r.postcode AND l.street_number = r.street_number",
    )
    return _measured("SELECT * FROM given", table, comparisons, blocks, 1 / len(rows), groups.values())


def chicago(path: Path) -> dict[str, float]:
    """Return precision, recall and F1 of Chicago's lists of child-care sites."""
    rows = _rows(path)
    table = pa.table(
        {
            "ref": [row["Id"] for row in rows],
            "site": [row["Site name"] for row in rows],
            "address": [row["Address"] for row in rows],
            "zip": [row["Zip"].strip()[:5] or None for row in rows],
        }
    )
    groups: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        groups[row["True Id"]].append(row["Id"])
    tokens = [f"string_split(\"name_{side}\", ' ')" for side in "lr"]
    shared = (
        f"len(list_intersect({', '.join(tokens)})) / greatest(1, least({', '.join(f'len({one})' for one in tokens)}))"
    )
    name = [
        Level('"name_l" = "name_r"', 0.45, 0.002),
        Level('jaro_winkler_similarity("name_l", "name_r") > 0.9', 0.2, 0.003),
        Level(f"{shared} > 0.99", 0.15, 0.006),
        Level(f"{shared} >= 0.5", 0.1, 0.03),
    ]
    street = [
        Level('"street_l" = "street_r"', 0.85, 0.01),
        Level('jaro_winkler_similarity("street_l", "street_r") > 0.88', 0.1, 0.01),
    ]
    comparisons = [
        comparison("name", name),
        comparison("house", [Level('"house_l" = "house_r"', 0.93, 0.003)]),
        comparison("street", street),
        comparison("zip", [Level('"zip_l" = "zip_r"', 0.95, 0.03)]),
    ]
    blocks = (
        "l.name = r.name",
        "l.house = r.house AND l.street = r.street",
        "l.house = r.house AND substr(l.name, 1, 4) = substr(r.name, 1, 4)",
    )
    return _measured(_SITES, table, comparisons, blocks, 3 / len(rows), groups.values())


_COMMON = (
    "the|of|and|inc|incorporated|center|centers|ctr|school|program|day|care|child|children|childrens|learning|early|"
    "development|head|start|academy|chicago|site"
)
_STREETS = (
    "north|south|east|west|n|s|e|w|street|st|avenue|ave|av|blvd|boulevard|road|rd|drive|dr|place|pl|parkway|pkwy|court|ct|"
    "chicago|il|[0-9]{5}"
)
_SITES = f"""
WITH plain AS (
  SELECT ref, zip, regexp_replace(lower(site), '[^a-z0-9]+', ' ', 'g') AS site,
    trim(regexp_replace(lower(address), '[^a-z0-9]+', ' ', 'g')) AS address FROM given)
SELECT ref, zip,
  nullif(trim(regexp_replace(regexp_replace(site, '\\b({_COMMON})\\b', '', 'g'), ' +', ' ', 'g')), '') AS name,
  nullif(regexp_extract(address, '^([0-9]+)', 1), '') AS house,
  nullif(trim(regexp_replace(regexp_replace(regexp_replace(address, '^[0-9 ]+', ''), '\\b({_STREETS})\\b', '', 'g'),
    ' +', ' ', 'g')), '') AS street
FROM plain
"""


def _rows(path: Path) -> list[dict[str, str]]:
    with gzip.open(path, "rt", encoding="utf-8") as stream:
        return list(csv.DictReader(stream, skipinitialspace=True))


def _words(name: str, m: float, u: float) -> dict[str, Any]:
    alike = Level(
        f'jaro_winkler_similarity("{name}_l", "{name}_r") > 0.85', 0.2, 0.003 if name != "address_1" else 0.01
    )
    return comparison(name, [Level(f'"{name}_l" = "{name}_r"', m, u), alike])


def _numbers(name: str, m: float, u: float, edits: int, m_near: float, u_near: float) -> dict[str, Any]:
    near = Level(f'damerau_levenshtein("{name}_l", "{name}_r") <= {edits}', m_near, u_near)
    return comparison(name, [Level(f'"{name}_l" = "{name}_r"', m, u), near])


def _measured(
    sql: str,
    given: pa.Table,
    comparisons: Sequence[Mapping[str, Any]],
    blocks: Sequence[str],
    prior: float,
    groups: Iterable[Sequence[str]],
) -> dict[str, float]:
    logging.getLogger("splink").setLevel(logging.ERROR)
    splink: Any = importlib.import_module("splink")
    backend: Any = importlib.import_module("splink.internals.duckdb.database_api")
    with duckdb.connect() as duck:
        duck.register("given", given)
        duck.execute(f"CREATE TABLE compared AS {sql}")
        settings = {
            "link_type": "dedupe_only",
            "unique_id_column_name": "ref",
            "probability_two_random_records_match": prior,
            "retain_matching_columns": False,
            "blocking_rules_to_generate_predictions": [
                {"blocking_rule": one, "sql_dialect": "duckdb"} for one in blocks
            ],
            "comparisons": list(comparisons),
        }
        linker = splink.Linker(backend.DuckDBAPI(duck).register("compared"), settings, log_level=logging.ERROR)
        linked = linker.inference.predict(threshold_match_weight=THRESHOLD).physical_name
        pairs = duck.sql(f"SELECT ref_l, ref_r FROM {linked}").fetchall()
    found, truth = _closed(pairs), _pairs(groups)
    precision, recall = len(found & truth) / max(1, len(found)), len(found & truth) / len(truth)
    return {"precision": precision, "recall": recall, "f1": 2 * precision * recall / (precision + recall)}


def _closed(pairs: Iterable[Pair]) -> set[Pair]:
    up: dict[str, str] = {}

    def root(one: str) -> str:
        while up.setdefault(one, one) != one:
            up[one] = up[up[one]]
            one = up[one]
        return one

    for one, another in pairs:
        up[root(one)] = root(another)
    groups: dict[str, list[str]] = defaultdict(list)
    for one in list(up):
        groups[root(one)].append(one)
    return _pairs(groups.values())


def _pairs(groups: Iterable[Sequence[str]]) -> set[Pair]:
    return {(min(pair), max(pair)) for group in groups for pair in itertools.combinations(group, 2)}
