"""Pushes: a department's system sends a file in parts; whatever breaks, it lands once, and a receipt comes back."""

from __future__ import annotations

import hashlib
import json
import secrets
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from litestar import Litestar
from litestar.testing import TestClient

from jutong import collection, ledger, registers
from jutong.collection import Layout, pushes
from jutong.collection.pushes import PART_MOST, Parcel, Stage
from jutong.kernel.crypto import PublicKey, SigningKey
from jutong.kernel.errors import Invalid, NotKnown, Unavailable
from jutong.kernel.httpsig import Target, sign_request
from jutong.kernel.outward import Outward
from jutong.ledger import Receipt
from tests.city import AUTHORITY, MARKET, ROWS, SOCIAL, City, a_full_city
from tests.postgres import fresh_database, postgres_url  # noqa: F401

HOST = "127.0.0.1:8700"
KEY, OTHER = SigningKey.of_seed(b"market--" * 4), SigningKey.of_seed(b"social--" * 4)
HEADER = "name,uscc,reg_date,ent_type,capital,scope,province,city,address\n"


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def city(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    """A city where two departments' systems have keys, over either control database."""
    database = ""
    if request.param == "postgres":
        database = fresh_database(request.getfixturevalue("postgres_url")).replace("postgresql:", "postgresql+psycopg:")
    made = a_full_city(tmp_path_factory.mktemp(request.param) / "home", database=database)
    with made.house.desk(made.house.itself) as desk:
        for body, key, name in ((MARKET, KEY, "pusher"), (SOCIAL, OTHER, "spy"), (MARKET, None, "mute")):
            system = registers.register_system(desk, body, name, name)
            made.found[name] = str(system.name)
            if key:
                registers.set_key(desk, system.name, PublicKey.read(str(key.public)))
    yield made
    made.house.engine.dispose()


@pytest.fixture(scope="module")
def client(city: City) -> Iterator[TestClient[Litestar]]:
    """The network between a department and the node."""
    with city.client() as client:
        yield client


class Caller:
    """A system that signs by hand, and may do it wrongly."""

    def __init__(self, client: TestClient[Litestar], system: str, key: SigningKey = KEY) -> None:
        self.client, self.system, self.key = client, system, key

    def signed(self, method: str, path: str, body: bytes = b"", *, host: str = HOST) -> dict[str, str]:
        nonce, now = secrets.token_urlsafe(18), int(time.time())
        fields = sign_request(
            self.key, Target(method, host, path), {}, body, keyid=self.system, nonce=nonce, created=now
        )
        return {**fields, "host": host, "content-type": "application/json", "accept-language": "en"}

    def call(self, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None) -> httpx.Response:
        given = headers if headers is not None else self.signed(method, path, body)
        return self.client.request(method, path, content=body, headers=given)

    def open(self, city: City, data: bytes, **changes: object) -> httpx.Response:
        sheet = {"entry": city.found["entry"], "name": "rows.csv", "size": len(data), "content": sha(data), **changes}
        return self.call("POST", "/push/files", json.dumps(sheet).encode())


def sha(data: bytes) -> str:
    """Return a digest as it is announced."""
    return hashlib.sha256(data).hexdigest()


def rows(mark: str, count: int = 3) -> bytes:
    """Return a delivery that no other test has."""
    line = "重庆长江有限公司,9150000020280332XF,2001-03-05,有限责任公司,500万元人民币,技术服务,重庆市,重庆市,{}{}号\n"
    return (HEADER + "".join(line.format(mark, number) for number in range(count))).encode()


def refused(answer: httpx.Response, status: int) -> dict[str, Any]:
    """Return the words of a refusal."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    told: dict[str, Any] = answer.json()
    return told


def sender(client: TestClient[Litestar], city: City, **changes: object) -> pushes.Sender:
    """Return the product's own client, over the same network."""
    outward = Outward(inside=True)
    outward._client = client
    made = pushes.Sender(f"http://{HOST}", city.found["pusher"], KEY, outward, sleep=lambda _: city.settle())
    return replace(made, **changes)  # type: ignore[arg-type]


def test_a_file_sent_in_parts_lands_once_with_a_receipt(
    city: City, client: TestClient[Litestar], tmp_path: Path
) -> None:
    """The client sends parts, the node lands the whole; the receipt holds under the log's key; again is no change."""
    path = tmp_path / "rows.csv"
    path.write_bytes(rows("甲", 400))
    parcel = Parcel(entry=city.found["entry"], name=path.name, size=path.stat().st_size, content=pushes.digest_of(path))
    told: list[tuple[int, int]] = []
    sent = sender(client, city, part=10_000).send(path, parcel, progress=lambda done, of: told.append((done, of)))
    assert (sent.rows_read, sent.rows_landed, sent.rows_quarantined) == (400, 400, 0)
    assert len(told) > 3
    assert told[-1] == (parcel.size, parcel.size)
    assert ledger.verify_receipt(sent.receipt, [city.house.log.verifier]).holds
    line = ledger.Evidence.of_leaf(Receipt.read(sent.receipt).leaf)
    assert (line.act, line.on, line.actor) == ("collection.push_landed", sent.id, city.found["pusher"])
    assert (line.facts["content"], line.facts["batch"]) == (parcel.content, sent.batch)
    with city.house.reading() as db:
        assert collection.find_batch(db, sent.batch).source == "rows.csv"
    before = [len(city.lines(f"collection.{act}")) for act in ("landed", "push_opened", "push_landed")]
    assert sender(client, city).send(path, parcel).batch == sent.batch
    assert [len(city.lines(f"collection.{act}")) for act in ("landed", "push_opened", "push_landed")] == before
    assert not list((city.house.home.folder / "pushed").glob(f"{sent.id}*"))


def test_columns_of_another_name_are_declared(city: City, client: TestClient[Litestar], tmp_path: Path) -> None:
    """What a column is called in the department's own system is said beside the file."""
    path = tmp_path / "rows.csv"
    path.write_bytes(rows("丑").replace(b"uscc", b"tyshxydm", 1))
    layout = Layout(headers={"tyshxydm": "uscc"})
    content = pushes.digest_of(path)
    parcel = Parcel(entry=city.found["entry"], name=path.name, size=path.stat().st_size, content=content, layout=layout)
    assert sender(client, city).send(path, parcel).rows_landed == 3


def test_what_another_way_brought_is_known(city: City, client: TestClient[Litestar], tmp_path: Path) -> None:
    """A file that an officer had delivered by hand is the same batch, and the system still gets its receipt."""
    path = tmp_path / "rows.csv"
    path.write_bytes(ROWS.encode())
    parcel = Parcel(entry=city.found["entry"], name="a.csv", size=len(ROWS.encode()), content=sha(ROWS.encode()))
    landed = len(city.lines("collection.landed"))
    sent = sender(client, city).send(path, parcel)
    assert sent.batch == city.found["batch"]
    assert len(city.lines("collection.landed")) == landed
    assert city.lines("collection.push_landed")[-1].facts["known"] is True


def test_a_part_counts_only_whole_and_in_its_place(city: City, client: TestClient[Litestar]) -> None:
    """Altered, misplaced, oversized and surplus parts are refused, and the file goes on from what was accepted."""
    caller, data = Caller(client, city.found["pusher"]), rows("乙", 50)
    push = caller.open(city, data).json()
    parts = f"/push/files/{push['id']}/parts"
    assert caller.call("PUT", f"{parts}/0", data[:1000]).json()["offset"] == 1000
    altered = caller.signed("PUT", f"{parts}/1000", data[1000:2000])
    refused(caller.call("PUT", f"{parts}/1000", data[1000:1999] + b"x", altered), 401)
    refused(caller.call("PUT", f"{parts}/0", data[:1000]), 409)
    assert "1000" in refused(caller.call("PUT", f"{parts}/2000", data[2000:3000]), 409)["detail"]
    refused(caller.call("PUT", f"{parts}/1000", data[1000:] + b"x"), 422)
    assert caller.call("PUT", f"{parts}/1000", bytes(PART_MOST + 1)).status_code in (413, 422, 429)
    refused(caller.call("POST", f"/push/files/{push['id']}/landing"), 409)
    assert caller.call("GET", f"/push/files/{push['id']}").json()["offset"] == 1000
    assert caller.call("PUT", f"{parts}/1000", data[1000:]).json()["offset"] == len(data)
    done = caller.call("POST", f"/push/files/{push['id']}/landing").json()
    assert (done["stage"], done["rows_landed"]) == ("landed", 50)
    refused(caller.call("PUT", f"{parts}/0", data[:1000]), 409)


def test_only_the_system_itself_gets_in(city: City, client: TestClient[Litestar]) -> None:
    """No signature, a forged, replayed, stale or re-targeted one, a system without a key: 401, and nothing is kept."""
    data = rows("丙")
    caller = Caller(client, city.found["pusher"])
    opened = len(city.lines("collection.push_opened"))
    path, body = (
        "/push/files",
        json.dumps({"entry": city.found["entry"], "name": "a", "size": len(data), "content": sha(data)}).encode(),
    )
    assert caller.call("POST", path, body, {"host": HOST}).status_code == 401
    assert Caller(client, city.found["pusher"], OTHER).call("POST", path, body).status_code == 401
    assert Caller(client, city.found["mute"]).call("POST", path, body).status_code == 401
    assert Caller(client, "CN-500000/GOV/x/y").call("POST", path, body).status_code == 401
    other_node = caller.signed("POST", path, body, host="elsewhere.example")
    assert caller.call("POST", path, body, other_node).status_code == 401
    assert caller.call("POST", path, body, {**other_node, "host": HOST}).status_code == 401
    assert caller.call("POST", path, body.replace(b'"a"', b'"b"'), caller.signed("POST", path, body)).status_code == 401
    assert len(city.lines("collection.push_opened")) == opened
    once = caller.signed("POST", path, body)
    assert caller.call("POST", path, body, once).status_code == 201
    assert "before" in refused(caller.call("POST", path, body, once), 401)["detail"]


def test_a_system_reaches_only_its_own_bodys_entries_and_its_own_files(
    city: City, client: TestClient[Litestar]
) -> None:
    """Another body's system may push nothing into this entry, and does not learn that a push is there."""
    data, caller = rows("丁"), Caller(client, city.found["pusher"])
    spy = Caller(client, city.found["spy"], OTHER)
    denied = len(city.lines("guard.denied"))
    refused(spy.open(city, data), 403)
    assert len(city.lines("guard.denied")) == denied + 1
    push = caller.open(city, data).json()["id"]
    absent = "01JZ0000000000000000000000"
    for method, path in (("GET", ""), ("POST", "/landing"), ("GET", "/receipt"), ("DELETE", ""), ("PUT", "/parts/0")):
        hidden = spy.call(method, f"/push/files/{push}{path}", b"x" if method == "PUT" else b"")
        nothing = spy.call(method, f"/push/files/{absent}{path}", b"x" if method == "PUT" else b"")
        assert (hidden.status_code, nothing.status_code) == (404, 404), path
        assert hidden.content.replace(push.encode(), absent.encode()) == nothing.content
    assert caller.call("DELETE", f"/push/files/{push}").json()["stage"] == "given-up"
    assert caller.open(city, data).json()["stage"] == "open"


def test_a_file_at_fault_ends_with_its_reason_and_may_come_again(
    city: City, client: TestClient[Litestar], tmp_path: Path
) -> None:
    """Wrong columns, or bytes that are not those announced: the reason is kept, and no byte stays."""
    caller = Caller(client, city.found["pusher"])
    wrong = b"a,b\n1,2\n"
    push = caller.open(city, wrong).json()["id"]
    caller.call("PUT", f"/push/files/{push}/parts/0", wrong)
    assert "columns" in refused(caller.call("POST", f"/push/files/{push}/landing"), 422)["detail"]
    ended = caller.call("GET", f"/push/files/{push}").json()
    assert (ended["stage"], "columns" in ended["reason"]) == ("refused", True)
    assert not list((city.house.home.folder / "pushed").glob(f"{push}*"))
    assert caller.open(city, wrong).json()["stage"] == "open"
    data = rows("戊")
    path = tmp_path / "rows.csv"
    path.write_bytes(data.replace("戊".encode(), "己".encode()))
    parcel = Parcel(entry=city.found["entry"], name="rows.csv", size=len(data), content=sha(data))
    with pytest.raises(Invalid, match="announced"):
        sender(client, city).send(path, parcel)


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"size": 2**40}, 429),
        ({"size": 0}, 400),
        ({"content": "AB" * 32}, 400),
        ({"encoding": "utf-7"}, 422),
        ({"name": "a\nb"}, 422),
        ({"entry": "01JZ0000000000000000000000"}, 404),
    ],
)
def test_an_announcement_that_cannot_be_true_is_refused(
    city: City, client: TestClient[Litestar], changes: dict[str, object], status: int
) -> None:
    """Size, digest, encoding, name and entry are looked at before a byte is taken."""
    refused(Caller(client, city.found["pusher"]).open(city, rows("庚"), **changes), status)


