"""Pages about the identity provider: signing in there and coming back, linking an identity, taking a link away."""

from __future__ import annotations

from functools import lru_cache
from typing import Annotated
from urllib.parse import quote

import msgspec
from litestar.datastructures import Cookie

from jutong import access
from jutong.access import Asking, Provider, Purpose
from jutong.kernel.errors import NotFound, NotKnown
from jutong.kernel.keys import read_secret
from jutong.kernel.outward import Outward
from jutong.kernel.settings import Oidc
from jutong.kernel.text import text

from ..wiring import Ulid
from .account import ACCOUNT, HOME
from .door import cookie, form_cookie, session_cookie
from .frame import Answer, TheVisit, acted, done, own_path, page, see, shown, to_login, to_owed
from .visit import Visit
from .way_in import DESK, PROVIDER_BACK, Shown, caller_of, login, provider_here, seat_in, sitting, vault_of, welcome

MINUTES = 10


class Meant(msgspec.Struct, kw_only=True):
    """An identity that was proven, as this node has sealed it."""

    proven: Annotated[str, msgspec.Meta(max_length=8 << 10)]


@shown("/login/provider", guard=None)
def go(visit: TheVisit) -> Answer:
    """Send a stranger to the provider to sign in."""
    if visit.known is not None:
        return see(own_path(visit.asked("next"), DESK))
    return _sent(visit, Purpose.SIGN_IN, onward=own_path(visit.asked("next"), DESK))


@shown("/account/identities", guard=None)
def identities(visit: TheVisit) -> Answer:
    """Show which identities open one's account."""
    seat = seat_in(visit)
    if seat is None:
        return to_login(visit)
    if seat.owes is not None:
        return to_owed(visit, seat.owes)
    with visit.house.reading() as db:
        kept = access.identities_of(db, seat.person)
    return page(
        visit,
        "access/identities.html",
        title=text("Linked identities"),
        crumbs=ACCOUNT,
        identities=kept,
        provider=provider_here(visit),
    )


@shown("/account/identities/provider", guard=None)
def go_to_link(visit: TheVisit) -> Answer:
    """Send somebody who sits to the provider, to link the identity there."""
    seat = seat_in(visit)
    if seat is None:
        return to_login(visit)
    if seat.owes is not None:
        return to_owed(visit, seat.owes)
    return _sent(visit, Purpose.LINK)


@acted("/welcome/provider", guard=None, again=welcome)
def go_to_accept(visit: TheVisit) -> Answer:
    """Show the way to the provider to somebody who was invited; a form may not lead out of this node by itself."""
    given = visit.form.read(Shown)
    asking, way = _asked(visit, Purpose.ACCEPT, invitation=access.digest_of(given.code))
    answer = page(
        visit, "access/provider.html", title=text("Set your password"), crumbs=HOME, way=way, name=provider_here(visit)
    )
    answer.cookies.append(_kept(visit, asking))
    return answer


@shown(PROVIDER_BACK, guard=None, again=login)
def come_back(visit: TheVisit) -> Answer:
    """Take what the provider sends back: a sign-in is done with it; a link first asks whether it is meant."""
    house, now, vault = visit.house, visit.house.clock(), vault_of(visit)
    provider = provider_of(visit)
    asking = access.asking_in(vault, visit.cookies.get(_cookie_name(visit), ""))
    asking.check_back(visit.asked("state"), visit.csrf, now)
    provider.check_sender(visit.asked("iss"))
    if visit.asked("error") or not visit.asked("code"):
        raise NotKnown(
            text("the identity provider did not sign you in"),
            remedy=text("begin anew, or sign in with your password"),
        )
    settings = house.home.settings.oidc
    wanted = access.Wanted(issuer=settings.issuer, client=settings.client, nonce=asking.nonce)
    claims = provider.redeem(visit.asked("code"), back=_back(visit), verifier=asking.verifier, wanted=wanted, now=now)
    forget = cookie(visit, _cookie_name(visit), "", seconds=0)
    if asking.purpose is not Purpose.SIGN_IN:
        proven = access.answered(asking, claims, now)
        answer = page(
            visit,
            "access/meant.html",
            title=text("Link this identity?"),
            crumbs=HOME,
            name=provider_here(visit),
            subject=claims.subject,
            action="/account/identities" if asking.purpose is Purpose.LINK else "/welcome/identity",
            proven=access.packed(vault, proven),
        )
        answer.cookies.append(forget)
        return answer
    level = claims.level(two=settings.two, three=settings.three)
    with house.desk(house.itself) as desk:
        outcome = access.sign_in_vouched(
            desk, vault, claims, level, caller_of(visit), proof=asking.state, until=asking.ends
        )
    return see(own_path(asking.onward, DESK), cookies=[sitting(visit, outcome.settled()), forget])


