"""Callers known by a shared secret in a domestic header profile: what they may, and what an attacker may not."""

from __future__ import annotations

import asyncio
import base64
import hmac
import secrets
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
import uvicorn
from typer.testing import CliRunner

from jutong import delivery, registers
from jutong.catalogue import Purpose
from jutong.cli import app as commands
from jutong.delivery import dialects
from jutong.delivery.dialects import HeaderProfile
from jutong.delivery.gateway import Gateway
from jutong.guard import grades
from jutong.kernel.crypto import SigningKey
from jutong.kernel.errors import Invalid, NotAllowed, NotFound, NotKnown
from jutong.kernel.httpmac import bound_nonce, mac_fields
from jutong.kernel.ids import is_ulid
from jutong.kernel.outward import Outward
from jutong.registers import SystemName
from jutong.terms import Grade
from tests.gateway import CODE, FIRM, NODE_KEY, SERVICE, Market, Reply, a_market, run, send
from tests.town import ASKING_HEAD, HOUSE, SOCIAL

PATH = f"/r1/{SERVICE}/{CODE}"
NEW_KEY = SigningKey.of_seed(b"newer-key" * 3 + b"12345")


@pytest.fixture
def market(tmp_path: Path) -> Market:
    """A delivered service whose agreement has one purpose."""
    return a_market(tmp_path)


def issue(market: Market, profile: HeaderProfile, **how: Any) -> str:
    """Let the node issue a secret for the consumer's system."""
    with market.town.desk(HOUSE) as desk:
        return dialects.issue_secret(desk, market.client, profile, key=NODE_KEY, **how)[1]


def national(market: Market, secret: str, *, sid: str = SERVICE, at: int = 0) -> dict[str, str]:
    """Spell the national profile by hand, as public programs of consumers do."""
    instant = str(market.now() * 1000 + at)
    code = hmac.digest(secret.encode(), f"{sid}{market.client}{instant}".encode(), "sha256")
    return {
        "gjgxjhpt_rid": market.client,
        "gjgxjhpt_sid": sid,
        "gjgxjhpt_rtime": instant,
        "gjgxjhpt_sign": base64.b64encode(code).decode(),
    }


def portal(market: Market, secret: str, nonce: str = "", *, at: int = 0) -> dict[str, str]:
    """Return the fields of the portals' profile."""
    instant = market.now() * 1000 + at
    told = nonce or secrets.token_urlsafe(18)
    return mac_fields(secret.encode(), HeaderProfile.PORTAL, client=market.client, milliseconds=instant, told=told)


def asked(market: Market, *calls: tuple[str, str, Mapping[str, str], bytes]) -> list[Reply]:
    """Put calls to one worker, in order."""

    async def story(gateway: Gateway) -> list[Reply]:
        return [await send(gateway, *call) for call in calls]

    replies: list[Reply] = run(market, story)
    return replies


def test_a_system_that_cannot_sign_queries_asks_in_batches_and_verifies(market: Market) -> None:
    """By either profile it is given what was agreed, and each call is on record like any other."""
    first, second = issue(market, HeaderProfile.NATIONAL), issue(market, HeaderProfile.PORTAL)
    claim = msgspec.json.encode({"key": CODE, "facts": {"name": FIRM["name"]}})
    keys = msgspec.json.encode({"keys": [CODE, "none"]})
    replies = asked(
        market,
        ("GET", PATH, national(market, first), b""),
        ("POST", f"/r1/{SERVICE}/query", portal(market, second), keys),
        ("POST", f"/r1/{SERVICE}/verify", national(market, first, at=1), claim),
    )
    assert [reply.status for reply in replies] == [200, 200, 200]
    assert replies[0].body["uscc"] == CODE
    assert [one["found"] for one in replies[1].body] == [True, False]
    assert replies[2].body == {"match": True}
    records = market.records()[-3:]
    assert [one["client"] for one in records] == [market.client] * 3
    assert {(one["agreement"], one["purpose"], one["code"]) for one in records} == {
        (market.agreement.id, "social-security", "ok")
    }
    assert [one["id"] for one in records] == [reply.headers["jutong-call"] for reply in replies]


