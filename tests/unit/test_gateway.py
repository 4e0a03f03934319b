"""What a consumer gets from the gateway: what was agreed, and no more; and that every call is on record."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import multiprocessing
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from jutong import delivery, registers, sharing
from jutong.delivery.gateway import Gateway
from jutong.delivery.gateway.turn import Turns
from jutong.delivery.quota import Counters, Spent
from jutong.delivery.wire import Asked
from jutong.guard.grades import Method
from jutong.kernel.errors import NotAllowed, NotFound, NotKnown, Refused, Unavailable
from jutong.kernel.httpsig import verify_response
from jutong.kernel.ids import is_ulid
from jutong.registers import SystemName
from tests.gateway import (
    CODE,
    FIRM,
    KEY,
    NODE_KEY,
    OTHER,
    SERVICE,
    Market,
    Reply,
    a_market,
    answering,
    lay,
    run,
    send,
    served,
)
from tests.town import ANSWERING_HEAD, ASKING_HEAD, HOUSE, MARKET, SOCIAL


@pytest.fixture
def market(tmp_path: Path) -> Market:
    """A delivered service."""
    return a_market(tmp_path)


def firm(market: Market, path: str = f"/r1/{SERVICE}/{CODE}", **changes: Any) -> Reply:
    """Ask once."""
    return run(market, lambda gateway: market.ask(gateway, path, **changes))


def verify(market: Market, stated: Any, **changes: Any) -> Reply:
    """Verify once."""
    body = msgspec.json.encode(stated)
    return firm(market, f"/r1/{SERVICE}/verify", method="POST", body=body, **changes)


def test_only_agreed_items_come_back_masked_as_agreed(market: Market) -> None:
    """The register holds nine items; four were agreed, one of them only in part."""
    reply = firm(market)
    assert reply.status == 200
    assert reply.body == {
        "name": FIRM["name"],
        "uscc": CODE,
        "capital": FIRM["capital"],
        "address": "重庆市渝中区***",
    }
    assert reply.headers["cache-control"] == "no-store"


def test_a_caller_may_ask_for_less(market: Market) -> None:
    """Whoever needs one item takes one item."""
    assert firm(market, f"/r1/{SERVICE}/{CODE}?items=name").body == {"name": FIRM["name"]}
    assert firm(market, f"/r1/{SERVICE}/{CODE}?items=name%2Cuscc").body.keys() == {"name", "uscc"}


def test_a_key_is_found_however_it_is_typed(market: Market) -> None:
    """Small letters, full-width digits and spaces at the edges are the same key."""
    key = OTHER["uscc"].lower().replace("9", "%EF%BC%99")
    assert firm(market, f"/r1/{SERVICE}/%20{key}").body["name"] == "Chuan Trading"


def test_a_missing_record_is_told_apart_from_a_missing_right(market: Market) -> None:
    """With an agreement, no record is an answer and counts as a call; it is not an error of the exchange."""
    reply = firm(market, f"/r1/{SERVICE}/91500000000000000X")
    assert (reply.status, reply.body["type"]) == (404, "no-record")
    assert "x-road-error" not in reply.headers
    assert market.records()[-1]["code"] == "ok"


def test_verification_says_yes_or_no_and_nothing_else(market: Market) -> None:
    """One wrong fact, another wrong fact and an absent key give the same bytes."""
    right = {"name": "重庆长江(集团) 有限公司", "capital": "500万元人民币"}
    assert verify(market, {"key": CODE, "facts": right}).raw == b'{"match":true}'
    no = [
        verify(market, {"key": CODE, "facts": right | {"name": "重庆黄河公司"}}),
        verify(market, {"key": CODE, "facts": right | {"capital": "5万"}}),
        verify(market, {"key": "91500000000000000X", "facts": right}),
    ]
    assert {reply.raw for reply in no} == {b'{"match":false}'}
    assert {reply.status for reply in no} == {200}


def test_a_batch_is_verified_in_order(market: Market) -> None:
    """Up to a hundred keys in one call; each counts against the quota."""
    batch = [{"key": CODE, "facts": {"name": FIRM["name"]}}, {"key": OTHER["uscc"], "facts": {"name": "chuantrading"}}]
    assert verify(market, batch).body == [{"match": True}, {"match": True}]
    assert verify(market, batch * 51).status == 400
    assert verify(market, []).status == 400


def query_all(market: Market, wish: Any, **changes: Any) -> Reply:
    """Ask for many."""
    return firm(market, f"/r1/{SERVICE}/query", method="POST", body=msgspec.json.encode(wish), **changes)


def test_many_records_come_in_one_answer(tmp_path: Path) -> None:
    """Each key is found or not, in order, masked as agreed; rows outside the agreed area are not found."""
    market = a_market(tmp_path, divisions=("500100",))
    reply = query_all(market, {"keys": [CODE, "91500000000000000X", OTHER["uscc"]], "items": ["address"]})
    found = {"found": True, "record": {"address": "重庆市渝中区***"}}
    assert (reply.status, reply.body) == (200, [found, {"found": False}, {"found": False}])
    (record,) = market.records()
    assert (record["rows"], record["code"], len(record["subject"].split(","))) == (1, "ok", 3)


def test_every_key_of_a_batch_counts_or_none_does(tmp_path: Path) -> None:
    """A batch beyond the day's quota is refused whole and leaves the quota as it was."""
    market = a_market(tmp_path, quota_per_day=3)
    assert query_all(market, {"keys": [CODE] * 4}).body["type"] == "quota"
    assert query_all(market, {"keys": [CODE] * 3}).status == 200
    assert query_all(market, {"keys": [CODE]}).status == 429


