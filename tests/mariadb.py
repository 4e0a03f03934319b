"""A MariaDB server of the tests' own: in a temporary folder, on a free port, gone when the tests end; or none."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pymysql
import pytest

from tests.postgres import free_port

USER, WORD = "census", "read-only-word"
KEEPER = "keeper"  # who may do everything, by the same word


@pytest.fixture(scope="session")
def mariadb_port() -> Iterator[int]:
    """The port of an empty server in which ``census`` may read and write the database ``town``."""
    server, install = shutil.which("mariadbd"), shutil.which("mariadb-install-db")
    if server is None or install is None:
        pytest.skip("no MariaDB server is installed")
    folder = Path(tempfile.mkdtemp(prefix="jutong-maria-", dir="/tmp"))
    user = pwd.getpwuid(os.geteuid()).pw_name
    # Its own settings alone, and no asynchronous requests of the kernel's, of which a machine has only so many.
    common = ["--no-defaults", f"--datadir={folder}/data", f"--user={user}", "--innodb-use-native-aio=0"]
    make = [install, *common, "--auth-root-authentication-method=normal", "--skip-test-db"]
    for _ in range(3):  # on a busy machine its first start is sometimes given up
        made = subprocess.run(make, check=False, capture_output=True, text=True)
        if made.returncode == 0:
            break
        shutil.rmtree(folder / "data", ignore_errors=True)
    assert made.returncode == 0, made.stdout + made.stderr
    start = folder / "start.sql"
    start.write_text(
        f"CREATE DATABASE town CHARACTER SET utf8mb4;\nCREATE USER '{USER}'@'127.0.0.1' IDENTIFIED BY '{WORD}';\n"
        f"GRANT ALL ON town.* TO '{USER}'@'127.0.0.1';\n"
        f"GRANT ALL ON *.* TO '{KEEPER}'@'127.0.0.1' IDENTIFIED BY '{WORD}' WITH GRANT OPTION;\n"
    )
    port = free_port()
    options = (
        *(f"--socket={folder}/s", f"--port={port}", "--bind-address=127.0.0.1", "--skip-name-resolve"),
        *(f"--init-file={start}", f"--pid-file={folder}/pid", "--innodb-buffer-pool-size=16M"),
        *(f"--log-bin={folder}/data/log", "--binlog-format=ROW", "--server-id=7", "--sync-binlog=0"),
        "--innodb-flush-log-at-trx-commit=0",
    )
    ordered = [server, *common, *options]
    running = subprocess.Popen(ordered, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait_for(port, running)
        yield port
    finally:
        running.terminate()
        running.wait(30)
        shutil.rmtree(folder, ignore_errors=True)


def _wait_for(port: int, running: subprocess.Popen[bytes]) -> None:
    for _ in range(300):
        assert running.poll() is None, "MariaDB did not start"
        try:
            pymysql.connect(host="127.0.0.1", port=port, user=USER, password=WORD, database="town").close()
        except pymysql.MySQLError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError("MariaDB did not start within 30 seconds")
