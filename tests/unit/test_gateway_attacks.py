"""What an attacker tries at the gateway, and that nothing comes of it."""

from __future__ import annotations

import asyncio
import base64
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jutong import registers
from jutong.delivery.gateway import Gateway
from jutong.kernel.crypto import SigningKey
from jutong.registers import SystemName
from tests.gateway import CODE, FIRM, KEY, SERVICE, Market, Reply, a_market, run, send
from tests.town import HOUSE

PATH = f"/r1/{SERVICE}/{CODE}"
STRANGER = SigningKey.of_seed(b"stranger" * 4)
INJECTIONS = [
    "' OR '1'='1",
    "1; DROP TABLE delivery_service",
    "<script>alert(1)</script>",
    "=cmd|' /C calc'!A0",
    "../../../etc/passwd",
    "${jndi:ldap://x}",
    "%00",
    "{reason}",
    "\t x",
    "a" * 5000,
]


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Market:
    """A delivered service, shared by all attacks: none of them changes it."""
    return a_market(tmp_path_factory.mktemp("market"))


@pytest.fixture(scope="module")
def loop_and_gateway(market: Market) -> Any:
    """One worker that stays up through all attacks."""
    loop = asyncio.new_event_loop()
    gateway = market.gateway()
    loop.run_until_complete(gateway.startup())
    yield loop, gateway
    loop.run_until_complete(gateway.shutdown())
    loop.close()


@pytest.fixture(scope="module")
def attack(loop_and_gateway: Any) -> Any:
    """Put one request to the worker."""
    loop, gateway = loop_and_gateway

    def put(method: str, path: str, headers: dict[str, str], body: bytes = b"", **how: Any) -> Reply:
        return loop.run_until_complete(send(gateway, method, path, headers, body, **how))

    return put


@pytest.fixture(scope="module", params=[False, True], ids=["unlike any", "like one before"])
def signed_attack(request: pytest.FixtureRequest, market: Market) -> Any:
    """Put one signed request to a worker that has, or has not, answered an honest one like it."""
    loop = asyncio.new_event_loop()
    gateway = market.gateway()
    loop.run_until_complete(gateway.startup())
    if request.param:
        honest = market.signed("GET", PATH, plain(market))
        assert loop.run_until_complete(send(gateway, "GET", PATH, honest)).status == 200
        assert gateway._desks.standing._alike

    def put(method: str, path: str, headers: dict[str, str]) -> Reply:
        return loop.run_until_complete(send(gateway, method, path, headers))

    yield put
    loop.run_until_complete(gateway.shutdown())
    loop.close()


def plain(market: Market) -> dict[str, str]:
    """Return the headers of an honest call."""
    return {"x-road-client": market.client, "jutong-purpose": "social-security"}


@pytest.mark.parametrize(
    "how",
    [
        {"key": STRANGER},
        {"keyid": "CN-500000/GOV/x/other"},
        {"authority": "other.example:8700"},
        {"meant": "POST"},
        {"created": 0},
        {"nonce": "short"},
    ],
    ids=["forged", "other system", "other node", "other method", "stale", "short nonce"],
)
def test_a_signature_that_does_not_fit_is_not_known(market: Market, signed_attack: Any, how: dict[str, Any]) -> None:
    """Forged, borrowed, re-targeted, stale: 401, and no record but a count."""
    before = len(market.records())
    reply = signed_attack("GET", PATH, market.signed("GET", PATH, plain(market), **how))
    assert reply.status == 401
    assert len(market.records()) == before


def test_a_signed_call_cannot_be_moved_to_another_place(market: Market, signed_attack: Any) -> None:
    """The same signature with another key, host, query or purpose is worth nothing."""
    headers = market.signed("GET", PATH, plain(market))
    assert signed_attack("GET", PATH + "1", headers).status == 401
    assert signed_attack("GET", PATH + "?items=name", headers).status == 401
    assert signed_attack("GET", PATH, headers | {"host": "other.example:8700"}).status == 401
    assert signed_attack("GET", PATH, headers | {"jutong-purpose": "fiscal"}).status == 401
    assert signed_attack("GET", PATH, headers | {"jutong-agreement": "01K5WQ5X786QG2M668BGMJ2691"}).status == 401
    # All these attempts have not used up the honest caller's nonce.
    assert signed_attack("GET", PATH, headers).status == 200
    assert signed_attack("GET", PATH, headers).status == 401


def test_a_signature_for_a_foreign_host_is_refused_even_with_that_host(market: Market, signed_attack: Any) -> None:
    """What was signed for another node and is carried here, host and all, was not meant for us."""
    headers = market.signed("GET", PATH, plain(market), authority="other.example:8700")
    assert signed_attack("GET", PATH, headers | {"host": "other.example:8700"}).status == 401


