"""A node as `jutong serve` has it, of two workers behind sockets, for whoever means it harm."""

from __future__ import annotations

import os
import secrets
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import uvicorn

from jutong import delivery, registers
from jutong.app import SPOKEN, asgi
from jutong.delivery.quota import Counters
from jutong.desk import House
from jutong.kernel.clock import LEGAL_TIME
from jutong.kernel.crypto import SigningKey
from jutong.kernel.httpsig import Target, sign_request
from jutong.registers import SystemName
from tests.shares import Sharing, a_sharing, firms, free_port

QUOTA = 10_000
WAIT = 20.0  # seconds: far more than an answer takes, for a busy machine
QUIET = {"log_level": "critical"}


@dataclass
class Standing:
    """The node, its service and its table, and what may be sent to it."""

    shared: Sharing
    doors: tuple[int, ...]  # where its workers listen
    service: str
    token: str  # of a profile that reads the table
    key: SigningKey  # of the consumer's system

    @property
    def port(self) -> int:
        """Where it listens."""
        return self.shared.port

    @property
    def authority(self) -> str:
        """The name under which it may be called."""
        return f"127.0.0.1:{self.port}"

    @property
    def code(self) -> str:
        """A key of the service."""
        return str(firms(1)[0]["uscc"])

    def open(self) -> socket.socket:
        """Return a connection."""
        connection = socket.create_connection(("127.0.0.1", self.port), WAIT)
        connection.settimeout(WAIT)
        return connection

    def ask(self, sent: bytes) -> bytes:
        """Send bytes, and return all that comes until the node closes, or has been silent for two seconds."""
        with self.open() as connection:
            connection.sendall(sent)
            connection.settimeout(2)
            return taken(connection)

    def give_key(self) -> SigningKey:
        """Give the system a new key, which ends the one before; return that one."""
        before, self.key = self.key, SigningKey.new()
        with self.shared.house.desk(self.shared.house.itself) as desk:
            registers.set_key(desk, SystemName.parse(self.shared.system), self.key.public)
        return before

    def signed(self, method: str, path: str, body: bytes = b"", *, key: SigningKey | None = None) -> dict[str, str]:
        """Return the header fields of a signed call."""
        headers = {"x-road-client": self.shared.system, "jutong-purpose": "social-security"}
        added = sign_request(
            key or self.key,
            Target(method, self.authority, path),
            headers,
            body,
            keyid=self.shared.system,
            nonce=secrets.token_hex(16),
            created=int(time.time()),
        )
        return {"host": self.authority, **headers, **added}

    def left(self, calls: int) -> None:
        """Let the day's quota have so many calls left, as the node's own processes count them."""
        counters = Counters(self.shared.house.home.folder / "gateway" / "quota")
        day = self.shared.house.clock().astimezone(LEGAL_TIME).date()
        used = counters.used(self.shared.agreement, day)
        counters.give_back(self.shared.agreement, day, used)
        assert counters.take(self.shared.agreement, day, QUOTA - calls, QUOTA)
        counters.close()


def memory() -> int:
    """Return the bytes of memory that this process holds, in which the workers run (RSS)."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def taken(connection: socket.socket) -> bytes:
    """Return what comes until the other end closes or falls silent."""
    parts = []
    try:
        while part := connection.recv(1 << 16):
            parts.append(part)
    except (TimeoutError, ConnectionResetError, BrokenPipeError):
        pass
    return b"".join(parts)


def status_of(answer: bytes) -> int:
    """Return the status of the first answer in what came, or 0."""
    return int(answer[9:12]) if answer.startswith(b"HTTP/1.1 ") else 0


def head(method: str, path: str, fields: Mapping[str, str]) -> bytes:
    """Return the line and the fields of a request."""
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


@contextmanager
def a_standing(folder: Path) -> Iterator[Standing]:
    """Make the node and serve it by two workers."""
    shared = a_sharing(folder, firms(4), methods=["query", "verify", "table", "file"], quota_per_day=QUOTA)
    house = shared.house
    shared.keep()
    with house.reading() as db:
        (service,) = delivery.services(db)
    _, token = shared.profile()
    with ExitStack() as stack:
        doors = tuple(stack.enter_context(_worker(house, port)) for port in (shared.port, free_port()))
        node = Standing(shared, doors, service.path, token, SigningKey.new())
        node.give_key()
        time.sleep(1.5)  # within a second both workers know the key
        yield node
    house.engine.dispose()


@contextmanager
def _worker(house: House, port: int) -> Iterator[int]:
    """Serve all faces at a port, as one worker of `jutong serve` does."""
    server = uvicorn.Server(uvicorn.Config(asgi(house), host="127.0.0.1", port=port, **{**SPOKEN, **QUIET}))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.05)
    try:
        yield port
    finally:
        server.should_exit = True
        thread.join(WAIT)
