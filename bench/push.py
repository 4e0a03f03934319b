"""Rows delivered into a local PostgreSQL by an outflow, beside a bare COPY of the same rows; then changes alone."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pyarrow as pa
import pyarrow.compute as pc
from tests.outflows import SCHEMA, Versions, an_into
from tests.postgres import binaries, fresh_database, postgres_server

from jutong.delivery.bulk.outflow import Target, TargetKind
from jutong.delivery.bulk.outflow.targets.postgres import lines_of

ROWS = 1_000_000
WANTED = 100_000  # rows a second
SHARE = 0.05  # of the time of the whole, for one row in a hundred


def run(*, rows: int = ROWS) -> dict[str, Any]:
    """Measure by the clock, each once after the other in one cluster; another's load falls on both alike."""
    where = binaries()
    assert where is not None, "no PostgreSQL server is installed"
    with tempfile.TemporaryDirectory() as folder, postgres_server(where) as url:
        database = fresh_database(url)
        versions = Versions(Path(folder))
        first = _rows(rows, "")
        versions.add(first)
        bare = _bare(database, first)
        target = _target(database)
        into = an_into(target, hosts=("127.0.0.1",))
        whole = _timed(lambda: into.deliver(versions.order(target)))
        near, done = _changed(versions, _rows(rows, "near"), into.deliver, target)
        spread, _ = _changed(versions, _rows(rows, "spread"), into.deliver, target)
        with psycopg.connect(database) as db:
            assert db.execute("SELECT count(*) FROM firms").fetchone() == (rows,)
    figures = {
        "rows": rows,
        "bare_copy_seconds": bare,
        "outflow_seconds": whole,
        "bare_rows_a_second": rows / bare,
        "outflow_rows_a_second": rows / whole,
        "ratio_to_bare": bare / whole,
        "rows_written_or_deleted": done,
        "change_of_neighbours_seconds": near,
        "change_spread_over_every_page_seconds": spread,
        "change_of_neighbours_share_of_whole": near / whole,
        "change_spread_share_of_whole": spread / whole,
    }
    return {
        "name": "push",
        "figures": figures,
        "reach": [
            {
                "what": "rows a second into PostgreSQL",
                "value": rows / whole,
                "target": f">= {WANTED}",
                "holds": rows / whole >= WANTED,
            },
            {
                "what": "one row in a hundred changed, neighbours, of the time of the whole",
                "value": near / whole,
                "target": f"<= {SHARE}",
                "holds": near / whole <= SHARE,
            },
        ],
    }


def _changed(versions: Versions, rows: pa.Table, deliver: Any, target: Target) -> tuple[float, int]:
    versions.add(rows)
    done: list[Any] = []
    seconds = _timed(lambda: done.append(deliver(versions.order(target, last=versions.views[-1].version - 1))))
    assert done[0].load.base is not None
    return seconds, int(done[0].changed)


def _rows(count: int, changed: str) -> pa.Table:
    """Return rows; one in a hundred is changed: the last ones, or (the worst case) one of each page of the table."""
    number = pa.array(range(count), pa.int64())
    code = pc.binary_join_element_wise("91500", pc.utf8_lpad(number.cast(pa.string()), 13, "0"), "")
    name = pc.binary_join_element_wise("重庆测试", number.cast(pa.string()), "有限公司", "")
    last = pc.greater_equal(number, count - count // 100)
    hundredth = pc.equal(pc.subtract(number, pc.multiply(pc.divide(number, 100), 100)), 0)
    which = {"near": last, "spread": pc.or_(last, hundredth)}.get(changed)
    if which is not None:
        name = pc.if_else(which, pc.binary_join_element_wise(name, "改", ""), name)
    return pa.table([code, name, pa.nulls(count, pa.string())], schema=SCHEMA)


def _bare(database: str, rows: pa.Table) -> float:
    """Copy text that lies ready in memory into a table with the same index, and commit."""
    ready = [bytes(lines_of(batch)) for batch in rows.to_batches(16_384)]
    with psycopg.connect(database) as db:
        db.execute("CREATE TABLE bare (code text, name text, _disputed text)")
        db.execute("CREATE INDEX ON bare (code)")
        db.commit()

        def copied() -> None:
            with db.cursor() as cursor, cursor.copy("COPY bare FROM STDIN (FORMAT csv)") as copy:
                for one in ready:
                    copy.write(one)
            db.commit()

        return _timed(copied)


def _target(database: str) -> Target:
    where = urlsplit(database)
    return Target(
        kind=TargetKind.POSTGRESQL,
        host=str(where.hostname),
        port=where.port or 0,
        database=where.path[1:],
        table="firms",
        user=str(where.username),
        secret="bench",
        create=True,
    )


def _timed(do: Any) -> float:
    begun = time.perf_counter()
    do()
    return time.perf_counter() - begun
