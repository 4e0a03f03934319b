"""The parts of departments' own services by themselves: documents, questions, cuts, and the laws of the breaker."""

from __future__ import annotations

import copy
import time
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis.strategies import floats, lists, sampled_from

from jutong.delivery.proxy import Breaker, Field, Flow, Proxy
from jutong.delivery.proxy.breaker import IN_A_ROW, LONGEST_REST, REST_SECONDS
from jutong.delivery.proxy.operation import Operation, document_of, keys_of, operations_of
from jutong.delivery.proxy.question import NoSuchOperation, question_of
from jutong.delivery.proxy.reply import Reply, Unlike, cut_of
from jutong.delivery.proxy.reply import given as given_of
from jutong.delivery.proxy.schema import fault_of
from jutong.kernel.errors import Invalid, Refused
from tests.upstream import DOCUMENT


def changed(*path: Any, to: Any) -> bytes:
    """Return the sound document with one place in it changed."""
    told = copy.deepcopy(DOCUMENT)
    node: Any = told
    for one in path[:-1]:
        node = node[one]
    node[path[-1]] = to
    return msgspec.json.encode(told)


def read(written: bytes) -> tuple[Operation, ...]:
    """Read a document and offer all of it."""
    document = document_of(written)
    return operations_of(document, keys_of(document))


def test_a_document_is_read_from_json_and_yaml() -> None:
    """Both spellings of one document are the same operations, references followed, 3.0 brought to 2020-12."""
    plain = read(msgspec.json.encode(DOCUMENT))
    assert read(msgspec.yaml.encode(DOCUMENT)) == plain
    assert [one.key for one in plain] == ["GET /firms", "POST /firms", "GET /firms/{code}", "DELETE /firms/{code}"]
    outcome = plain[0].outcome(200)
    assert outcome is not None
    assert isinstance(outcome.schema, dict)
    assert outcome.schema["properties"]["data"]["items"]["properties"]["address"]["type"] == ["string", "null"]


GET = ("paths", "/firms", "get")
PARAMETERS = (*GET, "parameters")
FIRM = ("components", "schemas", "Firm")


@pytest.mark.parametrize(
    "written",
    [
        b"",
        b"{",
        b"[]",
        b"a: &a [*a]",
        b'{"openapi": "2.0", "paths": {}}',
        b'{"openapi": "3.2.0", "paths": {}}',
        b'{"openapi": "3.1.0"}',
        b"{" * 100_000,
        b" " * (513 << 10),
        changed("paths", "/firms", "get", "responses", to={}),
        changed("paths", "/firms", "get", "responses", to={"999": {"description": "a"}}),
        changed("paths", "/firms", "get", "responses", "200", to={"$ref": "https://elsewhere.example/a.json"}),
        changed("paths", "/firms", "get", "responses", "200", to={"$ref": "file:///etc/passwd"}),
        changed("paths", "/firms", "get", "responses", "200", to={"$ref": "#/nowhere"}),
        changed("paths", "/firms", "get", "responses", "200", to={"content": {"text/html": {}}}),
        changed("paths", "/firms/{code}", "parameters", to=[]),
        changed("paths", "/../admin", to={"get": {"responses": {"200": {}}}}),
        changed("paths", "/firms/{a}.json", to={"get": {"responses": {"200": {}}}}),
        changed("paths", "/a b", to={"get": {"responses": {"200": {}}}}),
        changed(*PARAMETERS, to=[{"name": "Host", "in": "header", "schema": {"type": "string"}}]),
        changed(*PARAMETERS, to=[{"name": "X-Road-Client", "in": "header", "schema": {"type": "string"}}]),
        changed(*PARAMETERS, to=[{"name": "Transfer-Encoding", "in": "header", "schema": {"type": "string"}}]),
        changed(*PARAMETERS, to=[{"name": "a\r\nb", "in": "header", "schema": {"type": "string"}}]),
        changed(*PARAMETERS, to=[{"name": "a", "in": "cookie", "schema": {"type": "string"}}]),
        changed(*PARAMETERS, to=[{"name": "a", "in": "query", "schema": {"type": "object"}}]),
        changed(*PARAMETERS, to=[{"name": "a", "in": "query", "style": "deepObject", "schema": {"type": "string"}}]),
        changed(*PARAMETERS, to=[{"name": "a", "in": "query", "schema": {"type": "string", "pattern": "(?=a)"}}]),
        changed(*PARAMETERS, to=[{"name": "a", "in": "query", "schema": {"type": "string", "pattern": "("}}]),
        changed(*GET, "requestBody", to={"content": {"application/json": {}}}),
        changed("paths", "/firms", "post", "requestBody", to={"required": True, "content": {"text/xml": {}}}),
        changed(*FIRM, "properties", "name", to={"$ref": "#/components/schemas/Firm"}),
        changed(*FIRM, "properties", "name", to={"type": "nothing"}),
        changed(*FIRM, "properties", "name", to={"minLength": "a"}),
        changed(*FIRM, "patternProperties", to={"(a+)+$": {}}),
        changed(*FIRM, "$dynamicRef", to="#a"),
        changed(*FIRM, "properties", "name", to={"enum": list(range(3000))}),
        changed(*FIRM, "properties", "name", to={"const": "\u0000"}),
    ],
)
def test_a_document_that_cannot_be_held_to_is_refused(written: bytes) -> None:
    """Unreadable, too large, leading outside or in circles, or of what no gateway hands on: refused with a reason."""
    with pytest.raises(Refused) as refused:
        read(written)
    assert refused.value.reason


