"""The base library: who rows without a key are, how fast a library is laid, and what a small change costs."""

from __future__ import annotations

import csv
import gzip
import os
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from jutong import catalogue, collection, library, registers
from jutong.catalogue import store as catalogue_store
from jutong.catalogue.entry import Entry
from jutong.catalogue.item import Item
from jutong.catalogue.stage import Stage
from jutong.catalogue.terms_of_use import ShareType
from jutong.cli.demo.register_maker import make_register
from jutong.cli.demo.tiers import AUTHORITY, MARKET
from jutong.cli.node import make_home
from jutong.collection import LAYOUTS, Batch, Limits
from jutong.collection.layout import Layout
from jutong.desk import House
from jutong.kernel.db import transaction
from jutong.library.golden import BY, TURN, current_sql
from jutong.library.kind import LEGAL_PERSON
from jutong.library.matching import ref_sql
from jutong.library.settling import GOLDEN, roots
from jutong.pools import TableRef
from jutong.pools.layout import standard_table
from jutong.terms import Actor, Duty, Grade

from .linking import THRESHOLD, chicago, febrl

ROWS, SEED = 1_000_000, 20_260_101
GATHERED = Actor(id="bench", org=MARKET.code, duties=frozenset({Duty.COLLECTION}), cleared=Grade.L4)
KEEPER = Actor(id="bench", org=AUTHORITY.code, duties=frozenset({Duty.GOVERNANCE}), cleared=Grade.L4)
# Entry -> file, and column -> standard element; the first column is the key of the department's own numbering.
VIEWS: Mapping[str, tuple[str, Mapping[str, str | None]]] = {
    "market": (
        "market_register.csv.gz",
        {
            "src_id": None,
            "uscc": "credit-code",
            "name": "enterprise-name",
            "reg_date": "registration-date",
            "capital": "registered-capital",
            "address": "address",
            "city": "place",
        },
    ),
    "tax": (
        "tax_register.csv.gz",
        {
            "tax_id": None,
            "taxpayer_code": "credit-code",
            "taxpayer_name": "enterprise-name",
            "business_address": "address",
            "district": "place",
        },
    ),
    "social": (
        "social_insurance_units.csv.gz",
        {"si_id": None, "unit_name": "enterprise-name", "unit_address": "address"},
    ),
}
T = TypeVar("T")


def run(*, views: Path | None = None, rows: int = ROWS) -> dict[str, Any]:
    """Match the views of departments, then lay, change, merge and unmerge a made library."""
    figures: dict[str, Any] = {}
    reach: list[dict[str, Any]] = []
    data = Path(os.environ.get("JUTONG_DATA", "../shared/data"))
    standing = views or data / "enterprise" / "views_chongqing_2004"
    if views or standing.is_dir():
        _match_views(standing, figures, reach)
    for name, known, path, target in (
        ("febrl_dataset3", febrl, data / "er" / "febrl" / "dataset3.csv.gz", 0.95),
        ("chicago_sites", chicago, data / "er" / "chicago_sites.csv.gz", 0.80),
    ):
        if path.exists():
            told = known(path)
            figures |= {f"{name}_{part}": value for part, value in told.items()}
            _reach(reach, f"{name}: F1 at {THRESHOLD} bits", told["f1"], target)
    if rows:
        _lay_and_change(rows, figures, reach)
    return {"name": "library", "figures": figures, "reach": reach}


