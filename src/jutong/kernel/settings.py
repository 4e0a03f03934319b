"""What one node is told at its start: the file ``jutong.toml`` of its home, read once and handed down."""

from __future__ import annotations

import ipaddress
import os
import tomllib
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import msgspec

from .errors import Invalid, NotFound
from .sources import Sources
from .suite import Suite
from .text import text


class Mail(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How letters leave the house; without a host none do. The password comes from the environment."""

    host: str = ""
    port: int = 587
    sender: str = ""
    tls: Literal["starttls", "tls", "none"] = "starttls"
    user: str = ""

    def __post_init__(self) -> None:
        if self.host and "@" not in self.sender:
            raise ValueError("[mail] needs a `sender`, such as jutong@example.gov.cn")


class Outflows(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where this node may deliver to, beyond hosts that all the world may reach: targets that other bodies named."""

    hosts: tuple[str, ...] = ()  # names or addresses inside the government's network, as targets spell them
    folders: tuple[str, ...] = ()  # of this node, such as mounted shares; what lies beneath them may be filled

    def __post_init__(self) -> None:
        if not all(one.startswith("/") for one in self.folders):
            raise ValueError("[outflows] `folders` are whole paths")


class SourcesNamed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where this node may read what bodies name as their sources; empty: anywhere but on this machine."""

    hosts: tuple[str, ...] = ()  # names, addresses or networks, such as 10.20.0.0/16

    def __post_init__(self) -> None:
        for one in self.hosts:
            if "/" in one:
                ipaddress.ip_network(one)


class Proxies(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which hosts of departments this node hands questions on to; without a name here, to none.

    Hosts are spelled as addresses of services spell them, without a port.
    """

    hosts: tuple[str, ...] = ()
    inside: tuple[str, ...] = ()  # of these, which may be at addresses inside the government's network
    plain: tuple[str, ...] = ()  # of these, which may be called without TLS

    def __post_init__(self) -> None:
        if not {*self.inside, *self.plain} <= set(self.hosts):
            raise ValueError("[proxies] `inside` and `plain` name some of `hosts`")


class Oidc(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which identity provider vouches for people here, if any does; its secret lies in the home's ``keys/``."""

    issuer: str = ""  # as the provider itself spells it, such as https://id.example.gov.cn
    client: str = ""  # as what this node is registered there
    secret: str = ""  # the name of the file in keys/ that holds the client's secret; empty for a public client
    name: str = ""  # what people call the provider
    scopes: tuple[str, ...] = ()  # besides openid
    two: tuple[str, ...] = ()  # values of acr or amr that vouch for two factors, such as mfa
    three: tuple[str, ...] = ()  # and those that vouch for a key that verified its user

    def __post_init__(self) -> None:
        parts = urlsplit(self.issuer)
        if self.issuer and (parts.scheme not in ("http", "https") or not parts.netloc or parts.query or parts.fragment):
            raise ValueError("[oidc] `issuer` is a whole address without query or fragment")
        if bool(self.issuer) != bool(self.client):
            raise ValueError("[oidc] needs both `issuer` and `client`")


class Crypto(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """By which family of algorithms this node seals what lies at rest, and from which grade on calls must be by SM2.

    With the suite ``sm`` what the node signs for others to keep bears an SM2 signature beside the Ed25519 one.
    """

    suite: Suite = Suite.INTERNATIONAL
    sm2_from: Literal["", "L1", "L2", "L3", "L4"] = ""  # of entries; empty: whoever calls chooses


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The settings of one home; every default is the embedded choice, with no service to start."""

    name: str
    body: str
    division: str
    database: str = ""
    lake: str = ""
    engine: str = "duckdb"
    engine_megabytes: int = 0  # memory of the embedded engine before it spills to disk; 0 for half of the machine's
    lookup: str = "lmdb"
    host: str = "127.0.0.1"
    port: int = 8700
    workers: int = 1
    language: str = "zh-CN"
    address: str = ""  # where people reach the pages, such as https://data.example.gov.cn; cookies follow its scheme
    proxy: str = ""  # the address of a proxy in front; the last address of its X-Forwarded-For is the visitor's
    password_days: int = 90  # how long a password serves; 0 for ever
    unused_days: int = 90  # after how long an account that nobody signs in with is suspended; 0 for never
    witnesses_wanted: int = 0
    unconditional_at_once: bool = False  # requests for data that is shared without condition are answered by the node
    sequence_every_ms: int = 100
    lake_options: dict[str, str] = {}
    retention: dict[str, int] = {}  # days that a layer of the lake keeps what was replaced, where not as declared
    mail: Mail = Mail()
    outflows: Outflows = Outflows()
    sources: SourcesNamed = SourcesNamed()
    proxies: Proxies = Proxies()
    oidc: Oidc = Oidc()
    crypto: Crypto = Crypto()


class Home:
    """One node's folder: settings, control database, lake, serving copies, ledger, keys, journal."""

    def __init__(self, folder: Path, settings: Settings) -> None:
        self.folder, self.settings = folder, settings

    @classmethod
    def open(cls, folder: Path) -> Home:
        """Read the settings of the home in ``folder``, or refuse and say what is wrong with them."""
        try:
            raw = tomllib.loads((folder / "jutong.toml").read_text("utf-8"))
        except FileNotFoundError as error:
            raise NotFound("home", folder) from error
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise Invalid(text("{path} is not TOML: {why}", path=folder / "jutong.toml", why=str(error))) from error
        try:
            return cls(folder, msgspec.convert(raw, Settings))
        except msgspec.ValidationError as error:
            raise Invalid(text("{path}: {why}", path=folder / "jutong.toml", why=str(error))) from error

    @property
    def address(self) -> str:
        """Where people reach the pages."""
        return self.settings.address.rstrip("/") or f"http://{self.settings.host}:{self.settings.port}"

    @property
    def authorities(self) -> frozenset[str]:
        """The names (host and port) under which this node may be called; a signature for another name is another's."""
        settings = self.settings
        own = {f"{host}:{settings.port}" for host in (settings.host, "localhost", "127.0.0.1")}
        return frozenset(own | ({named} if (named := urlsplit(settings.address).netloc.lower()) else set()))

    @property
    def database(self) -> str:
        """The control database's URL; ``JUTONG_DATABASE`` overrides, so that a password stays out of the file."""
        return os.environ.get("JUTONG_DATABASE") or self.settings.database or f"sqlite:///{self.folder / 'control.db'}"

    @property
    def sources(self) -> Sources:
        """Where bodies' sources may be."""
        return Sources(named=self.settings.sources.hosts, kept=(self.database, self.settings.lookup))

    @property
    def lake(self) -> str:
        """Where the tables live: a folder, or ``s3://bucket/prefix``."""
        return self.settings.lake or str(self.folder / "lake")

    @property
    def serving(self) -> Path:
        """Where serving copies live."""
        return self.folder / "serving"

    @property
    def ledger(self) -> Path:
        """Where the ledger's tiles and checkpoints live."""
        return self.folder / "ledger"

    @property
    def journal(self) -> Path:
        """Where gateway workers write their calls before they answer."""
        return self.folder / "journal"

    @property
    def locks(self) -> Path:
        """Where lock files live."""
        return self.folder / "locks"

    @property
    def key(self) -> Path:
        """The node's signing key."""
        return self.folder / "keys" / "node.pem"

    @property
    def vault(self) -> Path:
        """The folder of the keys under which serving copies lie sealed."""
        return self.folder / "keys" / "serving"

    @property
    def sm2_key(self) -> Path:
        """The node's SM2 key: it answers callers with such keys; by the suite ``sm`` it signs what is handed out."""
        return self.folder / "keys" / "node-sm2.pem"
