"""A package: one delivery of an edge agent (前置机), numbered, sealed to one node, and what became of it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from jutong.guard.permit import Label
from jutong.kernel.canon import canonical, digest
from jutong.kernel.crypto import SealingKey
from jutong.kernel.errors import NO_TEXT, Invalid, Refused, WrongMoment
from jutong.kernel.ids import is_ulid, spell
from jutong.kernel.text import Text, text

from ..batch import Batch
from ..layout import Layout
from ..pushes.push import ENCODINGS, NAME_MOST

WAITING_MOST = 64  # packages of one sender for one entry that wait for an earlier one
NUMBER_MOST = 99_999_999
SUFFIX = ".jtp"
LANDED_WORD, SKIPPED_WORD = "collection.package_landed", "collection.package_skipped"
_DIGEST = re.compile("[0-9a-f]{64}")
_NODE = re.compile("[a-z0-9-]{1,63}")


class Stage(StrEnum):
    """How far a package has come."""

    WAITING = "waiting"  # it is here; an earlier number is not, or nobody has come to it yet
    LANDED = "landed"
    STOPPED = "stopped"  # its rows were refused; what follows it waits
    SKIPPED = "skipped"  # somebody decided to go on without its rows


def package_id(system: str, entry: str, number: int) -> str:
    """Return the identifier of a sender's package for an entry: both sides reckon it.

    >>> package_id("a", "01JZ", 1) == package_id("a", "01JZ", 1) != package_id("a", "01JZ", 2)
    True
    """
    return spell(int(digest(canonical({"package": number, "entry": entry, "system": system}))[:32], 16))


def file_name(system: str, entry: str, number: int) -> str:
    """Return what a package is called on a medium: in order for the eye, and no two senders' alike."""
    return f"{entry}-{number:08d}-{package_id(system, entry, number)[-6:]}{SUFFIX}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """A node to which packages are sealed: its name and its public key, spelled ``name+identifier+base64``."""

    node: str
    key: SealingKey

    @classmethod
    def read(cls, spelled: str) -> Destination:
        """Read the spelling, or refuse it."""
        node, _, rest = spelled.strip().partition("+")
        key_id, _, coded = rest.partition("+")
        key = SealingKey.read(coded)
        if not _NODE.fullmatch(node) or key.id != key_id:
            raise Invalid(
                text("the key of a node is name+identifier+base64, and its identifier belongs to it"),
                remedy=text("have `jutong edge key` print it at the node"),
            )
        return cls(node=node, key=key)

    def __str__(self) -> str:
        return f"{self.node}+{self.key.id}+{self.key}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What a package says of itself in the open, under its sender's signature."""

    node: str
    key: str  # identifier of the node's key to which it is sealed
    system: str
    entry: str
    number: int
    previous: str  # digest of the package before it; empty of the first

    def __post_init__(self) -> None:
        fine = (
            1 <= self.number <= NUMBER_MOST
            and is_ulid(self.entry)
            and len(self.system) <= 200
            and (bool(_DIGEST.fullmatch(self.previous)) if self.number > 1 else not self.previous)
        )
        if not fine:
            raise Invalid(text("this is no package of an edge agent"))

    @property
    def id(self) -> str:
        """The package's identifier."""
        return package_id(self.system, self.entry, self.number)

    def spelled(self) -> bytes:
        """Return the head as it stands in the package."""
        return canonical({name: getattr(self, name) for name in self.__slots__})


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """What only the node reads: the file's name, its size, digest and how it is written."""

    name: str
    size: int
    content: str
    layout: Layout = field(default_factory=Layout)

    def __post_init__(self) -> None:
        if not 1 <= len(self.name) <= NAME_MOST or not self.name.isprintable():
            raise Invalid(text("a file has a name of 1 to {most} printable characters", most=NAME_MOST))
        if self.layout.encoding not in ENCODINGS:
            raise Invalid(text("an encoding is one of {names}", names=", ".join(ENCODINGS)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """A package that came to this node, and how it ended."""

    id: str
    system: str
    provider: str
    entry: str
    number: int
    previous: str
    digest: str  # SHA-256 of the package as it came
    size: int
    came: datetime
    stage: Stage = Stage.WAITING
    ended: datetime | None = None
    batch: str = ""
    line: str = ""  # of evidence: of it the receipt is given
    code: str = ""
    reason: Text = NO_TEXT
    remedy: Text = NO_TEXT

    @property
    def label(self) -> Label:
        """What the guard needs to know of it."""
        return Label(owner=self.provider)

    @property
    def over(self) -> bool:
        """Say whether the next number may follow."""
        return self.stage in (Stage.LANDED, Stage.SKIPPED)

    def being(self, digest: str) -> Package:
        """Return the package if it is this very one; refuse another one under its number."""
        if self.digest != digest:
            raise Invalid(
                text("another package of this sender came under the number {number} already", number=self.number),
                basis=text("packages of one sender are a chain of digests"),
                remedy=text(
                    "see at the department whether its spool was restored or copied; register a new system if so"
                ),
            )
        return self

    def landed(self, batch: Batch, line: str, now: datetime) -> Package:
        """Return the package as landed."""
        if self.over:
            raise WrongMoment(text("this package has ended"))
        return replace(
            self, stage=Stage.LANDED, ended=now, batch=batch.id, line=line, code="", reason=NO_TEXT, remedy=NO_TEXT
        )

    def stopped(self, error: Refused) -> Package:
        """Return the package as one whose rows were refused."""
        return replace(self, stage=Stage.STOPPED, code=error.code, reason=error.reason, remedy=error.remedy)

    def skipped(self, line: str, now: datetime) -> Package:
        """Return the package as one without whose rows it goes on."""
        return replace(self, stage=Stage.SKIPPED, ended=now, line=line)

    def may_be_skipped(self) -> Package:
        """Return the package, or refuse to leave out rows that nobody has refused."""
        if self.stage is not Stage.STOPPED:
            raise WrongMoment(
                text("only a package whose rows were refused can be left out"),
                remedy=text("wait for the package that is missing, or have the department pack it again"),
            )
        return self


def follows_on(package: Package, before: Package | None) -> None:
    """Refuse a package that does not follow the one that came before it: its sender began anew or has a twin."""
    if package.previous != (before.digest if before else ""):
        raise Invalid(
            text("number {number} does not follow the package that came before it", number=package.number),
            basis=text("packages of one sender are a chain of digests"),
            remedy=text("see at the department whether its spool was restored or copied; register a new system if so"),
        )