def test_too_many_files_under_way_are_refused(city: City, client: TestClient[Litestar]) -> None:
    """A system that only ever begins does not fill the node."""
    caller = Caller(client, city.found["pusher"])
    answers = [caller.open(city, rows("辛", count)) for count in range(1, 20)]
    assert answers[-1].status_code == 429
    for answer in answers:
        if answer.is_success:
            caller.call("DELETE", f"/push/files/{answer.json()['id']}")
    assert caller.open(city, rows("辛")).is_success


def test_a_node_that_is_away_is_waited_for(city: City, client: TestClient[Litestar], tmp_path: Path) -> None:
    """A broken network costs a pause; patience that has run out is told as such; a refusal is never repeated."""

    class Flaky:
        failures = 2

        def request(self, *args: Any, **more: Any) -> httpx.Response:
            if self.failures:
                self.failures -= 1
                raise Unavailable("away")
            return sound.request(*args, **more)

    path = tmp_path / "rows.csv"
    path.write_bytes(rows("壬"))
    parcel = Parcel(entry=city.found["entry"], name=path.name, size=path.stat().st_size, content=sha(rows("壬")))
    sound = sender(client, city).outward
    assert sender(client, city, outward=Flaky()).send(path, parcel).rows_landed == 3
    with pytest.raises(Unavailable):
        sender(client, city, outward=Flaky(), patience=0).send(path, parcel)
    with pytest.raises(NotKnown):
        sender(client, city, key=OTHER).send(path, parcel)


