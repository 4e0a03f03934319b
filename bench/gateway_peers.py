"""Servers beside the gateway: a bare look-up by asyncpg, and Datasette, in an environment of the bench's own."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import time
import venv
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import httpx
import lmdb
from tests.postgres import free_port

PEERS = ("asyncpg==0.31.0", "datasette==0.65.2")


def peers() -> Path | None:
    """Return the environment of the peers, made once and kept beside the user's other caches; None if it cannot be."""
    home = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "jutong-bench" / "gateway-peers"
    if not (home / "ready").exists():
        try:
            venv.create(home, with_pip=True, clear=True)
            install = [str(home / "bin" / "python"), "-m", "pip", "install", "--quiet", *PEERS]
            subprocess.run(install, check=True, capture_output=True, timeout=1800)
        except (subprocess.SubprocessError, OSError) as error:
            print(f"the peers' environment cannot be made: {type(error).__name__}", file=sys.stderr)
            return None
        (home / "ready").touch()
    return home


def packages_of(home: Path) -> str:
    """Return the folder of the environment's packages: asyncpg runs under the same server as the gateway."""
    return str(next(home.glob("lib/python3*/site-packages")))


def asyncpg_lookup() -> Any:
    """Return an application that looks a key up in the gateway's own copy in PostgreSQL, and nothing else."""
    import asyncpg

    pool: Any = None
    query = f'SELECT value FROM "{os.environ["BENCH_RELATION"]}" WHERE key = $1'

    async def look(scope: Any, receive: Any, send: Any) -> None:
        nonlocal pool
        if scope["type"] == "lifespan":
            while (event := await receive())["type"] == "lifespan.startup":
                pool = await asyncpg.create_pool(os.environ["BENCH_POSTGRES"], min_size=8, max_size=8)
                await send({"type": f"{event['type']}.complete"})
            await pool.close()
            await send({"type": "lifespan.shutdown.complete"})
        elif scope["type"] == "http":
            body = await pool.fetchval(query, scope["raw_path"].rpartition(b"/")[2]) or b"{}"
            headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await send({"type": "http.response.body", "body": body})

    return look


def filled(place: Path, copy: Path) -> Path:
    """Put the rows of a serving copy into SQLite, by their key, and return the file."""
    with (
        closing(lmdb.open(str(copy), subdir=False, readonly=True, lock=False)) as held,
        held.begin() as reading,
        closing(sqlite3.connect(place)) as db,
    ):
        db.execute("PRAGMA synchronous = OFF")
        db.execute("CREATE TABLE firms (key TEXT PRIMARY KEY, row TEXT) WITHOUT ROWID")
        with db:
            db.executemany("INSERT INTO firms VALUES (?, ?)", ((k.decode(), v.decode()) for k, v in reading.cursor()))
    return place


@contextmanager
def datasette(home: Path, place: Path) -> Iterator[int]:
    """Serve a file by Datasette, whose copy it may take for unchanging; it has one process alone."""
    port = free_port()
    command = [str(home / "bin" / "datasette"), "serve", "-i", str(place), "--port", str(port), "--inspect-file"]
    inspected = place.with_suffix(".json")
    with inspected.open("wb") as file:
        subprocess.run([str(home / "bin" / "datasette"), "inspect", str(place)], stdout=file, check=True)
    environment: Mapping[str, str] = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    process = subprocess.Popen(
        [*command, str(inspected)], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        for _ in range(600):
            time.sleep(0.1)
            if process.poll() is not None:
                raise RuntimeError("Datasette does not start")
            try:
                httpx.get(f"http://127.0.0.1:{port}/", timeout=2)
                break
            except httpx.TransportError:
                continue
        yield port
    finally:
        process.terminate()
        process.wait(timeout=20)
