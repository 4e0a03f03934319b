"""The guard on every outgoing address: no scheme but HTTP, no redirect, no address that a stranger could aim at.

What comes back is bounded too: it is not unpacked, it comes at a pace, and what is kept whole has an end.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import time
from collections.abc import Callable
from concurrent.futures import Executor
from urllib.parse import urlsplit

import httpx

from .errors import Invalid, Unavailable
from .pace import Paced
from .text import text

WHOLE_BYTES = 64 << 20  # of an answer that is returned whole
WHOLE_SECONDS = 120.0  # in which its body is there
# Where clouds tell a machine its own secrets, at addresses that are not link-local (Alibaba, Azure, Oracle, AWS).
METADATA = frozenset({"100.100.100.200", "168.63.129.16", "192.0.0.192", "fd00:ec2::254"})
Resolver = Callable[[str, int], list[str]]


def resolve(host: str, port: int) -> list[str]:
    """Return the addresses of ``host`` as the machine resolves them."""
    try:
        return sorted({str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)})
    except OSError as error:
        raise Unavailable(text("the name {host} cannot be resolved", host=host)) from error


def permitted(address: str, *, inside: bool) -> bool:
    """Say whether ``address`` may be called; ``inside`` is for enrolled neighbours on a government network.

    Link-local (where clouds keep their metadata), multicast, unspecified and reserved addresses are never called.

    >>> permitted("169.254.169.254", inside=True), permitted("10.0.0.8", inside=True)
    (False, True)
    """
    ip = plain(address)
    if (
        str(ip) in METADATA
        or ip.is_link_local
        or ip.is_multicast
        or ip.is_unspecified
        or (ip.is_reserved and not ip.is_loopback)
    ):
        return False
    return ip.is_global or inside


def plain(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """Return an address; one of IPv4 that is dressed as one of IPv6 without its dress.

    >>> plain("::ffff:127.0.0.1").is_loopback
    True
    """
    ip = ipaddress.ip_address(address)
    return (isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped) or ip


def is_own(address: str) -> bool:
    """Say whether an address is one of this very machine; nothing is sent to find out.

    >>> is_own("127.0.0.2"), is_own("192.0.2.1")
    (True, False)
    """
    ip = plain(address)
    if ip.is_loopback:
        return True
    with socket.socket(socket.AF_INET if ip.version == 4 else socket.AF_INET6, socket.SOCK_DGRAM) as asked:
        try:
            asked.connect((str(ip), 9))  # the system chooses from where it would send: to itself, from itself
        except OSError:
            return False
        return bool(plain(asked.getsockname()[0]) == ip)


class Outward:
    """An HTTP client that calls only permitted addresses, and calls the very address that it checked."""

    def __init__(
        self,
        *,
        inside: bool,
        timeout_seconds: float = 10,
        resolver: Resolver = resolve,
        client: httpx.Client | None = None,
    ) -> None:
        self._inside, self._resolver = inside, resolver
        self._client = client or httpx.Client(
            timeout=timeout_seconds, follow_redirects=False, trust_env=False, transport=Paced()
        )

    def within(self, resolver: Resolver) -> Outward:
        """Return the same client, for the addresses alone that ``resolver`` gives; it is closed with this one."""
        return Outward(inside=self._inside, resolver=resolver, client=self._client)

    def request(
        self, method: str, url: str, *, headers: dict[str, str] | None = None, content: bytes | None = None
    ) -> httpx.Response:
        """Send one request and return the whole answer; a neighbour that does not answer is ``Unavailable``."""
        answer = self.stream(method, url, headers=headers, content=content)
        try:
            body, until = bytearray(), time.monotonic() + WHOLE_SECONDS
            for part in answer.iter_raw():
                body += part
                if len(body) > WHOLE_BYTES or time.monotonic() > until:
                    raise Unavailable(text("{host} answers without an end", host=urlsplit(url).netloc))
        except httpx.HTTPError as error:
            raise Unavailable(text("{host} does not answer", host=urlsplit(url).netloc)) from error
        finally:
            answer.close()
        return httpx.Response(answer.status_code, headers=answer.headers, content=bytes(body), request=answer.request)

    def stream(
        self, method: str, url: str, *, headers: dict[str, str] | None = None, content: bytes | None = None
    ) -> httpx.Response:
        """Send one request and return the answer with its body still to be read; the caller closes it."""
        try:
            answer = self._client.send(self._prepared(method, url, headers, content), stream=True)
        except httpx.HTTPError as error:
            raise Unavailable(text("{host} does not answer", host=urlsplit(url).netloc)) from error
        # A mebibyte that unpacks to a gibibyte does so before anybody can count it.
        if answer.headers.get("content-encoding", "identity").lower() != "identity":
            answer.close()
            raise Unavailable(
                text("{host} answers in a packed form that was not asked for", host=urlsplit(url).netloc),
                remedy=text("have it answer unpacked (Accept-Encoding: identity)"),
            )
        return answer

    def close(self) -> None:
        """Let go of all connections."""
        self._client.close()

    def _prepared(self, method: str, url: str, headers: dict[str, str] | None, content: bytes | None) -> httpx.Request:
        parts, port = _parts(url)
        address = _checked(parts.host, self._resolver(parts.host, port), inside=self._inside)
        return _pinned(self._client, method, parts, address, headers, content)


class Calling:
    """The same guard for one neighbour, for those who may not wait: it keeps connections, and blocks no event loop.

    Whoever resolves names does so in the threads of ``names``, which are few and serve nothing else: a slow answer
    must hold up nobody else's work. What was resolved counts for a few seconds, and is checked at every call.
    """

    _FRESH_SECONDS = 5.0

    def __init__(
        self,
        *,
        inside: bool,
        names: Executor,
        timeout: httpx.Timeout,
        limits: httpx.Limits,
        resolver: Resolver = resolve,
    ) -> None:
        self._inside, self._resolver, self._names = inside, resolver, names
        self._known: dict[tuple[str, int], tuple[float, list[str]]] = {}
        self._client = httpx.AsyncClient(timeout=timeout, limits=limits, follow_redirects=False, trust_env=False)

    async def stream(
        self, method: str, url: str, *, headers: dict[str, str] | None = None, content: bytes | None = None
    ) -> httpx.Response:
        """Send one request and return the answer with its body still to be read; the caller closes it."""
        parts, port = _parts(url)
        address = _checked(parts.host, await self._resolved(parts.host, port), inside=self._inside)
        return await self._client.send(
            _pinned(self._client, method, parts, address, headers, content), stream=True, follow_redirects=False
        )

    async def close(self) -> None:
        """Let go of all connections."""
        await self._client.aclose()

    async def _resolved(self, host: str, port: int) -> list[str]:
        now = time.monotonic()
        until, found = self._known.get((host, port), (0.0, []))
        if now >= until:
            found = await asyncio.get_running_loop().run_in_executor(self._names, self._resolver, host, port)
            self._known[host, port] = (now + self._FRESH_SECONDS, found)
        return found


def _parts(url: str) -> tuple[httpx.URL, int]:
    """Return an address that may be called, taken apart, and its port."""
    try:
        parts = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise Invalid(text("this is not an address that can be called")) from error
    if parts.scheme not in ("http", "https") or not parts.host or parts.userinfo:
        raise Invalid(
            text("only http and https addresses without a password in them are called"),
            remedy=text("correct the address; put credentials into the home's keys"),
        )
    return parts, parts.port or (443 if parts.scheme == "https" else 80)


def _checked(host: str, addresses: list[str], *, inside: bool) -> str:
    """Return the address that is called."""
    if not addresses or not all(permitted(address, inside=inside) for address in addresses):
        raise Invalid(
            text("{host} is at an address that is never called from here", host=host),
            basis=text("guard on outgoing addresses (OWASP API7:2023)"),
        )
    return addresses[0]


def _pinned(
    client: httpx.Client | httpx.AsyncClient,
    method: str,
    parts: httpx.URL,
    address: str,
    headers: dict[str, str] | None,
    content: bytes | None,
) -> httpx.Request:
    # The connection goes to the checked address itself, so that a second look-up cannot answer differently.
    request = client.build_request(
        method,
        parts.copy_with(host=address),
        headers={**(headers or {}), "host": parts.netloc.decode(), "accept-encoding": "identity"},
        content=content,
    )
    request.extensions["sni_hostname"] = parts.host
    return request
