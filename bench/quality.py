"""Thirty mixed rules over made rows, or any rulebook over any file, beside the same rules written by hand."""

from __future__ import annotations

import json
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq

from jutong import quality
from jutong.pools import FileRef
from jutong.quality.books.files import engine_over, rules_of_file
from jutong.quality.checkdigit import check_reading
from jutong.quality.item_rules import divisions_table
from jutong.quality.scan import Sought, count_failures, lends
from jutong.registers import divisions
from jutong.terms.element import Scheme

from .quality_hand import ALPHABET, EMAIL, PHONE, hand_sql
from .quality_rows import STATUSES, make_rows

ROWS, SEED = 1_000_000, 20_260_101
TODAY = date(2026, 1, 5)
MEMORY = 1_000_000_000
PEER = "great-expectations==1.24.1"
PEER_ROWS = 1_000_000


def run(
    *, input: Path | None = None, rules: Path | None = None, rows: int = ROWS, peer: bool = True, linear: bool = False,
) -> dict[str, Any]:  # fmt: skip
    """Measure by the processor's time, each in a process of its own; another's load falls on both alike."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        file = input or place / "rows.parquet"
        if input is None:
            make_rows(file, rows=rows, seed=SEED)
        document = quality.document_of_text(rules.read_bytes()) if rules else _document()
        (place / "rules.json").write_text(json.dumps(document), "utf-8")
        figures: dict[str, Any] = {"rows": pq.ParquetFile(file).metadata.num_rows}
        ours = _apart(_ours, file, place / "rules.json")
        for name in ("rules", "cpu_seconds", "wall_seconds", "peak_megabytes"):
            figures[name] = ours[name]
        figures["rows_per_cpu_second"] = figures["rows"] / ours["cpu_seconds"]
        reach = [("peak memory, MB", ours["peak_megabytes"], "< 1500", ours["peak_megabytes"] < 1500)]
        if input is None and rules is None:
            hand = _apart(_hand, file)
            figures["hand_cpu_seconds"], figures["hand_wall_seconds"] = hand["cpu_seconds"], hand["wall_seconds"]
            figures["hand_peak_megabytes"] = hand["peak_megabytes"]
            differing = [name for name, count in _named(hand["failed"]).items() if ours["failed"].get(name) != count]
            figures["rules_that_count_otherwise"] = ", ".join(differing) or "none"
            ratio = ours["cpu_seconds"] / hand["cpu_seconds"]
            reach.append(("ratio to the hand-written pass, by processor time", ratio, "<= 1.25", ratio <= 1.25))
            reach.append(("rules that count otherwise", len(differing), "0", not differing))
            for name, column, least in (("credit code", "uscc", 3e6), ("resident number", "id", 5e6)):
                told = _apart(_checked, file, column)
                rate = 2 * told["rows"] / told["cpu_seconds"]
                figures[f"{column}_check_cpu_seconds"] = told["cpu_seconds"]
                reach.append((f"{name} check, rows a second of two cores", rate, f">= {least:,.0f}", rate >= least))
            reach += _peer_figures(figures, place) if peer else []
            reach += _linear_figures(figures, place) if linear else []
    return {
        "name": "quality",
        "figures": figures,
        "reach": [dict(zip(("what", "value", "target", "holds"), one, strict=True)) for one in reach],
    }


def _apart(do: Callable[..., Mapping[str, Any]], *given: object) -> Mapping[str, Any]:
    """Run in a fresh process: its memory is its own, and so is its time."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(do, given)


def measured(do: Callable[[], Mapping[str, Any]]) -> dict[str, Any]:
    """Do it, and say beside its answer how many seconds of processor and clock it took and how much memory."""
    cpu, wall = time.process_time(), time.perf_counter()
    told = dict(do())
    told["cpu_seconds"], told["wall_seconds"] = time.process_time() - cpu, time.perf_counter() - wall
    # Not by getrusage: that counts what the process was copied from.
    status = Path("/proc/self/status").read_text("ascii")
    told["peak_megabytes"] = int(status.partition("VmHWM:")[2].split()[0]) / 1024
    return told


