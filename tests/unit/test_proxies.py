"""Departments' own services through the real gateway: what is handed on, what leaves, and what goes on record."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from typer.testing import CliRunner

from jutong import delivery, ledger, registers, sharing
from jutong.app import commands as app
from jutong.delivery import policies, proxy
from jutong.delivery.gateway import Gateway, Names
from jutong.delivery.policies import DeliveryPolicy
from jutong.delivery.proxy import Asks, Door, Field, Proxy, Ways, Wish
from jutong.delivery.proxy.breaker import IN_A_ROW
from jutong.delivery.proxy.checking import check
from jutong.kernel.errors import Invalid, NotAllowed, NotFound, Refused, WrongMoment
from jutong.registers import SystemName
from jutong.terms import Actor, Duty, Grade
from tests.gateway import AUTHORITY_NAME, CODE, KEY, NODE_KEY, SERVICE, Market, Reply, a_market, served
from tests.town import ANSWERING, ANSWERING_HEAD, ASKING, AUTHORITY, HOUSE, STRANGER, a_town, officer, submitted
from tests.upstream import DOCUMENT, Department, a_department

FIRMS = f"/r1/{SERVICE}/proxy/firms/firms"
HERE = Ways(hosts=("localhost", "rebound.example"), inside=("localhost",), plain=("localhost", "rebound.example"))
DOOR = Door(ways=HERE, key=NODE_KEY)
SECRET = "a-secret-of-the-department"
ALL = ("GET /firms", "POST /firms", "GET /firms/{code}", "DELETE /firms/{code}")
FIELDS = tuple(Field(pointer=f"/data/*/{one}", item=one) for one in ("name", "uscc", "address", "scope"))


def a_proxy(base: str, **changes: Any) -> Proxy:
    """Return a sound declaration."""
    told: dict[str, Any] = {
        "name": "firms",
        "title": "企业登记接口",
        "base": base,
        "operations": proxy.operations_of(DOCUMENT, ALL),
        "document": "0" * 64,
        "fields": FIELDS,
        "first_seconds": 1,
        "whole_seconds": 1,
        "asks": Asks.HEADER,
        "header": "X-Api-Key",
    }
    return Proxy(**(told | changes))


def declared(market: Market, wish: Proxy) -> Proxy:
    """Let the provider declare."""
    secret = "" if wish.asks is Asks.NOTHING else SECRET
    with market.town.desk(ANSWERING) as desk:
        return proxy.declare_proxy(desk, market.town.entry, wish, door=DOOR, secret=secret)


def opened(market: Market, wish: Proxy) -> Proxy:
    """Let the provider declare, and its office open."""
    kept = declared(market, wish)
    with market.town.desk(ANSWERING_HEAD) as desk:
        return proxy.open_proxy(desk, kept.id, market.agreement.id)


@pytest.fixture(scope="module")
def one_department() -> Iterator[Department]:
    """A department's own service, on this machine."""
    with a_department() as told:
        yield told


@pytest.fixture
def department(one_department: Department) -> Department:
    """The same, as it is of itself."""
    fresh = Department()
    for name in fresh.__dataclass_fields__:
        if name != "port":
            setattr(one_department, name, getattr(fresh, name))
    return one_department


def with_service(folder: Path, base: str) -> Market:
    """An agreement to which the service is open: names in the clear, addresses masked, nothing of the scope."""
    market = a_market(folder, items=("name", "uscc", "capital", "address"))
    opened(market, a_proxy(base))
    return market


@pytest.fixture
def market(tmp_path: Path, department: Department) -> Market:
    """A market of one test's own."""
    return with_service(tmp_path, department.base)


@pytest.fixture(scope="module")
def still(tmp_path_factory: pytest.TempPathFactory, one_department: Department) -> Market:
    """The same, for tests that change no right; it has a second service, at a name that leads wherever it likes."""
    market = with_service(tmp_path_factory.mktemp("still"), one_department.base)
    opened(market, a_proxy(f"http://rebound.example:{one_department.port}/v1", name="rebound"))
    return market


