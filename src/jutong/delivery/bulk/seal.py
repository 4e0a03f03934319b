"""Sealed words: places in lists and addresses of files, which only this node makes and reads."""

from __future__ import annotations

import base64
import binascii

import msgspec

from jutong.kernel.crypto import opened, sealed
from jutong.kernel.shape import learn

FILE_SECONDS = 3600  # so long a file's address serves; revocation is asked about at each request all the same
PAGE_SECONDS = 72 * 3600


class FileWord(msgspec.Struct, frozen=True, array_like=True):
    """Which file whose profile may fetch until when (seconds since 1970), and under which epoch that was decided."""

    profile: str
    agreement: str
    epoch: int
    version: int
    place: int  # of the file among the version's
    changes: bool
    until: int


class PageWord(msgspec.Struct, frozen=True, array_like=True):
    """After which name of which list the next page begins, for whose profile, until when."""

    profile: str
    listed: str
    after: str
    until: int


learn(FileWord, PageWord)
_files = msgspec.json.Decoder(FileWord)
_pages = msgspec.json.Decoder(PageWord)


def seal_file(key: bytes, word: FileWord) -> str:
    """Spell a file's word."""
    return _spelled(sealed(key, msgspec.json.encode(word), of="delta sharing file"))


def open_file(key: bytes, spelled: str) -> FileWord | None:
    """Read a file's word, or nothing where this node did not make it."""
    held = opened(key, _read(spelled), of="delta sharing file")
    return None if held is None else _files.decode(held)


def seal_page(key: bytes, word: PageWord) -> str:
    """Spell a page's word."""
    return _spelled(sealed(key, msgspec.json.encode(word), of="delta sharing page"))


def open_page(key: bytes, spelled: str) -> PageWord | None:
    """Read a page's word, or nothing where this node did not make it."""
    held = opened(key, _read(spelled), of="delta sharing page")
    return None if held is None else _pages.decode(held)


def _spelled(held: bytes) -> str:
    return base64.urlsafe_b64encode(held).decode().rstrip("=")


def _read(spelled: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(spelled + "=" * (-len(spelled) % 4))
    except (binascii.Error, ValueError):
        return b""
