"""The keys of rows that changed in one run of a stream, in a file beside its rows, so that memory stays bounded."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from jutong.kernel.files import refusing_full_disk

PORTION = 500  # keys of a question for rows
GONE = pa.schema([pa.field("key", pa.string())])


@dataclass(slots=True)
class Keys:
    """Keys, and under which of them a row stands after all that was read."""

    db: sqlite3.Connection
    changes: int = 0
    emptied: bool = False  # at some point all rows went at once

    def touch(self, keys: Collection[str]) -> None:
        """Note that rows changed, and stand under these keys."""
        self.changes += len(keys)
        self._note(keys, 1)

    def find(self, found: Mapping[str, str]) -> None:
        """Note the texts in which keys were found to stand."""
        said = "UPDATE k SET stands = 1, plain = ? WHERE key = ?"
        self.db.executemany(said, [(plain(told), key) for key, told in found.items()])

    def lacking(self, texts: Collection[str]) -> list[str]:
        """Return those of the texts that no standing key has, whatever letters are capital."""
        said = "SELECT 1 FROM k WHERE plain = ? AND stands"
        return [one for one in texts if self.db.execute(said, (plain(one),)).fetchone() is None]

    def lose(self, keys: Collection[str]) -> None:
        """Note that nothing stands under these keys any more."""
        self._note(keys, 0)

    def empty(self) -> None:
        """Note that nothing stands any more."""
        self.emptied = True
        self.db.execute("UPDATE k SET stands = 0")

    def portions(self) -> Iterator[list[str]]:
        """Yield the keys in their order."""
        yield from self._told("SELECT key FROM k WHERE key > ? ORDER BY key LIMIT ?", PORTION)

    def gone(self) -> int:
        """Return under how many keys nothing stands any more."""
        return int(self.db.execute("SELECT count(*) FROM k WHERE NOT stands").fetchone()[0])

    def gone_portions(self) -> Iterator[list[str]]:
        """Yield the keys under which nothing stands any more, in their order."""
        yield from self._told("SELECT key FROM k WHERE NOT stands AND key > ? ORDER BY key LIMIT ?", PORTION)

    def _note(self, keys: Collection[str], stands: int) -> None:
        said = "INSERT INTO k (key, stands) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET stands = excluded.stands"
        self.db.executemany(said, [(key, stands) for key in keys])

    def _told(self, asked: str, most: int) -> Iterator[list[str]]:
        """Yield keys by the last one of the portion before: what is noted meanwhile does not disturb."""
        last = ""
        while rows := self.db.execute(asked, (last, most)).fetchall():
            yield [key for (key,) in rows]
            last = rows[-1][0]


@contextmanager
def keys_beside(path: Path) -> Iterator[Keys]:
    """Lend a file for keys beside a spool; nothing of it stays."""
    kept = path.with_suffix(".keys")
    kept.unlink(missing_ok=True)
    kept.parent.mkdir(parents=True, exist_ok=True)
    try:
        with closing(sqlite3.connect(kept, check_same_thread=False)) as db:  # Arrow reads on a thread of its own
            db.execute("PRAGMA journal_mode = OFF")
            db.execute("PRAGMA synchronous = OFF")
            db.execute("CREATE TABLE k (key TEXT PRIMARY KEY, stands INTEGER, plain TEXT) WITHOUT ROWID")
            db.execute("CREATE INDEX plainly ON k (plain)")
            yield Keys(db)
    finally:
        kept.unlink(missing_ok=True)


def plain(key: str) -> str:
    """Return a key as keys are compared.

    >>> plain(" a1")
    'A1'
    """
    return key.strip().upper()


def gone_beside(path: Path) -> Path:
    """Return where the keys stand whose rows were taken back, beside the spool of the rows that came."""
    return path.with_suffix(".gone")


def write_gone(path: Path, portions: Iterator[list[str]]) -> int:
    """Keep the keys that were taken back beside a spool, and return how many they are."""
    kept, rows = gone_beside(path), 0
    with refusing_full_disk(), pa.OSFile(str(kept), "wb") as stream, pa.ipc.new_file(stream, GONE) as writer:
        for portion in portions:
            writer.write_batch(pa.record_batch([pa.array(portion, pa.string())], schema=GONE))
            rows += len(portion)
    if not rows:
        kept.unlink()
    return rows


def read_gone(path: Path) -> pa.RecordBatchReader:
    """Return the keys that were taken back, as they stand beside a spool; none where there is no such file."""
    kept = gone_beside(path)
    return pa.RecordBatchReader.from_batches(GONE, _batches(kept) if kept.exists() else iter(()))


def _batches(path: Path) -> Iterator[pa.RecordBatch]:
    with pa.OSFile(str(path)) as stream, pa.ipc.open_file(stream) as reader:
        for place in range(reader.num_record_batches):
            yield reader.get_batch(place)
