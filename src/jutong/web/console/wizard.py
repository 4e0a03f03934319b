"""The wizard of an entry: one idea a screen, each saved as a draft, left and taken up again at any step."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import msgspec
from litestar.params import FromPath

from jutong import catalogue
from jutong.catalogue import (
    Entry,
    Format,
    Instrument,
    LegalBasis,
    OpenType,
    Part,
    Purpose,
    Search,
    ShareCondition,
    ShareType,
    Stage,
    TermsOfUse,
    Theme,
    UpdateCycle,
)
from jutong.guard import Method
from jutong.kernel.errors import NotFound
from jutong.kernel.text import Text, text

from ..wiring import Name, Ulid, UlidField, Words
from .catalogue import entry_crumbs, legal
from .form import Misfilled
from .frame import Answer, TheVisit, acted, done, page, shown
from .overtaken import entry_overtaken
from .visit import Visit
from .wizard_choices import CONDITIONS, CYCLES, FORMATS, METHODS, OPENINGS, PURPOSES, SHARES, THEMES

TEMPLATE = "enterprise_register"
REVIEW = "review"
ENTRIES_TO_COPY = 50


class Start(msgspec.Struct, kw_only=True):
    """With what a new entry begins."""

    way: str
    title: Name = ""
    copy: UlidField | None = None


class About(msgspec.Struct, kw_only=True):
    """What the data is."""

    title: Name
    abstract: Words = ""
    format: Format
    theme: Theme | None = None


class Sharing(msgspec.Struct, kw_only=True):
    """Who may have it."""

    share_type: ShareType
    reason: Words = ""


class Conditions(msgspec.Struct, kw_only=True):
    """For what, and under which conditions."""

    scope: Words = ""
    purposes: tuple[Purpose, ...] = ()
    conditions: tuple[ShareCondition, ...] = ()
    other_conditions: Words = ""


class Citation(msgspec.Struct, kw_only=True):
    """One more rule that is cited; nothing where none of it is filled in."""

    instrument: Instrument | None = None
    rule: Name = ""
    article: Name = ""


class Delivery(msgspec.Struct, kw_only=True):
    """How often it is renewed, and how it reaches its users."""

    update_cycle: UpdateCycle
    methods: tuple[Method, ...] = ()
    service: Name = ""
    region_item: Name = ""
    resource_codes: Words = ""


class Opening(msgspec.Struct, kw_only=True):
    """What the public may have."""

    open_type: OpenType
    open_condition: Words = ""


class Assessment(msgspec.Struct, kw_only=True):
    """The two assessments that come before the signature."""

    secrecy_assessed: bool = False
    impact_assessed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One screen: its question, the law behind it, and what it makes of the entry."""

    title: Text
    law: Text
    fill: Callable[[Visit, Entry], Entry]


def _about(visit: Visit, entry: Entry) -> Entry:
    given = visit.form.read(About)
    return replace(entry, title=given.title, abstract=given.abstract, format=given.format, theme=given.theme)


def _as_it_is(visit: Visit, entry: Entry) -> Entry:
    return entry


def _sharing(visit: Visit, entry: Entry) -> Entry:
    given = visit.form.read(Sharing)
    return _on_terms(entry, share_type=given.share_type, reason=given.reason)


def _conditions(visit: Visit, entry: Entry) -> Entry:
    given = visit.form.read(Conditions)
    return _on_terms(
        entry,
        scope=lines_of(given.scope),
        purposes=given.purposes,
        conditions=given.conditions,
        other_conditions=lines_of(given.other_conditions),
    )


def _basis(visit: Visit, entry: Entry) -> Entry:
    added = cited(visit)
    return _on_terms(entry, legal_basis=(*entry.legal_basis, *added))


def _delivery(visit: Visit, entry: Entry) -> Entry:
    given = visit.form.read(Delivery)
    return replace(
        entry,
        update_cycle=given.update_cycle,
        methods=given.methods,
        service=given.service,
        region_item=given.region_item,
        resource_codes=lines_of(given.resource_codes),
    )


def _opening(visit: Visit, entry: Entry) -> Entry:
    given = visit.form.read(Opening)
    return replace(entry, open_type=given.open_type, open_condition=given.open_condition)


def _assessment(visit: Visit, entry: Entry) -> Entry:
    given = visit.form.read(Assessment)
    return replace(entry, secrecy_assessed=given.secrecy_assessed, impact_assessed=given.impact_assessed)


