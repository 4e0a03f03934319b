"""A node that dies while a file is pushed: what was accepted is there, the rest is asked for, and it lands once."""

from __future__ import annotations

import hashlib
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa

from jutong import catalogue, collection
from jutong.cli.node import make_home
from jutong.collection import pushes
from jutong.collection.pushes import Parcel, Push, Stage, Tray
from jutong.desk import House, open_house
from jutong.pools.layout import raw_table
from tests.collecting import ENTRY, REGULATOR, register_entry

SYSTEM = pushes.actor_of(f"CN-500000/GOV/{REGULATOR}/register", REGULATOR)
HEADER = "name,uscc,reg_date,ent_type,capital,scope,province,city,address\n"
ROWS, PART = 4_000, 100_000

SCRIPT = """
import os, signal, sys
from pathlib import Path
from jutong.collection import pushes
from jutong.collection.pushes import Tray, acts, parts
from jutong.desk import open_house
from jutong.pools.lake import Lake
from tests.crash.test_push_crash import SYSTEM, data, send

def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

folder, when = Path(sys.argv[1]), sys.argv[2]
house = open_house(folder)
if when == "in a part":
    take = parts.Part.take
    parts.Part.take = lambda part, block: (take(part, block), die() if part.offset else None)
elif when == "before the offset":
    write = parts.write_whole
    parts.write_whole = lambda path, told: die() if int(told) > 100_000 else write(path, told)
elif when == "while landing":
    Lake.append = die
elif when == "before the commit":
    save = acts.store.save_push
    acts.store.save_push = lambda db, push: (save(db, push), die() if push.batch else None)
elif when == "before clearing":
    Tray.clear = die
send(house)
"""


def data() -> bytes:
    """Return the file."""
    lines = (f"企业{n},{n:018x},2004-01-02,,,{hashlib.sha256(b'%d' % n).hexdigest()},,,\n" for n in range(ROWS))
    return (HEADER + "".join(lines)).encode()


def send(house: House) -> Push:
    """Push the file as its system does: from where the node stands."""
    whole = data()
    parcel = Parcel(entry=ENTRY, name="rows.csv", size=len(whole), content=hashlib.sha256(whole).hexdigest())
    with house.desk(SYSTEM) as desk:
        push = pushes.open_push(desk, parcel)
    tray = Tray.of(house.home.folder, push)
    while push.stage is Stage.OPEN and tray.offset < len(whole):
        with tray.part(tray.offset) as part:
            part.take(whole[part.offset :][:PART])
            part.keep()
    return pushes.finish(house, SYSTEM, push.id)


@pytest.mark.parametrize(
    ("when", "accepted"),
    [
        ("in a part", PART),
        ("before the offset", PART),
        ("while landing", len(data())),
        ("before the commit", len(data())),
        ("before clearing", 0),
    ],
)
def test_a_killed_push_goes_on_from_what_was_accepted(tmp_path: Path, when: str, accepted: int) -> None:
    """Killed at any of these points, the file goes on from the last accepted part and lands whole, and once."""
    home = tmp_path / "home"
    make_home(home, name="cn-500000", body=REGULATOR, division="500000")
    house = open_house(home)
    with house.desk(house.itself) as desk:
        catalogue.adopt(desk, register_entry(), "test")
    died = subprocess.run([sys.executable, "-c", SCRIPT, str(home), when], capture_output=True, text=True, check=False)
    assert died.returncode == -signal.SIGKILL, died.stderr
    with house.reading() as db:
        (push,) = pushes.pushes_listed(db)
    if accepted:
        assert (push.stage, Tray.of(home, push).offset) == (Stage.OPEN, accepted)
    else:
        assert push.stage is Stage.LANDED
    ended = send(house)
    with house.reading() as db:
        batch = collection.find_batch(db, ended.batch)
        acts = db.execute(sa.text("SELECT act FROM ledger_evidence WHERE act LIKE 'collection.%' ORDER BY seq"))
        assert list(acts.scalars()) == ["collection.push_opened", "collection.landed", "collection.push_landed"]
    assert (batch.rows_read, batch.rows_landed, batch.content) == (ROWS, ROWS, push.parcel.content)
    assert len(house.pools.lake.read(raw_table(ENTRY)).read_all()) == ROWS
