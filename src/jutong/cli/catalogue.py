"""Other portals' lists from the terminal: import one, see what is overdue."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from jutong import registers
from jutong.catalogue import harvest
from jutong.catalogue.harvest import Report, source_named
from jutong.desk import House
from jutong.guard import Label
from jutong.kernel.errors import Invalid
from jutong.kernel.text import text
from jutong.terms import Actor, BodyKind, Duty, Grade, Org

from .command import HERE, HomeOption, JsonOption, TokenOption, app, as_somebody
from .node import make_home
from .output import complaints, console, ending, lay, progress, said, show

group = typer.Typer(no_args_is_help=True, help="The catalogue: lists of other portals, and what is overdue in them.")
app.add_typer(group, name="catalogue")
DAY = ["%Y-%m-%d"]
NOBODY = "11500000MB0000019F"  # a body of a node that is gone when the list was looked at


@group.command("import")
def import_list(
    file: Annotated[Path, typer.Argument(help="JSON lines, JSON, CSV or XLSX of catalogue records; gzip too.")],
    home: HomeOption = HERE,
    token: TokenOption = "",
    source: Annotated[str, typer.Option(help="The portal's name; the file's, if left out.")] = "",
    map_: Annotated[
        list[str] | None, typer.Option("--map", metavar="FIELD=IDEA", help="What a field says; may be repeated.")
    ] = None,
    accept: Annotated[bool, typer.Option("--accept", help="Accept the mapping for this source.")] = False,
    whole: Annotated[
        bool, typer.Option("--complete", help="The file is the portal's whole list: what it lacks has vanished.")
    ] = False,
    many: Annotated[bool, typer.Option("--many-gone", help="More than a fifth may vanish at once.")] = False,
    division: Annotated[str, typer.Option(help="The portal's division: short names mean bodies there.")] = "",
    encoding: Annotated[str, typer.Option(help="utf-8, gb18030 or big5; found out, if left out.")] = "",
    look: Annotated[
        bool, typer.Option("--look", help="Only look at what it would become: no home is needed, nothing is kept.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Import a portal's list: once, whatever happens in between; nothing is deleted that a whole list does not lack.

    Where there is no home and nobody is named, the list is only looked at.
    """
    look = look or not (token or (home / "jutong.toml").exists())
    with ending():
        wishes = _wishes(map_ or [])
        feed = harvest.Feed(file, encoding)
    with (
        progress(text("importing {name}", name=file.name), quiet=as_json) as bar,
        _nowhere() if look else as_somebody(home, token) as (house, who),
    ):
        with house.reading() as db:
            before = harvest.latest_gather(db, source or source_named(file.name))
        gather = harvest.import_file(
            partial(house.desk, who),
            feed,
            source=source,
            division=division,
            wishes=wishes,
            accept=accept,
            complete=whole,
            many=many,
            progress=bar,
        )
        with house.reading() as db:
            report = harvest.report(db, gather.id)
    known = before is not None and before.id == gather.id and before.ended is not None
    if as_json:
        show({**report.document(known=known), "kept": not look}, as_json=True)
    else:
        _tell(report, known=known)
    if look:
        complaints.print(said(text("this was a look: nothing was kept; name a home and a credential to import")))


@group.command()
def overdue(
    home: HomeOption = HERE,
    token: TokenOption = "",
    day: Annotated[datetime | None, typer.Option(formats=DAY, help="Measured on this day; today, if left out.")] = None,
    source: Annotated[str, typer.Option(help="Of one portal only.")] = "",
    as_json: JsonOption = False,
) -> None:
    """Count by department which harvested records are later than their own update cycle allows."""
    with as_somebody(home, token) as (house, who), house.desk(who) as desk:
        desk.allow("pages.harvest", Label(owner=who.org))
        measured = day.date() if day else desk.today
        rows = harvest.overdue(desk.db, measured, source=source)
    show(
        [
            {
                "source": one.source,
                "department": one.department,
                "overdue": one.late,
                "dated": one.dated,
                "oldest_due": one.oldest.isoformat(),
                "day": measured.isoformat(),
            }
            for one in sorted(rows, key=lambda one: (-one.late, one.source, one.department))
        ],
        as_json=as_json,
    )


@contextmanager
def _nowhere() -> Iterator[tuple[House, Actor]]:
    """Lend a node that is gone afterwards, and an auditor at it."""
    with ending(), tempfile.TemporaryDirectory() as folder:
        house = make_home(Path(folder) / "home", name="nowhere", body=NOBODY, division="100000")
        with house.desk(house.itself) as desk:
            registers.register_body(desk, Org(code=NOBODY, name="nowhere", division="100000", kind=BodyKind.AUTHORITY))
        try:
            yield house, Actor(id="nobody", org=NOBODY, duties=frozenset({Duty.REGISTER_AUDIT}), cleared=Grade.L1)
        finally:
            house.engine.dispose()


def _wishes(given: list[str]) -> dict[str, str]:
    wishes = {}
    for one in given:
        field, sign, idea = one.rpartition("=")
        if not sign or not field:
            raise Invalid(text("--map takes FIELD=IDEA, not {given}", given=one[:80]))
        wishes[field] = idea
    return wishes


def _tell(report: Report, *, known: bool) -> None:
    told = report.document(known=known)
    table = Table(*(said(head) for head in (text("field"), text("idea"), text("confidence"), text("samples"))))
    for one in report.gather.guesses:
        table.add_row(*map(_plain, (one.field, one.idea.value, f"{one.confidence:.2f}", " | ".join(one.samples))))
    lay(table)
    shown = (
        "source",
        "new",
        "updated",
        "unchanged",
        "refused",
        "vanished",
        "held_back",
        "collapsed",
        "paired",
        "grouped",
    )
    show({name: told[name] for name in shown}, as_json=False)
    if not report.source.accepted:
        console.print(said(text("nobody has accepted this mapping yet: look at it, then import again with --accept")))


def _plain(words: str) -> str:
    return words.replace("[", "\\[")
