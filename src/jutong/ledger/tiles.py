"""A log on disk (C2SP tlog-tiles): files to read without a server, and their one writer."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path

from jutong.kernel.crypto import SigningKey
from jutong.kernel.errors import Invalid, NotFound
from jutong.kernel.files import refusing_full_disk, sync_folder, write_whole
from jutong.kernel.sm2 import Sm2SigningKey
from jutong.kernel.text import text

from .checkpoint import Checkpoint, KeyKind, Note, VerifierKey, number, sign
from .evidence import LEAF_LIMIT
from .merkle import HASH_BYTES, Peaks, ReadHash, consistency_proof, inclusion_proof, leaf_hashes
from .tile import ENTRIES, HEIGHT, TILE_BYTES, WIDTH, Tile, edge, hashes_of, levels, pack, rows_above, tile_at, unpack

BATCH_AT_MOST = 65_536
SINCE_FILE = "sm2-since"  # identifier of the SM2 key, and above how many leaves checkpoints bear its signature
_ROWS_KEPT = 256  # tiles whose inner hashes stay in memory: about 10 MB


class Tiles:
    """The files of one log, read only; a checkpoint's size says how far they may be believed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._rows = lru_cache(_ROWS_KEPT)(self._read_rows)

    def note(self) -> Note:
        """Return the published checkpoint with all its signatures."""
        try:
            return Note.read((self.folder / "checkpoint").read_bytes())
        except FileNotFoundError as error:
            raise NotFound("log", self.folder.name) from error

    def read(self, tile: Tile) -> bytes:
        """Return a tile's bytes; a partial one is also the beginning of the whole one that took its place."""
        try:
            return (self.folder / tile.path).read_bytes()
        except FileNotFoundError as error:
            if tile.width == WIDTH:
                raise NotFound("tile", tile.path) from error
        whole = self.read(tile.whole)
        if tile.level == ENTRIES:
            return pack(entry for _, entry in zip(range(tile.width), unpack(whole), strict=False))
        return whole[: tile.width * HASH_BYTES]

    def entry(self, index: int, size: int) -> bytes:
        """Return one entry of a log of ``size`` leaves."""
        return next(iter(self.entries(index, index + 1, size)))

    def entries(self, first: int, end: int, size: int) -> Iterator[bytes]:
        """Yield the entries from ``first`` to before ``end`` of a log of ``size`` leaves."""
        if not 0 <= first < end <= size:
            raise NotFound("evidence line", first)
        for bundle in range(first // WIDTH, (end - 1) // WIDTH + 1):
            start = bundle * WIDTH
            for index, entry in enumerate(unpack(self.read(tile_at(ENTRIES, start, size))), start):
                if first <= index < end:
                    yield entry

    def hashes(self, size: int) -> ReadHash:
        """Return a reader of the complete hashes of a log of ``size`` leaves."""

        def read(height: int, index: int) -> bytes:
            level, above = divmod(height, HEIGHT)
            first = index << above
            return self._rows(tile_at(level, first, size))[above][(first % WIDTH) >> above]

        return read

    def inclusion(self, index: int, size: int) -> list[bytes]:
        """Return the proof that leaf ``index`` stands in the log of ``size`` leaves."""
        return inclusion_proof(index, size, self.hashes(size))

    def consistency(self, old: int, size: int) -> list[bytes]:
        """Return the proof that the log of ``size`` leaves begins with the log of ``old``."""
        return consistency_proof(old, size, self.hashes(size))

    def _read_rows(self, tile: Tile) -> list[list[bytes]]:
        data = self.read(tile)
        if len(data) != tile.width * HASH_BYTES:
            raise Invalid(text("the tile {path} does not have its length", path=tile.path))
        return rows_above(hashes_of(data))


@dataclass(frozen=True, slots=True)
class _Edge:
    """All that the writer holds in memory: the tree's peaks and the bytes of the unfilled tiles, by level."""

    peaks: Peaks = field(default_factory=Peaks)
    parts: dict[int, bytes] = field(default_factory=dict)

    def grown(self, leaves: Sequence[bytes]) -> tuple[_Edge, dict[Tile, bytes]]:
        """Return the edge after ``leaves``, and the files that this takes."""
        size = self.peaks.size
        peaks, complete = self.peaks.grown(leaf_hashes(leaves))
        parts, files = dict(self.parts), {}
        for level, hashes in enumerate(complete[::HEIGHT]):
            data = parts.get(level, b"") + b"".join(hashes)
            first = edge(level, size).index
            for at in range(0, len(data), TILE_BYTES):
                cut = data[at : at + TILE_BYTES]
                files[Tile(level, first + at // TILE_BYTES, len(cut) // HASH_BYTES)] = cut
            parts[level] = data[len(data) - len(data) % TILE_BYTES :]
        at, bundle = 0, edge(ENTRIES, size)
        while at < len(leaves):
            taken = leaves[at : at + WIDTH - bundle.width]
            data = (parts.get(ENTRIES, b"") if at == 0 else b"") + pack(taken)
            filled = Tile(ENTRIES, bundle.index, bundle.width + len(taken))
            files[filled], at = data, at + len(taken)
            parts[ENTRIES] = data if filled.width < WIDTH else b""
            bundle = Tile(ENTRIES, bundle.index + 1, 0)
        return _Edge(peaks, parts), files


class Log:
    """The writer of one log. The checkpoint is written last and whole: it is the moment at which leaves are kept.

    Whatever files stand beyond the checkpoint were left by a crash; they are removed or written over.
    """

    def __init__(self, folder: Path, origin: str, key: SigningKey, sm2: Sm2SigningKey | None = None) -> None:
        self.folder, self.origin = folder, origin
        self.verifier = VerifierKey(origin, KeyKind.NOTE, key.public.raw)
        self.verifiers: tuple[VerifierKey, ...] = (self.verifier,)
        self.tiles = Tiles(folder)
        self._signing: list[tuple[VerifierKey, SigningKey | Sm2SigningKey]] = [(self.verifier, key)]
        self._edge = _Edge()
        self._swept = False
        self._pool = ThreadPoolExecutor(8, thread_name_prefix="ledger-sync")
        with publishing(folder):
            if not (folder / "checkpoint").exists():
                self._publish(Peaks())
            if sm2 is not None:
                self._sign_by(sm2)
            self._load(self._published())

    @property
    def size(self) -> int:
        """How many leaves the log holds."""
        return self._edge.peaks.size

    def checkpoint(self) -> Note:
        """Return the published checkpoint with all its signatures."""
        return self.tiles.note()

    def refresh(self) -> int:
        """Follow what another process may have added, and return the size."""
        found = self._published()
        if found.size != self.size or found.root != self._edge.peaks.root():
            self._load(found)
        return self.size

    def append(self, leaves: Sequence[bytes]) -> int:
        """Keep ``leaves`` durably behind those already there and return the index of the first.

        On any failure nothing was accepted, and the log stands as it was.
        """
        if len(leaves) > BATCH_AT_MOST or any(len(leaf) > LEAF_LIMIT for leaf in leaves):
            raise ValueError("a batch or a leaf is beyond what one append takes")
        with publishing(self.folder):
            first = self.refresh()
            if not leaves:
                return first
            if not self._swept:
                self._sweep()
            self._swept = False
            grown, files = self._edge.grown(leaves)
            with refusing_full_disk():
                self._write(files)
            self._publish(grown.peaks)
            self._edge, self._swept = grown, True
        self._drop_parts(first, grown.peaks.size)
        return first

    def close(self) -> None:
        """Let go of the threads that wait for the disk."""
        self._pool.shutdown()

    def _published(self) -> Checkpoint:
        note = self.tiles.note()
        if self.verifier not in note.verified(self.verifiers):
            raise Invalid(text("the log {origin} did not sign this checkpoint", origin=self.origin))
        found = Checkpoint.of_body(note.body)
        if found.origin != self.origin:
            raise Invalid(
                text(
                    "the log in {folder} is {found}, not {origin}",
                    folder=self.folder,
                    found=found.origin,
                    origin=self.origin,
                )
            )
        return found

    def _publish(self, peaks: Peaks) -> None:
        body = Checkpoint(self.origin, peaks.size, peaks.root()).body
        note = Note(body, tuple(sign(body, verifier, key.sign) for verifier, key in self._signing))
        write_whole(self.folder / "checkpoint", str(note).encode())

    def _sign_by(self, sm2: Sm2SigningKey) -> None:
        """Let every checkpoint bear a second signature by SM2, the published one too; note since which size it does."""
        note, path = self.tiles.note(), self.folder / SINCE_FILE
        new = VerifierKey(self.origin, KeyKind.SM2, sm2.public.raw, Checkpoint.of_body(note.body).size)
        named, _, since = path.read_text("ascii").strip().partition(" ") if path.exists() else ("", "", "")
        if named == new.key_id.hex():
            new = replace(new, since=number(since))
        else:
            write_whole(path, f"{new.key_id.hex()} {new.since}\n".encode())
        self._signing.append((new, sm2))
        self.verifiers = (self.verifier, new)
        if not any(map(new.matches, note.signatures)):
            note.verified([self.verifier])
            note = note.with_signatures([sign(note.body, new, sm2.sign)])
            write_whole(self.folder / "checkpoint", str(note).encode())

    def _load(self, found: Checkpoint) -> None:
        peaks: list[bytes | None] = []
        parts: dict[int, bytes] = {}
        for level in levels(found.size):
            last = edge(level, found.size)
            parts[level] = self.tiles.read(last) if last.width else b""
            rows = rows_above(hashes_of(parts[level]))
            for above in range(HEIGHT):
                count = last.width >> above
                peaks.append(rows[above][count - 1] if count & 1 and len(rows) > above else None)
        bundle = edge(ENTRIES, found.size)
        parts[ENTRIES] = self.tiles.read(bundle) if bundle.width else b""
        loaded = _Edge(Peaks(found.size, tuple(peaks)), parts)
        if loaded.peaks.root() != found.root:
            raise Invalid(
                text("the tiles in {folder} do not add up to the signed checkpoint", folder=self.folder),
                remedy=text("run `jutong verify {folder}`, then restore the ledger from a copy", folder=self.folder),
            )
        self._edge, self._swept = loaded, False

    def _write(self, files: dict[Tile, bytes]) -> None:
        folders: set[Path] = set()
        for tile in files:
            _make_folder((self.folder / tile.path).parent, folders)
        targets = [(self.folder / tile.path, data) for tile, data in files.items()]
        folders |= {path.parent for path, _ in targets}
        list(self._pool.map(lambda pair: _write_durably(*pair), targets))
        list(self._pool.map(sync_folder, folders))

    def _drop_parts(self, old: int, size: int) -> None:
        for level in (ENTRIES, *levels(old)):
            last = edge(level, old)
            if last.index < edge(level, size).index:
                shutil.rmtree(self.folder / f"{last.whole.path}.p", ignore_errors=True)

    def _sweep(self) -> None:
        for level in (ENTRIES, *levels(self.size + BATCH_AT_MOST)):
            last = edge(level, self.size)
            reach = (BATCH_AT_MOST >> HEIGHT * (max(level, 0) + 1)) + 2
            for index in range(last.index, last.index + reach):
                whole = self.folder / Tile(level, index).path
                whole.unlink(missing_ok=True)
                for part in _parts_of(whole):
                    if index > last.index or int(part.name) > last.width:
                        part.unlink()


@contextmanager
def publishing(folder: Path) -> Iterator[None]:
    """Hold the right to change the checkpoint file; writer and collectors of cosignatures take turns."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".publishing").open("a") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _parts_of(whole: Path) -> Iterable[Path]:
    folder = whole.with_name(f"{whole.name}.p")
    return list(folder.iterdir()) if folder.is_dir() else ()


def _make_folder(folder: Path, made_in: set[Path]) -> None:
    if not folder.is_dir():
        _make_folder(folder.parent, made_in)
        folder.mkdir(exist_ok=True)
        made_in.add(folder.parent)


def _write_durably(path: Path, data: bytes) -> None:
    with path.open("wb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())