@pytest.mark.parametrize(
    ("wish", "status", "code"),
    [
        ({"keys": []}, 400, "invalid"),
        ({"keys": ["9"] * 1001}, 400, "invalid"),
        ({"keys": [""]}, 400, "invalid"),
        ({"keys": [7]}, 400, "invalid"),
        ({"keys": [CODE], "more": 1}, 400, "invalid"),
        ({"keys": [CODE], "items": ["name"] * 501}, 400, "invalid"),
        ({"keys": [CODE], "items": ["scope"]}, 403, "scope"),
    ],
)
def test_a_batch_outside_form_or_agreement_is_refused(both_ways: Any, wish: Any, status: int, code: str) -> None:
    """A thousand keys at most, agreed items only, nothing else in the body."""
    market, loop, gateway, _ = both_ways
    body = msgspec.json.encode(wish)
    reply = loop.run_until_complete(market.ask(gateway, f"/r1/{SERVICE}/query", method="POST", body=body))
    assert (reply.status, reply.body["type"]) == (status, code)


def test_a_thousand_keys_fit_into_one_call(both_ways: Any) -> None:
    """The longest batch of credit codes stays inside the limit of a body and of a record."""
    market, loop, gateway, _ = both_ways
    body = msgspec.json.encode({"keys": [CODE] * 1000, "items": ["uscc"]})
    reply = loop.run_until_complete(market.ask(gateway, f"/r1/{SERVICE}/query", method="POST", body=body))
    assert len(reply.body) == 1000
    assert market.records()[-1]["rows"] == 1000


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"jutong_purpose": "statistics"}, 403, "purpose"),
        ({"jutong_purpose": "; DROP TABLE"}, 403, "purpose"),
        ({"jutong_purpose": None}, 400, "invalid"),
        ({"path": f"/r1/{SERVICE}/{CODE}?items=name,scope"}, 403, "scope"),
        ({"path": f"/r1/{SERVICE}/{CODE}?items=_disputed"}, 403, "scope"),
        ({"path": f"/r1/{SERVICE}/{CODE}?columns=name"}, 400, "invalid"),
        ({"x_road_id": "not-a-uuid"}, 400, "invalid"),
        ({"jutong_agreement": "01K5WQ5X786QG2M668BGMJ2691"}, 404, "not-found"),
    ],
)
def test_a_call_outside_the_agreement_is_refused_and_on_record(
    market: Market, changes: dict[str, Any], status: int, code: str
) -> None:
    """The refusal names its basis; the record names the code and no key."""
    reply = firm(market, **changes)
    assert (reply.status, reply.headers["x-road-error"], reply.body["type"]) == (status, code, code)
    if status == 403:
        assert reply.body["basis"]
        assert reply.body["remedy"]
    (record,) = market.records()
    assert record["code"] == code
    assert record["id"] == reply.headers["jutong-call"]