@pytest.mark.parametrize(
    "wrong",
    [
        {"gjgxjhpt_sign": base64.b64encode(bytes(32)).decode()},
        {"gjgxjhpt_rid": f"CN-500000/GOV/{SOCIAL}/other"},
        {"gjgxjhpt_rid": "nobody"},
        {"gjgxjhpt_rtime": "1700000000000"},
        {"gjgxjhpt_rtime": "1"},
        {"gjgxjhpt_sid": "CN-500000/GOV"},
        {"gjgxjhpt_sid": ""},
        {"authorization": "Bearer x"},
        {"x-road-client": f"CN-500000/GOV/{SOCIAL}/other"},
        {"x-signature": "x"},
    ],
    ids="-".join,
)
def test_what_the_code_does_not_fit_is_not_known(market: Market, wrong: dict[str, str]) -> None:
    """Forged, borrowed, stale, malformed or said twice: 401, no record, and the honest call still counts."""
    honest = national(market, issue(market, HeaderProfile.NATIONAL))
    replies = asked(market, ("GET", PATH, honest | wrong, b""), ("GET", PATH, honest, b""))
    assert [reply.status for reply in replies] == [401, 200]
    # A stranger's call is counted, and no more of it.
    assert [one["client"] for one in market.records()] == [market.client, ""]


def test_a_call_is_answered_once_in_all_processes_and_restarts(market: Market) -> None:
    """What was caught on the way is worth nothing, whatever worker it is sent to, short way or long."""
    headers = [national(market, issue(market, HeaderProfile.NATIONAL))]
    headers.append(portal(market, issue(market, HeaderProfile.PORTAL)))
    for one in headers:
        call = ("GET", PATH, one, b"")
        assert [reply.status for reply in asked(market, call, call)] == [200, 401]
        assert [reply.status for reply in asked(market, call)] == [401]


def test_outside_the_window_a_call_is_refused(market: Market) -> None:
    """Five minutes back, half a minute ahead, as for signed calls."""
    secret = issue(market, HeaderProfile.PORTAL)
    instants = (-301_000, -299_000, 29_000, 31_000)
    replies = asked(market, *(("GET", PATH, portal(market, secret, at=at), b"") for at in instants))
    assert [reply.status for reply in replies] == [401, 200, 200, 401]


def test_a_code_of_one_profile_or_service_opens_no_other(market: Market) -> None:
    """A secret counts in its profile alone; a service that was signed for is the one that answers."""
    secret = issue(market, HeaderProfile.NATIONAL)
    other = f"/r1/CN-500000/GOV/{SOCIAL}/pool/other/{CODE}"
    replies = asked(market, ("GET", PATH, portal(market, secret), b""), ("GET", other, national(market, secret), b""))
    assert [reply.status for reply in replies] == [401, 401]


def test_a_bound_nonce_lets_nothing_of_the_request_be_changed(market: Market) -> None:
    """Where the nonce ends with the request's digest, key, items and body are the caller's own."""
    secret, body = issue(market, HeaderProfile.PORTAL), msgspec.json.encode({"keys": [CODE]})
    target = f"/r1/{SERVICE}/query"
    bound = portal(market, secret, bound_nonce(secrets.token_urlsafe(18), "POST", target, body))
    swapped = msgspec.json.encode({"keys": ["91510000MA61RXJU9F"]})
    replies = asked(
        market,
        ("POST", target, bound, swapped),
        ("POST", f"/r1/{SERVICE}/verify", bound, body),
        ("POST", target, bound, body),
    )
    assert [reply.status for reply in replies] == [401, 401, 200]


def test_a_secret_opens_no_session(market: Market) -> None:
    """Ten minutes of calls are opened by a key alone."""
    secret = issue(market, HeaderProfile.PORTAL)
    (reply,) = asked(market, ("POST", "/r1/session", portal(market, secret), b""))
    assert reply.status == 400


def test_where_several_purposes_were_agreed_one_must_be_named(tmp_path: Path) -> None:
    """The profiles have no place for it, so nobody guesses."""
    market = a_market(tmp_path, purposes=(Purpose.SOCIAL_SECURITY, Purpose.CREDIT))
    secret = issue(market, HeaderProfile.PORTAL)
    stated = portal(market, secret) | {"jutong-purpose": "credit"}
    replies = asked(market, ("GET", PATH, portal(market, secret), b""), ("GET", PATH, stated, b""))
    assert [reply.status for reply in replies] == [400, 200]


