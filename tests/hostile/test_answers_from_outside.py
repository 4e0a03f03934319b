"""What a hostile receiver, portal or neighbour may answer: endless, dripping, packed, or from somewhere else."""

from __future__ import annotations

import gzip
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

import httpx
import pytest

from jutong.kernel import outward as outgoing
from jutong.kernel import pace
from jutong.kernel.errors import Invalid, Unavailable
from jutong.kernel.outward import Outward, is_own, permitted

SHORT = 0.2  # seconds of silence that are borne
SOON = 10.0
OK = b"HTTP/1.1 200 OK\r\n"


@contextmanager
def answering(answer: Callable[[socket.socket], None]) -> Iterator[str]:
    """Serve connections with ``answer`` until it has said all, and return the address."""
    listening = socket.create_server(("127.0.0.1", 0))

    def one(taken: socket.socket) -> None:
        with taken:
            try:
                taken.recv(1 << 16)
                answer(taken)
            except OSError:
                return

    def all_of_them() -> None:
        while True:
            try:
                taken, _ = listening.accept()
            except OSError:
                return
            threading.Thread(target=one, args=(taken,), daemon=True).start()

    threading.Thread(target=all_of_them, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/"
    finally:
        listening.close()


def dripping(start: bytes, piece: bytes) -> Callable[[socket.socket], None]:
    """Return an answer of which a piece comes before each silence has lasted too long, for ever."""

    def answer(taken: socket.socket) -> None:
        taken.sendall(start)
        while True:
            taken.sendall(piece)
            time.sleep(SHORT / 4)

    return answer


def pouring(start: bytes, piece: bytes) -> Callable[[socket.socket], None]:
    """Return an answer that comes as fast as it is taken, for ever."""

    def answer(taken: socket.socket) -> None:
        taken.sendall(start)
        while True:
            taken.sendall(piece)

    return answer


@pytest.fixture
def outward() -> Iterator[Outward]:
    """A client that waits for a short time only."""
    with closing(Outward(inside=True, timeout_seconds=SHORT)) as made:
        yield made


@pytest.mark.parametrize(
    ("start", "piece"),
    [
        (b"H", b""),
        (OK, b"x: y\r\n"),
        (OK + b"X: ", b"y"),
        (b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 100 Continue\r\n\r\n"),
        (OK + b"Content-Length: 1000000\r\n\r\n", b"x"),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
    ],
    ids=["silence", "fields", "one field", "go on", "a counted body", "chunks"],
)
def test_an_answer_that_trickles_is_given_up(outward: Outward, start: bytes, piece: bytes) -> None:
    """A byte before each silence is too long holds no thread of this node: there is a pace to keep."""
    began = time.monotonic()
    with answering(dripping(start, piece)) as url, pytest.raises(Unavailable):
        outward.request("GET", url)
    assert time.monotonic() - began < SOON


def test_a_body_that_is_streamed_keeps_the_pace_too(outward: Outward) -> None:
    """Whoever reads an answer piece by piece is not held by it either."""
    with answering(dripping(OK + b"Content-Length: 1000000\r\n\r\n", b"x")) as url:
        answer = outward.stream("GET", url)
        with pytest.raises(httpx.HTTPError):
            for _ in answer.iter_raw():
                pass
        answer.close()


def test_a_slow_answer_that_goes_on_is_read_to_its_end(outward: Outward) -> None:
    """Slow is no crime: a long answer at a pace that is borne arrives whole, whatever time it takes."""

    def answer(taken: socket.socket) -> None:
        taken.sendall(OK + b"Content-Length: 131072\r\n\r\n")
        for _ in range(16):
            taken.sendall(b"x" * 8192)
            time.sleep(SHORT / 4)

    with answering(answer) as url:
        assert len(outward.request("GET", url).content) == 131_072


@pytest.mark.parametrize(
    ("start", "piece"),
    [
        (OK, b"x: " + b"y" * 1000 + b"\r\n"),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n", b"10000\r\n" + b"x" * 65_536 + b"\r\n"),
        (OK + b"\r\n", b"x" * 65_536),
    ],
    ids=["fields", "chunks", "until it closes"],
)
def test_an_answer_without_end_is_given_up(
    outward: Outward, monkeypatch: pytest.MonkeyPatch, start: bytes, piece: bytes
) -> None:
    """Of fields a hundred kibibytes, of a body that is kept whole some mebibytes, and no more."""
    monkeypatch.setattr(outgoing, "WHOLE_BYTES", 4 << 20)
    with answering(pouring(start, piece)) as url, pytest.raises(Unavailable):
        outward.request("GET", url)


def test_an_answer_has_an_hour_by_which_it_is_there(outward: Outward, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also one that keeps the pace, and is not too long yet."""
    monkeypatch.setattr(outgoing, "WHOLE_SECONDS", 0.5)
    monkeypatch.setattr(pace, "PACE_BYTES", 1)
    with (
        answering(dripping(OK + b"Content-Length: 1000000\r\n\r\n", b"x")) as url,
        pytest.raises(Unavailable, match="without an end"),
    ):
        outward.request("GET", url)


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd", "GZIP", "identity, gzip"])
def test_a_packed_answer_is_refused_packed(outward: Outward, coding: str) -> None:
    """Nobody asked for it, and a megabyte that unpacks to a gigabyte does so before it can be counted."""
    bomb = gzip.compress(b"0" * (8 << 20))

    def answer(taken: socket.socket) -> None:
        taken.sendall(OK + f"Content-Encoding: {coding}\r\nContent-Length: {len(bomb)}\r\n\r\n".encode() + bomb)

    with answering(answer) as url:
        for ask in (outward.request, outward.stream):
            with pytest.raises(Unavailable, match="packed"):
                ask("GET", url)


def test_no_packed_answer_is_asked_for(outward: Outward) -> None:
    """The request says so, whatever its caller says."""
    asked: list[bytes] = []
    listening = socket.create_server(("127.0.0.1", 0))

    def one() -> None:
        taken, _ = listening.accept()
        with taken:
            asked.append(taken.recv(1 << 16).lower())
            taken.sendall(OK + b"Content-Length: 0\r\n\r\n")

    thread = threading.Thread(target=one)
    thread.start()
    outward.request("GET", f"http://127.0.0.1:{listening.getsockname()[1]}/", headers={"x": "y"})
    thread.join(SOON)
    listening.close()
    assert asked[0].count(b"accept-encoding") == 1
    assert b"accept-encoding: identity" in asked[0]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_answer_sends_this_node_elsewhere(outward: Outward, status: int) -> None:
    """A redirect is an answer like any other, and is not followed."""
    called: list[int] = []

    def answer(taken: socket.socket) -> None:
        called.append(1)
        taken.sendall(f"HTTP/1.1 {status} x\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\n\r\n".encode())

    with answering(answer) as url:
        assert outward.request("GET", url).status_code == status
    assert called == [1]


def test_a_name_that_leads_elsewhere_at_the_second_look_is_looked_up_once() -> None:
    """DNS rebinding: the address that was checked is the one that is called."""
    looked: list[str] = []

    def resolver(host: str, port: int) -> list[str]:
        del port
        looked.append(host)
        return ["127.0.0.1"] if len(looked) == 1 else ["169.254.169.254"]

    def answer(taken: socket.socket) -> None:
        taken.sendall(OK + b"Content-Length: 2\r\n\r\nok")

    with answering(answer) as url, closing(Outward(inside=True, resolver=resolver)) as outward:
        named = url.replace("127.0.0.1", "rebinding.example")
        assert outward.request("GET", named).content == b"ok"
        assert looked == ["rebinding.example"]
        with pytest.raises(Invalid, match="never called"):
            outward.request("GET", named)


@pytest.mark.parametrize(
    "address",
    ["169.254.169.254", "100.100.100.200", "168.63.129.16", "192.0.0.192", "fd00:ec2::254", "fe80::1",
     "::ffff:169.254.169.254", "::ffff:100.100.100.200", "0.0.0.0", "::", "224.0.0.1", "255.255.255.255"],
)  # fmt: skip
def test_where_machines_keep_their_own_secrets_nobody_is_called(address: str) -> None:
    """The places where clouds tell a machine its credentials are no neighbour's, receiver's or source's."""
    assert not permitted(address, inside=True)


def test_this_machine_knows_itself() -> None:
    """By loopback, by the dress of IPv6, and by whatever address it has in a network."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.connect(("192.0.2.1", 9)) if not _no_network() else one.bind(("127.0.0.1", 0))
        assert is_own(one.getsockname()[0])
    assert is_own("::1")
    assert is_own("::ffff:127.0.0.1")
    assert not is_own("192.0.2.1")


def _no_network() -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        return one.connect_ex(("192.0.2.1", 9)) != 0
