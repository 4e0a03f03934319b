"""Outflows: the consumer declares, the provider tests and turns on, rows go out once while the right stands."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import msgspec
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from jutong import notices, sharing
from jutong.catalogue import Purpose
from jutong.cli import app
from jutong.collection.plans import Schedule
from jutong.delivery.bulk import manifest, outflow
from jutong.delivery.bulk.outflow import Outcome, Outflow, State, Target, TargetKind
from jutong.delivery.bulk.rights import day_of
from jutong.delivery.quota import used_on
from jutong.kernel.db import transaction
from jutong.kernel.errors import Invalid, NotAllowed, NotFound, Refused, TooMuch, Unavailable, WrongMoment
from jutong.kernel.settings import Home
from jutong.kernel.settings import Outflows as Allowed
from tests.city import MARKET, SOCIAL, done
from tests.console import CSRF, a_console
from tests.shares import Sharing, a_sharing, firms

PURPOSE = Purpose.SOCIAL_SECURITY


@pytest.fixture
def shared(tmp_path: Path) -> Iterator[Sharing]:
    """An agreement on a table and a file, at a node that may fill one folder."""
    made = a_sharing(tmp_path / "home", firms(4), quota_per_day=3)
    (tmp_path / "mounted").mkdir()
    home = made.house.home
    named = msgspec.structs.replace(home.settings, outflows=Allowed(folders=(str(tmp_path / "mounted"),)))
    object.__setattr__(made.house, "home", Home(home.folder, named))
    made.keep()
    yield made
    made.house.engine.dispose()


def declared(shared: Sharing, folder: Path, account: str = "asker", kind: TargetKind = TargetKind.FOLDER) -> Outflow:
    """Let somebody declare a folder as target."""
    target = Target(kind=kind, path=str(folder))
    with shared.house.desk(shared.actor(account)) as desk:
        return outflow.declare_outflow(
            desk, shared.agreement, "入库", target, PURPOSE, Schedule(""), key=shared.house.key
        )


def turned_on(shared: Sharing, folder: Path) -> Outflow:
    """Declare, test, turn on."""
    kept = declared(shared, folder)
    with shared.house.desk(shared.actor("officer")) as desk:
        _, differences = outflow.try_outflow(desk, shared.agreement, kept.id, outflow.looking(shared.house))
        assert differences == ()
    with shared.house.desk(shared.actor("officer")) as desk:
        return outflow.start_outflow(desk, shared.agreement, kept.id)


def standing(shared: Sharing, kept: Outflow) -> Outflow:
    """Return an outflow as it is."""
    with shared.house.reading() as db:
        return outflow.find_outflow(db, kept.id)


def files(folder: Path) -> list[Path]:
    """Return all that lies in the target."""
    return sorted(path for path in folder.rglob("*") if path.is_file())


def test_each_new_version_goes_out_once_and_is_on_record(shared: Sharing, tmp_path: Path) -> None:
    """All rows first, then what changed; before a row leaves it is on record, and what the target took after it."""
    folder = tmp_path / "mounted"
    kept = turned_on(shared, folder)
    assert outflow.run_outflows(shared.house) == 1
    assert outflow.run_outflows(shared.house) == 0
    shared.lay(firms(6), "second")
    shared.keep()
    assert outflow.run_outflows(shared.house) == 1
    first, second = sorted((folder / shared.agreement.lower()).glob("*.manifest"))
    told = [manifest.read(path.read_text(), shared.house.key.public) for path in (first, second)]
    assert [(one["version"], one["base"], one["rows"]) for one in told] == [(0, None, 4), (1, 0, 6)]
    (changes,) = told[1]["files"]
    assert pq.read_table(second.with_suffix("") / changes["id"]).column("_change_type").to_pylist() == ["insert"] * 2
    now = standing(shared, kept)
    assert (now.state, now.version, now.rows) == (State.ACTIVE, 1, 6)
    begun, delivered = (shared.city.lines(f"delivery.outflow_{word}") for word in ("begun", "delivered"))
    assert [(line.on, line.facts["version"]) for line in begun] == [(shared.agreement, 0), (shared.agreement, 1)]
    assert [(line.facts["rows"], line.facts["changed"]) for line in delivered] == [(4, 4), (6, 2)]
    assert delivered[1].facts["view"] == shared.keep().digest()
    evidence = " ".join(str(line.facts) for line in (*begun, *delivered))
    assert str(folder) not in evidence, "where a consumer keeps its rows is nobody else's to read"


def test_declaring_and_turning_on_are_two_bodies_work(shared: Sharing, tmp_path: Path) -> None:
    """Neither side does the other's part; nothing goes out untested, nor anywhere that the node does not name."""
    folder = tmp_path / "mounted"
    with pytest.raises(NotAllowed):
        declared(shared, folder, "head")
    with pytest.raises(NotFound):
        declared(shared, folder, "stranger")
    kept = declared(shared, folder)
    assert declared(shared, folder).id == kept.id
    for act in (outflow.start_outflow, outflow.pause_outflow):
        with pytest.raises((NotAllowed, WrongMoment)), shared.house.desk(shared.actor("asker")) as desk:
            act(desk, shared.agreement, kept.id)
    with pytest.raises(WrongMoment, match="tested"), shared.house.desk(shared.actor("officer")) as desk:
        outflow.start_outflow(desk, shared.agreement, kept.id)
    other = declared(shared, tmp_path / "elsewhere")
    with pytest.raises(Invalid, match="filled"), shared.house.desk(shared.actor("officer")) as desk:
        outflow.try_outflow(desk, shared.agreement, other.id, outflow.looking(shared.house))
    assert outflow.run_outflows(shared.house) == 0
    assert files(folder) == []


