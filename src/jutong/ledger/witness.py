"""Witnessing (C2SP tlog-witness): whether to cosign a neighbour's checkpoint, and what to answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from jutong.kernel.errors import Invalid
from jutong.kernel.text import text

from .checkpoint import Checkpoint, Note, VerifierKey, based, debased, number, signed_by
from .merkle import EMPTY_ROOT, HASH_BYTES, holds_consistency

PROOF_AT_MOST = 63
SIZE_TYPE = "text/x.tlog.size"
TEXT_TYPE = "text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Witnessed:
    """The newest checkpoint of a log that this node cosigned."""

    origin: str
    size: int = 0
    root: bytes = EMPTY_ROOT


@dataclass(frozen=True, slots=True)
class Asked:
    """A request to cosign: the size that the asker believes we saw last, the proof from there, the checkpoint."""

    old: int
    proof: tuple[bytes, ...]
    note: Note

    @classmethod
    def read(cls, body: bytes) -> Asked:
        """Read the body of ``add-checkpoint``, or refuse."""
        head, parted, note = body.partition(b"\n\n")
        try:
            first, *lines = head.decode("ascii").split("\n")
        except UnicodeDecodeError as error:
            raise Invalid(text("the lines before the checkpoint are ASCII")) from error
        if not parted or not first.startswith("old ") or len(lines) > PROOF_AT_MOST:
            raise Invalid(text("a request is `old N`, at most 63 proof lines, an empty line and a checkpoint"))
        proof = tuple(debased(line) for line in lines)
        if any(len(step) != HASH_BYTES for step in proof):
            raise Invalid(text("a proof line is 32 bytes in base64"))
        return cls(number(first.removeprefix("old ")), proof, Note.read(note))

    def body(self) -> bytes:
        """Return the request as it is sent."""
        return "\n".join([f"old {self.old}", *map(based, self.proof), "", str(self.note)]).encode()


@dataclass(frozen=True, slots=True)
class Answer:
    """What a witness says: an HTTP status, a body, its type."""

    status: int
    body: str
    type: str = TEXT_TYPE


def origin_of(body: bytes) -> str | None:
    """Return which log a request is about, before anything of it is believed; None when it cannot be read."""
    try:
        return Checkpoint.of_body(Asked.read(body).note.body).origin
    except Invalid:
        return None


def decide(
    body: bytes, last: Witnessed | None, logs: Mapping[str, Sequence[VerifierKey]]
) -> tuple[Note, Witnessed] | Answer:
    """Return the note to cosign and what to remember of it, or the answer that refuses.

    The order of the checks is the protocol's: a stranger learns nothing of what we saw.
    """
    try:
        asked = Asked.read(body)
        new = Checkpoint.of_body(asked.note.body)
    except Invalid as refusal:
        return Answer(400, f"{refusal.reason}\n")
    last = last or Witnessed(new.origin)
    if new.origin not in logs:
        return Answer(404, "this witness does not know the log\n")
    try:
        signed_by(asked.note, new.origin, logs[new.origin])
    except Invalid as refusal:
        return Answer(403, f"{refusal.reason}\n")
    if asked.old > new.size:
        return Answer(400, "the old size is above the checkpoint's\n")
    if asked.old != last.size:
        return Answer(409, f"{last.size}\n", SIZE_TYPE)
    if new.size == last.size and new.root != last.root:
        return Answer(409, f"{last.size}\n", SIZE_TYPE)
    if not holds_consistency(last.size, last.root, new.size, new.root, asked.proof):
        return Answer(422, "the proof does not lead from what this witness saw to this checkpoint\n")
    return asked.note, Witnessed(new.origin, new.size, new.root)
