"""The census from the terminal: look systems over, hang tables, reconcile, freeze, ask the grading assistant."""

from __future__ import annotations

import gzip
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from jutong import census
from jutong.census import Bounds, Connection, Reconciliation, Table
from jutong.kernel.errors import Invalid, NotFound
from jutong.kernel.foreign import source_secret
from jutong.kernel.settings import Home
from jutong.kernel.text import text

from .command import HERE, HomeOption, JsonOption, TokenOption, app, at_desk
from .output import ending, show

commands = typer.Typer(name="census", no_args_is_help=True, help="What stands beneath the catalogue.")
app.add_typer(commands)
SystemArgument = Annotated[str, typer.Argument(help="The system's name in the network.")]
LINE_LIMIT = 1 << 20
OPEN = "无条件开放"


@commands.command()
def harvest(
    system: SystemArgument,
    file: Annotated[Path | None, typer.Option(help="CSV (also gzipped), Parquet, XLSX or SQLite.")] = None,
    kind: Annotated[str, typer.Option(help="postgresql or mysql, for a live database.")] = "",
    host: Annotated[str, typer.Option(help="Where the database answers.")] = "",
    port: Annotated[int, typer.Option(help="Its port.", min=0, max=65535)] = 0,
    database: Annotated[str, typer.Option(help="Its name.")] = "",
    user: Annotated[str, typer.Option(help="An account that may SELECT and nothing more.")] = "",
    schema: Annotated[str, typer.Option(help="One schema; all if left out.")] = "",
    secret: Annotated[
        str, typer.Option(help="The password's name: JUTONG_SOURCE_<NAME> or the home's keys/sources/<NAME>.")
    ] = "",
    seconds: Annotated[float, typer.Option(help="How long it may take.", min=1, max=3600)] = 300,
    home: HomeOption = HERE,
    token: TokenOption = "",
    as_json: JsonOption = False,
) -> None:
    """Look over a system's tables: schemas, row counts and counts of a sample; no value is kept."""
    bounds = Bounds(seconds=seconds)
    with ending():
        if (file is None) == (not kind):
            raise Invalid(text("name a file, or the kind of a live database"))
        if file is not None:
            source = census.source_at(file, bounds)
        else:
            ports, kept = {"postgresql": 5432, "mysql": 3306}, Home.open(home)
            told = Connection(
                host=host,
                port=port or ports.get(kind, 0),
                database=database,
                user=user,
                password=source_secret(kept.folder, secret) if secret else "",
                schema=schema,
            )
            source = census.database_at(kind, kept.sources.of(told), bounds)
    with at_desk(home, token) as desk:
        found = census.harvest(desk, system, source)
    show([_row(one) for one in found], as_json=as_json)


@commands.command()
def reconcile(
    body: Annotated[str, typer.Argument(help="The department's unified social credit code.")],
    home: HomeOption = HERE,
    token: TokenOption = "",
    as_json: JsonOption = False,
) -> None:
    """Compare a department's catalogue with its tables: unhung entries, uncatalogued tables, drifted schemas."""
    with at_desk(home, token) as desk:
        found = census.reconciliation(desk.db, body, desk.actor)
    show(reconciliation_told(found), as_json=as_json)


@commands.command()
def hang(
    table: Annotated[str, typer.Argument(help="The table's identifier.")],
    entry: Annotated[str, typer.Argument(help="The entry's identifier; `new` drafts one from the table.")],
    home: HomeOption = HERE,
    token: TokenOption = "",
    as_json: JsonOption = False,
) -> None:
    """Hang a table on a catalogue entry, or draft the entry from the table."""
    with at_desk(home, token) as desk:
        if entry == "new":
            entry = census.propose_entry(desk, table).id
        else:
            census.hang(desk, table, entry)
    show({"table": table, "entry": entry}, as_json=as_json)


@commands.command()
def freeze(
    name: Annotated[str, typer.Argument(help="The edition's name, such as 2026.")],
    home: HomeOption = HERE,
    token: TokenOption = "",
    as_json: JsonOption = False,
) -> None:
    """Freeze the census as it stands: an edition with its figures and their digest."""
    with at_desk(home, token) as desk:
        edition = census.freeze_edition(desk, name)
    show({"edition": edition.id, "name": edition.name, "digest": edition.digest, **edition.totals}, as_json=as_json)


@commands.command()
def contradictions(
    file: Annotated[Path, typer.Argument(help="Records of an open portal, one JSON object a line, also gzipped.")],
    as_json: JsonOption = False,
) -> None:
    """List records that a portal opens without conditions although their own words name personal data."""
    with ending():
        found = [
            {"title": title, "names": [one.what for one in reasons], "rules": sorted({one.rule for one in reasons})}
            for title, words in _opened(file)
            if (reasons := census.contradictions(words))
        ]
    show(found, as_json=as_json)


@commands.command()
def grades(
    entry: Annotated[str, typer.Argument(help="The entry's identifier.")],
    home: HomeOption = HERE,
    token: TokenOption = "",
    as_json: JsonOption = False,
) -> None:
    """Let the grading assistant look at an entry; what it proposes waits for a person."""
    with at_desk(home, token) as desk:
        opened = census.look_at_grades(desk, entry)
    show([{**msgspec.to_builtins(one), "reasons": [r.what for r in one.reasons]} for one in opened], as_json=as_json)


def reconciliation_told(found: Reconciliation) -> dict[str, object]:
    """Return a reconciliation as plain values."""
    return {
        "body": found.body,
        **found.counts(),
        "hook_up_rate": found.hook_up_rate,
        "completeness": found.completeness,
        "unhung_entries": [{"id": one.id, "title": one.title} for one in found.unhung],
        "uncatalogued_tables": [_row(one) for one in found.uncatalogued],
        "drifted_schemas": [
            {"table": table.id, "name": table.found.name, "entry": entry.id, **msgspec.to_builtins(drift)}
            for table, entry, drift in found.drifted
        ],
        "gone_tables": [_row(one) for one in found.gone],
    }


def _row(table: Table) -> dict[str, object]:
    guesses = {one.name: one.guess.element for one in table.found.columns if one.guess.element}
    return {
        "id": table.id,
        "place": table.found.place,
        "name": table.found.name,
        "rows": table.found.rows,
        "columns": len(table.found.columns),
        "recognised": guesses,
        "entry": table.entry,
    }


def _opened(file: Path) -> Iterator[tuple[str, list[str]]]:
    try:
        with gzip.open(file, "rb") if file.suffix == ".gz" else file.open("rb") as stream:
            for line in iter(lambda: stream.readline(LINE_LIMIT), b""):
                record: Mapping[str, Any] = msgspec.json.decode(line)
                words = [one for one in record.values() if isinstance(one, str)]
                if OPEN in words:
                    yield (
                        str(record.get("标题") or record.get("title") or ""),
                        [one for one in words if not one.startswith("http")],
                    )
    except (OSError, EOFError) as error:
        raise NotFound("file", file.name) from error
    except (msgspec.DecodeError, AttributeError) as error:
        raise Invalid(text("{name} is not a list of JSON objects, one a line", name=file.name)) from error
