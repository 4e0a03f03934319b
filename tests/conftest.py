"""What tests of every kind may ask for: the control database, as a new node has it, on both kinds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from jutong.kernel.db import connect
from jutong.kernel.migrate import migrate
from tests.postgres import fresh_database, postgres_database, postgres_url

__all__ = ["database_url", "engine", "postgres_database", "postgres_url"]


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where an empty control database is, a file or in the tests' own PostgreSQL."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'control.db'}"
    return fresh_database(request.getfixturevalue("postgres_url"))


@pytest.fixture
def engine(database_url: str) -> Iterator[sa.Engine]:
    """A control database at the newest revision."""
    made = connect(database_url)
    migrate(made)
    yield made
    made.dispose()