def gateway_of(market: Market, **how: Any) -> Gateway:
    """Build a worker that may call this machine."""
    market.workers += 1
    return Gateway(
        market.town.engine,
        market.town.pools,
        ledger.Journal(market.folder / "journal", f"w{market.workers}"),
        NODE_KEY,
        lambda: market.town.now,
        Names("node.example", frozenset({AUTHORITY_NAME})),
        market.folder / "gateway",
        **({"ways": HERE} | how),
    )


def run(market: Market, story: Any, **how: Any) -> Any:
    """Run a story with one worker."""

    async def whole() -> Any:
        async with gateway_of(market, **how) as gateway:
            return await story(gateway)

    return asyncio.run(whole())


def ask(market: Market, path: str = FIRMS, **how: Any) -> Reply:
    """Ask once."""
    return run(market, lambda gateway: market.ask(gateway, path, **how))


def in_force(market: Market, title: str, source: str) -> DeliveryPolicy:
    """Let two persons put a policy in force."""
    writer, second = (Actor(id=name, org=AUTHORITY, duties=frozenset({Duty.SECURITY_ADMIN})) for name in ("w", "s"))
    with market.town.desk(writer) as desk:
        kept = policies.draft_policy(desk, title, "第九条", source, tier=AUTHORITY, whole=True)
    with market.town.desk(second) as desk:
        return policies.enforce_policy(desk, kept.id, kept.version)


def used(market: Market) -> int:
    """Return how many of the day's records are used up."""
    return delivery.used_on(market.folder / "gateway" / "quota", market.agreement.id, market.town.now.date())


def test_what_was_agreed_leaves_and_nothing_else(still: Market, department: Department) -> None:
    """Granted items leave, the address behind its mask; what was not granted or not declared is not there."""
    reply = ask(still, f"{FIRMS}?since=2025-01-01&kind=a&kind=b", x_region="50", cookie="a=b", x_other="1")
    assert reply.status == 200, reply.raw
    assert reply.body == {
        "data": [{"name": "重庆长江（集团）有限公司", "uscc": "915000002028033215", "address": "重庆市渝中区***"}]
    }
    (came,) = department.came
    assert came.target == "/v1/firms?since=2025-01-01&kind=a&kind=b"
    assert came.headers["x-region"] == "50"
    assert came.headers["x-api-key"] == SECRET
    assert came.headers["x-road-client"] == still.client
    assert came.headers["jutong-agreement"] == still.agreement.id
    assert came.headers["jutong-purpose"] == "social-security"
    assert came.headers["jutong-call"] == reply.headers["jutong-call"]
    assert came.headers["host"] == f"localhost:{department.port}"
    assert not {"cookie", "x-other", "signature", "signature-input", "authorization"} & came.headers.keys()


def test_the_call_is_on_record_and_counts_once(market: Market) -> None:
    """Agreement, service and a pseudonym of the question stand on record, and no value does."""
    ask(market, f"{FIRMS}?since=2025-01-01")
    (record,) = market.records()
    assert (record["code"], record["rows"], record["service"]) == ("ok", 1, f"{SERVICE}/proxy/firms")
    assert record["agreement"] == market.agreement.id
    assert "2025-01-01" not in str(record["subject"])
    assert "长江" not in str(record)
    assert used(market) == 1


