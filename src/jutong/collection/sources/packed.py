"""The bytes of a file, unpacked where it is packed, within limits that a bomb cannot pass."""

from __future__ import annotations

import gzip
import hashlib
import stat
import zlib
from collections.abc import Iterator
from pathlib import Path

from jutong.kernel.canon import canonical, digest
from jutong.kernel.errors import Invalid, NotFound, TooMuch
from jutong.kernel.text import Text, text

from ..contract import Limits

BLOCK = 4 * 1024**2
GZIP = b"\x1f\x8b"


def checked_size(path: Path, limits: Limits) -> int:
    """Return the size of an ordinary, non-empty file of bearable size; refuse any other."""
    try:
        state = path.stat()
    except (OSError, ValueError) as error:
        raise NotFound("file", path.name) from error
    if not stat.S_ISREG(state.st_mode):
        raise Invalid(text("{name} is not an ordinary file", name=path.name))
    if state.st_size == 0:
        raise Invalid(text("{name} is empty", name=path.name), remedy=text("deliver the file again"))
    if state.st_size > limits.max_bytes:
        raise too_large(limits.max_bytes)
    return state.st_size


def content_of(path: Path, limits: Limits, part: str = "") -> str:
    """Return the digest of a file's bytes, and of the ``part`` of it (a table, a sheet) that is delivered."""
    checked_size(path, limits)
    hashed = hashlib.sha256()
    with path.open("rb", buffering=0) as stream:
        while block := stream.read(BLOCK):
            hashed.update(block)
    return digest(canonical({"file": hashed.hexdigest(), "part": part})) if part else hashed.hexdigest()


def unpacked(path: Path, limits: Limits) -> Iterator[bytes]:
    """Yield the file's content in blocks of ``BLOCK`` bytes (the last may be shorter)."""
    size = checked_size(path, limits)
    with path.open("rb") as stream:
        packed = stream.peek(2)[:2] == GZIP
        source = gzip.GzipFile(fileobj=stream) if packed else stream
        total = 0
        try:
            while block := source.read(BLOCK):
                total += len(block)
                if total > limits.max_bytes:
                    raise too_large(limits.max_bytes)
                if packed and total > max(limits.ratio_from, size * limits.max_ratio):
                    raise bomb()
                yield block
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise damaged(path.name) from error
    if total == 0:
        raise Invalid(text("{name} is empty", name=path.name), remedy=text("deliver the file again"))


def damaged(name: str, why: Text | str = "") -> Invalid:
    """Return the refusal of a file that ends too early or is not what its first bytes say."""
    return Invalid(
        text("{name} is cut off or damaged {why}", name=name, why=why),
        remedy=text("deliver the file again and compare its size and digest on both sides"),
    )


def too_large(limit: int) -> TooMuch:
    """Return the refusal of a file above the limit."""
    return TooMuch(
        text("the delivery is larger than {limit} MiB", limit=limit // 1024**2),
        remedy=text("deliver it in parts, or have the node's limit raised"),
    )


def bomb() -> TooMuch:
    """Return the refusal of a file that unpacks to much more than any real rows would."""
    return TooMuch(
        text("the file unpacks to so much more than its size that it is taken for an attack"),
        remedy=text("deliver the file unpacked"),
    )
