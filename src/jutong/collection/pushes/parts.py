"""Where the parts of pushed files wait: what was accepted is on the disk, whatever dies; what was not is not there."""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from jutong.kernel.errors import Invalid, TooMuch, WrongMoment
from jutong.kernel.files import refusing_full_disk, write_whole
from jutong.kernel.ids import is_ulid
from jutong.kernel.suite import Sm3
from jutong.kernel.text import text

from .push import PART_MOST, Push

FOLDER = "pushed"
BLOCK = 1024**2


@dataclass(slots=True)
class Part:
    """A part that is coming in: its bytes stand behind those that were accepted, and count only when it is kept."""

    handle: int
    mark: Path
    offset: int
    size: int  # of the whole file
    _hash: hashlib._Hash
    _second: Sm3 | None
    got: int = 0

    def take(self, block: bytes) -> None:
        """Write some bytes."""
        if self.got + len(block) > PART_MOST:
            raise TooMuch(
                text("a part is larger than {limit} MiB", limit=PART_MOST // 1024**2),
                remedy=text("send the file in smaller parts"),
            )
        if self.offset + self.got + len(block) > self.size:
            raise Invalid(
                text("more bytes came than the file was said to have"),
                remedy=text("do not change a file while it is sent; open a new push for the file as it is now"),
            )
        with refusing_full_disk():
            view = memoryview(block)
            while view:
                done = os.pwrite(self.handle, view, self.offset + self.got)
                self.got += done
                view = view[done:]
        self._hash.update(block)
        if self._second is not None:
            self._second.update(block)

    @property
    def digest(self) -> bytes:
        """The SHA-256 of what came."""
        return self._hash.digest()

    @property
    def sm3(self) -> bytes:
        """The SM3 of what came; empty where nobody asked for it."""
        return b"" if self._second is None else self._second.digest()

    def keep(self) -> int:
        """Make the part durable, and return how much of the file is there now."""
        with refusing_full_disk():
            os.fsync(self.handle)
        write_whole(self.mark, str(self.offset + self.got).encode())
        return self.offset + self.got


@dataclass(frozen=True, slots=True)
class Tray:
    """The place of one push in the home."""

    folder: Path
    push: Push

    @classmethod
    def of(cls, home: Path, push: Push) -> Tray:
        """Return the place of a push."""
        assert is_ulid(push.id)
        return cls(home / FOLDER, push)

    @property
    def path(self) -> Path:
        """Where its bytes are."""
        return self.folder / f"{self.push.id}.part"

    @property
    def _mark(self) -> Path:
        return self.folder / f"{self.push.id}.offset"

    @property
    def offset(self) -> int:
        """How many bytes from the beginning were accepted."""
        try:
            told, there = int(self._mark.read_bytes()), self.path.stat().st_size
        except (OSError, ValueError):
            return 0
        return told if told <= there else 0

    @contextmanager
    def held(self) -> Iterator[int]:
        """Lend the file to one at a time; the machine lets go of it when its holder dies."""
        self.folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise WrongMoment(
                    text("another connection is busy with this push"), remedy=text("ask again in a moment")
                ) from error
            yield handle
        finally:
            os.close(handle)

    @contextmanager
    def part(self, offset: int, *, by_sm3: bool = False) -> Iterator[Part]:
        """Lend the place where the next part goes; one that begins elsewhere is refused, and nothing is written."""
        with self.held() as handle:
            if offset != self.offset:
                raise WrongMoment(
                    text("the next byte of this file is number {offset}", offset=self.offset),
                    remedy=text("go on from there"),
                )
            yield Part(handle, self._mark, offset, self.push.parcel.size, hashlib.sha256(), Sm3() if by_sm3 else None)

    def check_whole(self) -> None:
        """Refuse a file that is not all there, or is not the one that was announced; such a one is sent anew."""
        there, size = self.offset, self.push.parcel.size
        if there != size:
            raise WrongMoment(
                text("{there} of {whole} bytes of this file are there", there=there, whole=size),
                remedy=text("send the rest, then land it"),
            )
        hashed = hashlib.sha256()
        with self.path.open("rb") as stream:
            while block := stream.read(BLOCK):
                hashed.update(block)
        if hashed.hexdigest() != self.push.parcel.content:
            self._mark.unlink(missing_ok=True)
            raise Invalid(
                text("the bytes that came are not those whose digest was announced; nothing of them was kept"),
                basis=text("RFC 9530, digest of the whole"),
                remedy=text("do not change a file while it is sent; open a new push for the file as it is now"),
            )

    def clear(self) -> None:
        """Remove what has ended."""
        self._mark.unlink(missing_ok=True)
        self.path.unlink(missing_ok=True)
