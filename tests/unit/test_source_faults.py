"""Sources at their worst: very wide, with giant values, dying in the middle, a disk that is full; nothing half-done."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from jutong.collection import Layout, Limits, contract_of, plans, source_at
from jutong.collection.contract import Reason
from jutong.collection.plans.acts import LEASE
from jutong.collection.sift import sift
from jutong.collection.sources import sftp, stream
from jutong.kernel.errors import Invalid, Unavailable
from tests.collecting import OFFICER, register_entry
from tests.postgres import fresh_database, postgres_url  # noqa: F401
from tests.sftp import sftp_server
from tests.unit.test_sftp import Drop
from tests.unit.test_streams import Source

CONTRACT = contract_of(register_entry())
NAMES = CONTRACT.names
WIDE = [f"column{number}" for number in range(10_000)]


@pytest.fixture
def source(tmp_path: Path, postgres_url: str) -> Iterator[Source]:  # noqa: F811
    """A department's database with a publication."""
    made = Source(tmp_path / "home", fresh_database(postgres_url))
    with closing(made.outward):
        yield made
        for plan in made.kept:
            plans.end_plan(made.house, OFFICER, plan.id, made.outward)
    made.house.engine.dispose()


def full_disk(*_: object, **__: object) -> None:
    """Be a disk on which nothing has room."""
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize("kind", ["csv", "json", "parquet"])
def test_ten_thousand_columns_are_refused_or_left_aside(tmp_path: Path, kind: str) -> None:
    """A delimited file with columns nobody declared is refused in a few words; elsewhere they stay where they are."""
    path, names = tmp_path / f"wide.{kind}", [*NAMES, *WIDE]
    if kind == "csv":
        path.write_text(",".join(names) + "\n" + ",".join("x" for _ in names) + "\n")
    elif kind == "json":
        path.write_text(json.dumps([dict.fromkeys(names, "x")]))
    else:
        pq.write_table(pa.table({name: ["x"] for name in names}), path)
    found = source_at(path, Layout(), Limits())
    if kind == "csv":
        with pytest.raises(Invalid, match="unknown") as refusal:
            found.survey(CONTRACT)
        assert len(str(refusal.value)) < 2_000
    else:
        survey = found.survey(CONTRACT)
        assert (survey.rows, len(survey.left_aside)) == (1, len(WIDE))
        (portion,) = found.portions(CONTRACT)
        assert portion.rows.select(list(NAMES)).to_pylist() == [dict.fromkeys(NAMES, "x")]


@pytest.mark.parametrize("kind", ["csv", "json", "parquet"])
def test_a_giant_value_is_kept_apart_and_its_neighbours_land(tmp_path: Path, kind: str) -> None:
    """Two mebibytes in one cell quarantine that row alone."""
    path, rows = tmp_path / f"giant.{kind}", [dict.fromkeys(NAMES, "x") for _ in range(3)]
    rows[1]["scope"] = "长" * 700_000
    if kind == "csv":
        path.write_text("\n".join(",".join(row) for row in (NAMES, *(row.values() for row in rows))) + "\n", "utf-8")
    elif kind == "json":
        path.write_text(json.dumps(rows, ensure_ascii=False), "utf-8")
    else:
        pq.write_table(pa.Table.from_pylist(rows), path)
    found = source_at(path, Layout(), Limits())
    found.survey(CONTRACT)
    told = [sift(portion, CONTRACT, found.limits) for portion in found.portions(CONTRACT)]
    assert sum(len(one.intact) for one in told) == 2
    reasons = [reason for one in told for reason in one.broken.column("_reason").to_pylist()]
    assert reasons == [Reason.FIELD_TOO_LONG.value]


def test_a_database_that_dies_in_a_stream_loses_nothing(source: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cut off after some changes, the run keeps none of them; the next one brings all, once."""
    source.add(1)
    plan = source.stream()
    source.run(plan)
    for number in range(2, 6):
        source.add(number)
    read = stream.Decoder.read
    seen: list[bytes] = []

    def cut(decoder: stream.Decoder, data: bytes) -> object:
        seen.append(data)
        if len(seen) == 6:
            raise psycopg.OperationalError("server closed the connection")
        return read(decoder, data)

    monkeypatch.setattr(stream.Decoder, "read", cut)
    with pytest.raises(Unavailable):
        source.run(plan)
    monkeypatch.undo()
    assert source.landed() == ["公司1"]
    assert not list((source.folder / "collecting" / plan.id).glob("*.arrow"))
    assert source.run(plan).rows == 4
    assert source.landed() == [f"公司{number}" for number in range(1, 6)]


def test_a_full_disk_in_a_stream_leaves_the_log_at_the_source(source: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    """What could not be kept is not let go there."""
    source.add(1)
    plan = source.stream()
    source.run(plan)
    before = source.slot(plan)
    source.rename(1, "改名")
    monkeypatch.setattr(stream._Portion, "taken", full_disk)
    with pytest.raises(Unavailable):
        source.run(plan)
    monkeypatch.undo()
    assert source.slot(plan) == before
    source.now += LEASE
    assert source.run(plan).rows == 1


def test_a_full_disk_in_a_fetch_is_said_and_the_fetch_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The part that is durable stays, and the rest comes when there is room."""
    (tmp_path / "served").mkdir()
    with sftp_server(tmp_path / "served") as server:
        drop = Drop(tmp_path / "home", server)
        drop.write(*(f"企业{number}" for number in range(500)))
        plan = drop.plan()
        monkeypatch.setattr(sftp, "BLOCK", 4096)
        sync = os.fsync
        times: list[int] = []

        def filling(handle: int) -> None:
            times.append(handle)
            if len(times) == 5:
                full_disk()
            sync(handle)

        monkeypatch.setattr(sftp.os, "fsync", filling)
        with pytest.raises(Unavailable):
            drop.run(plan)
        monkeypatch.setattr(sftp.os, "fsync", sync)
        assert plans.run_plan(drop.house, OFFICER, plan.id, drop.outward).rows == 500
        assert server.read_from[-1] > 0
        drop.outward.close()
        drop.house.engine.dispose()
