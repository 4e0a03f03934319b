"""Merkle trees of RFC 6962: hashes, growth, and the two proofs, over any reader of stored hashes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256

HASH_BYTES = 32
EMPTY_ROOT = sha256(b"").digest()

# Reads the hash of a complete subtree: of the leaves from ``index << height``, ``1 << height`` of them.
ReadHash = Callable[[int, int], bytes]


# A leaf and an inner node are hashed under different prefixes, so that one cannot pose as the other.
def leaf_hash(leaf: bytes) -> bytes:
    """Return the hash of one leaf.

    >>> leaf_hash(b"").hex()
    '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d'
    """
    return sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of an inner node."""
    return sha256(b"\x01" + left + right).digest()


def leaf_hashes(leaves: Iterable[bytes]) -> list[bytes]:
    """Return the hashes of many leaves."""
    return [sha256(b"\x00" + leaf).digest() for leaf in leaves]


@dataclass(frozen=True, slots=True)
class Peaks:
    """All that is needed of a tree to let it grow: its size, and by height the subtrees that wait for a twin."""

    size: int = 0
    hashes: tuple[bytes | None, ...] = ()

    def grown(self, leaves: Sequence[bytes]) -> tuple[Peaks, list[list[bytes]]]:
        """Return the tree with more leaf hashes, and the hashes that became complete, by height.

        >>> peaks, complete = Peaks().grown([leaf_hash(b"a"), leaf_hash(b"b"), leaf_hash(b"c")])
        >>> [len(row) for row in complete]
        [3, 1]
        """
        peaks: list[bytes | None] = []
        complete: list[list[bytes]] = []
        row, height = list(leaves), 0
        while row or height < len(self.hashes):
            if row:
                complete.append(row)
            waiting = self.hashes[height] if height < len(self.hashes) else None
            pairs = row if waiting is None else [waiting, *row]
            peaks.append(pairs[-1] if len(pairs) % 2 else None)
            halves = iter(pairs)
            row = [sha256(b"\x01" + left + right).digest() for left, right in zip(halves, halves, strict=False)]
            height += 1
        return Peaks(self.size + len(leaves), tuple(peaks)), complete

    def root(self) -> bytes:
        """Return the root of the tree as it stands."""
        root: bytes | None = None
        for peak in self.hashes:
            if peak is not None:
                root = peak if root is None else node_hash(peak, root)
        return EMPTY_ROOT if root is None else root


def root_of(leaves: Iterable[bytes]) -> bytes:
    """Return the root over whole leaves.

    >>> root_of([]) == EMPTY_ROOT
    True
    """
    return Peaks().grown(leaf_hashes(leaves))[0].root()


def inclusion_proof(index: int, size: int, read: ReadHash) -> list[bytes]:
    """Return the hashes that lead from leaf ``index`` to the root of the first ``size`` leaves, nearest first."""
    if not 0 <= index < size:
        raise IndexError(f"leaf {index} of {size}")
    return _path(index, 0, size, read)


def consistency_proof(old: int, size: int, read: ReadHash) -> list[bytes]:
    """Return the hashes that show the first ``old`` leaves to be the beginning of the first ``size``."""
    if not 0 <= old <= size:
        raise IndexError(f"size {old} of {size}")
    return [] if old in (0, size) else _subproof(old, 0, size, read, whole=True)


@dataclass(frozen=True, slots=True)
class Rung:
    """One step of an inclusion proof: the neighbour's hash, on which side it stands, and the hash over both."""

    neighbour: bytes
    left: bool
    over: bytes


def climb(leaf: bytes, index: int, size: int, proof: Sequence[bytes]) -> list[Rung]:
    """Return the steps by which ``proof`` leads from the leaf hash upwards; the last one should be the root.

    >>> [(rung.left, rung.over == root_of([b"a", b"b"])) for rung in climb(leaf_hash(b"b"), 1, 2, [leaf_hash(b"a")])]
    [(True, True)]
    """
    place, last, found, rungs = index, size - 1, leaf, list[Rung]()
    for step in proof:
        left = bool(place & 1 or place == last)
        found = node_hash(step, found) if left else node_hash(found, step)
        rungs.append(Rung(step, left, found))
        while left and not place & 1 and place:
            place, last = place >> 1, last >> 1
        place, last = place >> 1, last >> 1
    return rungs


def holds_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Say whether ``proof`` leads from the leaf hash to the root (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    place, last, found = index, size - 1, leaf
    for step in proof:
        if last == 0:
            return False
        if place & 1 or place == last:
            found = node_hash(step, found)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            found = node_hash(found, step)
        place, last = place >> 1, last >> 1
    return last == 0 and found == root


def holds_consistency(old: int, old_root: bytes, size: int, root: bytes, proof: Sequence[bytes]) -> bool:
    """Say whether ``proof`` shows the old tree to be the beginning of the new one (RFC 9162, 2.1.4.2)."""
    if old == size:
        return not proof and old_root == root
    if old == 0:
        return not proof and old_root == EMPTY_ROOT
    if old > size or not proof:
        return False
    steps = [old_root, *proof] if old & (old - 1) == 0 else list(proof)
    place, last = old - 1, size - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    before = after = steps[0]
    for step in steps[1:]:
        if last == 0:
            return False
        if place & 1 or place == last:
            before, after = node_hash(step, before), node_hash(step, after)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            after = node_hash(after, step)
        place, last = place >> 1, last >> 1
    return last == 0 and before == old_root and after == root


def range_root(low: int, high: int, read: ReadHash) -> bytes:
    """Return the root of the leaves from ``low`` to before ``high``, where ``low`` begins a subtree of a proof."""
    width = high - low
    if width & (width - 1) == 0:
        height = width.bit_length() - 1
        return read(height, low >> height)
    middle = low + _split(width)
    return node_hash(range_root(low, middle, read), range_root(middle, high, read))


def _split(width: int) -> int:
    return 1 << (width - 1).bit_length() - 1


def _path(index: int, low: int, high: int, read: ReadHash) -> list[bytes]:
    if high - low == 1:
        return []
    middle = low + _split(high - low)
    if index < middle:
        return [*_path(index, low, middle, read), range_root(middle, high, read)]
    return [*_path(index, middle, high, read), range_root(low, middle, read)]


def _subproof(old: int, low: int, high: int, read: ReadHash, *, whole: bool) -> list[bytes]:
    if old == high:
        return [] if whole else [range_root(low, high, read)]
    middle = low + _split(high - low)
    if old <= middle:
        return [*_subproof(old, low, middle, read, whole=whole), range_root(middle, high, read)]
    return [*_subproof(old, middle, high, read, whole=False), range_root(low, middle, read)]
