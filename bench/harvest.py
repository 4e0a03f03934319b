"""Other portals' lists: how many fields are mapped right, how well kin are told, and how long an import takes."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from jutong import registers
from jutong.catalogue import harvest
from jutong.catalogue.harvest import Feed, Kin, guessed
from jutong.catalogue.harvest.kinship import Relative, decided
from jutong.catalogue.harvest.mapping import chosen
from jutong.catalogue.harvest.record import Reader, Record, identity_of
from jutong.desk import open_desk
from jutong.kernel.db import connect
from jutong.kernel.migrate import migrate
from jutong.pools import open_pools
from jutong.terms import Actor, BodyKind, Duty, Grade, Org, house_of

DATA = Path(os.environ.get("JUTONG_DATA") or Path(__file__).parents[1] / ".." / "shared" / "data")
SAMPLE = Path(__file__).with_name("harvest_sample.csv")  # decisions read by a person: digests and verdicts, no text
OPEN_WHILE_WRITING = ("anhui_suzhou", "anhui_wuhu", "sichuan_luzhou")
AUTHORITY = "11500000MB1000010R"
SIZE = 200


def run(*, portals: Path | None = None, mapping: Path | None = None) -> dict[str, Any]:
    """Measure over the lists in ``portals``; ``mapping`` holds what each field really says."""
    portals = portals or DATA / "catalogue" / "portals"
    mapping = mapping or DATA / "catalogue" / "mapping"
    lists = sorted(one for one in portals.iterdir() if one.name.endswith((".jsonl.gz", ".jsonl", ".json", ".csv")))
    figures: dict[str, Any] = {"lists": len(lists)}
    figures |= _accuracy(lists, mapping)
    figures |= _sampled(lists)
    figures |= _times(lists)
    wanted = [
        ("rows imported of 14,000 in 60 s, ratio", figures["rows_per_s"] * 60 / 14_000, ">= 1", 1.0),
        ("rows changed by importing every list again", float(figures["changed_again"]), "= 0", 0.0),
    ]
    if figures["fields_held_out"]:
        wanted.insert(0, ("fields right, held out", figures["right_held_out"], ">= 0.95", 0.95))
    if figures["sample_read"]:
        wanted.append(("decisions right in the sample", figures["sample_right"], ">= 0.95", 0.95))
    reach = [
        {
            "what": what,
            "value": value,
            "target": target,
            "holds": value == limit if target.startswith("=") else value >= limit,
        }
        for what, value, target, limit in wanted
    ]
    return {"name": "harvest", "figures": figures, "reach": reach}


def _accuracy(lists: list[Path], mapping: Path) -> dict[str, Any]:
    right = {"held_out": 0, "open": 0}
    fields = {"held_out": 0, "open": 0}
    wrong = []
    for path in lists:
        truth = mapping / f"{harvest.source_named(path.name)}.json"
        if not truth.exists():
            continue
        group = "open" if path.name.startswith(OPEN_WHILE_WRITING) else "held_out"
        told = {one.field: one.idea.value for one in guessed(Feed(path).survey().samples)}
        for field, idea in json.loads(truth.read_text("utf-8")).items():
            fields[group] += 1
            right[group] += told.get(field) == idea
            if told.get(field) != idea:
                wrong.append(f"{path.name}: {field} {told.get(field)} for {idea}")
    ratios = {f"right_{group}": right[group] / fields[group] if fields[group] else 0.0 for group in right}
    return {**{f"fields_{group}": count for group, count in fields.items()}, **ratios, "wrong": "; ".join(wrong)}


def records_of(path: Path) -> Iterator[Record]:
    """Yield the records of a list as its guessed mapping reads them."""
    survey = Feed(path).survey()
    mapped = chosen(guessed(survey.samples), {})
    reader = Reader(mapped, identity_of(mapped, survey.distinct), lambda _: "")
    yield from (one for row in Feed(path).rows() if isinstance(one := reader.read(row), Record))


def decisions(lists: list[Path]) -> Iterator[tuple[str, Kin, Record, Record]]:
    """Yield every decision on these lists, named by a digest that holds no text of them."""
    for path in lists:
        source = harvest.source_named(path.name)
        records = {one.key: one for one in records_of(path)}
        relatives = (
            Relative(
                id=key,
                source=source,
                title=one.title,
                department=one.department,
                formats=one.formats,
                content=one.content,
                published=one.published,
                updated=one.updated,
            )
            for key, one in records.items()
        )
        for one in decided(relatives):
            name = hashlib.sha256(f"{source}/{one.kin}/{one.leader}/{one.member}".encode()).hexdigest()[:32]
            yield name, one.kin, records[one.leader], records[one.member]


def _sampled(lists: list[Path]) -> dict[str, Any]:
    verdicts = {}
    if SAMPLE.exists():
        with SAMPLE.open(encoding="utf-8", newline="") as stream:
            verdicts = {row["decision"]: row["right"] == "1" for row in csv.DictReader(stream)}
    made = {name: kin for name, kin, _, _ in decisions(lists)}
    read = {name: right for name, right in verdicts.items() if name in made}
    counts = {f"kin_{kin.value}": sum(one is kin for one in made.values()) for kin in Kin}
    share = sum(read.values()) / len(read) if read else 0.0
    return {**counts, "decisions": len(made), "sample_read": len(read), "sample_right": share}


def _times(lists: list[Path]) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        engine = connect(f"sqlite:///{home}/control.db")
        migrate(engine)
        pools = open_pools(str(home / "lake"), {}, "duckdb", "lmdb", home / "serving")
        who = Actor(id="bench", org=AUTHORITY, duties=frozenset({Duty.REGISTER_AUDIT}), cleared=Grade.L1)
        with open_desk(engine, house_of(AUTHORITY), datetime.now(UTC), pools) as desk:
            body = Org(code=AUTHORITY, name="重庆市大数据应用发展管理局", division="500000", kind=BodyKind.AUTHORITY)
            registers.register_body(desk, body)

        def at_desk(actor: Actor = who) -> Any:
            return open_desk(engine, actor, datetime.now(UTC), pools)

        take = partial(harvest.import_file, at_desk, wishes={}, accept=True, progress=lambda _, __: None)
        began = time.perf_counter()
        rows = sum(take(Feed(path)).counts.read for path in lists)
        seconds = time.perf_counter() - began
        latest = {harvest.source_named(path.name): path for path in lists}
        before = _state(home)
        for path in latest.values():
            take(Feed(path))
        after = _state(home)
        engine.dispose()
    return {
        "rows": rows,
        "import_s": seconds,
        "rows_per_s": rows / seconds,
        "changed_again": len(before ^ after),
        "cpus": os.cpu_count(),
    }


def _state(home: Path) -> set[tuple[str, ...]]:
    with sqlite3.connect(home / "control.db") as db:
        return set(db.execute("select id, digest, state, kin, leader from catalogue_harvest_record"))
