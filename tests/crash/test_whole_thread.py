"""The whole thread under kill -9: three real tiers, and at each step processes that die in the middle of it."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from jutong.cli.demo import caller
from jutong.cli.demo.register_maker import make_register
from jutong.cli.demo.sample import some_code
from jutong.cli.demo.tiers import stand_up
from tests.demo import Journey, assert_whole, path_with, settled

# Each of these keeps seven processes busy, and a busy machine takes its time over so many deaths.
pytestmark = pytest.mark.timeout(900)
STRUCK = Path(__file__).parent / "struck"
ROWS = 1_000  # the fewest that hold every fault
CALLS = 12

# The clockwork is started again by the tier that it belongs to: one walk meets all of these deaths.
AT_WORK = {
    "rows": (
        # aggregating them
        "jutong.cascade.peer:Peer.fetch:after:1",  # the rows are here, nothing landed
        "jutong.pools.lake:Lake._commit:before:1",  # the files are written, not committed
        "jutong.pools.lake:Lake._commit:after:1",  # landed, not recorded
        "jutong.collection.store:save:after:1",  # recorded, not committed
        # examining and merging them
        "jutong.quality.acts:land_findings:after:1",  # the findings landed, not recorded
        "jutong.quality.store:save_new_objection:after:1",  # filed, not committed
        "jutong.library.laying:settle:before:1",  # what was said stands, the golden records do not
        "jutong.library.acts:lay:after:1",  # all laid, not recorded
        "jutong.library.store:save_merge:after:1",
        # swapping the serving copy
        "jutong.pools.lookup:_write_copy:after:1",  # built, not swapped
        "jutong.pools.lookup:LmdbLookup.build:after:1",  # swapped, not recorded
        "jutong.sharing.acts:record_delivery:after:1",  # recorded, not committed
        "jutong.delivery.store:save:after:1",  # the service is known, not committed
    ),
    "evidence": (
        # keeping the ledger
        "jutong.ledger.tiles:Log._write:after:1",  # tiles, no checkpoint
        "jutong.ledger.tiles:Log.append:after:2",  # checkpoint, the database does not know
        "jutong.ledger.store:set_places:after:3",  # places, not committed
        "jutong.ledger.sequencer:collect:before:1",  # cosigned, not kept
        "jutong.ledger.sequencer:cosigned:after:1",
        # sealing the calls
        "jutong.ledger.store:save_batch:before:1",  # the batch file is written, the database does not know
        "jutong.ledger.store:save_batch:after:1",  # not committed
        "jutong.ledger.tiles:Log._publish:after:1",
    ),
}

# A face that dies takes its tier with it; somebody starts the tier again, and walks again. In the walk's order.
AT_THE_DOOR = (
    "department-face jutong.pools.lake:Lake._commit:after:1",  # a delivery has landed, and is not recorded
    "department-face jutong.collection.acts:collect:after:1",  # recorded, not committed
    "department-face jutong.cascade.acts:hand_over:after:1",  # rows are on their way up
    "district-face jutong.ledger.sequencer:add_checkpoint:after:2",  # cosigned, not answered
    "city-face jutong.sharing.store:save_agreement:after:1",  # an agreement, not committed
    "city-face jutong.ledger.journal:Journal.write:after:1",  # a call is on record, not answered
    "city-face jutong.ledger.journal:Journal._write:before:2",  # a call is answered to nobody, and not on record
)


@pytest.fixture(scope="module")
def stood_up(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three homes before the first step, and a register."""
    folder = tmp_path_factory.mktemp("stood-up")
    make_register(folder / "register.parquet", rows=ROWS)
    stand_up(folder / "home", fixed_ports=False)
    return folder


@pytest.fixture
def journey(stood_up: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Journey:
    """A copy of them for one test."""
    shutil.copytree(stood_up / "home", tmp_path / "home")
    (tmp_path / "struck").mkdir()
    monkeypatch.setenv("JUTONG_STRUCK", str(tmp_path / "struck"))
    monkeypatch.setenv("PYTHONPATH", path_with(STRUCK))
    return Journey(tmp_path / "home", stood_up / "register.parquet")


def struck(journey: Journey) -> set[str]:
    """Return the strikes that really fell."""
    return {path.name for path in (journey.home.parent / "struck").iterdir()}


@contextmanager
def impatient(journey: Journey, strike: str) -> Iterator[None]:
    """Wait for nothing any more once the strike has fallen: that tier is dead."""
    over = threading.Event()

    def watch() -> None:
        while not over.wait(0.2):
            if strike in struck(journey):
                mended.setattr(caller, "WAIT_SECONDS", 0)
                return

    with pytest.MonkeyPatch.context() as mended:
        watching = threading.Thread(target=watch)
        watching.start()
        try:
            yield
        finally:
            over.set()
            watching.join()


@pytest.mark.parametrize("what", AT_WORK)
def test_a_clockwork_that_dies_on_the_way_is_started_again_and_completes(
    journey: Journey, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody notices but the clock: the same walk ends well, and walking again changes nothing."""
    strikes = [f"city-work {place}" for place in AT_WORK[what]]
    monkeypatch.setenv("JUTONG_STRIKES", "\n".join(strikes))
    with journey.served() as tiers:
        journey.walked(tiers)
        before = settled(journey.home)
        journey.walked(tiers)
    assert struck(journey) == set(strikes)
    assert settled(journey.home) == before
    assert_whole(journey)


def test_tiers_that_die_night_after_night_are_started_again_and_complete(
    journey: Journey, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each walk breaks off at one place further; restarted, it ends, and what had been answered still holds."""
    for night, strike in enumerate(AT_THE_DOOR, start=1):
        monkeypatch.setenv("JUTONG_STRIKES", strike)
        with journey.served() as tiers, impatient(journey, strike):
            journey.attempted(tiers)
        assert struck(journey) == set(AT_THE_DOOR[:night])
    with journey.served() as tiers:
        story = journey.walked(tiers)
        journey.call(tiers["city"], story, some_code(journey.register), CALLS)
    assert_whole(journey)