STEPS: Mapping[str, Step] = {
    Part.ABOUT: Step(title=text("What it is"), law=text("Order 809, art. 13"), fill=_about),
    Part.ITEMS: Step(title=text("Items"), law=text("Order 809, art. 13"), fill=_as_it_is),
    Part.SHARING: Step(title=text("Who may have it"), law=text("Order 809, art. 14"), fill=_sharing),
    Part.CONDITIONS: Step(title=text("Purposes and conditions"), law=text("Order 809, art. 15"), fill=_conditions),
    Part.BASIS: Step(title=text("Legal basis"), law=text("Order 809, arts 13-15"), fill=_basis),
    Part.DELIVERY: Step(title=text("Renewal and ways of sharing"), law=text("Order 809, arts 13, 22"), fill=_delivery),
    Part.OPENING: Step(title=text("Opening to the public"), law=text("Order 809, art. 13"), fill=_opening),
    Part.ASSESSMENT: Step(title=text("Assessments"), law=text("Order 809, art. 13"), fill=_assessment),
    REVIEW: Step(title=text("Review"), law=text("Order 809, art. 13"), fill=_as_it_is),
}
ORDER = tuple(STEPS)
OPTIONS: Mapping[str, Any] = {
    "formats": FORMATS,
    "themes": THEMES,
    "shares": SHARES,
    "purposes": PURPOSES,
    "conditions": CONDITIONS,
    "instruments": Instrument,
    "cycles": CYCLES,
    "methods": METHODS,
    "openings": OPENINGS,
}


@shown("/entries/new", guard="pages.entry_draft")
def begin(visit: TheVisit) -> Answer:
    """Ask with what a new entry begins."""
    with visit.house.reading() as db:
        own = catalogue.summaries(db, visit.acting, Search(own=True, descending=True, limit=ENTRIES_TO_COPY))
        wanted = visit.asked("copy")
        copied = catalogue.visible_to(db, wanted, visit.acting) if wanted else None
    to_copy = {one.id: one.title for one in own} | ({copied.id: copied.title} if copied else {})
    return page(
        visit,
        "catalogue/begin.html",
        title=text("New entry"),
        crumbs=(("/", text("First page")), ("/entries", text("Catalogue"))),
        to_copy=tuple(to_copy.items()),
        copied=copied,
    )


@acted("/entries/new", guard="pages.entry_draft", again=begin)
def begun(visit: TheVisit) -> Answer:
    """Draft the new entry, and go to its first screen."""
    given = visit.form.read(Start)
    beginning = _beginning(visit, given)
    with visit.desk() as desk:
        entry = catalogue.draft(desk, replace(beginning, id=desk.new_id()))
    return done(desk, f"/entries/{entry.id}/edit/{Part.ABOUT}")


def _beginning(visit: Visit, given: Start) -> Entry:
    body = visit.acting.org
    with visit.house.reading() as db:
        match given.way:
            case "template":
                entry = catalogue.template(TEMPLATE, body)
                taken = catalogue.id_of_service(db, body, entry.service) is not None
                entry = replace(entry, service="" if taken else entry.service)
            case "copy":
                if given.copy is None:
                    raise Misfilled({"copy": text("choose from the list")})
                entry = catalogue.visible_to(db, given.copy, visit.acting).copied(body)
            case "nothing":
                if not given.title:
                    raise Misfilled({"title": text("this must be filled in")})
                entry = Entry(
                    id="", provider=body, title=given.title, terms=TermsOfUse(share_type=ShareType.CONDITIONAL)
                )
            case _:
                raise Misfilled({"way": text("choose from the list")})
    return replace(entry, title=given.title or entry.title)


@shown("/entries/{entry_id:str}/edit/{step:str}", guard="pages.entry_draft")
def show_step(visit: TheVisit, entry_id: Ulid, step: FromPath[str]) -> Answer:
    """Show one screen of the wizard as it was left."""
    if step not in STEPS:
        raise NotFound("step", step[:40])
    entry = own_entry(visit, entry_id)
    return page(
        visit,
        f"catalogue/step_{step}.html",
        title=STEPS[step].title,
        crumbs=entry_crumbs(entry),
        entry=entry,
        step=step,
        law=STEPS[step].law,
        steps=_progress(entry, step),
        seen=catalogue.digest_of(entry),
        overtaken=entry_overtaken(visit, entry, lambda: STEPS[step].fill(visit, entry)),
        number=ORDER.index(step) + 1,
        missing=tuple(fault for part, fault in entry.missing() if part == step or step == REVIEW),
        missing_by_step=_missing_by_step(entry),
        citations=tuple(legal(one) for one in entry.legal_basis),
        item_choices=tuple((one.name, one.title) for one in entry.items),
        editable=entry.stage in (Stage.DRAFT, Stage.RETURNED, Stage.PUBLISHED),
        **OPTIONS,
    )


