"""Live progress: the browser is told that something moved, and looks at the page again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

from litestar.concurrency import sync_to_thread
from litestar.response import ServerSentEvent

EVERY_SECONDS = 1.0
LOOKS_MOST = 600  # then the browser asks anew, by itself

# How far a thing has come, as words to compare, and whether it has ended.
Look = Callable[[], tuple[str, bool]]


def events(look: Look) -> ServerSentEvent:
    """Return a stream that says ``moved`` when there is something new to see, and ``ended`` at last."""

    async def stream() -> AsyncIterator[dict[str, str]]:
        before = ""
        for _ in range(LOOKS_MOST):
            now, ended = await sync_to_thread(look)
            if now != before:
                yield {"event": "moved", "data": now}
            if ended:
                yield {"event": "ended", "data": now}
                return
            before = now
            await asyncio.sleep(EVERY_SECONDS)

    return ServerSentEvent(stream(), headers={"cache-control": "no-store"})
