"""What a client may learn of the services it has a right to: lists of methods, and an OpenAPI document."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from jutong.guard.grades import Method
from jutong.kernel.canon import Fact
from jutong.kernel.text import DEFAULT_LANGUAGE, text

from .likeness import KEY_LIMIT
from .listing.clause import Prepared
from .listing.listing import Operator, Parameter, Type
from .listing.right import given_items, refusal_of
from .listing.value import LONGEST, MOST_IN_LIST
from .plan import Plan
from .proxy.operation import Operation, Where
from .proxy.proxy import Proxy
from .proxy.right import Offer
from .proxy.right import refusal_of as unoffered
from .service import DISPUTED, Service
from .wire import QUERY_BATCH_LIMIT


def methods(
    found: Iterable[tuple[Service, Iterable[Plan], Iterable[Prepared], Iterable[Offer]]],
) -> dict[str, Fact]:
    """Return X-Road's list of services with their endpoints, for the plans, declared and own services given."""
    return {"service": [_listed(service, tuple(plans), declared, own) for service, plans, declared, own in found]}


def _listed(
    service: Service, plans: Iterable[Plan], declared: Iterable[Prepared], own: Iterable[Offer]
) -> dict[str, Fact]:
    instance, member_class, member, system, name = service.path.split("/")
    return {
        "xroad_instance": instance,
        "member_class": member_class,
        "member_code": member,
        "subsystem_code": system,
        "service_code": name,
        "service_type": "OPENAPI",
        "object_type": "SERVICE",
        "endpoint_list": endpoints_of(service, plans, declared, own),
    }


def endpoints_of(
    service: Service, plans: Iterable[Plan], declared: Iterable[Prepared] = (), own: Iterable[Offer] = ()
) -> list[Fact]:
    """Return the endpoints that these plans open, each with its method and its path beneath the service's."""
    allowed = {method for plan in plans for method in plan.methods} if service.copy else set()
    endpoints: list[Fact] = []
    if Method.QUERY in allowed:
        endpoints.append({"method": "GET", "path": "/{key}"})
        endpoints.append({"method": "POST", "path": "/query"})
    if Method.VERIFY in allowed:
        endpoints.append({"method": "POST", "path": "/verify"})
    for one in declared:
        endpoints += [{"method": method, "path": f"/list/{one.listing.name}"} for method in ("GET", "POST")]
    for offer in own:
        prefix = f"/proxy/{offer.proxy.name}"
        endpoints += [{"method": one.method, "path": prefix + one.path} for one in offer.proxy.operations]
    return endpoints


def openapi(
    service: Service,
    plans: Iterable[Plan],
    declared: Iterable[Prepared] = (),
    own: Iterable[Offer] = (),
    *,
    language: str = DEFAULT_LANGUAGE,
    base: str = "",
) -> dict[str, Fact]:
    """Return the OpenAPI 3.1 document of one service as far as these plans reach: agreed items and methods only.

    ``declared`` are the services by declaration that are open under them, ``own`` those of the department itself;
    ``base`` is the node's own address.
    """
    known = tuple(plans)
    items = sorted({name for plan in known for name in plan.columns})
    allowed = {method for plan in known for method in plan.methods} if service.copy else set()
    value: dict[str, Fact] = {"type": ["string", "number", "boolean", "null"]}
    paths: dict[str, Fact] = {}
    if Method.QUERY in allowed:
        record: dict[str, Fact] = {item: {} for item in items}
        record[DISPUTED] = {"type": "array", "items": {"enum": list(items)}}
        paths["/{key}"] = {"get": _operation("query", _object(record), language, _QUERY)}
        paths["/query"] = {"post": _batch(items, _object(record), language)}
    if Method.VERIFY in allowed:
        claim = _object(
            {
                "key": {"type": "string", "minLength": 1, "maxLength": 256},
                "facts": {**_object(dict.fromkeys(items, value)), "minProperties": 1},
            },
            required=["key", "facts"],
        )
        verdict = _object({"match": {"type": "boolean"}}, required=["match"])
        paths["/verify"] = {
            "post": {
                **_operation("verify", _either(verdict, most=100), language, ()),
                "requestBody": {"required": True, "content": _json(_either(claim, most=100))},
            }
        }
    for one in declared:
        open_under = [plan for plan in known if refusal_of(plan, one) is None]
        if open_under:
            given = sorted({item for plan in open_under for item in given_items(plan, one)})
            paths[f"/list/{one.listing.name}"] = _declared(one, given, language)
    for offer in own:
        if any(unoffered(plan, offer) is None for plan in known):
            paths.update(_handed_on(offer.proxy, language))
    return {
        "openapi": "3.1.0",
        "info": {"title": service.name, "version": str(service.entry_version)},
        "servers": [{"url": f"{base}/r1/{service.path}"}],
        "paths": paths,
        "components": {"securitySchemes": {"session": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}}},
        "security": [{"session": []}],
    }


