"""What a known client is answered: a record, a verdict, a description, a session; or why not."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import NoReturn
from urllib.parse import parse_qsl

import msgspec

from jutong.kernel.canon import Fact
from jutong.kernel.text import text

from ..describe import methods, openapi
from ..plan import Plan
from ..service import Service
from ..wire import NOT_FOUND, WRONG_METHOD, Asked, Turned, invalid, segments_of
from .case import Case
from .desks import Desks
from .mediator import FACE, mediate
from .query import query, query_all
from .verify import verify


def answer(desks: Desks, asked: Asked, case: Case) -> tuple[int, bytes]:
    """Return status and body of the answer, or leave through ``Turned``; ``case`` learns what goes on record."""
    parts = segments_of(asked.path)
    if len(parts) == 8 and parts[1] == "r1":
        path = "/".join(parts[2:7])
        held = desks.standing.board.services.get(path)
        if held is not None and not held.copy:
            raise Turned(NOT_FOUND)  # there are no rows here: only its department's own service answers
        if asked.method == "GET":
            return query(desks, asked, case, path, parts[7])
        if asked.method == "POST" and parts[7] == "verify":
            return verify(desks, asked, case, path)
        if asked.method == "POST" and parts[7] == "query":
            return query_all(desks, asked, case, path)
        raise Turned(WRONG_METHOD)
    if len(parts) == 7 and parts[1] == "r1":
        return _metadata(desks, asked, case, "/".join(parts[2:6]), parts[6])
    if parts[1:2] == [FACE]:
        return mediate(desks, asked, case, parts[2:])
    if asked.path == "/r1/session":
        return _session(desks, asked, case)
    raise Turned(NOT_FOUND)


def _metadata(desks: Desks, asked: Asked, case: Case, provider_system: str, name: str) -> tuple[int, bytes]:
    if name not in ("listMethods", "allowedMethods", "getOpenAPI"):
        raise Turned(NOT_FOUND)
    if asked.method != "GET":
        raise Turned(WRONG_METHOD)
    if asked.body:
        raise invalid(text("a query has no body"))
    case.about = name
    known = desks.standing.board.services_of(case.client.name, provider_system)
    if not known:
        raise Turned(NOT_FOUND)
    if name == "getOpenAPI":
        return _openapi(desks, asked, case, known)
    if name == "allowedMethods":
        open_today = [(service, tuple(plan for plan in plans if plan.open(case.at.day))) for service, plans in known]
        known = tuple((service, plans) for service, plans in open_today if plans)
    board = desks.standing.board
    told = [
        (service, plans, board.listings_of(service.path, plans), board.offers_of(service.path, plans))
        for service, plans in known
    ]
    return 200, msgspec.json.encode(methods(told))


def _openapi(
    desks: Desks, asked: Asked, case: Case, known: tuple[tuple[Service, tuple[Plan, ...]], ...]
) -> tuple[int, bytes]:
    form = text("the query is not of the form ?serviceCode=name")
    try:
        stated = parse_qsl(asked.query, strict_parsing=True, errors="strict", max_num_fields=4)
    except ValueError as error:
        raise invalid(form) from error
    if len(stated) != 1 or stated[0][0] != "serviceCode":
        raise invalid(form)
    for service, plans in known:
        if service.name == stated[0][1]:
            case.service = service
            declared = desks.standing.board.listings_of(service.path, plans)
            own = desks.standing.board.offers_of(service.path, plans)
            return 200, msgspec.json.encode(openapi(service, plans, declared, own, language=asked.language))
    raise Turned(NOT_FOUND)


def _session(desks: Desks, asked: Asked, case: Case) -> tuple[int, bytes]:
    if asked.method != "POST":
        raise Turned(WRONG_METHOD)
    if b"signature-input" not in asked.fields:
        _unsigned()
    case.about = "session"
    token, session = desks.sessions.open(case.client.name, case.key, case.at.seconds)
    expires = datetime.fromtimestamp(session.expires, UTC).isoformat()
    said: dict[str, Fact] = {"token": token, "expires": expires}
    return 200, msgspec.json.encode(said)


def _unsigned() -> NoReturn:
    raise invalid(text("a session is opened with a signed call (RFC 9421), not with the token of another"))
