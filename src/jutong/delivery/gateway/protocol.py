"""How this node speaks HTTP: as uvicorn does, and an answer may also leave as one piece, head and body in one write."""

from __future__ import annotations

from functools import partial

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

WHOLE = "jutong.whole"  # the ASGI extension under which an application finds it
PROTOCOL = f"{__name__}:Whole"  # as a server's settings name it


class Whole(HttpToolsProtocol):
    """uvicorn's protocol with one more way to answer; whatever is not the plain case goes the usual one."""

    def on_headers_complete(self) -> None:
        """Begin a request, and offer the way."""
        super().on_headers_complete()
        cycle: RequestResponseCycle | None = self.cycle
        if cycle is not None and cycle.scope is self.scope:
            self.scope["extensions"] = {WHOLE: partial(self._answer, cycle)}  # type: ignore[dict-item]

    def _answer(self, cycle: RequestResponseCycle, head: bytes, body: bytes) -> bool:
        """Write a whole answer and say so; False means that it must be sent as ASGI has it."""
        plain = cycle.keep_alive and not (cycle.disconnected or cycle.response_started or self.flow.write_paused)
        if not plain or self.server_state.default_headers or cycle.scope["method"] == "HEAD":
            return False
        cycle.response_started = cycle.response_complete = True
        cycle.message_event.set()
        self.transport.write(head + body)
        cycle.on_response()
        return True
