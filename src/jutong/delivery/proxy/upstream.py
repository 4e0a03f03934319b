"""A department's own service as one process calls it: few at once, never for long, and not while it fails."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass

import httpx

from jutong.kernel.errors import Invalid, Unavailable
from jutong.kernel.outward import Calling, Resolver, resolve

from .breaker import Breaker, Flow
from .proxy import Proxy
from .question import Question
from .reply import Reply
from .ways import Ways

CONNECT_SECONDS = 3.0
WINDOW_SECONDS = 600.0
_REMEMBERED = 10_000  # answers of the window
_IDLE_SECONDS = 30.0

UNREACHABLE, SLOW, FAILING, TOO_LARGE, UNLIKE = "unreachable", "slow", "failing", "too-large", "unlike"


class Failed(Exception):
    """The service gave no answer that could be handed on; ``kind`` says of which sort that is."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


class Shut(Exception):
    """Nothing is asked now: the service has failed too often, or too much is under way; ``wait`` is in seconds."""

    def __init__(self, wait: float) -> None:
        super().__init__()
        self.wait = wait


@dataclass(frozen=True, slots=True)
class Health:
    """How a service has answered one process within the last ten minutes."""

    flow: Flow
    asked: int
    failed: int
    last: str  # kind of the last failure


class Upstream:
    """One declared service; for one event loop. ``secret`` is the field that carries its credential, if any."""

    def __init__(
        self,
        proxy: Proxy,
        ways: Ways,
        *,
        names: Executor,
        secret: tuple[str, str] | None = None,
        resolver: Resolver = resolve,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        self.proxy, self._ways, self._secret, self._steady = proxy, ways, secret, steady
        self._breaker = Breaker()
        self._under_way = 0
        self._ends: deque[tuple[float, bool]] = deque(maxlen=_REMEMBERED)
        self._last = ""
        self._calling = Calling(
            inside=ways.within(proxy.base),
            names=names,
            timeout=httpx.Timeout(proxy.whole_seconds, connect=min(CONNECT_SECONDS, proxy.first_seconds)),
            limits=httpx.Limits(
                max_connections=proxy.at_once, max_keepalive_connections=proxy.at_once, keepalive_expiry=_IDLE_SECONDS
            ),
            resolver=resolver,
        )

    async def ask(self, question: Question, own: Mapping[str, str]) -> Reply:
        """Return the answer to a question, sent with the node's ``own`` fields; or leave by ``Failed`` or ``Shut``."""
        if self._under_way >= self.proxy.at_once:
            raise Shut(1.0)
        self._breaker, turn = self._breaker.asked(self._steady())
        if turn is None:
            raise Shut(self._breaker.wait(self._steady()))
        try:
            reply = await self._first_of(question, own)
        except Failed as error:
            self._note(error.kind)
            self._breaker = self._breaker.failed(turn, self._steady())
            raise
        except BaseException:
            self._breaker = self._breaker.given_up(turn, self._steady())
            raise
        self._note("")
        self._breaker = self._breaker.answered(turn)
        return reply

    def unlike(self) -> None:
        """Count an answer that was none of the declared: a failure to whoever looks, and no reason to stop asking."""
        if self._ends:
            self._ends.pop()
        self._note(UNLIKE)

    @property
    def health(self) -> Health:
        """How it has answered lately."""
        begin = self._steady() - WINDOW_SECONDS
        ends = [went for at, went in self._ends if at >= begin]
        flow = self._breaker.flow
        if flow is not Flow.CLOSED and not self._breaker.wait(self._steady()):
            flow = Flow.HALF_OPEN
        return Health(flow, len(ends), ends.count(False), self._last)

    async def close(self) -> None:
        """Let go of all connections."""
        await self._calling.close()

    def _note(self, failure: str) -> None:
        self._ends.append((self._steady(), not failure))
        self._last = failure or self._last

    async def _first_of(self, question: Question, own: Mapping[str, str]) -> Reply:
        """Ask once; where the declaration says so and the first is late, ask again, and take what comes first."""
        if not self.proxy.hedge_ms or question.operation.method != "GET":
            return await self._once(question, own)
        tasks = {asyncio.create_task(self._once(question, own))}
        try:
            done, _ = await asyncio.wait(tasks, timeout=self.proxy.hedge_ms / 1000)
            if not done and self._under_way < self.proxy.at_once:
                tasks.add(asyncio.create_task(self._once(question, own)))
            waiting = set(tasks)
            while True:
                done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
                good = [one for one in done if one.exception() is None]
                if good or not waiting:
                    return (good or list(done))[0].result()
        finally:
            for one in tasks:
                one.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _once(self, question: Question, own: Mapping[str, str]) -> Reply:
        self._under_way += 1
        try:
            async with asyncio.timeout(self.proxy.whole_seconds):
                async with asyncio.timeout(self.proxy.first_seconds):
                    response = await self._calling.stream(
                        question.operation.method,
                        self.proxy.base.rstrip("/") + question.target,
                        headers=self._fields(question, own),
                        content=question.body or None,
                    )
                try:
                    return await self._reply(response)
                finally:
                    await response.aclose()
        except (TimeoutError, httpx.TimeoutException) as error:
            raise Failed(SLOW) from error
        except (httpx.HTTPError, Unavailable, Invalid) as error:
            # What lies behind is ours to know: a name, an address, a certificate.
            raise Failed(UNREACHABLE) from error
        finally:
            self._under_way -= 1

    def _fields(self, question: Question, own: Mapping[str, str]) -> dict[str, str]:
        fields = dict(question.headers)
        if question.body:
            fields["content-type"] = "application/json"
        if self._secret is not None:
            fields[self._secret[0]] = self._secret[1]
        ours = {"accept": question.accepted, "accept-encoding": "identity", "user-agent": "jutong"}
        return fields | ours | dict(own)

    async def _reply(self, response: httpx.Response) -> Reply:
        if response.status_code >= 500:
            raise Failed(FAILING)
        # A short answer could be packed so that it fills the memory of whoever unpacks it.
        if response.headers.get("content-encoding", "identity").strip().lower() != "identity":
            raise Failed(TOO_LARGE)
        stated = response.headers.get("content-length", "0")
        if not stated.isdigit() or int(stated[:20]) > self.proxy.most_answer:
            raise Failed(TOO_LARGE)
        body = bytearray()
        async for part in response.aiter_raw():
            body += part
            if len(body) > self.proxy.most_answer:
                raise Failed(TOO_LARGE)
        media = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        return Reply(status=response.status_code, media=media, body=bytes(body))
