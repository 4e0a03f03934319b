"""A node that dies while it collects: after the restart nothing is lost and nothing is doubled."""

from __future__ import annotations

import hashlib
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from jutong.collection import LAYOUTS, Batch, CsvSource
from tests.collecting import Node, node_at

HEADER = ",".join(LAYOUTS["enterprise-register"].headers)
ROWS = 60_000

SCRIPT = """
import os, resource, signal, sys
from pathlib import Path
from jutong import collection
from jutong.collection import LAYOUTS, CsvSource, acts, store
from jutong.kernel.errors import Unavailable
from jutong.pools.lake import Lake
from tests.collecting import ENTRY, node_at

def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

folder, when = Path(sys.argv[1]), sys.argv[2]
node = node_at(folder / "home")
progress = None
append, record = Lake.append, store.save
if when == "while landing":
    progress = lambda rows, of: die() if rows > 20_000 else None
elif when == "between the tables":
    def append_or_die(self, table, rows, **how):
        return die() if table.startswith("quarantine") else append(self, table, rows, **how)
    Lake.append = append_or_die
elif when == "before recording":
    store.save = die
elif when == "before the commit":
    store.save = lambda db, batch: record(db, batch) and die()
elif when == "full disk":
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_500_000, resource.RLIM_INFINITY))
source = CsvSource(folder / "rows.csv", LAYOUTS["enterprise-register"])
with node.desk() as desk:
    try:
        collection.collect(desk, ENTRY, source, progress=progress)
    except Unavailable as told:
        print(told)
"""


def delivery(folder: Path) -> CsvSource:
    """Make a delivery with some ragged rows."""
    with (folder / "rows.csv").open("w", encoding="utf-8") as stream:
        stream.write(HEADER + "\n")
        for row in range(ROWS):
            noise = hashlib.sha256(b"%d" % row).hexdigest()
            stream.write(f"坏,{row}\n" if row % 1000 == 7 else f"企业{row},{row:018x},2004-01-02,,,{noise},,,\n")
    return CsvSource(folder / "rows.csv", LAYOUTS["enterprise-register"])


def run(folder: Path, when: str) -> subprocess.CompletedProcess[str]:
    """Collect the delivery in a process of its own."""
    return subprocess.run(
        [sys.executable, "-c", SCRIPT, str(folder), when], capture_output=True, text=True, check=False
    )


def assert_whole(node: Node, batch: Batch) -> None:
    """Every row is there once."""
    assert (batch.rows_read, batch.rows_landed, batch.rows_quarantined) == (ROWS, ROWS - 60, 60)
    rows = node.raw(batch)["_row"].to_pylist()
    assert len(rows) == len(set(rows)) == ROWS - 60
    assert len(node.quarantined(batch)) == 60
    assert node.evidence() == ["collection.landed"]


@pytest.mark.parametrize("when", ["while landing", "between the tables", "before recording", "before the commit"])
def test_a_killed_collection_is_taken_up(tmp_path: Path, when: str) -> None:
    """Killed at any of these points, the same delivery lands whole when it is collected again, and once."""
    source = delivery(tmp_path)
    died = run(tmp_path, when)
    assert died.returncode == -signal.SIGKILL, died.stderr
    node = node_at(tmp_path / "home")
    assert node.evidence() == []
    batch = node.collect(source)
    assert_whole(node, batch)
    assert node.collect(source) == batch
    assert_whole(node, batch)


def test_a_disk_that_is_full_refuses_and_later_takes(tmp_path: Path) -> None:
    """Where the files cannot grow the act is refused in clear words; with room again the delivery lands whole."""
    source = delivery(tmp_path)
    refused = run(tmp_path, "full disk")
    assert (refused.returncode, "full" in refused.stdout) == (0, True), refused.stderr
    node = node_at(tmp_path / "home")
    assert node.evidence() == []
    assert_whole(node, node.collect(source))
