"""Where databases, files and APIs of others may be read from here: a rule of the node, whoever names the place."""

from __future__ import annotations

import ipaddress
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

from .errors import Invalid
from .foreign import Connection
from .outward import Resolver, is_own, plain, resolve
from .text import text

_PORTS = {"postgresql": 5432, "mysql": 3306, "mariadb": 3306}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """The hosts and networks that the node's settings name, and the databases in which it keeps its own.

    Where nothing is named, a source may be anywhere but on this machine: departments' databases stand at private
    addresses. As soon as something is named, it is there or it is not called. A host by its name does not lead to
    this machine, unless the address is named too: its name is somebody else's to change.
    """

    named: Collection[str] = ()
    kept: Collection[str] = ()  # addresses (URLs) of the node's own databases
    resolver: Resolver = field(default=resolve)

    def resolved(self, host: str, port: int) -> list[str]:
        """Return the addresses of a source, or refuse where it may not be called from here."""
        found = self.resolver(host, port)
        if not found or not all(self._covers(host, address) for address in found):
            raise Invalid(
                text("{host} is at an address that is never called from here", host=host),
                basis=text("guard on outgoing addresses (OWASP API7:2023)"),
                remedy=text("have the node's administrators name it in jutong.toml: [sources] hosts"),
            )
        return found

    def of(self, told: Connection) -> Connection:
        """Return a connection that goes only where it may, or refuse one to the node's own database."""
        if any(self._same(url, told) for url in self.kept):
            raise Invalid(
                text("{name} is the database in which this node keeps its own records", name=told.database),
                basis=text("guard on outgoing addresses (OWASP API7:2023)"),
            )
        return replace(told, resolver=self.resolved)

    def _covers(self, host: str, address: str) -> bool:
        ip = plain(address)
        by_address = any(ip in network for network in map(_network, self.named) if network is not None)
        by_name = host.lower() in {one.lower() for one in self.named}
        if is_own(address):
            return by_address or (by_name and host.lower() == "localhost")
        return by_address or by_name or not self.named

    def _same(self, url: str, told: Connection) -> bool:
        parts = urlsplit(url)
        kind = parts.scheme.partition("+")[0]
        if kind not in _PORTS or parts.path.lstrip("/") != told.database or (parts.port or _PORTS[kind]) != told.port:
            return False
        ours = set(self.resolver(parts.hostname or "localhost", told.port))
        theirs = self.resolver(told.host, told.port)
        # A machine has many addresses, and any of them leads to what listens there.
        return bool(ours & set(theirs)) or (all(map(is_own, ours)) and any(map(is_own, theirs)))


def _network(spelled: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    with suppress(ValueError):
        return ipaddress.ip_network(spelled)
    return None
