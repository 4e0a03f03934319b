"""Upkeep of a lake's tables: small files become few, and what is older than its retention goes.

Both are safe beside readers and writers, and at any moment at which they are cut short: a compaction is a commit like
any other (the files it replaces stay as long as their versions do), and what retention takes away is first cut out of
the log and only then deleted.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa
from deltalake import CommitProperties, WriterProperties
from deltalake.exceptions import CommitFailedError
from pyarrow import fs

from .files import BYTES_A_FILE
from .history import OURS, History, Trimming, entry_path
from .lake import Lake
from .layout import LAYERS
from .place import answering

SMALL_BYTES = BYTES_A_FILE // 4
FEW = 8  # so many small files are no burden yet


@dataclass(frozen=True, slots=True, kw_only=True)
class Wear:
    """How a table stands, and what upkeep would do to it: compact so many files, take away so much."""

    table: str
    oldest: int  # the oldest version that can be read
    newest: int
    since: datetime  # when the oldest version came
    files: int  # of the newest version
    bytes: int
    small_files: int
    compacting: int  # small files that a compaction would put together; 0 if they are too few to matter
    start: int  # the oldest version once retention has done its work
    entries: int  # of the log, that would go
    dead_files: int  # that no version would know any more
    dead_bytes: int

    @property
    def due(self) -> bool:
        """Whether there is anything to do."""
        return bool(self.compacting or self.entries or self.dead_files or self.start > self.oldest)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trimmed:
    """What retention took away from a table."""

    oldest: int
    entries: int
    files: int
    bytes: int


def tables(lake: Lake, layers: Iterable[str] = LAYERS) -> Iterator[str]:
    """Yield the names of all tables of these layers, layer by layer."""
    files = lake.place.files
    for layer in layers:
        with answering(layer, lake.place.options):
            found = files.get_file_info(fs.FileSelector(layer, allow_not_found=True))
        for name in sorted(one.path for one in found if one.type == fs.FileType.Directory):
            if lake.exists(name):
                yield name


def wear(lake: Lake, table: str, *, before: datetime, unused_since: datetime) -> Wear:
    """Look at a table: what of it stands, and what would go of what was replaced before ``before``.

    Files younger than ``unused_since`` are never counted as dead: they may be on their way into the table.
    """
    history, sizes = lake.history(table), _sizes(lake, table)
    small = [size for size in sizes if size < SMALL_BYTES]
    trimming = _trimming(lake, history, before)
    start = trimming.start if trimming else history.oldest
    dead = lake.unknown_files(table, before=unused_since, since=start)
    with answering(table, lake.place.options):
        since = history.came(history.oldest)
    return Wear(
        table=table,
        oldest=history.oldest,
        newest=history.newest,
        since=since,
        files=len(sizes),
        bytes=sum(sizes),
        small_files=len(small),
        compacting=len(small) if len(small) >= FEW else 0,
        start=start,
        entries=trimming.entries if trimming else 0,
        dead_files=len(dead),
        dead_bytes=sum(one.size or 0 for one in dead),
    )


def compact(lake: Lake, table: str) -> tuple[int, int]:
    """Put the small files of a table together; return how many files there were before and are now.

    Rows, their values and the change feed stay what they are. If another writer comes first nothing is done: the next
    run sees what is left.
    """
    delta, before = lake.delta(table), _sizes(lake, table)
    with answering(table, lake.place.options):
        try:
            delta.optimize.compact(
                target_size=BYTES_A_FILE,
                max_concurrent_tasks=1,
                writer_properties=WriterProperties(compression="ZSTD", compression_level=1),
                commit_properties=CommitProperties(custom_metadata={OURS: {"upkeep": "compacted"}}),
            )
        except CommitFailedError:
            return len(before), len(before)
        version = int(delta.version())
        history = History(lake.place, table)
        for action in history.actions(version):
            if "add" in action:
                lake.place.make_durable(f"{table}/{action['add']['path']}")
        lake.place.make_durable(entry_path(table, version))
    return len(before), len(_sizes(lake, table))


def trim(lake: Lake, table: str, *, before: datetime, unused_since: datetime) -> Trimmed:
    """Take away the versions that were replaced before ``before``, and the files that no version knows then.

    What the newest version before ``before`` shows stays: every later instant can still be read.
    """
    history = lake.history(table)
    trimming = _trimming(lake, history, before)
    if trimming is not None:
        with answering(table, lake.place.options):
            history.trim(trimming.start)
    dead = lake.unknown_files(table, before=unused_since)
    with answering(table, lake.place.options):
        for one in dead:
            lake.place.files.delete_file(one.path)
    return Trimmed(
        oldest=lake.history(table).oldest,
        entries=trimming.entries if trimming else 0,
        files=len(dead),
        bytes=sum(one.size or 0 for one in dead),
    )


def mark_standing(lake: Lake, table: str) -> bool:
    """Write a checkpoint at the newest version if there is none: a later run can take away what stood before it."""
    history = lake.history(table)
    if history.newest in history.checkpoints or history.newest == 0:
        return False
    with answering(table, lake.place.options):
        lake.delta(table).create_checkpoint()
    return True


def _trimming(lake: Lake, history: History, before: datetime) -> Trimming | None:
    with answering(history.table, lake.place.options):
        floor = history.at(before)
        return None if floor is None else history.trimming(floor)


def _sizes(lake: Lake, table: str) -> list[int]:
    delta = lake.delta(table)
    with answering(table, lake.place.options):
        return [int(size) for size in pa.table(delta.get_add_actions())["size_bytes"].to_pylist()]
