"""The real registers, against the defects that were counted in them by hand."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from jutong import library, quality
from tests.fitness import ENTRY, place_at
from tests.real import data

PROVINCES = ("anhui_2002", "chongqing", "guangdong", "guizhou", "hubei", "jiangsu", "sichuan", "zhejiang")


def test_chongqing_is_examined_and_merged(tmp_path: Path) -> None:
    """22,277 rows: 29 cannot be read, the others are one legal person each; 89 % name no type, 4,297 no capital."""
    place = place_at(tmp_path)
    batch = place.deliver(data("enterprise/chongqing.parquet"))
    done = place.examine(batch)
    assert (batch.rows_read, batch.rows_quarantined, done.rows) == (22_277, 29, 22_248)
    assert {name: done.findings[name] for name in ("ent_type.required", "capital.required", "scope.required")} == {
        "ent_type.required": 20_622,
        "capital.required": 4_297,
        "scope.required": 3,
    }
    assert done.failures == ()
    assert done.band is quality.Band.A
    merged = place.merge(batch)
    assert (merged.touched, merged.conflicts, merged.unkeyed) == (22_248, 0, 0)
    assert library.count_subjects(place.pools) == 22_248


@pytest.mark.timeout(900)
def test_eight_provinces_have_the_counted_defects(tmp_path: Path) -> None:
    """Old numbers, wrong check digits, wrong inner codes, lower case, repeated codes, two names for one code."""
    place = place_at(tmp_path)
    found: Counter[str] = Counter()
    conflicts = unkeyed = rows = 0
    for province in PROVINCES:
        batch = place.deliver(data(f"enterprise/{province}.parquet"))
        found.update(place.examine(batch).findings)
        merged = place.merge(batch)
        conflicts, unkeyed, rows = conflicts + merged.conflicts, unkeyed + merged.unkeyed, rows + merged.rows
    assert found["uscc.old-registration-number"] == 3_353  # 3,352 of Jiangsu and one of Sichuan
    assert found["uscc.old-number-check-digit"] == 0
    assert found["uscc.check-digit"] == 42
    assert found["uscc.embedded-organisation-code"] == 34
    assert found["uscc.upper-case"] == 97
    assert found["uscc.unique"] == 121 + 1  # 121 credit codes, and one number that is no credit code
    assert conflicts == 11  # of twelve codes with two spellings of a name; one pair differs in the width of brackets
    assert found["uscc.division-known"] < 200  # 3,627 stand in no yearly table; registering offices use nearly all
    assert library.count_subjects(place.pools) == rows - unkeyed - 121 - 1  # one code stands in two provinces
    assert place.pools.lake.exists(f"finding/{ENTRY}")
