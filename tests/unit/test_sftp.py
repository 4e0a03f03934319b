"""A file on an SFTP server: from the one host whose key the plan names, whole, taken up after a break, once."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import paramiko
import pytest

from jutong import catalogue
from jutong.cli.node import make_home
from jutong.collection import Limits, Mode, Reach, ReachKind, Reading, contract_of, plans
from jutong.collection.plans import Outcome, Plan, Wanted
from jutong.collection.sources import sftp
from jutong.desk import open_house
from jutong.kernel.errors import Invalid, NotFound, NotKnown, TooMuch, Unavailable
from jutong.kernel.outward import Outward
from jutong.kernel.settings import Home
from jutong.pools.layout import raw_table
from tests.collecting import ENTRY, OFFICER, REGULATOR, register_entry
from tests.near import sources_near
from tests.sftp import USER, WORD, Server, sftp_server

NAMES = contract_of(register_entry()).names


class Drop:
    """A node, and a department's server on which a file lies."""

    def __init__(self, folder: Path, server: Server) -> None:
        self.folder, self.server = folder, server
        make_home(folder, name="cn-500000", body=REGULATOR, division="500000")
        sources_near(folder)
        self.house = open_house(folder)
        with self.house.desk(self.house.itself) as desk:
            catalogue.adopt(desk, register_entry(), "test")
        self.keep(WORD)
        self.outward = Outward(inside=True)

    def keep(self, word: str) -> None:
        path = self.folder / "keys" / "sources" / f"{REGULATOR}-drop"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(word + "\n")
        path.chmod(0o600)

    def write(self, *names: str, hour: int = 0) -> Path:
        path = self.server.folder / "rows.csv"
        path.write_text(";".join(NAMES) + "\n" + "".join(f"{name}{';x' * (len(NAMES) - 1)}\n" for name in names))
        if hour:
            os.utime(path, (hour, hour))
        return path

    def reach(self, **changes: object) -> Reach:
        told = {
            "kind": ReachKind.SFTP,
            "host": "127.0.0.1",
            "port": self.server.port,
            "user": USER,
            "secret": "drop",
            "path": "/rows.csv",
            "fingerprint": self.server.fingerprint,
            "delimiter": ";",
        }
        return Reach(**{**told, **changes})  # type: ignore[arg-type]

    def plan(self, **changes: object) -> Plan:
        with self.house.desk(OFFICER) as desk:
            return plans.keep(desk, ENTRY, Wanted(title="前置库", reach=self.reach(**changes)))

    def run(self, plan: Plan) -> plans.Run:
        return plans.run_plan(self.house, OFFICER, plan.id, self.outward)

    def landed(self) -> list[str]:
        return sorted(self.house.pools.lake.read(raw_table(ENTRY)).read_all().column("name").to_pylist())


@pytest.fixture
def drop(tmp_path: Path) -> Iterator[Drop]:
    """A drop."""
    (tmp_path / "served").mkdir()
    with sftp_server(tmp_path / "served") as server:
        made = Drop(tmp_path / "home", server)
        with closing(made.outward):
            yield made
        made.house.engine.dispose()


def test_a_file_lands_and_unchanged_it_brings_nothing(drop: Drop) -> None:
    """First it is looked at, then it lands; the same size and hour is nothing new, another hour the same batch."""
    drop.write("甲", "乙", hour=1000)
    door = plans.door_of(Home.open(drop.folder), REGULATOR, drop.reach(), drop.outward)
    glance = door.glance(contract_of(register_entry()), plans.Wanted(title="x", reach=drop.reach()).layout, 1)
    assert [row["name"] for row in glance.rows] == ["甲"]
    plan = drop.plan()
    assert (drop.run(plan).rows, drop.run(plan).outcome) == (2, Outcome.NOTHING_NEW)
    drop.write("甲", "乙", hour=2000)
    assert drop.run(plan).outcome is Outcome.KNOWN
    drop.write("甲", "丙", "丁", hour=3000)
    assert drop.run(plan).rows == 3
    assert drop.landed() == sorted(["甲", "乙", "甲", "丙", "丁"])


