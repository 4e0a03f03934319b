"""A visit: who looks at a page, in which language, acting in which post, and what was sent along."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from urllib.parse import quote

from jutong import guard, notices, registers
from jutong.access import Chair, Seat
from jutong.desk import Desk, House
from jutong.kernel.clock import LEGAL_TIME
from jutong.kernel.errors import NotAllowed, NotSure, Refused, Unavailable
from jutong.kernel.text import Text, text
from jutong.registers import Person
from jutong.terms import Actor

from .form import Form, Misfilled

CSRF_BYTES = 24


# Who stands behind a session's token; nobody for a token that does not count.
Doorkeeper = Callable[[House, str], Seat | None]


@dataclass(slots=True, kw_only=True)
class Visit:
    """What every page is given."""

    house: House
    language: str
    path: str
    source: str = ""  # the address from which the visitor asks
    method: str = "GET"
    query: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    cookies: Mapping[str, str] = field(default_factory=dict)
    known: Seat | None = None
    form: Form = field(default_factory=Form)
    refusal: Refused | Unavailable | None = None
    onward: str = ""  # the page that is shown again after a refusal
    token: str = ""  # of the session, as the cookie gave it
    form_token: str = ""  # a stranger's, from the cookie
    labels: dict[str, str] = field(default_factory=dict)  # of the fields that the page has shown
    asked_who: bool = True  # not where a failure is shown before anybody was asked
    planted: bool = False  # the stranger was given a new one, which a cookie must carry

    @property
    def person(self) -> Person | None:
        """Who looks; nobody for a stranger, and for somebody who has not shown the second factor yet."""
        if self.known is None or self.known.oneself is None:
            return None
        return Person(id=self.known.person, account=self.known.account, name=self.known.name)

    @property
    def post(self) -> Chair | None:
        """The post that is acted in."""
        return self.known.chair if self.known else None

    @property
    def posts(self) -> tuple[Chair, ...]:
        """The posts that the person may act in."""
        return self.known.chairs if self.known else ()

    @property
    def actor(self) -> Actor | None:
        """The visitor as the guard sees it; nobody for a stranger and for a person without a post."""
        return self.known.actor if self.known else None

    @property
    def acting(self) -> Actor:
        """The visitor as the guard sees it, on a page that strangers never reach."""
        if self.actor is None:
            raise NotAllowed(
                text("you hold no post at present"),
                basis=text("default deny"),
                remedy=text("ask the system administrator of your body for a post"),
            )
        return self.actor

    @property
    def today(self) -> date:
        """The day by legal time (UTC+8)."""
        return self.house.clock().astimezone(LEGAL_TIME).date()

    @property
    def unread(self) -> int:
        """How many notices wait to be read, up to a hundred."""
        if self.actor is None:
            return 0
        with self.house.reading() as db:
            return notices.unread(db, self.actor.id, self.actor.org, notices.sides_of(self.actor.duties))

    @property
    def at_authority(self) -> bool:
        """Whether the post is with a sharing authority."""
        if self.actor is None:
            return False
        with self.house.reading() as db:
            return self.actor.org in registers.authorities(db)

    @property
    def csrf(self) -> str:
        """The token that every form carries back; a stranger is given one when a form is first shown."""
        if self.known:
            return self.known.csrf
        if not self.form_token:
            self.form_token, self.planted = secrets.token_urlsafe(CSRF_BYTES), True
        return self.form_token

    @property
    def faults(self) -> Mapping[str, Text]:
        """What is wrong with the form that was sent, field by field."""
        return self.refusal.faults if isinstance(self.refusal, Misfilled) else {}

    def label(self, name: str, words: object) -> str:
        """Note the label of a field, so that what is said about it can name it; return nothing to show."""
        self.labels[name] = str(words)
        return ""

    @property
    def here(self) -> str:
        """This page's address with its query, as a link back."""
        query = "&".join(f"{quote(name)}={quote(value)}" for name, values in self.query.items() for value in values)
        return f"{quote(self.path)}?{query}" if query else quote(self.path)

    @property
    def node(self) -> str:
        """The name of this node."""
        return self.house.home.settings.name

    @property
    def secure(self) -> bool:
        """Whether the node's public address is reached over TLS, so that cookies may insist on it."""
        return self.house.home.settings.address.startswith("https:")

    def asked(self, name: str, default: str = "") -> str:
        """Return the first value of a query parameter."""
        return next(iter(self.query.get(name, ())), default)

    def body_of(self, post: Chair) -> str:
        """Return the name of a post's body."""
        return post.body_name or post.body

    def say(self, words: Text) -> str:
        """Return a sentence in the visitor's language."""
        return words.said_in(self.language)

    def may(self, act: str, label: guard.Label | None = None) -> bool:
        """Say whether the guard would permit the act, to show or to leave out its button; nothing is recorded.

        A button is shown to whoever only has to show a second factor: it leads there.
        """
        return self._asked(act, label) in (None, NotSure)

    def sees(self, act: str, label: guard.Label | None = None) -> bool:
        """Say whether the guard would permit the act as things stand, to show or to leave out what it is about."""
        return self._asked(act, label) is None

    def _asked(self, act: str, label: guard.Label | None) -> type[NotAllowed] | None:
        if self.actor is None:
            return NotAllowed
        try:
            guard.decide(self.actor, act, label or guard.Label(owner=self.actor.org))
        except NotAllowed as error:
            return type(error)
        return None

    @contextmanager
    def desk(self) -> Iterator[Desk]:
        """Open a desk for one act of the visitor."""
        with self.house.desk(self.acting) as desk:
            yield desk
