"""The server of shares (Delta Sharing) as an ASGI application: look, record, and only then hand over."""

from __future__ import annotations

import asyncio
import logging
import os
import threading
import uuid
from contextlib import suppress
from datetime import UTC, date, datetime

from jutong import ledger
from jutong.desk import House
from jutong.kernel.errors import Unavailable
from jutong.kernel.ids import ulid
from jutong.kernel.text import DEFAULT_LANGUAGE

from ..gateway.listen import Receive, Scope, Send, listened
from ..plan import ANSWERED
from ..quota import Counters
from ..wire import Asked, CallRecord, Turned, bound_digest, encode_record, unavailable
from .reply import Piece, Reply, Stopped, refused
from .shelf import Shelf

log = logging.getLogger(__name__)
CHUNK = 1 << 20
_ALWAYS = ((b"cache-control", b"no-store"), (b"x-content-type-options", b"nosniff"))


def sharing_of(house: House, *, worker: str) -> SharingServer:
    """Return the server of shares of a house for one worker process, which has a journal of its own."""
    return SharingServer(house, ledger.Journal(house.home.journal, worker))


class SharingServer:
    """One worker; what it answers is on disk as a call's record before it leaves."""

    def __init__(self, house: House, journal: ledger.Journal) -> None:
        self._house, self._journal = house, journal
        self._counters = Counters(house.home.folder / "gateway" / "quota")
        self._counting = threading.Lock()
        self._shelf = Shelf(house, self._take)
        self._unknown: dict[int, int] = {}

    def close(self) -> None:
        """Let go of every file."""
        self._tell_unknown(before=None)
        self._counters.close()
        self._journal.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        now = self._house.clock().astimezone(UTC)
        try:
            asked = await listened(scope, receive)
            reply = await asyncio.to_thread(self._shelf.answer, asked, now)
        except Turned as turned:
            asked = Asked(scope["method"], "/", "", {})
            reply = refused(Reply(), Stopped(turned.refusal), DEFAULT_LANGUAGE)
        request_id, call = str(uuid.uuid4()), ulid(now)
        try:
            await self._record(asked, reply, request_id, call, now)
        except Unavailable as error:
            # What could not be put on record is not handed over.
            reply = refused(Reply(), Stopped(unavailable(error).refusal, again=1), asked.language)
        named = [(b"jutong-call", call.encode()), (b"jutong-request-id", request_id.encode())]
        await self._send(asked, reply, named, send)

    def _take(self, name: str, day: date, limit: int) -> bool:
        with self._counting:
            return self._counters.take(name, day, 1, limit)

    async def _record(self, asked: Asked, reply: Reply, request_id: str, call: str, now: datetime) -> None:
        if reply.code == "not-known":
            minute = int(now.timestamp()) // 60
            self._unknown[minute] = self._unknown.get(minute, 0) + 1
            self._tell_unknown(before=minute)
            return
        record = CallRecord(
            agreement=reply.plan.agreement if reply.plan else "",
            at=now.isoformat(timespec="microseconds"),
            client=reply.client,
            code=reply.code,
            id=call,
            issue="",
            purpose=reply.purpose,
            request=bound_digest(request_id, asked.digest()),
            response=bound_digest(request_id, reply.handed.encode() if reply.handed else reply.body),
            rows=reply.rows,
            service=reply.service,
            subject="",
            user="",
            withheld=reply.plan.withheld if reply.plan and reply.code == ANSWERED else "",
        )
        await self._journal.durable(encode_record(record))

    async def _send(self, asked: Asked, reply: Reply, named: list[tuple[bytes, bytes]], send: Send) -> None:
        length = reply.piece.length if reply.piece else len(reply.body)
        headers = [*_ALWAYS, *named, *reply.headers, (b"content-length", b"%d" % length)]
        await send({"type": "http.response.start", "status": reply.status, "headers": headers})
        if asked.method == "HEAD":
            await send({"type": "http.response.body", "body": b""})
        elif reply.piece is None:
            await send({"type": "http.response.body", "body": reply.body})
        else:
            await _stream(reply.piece, send)

    def _tell_unknown(self, *, before: int | None) -> None:
        """Put on record how many callers were not known in each minute that is over."""
        for minute in [one for one in self._unknown if before is None or one < before]:
            count, at = self._unknown.pop(minute), datetime.fromtimestamp(minute * 60, UTC)
            record = CallRecord(
                "", at.isoformat(timespec="microseconds"), "", "not-known", ulid(at), "", "", "", "", count, "", "", ""
            )
            with suppress(Unavailable):
                self._journal.append(encode_record(record))


async def _stream(piece: Piece, send: Send) -> None:
    """Send a part of a file; what is not in the cache of the system is waited for in a thread."""
    handle = await asyncio.to_thread(os.open, piece.path, os.O_RDONLY)
    try:
        at, left = piece.first, piece.length
        while left:
            data = await asyncio.to_thread(os.pread, handle, min(CHUNK, left), at)
            if not data:
                # The connection is cut: a length was promised, and a short body must not pass for the whole.
                raise OSError("a file of a view is shorter than it was")
            at, left = at + len(data), left - len(data)
            await send({"type": "http.response.body", "body": data, "more_body": bool(left)})
    finally:
        os.close(handle)