def test_a_fact_that_was_not_agreed_cannot_be_verified(market: Market) -> None:
    """Yes or no to an item outside the agreement would disclose it."""
    reply = verify(market, {"key": CODE, "facts": {"name": FIRM["name"], "scope": "x"}})
    assert (reply.status, reply.body["type"]) == (403, "scope")


def test_a_method_that_was_not_agreed_is_refused(tmp_path: Path) -> None:
    """An agreement on verification alone gives no records."""
    market = a_market(tmp_path, methods=frozenset({Method.VERIFY}))
    assert firm(market).body["type"] == "scope"
    assert verify(market, {"key": CODE, "facts": {"name": FIRM["name"]}}).status == 200


@pytest.mark.parametrize("day", [date(2025, 9, 23), date(2027, 9, 1)])
def test_the_term_is_kept_to_the_day(market: Market, day: date) -> None:
    """Before the first day and after the last nothing is answered."""
    market.town.on(day)
    assert firm(market).body["type"] == "term"
    market.town.on(date(2027, 8, 31))
    assert firm(market).status == 200


def test_rows_outside_the_agreed_divisions_do_not_exist(tmp_path: Path) -> None:
    """Who may ask about one district gets no firm of another, and no hint of it."""
    market = a_market(tmp_path, divisions=("500100",))
    assert firm(market).status == 200
    outside, absent = firm(market, f"/r1/{SERVICE}/{OTHER['uscc']}"), firm(market, f"/r1/{SERVICE}/91500000000000000X")
    assert outside.body | {"detail": ""} == absent.body | {"detail": ""}
    assert verify(market, {"key": OTHER["uscc"], "facts": {"name": OTHER["name"]}}).body == {"match": False}


def test_the_refusal_speaks_the_readers_language(market: Market) -> None:
    """English on demand; the header decides, not the system."""
    assert "purpose" in firm(market, jutong_purpose="fiscal", accept_language="en").body["message"]


def test_what_is_not_known_is_refused_in_the_same_words(market: Market) -> None:
    """No service, another body's service, another body's agreement: one answer, byte for byte."""
    other = SERVICE.replace(MARKET, SOCIAL)
    replies = [
        firm(market, f"/r1/{SERVICE}x/{CODE}"),
        firm(market, f"/r1/{other}/{CODE}"),
        firm(market, jutong_agreement="01K5WQ5X786QG2M668BGMJ2691"),
        firm(market, f"/r1/{SERVICE.rpartition('/')[0]}/getOpenAPI?serviceCode=other"),
        firm(market, "/r1/a/b/c/d/listMethods"),
        firm(market, "/r1/"),
    ]
    assert {(reply.status, reply.raw) for reply in replies} == {(404, replies[0].raw)}


def test_every_call_leaves_one_record_without_key_or_value(market: Market) -> None:
    """Whoever kept the answer can find its digest on record; whoever reads the record learns nothing of the firm."""
    reply = firm(market, x_road_userid="zhang.san", x_road_issue="case 7")
    (record,) = market.records()
    assert is_ulid(reply.headers["jutong-call"])
    salted = reply.headers["x-road-request-id"].encode() + b"\n" + reply.raw
    assert record["response"] == hashlib.sha256(salted).hexdigest()
    assert record["rows"] == 1
    assert record["agreement"] == market.agreement.id
    words = str(record)
    assert not any(secret in words for secret in (CODE, "zhang", "case 7", "长江", "人民路"))


