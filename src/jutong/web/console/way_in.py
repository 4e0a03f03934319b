"""Pages at the door: signing in, the second factor, signing out, and the first password."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

import msgspec
from litestar.datastructures import Cookie

from jutong import access
from jutong.access import Caller, Owed, Seat, Vault
from jutong.kernel.errors import Invalid
from jutong.kernel.text import text
from jutong.terms import Assurance

from .door import cookie, session_cookie
from .frame import Answer, TheVisit, acted, done, failed, own_path, page, see, shown, to_login, to_owed
from .visit import Visit

# A password has blanks where its owner put them, so it is not read as other fields are; what is longer is no password.
DESK = "/desk"  # where one is sent who did not want to go anywhere else: what waits is the first page
PROVIDER_BACK = "/login/provider/return"  # where the identity provider sends people back to
LONGEST = 512
Code = Annotated[str, msgspec.Meta(max_length=80)]
Account = Annotated[str, msgspec.Meta(max_length=64)]


class SignIn(msgspec.Struct, kw_only=True):
    """Who comes."""

    account: Account


class Shown(msgspec.Struct, kw_only=True):
    """A code of the phone, or a recovery code."""

    code: Code


@shown("/login", guard=None)
def login(visit: TheVisit) -> Answer:
    """Ask for account and password; somebody who sits already is sent on."""
    seat = visit.known
    if seat is not None and visit.path == "/login/passkey":
        return _code_page(visit, seat)
    if seat is not None and visit.refusal is not None and visit.path == PROVIDER_BACK:
        return failed(visit, visit.refusal)
    if seat is not None and visit.refusal is None:
        return see(own_path(visit.asked("next"), DESK)) if seat.owes is None else to_owed(visit, seat.owes)
    return page(
        visit,
        "access/login.html",
        title=text("Sign in"),
        passkey=_passkeys_here(visit),
        provider=provider_here(visit),
    )


@acted("/login", guard=None, again=login)
def sign_in(visit: TheVisit) -> Answer:
    """Let somebody in who knows the password."""
    given = visit.form.read(SignIn)
    house = visit.house
    with house.desk(house.itself) as desk:
        outcome = access.sign_in(
            desk,
            vault_of(visit),
            given.account,
            password_in(visit, "password"),
            caller_of(visit),
            password_days=house.home.settings.password_days,
        )
    token = outcome.settled()
    with house.reading() as db:
        seat = access.session_of(db, token, house.clock())
    waiting = seat is not None and seat.owes is Owed.CODE
    target = "/login/code" if waiting else own_path(visit.asked("next"), DESK)
    return see(with_next(visit, target) if waiting else target, cookies=[sitting(visit, token)])


@shown("/login/code", guard=None)
def login_code(visit: TheVisit) -> Answer:
    """Ask for a second factor: at the door, and where something needs a session that is known more surely."""
    seat = visit.known
    if seat is None:
        return to_login(visit)
    if seat.owes is not Owed.CODE and seat.level > Assurance.ONE:
        return see(own_path(visit.asked("next"), DESK))
    return _code_page(visit, seat)


@acted("/login/code", guard=None, again=login_code)
def confirm(visit: TheVisit) -> Answer:
    """Let somebody in who shows the second factor, under a new token."""
    given = visit.form.read(Shown)
    with visit.house.desk(visit.house.itself) as desk:
        outcome = access.confirm(desk, vault_of(visit), visit.token, given.code, caller_of(visit))
    return see(own_path(visit.asked("next"), DESK), cookies=[sitting(visit, outcome.settled())])


@acted("/logout", guard=None)
def sign_out(visit: TheVisit) -> Answer:
    """Get up; who sits half way in only loses the cookie."""
    seat, gone = visit.known, [cookie(visit, session_cookie(visit.node), "", seconds=0)]
    if seat is None or seat.oneself is None:
        return see("/", cookies=gone)
    with visit.house.desk(seat.oneself) as desk:
        access.sign_out(desk, seat.session)
    return done(desk, "/", cookies=gone)


@shown("/welcome", guard=None)
def welcome(visit: TheVisit) -> Answer:
    """Ask for the code of an invitation and a first password; a link fills in the code without telling the network."""
    return page(visit, "access/welcome.html", title=text("Set your password"), provider=provider_here(visit))


@acted("/welcome", guard=None, again=welcome)
def accept(visit: TheVisit) -> Answer:
    """Set the password of whoever was invited."""
    given = visit.form.read(Shown)
    password = new_password_in(visit)
    with visit.house.desk(visit.house.itself) as desk:
        outcome = access.accept(desk, vault_of(visit), given.code, password, caller_of(visit))
    return done(desk, f"/login?account={quote(outcome.settled())}")


def _code_page(visit: Visit, seat: Seat) -> Answer:
    return page(visit, "access/code.html", title=text("Second factor"), seat=seat, passkey=_passkeys_here(visit))


def provider_here(visit: Visit) -> str:
    """Return what the identity provider is called; empty where this node trusts none."""
    settings = visit.house.home.settings.oidc
    return settings.name or settings.issuer


def _passkeys_here(visit: Visit) -> bool:
    return access.party_of(visit.house.home.address) is not None


def seat_in(visit: Visit) -> Seat | None:
    """Return the seat of somebody who may look after the own way in; None sends to the door."""
    seat = visit.known
    return seat if seat is not None and seat.oneself is not None else None


def vault_of(visit: Visit) -> Vault:
    """Return the vault of the node."""
    return access.vault_of(visit.house.key)


def caller_of(visit: Visit) -> Caller:
    """Return from where the visitor asks."""
    return Caller(source=visit.source, agent=visit.headers.get("user-agent", ""))


def sitting(visit: Visit, token: str) -> Cookie:
    """Return the cookie of a session; it goes with the browser."""
    return cookie(visit, session_cookie(visit.node), token)


def with_next(visit: Visit, path: str) -> str:
    """Return a path that remembers where the visitor wanted to go."""
    wanted = visit.asked("next")
    return f"{path}?next={quote(wanted, safe='')}" if wanted else path


def password_in(visit: Visit, name: str) -> str:
    """Return a password as it was typed, blanks and all."""
    return visit.form.get(name)[:LONGEST]


def new_password_in(visit: Visit) -> str:
    """Return a new password that was typed twice."""
    password = password_in(visit, "password")
    if password != password_in(visit, "repeated"):
        raise Invalid(text("the two passwords are not the same"), remedy=text("type the new password twice"))
    return password


PAGES = [login, sign_in, login_code, confirm, sign_out, welcome, accept]
