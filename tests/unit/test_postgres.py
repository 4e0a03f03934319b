"""The tests' own PostgreSQL."""

from __future__ import annotations

import psycopg

from tests.postgres import postgres_database, postgres_url  # noqa: F401


def test_every_test_has_a_database_of_its_own(postgres_database: str) -> None:  # noqa: F811
    """A table that one test makes is not seen by another."""
    with psycopg.connect(postgres_database) as db:
        db.execute("CREATE TABLE thing (id int)")
        assert db.execute("SELECT count(*) FROM thing").fetchone() == (0,)