def test_a_long_landing_is_waited_for_as_long_as_it_moves(
    city: City, client: TestClient[Litestar], tmp_path: Path
) -> None:
    """While the node is busy with the file and comes further, no patience runs out; the answer is the landed file's."""
    path = tmp_path / "rows.csv"
    path.write_bytes(rows("子"))
    parcel = Parcel(entry=city.found["entry"], name=path.name, size=path.stat().st_size, content=sha(rows("子")))

    class Busy:
        turns = 3

        def request(self, method: str, url: str, **more: Any) -> httpx.Response:
            if url.endswith("/landing") and self.turns:
                self.turns -= 1
                return httpx.Response(409, json={"detail": "busy"})
            answer = sound.request(method, url, **more)
            if self.turns and method == "GET":
                return httpx.Response(200, json={**answer.json(), "landing_rows": self.turns})
            return answer

    sound = sender(client, city).outward
    assert sender(client, city, outward=Busy(), patience=5).send(path, parcel).rows_landed == 3


def test_pushes_are_listed_newest_first(city: City, client: TestClient[Litestar]) -> None:
    """The node's officers see who sends what, and how it ended."""
    Caller(client, city.found["pusher"]).open(city, rows("癸"))
    with city.house.reading() as db:
        found = pushes.pushes_listed(db, provider=MARKET, limit=100)
        assert found[0].stage is Stage.OPEN
        assert [one.opened for one in found] == sorted((one.opened for one in found), reverse=True)
        assert pushes.pushes_listed(db, provider=AUTHORITY) == ()
        assert all(one.stage is Stage.LANDED for one in pushes.pushes_listed(db, stage="landed"))