def _batch(items: Sequence[str], record: Mapping[str, Fact], language: str) -> dict[str, Fact]:
    """Return the operation that asks for many records at once."""
    key: dict[str, Fact] = {"type": "string", "minLength": 1, "maxLength": KEY_LIMIT}
    keys: dict[str, Fact] = {"type": "array", "items": key, "minItems": 1, "maxItems": QUERY_BATCH_LIMIT}
    wish = _object({"keys": keys, "items": {"type": "array", "items": {"enum": list(items)}}}, required=["keys"])
    found = _object({"found": {"type": "boolean"}, "record": dict(record)}, required=["found"])
    many: dict[str, Fact] = {"type": "array", "items": found, "maxItems": QUERY_BATCH_LIMIT}
    return {
        **_operation("queryAll", many, language, ()),
        "requestBody": {"required": True, "content": _json(wish)},
    }


def _declared(prepared: Prepared, items: Sequence[str], language: str) -> dict[str, Fact]:
    """Return the operations of a service by declaration: the same question in an address, or in a body."""
    listing = prepared.listing
    record: dict[str, Fact] = {item: {} for item in items}
    record[DISPUTED] = {"type": "array", "items": {"enum": list(items)}}
    rows: dict[str, Fact] = {"type": "array", "items": _object(record), "maxItems": listing.page_rows}
    page = _object(
        {"rows": rows, "next": {"type": ["string", "null"]}, "cut": {"type": "boolean"}},
        required=["rows", "next", "cut"],
    )
    schemas = {one.name: _schema_of(one) for one in listing.parameters}
    needed = [one.name for one in listing.parameters if one.required and not one.default]
    size: dict[str, Fact] = {"type": "integer", "minimum": 1, "maximum": listing.page_rows}
    stated: list[Fact] = [
        {"name": name, "in": "query", "required": name in needed, "schema": schema} for name, schema in schemas.items()
    ]
    stated += [
        {"name": "items", "in": "query", "required": False, "schema": {"type": "string"}},
        {"name": "page_size", "in": "query", "required": False, "schema": size},
        {"name": "cursor", "in": "query", "required": False, "schema": {"type": "string"}},
    ]
    wish = _object(
        {
            "parameters": _object(schemas, required=list(needed)),
            "items": {"type": "array", "items": {"enum": list(items)}},
            "page_size": size,
            "cursor": {"type": "string"},
        },
        required=["parameters"] if needed else [],
    )
    named = listing.name.replace("-", "_")
    return {
        "summary": listing.title,
        "get": _operation(f"list_{named}", page, language, tuple(stated)),
        "post": {
            **_operation(f"ask_{named}", page, language, ()),
            "requestBody": {"required": True, "content": _json(wish)},
        },
    }


def _handed_on(proxy: Proxy, language: str) -> dict[str, Fact]:
    """Return the paths of a department's own service."""
    paths: dict[str, dict[str, Fact]] = {}
    for operation in proxy.operations:
        at = paths.setdefault(f"/proxy/{proxy.name}{operation.path}", {})
        at[operation.method.lower()] = _own_operation(proxy, operation, language)
    return dict(paths)


