"""A delivery into a database whose process is killed at any moment: nothing half, and all of it once, the next time."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

import psycopg

from jutong.delivery.bulk.outflow import Target, TargetKind
from tests.outflows import OUTFLOW, Row, Versions, an_into

ROWS = 120_000
DRIVER = """
import sys
from pathlib import Path
from tests.crash.test_outflow_killed import delivered
delivered(Path(sys.argv[1]), sys.argv[2])
"""


def rows(mark: str) -> list[Row]:
    """Return many rows; a tenth of them says ``mark``."""
    return [(f"{number:08}", mark if number % 10 == 0 else "bleibt", None) for number in range(ROWS)]


def filled(folder: Path) -> Versions:
    """Return the view with its two versions."""
    versions = Versions(folder)
    versions.add(rows("erst"))
    versions.add(rows("dann"))
    return versions


def delivered(folder: Path, url: str) -> None:
    """Bring the first version, then the second, slowly enough to be killed anywhere."""
    versions = filled(folder)
    second = versions.views.pop()
    target, where = target_at(url), ("127.0.0.1",)
    print("ready", flush=True)
    an_into(target, hosts=where).deliver(versions.order(target, watch=lambda _: time.sleep(0.01)))
    versions.views.append(second)
    an_into(target, hosts=where).deliver(versions.order(target, last=0, watch=lambda _: time.sleep(0.01)))


def target_at(url: str) -> Target:
    """Return the table in a database."""
    where = urlsplit(url)
    return Target(
        kind=TargetKind.POSTGRESQL,
        host=str(where.hostname),
        port=where.port or 0,
        database=where.path[1:],
        table="firms",
        user=str(where.username),
        secret="claims",
        create=True,
    )


def test_a_killed_run_doubles_and_halves_nothing(postgres_database: str, tmp_path: Path) -> None:
    """Killed four times anywhere: each time a whole version stands, or none; in the end the newest, once."""
    chance = random.Random(27)
    database = psycopg.connect(postgres_database, autocommit=True)
    for turn in range(4):
        command = [sys.executable, "-c", DRIVER, str(tmp_path / f"node-{turn}"), postgres_database]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, env=os.environ)
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        time.sleep(chance.uniform(0.05, 1.2))
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        assert state_of(database) in (*((0, None, None), (ROWS, 0, 0), (ROWS, 1, ROWS // 10)),), (
            "the rows of one whole version, as its note says"
        )
    versions = filled(tmp_path / "last")
    target = target_at(postgres_database)
    an_into(target, hosts=("127.0.0.1",)).deliver(versions.order(target))
    assert state_of(database) == (ROWS, 1, ROWS // 10)
    database.close()


def state_of(database: psycopg.Connection[tuple[object, ...]]) -> tuple[object, ...]:
    """Return how many rows stand, which version the note names, and how many rows are of the second."""
    while database.execute(
        "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'jutong outflow'"
    ).fetchone() != (0,):
        time.sleep(0.05)
    if database.execute("SELECT to_regclass('public.firms')").fetchone() == (None,):
        return (0, None, None)
    counted = database.execute("SELECT count(*), count(*) FILTER (WHERE name = 'dann') FROM firms").fetchone() or (0, 0)
    noted = database.execute("SELECT version FROM _jutong_delivery WHERE outflow = %s", (OUTFLOW,)).fetchone()
    return (counted[0], noted[0] if noted else None, counted[1] if noted else None)
