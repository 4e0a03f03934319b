"""What a message may hold, and nothing more: a member that nobody knows is a slip of the pen, not a detail."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
from litestar.openapi.spec import OpenAPI, OpenAPIType, Reference, RequestBody, Schema

from jutong.kernel.errors import Invalid
from jutong.kernel.text import text

COMPONENTS = "#/components/schemas/"
SHOWN = 20
# What a value may be, as the document's schema and msgspec's name it.
BOUNDS = {
    "minimum": "minimum",
    "maximum": "maximum",
    "min_length": "minLength",
    "max_length": "maxLength",
    "pattern": "pattern",
    "min_items": "minItems",
    "max_items": "maxItems",
}


def refuse_strangers(message: object, read: object) -> None:
    """Refuse a message with members that were passed over when it was read; values are not repeated.

    >>> refuse_strangers({"title": "a", "tilte": "b"}, {"title": "a"})
    Traceback (most recent call last):
    jutong.kernel.errors.Invalid: the message has members that nobody knows: tilte
    """
    strangers = list(_strangers(message, msgspec.to_builtins(read), ""))
    if strangers:
        raise Invalid(
            text("the message has members that nobody knows: {names}", names=", ".join(strangers[:SHOWN])),
            remedy=text("compare the request with /schema/openapi.json"),
        )


def close_messages(document: OpenAPI, messages: Mapping[tuple[str, str], Any]) -> None:
    """Let the document say so: a body of a request has no members beyond those that are listed, and no looser ones.

    ``messages`` holds the type of each body, by path and method. Litestar passes over what the words of a list may be,
    and over a least number of zero; msgspec, which reads the message, says both.
    """
    schemas = document.components.schemas if document.components else {}
    for (path, method), kind in messages.items():
        operation = getattr((document.paths or {})[path], method)
        if operation is not None and isinstance(operation.request_body, RequestBody):
            (exact,), parts = msgspec.json.schema_components((kind,), ref_template=COMPONENTS + "{name}")
            for media in operation.request_body.content.values():
                _close(media.schema, exact, schemas, parts, frozenset())


def _close(
    told: Schema | Reference | None,
    exact: Mapping[str, Any],
    schemas: Mapping[str, Schema],
    parts: Mapping[str, Mapping[str, Any]],
    above: frozenset[str],
) -> None:
    if isinstance(told, Reference):
        name = told.ref.removeprefix(COMPONENTS)
        if name not in above:
            _close(schemas[name], exact, schemas, parts, above | {name})
        return
    if told is None:
        return
    if "$ref" in exact:
        exact = parts[exact["$ref"].removeprefix(COMPONENTS)]
    kinds = [one for one in exact.get("anyOf", ()) if one != {"type": "null"}]
    if len(kinds) == 1:  # this or nothing
        for one in (told, *(told.one_of or ())):
            if not isinstance(one, Schema) or one.type != OpenAPIType.NULL:
                _close(_without_choice(one), kinds[0], schemas, parts, above)
        return
    for ours, theirs in BOUNDS.items():
        if theirs in exact and getattr(told, ours) is None:
            setattr(told, ours, exact[theirs])
    if told.properties:
        told.additional_properties = False
    for name, one in (told.properties or {}).items():
        _close(one, exact.get("properties", {}).get(name, {}), schemas, parts, above)
    for part in (told.items, *(told.one_of or ())):
        _close(part if isinstance(part, Schema | Reference) else None, exact.get("items", {}), schemas, parts, above)


def _without_choice(told: Schema | Reference) -> Schema | Reference | None:
    """Return a schema that is bound by itself; the choice that Litestar puts around it is not."""
    return None if isinstance(told, Schema) and told.one_of else told


def _strangers(given: object, known: object, path: str) -> Iterator[str]:
    if isinstance(given, Mapping) and isinstance(known, Mapping):
        for name, part in given.items():
            if name in known:
                yield from _strangers(part, known[name], f"{path}{name}.")
            else:
                yield f"{path}{name}"[:80]
    elif isinstance(given, list | tuple) and isinstance(known, list | tuple):
        for a, b in zip(given, known, strict=False):
            yield from _strangers(a, b, path)
