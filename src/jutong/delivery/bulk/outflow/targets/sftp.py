"""A folder on a consumer's SFTP server, known by its key; files grow under another name and go on after a break."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from jutong.collection.sources.sftp import client_at
from jutong.kernel.text import Text

from ..loading import Done, Found, Order
from ..target import Target
from ..ways import Ways
from .filing import Blocks, Depot, Filing


@dataclass(frozen=True, slots=True)
class SftpTarget:
    """One folder at one server; ``secret`` is a password, or a private key in PEM or OpenSSH's form."""

    target: Target
    secret: str
    ways: Ways

    def look(self, order: Order) -> tuple[Text, ...]:
        """See that it can be written."""
        return self._filing().look(order)

    def deliver(self, order: Order) -> Done:
        """Bring the files that it lacks."""
        return self._filing().deliver(order)

    def compare(self, order: Order) -> Found:
        """Count what stands there."""
        return self._filing().compare(order)

    def _filing(self) -> Filing:
        return Filing(self.target, self.ways, self._opened)

    @contextmanager
    def _opened(self) -> Iterator[Depot]:
        told = self.ways.connection(self.target, self.secret)
        with client_at(told, self.target.fingerprint, self.target.place) as client:
            yield SftpDepot(client, self.target.path.rstrip("/"))


@dataclass(frozen=True, slots=True)
class SftpDepot:
    """Files beneath a folder of a server."""

    client: Any
    root: str

    def size(self, name: str) -> int | None:
        """Return the bytes of a whole file."""
        try:
            return int(self.client.stat(f"{self.root}/{name}").st_size or 0)
        except FileNotFoundError:
            return None

    def put(self, name: str, blocks: Callable[[], Blocks], size: int | None) -> None:
        """Write under another name, see that all arrived, rename over what stood there."""
        path = f"{self.root}/{name}"
        beside = self._beside(path)
        self._make_room(path)
        written = 0
        with self.client.open(beside, "wb") as out:
            out.set_pipelined(True)
            for block in blocks():
                out.write(block)
                written += len(block)
        if int(self.client.stat(beside).st_size or 0) != (written if size is None else size):
            raise OSError("a file at the server is shorter than what was written")
        self.client.posix_rename(beside, path)

    def read(self, name: str, most: int) -> bytes | None:
        """Return a small file."""
        try:
            with self.client.open(f"{self.root}/{name}", "rb") as stream:
                return bytes(stream.read(most))
        except FileNotFoundError:
            return None

    def remove(self, name: str) -> None:
        """Take a file and its beginning away, and its folder when it is empty."""
        path = f"{self.root}/{name}"
        for one in (path, self._beside(path)):
            with suppress(OSError):
                self.client.remove(one)
        with suppress(OSError):
            self.client.rmdir(path.rpartition("/")[0])

    def _beside(self, path: str) -> str:
        folder, _, name = path.rpartition("/")
        return f"{folder}/.{name}.part"

    def _make_room(self, path: str) -> None:
        steps = path[len(self.root) :].split("/")[1:-1]
        for place in range(1, len(steps) + 1):
            with suppress(OSError):  # it is there; if not, the file cannot be opened
                self.client.mkdir("/".join([self.root, *steps[:place]]))
