"""``jutong demo``: three tiers on this machine, and one record's way through them."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from jutong.kernel.errors import NotFound, Refused, Unavailable
from jutong.kernel.text import Text, text

from ..command import JsonOption, app
from ..output import complaints, console, ending, said, show
from .left_over import leave_work
from .register_maker import make_register
from .sequel import TITLES as MORE_TITLES
from .sequel import sequel
from .tiers import Tier, serving, stand_up
from .walk import TITLES, Delivery, Story, walk

SHARED = Path("../shared/data")
FAILED = 40
ROWS = 22_277
SEED = 20_260_101
NAMED = {**TITLES, **MORE_TITLES}
REAL = (
    ("chongqing.parquet", "enterprise-register-parquet"),
    ("csv/chongqing_2004.csv.gz", "enterprise-register"),
    ("csv/guizhou_2004_gb18030.csv.gz", "enterprise-register-gb18030"),
)


@app.command()
def demo(
    home: Annotated[Path, typer.Option(help="Where the three homes are made.")] = Path("var/demo"),
    once: Annotated[bool, typer.Option("--once", help="Walk, print the summary, end.")] = False,
    data: Annotated[
        Path | None, typer.Option(help="A folder of real inputs, or one register; a made register if there is none.")
    ] = None,
    register: Annotated[Path | None, typer.Option(help="One register file (Parquet or CSV).")] = None,
    as_json: JsonOption = False,
) -> None:
    """Stand up a city, a district and a department, and walk one record through them."""
    start = time.monotonic()
    with ending():
        deliveries = _deliveries(home, register or data)
        tiers = stand_up(home, fixed_ports=not once)
        if not as_json:
            console.print(
                said(text("city 重庆市, district 渝北区 (500112), department 重庆市市场监督管理局")), highlight=False
            )
        with serving(tiers):
            story = Story(tiers=tiers, deliveries=deliveries, tell=lambda words: _tell(words, quiet=as_json))
            _walk(story, quiet=as_json)
            seconds = {name: round(spent / 1000, 3) for name, spent in story.seconds.items()}
            summary = {**story.found, "seconds": {**seconds, "total": round(time.monotonic() - start, 3)}}
            if as_json:
                show(summary, as_json=True)
            if not once:
                leave_work(story)
                _keep_serving(tiers)


def _walk(story: Story, *, quiet: bool) -> None:
    step = ""
    try:
        for number, step in enumerate(chain(walk(story), sequel(story)), start=1):
            if not quiet:
                console.print(f"{number}. {said(NAMED[step])}", style="bold", highlight=False)
            else:
                complaints.print(f"demo: {step}", highlight=False)
    except (Refused, Unavailable) as error:
        complaints.print(
            said(text("the step {step} failed: {reason}", step=step, reason=error.reason)),
            style="bold red",
            markup=False,
        )
        for more in (error.basis, error.remedy):
            if more:
                complaints.print(said(more), markup=False)
        if quiet:
            show({"failed": step, "reason": str(error.reason)}, as_json=True)
        raise typer.Exit(FAILED) from error


def _deliveries(home: Path, given: Path | None) -> Sequence[Delivery]:
    if given is None:
        configured = Path(os.environ.get("JUTONG_DATA", SHARED))
        given = configured if (configured / "enterprise").is_dir() else None
    if given is None:
        made = home / "register.parquet"
        if not made.exists():
            make_register(made, rows=ROWS, seed=SEED)
        return [Delivery(made, "enterprise-register-parquet")]
    if given.is_dir():
        folder = given / "enterprise" if (given / "enterprise").is_dir() else given
        found = [Delivery(folder / name, layout) for name, layout in REAL if (folder / name).is_file()]
        if not found:
            raise NotFound("register", given)
        return found
    if not given.is_file():
        raise NotFound("register", given)
    return [Delivery(given, _layout_of(given))]


def _layout_of(register: Path) -> str:
    if register.read_bytes()[:4] == b"PAR1":
        return "enterprise-register-parquet"
    return "enterprise-register-gb18030" if "gb18030" in register.name.lower() else "enterprise-register"


def _tell(words: Text, *, quiet: bool) -> None:
    if not quiet:
        console.print(f"   {said(words)}", highlight=False, markup=False)


def _keep_serving(tiers: dict[str, Tier]) -> None:
    for tier in tiers.values():
        console.print()
        console.print(f"{tier.url}/login   {tier.plan.node}   {tier.plan.runs.name}", style="bold", highlight=False)
        table = Table(*map(said, (text("who"), text("account"), text("password"))), box=None)
        for part in tier.plan.people:
            table.add_row(part.title, part.account, tier.ways_in[part.account].password)
        console.print(table)
        for account, way in tier.ways_in.items():
            if way.secret:
                words = text("second factor of {account}: {secret}", account=account, secret=way.secret)
                console.print(f"  {said(words)}", highlight=False, soft_wrap=True)
    console.print()
    console.print(said(text("`jutong code SECRET` shows the present code of a second factor")), highlight=False)
    console.print(
        said(
            text(
                "Ctrl-C ends it; passwords are in {first}, credentials in {second}",
                first="keys/passwords.json",
                second="keys/people.json",
            )
        ),
        highlight=False,
    )
    stop = threading.Event()
    for kind in (signal.SIGINT, signal.SIGTERM):
        signal.signal(kind, lambda *_: stop.set())
    stop.wait()
