"""The gateway as an ASGI application of its own: identify, judge, count, look up, mask, record, answer."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from jutong import ledger
from jutong.desk import House
from jutong.guard.grades import Durability
from jutong.kernel.clock import Clock
from jutong.kernel.crypto import SigningKey
from jutong.kernel.errors import TooMuch, Unavailable
from jutong.kernel.httpsig import Signs, sign_response
from jutong.kernel.ids import ulid
from jutong.kernel.keys import load_any_key
from jutong.kernel.outward import Resolver, resolve
from jutong.kernel.text import text
from jutong.pools import Pools

from ..board import Board
from ..plan import ANSWERED
from ..proxy.ways import NOWHERE, Ways
from ..quota import Counters, Spent
from ..refusal import Refusal
from ..secrecy import node_secret
from ..session import Sessions
from ..wire import (
    STATUS,
    UUID,
    Asked,
    CallRecord,
    Turned,
    bound_digest,
    encode_record,
    invalid,
    problem,
    spelled,
    unavailable,
)
from .alike import Standing
from .answer import answer
from .callers import Callers, Known
from .case import Case
from .copies import Copy
from .desks import Desks
from .head import ALWAYS, head_of, with_fields
from .instant import Instant, Instants, legal_day
from .listed import Lists
from .listen import Receive, Scope, Send, listened
from .naming import Names, Naming
from .protocol import WHOLE
from .proxied import Proxied
from .short import answered
from .turn import Journal, Turns
from .watch import POLL_SECONDS, Watch

log = logging.getLogger(__name__)
Answer = tuple[int, list[tuple[bytes, bytes]], bytes]  # status, fields, body

# Without the control database nobody can tell whether a right still stands; for so long the last board is believed.
BELIEVED_SECONDS = 60
UPSTREAMS = "upstreams"  # the folder in which workers tell how departments' services answer


def gateway_of(house: House, *, worker: str, authorities: Iterable[str] = ()) -> Gateway:
    """Return the gateway of a house for one worker process, which has a journal of its own under the name ``worker``.

    ``authorities`` are the further names under which a proxy in front of the house is called.
    """
    home, settings = house.home, house.home.settings
    return Gateway(
        house.engine,
        house.pools,
        ledger.Journal(home.journal, worker),
        house.key,
        house.clock,
        Names(settings.name, home.authorities.union(authorities)),
        home.folder / "gateway",
        sm2_key=load_any_key(home.sm2_key) if home.sm2_key.exists() else None,
        sm2_from=settings.crypto.sm2_from,
        ways=Ways(hosts=settings.proxies.hosts, inside=settings.proxies.inside, plain=settings.proxies.plain),
        worker=worker,
    )


class Gateway:
    """One worker of the gateway; a call touches memory, the serving copy, two mapped files and the journal."""

    def __init__(
        self,
        engine: sa.Engine,
        pools: Pools,
        journal: Journal,
        key: SigningKey,
        clock: Clock,
        names: Names,
        folder: Path,
        *,
        sm2_key: Signs | None = None,
        sm2_from: str = "",
        ways: Ways = NOWHERE,
        resolver: Resolver = resolve,
        worker: str = "worker",
    ) -> None:
        self._journal, self._clock, self._names = Turns(journal), clock, names
        # An answer is signed by the suite of its call.
        self._keys: dict[str, Signs] = {one.alg: one for one in (key, sm2_key) if one is not None}
        self._pools, self._watch = pools, Watch(engine, key, clock, sm2_from=sm2_from)
        sessions = Sessions(key, key.public.raw, names.node)
        self._counters = Counters(folder / "quota")
        self._spent = Spent(folder / "signatures.map")
        self._callers = Callers(sessions, self._spent, names, frozenset(self._keys))
        self._copies: dict[str, Copy] = {}
        self._desks = Desks(self._copies, self._counters, sessions, node_secret(key))
        self._lists = Lists(self._desks, pools.ranges.open(), key)
        self._proxied = Proxied(self._desks, key, ways, folder / UPSTREAMS, worker, resolver)
        self._naming = Naming()
        self._unknown: dict[int, int] = {}
        self._instants = Instants(clock)
        self._task: asyncio.Task[None] | None = None

    @property
    def board(self) -> Board:
        """The rights that calls are judged by at this moment."""
        return self._desks.standing.board

    async def startup(self) -> None:
        """Read all rights once, then go on watching them; calls are answered from here on."""
        await self.look()
        self._task = asyncio.create_task(self._keep_looking())

    async def shutdown(self) -> None:
        """Stop watching and let go of every file."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
            self._task = None
        self._tell_unknown(before=None)
        for copy in self._copies.values():
            copy.close()
        self._copies.clear()
        self._lists.close()
        await self._proxied.close()
        self._counters.close()
        self._spent.close()
        self._journal.close()

    async def __aenter__(self) -> Gateway:
        await self.startup()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.shutdown()

    async def look(self) -> None:
        """Bring the board and the serving copies up to what stands now."""
        board = await asyncio.to_thread(self._watch.look, legal_day(self._clock()))
        if board is not None:
            wanted = {service.copy for service in board.services.values() if service.copy}
            for name in wanted - self._copies.keys():
                self._copies[name] = Copy(self._pools.lookup, self._pools.vault, name)
            # With the old board goes all that was judged by it.
            self._desks.standing = Standing(board)
            for name in self._copies.keys() - wanted:
                self._copies.pop(name).close()
            self._proxied.follow(board)
        for service in self.board.services.values():
            if service.copy:
                self._copies[service.copy].follow(sealed=bool(service.sealed_by))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one ASGI event; only HTTP and the server's own lifespan are understood."""
        if scope["type"] == "http":
            await self._http(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1003})

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        at = self._instants.present()
        found = self._desks.standing.find(scope, at) if self._sees(at) else None
        known: Known | None = None
        if found is not None and found.signed:
            try:
                known = self._callers.identify(self.board, found.asked, at.seconds)
            except Turned as turned:
                await _send(scope, send, *self._stranger(turned.refusal, found.asked, at))
                return
            if known.alg != found.alike.alg:
                found = None
        short = answered(self._desks, self._naming, found, at) if found is not None else None
        if short is None:
            await _send(scope, send, *await self._long_way(scope, receive, at, known))
            return
        signature = known.signature if known is not None else ""
        try:
            if short.waits:
                await self._journal.durable(short.record)
            else:
                self._journal.append(short.record)
        except Unavailable as error:
            await _send(scope, send, *self._lost(short.found.asked, short.case(), signature, error))
            return
        # Most answers leave here: in one write where the server can, else as ASGI has it.
        signed = self._signed(short.case(), signature, "GET", short.status, short.body) if signature else ()
        whole = scope.get("extensions", _NOTHING).get(WHOLE)
        if whole is None or not whole(with_fields(short.head, signed), short.body):
            await send({"type": "http.response.start", "status": short.status, "headers": [*short.pairs, *signed]})
            await send({"type": "http.response.body", "body": short.body})

    async def _long_way(self, scope: Scope, receive: Receive, at: Instant, known: Known | None) -> Answer:
        """Return the answer to a call of which nothing is known but perhaps the caller."""
        asked = Asked(scope["method"], "/", "", {})
        try:
            asked = await listened(scope, receive)
            known = known or self._callers.identify(self.board, asked, at.seconds)
        except Turned as turned:
            return self._stranger(turned.refusal, asked, at)
        naming = self._naming
        case = Case(naming.call_id(at.milliseconds), naming.request_id(), known.client, at)
        case.key, case.by_secret, signature, case.alg = known.key, known.by_secret, known.signature, known.alg
        try:
            self._check_fields(asked, case)
            listed = await self._lists.answer(asked, case) or await self._proxied.answer(asked, case)
            status, body = listed or answer(self._desks, asked, case)
            # The code of a secret says nothing of the call: no other is like it.
            if asked.method == "GET" and not (asked.query or listed) and _steady(case):
                self._desks.standing.learn(scope, case, known.until)
        except Turned as turned:
            status, body = self._turned(turned.refusal, asked, case)
        except (TooMuch, Unavailable) as error:
            refusal = Refusal(error.code, error.reason, error.basis, error.remedy)
            status, body = self._turned(refusal, asked, case)
        try:
            await self._record(asked, case, body)
        except Unavailable as error:
            return self._lost(asked, case, signature, error)
        return status, self._headers(asked, case, signature, status, body), body

    def _stranger(self, refusal: Refusal, asked: Asked, at: Instant) -> Answer:
        """Return the answer to a call that is nobody's, and count it."""
        self._unknown[at.seconds // 60] = self._unknown.get(at.seconds // 60, 0) + 1
        body = problem(refusal, asked.language)
        headers = [*ALWAYS, (b"content-length", b"%d" % len(body)), (b"x-road-error", refusal.code.encode())]
        if refusal.code == "not-known":
            headers.append((b"www-authenticate", b"Bearer"))
        return STATUS[refusal.code], headers, body

    def _lost(self, asked: Asked, case: Case, signature: str, error: Unavailable) -> Answer:
        """Return the answer where the record could not be kept: nothing is handed over."""
        case.code = "unavailable"
        status, body = self._turned(unavailable(error).refusal, asked, case)
        return status, self._headers(asked, case, signature, status, body), body

    def _sees(self, at: Instant) -> bool:
        """Say whether the rights that this worker knows can still be believed."""
        return at.steady - self._watch.read_at <= BELIEVED_SECONDS

    def _check_fields(self, asked: Asked, case: Case) -> None:
        if not self._sees(case.at):
            raise unavailable(Unavailable(text("this node cannot see whether the agreement still stands")))
        case.road_id = asked.field(b"x-road-id")
        if case.road_id and UUID.fullmatch(case.road_id) is None:
            case.road_id = ""
            raise invalid(text("the field {field} is not a UUID", field="X-Road-Id"))
        case.user = asked.field(b"x-road-userid")
        case.issue = asked.field(b"x-road-issue")

    def _turned(self, refusal: Refusal, asked: Asked, case: Case) -> tuple[int, bytes]:
        case.code, case.rows, case.media = refusal.code, 0, ""
        # What does not exist and what may not be known of must not differ by one byte.
        detail = "" if refusal.code == "not-found" else case.id
        return STATUS[refusal.code], problem(refusal, asked.language, detail)

    async def _record(self, asked: Asked, case: Case, body: bytes) -> None:
        case.request_hash = asked.digest()
        plan = case.plan
        record = encode_record(
            CallRecord(
                agreement=plan.agreement if plan else "",
                at=case.at.spelled,
                client=case.client.name,
                code=case.code,
                id=case.id,
                issue=self._desks.pseudonym(case.issue.encode()),
                purpose=case.purpose,
                request=bound_digest(case.request_id, case.request_hash),
                response=bound_digest(case.request_id, body),
                rows=case.rows,
                service=case.service.path + case.part if case.service else case.about,
                subject=case.subject,
                user=self._desks.pseudonym(case.user.encode()),
                withheld=plan.withheld if plan else "",
            )
        )
        if plan is None or plan.durability is Durability.BEFORE_ANSWER:
            await self._journal.durable(record)
        else:
            self._journal.append(record)

    def _headers(self, asked: Asked, case: Case, signature: str, status: int, body: bytes) -> list[tuple[bytes, bytes]]:
        call = case.id.encode()
        headers = [
            *(ALWAYS if not case.media else [(b"content-type", case.media.encode()), *ALWAYS[1:]]),
            (b"content-length", b"%d" % len(body)),
            (b"x-road-client", case.client.name.encode()),
            (b"x-road-id", (case.road_id or case.request_id).encode()),
            (b"x-road-request-id", case.request_id.encode()),
            (b"x-road-request-hash", spelled(case.request_hash)),
            (b"jutong-call", call),
        ]
        if case.service is not None:
            headers.append((b"x-road-service", case.service.path.encode()))
        if case.code != ANSWERED:
            headers.append((b"x-road-error", case.code.encode()))
        if case.wait:
            headers.append((b"retry-after", b"%d" % case.wait))
        if signature:
            headers += self._signed(case, signature, asked.method, status, body)
        return headers

    def _signed(self, case: Case, signature: str, method: str, status: int, body: bytes) -> list[tuple[bytes, bytes]]:
        fields = sign_response(
            self._keys[case.alg],
            status,
            {"jutong-call": case.id},
            body,
            method=method,
            request_signature=signature,
            keyid=self._names.node,
            created=case.at.seconds,
        )
        return [(name.encode(), value.encode()) for name, value in fields.items()]

    async def _live(self, receive: Receive, send: Send) -> None:
        while True:
            event = await receive()
            if event["type"] == "lifespan.startup":
                try:
                    await self.startup()
                except Unavailable as error:
                    await send({"type": "lifespan.startup.failed", "message": str(error)})
                    return
                await send({"type": "lifespan.startup.complete"})
            else:
                await self.shutdown()
                await send({"type": "lifespan.shutdown.complete"})
                return

    async def _keep_looking(self) -> None:
        while True:
            await asyncio.sleep(POLL_SECONDS)
            self._tell_unknown(before=int(self._clock().timestamp()) // 60)
            self._proxied.tell(self._clock())
            try:
                await self.look()
            except Unavailable as error:
                log.warning("the gateway goes on with the rights it knows: %s", error)

    def _tell_unknown(self, *, before: int | None) -> None:
        """Put on record how many callers were not known in each minute that is over."""
        for minute in [one for one in self._unknown if before is None or one < before]:
            count = self._unknown.pop(minute)
            at = datetime.fromtimestamp(minute * 60, UTC)
            record = CallRecord(
                "", at.isoformat(timespec="microseconds"), "", "not-known", ulid(at), "", "", "", "", count, "", "", ""
            )
            with suppress(Unavailable):
                self._journal.append(encode_record(record))


_NOTHING: Mapping[str, Any] = {}


def _steady(case: Case) -> bool:
    """Say whether calls like this one are judged like it for the rest of the day."""
    plan = case.plan
    if plan is None:
        return True
    return (plan.rules is None or plan.rules.steady) and (plan.cuts is None or plan.cuts.steady)


async def _send(scope: Scope, send: Send, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
    whole = scope.get("extensions", _NOTHING).get(WHOLE)
    if whole is None or not whole(head_of(status, headers), body):
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})
