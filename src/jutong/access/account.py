"""An account: what a person must show to sit down at a desk, and what it still owes."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from jutong.kernel.errors import Invalid, WrongMoment
from jutong.kernel.text import LANGUAGES, text

from .password import REMEMBERED
from .second_factor import SecondFactor

PASSWORD_DAYS = 90  # usual life of a password; a setting of the node


@dataclass(frozen=True, slots=True)
class Standing:
    """As much of an account as a page needs to know."""

    language: str | None
    must_change: bool
    has_second: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One person's way in; neither the password nor the second factor can be read from it."""

    person: str
    password: str = field(repr=False)
    changed: datetime
    must_change: bool = False
    previous: tuple[str, ...] = field(default=(), repr=False)
    barred: bool = False
    second: SecondFactor | None = field(default=None, repr=False)
    language: str | None = None
    post: str | None = None  # the post that was taken last

    @property
    def standing(self) -> Standing:
        """What a page needs to know of it."""
        return Standing(self.language, self.must_change, self.second is not None)

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
