"""A receiver of the consumer's over HTTP: files in signed pieces, each at its offset; RFC 9421 over target and digest.

``PUT {url}/{name}?offset=N&size=M`` brings a piece, and ``&last=1`` says that the file is whole; ``HEAD`` answers how
much of it is there (``Upload-Offset``), ``GET`` a manifest, ``DELETE`` takes a file away. The query is part of what is
signed. A receiver that has all of a file under its name answers ``HEAD`` with ``Upload-Complete: ?1`` as well.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

import httpx

from jutong.kernel.errors import Refused, Unavailable
from jutong.kernel.httpsig import Target as Addressed
from jutong.kernel.httpsig import sign_request
from jutong.kernel.outward import Outward
from jutong.kernel.text import Text, text

from ..loading import Done, Found, Order
from ..target import Target
from ..ways import Ways
from .filing import Blocks, Depot, Filing

PIECE = 8 << 20
ANSWER_SECONDS = 60


@dataclass(frozen=True, slots=True)
class HttpTarget:
    """One receiver; it knows the node by its key, so no word is needed."""

    target: Target
    secret: str
    ways: Ways

    def look(self, order: Order) -> tuple[Text, ...]:
        """See that it takes a file."""
        return self._filing().look(order)

    def deliver(self, order: Order) -> Done:
        """Bring the files that it lacks."""
        return self._filing().deliver(order)

    def compare(self, order: Order) -> Found:
        """Count what stands there."""
        return self._filing().compare(order)

    def _filing(self) -> Filing:
        return Filing(self.target, self.ways, self._opened)

    @contextmanager
    def _opened(self) -> Iterator[Depot]:
        outward = Outward(inside=True, timeout_seconds=ANSWER_SECONDS, resolver=self.ways.resolved)
        with closing(outward):
            yield HttpDepot(outward, self.target.url.rstrip("/"), self.ways)


@dataclass(frozen=True, slots=True)
class HttpDepot:
    """Files at a receiver."""

    outward: Outward
    url: str
    ways: Ways

    def size(self, name: str) -> int | None:
        """Return the bytes of a whole file."""
        answer = self._sent("HEAD", name)
        whole = answer.status_code == 200 and answer.headers.get("upload-complete") == "?1"
        return self._offset(answer) if whole else None

    def put(self, name: str, blocks: Callable[[], Blocks], size: int | None) -> None:
        """Send a file in pieces; what the receiver has of one whose size is known is passed over."""
        held = self._offset(self._sent("HEAD", name)) if size else 0
        offset, waiting = 0, bytearray()
        for block in blocks():
            waiting += block
            while len(waiting) > PIECE:
                piece = bytes(waiting[:PIECE])
                del waiting[:PIECE]
                if offset + len(piece) > held:
                    self._piece(name, piece, offset, size, last=False)
                offset += len(piece)
        self._piece(name, bytes(waiting), offset, size, last=True)

    def read(self, name: str, most: int) -> bytes | None:
        """Return a small file."""
        answer = self._sent("GET", name)
        return answer.content[:most] if answer.status_code == 200 else None

    def remove(self, name: str) -> None:
        """Take a file away."""
        with suppress(Unavailable, Refused):
            self._sent("DELETE", name)

    def _piece(self, name: str, piece: bytes, offset: int, size: int | None, *, last: bool) -> None:
        query = {"offset": offset, **({} if size is None else {"size": size}), **({"last": 1} if last else {})}
        answer = self._sent("PUT", name, piece, urlencode(query))
        if not answer.is_success:
            raise Unavailable(
                text(
                    "{place} took nothing: {why}", place=self.url, why=text("HTTP {status}", status=answer.status_code)
                ),
                remedy=text("the next run brings it; nothing is lost"),
            )

    def _offset(self, answer: httpx.Response) -> int:
        told = answer.headers.get("upload-offset", "0")
        return int(told) if told.isdecimal() and len(told) < 19 else 0

    def _sent(self, method: str, name: str, body: bytes = b"", query: str = "") -> httpx.Response:
        address = f"{self.url}/{name}"
        parts = urlsplit(address)
        headers = {"content-type": "application/octet-stream"} if method == "PUT" else {}
        added = sign_request(
            self.ways.key,
            Addressed(method, parts.netloc, parts.path, query),
            headers,
            body,
            keyid=self.ways.node,
            nonce=secrets.token_urlsafe(18),
            created=int(self.ways.clock().timestamp()),
        )
        answer = self.outward.request(
            method, f"{address}?{query}" if query else address, headers={**headers, **added}, content=body
        )
        if answer.status_code in (401, 403):
            raise Refused(
                text("{place} does not let the account write", place=self.url),
                remedy=text("have the consumer give its receiver this node's public key"),
            )
        return answer
