"""A hundred million rows of TPC-H's lineitem through collection, ten rules and a serving copy, in bounded memory.

Not in ``all``: it takes the better part of an hour and 60 GB of disk. Rows come from ``tpchgen-cli`` in an environment
of its own; where that cannot be had, from the same shape made by DuckDB.
"""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import duckdb

from jutong import catalogue, collection, delivery, quality
from jutong.catalogue.entry import Entry
from jutong.cli.demo.tiers import MARKET
from jutong.cli.node import make_home
from jutong.collection import CsvSource, Limits
from jutong.desk import Desk
from jutong.terms import Duty

from .bulk import LINEITEM
from .quality import measured
from .thread import actor, home_with

ROWS = 100_000_000
OF_SCALE = 5_999_000  # rows of lineitem at scale factor 1, a little less than there are
PEER = "tpchgen-cli==4.0.0"
MEMORY, ENGINE = 4096, 2000  # megabytes: of a stage, and of the engine in it
# A look-up wants one item that names a row; lineitem's own key has two.
KEY = "l_orderkey * 8 + l_linenumber AS l_key"
NAMES = (
    *("l_key", "l_orderkey", "l_partkey", "l_suppkey", "l_linenumber", "l_quantity", "l_extendedprice", "l_discount"),
    *("l_tax", "l_returnflag", "l_linestatus", "l_shipdate", "l_commitdate", "l_receiptdate", "l_shipinstruct"),
    *("l_shipmode", "l_comment"),
)
MODES = ("REG AIR", "AIR", "RAIL", "SHIP", "TRUCK", "MAIL", "FOB")


def run(*, rows: int = ROWS, input: Path | None = None) -> dict[str, Any]:
    """Collect, examine and serve, each in a process of its own; a second look takes a tenth of the rows."""
    figures: dict[str, Any] = {}
    spent: dict[int, dict[str, Mapping[str, Any]]] = {}
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        whole = input or _made(place, rows, figures)
        for part in (10, 1):
            file = place / f"lineitem-{part}.csv"
            table = f"SELECT {', '.join(NAMES)} FROM (SELECT *, {KEY} FROM '{whole}') WHERE l_orderkey % {part} = 0"
            duckdb.connect(config={"memory_limit": "2GB"}).execute(f"COPY ({table}) TO '{file}' (HEADER)")
            if part == 1 and input is None:
                whole.unlink()  # the copy that is served needs the room
            spent[part] = _walked(place / f"home-{part}", file)
    reach: list[tuple[str, float, str, bool]] = []
    for name, told in spent[1].items():
        figures |= {f"{name}_{what}": told[what] for what in ("rows", "wall_seconds", "cpu_seconds", "peak_megabytes")}
        figures[f"{name}_rows_per_second"] = told["rows"] / told["wall_seconds"]
        tenth = spent[10][name]
        growth = (told["cpu_seconds"] / told["rows"]) / (tenth["cpu_seconds"] / tenth["rows"])
        reach.append(
            (f"{name}: peak memory, MB", told["peak_megabytes"], f"< {MEMORY}", told["peak_megabytes"] < MEMORY)
        )
        reach.append((f"{name}: time a row beside a tenth of the rows", growth, "<= 1.3", growth <= 1.3))
    figures["rules"], figures["rows_that_fail"] = spent[1]["examine"]["rules"], spent[1]["examine"]["failed"]
    held = len({told["rows"] for told in spent[1].values()}) == 1
    reach.append(("stages that saw all rows", float(held), "1", held))
    return {
        "name": "lineitem",
        "figures": figures,
        "reach": [dict(zip(("what", "value", "target", "holds"), one, strict=True)) for one in reach],
    }


def _made(place: Path, rows: int, figures: dict[str, Any]) -> Path:
    """Make at least so many rows and return their file."""
    tool = _tool()
    figures["made_by"] = PEER if tool else "DuckDB, in the same shape"
    if tool is None:
        file = place / "made.parquet"
        duckdb.connect().execute(f"COPY ({LINEITEM.replace('?', str(int(rows)))}) TO '{file}'")
        return file
    command = [str(tool), "parquet", "-s", str(rows / OF_SCALE), "--tables=lineitem"]
    subprocess.run([*command, "--output-dir", str(place / "made")], check=True, capture_output=True)
    return next((place / "made").rglob("lineitem*.parquet"))


