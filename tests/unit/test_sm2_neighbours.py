"""SM2 between nodes, to receivers of notices, and from departments: whoever has such a key is heard and told by it."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from jutong import cascade, ledger, registers, web
from jutong.collection import Layout, packages, pushes
from jutong.collection.packages import Depot
from jutong.collection.pushes import Parcel
from jutong.delivery.bulk import telling
from jutong.desk import House, open_house
from jutong.kernel.crypto import SigningKey
from jutong.kernel.errors import Invalid, NotKnown
from jutong.kernel.httpsig import ED25519, SM2, Signs, Target, claim_of, content_digest, sign_request, verify_request
from jutong.kernel.outward import Outward
from jutong.kernel.sm2 import Sm2SigningKey, is_here
from jutong.ledger import Note
from jutong.registers import Node, Relation, SystemName
from tests.city import MARKET, City, a_full_city
from tests.shares import Sharing, a_sharing, firms
from tests.unit.test_packages import CARRIER
from tests.unit.test_pushes import HOST, rows, sha
from tests.unit.test_subscriptions import receiving, subscribed

pytestmark = pytest.mark.skipif(not is_here(), reason="this machine's OpenSSL has no SM2")

OTHER_ED = SigningKey.of_seed(b"neighbor" * 4)
OTHER_SM2 = Sm2SigningKey.new() if is_here() else None
SYSTEM_SM2 = Sm2SigningKey.new() if is_here() else None


def by_sm(house: House) -> House:
    """Turn a node to the suite ``sm`` and open it again."""
    folder = house.home.folder
    house.engine.dispose()
    with (folder / "jutong.toml").open("a") as settings:
        settings.write('[crypto]\nsuite = "sm"\n')
    return open_house(folder)


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    """A city of the suite sm with a neighbour that has both keys, and a department's system with an SM2 key."""
    made = a_full_city(tmp_path_factory.mktemp("sm") / "home")
    made.house = by_sm(made.house)
    made.api = web.build(made.house)
    assert SYSTEM_SM2 is not None
    with made.house.desk(made.house.itself) as desk:
        registers.enrol_node(desk, a_neighbour())
        system = registers.register_system(desk, MARKET, "pusher", "推送系统")
        registers.set_key(desk, system.name, SYSTEM_SM2.public)
        made.found["pusher"] = str(system.name)
    yield made
    made.house.engine.dispose()


@pytest.fixture(scope="module")
def client(city: City) -> Iterator[TestClient[Litestar]]:
    """The network."""
    with city.client() as client:
        yield client


def a_neighbour(**changes: object) -> Node:
    """Return the neighbour as this node knows it."""
    assert OTHER_SM2 is not None
    known = Node(
        name="cn-510000",
        url=f"http://{HOST}",
        key=OTHER_ED.public,
        relation=Relation.PARENT,
        sm2_key=OTHER_SM2.public,
    )
    return replace(known, **changes)  # type: ignore[arg-type]


def network(client: TestClient[Litestar]) -> Outward:
    """Return the product's own client over the tests' network."""
    outward = Outward(inside=True)
    outward._client = client
    return outward


def as_seen_there(city: City, client: TestClient[Litestar], key: Signs) -> cascade.Peer:
    """Return this node as the neighbour reaches it: it signs by ``key`` and holds answers to the SM2 key."""
    house = city.house
    assert house.sm2 is not None
    known = Node(name=house.home.settings.name, url=f"http://{HOST}", key=house.key.public, sm2_key=house.sm2.public)
    return cascade.Peer(
        known, own_name="cn-510000", key=key, known=house.sm2.public, clock=house.clock, outward=network(client)
    )


def test_a_feed_is_asked_for_and_answered_by_sm2(city: City, client: TestClient[Litestar]) -> None:
    """The neighbour's call by its SM2 key is heard and answered by ours; its Ed25519 key counts here no more."""
    assert OTHER_SM2 is not None
    page = as_seen_there(city, client, OTHER_SM2).feed(-1)
    assert page.upto >= 0
    for key in (OTHER_ED, Sm2SigningKey.new()):
        with pytest.raises(NotKnown):
            as_seen_there(city, client, key).feed(-1)


