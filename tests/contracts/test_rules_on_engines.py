"""Every engine finds the same faults and makes the same golden records: DuckDB, and any Spark Connect endpoint."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from jutong import library, quality
from jutong.pools import SparkEngine
from jutong.terms.identifier import registration_number_of
from tests.contracts.test_engine import sail
from tests.fitness import ENTRY, OFFICER, OTHER_ENTRY, code, place_at, register_entry, row
from tests.unit.test_rulebooks import a_document, own

LICENCE = "1.2.156.3005.2.11100000MB03271699022.340100.000000016.001.9"
OWN_RULES = a_document(
    own("dated", check="satisfies", expression="days(day(reg_date), day('2020-01-01')) / 2 > 1 OR name LIKE '甲%'"),
    own("short", check="satisfies", expression="length(upper(name)) + 1 < 12 AND NOT contains(name, '乙')"),
    own("sums", check="adds-up", parts=["ent_type", "city"], total="address", tolerance="0.5"),
    {"name": "twins", "metric": "duplicateValues", "arguments": {"properties": ["name", "uscc"]}, "mustBe": 0},
    scope=[own("licence", check="check-digit", scheme="licence-id")],
    province=[own("parent", check="refers", to="city"), own("card", check="check-digit", scheme="bank-card")],
    city=[own("person", check="check-digit", scheme="resident-id")],
    address=[own("organ", check="check-digit", scheme="organisation-code")],
)

ROWS = [
    row(1),
    row(2, uscc=code(2).lower(), capital="2,0000(万)"),
    row(3, uscc="9135010OM000100Y43", reg_date="2002-02-30"),
    row(4, uscc=registration_number_of("32040400000955")),
    row(5, uscc="110108000000017", name="　"),
    row(6, capital="80（万美元）", scope="N/A"),
    row(7, uscc=code(7)[:17] + "0", reg_date="2999-01-01"),
    row(1, name="甲公司", capital="7500000(万)", scope=LICENCE, province="渝中"),
    row(8, scope=LICENCE.lower(), city="11010519491231002x", address="71526726X", province="4111111111111111"),
    row(9, scope=LICENCE[:-1] + "8", city="2.5", address="4", ent_type="1.25", reg_date="2021-01-01"),
]

OTHERS = [row(1, name="乙公司", city="江北"), row(6, address="别处3号")]


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    """A Spark Connect endpoint in one process."""
    with sail("local") as url:
        yield url


def test_spark_finds_what_duckdb_finds(tmp_path: Path, endpoint: str) -> None:
    """One text of SQL, two engines: the same findings, scores, golden records and conflicts."""
    here, there = place_at(tmp_path / "here"), place_at(tmp_path / "there")
    there.pools = replace(there.pools, engine=SparkEngine(there.pools.lake, endpoint))
    for place in (here, there):
        with place.desk(OFFICER) as desk:
            quality.issue_rulebook(desk, ENTRY, OWN_RULES, seen=0)
    mine, its = here.deliver(ROWS), there.deliver(ROWS)
    assert here.examine(mine) == replace(there.examine(its), examined_at=here.examine(mine).examined_at)
    assert here.merge(mine) == replace(there.merge(its), merged_at=here.merge(mine).merged_at)
    for place in (here, there):
        place.enter(register_entry(OTHER_ENTRY))
        place.merge(place.deliver(OTHERS, OTHER_ENTRY))
        place.authority("name", OTHER_ENTRY, 1)
        place.join(1, 6)
    assert here.golden() == there.golden()
    assert here.conflicts() == there.conflicts() != ()
    assert library.rates(here.pools) == library.rates(there.pools)
