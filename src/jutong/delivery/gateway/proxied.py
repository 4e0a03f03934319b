"""Answers of departments' own services: asked for a caller within its agreement, cut, counted and on record."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from math import ceil
from pathlib import Path

from jutong.guard.grades import Method
from jutong.kernel.canon import canonical
from jutong.kernel.crypto import SigningKey
from jutong.kernel.errors import Invalid, TooMuch, Unavailable
from jutong.kernel.outward import Resolver
from jutong.kernel.text import Text, text

from ..board import Board
from ..plan import Plan, over_quota
from ..proxy.credential import field_of
from ..proxy.proxy import Proxy
from ..proxy.question import NoSuchOperation, Question, question_of
from ..proxy.reply import Reply, Unlike, given
from ..proxy.right import Offer, cut_under, refusal_of
from ..proxy.telling import tell
from ..proxy.upstream import FAILING, SLOW, TOO_LARGE, UNREACHABLE, Failed, Shut, Upstream
from ..proxy.ways import Ways
from ..refusal import Refusal
from ..wire import NOT_FOUND, WRONG_METHOD, Asked, Turned, invalid, segments_of
from .case import Case
from .desks import Desks, granted

log = logging.getLogger(__name__)
OF_ONE = 4  # questions of one caller to one service at the same time
NAMES = 2  # threads that resolve names
TELL_EVERY = timedelta(seconds=2)
_PLACE = 7  # in the parts of an address, where it says that a department's own service is asked
_LARGE = 64 << 10  # bytes; a larger answer is checked in a thread, so that other calls go on
_BASIS = text("what the provider declared for this service")
_LATER = text("ask again later; the provider sees on its page how its service answers")
_SAID: dict[str, tuple[str, Text]] = {
    UNREACHABLE: ("unreachable", text("the department's own service cannot be reached")),
    SLOW: ("slow", text("the department's own service did not answer in time")),
    FAILING: ("failing", text("the department's own service failed")),
    TOO_LARGE: ("unlike", text("the department's own service gave an answer that is larger than declared, or packed")),
}
_UNLIKE = Refusal(
    "unlike", text("the department's own service answered otherwise than it was declared"), _BASIS, _LATER
)


class Proxied:
    """Departments' own services as one worker asks them: each over connections, a breaker and bounds of its own."""

    def __init__(
        self, desks: Desks, key: SigningKey, ways: Ways, folder: Path, worker: str, resolver: Resolver
    ) -> None:
        self._desks, self._key, self._ways, self._resolver = desks, key, ways, resolver
        self._folder, self._worker = folder, worker
        self._names = ThreadPoolExecutor(NAMES, thread_name_prefix="names")
        self._upstreams: dict[str, Upstream] = {}
        self._of_one: Counter[tuple[str, str]] = Counter()
        self._told = datetime.min

    async def close(self) -> None:
        """Let go of connections and threads, and tell no more."""
        for one in self._upstreams.values():
            await one.close()
        self._upstreams.clear()
        self._names.shutdown(wait=False, cancel_futures=True)
        (self._folder / f"{self._worker}.json").unlink(missing_ok=True)

    def follow(self, board: Board) -> None:
        """Let go of services that are no more, or are asked by another secret now."""
        standing = {one.proxy.id: one.proxy for one in board.offers.values()}
        for name, one in list(self._upstreams.items()):
            if standing.get(name) != one.proxy:
                del self._upstreams[name]
                # Questions under way end by themselves, at the latest after the declared time.
                asyncio.get_running_loop().call_later(one.proxy.whole_seconds + 1, _let_go, one)

    def tell(self, now: datetime) -> None:
        """Put down how the services answer, for whoever looks at their pages."""
        if self._upstreams and (self._told == datetime.min or now - self._told >= TELL_EVERY):
            self._told = now
            tell(self._folder, self._worker, now, {name: one.health for name, one in self._upstreams.items()})

    async def answer(self, asked: Asked, case: Case) -> tuple[int, bytes] | None:
        """Return status and body, or None where the address is that of no department's own service."""
        parts = segments_of(asked.path)
        if len(parts) < _PLACE + 3 or parts[1] != "r1" or parts[_PLACE] != "proxy":
            return None
        path, name, pieces = "/".join(parts[2:_PLACE]), parts[_PLACE + 1], parts[_PLACE + 2 :]
        offer, plan = self._granted(asked, case, path, name)
        question = _question(offer.proxy, asked, pieces)
        said = (offer.proxy.id, question.operation.key, question.target, question.body.decode("utf-8"))
        case.subject = self._desks.pseudonym(canonical(said))
        reply = await self._reply(offer.proxy, question, self._own(case, plan), case, plan)
        try:
            # Meanwhile a right may have gone, or become less: what is handed over is decided by what stands now.
            now, standing = self._still(asked, case, path, name, before=(offer, plan))
            media, body = await _given(question, reply, standing, now)
        except Unlike as error:
            log.warning("the service %s answered otherwise than declared: %s", offer.proxy.id, error.fault)
            self._upstream(offer.proxy).unlike()
            self._give_back(case, plan)
            raise Turned(_UNLIKE) from error
        except (Turned, Unavailable):
            self._give_back(case, plan)
            raise
        case.rows, case.media = int(reply.status < 300), media or "application/json"
        return reply.status, body

    def _granted(self, asked: Asked, case: Case, path: str, name: str) -> tuple[Offer, Plan]:
        board = self._desks.standing.board
        offer = board.offers.get((path, name))
        if offer is None:
            raise Turned(NOT_FOUND)
        found = board.plans_of(case.client.name, path, asked.field(b"jutong-agreement"))
        opened = tuple(one for one in found if (offer.proxy.id, one.agreement) in board.offered)
        plan, _ = granted(self._desks, asked, case, path, Method.QUERY, (), 1, opened)
        case.part = f"/proxy/{name}"
        refusal = refusal_of(plan, offer, case.kept)
        if refusal is not None:
            raise Turned(refusal)
        return offer, plan

    def _still(
        self, asked: Asked, case: Case, path: str, name: str, *, before: tuple[Offer, Plan]
    ) -> tuple[Offer, Plan]:
        offer, plan = self._granted(asked, case, path, name)
        if (offer.proxy.id, plan.agreement) != (before[0].proxy.id, before[1].agreement):
            raise Unavailable(text("the agreement changed meanwhile"), remedy=text("ask again"))
        return offer, plan

    async def _reply(self, proxy: Proxy, question: Question, own: dict[str, str], case: Case, plan: Plan) -> Reply:
        """Return what the service answers; only an answer counts against the day's records."""
        mine = (case.client.name, proxy.id)
        if self._of_one[mine] >= OF_ONE:
            case.wait = 1
            raise TooMuch(
                text("too many questions are being answered at this moment"), remedy=text("ask again in a moment")
            )
        upstream = self._upstream(proxy)
        if not self._desks.counters.take(plan.agreement, case.at.day, 1, plan.quota_per_day):
            raise Turned(over_quota(plan))
        self._of_one[mine] += 1
        counts = False
        try:
            reply = await upstream.ask(question, own)
            counts = True
            return reply
        except Shut as error:
            case.wait = max(1, ceil(error.wait))
            reason = text("the department's own service is not asked at this moment: it failed, or has too much to do")
            raise Turned(Refusal("shut", reason, _BASIS, _LATER)) from error
        except Failed as error:
            log.warning("the service %s gave no answer: %s", proxy.id, error.kind)
            code, reason = _SAID[error.kind]
            raise Turned(Refusal(code, reason, _BASIS, _LATER)) from error
        finally:
            self._of_one[mine] -= 1
            if not self._of_one[mine]:
                del self._of_one[mine]
            if not counts:
                self._give_back(case, plan)

    def _give_back(self, case: Case, plan: Plan) -> None:
        self._desks.counters.give_back(plan.agreement, case.at.day, 1)

    def _upstream(self, proxy: Proxy) -> Upstream:
        found = self._upstreams.get(proxy.id)
        if found is None:
            try:
                self._ways.check(proxy.base)
            except Invalid as error:
                raise Unavailable(
                    text("this node does not call the department's own service any more"),
                    remedy=text("ask the node's administrators"),
                ) from error
            found = self._upstreams[proxy.id] = Upstream(
                proxy,
                self._ways,
                names=self._names,
                secret=field_of(proxy, self._key),
                resolver=self._resolver,
            )
        return found

    def _own(self, case: Case, plan: Plan) -> dict[str, str]:
        """Return the fields by which the department learns who asks, and for what."""
        own = {
            "x-road-client": case.client.name,
            "x-road-id": case.road_id or case.request_id,
            "jutong-call": case.id,
            "jutong-agreement": plan.agreement,
            "jutong-purpose": case.purpose,
        }
        return own | ({"x-road-service": case.service.path} if case.service else {})


def _question(proxy: Proxy, asked: Asked, pieces: list[str]) -> Question:
    fields = {name.decode("latin-1"): value.decode("latin-1") for name, value in asked.fields.items()}
    try:
        return question_of(
            proxy,
            asked.method,
            pieces,
            query=asked.query,
            fields=fields,
            body=asked.body,
            media=fields.get("content-type", ""),
        )
    except NoSuchOperation as error:
        raise Turned(WRONG_METHOD if error.known else NOT_FOUND) from error
    except (Invalid, TooMuch) as error:
        raise invalid(error.reason) from error


async def _given(question: Question, reply: Reply, plan: Plan, offer: Offer) -> tuple[str, bytes]:
    cut = cut_under(plan, offer)
    if len(reply.body) <= _LARGE:
        return given(question.operation, reply, cut)
    return await asyncio.to_thread(given, question.operation, reply, cut)


def _let_go(upstream: Upstream) -> None:
    task = asyncio.ensure_future(upstream.close())
    _LEAVING.add(task)
    task.add_done_callback(_LEAVING.discard)


_LEAVING: set[asyncio.Future[None]] = set()
