"""An audit of a whole log from its files alone: every entry, every hash, every batch of calls, and the signed root."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path

import msgspec

from jutong.kernel.errors import Invalid, NotFound
from jutong.kernel.text import text

from .calls import batch_path, frames, whole_bytes
from .checkpoint import Checkpoint, KeyKind, VerifierKey, families, signed_by
from .evidence import Evidence
from .merkle import Peaks, leaf_hash
from .receipt import Verdict, committed
from .tile import ENTRIES, HEIGHT, WIDTH, Tile, edge, hashes_of, levels, unpack
from .tiles import Tiles

_CHUNK = 1 << 20


@dataclass(slots=True)
class _Walk:
    """What an audit carries along: the tree so far, and by level the hashes that its tile must hold."""

    size: int
    peaks: Peaks = field(default_factory=Peaks)
    expected: list[list[bytes]] = field(default_factory=list)
    batches: int = 0


def verify_folder(folder: Path, keys: Sequence[VerifierKey]) -> Verdict:
    """Say whether a log holds as a whole; if not, name the first leaf that does not.

    Memory stays bounded whatever the log's size: one bundle of entries, one tile a level, one piece of a batch.
    """
    tiles = Tiles(folder)
    try:
        note = tiles.note()
        point = Checkpoint.of_body(note.body)
        signed = signed_by(note, point.origin, keys)
    except (Invalid, NotFound) as refusal:
        return Verdict(False, "checkpoint", refusal.reason)
    walk = _Walk(point.size, expected=[[] for _ in levels(point.size)])
    bad = next(_faults(tiles, walk), None)
    above = next(_faults_above(tiles, walk), None)
    found = min((one for one in (bad, above) if one is not None), key=lambda one: one.leaf or 0, default=None)
    if found is not None:
        return found
    if walk.peaks.root() != point.root:
        return Verdict(False, "root", text("the entries do not add up to the signed root"))
    witnesses = ", ".join(sorted(key.name for key in signed if key.kind is KeyKind.COSIGNATURE))
    facts: dict[str, str | int] = {
        "origin": point.origin,
        "size": point.size,
        "batches": walk.batches,
        "signed_by": families(signed),
        "witnesses": witnesses,
    }
    return Verdict(True, facts=facts)


def _faults(tiles: Tiles, walk: _Walk) -> Iterator[Verdict]:
    """Walk along the entries; yield what is wrong with them, their hashes, their batches, or a finished tile above."""
    for index in range(-(-walk.size // WIDTH)):
        width = min(WIDTH, walk.size - index * WIDTH)
        bundle, stored = Tile(ENTRIES, index, width), Tile(0, index, width)
        hashes: list[bytes] = []
        for place, pair in enumerate(zip_longest(_entries(tiles, bundle), _hashes(tiles, stored)), index * WIDTH):
            entry, kept = pair
            if entry is None or kept is None or leaf_hash(entry) != kept:
                leaf = min(place, index * WIDTH + width - 1)
                yield Verdict(False, "entry", text("leaf {leaf} is not what its hash says", leaf=leaf), leaf)
                return
            hashes.append(kept)
            yield from _calls_fault(tiles.folder, walk, place, entry)
        if len(hashes) < width:
            leaf = index * WIDTH + len(hashes)
            yield Verdict(False, "entry", text("leaf {leaf} is missing", leaf=leaf), leaf)
            return
        yield from _parts_faults(tiles, bundle, hashes)
        yield from _parts_faults(tiles, stored, hashes)
        walk.peaks, complete = walk.peaks.grown(hashes)
        for level, row in enumerate(complete[HEIGHT::HEIGHT], 1):
            walk.expected[level] += row
            if len(walk.expected[level]) == WIDTH:
                yield from _tile_faults(tiles, walk, level)
                walk.expected[level] = []


def _faults_above(tiles: Tiles, walk: _Walk) -> Iterator[Verdict]:
    """Compare the tiles above the entries as far as the walk came."""
    found = [fault for level in range(1, len(walk.expected)) for fault in _tile_faults(tiles, walk, level)]
    yield from sorted(found, key=lambda fault: fault.leaf or 0)


def _tile_faults(tiles: Tiles, walk: _Walk, level: int) -> Iterator[Verdict]:
    expected = walk.expected[level]
    if not expected:
        return
    index = max((walk.peaks.size >> HEIGHT * level) - 1, 0) // WIDTH
    last = edge(level, walk.size)
    tile = last if index == last.index else Tile(level, index)
    span = WIDTH**level
    stored = _hashes(tiles, tile)
    # A walk that ended at a bad leaf did not come to the end of this tile; the rest of it is not ours to judge.
    whole = len(expected) == tile.width
    for place, (right, kept) in enumerate(zip_longest(expected, stored if whole else stored[: len(expected)])):
        if right != kept:
            leaf = (index * WIDTH + min(place, len(expected) - 1)) * span
            yield Verdict(False, "tile", text("the hash {place} in {path} is wrong", place=place, path=tile.path), leaf)
            return
    if whole:
        yield from _parts_faults(tiles, tile, expected)


def _parts_faults(tiles: Tiles, tile: Tile, hashes: Sequence[bytes]) -> Iterator[Verdict]:
    """Compare the narrower forms of a tile that still stand beside it."""
    folder = tiles.folder / f"{tile.whole.path}.p"
    for path in folder.iterdir() if folder.is_dir() else ():
        width = int(path.name) if path.name.isdecimal() else 0
        part = Tile(tile.level, tile.index, width)
        if not 0 < width < WIDTH or path.name != str(width) or width > tile.width:
            continue  # beyond the checkpoint, or nothing of ours: no reader is ever sent there
        found = map(leaf_hash, _entries(tiles, part)) if tile.level == ENTRIES else _hashes(tiles, part)
        for place, (right, kept) in enumerate(zip_longest(hashes[:width], found)):
            if right != kept:
                leaf = tile.first_leaf + place * WIDTH ** max(tile.level, 0)
                yield Verdict(
                    False, "tile", text("the hash {place} in {path} is wrong", place=place, path=part.path), leaf
                )
                return


def _calls_fault(folder: Path, walk: _Walk, place: int, entry: bytes) -> Iterator[Verdict]:
    """Check the batch of calls that a leaf commits to, if it is one."""
    if b'"act":"delivery.called"' not in entry:
        return
    try:
        line = Evidence.of_leaf(entry)
        if line.act != "delivery.called":
            return
        peaks = Peaks()
        for record in _records(folder / batch_path(line.on)):
            peaks, _ = peaks.grown([leaf_hash(record)])
        right = committed(line, peaks.size) == peaks.root()
    except (FileNotFoundError, Invalid, TypeError, ValueError, KeyError, msgspec.MsgspecError):
        right = False
    walk.batches += 1
    if not right:
        reason = text("the calls of batch {leaf} are not those that its leaf commits to", leaf=place)
        yield Verdict(False, "calls", reason, place)


def _records(path: Path) -> Iterator[bytes]:
    rest = b""
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            data = rest + chunk
            yield from (record for record, _ in frames(data))
            rest = data[whole_bytes(data) :]
    if rest:
        raise Invalid(text("a batch of calls holds more or less than whole records"))


def _entries(tiles: Tiles, bundle: Tile) -> Iterator[bytes]:
    try:
        yield from unpack(tiles.read(bundle))
    except (Invalid, NotFound):
        return


def _hashes(tiles: Tiles, tile: Tile) -> list[bytes]:
    try:
        return hashes_of(tiles.read(tile)) if tile.width else []
    except NotFound:
        return []
