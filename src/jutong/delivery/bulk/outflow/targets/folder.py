"""A folder of this node, such as a mounted share of the consumer's, beneath a root that the settings name."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from jutong.kernel.errors import Unavailable
from jutong.kernel.files import refusing_full_disk, sync_folder
from jutong.kernel.text import Text, text

from ..loading import Done, Found, Order
from ..target import Target
from ..ways import Ways
from .filing import Blocks, Filing, lent


@dataclass(frozen=True, slots=True)
class FolderTarget:
    """One folder."""

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
        root = self.ways.folder(self.target)
        return Filing(self.target, self.ways, lambda: lent(FolderDepot(root, self.target.place)))


@dataclass(frozen=True, slots=True)
class FolderDepot:
    """Files beneath a folder; no link beneath it is followed out of it."""

    root: Path
    place: str

    def size(self, name: str) -> int | None:
        """Return the bytes of a whole file."""
        path = self._at(name)
        return path.stat().st_size if path.is_file() else None

    def put(self, name: str, blocks: Callable[[], Blocks], size: int | None) -> None:
        """Write beside, make durable, rename."""
        del size
        path = self._at(name)
        beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
        try:
            with refusing_full_disk():
                path.parent.mkdir(parents=True, exist_ok=True)
                for left in path.parent.glob(f".{path.name}.*.part"):
                    left.unlink(missing_ok=True)  # of a run that died
                with open(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o640), "wb") as out:
                    for block in blocks():
                        out.write(block)
                    out.flush()
                    os.fsync(out.fileno())
                beside.replace(path)
                sync_folder(path.parent)
        except OSError as error:
            raise Unavailable(
                text("the folder {path} cannot be written", path=self.place),
                remedy=text("the next run brings it; nothing is lost"),
            ) from error
        finally:
            with suppress(OSError):
                beside.unlink()

    def read(self, name: str, most: int) -> bytes | None:
        """Return a small file."""
        path = self._at(name)
        if not path.is_file():
            return None
        with path.open("rb") as stream:
            return stream.read(most)

    def remove(self, name: str) -> None:
        """Take a file away, and its folder when it is empty."""
        path = self._at(name)
        with suppress(OSError):
            path.unlink()
        with suppress(OSError):
            path.parent.rmdir()

    def _at(self, name: str) -> Path:
        path = self.root / name
        if self.root not in path.parent.resolve().parents and path.parent.resolve() != self.root:
            raise Unavailable(text("the folder {path} cannot be written", path=self.place))
        return path