def test_the_answer_to_a_signed_call_is_signed_and_bound_to_it(market: Market) -> None:
    """The consumer can prove what it was told, and to which question."""
    headers = market.signed("GET", f"/r1/{SERVICE}/{CODE}", {"x-road-client": market.client, "jutong-purpose": "x"})

    async def story(gateway: Gateway) -> Reply:
        return await send(gateway, "GET", f"/r1/{SERVICE}/{CODE}", headers)

    reply = run(market, story)
    claim = {"method": "GET", "request_signature": headers["signature"], "now": market.now()}
    verify_response(NODE_KEY.public, reply.status, reply.headers, reply.raw, **claim)
    with pytest.raises(NotKnown):
        verify_response(NODE_KEY.public, reply.status, reply.headers, reply.raw + b" ", **claim)


def test_a_session_saves_signatures_for_ten_minutes(market: Market) -> None:
    """A token is good for its system, its key and its time only."""

    async def story(gateway: Gateway) -> list[int]:
        token = await market.token(gateway)
        by_token = {"sign": False, "authorization": f"Bearer {token}"}
        path = f"/r1/{SERVICE}/{CODE}"
        statuses = [(await market.ask(gateway, path, **by_token)).status]
        statuses.append((await market.ask(gateway, path, sign=False, authorization=f"Bearer {token}x")).status)
        statuses.append((await market.ask(gateway, "/r1/session", method="POST", **by_token)).status)
        market.town.now = market.town.now.replace(minute=10)
        statuses.append((await market.ask(gateway, path, **by_token)).status)
        return statuses

    assert run(market, story) == [200, 401, 400, 401]


def test_a_token_dies_with_the_key_that_opened_it(market: Market) -> None:
    """A stolen key is withdrawn, and all that it opened is closed within a second."""

    async def story(gateway: Gateway) -> int:
        token = await market.token(gateway)
        with market.town.desk(HOUSE) as desk:
            registers.withdraw_key(desk, SystemName.parse(market.client))
        await asyncio.sleep(1)
        reply = await market.ask(gateway, f"/r1/{SERVICE}/{CODE}", sign=False, authorization=f"Bearer {token}")
        return reply.status

    assert run(market, story) == 401


def test_a_right_that_is_taken_away_is_gone_within_a_second(market: Market) -> None:
    """Suspension reaches a running gateway without a restart, and so does its end."""

    async def story(gateway: Gateway) -> list[str]:
        with market.town.desk(ANSWERING_HEAD) as desk:
            sharing.suspend(desk, market.agreement.id, reason="超范围使用")
        await asyncio.sleep(0.9)
        codes = [(await market.ask(gateway, f"/r1/{SERVICE}/{CODE}")).headers.get("x-road-error", "")]
        with market.town.desk(ANSWERING_HEAD) as desk:
            sharing.resume(desk, market.agreement.id)
        await asyncio.sleep(0.9)
        codes.append((await market.ask(gateway, f"/r1/{SERVICE}/{CODE}")).headers.get("x-road-error", ""))
        return codes

    assert run(market, story) == ["suspended", ""]


def test_an_agreed_change_and_an_end_reach_the_running_gateway(market: Market) -> None:
    """A proposal changes no answer; the second key takes the item out of them, and rights given up give nothing."""
    words = {"reason": "系统整合", "basis": "政务数据共享条例第二十七条"}

    async def story(gateway: Gateway) -> list[Any]:
        async def asked() -> Any:
            await asyncio.sleep(0.9)
            reply = await market.ask(gateway, f"/r1/{SERVICE}/{CODE}")
            return reply.headers.get("x-road-error") or sorted(reply.body)

        with market.town.desk(ANSWERING_HEAD) as desk:
            sharing.propose_change(desk, market.agreement.id, without=("address",), **words)
        said = [await asked()]
        with market.town.desk(ASKING_HEAD) as desk:
            sharing.agree_change(desk, market.agreement.id)
        said.append(await asked())
        with market.town.desk(ASKING_HEAD) as desk:
            sharing.conclude(desk, market.agreement.id, reason="专项核查已完成")
        return [*said, await asked()]

    assert run(market, story) == [["address", "capital", "name", "uscc"], ["capital", "name", "uscc"], "suspended"]


