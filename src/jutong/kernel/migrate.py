"""The control database's history: one line of Alembic revisions for SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from .db import Transaction, connection
from .errors import Unavailable
from .text import text


def migrate(engine: sa.Engine) -> str:
    """Bring the database to the newest revision and return its name; safe to repeat, safe to interrupt."""
    config = _config()
    with connection(engine) as db, _alone(db):
        config.attributes["connection"] = db
        command.upgrade(config, "head")
    return standing(engine) or ""


@contextmanager
def _alone(db: sa.Connection) -> Iterator[None]:
    """Keep out others who migrate at this moment; whatever dies on the way leaves the database as it was."""
    if db.dialect.name == "sqlite":
        # SQLite's tables are made in transactions too; the driver would commit after every statement.
        work = Transaction(db)
        work.begin()
        try:
            yield
        except BaseException:
            work.rollback()
            raise
        work.commit()
        return
    db.execute(sa.text("SELECT pg_advisory_lock(8032026)"))
    db.commit()
    try:
        yield
    finally:
        db.rollback()
        db.execute(sa.text("SELECT pg_advisory_unlock(8032026)"))
        db.commit()


def check_standing(engine: sa.Engine) -> None:
    """Refuse to work on a database of an older, a newer or no revision."""
    found, wanted = standing(engine), newest()
    if found != wanted:
        raise Unavailable(
            text(
                "the control database stands at revision {found}; this version needs {wanted}",
                found=found or "-",
                wanted=wanted,
            ),
            remedy=text("run `jutong migrate`"),
        )


def standing(engine: sa.Engine) -> str | None:
    """Return the revision that the database stands at, or None where it is empty."""
    with connection(engine) as db:
        return MigrationContext.configure(db).get_current_revision()


def newest() -> str | None:
    """Return the newest revision that this package knows."""
    return ScriptDirectory.from_config(_config()).get_current_head()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(files("jutong").joinpath("migrations")))
    return config
