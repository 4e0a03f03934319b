"""Pages that take lists from spreadsheets, and their templates: items of an entry, demands, responsibilities."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from enum import Enum

from jutong import catalogue, registers
from jutong.catalogue import (
    DEMAND_COLUMNS,
    ITEM_COLUMNS,
    RESPONSIBILITY_COLUMNS,
    FaultySheet,
    Item,
    LegalBasis,
    Need,
    Part,
    SheetColumn,
    SheetRow,
    Task,
    check_rows,
    read_sheet,
)
from jutong.guard import Label, Method
from jutong.kernel.text import Text, text

from ..wiring import Ulid
from .catalogue import entry_crumbs
from .demands import DEMANDS, HOME
from .form import Misfilled
from .frame import Answer, Crumb, TheVisit, acted, done, page, shown
from .responsibilities import RESPONSIBILITIES
from .sheet import download
from .visit import Visit
from .wizard import own_entry, step_address
from .words import word_of


def _page(
    visit: Visit,
    columns: Sequence[SheetColumn],
    rows: Callable[[], Iterable[Sequence[object]]],
    *,
    name: str,
    title: Text,
    crumbs: Iterable[Crumb],
    path: str,
    back: str,
) -> Answer:
    if visit.asked("template"):
        heads = [visit.say(one.title) for one in columns]
        return download(name, "xlsx", heads, ["text"] * len(columns), rows())
    refused = visit.refusal
    return page(
        visit,
        "lists/sheet.html",
        title=title,
        crumbs=crumbs,
        faults=refused.faults if isinstance(refused, FaultySheet) else (),
        here_path=path,
        back=back,
        download_words=text("Download the template"),
    )


def _rows(visit: Visit, columns: Sequence[SheetColumn]) -> tuple[SheetRow, ...]:
    file = visit.form.files.get("sheet")
    if file is None or not file.filename:
        raise Misfilled({"sheet": text("this must be filled in")})
    file.file.seek(0)
    return read_sheet(file.file.read(catalogue.SHEET_BYTES_MOST + 1), columns, word_of)


@shown("/entries/{entry_id:str}/edit/sheet", guard="pages.entry_draft")
def show_items(visit: TheVisit, entry_id: Ulid) -> Answer:
    """Show where the items of an entry are taken from a spreadsheet; the template holds those that it has."""
    entry = own_entry(visit, entry_id)
    return _page(
        visit,
        ITEM_COLUMNS,
        lambda: [tuple(_cells_of(visit, item)) for item in entry.items],
        name=f"items-{entry_id}",
        title=text("Items from a spreadsheet"),
        crumbs=entry_crumbs(entry),
        path=f"/entries/{entry_id}/edit/sheet",
        back=step_address(entry_id, Part.ITEMS, Part.ITEMS),
    )


@acted("/entries/{entry_id:str}/edit/sheet", guard="pages.entry_draft", again=show_items)
def take_items(visit: TheVisit, entry_id: Ulid) -> Answer:
    """Let the rows of a spreadsheet be the items of the entry."""
    with visit.desk() as desk:
        entry = catalogue.visible_to(desk.db, entry_id, desk.actor, hold=True)
        desk.allow("catalogue.draft", entry.sheet)
        rows = _rows(visit, ITEM_COLUMNS)
        check_rows(rows, lambda row: _item_of(row).form_faults())
        catalogue.draft(desk, replace(entry, items=tuple(_item_of(row) for row in rows)))
    return done(desk, step_address(entry_id, Part.ITEMS, Part.ITEMS))


@shown("/demands/sheet", guard="pages.demand_form")
def show_demands(visit: TheVisit) -> Answer:
    """Show where demands are taken from a spreadsheet."""
    return _page(
        visit,
        DEMAND_COLUMNS,
        tuple,
        name="demands",
        title=text("Demands from a spreadsheet"),
        crumbs=(HOME, DEMANDS),
        path="/demands/sheet",
        back="/demands",
    )


@acted("/demands/sheet", guard="pages.demand_form", again=show_demands)
def take_demands(visit: TheVisit) -> Answer:
    """Let each row of a spreadsheet be a draft of a demand."""
    rows = _rows(visit, DEMAND_COLUMNS)
    check_rows(rows, lambda row: _need_of(row).form_faults())
    with visit.desk() as desk:
        for row in rows:
            catalogue.draft_demand(desk, _need_of(row))
    return done(desk, "/demands")


@shown("/responsibilities/sheet", guard="pages.demands")
def show_responsibilities(visit: TheVisit) -> Answer:
    """Show where responsibilities are taken from a spreadsheet."""
    return _page(
        visit,
        RESPONSIBILITY_COLUMNS,
        tuple,
        name="responsibilities",
        title=text("Responsibilities from a spreadsheet"),
        crumbs=(HOME, RESPONSIBILITIES),
        path="/responsibilities/sheet",
        back="/responsibilities",
    )


@acted("/responsibilities/sheet", guard="pages.demands", again=show_responsibilities)
def take_responsibilities(visit: TheVisit) -> Answer:
    """Let each row of a spreadsheet be a responsibility."""
    with visit.desk() as desk:
        desk.allow("catalogue.audit_demand", Label(owner="", parties=registers.authorities(desk.db)))
        for row in _rows(visit, RESPONSIBILITY_COLUMNS):
            task = Task(**{name: value for name, value in row.values.items() if name != "demand"})
            catalogue.split_demand(desk, row.values["demand"], task)
    return done(desk, "/responsibilities/all")


def _need_of(row: SheetRow) -> Need:
    return Need(**{"method": Method.QUERY, **row.values})


def _item_of(row: SheetRow) -> Item:
    values = dict(row.values)
    rule = {name: values.pop(name, None) for name in ("instrument", "rule", "article")}
    basis: tuple[LegalBasis, ...] = ()
    if rule["instrument"] is not None:
        basis = (LegalBasis(instrument=rule["instrument"], title=rule["rule"] or "", article=rule["article"] or ""),)
    return Item(**values, legal_basis=basis)


def _cells_of(visit: Visit, item: Item) -> Iterator[object]:
    basis = item.legal_basis[0] if item.legal_basis else None
    cited = {
        "instrument": basis and basis.instrument,
        "rule": basis and basis.title,
        "article": basis and basis.article,
    }
    for column in ITEM_COLUMNS:
        value = cited[column.key] if column.key in cited else getattr(item, column.key)
        if isinstance(value, bool):
            yield visit.say(text("yes")) if value else ""
        elif isinstance(value, tuple):
            yield "\n".join(visit.say(word_of(one)) if isinstance(one, Enum) else one for one in value)
        elif isinstance(value, Enum):
            yield visit.say(word_of(value))
        else:
            yield value


PAGES = [show_items, take_items, show_demands, take_demands, show_responsibilities, take_responsibilities]
