"""A way out that ends what trickles: whoever has begun to answer goes on at a pace, or is given up.

A time for each read alone lets the other end send a byte before each runs out, and hold a thread for ever.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import httpcore
import httpx

PACE_BYTES = 4 << 10  # that come at least in twice the time that a silent end has
CONNECTIONS = 100
KEPT = 20  # connections that stay open for the next call
KEPT_SECONDS = 5.0


class Paced(httpx.BaseTransport):
    """HTTP/1.1 over connections that are given up when an answer trickles."""

    def __init__(self) -> None:
        self._pool = httpcore.ConnectionPool(
            ssl_context=httpx.create_ssl_context(trust_env=False),
            max_connections=CONNECTIONS,
            max_keepalive_connections=KEPT,
            keepalive_expiry=KEPT_SECONDS,
            network_backend=_Network(),
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request and return the answer with its body still to be read."""
        url = request.url
        with _told():
            answer = self._pool.handle_request(
                httpcore.Request(
                    method=request.method,
                    url=httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
                    headers=request.headers.raw,
                    content=request.stream,
                    extensions=request.extensions,
                )
            )
        return httpx.Response(
            answer.status, headers=answer.headers, stream=_Body(answer), extensions=dict(answer.extensions)
        )

    def close(self) -> None:
        """Let go of all connections."""
        self._pool.close()


class _Body(httpx.SyncByteStream):
    """What is still to come of an answer."""

    def __init__(self, answer: httpcore.Response) -> None:
        self._answer = answer

    def __iter__(self) -> Iterator[bytes]:
        with _told():
            yield from self._answer.iter_stream()

    def close(self) -> None:
        self._answer.close()


@contextmanager
def _told() -> Iterator[None]:
    """Say what went wrong in the words of the client."""
    try:
        yield
    except (
        httpcore.TimeoutException,
        httpcore.NetworkError,
        httpcore.ProtocolError,
        httpcore.UnsupportedProtocol,
        httpcore.ConnectionNotAvailable,
    ) as error:
        raise httpx.TransportError(type(error).__name__) from error


class _Network(httpcore.NetworkBackend):
    """The machine's network, by connections that keep time."""

    def __init__(self) -> None:
        self._network = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        """Return a connection."""
        return _Stream(self._network.connect_tcp(host, port, timeout, local_address, socket_options))


class _Stream(httpcore.NetworkStream):
    """One connection; it reckons how long was waited for an answer since its first byte, and how much came."""

    def __init__(self, stream: httpcore.NetworkStream) -> None:
        self._stream = stream
        self._begun, self._waited, self._came = False, 0.0, 0

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Return what came; refuse an answer that goes on too slowly."""
        began = time.monotonic()
        data = self._stream.read(max_bytes, timeout)
        if self._begun:  # how long it thinks before the first byte is bounded by the time of one read
            self._waited += time.monotonic() - began
        self._begun, self._came = True, self._came + len(data)
        if data and timeout is not None and self._waited > 2 * timeout:
            if self._came < PACE_BYTES:
                raise httpcore.ReadTimeout("the answer trickles")
            self._waited, self._came = 0.0, 0
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Send."""
        self._begin()
        self._stream.write(buffer, timeout)

    def close(self) -> None:
        """Hang up."""
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        """Return the connection under TLS."""
        return _Stream(self._stream.start_tls(ssl_context, server_hostname, timeout))

    def get_extra_info(self, info: str) -> Any:
        """Return what is known of the connection."""
        return self._stream.get_extra_info(info)

    def _begin(self) -> None:
        self._begun, self._waited, self._came = False, 0.0, 0
