"""How targets are reached: only at addresses that are public or that the node's settings name."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

from jutong.kernel.clock import Clock
from jutong.kernel.crypto import SigningKey
from jutong.kernel.errors import Invalid
from jutong.kernel.foreign import Connection
from jutong.kernel.outward import Resolver, permitted, resolve
from jutong.kernel.sm2 import Sm2SigningKey
from jutong.kernel.text import text

from .target import Target


@dataclass(frozen=True, slots=True, kw_only=True)
class Ways:
    """What the node lends to whoever writes to a target."""

    hosts: Collection[str]  # names or addresses of targets inside the government's network
    folders: Collection[str]  # beneath which folders of this node may be filled
    node: str
    key: SigningKey
    clock: Clock
    sm2: Sm2SigningKey | None = None  # signs manifests beside ``key`` where the node's suite asks
    resolver: Resolver = field(default=resolve)

    def resolved(self, host: str, port: int) -> list[str]:
        """Return the addresses of a target, or none where it may not be called from here.

        A target is named by another body: a private address that nobody here has named could be any machine of ours.
        """
        found = self.resolver(host, port)
        inside = host in self.hosts
        return found if all(permitted(one, inside=inside) for one in found) else []

    def connection(self, target: Target, secret: str) -> Connection:
        """Return where a target is, at the very address that was checked."""
        found = self.resolved(target.host, target.real_port)
        if not found:
            raise Invalid(
                text("{host} is at an address that is never called from here", host=target.host),
                basis=text("guard on outgoing addresses (OWASP API7:2023)"),
                remedy=text("have the node's administrators name it in jutong.toml: [outflows] hosts"),
            )
        return Connection(
            host=found[0],
            port=target.real_port,
            database=target.database,
            user=target.user,
            password=secret,
            schema=target.schema,
        )

    def folder(self, target: Target) -> Path:
        """Return a folder of this node that may be filled, as it really is, links followed."""
        path = Path(target.path).resolve()
        roots = [Path(one).resolve() for one in self.folders]
        if not any(path == root or root in path.parents for root in roots):
            raise Invalid(
                text("the folder {path} is not one that may be filled from here", path=target.path),
                basis=text("settings of the node, outflows"),
                remedy=text("have the node's administrators name it in jutong.toml: [outflows] folders"),
            )
        return path
