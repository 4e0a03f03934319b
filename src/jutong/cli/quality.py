"""Rulebooks from the terminal: ask one of any file, try it on an entry's rows, issue it, take it along."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from jutong import catalogue, quality
from jutong.kernel.clock import LEGAL_TIME
from jutong.kernel.errors import NotFound
from jutong.kernel.text import text
from jutong.quality import RuleCount

from .command import HERE, HomeOption, JsonOption, TokenOption, app, at_desk
from .output import ending, progress, show

commands = typer.Typer(name="quality", no_args_is_help=True, help="Rulebooks, and what they find.")
app.add_typer(commands)
EntryArgument = Annotated[str, typer.Argument(help="The entry's identifier.")]
RulesArgument = Annotated[Path, typer.Argument(help="A rulebook: an ODCS v3.1 document, JSON or YAML.")]


@commands.command()
def check(
    file: Annotated[Path, typer.Argument(help="Any Parquet file.")],
    rules: Annotated[Path, typer.Option(help="A rulebook: an ODCS v3.1 document, JSON or YAML.")],
    memory: Annotated[int, typer.Option(help="Megabytes that it may use before it spills.", min=100)] = 1000,
    as_json: JsonOption = False,
) -> None:
    """Ask a rulebook of every row of a file: no node is needed, nothing is kept, no value is printed."""
    today = datetime.now(UTC).astimezone(LEGAL_TIME).date()
    with ending(), progress(text("examining"), quiet=as_json):
        book = quality.book_of(_document(rules))
        done = quality.check_file(file, book, today=today, memory_bytes=memory * 1_000_000)
    shown = {
        "rows": done.rows,
        "score": done.score,
        "band": done.band.value,
        "dimensions": {dimension.value: value for dimension, value in done.dimensions.items()},
        "rules": [_told(one) for one in done.counts],
        "unasked": list(done.unasked),
    }
    show(shown if as_json else shown["rules"], as_json=as_json)


@commands.command()
def rules(
    entry: EntryArgument,
    home: HomeOption = HERE,
    token: TokenOption = "",
    edition: Annotated[int, typer.Option(help="An earlier edition.", min=0)] = 0,
) -> None:
    """Print the standing rulebook of an entry as an ODCS document, to be kept, changed and issued."""
    with at_desk(home, token) as desk:
        seen = catalogue.visible_to(desk.db, entry, desk.actor)
        found = quality.standing_edition(desk.db, seen.id)
        if edition and edition != found.version:
            found = next((one for one in quality.editions(desk.db, seen.id) if one.version == edition), None) or _none()
        document = quality.shown_document(found, seen)
    typer.echo(msgspec.json.format(msgspec.json.encode(document), indent=2).decode())


@commands.command("try")
def try_(
    entry: EntryArgument,
    rulebook: RulesArgument,
    home: HomeOption = HERE,
    token: TokenOption = "",
    as_json: JsonOption = False,
) -> None:
    """Ask a rulebook that is not issued of the first rows of the newest batch, and only count."""
    with ending():
        document = _document(rulebook)
    with progress(text("examining"), quiet=as_json), at_desk(home, token) as desk:
        trial = quality.try_rulebook(desk, entry, document)
    shown = {"batch": trial.batch, "rows": trial.rows, "rules": [_told(one) for one in trial.counts]}
    show(shown if as_json else shown["rules"], as_json=as_json)


@commands.command()
def issue(
    entry: EntryArgument,
    rulebook: RulesArgument,
    seen: Annotated[int, typer.Option(help="The edition that you changed; 0 if there was none.", min=0)] = 0,
    home: HomeOption = HERE,
    token: TokenOption = "",
    as_json: JsonOption = False,
) -> None:
    """Issue a rulebook: it is asked of every batch from now on, beside the rules of the standard elements."""
    with ending():
        document = _document(rulebook)
    with at_desk(home, token) as desk:
        issued = quality.issue_rulebook(desk, entry, document, seen=seen)
    show(issued.facts(), as_json=as_json)


def _none() -> quality.Edition:
    raise NotFound("edition", "")


def _document(path: Path) -> object:
    try:
        with path.open("rb") as stream:
            return quality.document_of_text(stream.read(quality.MOST_BYTES + 1))
    except OSError as error:
        raise NotFound("file", path.name) from error


def _told(count: RuleCount) -> dict[str, object]:
    return {
        "rule": count.rule,
        "dimension": count.dimension.value,
        "severity": count.severity.value,
        "asked": count.asked,
        "failed": count.failed,
        "holds": count.met,
    }
