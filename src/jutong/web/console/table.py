"""Tables: columns declared once; sorted, filtered, paged by keys, and taken along as CSV or XLSX."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Generic, Literal, TypeVar
from urllib.parse import urlencode

from jutong.kernel.crypto import opened, sealed
from jutong.kernel.errors import Invalid
from jutong.kernel.text import Text, plain, text

from .frame import Answer, Crumb, page
from .sheet import download
from .visit import Visit
from .words import word_of

Row = TypeVar("Row")
Kind = Literal["text", "code", "number", "percent", "day", "instant", "act"]
RESERVED = frozenset({"sort", "after", "column", "export", "done", "line", "next"})
ROWS = 50
ROWS_A_STEP = 1000  # of a download
FILTER_MOST = 200
PLACES = "places in lists"  # what the key that seals them is for


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """What can be done about a row, in its own line: a button, where it sends, and what it sends along."""

    action: str
    words: Text
    fields: Mapping[str, str] = field(default_factory=dict)
    kind: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column(Generic[Row]):
    """One column: what it shows of a row, and how.

    ``options`` makes it a filter: an enumeration, pairs of value and words, or "text" for a field to type in. A filter
    with a ``usual`` value is set to it until the reader chooses another. A column of kind "act" shows an ``Act`` or
    nothing; it is always shown and never taken along.
    """

    key: str
    title: Text
    value: Callable[[Row], object]
    kind: Kind = "text"
    href: Callable[[Row], str] | None = None
    tone: Callable[[Row], str] | None = None
    sort: bool = False
    place: Callable[[Row], str] | None = None  # sorted by this column, what the store goes on from before the key
    options: type[Enum] | tuple[tuple[str, Text | str], ...] | Literal["text"] | None = None
    usual: str = ""
    shown: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Table(Generic[Row]):
    """A list that officials read: its columns, its usual order, and the key by which the next page is found.

    Where the key is a value of rows, such as a credit code, the list is ``secret``: the address of the next page holds
    its place sealed, so that no address, history or log tells whom the list is about.
    """

    name: str
    title: Text
    columns: tuple[Column[Row], ...]
    key: Callable[[Row], tuple[str, ...]]  # what the store needs to go on after this row
    sort: str = ""  # the usual order: a column's key, with - before it for the greatest first
    empty: Text = field(default_factory=lambda: text("Nothing stands here."))
    then: Text | None = None  # what to do where nothing stands, or why nothing does
    rows: int = ROWS
    secret: bool = False
    stacked: bool = False  # on a narrow screen each row stands as a card, one value under the other
    path: str = ""  # of the list, where forms with addresses of their own show it again


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a reader asked of a table; a room's store answers it."""

    sort: str
    descending: bool
    filters: Mapping[str, str]
    after: tuple[str, ...]
    limit: int
    columns: tuple[str, ...]

    def filter(self, key: str) -> str:
        """Return what a column is filtered by; empty if by nothing."""
        return self.filters.get(key, "")


