"""Real registers: what lands, what is kept apart, and why."""

from __future__ import annotations

from pathlib import Path

import pyarrow.compute as pc
import pytest

from jutong.collection import LAYOUTS, Batch, Layout, Limits, source_at
from tests.collecting import Node, node_at
from tests.real import data

# Rows, rows with another number of fields or a code in the wrong column, and rows that hold U+FFFD beside those.
PROVINCES = {
    "anhui_2002": (5_403, 3, 24),
    "chongqing": (22_277, 4, 25),
    "guangdong": (78_698, 7, 42),
    "guizhou": (22_536, 4, 10),
    "hubei": (39_880, 5, 29),
    "jiangsu": (85_946, 14, 58),
    "sichuan": (58_302, 16, 54),
    "zhejiang": (84_613, 13, 70),
}


@pytest.fixture
def node(tmp_path: Path) -> Node:
    """A department's node."""
    return node_at(tmp_path / "home")


def collected(node: Node, file: str, layout: Layout) -> Batch:
    return node.collect(source_at(data(f"enterprise/{file}"), layout, Limits()))


@pytest.mark.parametrize("province", PROVINCES)
def test_a_province_lands_but_for_its_broken_rows(node: Node, province: str) -> None:
    """All 378 rows that lost their column order or their characters are kept apart, and no other."""
    batch = collected(node, f"{province}.parquet", LAYOUTS["enterprise-register-parquet"])
    rows, disordered, unreadable = PROVINCES[province]
    assert batch.rows_read == rows
    assert batch.quarantined == {"column-order-lost": disordered, "replacement-character": unreadable}
    assert batch.rows_landed == rows - disordered - unreadable
    landed = node.raw(batch)
    assert pc.all(pc.match_substring_regex(landed["reg_date"], "^[0-9]{4}-[0-9]{2}-[0-9]{2}$")).as_py()
    assert batch.left_aside == ("src_province", "src_year", "src_line", "width")


@pytest.mark.parametrize(
    ("file", "rows", "encoding"),
    [
        ("chongqing_2003.csv.gz", 2_279, "utf-8"),
        ("chongqing_2004.csv.gz", 4_468, "utf-8"),
        ("guizhou_2004_gb18030.csv.gz", 3_781, "gb18030"),
    ],
)
def test_the_text_forms_land_whole(node: Node, file: str, rows: int, encoding: str) -> None:
    """The same layout as text lands without loss, in either encoding, and agrees with the Parquet form."""
    layout = LAYOUTS["enterprise-register" + ("-gb18030" if encoding == "gb18030" else "")]
    batch = collected(node, f"csv/{file}", layout)
    assert (batch.rows_read, batch.rows_landed) == (rows, rows)
    province, year = file.split("_")[:2]
    other = collected(node, f"{province}.parquet", LAYOUTS["enterprise-register-parquet"])
    names = node.raw(other)["name"]
    found = pc.is_in(node.raw(batch)["name"], value_set=names.combine_chunks())
    assert pc.sum(found).as_py() == rows, year
