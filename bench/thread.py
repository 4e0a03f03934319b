"""One record's way, stage by stage, beside reading and writing the same rows with DuckDB alone."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq

from jutong import catalogue, collection, delivery, ledger, library, quality, registers
from jutong.catalogue.entry import Entry
from jutong.cli.demo.register_maker import make_register
from jutong.cli.demo.tiers import AUTHORITY, MARKET
from jutong.cli.node import make_home
from jutong.collection import LAYOUTS, Batch, Limits
from jutong.desk import Desk, House
from jutong.terms import Actor, Duty, Grade

ROWS = 100_000
SEED = 20_260_101


def run(*, input: Path | None = None, rows: int = ROWS) -> dict[str, Any]:
    """Land, examine, merge, serve and log one register; rows a second and the ratio to the floor, by stage."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        register = input or place / "register.parquet"
        if input is None:
            make_register(register, rows=rows, seed=SEED)
        count = pq.ParquetFile(register).metadata.num_rows
        floor = min(_timed(partial(_floor, register, place / f"floor{turn}.parquet"))[0] for turn in range(3))
        seconds: dict[str, float] = {}
        seconds["collect"], house, batch = collected(place / "home", register)
        seconds |= worked(house, batch)
        seconds["log"], _ = _timed(lambda: ledger.sequence(house.engine, house.log))
    figures: dict[str, Any] = {"rows": count, "floor_read_write_seconds": floor}
    for name, spent in seconds.items():
        figures[f"{name}_seconds"] = spent
        figures[f"{name}_rows_per_second"] = count / spent
        figures[f"{name}_ratio_to_floor"] = spent / floor
    figures["total_ratio_to_floor"] = sum(seconds.values()) / floor
    return {"name": "thread", "figures": figures, "reach": []}


def collected(home: Path, register: Path) -> tuple[float, House, Batch]:
    """Make a home with a published entry, collect the register, and say how long the collection took."""
    house, entry = home_with(home, catalogue.template("enterprise_register", MARKET.code))
    source = collection.source_at(register, LAYOUTS["enterprise-register-parquet"], Limits())
    with house.desk(actor(Duty.COLLECTION)) as desk:
        spent, batch = _timed(lambda: collection.collect(desk, entry, source))
    return spent, house, batch


def worked(house: House, batch: Batch) -> dict[str, float]:
    """Examine, merge and serve a batch; return how long each took, in seconds."""
    stages: dict[str, Callable[[Desk], object]] = {
        "examine": lambda desk: quality.examine(desk, batch.id),
        "merge": lambda desk: library.merge(desk, batch.id),
        "serve": lambda desk: delivery.serve_entry(desk, batch.entry),
    }
    seconds = {}
    for name, stage in stages.items():
        with house.desk(house.itself) as desk:
            seconds[name], _ = _timed(partial(stage, desk))
    return seconds


def _floor(register: Path, copy: Path) -> None:
    duckdb.connect().execute(
        f"COPY (SELECT * FROM read_parquet('{register}')) TO '{copy}' (FORMAT parquet, COMPRESSION zstd)"
    )


def home_with(home: Path, sheet: Entry, *, engine_megabytes: int = 0) -> tuple[House, str]:
    """Make a home in which an entry is published, and return its identifier beside it."""
    house = make_home(home, name="bench", body=MARKET.code, division="500000")
    if engine_megabytes:
        house.engine.dispose()
        with (home / "jutong.toml").open("a", encoding="utf-8") as settings:
            settings.write(f"engine_megabytes = {engine_megabytes}\n")
        house = make_home(home, name="bench", body=MARKET.code, division="500000")
    return house, _published(house, sheet)


def _published(house: House, sheet: Entry) -> str:
    with house.desk(house.itself) as desk:
        for body in (AUTHORITY, MARKET):
            registers.register_body(desk, body)
    ready = catalogue.entry_of_document(
        {**catalogue.entry_to_document(sheet), "secrecy_assessed": True, "impact_assessed": True}
    )
    with house.desk(actor(Duty.CATALOGUE)) as desk:
        entry = catalogue.draft(desk, ready).id
    with house.desk(actor(Duty.DEPARTMENT_HEAD)) as desk:
        catalogue.sign(desk, entry)
        catalogue.submit(desk, entry)
    for name, duty, audit in (
        ("first", Duty.REGISTER_AUDIT, catalogue.audit_registration),
        ("second", Duty.PUBLISH_AUDIT, catalogue.audit_publication),
    ):
        with house.desk(actor(duty, name=name, org=AUTHORITY.code)) as desk:
            audit(desk, entry)
    return entry


def actor(duty: Duty, *, name: str = "bench", org: str = MARKET.code) -> Actor:
    """Return someone who may do what a duty asks for."""
    return Actor(id=name, org=org, duties=frozenset({duty}), cleared=Grade.L4)


def _timed(do: Callable[[], Any]) -> tuple[float, Any]:
    start = time.perf_counter()
    done = do()
    return time.perf_counter() - start, done
