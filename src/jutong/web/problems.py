"""Failures as HTTP problem documents (RFC 9457): one table, in the reader's language."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

import msgspec
from litestar import Request, Response
from litestar.exceptions import ClientException, HTTPException
from litestar.openapi.datastructures import ResponseSpec

from jutong.kernel.errors import (
    Invalid,
    NotAllowed,
    NotFound,
    NotKnown,
    Overtaken,
    Refused,
    TooMuch,
    Unavailable,
    WrongMoment,
)
from jutong.kernel.text import Text, preferred_language, text

log = logging.getLogger(__name__)

STATUS: Mapping[type[Exception], int] = {
    NotKnown: 401,
    NotAllowed: 403,
    NotFound: 404,
    Overtaken: 412,
    WrongMoment: 409,
    Invalid: 422,
    TooMuch: 429,
    Unavailable: 503,
    Refused: 400,
}


def status_of(error: Refused | Unavailable) -> int:
    """Return the HTTP status of a refusal."""
    return next(status for kind, status in STATUS.items() if isinstance(error, kind))


class Problem(msgspec.Struct, kw_only=True):
    """What is so, by which rule, and what to do."""

    type: str
    status: int
    title: str
    detail: str
    basis: str = ""
    remedy: str = ""


# Every act may be refused in these ways; the OpenAPI document says so.
REFUSALS: dict[int, ResponseSpec] = {
    status: ResponseSpec(Problem, description=said, media_type="application/problem+json", generate_examples=False)
    for status, said in {
        400: "the message is not in the agreed form",
        401: "the caller is not known",
        403: "the guard denies it",
        404: "there is no such thing, or the caller may not learn that there is",
        409: "the thing is not in a state from which this act can start",
        412: "the thing was changed after it was shown to the caller",
        413: "the body is too large",
        422: "what was handed in breaks a rule",
        429: "a quota, a rate or a size limit is used up",
        431: "the header fields are too large",
        503: "a neighbour did not answer",
    }.items()
}


def refused(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """Show a refusal or a neighbour's silence."""
    assert isinstance(error, (Refused, Unavailable))
    status = status_of(error)
    language = language_of(request)
    return _response(
        Problem(
            type=f"urn:jutong:{error.code}",
            status=status,
            title=error.code,
            detail=error.reason.said_in(language),
            basis=error.basis.said_in(language) if error.basis else "",
            remedy=error.remedy.said_in(language) if error.remedy else "",
        ),
        language,
        {"www-authenticate": "Bearer"} if status == 401 else {},
    )


def malformed(request: Request[Any, Any, Any], error: HTTPException) -> Response[bytes]:
    """Show what the framework refused before any act was reached; a value is never repeated."""
    language = language_of(request)
    status = error.status_code
    said: Text = {
        404: text("there is nothing at this address"),
        405: text("this method is not offered at this address"),
        413: text("the body is larger than this address takes"),
        431: text("the header fields are larger than this node takes"),
    }.get(status, text("the request does not have the form that the OpenAPI document gives"))
    where = sorted({str(one.get("key", "")) for one in error.extra if isinstance(one, dict)}) if error.extra else []
    problem = Problem(
        type="urn:jutong:malformed",
        status=status,
        title="malformed",
        detail=said.said_in(language),
        basis=", ".join(name for name in where if name),
        remedy=text("compare the request with /schema/openapi.json").said_in(language),
    )
    return _response(problem, language, dict(error.headers or {}))


def unreadable(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """Show that a message was nested beyond all reason, or holds bytes that are no text."""
    del error
    return malformed(request, ClientException())


def broken(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """Say that we are at fault, and nothing more; the log has the rest."""
    log.error("unexpected failure at %s %s", request.method, request.scope["path"], exc_info=error)
    language = language_of(request)
    said = text("this node failed in a way that was not foreseen; nothing of this act was kept")
    return _response(
        Problem(type="urn:jutong:bug", status=500, title="bug", detail=said.said_in(language)), language, {}
    )


def language_of(request: Request[Any, Any, Any]) -> str:
    """Return the language in which a program's caller asked to be answered."""
    return preferred_language(request.headers.get("accept-language"))


def _response(problem: Problem, language: str, headers: dict[str, str]) -> Response[bytes]:
    return Response(
        msgspec.json.encode(problem),
        status_code=problem.status,
        media_type="application/problem+json",
        headers={**headers, "content-language": language, "cache-control": "no-store"},
    )
