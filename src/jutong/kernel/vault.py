"""The keys under which the data keys of serving copies are wrapped: files beside the node's key, newest counts."""

from __future__ import annotations

import base64
import binascii
import os
import secrets
from contextlib import suppress
from pathlib import Path

from .errors import Unavailable
from .files import sync_folder
from .keys import read_own
from .suite import KEY_BYTES, Suite, VaultKey
from .text import text

_MADE_AT_ONCE = 100  # processes that make the first key in one moment


class Vault:
    """The keys in ``folder``, and the suite in which new copies are sealed; a key is in no other place than its file.

    Whoever has the folder and a copy opens the copy: keep it apart from both, and on every machine that answers.
    """

    def __init__(self, folder: Path, suite: Suite = Suite.INTERNATIONAL) -> None:
        self.folder, self.suite = folder, suite

    def keys(self) -> tuple[VaultKey, ...]:
        """Return all keys, oldest first."""
        return tuple(_read(path) for path in sorted(self.folder.glob("[0-9]*.key")))

    def newest(self) -> VaultKey | None:
        """Return the key under which new copies are sealed; None before the first."""
        paths = sorted(self.folder.glob("[0-9]*.key"))
        return _read(paths[-1]) if paths else None

    def find(self, key_id: str) -> VaultKey:
        """Return the key of this name, or ``Unavailable`` with what to do: it was lost, or is on another machine."""
        for key in self.keys():
            if key.id == key_id:
                return key
        raise lost(key_id, self.folder)

    def make(self) -> VaultKey:
        """Make a further key, readable by its owner alone; the copies of earlier ones are made anew one by one."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.folder.parent.chmod(0o700)
        self.folder.chmod(0o700)
        spelled = base64.b64encode(secrets.token_bytes(KEY_BYTES)) + b"\n"
        beside = self.folder / f".{secrets.token_hex(8)}"
        try:
            with open(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
                stream.write(spelled)
                stream.flush()
                os.fsync(stream.fileno())
            newest = self.newest()
            number = newest.number + 1 if newest else 1
            for place in range(number, number + _MADE_AT_ONCE):
                path = self.folder / f"{place:06}.key"
                with suppress(FileExistsError):
                    os.link(beside, path)  # whole or not at all, and never over another's
                    break
        finally:
            beside.unlink(missing_ok=True)
        sync_folder(self.folder)
        return _read(path)

    def drop(self, key_id: str) -> None:
        """Destroy a key: what it wrapped opens for nobody any more."""
        for path in self.folder.glob("[0-9]*.key"):
            if _read(path).id == key_id:
                path.unlink()
        sync_folder(self.folder)


def lost(key_id: str, folder: Path) -> Unavailable:
    """Return the refusal where a copy names a key that is not there."""
    return Unavailable(
        text("the key {key}, under which a serving copy is sealed, is not in {folder}", key=key_id, folder=folder),
        basis=text("column encryption at rest, ADR 0050"),
        remedy=text("put the key's file back from its backup; if it is lost, run `jutong copies renew --new-key`"),
    )


def _read(path: Path) -> VaultKey:
    data = read_own(path)
    try:
        secret = base64.b64decode(data.strip(), validate=True)
    except binascii.Error:
        secret = b""
    if len(secret) != KEY_BYTES:
        raise Unavailable(
            text("the key file {path} holds no key of 32 bytes in base64", path=path),
            remedy=text("put the key's file back from its backup"),
        )
    return VaultKey(int(path.stem), secret)