def _match_views(folder: Path, figures: dict[str, Any], reach: list[dict[str, Any]]) -> None:
    """Collect, merge and match each view as a node does; the truth is read only when all is decided."""
    with tempfile.TemporaryDirectory() as home:
        house = _house(Path(home))
        for number, (name, (file, columns)) in enumerate(VIEWS.items()):
            entry = _entry(house, number, columns)
            batch = _collected(house, entry, folder / file, Layout(headers={column: column for column in columns}))
            _, merged = _timed(partial(_act, house, library.merge, batch.id))
            spent, _ = _timed(partial(_act, house, library.match_batch, batch.id))
            if name == "market":
                continue
            decided = _decided(house, entry, next(iter(columns)))
            told = _against_truth(folder, name, decided)
            figures |= {f"{name}_{part}": value for part, value in told.items()}
            figures |= {f"{name}_without_key": merged.unkeyed, f"{name}_match_seconds": spent}
            _reach(reach, f"{name}: recall", told["recall"], {"tax": 0.995, "social": 0.93}[name])
            _reach(reach, f"{name}: precision", told["precision"], 0.995)


def _against_truth(folder: Path, source: str, decided: Mapping[str, str]) -> dict[str, float]:
    codes = {row["src_id"]: row["uscc"].strip().upper() for row in _read(folder / VIEWS["market"][0])}
    truth = {
        row["other_id"]: codes[row["market_id"]]
        for row in _read(folder / "truth.csv.gz")
        if row["source"].startswith(source)
    }
    market = set(codes.values())
    found = {one: code for one, code in decided.items() if code in market}
    right = sum(truth.get(one) == code for one, code in found.items())
    return {"recall": right / max(1, len(truth)), "precision": right / max(1, len(found)), "linked": len(found)}


def _decided(house: House, entry: Entry, own: str) -> dict[str, str]:
    """Return own number -> code of every row of which it is decided who it is."""
    with house.reading() as db:
        bonds = library.bonds(db)
    sql = (
        f"SELECT {own} AS own, coalesce(_key, roots.root) AS code FROM standard "
        f"LEFT JOIN roots ON roots.{LEGAL_PERSON.key} = {ref_sql(entry)} WHERE coalesce(_key, roots.root) IS NOT NULL"
    )
    inputs = {"standard": TableRef(standard_table(entry.id)), "roots": roots(house.pools, bonds)}
    rows = house.pools.engine.query(sql, inputs).read_all()
    return dict(zip(rows["own"].to_pylist(), rows["code"].to_pylist(), strict=True))


