"""SM2 with SM3: the standard's vectors, keys as people give them, signed calls, and where policy asks for them."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jutong import catalogue, delivery, ledger, registers, sharing
from jutong.delivery import Consumer
from jutong.delivery.gateway import Gateway, Names
from jutong.guard.grades import Method
from jutong.kernel.crypto import SigningKey
from jutong.kernel.errors import Invalid, NotKnown
from jutong.kernel.httpsig import (
    Signs,
    Target,
    claim_of,
    content_digest,
    sign_request,
    sign_response,
    verify_request,
    verify_response,
)
from jutong.kernel.keys import load_any_key, load_key, make_sm2_key
from jutong.kernel.public_key import read_public_key
from jutong.kernel.sm2 import Sm2PublicKey, Sm2SigningKey, is_here
from jutong.registers import SystemName
from tests.city import City, a_full_city
from tests.gateway import AUTHORITY_NAME, CODE, KEY, NODE_KEY, SERVICE, Market, a_market, run, send, served
from tests.town import HOUSE
from tests.unit.test_cli import run as command
from tests.unit.test_cli import shown

pytestmark = pytest.mark.skipif(not is_here(), reason="this machine's OpenSSL has no SM2")

# GB/T 32918.5-2017, annex A: the signer, the message and its signature.
X = "09F9DF311E5421A150DD7D161E4BC5C672179FAD1833FC076BB08FF356F35020"
Y = "CCEA490CE26775A52DC6EA718CC1AA600AED05FBF35E084A6632F6072DA9AD13"
R = "F5A03B0648D2C4630EEAC513E1BB81A15944DA3827D5B74143AC7EACEEE720B3"
S = "B1B6AA29DF212FD8763182BC0D421CA1BB9038FD1F7F42D4840B69C485BBC1AA"
SPELLED = "Awn53zEeVCGhUN19Fh5LxcZyF5+tGDP8B2uwj/NW81Ag"
PEM = (
    "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoEcz1UBgi0DQgAECfnfMR5UIaFQ3X0WHkvFxnIXn60Y\n"
    "M/wHa7CP81bzUCDM6kkM4md1pS3G6nGMwapgCu0F+/NeCEpmMvYHLamtEw==\n-----END PUBLIC KEY-----\n"
)
STANDARD = bytes.fromhex(R + S)

P = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFF
A, B = P - 3, 0x28E9FA9E9D9F5E344D5A9E4BCF6509A7F39789F515AB8F92DDBCBD414D940E93
N = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123
G = (
    0x32C4AE2C1F1981195F9904466A39C9948FE30BBFF2660BE1715A4589334C74C7,
    0xBC3736A2F4F6779C59BDCEE36B692153D0A9877CC62A474002DF32E52139F0A0,
)
Point = tuple[int, int] | None
NONCE = "0123456789abcdef"
TARGET = Target("POST", "node.example:8700", "/r1/x/query", "")
NODE_SM2 = Sm2SigningKey.new() if is_here() else None
SYSTEM_SM2 = Sm2SigningKey.new() if is_here() else None


def plus(one: Point, other: Point) -> Point:
    """Add two points."""
    if one is None or other is None:
        return one or other
    (x1, y1), (x2, y2) = one, other
    if x1 == x2 and (y1 + y2) % P == 0:
        return None
    slope = (3 * x1 * x1 + A) * pow(2 * y1, -1, P) if one == other else (y2 - y1) * pow(x2 - x1, -1, P)
    x3 = (slope * slope - x1 - x2) % P
    return x3, (slope * (x1 - x3) - y1) % P


def times(count: int, point: Point) -> Point:
    """Multiply a point."""
    found: Point = None
    while count:
        if count & 1:
            found = plus(found, point)
        point, count = plus(point, point), count >> 1
    return found


def holds(public: tuple[int, int], signature: bytes, data: bytes) -> bool:
    """Verify as the standard writes it (GB/T 32918.2-2016, 7.1): the oracle of what OpenSSL does."""
    spelled = b"".join(number.to_bytes(32) for number in (A, B, *G, *public))
    z = hashlib.new("sm3", (128).to_bytes(2) + b"1234567812345678" + spelled).digest()
    e = int.from_bytes(hashlib.new("sm3", z + data).digest())
    r, s = int.from_bytes(signature[:32]), int.from_bytes(signature[32:])
    found = plus(times(s, G), times((r + s) % N, public))
    return found is not None and (e + found[0]) % N == r


def test_the_standards_signature_holds() -> None:
    """GB/T 32918.5-2017, A.2; by OpenSSL and by the standard's own steps; and no other message or signature does."""
    key = Sm2PublicKey.read("04" + X + Y)
    assert key.verifies(STANDARD, b"message digest")
    assert holds((int(X, 16), int(Y, 16)), STANDARD, b"message digest")
    assert not key.verifies(STANDARD, b"message digesT")
    assert not key.verifies(STANDARD[32:] + STANDARD[:32], b"message digest")
    for wrong in (b"", STANDARD[:-1], bytes(64), STANDARD[:32] + bytes(32), b"\xff" * 64, STANDARD + b"\0"):
        assert not key.verifies(wrong, b"message digest")


