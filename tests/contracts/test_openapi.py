"""The OpenAPI document against the node that serves it: whatever is sent, the answer is one that the document gives."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    ignored_auth,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from jutong import search, web
from tests.city import PEOPLE, City, a_full_city
from tests.postgres import fresh_database, postgres_url  # noqa: F401

# Over PostgreSQL what differs is the store alone, and its own contract has the rest.
EXAMPLES = {
    "sqlite": {GenerationMode.POSITIVE: 12, GenerationMode.NEGATIVE: 8},
    "postgresql": {GenerationMode.POSITIVE: 4, GenerationMode.NEGATIVE: 2},
}
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    unsupported_method,
]
# The days of a notice are the names of members, which the document cannot constrain.
MORE_THAN_THE_DOCUMENT_CAN_SAY = {"PUT /api/calendar/{year}"}
# Which identifier of the city stands for a parameter of the document.
KNOWN = {
    "entry_id": ("entry", "draft"),
    "batch_id": ("batch",),
    "objection_id": ("objection",),
    "request_id": ("request", "wish", "approved"),
    "agreement_id": ("agreement",),
    "some_id": ("line",),
    "code": ("market",),
}


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def city(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    """A city with one record's whole way behind it, over either control database."""
    database = ""
    if request.param == "postgres":
        database = fresh_database(request.getfixturevalue("postgres_url")).replace("postgresql:", "postgresql+psycopg:")
    made = a_full_city(tmp_path_factory.mktemp(request.param) / "home", database=database)
    made.found["market"] = PEOPLE["officer"][0]
    search.rebuild(made.house)
    yield made
    made.house.engine.dispose()


def test_no_message_breaks_the_node_or_the_document(city: City) -> None:
    """Sound and broken messages, by everyone, on real and invented things: no 5xx, no answer that is not told."""
    schema = schemathesis.openapi.from_asgi("/schema/openapi.json", city.api)
    broken: dict[str, str] = {}
    for result in schema.get_all_operations():
        operation = result.ok()
        for mode, examples in EXAMPLES[city.house.engine.dialect.name].items():
            try:
                _try_out(operation, mode, examples, city)
            except (FailureGroup, AssertionError) as failure:
                broken[f"{operation.label} {mode.value}"] = _told(failure)
    assert not broken, "\n\n".join(f"{name}: {why}" for name, why in broken.items())


def test_the_document_bounds_lists_as_the_node_does(city: City) -> None:
    """What the words of a list may be, and a least number of zero, stand in the document; each list its own bounds."""
    parts = web.document(city.api.rooms)["components"]["schemas"]
    named = {name.rsplit("_", 1)[-1]: part["properties"] for name, part in parts.items() if "properties" in part}
    assert (
        named["Application"]["collects"]["items"]["minLength"],
        named["Application"]["collects"]["items"]["maxLength"],
    ) == (
        1,
        200,
    )
    assert named["Reasons"]["reasons"]["items"]["maxLength"] == 4000
    assert "minLength" not in named["Reasons"]["reasons"]["items"]
    counted = next(one for one in named["TableSheet"]["rows"]["oneOf"] if one["type"] == "integer")
    assert counted["minimum"] == 0


def test_no_operation_forgets_to_ask_for_a_credential(city: City) -> None:
    """What the document says needs a credential refuses without one and with a wrong one."""
    schema = schemathesis.openapi.from_asgi("/schema/openapi.json", city.api)
    for result in schema.get_all_operations():
        operation = result.ok()
        if operation.path.startswith("/cascade"):
            continue  # signed, not held by a person

        @_bounded(2)
        @given(case=operation.as_strategy(generation_mode=GenerationMode.POSITIVE))
        def ask(case: schemathesis.Case) -> None:
            case.call_and_validate(headers=city.bearer("nobody"), checks=[ignored_auth])

        ask()


def _try_out(operation: Any, mode: GenerationMode, examples: int, city: City) -> None:
    @_bounded(examples)
    @given(
        case=operation.as_strategy(generation_mode=mode),
        account=st.sampled_from(sorted(PEOPLE)),
        real=st.booleans(),
        chance=st.integers(0, 1 << 16),
    )
    def ask(case: schemathesis.Case, account: str, real: bool, chance: int) -> None:
        if real:
            for name in set(case.path_parameters or {}) & set(KNOWN):
                case.path_parameters[name] = city.found[random.Random(chance).choice(KNOWN[name])]
        answer = case.call_and_validate(headers=city.bearer(account), checks=CHECKS)
        if mode is GenerationMode.POSITIVE and operation.label not in MORE_THAN_THE_DOCUMENT_CAN_SAY:
            assert "urn:jutong:malformed" not in answer.text, f"the document allows {case.body!r}: {answer.text}"

    ask()


def _bounded(examples: int) -> Any:
    how = settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    return lambda test: seed(20260102)(how(test))


def _told(failure: BaseException) -> str:
    parts = failure.exceptions if isinstance(failure, FailureGroup) else (failure,)
    return "; ".join(f"{type(part).__name__} {part}" for part in parts)
