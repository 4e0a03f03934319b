"""Failed attempts, and how long one must wait after them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from jutong.kernel.errors import TooMuch
from jutong.kernel.text import text


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How many failures are free, how long the wait may grow, and when failures are forgotten."""

    free: int
    longest: timedelta
    forgotten: timedelta

    def wait(self, failures: int) -> timedelta:
        """Return the wait after so many failures: it doubles from one minute on.

        >>> [str(WITH_ACCOUNT.wait(n)) for n in (4, 5, 6, 7, 99)]
        ['0:00:00', '0:01:00', '0:02:00', '0:04:00', '1:00:00']
        """
        over = failures - self.free
        return timedelta() if over <= 0 else min(self.longest, timedelta(minutes=1 << min(over - 1, 20)))


WITH_ACCOUNT = Patience(free=4, longest=timedelta(minutes=60), forgotten=timedelta(days=1))
# An office may stand behind one address, so an address is free to fail more often, and never waits long.
WITH_ADDRESS = Patience(free=30, longest=timedelta(minutes=15), forgotten=timedelta(hours=1))


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempts:
    """What is kept of failures under one key: an account as it was typed, or an address; never either in clear.

    An account that does not exist has attempts like one that does, so that a lock does not tell which is which.
    """

    key: str
    failures: int = 0
    last: datetime | None = None
    until: datetime | None = None

    def locked(self, now: datetime) -> bool:
        """Say whether one must still wait."""
        return self.until is not None and now < self.until

    def refuse_locked(self, now: datetime) -> None:
        """Refuse while one must wait, and say for how long."""
        if self.until is not None and self.locked(now):
            raise TooMuch(
                text("too many failed attempts; wait {minutes} minutes", minutes=-(-(self.until - now).seconds // 60)),
                basis=text("GB/T 22239-2019 level 3, identification; failed sign-ins are limited"),
                remedy=text("wait, or ask the security administrator to unlock the account"),
            )

    def failed(self, now: datetime, patience: Patience) -> Attempts:
        """Return the attempts with one more failure."""
        stale = self.last is None or now - self.last > patience.forgotten
        failures = 1 if stale else self.failures + 1
        wait = patience.wait(failures)
        return replace(self, failures=failures, last=now, until=now + wait if wait else None)


@dataclass(frozen=True, slots=True)
class Door:
    """Where somebody knocks: the account that was named, and the address from which it was."""

    account: Attempts
    address: Attempts

    def refuse_locked(self, now: datetime) -> None:
        """Refuse while one must wait, and say for how long."""
        self.account.refuse_locked(now)
        self.address.refuse_locked(now)

    def failed(self, now: datetime) -> Door:
        """Return the door after one more failure."""
        return Door(self.account.failed(now, WITH_ACCOUNT), self.address.failed(now, WITH_ADDRESS))
