"""A batch: one delivery of one entry's rows, as it was read, kept apart and landed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from jutong.kernel.canon import Fact, canonical, digest
from jutong.kernel.ids import spell
from jutong.pools.snapshot import Snapshot

from .contract import Reason


def batch_id(entry: str, content: str) -> str:
    """Return the identifier of the delivery of ``content`` (a digest) to ``entry``: the same again is the same batch.

    >>> batch_id("01JZ", "ab" * 32) == batch_id("01JZ", "ab" * 32) != batch_id("01K0", "ab" * 32)
    True
    """
    return spell(int(digest(canonical({"batch": content, "entry": entry}))[:32], 16))


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What one delivery brought: where its rows stand, how many were read, landed and quarantined, and why."""

    id: str
    entry: str
    provider: str  # the body that answered for the rows when they came
    kind: str  # of source: a key of SOURCES
    source: str  # the source's own name; kept in the pools and here, never in evidence
    content: str  # digest of what the source handed in
    rows_digest: str  # digest of the landed rows in order: what two tiers compare
    snapshot: Snapshot
    rows_read: int
    rows_landed: int
    rows_quarantined: int
    collected_at: datetime
    quarantined: Mapping[Reason, int] = field(default_factory=dict)
    tier: str = ""  # a note: to which tier's pool the rows were brought
    origin: str = ""  # the giving tier's batch, if the rows came from a peer
    rows_withdrawn: int = 0  # keys whose rows the source took back
    left_aside: tuple[str, ...] = ()  # columns of the source that the entry does not declare

    def __post_init__(self) -> None:
        if not self.reconciles():
            raise AssertionError(f"batch {self.id} does not reconcile")

    def reconciles(self) -> bool:
        """Say whether every row that was read either landed or is quarantined for one reason."""
        return (
            self.rows_read == self.rows_landed + self.rows_quarantined
            and self.rows_quarantined == sum(self.quarantined.values())
            and self.rows_landed == self.snapshot.rows
        )

    def facts(self) -> dict[str, Fact]:
        """Return what evidence says of the batch: counts and digests; the source's name stays out."""
        return {
            "content": self.content,
            "digest": self.snapshot.digest,
            "entry": self.entry,
            "kind": self.kind,
            "left_aside": len(self.left_aside),
            "origin": self.origin,
            "quarantined": {reason.value: count for reason, count in sorted(self.quarantined.items())},
            "rows_digest": self.rows_digest,
            "rows_landed": self.rows_landed,
            "rows_quarantined": self.rows_quarantined,
            "rows_read": self.rows_read,
            "rows_withdrawn": self.rows_withdrawn,
            "table": self.snapshot.table,
            "tier": self.tier,
            "version": self.snapshot.version,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """Where an entry's rows come from, as its batches show it: a kind of file, or a neighbouring tier."""

    entry: str
    provider: str
    kind: str
    tier: str
    batches: int
    rows: int  # landed
    quarantined: int
    last_at: datetime