@acted("/account/identities", guard=None, again=identities)
def link(visit: TheVisit) -> Answer:
    """Link the identity that was proven in this very session."""
    seat = seat_in(visit)
    if seat is None or seat.oneself is None or seat.owes is not None:
        return to_login(visit)
    proven = access.answered_in(vault_of(visit), visit.form.read(Meant).proven)
    proven.check_meant(Purpose.LINK, visit.csrf, visit.house.clock())
    with visit.house.desk(seat.oneself) as desk:
        access.link_identity(desk, proven.claims)
    return done(desk, "/account/identities")


@acted("/account/identities/{identity_id:str}/removal", guard=None, again=identities)
def unlink(visit: TheVisit, identity_id: Ulid) -> Answer:
    """Take a link away."""
    seat = seat_in(visit)
    if seat is None or seat.oneself is None or seat.owes is not None:
        return to_login(visit)
    with visit.house.desk(seat.oneself) as desk:
        access.unlink_identity(desk, identity_id)
    return done(desk, "/account/identities")


@acted("/welcome/identity", guard=None, again=welcome)
def accept(visit: TheVisit) -> Answer:
    """Open the account of whoever was invited, by the identity that was proven."""
    proven = access.answered_in(vault_of(visit), visit.form.read(Meant).proven)
    proven.check_meant(Purpose.ACCEPT, visit.csrf, visit.house.clock())
    with visit.house.desk(visit.house.itself) as desk:
        outcome = access.accept_vouched(desk, vault_of(visit), proven.invitation, proven.claims, caller_of(visit))
    return see(f"/login?account={quote(outcome.settled())}")


def provider_of(visit: Visit) -> Provider:
    """Return the provider that this node trusts, or refuse where there is none."""
    home = visit.house.home
    settings = home.settings.oidc
    if not settings.issuer:
        raise NotFound("identity provider", "[oidc]")
    secret = read_secret(home.folder / "keys", settings.secret) if settings.secret else ""
    return _provider(settings, secret)


@lru_cache(maxsize=8)
def _provider(settings: Oidc, secret: str) -> Provider:
    return Provider(settings, secret, Outward(inside=True))


def _sent(visit: Visit, purpose: Purpose, *, onward: str = "") -> Answer:
    asking, way = _asked(visit, purpose, onward=onward)
    planted = [cookie(visit, form_cookie(visit.node), visit.form_token)] if visit.planted else []
    return see(way, cookies=[_kept(visit, asking), *planted])


def _asked(visit: Visit, purpose: Purpose, *, onward: str = "", invitation: str = "") -> tuple[Asking, str]:
    provider, now = provider_of(visit), visit.house.clock()
    asking = access.new_asking(purpose, binder=visit.csrf, now=now, onward=onward, invitation=invitation)
    way = provider.way_there(back=_back(visit), state=asking.state, nonce=asking.nonce, verifier=asking.verifier)
    return asking, way


def _back(visit: Visit) -> str:
    return visit.house.home.address + PROVIDER_BACK


def _cookie_name(visit: Visit) -> str:
    return f"{session_cookie(visit.node)}-provider"


def _kept(visit: Visit, asking: Asking) -> Cookie:
    return cookie(visit, _cookie_name(visit), access.packed(vault_of(visit), asking), seconds=MINUTES * 60)


PAGES = [go, identities, go_to_link, go_to_accept, come_back, link, unlink, accept]