@pytest.mark.parametrize(
    ("path", "method", "body", "status"),
    [
        (f"{FIRMS}?other=1", "GET", b"", 400),
        (f"{FIRMS}?since=yesterday", "GET", b"", 400),
        (f"{FIRMS}?since=2025-01-01&since=2025-01-02", "GET", b"", 400),
        (f"{FIRMS}?size=0", "GET", b"", 400),
        (f"{FIRMS}?size=1e2", "GET", b"", 400),
        (f"{FIRMS}?kind=c", "GET", b"", 400),
        (f"{FIRMS}?%ff=1", "GET", b"", 400),
        (FIRMS, "GET", b"{}", 400),
        (FIRMS, "PUT", b"", 405),
        (FIRMS, "POST", b"", 400),
        (FIRMS, "POST", b"{", 400),
        (FIRMS, "POST", b'{"name": 1}', 400),
        (FIRMS, "POST", b'{"name": "a", "more": 1}', 400),
        (FIRMS, "POST", b'{"name": "a", "tags": [1, {}, 1]}', 400),
        (f"{FIRMS}/", "GET", b"", 400),
        (f"{FIRMS}/..", "GET", b"", 400),
        (f"{FIRMS}/%2e%2e", "GET", b"", 400),
        (f"{FIRMS}/..%2fadmin", "GET", b"", 400),
        (f"{FIRMS}/%252e%252e%252fadmin", "GET", b"", 400),
        (f"{FIRMS}/a%0d%0aX: 1", "GET", b"", 400),
        (f"{FIRMS}/a/b", "GET", b"", 404),
        (f"/r1/{SERVICE}/proxy/firms/admin", "GET", b"", 404),
        (f"/r1/{SERVICE}/proxy/nothing/firms", "GET", b"", 404),
    ],
)
def test_what_was_not_declared_never_leaves(
    still: Market, department: Department, path: str, method: str, body: bytes, status: int
) -> None:
    """Paths, methods, parameters and bodies are checked before a byte goes out."""
    before = used(still)
    reply = ask(still, path, method=method, body=body, content_type="application/json")
    assert (reply.status, department.came) == (status, [])
    assert used(still) == before


def test_a_body_goes_on_as_it_was_read(still: Market, department: Department) -> None:
    """A name that stands twice could be read in two ways: what goes on is what was checked."""
    reply = ask(still, method="POST", body=b'{"name": 7, "name": "a"}', content_type="application/json; charset=utf-8")
    assert reply.status == 200, reply.raw
    assert department.came[0].body == b'{"name":"a"}'
    assert ask(still, method="POST", body=b'{"name": "a"}', content_type="text/plain").status == 400


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"status": 500}, 502, "failing"),
        ({"status": 302, "headers": {"location": "http://169.254.169.254/"}}, 502, "unlike"),
        ({"status": 403}, 502, "unlike"),
        ({"media": "text/html"}, 502, "unlike"),
        ({"answer": b"{"}, 502, "unlike"),
        ({"answer": {"data": [{"address": "x"}]}}, 502, "unlike"),
        ({"answer": b"[" * 100_000}, 502, "unlike"),
        ({"answer": b"a" * 3_000_000}, 502, "unlike"),
        ({"headers": {"content-encoding": "gzip"}}, 502, "unlike"),
        ({"wait": 2.5}, 504, "slow"),
        ({"raw": b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 50\r\n\r\nhello"}, 502, "unreachable"),
        ({"raw": b"HTTP/1.1 200 OK\r\nx: " + b"a" * 200_000 + b"\r\n\r\n"}, 502, "unreachable"),
        ({"raw": b"not http at all"}, 502, "unreachable"),
        ({"raw": b"HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\nshort"}, 502, "unreachable"),
    ],
)
def test_a_service_that_fails_is_told_of_without_its_inside(
    still: Market, department: Department, changes: dict[str, Any], status: int, code: str
) -> None:
    """Slow, huge, packed, redirecting, broken: a clear 502 or 504; on record, and nothing of the quota is used up."""
    for name, value in changes.items():
        setattr(department, name, value)
    before, known = used(still), still.records()
    reply = ask(still)
    assert (reply.status, reply.headers["x-road-error"]) == (status, code), reply.raw
    assert reply.headers["content-type"].startswith("application/json")
    assert not [word for word in ("localhost", "127.0.0.1", "169.254", SECRET, "Traceback") if word in str(reply.raw)]
    assert len(department.came) == 1  # nothing is followed
    (record,) = [one for one in still.records() if one not in known]
    assert (record["code"], record["rows"], used(still)) == (code, 0, before)


def test_no_field_of_the_service_comes_back(still: Market, department: Department) -> None:
    """What the service says beside its body stays with us: cookies, its software, its addresses."""
    department.headers = {"set-cookie": "a=b", "x-powered-by": "tomcat", "link": "<http://10.0.0.1>"}
    reply = ask(still)
    assert reply.status == 200
    assert not {"set-cookie", "x-powered-by", "link", "server"} & reply.headers.keys()


