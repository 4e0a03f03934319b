"""Removing one value from a table for good: its rows, mentions of it in others', and every older version."""

from __future__ import annotations

import contextlib
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pyarrow as pa
from deltalake import CommitProperties, WriterProperties

from .history import OURS, History
from .lake import Lake
from .place import answering

_WRITTEN = WriterProperties(compression="ZSTD", compression_level=1)
_SAID = CommitProperties(custom_metadata={OURS: {"upkeep": "erased"}})


@dataclass(frozen=True, slots=True, kw_only=True)
class Removed:
    """How many rows went, and in how many others a mention was cleared."""

    rows: int = 0
    cells: int = 0


def text_columns(lake: Lake, table: str) -> tuple[str, ...]:
    """Return the names of a table's text columns."""
    return tuple(field.name for field in lake.files(table)[1] if pa.types.is_string(field.type))


def mentions_sql(columns: Collection[str], value: str) -> str:
    r"""Return the condition that one of these text columns holds ``value`` (digits and capital letters), in any case.

    >>> mentions_sql(["a", "b"], "X1")
    'strpos(upper("a"), \'X1\') > 0 OR strpos(upper("b"), \'X1\') > 0'
    """
    if not value.isascii() or not value.isalnum():
        raise AssertionError("only an identifier of digits and letters is looked for")
    return " OR ".join(f"strpos(upper({_quoted(name)}), '{value}') > 0" for name in columns) or "false"


def remove(lake: Lake, table: str, value: str, *, keys: Collection[str], also: str = "") -> Removed:
    """Delete the rows whose key holds ``value`` (any column if there are no keys), and those for which ``also`` holds.

    In the rows that are left every text that holds it becomes empty: such a row is another subject's.
    """
    columns = text_columns(lake, table)
    own = mentions_sql([name for name in keys if name in columns] or columns, value)
    delta = lake.delta(table)
    with answering(table, lake.place.options):
        gone = delta.delete(f"{own} OR {also}" if also else own, writer_properties=_WRITTEN, commit_properties=_SAID)
        cleared = {
            _quoted(name): f"CASE WHEN {mentions_sql([name], value)} THEN NULL ELSE {_quoted(name)} END"
            for name in columns
        }
        kept = delta.update(
            cleared, predicate=mentions_sql(columns, value), writer_properties=_WRITTEN, commit_properties=_SAID
        )
    return Removed(rows=int(gone["num_deleted_rows"] or 0), cells=int(kept["num_updated_rows"] or 0))


def purge(lake: Lake, table: str) -> None:
    """Let go of every version but the newest, with its files, change feed and log: at once, not after a retention.

    Whoever is reading an older version meanwhile may be told to ask again. Only files that the log names go, so that
    a landing on its way keeps its own. Cut short at any moment, the same again completes it: files go before the log.
    """
    delta = lake.delta(table)
    with answering(table, lake.place.options):
        # A version that says nothing: the log of the one before spells what was looked for.
        delta.create_write_transaction([], "append", delta.schema(), commit_properties=_SAID)
        start = int(lake.delta(table).version())
        lake.delta(table, start).create_checkpoint()
        named = _named(lake, History(lake.place, table))
    later = datetime.now(UTC) + timedelta(days=1)
    for found in lake.unknown_files(table, before=later, since=start):
        if found.path.removeprefix(f"{table}/") in named:
            with answering(table, lake.place.options), contextlib.suppress(FileNotFoundError):
                lake.place.files.delete_file(found.path)
    with answering(table, lake.place.options):
        History(lake.place, table).trim(start)


def _named(lake: Lake, history: History) -> set[str]:
    stood = set(pa.table(lake.delta(history.table, history.oldest).get_add_actions())["path"].to_pylist())
    actions = (action for version in history.entries for action in history.actions(version))
    named = {action[kind]["path"] for action in actions for kind in ("add", "cdc", "remove") if kind in action}
    return stood | named


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