@given(st.binary(max_size=200))
@settings(max_examples=10, deadline=None)
def test_what_is_signed_holds_by_the_standards_steps(data: bytes) -> None:
    """OpenSSL's signatures are checked by an arithmetic of our own, with the default identifier."""
    key = Sm2SigningKey.new()
    signature = key.sign(data)
    point = read_public_key(str(key.public))
    assert isinstance(point, Sm2PublicKey)
    x = int.from_bytes(point.raw[1:])
    y = pow((x**3 + A * x + B) % P, (P + 1) // 4, P)
    public = (x, y if y & 1 == point.raw[0] & 1 else P - y)
    assert holds(public, signature, data)
    assert point.verifies(signature, data)
    assert not point.verifies(signature, data + b"\0")


@pytest.mark.parametrize(
    "spelled",
    [
        "04" + X + Y,
        X + Y,
        "03" + X.lower(),
        SPELLED,
        PEM,
    ],
)
def test_a_public_key_is_read_in_every_usual_spelling(spelled: str) -> None:
    """Whole, without its mark, compressed, base64 and PEM are one key, spelled in 44 characters."""
    key = read_public_key(spelled)
    assert str(key) == SPELLED
    assert key == read_public_key(str(key))
    assert hash(key) == hash(read_public_key(str(key)))


@pytest.mark.parametrize(
    "spelled",
    ["04" + X + X, "02" + "f" * 64, "05" + X, "04" + "0" * 128, "A" * 44, "zz" * 33, "-----BEGIN PUBLIC KEY-----"],
)
def test_what_is_no_point_of_the_curve_is_no_key(spelled: str) -> None:
    """A point that is not on the curve would give the key's other half away: none is taken."""
    with pytest.raises(Invalid):
        read_public_key(spelled)


def test_an_ed25519_key_is_still_one() -> None:
    """Both kinds are 44 characters of base64, and are told apart."""
    key = SigningKey.of_seed(bytes(32)).public
    assert read_public_key(str(key)) == key


def test_a_key_file_is_its_owners_alone(tmp_path: Path) -> None:
    """Made once, read by the same command as an Ed25519 key, refused when others can read it."""
    path = tmp_path / "keys" / "sm2.pem"
    made = make_sm2_key(path)
    assert path.stat().st_mode & 0o777 == 0o600
    again = load_any_key(path)
    assert again.public == made.public == make_sm2_key(path).public
    with pytest.raises(Invalid, match="no Ed25519 key"):
        load_key(path)
    path.chmod(0o644)
    with pytest.raises(Invalid, match="by others"):
        load_any_key(path)
    path.chmod(0o600)
    path.write_bytes(path.read_bytes().replace(b"MIGH", b"MIGI"))
    with pytest.raises(Invalid):
        load_any_key(path)


def test_a_message_says_by_which_algorithm_and_that_must_be_its_keys() -> None:
    """``sm2-sm3`` stands in the parameters and SM3 beside SHA-256; neither suite passes as the other."""
    assert SYSTEM_SM2 is not None
    fields = {"x-road-client": "a"}
    signed = fields | sign_request(SYSTEM_SM2, TARGET, fields, b"body", keyid="k", nonce=NONCE, created=5)
    assert ';alg="sm2-sm3";' in signed["signature-input"]
    assert signed["content-digest"] == content_digest(b"body", "sm2-sm3")
    sm3 = base64.b64encode(hashlib.new("sm3", b"body").digest()).decode()
    assert signed["content-digest"] == f"{content_digest(b'body')}, sm3=:{sm3}:"
    verify_request(claim_of(signed), SYSTEM_SM2.public, TARGET, signed, b"body", now=5)
    ed25519 = SigningKey.of_seed(bytes(32))
    as_other = signed | {"signature-input": signed["signature-input"].replace("sm2-sm3", "ed25519")}
    for wrong, key, body in (
        (as_other, SYSTEM_SM2.public, b"body"),
        (signed, ed25519.public, b"body"),
        (signed, SYSTEM_SM2.public, b"Body"),
        (signed | {"content-digest": content_digest(b"body")}, SYSTEM_SM2.public, b"body"),
    ):
        with pytest.raises(NotKnown):
            verify_request(claim_of(wrong), key, TARGET, wrong, body, now=5)


def test_an_answer_by_sm2_is_bound_to_its_request() -> None:
    """The node signs by SM2 over the very signature that it answers (``;req``)."""
    assert NODE_SM2 is not None
    how = {"method": "GET", "request_signature": "sig1=:abc:"}
    fields = {"jutong-call": "c"}
    answer = fields | sign_response(NODE_SM2, 200, fields, b"{}", keyid="n", created=5, **how)
    verify_response(NODE_SM2.public, 200, answer, b"{}", now=5, **how)
    for change in ({"request_signature": "sig1=:abd:"}, {"method": "POST"}):
        with pytest.raises(NotKnown):
            verify_response(NODE_SM2.public, 200, answer, b"{}", now=5, **(how | change))


# At the gateway ---------------------------------------------------------------------------------------------------


@pytest.fixture
def market(tmp_path: Path) -> Market:
    """A delivered service whose consumer has an SM2 key."""
    market = a_market(tmp_path)
    assert SYSTEM_SM2 is not None
    with market.town.desk(HOUSE) as desk:
        registers.set_key(desk, SystemName.parse(market.client), read_public_key(str(SYSTEM_SM2.public)))
    return market


def worker(market: Market, **how: Any) -> Gateway:
    """Build a worker of the gateway."""
    market.workers += 1
    return Gateway(
        market.town.engine,
        market.town.pools,
        ledger.Journal(market.folder / "journal", f"w{market.workers}"),
        NODE_KEY,
        lambda: market.town.now,
        Names("node.example", frozenset({AUTHORITY_NAME})),
        market.folder / "gateway",
        **how,
    )


def told(market: Market, story: Callable[[Gateway], Any], **how: Any) -> Any:
    """Run a story with a worker of these settings."""
    market.gateway = lambda: worker(market, **how)  # type: ignore[method-assign]
    return run(market, story)


def test_a_call_by_sm2_is_answered_by_sm2(market: Market) -> None:
    """A system with an SM2 key signs; the node's answer is signed by its SM2 key, and stands for that call alone."""
    assert NODE_SM2 is not None
    path = f"/r1/{SERVICE}/{CODE}"

    async def story(gateway: Gateway) -> tuple[Mapping[str, str], Any]:
        headers = market.signed(
            "GET", path, {"x-road-client": market.client, "jutong-purpose": "social-security"}, key=SYSTEM_SM2
        )
        return headers, await send(gateway, "GET", path, headers)

    headers, reply = told(market, story, sm2_key=NODE_SM2)
    assert reply.status == 200
    claim = verify_response(
        NODE_SM2.public,
        200,
        reply.headers,
        reply.raw,
        method="GET",
        request_signature=headers["signature"],
        now=market.now(),
    )
    assert (claim.alg, claim.keyid) == ("sm2-sm3", "node.example")


def test_a_call_by_another_suite_than_the_registered_keys_is_not_known(market: Market) -> None:
    """The system's Ed25519 key was replaced by the SM2 one: what it signs counts no more; a replay does not either."""
    path = f"/r1/{SERVICE}/{CODE}"

    async def story(gateway: Gateway) -> list[int]:
        old = await market.ask(gateway, path)
        fields = {"x-road-client": market.client, "jutong-purpose": "social-security"}
        headers = market.signed("GET", path, fields, key=SYSTEM_SM2)
        replies = [old, *[await send(gateway, "GET", path, headers) for _ in range(2)]]
        return [reply.status for reply in replies]

    assert told(market, story, sm2_key=NODE_SM2) == [401, 200, 401]


def test_a_node_without_an_sm2_key_says_so(market: Market) -> None:
    """It could not sign its answer in kind, so it does not answer."""
    path = f"/r1/{SERVICE}/{CODE}"

    async def story(gateway: Gateway) -> Any:
        fields = {"x-road-client": market.client, "jutong-purpose": "social-security"}
        return await send(gateway, "GET", path, market.signed("GET", path, fields, key=SYSTEM_SM2))

    reply = told(market, story)
    assert reply.status == 401
    assert "jutong migrate" in reply.body["remedy"]


def asked(market: Market, key: Signs, **how: Any) -> list[tuple[int, str]]:
    """Ask by signature, and by a token that the same key opened."""
    path = f"/r1/{SERVICE}/{CODE}"
    fields = {"x-road-client": market.client, "jutong-purpose": "social-security"}

    async def story(gateway: Gateway) -> list[tuple[int, str]]:
        signed = await send(gateway, "GET", path, market.signed("GET", path, fields, key=key))
        opened = await send(gateway, "POST", "/r1/session", market.signed("POST", "/r1/session", fields, key=key))
        token = {"authorization": f"Bearer {opened.body['token']}"}
        by_token = await send(gateway, "GET", path, fields | token)
        return [(reply.status, reply.headers.get("x-road-error", "")) for reply in (signed, by_token)]

    return told(market, story, sm2_key=NODE_SM2, **how)  # type: ignore[no-any-return]


def test_where_policy_asks_for_sm2_nothing_else_is_answered(tmp_path: Path) -> None:
    """From the settings' grade on, Ed25519 and tokens are refused by GB/T 39786; below it, whoever calls chooses."""
    assert SYSTEM_SM2 is not None
    market = a_market(tmp_path)
    assert asked(market, KEY) == [(200, ""), (200, "")]
    assert asked(market, KEY, sm2_from="L4") == [(200, ""), (200, "")]
    assert asked(market, KEY, sm2_from="L1") == [(403, "suite"), (403, "suite")]
    with market.town.desk(HOUSE) as desk:
        registers.set_key(desk, SystemName.parse(market.client), SYSTEM_SM2.public)
    assert asked(market, SYSTEM_SM2) == [(200, ""), (200, "")]
    assert asked(market, SYSTEM_SM2, sm2_from="L1") == [(200, ""), (403, "suite")]
    assert {record["code"] for record in market.records()} == {"ok", "suite"}


def test_the_client_signs_and_checks_by_sm2(market: Market) -> None:
    """``delivery.Consumer`` with an SM2 key asks over HTTP, and takes an answer by the node's SM2 key alone."""
    assert SYSTEM_SM2 is not None
    assert NODE_SM2 is not None
    with served(market, worker(market, sm2_key=NODE_SM2)) as url:
        for signed in (False, True):
            with Consumer(url, market.client, SYSTEM_SM2, NODE_SM2.public, signed=signed) as consumer:
                assert consumer.query(SERVICE, CODE, purpose="social-security").body["uscc"] == CODE
                assert consumer.verify(SERVICE, CODE, {"uscc": CODE}, purpose="social-security")
        deceived = Consumer(url, market.client, SYSTEM_SM2, NODE_KEY.public, signed=True)
        with deceived, pytest.raises(NotKnown):
            deceived.query(SERVICE, CODE, purpose="social-security")


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> City:
    """A node made by the product's own commands."""
    return a_full_city(tmp_path_factory.mktemp("sm2") / "home", port=1)


def test_a_system_enrols_an_sm2_key(city: City) -> None:
    """By API in PEM or hex, as the security administrator's act; the register holds its 44 characters."""
    path = f"/api/systems/{city.found['system']}/key"
    with city.client() as client:
        for spelled in ("04" + X + Y, PEM):
            answer = client.put(path, json={"public_key": spelled}, headers=city.bearer("security"))
            assert answer.status_code == 200, answer.text
            assert answer.json()["public_key"] == SPELLED
        refused = client.put(path, json={"public_key": "04" + X + X}, headers=city.bearer("security"))
        assert refused.status_code == 422
        assert "SM2" in refused.text
    with city.house.reading() as db:
        system = registers.find_system(db, SystemName.parse(city.found["system"]))
    assert isinstance(system.key, Sm2PublicKey)


def test_a_node_is_made_with_an_sm2_key_and_prints_its_public_half(city: City) -> None:
    """`init` makes it, `migrate` makes it where it is missing, `keys` prints it, and never the secret."""
    home = city.house.home
    public = str(load_any_key(home.sm2_key).public)
    result = command("keys", "--home", home.folder, "--json")
    printed = shown(result)
    assert (printed["sm2"], printed["answers"]) == (public, str(city.house.key.public))
    assert home.sm2_key.read_text().split("\n")[1] not in result.output
    home.sm2_key.unlink()
    assert "sm2" not in shown(command("keys", "--home", home.folder, "--json"))
    shown(command("migrate", "--home", home.folder, "--json"))
    assert shown(command("keys", "--home", home.folder, "--json"))["sm2"] != public


def test_where_policy_asks_for_sm2_the_page_says_so_before_a_call(city: City) -> None:
    """What the gateway would refuse is told on the page where a call is tried."""
    with city.house.reading() as db:
        agreement = sharing.find_agreement(db, city.found["agreement"])
        entry = catalogue.find(db, agreement.entry)
        service = delivery.service_for(db, entry.id)
    day = agreement.starts
    for alg, sm2_from, code in (("ed25519", "L1", "suite"), ("sm2-sm3", "L1", None), ("ed25519", "", None)):
        call = delivery.Call(agreement.systems[0], Method.QUERY, "social-security", (), day, records=1, alg=alg)
        found = delivery.verdict_of(agreement, entry, service, call, known=True, used=0, policies=(), sm2_from=sm2_from)
        assert (found.code if found else None) == code