def test_an_answer_that_says_no_passes(still: Market, department: Department) -> None:
    """A declared 404 is an answer: it counts, and its body is cut as any other."""
    department.status, department.answer, department.media = 404, b"", ""
    before = used(still)
    reply = ask(still)
    assert (reply.status, reply.raw, used(still)) == (404, b"", before + 1)


def test_the_breaker_opens_after_failures_and_closes_again(still: Market, department: Department) -> None:
    """After five failures in a row nothing is asked for ten seconds; then one question finds out."""
    department.status = 503
    before = used(still)

    async def story(gateway: Gateway) -> list[Reply]:
        failed = [await still.ask(gateway, FIRMS) for _ in range(IN_A_ROW + 1)]
        department.status = 200
        (upstream,) = gateway._proxied._upstreams.values()
        upstream._steady = lambda: 1e9  # much later
        return [*failed, await still.ask(gateway, FIRMS), await still.ask(gateway, FIRMS)]

    replies = run(still, story)
    assert [one.status for one in replies] == [502] * IN_A_ROW + [503, 200, 200]
    shut = replies[IN_A_ROW]
    assert (shut.headers["x-road-error"], int(shut.headers["retry-after"]) in range(1, 11)) == ("shut", True)
    assert len(department.came) == IN_A_ROW + 2
    assert used(still) == before + 2


def test_few_questions_are_under_way_at_once(tmp_path: Path, department: Department) -> None:
    """The service bears two questions at a time: the third is told to come again, and does not wait."""
    still = a_market(tmp_path)
    opened(still, a_proxy(department.base, at_once=2, whole_seconds=20, first_seconds=20))
    department.wait = 1.0

    async def story(gateway: Gateway) -> list[int]:
        return sorted(one.status for one in await asyncio.gather(*(still.ask(gateway, FIRMS) for _ in range(4))))

    assert run(still, story) == [200, 200, 503, 503]
    assert used(still) == 2


def test_a_second_question_wins_where_it_was_declared(tmp_path: Path, department: Department) -> None:
    """A late GET is asked again, the first answer counts, once; a POST is never asked twice."""
    market = a_market(tmp_path)
    opened(market, a_proxy(department.base, hedge_ms=50))
    department.waits = [0.9, 0.0]
    assert ask(market).status == 200
    assert (len(department.came), used(market)) == (2, 1)
    department.waits = [0.3]
    assert ask(market, method="POST", body=b'{"name": "a"}', content_type="application/json").status == 200
    assert (len(department.came), used(market)) == (3, 2)


def test_a_right_that_goes_while_the_service_thinks_hands_nothing_over(market: Market, department: Department) -> None:
    """An agreement suspended mid-way: the answer that comes is given to nobody."""
    department.wait = 0.8

    async def story(gateway: Gateway) -> Reply:
        asked = asyncio.create_task(market.ask(gateway, FIRMS))
        await asyncio.sleep(0.2)
        with market.town.desk(ANSWERING_HEAD) as desk:
            sharing.suspend(desk, market.agreement.id, reason="违规")
        return await asked

    reply = run(market, story)
    assert (reply.status, reply.headers["x-road-error"]) == (403, "suspended")
    assert (len(department.came), used(market)) == (1, 0)


def test_a_service_given_up_is_as_absent_as_none(market: Market) -> None:
    """When the consumer gives it up, the gateway knows it no more."""
    kept = live(market)[0]
    with market.town.desk(ASKING) as desk:
        proxy.release_proxy(desk, kept.id, market.agreement.id)
    given_up, never = ask(market), ask(market, f"/r1/{SERVICE}/proxy/never/firms")
    assert (given_up.status, given_up.raw) == (404, never.raw)


def live(market: Market) -> tuple[Proxy, ...]:
    """Return what stands."""
    with market.town.desk(ANSWERING) as desk:
        return proxy.live_proxies(desk.db)


def test_the_quota_holds(tmp_path: Path, department: Department) -> None:
    """Beyond the day's records nothing is asked."""
    market = a_market(tmp_path, quota_per_day=1)
    opened(market, a_proxy(department.base))
    assert [ask(market).status, ask(market).status, len(department.came)] == [200, 429, 1]