def _ours(file: Path, rules: Path, memory: int = MEMORY) -> Mapping[str, Any]:
    book = quality.book_of(quality.document_of_text(rules.read_bytes()))
    divisions()  # a table of the node, read once; the hand-written pass is given it too
    with engine_over(file, memory_bytes=memory, threads=2) as engine:

        def ask() -> Mapping[str, Any]:
            compiled = rules_of_file(file, book, today=TODAY, lent=lends(engine))
            _, counts = count_failures(engine, Sought({"raw": FileRef(file)}), compiled)
            return {"rules": len(counts), "failed": {one.rule: one.failed for one in counts}}

        return measured(ask)


def _hand(file: Path) -> Mapping[str, Any]:
    known = divisions()
    duck = duckdb.connect()
    for setting in (f"memory_limit = '{MEMORY}B'", "threads = 2", f"temp_directory = '{file.parent}/spill'"):
        duck.execute(f"SET {setting}")

    def ask() -> Mapping[str, Any]:
        reading, _ = check_reading('"v"', "v", frozenset({Scheme.CREDIT_CODE}))
        duck.register("credit_code_sums", reading.tables["credit_code_sums"])
        duck.register("divisions", divisions_table(known))
        row = duck.sql(hand_sql(str(file), TODAY.isoformat())).fetchall()[0]
        return {"failed": list(row[1:])}

    return measured(ask)


def _checked(file: Path, column: str) -> Mapping[str, Any]:
    function = {"uscc": "jutong_credit_code", "id": "jutong_resident_id"}[column]
    with engine_over(file, memory_bytes=MEMORY, threads=2) as engine:
        lends(engine)
        sql = f'SELECT count(*) AS n, count(*) FILTER (WHERE ({function}("{column}") & 1) <> 0) AS sound FROM raw'
        engine.query(sql + ' WHERE "_row" < 2', {"raw": FileRef(file)}).read_all()  # its tables are made once
        told = measured(lambda: engine.query(sql, {"raw": FileRef(file)}).read_all().to_pylist()[0])
    return {**told, "rows": told["n"]}


