"""A gateway worker's journal: a call's record is on disk before its answer leaves, many of them with one write."""

from __future__ import annotations

import asyncio
import errno
import fcntl
import os
import re
import secrets
import threading
from collections.abc import Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from jutong.kernel.errors import Unavailable
from jutong.kernel.files import sync_folder, write_whole
from jutong.kernel.text import text

from .calls import frame, whole_bytes

FILE_AT_MOST = 64 << 20  # bytes; then a new file is begun
READ_AT_MOST = 8 << 20
# Zeros are laid ahead of the records: a write then changes data alone, not the file's length, and is durable sooner.
RESERVED = 1 << 20  # bytes
_NAME = re.compile(r"(?P<worker>[a-z0-9-]{1,40})\.(?P<number>[0-9]{8})-[0-9a-f]{16}\.journal")


@dataclass(slots=True)
class _Group:
    """Records that wait for the same write, and who waits for each."""

    frames: list[bytes]
    futures: list[Future[None]]
    waiters: dict[asyncio.AbstractEventLoop, list[asyncio.Future[None]]]


class Journal:
    """The journal of one worker, which alone writes to it; a thread of its own waits for the disk."""

    def __init__(self, folder: Path, worker: str) -> None:
        self.folder, self.worker = folder, worker
        folder.mkdir(parents=True, exist_ok=True)
        old = [path for path in journal_files(folder) if worker_of(path) == worker]
        if any(not finished(path) for path in old):
            raise Unavailable(text("another process writes the journal of worker {worker}", worker=worker))
        self.torn = sum(cut(path) for path in old)  # bytes of records that were never promised to anyone
        self._number = max((_number_of(path) for path in old), default=0)
        try:
            self._handle = self._begin()
        except OSError as failure:
            raise _refusal(failure) from failure
        self._size, self._reserved = 0, RESERVED
        self._sound = True
        self._group = _Group([], [], {})
        self._wake = threading.Condition()
        self._disk = threading.Lock()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name=f"journal-{worker}", daemon=True)
        self._thread.start()

    def append(self, record: bytes) -> Future[None]:
        """Take a record in; the future is done when it is durable, or says why it is not."""
        data, future = frame(record), Future[None]()
        with self._wake:
            self._open_or_refuse()
            self._group.frames.append(data)
            self._group.futures.append(future)
            self._wake.notify()
        return future

    async def durable(self, record: bytes) -> None:
        """Return when the record is on disk; the answer may leave then, not before."""
        loop = asyncio.get_running_loop()
        data, waiter = frame(record), loop.create_future()
        with self._wake:
            self._open_or_refuse()
            self._group.frames.append(data)
            self._group.waiters.setdefault(loop, []).append(waiter)
            self._wake.notify()
        await waiter

    def write(self, records: Sequence[bytes]) -> None:
        """Write records and return when they are on disk; the calling thread itself waits."""
        data = b"".join(map(frame, records))
        self._open_or_refuse()
        try:
            with self._disk:
                self._write(data)
        except OSError as failure:
            raise _refusal(failure) from failure

    def close(self) -> None:
        """Write what waits, and let go of the file."""
        with self._wake:
            self._closed = True
            self._wake.notify()
        self._thread.join()
        os.ftruncate(self._handle, self._size)
        os.close(self._handle)

    def _open_or_refuse(self) -> None:
        if self._closed:
            raise Unavailable(text("the journal of worker {worker} is closed", worker=self.worker))

    def _run(self) -> None:
        while True:
            with self._wake:
                while not self._group.frames and not self._closed:
                    self._wake.wait()
                group, self._group = self._group, _Group([], [], {})
            if not group.frames:
                return
            try:
                with self._disk:
                    self._write(b"".join(group.frames))
                failure = None
            except OSError as error:
                failure = error
            _settle(group, failure)

    def _write(self, data: bytes) -> None:
        if self._size >= FILE_AT_MOST or not self._sound:
            self._begin_anew()
        try:
            if self._size + len(data) > self._reserved:
                _write_all(self._handle, bytes(len(data) + RESERVED), self._reserved)
                self._reserved += len(data) + RESERVED
            _write_all(self._handle, data, self._size)
            os.fdatasync(self._handle)
        except OSError:
            # After a failed write nobody knows what the disk holds: cut back to what was promised, and leave the file.
            self._sound = False
            with suppress(OSError):
                os.ftruncate(self._handle, self._size)
            raise
        self._size += len(data)

    def _begin_anew(self) -> None:
        handle = self._begin()
        if self._sound:
            os.ftruncate(self._handle, self._size)
        os.close(self._handle)
        self._handle, self._size, self._reserved, self._sound = handle, 0, RESERVED, True

    def _begin(self) -> int:
        self._number += 1
        path = self.folder / f"{self.worker}.{self._number:08}-{secrets.token_hex(8)}.journal"
        beside = path.with_suffix(".new")
        handle = os.open(beside, os.O_WRONLY | os.O_CREAT, 0o600)
        try:
            # Locked before it has its name: a journal that nobody locks is one that nobody writes to any more.
            fcntl.flock(handle, fcntl.LOCK_EX)
            _write_all(handle, bytes(RESERVED), 0)
            os.fsync(handle)
            beside.rename(path)
        except OSError:
            os.close(handle)
            beside.unlink(missing_ok=True)
            raise
        sync_folder(self.folder)
        return handle