@pytest.mark.parametrize("address", ["10.0.0.8", "127.0.0.1", "169.254.169.254", "::1", "fe80::1", "0.0.0.0"])
def test_a_name_that_leads_inside_is_not_called(still: Market, department: Department, address: str) -> None:
    """A public name that resolves to an address inside is not called, alone or beside a public one."""
    rebound = f"/r1/{SERVICE}/proxy/rebound/firms"
    for found in ([address], ["8.8.8.8", address]):
        reply = run(
            still, lambda gateway: still.ask(gateway, rebound), resolver=lambda _host, _port, found=found: found
        )
        assert (reply.status, reply.headers["x-road-error"], department.came) == (502, "unreachable", [])


def test_a_host_that_the_settings_name_no_more_is_not_called(still: Market, department: Department) -> None:
    """What was declared when the settings allowed it is not asked once they do not."""
    reply = run(still, lambda gateway: still.ask(gateway, FIRMS), ways=Ways())
    assert (reply.status, department.came) == (503, [])


def test_the_metadata_of_the_network_tell_of_it(still: Market) -> None:
    """X-Road's lists, GovStack's and both descriptions name what is open to the caller, and where."""
    system, code = SERVICE.rpartition("/")[0], SERVICE.rpartition("/")[2]
    for face in ("r1", "im"):
        told = ask(still, f"/{face}/{system}/allowedMethods").raw.decode()
        described = ask(still, f"/{face}/{system}/getOpenAPI?serviceCode={code}").raw.decode()
        assert "/proxy/firms/firms/{code}" in told, face
        assert "/proxy/firms/firms/{code}" in described, face
    document = ask(still, f"/r1/{system}/getOpenAPI?serviceCode={code}").body
    assert set(document["paths"]["/proxy/firms/firms"]) == {"get", "post"}


def test_policies_on_rows_forbid_what_cannot_be_cut(market: Market, department: Department) -> None:
    """Where a policy takes rows out, another's answers are not handed on at all."""
    source = 'forbid (principal, action, resource) when { context.row has city && context.row.city == "500103" };'
    in_force(market, "区域限制", source)
    assert (ask(market).status, department.came) == (403, [])


def test_without_fields_only_the_whole_is_handed_on(tmp_path: Path, department: Department) -> None:
    """A service that does not say which fields are which items is opened to nobody whose items are cut or masked."""
    town = a_town(
        tmp_path, changed=lambda entry: replace(entry, items=tuple(replace(one, grade=Grade.L2) for one in entry.items))
    )
    market = a_market(tmp_path, town=town)
    kept = declared(market, a_proxy(department.base, name="whole", fields=()))
    with pytest.raises(NotAllowed, match="all items in the clear"), market.town.desk(ANSWERING_HEAD) as desk:
        proxy.open_proxy(desk, kept.id, market.agreement.id)


def test_an_agreement_for_one_area_is_not_answered(tmp_path: Path, department: Department) -> None:
    """Whether an answer of another's is of the agreed area, nobody here can see."""
    market = a_market(tmp_path, divisions=("510000",))
    with pytest.raises(NotAllowed, match="one area"):
        opened(market, a_proxy(department.base))


def test_the_provider_alone_does_not_end_it(market: Market) -> None:
    """While an agreement rests on it, it stands; given up, it ends, and its secret is forgotten."""
    kept = live(market)[0]
    with pytest.raises(WrongMoment, match="rest"), market.town.desk(ANSWERING) as desk:
        proxy.end_proxy(desk, kept.id)
    with market.town.desk(ASKING) as desk:
        proxy.release_proxy(desk, kept.id, market.agreement.id)
    with market.town.desk(ANSWERING) as desk:
        assert proxy.end_proxy(desk, kept.id).secret == b""
    acts = [line.act for line in market.town.lines("delivery.proxy")]
    assert acts == [f"delivery.proxy_{word}" for word in ("declared", "opened", "released", "ended")]


