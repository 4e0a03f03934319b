"""One line of the ledger: who did what on which thing, when, with which identifiers, counts and digests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

import msgspec

from jutong.kernel.canon import Fact, canonical
from jutong.kernel.clock import LEGAL_TIME

PARTIES = ("provider", "consumer", "body")  # the facts that name a body which a line concerns
LEAF_LIMIT = 65_535  # bytes; C2SP tlog-tiles frames an entry with a 16-bit length


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One act, as it will be shown to an auditor in ten years; facts never hold a row's value."""

    id: str
    act: str
    actor: str
    org: str
    on: str
    at: datetime
    facts: Mapping[str, Fact] = field(default_factory=dict)

    @property
    def day(self) -> date:
        """The day of the act by legal time."""
        return self.at.astimezone(LEGAL_TIME).date()

    @property
    def bodies(self) -> frozenset[str]:
        """The bodies that the line concerns: the one that acted, and those that its facts name as parties."""
        named = (self.facts.get(party) for party in PARTIES)
        return frozenset({self.org, *(one for one in named if isinstance(one, str) and one)})

    def leaf(self) -> bytes:
        """Return the bytes that the log commits to (canonical JSON).

        >>> line = Evidence(id="1", act="a.b", actor="p", org="o", on="x", at=datetime(2026, 1, 2, tzinfo=UTC))
        >>> Evidence.of_leaf(line.leaf()) == line
        True
        """
        data = canonical(
            {
                "act": self.act,
                "actor": self.actor,
                "at": self.at.astimezone(UTC).isoformat(timespec="microseconds"),
                "facts": self.facts,
                "id": self.id,
                "on": self.on,
                "org": self.org,
            }
        )
        if len(data) > LEAF_LIMIT:
            raise ValueError(f"an evidence line of {len(data)} bytes: log digests, not bodies")
        return data

    @classmethod
    def of_leaf(cls, data: bytes) -> Evidence:
        """Read a leaf back."""
        raw = msgspec.json.decode(data)
        return cls(**{**raw, "at": datetime.fromisoformat(raw["at"])})


@dataclass(frozen=True, slots=True)
class Kept:
    """A line where it stands: its number in this node's own order, and its place in the log once it is there."""

    number: int
    place: int | None
    line: Evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """Which lines somebody looks for; what is left empty may be anything."""

    seen_by: str = ""  # only what concerns this body
    acts: tuple[str, ...] = ()
    body: str = ""  # what concerns this body
    on: str = ""
    person: str = ""  # what a person did, and what was done about it
    day: date | None = None
