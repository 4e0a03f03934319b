"""A town whose gateway answers: an agreement, a serving copy, and somebody who calls."""

from __future__ import annotations

import asyncio
import secrets
import threading
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import uvicorn

from jutong import delivery, ledger, registers, sharing
from jutong.delivery.gateway import Gateway, Names
from jutong.kernel.crypto import SigningKey
from jutong.kernel.httpsig import Target, sign_request
from jutong.ledger.calls import frames
from jutong.pools.layout import raw_table
from jutong.registers import SystemName
from jutong.sharing import Agreement
from tests.town import ANSWERING, ANSWERING_HEAD, HOUSE, MARKET, Town, a_town, submitted

KEY = SigningKey.of_seed(b"consumer" * 4)
NODE_KEY = SigningKey.of_seed(b"the-node" * 4)
AUTHORITY_NAME = "node.example:8700"
SERVICE = f"CN-500000/GOV/{MARKET}/pool/enterprise-register"
CODE = "915000002028033215"
FIRM = {
    "name": "重庆长江（集团）有限公司",
    "uscc": CODE,
    "reg_date": "2001-03-05",
    "ent_type": "N/A",
    "capital": "500万元人民币",
    "scope": "秘密经营",
    "province": "重庆市",
    "city": "500103",
    "address": "重庆市渝中区人民路232号",
}
OTHER = {**FIRM, "name": "Chuan Trading", "uscc": "91510000MA61RXJU9F", "city": "510100", "capital": None}


@dataclass
class Reply:
    """What came back."""

    status: int
    headers: dict[str, str]
    raw: bytes

    @property
    def body(self) -> Any:
        """The JSON of it."""
        return msgspec.json.decode(self.raw)


@dataclass
class Market:
    """The town, its agreement, and the gateway's folder."""

    town: Town
    folder: Path
    agreement: Agreement
    workers: int = 0
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def client(self) -> str:
        """The consumer's system."""
        return self.town.systems[0]

    def gateway(self) -> Gateway:
        """Build a worker of the gateway."""
        self.workers += 1
        return Gateway(
            self.town.engine,
            self.town.pools,
            ledger.Journal(self.folder / "journal", f"w{self.workers}"),
            NODE_KEY,
            lambda: self.town.now,
            Names("node.example", frozenset({AUTHORITY_NAME})),
            self.folder / "gateway",
        )

    def records(self) -> list[dict[str, Any]]:
        """Return every call on record, oldest first."""
        found = []
        for path in sorted((self.folder / "journal").glob("*.journal")):
            found += [msgspec.json.decode(record) for record, _ in frames(path.read_bytes())]
        return found

    def now(self) -> int:
        """Return the town's time in seconds."""
        return int(self.town.now.timestamp())

    def signed(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes = b"", **how: Any
    ) -> dict[str, str]:
        """Return the headers of a signed call."""
        target, _, query = path.partition("?")
        claim = {"keyid": self.client, "nonce": secrets.token_hex(16), "created": self.now()} | how
        key = claim.pop("key", KEY)
        where = Target(claim.pop("meant", method), claim.pop("authority", AUTHORITY_NAME), target, query)
        return dict(headers) | sign_request(key, where, headers, body, **claim)

    async def ask(
        self,
        gateway: Gateway,
        path: str,
        *,
        method: str = "GET",
        body: bytes = b"",
        sign: bool = True,
        raw_headers: list[tuple[bytes, bytes]] | None = None,
        **changes: Any,
    ) -> Reply:
        """Call with the consumer's usual headers; None takes one away."""
        usual = {"x-road-client": self.client, "jutong-purpose": "social-security"}
        stated = usual | {name.replace("_", "-"): value for name, value in changes.items()}
        headers = {name: value for name, value in stated.items() if value is not None}
        if sign:
            headers = self.signed(method, path, headers, body)
        return await send(gateway, method, path, headers, body, raw_headers=raw_headers)

    async def token(self, gateway: Gateway) -> str:
        """Open a session."""
        reply = await self.ask(gateway, "/r1/session", method="POST")
        return str(reply.body["token"])


async def send(
    gateway: Callable[..., Awaitable[None]],
    method: str,
    path: str,
    headers: Mapping[str, str],
    body: bytes = b"",
    *,
    raw_headers: list[tuple[bytes, bytes]] | None = None,
) -> Reply:
    """Put one request to an ASGI application."""
    target, _, query = path.partition("?")
    pairs = [(name.encode(), value.encode("latin-1")) for name, value in {"host": AUTHORITY_NAME, **headers}.items()]
    if body:
        pairs.append((b"content-length", str(len(body)).encode()))
    scope = {
        "type": "http",
        "method": method,
        "path": target,
        "raw_path": target.encode("latin-1"),
        "query_string": query.encode("latin-1"),
        "headers": pairs + (raw_headers or []),
    }
    events: list[dict[str, Any]] = []
    parts = [body[at : at + 1000] for at in range(0, len(body), 1000)] or [b""]
    waiting = [
        {"type": "http.request", "body": part, "more_body": place + 1 < len(parts)} for place, part in enumerate(parts)
    ]

    async def receive() -> dict[str, Any]:
        return waiting.pop(0)

    async def take(event: dict[str, Any]) -> None:
        events.append(event)

    await gateway(scope, receive, take)
    start, end = events
    reply = {name.decode(): value.decode("latin-1") for name, value in start["headers"]}
    return Reply(start["status"], reply, end["body"])


def a_market(
    folder: Path, *, rows: list[dict[str, Any]] | None = None, town: Town | None = None, **wish: Any
) -> Market:
    """Build the town, or take one, with its service delivered on 2025-09-26."""
    town = town or a_town(folder)
    lay(town, rows or [FIRM, OTHER], mark="first")
    with town.desk(HOUSE) as desk:
        registers.set_key(desk, SystemName.parse(town.systems[0]), KEY.public)
    request = submitted(town, date(2025, 9, 22), **({"starts": date(2025, 9, 22)} | wish))
    town.on(date(2025, 9, 24))
    with town.desk(ANSWERING_HEAD) as desk:
        agreement = sharing.approve(desk, request)
    with town.desk(ANSWERING) as desk:
        delivery.open_service(desk, agreement.id)
    town.on(date(2025, 9, 26))
    return Market(town, folder, agreement)


def lay(town: Town, rows: list[dict[str, Any]], *, mark: str) -> None:
    """Let rows land for the entry."""
    table = pa.Table.from_pylist(rows, schema=pa.schema([(name, pa.string()) for name in FIRM]))
    town.pools.lake.replace(raw_table(town.entry), table.to_reader(), mark=mark)


@asynccontextmanager
async def answering(market: Market) -> Any:
    """Run one worker."""
    async with market.gateway() as gateway:
        yield gateway


@contextmanager
def served(market: Market, gateway: Gateway) -> Iterator[str]:
    """Serve a gateway on a free port, as `jutong serve` does; yields its address. The town's time is the machine's."""
    market.town.now = datetime.now(UTC)
    own = {"loop": delivery.LOOP, "http": delivery.PROTOCOL, "server_header": False, "date_header": False}
    server = uvicorn.Server(uvicorn.Config(gateway, host="127.0.0.1", port=0, log_level="error", **own))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive()
            time.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        object.__setattr__(gateway._names, "authorities", frozenset({f"127.0.0.1:{port}", AUTHORITY_NAME}))
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()


def run(market: Market, story: Callable[[Gateway], Awaitable[Any]]) -> Any:
    """Run a story with one worker."""

    async def whole() -> Any:
        async with answering(market) as gateway:
            return await story(gateway)

    return asyncio.run(whole())
