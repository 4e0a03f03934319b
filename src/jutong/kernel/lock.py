"""One worker at a time: a named lock that the machine lets go of when its holder dies."""

from __future__ import annotations

import fcntl
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa


@contextmanager
def exclusive(engine: sa.Engine, folder: Path, name: str) -> Iterator[bool]:
    """Yield whether the lock ``name`` is ours: a PostgreSQL advisory lock, or a lock file in ``folder``."""
    if engine.dialect.name == "postgresql":
        key = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big", signed=True)
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as db:
            held = bool(db.execute(sa.select(sa.func.pg_try_advisory_lock(key))).scalar())
            try:
                yield held
            finally:
                if held:
                    db.execute(sa.select(sa.func.pg_advisory_unlock(key)))
        return
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f"{name}.lock").open("a") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True
