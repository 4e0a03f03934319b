"""Files that are whole or absent, whatever happens to the machine."""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

from .errors import Unavailable
from .suite import Sm3
from .text import text

_BLOCK = 1 << 20


def write_whole(path: Path, data: bytes, *, mode: int = 0o644) -> None:
    """Write ``data`` so that a reader sees the old file or the new one, and a power cut loses neither."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_ident()}")
    with refusing_full_disk(), open(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "wb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())
    beside.replace(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in ``folder`` durable."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def refusing_full_disk() -> Iterator[None]:
    """Turn a full disk into ``Unavailable``: what was accepted stays, what was not is refused."""
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise
        raise Unavailable(
            text("the disk of this node is full; nothing of this act was kept, all earlier acts stand"),
            remedy=text("free space on the node, then repeat the act"),
        ) from error


def sweep(folder: Path, *, before: datetime) -> int:
    """Remove what was last written before ``before``, left by a killed process; return how many files there were."""
    removed = 0
    # What stands in a folder comes before the folder itself.
    for path in sorted(folder.rglob("*"), reverse=True) if folder.is_dir() else ():
        with suppress(FileNotFoundError):
            if path.stat().st_mtime >= before.timestamp():
                continue
            if path.is_file():
                path.unlink()
                removed += 1
            elif path.is_dir():
                with suppress(OSError):  # somebody works in it
                    path.rmdir()
    return removed


@contextmanager
def own_folder(beneath: Path) -> Iterator[Path]:
    """Lend a folder that nobody else uses, and remove it with all in it; those of killed processes go too."""
    beneath.mkdir(parents=True, exist_ok=True)
    for left in beneath.glob("own-*"):
        with suppress(OSError), _held(left):
            shutil.rmtree(left, ignore_errors=True)
    path = Path(tempfile.mkdtemp(dir=beneath, prefix="own-"))
    with _held(path):
        try:
            yield path
        finally:
            shutil.rmtree(path, ignore_errors=True)


@contextmanager
def _held(folder: Path) -> Iterator[None]:
    # The system lets go of the lock when its holder dies.
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(handle)


def sm3_of_file(path: Path) -> str:
    """Return the SM3 of a file, in hex."""
    hashing = Sm3()
    with path.open("rb") as stream:
        while block := stream.read(_BLOCK):
            hashing.update(block)
    return hashing.hexdigest()
