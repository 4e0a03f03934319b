"""What a command prints and how it ends: one table of exit codes, JSON on demand, refusals in the reader's language."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import msgspec
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from jutong.kernel.errors import (
    Invalid,
    NotAllowed,
    NotFound,
    NotKnown,
    Refused,
    TooMuch,
    Unavailable,
    WrongMoment,
)
from jutong.kernel.text import Text, preferred_language, text

EXIT: Mapping[type[Exception], int] = {
    NotAllowed: 11,
    NotKnown: 12,
    NotFound: 13,
    WrongMoment: 14,
    Invalid: 15,
    TooMuch: 16,
    Unavailable: 20,
    Refused: 10,
}
NOT_PROVEN = 30  # a receipt or a log that does not verify
INCOMPLETE = 31  # a check of the machine that found something missing
WIDE = 1000  # characters of a line that nobody reads on a screen

console = Console()
complaints = Console(stderr=True)


def language() -> str:
    """Return the reader's language: ``JUTONG_LANGUAGE``, else the locale, else Chinese."""
    return preferred_language(os.environ.get("JUTONG_LANGUAGE") or os.environ.get("LC_ALL") or os.environ.get("LANG"))


def said(words: Text) -> str:
    """Return the sentence in the reader's language."""
    return words.said_in(language())


@contextmanager
def ending() -> Iterator[None]:
    """Turn a refusal into its message and exit code; a bug keeps its traceback."""
    try:
        yield
    except (Refused, Unavailable) as error:
        complaints.print(said(error.reason), style="bold red", highlight=False, markup=False, soft_wrap=True)
        if error.basis:
            complain(text("rule: {basis}", basis=error.basis))
        if error.remedy:
            complain(text("what to do: {remedy}", remedy=error.remedy))
        raise typer.Exit(next(code for kind, code in EXIT.items() if isinstance(error, kind))) from error


def complain(words: Text) -> None:
    """Print a sentence beside the output."""
    # Not broken into lines: a path or a command in it must be copied whole.
    complaints.print(said(words), highlight=False, markup=False, soft_wrap=True)


def show(thing: Any, *, as_json: bool) -> None:
    """Print one thing: as one line of JSON, or as a table of its parts."""
    plain = msgspec.to_builtins(thing, str_keys=True)
    if as_json:
        sys.stdout.write(msgspec.json.encode(plain).decode() + "\n")
        return
    rows = plain if isinstance(plain, list) else [plain]
    if not rows:
        console.print(said(text("there is nothing to show")))
    elif len(rows) == 1 and isinstance(rows[0], Mapping):
        table = Table(show_header=False, box=None)
        for name, value in rows[0].items():
            table.add_row(f"[dim]{name}[/]", _cell(value))
        lay(table)
    else:
        _list(rows)


def _list(rows: Sequence[Any]) -> None:
    names = list(rows[0])
    table = Table(*names)
    for row in rows:
        table.add_row(*(_cell(row.get(name)) for name in names))
    lay(table)


def lay(table: Table) -> None:
    """Print a table whole: an identifier that is cut short is of no use, and in a file or a pipe a row is one line."""
    for column in table.columns:
        column.overflow = "fold"
    # A file or a pipe has no width, whatever COLUMNS and TERM tell of the terminal that it was started from.
    (console if sys.stdout.isatty() else Console(width=WIDE)).print(table, crop=False)


def _silent(done: int, of: int | None = None) -> None:
    del done, of


def _cell(value: Any) -> str:
    if isinstance(value, (dict, list)):
        return msgspec.json.format(msgspec.json.encode(value), indent=1).decode()
    return "" if value is None else str(value)


@contextmanager
def progress(words: Text, *, quiet: bool, total: int | None = None) -> Iterator[Any]:
    """Show a bar while something runs; yields a function that takes how far it has come."""
    if quiet or not complaints.is_terminal:
        yield _silent
        return
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=complaints, transient=True) as bar:
        task = bar.add_task(said(words), total=total)
        yield lambda done, of=None: bar.update(task, completed=done, total=of)
