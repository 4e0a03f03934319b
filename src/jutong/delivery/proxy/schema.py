"""JSON Schema as OpenAPI 3.0 and 3.1 write it: brought into one form of ours, then asked of questions and answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import jsonschema
import msgspec
import pyarrow as pa
import pyarrow.compute as pc
from jsonschema.validators import extend

from jutong.kernel.errors import Invalid
from jutong.kernel.text import Text, text

Json = Any  # a wire format: what JSON holds
Schema = Mapping[str, Any]

MOST_DEPTH = 40
MOST_NODES = 20_000  # parts of all schemas of a document, after references were followed
MOST_ENUM = 2_000
_PLAIN = frozenset(
    {
        *("type", "const", "multipleOf", "maximum", "exclusiveMaximum", "minimum", "exclusiveMinimum"),
        *("maxLength", "minLength", "pattern", "maxItems", "minItems", "uniqueItems", "maxProperties"),
        *("minProperties", "required", "enum", "title", "description", "format", "default", "nullable"),
    }
)
_ONE = frozenset({"items", "additionalProperties", "not", "if", "then", "else", "contains", "propertyNames"})
_MANY = frozenset({"allOf", "anyOf", "oneOf", "prefixItems"})
_UNSAID = frozenset({"patternProperties", "$dynamicRef", "$recursiveRef", "dependentSchemas", "unevaluatedProperties"})


class References:
    """Follows the references of one document: local ones alone, in no circle, and no more than can be held."""

    def __init__(self, document: Mapping[str, Json]) -> None:
        self._document, self._left = document, MOST_NODES

    def follow(self, node: Json, within: tuple[str, ...] = ()) -> tuple[Json, tuple[str, ...]]:
        """Return what a node says once its reference is followed, and by which references one came there."""
        self._left -= 1
        if self._left < 0:
            raise Invalid(
                text("with all references followed, the document has more than {most} parts", most=MOST_NODES),
                remedy=text("offer fewer operations, or write smaller schemas"),
            )
        while isinstance(node, Mapping) and isinstance(node.get("$ref"), str):
            name = str(node["$ref"])
            if not name.startswith("#/"):
                raise _unfit(text("a reference leads out of the document; only those within it are followed"))
            if name in within or len(within) > MOST_DEPTH:
                raise _unfit(text("references lead in a circle, or too deep: {name}", name=name[:200]))
            within = (*within, name)
            beside = {key: value for key, value in node.items() if key not in ("$ref", "summary", "description")}
            found = self._found(name)
            node = {"allOf": [found, beside]} if beside else found
        return node, within

    def _found(self, name: str) -> Json:
        node: Json = self._document
        for part in name[2:].split("/"):
            key = part.replace("~1", "/").replace("~0", "~")
            if not isinstance(node, Mapping) or key not in node:
                raise _unfit(text("a reference leads to nothing: {name}", name=name[:200]))
            node = node[key]
        return node


def schema_of(node: Json, references: References, within: tuple[str, ...] = (), depth: int = 0) -> Schema | bool:
    """Return a schema without references, in the words of JSON Schema 2020-12; what only explains is left out."""
    node, within = references.follow(node, within)
    if isinstance(node, bool):
        return node
    if not isinstance(node, Mapping) or depth > MOST_DEPTH:
        raise _unfit(text("a schema is no object, or lies too deep"))
    said: dict[str, Json] = {}
    for word, value in node.items():
        if word in _UNSAID:
            raise _unfit(text("schemas with {word} are not checked here", word=word))
        if word in _ONE:
            said[word] = schema_of(value, references, within, depth + 1)
        elif word in _MANY:
            parts = value if isinstance(value, list) else []
            said[word] = [schema_of(one, references, within, depth + 1) for one in parts]
        elif word == "properties":
            held = value if isinstance(value, Mapping) else {}
            said[word] = {name: schema_of(one, references, within, depth + 1) for name, one in held.items()}
        elif word in _PLAIN:
            said[word] = value
    return _of_2020(said)


def _of_2020(said: dict[str, Json]) -> Schema:
    for bound, beyond in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
        if isinstance(said.get(beyond), bool) and said.pop(beyond) and bound in said:
            said[beyond] = said.pop(bound)
    if said.pop("nullable", False) is True:
        kind, choices = said.get("type"), said.get("enum")
        if isinstance(kind, str):
            said["type"] = [kind, "null"]
        if isinstance(choices, list) and None not in choices:
            said["enum"] = [*choices, None]
    choices, pattern = said.get("enum"), said.get("pattern")
    if isinstance(choices, list) and len(choices) > MOST_ENUM:
        raise _unfit(text("a schema names at most {most} values", most=MOST_ENUM))
    if pattern is not None and not _reads(pattern):
        raise _unfit(
            text("a pattern cannot be checked in bounded time (RE2): {pattern}", pattern=str(pattern)[:100]),
        )
    return said


def check_schema(schema: Json) -> None:
    """Refuse what is no schema."""
    try:
        jsonschema.Draft202012Validator.check_schema(schema)
    except (jsonschema.SchemaError, RecursionError) as error:
        raise _unfit(text("a schema of the document is none that JSON Schema knows")) from error


def fault_of(schema: Json, value: Json) -> str:
    """Return where in the schema a value does not fit, as words of the schema alone; empty where it fits.

    >>> fault_of({"type": "object", "properties": {"n": {"type": "integer"}}}, {"n": "secret"})
    'properties/n/type'
    """
    found = next(iter(_Checker(schema).iter_errors(value)), None)
    return "" if found is None else "/".join(map(str, found.absolute_schema_path))[:200]


def _pattern(_checker: Any, pattern: str, value: Json, _schema: Any) -> Iterator[jsonschema.ValidationError]:
    # RE2 answers in time that grows with the text alone; Python's own expressions can be made to run for years.
    if isinstance(value, str) and not pc.match_substring_regex(pa.scalar(value), pattern=pattern).as_py():
        yield jsonschema.ValidationError("pattern")


def _unique(_checker: Any, wanted: bool, value: Json, _schema: Any) -> Iterator[jsonschema.ValidationError]:  # noqa: FBT001
    # The library compares every pair where it cannot sort.
    if (
        wanted
        and isinstance(value, list)
        and len({msgspec.json.encode(one, order="sorted") for one in value}) < len(value)
    ):
        yield jsonschema.ValidationError("uniqueItems")


def _reads(pattern: Json) -> bool:
    try:
        return isinstance(pattern, str) and pc.match_substring_regex(pa.scalar(""), pattern=pattern).is_valid
    except pa.ArrowInvalid:
        return False


def _unfit(reason: Text) -> Invalid:
    return Invalid(reason, basis=text("OpenAPI 3.0, 3.1"), remedy=text("correct the OpenAPI document"))


_Checker: Callable[[Json], Any] = extend(jsonschema.Draft202012Validator, {"pattern": _pattern, "uniqueItems": _unique})