def test_a_replay_is_refused_after_a_restart(market: Market) -> None:
    """A worker that was killed and came back still knows which signatures were used."""
    headers = market.signed("GET", PATH, plain(market))

    async def once(gateway: Gateway) -> int:
        return (await send(gateway, "GET", PATH, headers)).status

    assert [run(market, once), run(market, once)] == [200, 401]


def spell(value: Any) -> str:
    """Return base64url without padding."""
    data = value if isinstance(value, bytes) else msgspec.json.encode(value)
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def test_no_token_but_the_nodes_own_is_known(market: Market, attack: Any) -> None:
    """No algorithm, another algorithm, a key in the header, another node's token: 401."""
    claims = {"aud": "node.example", "exp": market.now() + 600, "sub": market.client, "key": str(KEY.public)}
    jwk = {"kty": "OKP", "crv": "Ed25519", "x": spell(STRANGER.public.raw)}
    tokens = []
    for head in (
        {"alg": "none"},
        {"alg": "HS256"},
        {"alg": "Ed25519", "jwk": jwk},
        {"alg": "EdDSA", "kid": "../../x", "jku": "http://x"},
    ):
        signed = f"{spell(head)}.{spell(claims)}"
        tokens += [f"{signed}.", f"{signed}.{spell(STRANGER.sign(signed.encode()))}"]
    for token in (*tokens, "", "x", "a.b.c", "é" * 10, "a" * 3000):
        reply = attack("GET", PATH, plain(market) | {"authorization": f"Bearer {token}"})
        assert reply.status == 401, token


def test_a_token_is_bound_to_its_system(market: Market, attack: Any) -> None:
    """Another system cannot call with it, not even another system of the same body."""
    with market.town.desk(HOUSE) as desk:
        name = str(registers.register_system(desk, market.client.split("/")[2], "second", "第二个").name)
        registers.set_key(desk, SystemName.parse(name), STRANGER.public)

    async def story(gateway: Gateway) -> int:
        token = await market.token(gateway)
        headers = plain(market) | {"x-road-client": name, "authorization": f"Bearer {token}"}
        return (await send(gateway, "GET", PATH, headers)).status

    assert run(market, story) == 401


def test_a_system_without_agreement_does_not_see_that_there_is_one(market: Market) -> None:
    """Known, but not a party: the service does not exist for it, nor does the agreement by name."""

    async def story(gateway: Gateway) -> list[bytes]:
        name = market.client.replace("benefits", "second")
        replies = []
        for path, extra in (
            (PATH, {}),
            (PATH + "x", {"jutong-agreement": market.agreement.id}),
            (f"/r1/{'a/' * 5}b", {}),
        ):
            headers = market.signed(
                "GET", path, plain(market) | {"x-road-client": name} | extra, keyid=name, key=STRANGER
            )
            reply = await send(gateway, "GET", path, headers)
            assert reply.status == 404
            replies.append(reply.raw)
        return replies

    assert len(set(run(market, story))) == 1


@pytest.mark.parametrize("words", INJECTIONS)
@pytest.mark.parametrize(
    "field",
    ["x-road-client", "x-road-id", "x-road-userid", "x-road-issue", "jutong-agreement", "jutong-purpose", "host"],
)
def test_no_field_takes_an_injection(market: Market, attack: Any, field: str, words: str) -> None:
    """Whatever stands in a field, the answer is a refusal or harmless, and repeats nothing."""
    headers = plain(market) | {field: words}
    try:
        headers = market.signed("GET", PATH, headers)
    except Exception:  # what our own signer will not sign, an attacker sends without
        headers["signature-input"] = "sig1=()"
    reply = attack("GET", PATH, headers)
    assert reply.status < 500
    assert words not in reply.raw.decode()
    assert reply.status != 200 or field in ("x-road-userid", "x-road-issue", "jutong-agreement")


@pytest.mark.parametrize("words", INJECTIONS)
def test_no_key_and_no_fact_takes_an_injection(market: Market, attack: Any, words: str) -> None:
    """A key is looked up as it is, a fact compared as it is, an item must be an agreed one."""
    quoted = "".join(f"%{byte:02X}" for byte in words.encode())
    path = f"/r1/{SERVICE}/{quoted}"
    assert attack("GET", path, market.signed("GET", path, plain(market))).status in (400, 404)
    path = f"/r1/{SERVICE}/{CODE}?items={quoted}"
    assert attack("GET", path, market.signed("GET", path, plain(market))).status == 403
    path = f"/r1/{SERVICE}/verify"
    for stated, statuses in (
        ({"key": CODE, "facts": {"name": words}}, (200,)),
        ({"key": CODE, "facts": {words: "x"}}, (403,)),
        ({"key": words, "facts": {"name": "x"}}, (200, 400)),
    ):
        body = msgspec.json.encode(stated)
        reply = attack("POST", path, market.signed("POST", path, plain(market), body), body)
        assert reply.status in statuses
        assert reply.status != 200 or reply.body == {"match": False}


