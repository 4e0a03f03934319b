"""What tests of every kind may ask for: the control database, as a new node has it, on both kinds."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from jutong.kernel.db import connect
from jutong.kernel.migrate import migrate
from tests.postgres import binaries, fresh_database, postgres_database, postgres_url

__all__ = ["database_url", "engine", "postgres_database", "postgres_url"]

THE_WHOLE_WAY = command.upgrade
# Begun first where several workers share the files, so that none of them is left alone with a long one at the end.
LONGEST_FIRST = (
    "crash/test_whole_thread.py",
    "contracts/test_page_rights.py",
    "browser/test_every_page.py",
    "contracts/test_api_bad_input.py",
    "browser/test_walk.py",
    "contracts/test_openapi.py",
    "journeys/test_many_workers.py",
    "contracts/test_page_links.py",
    "journeys/test_one_record.py",
    "contracts/test_page_lists.py",
    "property/test_library_laws.py",
    "unit/test_console_rows.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest files first, and leave the others and what is in a file in their order."""
    places = {Path(__file__).parent / name: place for place, name in enumerate(LONGEST_FIRST)}
    items.sort(key=lambda item: places.get(item.path, len(places)))


@pytest.fixture(scope="session", autouse=True)
def the_way_is_gone_once() -> Iterator[None]:
    """Let one database of each kind go through the whole history, and the empty ones after it begin as it ended.

    The history itself is tested in ``test_migrations``: in processes of their own, and over databases with tables.
    """
    scripts: dict[str, list[str]] = {}

    def upgrade(config: Config, revision: str, **more: Any) -> None:
        db: sa.Connection = config.attributes["connection"]
        whole = revision == "head" and not sa.inspect(db).get_table_names()
        if db.dialect.name == "postgresql":
            db.rollback()  # what looking began: the history has transactions of its own
        if whole and db.dialect.name in scripts:
            for statement in scripts[db.dialect.name]:
                db.connection.driver_connection.execute(statement)  # type: ignore[union-attr]
            if db.dialect.name == "postgresql":
                db.commit()
            return
        THE_WHOLE_WAY(config, revision, **more)
        if whole:
            scripts[db.dialect.name] = _script(db)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(command, "upgrade", upgrade)
        yield


def _script(db: sa.Connection) -> list[str]:
    """Return the statements that make a database as this one is."""
    if db.dialect.name == "sqlite":
        named = sa.text("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL")
        row = db.execute(sa.text("SELECT * FROM alembic_version")).scalar_one()
        return [*db.execute(named).scalars(), f"INSERT INTO alembic_version VALUES ('{row}')"]
    programs = binaries()
    assert programs is not None
    url = db.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    dump = subprocess.run(
        [programs / "pg_dump", "--no-owner", "--inserts", url], check=True, capture_output=True, text=True
    ).stdout
    lines = [line for line in dump.splitlines() if not line.startswith("\\") and "set_config('search_path'" not in line]
    return ["\n".join(lines)]


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
