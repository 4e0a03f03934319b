"""How this node takes connections in: at each turn of the loop as many as wait, up to a bound.

libuv takes one at a turn. A worker with hundreds of callers has some ten turns a second, so whoever came with a
thousand others waited for seconds to be let in, while those who were in were answered at once.
"""

from __future__ import annotations

import asyncio
import errno
import gc
import logging
import socket
from collections.abc import Callable
from typing import Any

import uvloop

log = logging.getLogger(__name__)
LOOP = f"{__name__}:Loop"  # as a server's settings name it
AT_ONCE = 64  # connections at one turn: more would let those wait who are in
PAUSE_SECONDS = 1.0  # after the system had no room for another connection
_NO_ROOM = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}
Factory = Callable[[], asyncio.Protocol]


class Loop(uvloop.Loop):
    """uvloop's loop, whose servers take in all that wait."""

    async def create_server(  # type: ignore[override]
        self, protocol_factory: Factory, *given: Any, **named: Any
    ) -> Any:
        """Return a server; what is asked beyond host, port, socket and backlog is served as uvloop does."""
        sock, backlog = named.get("sock"), named.get("backlog", 100)
        if named.get("ssl") is not None or given or not ({"sock", "host"} & named.keys()):
            return await super().create_server(protocol_factory, *given, **named)
        if sock is None:
            host = named["host"] or ""
            family = socket.AF_INET6 if ":" in host else socket.AF_INET
            sock = socket.create_server((host, named["port"]), family=family, backlog=backlog)
        # What is loaded by now stays as long as the server: the collector, which holds up every caller while it looks,
        # need not look through it again and again.
        gc.collect()
        gc.freeze()
        return Listening(self, sock, protocol_factory, backlog)


class Listening:
    """A socket that is listened at; a server as asyncio has it, as far as servers of the Web ask it."""

    def __init__(self, loop: Loop, sock: socket.socket, factory: Factory, backlog: int) -> None:
        self._loop, self._socket, self._factory = loop, sock, factory
        self._coming: set[asyncio.Task[None]] = set()
        self._paused: asyncio.TimerHandle | None = None
        sock.setblocking(False)
        sock.listen(backlog)
        loop.add_reader(sock, self._take)

    @property
    def sockets(self) -> tuple[socket.socket, ...]:
        """The socket, or none after it was closed."""
        return () if self._socket.fileno() < 0 else (self._socket,)

    def is_serving(self) -> bool:
        """Say whether anybody is let in."""
        return self._socket.fileno() >= 0

    def close(self) -> None:
        """Let nobody in any more; who is in stays."""
        if self._paused is not None:
            self._paused.cancel()
        if self.is_serving():
            self._loop.remove_reader(self._socket)
            self._socket.close()
            gc.unfreeze()

    async def wait_closed(self) -> None:
        """Return when whoever was at the door is in."""
        await asyncio.gather(*self._coming, return_exceptions=True)

    def _take(self) -> None:
        for _ in range(AT_ONCE):
            try:
                caller, _address = self._socket.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as failure:
                if failure.errno not in _NO_ROOM:
                    raise
                self._pause(failure)
                return
            task = self._loop.create_task(self._let_in(caller))
            self._coming.add(task)
            task.add_done_callback(self._coming.discard)

    async def _let_in(self, caller: socket.socket) -> None:
        try:
            caller.setblocking(False)
            caller.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            await self._loop.connect_accepted_socket(self._factory, caller)
        except OSError:
            caller.close()  # gone before it was in

    def _pause(self, failure: OSError) -> None:
        """Wait before the next is let in: what waits at the door would wake the loop for nothing."""
        log.warning("no room for another connection: %s", failure)
        self._loop.remove_reader(self._socket)
        self._paused = self._loop.call_later(PAUSE_SECONDS, self._again)

    def _again(self) -> None:
        self._paused = None
        if self.is_serving():
            self._loop.add_reader(self._socket, self._take)