def test_what_is_too_large_is_refused_unread(market: Market, attack: Any) -> None:
    """Headers of 16 kB and bodies of 64 kB are the limit, whatever Content-Length says."""
    assert attack("GET", PATH, plain(market) | {"x-filler": "a" * 17_000}).status == 431
    many = [(b"x-filler", b"a" * 100)] * 200
    assert attack("GET", PATH, plain(market), raw_headers=many).status == 431
    path = f"/r1/{SERVICE}/verify"
    assert attack("POST", path, plain(market), b"a" * 70_000).status == 413
    assert attack("POST", path, plain(market) | {"transfer-encoding": "chunked"}, b"a" * 70_000).status == 413


@pytest.mark.parametrize("field", ["x-road-client", "jutong-purpose", "authorization", "signature", "host"])
def test_a_field_cannot_stand_twice(market: Market, attack: Any, field: str) -> None:
    """Two readers of one message must not read two messages."""
    headers = market.signed("GET", PATH, plain(market) | {"authorization": "x"})
    assert attack("GET", PATH, headers, raw_headers=[(field.encode(), b"x")]).status == 400


@pytest.mark.parametrize(
    "path",
    [
        "/r1/%ff/%fe/x/y/z/k",
        "/r1/" + "a/" * 3000,
        f"/r1/{SERVICE.replace('/', '%2F')}/{CODE}",
        f"/r1/{SERVICE}/",
        f"/r1/{SERVICE}/{'9' * 300}",
        f"/r1/{SERVICE}/%F0%9F%8F%A2%E2%80%8B",
        f"/r1/{SERVICE}/..%2F..%2Fcontrol.db",
        "/r1",
        "/",
        "",
        "*",
    ],
)
def test_no_path_breaks_anything(market: Market, attack: Any, path: str) -> None:
    """Odd paths are refused like wrong ones."""
    assert attack("GET", path, market.signed("GET", path, plain(market))).status in (400, 404)


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE", "BREW"])
def test_no_other_method_is_taken(market: Market, attack: Any, method: str) -> None:
    """The gateway reads and verifies; it has nothing to put, delete or trace."""
    assert attack(method, PATH, market.signed(method, PATH, plain(market))).status == 405


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"null",
        b"[[]]",
        b'{"key":1,"facts":{"name":"x"}}',
        b'{"key":"a","facts":{}}',
        b'{"key":"a","facts":{"name":["x"]}}',
        b'{"key":"a","facts":{"name":{"$ne":null}}}',
        b'{"key":"a","facts":{"name":"x"},"more":1}',
        b'{"key":"","facts":{"name":"x"}}',
        b"\xff\xfe",
        b"[" * 60_000,
        b'{"key":"a","facts":{"name":1e999999}}',
    ],
)
def test_no_body_breaks_anything(market: Market, attack: Any, body: bytes) -> None:
    """A body that is not a claim is refused, and its words are not repeated."""
    path = f"/r1/{SERVICE}/verify"
    assert attack("POST", path, market.signed("POST", path, plain(market), body), body).status == 400


WIRE = st.text(st.characters(min_codepoint=1, max_codepoint=255), max_size=60)


@given(
    method=st.sampled_from(["GET", "POST", "PUT"]),
    path=WIRE,
    headers=st.dictionaries(
        st.sampled_from(
            ["x-road-client", "authorization", "signature", "signature-input", "content-digest", "x-road-id"]
        ),
        WIRE,
    ),
    body=st.binary(max_size=100),
)
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_nothing_that_can_be_sent_is_our_fault(
    attack: Any, method: str, path: str, headers: dict[str, str], body: bytes
) -> None:
    """Strangers get a 4xx, never a 5xx."""
    assert 400 <= attack(method, "/r1/" + path, headers, body).status < 500


@given(path=WIRE, fields=st.dictionaries(st.sampled_from(["jutong-purpose", "jutong-agreement", "x-road-issue"]), WIRE))
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_nothing_a_client_can_send_is_our_fault(
    market: Market, loop_and_gateway: Any, path: str, fields: dict[str, str]
) -> None:
    """Clients get an answer or a 4xx, never a 5xx, and never an item that was not agreed."""
    loop, gateway = loop_and_gateway
    if not hasattr(gateway, "_test_token"):
        gateway._test_token = loop.run_until_complete(market.token(gateway))
    headers = plain(market) | fields | {"authorization": f"Bearer {gateway._test_token}"}
    for start in (f"/r1/{SERVICE}/", f"/r1/{SERVICE}/{CODE}?", "/r1/"):
        reply = loop.run_until_complete(send(gateway, "GET", start + path, headers))
        assert reply.status < 500
        assert FIRM["scope"] not in reply.raw.decode()
