"""The wire: whoever dawdles, never ends, takes nothing or sends two messages in one is shown out; others are served."""

from __future__ import annotations

import gc
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import uvicorn
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from jutong import delivery
from jutong.delivery.gateway import protocol

SOON = 8.0  # seconds: far more than the clocks below, for a busy machine
GOOD = b"GET /good HTTP/1.1\r\nHost: x\r\n\r\n"


@dataclass
class Node:
    """A server with an application that reads bodies, and counts what reached it."""

    port: int = 0
    paths: list[str] = field(default_factory=list)
    broken: int = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer with how many bytes of body came, or with very many bytes."""
        self.paths.append(scope["path"])
        size, more = 0, True
        while more:
            event = await receive()
            if event["type"] == "http.disconnect":
                self.broken += 1
                return
            size, more = size + len(event.get("body", b"")), event.get("more_body", False)
        if scope["path"] == "/whole":
            answer = scope["extensions"][protocol.WHOLE]
            assert answer(b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\n", str(size).encode())
            return
        pieces = [b"x" * (1 << 20)] * 64 if scope["path"] == "/much" else [str(size).encode()]
        length = str(sum(map(len, pieces))).encode()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", length)]})
        for place, piece in enumerate(pieces, 1):
            await send({"type": "http.response.body", "body": piece, "more_body": place < len(pieces)})

    def open(self) -> socket.socket:
        """Return a connection."""
        return socket.create_connection(("127.0.0.1", self.port), SOON)

    def ask(self, sent: bytes) -> bytes:
        """Send bytes, and return all that comes until the other end closes, or falls silent."""
        with self.open() as connection:
            connection.sendall(sent)
            return taken(connection)


def taken(connection: socket.socket, seconds: float = SOON) -> bytes:
    """Return what comes until the other end closes; fail where it does not."""
    connection.settimeout(seconds)
    parts = []
    try:
        while part := connection.recv(1 << 16):
            parts.append(part)
    except ConnectionResetError:
        parts.append(b"")
    return b"".join(parts)


def lets_go(connection: socket.socket, piece: bytes, *, pause: float, times: int) -> bool:
    """Send a piece many times, and say whether the other end closed before the last."""
    try:
        for _ in range(times):
            connection.sendall(piece)
            time.sleep(pause)
    except OSError:
        return True
    return False


@pytest.fixture
def node(monkeypatch: pytest.MonkeyPatch) -> Iterator[Node]:
    """A node whose clocks are short."""
    for name in ("HEAD_SECONDS", "PACE_SECONDS", "STUCK_SECONDS"):
        monkeypatch.setattr(protocol, name, 0.4)
    made = Node()
    own = {
        "loop": delivery.LOOP,
        "http": delivery.PROTOCOL,
        "server_header": False,
        "date_header": False,
        "lifespan": "off",
    }
    server = uvicorn.Server(
        uvicorn.Config(made, host="127.0.0.1", port=0, log_level="critical", timeout_keep_alive=1, **own)  # type: ignore[arg-type]
    )
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.01)
    made.port = server.servers[0].sockets[0].getsockname()[1]
    yield made
    server.should_exit = True
    thread.join(SOON)


def test_slow_callers_are_shown_out_while_others_are_served(node: Node) -> None:
    """Two hundred that never end their fields, or say nothing, hold the node for less than a moment each."""
    slow = [node.open() for _ in range(200)]
    for place, one in enumerate(slow):
        one.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nA: b" if place % 2 else b"")
    assert node.ask(GOOD).startswith(b"HTTP/1.1 200")
    told = [taken(one) for one in slow]
    assert all(one.startswith(b"HTTP/1.1 408") if place % 2 else one == b"" for place, one in enumerate(told))
    for one in slow:
        one.close()
    assert set(node.paths) == {"/good"}


def test_a_caller_that_drips_fields_is_shown_out(node: Node) -> None:
    """A byte now and then does not start the clock anew."""
    with node.open() as one:
        one.sendall(b"GET / HTTP/1.1\r\n")
        assert lets_go(one, b"a: b\r\n", pause=0.05, times=int(SOON / 0.05))
    assert node.paths == []


def test_fields_without_end_are_refused(node: Node) -> None:
    """Ten megabytes of fields are not kept: 431 after a part of them."""
    with node.open() as one:
        one.sendall(b"GET / HTTP/1.1\r\n")
        time.sleep(0.05)
        assert lets_go(one, b"a: " + b"b" * 5_000 + b"\r\n", pause=0, times=2_000)
    assert node.paths == []


def test_a_body_that_trickles_ends_the_call_and_one_that_goes_on_does_not(node: Node) -> None:
    """What comes steadily is taken however long it takes; what stalls is given up, and the application told."""
    with node.open() as one:
        one.sendall(b"POST /steady HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\n\r\n")
        for _ in range(12):
            one.sendall(b"x" * 5_000)
            time.sleep(0.1)
        assert one.recv(1 << 16).endswith(b"60000")
    with node.open() as one:
        one.sendall(b"POST /stalls HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\n\r\nxxx")
        taken(one)
    deadline = time.monotonic() + SOON
    while not node.broken and time.monotonic() < deadline:
        time.sleep(0.01)
    assert (node.paths, node.broken) == (["/steady", "/stalls"], 1)


def test_whoever_takes_nothing_of_an_answer_is_cut_off(node: Node) -> None:
    """Sixty-four megabytes do not wait in memory for a reader that sleeps."""
    with node.open() as one:
        one.sendall(b"GET /much HTTP/1.1\r\nHost: x\r\n\r\n")
        time.sleep(2)
        assert len(taken(one)) < 64 << 20
    with node.open() as one:  # and one that reads gets all
        one.sendall(b"GET /much HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert len(taken(one)) > 64 << 20


@pytest.mark.parametrize("path", ["good", "whole"])
def test_a_call_leaves_nothing_behind_for_the_collector(node: Node, path: str) -> None:
    """What a call was made of is gone with its answer: a collector that looks for rings would hold up all callers."""
    gc.collect()
    gc.disable()
    try:
        with node.open() as connection:
            for _ in range(50):
                connection.sendall(f"GET /{path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
                assert connection.recv(1 << 16).startswith(b"HTTP/1.1 200")
            left = sum(isinstance(one, RequestResponseCycle) for one in gc.get_objects())
    finally:
        gc.enable()
    assert left <= 2


def test_many_calls_in_one_piece_are_no_long_one(node: Node) -> None:
    """Calls that are sent ahead of their answers are each answered, in order, however many fit into a piece."""
    told = node.ask(GOOD * 3_000 + b"GET /last HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert told.count(b"HTTP/1.1 200") == 3_001
    assert node.paths[-1] == "/last"


@pytest.mark.parametrize(
    "fields",
    [
        b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n",
        b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n",
        b"Content-Length: 4\r\nContent-Length: 0\r\n",
        b"Content-Length: 4, 0\r\n",
        b"Content-Length: +4\r\n",
        b"Content-Length: -1\r\n",
        b"Content-Length: 0x4\r\n",
        b"Content-Length: 99999999999999999999\r\n",
        b"Transfer-Encoding: xchunked\r\n",
        b"Transfer-Encoding: chunked, identity\r\n",
        b"Transfer-Encoding : chunked\r\n",
        b"Transfer-Encoding\t: chunked\r\n",
        b"X: a\r\n Transfer-Encoding: chunked\r\n",
        b"X: a\rTransfer-Encoding: chunked\r\n",
        b"X\x00: a\r\n",
        b": a\r\n",
    ],
)
def test_no_second_message_hides_in_a_first(node: Node, fields: bytes) -> None:
    """Whatever could be read in two ways by two readers is refused, and what is behind it is never a call."""
    hidden = b"0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n"
    told = node.ask(b"POST /first HTTP/1.1\r\nHost: x\r\n" + fields + b"\r\n" + hidden)
    assert "/smuggled" not in node.paths
    assert told.count(b"HTTP/1.1 2") == 0
    assert told.startswith(b"HTTP/1.1 4") or told == b""


def test_a_message_is_read_in_one_way_only(node: Node) -> None:
    """Sound bodies of either kind are read to their end, and the next call begins there."""
    chunked = b"POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
    counted = b"POST /b HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nConnection: close\r\n\r\nabcde"
    told = node.ask(chunked + counted)
    assert (told.count(b"HTTP/1.1 200"), node.paths) == (2, ["/a", "/b"])
    assert told.endswith(b"5")
