"""One subject erased on a legal request: two persons, every table and older version, nothing of it left on the disk."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from jutong import custody, delivery, library
from jutong.collection import Batch, export_batch
from jutong.custody import Erasure, Ground, Phase
from jutong.custody.erasure import digest_of_subject, subject_of
from jutong.desk import House
from jutong.kernel.crypto import SigningKey
from jutong.kernel.db import transaction
from jutong.kernel.errors import Invalid, NotAllowed, WrongMoment
from jutong.kernel.settings import Home, Settings
from jutong.ledger import Log
from jutong.library import Theme
from jutong.pools.history import NoLongerKept
from jutong.pools.snapshot import digest_of
from jutong.pools.upkeep import tables
from jutong.registers import store as registers_store
from jutong.terms import Actor, BodyKind, Duty, Grade, Org
from tests.fitness import AUTHORITY, ENTRY, OFFICER, REGULATOR, Place, code, place_at, row

CLERK = Actor(id="clerk", org=AUTHORITY, duties=frozenset({Duty.ANSWERS, Duty.DEPARTMENT_HEAD}), cleared=Grade.L4)
SECURITY = Actor(id="security", org=AUTHORITY, duties=frozenset({Duty.SECURITY_ADMIN}), cleared=Grade.L4)
KEY = b"k" * 32
GONE, OTHER = code(1), code(2)
THEME = Theme(name="firms", title="企业", sql="SELECT uscc, name FROM legal_person", basis="三定方案")


def house_of_place(place: Place) -> House:
    """Return the node that the place is."""
    settings = Settings(name="city.example", body=REGULATOR, division="500000")
    key = SigningKey.of_seed(b"erasure-" * 4)
    log = Log(place.folder / "ledger", origin="city.example", key=key)
    return House(
        home=Home(place.folder, settings),
        engine=place.engine,
        pools=place.pools,
        log=log,
        key=key,
        clock=lambda: place.now,
    )


def a_place_with_rows(folder: Path) -> tuple[Place, Batch]:
    """Two firms collected, examined, merged, served and in a theme; the second's name mentions the first's code."""
    place = place_at(folder)
    with transaction(place.engine) as db:
        provider = Org(code=REGULATOR, name="市场监管局", division="500000", kind=BodyKind.DEPARTMENT)
        registers_store.save_body(db, provider)
    batch = place.deliver([row(1), row(2, scope=f"受{GONE.lower()}委托经营")])
    place.examine(batch)
    place.merge(batch)
    with place.desk(Actor(id="o", org=AUTHORITY, duties=frozenset({Duty.OVERSIGHT}), cleared=Grade.L4)) as desk:
        library.declare_theme(desk, THEME)
    with place.desk() as desk:
        library.make_theme(desk, "firms")
    with place.desk() as desk:
        delivery.serve_entry(desk, ENTRY)
    return place, batch


def asked_for(place: Place, house: House) -> Erasure:
    """Have the erasure asked for."""
    with place.desk(CLERK) as desk:
        key = house.key.secret_for(custody.PURPOSE)
        return custody.ask_erasure(desk, GONE, ground=Ground.CONSENT_WITHDRAWN, basis="申请〔2026〕1号", key=key)


def confirmed(place: Place, house: House, asked: Erasure) -> None:
    """Have it confirmed by a second person."""
    with place.desk(SECURITY) as desk:
        custody.confirm_erasure(desk, asked.id, GONE, key=house.key.secret_for(custody.PURPOSE))


def where_it_stands(folder: Path, value: str) -> list[str]:
    """Return the files of the node that hold a value: in their bytes, or packed in a Parquet file."""
    found = []
    for path in (path for name in ("lake", "serving", "ledger") for path in (folder / name).rglob("*")):
        if path.is_file() and not path.name.startswith("."):
            packed = str(pq.read_table(path).to_pylist()) if path.suffix == ".parquet" else ""
            plain = path.read_bytes().decode("utf-8", "replace")
            if value.upper() in packed.upper() or value.upper() in plain.upper():
                found.append(str(path.relative_to(folder)))
    database = b"".join(path.read_bytes() for path in folder.glob("control.db*"))
    return found + (["control.db"] if value.encode() in database else [])


def test_nothing_of_an_erased_subject_is_left_on_the_disk(tmp_path: Path) -> None:
    """Tables, feeds, logs, older versions, theme, serving copy: scanned file by file; another's row stays."""
    place, batch = a_place_with_rows(tmp_path)
    house = house_of_place(place)
    before = where_it_stands(tmp_path, GONE)
    assert {path.split("/")[0] for path in before} >= {"lake", "serving"}
    asked = asked_for(place, house)
    confirmed(place, house, asked)
    done = custody.erase(house, SECURITY, asked.id, GONE)
    assert where_it_stands(tmp_path, GONE) == []
    assert done.phase is Phase.DONE
    assert done.outcome.rows[f"raw/{ENTRY}"] == done.outcome.rows["library/legal_person"] == 1
    assert done.outcome.cells[f"raw/{ENTRY}"] == 1
    with place.desk() as desk:
        service = delivery.service_for(desk.db, ENTRY)
    assert service is not None
    reader = place.pools.lookup.open(service.copy)
    assert reader.get(GONE.encode()) is None
    assert reader.get(OTHER.encode()) is not None
    reader.close()
    assert where_it_stands(tmp_path, OTHER)
    with pytest.raises(NoLongerKept):
        place.pools.lake.read(f"raw/{ENTRY}", version=batch.snapshot.version)


