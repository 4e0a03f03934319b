"""A consumer's side of the gateway: opens a session, asks, signs, and checks that the answer is the node's own."""

from __future__ import annotations

import secrets
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType, TracebackType
from typing import Any
from urllib.parse import quote

import httpx

from jutong.kernel.errors import Invalid, NotAllowed, NotFound, NotKnown, Refused, TooMuch, Unavailable
from jutong.kernel.httpsig import Signs, Target, Verifies, sign_request, verify_response
from jutong.kernel.text import text

from .wire import Asked, spelled

Facts = Mapping[str, str | int | float | bool | None]

_FAMILY: Mapping[int, type[Refused]] = {400: Invalid, 401: NotKnown, 403: NotAllowed, 429: TooMuch}


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: the record or the verdicts, and the call's identifier, for which the node gives a receipt."""

    body: Any
    call: str
    status: int


class Consumer:
    """A system that calls one node's gateway, by session token or with a signature on every call.

    With an SM2 key, ``node_key`` is the node's SM2 key: answers come by the suite of the call.
    """

    def __init__(
        self,
        url: str,
        client: str,
        key: Signs,
        node_key: Verifies,
        *,
        signed: bool = False,
        transport: httpx.BaseTransport | None = None,
        language: str = "en",
    ) -> None:
        self._client, self._key, self._node_key, self._signed = client, key, node_key, signed
        self._http = httpx.Client(base_url=url, transport=transport, headers={"accept-language": language})
        self._token, self._expires = "", 0.0

    def __enter__(self) -> Consumer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def open_session(self) -> str:
        """Open a session and return its token; later calls carry it."""
        answer = self._call("POST", "/r1/session", {}, b"", signed=True)
        # Renewed early by the machine's own steady clock: the node's need not agree with ours.
        self._token, self._expires = str(answer.body["token"]), time.monotonic() + 500
        return self._token

    def query(
        self, service: str, key: str, *, purpose: str, items: Sequence[str] = (), agreement: str = "", issue: str = ""
    ) -> Answer:
        """Return the record with this key, or an answer of status 404 where there is none in the agreed scope."""
        path = f"/r1/{service}/{quote(key, safe='')}"
        query = f"?items={quote(','.join(items), safe=',')}" if items else ""
        return self._call("GET", path + query, _fields(purpose, agreement, issue), b"")

    def query_all(
        self,
        service: str,
        keys: Sequence[str],
        *,
        purpose: str,
        items: Sequence[str] = (),
        agreement: str = "",
        issue: str = "",
    ) -> Answer:
        """Return what is found for each key, in order; up to a thousand keys."""
        body = httpx.Request("POST", "http://node", json={"keys": list(keys), "items": list(items)}).content
        return self._call("POST", f"/r1/{service}/query", _fields(purpose, agreement, issue), body)

    def rows(
        self,
        service: str,
        name: str,
        parameters: Mapping[str, str | float | list[str]] = MappingProxyType({}),
        *,
        purpose: str,
        items: Sequence[str] = (),
        page_size: int = 0,
        cursor: str = "",
        agreement: str = "",
        issue: str = "",
    ) -> Answer:
        """Return a page of what a service by declaration finds; ``next`` in it is the cursor of the page after it."""
        wish = {"parameters": dict(parameters), "items": list(items), "page_size": page_size, "cursor": cursor}
        body = httpx.Request("POST", "http://node", json=wish).content
        return self._call(
            "POST", f"/r1/{service}/list/{quote(name, safe='')}", _fields(purpose, agreement, issue), body
        )

    def verify(
        self, service: str, key: str, facts: Facts, *, purpose: str, agreement: str = "", issue: str = ""
    ) -> bool:
        """Say whether all of ``facts`` are on record for ``key``."""
        answer = self.verify_all(service, {key: facts}, purpose=purpose, agreement=agreement, issue=issue)
        return bool(answer.body[0]["match"])

    def verify_all(
        self, service: str, claims: Mapping[str, Facts], *, purpose: str, agreement: str = "", issue: str = ""
    ) -> Answer:
        """Return a verdict for each key, in order."""
        stated = [{"key": key, "facts": dict(facts)} for key, facts in claims.items()]
        body = httpx.Request("POST", "http://node", json=stated).content
        return self._call("POST", f"/r1/{service}/verify", _fields(purpose, agreement, issue), body)

    def proxied(
        self,
        service: str,
        name: str,
        path: str = "/",
        *,
        method: str = "GET",
        query: Mapping[str, str | Sequence[str]] = MappingProxyType({}),
        fields: Mapping[str, str] = MappingProxyType({}),
        body: Any = None,
        purpose: str,
        agreement: str = "",
        issue: str = "",
    ) -> Answer:
        """Return what a department's own service answers, cut to the agreed items.

        ``path`` is as its OpenAPI document has it, with its values; ``fields`` are those that the document declares;
        a ``body`` goes as JSON. The department's own refusal (4xx) is an answer: see its status.
        """
        stated = httpx.Request(method, "http://node", params=query, json=body)
        own = {name.lower(): value for name, value in fields.items()}
        if body is not None:
            own["content-type"] = "application/json"
        target = f"/r1/{service}/proxy/{quote(name, safe='')}{quote('/' + path.strip('/'), safe='/%')}"
        if stated.url.query:
            target += f"?{stated.url.query.decode('ascii')}"
        return self._call(method, target, own | _fields(purpose, agreement, issue), stated.content)

    def read(self, path: str) -> Answer:
        """Return a description: ``.../listMethods``, ``.../allowedMethods``, ``.../getOpenAPI?serviceCode=...``."""
        return self._call("GET", f"/r1/{path}", {}, b"")

    def _call(
        self, method: str, target: str, fields: Mapping[str, str], body: bytes, *, signed: bool = False
    ) -> Answer:
        headers = {"x-road-client": self._client, "x-road-id": str(uuid.uuid4()), **fields}
        sign = signed or self._signed
        request = self._http.build_request(method, target, content=body or None)
        if sign:
            headers |= self._signature(request, headers, body)
        else:
            if time.monotonic() >= self._expires:
                self.open_session()
            headers["authorization"] = f"Bearer {self._token}"
        request.headers.update(headers)
        try:
            response = self._http.send(request)
        except httpx.TransportError as error:
            raise Unavailable(text("the gateway does not answer")) from error
        if "jutong-call" in response.headers:
            self._check(request, headers, body, response, sign=sign)
        return self._read(response)

    def _signature(self, request: httpx.Request, headers: Mapping[str, str], body: bytes) -> dict[str, str]:
        return sign_request(
            self._key,
            _target(request),
            headers,
            body,
            keyid=self._client,
            nonce=secrets.token_urlsafe(18),
            created=int(time.time()),
        )

    def _check(
        self, request: httpx.Request, headers: Mapping[str, str], body: bytes, response: httpx.Response, *, sign: bool
    ) -> None:
        sent = {name.encode(): value.encode() for name, value in headers.items()}
        target = _target(request)
        digest = Asked(target.method, target.path, target.query, sent, body).digest()
        if response.headers.get("x-road-request-hash", "").encode() != spelled(digest):
            raise NotKnown(text("the answer names another request than ours"))
        if sign:
            verify_response(
                self._node_key,
                response.status_code,
                dict(response.headers),
                response.content,
                method=target.method,
                request_signature=headers["signature"],
                now=int(time.time()),
            )

    def _read(self, response: httpx.Response) -> Answer:
        call = response.headers.get("jutong-call", "")
        if call and "x-road-error" not in response.headers:
            is_json = "json" in response.headers.get("content-type", "") and response.content
            return Answer(response.json() if is_json else response.text, call, response.status_code)
        try:
            said = response.json()
            words = {name: str(said[name]) for name in ("message", "basis", "remedy")}
        except (ValueError, KeyError, TypeError):
            words = {"message": "the gateway does not answer", "basis": "", "remedy": ""}
        if response.status_code == 404:
            raise NotFound("service or record", text("under this address"))
        if response.status_code >= 500:
            raise Unavailable(words["message"], basis=words["basis"], remedy=words["remedy"])
        family = _FAMILY.get(response.status_code, Refused)
        raise family(words["message"], basis=words["basis"], remedy=words["remedy"])


def _fields(purpose: str, agreement: str, issue: str) -> dict[str, str]:
    stated = {"jutong-purpose": purpose, "jutong-agreement": agreement, "x-road-issue": issue}
    return {name: value for name, value in stated.items() if value}


def _target(request: httpx.Request) -> Target:
    path, _, query = request.url.raw_path.decode("ascii").partition("?")
    return Target(request.method, request.headers["host"], path, query)
