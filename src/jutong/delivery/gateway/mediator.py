"""The GovStack information mediator's three lists and its OpenAPI descriptions, over the same agreements.

Source: GovStack, building block Information Mediator, service APIs (``listClients``, ``listMethods``,
``allowedMethods``, ``getOpenAPI``) and its public conformance suite. Unlike a mock of it, this face answers callers
that are known, and each for what its agreements allow: of a system that is not there, or not there for the caller, the
lists are empty and the description has no path. What ``getOpenAPI`` says is a JSON string, a refusal too.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qs

import msgspec

from jutong.kernel.canon import Fact
from jutong.kernel.text import text

from ..board import Board
from ..describe import endpoints_of, openapi
from ..plan import Plan
from ..service import Service
from ..wire import NOT_FOUND, STATUS, WRONG_METHOD, Asked, Turned, invalid, problem
from .case import Case
from .desks import Desks

FACE = "im"
# Instance and class begin with a letter, codes with a letter or digit; else what X-Road takes in an identifier.
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9'()+,\-.=?]{0,63}")
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9'()+,\-.=?]{0,63}")
Held = Sequence[tuple[Service, tuple[Plan, ...]]]


def mediate(desks: Desks, asked: Asked, case: Case, parts: Sequence[str]) -> tuple[int, bytes]:
    """Return status and body for the parts of a path after the face's name, or leave through ``Turned``."""
    if asked.method != "GET":
        raise Turned(WRONG_METHOD)
    if asked.body:
        raise invalid(text("a query has no body"))
    if list(parts) == ["listClients"]:
        case.about = "listClients"
        return 200, _members([_client(name) for name in _clients(desks, case)])
    if len(parts) != 5 or parts[4] not in ("listMethods", "allowedMethods", "getOpenAPI"):
        raise Turned(NOT_FOUND)
    case.about = parts[4]
    if parts[4] == "getOpenAPI":
        return _description(desks, asked, case, parts[:4])
    board = desks.standing.board
    known = board.services_of(case.client.name, "/".join(parts[:4]))
    if parts[4] == "allowedMethods":
        open_today = ((service, [plan for plan in plans if plan.open(case.at.day)]) for service, plans in known)
        known = tuple((service, tuple(plans)) for service, plans in open_today if plans)
    return 200, _members([_service(board, service, plans) for service, plans in known])


def _description(desks: Desks, asked: Asked, case: Case, system: Sequence[str]) -> tuple[int, bytes]:
    """Return the document, or why there is none, as the specification hands it over: as a JSON string."""
    try:
        if not (all(map(_NAME.fullmatch, system[:2])) and all(map(_CODE.fullmatch, system[2:]))):
            raise invalid(text("a part of a system's name is 1 to 64 letters, digits or '()+,-.=?"))
        board, wanted = desks.standing.board, _code(asked.query)
        known = board.services_of(case.client.name, "/".join(system))
        status, told = 200, msgspec.json.encode(_described(board, asked, case, known, wanted))
    except Turned as turned:
        case.code = turned.refusal.code
        status, told = STATUS[case.code], problem(turned.refusal, asked.language, case.id)
    return status, msgspec.json.encode(told.decode())


def _described(board: Board, asked: Asked, case: Case, known: Held, wanted: str) -> Any:
    for service, plans in known:
        if service.name == wanted:
            case.service = service
            declared = board.listings_of(service.path, plans)
            own = board.offers_of(service.path, plans)
            return openapi(service, plans, declared, own, language=asked.language)
    return {"openapi": "3.1.0", "info": {"title": wanted, "version": "0"}, "paths": {}}


def _code(query: str) -> str:
    given = parse_qs(query, keep_blank_values=True, max_num_fields=8).get("serviceCode", [])
    if len(given) != 1 or _CODE.fullmatch(given[0]) is None:
        raise invalid(text("the query is not of the form ?serviceCode=name"))
    return given[0]


def _clients(desks: Desks, case: Case) -> list[str]:
    """Return what the caller may know of: itself, and the providing systems at which it has any right."""
    board = desks.standing.board
    providers = {board.services[path].provider_system for client, path in board.plans if client == case.client.name}
    return [case.client.name, *sorted(providers - {case.client.name})]


def _client(name: str) -> dict[str, Fact]:
    instance, member_class, member, application = name.split("/")
    return {
        "objectType": {"object_type": "SUBSYSTEM"},
        "GovStackInstance": instance,
        "memberClass": member_class,
        "memberCode": member,
        "applicationCode": application,
    }


def _service(board: Board, service: Service, plans: Sequence[Plan]) -> dict[str, Fact]:
    return {
        **_client(service.provider_system),
        "objectType": {"object_type": "SERVICE"},
        "serviceType": "OPENAPI",
        "serviceCode": service.name,
        "serviceVersion": str(service.entry_version),
        "endpointList": {
            "member": endpoints_of(
                service, plans, board.listings_of(service.path, plans), board.offers_of(service.path, plans)
            )
        },
    }


def _members(members: list[dict[str, Fact]]) -> bytes:
    return msgspec.json.encode({"member": members})
