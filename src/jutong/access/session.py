"""A session: somebody who sits at a desk, and in which post; only a digest of its token is kept."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum

from jutong.guard import assurance_for
from jutong.kernel.canon import digest
from jutong.kernel.errors import NotFound, NotKnown, Refused
from jutong.kernel.text import text
from jutong.registers.post import Holding, Person
from jutong.terms.actor import Actor
from jutong.terms.assurance import Assurance
from jutong.terms.duty import ADMINISTRATORS, Duty
from jutong.terms.grade import Grade

from .account import Account, Standing

IDLE = timedelta(minutes=30)
LONGEST = timedelta(hours=12)
NOTED_EVERY = timedelta(minutes=1)
TOKEN_BYTES = 32
# What a browser calls itself, in the order in which one that poses as another is found out.
_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("MicroMessenger", "WeChat"),
    ("QQBrowser", "QQBrowser"),
    ("QIHU", "360"),
    ("Firefox", "Firefox"),
    ("Chromium", "Chromium"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
_SYSTEMS = (
    ("HarmonyOS", "HarmonyOS"),
    ("Android", "Android"),
    ("iPhone", "iOS"),
    ("iPad", "iOS"),
    ("Windows", "Windows"),
    ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)


class Owed(StrEnum):
    """What somebody must do before anything else."""

    CODE = "code"  # show the second factor
    PASSWORD = "password"  # noqa: S105 - change it: it was set by somebody else, or has served its time
    SECOND_FACTOR = "second-factor"  # enrol one: administrators must have it


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """From where somebody asks: the network address and the browser's own name."""

    source: str = ""
    agent: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """What is kept of a session; ``level`` is how surely its person is known.

    Of the network address and the browser's own name is kept what tells one's own sessions apart, and no more.
    """

    id: str
    person: str
    digest: str = field(repr=False)
    post: str | None
    level: Assurance
    opened: datetime
    seen: datetime
    ends: datetime
    source: str
    agent: str

    def live(self, now: datetime) -> bool:
        """Say whether it still counts: neither too long idle nor too old."""
        return now < self.ends and now - self.seen < IDLE


@dataclass(frozen=True, slots=True, kw_only=True)
class Chair:
    """A post in which a person may sit: its own, or one that its holder lends until a day."""

    id: str  # the post's
    title: str
    body: str
    body_name: str
    duties: frozenset[Duty]
    cleared: Grade
    lent_by: str | None = None
    lender_name: str = ""
    until: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """Who is calling: what every page needs to know of a session, read in two looks."""

    session: str
    person: str
    account: str
    name: str
    language: str | None
    chairs: tuple[Chair, ...]
    chair: Chair | None
    csrf: str = field(repr=False)
    owes: Owed | None
    has_second: bool
    opened: datetime
    seen: datetime
    level: Assurance = Assurance.ONE
    has_passkey: bool = False

    @property
    def actor(self) -> Actor | None:
        """The person in its post, as the guard sees it; nobody while something is owed."""
        if self.owes is not None or self.chair is None:
            return None
        chair = self.chair
        return Actor(
            id=self.person,
            org=chair.body,
            duties=chair.duties,
            cleared=chair.cleared,
            assured=self.level,
            lent_by=chair.lent_by or "",
        )

    @property
    def oneself(self) -> Actor | None:
        """The person about its own way in; nobody before the second factor was shown."""
        if self.owes is Owed.CODE:
            return None
        body = self.chair.body if self.chair else ""
        return Actor(id=self.person, org=body, duties=frozenset({Duty.ONESELF}), cleared=Grade.L1, assured=self.level)

    @property
    def administrator(self) -> bool:
        """Say whether any of its posts is one of the three administrators'."""
        return needs_second(self.chairs)

    def chair_of(self, post: str) -> Chair:
        """Return the chair of a post, or refuse one that is not this person's to take."""
        for chair in self.chairs:
            if chair.id == post:
                return chair
        raise NotFound("post", post)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of an attempt: a session's token, or a refusal that must be kept and counted before it is told."""

    token: str = field(default="", repr=False)
    refusal: Refused | None = None

    def settled(self) -> str:
        """Return the token, or raise the refusal; ask this when the desk is closed, so that the count stands."""
        if self.refusal is not None:
            raise self.refusal
        return self.token


def new_session(
    session_id: str, account: Account, token: str, caller: Caller, *, now: datetime, level: Assurance
) -> Session:
    """Return a session of an account; ``token`` is nowhere else."""
    return Session(
        id=session_id,
        person=account.person,
        digest=digest(token.encode()),
        post=account.post,
        level=level,
        opened=now,
        seen=now,
        ends=now + LONGEST,
        source=vicinity(caller.source),
        agent=browser_of(caller.agent),
    )