def _peer_figures(figures: dict[str, Any], place: Path) -> list[tuple[str, float, str, bool]]:
    """Ask the same rules of the same rows by Great Expectations, in an environment of its own."""
    python = _peer_python()
    if python is None:
        figures["peer"] = "Great Expectations could not be installed here: not compared"
        return []
    file, rules = place / "peer.parquet", place / "peer.json"
    make_rows(file, rows=PEER_ROWS, seed=SEED)
    rules.write_text(json.dumps(_document()), "utf-8")
    ours = _apart(_ours, file, rules)
    until = dict(zip(*(column.to_pylist() for column in divisions_table(divisions()).columns), strict=True))
    given = place / "given.json"
    given.write_text(json.dumps({"until": until, "today": TODAY.isoformat()}), "utf-8")
    command = [str(python), str(Path(__file__).with_name("quality_peer.py")), str(file), str(given)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    if ran.returncode:
        figures["peer"] = f"Great Expectations failed here: {(ran.stderr.strip().splitlines() or [''])[-1][:200]}"
        return []
    told = json.loads(ran.stdout.strip().splitlines()[-1])
    figures["peer"], figures["peer_rules"], figures["peer_rows"] = PEER, told["rules"], PEER_ROWS
    figures["peer_cpu_seconds"], figures["peer_ours_cpu_seconds"] = told["cpu_seconds"], ours["cpu_seconds"]
    figures["peer_wall_seconds"], figures["peer_ours_wall_seconds"] = told["wall_seconds"], ours["wall_seconds"]
    differing = [name for name, count in told["failed"].items() if ours["failed"].get(name) != count]
    figures["peer_counts_otherwise"] = ", ".join(differing) or "none"
    figures["peer_times_by_processor_time"] = told["cpu_seconds"] / ours["cpu_seconds"]
    times = told["wall_seconds"] / ours["wall_seconds"]
    return [
        ("times faster than Great Expectations on the same machine", times, ">= 20", times >= 20),
        ("rules that Great Expectations counts otherwise", len(differing), "0", not differing),
    ]


def _peer_python() -> Path | None:
    """Return the interpreter of the peer's environment, made once and kept beside the user's other caches."""
    home = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "jutong-bench" / "great-expectations"
    python = home / "bin" / "python"
    if not (home / "ready").exists():
        try:
            venv.create(home, with_pip=True, clear=True)
            install = [str(python), "-m", "pip", "install", "--quiet", PEER, "pyarrow"]
            subprocess.run(install, check=True, capture_output=True, timeout=1800)
        except (subprocess.SubprocessError, OSError) as error:
            print(f"the peer's environment cannot be made: {type(error).__name__}", file=sys.stderr)
            return None
        (home / "ready").touch()
    return python


def _linear_figures(figures: dict[str, Any], place: Path) -> list[tuple[str, float, str, bool]]:
    """Ask ten times the rows, and ten times those, under four gigabytes: time a row must stay."""
    rules = place / "rules.json"
    spent = {}
    for rows in (1_000_000, 10_000_000, 100_000_000):
        file = place / f"rows-{rows}.parquet"
        make_rows(file, rows=rows, seed=SEED)
        told = _apart(_ours, file, rules, 3_000_000_000)
        file.unlink()
        spent[rows] = told["cpu_seconds"] / rows
        figures[f"nanoseconds_a_row_at_{rows}"] = spent[rows] * 1e9
        figures[f"peak_megabytes_at_{rows}"] = told["peak_megabytes"]
    growth = spent[100_000_000] / spent[10_000_000]
    peak = figures["peak_megabytes_at_100000000"]
    return [
        ("time a row at 100 M beside 10 M", growth, "<= 1.2", growth <= 1.2),
        ("peak memory at 100 M rows, MB", peak, "< 4096", peak < 4096),
    ]


def _named(failed: list[int]) -> dict[str, int]:
    """Return the hand-written counts under the names of the rulebook's rules, which stand in the same order."""
    return dict(zip(_ids(), failed, strict=True))


def _ids() -> list[str]:
    rules = quality.book_of(_document()).rules
    ids = [f"{rule.item or FIRST[rule.name]}.{rule.name}" for rule in rules if rule.name != "same-code"]
    return [*ids, "uscc.same-code"]


FIRST = {"closed-after-founded": "closed", "paid-in-capital": "paid", "sums": "capital", "name-or-status": "name"}


def _document() -> dict[str, Any]:
    """Return the thirty rules as a rulebook."""

    def own(name: str, **made: Any) -> dict[str, Any]:
        return {"name": name, "type": "custom", "engine": "jutong", "implementation": made}

    def required() -> dict[str, Any]:
        return {"name": "there", "metric": "nullValues", "mustBe": 0}

    def form(pattern: str) -> dict[str, Any]:
        return {"name": "form", "metric": "invalidValues", "arguments": {"pattern": pattern}, "mustBe": 0}

    def sound(scheme: str, name: str = "sound") -> dict[str, Any]:
        return own(name, check="check-digit", scheme=scheme)

    items: dict[str, list[dict[str, Any]]] = {
        "uscc": [
            required(),
            own("width", check="length", least=18, most=18),
            own("letters", check="alphabet", characters=ALPHABET),
            sound("credit-code"),
            sound("embedded-organisation-code", "inner"),
            {"name": "same-code", "metric": "duplicateValues", "mustBe": 0},
        ],
        "id": [
            required(),
            form("[0-9]{17}[0-9X]"),
            sound("resident-id"),
            own("place", check="division-known", first=1, year_at=7),
        ],
        "org": [own("width", check="length", least=9, most=9), sound("organisation-code")],
        "name": [required(), own("width", check="length", least=2, most=200)],
        "phone": [form(PHONE)],
        "founded": [required(), own("day", check="date-valid"), own("past", check="not-in-future")],
        "closed": [own("day", check="date-valid")],
        "division": [form("[0-9]{6}"), own("place", check="division-known", first=1)],
        "card": [form("[0-9]{13,19}"), sound("bank-card")],
        "status": [
            {"name": "known", "metric": "invalidValues", "arguments": {"validValues": list(STATUSES)}, "mustBe": 0}
        ],
        "capital": [],
        "paid": [],
        "owed": [],
        "email": [form(EMAIL)],
        "postal": [form("[0-9]{6}")],
    }
    rows = [
        own("closed-after-founded", check="satisfies", expression="day(closed) >= day(founded)"),
        own("paid-in-capital", check="satisfies", expression="number(paid) <= number(capital)"),
        own("sums", check="adds-up", parts=["paid", "owed"], total="capital"),
        own("name-or-status", check="satisfies", expression="contains(name, '公司') OR status = '9'"),
    ]
    properties = [{"name": name, "quality": rules} for name, rules in items.items()]
    schema = [{"name": "rows", "properties": properties, "quality": rows}]
    return {"apiVersion": "v3.1.0", "kind": "DataContract", "schema": schema}