# What differs from answer to answer.
LASTING = {"x-road-id", "x-road-request-id", "jutong-call", "content-digest", "signature-input", "signature"}
SIGNED = pytest.mark.parametrize("signed", [False, True], ids=["in a session", "each signed"])


async def twice(market: Market, gateway: Gateway, path: str, *, token: str = "", **changes: Any) -> list[Reply]:
    """Ask the same twice in one session, or signed each time: the second call is judged by the first."""
    how: dict[str, Any] = {"sign": False, "authorization": f"Bearer {token}"} if token else {}
    return [await market.ask(gateway, path, **how, **changes) for _ in range(2)]


@pytest.mark.parametrize("key", [CODE, OTHER["uscc"].lower(), "91500000000000000X", "%20" + CODE, "a" * 300])
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"x_road_id": "4894e35d-bf0f-44a6-867a-8e51f1daa7e0", "x_road_userid": "CN123", "x_road_issue": "case 7"},
        {"x_road_id": "not-a-uuid"},
        {"x_road_issue": "x" * 300},
        {"jutong_purpose": "fiscal"},
    ],
    ids=["plain", "numbered", "no uuid", "long", "other purpose"],
)
@SIGNED
def test_a_call_like_one_before_is_answered_and_recorded_in_the_same_way(
    both_ways: Any, key: str, changes: dict[str, Any], signed: bool
) -> None:
    """What is remembered changes no byte of an answer and no word of a record but the numbers of the call."""
    market, loop, gateway, token = both_ways
    path = f"/r1/{SERVICE}/{key}"
    first, second = loop.run_until_complete(twice(market, gateway, path, token="" if signed else token, **changes))
    assert first.status == second.status
    assert first.raw.replace(first.headers["jutong-call"].encode(), b"") == second.raw.replace(
        second.headers["jutong-call"].encode(), b""
    )
    own = LASTING | ({"x-road-request-hash"} if signed else set())
    stated = [{name: value for name, value in one.headers.items() if name not in own} for one in (first, second)]
    assert stated[0] == stated[1]
    if "x_road_id" in changes:
        assert first.headers["x-road-id"] == second.headers["x-road-id"] or first.status == 400
    records = [
        {name: value for name, value in one.items() if name not in ("id", "request", "response")}
        for one in market.records()[-2:]
    ]
    assert records[0] == records[1]
    for reply, record in zip((first, second), market.records()[-2:], strict=True):
        request_id = reply.headers["x-road-request-id"].encode()
        asked = base64.b64decode(reply.headers["x-road-request-hash"])
        assert record["request"] == hashlib.sha256(request_id + b"\n" + asked).hexdigest()
        assert record["response"] == hashlib.sha256(request_id + b"\n" + reply.raw).hexdigest()


