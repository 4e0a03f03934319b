"""How connections are taken in: all that wait at a turn, none after closing, and no spinning without room."""

from __future__ import annotations

import asyncio
import errno
import socket
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from typing import Any

import pytest

from jutong.delivery.gateway import accept
from jutong.delivery.gateway.accept import Loop

CALLERS = 100


class Met(asyncio.Protocol):
    """Counts who came in, and says a word to each."""

    def __init__(self, met: list[Any]) -> None:
        self._met = met

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Note the other end."""
        self._met.append(transport.get_extra_info("peername"))
        transport.write(b"in")  # type: ignore[attr-defined]


class Full(socket.socket):
    """A socket at which there is no room once."""

    refused = 0

    def accept(self) -> tuple[socket.socket, Any]:
        """Fail as the system does for a process with too many files, then as it should."""
        if not self.refused:
            self.refused += 1
            raise OSError(errno.EMFILE, "too many open files")
        return super().accept()


def bound(kind: type[socket.socket] = socket.socket) -> socket.socket:
    """Return a socket that has an address."""
    own = kind(socket.AF_INET, socket.SOCK_STREAM)
    own.bind(("127.0.0.1", 0))
    return own


def run(told: Callable[[Loop], Awaitable[None]]) -> None:
    """Run something in a loop of ours."""
    loop = Loop()
    try:
        loop.run_until_complete(told(loop))
    finally:
        loop.close()


async def turns_until(done: Callable[[], bool], at_most: int = 2000) -> int:
    """Return how many turns of the loop it takes."""
    for turn in range(at_most):
        if done():
            return turn
        await asyncio.sleep(0)
    raise AssertionError("it is not done")


async def soon(done: Callable[[], bool], seconds: float = 10) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(seconds):
        while not done():
            await asyncio.sleep(0.01)


def test_a_crowd_is_let_in_within_a_few_turns_of_a_busy_loop() -> None:
    """A hundred that knock at once are in after a few turns, not after one each: a turn can be a tenth of a second."""

    async def told(loop: Loop) -> None:
        met: list[Any] = []
        server = await loop.create_server(lambda: Met(met), sock=bound(), backlog=512)
        address = server.sockets[0].getsockname()
        with ExitStack() as stack:
            callers = [stack.enter_context(socket.create_connection(address, 5)) for _ in range(CALLERS)]
            turns = await turns_until(lambda: len(met) == CALLERS)
            assert turns <= 4 * (CALLERS // accept.AT_ONCE + 1)
            assert set(met) == {caller.getsockname() for caller in callers}
            await asyncio.sleep(0)
            assert {caller.recv(2) for caller in callers} == {b"in"}
        server.close()
        await server.wait_closed()

    run(told)


def test_who_is_in_stays_and_nobody_else_comes_after_closing() -> None:
    """A server that closed lets nobody in; a connection that was begun is still answered."""

    async def told(loop: Loop) -> None:
        met: list[Any] = []
        server = await loop.create_server(lambda: Met(met), host="127.0.0.1", port=0, backlog=16)
        address = server.sockets[0].getsockname()
        with socket.create_connection(address, 5) as caller:
            await soon(lambda: len(met) == 1)
            server.close()
            server.close()  # closed is closed
            await server.wait_closed()
            assert not server.is_serving()
            assert server.sockets == ()
            assert caller.recv(2) == b"in"
            with pytest.raises(ConnectionRefusedError):
                socket.create_connection(address, 5)

    run(told)


def test_without_room_the_loop_rests_and_then_lets_in_who_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process with too many files open does not spin; whoever waited at the door comes in when there is room."""
    monkeypatch.setattr(accept, "PAUSE_SECONDS", 0.2)

    async def told(loop: Loop) -> None:
        met: list[Any] = []
        full = bound(Full)
        server = await loop.create_server(lambda: Met(met), sock=full, backlog=16)
        with socket.create_connection(full.getsockname(), 5):
            await soon(lambda: bool(getattr(full, "refused", 0)))
            assert not met
            await turns_until(lambda: True)
            assert getattr(full, "refused", 0) == 1
            await soon(lambda: len(met) == 1)
        server.close()

    run(told)