def vicinity(address: str) -> str:
    """Return from which network somebody asks, not from which machine.

    >>> vicinity("192.0.2.7"), vicinity("2001:db8:1:2::3"), vicinity("nonsense")
    ('192.0.2.*', '2001:db8:1::*', '')
    """
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return ""
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped:
        ip = ip.ipv4_mapped
    if isinstance(ip, ipaddress.IPv4Address):
        return f"{str(ip).rpartition('.')[0]}.*"
    return f"{ipaddress.ip_network((ip, 48), strict=False).network_address}*"


def browser_of(agent: str) -> str:
    """Return the kind of a browser, and of the system beneath it.

    >>> browser_of("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/126.0 Safari/537.36 Edg/126.0")
    'Edge, Windows'
    >>> browser_of("curl/8.0"), browser_of("")
    ('', '')
    """
    found = (next((name for mark, name in table if mark in agent), "") for table in (_BROWSERS, _SYSTEMS))
    return ", ".join(filter(None, found))


def csrf_of(token: str) -> str:
    """Return what forms of the session carry: it follows from the token, and tells nothing of it."""
    return hmac.digest(token.encode(), b"csrf", hashlib.sha256).hex()


def chairs_of(person: str, holdings: Iterable[Holding], lent: Iterable[tuple[str, date]]) -> tuple[Chair, ...]:
    """Return the chairs of a person: its own posts, then those that are lent to it.

    A lent post is not offered to whoever has left its body, nor where it would make one person two of the three
    administrators, who stay apart.
    """
    until = dict(lent)
    holdings = tuple(holdings)
    at_home = {holding.post.body for holding in holdings if holding.post.person == person}
    own: list[Chair] = []
    others: list[Chair] = []
    for holding in holdings:
        post = holding.post
        mine = post.person == person
        chair = Chair(
            id=post.id,
            title=post.title,
            body=post.body,
            body_name=holding.body_name,
            duties=post.duties,
            cleared=post.cleared,
            lent_by=None if mine else post.person,
            lender_name="" if mine else holding.holder_name,
            until=None if mine else until.get(post.id),
        )
        (own if mine else others).append(chair)
    chairs = own
    for chair in others:
        if chair.body in at_home and apart(one.duties for one in (*chairs, chair)):
            chairs = [*chairs, chair]
    return tuple(chairs)


def apart(duties: Iterable[frozenset[Duty]]) -> bool:
    """Say whether posts with these duties may meet in one person: at most one of the three administrators."""
    return len(ADMINISTRATORS & frozenset().union(*duties)) <= 1


def needs_second(chairs: Iterable[Chair]) -> bool:
    """Say whether somebody with these chairs must have a second factor; the guard's rule says for which duties."""
    return any(assurance_for(duty) > Assurance.ONE for chair in chairs for duty in chair.duties)


def seat_of(session: Session, standing: Standing, who: Person, chairs: tuple[Chair, ...], token: str) -> Seat:
    """Return the seat of a live session."""
    chair = next((one for one in chairs if one.id == session.post), chairs[0] if chairs else None)
    return Seat(
        session=session.id,
        person=who.id,
        account=who.account,
        name=who.name,
        language=standing.language,
        chairs=chairs,
        chair=chair,
        csrf=csrf_of(token),
        owes=_owed(session, standing, chairs),
        has_second=standing.has_second,
        opened=session.opened,
        seen=session.seen,
        level=session.level,
        has_passkey=standing.has_passkey,
    )


def unknown_person() -> NotKnown:
    """Return the one refusal at the door: it does not tell whether the account, the password or the post is wrong."""
    return NotKnown(
        text("account and password do not belong together"),
        basis=text("GB/T 22239-2019 level 3, identification; failed sign-ins are limited"),
        remedy=text("type both again; if the password is forgotten, ask the security administrator for an invitation"),
    )


def wrong_code() -> NotKnown:
    """Return the refusal of a second factor."""
    return NotKnown(
        text("the code is wrong, too old, or was used before"),
        basis=text("GB/T 22239-2019 level 3, identification by two factors"),
        remedy=text("wait for the next code of your phone, or use a recovery code"),
    )


def _owed(session: Session, standing: Standing, chairs: tuple[Chair, ...]) -> Owed | None:
    sure = session.level > Assurance.ONE
    if standing.has_second and not sure:
        return Owed.CODE
    if standing.must_change:
        return Owed.PASSWORD
    if needs_second(chairs) and not sure:
        # Whoever has a passkey shows that one; a password alone enrols no other way in beside it.
        return Owed.CODE if standing.has_passkey else Owed.SECOND_FACTOR
    return None
