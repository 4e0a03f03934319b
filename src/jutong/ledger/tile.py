"""How a log is cut into files (C2SP tlog-tiles): names, widths, bundles of entries."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from jutong.kernel.errors import Invalid
from jutong.kernel.text import text

from .merkle import HASH_BYTES, node_hash

HEIGHT = 8
WIDTH = 256
TILE_BYTES = WIDTH * HASH_BYTES
ENTRIES = -1  # the level under which bundles of whole entries stand

_PATH = re.compile(r"tile/(entries|[0-9]|[1-5][0-9]|6[0-3])/((?:x[0-9]{3}/){0,5}[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?")


@dataclass(frozen=True, slots=True)
class Tile:
    """One file of a log: its level (or ``ENTRIES``), its index there, and how many of its 256 places are filled."""

    level: int
    index: int
    width: int = WIDTH

    @property
    def path(self) -> str:
        """The file's path under the log's folder and under its URL.

        >>> Tile(0, 1234067).path, Tile(ENTRIES, 5, 70).path
        ('tile/0/x001/x234/067', 'tile/entries/005.p/70')
        """
        groups = [f"{self.index % 1000:03}"]
        rest = self.index // 1000
        while rest:
            groups.insert(0, f"x{rest % 1000:03}")
            rest //= 1000
        level = "entries" if self.level == ENTRIES else str(self.level)
        part = "" if self.width == WIDTH else f".p/{self.width}"
        return f"tile/{level}/{'/'.join(groups)}{part}"

    @classmethod
    def of_path(cls, path: str) -> Tile | None:
        """Read a path; None for anything that is not exactly a tile's.

        >>> Tile.of_path("tile/0/../checkpoint"), Tile.of_path("tile/0/x000/001"), Tile.of_path("tile/0/001.p/256")
        (None, None, None)
        """
        found = _PATH.fullmatch(path)
        if found is None:
            return None
        level, groups, part = found.groups()
        tile = cls(
            ENTRIES if level == "entries" else int(level),
            int(groups.replace("/", "").replace("x", "")),
            WIDTH if part is None else int(part),
        )
        return tile if tile.path == path else None

    @property
    def whole(self) -> Tile:
        """The same tile when all its places are filled."""
        return Tile(self.level, self.index)

    @property
    def first_leaf(self) -> int:
        """The first leaf under this tile."""
        return self.index << HEIGHT * (max(self.level, 0) + 1)


def edge(level: int, size: int) -> Tile:
    """Return the tile at the right edge of ``level`` in a log of ``size`` leaves; its width may be 0.

    >>> edge(0, 70_000), edge(2, 70_000)
    (Tile(level=0, index=273, width=112), Tile(level=2, index=0, width=1))
    """
    filled = size >> HEIGHT * max(level, 0)
    return Tile(level, filled // WIDTH, filled % WIDTH)


def levels(size: int) -> range:
    """Return the levels of hash tiles that a log of ``size`` leaves has."""
    return range((max(size.bit_length(), 1) - 1) // HEIGHT + 1 if size else 0)


def tile_at(level: int, index: int, size: int) -> Tile:
    """Return the tile that holds the hash ``index`` of ``level`` in a log of ``size`` leaves."""
    last = edge(level, size)
    return last if index // WIDTH == last.index else Tile(level, index // WIDTH)


def pack(entries: Iterable[bytes]) -> bytes:
    """Frame entries for a bundle: a length of two bytes before each."""
    return b"".join(len(entry).to_bytes(2, "big") + entry for entry in entries)


def unpack(bundle: bytes) -> Iterator[bytes]:
    """Yield the entries of a bundle; one that is cut short is refused when it is reached.

    >>> list(unpack(pack([b"a", b""])))
    [b'a', b'']
    """
    at = 0
    while at < len(bundle):
        length = int.from_bytes(bundle[at : at + 2], "big")
        entry = bundle[at + 2 : at + 2 + length]
        if at + 2 > len(bundle) or len(entry) != length:
            raise Invalid(text("a bundle of entries is cut short"))
        yield entry
        at += 2 + length


def hashes_of(data: bytes) -> list[bytes]:
    """Return the hashes in a tile's bytes."""
    return [data[at : at + HASH_BYTES] for at in range(0, len(data), HASH_BYTES)]


def rows_above(hashes: Sequence[bytes]) -> list[list[bytes]]:
    """Return a tile's hashes and every row of complete hashes over them, by height; nine rows for a full tile."""
    rows = [list(hashes)]
    while len(rows[-1]) > 1:
        halves = iter(rows[-1])
        rows.append([node_hash(left, right) for left, right in zip(halves, halves, strict=False)])
    return rows
