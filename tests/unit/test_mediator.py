"""GovStack's information mediator: the scenarios of its public suite, for callers that are known.

The scenarios are those of the suite (bb-information-mediator, test/openAPI), with its own examples; every call is a
known caller's, and what our own services are told like is tested beside them.
"""

from __future__ import annotations

import time
from typing import Any

import jsonschema_rs
import msgspec
import pytest

from jutong.delivery.gateway import Gateway
from jutong.guard.grades import Method
from tests.gateway import CODE, SERVICE, Market, Reply, a_market, run, send
from tests.town import SOCIAL

PROVIDER = SERVICE.rpartition("/")[0]
KINDS = ["MEMBER", "SUBSYSTEM", "SERVER", "GLOBALGROUP", "SECURITYCATEGORY", "SERVICE", "CENTRALSERVICE", "LOCALGROUP"]
SECONDS = 15  # what the suite calls a timely manner


def closed(**properties: Any) -> dict[str, Any]:
    """Return the schema of an object that holds nothing else."""
    return {"type": "object", "properties": properties, "additionalProperties": False}


WORDS = {"type": "string"}
ENDPOINT = closed(method=WORDS, path=WORDS)
MEMBER = closed(
    objectType=closed(object_type={"type": "string", "enum": KINDS}),
    endpointList=closed(member={"type": "array", "items": ENDPOINT}),
    **dict.fromkeys(("serviceType", "GovStackInstance", "memberClass", "memberCode"), WORDS),
    **dict.fromkeys(("applicationCode", "serviceCode", "serviceVersion"), WORDS),
)
ANSWER = jsonschema_rs.validator_for(closed(member={"type": "array", "items": MEMBER}) | {"required": ["member"]})


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Market:
    """A delivered service, which no scenario changes."""
    return a_market(tmp_path_factory.mktemp("mediator"), methods=frozenset({Method.QUERY, Method.VERIFY}))


def asked(market: Market, path: str, *, known: bool = True) -> Reply:
    """Ask as the suite does: the caller is named in the mediator's own field, and known by a session."""

    async def story(gateway: Gateway) -> Reply:
        headers = {"information-mediator-client": market.client}
        if known:
            headers["authorization"] = f"Bearer {await market.token(gateway)}"
        started = time.perf_counter()
        reply = await send(gateway, "GET", f"/im/{path}", headers)
        assert time.perf_counter() - started < SECONDS
        return reply

    reply: Reply = run(market, story)
    return reply


SYSTEMS = [  # of the suite's positive examples
    "identifier/identifier/alp4aNum3r1c/alp4aNum3r1c",
    "a11a11a11a/asd2211a/12as12/m3mb3rc0d3",
    "a552example/zzz321a/m3mb3rc0d3/aa15",
    "valid1dentifi3r/rand0mid3nt/str1ng/azxcv55",
]
QUOTED = "%22identifier%22/%22identifier%22/%22alp4aNum3r1c%22/%22alp4aNum3r1c%22"  # so do its tables of examples
STEPS = [
    "listClients?serviceId=serviceId&instanceId=instanceId",
    *(f"listClients?serviceId=serviceId{one}&instanceId=instanceId{one}" for one in range(1, 5)),
    *(f"{one}/{name}?serviceId=serviceId1" for one in (*SYSTEMS, QUOTED) for name in ("listMethods", "allowedMethods")),
]


@pytest.mark.parametrize("path", STEPS)
def test_every_positive_example_of_the_lists_is_answered(market: Market, path: str) -> None:
    """Status 200, the exact content type, the suite's closed schema; of what is not there the list is empty."""
    reply = asked(market, path)
    assert reply.status == 200
    assert reply.headers["content-type"] == "application/json; charset=utf-8"
    ANSWER.validate(reply.body)
    assert bool(reply.body["member"]) == path.startswith("listClients")


@pytest.mark.parametrize("system", SYSTEMS)
def test_every_positive_example_of_the_descriptions_is_answered(market: Market, system: str) -> None:
    """A string; of what is not there, and of what is not there for the caller, it holds a document without a path."""
    reply = asked(market, f"{system}/getOpenAPI?serviceCode=alp4aNum3r1c")
    assert reply.status == 200
    assert reply.headers["content-type"] == "application/json; charset=utf-8"
    assert isinstance(reply.body, str)
    assert msgspec.json.decode(reply.body)["paths"] == {}


@pytest.mark.parametrize("path", ["listClients", f"{PROVIDER}/listMethods", f"{PROVIDER}/allowedMethods"])
def test_lists_have_the_form_of_the_suite(market: Market, path: str) -> None:
    """Status 200, the exact content type, and a body by the suite's closed schema."""
    reply = asked(market, path)
    assert reply.status == 200
    assert reply.headers["content-type"] == "application/json; charset=utf-8"
    ANSWER.validate(reply.body)
    assert reply.body["member"]


