"""The control database's history ends where the rooms' stores say, on both databases, however often it is run."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, date, datetime

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

import jutong.app  # noqa: F401  every room's store declares its tables
from jutong import ledger
from jutong.kernel import migrate as migration
from jutong.kernel.db import connect, metadata
from jutong.kernel.migrate import migrate, newest, standing
from jutong.ledger import Evidence, Search

MIGRATE = """
import sys
from jutong.kernel.db import connect
from jutong.kernel.migrate import migrate
print("ready", flush=True)
sys.stdin.readline()
print(migrate(connect(sys.argv[1])))
"""

DIE_AT = """
import os, signal, sys
import jutong.app
from alembic.operations import Operations
from jutong.kernel.db import connect
from jutong.kernel.migrate import migrate
from alembic.ddl.impl import DefaultImpl

made = DefaultImpl.create_table
left = [int(sys.argv[2])]

def create_table(self, table, **more):
    left[0] -= 1
    if not left[0]:
        os.kill(os.getpid(), signal.SIGKILL)
    return made(self, table, **more)

DefaultImpl.create_table = create_table
migrate(connect(sys.argv[1]))
"""


def drift(engine: sa.Engine) -> list[object]:
    """Return in what the tables that stand differ from those that are declared."""
    with engine.connect() as db:
        return list(compare_metadata(MigrationContext.configure(db, opts={"compare_type": True}), metadata))


def test_the_history_ends_at_what_the_rooms_declare(engine: sa.Engine) -> None:
    """A migrated database has every table, column, key and index of the stores, and nothing else."""
    assert standing(engine) == newest()
    assert drift(engine) == []


def test_migrating_again_changes_nothing(engine: sa.Engine) -> None:
    """An operator who is not sure may run it again; what was kept stays."""
    with engine.begin() as db:
        db.execute(sa.text("INSERT INTO cascade_heard (node, place) VALUES ('n', 7)"))
    assert migrate(engine) == newest()
    with engine.connect() as db:
        assert db.execute(sa.text("SELECT place FROM cascade_heard")).scalar() == 7
    assert drift(engine) == []


def test_processes_that_migrate_at_once_do_not_meet(database_url: str) -> None:
    """Three workers that start together leave one schema; none fails."""
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", MIGRATE, database_url],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    for worker in workers:
        assert worker.stdout is not None
        worker.stdout.readline()
    said = []
    for worker in workers:
        assert worker.stdin is not None
        worker.stdin.write("\n")
        worker.stdin.flush()
    for worker in workers:
        out, complaint = worker.communicate(timeout=60)
        said.append((worker.returncode, out.strip(), complaint))
    assert [(code, out) for code, out, _ in said] == [(0, newest())] * 3, said
    assert drift(connect(database_url)) == []


@pytest.mark.parametrize("table", [1, 7])
def test_a_migration_that_is_killed_is_done_again(database_url: str, table: int) -> None:
    """Half a migration is none: the next start finds the database as it was before, and completes."""
    died = subprocess.run(
        [sys.executable, "-c", DIE_AT, database_url, str(table)], capture_output=True, text=True, check=False
    )
    assert died.returncode == -9, died.stderr
    engine = connect(database_url)
    assert migrate(engine) == newest()
    assert drift(engine) == []


def test_lines_that_stand_already_are_found_by_body_day_and_person(database_url: str) -> None:
    """A node that is brought up to date finds its old lines as it finds its new ones."""
    engine = connect(database_url)
    config = migration._config()
    before = ScriptDirectory.from_config(config).get_revision("0006").down_revision
    with engine.connect() as db:
        config.attributes["connection"] = db
        command.upgrade(config, str(before))
        db.commit()
    at = datetime(2026, 1, 2, 20, tzinfo=UTC)
    lines = [
        Evidence(id=f"{number}", act="a.b", actor="p", org="o", on="x", at=at, facts={"provider": f"body-{number % 2}"})
        for number in range(5)
    ]
    old = sa.table("ledger_evidence", *map(sa.column, ("id", "act", "on", "leaf")))
    with engine.begin() as db:
        db.execute(old.insert(), [{"id": one.id, "act": one.act, "on": one.on, "leaf": one.leaf()} for one in lines])
    migrate(engine)
    with engine.connect() as db:
        for search, count in ((Search(seen_by="o"), 5), (Search(body="body-1"), 2), (Search(person="p"), 5)):
            assert len(ledger.search(db, search)) == count
        assert len(ledger.search(db, Search(day=date(2026, 1, 3)))) == 5