def test_others_do_not_know_of_it(still: Market) -> None:
    """To a body without an agreement it is not there, and nobody but the provider declares or opens."""
    kept = live(still)[0]
    with pytest.raises(NotFound), still.town.desk(officer(STRANGER, Duty.OFFICE_HEAD)) as desk:
        proxy.proxy_shown(desk.db, kept.id, desk.actor)
    for other in (ASKING, officer(STRANGER, Duty.ANSWERS)):
        with pytest.raises(Refused), still.town.desk(other) as desk:
            proxy.declare_proxy(desk, still.town.entry, a_proxy(kept.base, name="b"), door=DOOR, secret=SECRET)


def test_the_secret_lies_sealed_and_is_changed_without_another_declaration(
    market: Market, department: Department, caplog: pytest.LogCaptureFixture
) -> None:
    """It is in no column, no line of evidence, no log and no printed noun; another counts within a second."""
    caplog.set_level(logging.DEBUG)
    kept = live(market)[0]
    with market.town.desk(ANSWERING) as desk:
        renewed = proxy.renew_secret(desk, kept.id, door=DOOR, secret="another-secret")
    assert renewed.digest() == kept.digest()
    assert ask(market).status == 200
    assert department.came[0].headers["x-api-key"] == "another-secret"
    told = str(renewed) + caplog.text + "".join(str(line) for line in market.town.lines())
    assert "another-secret" not in told
    assert b"another-secret" not in (market.folder / "control.db").read_bytes()


def test_a_name_and_password_go_out_as_basic(tmp_path: Path, department: Department) -> None:
    """RFC 7617; the caller's own authorization is never handed on."""
    market = a_market(tmp_path)
    wish = a_proxy(department.base, asks=Asks.BASIC, header="")
    with market.town.desk(ANSWERING) as desk:
        kept = proxy.declare_proxy(desk, market.town.entry, wish, door=DOOR, secret="p", user="u")
    with market.town.desk(ANSWERING_HEAD) as desk:
        proxy.open_proxy(desk, kept.id, market.agreement.id)
    assert ask(market).status == 200
    assert department.came[0].headers["authorization"] == "Basic dTpw"


@pytest.mark.parametrize(
    "changes",
    [
        {"base": "ftp://localhost/"},
        {"base": "http://user:password@localhost/"},
        {"base": "http://localhost/?key=1"},
        {"base": "http://localhost/../x"},
        {"base": "http://localhost:0/"},
        {"base": "http://localhost:99999/"},
        {"base": "http://elsewhere.example/"},
        {"base": "http://169.254.169.254/"},
        {"base": "http://localhost\\@elsewhere/"},
        {"name": "A"},
        {"title": "a\nb"},
        {"operations": ()},
        {"first_seconds": 5, "whole_seconds": 4},
        {"whole_seconds": 3600},
        {"most_question": 1 << 30},
        {"most_answer": 0},
        {"at_once": 0},
        {"hedge_ms": 1},
        {"fields": (Field(pointer="name", item="name"),)},
        {"fields": (Field(pointer="/a", item="nothing"),)},
        {"fields": (Field(pointer="/a", item="name"), Field(pointer="/a/b", item="uscc"))},
        {"fields": (Field(pointer="/a/*", item="name"),)},
        {"header": ""},
        {"header": "Host"},
        {"header": "X-Road-Client"},
        {"header": "X-Region"},
        {"header": "a b"},
    ],
)
def test_a_declaration_that_does_not_hold_is_refused(still: Market, changes: dict[str, Any]) -> None:
    """Each fault is told, and nothing is kept."""
    wish = replace(a_proxy("http://localhost:1/", name="other"), **changes)
    with pytest.raises(Refused), still.town.desk(ANSWERING) as desk:
        proxy.declare_proxy(desk, still.town.entry, wish, door=DOOR, secret=SECRET)
    assert [one.name for one in live(still)] == ["firms", "rebound"]


def test_grades_bound_what_is_handed_on(still: Market) -> None:
    """Of the gravest grade nothing; of the one below only what the declaration names."""
    with still.town.desk(ANSWERING) as desk:
        entry = delivery.acts.catalogue.find(desk.db, still.town.entry)
    grave = replace(entry, items=tuple(replace(one, grade=Grade.L4) for one in entry.items))
    with pytest.raises(NotAllowed, match="L4"):
        check(a_proxy("http://localhost/"), grave, HERE)
    masked = replace(entry, items=tuple(replace(one, grade=Grade.L3) for one in entry.items))
    with pytest.raises(NotAllowed, match="every field"):
        check(a_proxy("http://localhost/", fields=()), masked, HERE)
    check(a_proxy("http://localhost/"), masked, HERE)


