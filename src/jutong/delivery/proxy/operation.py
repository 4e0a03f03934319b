"""One operation of an OpenAPI document that is offered: its address, what may be said, what may be answered."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

import msgspec

from jutong.kernel.errors import Invalid, TooMuch
from jutong.kernel.text import Text, text
from jutong.quality.books.reading import document_of_text

from .schema import Json, References, Schema, check_schema, schema_of

MOST_DOCUMENT = 512 << 10  # bytes
METHODS = ("get", "post", "put", "patch", "delete")
JSON = "application/json"
_SLOT = re.compile(r"\{([A-Za-z0-9_.\-]{1,64})\}")
_PIECE = re.compile(r"[A-Za-z0-9_.~\-]{1,128}")
TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~\-]{1,64}")
_MEDIA = re.compile(r"[a-z0-9!#$&^_.+\-]{1,64}/[a-z0-9!#$&^_.+\-]{1,64}")
_STATUS = re.compile(r"[2-5](?:[0-9]{2}|XX)|default")
# What no caller hands in: what means something between two neighbours, what we say ourselves, who somebody is.
OURS = re.compile(
    r"(?:accept(?:-.*)?|authorization|connection|content-.*|cookie|date|expect|forwarded|from|host|jutong-.*|"
    r"keep-alive|origin|proxy-.*|referer|signature(?:-.*)?|te|trailer|transfer-.*|upgrade|user-agent|via|"
    r"x-forwarded-.*|x-real-ip|x-road-.*|x-http-method.*|x-original-.*|x-rewrite-.*|gjgxjhpt_.*|x-client-id|"
    r"x-nonce|x-signature|x-timestamp|set-cookie)",
    re.IGNORECASE,
)


class Where(StrEnum):
    """Where a parameter stands."""

    PATH = "path"
    QUERY = "query"
    HEADER = "header"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One thing that a caller may say, outside the body; ``split``: its values stand in one, between commas."""

    name: str
    where: Where
    required: bool
    schema: Schema
    kind: str  # string, integer, number or boolean; of an array, that of its values
    many: bool = False
    split: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What may be answered under a status: ``200``, ``4XX``, ``default``; no media type: an empty body."""

    status: str
    media: tuple[str, ...] = ()
    schema: Schema | bool | None = None  # of the JSON


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """What may be asked under one method and path."""

    method: str
    path: str  # with {slots}
    title: str = ""
    parameters: tuple[Parameter, ...] = ()
    body: Schema | bool | None = None  # of the JSON that may come; None: no body
    body_required: bool = False
    outcomes: tuple[Outcome, ...] = ()

    @property
    def key(self) -> str:
        """Its name: method and path."""
        return f"{self.method} {self.path}"

    @property
    def pieces(self) -> tuple[str, ...]:
        """The parts of its path."""
        return tuple(self.path.split("/")[1:])

    def outcome(self, status: int) -> Outcome | None:
        """Return what was declared for a status: the nearest counts."""
        told = {one.status: one for one in self.outcomes}
        return told.get(str(status)) or told.get(f"{status // 100}XX") or told.get("default")

    def slots(self, pieces: tuple[str, ...]) -> Mapping[str, str] | None:
        """Return what stands in the slots of its path, or None where the path is another.

        >>> Operation(method="GET", path="/firms/{code}").slots(("firms", "9150"))
        {'code': '9150'}
        """
        if len(pieces) != len(self.pieces):
            return None
        found = {}
        for wanted, given in zip(self.pieces, pieces, strict=True):
            slot = _SLOT.fullmatch(wanted)
            if slot:
                found[slot[1]] = given
            elif wanted != given:
                return None
        return found


def document_of(written: bytes) -> Mapping[str, Json]:
    """Read an OpenAPI document of version 3.0 or 3.1, or refuse it."""
    if len(written) > MOST_DOCUMENT:
        raise TooMuch(text("an OpenAPI document has at most {most} bytes", most=MOST_DOCUMENT))
    found = document_of_text(written)
    version = found.get("openapi") if isinstance(found, dict) else None
    if not isinstance(found, dict) or not re.fullmatch(r"3\.[01](?:\.[0-9]+)?", str(version)):
        raise _unfit(text("this is no OpenAPI document of version 3.0 or 3.1"))
    if not isinstance(found.get("paths"), dict):
        raise _unfit(text("the document has no paths"))
    return found


def keys_of(document: Mapping[str, Json]) -> tuple[str, ...]:
    """Return the names of all operations of a document."""
    return tuple(f"{method.upper()} {path}" for path, method, _, _ in _all(document))


def operations_of(document: Mapping[str, Json], offered: Collection[str]) -> tuple[Operation, ...]:
    """Return the operations that are offered, their references followed; every one that cannot be is refused."""
    references = References(document)
    found = []
    for path, method, node, shared in _all(document):
        if f"{method.upper()} {path}" in offered:
            found.append(_operation(path, method.upper(), node, shared, references))
    missing = sorted(set(offered) - {one.key for one in found})
    if missing:
        raise _unfit(text("the document has no operation {names}", names=", ".join(missing)[:300]))
    if b"\\u0000" in msgspec.json.encode(found):
        raise _unfit(text("the document holds a character that no database keeps"))
    return tuple(found)


def _all(document: Mapping[str, Json]) -> Iterator[tuple[str, str, Mapping[str, Json], list[Json]]]:
    for path, item in _object(document["paths"]).items():
        held = _object(item) if isinstance(item, Mapping) else {}
        for method in METHODS:
            node = held.get(method)
            if isinstance(node, Mapping):
                yield str(path), method, node, _list(held.get("parameters"))


def _operation(
    path: str, method: str, node: Mapping[str, Json], shared: list[Json], references: References
) -> Operation:
    pieces = path.split("/")
    if pieces[0] or not pieces[1:] or not all(_PIECE.fullmatch(one) or _SLOT.fullmatch(one) for one in pieces[1:]):
        raise _unfit(text("the path {path} is not of plain parts and whole slots", path=path[:200]))
    if any(one in (".", "..") for one in pieces):
        raise _unfit(text("the path {path} is not of plain parts and whole slots", path=path[:200]))
    parameters: dict[tuple[str, str], Parameter] = {}
    for one in (*shared, *_list(node.get("parameters"))):
        read = _parameter(one, references)
        if read is not None:
            parameters[read.where.value, read.name.lower() if read.where is Where.HEADER else read.name] = read
    slots = {slot[1] for one in pieces[1:] if (slot := _SLOT.fullmatch(one))}
    if slots != {name for where, name in parameters if where == Where.PATH.value}:
        raise _unfit(text("the slots of {path} are not its parameters", path=path[:200]))
    body, required = _body(node.get("requestBody"), method, references)
    outcomes = tuple(_outcomes(node.get("responses"), references))
    if not any(one.status.startswith("2") or one.status == "default" for one in outcomes):
        raise _unfit(text("{path} declares no answer", path=path[:200]))
    return Operation(
        method=method,
        path=path,
        title=str(node.get("summary") or node.get("operationId") or "")[:200],
        parameters=tuple(parameters.values()),
        body=body,
        body_required=required,
        outcomes=outcomes,
    )


def _parameter(node: Json, references: References) -> Parameter | None:
    told, within = references.follow(node)
    held = _object(told)
    name, place = str(held.get("name", "")), str(held.get("in", ""))
    if place == "header" and name.lower() in ("accept", "content-type", "authorization"):
        return None  # OpenAPI has these ignored here
    if place not in [one.value for one in Where]:
        raise _unfit(
            text(
                "the parameter {name} stands in {place}; path, query and header can be passed on",
                name=name[:64],
                place=place[:20],
            )
        )
    where = Where(place)
    if not TOKEN.fullmatch(name) or (where is Where.HEADER and OURS.fullmatch(name)):
        raise _unfit(text("the parameter {name} has a name that no caller may hand in", name=name[:64]))
    schema = schema_of(held.get("schema"), references, within) if "schema" in held else {}
    if isinstance(schema, bool) or "content" in held:
        raise _unfit(text("the parameter {name} is no plain value or list of them", name=name[:64]))
    check_schema(schema)
    many = _kind(schema) == "array"
    inner = schema.get("items", {}) if many else schema
    kind = _kind(inner if isinstance(inner, Mapping) else {})
    style = str(held.get("style", "form" if where is Where.QUERY else "simple"))
    explode = held.get("explode", style == "form") is True
    if (
        kind not in ("string", "integer", "number", "boolean")
        or style not in ("form", "simple")
        or (many and where is Where.PATH)
    ):
        raise _unfit(text("the parameter {name} is no plain value or list of them", name=name[:64]))
    return Parameter(
        name=name,
        where=where,
        required=where is Where.PATH or held.get("required") is True,
        schema=schema,
        kind=kind,
        many=many,
        split=many and not (where is Where.QUERY and explode),
    )


def _kind(schema: Mapping[str, Json]) -> str:
    kinds = schema.get("type", "string")
    named = [one for one in (kinds if isinstance(kinds, list) else [kinds]) if one != "null"]
    return str(named[0]) if len(named) == 1 else ""


def _body(node: Json, method: str, references: References) -> tuple[Schema | bool | None, bool]:
    if node is None:
        return None, False
    told, within = references.follow(node)
    held = _object(told)
    content = _object(held.get("content", {}))
    media = content.get(JSON)
    if method == "GET" or not isinstance(media, Mapping):
        if held.get("required") is True or method == "GET":
            raise _unfit(text("a body is handed on as application/json alone, and never with GET"))
        return None, False
    schema = schema_of(media.get("schema", True), references, within)
    check_schema(schema)
    return schema, held.get("required") is True


def _outcomes(node: Json, references: References) -> Iterator[Outcome]:
    for status, value in _object(node if node is not None else {}).items():
        spelled = str(status).replace("x", "X") if str(status) != "default" else "default"
        if spelled.startswith(("1", "3")):
            continue  # redirects are never followed, so none is an answer
        if not _STATUS.fullmatch(spelled):
            raise _unfit(text("there is no status {status}", status=str(status)[:20]))
        told, within = references.follow(value)
        content = _object(_object(told).get("content") or {})
        media = tuple(str(one).partition(";")[0].strip().lower() for one in content)
        if not all(map(_MEDIA.fullmatch, media)) or any("html" in one or "script" in one for one in media):
            raise _unfit(text("answers have plain media types, and are no pages"))
        schema: Schema | bool | None = None
        for name, kind in content.items():
            if is_json(str(name).partition(";")[0].strip().lower()) and isinstance(kind, Mapping):
                schema = schema_of(kind.get("schema", True), references, within)
                check_schema(schema)
                break
        yield Outcome(status=spelled, media=media, schema=schema)


def is_json(media: str) -> bool:
    """Say whether a media type is one of JSON.

    >>> is_json("application/problem+json"), is_json("text/csv")
    (True, False)
    """
    return media == JSON or media.endswith("+json")


def _object(node: Json) -> Mapping[str, Json]:
    if not isinstance(node, Mapping):
        raise _unfit(text("a part of the document is no object where OpenAPI wants one"))
    return node


def _list(node: Json) -> list[Json]:
    return list(node) if isinstance(node, list) else []


def _unfit(reason: Text) -> Invalid:
    return Invalid(reason, basis=text("OpenAPI 3.0, 3.1"), remedy=text("correct the OpenAPI document"))
