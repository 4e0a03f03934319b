"""Sources that aim at what is not theirs: the cloud's secrets, this machine, the node's own database."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from jutong.kernel.errors import Invalid
from jutong.kernel.foreign import Connection
from jutong.kernel.settings import Home
from jutong.kernel.sources import Sources
from tests.city import MARKET, City
from tests.hostile.standing import Standing

NAMES = {
    "db.health.example": ["10.20.0.8"],
    "public.example": ["93.184.216.34"],
    "two.example": ["10.20.0.8", "127.0.0.1"],
    "loop.example": ["127.0.0.1"],
    "control.example": ["10.9.9.9"],
    "alias.example": ["10.9.9.9"],
    "localhost": ["127.0.0.1"],
    "nowhere.example": [],
}


def resolver(host: str, port: int) -> list[str]:
    """Return what a name stands for; an address stands for itself."""
    del port
    try:
        return [str(ipaddress.ip_address(host))]
    except ValueError:
        return NAMES[host]


@pytest.mark.parametrize(
    ("named", "host", "may"),
    [
        ((), "db.health.example", True),
        ((), "public.example", True),
        ((), "127.0.0.1", False),
        ((), "localhost", False),
        ((), "127.8.8.8", False),
        ((), "::1", False),
        ((), "::ffff:127.0.0.1", False),
        ((), "loop.example", False),
        ((), "two.example", False),
        ((), "nowhere.example", False),
        (("db.health.example",), "db.health.example", True),
        (("DB.Health.example",), "db.health.example", True),
        (("db.health.example",), "public.example", False),
        (("db.health.example",), "10.20.0.9", False),
        (("10.20.0.0/16",), "db.health.example", True),
        (("10.20.0.0/16",), "10.21.0.1", False),
        (("10.20.0.0/16",), "two.example", False),
        (("loop.example",), "loop.example", False),
        (("127.0.0.1",), "loop.example", True),
        (("127.0.0.0/8", "localhost"), "localhost", True),
        (("localhost",), "localhost", True),
    ],
)
def test_a_source_is_where_the_node_lets_it_be(named: tuple[str, ...], host: str, may: bool) -> None:
    """Nothing named: anywhere but on this machine. Something named: there alone, and by a name never at home."""
    asked = Sources(named=named, resolver=resolver)
    if may:
        assert asked.resolved(host, 5432) == resolver(host, 5432)
        return
    with pytest.raises(Invalid, match="never called") as refused:
        asked.resolved(host, 5432)
    assert "[sources] hosts" in str(refused.value.remedy)


@pytest.mark.parametrize(
    ("host", "port", "database", "may"),
    [
        ("control.example", 5432, "jutong", False),
        ("alias.example", 5432, "jutong", False),
        ("10.9.9.9", 5432, "jutong", False),
        ("10.9.9.9", 5432, "register", True),
        ("10.9.9.9", 5433, "jutong", True),
        ("db.health.example", 5432, "jutong", True),
    ],
)
def test_the_nodes_own_database_is_no_source(host: str, port: int, database: str, may: bool) -> None:
    """By whatever name its machine goes, and even if the settings let sources be there."""
    kept = ("postgresql+psycopg://jutong:word@control.example/jutong", "lmdb")
    asked = Sources(named=("10.0.0.0/8",), kept=kept, resolver=resolver)
    told = Connection(host=host, port=port, database=database, user="u")
    if may:
        assert asked.of(told).address() == resolver(host, port)[0]
        return
    with pytest.raises(Invalid, match="own records"):
        asked.of(told)


@pytest.fixture
def city(node: Standing) -> City:
    """A node with a published entry, as it is without a word on sources in its settings."""
    return node.shared.city


AIMS: Mapping[str, dict[str, Any]] = {
    "the cloud's secrets": {"kind": "api", "url": "http://169.254.169.254/latest/meta-data/"},
    "the cloud's secrets elsewhere": {"kind": "api", "url": "http://100.100.100.200/latest/meta-data/"},
    "this machine by name": {"kind": "api", "url": "http://localhost:{port}/healthz"},
    "this machine by number": {"kind": "api", "url": "http://127.0.0.1:{port}/healthz"},
    "this machine by an odd number": {"kind": "api", "url": "http://2130706433:{port}/healthz"},
    "this machine in another dress": {"kind": "api", "url": "http://[::ffff:127.0.0.1]:{port}/healthz"},
    "a file": {"kind": "api", "url": "file:///etc/passwd"},
    "a password in the address": {"kind": "api", "url": "http://a:b@public.example/"},
    "a database here": {"kind": "postgresql", "host": "127.0.0.1", "database": "a", "table": "t", "user": "u"},
    "a socket of a database": {"kind": "postgresql", "host": "/var/run/postgresql", "database": "a", "table": "t",
                               "user": "u"},
    "a database at the cloud's": {"kind": "mysql", "host": "169.254.169.254", "database": "a", "table": "t",
                                  "user": "u"},
    "a server of files here": {"kind": "sftp", "host": "localhost", "path": "/etc/passwd", "user": "u", "secret": "s",
                               "fingerprint": "SHA256:" + "a" * 43},
}  # fmt: skip


@pytest.mark.parametrize("aim", AIMS)
def test_a_plan_cannot_be_aimed(city: City, aim: str) -> None:
    """Tried by an officer over the API: refused with the setting that would let it, and nothing is called."""
    port = city.house.home.settings.port
    reach = {name: value.format(port=port) if name == "url" else value for name, value in AIMS[aim].items()}
    keys = city.house.home.folder / "keys" / "sources"
    keys.mkdir(parents=True, exist_ok=True)
    word = keys / f"{MARKET}-s"
    word.write_text("word\n")
    word.chmod(0o600)
    with city.client() as client:
        answer = client.post(
            f"/api/entries/{city.found['entry']}/source-trials",
            json={"reach": reach},
            headers=city.bearer("officer"),
        )
    assert answer.status_code in (400, 422), answer.text
    assert not city.lines("collection.source_tested")
    assert "meta-data" not in answer.text


def test_a_setting_that_is_no_network_is_refused_at_the_start(tmp_path: Path) -> None:
    """A network with bits beyond its mask is a slip of the pen that would let in more, or less, than was meant."""
    (tmp_path / "jutong.toml").write_text(
        'name = "n"\nbody = "b"\ndivision = "500000"\n[sources]\nhosts = ["10.20.0.1/16"]\n'
    )
    with pytest.raises(Invalid, match="host bits"):
        Home.open(tmp_path)
