"""The keys of rows that changed in one run of a stream, in a file beside its rows, so that memory stays bounded."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

PORTION = 500  # keys of a question for rows


@dataclass(slots=True)
class Keys:
    """The keys of a run, in a file beside its rows."""

    db: sqlite3.Connection
    changes: int = 0

    def add(self, keys: Collection[str]) -> None:
        """Note that rows under these keys changed."""
        self.changes += len(keys)
        self.db.executemany("INSERT OR IGNORE INTO k VALUES (?)", [(key,) for key in keys])

    def lose(self, keys: Collection[str]) -> None:
        """Note that nothing stands under these keys any more."""
        self.db.executemany("INSERT INTO gone VALUES (?)", [(key,) for key in sorted(keys)])

    def gone(self) -> int:
        """Return under how many keys nothing stands any more."""
        return int(self.db.execute("SELECT count(*) FROM gone").fetchone()[0])

    def portions(self) -> Iterator[list[str]]:
        """Yield the keys in their order."""
        cursor = self.db.execute("SELECT key FROM k ORDER BY key")
        while rows := cursor.fetchmany(PORTION):
            yield [key for (key,) in rows]


@contextmanager
def keys_beside(path: Path) -> Iterator[Keys]:
    """Lend a file for keys; nothing of it stays."""
    path.unlink(missing_ok=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with closing(sqlite3.connect(path, check_same_thread=False)) as db:  # Arrow reads on a thread of its own
            db.execute("PRAGMA journal_mode = OFF")
            db.execute("PRAGMA synchronous = OFF")
            db.execute("CREATE TABLE k (key TEXT PRIMARY KEY) WITHOUT ROWID")
            db.execute("CREATE TABLE gone (key TEXT)")
            yield Keys(db)
    finally:
        path.unlink(missing_ok=True)
