"""A subscription: which system is told of an agreement's new versions, at which address, and how far it was told."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from urllib.parse import urlsplit

from jutong.kernel.errors import Invalid, WrongMoment
from jutong.kernel.text import text

MOST = 10  # live subscriptions of one agreement
WAIT_FIRST = timedelta(seconds=10)
WAIT_MOST = timedelta(hours=1)
TRIED_FOR = timedelta(hours=24)  # then an event lies as a dead letter
# No query, no account: an address stands on pages, and whatever proves the sender is in the signature.
_NAME = r"(?:[A-Za-z0-9-]{1,63}\.)*[A-Za-z0-9-]{1,63}"
_ADDRESS = re.compile(
    rf"https?://(?:{_NAME}|\[[0-9A-Fa-f:.]{{2,45}}\])(?::\d{{1,5}})?(?:/[A-Za-z0-9._~/-]*)?", re.ASCII
)
_LONGEST = 500


class State(StrEnum):
    """How a subscription stands."""

    FOLLOWING = "following"  # all was told
    WAITING = "waiting"  # there is something to tell
    DEAD = "dead"  # an event was tried too long; it and what is behind it waits for a person
    ENDED = "ended"


class Failure(StrEnum):
    """Why an event could not be told."""

    SILENT = "silent"  # no answer
    REFUSED = "refused"  # an answer that is no success
    GONE = "gone"  # 410: the receiver wants to hear nothing more
    ADDRESS = "address"  # an address that is never called
    UNWILLING = "unwilling"  # it did not say that it takes webhooks of this node


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """One receiver; events up to number ``told`` were taken, the next one was tried ``tries`` times ``since`` then."""

    id: str
    agreement: str
    system: str
    body: str
    purpose: str
    url: str
    made: datetime
    by: str
    told: int
    willing: datetime | None = None  # since when it is known to take this node's webhooks
    tries: int = 0
    since: datetime | None = None
    due: datetime | None = None
    failure: Failure | None = None
    status: int = 0  # of the last answer; 0: none
    dead: datetime | None = None
    ended: datetime | None = None

    @property
    def host(self) -> str:
        """Where it is: host and port."""
        return urlsplit(self.url).netloc

    def state(self, newest: int) -> State:
        """Return how it stands, where the newest event has that number."""
        if self.ended:
            return State.ENDED
        if self.dead:
            return State.DEAD
        return State.WAITING if self.told < newest else State.FOLLOWING

    def waiting(self, newest: int) -> int:
        """Return how many events it has still to be told."""
        return 0 if self.ended else max(newest - self.told, 0)

    def ready(self, now: datetime) -> bool:
        """Say whether it may be told something now."""
        return self.ended is None and self.dead is None and (self.due is None or self.due <= now)

    def agreed(self, now: datetime) -> Subscription:
        """Return it as one whose receiver has said that it takes webhooks of this node."""
        return replace(self, willing=now)

    def heard(self) -> Subscription:
        """Return it with the next event told."""
        return replace(self, told=self.told + 1, tries=0, since=None, due=None, failure=None, status=0)

    def failed(self, failure: Failure, status: int, now: datetime) -> Subscription:
        """Return it after a try in vain: it waits twice as long each time, and after a day the event is dead."""
        since, tries = self.since or now, self.tries + 1
        wait = min(WAIT_FIRST * 2 ** min(self.tries, 20), WAIT_MOST)
        over = failure is Failure.GONE or now + wait > since + TRIED_FOR
        return replace(
            self,
            tries=tries,
            since=since,
            due=None if over else now + wait,
            failure=failure,
            status=status,
            dead=now if over else None,
        )

    def again(self) -> Subscription:
        """Return it with its dead letter to be sent again, and what is behind it after that."""
        if self.ended or not self.dead:
            raise WrongMoment(text("no dead letter lies at this subscription"))
        return replace(self, tries=0, since=None, due=None, dead=None)


def check_address(url: str) -> None:
    """Refuse an address of a receiver that could carry a secret, or that is none."""
    fits = len(url) <= _LONGEST and _ADDRESS.fullmatch(url) is not None
    if fits:
        try:
            fits = urlsplit(url).port != 0
        except ValueError:
            fits = False
    if not fits:
        raise Invalid(
            text("a receiver's address is http or https, host and path, without account, query or fragment"),
            basis=text("CloudEvents 1.0, HTTP 1.1 Web Hooks for Event Delivery"),
            remedy=text("the node signs what it sends (RFC 9421); no word in the address need prove it"),
        )
