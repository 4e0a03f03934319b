"""The wizard's screens of items: one at a time, in the order in which the officer wants them."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import msgspec

from jutong import catalogue, census, registers
from jutong.catalogue import (
    DataType,
    Entry,
    Instrument,
    Item,
    OpenType,
    Part,
    ShareCondition,
    ShareType,
    UpdateCycle,
)
from jutong.kernel.errors import NotFound
from jutong.kernel.text import text
from jutong.terms import Grade

from ..wiring import CodeField, Name, Ulid, Words
from .catalogue import entry_crumbs
from .form import Misfilled
from .frame import Answer, TheVisit, acted, done, page, shown
from .grading import reasons_in_words, worded
from .overtaken import entry_overtaken
from .visit import Visit
from .wizard import cited, lines_of, own_entry, step_address
from .wizard_choices import CONDITIONS, CYCLES, GRADES, OPENINGS, SHARES, TYPES, masks_with

ItemName = Annotated[str, msgspec.Meta(pattern="^[a-z][a-z0-9_]{0,62}$")]
Length = Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]


class ItemForm(msgspec.Struct, kw_only=True):
    """One item as an officer fills it in."""

    name: ItemName
    title: Name = ""
    element: Name = ""
    data_type: DataType
    length: Length | None = None
    share_type: ShareType
    grade: Grade
    mask: Name = ""
    key: bool = False
    required: bool = False
    reason: Words = ""
    conditions: tuple[ShareCondition, ...] = ()
    other_conditions: Words = ""
    open_type: OpenType | None = None
    open_condition: Name = ""
    update_cycle: UpdateCycle | None = None
    source: CodeField | None = None
    classified: bool = False


@shown("/entries/{entry_id:str}/edit/item", guard="pages.entry_draft")
def show_item(visit: TheVisit, entry_id: Ulid) -> Answer:
    """Show one item, or an empty form for a new one."""
    entry = own_entry(visit, entry_id)
    item = item_of(entry, visit.asked("name"))
    with visit.house.reading() as db:
        elements = registers.elements(db)
        bodies = tuple((one.code, one.name) for one in registers.bodies(db) if one.code != entry.provider)
        wishes = census.wishes_for(db, entry) if item else ()
    in_chinese = visit.language == "zh-CN"
    basis = item.legal_basis[0] if item and item.legal_basis else None
    return page(
        visit,
        "catalogue/item.html",
        title=item.title if item else text("New item"),
        crumbs=(*entry_crumbs(entry), (step_address(entry_id, Part.ITEMS, Part.ITEMS), text("Items"))),
        entry=entry,
        item=item,
        basis=basis,
        elements=tuple((one.id, one.title if in_chinese else one.title_en) for one in elements),
        types=TYPES,
        shares=SHARES,
        grades=GRADES,
        masks=masks_with(item.mask if item else None),
        instruments=Instrument,
        seen=catalogue.digest_of(entry),
        overtaken=entry_overtaken(visit, entry, lambda: _typed(visit, entry, item)),
        conditions=CONDITIONS,
        openings=tuple((one, words) for one, words, _, _ in OPENINGS),
        cycles=CYCLES,
        bodies=bodies,
        advised=[
            (one.aspect, worded(one.aspect, one.proposed), reasons_in_words(visit, one.reasons, elements))
            for one in wishes
            if item and one.item == item.name
        ],
        missing=tuple(item.content_faults(entry.terms)) if item else (),
    )


@acted("/entries/{entry_id:str}/edit/item", guard="pages.entry_draft", again=show_item)
def save_item(visit: TheVisit, entry_id: Ulid) -> Answer:
    """Keep one item in its place, or add it at the end."""
    given = visit.form.read(ItemForm)
    before = visit.asked("name")
    with visit.desk() as desk:
        entry = catalogue.visible_to(desk.db, entry_id, desk.actor, hold=True)
        old = item_of(entry, before)
        item = _item(visit, given, old)
        catalogue.draft(desk, _with(entry, item, before), seen=visit.form.seen)
    another = visit.form.get("to") == "another"
    return done(desk, f"/entries/{entry_id}/edit/{'item' if another else Part.ITEMS}")


@acted("/entries/{entry_id:str}/edit/item/removal", guard="pages.entry_draft")
def remove_item(visit: TheVisit, entry_id: Ulid) -> Answer:
    """Take an item out of the entry."""
    with visit.desk() as desk:
        entry = catalogue.visible_to(desk.db, entry_id, desk.actor, hold=True)
        name = visit.form.get("name")
        catalogue.draft(
            desk, replace(entry, items=tuple(one for one in entry.items if one.name != name)), seen=visit.form.seen
        )
    return done(desk, step_address(entry_id, Part.ITEMS, Part.ITEMS))


@acted("/entries/{entry_id:str}/edit/item/place", guard="pages.entry_draft")
def move_item(visit: TheVisit, entry_id: Ulid) -> Answer:
    """Put an item one place further up."""
    with visit.desk() as desk:
        entry = catalogue.visible_to(desk.db, entry_id, desk.actor, hold=True)
        items = list(entry.items)
        place = next((n for n, one in enumerate(items) if one.name == visit.form.get("name")), 0)
        if place:
            items[place - 1 : place + 1] = items[place], items[place - 1]
        catalogue.draft(desk, replace(entry, items=tuple(items)), seen=visit.form.seen)
    return done(desk, step_address(entry_id, Part.ITEMS, Part.ITEMS))


def item_of(entry: Entry, name: str) -> Item | None:
    """Return the item of that name; none where no name was given."""
    found = next((one for one in entry.items if one.name == name), None)
    if name and found is None:
        raise NotFound("item", name[:63])
    return found


def _with(entry: Entry, item: Item, before: str) -> Entry:
    """Return the entry with the item in the place of the one that had the name ``before``, or at the end."""
    kept = tuple(item if one.name == before else one for one in entry.items)
    return replace(entry, items=kept if before else (*entry.items, item))


def _typed(visit: Visit, entry: Entry, old: Item | None) -> Entry:
    return _with(entry, _item(visit, visit.form.read(ItemForm), old), old.name if old else "")


def _item(visit: Visit, given: ItemForm, old: Item | None) -> Item:
    element = None
    if given.element:
        with visit.house.reading() as db:
            element = registers.find_element(db, given.element)
    title = given.title or (element.title if element else "")
    if not title:
        raise Misfilled({"title": text("this must be filled in")})
    others = old.legal_basis[1:] if old else ()
    return Item(
        name=given.name,
        title=title,
        data_type=given.data_type,
        length=given.length,
        element=given.element or None,
        share_type=given.share_type,
        grade=given.grade,
        required=given.required,
        key=given.key,
        mask=given.mask or None,
        reason=given.reason,
        conditions=given.conditions,
        other_conditions=lines_of(given.other_conditions),
        open_type=given.open_type,
        open_condition=given.open_condition,
        update_cycle=given.update_cycle,
        source=given.source or "",
        classified=given.classified,
        legal_basis=(*cited(visit), *others),
    )


PAGES = [show_item, save_item, remove_item, move_item]
