"""The guard on every outgoing address: no scheme but HTTP, no redirect, no address that a stranger could aim at."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable
from urllib.parse import urlsplit

import httpx

from .errors import Invalid, Unavailable
from .text import text

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
    ip = ipaddress.ip_address(address)
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped:
        ip = ip.ipv4_mapped
    if ip.is_link_local or ip.is_multicast or ip.is_unspecified or (ip.is_reserved and not ip.is_loopback):
        return False
    return ip.is_global or inside


class Outward:
    """An HTTP client that calls only permitted addresses, and calls the very address that it checked."""

    def __init__(self, *, inside: bool, timeout_seconds: float = 10, resolver: Resolver = resolve) -> None:
        self._inside, self._resolver = inside, resolver
        self._client = httpx.Client(timeout=timeout_seconds, follow_redirects=False, trust_env=False)

    def request(
        self, method: str, url: str, *, headers: dict[str, str] | None = None, content: bytes | None = None
    ) -> httpx.Response:
        """Send one request and return the whole answer; a neighbour that does not answer is ``Unavailable``."""
        try:
            return self._client.send(self._prepared(method, url, headers, content))
        except httpx.HTTPError as error:
            raise Unavailable(text("{host} does not answer", host=urlsplit(url).netloc)) from error

    def stream(
        self, method: str, url: str, *, headers: dict[str, str] | None = None, content: bytes | None = None
    ) -> httpx.Response:
        """Send one request and return the answer with its body still to be read; the caller closes it."""
        try:
            return self._client.send(self._prepared(method, url, headers, content), stream=True)
        except httpx.HTTPError as error:
            raise Unavailable(text("{host} does not answer", host=urlsplit(url).netloc)) from error

    def close(self) -> None:
        """Let go of all connections."""
        self._client.close()

    def _prepared(self, method: str, url: str, headers: dict[str, str] | None, content: bytes | None) -> httpx.Request:
        try:
            parts = httpx.URL(url)
        except httpx.InvalidURL as error:
            raise Invalid(text("this is not an address that can be called")) from error
        if parts.scheme not in ("http", "https") or not parts.host or parts.userinfo:
            raise Invalid(
                text("only http and https addresses without a password in them are called"),
                remedy=text("correct the address; put credentials into the home's keys"),
            )
        port = parts.port or (443 if parts.scheme == "https" else 80)
        addresses = self._resolver(parts.host, port)
        if not addresses or not all(permitted(address, inside=self._inside) for address in addresses):
            raise Invalid(
                text("{host} is at an address that is never called from here", host=parts.host),
                basis=text("guard on outgoing addresses (OWASP API7:2023)"),
            )
        # The connection goes to the checked address itself, so that a second look-up cannot answer differently.
        request = self._client.build_request(
            method,
            parts.copy_with(host=addresses[0]),
            headers={**(headers or {}), "host": parts.netloc.decode()},
            content=content,
        )
        request.extensions["sni_hostname"] = parts.host
        return request