def test_the_provider_tries_its_service_masked_and_on_record(still: Market, department: Department) -> None:
    """A trial says so to the service; what comes back is masked by grade and clearance."""
    kept = live(still)[0]
    wish = Wish(operation="GET /firms", values={"query/since": "2025-01-01", "query/kind": "a,b"})
    with still.town.desk(ANSWERING) as desk:
        tried = proxy.try_proxy(desk, kept.id, wish, door=DOOR)
    assert (tried.code, tried.status) == ("ok", 200)
    assert "total" not in json.loads(tried.body)
    (came,) = department.came
    assert (came.headers["jutong-trial"], came.target) == ("1", "/v1/firms?since=2025-01-01&kind=a&kind=b")
    assert "x-road-client" not in came.headers
    line = still.town.lines("delivery.proxy_tried")[-1]
    assert (line.facts["code"], line.facts["operation"]) == ("ok", "GET /firms")
    assert "2025-01-01" not in str(line)
    with pytest.raises(Invalid), still.town.desk(ANSWERING) as desk:
        proxy.try_proxy(desk, kept.id, Wish(operation="GET /firms/{code}"), door=DOOR)


def test_an_official_of_the_consumer_asks_by_hand_as_the_agreement_goes(market: Market, department: Department) -> None:
    """Cut, masked, counted and on record; a failure counts nothing; without the opening nothing is asked."""
    kept = live(market)[0]
    quota = market.folder / "gateway" / "quota"
    wish = Wish(operation="GET /firms")
    with market.town.desk(ASKING) as desk:
        tried = proxy.ask_proxy(desk, kept.id, market.agreement.id, wish, door=DOOR, quota=quota)
    assert json.loads(tried.body)["data"][0]["address"] == "重庆市渝中区***"
    assert used(market) == 1
    department.status = 500
    with market.town.desk(ASKING) as desk:
        failed = proxy.ask_proxy(desk, kept.id, market.agreement.id, wish, door=DOOR, quota=quota)
    assert (failed.code, failed.body, used(market)) == ("failing", b"", 1)
    assert [line.facts["code"] for line in market.town.lines("delivery.proxy_asked")] == ["ok", "failing"]
    other = declared(market, a_proxy(department.base, name="other"))
    with pytest.raises(Refused), market.town.desk(ASKING) as desk:
        proxy.ask_proxy(desk, other.id, market.agreement.id, wish, door=DOOR, quota=quota)


@pytest.mark.parametrize("by_hand", [False, True], ids=["system", "official"])
def test_policies_on_items_take_fields_out(market: Market, department: Department, by_hand: bool) -> None:
    """What a policy withholds leaves no answer of the department either, and the record names the policy."""
    kept = live(market)[0]
    source = 'forbid (principal, action, resource is Item) when { resource.name == "name" };'
    drafted = in_force(market, "名称不提供", source)
    quota, wish = market.folder / "gateway" / "quota", Wish(operation="GET /firms")
    if by_hand:
        with market.town.desk(ASKING) as desk:
            tried = proxy.ask_proxy(desk, kept.id, market.agreement.id, wish, door=DOOR, quota=quota)
        body = json.loads(tried.body)
        withheld = market.town.lines("delivery.proxy_asked")[-1].facts["withheld"]
    else:
        body = ask(market).body
        withheld = market.records()[-1]["withheld"]
    assert set(body["data"][0]) == {"uscc", "address"}
    assert withheld == f"{drafted.id}/{drafted.version}"


def test_workers_tell_how_a_service_answers(still: Market, department: Department) -> None:
    """What was asked and what failed lately stands in a file of each worker, for the service's page."""
    department.status = 500

    async def story(gateway: Gateway) -> Any:
        await still.ask(gateway, FIRMS)
        gateway._proxied.tell(still.town.now)
        kept = live(still)[0]
        return proxy.told_in(still.folder / "gateway" / "upstreams", kept.id, still.town.now)

    (told,) = run(still, story)
    assert (told.asked, told.failed, told.last, told.flow.value) == (1, 1, "failing", "closed")


