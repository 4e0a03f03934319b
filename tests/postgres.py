"""A PostgreSQL cluster of the tests' own: made in a temporary folder, on a free port, gone when the tests end."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import psycopg
import pytest

_numbers = count(1)
MEMORY_LEAST = 6 << 30  # bytes

# The cluster must not outlive the tests, even when they are killed: a shell waits for the pipe from us to close.
_UNTIL_WE_ARE_GONE = (
    'pid=$1; cat >/dev/null; kill -QUIT "$pid"; while kill -0 "$pid" 2>/dev/null; do sleep .1; done; rm -rf "$2"'
)


def binaries() -> Path | None:
    """Return the folder of the newest installed server, or None."""
    found = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    if found:
        return max(found, key=lambda folder: int(folder.parent.name.split(".")[0]))
    in_path = shutil.which("initdb")
    return Path(in_path).resolve().parent if in_path else None


def _as_server_user() -> list[str]:
    """PostgreSQL refuses to run as root: go on as its own user."""
    if os.geteuid() != 0:
        return []
    user = pwd.getpwnam("postgres")
    return ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]


def free_port() -> int:
    """Return a port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """The URL of an empty cluster's ``postgres`` database, ``postgresql://...``."""
    where = binaries()
    if where is None:
        pytest.skip("no PostgreSQL server is installed")
    with postgres_server(where) as url:
        yield url


@contextmanager
def postgres_server(where: Path) -> Iterator[str]:
    """Run a cluster of its own with the programs in ``where``; yields the URL of its ``postgres`` database."""
    folder = Path(tempfile.mkdtemp(prefix="jutong-pg-", dir=_roomy()))
    if os.geteuid() == 0:
        os.chown(folder, pwd.getpwnam("postgres").pw_uid, -1)
    data, user = folder / "data", _as_server_user()
    initdb = [*user, where / "initdb", "-D", data, "-U", "jutong", "-A", "trust", "-E", "UTF8", "--locale=C", "-N"]
    subprocess.run(initdb, check=True, capture_output=True, cwd=folder)
    port = free_port()
    options = {
        "listen_addresses": "127.0.0.1",
        "port": port,
        "unix_socket_directories": folder,
        "fsync": "off",
        "full_page_writes": "off",
        "synchronous_commit": "off",
        "shared_buffers": "64MB",
        "max_connections": 200,
        "wal_level": "logical",
        "max_replication_slots": 20,
    }
    settings = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(
            [*user, where / "postgres", "-D", data, *settings], stdout=log, stderr=log, cwd=folder
        )
    ender = subprocess.Popen(
        ["sh", "-c", _UNTIL_WE_ARE_GONE, "sh", str(server.pid), str(folder)],
        stdin=subprocess.PIPE,
        start_new_session=True,
    )
    url = f"postgresql://jutong@127.0.0.1:{port}/postgres"
    try:
        _wait_for(url, server, folder / "log")
        yield url
    finally:
        assert ender.stdin is not None
        ender.stdin.close()  # it takes away what a hundred databases left, and nobody waits for that
        server.wait(60)


def _roomy() -> str:
    """Return where a cluster of a few gigabytes may stand: in memory, if there is plenty."""
    memory = "/dev/shm"
    return memory if Path(memory).is_dir() and shutil.disk_usage(memory).free > MEMORY_LEAST else "/tmp"


def _wait_for(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(300):
        try:
            psycopg.connect(url, connect_timeout=2).close()
        except psycopg.OperationalError:
            if server.poll() is not None:
                raise AssertionError(f"PostgreSQL did not start: {log.read_text()[-2000:]}") from None
            time.sleep(0.1)
        else:
            return
    raise AssertionError("PostgreSQL did not start within 30 seconds")


def fresh_database(url: str) -> str:
    """Create an empty database in the cluster at ``url`` and return its own URL."""
    name = f"test_{os.getpid()}_{next(_numbers)}"
    with psycopg.connect(url, autocommit=True) as db:
        db.execute(f'CREATE DATABASE "{name}"')
    return f"{url.rpartition('/')[0]}/{name}"


@pytest.fixture
def postgres_database(postgres_url: str) -> str:
    """The URL of a database that this test has for itself."""
    return fresh_database(postgres_url)