def journal_files(folder: Path) -> Sequence[Path]:
    """Return the journals in ``folder``, each worker's in the order in which they were begun."""
    return sorted(path for path in folder.iterdir() if _NAME.fullmatch(path.name)) if folder.is_dir() else ()


def worker_of(path: Path) -> str:
    """Return whose journal a file is."""
    return path.name.partition(".")[0]


def finished(path: Path) -> bool:
    """Say whether nobody writes to a journal any more: its worker closed it, began another, or died."""
    with path.open("rb") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True


def fetch(path: Path, start: int) -> bytes:
    """Return a part of a journal from ``start``, made durable first: what is sealed must outlive a power cut."""
    with path.open("rb") as stream:
        if not any(os.pread(stream.fileno(), 8, start)):
            return b""  # the zeros that are laid ahead
        os.fdatasync(stream.fileno())
        return os.pread(stream.fileno(), READ_AT_MOST, start)


def _number_of(path: Path) -> int:
    found = _NAME.fullmatch(path.name)
    return int(found["number"]) if found else 0


def cut(path: Path) -> int:
    """Cut a torn tail off, keep it beside, and return its length."""
    data = path.read_bytes()
    whole = whole_bytes(data)
    torn = data[whole:].rstrip(b"\0")
    if torn:
        write_whole(path.with_suffix(".torn"), torn)
    if whole < len(data):
        with path.open("r+b") as stream:
            stream.truncate(whole)
            os.fsync(stream.fileno())
    return len(torn)


def _write_all(handle: int, data: bytes, at: int) -> None:
    rest = memoryview(data)
    while rest:
        done = os.pwrite(handle, rest, at)
        rest, at = rest[done:], at + done


def _settle(group: _Group, failure: OSError | None) -> None:
    for future in group.futures:
        _done(future, failure)
    for loop, waiters in group.waiters.items():
        # A loop that has ended has nobody left to tell.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(_done_all, waiters, failure)


def _done_all(waiters: list[asyncio.Future[None]], failure: OSError | None) -> None:
    for waiter in waiters:
        if not waiter.done():
            _done(waiter, failure)


def _done(future: Future[None] | asyncio.Future[None], failure: OSError | None) -> None:
    if failure is None:
        future.set_result(None)
        return
    refusal = _refusal(failure)
    refusal.__cause__ = failure
    future.set_exception(refusal)


def _refusal(failure: OSError) -> Unavailable:
    full = failure.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
    return Unavailable(
        text("the disk of this node is full; the call was not answered")
        if full
        else text("this node's disk failed; the call was not answered"),
        remedy=text("free space on the node, then call again"),
    )
