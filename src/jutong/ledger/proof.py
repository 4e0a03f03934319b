"""What proves one line, taken apart for people: its place, its hashes, and who signed the checkpoint over it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from .checkpoint import Checkpoint, KeyKind, Note, Signature, VerifierKey
from .merkle import Rung, climb, leaf_hash
from .receipt import Receipt

_LAST_SECOND = 253_402_300_799  # of the year 9999


@dataclass(frozen=True, slots=True)
class Cosigned:
    """A witness's signature: by whom, when, and whether it is right under a key that is known."""

    name: str
    at: datetime | None
    holds: bool


@dataclass(frozen=True, slots=True)
class Proven:
    """A line in its log: leaf hash, the way to the root, and the checkpoint with its signatures."""

    index: int
    leaf_hash: bytes
    rungs: tuple[Rung, ...]
    point: Checkpoint
    witnesses: tuple[Cosigned, ...]

    @property
    def holds(self) -> bool:
        """Whether the way ends at the checkpoint's root."""
        return (self.rungs[-1].over if self.rungs else self.leaf_hash) == self.point.root

    @property
    def witnessed(self) -> int:
        """How many known witnesses signed."""
        return sum(one.holds for one in self.witnesses)


def proven(receipt: Receipt, witnesses: Sequence[VerifierKey]) -> Proven:
    """Return what a receipt proves of its leaf; ``witnesses`` are the keys that are known."""
    point = Checkpoint.of_body(receipt.note.body)
    found = leaf_hash(receipt.leaf)
    rungs = tuple(climb(found, receipt.index, point.size, receipt.proof))
    return Proven(receipt.index, found, rungs, point, cosignatures(receipt.note, witnesses))


def cosignatures(note: Note, witnesses: Iterable[VerifierKey]) -> tuple[Cosigned, ...]:
    """Return every signature under a checkpoint that is not its log's own."""
    origin = Checkpoint.of_body(note.body).origin
    keys = [key for key in witnesses if key.kind is KeyKind.COSIGNATURE]
    return tuple(_cosigned(one, note, keys) for one in note.signatures if one.name != origin)


def _cosigned(one: Signature, note: Note, keys: Sequence[VerifierKey]) -> Cosigned:
    holds = any(key.matches(one) and key.verifies(one, note.body) for key in keys)
    stamped = 0 < one.time <= _LAST_SECOND
    return Cosigned(one.name, datetime.fromtimestamp(one.time, UTC) if stamped else None, holds)
