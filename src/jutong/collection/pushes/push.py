"""A push: one file that a department's system sends by itself, and what became of it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from jutong.catalogue.entry import Entry
from jutong.guard.permit import Label
from jutong.kernel.canon import Fact, canonical, digest
from jutong.kernel.errors import NO_TEXT, Invalid, Refused, TooMuch, WrongMoment
from jutong.kernel.ids import spell
from jutong.kernel.text import Text, text
from jutong.terms.actor import Actor
from jutong.terms.duty import Duty
from jutong.terms.grade import Grade

from ..batch import Batch
from ..contract import Limits
from ..layout import Layout

PART_MOST = 8 * 1024**2  # bytes of one part
OPEN_MOST = 16  # files that one system has under way
LEFT_AFTER = timedelta(days=7)  # what nobody went on with is swept; the file can be sent anew
NAME_MOST = 200
_DIGEST = re.compile("[0-9a-f]{64}")
ENCODINGS = ("utf-8", "gb18030", "big5")


class Stage(StrEnum):
    """How far a push has come."""

    OPEN = "open"
    LANDED = "landed"
    REFUSED = "refused"
    GIVEN_UP = "given-up"
    TAKEN = "taken"  # it was a package of an edge agent, and goes on as that


def actor_of(system: str, body: str) -> Actor:
    """Return a body's system as an actor: what it sends are its body's own rows, of whatever grade."""
    return Actor(id=system, org=body, duties=frozenset({Duty.SYSTEM}), cleared=Grade.L4)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """What a system says of a file before it sends a byte; ``content`` is the SHA-256 of the file in hex."""

    entry: str
    name: str
    size: int
    content: str
    layout: Layout = field(default_factory=Layout)

    def __post_init__(self) -> None:
        if not 1 <= len(self.name) <= NAME_MOST or not self.name.isprintable():
            raise Invalid(text("a file has a name of 1 to {most} printable characters", most=NAME_MOST))
        if not _DIGEST.fullmatch(self.content):
            raise Invalid(text("the digest of a file is its SHA-256 in 64 small hexadecimal digits"))
        if self.layout.encoding not in ENCODINGS:
            raise Invalid(text("an encoding is one of {names}", names=", ".join(ENCODINGS)))
        limit = Limits().max_bytes
        if self.size < 1:
            raise Invalid(text("{name} is empty", name=self.name), remedy=text("deliver the file again"))
        if self.size > limit:
            raise TooMuch(
                text("the delivery is larger than {limit} MiB", limit=limit // 1024**2),
                remedy=text("deliver it in parts, or have the node's limit raised"),
            )

    def push_by(self, system: str) -> str:
        """Return the identifier of this file sent by this system: the same file again is the same push."""
        layout = self.layout
        said: dict[str, Fact] = {
            "castable": tuple(sorted(layout.castable)),
            "content": self.content,
            "delimiter": layout.delimiter,
            "encoding": layout.encoding,
            "entry": self.entry,
            "headers": dict(layout.headers),
            "rows_at": layout.rows_at,
            "size": self.size,
            "system": system,
            "table": layout.table,
            "width": layout.width,
            "width_column": layout.width_column,
        }
        return spell(int(digest(canonical(said))[:32], 16))


@dataclass(frozen=True, slots=True, kw_only=True)
class Push:
    """One file on its way: from which system, for which entry, of which content, and how it ended."""

    id: str
    system: str
    provider: str
    parcel: Parcel
    opened: datetime
    stage: Stage = Stage.OPEN
    ended: datetime | None = None
    batch: str = ""
    line: str = ""  # of evidence: of its landing the receipt is given
    code: str = ""
    reason: Text = NO_TEXT
    remedy: Text = NO_TEXT

    @property
    def entry(self) -> str:
        """The entry whose rows it brings."""
        return self.parcel.entry

    @property
    def label(self) -> Label:
        """What the guard needs to know of it."""
        return Label(owner=self.provider)

    def standing(self) -> Push:
        """Return the push if more of it may come, or refuse."""
        if self.stage is not Stage.OPEN:
            raise WrongMoment(
                text("this push has ended"),
                remedy=text("open it again to send the file anew"),
            )
        return self

    def landed(self, batch: Batch, line: str, now: datetime) -> Push:
        """Return the push as landed."""
        return replace(self.standing(), stage=Stage.LANDED, ended=now, batch=batch.id, line=line)

    def refused(self, error: Refused, now: datetime) -> Push:
        """Return the push as refused: the file itself is at fault."""
        return replace(
            self.standing(), stage=Stage.REFUSED, ended=now, code=error.code, reason=error.reason, remedy=error.remedy
        )

    def taken(self, now: datetime) -> Push:
        """Return the push as one that brought a package, which is kept by itself from now on."""
        return replace(self.standing(), stage=Stage.TAKEN, ended=now)

    def given_up(self, now: datetime) -> Push:
        """Return the push as given up by its system."""
        return replace(self.standing(), stage=Stage.GIVEN_UP, ended=now)


def new_push(parcel: Parcel, entry: Entry, system: str, now: datetime) -> Push:
    """Return a push that has just been opened."""
    return Push(id=parcel.push_by(system), system=system, provider=entry.provider, parcel=parcel, opened=now)
