"""The log of one table: which versions can still be read, when each came, and what landed under which mark."""

from __future__ import annotations

import bisect
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from pyarrow import fs

from jutong.kernel.errors import WrongMoment
from jutong.kernel.text import text

from .place import Place
from .snapshot import Snapshot

OURS = "jutong"  # under this name a commit says whose landing it is
_ENTRY = re.compile(r"(\d{20})\.json")
_CHECKPOINT = re.compile(r"(\d{20})\.checkpoint(\..+)?\.parquet")
_MARKS = re.compile(r"landings-(\d{20})\.jsonl")


class NoLongerKept(WrongMoment):
    """The version was there, and retention has taken it away."""

    def __init__(self, table: str, oldest: int, since: datetime) -> None:
        super().__init__(
            text(
                "table {table} can be read back to version {oldest} of {since}; what stood before is no longer kept",
                table=table,
                oldest=oldest,
                since=since.isoformat(timespec="seconds"),
            ),
            basis=text("declared retention of the lake (PIPL, arts 19 and 47)"),
            remedy=text("ask for that version or a later one"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Trimming:
    """What a shorter log leaves out: everything before version ``start``, which becomes the oldest."""

    start: int
    entries: int


class History:
    """What the log folder of a table holds, as it was when this was made; make it anew to look again.

    Versions from ``oldest`` on can be read. Retention takes log entries away from the front, up to a checkpoint;
    what landed under which mark is first written beside the log, so that a mark still lands only once.
    """

    def __init__(self, place: Place, table: str) -> None:
        self._place, self.table = place, table
        self._folder = f"{table}/_delta_log"
        self.entries: list[int] = []
        self.checkpoints: list[int] = []
        for found in place.files.get_file_info(fs.FileSelector(self._folder, allow_not_found=True)):
            if match := _ENTRY.fullmatch(found.base_name):
                self.entries.append(int(match[1]))
            elif match := _CHECKPOINT.fullmatch(found.base_name):
                self.checkpoints.append(int(match[1]))
        self.entries.sort()
        self.checkpoints = sorted(set(self.checkpoints))

    @property
    def newest(self) -> int:
        """The newest version."""
        return self.entries[-1]

    @cached_property
    def oldest(self) -> int:
        """The oldest version that can be read: the first of all, or the first checkpoint from which all entries stand.

        A run that was cut short while it took entries away leaves some before it; they count for nothing.
        """
        first = self.entries[0]
        if first == 0:
            return 0
        return next((version for version in self.checkpoints if version >= first), self.newest)

    def came(self, version: int) -> datetime:
        """Return the instant at which a version came, by the clock of whoever wrote it."""
        for action in self.actions(version):
            if "commitInfo" in action:
                return datetime.fromtimestamp(action["commitInfo"].get("timestamp", 0) / 1000, UTC)
        return datetime.fromtimestamp(0, UTC)

    def at(self, instant: datetime) -> int | None:
        """Return the version that stood at an instant, or None if the oldest that is kept came later."""
        kept = range(self.oldest, self.newest + 1)
        place = bisect.bisect_right(kept, instant, key=self.came)
        return kept[place - 1] if place else None

    def check_kept(self, version: int) -> None:
        """Refuse a version that retention has taken away."""
        if self.oldest and version < self.oldest:
            raise self.gone()

    def gone(self) -> NoLongerKept:
        """Return the refusal of what stood before the oldest version."""
        return NoLongerKept(self.table, self.oldest, self.came(self.oldest))

    def actions(self, version: int) -> Iterator[dict[str, Any]]:
        """Yield what a version did; ``FileNotFoundError`` if its entry is not there."""
        with self._place.files.open_input_stream(entry_path(self.table, version)) as stream:
            for line in stream.read().splitlines():
                yield json.loads(line)

    def landing(self, version: int, mark: str) -> Snapshot | None:
        """Return what landed at ``version`` under ``mark``, from the log or from what was written beside it."""
        try:
            said = [_landing_of(self.table, version, action) for action in self.actions(version)]
            found = [told for told in said if told]
        except FileNotFoundError:
            found = list(self._beside(version))
        return next((snapshot for own, snapshot in found if own == mark), None)

    def trimming(self, before: int) -> Trimming | None:
        """Return what can go so that every version from ``before`` on stays readable, or None."""
        start = max((version for version in self.checkpoints if version <= before), default=-1)
        entries = bisect.bisect_left(self.entries, start)
        older = any(version < start for version in self.checkpoints)
        return Trimming(start=start, entries=entries) if entries or older else None

    def trim(self, start: int) -> None:
        """Take away all before the checkpoint ``start``; cut short at any moment, the same again completes it."""
        self._write_beside(start)
        for version in self.entries[: bisect.bisect_left(self.entries, start)]:
            self._place.files.delete_file(entry_path(self.table, version))
        for found in self._place.files.get_file_info(fs.FileSelector(self._folder)):
            match = _CHECKPOINT.fullmatch(found.base_name)
            if match and int(match[1]) < start:
                self._place.files.delete_file(found.path)
        for found in self._beside_files():
            match = _MARKS.fullmatch(found.base_name)
            if not match or int(match[1]) < start:
                self._place.files.delete_file(found.path)

    def _write_beside(self, start: int) -> None:
        """Write what landed before ``start`` beside the log: whole, durable, and before anything goes."""
        lines = [line for path, _ in self._marks_files() for line in self._lines(path)]
        for version in self.entries[: bisect.bisect_left(self.entries, start)]:
            for action in self.actions(version):
                if told := _landing_of(self.table, version, action):
                    mark, snapshot = told
                    facts = {"mark": mark, "version": version, "rows": snapshot.rows, "digest": snapshot.digest}
                    lines.append(json.dumps(facts, ensure_ascii=False, sort_keys=True))
        target = f"{self.table}/_jutong/landings-{start:020d}.jsonl"
        self._place.make_room(f"{self.table}/_jutong")
        with self._place.new_files.open_output_stream(f"{target}.part") as stream:
            stream.write("".join(f"{line}\n" for line in dict.fromkeys(lines)).encode())
        self._place.new_files.move(f"{target}.part", target)
        self._place.make_durable(target)

    def _beside(self, version: int) -> Iterator[tuple[str, Snapshot]]:
        for path, until in self._marks_files():
            if version < until:
                for line in self._lines(path):
                    told = json.loads(line)
                    if told["version"] == version:
                        yield (
                            told["mark"],
                            Snapshot(table=self.table, version=version, rows=told["rows"], digest=told["digest"]),
                        )

    def _marks_files(self) -> list[tuple[str, int]]:
        found = [(info.path, _MARKS.fullmatch(info.base_name)) for info in self._beside_files()]
        return sorted((path, int(match[1])) for path, match in found if match)

    def _beside_files(self) -> list[fs.FileInfo]:
        beside = fs.FileSelector(f"{self.table}/_jutong", allow_not_found=True)
        return [found for found in self._place.files.get_file_info(beside) if found.type == fs.FileType.File]

    def _lines(self, path: str) -> list[str]:
        with self._place.files.open_input_stream(path) as stream:
            return str(stream.read().decode()).splitlines()


def entry_path(table: str, version: int) -> str:
    """Return where the log entry of a version stands."""
    return f"{table}/_delta_log/{version:020d}.json"


def _landing_of(table: str, version: int, action: dict[str, Any]) -> tuple[str, Snapshot] | None:
    said = action.get("commitInfo", {}).get(OURS, {})
    if "mark" not in said:
        return None
    return said["mark"], Snapshot(table=table, version=version, rows=said["rows"], digest=said["digest"])