def test_methods_are_those_that_the_agreement_opens(market: Market) -> None:
    """The service stands under its parts, each endpoint with its method."""
    (member,) = asked(market, f"{PROVIDER}/allowedMethods").body["member"]
    assert member["objectType"] == {"object_type": "SERVICE"}
    assert f"{member['GovStackInstance']}/{member['memberClass']}/{member['memberCode']}" == PROVIDER.rpartition("/")[0]
    assert (member["applicationCode"], member["serviceCode"]) == ("pool", "enterprise-register")
    endpoints = [(one["method"], one["path"]) for one in member["endpointList"]["member"]]
    assert endpoints == [("GET", "/{key}"), ("POST", "/query"), ("POST", "/verify")]


def test_clients_are_the_caller_and_its_providers(market: Market) -> None:
    """Nobody learns who else is on the node."""
    names = ["/".join(list(one.values())[1:]) for one in asked(market, "listClients").body["member"]]
    assert names == [market.client, PROVIDER]


def test_a_description_is_a_string_that_holds_the_document(market: Market) -> None:
    """As the suite's schema has it."""
    reply = asked(market, f"{PROVIDER}/getOpenAPI?serviceCode=enterprise-register")
    assert reply.status == 200
    assert reply.headers["content-type"] == "application/json; charset=utf-8"
    assert isinstance(reply.body, str)
    assert msgspec.json.decode(reply.body)["paths"].keys() == {"/{key}", "/query", "/verify"}


@pytest.mark.parametrize(
    "path",
    [
        "1nval1d/identifier/alp4aNum3r1c/alp4aNum3r1c/getOpenAPI?serviceCode=alp4aNum3r1c",
        "identifier/1nval1d/alp4aNum3r1c/alp4aNum3r1c/getOpenAPI?serviceCode=alp4aNum3r1c",
        "identifier/identifier/_invalid/alp4aNum3r1c/getOpenAPI?serviceCode=alp4aNum3r1c",
        "identifier/identifier/str1ng/_invalid/getOpenAPI?serviceCode=alp4aNum3r1c",
        "1nval1d/1nval1d/_invalid/_invalid/getOpenAPI?serviceCode=alp4aNum3r1c",
        "identifier/identifier/alp4aNum3r1c/alp4aNum3r1c/getOpenAPI?serviceCode=_invalid",
        "identifier/identifier/alp4aNum3r1c/alp4aNum3r1c/getOpenAPI?serviceCode=",
        "identifier/identifier/alp4aNum3r1c/alp4aNum3r1c/getOpenAPI",
    ],
)
def test_what_is_malformed_is_a_client_error(market: Market, path: str) -> None:
    """All negative examples of the suite: 400, and a string; it holds what a refusal says anywhere."""
    reply = asked(market, path)
    assert reply.status == 400
    assert isinstance(reply.body, str)
    told = msgspec.json.decode(reply.body)
    assert told["message"]
    assert told["remedy"]
    assert reply.headers["x-road-error"] == "invalid"
    assert next(one["code"] for one in market.records() if one["id"] == reply.headers["jutong-call"]) == "invalid"


def test_a_stranger_and_a_name_without_agreement_learn_nothing(market: Market) -> None:
    """The suite's mock tells everybody everything; here one is known first, and sees nothing of what is others'."""
    assert asked(market, f"{PROVIDER}/listMethods", known=False).status == 401
    there, invented = (f"CN-500000/GOV/{body}/pool/listMethods" for body in (SOCIAL, "91500000000000000X"))
    assert asked(market, there).raw == asked(market, invented).raw == b'{"member":[]}'


def test_a_session_may_name_its_system_by_either_field(market: Market) -> None:
    """Call after call, on the long way and on the short one."""

    async def story(gateway: Gateway) -> list[int]:
        headers = {
            "information-mediator-client": market.client,
            "authorization": f"Bearer {await market.token(gateway)}",
        }
        path = f"/r1/{SERVICE}/{CODE}"
        stated = headers | {"jutong-purpose": "social-security"}
        return [(await send(gateway, "GET", path, stated)).status for _ in range(2)]

    assert run(market, story) == [200, 200]


def test_a_list_leaves_a_record(market: Market) -> None:
    """What was asked of the mediator's face is on record like any call."""
    call = asked(market, "listClients").headers["jutong-call"]
    assert [one["service"] for one in market.records() if one["id"] == call] == ["listClients"]
