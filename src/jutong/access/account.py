"""An account: what a person must show to sit down at a desk, and what it still owes."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from jutong.kernel.errors import Invalid, WrongMoment
from jutong.kernel.text import LANGUAGES, text

from .password import REMEMBERED
from .second_factor import SecondFactor

PASSWORD_DAYS = 90  # usual life of a password; a setting of the node
WARNED_DAYS = 14  # between the warning that an account is unused, and its suspension


@dataclass(frozen=True, slots=True)
class Standing:
    """As much of an account as a page needs to know."""

    language: str | None
    must_change: bool
    has_second: bool
    has_passkey: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One person's way in; neither the password nor the second factor can be read from it.

    It is open, suspended (``barred``) until somebody lets the person in again, or ``closed``: then nothing opens it but
    a new invitation. A password that is empty opens nothing.
    """

    person: str
    password: str = field(repr=False)
    changed: datetime
    must_change: bool = False
    previous: tuple[str, ...] = field(default=(), repr=False)
    barred: bool = False
    second: SecondFactor | None = field(default=None, repr=False)
    language: str | None = None
    post: str | None = None  # the post that was taken last
    used: datetime | None = None  # the last sign-in
    warned: datetime | None = None  # that it is unused
    closed: datetime | None = None

    @property
    def open(self) -> bool:
        """Say whether it lets its person in at all."""
        return not self.barred and self.closed is None

    @property
    def last_used(self) -> datetime:
        """The last sign-in; before the first one, the day the password was set."""
        return max(self.used, self.changed) if self.used else self.changed

    def came_in(self, now: datetime) -> Account:
        """Return the account as just used."""
        return replace(self, used=now, warned=None)

    def to_warn(self, now: datetime, *, days: int) -> bool:
        """Say whether its person is to be told that it will be suspended for want of use; with ``days`` 0 never."""
        return days > 0 and self.open and self.warned is None and now >= self._ends(days) - timedelta(days=WARNED_DAYS)

    def to_suspend(self, now: datetime, *, days: int) -> bool:
        """Say whether it was unused for so long, and its person told in time."""
        warned = self.warned is not None and now - self.warned >= timedelta(days=WARNED_DAYS)
        return days > 0 and self.open and warned and now >= self._ends(days)

    def as_closed(self, now: datetime) -> Account:
        """Return the account with nothing left that opens it; only how often passwords repeat is remembered."""
        before = tuple(filter(None, (self.password, *self.previous)))[:REMEMBERED]
        return replace(self, password="", previous=before, second=None, must_change=False, closed=now)

    def _ends(self, days: int) -> datetime:
        return self.last_used + timedelta(days=days)

    def expired(self, now: datetime, *, days: int) -> bool:
        """Say whether the password has served its time; with ``days`` 0 it never has."""
        return days > 0 and now - self.changed >= timedelta(days=days)

    def with_password(self, kept: str, now: datetime, *, must_change: bool = False) -> Account:
        """Return the account with a new password; the one before is remembered."""
        before = tuple(filter(None, (self.password, *self.previous)))[:REMEMBERED]
        return replace(self, password=kept, changed=now, must_change=must_change, previous=before)

    def rehashed(self, kept: str) -> Account:
        """Return the account with the same password, kept by today's parameters."""
        return replace(self, password=kept)

    def with_second(self, second: SecondFactor) -> Account:
        """Return the account with a second factor; one must be given up before another is enrolled."""
        if self.second is not None:
            raise WrongMoment(
                text("a second factor is enrolled already"), remedy=text("give it up first, then enrol the new one")
            )
        return replace(self, second=second)

    def without_second(self, *, required: bool) -> Account:
        """Return the account without a second factor, or refuse where it must have one."""
        if required:
            raise Invalid(
                text("an administrator may not do without the second factor"),
                basis=text("GB/T 22239-2019 level 3, identification by two factors"),
                remedy=text("ask another security administrator to reset it, then enrol the new one"),
            )
        return replace(self, second=None)

    def in_language(self, language: str) -> Account:
        """Return the account with the language in which its pages are shown."""
        if language not in LANGUAGES:
            raise Invalid(text("pages are shown in: {languages}", languages=", ".join(LANGUAGES)))
        return replace(self, language=language)