def test_a_right_that_is_taken_away_ends_a_run_in_the_middle(shared: Sharing, tmp_path: Path) -> None:
    """Suspended while rows go out: nothing stays in the target, and nothing more goes out until it is resumed."""
    folder = tmp_path / "mounted"
    kept = turned_on(shared, folder)
    head = shared.actor("head")

    def suspend(*_: int) -> None:
        if shared.standing().stage is sharing.Standing.IN_FORCE:
            with shared.house.desk(head) as desk:
                sharing.suspend(desk, shared.agreement, reason="违规")

    with pytest.raises(NotAllowed, match="suspended"):
        outflow.run_outflow(shared.house, shared.actor("officer"), kept.id, progress=suspend)
    assert files(folder) == []
    assert outflow.run_outflows(shared.house) == 0
    with shared.house.reading() as db:
        (run,) = outflow.runs_of(db, kept.id)
    assert (run.outcome, run.code) == (Outcome.REFUSED, "not-allowed")
    assert shared.city.lines("delivery.outflow_failed")[-1].facts["code"] == "not-allowed"


def test_the_quota_and_the_agreed_methods_bind_outflows_too(shared: Sharing, tmp_path: Path) -> None:
    """Three readings of the whole a day, then none; by a method that was not agreed, none at all."""
    folder = tmp_path / "mounted"
    kept = turned_on(shared, folder)
    for count in (5, 6, 7):
        outflow.run_outflows(shared.house)
        shared.lay(firms(count), str(count))
        shared.keep()
    with pytest.raises(TooMuch, match="used up"):
        outflow.run_outflow(shared.house, shared.house.itself, kept.id)
    now = standing(shared, kept)
    assert (now.version, now.tries, now.state) == (2, 1, State.ACTIVE)
    assert now.next_at is not None
    only = a_sharing(tmp_path / "other", firms(2), methods=["file"])
    only.keep()
    database = Target(kind=TargetKind.POSTGRESQL, host="db", database="d", table="t", user="u", secret="s")
    with pytest.raises(NotAllowed, match="method"), only.house.desk(only.actor("asker")) as desk:
        outflow.declare_outflow(desk, only.agreement, "入库", database, PURPOSE, Schedule(""), key=only.house.key)
    only.house.engine.dispose()


def told(shared: Sharing, word: str) -> list[list[tuple[str, str]]]:
    """Return for each line of a word whom it is told to: bodies and their sides."""
    lines = shared.city.lines(f"delivery.outflow_{word}")
    return [[(one.body, one.side.value) for one in notices.notices_of(line, ())] for line in lines]