def _own_operation(proxy: Proxy, operation: Operation, language: str) -> dict[str, Fact]:
    """Return one operation as it was declared; of answers that are cut, only that they are JSON."""
    stated: list[Fact] = [
        {
            "name": one.name,
            "in": one.where.value,
            "required": one.required,
            "schema": dict(one.schema),
            **({"style": "form", "explode": False} if one.split and one.where is Where.QUERY else {}),
        }
        for one in operation.parameters
    ]
    named = "".join(letter if letter.isalnum() else "_" for letter in f"{proxy.name}_{operation.key}")
    told = _operation(f"proxy_{named}", {}, language, tuple(stated))
    answers = {**_mapping(told["responses"])}
    del answers["200"]
    for outcome in operation.outcomes:
        schema = {} if proxy.fields else _mapping(outcome.schema)
        content: dict[str, Fact] = {media: {"schema": schema} for media in outcome.media}
        answers[outcome.status] = {
            "description": operation.title or operation.key,
            **({"content": content} if content else {}),
        }
    body: dict[str, Fact] = {}
    if operation.body is not None:
        body["requestBody"] = {"required": operation.body_required, "content": _json(_mapping(operation.body))}
    return {**told, "summary": operation.title or proxy.title, "responses": answers, **body}


def _mapping(value: Fact) -> dict[str, Fact]:
    return dict(value) if isinstance(value, Mapping) else {}


def _schema_of(parameter: Parameter) -> dict[str, Fact]:
    told: dict[Type, dict[str, Fact]] = {
        Type.TEXT: {"type": "string", "minLength": 1, "maxLength": LONGEST},
        Type.NUMBER: {"type": "number"},
        Type.DAY: {"type": "string", "format": "date"},
    }
    one = told[parameter.type]
    if parameter.operator is Operator.IN:
        return {"type": "array", "items": one, "minItems": 1, "maxItems": MOST_IN_LIST}
    return one | ({"default": parameter.default} if parameter.default and parameter.type is not Type.NUMBER else {})


_QUERY: tuple[Fact, ...] = (
    {"name": "key", "in": "path", "required": True, "schema": {"type": "string", "minLength": 1, "maxLength": 256}},
    {"name": "items", "in": "query", "required": False, "schema": {"type": "string"}},
)
_HEADERS: tuple[Fact, ...] = (
    {"name": "X-Road-Client", "in": "header", "required": True, "schema": {"type": "string"}},
    {"name": "X-Road-Id", "in": "header", "required": False, "schema": {"type": "string", "format": "uuid"}},
    {"name": "X-Road-UserId", "in": "header", "required": False, "schema": {"type": "string"}},
    {"name": "X-Road-Issue", "in": "header", "required": False, "schema": {"type": "string"}},
    {"name": "Jutong-Agreement", "in": "header", "required": False, "schema": {"type": "string"}},
    {"name": "Jutong-Purpose", "in": "header", "required": True, "schema": {"type": "string"}},
)
_SAID = {
    "400": text("the message is not in the agreed form"),
    "401": text("the caller is not known"),
    "403": text("the agreement does not allow it"),
    "404": text("there is no such thing, or the caller may not learn that there is"),
    "413": text("the body is too large"),
    "429": text("a quota, a rate or a size limit is used up"),
    "431": text("the header fields are too large"),
    "502": text("the department's own service gave no answer that could be handed on"),
    "503": text("a neighbour did not answer"),
    "504": text("the department's own service did not answer in time"),
}


def _operation(name: str, schema: Mapping[str, Fact], language: str, parameters: tuple[Fact, ...]) -> dict[str, Fact]:
    problem = _object({word: {"type": "string"} for word in ("type", "message", "detail", "basis", "remedy")})
    answers: dict[str, Fact] = {
        status: {"description": words.said_in(language), "content": _json(problem)} for status, words in _SAID.items()
    }
    answers["200"] = {"description": name, "content": _json(schema)}
    return {"operationId": name, "parameters": [*parameters, *_HEADERS], "responses": answers}


def _object(properties: Mapping[str, Fact], *, required: list[Fact] | None = None) -> dict[str, Fact]:
    said: dict[str, Fact] = {"type": "object", "properties": dict(properties), "additionalProperties": False}
    return said | {"required": required} if required else said


def _either(schema: Mapping[str, Fact], *, most: int) -> dict[str, Fact]:
    return {"oneOf": [dict(schema), {"type": "array", "items": dict(schema), "minItems": 1, "maxItems": most}]}


def _json(schema: Mapping[str, Fact]) -> dict[str, Fact]:
    return {"application/json": {"schema": dict(schema)}}