Fetch = Callable[[Asked], Iterable[Row]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One value as the page shows it."""

    value: object
    kind: Kind
    href: str = ""
    tone: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The head of a column, with the address that sorts by it and which way the table is sorted now."""

    key: str
    title: Text
    kind: Kind
    href: str = ""
    sorted: Literal["", "ascending", "descending"] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """A filter above the table; without options it is a field to type in."""

    key: str
    title: Text
    value: str
    options: tuple[tuple[str, Text | str], ...] = ()
    usual: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One page of a table, ready for its template."""

    name: str
    title: Text
    heads: tuple[Head, ...]
    rows: tuple[tuple[Cell, ...], ...]
    filters: tuple[Filter, ...]
    choices: tuple[tuple[str, Text, bool], ...]  # columns, and whether each is shown
    sort: str
    empty: Text
    then: Text | None
    filtered: bool
    path: str
    stacked: bool = False
    next: str = ""
    first: str = ""
    csv: str = ""
    xlsx: str = ""


def table_page(
    visit: Visit,
    table: Table[Row],
    fetch: Fetch[Row],
    template: str,
    *,
    title: Text | str,
    crumbs: Iterable[Crumb] = (),
    **values: object,
) -> Answer:
    """Return the page of a table, or the table itself as a file where the reader asked for one."""
    if visit.asked("export"):
        return exported(visit, table, fetch)
    shown = {**values, "table": listed(visit, table, fetch)}
    return page(visit, template, title=title, crumbs=crumbs, status=200, **shown)


def asked(visit: Visit, table: Table[Row]) -> Asked:
    """Read what the address asks of the table; what it cannot ask for is passed over."""
    wanted = visit.asked("sort", table.sort)
    sortable = {column.key for column in table.columns if column.sort}
    if wanted.removeprefix("-") not in sortable:
        wanted = table.sort
    known = [column.key for column in table.columns]
    chosen = tuple(key for key in known if key in visit.query.get("column", ()))
    return Asked(
        sort=wanted.removeprefix("-"),
        descending=wanted.startswith("-"),
        filters={
            column.key: value
            for column in table.columns
            if column.options is not None and (value := _filtered_by(visit, column))
        },
        after=_read_cursor(visit, table, visit.asked("after")),
        limit=table.rows + 1,
        columns=_shown(table, chosen),
    )


def _shown(table: Table[Row], chosen: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(
        column.key
        for column in table.columns
        if column.kind == "act" or (column.key in chosen if chosen else column.shown)
    )


def listed(visit: Visit, table: Table[Row], fetch: Fetch[Row]) -> Listed:
    """Return one page of the table: a row more than it shows tells whether there is another page."""
    ask = asked(visit, table)
    rows = list(fetch(ask))
    more, rows = len(rows) > table.rows, rows[: table.rows]
    columns = [column for column in table.columns if column.key in ask.columns]
    chosen = [("column", key) for key in visit.query.get("column", ())]
    sort = ("-" if ask.descending else "") + ask.sort
    path = table.path or visit.path
    usual = {column.key: column.usual for column in table.columns}
    others = [(name, value) for name, value in ask.filters.items() if value != usual[name]]
    base = [*others, *chosen, *([("sort", sort)] if sort != table.sort else [])]
    return Listed(
        name=table.name,
        title=table.title,
        heads=tuple(_head(path, column, ask, base) for column in columns),
        rows=tuple(tuple(_cell(column, row) for column in columns) for row in rows),
        filters=tuple(_filter(column, ask) for column in table.columns if column.options is not None),
        choices=tuple(
            (column.key, column.title, column.key in ask.columns) for column in table.columns if column.kind != "act"
        ),
        sort=sort if sort != table.sort else "",
        empty=table.empty,
        then=table.then,
        filtered=bool(others),
        path=path,
        stacked=table.stacked,
        next=_address(path, [*base, ("after", _cursor(visit, table, _place(table, ask, rows[-1])))]) if more else "",
        first=_address(path, base) if ask.after else "",
        csv=_address(path, [*base, ("export", "csv")]),
        xlsx=_address(path, [*base, ("export", "xlsx")]),
    )


def exported(visit: Visit, table: Table[Row], fetch: Fetch[Row]) -> Answer:
    """Return all rows of what was asked, step by step, as a file of the chosen kind."""
    ask = replace(asked(visit, table), after=(), limit=ROWS_A_STEP)
    columns = [column for column in table.columns if column.key in ask.columns and column.kind != "act"]
    heads = [visit.say(column.title) for column in columns]
    kinds = [column.kind for column in columns]

    def every() -> Iterator[list[object]]:
        step = ask
        while True:
            rows = list(fetch(step))
            for row in rows:
                yield [_plain(visit, column.value(row)) for column in columns]
            if len(rows) < ROWS_A_STEP:
                return
            step = replace(step, after=_place(table, ask, rows[-1]))

    return download(f"{table.name}-{visit.today.isoformat()}", visit.asked("export"), heads, kinds, every())


def _place(table: Table[Row], ask: Asked, row: Row) -> tuple[str, ...]:
    place = next((column.place for column in table.columns if column.key == ask.sort), None)
    return (*((place(row),) if place else ()), *table.key(row))


def _plain(visit: Visit, value: object) -> object:
    if isinstance(value, Enum):
        return visit.say(word_of(value))
    return visit.say(value) if isinstance(value, Text) else value


def _filtered_by(visit: Visit, column: Column[Row]) -> str:
    value = visit.asked(column.key).strip()[:FILTER_MOST]
    allowed = _options(column)
    return value if value and (not allowed or value in {one for one, _ in allowed}) else column.usual


def _options(column: Column[Row]) -> tuple[tuple[str, Text | str], ...]:
    if column.options is None or isinstance(column.options, str):
        return ()
    if isinstance(column.options, tuple):
        return column.options
    return tuple((str(one.value), word_of(one)) for one in column.options)


def _filter(column: Column[Row], ask: Asked) -> Filter:
    return Filter(
        key=column.key,
        title=column.title,
        value=ask.filter(column.key),
        options=_options(column),
        usual=column.usual,
    )


def _head(path: str, column: Column[Row], ask: Asked, base: list[tuple[str, str]]) -> Head:
    if not column.sort:
        return Head(key=column.key, title=column.title, kind=column.kind)
    now = ask.sort == column.key
    towards = f"-{column.key}" if now and not ask.descending else column.key
    others = [(name, value) for name, value in base if name != "sort"]
    return Head(
        key=column.key,
        title=column.title,
        kind=column.kind,
        href=_address(path, [*others, ("sort", towards)]),
        sorted=("descending" if ask.descending else "ascending") if now else "",
    )


def _cell(column: Column[Row], row: Row) -> Cell:
    return Cell(
        value=column.value(row),
        kind=column.kind,
        href=column.href(row) if column.href else "",
        tone=column.tone(row) if column.tone else "",
    )


def _address(path: str, query: list[tuple[str, str]]) -> str:
    return path + ("?" + urlencode(query) if query else "")


def _cursor(visit: Visit, table: Table[Row], key: tuple[str, ...]) -> str:
    spelled = json.dumps(key).encode()
    if table.secret:
        spelled = sealed(visit.house.key.secret_for(PLACES), spelled, of=table.name)
    return base64.urlsafe_b64encode(spelled).decode().rstrip("=")


def _read_cursor(visit: Visit, table: Table[Row], given: str) -> tuple[str, ...]:
    if not given:
        return ()
    try:
        spelled: bytes | None = base64.urlsafe_b64decode(given + "=" * (-len(given) % 4))
        if table.secret and spelled is not None:
            spelled = opened(visit.house.key.secret_for(PLACES), spelled, of=table.name)
        key = json.loads(spelled) if spelled is not None else None
        if isinstance(key, list) and all(isinstance(one, str) and "\0" not in one for one in key):
            return tuple(key)
    except (ValueError, binascii.Error):
        pass
    raise Invalid(plain("after"), remedy=text("begin at the first page of the list"))
