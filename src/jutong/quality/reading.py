"""How the text of items is read in SQL: in steps, each over the columns of the steps before."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, zip_longest

import pyarrow as pa

ROW = "_row"  # a row's place in its delivery
BATCH = "_batch"  # the delivery that brought it
DOUBT_KEY, DOUBT_ITEMS = "_doubt_key", "_doubt_items"  # of records in doubt: their key, and which items
BLANKS = " \t\r\n\u00a0\u3000"
# Spellings of "nothing" that no register means as a value, whatever the element says.
ABSENT = ("N/A",)


def quoted(name: str) -> str:
    """Return ``name`` as an SQL identifier.

    >>> quoted('a"b')
    '"a""b"'
    """
    return '"' + name.replace('"', '""') + '"'


def literal(value: str) -> str:
    """Return ``value`` as an SQL string.

    >>> literal("it's")
    "'it''s'"
    """
    return "'" + value.replace("'", "''") + "'"


def one_of(characters: str) -> str:
    r"""Return the regular expression of one of these characters, for RE2, Python and Java alike.

    >>> one_of("a-]")
    '[a\\-\\]]'
    """
    return "[" + "".join("\\" + c if c in "\\]^-[&~" else c for c in characters) + "]"


def column(item: str) -> str:
    """Return the identifier of an item's present value: trimmed, and NULL where it is a spelling of nothing."""
    return quoted(item)


def present(item: str, absent: Iterable[str] = ()) -> str:
    """Return the SQL of an item's present value over the raw column."""
    form = trimmed(item)
    return f"CASE WHEN ({form}) IN ({_nothing(absent)}) THEN NULL ELSE {form} END"


def trimmed(item: str) -> str:
    """Return the SQL of an item's raw column without blanks at its ends."""
    raw = quoted(item)
    # Looking at both ends first is ten times as fast as trimming texts that have nothing to trim; whatever sorts below
    # "!" is a blank or no character of a text, and a pattern that is bound to the end is read from there.
    front = f"{raw} < '!' OR ({raw} >= '\u00a0' AND {raw} < '\u00a1') OR ({raw} >= '\u3000' AND {raw} < '\u3001')"
    back = f"regexp_matches({raw}, {literal(f'[{BLANKS}]$')})"
    return f"CASE WHEN {front} OR {back} THEN trim({raw}, {literal(BLANKS)}) ELSE {raw} END"


def read_sql(where: str, absents: Mapping[str, Iterable[str]], source: str = "raw") -> str:
    """Return the rows of ``source`` that ``where`` keeps, with every item in its present form, each trimmed once."""
    inner = "".join(f", {trimmed(item)} AS {quoted(item)}" for item in absents)
    outer = "".join(
        f", CASE WHEN {quoted(item)} IN ({_nothing(absent)}) THEN NULL ELSE {quoted(item)} END AS {quoted(item)}"
        for item, absent in absents.items()
    )
    kept = f" WHERE {where}" if where else ""
    return f"SELECT {quoted(ROW)}{outer} FROM (SELECT {quoted(ROW)}{inner} FROM {source}{kept}) AS trimmed"  # noqa: S608


def _nothing(absent: Iterable[str]) -> str:
    return ", ".join(literal(word) for word in dict.fromkeys(("", *ABSENT, *absent)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Join:
    """A look-up in a small table that has at most one row for each value, so that no row is doubled."""

    table: str
    alias: str
    on: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """New columns (name, SQL) over all columns so far."""

    columns: tuple[tuple[str, str], ...] = ()
    joins: tuple[Join, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """The steps of one item, the small tables that they look into, and ``WITH`` clauses (name, SQL) before the rows."""

    steps: tuple[Step, ...] = ()
    tables: Mapping[str, pa.Table] = field(default_factory=dict)
    clauses: tuple[tuple[str, str], ...] = ()


NO_READING = Reading()


def source_sql(batch: str, presents: Mapping[str, str], *more: str) -> str:
    """Return a batch's rows with every item in its present form, and ``more`` columns as they stand."""
    items = "".join(f", {sql} AS {quoted(item)}" for item, sql in presents.items())
    also = "".join(f", {quoted(name)}" for name in more)
    return f"SELECT {quoted(ROW)}{also}{items} FROM raw WHERE {quoted(BATCH)} = {literal(batch)}"  # noqa: S608


def staged(source: str, readings: Sequence[Reading]) -> str:
    """Return ``WITH`` clauses over the query ``source``; the last is called ``readings`` and has every column."""
    return f"WITH {clauses_of(source, readings)}"


def clauses_of(source: str, readings: Sequence[Reading], *, name: str = "readings") -> str:
    """Return the clauses of ``staged`` without their ``WITH``, for a question that has others; ``name`` is the last's.

    Steps of equal rank share one clause, so that the depth is that of the deepest item, not the number of items.
    """
    clauses = [f"{clause} AS ({sql})" for clause, sql in chain.from_iterable(reading.clauses for reading in readings)]
    clauses.append(f"{name}0 AS ({source})")
    last = 0
    for last, steps in enumerate(zip_longest(*(reading.steps for reading in readings)), start=1):
        there = [step for step in steps if step is not None]
        columns = "".join(f", {sql} AS {quoted(title)}" for title, sql in chain.from_iterable(s.columns for s in there))
        joins = "".join(
            f" LEFT JOIN {join.table} AS {join.alias} ON {join.on}"
            for join in chain.from_iterable(s.joins for s in there)
        )
        clauses.append(f"{name}{last} AS (SELECT {name}{last - 1}.*{columns} FROM {name}{last - 1}{joins})")  # noqa: S608
    return ", ".join((*clauses, f"{name} AS (SELECT * FROM {name}{last})"))  # noqa: S608


def tables_of(readings: Iterable[Reading]) -> dict[str, pa.Table]:
    """Return all small tables that the readings look into, by the name that the SQL uses."""
    return {name: table for reading in readings for name, table in reading.tables.items()}
