"""The ledger under kill -9: at every step that touches the disk, nothing accepted is lost and nothing stands twice."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

DRIVER = Path(__file__).with_name("ledger_driver.py")


@pytest.mark.parametrize("kind", ["sequence", "seal", "append"])
def test_a_ledger_that_is_killed_at_any_step_goes_on_where_it_was(tmp_path: Path, kind: str) -> None:
    """Each step is the last one once; the next start mends what it finds."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, str(DRIVER), kind, str(tmp_path)], capture_output=True, text=True, env=environment, check=False
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 12
