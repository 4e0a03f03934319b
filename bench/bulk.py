"""Delimited text into a validated Delta table, beside DuckDB's bare way from the same file into Parquet."""

from __future__ import annotations

import multiprocessing
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb

from jutong.collection import Contract, CsvSource, Limits
from jutong.collection.contract import Column
from jutong.collection.flow import Flow
from jutong.pools import open_pools
from jutong.pools.layout import raw_table

ROWS, TURNS = 1_000_000, 3
MEMORY = 1_000  # megabytes, whatever the number of rows
DAY = "[12][0-9]{3}[-/.][01]?[0-9][-/.][0-3]?[0-9]"
ENTRY = "01JZ0000000000000000000000"
LIMITS = Limits(max_bytes=1 << 40)
# The shape of TPC-H's lineitem; a file of tpchgen-cli itself is taken with --input.
LINEITEM = """
SELECT i // 4 + 1 AS l_orderkey, hash(i) % 200000 + 1 AS l_partkey, hash(i + 1) % 10000 + 1 AS l_suppkey,
  i % 4 + 1 AS l_linenumber, (hash(i + 2) % 50 + 1)::DECIMAL(15, 2) AS l_quantity,
  (hash(i + 3) % 10000000 / 100)::DECIMAL(15, 2) AS l_extendedprice,
  (hash(i + 4) % 11 / 100)::DECIMAL(15, 2) AS l_discount, (hash(i + 5) % 9 / 100)::DECIMAL(15, 2) AS l_tax,
  ['R', 'A', 'N'][(hash(i + 6) % 3 + 1)::INT] AS l_returnflag, ['O', 'F'][(hash(i + 7) % 2 + 1)::INT] AS l_linestatus,
  DATE '1992-01-02' + (hash(i + 8) % 2500)::INT AS l_shipdate,
  DATE '1992-01-31' + (hash(i + 9) % 2500)::INT AS l_commitdate,
  DATE '1992-01-03' + (hash(i + 10) % 2500)::INT AS l_receiptdate,
  ['DELIVER IN PERSON', 'COLLECT COD', 'NONE', 'TAKE BACK RETURN'][(hash(i + 11) % 4 + 1)::INT] AS l_shipinstruct,
  ['REG AIR', 'AIR', 'RAIL', 'SHIP', 'TRUCK', 'MAIL', 'FOB'][(hash(i + 12) % 7 + 1)::INT] AS l_shipmode,
  ['carefully', 'furiously', 'quickly', 'slyly'][(hash(i + 13) % 4 + 1)::INT] || ' '
    || ['regular', 'final', 'ironic', 'pending'][(hash(i + 14) % 4 + 1)::INT] || ' '
    || ['deposits', 'requests', 'accounts', 'packages'][(hash(i + 15) % 4 + 1)::INT] || hash(i + 16) % 100000
    AS l_comment
FROM range(?) made(i)
"""


def run(*, input: Path | None = None, rows: int = ROWS) -> dict[str, Any]:
    """Measure by the processor's time, each in a process of its own; another's load falls on both alike."""
    with tempfile.TemporaryDirectory() as folder:
        file = input or Path(folder) / "lineitem.csv"
        if input is None:
            copy = f"COPY ({LINEITEM.replace('?', str(int(rows)))}) TO '{file}' (HEADER)"
            duckdb.connect().execute(copy)
        turns = [(_apart(_bare, file), _apart(_bare_text, file), _apart(_ours, file)) for _ in range(TURNS)]
        size = file.stat().st_size
    bare, text, ours = (min(turn[place]["cpu_seconds"] for turn in turns) for place in range(3))
    landed = turns[0][2]["rows"]
    peak = max(turn[2]["peak_megabytes"] for turn in turns)
    figures = {
        "rows": landed,
        "megabytes": size / 1e6,
        "bare_cpu_seconds": bare,
        "bare_text_cpu_seconds": text,
        "ours_cpu_seconds": ours,
        "ours_wall_seconds": min(turn[2]["wall_seconds"] for turn in turns),
        "rows_per_cpu_second": landed / ours,
        "ratio_to_bare": bare / ours,
        "ratio_to_bare_all_text": text / ours,
        "peak_megabytes": peak,
    }
    return {
        "name": "bulk",
        "figures": figures,
        "reach": [
            {
                "what": "speed, of DuckDB's bare CSV to Parquet",
                "value": bare / ours,
                "target": ">= 0.7",
                "holds": bare / ours >= 0.7,
            },
            {"what": "peak memory, MB", "value": peak, "target": f"< {MEMORY}", "holds": peak < MEMORY},
        ],
    }


def _bare(file: Path, place: Path) -> int:
    return _copied(f"read_csv('{file}')", place)


def _bare_text(file: Path, place: Path) -> int:
    return _copied(f"read_csv('{file}', all_varchar = true)", place)


def _copied(source: str, place: Path) -> int:
    with duckdb.connect() as db:
        told = db.execute(f"COPY (SELECT * FROM {source}) TO '{place / 'bare.parquet'}' (COMPRESSION zstd)").fetchall()
    return int(told[0][0])


def _ours(file: Path, place: Path) -> int:
    """Decoded strictly, counted, digested, checked for broken and displaced fields, landed under its mark."""
    with file.open("rb") as stream:
        names = stream.readline().decode().strip().split(",")
    contract = Contract(
        columns=tuple(Column(name=name, title=name, shape=DAY if name.endswith("date") else "") for name in names)
    )
    source = CsvSource(file, limits=LIMITS)
    survey = source.survey(contract)
    pools = open_pools(str(place / "lake"), {}, "duckdb", "lmdb", place / "serving")
    with tempfile.TemporaryFile() as aside:
        flow = Flow(source, survey, contract, batch=ENTRY, aside=aside)
        snapshot = pools.lake.append(raw_table(ENTRY), flow.intact(lambda *_: None), mark=ENTRY, digested=flow.digest)
    assert snapshot.rows == flow.rows_landed == flow.rows_read == survey.rows
    return snapshot.rows


def _apart(what: Callable[[Path, Path], int], file: Path) -> dict[str, float]:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_measured, args=(what, file, theirs))
    process.start()
    theirs.close()
    told: dict[str, float] = ours.recv()
    process.join()
    return told


def _measured(what: Callable[[Path, Path], int], file: Path, pipe: Any) -> None:
    with tempfile.TemporaryDirectory() as folder:
        cpu, wall = time.process_time(), time.perf_counter()
        rows = what(file, Path(folder))
        spent = {"cpu_seconds": time.process_time() - cpu, "wall_seconds": time.perf_counter() - wall, "rows": rows}
    pipe.send({**spent, "peak_megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024})
