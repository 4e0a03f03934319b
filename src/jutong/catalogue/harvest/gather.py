"""One reading of a source: how far it has come, by which mapping, and what it changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from jutong.guard.permit import Label
from jutong.kernel.canon import Fact, canonical, digest
from jutong.kernel.errors import Invalid, WrongMoment
from jutong.kernel.text import text

from .mapping import Guess, Idea, Mapped, chosen
from .record import Flaw, Identity
from .vocabulary import vocabulary

NAME_LIMIT = 80
# Of what a source listed, no more than this may vanish at once without a person's word: portals fail in halves.
VANISH_MOST = 0.2


class Stage(StrEnum):
    """Where a gather stands."""

    REVIEW = "review"  # the file lies ready; somebody must look at the mapping
    RUNNING = "running"
    COMPLETED = "completed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """What a gather found; every row read is in exactly one of the first four."""

    new: int = 0
    updated: int = 0
    unchanged: int = 0
    refused: int = 0
    vanished: int = 0
    held_back: int = 0  # missing from the file, but not taken for vanished

    @property
    def read(self) -> int:
        """How many rows were read."""
        return self.new + self.updated + self.unchanged + self.refused

    def plus(self, **more: int) -> Counts:
        """Return the sums."""
        return replace(self, **{name: getattr(self, name) + count for name, count in more.items()})


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A portal's list: whose it is here, and the mapping that an officer accepted for it."""

    name: str
    owner: str  # the body that looks after it
    mapped: Mapped = field(default_factory=dict)
    identity: Identity = Identity.WORDS
    division: str = ""  # of which it is the list; names without a place are read only where that is known
    accepted_by: str = ""  # empty while the mapping is only a proposal
    accepted_at: datetime | None = None

    @property
    def label(self) -> Label:
        """What the guard needs."""
        return Label(owner=self.owner)

    @property
    def accepted(self) -> bool:
        """Say whether a person has accepted the mapping."""
        return bool(self.accepted_by)

    def with_accepted(self, mapped: Mapped, identity: Identity, by: str, at: datetime) -> Source:
        """Return the source with the mapping that somebody has accepted; fields that it had before stay known."""
        return replace(self, mapped={**self.mapped, **mapped}, identity=identity, accepted_by=by, accepted_at=at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gather:
    """One reading of one file of a source."""

    id: str
    source: str
    content: str  # digest of the file
    rules: str  # digest of the mapping, the identity, the vocabulary and the names of bodies
    file: str  # its name
    rows: int
    guesses: tuple[Guess, ...] = ()
    identity: Identity = Identity.WORDS
    stage: Stage = Stage.RUNNING
    complete: bool = False  # the file is the source's whole list
    many: bool = False  # whoever began it knows that many records are gone
    position: int = 0  # rows that have been dealt with, durably
    counts: Counts = Counts()
    flaws: Mapping[str, int] = field(default_factory=dict)
    kin: Mapping[str, int] = field(default_factory=dict)
    began: datetime
    ended: datetime | None = None

    def same_as(self, content: str, rules: str) -> bool:
        """Say whether reading that file by those rules is this gather."""
        return (self.content, self.rules) == (content, rules)

    @property
    def mapped(self) -> Mapped:
        """What its fields are taken to say."""
        return {one.field: one.idea for one in self.guesses}

    def begun(self, mapped: Mapped, rules: str, *, complete: bool | None) -> Gather:
        """Return the gather under way, by the mapping that was chosen."""
        guesses = tuple(
            one if one.idea is mapped[one.field] else replace(one, idea=mapped[one.field], confidence=1.0)
            for one in self.guesses
        )
        whole = self.complete if complete is None else complete
        return replace(self, guesses=guesses, rules=rules, stage=Stage.RUNNING, complete=whole)

    def taken(self, start: int, until: int, counts: Mapping[str, int], flaws: Mapping[Flaw, int]) -> Gather:
        """Return the gather a portion further."""
        if self.stage is not Stage.RUNNING or start != self.position:
            raise WrongMoment(text("this portion was dealt with already"), remedy=text("go on from where it stands"))
        merged = dict(self.flaws)
        for flaw, count in flaws.items():
            merged[flaw.value] = merged.get(flaw.value, 0) + count
        return replace(self, position=until, counts=self.counts.plus(**counts), flaws=merged)

    def may_vanish(self, listed: int, missing: int) -> bool:
        """Say whether what the file does not hold has vanished: only from a whole list that was read to its end."""
        return self.complete and (self.many or missing <= max(1, int(listed * VANISH_MOST)))

    def check_whole(self) -> None:
        """Refuse an end that comes too early, or counts that do not add up."""
        if self.position != self.rows or self.counts.read != self.rows:
            raise WrongMoment(
                text("of {rows} rows only {read} were dealt with", rows=self.rows, read=self.counts.read),
                remedy=text("import the file again; it goes on from where it stands"),
            )

    def completed(self, *, vanished: int, held_back: int, kin: Mapping[str, int], at: datetime) -> Gather:
        """Return the gather at its end."""
        counts = replace(self.counts, vanished=vanished, held_back=held_back)
        return replace(self, stage=Stage.COMPLETED, counts=counts, kin=dict(kin), ended=at)


def proposed(source: Source, guesses: tuple[Guess, ...], wishes: Mapping[str, str]) -> tuple[Guess, ...]:
    """Return the guesses with what was accepted for the source before, and with what somebody wishes now."""
    accepted = source.mapped if source.accepted else {}
    known = {name: idea.value for name, idea in accepted.items() if name in {one.field for one in guesses}}
    taken = set(known.values()) | set(wishes.values())
    wanted = {**known, **wishes}
    # A field that is new or was not wished for gives way to one that was.
    kept = {one.field: Idea.ASIDE.value for one in guesses if one.field not in wanted and one.idea.value in taken}
    mapped = chosen(guesses, {**kept, **wanted})
    return tuple(
        replace(one, idea=mapped[one.field], confidence=1.0 if one.field in wanted else one.confidence)
        if one.idea is not mapped[one.field] or one.field in wanted
        else one
        for one in guesses
    )


def checked_name(name: str) -> str:
    """Return a source's name, or refuse it."""
    name = name.strip()
    if not name or len(name) > NAME_LIMIT or not name.isprintable() or "/" in name:
        raise Invalid(
            text("a source needs a name of 1 to {limit} characters, without a slash", limit=NAME_LIMIT),
            remedy=text("name the portal, such as sichuan_luzhou"),
        )
    return name


def rules_of(mapped: Mapped, identity: Identity, bodies: Mapping[str, str]) -> str:
    """Return the digest of everything by which a row becomes a record, beside the row."""
    rules: list[Fact] = [{name: idea.value for name, idea in mapped.items()}, identity.value]
    rules += [vocabulary().digest, dict(bodies)]
    return digest(canonical(rules))
