"""Calls at the gateway: how their records are framed on disk, gathered into batches, and proved within one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from struct import Struct
from zlib import crc32

import msgspec

from jutong.kernel.canon import Fact
from jutong.kernel.ids import is_ulid, spell

from .evidence import Evidence
from .merkle import Peaks, inclusion_proof, leaf_hash

BATCH_AT_MOST = 10_000  # calls
DISTINCT_AT_MOST = 300  # agreements or codes in one batch: they are spelled out in its line, which has a size limit
RECORD_AT_MOST = 65_535  # bytes
ANSWERED = ("ok", "")  # the codes of calls that were not refused
_HEAD = 8
_head = Struct(">II").pack


class CallHead(msgspec.Struct, frozen=True):
    """What the ledger must know of a call's record; the rest is the gateway's."""

    id: str
    agreement: str = ""
    code: str = ""


_heads = msgspec.json.Decoder(CallHead)


def head_of(record: bytes) -> CallHead:
    """Read a record's head."""
    return _heads.decode(record)


def frame(record: bytes) -> bytes:
    """Return a record with its length and checksum before it, as it stands in a journal or a batch file.

    >>> list(frames(frame(b'{"id":"1"}') + frame(b'{"id":"2"}')[:-1]))
    [(b'{"id":"1"}', 18)]
    """
    if not 0 < len(record) <= RECORD_AT_MOST or b"\n" in record:
        raise ValueError(f"a call's record is one line of at most {RECORD_AT_MOST} bytes")
    return _head(len(record), crc32(record)) + record


def frames(data: bytes, at: int = 0) -> Iterator[tuple[bytes, int]]:
    """Yield each whole record and where it ends; stop before the first that is torn or damaged."""
    while True:
        start = at + _HEAD
        length = int.from_bytes(data[at : at + 4], "big")
        record = data[start : start + length]
        if not length or len(record) < length or data[at + 4 : start] != crc32(record).to_bytes(4, "big"):
            return
        at = start + length
        yield record, at


def whole_bytes(data: bytes) -> int:
    """Return how many bytes at the beginning of ``data`` are whole records."""
    return max((end for _, end in frames(data)), default=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class CallCount:
    """How many calls under one agreement were answered in one way on one legal day."""

    day: date
    agreement: str
    code: str
    calls: int

    @property
    def key(self) -> tuple[str, str, str]:
        """Where it stands in the list of counts."""
        return self.day.isoformat(), self.agreement, self.code


@dataclass(frozen=True, slots=True, kw_only=True)
class CallBatch:
    """Calls that one leaf of the log commits to: where their records came from, how many, under which root."""

    id: str
    worker: str
    file: str
    starts: int
    ends: int
    first: str
    last: str
    count: int
    root: bytes
    agreements: Mapping[str, int]
    refused: Mapping[str, int]
    codes: Mapping[str, int]
    answers: Mapping[tuple[str, str], int]  # calls by agreement and code

    def line(self, *, org: str, at: datetime) -> Evidence:
        """Return the one line of evidence for all calls of the batch."""
        facts: dict[str, Fact] = {
            "agreements": dict(self.agreements),
            "codes": dict(self.codes),
            "count": self.count,
            "first": self.first,
            "last": self.last,
            "refused": dict(self.refused),
            "root": self.root.hex(),
            "worker": self.worker,
        }
        return Evidence(id=self.id, act="delivery.called", actor="house", org=org, on=self.id, at=at, facts=facts)


def gather(data: bytes, *, worker: str, file: str, starts: int) -> tuple[CallBatch, bytes] | None:
    """Return a batch of the whole records at the beginning of ``data``, and their bytes; None when there are none.

    The batch is named for the place where its records begin, so that a sealer that died and comes again writes
    over what it left.
    """
    hashes: list[bytes] = []
    ids: list[str] = []
    agreements, refused, codes = Counter[str](), Counter[str](), Counter[str]()
    answers = Counter[tuple[str, str]]()
    taken = 0
    for record, end in frames(data):
        head = head_of(record)
        new = head.agreement not in agreements or head.code not in codes
        if len(ids) == BATCH_AT_MOST or (new and len(agreements) + len(codes) >= DISTINCT_AT_MOST):
            break
        hashes.append(leaf_hash(record))
        ids.append(head.id)
        agreements[head.agreement] += 1
        codes[head.code] += 1
        answers[head.agreement, head.code] += 1
        if head.code not in ANSWERED:
            refused[head.agreement] += 1
        taken = end
    if not ids:
        return None
    batch = CallBatch(
        id=_batch_id(ids[0], file, starts),
        worker=worker,
        file=file,
        starts=starts,
        ends=starts + taken,
        first=min(ids),
        last=max(ids),
        count=len(ids),
        root=Peaks().grown(hashes)[0].root(),
        agreements=agreements,
        refused=refused,
        codes=codes,
        answers=answers,
    )
    return batch, data[:taken]


def batch_path(batch_id: str) -> str:
    """Return where a batch's records stand under the ledger's folder; a folder holds about two hours of them."""
    return f"calls/{batch_id[:5]}/{batch_id}"


def proof_in(records: Iterable[bytes], index: int) -> tuple[list[bytes], int]:
    """Return the proof that a record stands at ``index`` of its batch, and the batch's count."""
    peaks, complete = Peaks().grown([leaf_hash(record) for record in records])
    return inclusion_proof(index, peaks.size, lambda height, at: complete[height][at]), peaks.size


def _batch_id(first_call: str, file: str, starts: int) -> str:
    chance = spell(int.from_bytes(sha256(f"{file}:{starts}".encode()).digest()[:16], "big"))
    return (first_call if is_ulid(first_call) else "0" * 10)[:10] + chance[10:]
