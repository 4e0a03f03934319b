"""The door of every page: who comes in, in which language, with which form, and whether it may be taken."""

from __future__ import annotations

import hmac
from functools import cache
from urllib.parse import urlsplit

from litestar.datastructures import Cookie, UploadFile
from litestar.di import NamedDependency
from litestar.params import SkipValidation

from jutong import access, guard
from jutong.access import Seat
from jutong.desk import House
from jutong.kernel.canon import digest
from jutong.kernel.errors import Invalid, NotAllowed
from jutong.kernel.text import LANGUAGES, preferred_language, text

from ..wiring import TheRequest
from .form import Form
from .visit import Doorkeeper, Visit

LANGUAGE_COOKIE = "jutong-language"
CSRF_FIELD = "_csrf"
MARK_LENGTH = 12
FORM_KINDS = ("application/x-www-form-urlencoded", "multipart/form-data")

TheForm = NamedDependency[SkipValidation[Form]]


async def form_of(request: TheRequest) -> Form:
    """Return what was sent with the request; nothing for a page that was only asked for."""
    if request.method == "GET" or not request.headers.get("content-type", "").startswith(FORM_KINDS):
        return Form()
    fields: dict[str, tuple[str, ...]] = {}
    files: dict[str, UploadFile] = {}
    for name, value in (await request.form()).multi_items():
        if isinstance(value, UploadFile):
            files[name] = value
        else:
            fields[name] = (*fields.get(name, ()), str(value))
    return Form(fields, files)


def seated(house: House, token: str) -> Seat | None:
    """Return who sits behind a session's token, and remember that it is in use."""
    now = house.clock()
    with house.reading() as db:
        seat = access.session_of(db, token, now)
    if seat is not None:
        access.note_seen(house.engine, seat, now)
    return seat


def visit_of(request: TheRequest, house: House, doorkeeper: Doorkeeper, form: Form) -> Visit:
    """Return the visit behind a request."""
    token = request.cookies.get(session_cookie(house.home.settings.name), "")
    known = doorkeeper(house, token) if token else None
    visit = a_visit(request, house)
    visit.known, visit.form, visit.token = known, form, token
    if known and known.language and LANGUAGE_COOKIE not in request.cookies:
        visit.language = known.language
    return visit


def a_visit(request: TheRequest, house: House) -> Visit:
    """Return the visit of somebody who was not asked who it is."""
    chosen = request.cookies.get(LANGUAGE_COOKIE, "")
    usual = house.home.settings.language
    language = (
        chosen if chosen in LANGUAGES else preferred_language(request.headers.get("accept-language"), default=usual)
    )
    query: dict[str, tuple[str, ...]] = {}
    for name, value in request.query_params.multi_items():
        query[name] = (*query.get(name, ()), str(value).replace("\0", ""))
    return Visit(
        house=house,
        language=language,
        path=request.url.path,
        method=str(request.method),
        query=query,
        headers=dict(request.headers.items()),
        cookies=dict(request.cookies),
        source=source_of(request, house),
        form_token=request.cookies.get(form_cookie(house.home.settings.name), ""),
    )


def source_of(request: TheRequest, house: House) -> str:
    """Return the address of who asks; what a proxy says of it counts only from the one that the node was told of."""
    nearest = request.client.host if request.client else ""
    passed_on = request.headers.get("x-forwarded-for", "").rpartition(",")[2].strip()
    return passed_on if passed_on and nearest == house.home.settings.proxy else nearest


@cache
def session_cookie(node: str) -> str:
    """Return what the cookie of a seat at this node is called.

    Browsers send a host's cookies to all its ports: under one name, a seat at one node would end that at its neighbour.
    """
    return f"jutong-{digest(node.encode())[:MARK_LENGTH]}"


@cache
def form_cookie(node: str) -> str:
    """Return what the cookie is called that binds a stranger's form to this node."""
    return f"{session_cookie(node)}-form"


def cookie(visit: Visit, name: str, value: str, *, seconds: int | None = None) -> Cookie:
    """Return a cookie that no script reads and no other site sends along; over TLS alone where the node has it."""
    return Cookie(name, value=value, path="/", httponly=True, samesite="lax", secure=visit.secure, max_age=seconds)


def check_guard(visit: Visit, wanted: str) -> None:
    """Refuse a page to those whom its policy does not name; a denial leaves its line, as with every act."""
    actor = visit.acting
    label = guard.Label(owner=actor.org)
    try:
        guard.decide(actor, wanted, label)
    except NotAllowed:
        with visit.desk() as desk:
            desk.allow(wanted, label)
        raise


def check_form(visit: Visit) -> None:
    """Refuse a form that this node did not hand to this visitor."""
    site = visit.headers.get("sec-fetch-site")
    origin = visit.headers.get("origin")
    # A browser that says nothing of the site (plain HTTP in an office) is known by the origin; a proxy may have
    # changed the host, so the node's public address counts too.
    ours = {visit.headers.get("host", ""), urlsplit(visit.house.home.settings.address).netloc}
    foreign = site not in (None, "same-origin", "none") or (
        site is None and origin is not None and urlsplit(origin).netloc not in ours
    )
    kept = visit.known.csrf if visit.known else visit.form_token
    given = visit.form.get(CSRF_FIELD)
    if foreign or not kept or not hmac.compare_digest(kept.encode(), given.encode()):
        raise NotAllowed(
            text("the form was not sent from a page that this node showed you, or that page is too old"),
            basis=text("protection against forged forms"),
            remedy=text("open the page anew and send the form again"),
        )
    if any("\0" in value for values in visit.form.fields.values() for value in values):
        raise Invalid(text("a field holds a character that no text has"))
