"""Serving copies: key to row, rebuilt from the lake at any time, swapped whole; here on LMDB, in this node's folder."""

from __future__ import annotations

import errno
import fcntl
import itertools
import os
import re
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Protocol

import lmdb

from jutong.kernel.errors import Invalid, Unavailable
from jutong.kernel.files import refusing_full_disk, sync_folder, write_whole
from jutong.kernel.text import text

from .layout import table_name

LONGEST_KEY = 511  # bytes; LMDB's limit, and so everybody's
_ROWS_A_STEP = 50_000
_FIRST_MAP = 16 << 20
_FULL = ("No space left", "File too large", "quota", "Input/output error")
_VERSION = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]{0,99}")


class LookupReader(Protocol):
    """An open serving copy; not for several threads at once, so open one per thread."""

    @property
    def version(self) -> str | None:
        """The version that is being read, None if there is no copy."""
        ...

    def get(self, key: bytes) -> bytes | None:
        """Return the row of ``key``, or None; a key that no copy could hold is simply not there."""
        ...

    def get_many(self, keys: Sequence[bytes]) -> list[bytes | None]:
        """Return the row of each key, or None, in order; one question, wherever the copy is."""
        ...

    def refresh(self) -> bool:
        """Follow a swap; say whether there was one. Call it a few times a second, not before every ``get``."""
        ...

    def close(self) -> None:
        """Let go of the copy."""
        ...


class Lookup(Protocol):
    """Where serving copies are kept."""

    def build(self, name: str, rows: Iterable[tuple[bytes, bytes]], *, version: str) -> None:
        """Build a copy beside the present one and swap it in; the same version again is no work.

        Readers see the old copy or the new one, never a part; of two rows with one key the later wins.
        """
        ...

    def version(self, name: str) -> str | None:
        """Return the version that is being served, None if there is no copy."""
        ...

    def open(self, name: str) -> LookupReader:
        """Open the copy for look-ups; a copy that is built later is found by ``refresh``."""
        ...

    def remove(self, name: str) -> None:
        """Stop serving: drop the copy."""
        ...


def checked(rows: Iterable[tuple[bytes, bytes]]) -> Iterator[tuple[bytes, bytes]]:
    """Yield the rows, or refuse at the first key that a copy cannot hold; its place is told, never its value."""
    for place, row in enumerate(rows):
        if not 0 < len(row[0]) <= LONGEST_KEY:
            raise Invalid(
                text("row {place} has a key of {size} bytes", place=place, size=len(row[0])),
                basis=text("serving copies, keys have 1 to {limit} bytes", limit=LONGEST_KEY),
                remedy=text("choose a shorter key item, or leave out rows without one"),
            )
        yield row


def copy_version(version: str) -> str:
    """Return ``version`` if it can name a copy."""
    if not _VERSION.fullmatch(version):
        raise Invalid(text("{version} cannot be the version of a serving copy", version=version[:100]))
    return version


