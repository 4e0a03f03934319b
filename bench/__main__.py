"""``python -m bench NAME [--json] [options]``: run one benchmark, or ``all``; the last line of --json is one object."""

from __future__ import annotations

import argparse
import importlib
import inspect
import json
import os
from pathlib import Path
from typing import Any

NAMES = (
    *("thread", "gateway", "ledger", "console", "catalogue", "harvest", "search", "quality", "library", "bulk"),
    *("deltasharing", "push", "policies", "sealed"),
)
FILES = {"deltasharing": "sharing_read"}  # where it is not the name
APART = ("cluster", "lineitem")  # by themselves alone: what `make cluster` sets up is needed, or an hour


def main() -> int:
    """Run what was asked for; 1 when a target was not reached."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("name", choices=(*NAMES, *APART, "all"))
    parser.add_argument("--json", action="store_true", help="print one JSON object on the last line")
    parser.add_argument("--input", type=Path, help="a register (thread), any Parquet (quality), any CSV (bulk)")
    parser.add_argument("--rules", type=Path, help="a rulebook, JSON or YAML (quality)")
    parser.add_argument(
        "--no-peer", dest="peer", action="store_false", help="no other product beside it (quality, gateway)"
    )
    parser.add_argument("--linear", action="store_true", help="also 10 and 100 million rows (quality)")
    parser.add_argument("--rows", type=int, help="how many rows to make")
    parser.add_argument("--views", type=Path, help="a folder of departments' views with their truth (library)")
    parser.add_argument("--corpus", type=Path, help="records to search, JSON lines (search)")
    parser.add_argument("--queries", type=Path, help="their judged queries, JSON (search)")
    parser.add_argument("--seconds", type=float, help="how long each load lasts (gateway)")
    parser.add_argument("--soak", type=float, help="minutes at 1,300 calls a second (gateway)")
    parser.add_argument("--portals", type=Path, help="a folder of portals' lists (harvest)")
    parser.add_argument("--mapping", type=Path, help="a folder that says what their fields mean (harvest)")
    given = parser.parse_args()
    options = {name: value for name, value in vars(given).items() if name not in ("name", "json") and value is not None}
    held = True
    for name in NAMES if given.name == "all" else (given.name,):
        run = importlib.import_module(f"bench.{FILES.get(name, name)}").run
        taken = inspect.signature(run).parameters
        result = run(**{name: value for name, value in options.items() if name in taken})
        held = held and all(one["holds"] for one in result["reach"])
        if not given.json:
            _show(result)
        else:
            print(json.dumps(result, ensure_ascii=False))
    return 0 if held else 1


def _show(result: dict[str, Any]) -> None:
    print(f"{result['name']}  ({os.cpu_count()} cores)")
    for name, value in result["figures"].items():
        print(f"  {name:<46}{value:>14,.3f}" if isinstance(value, float) else f"  {name:<46}{value!s:>14}")
    for one in result["reach"]:
        print(f"  {'✓' if one['holds'] else '✗'} {one['what']}: {one['value']:,.3f} (target {one['target']})")


raise SystemExit(main())
