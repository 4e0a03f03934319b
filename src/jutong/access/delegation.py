"""A delegation: the holder of a post lends it to a colleague for a time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime

from jutong.kernel.errors import Invalid, NotAllowed
from jutong.kernel.text import text
from jutong.registers.post import Post
from jutong.terms.duty import Duty

from .session import apart

LONGEST_DAYS = 90
BASIS = text("delegation of a post; the holder answers for it")


@dataclass(frozen=True, slots=True, kw_only=True)
class Delegation:
    """Which post, to whom, on which days (both included); both days by legal time."""

    id: str
    post: str
    holder: str
    delegate: str
    starts: date
    ends: date
    made: datetime
    ended: datetime | None = None

    def stands(self, today: date) -> bool:
        """Say whether the delegate may take the post on this day."""
        return self.ended is None and self.starts <= today <= self.ends

    def over(self, today: date) -> bool:
        """Say whether it no longer matters."""
        return self.ended is not None or self.ends < today

    def same_as(self, other: Delegation) -> bool:
        """Say whether two delegations lend the same post to the same person on the same days."""
        return replace(self, id=other.id, made=other.made) == other

    def taken_back(self, now: datetime) -> Delegation:
        """Return the delegation as ended; the first end counts."""
        return self if self.ended else replace(self, ended=now)


def checked_delegation(
    delegation: Delegation, post: Post, *, own: Iterable[Post], lent: Iterable[frozenset[Duty]], today: date
) -> Delegation:
    """Return a delegation that may stand, or refuse it.

    ``own`` are the posts that the delegate holds, ``lent`` the duties of posts that are lent to it already. A lent post
    cannot be lent on: only its holder lends it. The delegate acts with the post's clearance, whatever its own is.
    """
    mine = tuple(own)
    if delegation.holder != post.person or not post.held:
        raise NotAllowed(
            text("only the holder of a post may delegate it"), basis=BASIS, remedy=text("ask the holder to delegate it")
        )
    if delegation.delegate == delegation.holder:
        raise Invalid(text("a post is delegated to somebody else"), basis=BASIS)
    if not any(each.body == post.body and each.held for each in mine):
        raise Invalid(
            text("the delegate holds no post in the same body"),
            basis=BASIS,
            remedy=text("choose a colleague, or ask the system administrator for an appointment"),
        )
    days = (delegation.ends - delegation.starts).days + 1
    if delegation.starts < today or not 1 <= days <= LONGEST_DAYS:
        raise Invalid(
            text("a delegation begins today or later and lasts 1 to {most} days", most=LONGEST_DAYS), basis=BASIS
        )
    if not apart([post.duties, *(each.duties for each in mine), *lent]):
        raise NotAllowed(
            text("one person would hold two of the three administrators' duties"),
            basis=text("GB/T 22239-2019 level 3, separation of administrators"),
            remedy=text("give each administrator's duty to a person of its own"),
        )
    return delegation
