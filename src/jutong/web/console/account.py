"""Pages about one's own way in: password, second factor, sessions, language, and posts lent to others."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Annotated

import msgspec
import segno

from jutong import access, registers
from jutong.access import Delegation, Seat, Session
from jutong.kernel.text import LANGUAGES, text

from ..wiring import Ulid, UlidField
from .door import LANGUAGE_COOKIE, cookie, session_cookie
from .frame import Answer, Crumb, TheVisit, acted, done, own_path, page, see, shown, to_login, to_owed
from .language import A_YEAR
from .rendering import LANGUAGE_NAMES
from .visit import Visit
from .way_in import Shown, caller_of, new_password_in, password_in, seat_in, sitting, vault_of

HOME: tuple[Crumb, ...] = (("/", text("First page")),)
ACCOUNT: tuple[Crumb, ...] = (*HOME, ("/account", text("My account")))


class Post(msgspec.Struct, kw_only=True):
    """A post to act in."""

    post: UlidField


class Language(msgspec.Struct, kw_only=True):
    """A language for one's pages."""

    language: Annotated[str, msgspec.Meta(max_length=10)]


class Loan(msgspec.Struct, kw_only=True):
    """A post, lent to a colleague from a day to a day."""

    post: UlidField
    colleague: Annotated[str, msgspec.Meta(max_length=64)]
    starts: date
    ends: date


class Lent(msgspec.Struct, kw_only=True, frozen=True):
    """A delegation as a page shows it."""

    delegation: Delegation
    title: str
    other: str
    mine: bool


@shown("/account", guard=None)
def account(visit: TheVisit) -> Answer:
    """Show everything about one's own way in."""
    seat = seat_in(visit)
    if seat is None:
        return to_login(visit)
    if seat.owes is not None:
        return to_owed(visit, seat.owes)
    return page(
        visit,
        "access/account.html",
        title=text("My account"),
        crumbs=HOME,
        seat=seat,
        sessions=_sessions(visit, seat),
        lent=_lent(visit, seat),
        own=[(chair.id, f"{chair.title} · {chair.body_name}") for chair in seat.chairs if chair.lent_by is None],
        languages=tuple(LANGUAGE_NAMES.items()),
    )


@shown("/account/password", guard=None)
def password(visit: TheVisit) -> Answer:
    """Ask for the old password and a new one."""
    seat = seat_in(visit)
    if seat is None:
        return to_login(visit)
    return page(visit, "access/password.html", title=text("Change the password"), crumbs=ACCOUNT, seat=seat)


@acted("/account/password", guard=None, again=password)
def change_password(visit: TheVisit) -> Answer:
    """Change one's password; every other session ends."""
    seat = seat_in(visit)
    if seat is None or seat.oneself is None:
        return to_login(visit)
    new = new_password_in(visit)
    with visit.house.desk(seat.oneself) as desk:
        outcome = access.change_password(
            desk, vault_of(visit), seat.session, password_in(visit, "old"), new, caller_of(visit)
        )
    token = outcome.settled()
    return done(desk, _on(visit), cookies=[sitting(visit, token)])


@shown("/account/second-factor", guard=None)
def second_factor(visit: TheVisit) -> Answer:
    """Offer a second factor, or let one be given up."""
    seat = seat_in(visit)
    if seat is None:
        return to_login(visit)
    secret = vault_of(visit).offered(seat.person, seat.session)
    address = access.address_of(secret, account=seat.account, issuer=f"聚通 {visit.house.home.settings.name}")
    return page(
        visit,
        "access/second_factor.html",
        title=text("Second factor"),
        crumbs=ACCOUNT,
        seat=seat,
        secret=access.spelled(secret),
        picture=segno.make(address, error="m", micro=False).svg_data_uri(scale=5, border=4, light="#fff"),
    )


@acted("/account/second-factor", guard=None, again=second_factor)
def enrol(visit: TheVisit) -> Answer:
    """Enrol the second factor that was offered; the recovery codes are shown this once."""
    seat = seat_in(visit)
    if seat is None or seat.oneself is None:
        return to_login(visit)
    given = visit.form.read(Shown)
    with visit.house.desk(seat.oneself) as desk:
        token, codes = access.enrol_second_factor(desk, vault_of(visit), seat.session, given.code, caller_of(visit))
    with visit.house.reading() as db:
        fresh = access.session_of(db, token, visit.house.clock())
    visit = replace(visit, known=fresh, token=token)
    answer = page(
        visit,
        "access/recovery.html",
        title=text("Keep these codes"),
        crumbs=ACCOUNT,
        codes=codes,
        onward=own_path(visit.asked("next"), "/account"),
    )
    answer.cookies.append(sitting(visit, token))
    return answer


