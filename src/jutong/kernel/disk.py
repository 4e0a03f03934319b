"""Whether what lies in a folder lies encrypted, as far as Linux tells: dm-crypt and LUKS, fscrypt, eCryptfs.

A disk that encrypts itself, a host that encrypts the disk of its guest, and ZFS tell nothing here.
"""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

_GET_FLAGS = 0x80086601  # FS_IOC_GETFLAGS (linux/fs.h)
_ENCRYPTED_FLAG = 0x800  # FS_ENCRYPT_FL: fscrypt
_CRYPT = "CRYPT-"  # how the device mapper begins the identifier of what cryptsetup made (LUKS, plain, TCRYPT)
_ESCAPED = re.compile(r"\\([0-7]{3})")
_DEEPEST = 16


class Rest(StrEnum):
    """How something lies."""

    ENCRYPTED = "encrypted"
    OPEN = "open"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Lying:
    """How a folder lies, and by which device or kind of file system this is known."""

    rest: Rest
    by: str


@dataclass(frozen=True, slots=True)
class Machine:
    """Where a machine tells of its file systems and devices."""

    mounts: Path = Path("/proc/self/mountinfo")
    sys: Path = Path("/sys")

    def lying(self, folder: Path) -> Lying:
        """Return how ``folder`` lies; never more than is known."""
        if _by_fscrypt(folder):
            return Lying(Rest.ENCRYPTED, "fscrypt")
        try:
            place = folder.resolve(strict=True)
            kind, source, device = self._mount_of(place)
        except (OSError, LookupError):
            return Lying(Rest.UNKNOWN, "-")
        if kind == "ecryptfs":
            return Lying(Rest.ENCRYPTED, kind)
        if kind == "btrfs":
            rests = {self._rest_of(one, _DEEPEST) for one in self._pool_of(Path(source).name)}
        else:
            block = self.sys / "dev" / "block" / device
            rests = {self._rest_of(block.resolve(), _DEEPEST)} if block.exists() else set()
        return Lying(worst(rests), f"{kind} {source}")

    def _pool_of(self, name: str) -> list[Path]:
        """Return all devices of the btrfs that has this one; its mount names one of them alone."""
        device = (Path("/dev/mapper") / name).resolve().name
        for pool in (self.sys / "fs" / "btrfs").glob("*/devices"):
            found = {one.name: one.resolve() for one in pool.iterdir()}
            if name in found or device in found:
                return list(found.values())
        return []

    def _mount_of(self, place: Path) -> tuple[str, str, str]:
        """Return kind, source and device of the file system that holds ``place``: the last one mounted there."""
        found: tuple[int, str, str, str] | None = None
        for line in self.mounts.read_text("utf-8", "replace").splitlines():
            head, _, tail = line.partition(" - ")
            fields, rest = head.split(" "), tail.split(" ")
            if len(fields) < 5 or len(rest) < 2:
                continue
            at = Path(_plain(fields[4]))
            if at == place or at in place.parents:
                depth = len(at.parts)
                if found is None or depth >= found[0]:
                    found = depth, rest[0], _plain(rest[1]), fields[2]
        if found is None:
            raise LookupError(place)
        return found[1:]

    def _rest_of(self, block: Path, deepest: int) -> Rest:
        """A device is encrypted where it is what cryptsetup made, or where everything beneath it is."""
        uuid = block / "dm" / "uuid"
        if uuid.is_file() and uuid.read_text("ascii", "replace").startswith(_CRYPT):
            return Rest.ENCRYPTED
        if not deepest or (block / "loop").is_dir():  # of a loop device, the file behind it lies who knows where
            return Rest.UNKNOWN
        if (block / "partition").exists():
            return self._rest_of(block.parent, deepest - 1)
        beneath = list((block / "slaves").iterdir()) if (block / "slaves").is_dir() else []
        return worst({self._rest_of(one.resolve(), deepest - 1) for one in beneath} or {Rest.OPEN})


def worst(rests: Iterable[Rest]) -> Rest:
    """Return how a thing lies of which several parts lie so: open where one is, encrypted only where each is.

    >>> worst([Rest.ENCRYPTED, Rest.UNKNOWN]).value, worst([]).value
    ('unknown', 'unknown')
    """
    found = set(rests)
    if Rest.OPEN in found:
        return Rest.OPEN
    return Rest.ENCRYPTED if found == {Rest.ENCRYPTED} else Rest.UNKNOWN


def _by_fscrypt(folder: Path) -> bool:
    try:
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError:
        return False
    try:
        told = fcntl.ioctl(handle, _GET_FLAGS, bytes(8))
    except OSError:
        return False  # the file system knows no flags
    finally:
        os.close(handle)
    return bool(int.from_bytes(told[:4], "little") & _ENCRYPTED_FLAG)


def _plain(spelled: str) -> str:
    return _ESCAPED.sub(lambda found: chr(int(found[1], 8)), spelled)
