"""Which services of departments this node may call at all: what its settings name, and nothing else."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import urlsplit

from jutong.kernel.errors import Invalid
from jutong.kernel.text import text

BASIS = text("settings of the node, [proxies]")
_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ways:
    """Hosts that may be called; of these, which may lie inside the government's network, and which need no TLS."""

    hosts: Collection[str] = ()
    inside: Collection[str] = ()
    plain: Collection[str] = ()

    def check(self, base: str) -> None:
        """Refuse an address that is none, or that this node does not call."""
        try:
            parts = urlsplit(base)
            port = parts.port
        except ValueError as error:
            raise _no_address() from error
        host = parts.hostname or ""
        if (
            parts.scheme not in ("http", "https")
            or not host
            or port == 0
            or "@" in parts.netloc
            or any(mark in base for mark in "?#\\")
            or not set(parts.path) <= _LETTERS
            or any(one in (".", "..") for one in parts.path.split("/"))
        ):
            raise _no_address()
        if host not in self.hosts:
            raise Invalid(
                text("this node hands no questions on to {host}", host=host[:200]),
                basis=BASIS,
                remedy=text("have the node's security administrator name the host in jutong.toml: [proxies] hosts"),
            )
        if parts.scheme == "http" and host not in self.plain:
            raise Invalid(
                text("{host} is called by https alone", host=host[:200]),
                basis=BASIS,
                remedy=text("write https, or have the host named in jutong.toml: [proxies] plain"),
            )

    def within(self, base: str) -> bool:
        """Say whether the host of an address may lie inside the government's network."""
        return (urlsplit(base).hostname or "") in self.inside


NOWHERE = Ways()


def _no_address() -> Invalid:
    return Invalid(
        text("this is not the address of a service: scheme, host, perhaps a port and a plain path"),
        remedy=text("write it as https://api.example.gov.cn/firms/v1; secrets never stand in it"),
    )