@acted("/account/second-factor/removal", guard=None, again=second_factor)
def give_up(visit: TheVisit) -> Answer:
    """Do without the second factor."""
    seat = seat_in(visit)
    if seat is None or seat.oneself is None:
        return to_login(visit)
    given = visit.form.read(Shown)
    with visit.house.desk(seat.oneself) as desk:
        outcome = access.give_up_second_factor(desk, vault_of(visit), seat.session, given.code, caller_of(visit))
    outcome.settled()
    return done(desk, "/account")


@acted("/account/sessions/{session_id:str}/end", guard=None, again=account)
def end_session(visit: TheVisit, session_id: Ulid) -> Answer:
    """End one of one's sessions; ending the present one is signing out."""
    seat = seat_in(visit)
    if seat is None or seat.oneself is None:
        return to_login(visit)
    with visit.house.desk(seat.oneself) as desk:
        access.sign_out(desk, session_id)
    if session_id == seat.session:
        return done(desk, "/", cookies=[cookie(visit, session_cookie(visit.node), "", seconds=0)])
    return done(desk, "/account", word="access.session_ended")


@acted("/account/sessions/end-others", guard=None, again=account)
def end_other_sessions(visit: TheVisit) -> Answer:
    """End all of one's sessions but the present one."""
    seat = seat_in(visit)
    if seat is None or seat.oneself is None:
        return to_login(visit)
    with visit.house.desk(seat.oneself) as desk:
        access.end_other_sessions(desk, seat.session)
    return done(desk, "/account")


@acted("/account/language", guard=None, again=account)
def choose_language(visit: TheVisit) -> Answer:
    """Keep a language with the account, and in this browser."""
    seat = seat_in(visit)
    if seat is None or seat.oneself is None:
        return to_login(visit)
    given = visit.form.read(Language)
    with visit.house.desk(seat.oneself) as desk:
        access.choose_language(desk, given.language)
    kept = given.language if given.language in LANGUAGES else ""
    return see("/account", cookies=[cookie(visit, LANGUAGE_COOKIE, kept, seconds=A_YEAR)])


@acted("/account/delegations", guard=None, again=account)
def delegate(visit: TheVisit) -> Answer:
    """Lend one of one's posts to a colleague."""
    seat = seat_in(visit)
    if seat is None or seat.actor is None or seat.oneself is None:
        return to_login(visit)
    given = visit.form.read(Loan)
    with visit.house.desk(seat.oneself) as desk:
        access.delegate(desk, given.post, given.colleague, given.starts, given.ends)
    return done(desk, "/account")


@acted("/account/delegations/{delegation_id:str}/end", guard=None, again=account)
def end_delegation(visit: TheVisit, delegation_id: Ulid) -> Answer:
    """Take a post back, or hand one back."""
    seat = seat_in(visit)
    if seat is None or seat.actor is None or seat.oneself is None:
        return to_login(visit)
    with visit.house.desk(seat.oneself) as desk:
        access.end_delegation(desk, delegation_id)
    return done(desk, "/account")


@acted("/post", guard=None)
def take_post(visit: TheVisit) -> Answer:
    """Act in another post from now on."""
    seat = seat_in(visit)
    if seat is None or seat.oneself is None:
        return to_login(visit)
    given = visit.form.read(Post)
    with visit.house.desk(seat.oneself) as desk:
        access.take_post(desk, seat.session, given.post)
    return see(own_path(visit.form.get("next")))


def _on(visit: Visit) -> str:
    return own_path(visit.asked("next"), "/account")


def _sessions(visit: Visit, seat: Seat) -> tuple[Session, ...]:
    with visit.house.reading() as db:
        return access.sessions_of(db, seat.person, visit.house.clock())


def _lent(visit: Visit, seat: Seat) -> tuple[Lent, ...]:
    with visit.house.reading() as db:
        found = [one for one in access.delegations_of(db, seat.person) if not one.over(visit.today)]
        names = registers.people_with(db, [*(one.delegate for one in found), *(one.holder for one in found)])
        titles = {one.post: registers.find_post(db, one.post).title for one in found}
    return tuple(
        Lent(
            delegation=one,
            title=titles[one.post],
            other=names[one.delegate if one.holder == seat.person else one.holder].name,
            mine=one.holder == seat.person,
        )
        for one in found
    )


PAGES = [
    account,
    password,
    change_password,
    second_factor,
    enrol,
    give_up,
    end_session,
    end_other_sessions,
    choose_language,
    delegate,
    end_delegation,
    take_post,
]
