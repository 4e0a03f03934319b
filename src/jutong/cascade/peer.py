"""A neighbour tier's node, as it is reached over HTTP: every request is signed, every answer is checked."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import msgspec

from jutong.collection import Manifest
from jutong.kernel import httpsig
from jutong.kernel.clock import Clock
from jutong.kernel.errors import NotKnown, Refused, Unavailable
from jutong.kernel.files import refusing_full_disk
from jutong.kernel.httpsig import Signs, Verifies
from jutong.kernel.outward import Outward
from jutong.kernel.text import text
from jutong.registers import Node

from .message import Page, read

FEED_LIMIT = 200
MANIFEST_HEADER = "jutong-manifest"
BLOCK = 1 << 20
FEED_BYTES = 16 << 20


class Peer:
    """One enrolled neighbour, ``known`` by one key; what is asked of it is signed by this node's key of that family."""

    def __init__(
        self, node: Node, *, own_name: str, key: Signs, known: Verifies, clock: Clock, outward: Outward
    ) -> None:
        self.node = node
        self._own_name, self._key, self._known, self.clock, self._outward = own_name, key, known, clock, outward

    def feed(self, after: int) -> Page:
        """Return what the neighbour has to tell this node, from the first line above ``after``."""
        target = f"/cascade/feed?after={after}&limit={FEED_LIMIT}"
        headers, signature = self._signed("GET", target)
        answer = self._outward.request("GET", self._url(target), headers=headers)
        self._expect(answer)
        if len(answer.content) > FEED_BYTES:
            raise Unavailable(text("the feed of {node} is longer than was asked for", node=self.node.name))
        httpsig.verify_response(
            self._known,
            answer.status_code,
            dict(answer.headers),
            answer.content,
            method="GET",
            request_signature=signature,
            now=int(self.clock().timestamp()),
        )
        return read(answer.content)

    def fetch(self, batch: str, to: Path) -> Manifest:
        """Bring a batch's rows into the file ``to`` and return the manifest by which they are checked."""
        target = f"/cascade/batches/{batch}"
        headers, _ = self._signed("GET", target)
        answer = self._outward.stream("GET", self._url(target), headers=headers)
        try:
            self._expect(answer)
            with refusing_full_disk(), to.open("wb") as stream:
                for block in answer.iter_bytes(BLOCK):
                    stream.write(block)
            return Manifest.of_wire(_manifest(answer.headers))
        except httpx.HTTPError as error:
            raise Unavailable(text("{node} broke off", node=self.node.name)) from error
        finally:
            answer.close()

    def cosign(self, request: bytes) -> tuple[int, bytes]:
        """Ask the neighbour to witness a checkpoint (C2SP tlog-witness, add-checkpoint); return status and body."""
        answer = self._outward.request("POST", self._url("/witness/add-checkpoint"), content=request)
        return answer.status_code, answer.content

    def _url(self, target: str) -> str:
        return self.node.url.rstrip("/") + target

    def _signed(self, method: str, target: str) -> tuple[dict[str, str], str]:
        parts = urlsplit(self._url(target))
        added = httpsig.sign_request(
            self._key,
            httpsig.Target(method, parts.netloc, parts.path, parts.query),
            {},
            keyid=self._own_name,
            nonce=secrets.token_urlsafe(18),
            created=int(self.clock().timestamp()),
        )
        return added, added["signature"]

    def _expect(self, answer: httpx.Response) -> None:
        if answer.status_code == 200:
            return
        if answer.status_code in (401, 403):
            raise NotKnown(
                text("{node} does not know this node, or does not let it in", node=self.node.name),
                remedy=text("have this node's key enrolled there"),
            )
        if answer.status_code < 500:
            raise Refused(text("{node} refused with status {status}", node=self.node.name, status=answer.status_code))
        raise Unavailable(text("{node} answers with status {status}", node=self.node.name, status=answer.status_code))


def _manifest(headers: Mapping[str, str]) -> object:
    try:
        return msgspec.json.decode(headers.get(MANIFEST_HEADER, ""))
    except (msgspec.MsgspecError, RecursionError):
        return None
