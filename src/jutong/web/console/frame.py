"""The frame of every page: who may see it, how forms are taken, and what is answered."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import wraps
from typing import Any
from urllib.parse import quote, urlsplit

import litestar
from litestar import MediaType, Response
from litestar.datastructures import Cookie
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import SkipValidation

from jutong.access import Owed
from jutong.desk import Desk
from jutong.kernel.errors import NotKnown, NotSure, Refused, Unavailable
from jutong.kernel.text import Text, text

from ..problems import status_of
from .door import check_form, check_guard, cookie, form_cookie
from .places import PLACES, Place
from .rendering import render
from .said import said_in
from .visit import Visit

LOGIN = "/login"
OWED: Mapping[Owed, str] = {
    Owed.CODE: "/login/code",
    Owed.PASSWORD: "/account/password",
    Owed.SECOND_FACTOR: "/account/second-factor",
}
SEE_OTHER = 303
_SLOT = re.compile(r"\{(\w+):\w+\}")
TITLES: Mapping[int, Text] = {
    400: text("This did not work"),
    401: text("Sign in first"),
    403: text("This is not yours to see or to do"),
    404: text("There is nothing here"),
    409: text("This is not the moment for it"),
    412: text("Somebody was faster"),
    422: text("Something is not right yet"),
    429: text("Too much at once"),
    500: text("This node failed"),
    503: text("A neighbour does not answer"),
}

Answer = Response[Any]
TheVisit = NamedDependency[SkipValidation[Visit]]
Page = Callable[..., Answer]
Crumb = tuple[str, Text | str]


def shown(
    path: str | list[str], *, guard: str | None, again: HTTPRouteHandler | None = None, **options: Any
) -> Callable[[Page], HTTPRouteHandler]:
    """Declare a page: ``guard`` names the policy of those who may see it; None says that everybody may.

    Where looking does something, as coming back from elsewhere does, ``again`` shows why it was refused.
    """

    def declare(page: Page) -> HTTPRouteHandler:
        declared: HTTPRouteHandler = litestar.get(
            path, sync_to_thread=True, include_in_schema=False, opt={"guard": guard}, **options
        )(_framed(page, guard, again))
        return declared

    return declare


def acted(
    path: str, *, guard: str | None, again: HTTPRouteHandler | None = None, **options: Any
) -> Callable[[Page], HTTPRouteHandler]:
    """Declare what a form does; if the act is refused, the page ``again`` is shown with all that was typed."""

    def declare(act: Page) -> HTTPRouteHandler:
        declared: HTTPRouteHandler = litestar.post(
            path, sync_to_thread=True, include_in_schema=False, opt={"guard": guard}, status_code=200, **options
        )(_framed(act, guard, again))
        return declared

    return declare


def page(
    visit: Visit,
    template: str,
    *,
    title: Text | str,
    crumbs: Iterable[Crumb] = (),
    status: int = 200,
    **values: object,
) -> Answer:
    """Return a whole page; after a refusal it says why, under the refusal's status."""
    done, line = said_in(visit)
    words = {
        "title": title,
        "crumbs": tuple(crumbs),
        "places": [place for place in PLACES if place_is_for(visit, place)],
        "done": done,
        "done_line": line if visit.actor else "",
        **values,
    }
    body = render(template, visit, words)
    if visit.refusal is not None:
        status = status_of(visit.refusal)
    cookies = [cookie(visit, form_cookie(visit.node), visit.form_token)] if visit.planted else []
    return Response(
        body,
        status_code=status,
        media_type=MediaType.HTML,
        headers={"content-language": visit.language, "cache-control": "no-store", "vary": "cookie, accept-language"},
        cookies=cookies,
    )


def see(path: str, *, done: str = "", line: str = "", cookies: Iterable[Cookie] = ()) -> Answer:
    """Send the visitor on to a page of this node, after an act with its word and its line of evidence."""
    query = "&".join(f"{name}={quote(value)}" for name, value in (("done", done), ("line", line)) if value)
    if query:
        path += ("&" if "?" in path else "?") + query
    return Response(b"", status_code=SEE_OTHER, headers={"location": path}, cookies=list(cookies))