def test_a_server_with_another_key_is_told_nothing(drop: Drop) -> None:
    """Neither the account nor its word is named to a host that the plan does not know."""
    drop.write("甲")
    with pytest.raises(NotKnown, match="another key"):
        drop.run(drop.plan(fingerprint="SHA256:" + "A" * 43))
    assert drop.server.tried == []


def test_a_wrong_word_a_missing_file_and_a_place_that_is_never_called(drop: Drop) -> None:
    """Each is said as what it is, and the word is in no message."""
    drop.write("甲")
    with pytest.raises(NotFound):
        drop.run(drop.plan(path="/none.csv"))
    with pytest.raises(Invalid, match="never called"):
        drop.run(drop.plan(host="169.254.169.254"))
    with pytest.raises(Unavailable):
        drop.run(drop.plan(port=1))
    drop.keep("wrong-word")
    with pytest.raises(NotKnown) as refusal:
        drop.run(drop.plan())
    assert "wrong-word" not in f"{refusal.value} {refusal.value.remedy}"


def test_a_private_key_is_a_word_too(drop: Drop) -> None:
    """What begins as a key is used as one."""
    key = paramiko.RSAKey.generate(2048)
    drop.server.accepts = key
    spelled = io.StringIO()
    key.write_private_key(spelled)
    drop.keep(spelled.getvalue().strip())
    drop.write("甲")
    assert drop.run(drop.plan()).rows == 1


def test_a_broken_fetch_goes_on_from_what_is_proven(drop: Drop, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next run asks for the rest; if the bytes here or the file there are others, for all of it."""
    monkeypatch.setattr(sftp, "BLOCK", 4096)
    path = drop.write(*(f"企业{number}" for number in range(2000)), hour=1000)
    plan = drop.plan()
    drop.server.breaks_after = 20_000
    with pytest.raises(Unavailable):
        drop.run(plan)
    part = next((drop.folder / "collecting" / plan.id).glob("fetched.part"))
    there = part.stat().st_size
    assert 0 < there < path.stat().st_size
    with pytest.raises(Unavailable):
        drop.run(plan)
    assert drop.server.read_from[-1] >= there
    part.write_bytes(b"x" + part.read_bytes()[1:])
    drop.server.breaks_after = 0
    assert drop.run(plan).rows == 2000
    assert drop.server.read_from[-1] == 0
    assert len(drop.landed()) == 2000


def test_what_is_too_large_or_no_file_is_refused(drop: Drop, tmp_path: Path) -> None:
    """A limit holds before a byte is read; a folder is no file."""
    drop.write("甲")
    with pytest.raises(TooMuch):
        sftp.SftpFile(drop.reach(), WORD).fetch(tmp_path / "f", limits=Limits(max_bytes=10))
    (drop.server.folder / "folder").mkdir()
    with pytest.raises(Invalid, match="ordinary"):
        drop.run(drop.plan(path="/folder"))


@pytest.mark.parametrize(
    "changes",
    [{"path": "rows.csv"}, {"path": "/../x"}, {"fingerprint": ""}, {"secret": ""}, {"delimiter": "x"}, {"user": ""}],
)
def test_a_reach_that_cannot_be_true_is_refused(changes: dict[str, str]) -> None:
    """A whole path, a key, an account and its word's name: without them there is no plan."""
    told = {"host": "a", "user": "u", "secret": "s", "path": "/x", "fingerprint": "SHA256:" + "A" * 43}
    with pytest.raises(Invalid):
        Reach(kind=ReachKind.SFTP, **{**told, **changes})  # type: ignore[arg-type]


def test_a_file_is_read_in_full() -> None:
    """A watermark has no meaning for a file."""
    with pytest.raises(Invalid):
        Reading(mode=Mode.INCREMENTAL)