def test_an_answer_by_the_other_family_is_refused(
    city: City, client: TestClient[Litestar], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who holds this node's SM2 key takes no answer that Ed25519 alone has signed."""
    assert OTHER_SM2 is not None
    peer = as_seen_there(city, client, OTHER_SM2)
    monkeypatch.setattr(House, "signs_for", lambda self, _: self.key)
    with pytest.raises(NotKnown):
        peer.feed(-1)


def test_the_house_chooses_by_suite_and_key(city: City) -> None:
    """Only a node of the suite sm, and only for who has such a key; the neighbour is kept with both."""
    house, node = city.house, a_neighbour()
    with house.reading() as db:
        assert registers.find_node(db, node.name) == node
    [peer] = [one for one in cascade.peers_of(house, Outward(inside=True)) if one.node.name == node.name]
    assert (peer._key, peer._known) == (house.sm2, node.sm2_key)
    plain = replace(house, sm2=None)
    [peer] = [one for one in cascade.peers_of(plain, Outward(inside=True)) if one.node.name == node.name]
    assert (peer._key, peer._known) == (house.key, node.key)
    assert registers.key_of(a_neighbour(sm2_key=None), by_sm2=True) == OTHER_ED.public


def test_a_witness_of_the_suite_asks_both_lines(city: City, client: TestClient[Litestar], tmp_path: Path) -> None:
    """The neighbour's checkpoint is cosigned with both signatures, and refused with one of them stripped."""
    log = ledger.Log(tmp_path / "log", "cn-510000", OTHER_ED, OTHER_SM2)
    log.append([b"one", b"two"])
    asked = ledger.ask_to_cosign(tmp_path / "log", old=0)
    note = Note(asked.note.body, asked.note.signatures[:1])
    assert client.post("/witness/add-checkpoint", content=replace(asked, note=note).body()).status_code == 403
    answer = client.post("/witness/add-checkpoint", content=asked.body())
    assert answer.status_code == 200
    assert answer.text.startswith(f"— {city.house.home.settings.name} ")
    log.close()


def test_a_neighbours_sm2_key_is_entered_over_the_api(city: City, client: TestClient[Litestar]) -> None:
    """As hex or base64; what is no key is refused, and the evidence names the key's digest."""
    assert OTHER_SM2 is not None
    sheet = {"name": "cn-520000", "url": "http://node.example", "key": str(OTHER_ED.public), "relation": "peer"}
    headers = city.bearer("system")
    bad = client.post("/api/nodes", content=json.dumps({**sheet, "sm2_key": "x"}), headers=headers)
    assert bad.status_code == 422 or bad.status_code == 400
    sent = client.post(
        "/api/nodes", content=json.dumps({**sheet, "sm2_key": OTHER_SM2.public.raw.hex()}), headers=headers
    )
    assert sent.is_success, sent.text
    assert sent.json()["sm2_key"] == str(OTHER_SM2.public)
    assert len(str(city.lines("registers.node_enrolled")[-1].facts["sm2_key"])) == 64


def test_a_department_pushes_by_sm2_and_gets_a_receipt_by_sm2(
    city: City, client: TestClient[Litestar], tmp_path: Path
) -> None:
    """Announced, sent in parts, landed, all signed by SM2; the receipt holds under the log's SM2 key alone."""
    assert SYSTEM_SM2 is not None
    path = tmp_path / "rows.csv"
    path.write_bytes(rows("商密", 300))
    parcel = Parcel(entry=city.found["entry"], name=path.name, size=path.stat().st_size, content=pushes.digest_of(path))
    sender = pushes.Sender(
        f"http://{HOST}", city.found["pusher"], SYSTEM_SM2, network(client), sleep=lambda _: city.settle(), part=9_000
    )
    sent = sender.send(path, parcel)
    assert (sent.rows_landed, sent.rows_quarantined) == (300, 0)
    assert ledger.verify_receipt(sent.receipt, [city.house.log.verifiers[1]]).facts["signed_by"] == "SM2"
    stranger = replace(sender, key=Sm2SigningKey.new())
    with pytest.raises(NotKnown):
        stranger.send(path, replace(parcel, content="0" * 64))


@pytest.mark.parametrize("fault", ["sm3", "no sm3", "sha256"])
def test_of_a_part_by_sm2_both_digests_must_hold(city: City, client: TestClient[Litestar], fault: str) -> None:
    """A part whose SM3 is another's, or left out, is not kept, though its signature and its SHA-256 are right."""
    assert SYSTEM_SM2 is not None
    data = rows(f"两摘要{fault}")
    sheet = {"entry": city.found["entry"], "name": "rows.csv", "size": len(data), "content": sha(data)}

    def signed(method: str, at: str, body: bytes, told: str = "") -> dict[str, str]:
        headers = {"content-digest": told} if told else {}
        nonce, now = secrets.token_urlsafe(18), int(time.time())
        fields = sign_request(
            *(SYSTEM_SM2, Target(method, HOST, at), headers, b"" if told else body),  # type: ignore[arg-type]
            keyid=city.found["pusher"],
            nonce=nonce,
            created=now,
        )
        return {**headers, **fields, "host": HOST, "content-type": "application/json"}

    body = json.dumps(sheet).encode()
    push = client.post("/push/files", content=body, headers=signed("POST", "/push/files", body)).json()
    right, wrong = content_digest(data, SM2), content_digest(data + b"x", SM2)
    digests = {
        "sm3": right.partition(", ")[0] + ", " + wrong.partition(", ")[2],
        "no sm3": right.partition(", ")[0],
        "sha256": wrong.partition(", ")[0] + ", " + right.partition(", ")[2],
    }
    at = f"/push/files/{push['id']}/parts/0"
    headers = {**signed("PUT", at, data, digests[fault]), "content-type": "application/octet-stream"}
    assert client.put(at, content=data, headers=headers).status_code == 401
    headers = {**signed("PUT", at, data, right), "content-type": "application/octet-stream"}
    assert client.put(at, content=data, headers=headers).json()["offset"] == len(data)


def test_a_package_of_an_edge_is_signed_by_sm2(city: City, tmp_path: Path) -> None:
    """The form has one signature, by the one key of its system: by SM2 it is taken, by a stranger's key it is not."""
    assert SYSTEM_SM2 is not None
    medium = tmp_path / "medium"
    medium.mkdir()
    path = tmp_path / "rows.csv"
    path.write_bytes(rows("前置"))
    to = packages.destination_of(city.house)
    forged = Depot.of(tmp_path / "forged", city.found["pusher"], city.found["entry"], to)
    packages.pack_file(forged, path, Layout(), Sm2SigningKey.new())
    forged.copy_to(medium)
    [turned_away] = packages.take_folder(city.house, CARRIER, medium)
    assert turned_away.package is None
    [one] = medium.glob("*.jtp")
    one.unlink()
    depot = Depot.of(tmp_path / "spool", city.found["pusher"], city.found["entry"], to)
    packages.pack_file(depot, path, Layout(), SYSTEM_SM2)
    depot.copy_to(medium)
    [taken] = packages.take_folder(city.house, CARRIER, medium)
    assert taken.package is not None
    city.settle()
    receipt = ledger.receipt_of(city.house.engine, city.house.home.ledger, taken.package.line)
    (medium / f"{taken.file.name}.receipt").write_text(receipt)
    strangers = [city.house.log.verifier, replace(city.house.log.verifiers[1], public=Sm2SigningKey.new().public.raw)]
    with pytest.raises(Invalid, match="does not hold"):
        depot.receipts_from(medium, strangers)
    [paper] = depot.receipts_from(medium, city.house.log.verifiers)
    assert paper.landed


@pytest.fixture
def shared(tmp_path: Path) -> Iterator[Sharing]:
    """An agreement on a table, at a node of the suite sm."""
    made = a_sharing(tmp_path / "home", firms(3))
    made.city.house = by_sm(made.house)
    made.keep()
    yield made
    made.house.engine.dispose()


def test_a_receiver_with_an_sm2_key_is_told_by_sm2(shared: Sharing) -> None:
    """Its notices bear SM2 and both digests; as long as its system has another key, or none, they are by Ed25519."""
    assert SYSTEM_SM2 is not None
    assert shared.house.sm2 is not None
    with receiving() as receiver:
        subscribed(shared, receiver.url)
        assert telling.tell_subscribers(shared.house) == 1
        with shared.house.desk(shared.house.itself) as desk:
            registers.set_key(desk, SystemName.parse(shared.system), SYSTEM_SM2.public)
        shared.lay(firms(5), "second")
        shared.keep()
        assert telling.tell_subscribers(shared.house) == 1
        claims = [claim_of(headers) for headers, _ in receiver.came]
        assert [one.alg for one in claims] == [ED25519, SM2]
        headers, body = receiver.came[-1]
        target = Target("POST", headers["host"], "/hook")
        verify_request(claims[-1], shared.house.sm2.public, target, headers, body, now=claims[-1].created)
        with pytest.raises(NotKnown):
            verify_request(claims[-1], shared.house.key.public, target, headers, body, now=claims[-1].created)