def _lay_and_change(rows: int, figures: dict[str, Any], reach: list[dict[str, Any]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        register, house = place / "register.parquet", _house(place / "home")
        make_register(register, rows=rows, seed=SEED)
        entry = _entry(house, 0, None)
        layout = LAYOUTS["enterprise-register-parquet"]
        first = _merge_timed(house, _collected(house, entry, register, layout))
        figures |= {f"first_load_{name}": value for name, value in first.items()}
        figures["first_load_rows_per_second"] = first["rows"] / first["seconds"]
        figures["first_load_rows_per_cpu_second"] = first["rows"] / first["cpu_seconds"]
        _reach(reach, "first load: rows a second", figures["first_load_rows_per_second"], 50_000)
        whole = pq.read_table(register)
        costs = {}
        for turn, share in enumerate((0.01, 0.02, 0.04), start=1):
            changed = place / f"changed{turn}.parquet"
            pq.write_table(_changed(whole, share, turn), changed)
            costs[share] = _merge_timed(house, _collected(house, entry, changed, layout))
            figures |= {f"changed_{share:.0%}_{name}": value for name, value in costs[share].items()}
        _reach_below(
            reach, "1 % changed: share of the first load's CPU", costs[0.01]["cpu_seconds"] / first["cpu_seconds"], 0.10
        )
        _reach_below(
            reach,
            "four times the change: times the CPU",
            costs[0.04]["cpu_seconds"] / costs[0.01]["cpu_seconds"],
            4.4,
        )
        _reach(reach, "unmerging restores every byte", float(_unmerged(house)), 1.0)


def _unmerged(house: House) -> bool:
    """Merge two records and unmerge them; say whether the library is as it was, byte by byte."""
    before, (kept, other) = _whole(house), _two_codes(house)
    for decide in (partial(library.join, kept=kept, other=other), partial(library.part, other=other)):
        with house.desk(KEEPER) as desk:
            decide(desk, basis="bench")
            ((_, taken),) = library.decisions(desk.db, limit=1)
        _act(house, library.settle_decision, taken.id)
    return bool(before.equals(_whole(house)))


def _whole(house: House) -> pa.Table:
    rows = house.pools.engine.query(
        f"{current_sql()} ORDER BY {LEGAL_PERSON.key}", {"golden": TableRef(GOLDEN)}
    ).read_all()
    return rows.drop_columns([TURN, BY])


def _two_codes(house: House) -> Sequence[str]:
    sql = f"SELECT {LEGAL_PERSON.key} FROM ({current_sql()}) AS standing ORDER BY {LEGAL_PERSON.key} LIMIT 2"
    found: list[str] = (
        house.pools.engine.query(sql, {"golden": TableRef(GOLDEN)}).read_all()[LEGAL_PERSON.key].to_pylist()
    )
    return found


def _changed(whole: pa.Table, share: float, turn: int) -> pa.Table:
    """Return every so manieth row with another address, spread over the whole register."""
    step = round(1 / share)
    some = whole.take(pa.array(range(turn, whole.num_rows, step)))
    place = some.schema.get_field_index("address")
    moved = pc.binary_join_element_wise(some["address"], pa.scalar(f"新{turn}号"), "")
    return some.set_column(place, some.schema.field(place), moved)


def _merge_timed(house: House, batch: Batch) -> dict[str, Any]:
    cpu = time.process_time()
    spent, merged = _timed(lambda: _act(house, library.merge, batch.id))
    return {
        "rows": merged.rows,
        "records": merged.touched,
        "seconds": spent,
        "cpu_seconds": time.process_time() - cpu,
    }


def _house(folder: Path) -> House:
    house = make_home(folder, name="bench", body=MARKET.code, division="500000")
    # Deliveries of one second are told apart: a bench is faster than departments are.
    clock, ticks = house.clock, iter(range(1_000_000))
    house = replace(house, clock=lambda: clock() + timedelta(milliseconds=next(ticks)))
    with house.desk(house.itself) as desk:
        for body in (AUTHORITY, MARKET):
            registers.register_body(desk, body)
    return house


def _entry(house: House, number: int, columns: Mapping[str, str | None] | None) -> Entry:
    sheet = catalogue.template("enterprise_register", MARKET.code)
    entry = replace(sheet, id=f"01JZ000000000000000000000{number}", service=f"view-{number}", stage=Stage.PUBLISHED)
    if columns is not None:
        items = tuple(
            Item(
                name=name,
                title=name,
                element=element,
                share_type=ShareType.UNCONDITIONAL,
                grade=Grade.L1,
                key=place == 0,
            )
            for place, (name, element) in enumerate(columns.items())
        )
        entry = replace(entry, items=items, region_item="")
    with transaction(house.engine) as db:
        catalogue_store.save(db, entry)
    return entry


def _collected(house: House, entry: Entry, path: Path, layout: Layout) -> Batch:
    with house.desk(GATHERED) as desk:
        return collection.collect(desk, entry.id, collection.source_at(path, layout, Limits()))


def _act(house: House, act: Callable[..., T], thing: str) -> T:
    with house.desk(house.itself) as desk:
        return act(desk, thing)


def _read(path: Path) -> list[dict[str, str]]:
    with gzip.open(path, "rt", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def _timed(do: Callable[[], T]) -> tuple[float, T]:
    start = time.perf_counter()
    done = do()
    return time.perf_counter() - start, done


def _reach(reach: list[dict[str, Any]], what: str, value: float, target: float) -> None:
    reach.append({"what": what, "value": value, "target": target, "holds": value >= target})


def _reach_below(reach: list[dict[str, Any]], what: str, value: float, target: float) -> None:
    reach.append({"what": what, "value": value, "target": target, "holds": value <= target})
