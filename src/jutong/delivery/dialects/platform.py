"""A caller's side of a platform that knows its callers by one of the domestic header profiles."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import quote, urlsplit

import msgspec

from jutong.kernel.errors import Invalid, NotAllowed, NotFound, NotKnown, Refused, TooMuch, Unavailable
from jutong.kernel.httpmac import HeaderProfile, bound_nonce, mac_fields
from jutong.kernel.outward import Outward
from jutong.kernel.text import text

from ..client import Answer, Facts

_FAMILY = {400: Invalid, 401: NotKnown, 403: NotAllowed, 429: TooMuch}
_WORDS_LIMIT = 300  # characters of a stranger's words that are shown


class Platform:
    """Calls services by their addresses under one requester's secret; what it asks is bound where the profile lets it.

    ``purpose`` and ``agreement`` are told to platforms that take our fields for them; others do not read them.
    """

    def __init__(
        self,
        url: str,
        profile: HeaderProfile,
        client: str,
        secret: bytes,
        outward: Outward,
        *,
        purpose: str = "",
        agreement: str = "",
        now: Callable[[], float] = time.time,
    ) -> None:
        if not secret:
            raise Invalid(text("the secret is empty"))
        self._url, self._profile, self._client, self._secret = url.rstrip("/"), profile, client, secret
        self._outward, self._now, self._last = outward, now, 0
        stated = {"jutong-purpose": purpose, "jutong-agreement": agreement}
        self._fields = {name: value for name, value in stated.items() if value}

    def query(self, service: str, key: str, *, items: Sequence[str] = ()) -> Answer:
        """Return the record with this key of a service of a Jutong node."""
        query = f"?items={quote(','.join(items), safe=',')}" if items else ""
        return self.ask(f"/r1/{service}/{quote(key, safe='')}{query}", service=service)

    def query_all(self, service: str, keys: Sequence[str], *, items: Sequence[str] = ()) -> Answer:
        """Return what is found for each key, in order."""
        body = msgspec.json.encode({"keys": list(keys), "items": list(items)})
        return self.ask(f"/r1/{service}/query", service=service, body=body)

    def verify_all(self, service: str, claims: dict[str, Facts]) -> Answer:
        """Return a verdict for each key, in order."""
        body = msgspec.json.encode([{"key": key, "facts": dict(facts)} for key, facts in claims.items()])
        return self.ask(f"/r1/{service}/verify", service=service, body=body)

    def ask(self, target: str, *, service: str, body: bytes = b"") -> Answer:
        """Ask at any path of the platform: with a body by POST, else by GET; ``service`` is its own name for it."""
        method = "POST" if body else "GET"
        url = self._url + target
        parts = urlsplit(url)
        sent = f"{parts.path}?{parts.query}" if parts.query else parts.path
        told = service
        if self._profile is HeaderProfile.PORTAL:
            told = bound_nonce(secrets.token_urlsafe(18), method, sent, body)
        fields = mac_fields(self._secret, self._profile, client=self._client, milliseconds=self._instant(), told=told)
        headers = {"accept": "application/json", **self._fields, **fields}
        if body:
            headers["content-type"] = "application/json"
        answer = self._outward.request(method, url, headers=headers, content=body or None)
        call = answer.headers.get("jutong-call", "")
        # A node that has no such record says so in an answer, not in a refusal.
        none = answer.status_code == 404 and bool(call) and "x-road-error" not in answer.headers
        return _read(answer.status_code, answer.content, call, refused=answer.status_code >= 400 and not none)

    def _instant(self) -> int:
        # One instant a call: where a profile has no nonce, two calls of one millisecond could not be told apart.
        self._last = max(int(self._now() * 1000), self._last + 1)
        return self._last


def _read(status: int, body: bytes, call: str, *, refused: bool) -> Answer:
    try:
        said: Any = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        if not refused:
            raise Unavailable(text("the platform answers with something that is no JSON")) from error
        said = None
    if not refused:
        return Answer(said, call, status)
    words = said if isinstance(said, dict) else {}
    reason = _words(words, "message") or _words(words, "msg") or f"HTTP {status}"
    if status == 404:
        raise NotFound("service or record", text("under this address"))
    if status >= 500:
        raise Unavailable(reason)
    family: type[Refused] = _FAMILY.get(status, Refused)
    raise family(reason, basis=_words(words, "basis"), remedy=_words(words, "remedy"))


def _words(said: dict[str, Any], name: str) -> str:
    return str(said.get(name) or "")[:_WORDS_LIMIT]
