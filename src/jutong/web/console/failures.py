"""Failures outside any page: addresses that do not exist, requests out of form, and our own faults."""

from __future__ import annotations

import logging
from dataclasses import replace

from litestar import Response
from litestar.exceptions import HTTPException

from jutong.desk import House
from jutong.kernel.errors import Invalid, NotAllowed, NotFound, Refused, TooMuch, Unavailable
from jutong.kernel.text import text

from ..wiring import TheRequest
from .door import a_visit
from .frame import TITLES, failed, page

log = logging.getLogger(__name__)
PROGRAMS = ("/api/", "/schema", "/r1/", "/healthz")


def wants_page(request: TheRequest) -> bool:
    """Say whether a failure is shown to a person: outside the addresses of programs, to who takes HTML."""
    path = request.scope["path"]
    return not path.startswith(PROGRAMS) and "text/html" in request.headers.get("accept", "")


def failure_page(request: TheRequest, house: House, error: Exception) -> Response[str]:
    """Return the page for a failure that no page of the console has met itself."""
    visit = replace(a_visit(request, house), asked_who=False)
    if isinstance(error, (Refused, Unavailable)):
        return failed(visit, error)
    if isinstance(error, HTTPException):
        return failed(visit, _refusal(error))
    log.error("unexpected failure at %s %s", request.method, request.scope["path"], exc_info=error)
    return page(visit, "failed.html", title=TITLES[500], status=500, code=500)


class NoPage(NotFound):
    """No page has this address."""

    def __init__(self) -> None:
        Refused.__init__(
            self,
            text("there is nothing at this address"),
            remedy=text("check the address, or begin at the first page"),
        )


def _refusal(error: HTTPException) -> Refused:
    match error.status_code:
        case 404:
            return NoPage()
        case 413:
            return TooMuch(text("the body is larger than this address takes"), remedy=text("send a smaller file"))
        case 403 | 401:
            return NotAllowed(text("this is not allowed"), basis=text("default deny"))
        case 429:
            return TooMuch(text("too many requests"), remedy=text("wait a little, then try again"))
        case _:
            return Invalid(
                text("the address or the form does not have the form that this page takes"),
                remedy=text("go back, open the page anew and try again"),
            )
