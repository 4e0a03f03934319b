"""The lake's keeping: upkeep on record before it is done, retention by layer, a look back at what stood before."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from jutong import custody, library
from jutong.custody import DECLARED, Kept, Retention, retentions
from jutong.kernel.errors import Invalid, NotAllowed, NotFound
from jutong.pools.history import NoLongerKept
from jutong.pools.layout import LAYERS
from jutong.pools.upkeep import FEW, mark_standing
from jutong.terms import Actor, Duty, Grade
from tests.fitness import AUTHORITY, ENTRY, OFFICER, OTHER_ENTRY, Place, code, place_at, row

ADMIN = Actor(id="admin", org=AUTHORITY, duties=frozenset({Duty.SYSTEM_ADMIN}))
RAW = f"raw/{ENTRY}"


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return place_at(tmp_path)


def tended(place: Place, table: str, declared: Mapping[str, Retention] = DECLARED) -> Kept | None:
    """Order and carry out what is due for a table."""
    with place.desk(ADMIN) as desk:
        if custody.order_upkeep(desk, table, declared) is None:
            return None
    with place.desk(ADMIN) as desk:
        return custody.tend(desk, table, declared)


def test_every_layer_has_a_retention_with_its_basis() -> None:
    """Nothing in the lake is kept for ever by default; a node may declare other days, within bounds."""
    assert set(DECLARED) == set(LAYERS)
    assert all(one.basis.said_in("en") for one in DECLARED.values())
    assert retentions({"theme": 30})["theme"].days == 30
    for wrong in ({"theme": 6}, {"secret": 30}, {"raw": 40_000}):
        with pytest.raises(Invalid):
            retentions(wrong)


def test_upkeep_is_on_record_before_and_after(place: Place) -> None:
    """Many small deliveries become one file; the order and the deed are lines of evidence; again there is nothing."""
    for number in range(FEW):
        place.deliver([row(number)])
    assert tended(place, RAW) is not None
    ordered, done = place.lines("custody.upkeep_ordered")[0].facts, place.lines("custody.tended")[0].facts
    assert (ordered["compacting"], done["files_before"], done["files"]) == (FEW, FEW, 1)
    assert ordered["days"] == DECLARED["raw"].days
    assert tended(place, RAW) is None
    assert len(place.lines("custody.upkeep_ordered")) == 1


def test_what_is_older_than_its_retention_goes_and_a_delivery_can_still_be_examined(place: Place) -> None:
    """Once the days are over the small files go; a delivery's rows are read from what is kept, whatever its version."""
    batches = [place.deliver([row(number)]) for number in range(FEW)]
    tended(place, RAW)
    mark_standing(place.pools.lake, RAW)
    # The lake's own clock is the machine's; the desk's is set far enough ahead of it.
    place.now = datetime.now(UTC) + timedelta(days=DECLARED["raw"].days + 2)
    kept = tended(place, RAW)
    assert kept is not None
    assert (kept.trimmed.files, kept.trimmed.oldest) == (FEW, FEW + 1)
    with pytest.raises(NoLongerKept):
        place.pools.lake.read(RAW, version=batches[0].snapshot.version)
    assert place.examine(batches[0]).rows == 1
    assert place.merge(batches[0]).rows == 1


def test_only_whoever_keeps_the_node_tends_the_lake(place: Place) -> None:
    """An officer who governs rows does not let go of versions, and an administrator does not read rows."""
    place.deliver([row(1)])
    with pytest.raises(NotAllowed), place.desk(OFFICER) as desk:
        custody.order_upkeep(desk, RAW, DECLARED)
    with pytest.raises(NotAllowed), place.desk(OFFICER) as desk:
        custody.look_over(desk, DECLARED)
    with pytest.raises((NotAllowed, NotFound)), place.desk(ADMIN) as desk:
        custody.look_back(desk, RAW)


def test_looking_the_lake_over_changes_nothing(place: Place) -> None:
    """A dry run says what would go, table by table."""
    for number in range(FEW):
        place.deliver([row(number)])
    version = place.pools.lake.version(RAW)
    with place.desk(ADMIN) as desk:
        (found,) = custody.look_over(desk, DECLARED)
    assert (found.table, found.compacting, found.due) == (RAW, FEW, True)
    assert place.pools.lake.version(RAW) == version
    assert place.lines("custody.looked_over")[0].facts == {"tables": 1, "due": 1}


def test_a_table_is_read_as_it_stood(place: Place) -> None:
    """By version or by instant; that somebody looked is on record with the version and the number of rows."""
    place.deliver([row(1)])
    first = place.pools.lake.history(RAW).came(1)
    place.deliver([row(2)])
    with place.desk(OFFICER) as desk:
        past = custody.look_back(desk, RAW, version=1)
    assert [value for value in past.rows[0] if value == code(1)]
    assert len(past.rows) == 1
    with place.desk(OFFICER) as desk:
        assert len(custody.look_back(desk, RAW, at=first + timedelta(days=1)).rows) == 2
    assert [line.facts for line in place.lines("custody.looked_back")] == [
        {"version": 1, "rows": 1},
        {"version": 2, "rows": 2},
    ]
    with pytest.raises(NotFound), place.desk(OFFICER) as desk:
        custody.look_back(desk, RAW, at=first - timedelta(days=1))


def test_nobody_looks_into_a_strangers_table_or_past_the_clearance(place: Place) -> None:
    """A table of an entry that one may not see is as absent as none; values above one's clearance are hidden."""
    place.deliver([row(1)])
    stranger = Actor(id="stranger", org="11500000MB1600000X", duties=frozenset({Duty.GOVERNANCE}), cleared=Grade.L4)
    with pytest.raises((NotAllowed, NotFound)), place.desk(stranger) as desk:
        custody.look_back(desk, RAW)
    for table in (f"standard/{OTHER_ENTRY}", "control/a", f"quarantine/{ENTRY}"):
        with pytest.raises((NotFound, NotAllowed, Invalid)), place.desk(OFFICER) as desk:
            custody.look_back(desk, table)


def test_a_theme_of_before_is_refused_once_it_is_no_longer_kept(place: Place) -> None:
    """The refusal says back to which version one can read."""
    lake = place.pools.lake
    for number in range(3):
        lake.replace("theme/firms", pa.table({"city": [f"{number}"]}), mark=f"m{number}")
        mark_standing(lake, "theme/firms")
    place.now = datetime.now(UTC) + timedelta(days=400)
    tended(place, "theme/firms")
    keeper = Actor(id="k", org=AUTHORITY, duties=frozenset({Duty.OVERSIGHT}), cleared=Grade.L4)
    with pytest.raises(NotAllowed), place.desk(keeper) as desk:
        custody.look_back(desk, "theme/firms")  # nobody declared it: it may hold anybody's rows
    with place.desk(keeper) as desk:
        firms = library.Theme(name="firms", title="企业", sql="SELECT city FROM legal_person", basis="三定方案")
        library.declare_theme(desk, firms)
    with pytest.raises(NoLongerKept, match="back to version 3"), place.desk(keeper) as desk:
        custody.look_back(desk, "theme/firms", version=1)
