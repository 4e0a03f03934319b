"""A receipt: one text that proves, with nothing but public keys, that an act or a call stands in the ledger."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from jutong.kernel.errors import Invalid
from jutong.kernel.text import Text, text

from .calls import head_of
from .checkpoint import Checkpoint, KeyKind, Note, VerifierKey, based, debased, families, number, signed_by
from .evidence import Evidence
from .merkle import HASH_BYTES, holds_inclusion, leaf_hash

TITLE = "jutong-receipt@v1"
PROOF_TITLE = "c2sp.org/tlog-proof@v1"
_PROOF_AT_MOST = 63
RECEIPT_CHARACTERS = 1 << 20  # at most
_ROOT = re.compile("[0-9a-f]{64}")
_LINE_ENDS = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]+")


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether evidence holds; if not, which check failed, why, and at which leaf."""

    holds: bool
    check: str = ""
    reason: Text | None = None
    leaf: int | None = None
    facts: Mapping[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CallProof:
    """A call's record and the hashes that lead from it to the root of its batch."""

    record: bytes
    index: int
    count: int
    proof: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Receipt:
    """A leaf, its place, its proof and a checkpoint; for a call, the call's own proof within the leaf's batch."""

    leaf: bytes
    index: int
    proof: tuple[bytes, ...]
    note: Note
    call: CallProof | None = None

    def __str__(self) -> str:
        line, size = Evidence.of_leaf(self.leaf), Checkpoint.of_body(self.note.body).size
        head = [TITLE]
        said = {"act": line.act, "on": line.on, "by": f"{line.actor} of {line.org}", "at": line.at.isoformat()}
        if self.call is not None:
            call = head_of(self.call.record)
            said |= {"call": call.id, "agreement": call.agreement, "code": call.code}
        said["place"] = f"leaf {self.index} of {size}"
        head += [f"{name}: {_LINE_ENDS.sub(' ', value)}" for name, value in said.items()]
        head.append("")
        if self.call is not None:
            head += ["record " + self.call.record.decode(), f"within {self.call.index} of {self.call.count}"]
            head += [*map(based, self.call.proof), ""]
        head += ["leaf " + self.leaf.decode(), ""]
        head += [PROOF_TITLE, f"index {self.index}", *map(based, self.proof), "", str(self.note)]
        return "\n".join(head)

    @property
    def call_facts(self) -> Mapping[str, object]:
        """What the call's record says; nothing for an act."""
        raw: object = msgspec.json.decode(self.call.record) if self.call else {}
        return raw if isinstance(raw, dict) else {}

    @classmethod
    def read(cls, spelled: str) -> Receipt:
        """Read a receipt; anything that is not spelled exactly as a receipt is refused, its readable head included."""
        if len(spelled) > RECEIPT_CHARACTERS:
            raise _malformed()
        try:
            _, *parts = spelled.split("\n\n", 4)
            call = None
            if parts and parts[0].startswith("record "):
                call = _call_of(parts.pop(0))
            leaf, proof, rest = parts[0], parts[1], "\n\n".join(parts[2:])
            _, index, *steps = proof.split("\n")
            receipt = cls(
                leaf.removeprefix("leaf ").encode(),
                number(index.removeprefix("index ")),
                _steps(steps),
                Note.read(rest.encode()),
                call,
            )
            same = str(receipt) == spelled
        except (
            Invalid,
            IndexError,
            ValueError,
            KeyError,
            TypeError,
            AttributeError,
            RecursionError,
            msgspec.MsgspecError,
        ) as error:
            raise _malformed() from error
        if not same:
            raise _malformed()
        return receipt


def verify_receipt(spelled: str, keys: Sequence[VerifierKey], *, witnesses: int = 0) -> Verdict:
    """Say whether a receipt holds under ``keys`` (the log's, and those of witnesses), and what of it does not."""
    try:
        receipt = Receipt.read(spelled)
        point = Checkpoint.of_body(receipt.note.body)
    except Invalid as refusal:
        return Verdict(False, "form", refusal.reason)
    return _verdict(receipt, point, keys, witnesses)


def committed(line: Evidence, count: int) -> bytes | None:
    """Return the root over ``count`` calls that a line commits to; None when it commits to no such thing."""
    facts = line.facts if isinstance(line.facts, Mapping) else {}
    root = facts.get("root")
    if line.act != "delivery.called" or facts.get("count") != count or not isinstance(root, str):
        return None
    return bytes.fromhex(root) if _ROOT.fullmatch(root) else None


def _verdict(receipt: Receipt, point: Checkpoint, keys: Sequence[VerifierKey], wanted: int) -> Verdict:
    line, call, index = Evidence.of_leaf(receipt.leaf), receipt.call, receipt.index
    if call is not None:
        root = committed(line, call.count)
        if root is None:
            reason = text("the leaf does not commit to a batch of {count} calls", count=call.count)
            return Verdict(False, "batch", reason, index)
        if not holds_inclusion(leaf_hash(call.record), call.index, call.count, call.proof, root):
            return Verdict(False, "call", text("the call's record is not in the batch that the leaf commits to"), index)
    if not holds_inclusion(leaf_hash(receipt.leaf), index, point.size, receipt.proof, point.root):
        return Verdict(False, "inclusion", text("the leaf is not in the log of this checkpoint"), index)
    try:
        signed = signed_by(receipt.note, point.origin, keys)
    except Invalid as refusal:
        return Verdict(False, "signature", refusal.reason, index)
    names = sorted(key.name for key in signed if key.kind is KeyKind.COSIGNATURE)
    if len(names) < wanted:
        reason = text("{count} of the known witnesses cosigned, {wanted} are wanted", count=len(names), wanted=wanted)
        return Verdict(False, "witnesses", reason, index)
    facts: dict[str, str | int] = {"act": line.act, "on": line.on, "at": line.at.isoformat(), "org": line.org}
    if call is not None:
        facts["call"] = head_of(call.record).id
    facts |= {"origin": point.origin, "size": point.size, "index": index, "signed_by": families(signed)}
    facts["witnesses"] = ", ".join(names)
    return Verdict(True, facts=facts)


def _call_of(part: str) -> CallProof:
    record, within, *steps = part.split("\n")
    index, _, count = within.removeprefix("within ").partition(" of ")
    return CallProof(record.removeprefix("record ").encode(), number(index), number(count), _steps(steps))


def _steps(lines: Sequence[str]) -> tuple[bytes, ...]:
    steps = tuple(debased(line) for line in lines)
    if len(steps) > _PROOF_AT_MOST or any(len(step) != HASH_BYTES for step in steps):
        raise _malformed()
    return steps


def _malformed() -> Invalid:
    return Invalid(
        text("this text is not a receipt, or its readable part was changed"),
        remedy=text("ask the body that issued it for the receipt again"),
    )