def test_the_gravest_grade_is_for_signed_calls_alone(market: Market, monkeypatch: pytest.MonkeyPatch) -> None:
    """A shared secret proves nothing against its holder, since the node has it too: the table says so of L4."""
    secret = issue(market, HeaderProfile.PORTAL)
    assert [grade for grade in Grade if not grades.HANDLING[grade].shared_secret] == [Grade.L4]
    for grade in Grade:
        monkeypatch.setitem(grades.HANDLING, grade, replace(grades.HANDLING[grade], shared_secret=False))  # type: ignore[arg-type]

    async def story(gateway: Gateway) -> list[Reply]:
        return [await send(gateway, "GET", PATH, portal(market, secret)), await market.ask(gateway, PATH)]

    by_secret, signed = run(market, story)
    assert (by_secret.status, by_secret.headers["x-road-error"]) == (403, "scope")
    assert signed.status == 200


def test_a_secret_is_followed_with_overlap_and_ends_at_once(market: Market) -> None:
    """Two count while one follows the other; a revoked one is refused within a second, by a worker that runs."""
    old = issue(market, HeaderProfile.PORTAL)
    new = issue(market, HeaderProfile.PORTAL, overlap_days=2)
    with market.town.desk(HOUSE) as desk:
        held = dialects.live_secrets(desk.db, desk.now, market.client)

    async def story(gateway: Gateway) -> list[int]:
        async def ask(secret: str) -> int:
            return (await send(gateway, "GET", PATH, portal(market, secret))).status

        statuses = [await ask(old), await ask(new)]
        with market.town.desk(HOUSE) as desk:
            dialects.revoke_secret(desk, held[0].id)
        await asyncio.sleep(0.9)
        statuses += [await ask(old), await ask(new)]
        market.town.now += timedelta(days=2)
        return [*statuses, await ask(old)]

    assert run(market, story) == [200, 200, 200, 401, 401]


def test_without_overlap_the_secret_before_ends(market: Market) -> None:
    """A stolen secret is followed at once."""
    old = issue(market, HeaderProfile.PORTAL)
    issue(market, HeaderProfile.PORTAL)
    assert asked(market, ("GET", PATH, portal(market, old), b""))[0].status == 401


def test_secrets_lie_sealed_and_in_no_line(market: Market) -> None:
    """The database and the ledger do not hold the letters; another node's key does not open them."""
    letters = issue(market, HeaderProfile.NATIONAL)
    with market.town.engine.connect() as db:
        (kept,) = dialects.live_secrets(db, market.town.now)
    lines = market.town.lines("delivery.secret")
    assert letters.encode() not in kept.sealed
    assert kept.opened(dialects.sealing_of(NODE_KEY)) == letters.encode()
    assert [line.on for line in lines] == [kept.id]
    assert letters not in repr((kept, lines))


def test_only_the_security_administrator_issues_them(market: Market) -> None:
    """Of the system's own body or of the authority; for some days only."""
    with pytest.raises(NotAllowed), market.town.desk(ASKING_HEAD) as desk:
        dialects.issue_secret(desk, market.client, HeaderProfile.PORTAL, key=NODE_KEY)
    with pytest.raises(Invalid, match="180 days"), market.town.desk(HOUSE) as desk:
        dialects.issue_secret(desk, market.client, HeaderProfile.PORTAL, key=NODE_KEY, days=181)
    with pytest.raises(Invalid, match="7 days"), market.town.desk(HOUSE) as desk:
        dialects.issue_secret(desk, market.client, HeaderProfile.PORTAL, key=NODE_KEY, overlap_days=8)


@contextmanager
def served(market: Market) -> Iterator[str]:
    """Serve a worker over HTTP, as `jutong serve` does, and give its address."""
    own = {"loop": delivery.LOOP, "http": delivery.PROTOCOL, "server_header": False, "date_header": False}
    server = uvicorn.Server(uvicorn.Config(market.gateway(), host="127.0.0.1", port=0, log_level="error", **own))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            time.sleep(0.01)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()


