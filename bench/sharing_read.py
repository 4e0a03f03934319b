"""A share read whole, beside the same Parquet files from a plain static HTTP server, in the same run."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import httpx
import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
from tests.shares import COLUMNS, Sharing, a_sharing, firms, free_port

from jutong.delivery.bulk import profile_file, views_folder
from jutong.pools.layout import raw_table

ROWS, TURNS = 2_000_000, 5
CLIENT = Path(os.environ.get("JUTONG_SHARING_CLIENT", "var/sharing-client/bin/python"))
MADE = """
SELECT '重庆' || hash(i) || '有限公司' AS name, '9150000' || lpad(i::VARCHAR, 11, '0') AS uscc,
  (DATE '1992-01-02' + (hash(i + 8) % 9000)::INT)::VARCHAR AS reg_date, '有限责任公司' AS ent_type,
  (hash(i + 3) % 100000000)::VARCHAR AS capital, hash(i + 5)::VARCHAR AS scope, '重庆市' AS province,
  '500103' AS city, '人民路' || hash(i + 1) || '号' AS address FROM range(?) made(i)
"""
OFFICIAL = """
import sys, time, json
import delta_sharing, pandas
kind, turns, *urls = sys.argv[1:]
best = []
for _ in range(int(turns)):
    began = time.perf_counter()
    if kind == "share":
        rows = len(delta_sharing.load_as_pandas(urls[0]))
    else:
        rows = len(pandas.concat([pandas.read_parquet(url) for url in urls]))
    best.append(time.perf_counter() - began)
print(json.dumps([rows, min(best)]))
"""


def run(*, rows: int = ROWS) -> dict[str, Any]:
    """Measure the best of some turns of each, turn by turn; both servers are processes of their own."""
    with tempfile.TemporaryDirectory() as folder:
        made = a_sharing(Path(folder) / "home", firms(2), quota_per_day=1_000_000)
        table = duckdb.connect().sql(MADE, params=[rows]).to_arrow_reader(65_536)
        schema = pa.schema([(name, pa.string()) for name in COLUMNS])
        batches = pa.RecordBatchReader.from_batches(schema, (one.cast(schema) for one in table))
        made.house.pools.lake.replace(raw_table(made.city.found["entry"]), batches, mark="bench")
        began = time.perf_counter()
        view = made.keep()
        making = time.perf_counter() - began
        files = views_folder(made.house) / made.agreement.lower() / f"v{view.version:08}"
        with _static(files) as static, _node(made):
            urls = [f"{static}/{part.name}" for part in view.parts]
            _, token = made.profile()
            pairs = [(_timed(lambda: _plain(urls)), _timed(lambda: _shared(made, token))) for _ in range(TURNS)]
            official = _official(made, urls) if CLIENT.exists() else {}
    plain, shared = min(one for one, _ in pairs), min(one for _, one in pairs)
    ratio = plain / shared
    figures = {
        "rows": view.rows,
        "megabytes": view.size / 1e6,
        "files": len(view.parts),
        "view_made_seconds": making,
        "static_seconds": plain,
        "share_seconds": shared,
        **official,
    }
    reach = [{"what": "share beside static files", "value": ratio, "target": ">= 0.7", "holds": ratio >= 0.7}]
    if official:
        value = official["official_static_seconds"] / official["official_share_seconds"]
        reach.append({"what": "official client beside it", "value": value, "target": ">= 0.7", "holds": value >= 0.7})
    return {"name": "deltasharing", "figures": figures, "reach": reach}


def _plain(urls: list[str]) -> int:
    return sum(pq.read_table(io.BytesIO(httpx.get(url, timeout=60).content)).num_rows for url in urls)


def _shared(made: Sharing, token: str) -> int:
    answer = httpx.post(
        f"http://127.0.0.1:{made.port}/sharing{made.table()}/query",
        json={},
        headers={"authorization": f"Bearer {token}"},
        timeout=60,
    )
    answer.raise_for_status()
    files = [msgspec.json.decode(line)["file"]["url"] for line in answer.text.splitlines()[2:]]
    return _plain(files)


def _official(made: Sharing, urls: list[str]) -> dict[str, float]:
    kept, token = made.profile()
    with tempfile.TemporaryDirectory() as folder:
        profile = Path(folder) / "bench.share"
        profile.write_bytes(profile_file(f"http://127.0.0.1:{made.port}/sharing", token, kept.expires))
        names = made.table().split("/")
        share = f"{profile}#{names[2]}.{names[4]}.{names[6]}"
        static, shared = (_asked("static", *urls), _asked("share", share))
    return {"official_static_seconds": static, "official_share_seconds": shared}


def _asked(kind: str, *urls: str) -> float:
    command = [str(CLIENT), "-c", OFFICIAL, kind, str(TURNS), *urls]
    clean = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    ended = subprocess.run(command, capture_output=True, text=True, check=True, env=clean)
    return float(msgspec.json.decode(ended.stdout.splitlines()[-1])[1])


def _timed(do: Callable[[], object]) -> float:
    began = time.perf_counter()
    do()
    return time.perf_counter() - began


@contextmanager
def _static(folder: Path) -> Iterator[str]:
    """Serve files by the standard library's static server."""
    port = free_port()
    command = [sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1", "--directory", str(folder)]
    with _process(command, f"http://127.0.0.1:{port}/"):
        yield f"http://127.0.0.1:{port}"


@contextmanager
def _node(made: Sharing) -> Iterator[None]:
    command = [sys.executable, "-m", "jutong", "serve", "--home", str(made.house.home.folder), "--no-work"]
    with _process(command, f"http://127.0.0.1:{made.port}/healthz"):
        yield


@contextmanager
def _process(command: list[str], url: str) -> Iterator[None]:
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until = time.monotonic() + 30
        while time.monotonic() < until:
            try:
                httpx.get(url, timeout=5)
                break
            except httpx.HTTPError:
                time.sleep(0.1)
        yield
    finally:
        process.terminate()
        process.wait(timeout=15)