def done(desk: Desk, path: str, *, word: str = "", cookies: Iterable[Cookie] = ()) -> Answer:
    """Send the visitor on after an act: what it left in the ledger is said there, or ``word`` in its place."""
    left, line = desk.left[-1] if desk.left else ("", "")
    return see(path, done=left and (word or left), line=line, cookies=cookies)


def place_is_for(visit: Visit, place: Place) -> bool:
    """Say whether a place belongs into the visitor's navigation."""
    return not place.guard or (visit.may(place.guard) and (not place.of_tier or visit.at_authority))


def own_path(wanted: str, default: str = "/") -> str:
    r"""Return where somebody is sent on, if that is a page of this node.

    >>> own_path("/requests?sort=due"), own_path("//elsewhere.example"), own_path("/\\elsewhere.example")
    ('/requests?sort=due', '/', '/')
    """
    parts = urlsplit(wanted)
    outside = parts.scheme or parts.netloc or not wanted.startswith("/")
    # Browsers read a backslash as a slash, and drop tabs and line ends.
    return default if outside or any(one == "\\" or ord(one) <= 32 for one in wanted) else wanted


def _framed(do: Page, wanted: str | None, again: HTTPRouteHandler | None) -> Page:
    @wraps(do)
    def framed(visit: Visit, **given: object) -> Answer:
        try:
            return answered(visit, given)
        finally:
            for one in visit.form.spooled.values():
                one.leave()

    def answered(visit: Visit, given: Mapping[str, object]) -> Answer:
        try:
            if visit.method != "GET":
                check_form(visit)
            if wanted is not None:
                if visit.known is None:
                    return to_login(visit)
                if visit.known.owes is not None:
                    return to_owed(visit, visit.known.owes)
                check_guard(visit, wanted)
        except (Refused, Unavailable) as error:
            return _stepping_up(visit) if _may_step_up(visit, error) else failed(visit, error)
        try:
            return do(visit=visit, **given)
        except (Refused, Unavailable) as error:
            if _may_step_up(visit, error):
                return _stepping_up(visit)
            if again is not None:
                return _again(again, replace(visit, refusal=error, onward=_path_of(again, given)), given)
            return to_login(visit) if isinstance(error, NotKnown) else failed(visit, error)

    return framed


def _may_step_up(visit: Visit, error: Exception) -> bool:
    return isinstance(error, NotSure) and visit.method == "GET"


def _stepping_up(visit: Visit) -> Answer:
    return _elsewhere(visit, OWED[Owed.CODE])


def _path_of(handler: HTTPRouteHandler, given: Mapping[str, object]) -> str:
    (path, *_) = sorted(handler.paths)
    return _SLOT.sub(lambda slot: quote(str(given.get(slot[1], "")), safe=""), path)


def _again(handler: HTTPRouteHandler, visit: Visit, given: Mapping[str, object]) -> Answer:
    shown_again = inspect.unwrap(handler.fn)
    wanted = inspect.signature(shown_again).parameters
    try:
        answer: Answer = shown_again(visit=visit, **{name: one for name, one in given.items() if name in wanted})
    except (Refused, Unavailable) as error:
        return failed(visit, error)
    return answer


def failed(visit: Visit, error: Refused | Unavailable) -> Answer:
    """Return the page that says what is so, by which rule, and what to do."""
    status = status_of(error)
    return page(replace(visit, refusal=error), "failed.html", title=TITLES.get(status, TITLES[400]), code=status)


def to_login(visit: Visit) -> Answer:
    """Send a stranger to the door, and back afterwards."""
    return _elsewhere(visit, LOGIN)


def to_owed(visit: Visit, owed: Owed) -> Answer:
    """Send somebody to what must be done before anything else, and back afterwards."""
    return _elsewhere(visit, OWED[owed])


def _elsewhere(visit: Visit, path: str) -> Answer:
    target = visit.here if visit.method == "GET" else "/"
    address = f"{path}?next={quote(target, safe='')}"
    if visit.headers.get("hx-request"):
        return Response(b"", status_code=200, headers={"hx-redirect": address})
    return see(address)
