"""Real inputs for tests: read where they are, skipped where they are not, never copied."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(os.environ.get("JUTONG_DATA") or Path(__file__).parents[1] / ".." / "shared" / "data")


def data(path: str) -> Path:
    """Return a real input, or skip the test that asks for it."""
    found = ROOT / path
    if not found.exists():
        pytest.skip(f"the real input {path} is not here (JUTONG_DATA)")
    return found