def test_an_entry_without_rows_here_is_answered_by_its_department(tmp_path: Path, department: Department) -> None:
    """Opening the service is the delivery; by key there is nothing to be had, and the lists name only what there is."""
    town = a_town(tmp_path)
    with town.desk(HOUSE) as desk:
        registers.set_key(desk, SystemName.parse(town.systems[0]), KEY.public)
    request = submitted(town, date(2025, 9, 22), starts=date(2025, 9, 22))
    with town.on(date(2025, 9, 24)).desk(ANSWERING_HEAD) as desk:
        agreement = sharing.approve(desk, request)
    market = Market(town.on(date(2025, 9, 26)), tmp_path, agreement)
    opened(market, a_proxy(department.base))
    assert ask(market).status == 200
    assert ask(market, f"/r1/{SERVICE}/915000002028033215").status == 404
    system = SERVICE.rpartition("/")[0]
    (told,) = ask(market, f"/r1/{system}/allowedMethods").body["service"]
    assert {one["path"] for one in told["endpoint_list"]} == {"/proxy/firms/firms", "/proxy/firms/firms/{code}"}


@pytest.mark.parametrize("signed", [False, True], ids=["in a session", "each signed"])
def test_a_system_asks_through_its_client(still: Market, department: Department, signed: bool) -> None:
    """Path, query, fields and body go as the document has them; a refusal of the department's is an answer."""
    purpose = {"purpose": "social-security"}
    with (
        served(still, gateway_of(still)) as url,
        delivery.Consumer(url, still.client, KEY, NODE_KEY.public, signed=signed) as consumer,
    ):
        found = consumer.proxied(
            *(SERVICE, "firms", "/firms"),
            query={"since": "2025-01-01", "kind": ["a", "b"]},
            fields={"X-Region": "500103"},
            **purpose,
        )
        assert found.body["data"][0]["uscc"] == CODE
        assert "scope" not in found.body["data"][0]
        assert department.came[-1].target == "/v1/firms?since=2025-01-01&kind=a&kind=b"
        assert department.came[-1].headers["x-region"] == "500103"
        consumer.proxied(SERVICE, "firms", "firms", method="POST", body={"name": "长江"}, **purpose)
        assert json.loads(department.came[-1].body) == {"name": "长江"}
        department.status, department.media, department.answer = 404, "", b""
        none = consumer.proxied(SERVICE, "firms", "/firms/a b", **purpose)
        assert (none.status, none.body) == (404, "")
        assert department.came[-1].target == "/v1/firms/a%20b"
        with pytest.raises(Invalid):
            consumer.proxied(SERVICE, "firms", "/firms", query={"since": "yesterday"}, **purpose)


def test_a_system_asks_by_command(still: Market, department: Department, tmp_path: Path) -> None:
    """Signed with a key in a file, and checked; what is wrong with the words is told before anybody is asked."""
    key = tmp_path / "key.pem"
    key.touch(0o600)
    key.write_bytes(KEY._key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    with served(still, gateway_of(still)) as url:
        words = ["proxies", "call", SERVICE, "firms", "/firms", "--url", url, "--client", still.client, "--json"]
        words += ["--key", str(key), "--node-key", str(NODE_KEY.public), "--purpose", "social-security"]
        ended = CliRunner().invoke(app, [*words, "-v", "query/kind=a", "-v", "query/kind=b", "-v", "header/X-Region=5"])
        told = json.loads(ended.stdout.splitlines()[-1])
        assert (told["status"], told["answer"]["data"][0]["uscc"]) == (200, CODE)
        asked = department.came[-1]
        assert (asked.target, asked.headers["x-region"]) == ("/v1/firms?kind=a&kind=b", "5")
        before = len(department.came)
        for wrong in (["-v", "cookie/a=b"], ["-v", "query/a"], ["--body", "{"]):
            ended = CliRunner().invoke(app, [*words, *wrong], env={"JUTONG_LANGUAGE": "en"})
            assert ended.exit_code == 15, ended.output
        assert len(department.came) == before