@pytest.fixture(scope="module")
def both_ways(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """One worker and one session for all pairs of calls."""
    market = a_market(tmp_path_factory.mktemp("both"))
    loop = asyncio.new_event_loop()
    gateway = market.gateway()
    loop.run_until_complete(gateway.startup())
    yield market, loop, gateway, loop.run_until_complete(market.token(gateway))
    loop.run_until_complete(gateway.shutdown())
    loop.close()


@SIGNED
def test_what_was_judged_dies_with_the_right(market: Market, signed: bool) -> None:
    """A caller whose calls were allowed a moment ago is refused within a second of the suspension."""

    async def story(gateway: Gateway) -> list[int]:
        token = "" if signed else await market.token(gateway)
        path = f"/r1/{SERVICE}/{CODE}"
        statuses = [one.status for one in await twice(market, gateway, path, token=token)]
        assert gateway._desks.standing._alike
        with market.town.desk(ANSWERING_HEAD) as desk:
            sharing.suspend(desk, market.agreement.id, reason="超范围使用")
        await asyncio.sleep(0.9)
        return statuses + [one.status for one in await twice(market, gateway, path, token=token)]

    assert run(market, story) == [200, 200, 403, 403]


@SIGNED
def test_what_was_judged_dies_with_the_day_and_with_the_session(market: Market, signed: bool) -> None:
    """The term is asked anew on every legal day, the session at every call."""

    async def story(gateway: Gateway) -> list[int]:
        path = f"/r1/{SERVICE}/{CODE}"
        market.town.now = datetime(2027, 8, 31, 15, 59, tzinfo=UTC)  # one minute before the last day ends
        token = "" if signed else await market.token(gateway)
        statuses = [one.status for one in await twice(market, gateway, path, token=token)]
        market.town.now = datetime(2027, 8, 31, 16, 0, tzinfo=UTC)
        statuses += [one.status for one in await twice(market, gateway, path, token=token)]
        market.town.now = datetime(2027, 8, 31, 16, 9, tzinfo=UTC)
        statuses += [one.status for one in await twice(market, gateway, path, token=token)]
        return statuses

    assert run(market, story) == [200, 200, 403, 403, *([403, 403] if signed else [401, 401])]


def test_each_call_that_is_like_a_signed_one_shows_by_itself_whose_it_is(market: Market) -> None:
    """Each is answered under a signature of its own; without one, or by a token with one's fields, it is not known."""
    path = f"/r1/{SERVICE}/{CODE}"
    plain = {"x-road-client": market.client, "jutong-purpose": "social-security"}

    async def story(gateway: Gateway) -> list[int]:
        for _ in range(2):
            headers = market.signed("GET", path, plain)
            reply = await send(gateway, "GET", path, headers)
            bound = {"method": "GET", "request_signature": headers["signature"], "now": market.now()}
            verify_response(NODE_KEY.public, reply.status, reply.headers, reply.raw, **bound)
            sent = {name.encode(): value.encode() for name, value in headers.items()}
            assert base64.b64decode(reply.headers["x-road-request-hash"]) == Asked("GET", path, "", sent).digest()
        token = await market.token(gateway)
        told = [await send(gateway, "GET", path, plain)]
        told += [await send(gateway, "GET", path, headers)]
        told += [await send(gateway, "GET", path, plain | {"signature": headers["signature"]})]
        told += [await send(gateway, "GET", path, plain | {"authorization": f"Bearer {token}"}) for _ in range(2)]
        told += [await send(gateway, "GET", path, market.signed("GET", path, plain))]
        with market.town.desk(HOUSE) as desk:
            registers.withdraw_key(desk, SystemName.parse(market.client))
        await asyncio.sleep(1)
        told += [await send(gateway, "GET", path, market.signed("GET", path, plain))]
        return [one.status for one in told]

    assert run(market, story) == [401, 401, 401, 200, 200, 200, 401]


@SIGNED
def test_what_was_judged_still_counts(tmp_path: Path, signed: bool) -> None:
    """The quota is counted at every call, however well the call is known."""
    market = a_market(tmp_path, quota_per_day=3)

    async def story(gateway: Gateway) -> list[int]:
        token = "" if signed else await market.token(gateway)
        pairs = [await twice(market, gateway, f"/r1/{SERVICE}/{CODE}", token=token) for _ in range(2)]
        return [one.status for pair in pairs for one in pair]

    assert run(market, story) == [200, 200, 200, 429]


def test_one_call_that_is_cancelled_takes_no_other_with_it(tmp_path: Path) -> None:
    """Calls that wait for one write go on when the caller of one of them has gone away."""
    written: list[bytes] = []

    class Paper:
        def write(self, records: Sequence[bytes]) -> None:
            written.extend(records)

        def close(self) -> None:
            pass

    async def story() -> list[Any]:
        turns = Turns(Paper())
        calls = [asyncio.create_task(turns.durable(b"%d" % number)) for number in range(3)]
        await asyncio.sleep(0)
        calls[1].cancel()
        return await asyncio.gather(*calls, return_exceptions=True)

    gone = asyncio.run(story())
    assert [type(one) for one in gone] == [type(None), asyncio.CancelledError, type(None)]
    assert written == [b"0", b"1", b"2"]


def test_a_new_serving_copy_is_followed_without_a_gap(market: Market) -> None:
    """Rows that landed later are answered from the same running worker."""

    async def story(gateway: Gateway) -> list[Any]:
        names = [(await market.ask(gateway, f"/r1/{SERVICE}/{CODE}")).body["name"]]
        lay(market.town, [FIRM | {"name": "重庆新名公司"}], mark="second")
        with market.town.desk(HOUSE) as desk:
            delivery.serve_entry(desk, market.town.entry)
        await asyncio.sleep(0.9)
        names.append((await market.ask(gateway, f"/r1/{SERVICE}/{CODE}")).body["name"])
        return names

    assert run(market, story) == [FIRM["name"], "重庆新名公司"]


def test_the_quota_is_counted_by_the_record_and_the_legal_day(tmp_path: Path) -> None:
    """The last record of the day is answered, the next is refused, and midnight in Beijing begins a new day."""
    market = a_market(tmp_path, quota_per_day=3)
    statuses = [firm(market).status, verify(market, [{"key": CODE, "facts": {"name": "x"}}] * 2).status]
    assert statuses == [200, 200]
    reply = firm(market)
    assert (reply.status, reply.body["type"]) == (429, "quota")
    market.town.now = market.town.now.replace(hour=15, minute=59)
    assert firm(market).status == 429
    market.town.now = market.town.now.replace(hour=16, minute=0)
    assert firm(market).status == 200


def _worker(folder: str, turns: int, granted: Any) -> None:
    counters = Counters(Path(folder))
    mine = sum(counters.take("agreement", date(2026, 1, 2), 1, 1000) for _ in range(turns))
    with granted.get_lock():
        granted.value += mine


def test_the_quota_is_exact_over_processes_and_outlives_kill(tmp_path: Path) -> None:
    """Workers share one count: not one record too many, not one too few; a killed worker takes nothing with it."""
    spawn = multiprocessing.get_context("spawn")
    granted = spawn.Value("i", 0)
    workers = [spawn.Process(target=_worker, args=(str(tmp_path), 800, granted)) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert granted.value == 1000
    third = spawn.Process(target=_take_until_killed, args=(str(tmp_path), granted))
    third.start()
    while granted.value < 1050:
        pass
    third.kill()
    third.join()
    assert Counters(tmp_path).used("other", date(2026, 1, 2)) >= 50
    assert Counters(tmp_path).used("agreement", date(2026, 1, 2)) == 1000


def _take_until_killed(folder: str, granted: Any) -> None:
    counters = Counters(Path(folder))
    while counters.take("other", date(2026, 1, 2), 1, 10**9):
        granted.value += 1


def test_two_workers_share_quota_and_used_signatures(tmp_path: Path) -> None:
    """A replay to the other worker is a replay, and the quota is the agreement's, not the worker's."""
    market = a_market(tmp_path, quota_per_day=2)

    async def story(one: Gateway) -> list[int]:
        path = f"/r1/{SERVICE}/{CODE}"
        headers = market.signed("GET", path, {"x-road-client": market.client, "jutong-purpose": "social-security"})
        async with answering(market) as two:
            statuses = [(await send(worker, "GET", path, headers)).status for worker in (one, two, one)]
            statuses.append((await market.ask(two, path)).status)
            statuses.append((await market.ask(one, path)).status)
        return statuses

    assert run(market, story) == [200, 401, 401, 200, 429]


def test_unknown_callers_are_counted_by_the_minute(market: Market) -> None:
    """A flood of strangers leaves one line a minute, not a full disk."""

    async def story(gateway: Gateway) -> None:
        for _ in range(5):
            await market.ask(gateway, f"/r1/{SERVICE}/{CODE}", sign=False)

    run(market, story)
    (record,) = market.records()
    assert (record["code"], record["rows"], record["client"]) == ("not-known", 5, "")


def test_a_journal_that_cannot_write_answers_nothing(market: Market) -> None:
    """What cannot be proved later is not handed over."""

    class Full:
        def append(self, record: bytes) -> Any:
            raise Unavailable("the disk of this node is full; the call was not answered")

        def write(self, records: Sequence[bytes]) -> None:
            self.append(records[0])

        def close(self) -> None:
            pass

    async def story(gateway: Gateway) -> Reply:
        gateway._journal.close()
        gateway._journal = Turns(Full())
        return await market.ask(gateway, f"/r1/{SERVICE}/{CODE}")

    reply = run(market, story)
    assert reply.status == 503
    assert FIRM["name"] not in reply.raw.decode()


def test_descriptions_show_only_what_the_client_may_use(tmp_path: Path) -> None:
    """The OpenAPI document names agreed items and methods, and X-Road's lists name the service."""
    market = a_market(tmp_path, methods=frozenset({Method.VERIFY}))
    system = SERVICE.rpartition("/")[0]
    document = firm(market, f"/r1/{system}/getOpenAPI?serviceCode=enterprise-register").body
    assert document["paths"].keys() == {"/verify"}
    assert "scope" not in msgspec.json.encode(document["paths"]).decode()
    assert len(firm(market, f"/r1/{system}/allowedMethods").body["service"]) == 1
    market.town.on(date(2028, 1, 3))
    assert firm(market, f"/r1/{system}/allowedMethods").body["service"] == []
    assert len(firm(market, f"/r1/{system}/listMethods").body["service"]) == 1


def test_a_consumer_asks_over_http(tmp_path: Path) -> None:
    """The client opens a session by itself, signs when told to, and checks what it gets."""
    market = a_market(tmp_path)
    with served(market, market.gateway()) as url:
        for signed in (False, True):
            with delivery.Consumer(url, market.client, KEY, NODE_KEY.public, signed=signed) as consumer:
                answer = consumer.query(SERVICE, CODE, purpose="social-security", items=["name"])
                assert answer.body == {"name": FIRM["name"]}
                assert is_ulid(answer.call)
                again = consumer.query(SERVICE, CODE, purpose="social-security")
                assert consumer.query(SERVICE, CODE, purpose="social-security").body == again.body
                assert consumer.query(SERVICE, "沪 A/1?", purpose="social-security").status == 404
                assert consumer.query_all(SERVICE, [CODE, "x"], purpose="social-security").body[1] == {"found": False}
                assert consumer.verify(SERVICE, CODE, {"name": FIRM["name"]}, purpose="social-security")
                assert (
                    "paths" in consumer.read(SERVICE.replace("/enterprise", "/getOpenAPI?serviceCode=enterprise")).body
                )
                with pytest.raises(NotAllowed):
                    consumer.query(SERVICE, CODE, purpose="fiscal")
                with pytest.raises(NotFound):
                    consumer.query(SERVICE + "x", CODE, purpose="fiscal")
        for method in ("GET", "HEAD"):
            stranger = httpx.request(method, f"{url}/r1/x", headers={"connection": "close"})
            assert (stranger.status_code, bool(stranger.content)) == (400, method == "GET")


@pytest.mark.parametrize("status", [200, 404])
def test_an_answer_that_names_no_call_is_none(market: Market, status: int) -> None:
    """Whoever stands between cannot take the evidence off an answer, and have it believed."""
    forged = httpx.MockTransport(lambda _: httpx.Response(status, json={"name": "forged"}))
    with (
        delivery.Consumer("http://n", market.client, KEY, NODE_KEY.public, signed=True, transport=forged) as consumer,
        pytest.raises(Refused),
    ):
        consumer.query(SERVICE, CODE, purpose="social-security")


def test_a_full_memory_of_signatures_refuses(market: Market) -> None:
    """When replays cannot be told any more, signed calls wait; sessions go on."""

    async def story(gateway: Gateway) -> list[int]:
        token = await market.token(gateway)
        gateway._callers._spent = Spent(market.folder / "tiny.map", slots=1)
        path = f"/r1/{SERVICE}/{CODE}"
        statuses = [(await market.ask(gateway, path)).status for _ in range(2)]
        statuses.append((await market.ask(gateway, path, sign=False, authorization=f"Bearer {token}")).status)
        return statuses

    assert run(market, story) == [200, 429, 200]