def _tool() -> Path | None:
    home = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "jutong-bench" / "tpchgen"
    tool = home / "bin" / "tpchgen-cli"
    if not (home / "ready").exists():
        try:
            venv.create(home, with_pip=True, clear=True)
            install = [str(home / "bin" / "python"), "-m", "pip", "install", "--quiet", PEER]
            subprocess.run(install, check=True, capture_output=True, timeout=600)
        except (subprocess.SubprocessError, OSError) as error:
            print(f"the generator cannot be installed: {type(error).__name__}", file=sys.stderr)
            return None
        (home / "ready").touch()
    return tool


def _walked(home: Path, file: Path) -> dict[str, Mapping[str, Any]]:
    told: dict[str, Mapping[str, Any]] = {"collect": _apart(_collect, home, file)}
    entry, batch = told["collect"]["entry"], told["collect"]["batch"]
    file.unlink()
    told["examine"] = _apart(_examine, home, batch)
    told["serve"] = _apart(_serve, home, entry)
    return told


def _collect(home: Path, file: Path) -> Mapping[str, Any]:
    house, entry = home_with(home, _entry(), engine_megabytes=ENGINE)
    with house.desk(actor(Duty.GOVERNANCE)) as desk:
        quality.issue_rulebook(desk, entry, _rules(), seen=0)
    source = CsvSource(file, limits=Limits(max_bytes=1 << 40))

    def ask() -> Mapping[str, Any]:
        with house.desk(actor(Duty.COLLECTION)) as desk:
            batch = collection.collect(desk, entry, source)
        return {"rows": batch.rows_landed, "entry": entry, "batch": batch.id}

    return measured(ask)


def _examine(home: Path, batch: str) -> Mapping[str, Any]:
    def found(desk: Desk) -> Mapping[str, Any]:
        done = quality.examine(desk, batch)
        return {"rows": done.rows, "rules": len(done.counts), "failed": sum(one.failed for one in done.counts)}

    return measured(partial(_at_home, home, found))


def _serve(home: Path, entry: str) -> Mapping[str, Any]:
    return measured(partial(_at_home, home, lambda desk: {"rows": delivery.serve_entry(desk, entry).rows}))


def _at_home(home: Path, act: Callable[[Desk], Mapping[str, Any]]) -> Mapping[str, Any]:
    house = make_home(home, name="bench", body=MARKET.code, division="500000")
    with house.desk(house.itself) as desk:
        return act(desk)


def _apart(do: Callable[..., Mapping[str, Any]], *given: object) -> Mapping[str, Any]:
    start = time.perf_counter()
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        told = pool.apply(do, given)
    print(f"{do.__name__[1:]}: {told['rows']:,} rows in {time.perf_counter() - start:,.0f} s", file=sys.stderr)
    return told


def _entry() -> Entry:
    shipped = catalogue.entry_to_document(catalogue.template("enterprise_register", MARKET.code))
    items = [
        {"name": name, "title": name, "data_type": "C", "length": 60, "share_type": "unconditional", "grade": 1}
        | ({"key": True, "required": True} if name == "l_key" else {})
        for name in NAMES
    ]
    told = {**shipped, "title": "TPC-H lineitem", "service": "lineitem", "items": items, "region_item": ""}
    return catalogue.entry_of_document({**told, "secrecy_assessed": True, "impact_assessed": True})


def _rules() -> dict[str, Any]:
    def own(name: str, **made: Any) -> dict[str, Any]:
        return {"name": name, "type": "custom", "engine": "jutong", "implementation": made}

    def holds(name: str, expression: str) -> dict[str, Any]:
        return own(name, check="satisfies", expression=expression)

    def known(name: str, *values: str) -> dict[str, Any]:
        return {"name": name, "metric": "invalidValues", "arguments": {"validValues": list(values)}, "mustBe": 0}

    items: dict[str, list[dict[str, Any]]] = {
        "l_key": [{"name": "one-row", "metric": "duplicateValues", "mustBe": 0}],
        "l_partkey": [{"name": "there", "metric": "nullValues", "mustBe": 0}],
        "l_returnflag": [known("known", "R", "A", "N")],
        "l_linestatus": [known("known", "O", "F")],
        "l_shipmode": [known("known", *MODES)],
        "l_shipdate": [own("day", check="date-valid")],
        "l_comment": [own("width", check="length", least=10, most=44)],
    }
    rows = [
        holds("quantity", "number(l_quantity) >= 1 AND number(l_quantity) <= 50"),
        holds("discount", "number(l_discount) <= 0.1"),
        holds("received-after-shipped", "day(l_receiptdate) > day(l_shipdate)"),
    ]
    properties = [{"name": name, "quality": rules} for name, rules in items.items()]
    return {
        "apiVersion": "v3.1.0",
        "kind": "DataContract",
        "schema": [{"name": "rows", "properties": properties, "quality": rows}],
    }