def test_both_bodies_have_notice_when_nothing_arrives(
    shared: Sharing, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Declared tells the provider, turned on the consumer; a long delay both, once; a stop both, and nothing runs."""
    folder = tmp_path / "mounted"
    kept = turned_on(shared, folder)
    both = [(SOCIAL, "asking"), (MARKET, "answering")]
    assert told(shared, "declared") == [[(MARKET, "answering")]]
    assert told(shared, "started") == [[(SOCIAL, "asking")]]
    folder.rmdir()
    folder.write_text("no folder any more")
    for _ in range(7):
        with pytest.raises((Unavailable, TooMuch)):  # after three the readings of the day are used up as well
            outflow.run_outflow(shared.house, shared.house.itself, kept.id)
    assert told(shared, "delayed") == [both]
    assert told(shared, "stopped") == []

    def altered(*_: object) -> None:
        raise outflow.difference(kept.target.place, 4, 3)

    monkeypatch.setattr("jutong.delivery.bulk.outflow.running.target_of", altered)
    with pytest.raises(Refused, match="does not hold"):
        outflow.run_outflow(shared.house, shared.house.itself, kept.id)
    assert told(shared, "stopped") == [both]
    assert (standing(shared, kept).state, outflow.run_outflows(shared.house)) == (State.STOPPED, 0)


def test_an_agreement_that_is_over_ends_its_outflows(shared: Sharing, tmp_path: Path) -> None:
    """Concluded by the consumer: the outflow ends by itself, and cannot be turned on again."""
    kept = turned_on(shared, tmp_path / "mounted")
    with shared.house.desk(shared.actor("asking-head")) as desk:
        sharing.conclude(desk, shared.agreement, reason="不再需要")
    shared.city.settle()
    assert standing(shared, kept).state is State.ENDED
    with pytest.raises(WrongMoment), shared.house.desk(shared.actor("officer")) as desk:
        outflow.start_outflow(desk, shared.agreement, kept.id)


def test_pages_commands_and_endpoints_do_the_same(shared: Sharing, tmp_path: Path) -> None:
    """Declared on the page, tested by the API, turned on on the page, run and compared by commands."""
    folder, console = tmp_path / "mounted", a_console(shared.city)
    path = f"/agreements/{shared.agreement}/outflows"
    form = {
        "_csrf": CSRF,
        "outflow_title": "失业保险入库",
        "kind": "folder",
        "path": str(folder),
        "port": "0",
        "outflow_purpose": "social-security",
        "file_form": "csv",
    }
    answer = console.client("asker").post(path, data=form)
    assert answer.status_code in (200, 303), answer.text
    with shared.house.reading() as db:
        (kept,) = outflow.outflows_of(db, shared.agreement)
    with shared.city.client() as client:
        bearer = shared.city.bearer("officer")
        tested = done(client.post(f"/api{path}/{kept.id}/test", content=b"{}", headers=bearer))
        assert tested == {"differences": []}
        (listed,) = done(client.get(f"/api{path}", headers=bearer))
        assert (listed["id"], listed["state"], listed["version"]) == (kept.id, "declared", -1)
    assert f"{path}/{kept.id}/start" in console.client("officer").get(f"{path}/{kept.id}").text
    assert f"{path}/{kept.id}/start" not in console.client("asker").get(f"{path}/{kept.id}").text
    console.client("officer").post(f"{path}/{kept.id}/start", data={"_csrf": CSRF})
    outflow.run_outflows(shared.house)
    page = console.client("asker").get(f"{path}/{kept.id}").text
    assert "rows delivered" in page or "已送达" in page
    home = ["--home", str(shared.house.home.folder), "--token", shared.city.tokens["asker"], "--json"]
    with transaction(shared.house.engine) as db:
        assert outflow.find_outflow(db, kept.id).version == 0
    told = CliRunner().invoke(app, ["outflows", "list", shared.agreement, *home])
    assert told.exit_code == 0, told.output
    assert json.loads(told.stdout.splitlines()[-1])[0]["rows"] == 4


def test_a_run_in_which_nothing_left_counts_nothing(shared: Sharing, tmp_path: Path) -> None:
    """A depot that takes no file costs no reading of the day, however often it is tried; one row that left does."""
    folder = tmp_path / "mounted"
    kept = turned_on(shared, folder)
    place = folder / shared.agreement.lower()
    shutil.rmtree(place, ignore_errors=True)
    place.write_text("a file where the folder of the agreement belongs")
    counted = partial(used_on, shared.house.home.folder / "gateway" / "quota", f"whole {shared.agreement}")
    for _ in range(5):  # of three readings a day
        with pytest.raises((Refused, Unavailable)):
            outflow.run_outflow(shared.house, shared.house.itself, kept.id)
    assert counted(day_of(shared.house.clock())) == 0
    place.unlink()
    assert outflow.run_outflow(shared.house, shared.house.itself, kept.id).outcome is Outcome.DELIVERED
    assert counted(day_of(shared.house.clock())) == 1
