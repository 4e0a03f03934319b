"""Calling an application without a network: all clients of a run are served in one thread, not each call in its own."""

from __future__ import annotations

import atexit
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from typing import Any

import litestar.testing
from anyio.from_thread import BlockingPortal, start_blocking_portal


class TestClient(litestar.testing.TestClient[Any]):
    """The framework's client, for which a thread, an event loop and a pool are not made anew with every call."""

    __test__ = False

    @contextmanager
    def portal(self) -> Iterator[BlockingPortal]:
        """Lend the way into the one event loop."""
        yield _the_portal()


@cache
def _the_portal() -> BlockingPortal:
    opened = ExitStack()
    atexit.register(opened.close)
    return opened.enter_context(start_blocking_portal())
