"""A question to a proxied service: checked against what was declared, then written anew from what was read.

Nothing that a caller sent goes on as it was spelled: address, query and body are made again out of the values, so that
what was checked is what the department's service reads.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl, quote

import msgspec

from jutong.kernel.errors import Invalid, TooMuch
from jutong.kernel.text import Text, text

from .operation import JSON, Operation, Parameter, Where, is_json
from .proxy import Proxy
from .schema import Json, fault_of

LONGEST = 2_000  # characters of one value outside the body
_PAIRS = 200
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,17})(?:\.[0-9]{1,17})?")
_WHOLE = re.compile(r"-?(?:0|[1-9][0-9]{0,17})")
_FIELD = re.compile(r"[\x20-\x7e]*")
# In a path these could lead elsewhere: once or twice decoded, or read by a server with other manners.
_LEADS_AWAY = re.compile(r"[/\\%;?#\x00-\x1f\x7f]|^\.{1,2}$")


class NoSuchOperation(Exception):
    """No operation that is offered has this address; ``known``: one has it under another method."""

    def __init__(self, *, known: bool) -> None:
        super().__init__()
        self.known = known


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What leaves for the department's service, apart from the node's own fields; ``path`` begins with a slash."""

    operation: Operation
    path: str
    query: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""

    @property
    def target(self) -> str:
        """Path and query."""
        return f"{self.path}?{self.query}" if self.query else self.path

    @property
    def accepted(self) -> str:
        """The media types that are wanted."""
        media = dict.fromkeys(one for outcome in self.operation.outcomes for one in outcome.media)
        return ", ".join(media) or JSON


def question_of(
    proxy: Proxy,
    method: str,
    pieces: Sequence[str],
    *,
    query: str = "",
    fields: Mapping[str, str] | None = None,
    body: bytes = b"",
    media: str = "",
) -> Question:
    """Return the question, or refuse it; ``pieces`` are the path's decoded parts, ``fields`` are lower case."""
    operation, slots = _found(proxy, method, tuple(pieces))
    if len(query) + len(body) > proxy.most_question:
        raise TooMuch(text("a question to this service has at most {most} bytes", most=proxy.most_question))
    stated = _queried(query)
    declared = {one.name for one in operation.parameters if one.where is Where.QUERY}
    if not stated.keys() <= declared:
        raise _unfit(
            text("the query names what is not declared; declared is: {names}", names=", ".join(sorted(declared)) or "-")
        )
    path = "/" + "/".join(_piece(one, operation, slots) for one in operation.pieces)
    told: list[str] = []
    headers: list[tuple[str, str]] = []
    for one in operation.parameters:
        if one.where is Where.QUERY:
            for value in _checked(one, stated.get(one.name, [])):
                told.append(f"{quote(one.name, safe='')}={quote(value, safe='')}")
        elif one.where is Where.HEADER:
            held = (fields or {}).get(one.name.lower())
            for value in _checked(one, [] if held is None else [held]):
                if not _FIELD.fullmatch(value):
                    raise _unfit(text("the field {field} holds characters that no field may hold", field=one.name))
                headers.append((one.name, value))
    return Question(
        operation=operation,
        path=path,
        query="&".join(told),
        headers=tuple(headers),
        body=_body(operation, body, media),
    )


def _found(proxy: Proxy, method: str, pieces: tuple[str, ...]) -> tuple[Operation, Mapping[str, str]]:
    # A path without slots goes before one with them (OpenAPI 3.1, 4.8.8).
    fitting = sorted(
        ((one, slots) for one in proxy.operations if (slots := one.slots(pieces)) is not None),
        key=lambda pair: (len(pair[1]), pair[0].path),
    )
    if not fitting:
        raise NoSuchOperation(known=False)
    nearest = fitting[0][0].path
    for one, slots in fitting:
        if one.path == nearest and one.method == method:
            return one, slots
    raise NoSuchOperation(known=True)


def _piece(piece: str, operation: Operation, slots: Mapping[str, str]) -> str:
    if not piece.startswith("{"):
        return piece
    parameter = next(one for one in operation.parameters if one.where is Where.PATH and one.name == piece[1:-1])
    value = slots[parameter.name]
    if not value or _LEADS_AWAY.search(value):
        raise _unfit(text("the part {name} of the path is empty or holds what leads elsewhere", name=parameter.name))
    (told,) = _checked(parameter, [value])
    return quote(told, safe="")


def _queried(query: str) -> dict[str, list[str]]:
    try:
        pairs = parse_qsl(
            query, keep_blank_values=True, strict_parsing=bool(query), errors="strict", max_num_fields=_PAIRS
        )
    except ValueError as error:
        raise _unfit(text("the query is not of the form ?parameter=value")) from error
    stated: dict[str, list[str]] = {}
    for name, value in pairs:
        stated.setdefault(name, []).append(value)
    return stated


def _checked(parameter: Parameter, stated: list[str]) -> list[str]:
    """Return the values as they go on; what was not said and need not be goes on as nothing."""
    if not stated:
        if parameter.required:
            raise _unfit(text("the parameter {name} must be said", name=parameter.name))
        return []
    if len(stated) > 1 and (not parameter.many or parameter.split):
        raise _unfit(text("the parameter {name} is said once", name=parameter.name))
    words = stated[0].split(",") if parameter.split else stated
    if any(len(one) > LONGEST or "\x00" in one for one in words):
        raise _unfit(text("the parameter {name} does not have the declared form", name=parameter.name))
    values: list[Json] = [_value(parameter, one) for one in words]
    if fault_of(parameter.schema, values if parameter.many else values[0]):
        raise _unfit(text("the parameter {name} does not have the declared form", name=parameter.name))
    return stated


def _value(parameter: Parameter, words: str) -> Json:
    match parameter.kind:
        case "integer" if _WHOLE.fullmatch(words):
            return int(words)
        case "number" if _NUMBER.fullmatch(words):
            return float(words) if "." in words else int(words)
        case "boolean" if words in ("true", "false"):
            return words == "true"
        case "string":
            return words
    raise _unfit(text("the parameter {name} does not have the declared form", name=parameter.name))


def _body(operation: Operation, body: bytes, media: str) -> bytes:
    if not body:
        if operation.body_required:
            raise _unfit(text("the question has no body, and one is declared"))
        return b""
    if operation.body is None:
        raise _unfit(text("the question has a body, and none is declared"))
    if not is_json(media.partition(";")[0].strip().lower()):
        raise _unfit(text("the body is not of the media type {media}", media=JSON))
    try:
        value = msgspec.json.decode(body)
        fault = fault_of(operation.body, value)
    except (msgspec.DecodeError, RecursionError) as error:
        raise _unfit(text("the body is no JSON")) from error
    if fault:
        raise _unfit(text("the body does not fit the declared schema: {where}", where=fault))
    # A name that stands twice is read in two ways by two readers: what goes on is what was checked.
    return msgspec.json.encode(value)


def _unfit(reason: Text) -> Invalid:
    return Invalid(reason, basis=text("the service's OpenAPI document"), remedy=text("correct the message"))