@acted("/entries/{entry_id:str}/edit/{step:str}", guard="pages.entry_draft", again=show_step)
def save_step(visit: TheVisit, entry_id: Ulid, step: FromPath[str]) -> Answer:
    """Save one screen, and go to the one that was asked for."""
    if step not in STEPS:
        raise NotFound("step", step[:40])
    to = visit.form.get("to", "next")
    with visit.desk() as desk:
        entry = catalogue.visible_to(desk.db, entry_id, desk.actor, hold=True)
        catalogue.draft(desk, STEPS[step].fill(visit, entry), seen=visit.form.seen)
    return done(desk, step_address(entry_id, step, to))


@acted("/entries/{entry_id:str}/edit/rule/removal", guard="pages.entry_draft")
def remove_citation(visit: TheVisit, entry_id: Ulid) -> Answer:
    """Take one cited rule away."""
    place = visit.form.get("place")
    with visit.desk() as desk:
        entry = catalogue.visible_to(desk.db, entry_id, desk.actor, hold=True)
        kept = tuple(one for number, one in enumerate(entry.legal_basis) if str(number) != place)
        catalogue.draft(desk, _on_terms(entry, legal_basis=kept), seen=visit.form.seen)
    return done(desk, step_address(entry_id, Part.BASIS, Part.BASIS))


def own_entry(visit: Visit, entry_id: str) -> Entry:
    """Return the version that the visitor's body works on, or refuse who may not draft it."""
    with visit.house.reading() as db:
        entry = catalogue.visible_to(db, entry_id, visit.acting)
    if not visit.may("catalogue.draft", entry.sheet):
        with visit.desk() as desk:
            desk.allow("catalogue.draft", entry.sheet)
    return entry


def step_address(entry_id: str, step: str, to: str) -> str:
    """Return the address of the screen that was asked for from ``step``: the next, the previous, another, or none."""
    here = ORDER.index(step)
    match to:
        case "previous":
            to = ORDER[max(here - 1, 0)]
        case "next":
            to = ORDER[min(here + 1, len(ORDER) - 1)]
    return f"/entries/{entry_id}/edit/{to}" if to in STEPS else f"/entries/{entry_id}"


def cited(visit: Visit) -> tuple[LegalBasis, ...]:
    """Return the rule that a form cites, if any of it is filled in."""
    given = visit.form.read(Citation)
    if not (given.rule or given.article or given.instrument):
        return ()
    faults = {
        name: text("this must be filled in")
        for name, value in (("instrument", given.instrument), ("rule", given.rule))
        if not value
    }
    if faults or given.instrument is None:
        raise Misfilled(faults)
    return (LegalBasis(instrument=given.instrument, title=given.rule, article=given.article),)


def lines_of(words: str) -> tuple[str, ...]:
    r"""Return the lines that are filled in.

    >>> lines_of(" a \n\n b")
    ('a', 'b')
    """
    return tuple(one.strip() for one in words.splitlines() if one.strip())


def _on_terms(entry: Entry, **changes: object) -> Entry:
    return replace(entry, terms=replace(entry.terms, **changes))  # type: ignore[arg-type]


def _missing_by_step(entry: Entry) -> tuple[tuple[str, Text, tuple[Text, ...]], ...]:
    missing = entry.missing()
    return tuple(
        (step, STEPS[step].title, tuple(fault for part, fault in missing if part == step))
        for step in ORDER
        if any(part == step for part, _ in missing)
    )


def _progress(entry: Entry, here: str) -> tuple[tuple[str, Text, str, int], ...]:
    """Return each screen with its state: here, complete, or how much is still missing in it."""
    missing = [part for part, _ in entry.missing()]
    return tuple(
        (
            step,
            one.title,
            "here" if step == here else "open" if step in missing else "plain" if step == REVIEW else "complete",
            missing.count(Part(step)) if step != REVIEW else 0,
        )
        for step, one in STEPS.items()
    )


PAGES = [begin, begun, show_step, save_step, remove_citation]
