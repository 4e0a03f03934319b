"""Days on which a node must refuse: its clock ran backwards, its disk is full; what was accepted before stands."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from jutong import ledger, registers
from jutong.cli.node import make_home
from jutong.desk import House, open_house
from jutong.kernel.errors import Unavailable
from jutong.terms import Org
from tests.demo import assert_ledger_whole, lines_of, path_with

BODY = "11500000MB1000010R"
NOW = datetime.now(UTC)

ON_A_FULL_DISK = """
import resource, sys
from pathlib import Path
from jutong import ledger
from jutong.desk import open_house
from jutong.kernel.errors import Unavailable
from jutong.ledger import Evidence

house = open_house(Path(sys.argv[1]))
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), resource.RLIM_INFINITY))
try:
    house.log.append([b"x" * 300] * 50)
except Unavailable as refusal:
    print(refusal)
print(house.log.refresh())
"""


@pytest.fixture
def house(tmp_path: Path) -> House:
    """A new node."""
    return make_home(tmp_path / "home", name="cn-500000", body=BODY, division="500000")


def at(house: House, now: datetime) -> House:
    """Return the same node by a clock that stands at ``now``."""
    return open_house(house.home.folder, clock=lambda: now)


def act(house: House, number: int) -> None:
    """Do something."""
    with house.desk(house.itself) as desk:
        registers.register_body(desk, Org(code=BODY, name=f"body {number}", division="500000"))


def test_a_clock_that_is_set_back_stops_the_acts(house: House) -> None:
    """More than five seconds behind the ledger: refused, with how far and what to do; set right, it goes on."""
    ahead = datetime.now(UTC) + timedelta(days=2)
    act(at(house, ahead), 1)
    before = [line.id for line in lines_of(house)]
    with pytest.raises(Unavailable) as refusal:
        act(at(house, ahead - timedelta(days=1, seconds=6)), 2)
    assert "86406 seconds behind its own ledger" in str(refusal.value.reason)
    assert "NTP" in str(refusal.value.remedy)
    assert [line.id for line in lines_of(house)] == before
    act(at(house, ahead + timedelta(seconds=1)), 2)
    assert len(lines_of(house)) == len(before) + 1


def test_a_clock_that_is_a_little_behind_is_smoothed(house: House) -> None:
    """Up to five seconds: the act is dated with the newest line, so evidence never runs backwards."""
    ahead = datetime.now(UTC) + timedelta(days=2)
    act(at(house, ahead), 1)
    act(at(house, ahead - timedelta(seconds=5)), 2)
    assert [line.at for line in lines_of(house)][-2:] == [ahead, ahead]


@pytest.mark.parametrize("room", [0, 4000])
def test_a_full_disk_refuses_the_ledgers_next_lines(house: House, room: int) -> None:
    """Nothing of the batch is kept, the log stands as it was and holds; with room again the same lines go in."""
    act(house, 1)
    ledger.sequence(house.engine, house.log)
    size = house.log.refresh()
    done = subprocess.run(
        [sys.executable, "-c", ON_A_FULL_DISK, str(house.home.folder), str(room)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": path_with()},
    )
    assert done.returncode == 0, done.stderr
    assert "full" in done.stdout
    assert done.stdout.splitlines()[-1] == str(size)
    act(house, 2)
    assert ledger.sequence(house.engine, house.log) == 1
    assert_ledger_whole(house)
