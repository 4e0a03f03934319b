"""People and the posts they hold: a post gives duties, and some duties never meet in one person."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from jutong.kernel.errors import Invalid, NotAllowed, WrongMoment
from jutong.kernel.text import text
from jutong.terms.actor import Actor
from jutong.terms.duty import ADMINISTRATORS, NOT_OF_POSTS, Duty
from jutong.terms.grade import Grade
from jutong.terms.org import BodyKind, Org

from .naming import checked_name

USUAL_CLEARANCE = Grade.L2  # what a system administrator may give; more is the security administrator's to give
OF_THE_TIER = frozenset({Duty.REGISTER_AUDIT, Duty.PUBLISH_AUDIT, Duty.OVERSIGHT, Duty.AUDIT_ADMIN})


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody who may hold posts; the ledger shows ``id``, never the name."""

    id: str
    account: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """What one person does in one body, from ``since`` until it ends."""

    id: str
    person: str
    body: str
    title: str
    duties: frozenset[Duty]
    cleared: Grade
    since: datetime
    until: datetime | None = None

    @property
    def held(self) -> bool:
        """Say whether the post is still held."""
        return self.until is None

    def actor(self) -> Actor:
        """Return the holder as the guard sees it; refuse for a post that has ended."""
        if not self.held:
            raise WrongMoment(text("the post has ended"), remedy=text("ask for a new appointment"))
        return Actor(id=self.person, org=self.body, duties=self.duties, cleared=self.cleared)

    def ended(self, now: datetime) -> Post:
        """Return the post as ended."""
        return self if self.until else replace(self, until=now)

    def with_clearance(self, grade: Grade) -> Post:
        """Return the post with another clearance."""
        return replace(self, cleared=grade)

    def same_as(self, other: Post) -> bool:
        """Say whether two posts give the same person the same things."""
        return replace(self, id=other.id, since=other.since, until=other.until) == other


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """A post that is held, with the names that a person reads: its body's and its holder's."""

    post: Post
    body_name: str
    holder_name: str


def checked_person(person: Person) -> Person:
    """Return the person as it may stand in the register, or refuse it."""
    if re.fullmatch("[a-z0-9][a-z0-9._-]{0,63}", person.account) is None:
        raise Invalid(text("an account is 1 to 64 of a-z, 0-9, point, hyphen and underscore"))
    return replace(person, name=checked_name(person.name, field=text("the person's name"), most=80))


def checked_post(post: Post, body: Org, *, held: Iterable[Post], by: Actor) -> Post:
    """Return a post in ``body`` that may be given to its person, who already holds ``held``; or refuse.

    The three administrators check one another, so one person may be only one of them, in whichever bodies. Duties
    that look over every body of the tier belong to its authority; the node itself gives the first ones.
    """
    _not_oneself(post, by)
    if post.duties & OF_THE_TIER and body.kind is not BodyKind.AUTHORITY and Duty.HOUSE not in by.duties:
        raise Invalid(
            text("audits and oversight of the whole tier are duties of its authority's posts alone"),
            basis=text("Order 809, arts 8 and 16"),
            remedy=text("leave these duties out: {duties}", duties=", ".join(sorted(post.duties & OF_THE_TIER))),
        )
    if not post.duties:
        raise Invalid(text("a post needs at least one duty"))
    if post.duties & NOT_OF_POSTS:
        raise Invalid(text("the node's own duties are not given to people"))
    if len(ADMINISTRATORS & post.duties.union(*(other.duties for other in held if other.held))) > 1:
        raise Invalid(
            text("one person would hold two of the three administrators' duties"),
            basis=text("GB/T 22239-2019 level 3, separation of administrators"),
            remedy=text("give each administrator's duty to a person of its own"),
        )
    return replace(post, title=checked_name(post.title, field=text("the title of the post"), most=80))


def checked_clearance(post: Post, grade: Grade, *, by: Actor) -> Post:
    """Return the post with another clearance, or refuse."""
    _not_oneself(post, by)
    if not post.held:
        raise WrongMoment(text("the post has ended"), remedy=text("ask for a new appointment"))
    return post.with_clearance(grade)


def _not_oneself(post: Post, by: Actor) -> None:
    if post.person == by.id:
        raise NotAllowed(
            text("nobody gives posts or clearances to themselves"),
            basis=text("GB/T 22239-2019 level 3, separation of administrators"),
            remedy=text("ask another administrator"),
        )
