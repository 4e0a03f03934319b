"""The made register: the same every time, and as faulty as it says."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from jutong.cli.demo.register_maker import DEFECTS, defects_in, make_register
from jutong.registers import divisions
from jutong.terms.identifier import Fault, credit_code_fault
from tests.real import data

ROWS = 22_277


@pytest.fixture(scope="module")
def register(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("register") / "register.parquet"
    make_register(path, ROWS)
    return path


def test_the_same_seed_makes_the_same_bytes(tmp_path: Path) -> None:
    """Two machines that make the demo's register make the same one; another seed makes another."""
    made = []
    for name, seed in (("a", 7), ("b", 7), ("c", 8)):
        make_register(tmp_path / name, 1_500, seed)
        made.append((tmp_path / name).read_bytes())
    assert made[0] == made[1]
    assert made[0] != made[2]


def test_it_has_the_layout_of_a_real_register(register: Path) -> None:
    """Same columns, same types."""
    real = pq.read_schema(data("enterprise/chongqing.parquet"))
    assert [(field.name, field.type) for field in pq.read_schema(register)] == [
        (field.name, field.type) for field in real
    ]


def test_every_fault_is_there_as_often_as_declared(register: Path) -> None:
    """What the demo finds can be checked against what was put in."""
    rows = pq.read_table(register).to_pylist()
    assert len(rows) == ROWS
    expected, found = defects_in(ROWS), Counter[str]()
    assert expected.keys() == DEFECTS.keys()
    known = divisions()
    intact = []
    for row in rows:
        if any("\N{REPLACEMENT CHARACTER}" in str(value) for value in row.values()):
            found["columns_lost_unreadable"] += 1
        elif row["uscc"].startswith("重庆市"):
            found["columns_lost"] += 1
        else:
            intact.append(row)
    for row in intact:
        assert row["width"] == 10
        found["type_absent"] += row["ent_type"] == "N/A"
        found["capital_absent"] += row["capital"] == "N/A"
        found["scope_absent"] += row["scope"] == "N/A"
        found["place_absent"] += row["city"] == "N/A"
        found["place_abolished"] += row["city"] in ("万盛", "双桥", "北部新区", "两江新区")
        amount = re.match("[0-9,.]*", row["capital"])[0]  # type: ignore[index]
        found["capital_comma_as_point"] += "," in amount and len(amount.rpartition(",")[2]) != 3
        found["capital_unit_confused"] += amount.count(",") == 2
        code, fault = row["uscc"], credit_code_fault(row["uscc"])
        if fault is Fault.OLD_NUMBER:
            found["code_old_number"] += 1
        elif fault is Fault.LENGTH:
            found["code_thirteen_digits" if len(code) == 13 else "code_length"] += 1
        elif fault is Fault.ALPHABET:
            assert credit_code_fault(code.upper()) is None
            found["code_lower_case"] += 1
        elif fault is not None:
            found["code_check_digit" if fault is Fault.CHECK_DIGIT else "code_organisation"] += 1
        elif known.is_registry_code(code[2:8]):
            found["code_registry_division"] += 1
        elif not known.known_from(code[2:8], int(row["reg_date"][:4])):
            found["code_unknown_division"] += 1
    names: dict[str, list[str]] = {}
    for row in intact:
        names.setdefault(row["uscc"], []).append(row["name"])
    twice = [each for each in names.values() if len(each) > 1]
    assert all(len(each) == 2 for each in twice)
    found["code_twice_same_name"] = sum(len(set(each)) == 1 for each in twice)
    found["code_twice_two_names"] = sum(len(set(each)) == 2 for each in twice)
    assert dict(found) == expected


def test_a_small_register_can_be_made(tmp_path: Path) -> None:
    """Tests and tours need only a handful of rows."""
    for rows in (0, 1, 20, 1_000):
        make_register(tmp_path / "small.parquet", rows)
        assert pq.read_metadata(tmp_path / "small.parquet").num_rows == rows