def test_references_that_multiply_are_bounded() -> None:
    """A small document whose references would unfold to millions of parts is refused in time."""
    schemas: dict[str, Any] = {"s0": {"type": "string"}}
    for level in range(1, 24):
        below = {"$ref": f"#/components/schemas/s{level - 1}"}
        schemas[f"s{level}"] = {"type": "object", "properties": {"a": below, "b": below}}
    schemas["Firms"] = {"$ref": "#/components/schemas/s23"}
    began = time.monotonic()
    with pytest.raises(Invalid, match="more than"):
        read(changed("components", "schemas", to=schemas))
    assert time.monotonic() - began < 10


def test_a_pattern_that_would_run_for_years_is_answered_at_once() -> None:
    """Time grows with the text alone, whatever pattern a document holds."""
    began = time.monotonic()
    assert fault_of({"pattern": "^(a+)+$"}, "a" * 5000 + "!") == "pattern"
    assert fault_of({"uniqueItems": True}, [{"a": 1}, 1, {"a": 1}] * 2000) == "uniqueItems"
    assert time.monotonic() - began < 5


def a_proxy(**changes: Any) -> Proxy:
    """Return a declaration of the whole document."""
    told: dict[str, Any] = {
        "name": "firms",
        "title": "a",
        "base": "https://a.example",
        "operations": read(msgspec.json.encode(DOCUMENT)),
        "document": "",
    }
    return Proxy(**(told | changes))


def test_a_plain_path_goes_before_one_with_slots() -> None:
    """OpenAPI 3.1, 4.8.8: what matches word for word is meant; a method of the other path is not borrowed."""
    answers = read(msgspec.json.encode(DOCUMENT))[0].outcomes
    slot = read(msgspec.json.encode(DOCUMENT))[2]
    plain = Operation(method="GET", path="/firms/all", outcomes=answers)
    proxy = a_proxy(operations=(slot, plain))
    assert question_of(proxy, "GET", ["firms", "all"]).operation is plain
    assert question_of(proxy, "GET", ["firms", "重庆"]).path == "/firms/%E9%87%8D%E5%BA%86"
    with pytest.raises(NoSuchOperation):
        question_of(proxy, "DELETE", ["firms", "all"])


def test_only_what_is_named_is_cut_out() -> None:
    """A tree along the pointers: lists as lists, missing as missing, what hides inside a named value is not given."""
    fields = [Field(pointer=f"/a/*/{one}", item=one) for one in ("x", "y", "z")]
    cut = cut_of(fields, {"x": None, "y": lambda words: words and "***"})
    assert cut.of({"a": [{"x": 1, "y": 2, "z": 3, "q": 4}, {"x": {"deep": 1}}, 5], "b": 1}) == {
        "a": [{"x": 1, "y": "***"}, {"x": None}, None]
    }
    assert cut.of([1]) == []
    operation = a_proxy().operations[0]
    with pytest.raises(Unlike):
        given_of(operation, Reply(status=200, media="application/json", body=b'{"data": 1}'), cut)


STEPS = sampled_from(["ask", "answered", "failed", "given up", "wait"])


@settings(max_examples=300)
@given(lists(STEPS, max_size=80), floats(0.5, 50))
def test_the_laws_of_the_breaker(steps: list[str], pace: float) -> None:
    """Whatever happens: open, nothing goes out before its rest; half-open, one question at a time; an end is near."""
    breaker, now = Breaker(), 0.0
    under_way: list[int] = []
    for step in steps:
        before = breaker
        if step == "ask":
            breaker, turn = breaker.asked(now)
            if before.wait(now) > 0:
                assert turn is None
                assert breaker == before
            else:
                assert turn is not None
                under_way.append(turn)
            if breaker.flow is Flow.HALF_OPEN and turn is not None:
                assert breaker.asked(now)[1] is None  # a second one does not follow
        elif step == "wait":
            now += pace
        elif under_way:
            turn = under_way.pop(0)
            if step == "answered":
                breaker = breaker.answered(turn)
            elif step == "failed":
                breaker = breaker.failed(turn, now)
            else:
                breaker = breaker.given_up(turn, now)
            if turn != before.turn:
                assert breaker == before  # what comes late decides nothing
            elif step == "answered":
                assert breaker.flow is Flow.CLOSED
        assert breaker.in_a_row < IN_A_ROW
        assert breaker.turn >= before.turn
        assert 0 <= breaker.wait(now) <= LONGEST_REST
        assert breaker.asked(now + LONGEST_REST)[1] is not None  # nobody is shut out for ever


def test_half_of_the_last_twenty_failed_opens_it_too() -> None:
    """Every second question fails: never five in a row, and yet it opens."""
    breaker = Breaker()
    for number in range(21):
        assert breaker.flow is Flow.CLOSED
        breaker, turn = breaker.asked(0.0)
        assert turn is not None
        breaker = breaker.answered(turn) if number % 2 else breaker.failed(turn, 0.0)
    assert (breaker.flow, breaker.wait(0.0)) == (Flow.OPEN, REST_SECONDS)
