"""A plan: from where an entry's rows come, how often, how far it has come, and what waits for a decision."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from jutong.guard import Label
from jutong.kernel.errors import NO_TEXT, Invalid, WrongMoment
from jutong.kernel.text import Text, text
from jutong.terms import Actor, Duty

from ..layout import Layout
from ..reach import Mode, Reach, ReachKind, Reading
from .drift import Change, Difference
from .schedule import Schedule

TITLE_MOST = 200
LOSS_FEW = 10  # rows that go without a question, unless they are all


class State(StrEnum):
    """Whether a plan runs by itself."""

    ACTIVE = "active"
    PAUSED = "paused"
    STOPPED = "stopped"  # its source lost or narrowed a column; somebody decides
    ENDED = "ended"  # nothing is read any more, and the source keeps nothing for it


class Outcome(StrEnum):
    """What came of a run."""

    RUNNING = "running"
    LANDED = "landed"
    KNOWN = "known"  # the same rows had landed before
    NOTHING_NEW = "nothing-new"
    REFUSED = "refused"
    UNAVAILABLE = "unavailable"
    ABANDONED = "abandoned"  # its process ended; another run took its place


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One way by which rows of one entry come in."""

    id: str
    entry: str
    provider: str
    title: str
    reach: Reach
    layout: Layout = field(default_factory=Layout)
    reading: Reading = field(default_factory=Reading)
    schedule: Schedule = field(default_factory=Schedule)
    state: State = State.ACTIVE
    next_at: datetime | None = None
    until: str = ""  # the newest watermark that has landed
    seen: str = ""  # the run that kept the digests of the overlap
    columns: Mapping[str, str] = field(default_factory=dict)  # as somebody last agreed to them; empty before a run
    drift: tuple[Difference, ...] = ()
    drifted: Mapping[str, str] = field(default_factory=dict)  # the columns to which the drift leads
    granted: int = 0  # rows that somebody let go, for the next run
    made: datetime

    def __post_init__(self) -> None:
        if not 1 <= len(self.title.strip()) <= TITLE_MOST or not self.title.isprintable():
            raise Invalid(text("a plan has a title of 1 to {most} characters", most=TITLE_MOST))
        if self.reach.kind is ReachKind.SFTP and self.reading.mode is not Mode.FULL:
            raise Invalid(text("a file is read in full"), remedy=text("a run that finds it unchanged brings nothing"))
        if self.reach.kind is ReachKind.API and self.reading.mode is Mode.INCREMENTAL:
            raise Invalid(
                text("an API is read in full"),
                remedy=text("put what is asked of it into the address, and none of it here"),
            )

        streamed = self.reading.mode is Mode.STREAM
        if streamed and self.reach.kind not in (ReachKind.POSTGRESQL, ReachKind.MYSQL):
            raise Invalid(
                text("changes are read from the log of a database: PostgreSQL, MySQL or MariaDB"),
                remedy=text("read the source by a watermark, or in full"),
            )
        if streamed and (self.reach.kind is ReachKind.POSTGRESQL) != bool(self.reading.publication):
            raise Invalid(
                text("PostgreSQL tells its changes through a publication; MySQL and MariaDB have none"),
                remedy=text(
                    "name the publication that the source's owner made for a table of PostgreSQL, and no other"
                ),
            )

    @property
    def label(self) -> Label:
        """What the guard needs to know of it."""
        return Label(owner=self.provider)

    @property
    def secret(self) -> str:
        """The name in the credential store: under the provider's own prefix, so that nobody borrows another's word."""
        return secret_of(self.provider, self.reach)

    def paused(self) -> Plan:
        """Return the plan as one that runs only by hand."""
        if self.state is not State.ACTIVE:
            raise WrongMoment(text("the plan does not run by itself at present"))
        return replace(self, state=State.PAUSED, next_at=None)

    def resumed(self, now: datetime) -> Plan:
        """Return the plan as one that runs by its schedule again."""
        if self.state is not State.PAUSED:
            raise WrongMoment(
                text("the plan is not paused"), remedy=text("decide about the columns of its source, if they changed")
            )
        return replace(self, state=State.ACTIVE, next_at=self.schedule.after(now))

    def drifting(self, found: tuple[Difference, ...], columns: Mapping[str, str]) -> Plan:
        """Return the plan with what changed in its source; a loss stops it."""
        stopped = any(one.stops for one in found)
        return replace(
            self,
            drift=found,
            drifted=dict(columns),
            state=State.STOPPED if stopped else self.state,
            next_at=None if stopped else self.next_at,
        )

    def lets_go(self, gone: int, standing: int) -> bool:
        """Say whether a source may take back so many of the rows that stand, without anybody being asked."""
        few = gone <= LOSS_FEW and gone < standing
        return not gone or few or gone <= self.granted or gone * 100 <= self.reading.loss_share * standing

    def losing(self, gone: int, standing: int, columns: Mapping[str, str]) -> Plan:
        """Return the plan stopped until somebody has decided about rows that were taken back."""
        loss = Difference(column="", change=Change.WITHDRAWN, before=str(standing), now=str(gone))
        return self.drifting((*(one for one in self.drift if one.change is not Change.WITHDRAWN), loss), columns)

    def settled(self, now: datetime, *, accept: bool) -> Plan:
        """Return the plan after a decision about its source's columns: they are the agreed ones, or it rests."""
        if not self.drift:
            raise WrongMoment(text("nothing about this plan waits for a decision"))
        if not accept:
            return replace(self, state=State.PAUSED, next_at=None)
        granted = sum(int(one.now) for one in self.drift if one.change is Change.WITHDRAWN)
        return replace(
            self,
            columns=self.drifted,
            granted=granted,
            drift=(),
            drifted={},
            state=State.ACTIVE,
            next_at=self.schedule.after(now),
        )

    def ended(self) -> Plan:
        """Return the plan as one that is over."""
        return replace(self, state=State.ENDED, next_at=None, drift=(), drifted={})

    def restarted(self) -> Plan:
        """Return a stream that the next run begins anew: it reads all rows, and then what changes."""
        if self.reading.mode is not Mode.STREAM or self.state is State.ENDED:
            raise WrongMoment(text("only a plan that reads changes from the log is begun anew"))
        return replace(self, until="")

    def runnable(self) -> Plan:
        """Return the plan, or refuse to run it while a loss waits for a decision."""
        if self.state is State.ENDED:
            raise WrongMoment(text("this plan has ended"), remedy=text("keep a new one"))
        if self.state is State.STOPPED and any(one.change is Change.WITHDRAWN for one in self.drift):
            raise WrongMoment(
                text(
                    "the source of {title} took back many rows; nothing is read until that is decided", title=self.title
                ),
                remedy=text("ask the source whether they are meant to go, and decide at the plan"),
            )
        if self.state is State.STOPPED:
            raise WrongMoment(
                text(
                    "the source of {title} lost or narrowed a column; nothing is read until that is decided",
                    title=self.title,
                ),
                remedy=text("look at what changed, correct the source or the entry, and decide"),
            )
        return self

    def ran(self, now: datetime, *, until: str = "", seen: str = "", columns: Mapping[str, str] | None = None) -> Plan:
        """Return the plan after a run that brought what there was."""
        return replace(
            self,
            until=until or self.until,
            granted=0 if until else self.granted,
            seen=seen or self.seen,
            columns=self.columns or dict(columns or {}),
            next_at=self.schedule.after(now) if self.state is State.ACTIVE else None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One time that a plan ran."""

    id: str
    plan: str
    began: datetime
    ended: datetime | None = None
    outcome: Outcome = Outcome.RUNNING
    rows: int = 0
    again: int = 0  # rows of the overlap that had come before
    batch: str = ""
    withdrawn: int = 0  # keys whose rows the source took back
    behind: int = 0  # bytes of the source's log that were not read yet
    code: str = ""
    reason: Text = NO_TEXT
    remedy: Text = NO_TEXT


OVER_ALL = frozenset({Duty.OVERSIGHT, Duty.AUDIT_ADMIN})


def sees(actor: Actor, provider: str, *, over_all: bool) -> bool:
    """Say whether somebody may see a body's plans: its own people, and those who oversee the tier at its authority."""
    return actor.org == provider or (bool(actor.duties & OVER_ALL) and over_all)


def secret_of(provider: str, reach: Reach) -> str:
    """Return the name of a source's word in the credential store; empty where none is needed."""
    return f"{provider}-{reach.secret}" if reach.secret else ""
