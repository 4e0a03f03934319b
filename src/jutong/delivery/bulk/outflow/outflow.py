"""An outflow: the standing order to bring every new version of a view into a target of its consumer, and its runs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from jutong.collection.plans.schedule import Schedule
from jutong.kernel.errors import NO_TEXT, Invalid, WrongMoment
from jutong.kernel.text import Text, text

from .target import Target

MOST = 10  # live outflows of one agreement
TITLE_MOST = 200
WAIT_FIRST = timedelta(minutes=1)
WAIT_MOST = timedelta(hours=1)
TOLD_AFTER = 5  # runs in vain, about a quarter of an hour: both bodies have notice, once until the next delivery


class State(StrEnum):
    """How an outflow stands."""

    DECLARED = "declared"  # by the consumer; the provider tests it and turns it on
    ACTIVE = "active"
    PAUSED = "paused"
    STOPPED = "stopped"  # the target does not fit, or its rows are not those that were delivered; somebody decides
    ENDED = "ended"


class Outcome(StrEnum):
    """What came of a run."""

    RUNNING = "running"
    DELIVERED = "delivered"
    KNOWN = "known"  # the target had this version already
    REFUSED = "refused"
    UNAVAILABLE = "unavailable"
    ABANDONED = "abandoned"  # its process ended; another run took its place


class Misfit(Invalid):
    """The target's columns are not those of the rows."""

    code = "misfit"


class Altered(WrongMoment):
    """The target does not hold what was delivered."""

    code = "altered"


def text_altered(place: str) -> Text:
    """Return the sentence for a target that does not hold what was delivered."""
    return text("{place} does not hold what was delivered", place=place)


def difference(place: str, delivered: int, found: int) -> Altered:
    """Return what is said of a target whose count or checksum is not that of what was delivered."""
    return Altered(
        text(
            "{place} does not hold what was delivered: {delivered} rows were, {found} stand there, or some are others",
            place=place,
            delivered=delivered,
            found=found,
        ),
        remedy=text("find out who changed rows in the target; then have the whole delivered anew"),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Outflow:
    """One way by which the rows of one agreement go out by themselves.

    An empty schedule means on every new version; ``version`` is the last that was delivered, -1 before the first.
    """

    id: str
    agreement: str
    entry: str
    provider: str
    consumer: str
    title: str
    target: Target
    purpose: str
    schedule: Schedule
    made: datetime
    by: str
    state: State = State.DECLARED
    tried: datetime | None = None  # when a test last found it fit
    next_at: datetime | None = None
    tries: int = 0  # in vain, since the last delivery
    anew: bool = False  # the next run brings the whole, whatever stands there
    version: int = -1
    rows: int = 0
    delivered: datetime | None = None

    def __post_init__(self) -> None:
        if not 1 <= len(self.title.strip()) <= TITLE_MOST or not self.title.isprintable():
            raise Invalid(text("an outflow has a title of 1 to {most} characters", most=TITLE_MOST))

    @property
    def secret(self) -> str:
        """The name of its word in this node: under the consumer's own prefix, so that nobody borrows another's."""
        return secret_of(self.consumer, self.target)

    def fit(self, now: datetime) -> Outflow:
        """Return the outflow after a test that found its target fit."""
        self._must_live()
        return replace(self, tried=now)

    def started(self, now: datetime) -> Outflow:
        """Return the outflow as one that runs by itself; only what was tested is turned on."""
        self._must_live()
        if self.tried is None:
            raise WrongMoment(
                text("the target was not tested yet"), remedy=text("test it first; then turn the outflow on")
            )
        return replace(self, state=State.ACTIVE, next_at=now, tries=0)

    def paused(self) -> Outflow:
        """Return the outflow as one that does not run."""
        if self.state is not State.ACTIVE:
            raise WrongMoment(text("the outflow does not run by itself at present"))
        return replace(self, state=State.PAUSED, next_at=None)

    def asked(self, now: datetime, *, anew: bool = False) -> Outflow:
        """Return the outflow as one that is due at once; ``anew``: with the whole, over whatever stands there."""
        if anew and self.state is State.STOPPED:
            return replace(self, state=State.ACTIVE, next_at=now, anew=True, tries=0)
        if self.state is not State.ACTIVE:
            raise WrongMoment(text("the outflow is {state}", state=self.state.value), remedy=text("turn it on first"))
        return replace(self, next_at=now, anew=self.anew or anew)

    def ended(self) -> Outflow:
        """Return the outflow as over; what was delivered stays the consumer's, and its duty to dispose of it."""
        return replace(self, state=State.ENDED, next_at=None)

    def runnable(self) -> Outflow:
        """Return the outflow, or refuse to run it."""
        if self.state is not State.ACTIVE:
            raise WrongMoment(text("the outflow is {state}", state=self.state.value), remedy=text("turn it on first"))
        return self

    def brought(self, version: int, rows: int, now: datetime) -> Outflow:
        """Return the outflow after a delivery."""
        live = self.state is State.ACTIVE
        return replace(
            self,
            version=version,
            rows=rows,
            delivered=now,
            tries=0,
            anew=False,
            next_at=self.schedule.after(now) if live else None,
        )

    def failed(self, now: datetime, *, stops: bool) -> Outflow:
        """Return the outflow after a run in vain: it waits twice as long each time, or stops until somebody decides."""
        if self.state is not State.ACTIVE:
            return self
        if stops:
            return replace(self, state=State.STOPPED, next_at=None, tries=self.tries + 1)
        wait = min(WAIT_FIRST * 2 ** min(self.tries, 20), WAIT_MOST)
        return replace(self, tries=self.tries + 1, next_at=now + wait)

    def _must_live(self) -> None:
        if self.state is State.ENDED:
            raise WrongMoment(text("this outflow has ended"), remedy=text("declare a new one"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One time that an outflow ran; ``base`` is the version on which changes were laid, None for the whole."""

    id: str
    outflow: str
    began: datetime
    ended: datetime | None = None
    outcome: Outcome = Outcome.RUNNING
    version: int = -1
    base: int | None = None
    rows: int = 0  # that the target holds then
    changed: int = 0  # that were written or deleted
    manifest: str = ""  # digest of the signed manifest that lies with the rows
    code: str = ""
    reason: Text = NO_TEXT
    remedy: Text = NO_TEXT


def secret_of(consumer: str, target: Target) -> str:
    """Return the name of a target's word among the node's keys; empty where none is needed."""
    return f"{consumer}-{target.secret}" if target.secret else ""
