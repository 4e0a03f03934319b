"""Who and what is there: a stranger learns it neither by the status, nor by the size, nor by the time of a refusal.

Time is proven by its cause: the same work is done, counted in verifications, statements and look-ups.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import sqlalchemy as sa

from jutong import registers
from jutong.access import acts as access_acts
from jutong.access import store
from jutong.delivery.bulk import store as bulk_store
from jutong.delivery.gateway import Gateway
from jutong.delivery.gateway import callers as gateway_callers
from jutong.delivery.gateway.copies import Copy
from jutong.kernel.crypto import PublicKey, SigningKey
from jutong.kernel.sm2 import Sm2PublicKey, Sm2SigningKey
from jutong.registers import SystemName
from tests.gateway import CODE, SERVICE, Market, Reply, a_market, run, send
from tests.hostile.standing import Standing
from tests.signing_in import Browser, a_city_with_accounts
from tests.town import HOUSE

STRANGER = SigningKey.of_seed(b"stranger" * 4)
PATH = f"/r1/{SERVICE}/{CODE}"
ASKED_HERE = ContextVar("asked_here", default=False)


@dataclass
class Work:
    """What was done for one answer."""

    done: list[str] = field(default_factory=list)


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> Work:
    """Count verifications by either suite, codes of secrets, and passwords."""
    counted = Work()

    def counting(owner: object, name: str, word: str) -> None:
        real: Callable[..., object] = getattr(owner, name)

        def wrapped(*given: object, **named: object) -> object:
            counted.done.append(word)
            return real(*given, **named)

        monkeypatch.setattr(owner, name, wrapped)

    counting(PublicKey, "verifies", "signature")
    counting(Sm2PublicKey, "verifies", "signature by SM2")
    counting(gateway_callers, "check_mac", "code")
    counting(access_acts, "verified", "password")
    return counted


class Opened(dict[str, Copy]):
    """A gateway's copies; each time that one is asked for counts as a look-up."""

    def __init__(self, copies: Mapping[str, Copy], work: Work) -> None:
        super().__init__(copies)
        self._work = work

    def __getitem__(self, name: str) -> Copy:
        self._work.done.append("look-up")
        return super().__getitem__(name)


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Market:
    """A delivered service."""
    return a_market(tmp_path_factory.mktemp("known"))


def test_a_system_that_is_known_costs_a_stranger_the_same_work(market: Market, work: Work) -> None:
    """Signed by a stranger in the name of one that is there and of one that is not: one refusal, one amount of work."""
    names = (market.client, market.client.replace("benefits", "benefitz"), "CN-500000/GOV/nobody/none")
    for key in (STRANGER, Sm2SigningKey.new()):
        told: list[tuple[int, bytes, list[str]]] = []

        async def story(gateway: Gateway, key: object = key, told: list[tuple[int, bytes, list[str]]] = told) -> None:
            for name in names:
                stated = {"x-road-client": name, "jutong-purpose": "social-security"}
                headers = market.signed("GET", PATH, stated, key=key, keyid=name)
                work.done.clear()
                reply = await send(gateway, "GET", PATH, headers)
                told.append((reply.status, reply.raw, list(work.done)))

        run(market, story)
        assert told[0][0] == 401
        assert told[1:] == told[:1] * 2
        assert key is not STRANGER or told[0][2] == ["signature"] * 2


def test_a_service_of_others_is_as_if_it_were_not(market: Market, work: Work) -> None:
    """Asked for by a system that has no right to it, and one that nobody has: the same bytes, and nothing looked up."""
    with market.town.desk(HOUSE) as desk:
        name = str(registers.register_system(desk, market.client.split("/")[2], "second", "第二个").name)
        registers.set_key(desk, SystemName.parse(name), STRANGER.public)
    told: list[tuple[int, bytes, list[str], dict[str, int], list[str]]] = []

    async def story(gateway: Gateway) -> None:
        gateway._desks.copies = Opened(gateway._desks.copies, work)
        assert (await market.ask(gateway, PATH)).status == 200
        assert "look-up" in work.done
        for service in (SERVICE, SERVICE.replace("register", "registry")):
            for key in (CODE, "9" * len(CODE)):
                path = f"/r1/{service}/{key}"
                stated = {"x-road-client": name, "jutong-purpose": "social-security"}
                headers = market.signed("GET", path, stated, key=STRANGER, keyid=name)
                work.done.clear()
                reply = await send(gateway, "GET", path, headers)
                sizes = {field: len(value) for field, value in reply.headers.items()}
                told.append((reply.status, reply.raw, list(reply.headers), sizes, list(work.done)))

    run(market, story)
    assert told[0][0] == 404
    assert told[0][4] == ["signature"], "nothing was looked up"
    assert told[1:] == told[:1] * 3


def test_a_share_of_others_is_as_if_it_were_not(node: Standing) -> None:
    """Another system's profile finds neither the share that is there nor one that is not, by the same statements."""
    shared = node.shared
    profile, token = shared.profile()
    with shared.house.engine.begin() as db:  # of a system that the agreement does not name
        table = bulk_store.profile
        db.execute(table.update().where(table.c.id == profile.id).values(system="CN-500000/GOV/elsewhere/claims"))
    statements: list[str] = []

    def note(*given: object) -> None:
        if ASKED_HERE.get():  # the node's own workers look at their rights meanwhile
            statements.append(str(given[2]))

    sa.event.listen(shared.house.engine, "before_cursor_execute", note)
    worker = shared.server()
    told = []
    try:
        unknown = "01k5wq5x786qg2m668bgmj2691"
        for share in (shared.agreement.lower(), unknown):
            for rest in ("", "/schemas", "/all-tables", "/schemas/x/tables/enterprise_register/metadata"):
                statements.clear()
                reply = asyncio.run(_asked(worker, f"/sharing/shares/{share}{rest}", token))
                told.append((rest, reply.status, reply.raw, list(statements)))
    finally:
        sa.event.remove(shared.house.engine, "before_cursor_execute", note)
        worker.close()
    assert {status for _, status, _, _ in told} == {404}
    assert told[:4] == told[4:]
    assert all(done for _, _, _, done in told)


async def _asked(worker: Callable[..., object], path: str, token: str) -> Reply:
    ASKED_HERE.set(True)
    return await send(worker, "GET", path, {"authorization": f"Bearer {token}"})  # type: ignore[arg-type]


def test_an_account_that_is_known_costs_a_stranger_the_same_work(tmp_path: Path, work: Work) -> None:
    """Wrong password, unknown name, an account without one, a closed one: one hash, one page, the same statements."""
    city = a_city_with_accounts(tmp_path / "home")
    kept = store.account
    with city.house.engine.begin() as db:
        without = registers.find_post(db, city.posts["asker"]).person
        db.execute(kept.update().where(kept.c.person == without).values(password=""))
    told = []
    with city.client() as http:
        browser = Browser(city, http)
        for account in ("officer", "nobody-of-this-name", "asker", "x"):
            browser.open("/login")
            work.done.clear()
            answer = browser.send("/login", {"account": account, "password": "not the one 7 Horse"})
            page = re.sub(r'value="[^"]*"', "", answer.text)
            told.append((answer.status_code, page, list(work.done)))
    assert told[0][2] == ["password"]
    assert all(one == told[0] for one in told[1:])
