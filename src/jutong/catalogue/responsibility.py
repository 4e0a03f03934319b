"""A responsibility: who hands over which items, in which way and by which day, so that a demand is met."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from jutong.guard.grades import Method
from jutong.guard.permit import Label
from jutong.kernel.canon import Fact
from jutong.kernel.errors import Invalid, WrongMoment
from jutong.kernel.text import text

from .demand import ITEMS_LIMIT, TITLE_LIMIT
from .entry import Entry
from .stage import Stage
from .terms_of_use import ShareType
from .wording import reason_faults, refuse_faulty, text_faults


class Progress(StrEnum):
    """How far a responsibility is."""

    OPEN = "open"
    DONE = "done"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What the authority asks of a body."""

    owner: str
    items: tuple[str, ...]
    method: Method
    due: date
    entry: str = ""  # where the data has a catalogue entry already


@dataclass(frozen=True, slots=True, kw_only=True)
class Responsibility:
    """One line of the responsibility list."""

    id: str
    demand: str
    consumer: str
    title: str
    task: Task
    progress: Progress = Progress.OPEN
    fulfilled_by: str = ""  # the entry in force that holds the items
    done_on: date | None = None
    reason: str = ""  # why it was dropped
    escalated: bool = False

    @property
    def owner(self) -> str:
        """The body that must act."""
        return self.task.owner

    @property
    def label(self) -> Label:
        """What the guard needs: it is the owner's."""
        return Label(owner=self.task.owner)

    def check(self, today: date) -> None:
        """Refuse what nobody could fulfil."""
        faults = [
            fault
            for item in self.task.items[:ITEMS_LIMIT]
            for fault in text_faults(text("item"), item, limit=TITLE_LIMIT, needed=True)
        ]
        if not 1 <= len(self.task.items) <= ITEMS_LIMIT:
            faults.append(text("a responsibility has 1 to {limit} items", limit=ITEMS_LIMIT))
        if self.task.due <= today:
            faults.append(text("a responsibility needs a due day in the future"))
        if self.task.owner == self.consumer:
            faults.append(text("the asking body cannot owe the data to itself"))
        refuse_faulty(tuple(faults))

    def overdue(self, today: date) -> bool:
        """Say whether the day has passed and it is still open."""
        return self.progress is Progress.OPEN and today > self.task.due

    def missing(self, entry: Entry) -> tuple[str, ...]:
        """Return the items that ``entry`` does not share, by title or by name."""
        shared = [item for item in entry.items if item.share_type is not ShareType.NOT_SHARED]
        known = {_plain(words) for item in shared for words in (item.title, item.name)}
        return tuple(item for item in self.task.items if _plain(item) not in known)

    def fulfilled(self, entry: Entry, today: date) -> Responsibility:
        """Return the responsibility as done: an entry in force of the owner shares every item."""
        if self.progress is Progress.DONE and self.fulfilled_by == entry.id:
            return self
        self._need_open()
        if entry.provider != self.owner or entry.stage is not Stage.PUBLISHED:
            raise Invalid(
                text("{entry} is no entry in force of the responsible body", entry=entry.title),
                remedy=text("publish the entry first, or name another one"),
            )
        if missing := self.missing(entry):
            raise Invalid(
                text("{entry} does not share: {items}", entry=entry.title, items="、".join(missing)),
                basis=text("responsibility list"),
                remedy=text("add the items to the entry under these titles, or have the responsibility corrected"),
            )
        return replace(self, progress=Progress.DONE, fulfilled_by=entry.id, done_on=today)

    def dropped(self, reason: str) -> Responsibility:
        """Return the responsibility as no longer asked for."""
        if self.progress is Progress.DROPPED:
            return self
        self._need_open()
        refuse_faulty(tuple(reason_faults((reason,))))
        return replace(self, progress=Progress.DROPPED, reason=reason)

    def escalate(self) -> Responsibility:
        """Return the responsibility as reported overdue."""
        return replace(self, escalated=True)

    def facts(self) -> Mapping[str, Fact]:
        """Return what evidence may say of the responsibility."""
        return {
            "provider": self.owner,
            "consumer": self.consumer,
            "demand": self.demand,
            "entry": self.fulfilled_by or self.task.entry,
            "items": len(self.task.items),
            "method": self.task.method.value,
            "due": self.task.due.isoformat(),
        }

    def _need_open(self) -> None:
        if self.progress is not Progress.OPEN:
            raise WrongMoment(text("the responsibility is {progress}", progress=self.progress))


def _plain(words: str) -> str:
    return "".join(words.casefold().split())