def test_the_ledger_keeps_that_it_happened_and_not_to_whom(tmp_path: Path) -> None:
    """Asked, confirmed, begun, erased: with a digest that only the node's key makes, counts, and no identifier."""
    place, _ = a_place_with_rows(tmp_path)
    house = house_of_place(place)
    asked = asked_for(place, house)
    confirmed(place, house, asked)
    custody.erase(house, SECURITY, asked.id, GONE)
    digest = digest_of_subject(GONE, house.key.secret_for(custody.PURPOSE))
    for word in ("erasure_asked", "erasure_confirmed", "erasure_begun", "erased"):
        (line,) = place.lines(f"custody.{word}")
        assert (line.on, line.facts["subject"]) == (asked.id, digest)
        assert GONE not in str(line)
    assert digest_of_subject(GONE, KEY) != digest


def test_two_persons_erase(tmp_path: Path) -> None:
    """Nobody confirms the own request; nothing is erased unconfirmed, or for another identifier than was asked for."""
    place, _ = a_place_with_rows(tmp_path)
    house = house_of_place(place)
    key = house.key.secret_for(custody.PURPOSE)
    asked = asked_for(place, house)
    with pytest.raises(NotAllowed), place.desk(CLERK) as desk:
        custody.confirm_erasure(desk, asked.id, GONE, key=key)
    with pytest.raises(NotAllowed), place.desk(OFFICER) as desk:
        custody.confirm_erasure(desk, asked.id, GONE, key=key)
    with pytest.raises(WrongMoment):
        custody.erase(house, SECURITY, asked.id, GONE)
    with pytest.raises(Invalid), place.desk(SECURITY) as desk:
        custody.confirm_erasure(desk, asked.id, OTHER, key=key)
    for wrong in ("11010519491231002", "'; --", "重庆百货"):
        with pytest.raises(Invalid):
            subject_of(wrong)
    assert where_it_stands(tmp_path, GONE)


def test_what_was_erased_is_not_handed_to_a_neighbour(tmp_path: Path) -> None:
    """A batch that a tier fetches afterwards is whole by its own manifest, without the subject's row."""
    place, batch = a_place_with_rows(tmp_path)
    house = house_of_place(place)
    asked = asked_for(place, house)
    confirmed(place, house, asked)
    custody.erase(house, SECURITY, asked.id, GONE)
    handed = export_batch(place.pools, batch, ("name", "uscc"))
    told = handed.rows.read_all()
    assert (handed.manifest.rows, told["uscc"].to_pylist()) == (1, [OTHER])
    assert handed.manifest.rows_digest == digest_of(told)


_ERASE = """
import os, signal, sys
from pathlib import Path
from jutong import custody
from jutong.custody import erasing
from jutong.kernel.db import connect
from jutong.pools import open_pools, removal
from tests import fitness
from tests.unit.test_erasure import GONE, SECURITY, house_of_place

folder, request, limit = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
pools = open_pools(str(folder / "lake"), {}, "duckdb", "lmdb", folder / "serving")
place = fitness.Place(connect(f"sqlite:///{folder}/control.db"), pools, folder)
place.now = place.now.replace(hour=5)
done = 0


def dying(act):
    def counted(*args, **facts):
        global done
        done += 1
        if done > limit:
            os.kill(os.getpid(), signal.SIGKILL)
        return act(*args, **facts)

    return counted


removal.History.trim = dying(removal.History.trim)
erasing.remove = dying(erasing.remove)
erasing.purge = dying(erasing.purge)
custody.erase(house_of_place(place), SECURITY, request, GONE)
"""


@pytest.mark.parametrize("limit", [1, 6, 9])
def test_an_erasure_that_is_killed_is_completed_by_the_next(tmp_path: Path, limit: int) -> None:
    """Struck dead between its steps: the request stays open, and the same command erases what is left."""
    place, _ = a_place_with_rows(tmp_path)
    house = house_of_place(place)
    asked = asked_for(place, house)
    confirmed(place, house, asked)
    root = Path(__file__).parents[2]
    environment = {**os.environ, "PYTHONPATH": f"{root / 'src'}:{root}"}
    argv = [sys.executable, "-c", _ERASE, str(tmp_path), asked.id, str(limit)]
    assert subprocess.run(argv, env=environment, check=False).returncode == -signal.SIGKILL
    place.now = place.now.replace(hour=6)
    assert not place.lines("custody.erased")
    done = custody.erase(house, SECURITY, asked.id, GONE)
    assert done.phase is Phase.DONE
    assert where_it_stands(tmp_path, GONE) == []
    assert list(tables(place.pools.lake))