@pytest.mark.parametrize("profile", HeaderProfile)
def test_our_own_caller_speaks_both_profiles_over_http(market: Market, profile: HeaderProfile) -> None:
    """It queries, asks in batches and verifies; with another secret it is told that it is not known."""
    market.town.now = datetime.now(UTC)
    letters = issue(market, profile).encode()
    told = {"now": market.town.now.timestamp}
    with served(market) as url, closing(Outward(inside=True)) as outward:
        platform = dialects.Platform(url, profile, market.client, letters, outward, **told)
        assert platform.query(SERVICE, CODE, items=("name",)).body == {"name": FIRM["name"]}
        assert platform.query(SERVICE, "none").status == 404
        assert [one["found"] for one in platform.query_all(SERVICE, [CODE, "none"]).body] == [True, False]
        assert platform.verify_all(SERVICE, {CODE: {"name": "x"}}).body == [{"match": False}]
        stranger = dialects.Platform(url, profile, market.client, b"x" * 43, outward, **told)
        with pytest.raises(NotKnown):
            stranger.query(SERVICE, CODE)
        with pytest.raises(NotFound):
            platform.query(SERVICE + "x", CODE)


def test_the_command_asks_and_prints(market: Market, tmp_path: Path) -> None:
    """`jutong systems ask-platform` reads the secret from a file and shows the record with the call's identifier."""
    market.town.now = datetime.now(UTC)
    (tmp_path / "secret").write_text(issue(market, HeaderProfile.PORTAL) + "\n")
    with served(market) as url:
        arguments = [
            "systems",
            "ask-platform",
            url,
            SERVICE,
            "--client",
            market.client,
            "--secret",
            str(tmp_path / "secret"),
        ]
        done = CliRunner().invoke(commands, [*arguments, "--profile", "x-client", "--key", CODE, "--json"])
    assert done.exit_code == 0, done.output
    said = msgspec.json.decode(done.stdout)
    assert (said["status"], said["answer"]["uscc"]) == (200, CODE)
    assert is_ulid(said["call"])


def test_in_a_rotation_by_plan_both_keys_sign_for_a_time(market: Market) -> None:
    """Calls and sessions of the old key go on until the overlap is over, and not for a second more."""

    async def story(gateway: Gateway) -> list[int]:
        token = await market.token(gateway)
        with market.town.desk(HOUSE) as desk:
            registers.set_key(desk, SystemName.parse(market.client), NEW_KEY.public, overlap_days=1)
        await asyncio.sleep(0.9)

        async def by(**how: Any) -> int:
            headers = market.signed(
                "GET", PATH, {"x-road-client": market.client, "jutong-purpose": "social-security"}, **how
            )
            return (await send(gateway, "GET", PATH, headers)).status

        async def in_session() -> int:
            return (await market.ask(gateway, PATH, sign=False, authorization=f"Bearer {token}")).status

        statuses = [await by(), await by(key=NEW_KEY), await in_session(), await in_session()]
        market.town.now += timedelta(days=1)
        return [*statuses, await by(), await by(key=NEW_KEY), await in_session()]

    assert run(market, story) == [200, 200, 200, 200, 401, 200, 401]


def test_an_overlap_ends_when_it_is_told_to(market: Market) -> None:
    """The old key turns out to be in other hands: the new one counts alone, and the line names what ended."""
    with market.town.desk(HOUSE) as desk:
        name = SystemName.parse(market.client)
        registers.set_key(desk, name, NEW_KEY.public, overlap_days=7)
        assert len(registers.find_system(desk.db, name).counting(desk.now)) == 2
        alone = registers.end_overlap(desk, name)
        assert [one.key for one in alone.counting(desk.now)] == [NEW_KEY.public]
        assert registers.end_overlap(desk, name) == alone


def test_a_session_of_a_stolen_key_ends_within_a_second_of_the_new_key(market: Market) -> None:
    """Mid-flight, call after call, on the short way: from the change of key on, less than a second is answered."""

    async def story(gateway: Gateway) -> float:
        token = await market.token(gateway)

        async def ask() -> int:
            return (await market.ask(gateway, PATH, sign=False, authorization=f"Bearer {token}")).status

        assert [await ask(), await ask()] == [200, 200]
        with market.town.desk(HOUSE) as desk:
            registers.set_key(desk, SystemName.parse(market.client), NEW_KEY.public)
        changed = time.perf_counter()
        while await ask() == 200 and time.perf_counter() - changed < 5:
            await asyncio.sleep(0.005)
        return time.perf_counter() - changed

    assert run(market, story) < 1
