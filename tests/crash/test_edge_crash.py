"""Either side of an edge agent dies between any two steps: no package is lost, none is made or landed twice."""

from __future__ import annotations

import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from jutong import catalogue, ledger, registers
from jutong.cli.node import make_home
from jutong.collection import Layout, packages
from jutong.collection.packages import Depot, Destination, Stage
from jutong.desk import House, open_house
from jutong.kernel.crypto import PublicKey
from jutong.kernel.keys import load_key, make_key
from jutong.pools.layout import raw_table
from jutong.registers import SystemName
from jutong.terms import BodyKind, Org
from tests.city import MARKET
from tests.collecting import ENTRY, OFFICER, register_entry

HEADER = "name,uscc,reg_date,ent_type,capital,scope,province,city,address\n"
SYSTEM = f"CN-500000/GOV/{MARKET}/edge"
SCRIPT = """
import os, signal, sys
from pathlib import Path
from jutong.collection.packages import acts, depot, taking
from jutong.pools.lake import Lake
from tests.crash import test_edge_crash as story

def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

def after(function):
    return lambda *args, **more: (function(*args, **more), die())

def when_named(suffix, function):
    return lambda path, *rest: (function(path, *rest), die() if str(path).endswith(suffix) else None)[0]

def when_renamed(suffix, last):
    rename = Path.replace
    def replace(path, at):
        ended = str(at).endswith(suffix)
        if ended and not last:
            die()
        moved = rename(path, at)
        if ended:
            die()
        return moved
    Path.replace = replace

folder, when, mark = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
if when == "after the seal":
    depot.seal = after(depot.seal)
elif when == "after the paper":
    depot.write_whole = when_named(".json", depot.write_whole)
elif when == "after the package":
    when_renamed(".jtp", True)
story.pack(folder, mark)
if when == "while copying":
    when_renamed(".jtp", False)
story.carry(folder)
if when == "before it is kept":
    when_renamed(".jtp", False)
elif when == "after it is kept":
    when_renamed(".jtp", True)
elif when == "after the row":
    taking._advance = die
elif when == "while landing":
    Lake.append = die
elif when == "before the commit":
    save = acts.store.save_package
    acts.store.save_package = lambda db, one: (save(db, one), die() if one.batch else None)
elif when == "before the bytes go":
    unlink = Path.unlink
    Path.unlink = lambda path, **more: die() if path.parent.name == "packages" else unlink(path, **more)
story.take(folder)
if when == "after the receipt":
    depot.write_whole = when_named(".receipt", depot.write_whole)
elif when == "before the spool lets go":
    depot.write_whole = when_named(".json", depot.write_whole)
story.answer(folder)
"""
STEPS = (
    "after the seal",
    "after the paper",
    "after the package",
    "while copying",
    "before it is kept",
    "after it is kept",
    "after the row",
    "while landing",
    "before the commit",
    "before the bytes go",
    "after the receipt",
    "before the spool lets go",
)


def depot_of(folder: Path) -> Depot:
    """Return the edge's spool."""
    return Depot.of(folder / "spool", SYSTEM, ENTRY, Destination.read((folder / "node").read_text()))


def pack(folder: Path, mark: str) -> None:
    """Pack one file at the edge."""
    rows = folder / "rows.csv"
    rows.write_text(HEADER + "".join(f"{mark}-{n},x,,,,,,,\n" for n in range(3)), "utf-8")
    packages.pack_file(depot_of(folder), rows, Layout(), load_key(folder / "keys" / "edge.pem"))


def carry(folder: Path) -> None:
    """Put on the medium what has no receipt."""
    depot_of(folder).copy_to(folder / "medium")


def take(folder: Path) -> House:
    """Take the medium in at the node, and put the receipts back on it."""
    house = open_house(folder / "home")
    for one in packages.take_folder(house, OFFICER, folder / "medium"):
        assert one.package, one.reason
        while ledger.sequence(house.engine, house.log):
            pass
        receipt = ledger.receipt_of(house.engine, house.home.ledger, one.package.line)
        (folder / "medium" / f"{one.file.name}.receipt").write_text(receipt)
    return house


def answer(folder: Path) -> None:
    """Take the receipts in at the edge."""
    depot_of(folder).receipts_from(folder / "medium", open_house(folder / "home").log.verifiers)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A node, an edge of one of its bodies, and a medium between them."""
    made = tmp_path_factory.mktemp("edge")
    make_home(made / "home", name="cn-500000", body=MARKET, division="500000")
    house = open_house(made / "home")
    key = make_key(made / "keys" / "edge.pem")
    with house.desk(house.itself) as desk:
        registers.register_body(desk, Org(code=MARKET, name="局", division="500000", kind=BodyKind.DEPARTMENT))
        catalogue.adopt(desk, replace(register_entry(), provider=MARKET), "test")
        system = registers.register_system(desk, MARKET, "edge", "前置机")
        registers.set_key(desk, system.name, PublicKey.read(str(key.public)))
        assert system.name == SystemName.parse(SYSTEM)
    (made / "node").write_text(str(packages.destination_of(house)))
    (made / "medium").mkdir()
    return made


@pytest.mark.parametrize("when", STEPS)
def test_a_killed_step_is_done_again_and_changes_nothing_twice(folder: Path, when: str) -> None:
    """Killed there and begun anew: one package more, landed once, in its order, answered, and the spool empty."""
    before = len(depot_of(folder).papers)
    died = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(folder), when, when], capture_output=True, text=True, check=False
    )
    assert died.returncode == -signal.SIGKILL, died.stderr
    pack(folder, when)
    carry(folder)
    house = take(folder)
    answer(folder)
    depot = depot_of(folder)
    assert [paper.number for paper in depot.papers] == list(range(1, before + 2))
    assert depot.unanswered() == ()
    with house.reading() as db:
        found = packages.packages_listed(db, limit=100)
        query = sa.text("SELECT COUNT(*) FROM ledger_evidence WHERE act = :act")
        told = [db.execute(query, {"act": f"collection.{act}"}).scalar_one() for act in ("landed", "package_landed")]
    assert {one.stage for one in found} == {Stage.LANDED}
    assert told == [before + 1, before + 1]
    names = house.pools.lake.read(raw_table(ENTRY)).read_all().column("name").to_pylist()
    assert sorted(names).count(f"{when}-0") == 1
    assert len(names) == 3 * (before + 1)
    packages.go_on(house)
    assert not list((folder / "home" / "packages").glob("*.jtp"))
    house.engine.dispose()
