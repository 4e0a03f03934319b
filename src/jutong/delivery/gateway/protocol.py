"""How this node speaks HTTP: as uvicorn does; whoever dawdles or never ends is shown out; an answer may leave as one.

uvicorn's reader has neither a bound on fields nor a clock of its own, so that a few thousand slow callers (slowloris)
would hold a node. With those below a connection costs little, and not for long, whatever its other end does.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any
from urllib.parse import urlsplit
from weakref import ref

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from .head import head_of

WHOLE = "jutong.whole"  # the ASGI extension under which an application finds it
PROTOCOL = f"{__name__}:Whole"  # as a server's settings name it
HEAD_SECONDS = 15.0  # for the first byte of a connection, and for the line and fields of a request
HEAD_BYTES = 64 << 10  # of line and fields, beyond the first piece that came
PACE_SECONDS = 15.0  # in which a body must go on
PACE_BYTES = 4 << 10  # by at least so much
STUCK_SECONDS = 60.0  # for which nothing of an answer may be taken
LEFT_BYTES = 256 << 10  # of a body that are taken after its answer; what goes on beyond them is cut off
LEFT_SECONDS = 1.0  # in which the other end may read why, before it is


class Whole(HttpToolsProtocol):
    """uvicorn's protocol with clocks and bounds, and one more way to answer."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._begun = self._in_body = False  # a request has begun and not ended; its fields have
        self._came = self._seen = 0  # bytes of it; how many there were when its pace was last looked at
        self._left = 0  # bytes of its body that came after its answer
        self._clock: asyncio.TimerHandle | None = None
        self._stuck: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for the first byte, and not for ever."""
        super().connection_made(transport)
        self._wait(HEAD_SECONDS)

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop all clocks."""
        for clock in (self._clock, self._stuck):
            if clock is not None:
                clock.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take in what came; of a request that is not whole yet, see that it goes on and ends."""
        going_on = self._begun
        super().data_received(data)
        if not self._begun:
            if self._clock is not None:
                self._clock.cancel()
                self._clock = None
            return
        if going_on:
            self._came += len(data)
            if not self._in_body and self._came > HEAD_BYTES:
                self._show_out(431)
                return
            if self._in_body and self.cycle.response_complete:
                self._leave(len(data))
        if self._clock is None:
            self._wait(HEAD_SECONDS)

    def on_message_begin(self) -> None:
        """Note that a request begins."""
        super().on_message_begin()
        self._begun, self._in_body, self._came, self._seen, self._left = True, False, 0, 0, 0

    def on_headers_complete(self) -> None:
        """Begin a request, and offer the way; refuse one that two readers could take for two nodes' (RFC 9112, 3.2)."""
        hosts = [value for name, value in self.headers if name == b"host"]
        version = self.parser.get_http_version()
        if len(hosts) > 1 or version not in ("1.0", "1.1") or not (hosts or version == "1.0"):
            raise ValueError("a request names one host")
        if (self.url[:1] != b"/" or self.url[:2] == b"//") and [urlsplit(self.url).netloc.lower()] != [
            one.lower() for one in hosts
        ]:
            raise ValueError("a request names one host")
        super().on_headers_complete()
        self._in_body = True
        cycle: RequestResponseCycle | None = self.cycle
        if cycle is not None and cycle.scope is self.scope:
            # Weakly, for the scope is the cycle's own: a ring would outlive its call until the collector passes.
            self.scope["extensions"] = {WHOLE: partial(self._answer, ref(cycle))}  # type: ignore[dict-item]

    def on_message_complete(self) -> None:
        """Note that the request is whole."""
        self._begun = False
        super().on_message_complete()

    def pause_writing(self) -> None:
        """Wait for the other end to take something of the answer, and not for ever."""
        super().pause_writing()
        self._stuck = self.loop.call_later(STUCK_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        """Go on: something was taken."""
        if self._stuck is not None:
            self._stuck.cancel()
            self._stuck = None
        super().resume_writing()

    def _leave(self, size: int) -> None:
        """Take a little more of a body that nobody waits for, so that its answer is read; then hang up."""
        self._left += size
        if self._left > LEFT_BYTES and not self.flow.read_paused:
            self.flow.pause_reading()
            self.loop.call_later(LEFT_SECONDS, self.transport.close)

    def _wait(self, seconds: float) -> None:
        self._clock = self.loop.call_later(seconds, self._look)

    def _look(self) -> None:
        """Show out whoever has not begun, has not ended the fields, or lets a body trickle."""
        self._clock = None
        paced = self._came - self._seen >= PACE_BYTES or self.flow.read_paused
        if not (self._in_body and paced):
            self._show_out(408)
            return
        self._seen = self._came
        self._wait(PACE_SECONDS)

    def _show_out(self, status: int) -> None:
        if self.transport.is_closing():
            return
        # Whoever has not begun asked nothing: an answer could pass for one to a call that is on its way.
        if self._begun and (self.cycle is None or self.cycle.response_complete):
            self.transport.write(head_of(status, [(b"content-length", b"0"), (b"connection", b"close")]))
        self.transport.close()

    def _answer(self, asked: ref[RequestResponseCycle], head: bytes, body: bytes) -> bool:
        """Write a whole answer and say so; False means that it must be sent as ASGI has it."""
        cycle = asked()
        if cycle is None:
            return False
        plain = cycle.keep_alive and not (cycle.disconnected or cycle.response_started or self.flow.write_paused)
        if not plain or self.server_state.default_headers or cycle.scope["method"] == "HEAD":
            return False
        cycle.response_started = cycle.response_complete = True
        cycle.message_event.set()
        self.transport.write(head + body)
        cycle.on_response()
        return True