class LmdbLookup:
    """One LMDB file a copy in ``folder/<name>/<version>.lmdb``; the file ``current`` says which one is served."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._open = _OpenCopies()

    def build(self, name: str, rows: Iterable[tuple[bytes, bytes]], *, version: str) -> None:
        """Build and swap; a process that dies on the way leaves the old copy serving."""
        folder, target = self._home(name), f"{copy_version(version)}.lmdb"
        folder.mkdir(parents=True, exist_ok=True)
        with _alone(folder):
            present = self.version(name)
            self._clear(folder, keep=present)
            if present == version:
                return
            beside = folder / f".{target}"
            try:
                _write_copy(beside, rows)
            except BaseException:
                beside.unlink(missing_ok=True)
                raise
            beside.replace(folder / target)
            sync_folder(folder)
            write_whole(folder / "current", version.encode())
            # A reader of the old copy keeps its file open: the name goes now, the bytes when the last reader goes.
            self._clear(folder, keep=version)

    def version(self, name: str) -> str | None:
        """Return what ``current`` says."""
        return _current(self._home(name))

    def open(self, name: str) -> LmdbReader:
        """Open the present copy."""
        return LmdbReader(self._home(name), self._open)

    def remove(self, name: str) -> None:
        """Drop the copy; open readers keep theirs until they refresh."""
        folder = self._home(name)
        if folder.exists():
            with _alone(folder):
                (folder / "current").unlink(missing_ok=True)
                sync_folder(folder)
                self._clear(folder, keep=None)

    def _home(self, name: str) -> Path:
        return self._folder / table_name(name)

    def _clear(self, folder: Path, *, keep: str | None) -> None:
        for path in folder.iterdir():
            if path.suffix == ".lmdb" and path.name != f"{keep}.lmdb":
                path.unlink(missing_ok=True)


class LmdbReader:
    """One read transaction on a copy that nobody writes, kept open from swap to swap: a look-up and nothing more."""

    __slots__ = ("_copies", "_copy", "_folder", "_get", "_seen", "version")

    def __init__(self, folder: Path, copies: _OpenCopies) -> None:
        self._folder, self._copies = folder, copies
        self._copy: _Copy | None = None
        self._get: Callable[[bytes], bytes | None] = _nothing
        self._seen: tuple[int, int] | None = None
        self.version: str | None = None
        self.refresh()

    def get(self, key: bytes) -> bytes | None:
        """Return the row of ``key``, or None."""
        try:
            return self._get(key)
        except lmdb.BadValsizeError:
            return None

    def get_many(self, keys: Sequence[bytes]) -> list[bytes | None]:
        """Return the row of each key, or None."""
        return [self.get(key) for key in keys]

    def refresh(self) -> bool:
        """Look at ``current`` (one ``stat``) and follow it."""
        while True:
            stands = _stamp(self._folder / "current")
            if stands == self._seen:
                return False
            version = _current(self._folder)
            try:
                copy = None if version is None else self._copies.take(self._folder / f"{version}.lmdb")
            except FileNotFoundError:
                continue  # swapped between our two looks
            self.close()
            if copy is not None:
                self._copy, self._get = copy, copy.environment.begin(buffers=False).get
            self._seen, self.version = stands, version
            return True

    def close(self) -> None:
        """Let go of the copy."""
        self._get, copy, self._copy = _nothing, self._copy, None
        self._seen, self.version = None, None
        if copy is not None:
            self._copies.give_back(copy)


class _Copy:
    """An open copy and how many readers share it."""

    def __init__(self, path: Path, environment: lmdb.Environment) -> None:
        self.path, self.environment, self.readers = path, environment, 0


class _OpenCopies:
    """LMDB forbids opening a file twice in one process, so the readers of a copy share its environment."""

    def __init__(self) -> None:
        self._copies: dict[Path, _Copy] = {}
        self._lock = threading.Lock()

    def take(self, path: Path) -> _Copy:
        with self._lock:
            copy = self._copies.get(path)
            if copy is None:
                if not path.exists():
                    raise FileNotFoundError(path)
                try:
                    # No locks: the file never changes again once it has its name.
                    environment = lmdb.open(str(path), subdir=False, readonly=True, lock=False, readahead=False)
                except lmdb.Error as error:
                    if not path.exists():
                        raise FileNotFoundError(path) from error
                    raise Unavailable(
                        text("a serving copy cannot be opened"), remedy=text("build it again from the lake")
                    ) from error
                copy = self._copies[path] = _Copy(path, environment)
            copy.readers += 1
            return copy

    def give_back(self, copy: _Copy) -> None:
        with self._lock:
            copy.readers -= 1
            if not copy.readers and self._copies.get(copy.path) is copy:
                del self._copies[copy.path]
                copy.environment.close()


def _nothing(key: bytes) -> bytes | None:  # noqa: ARG001
    return None


def _write_copy(path: Path, rows: Iterable[tuple[bytes, bytes]]) -> None:
    path.unlink(missing_ok=True)
    with _telling_full_disk():
        environment = lmdb.open(
            str(path), subdir=False, map_size=_FIRST_MAP, lock=False, sync=False, metasync=False, mode=0o640
        )
    try:
        steps = checked(rows)
        while step := list(itertools.islice(steps, _ROWS_A_STEP)):
            with _telling_full_disk():
                _put(environment, step)
        with _telling_full_disk():
            environment.sync(True)
    finally:
        environment.close()
    with _telling_full_disk(), path.open("rb") as handle:
        os.fsync(handle.fileno())


def _put(environment: lmdb.Environment, step: list[tuple[bytes, bytes]]) -> None:
    while True:
        try:
            with environment.begin(write=True) as writing:
                writing.cursor().putmulti(step, overwrite=True)
        except lmdb.MapFullError:
            environment.set_mapsize(environment.info()["map_size"] * 2)
        else:
            return


@contextmanager
def _telling_full_disk() -> Iterator[None]:
    with refusing_full_disk():
        try:
            yield
        except lmdb.Error as error:
            # LMDB says "input/output error" when a write came out short, which is how a disk that fills up looks.
            if not isinstance(error, lmdb.DiskError) and not any(sign in str(error) for sign in _FULL):
                raise
            raise OSError(errno.ENOSPC, "the serving copy does not fit") from error


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    with (folder / ".lock").open("a") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _current(folder: Path) -> str | None:
    with suppress(FileNotFoundError):
        return (folder / "current").read_text("ascii")
    return None


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        stat = path.stat()
    except FileNotFoundError:
        return None
    return stat.st_ino, stat.st_mtime_ns
