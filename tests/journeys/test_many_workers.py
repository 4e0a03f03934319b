"""The thread where a city's clockwork runs in three processes at once, on either control database."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from jutong.cli.demo.left_over import leave_work
from jutong.cli.demo.register_maker import make_register
from jutong.cli.demo.tiers import CITY, Tier
from jutong.cli.demo.walk import Story
from jutong.cli.node import make_home
from tests.demo import Journey, assert_whole, path_with, settled
from tests.postgres import free_port

ROWS = 400
MORE = 2


@contextmanager
def more_clockwork(tier: Tier) -> Iterator[None]:
    """Run the same clockwork in further processes."""
    command = [sys.executable, "-m", "jutong", "serve", "--home", str(tier.folder), "--no-face"]
    log = (tier.folder / "more.log").open("wb")
    workers = [subprocess.Popen(command, stdout=log, stderr=log) for _ in range(MORE)]
    try:
        yield
    finally:
        for worker in workers:
            worker.terminate()
        for worker in workers:
            assert worker.wait(30) == 0


def left_on_desks(story: Story) -> list[list[str]]:
    """Leave the work that the demo ends with; return what waits for an auditor, for a signature, for an answer."""
    leave_work(story)
    entries = {who: story.at(*who).get("/api/entries") for who in (("city", "auditor"), ("department", "head"))}
    requests = story.at("city", "market-head").get("/api/requests")
    return [
        [one["id"] for one in entries["city", "auditor"] if one["stage"] == "submitted"],
        [one["id"] for one in entries["department", "head"] if one["stage"] == "draft"],
        [one["id"] for one in requests if one["stage"] == "submitted"],
    ]


def test_many_hands_do_everything_once(tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever comes first follows, listens, sequences and seals; nothing is done twice and the walk ends well."""
    monkeypatch.setenv("PYTHONPATH", path_with())
    make_register(tmp_path / "register.parquet", rows=ROWS)
    make_home(
        tmp_path / "home" / "city",
        name=CITY.node,
        body=CITY.runs.code,
        division=CITY.runs.division,
        port=free_port(),
        database=database_url,
    )
    journey = Journey(tmp_path / "home", tmp_path / "register.parquet")
    with journey.served() as tiers, more_clockwork(tiers["city"]):
        journey.walked(tiers)
        before = settled(journey.home)
        story = journey.walked(tiers)
        assert settled(journey.home) == before
        desks = [left_on_desks(story) for _ in range(2)]
    assert desks[0] == desks[1], "leaving work again leaves nothing more"
    assert all(desks[0]), "somebody sits down at an empty desk"
    assert_whole(journey)
    assert "Traceback" not in (tmp_path / "home" / "city" / "more.log").read_text("utf-8")
