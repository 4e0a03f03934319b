"""Pages of one entry: what it says, its versions and its way, and the acts on it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import Enum

import msgspec

from jutong import catalogue, registers, sharing
from jutong.catalogue import CodeScheme, Difference, Entry, Item, LegalBasis, Move, Stage
from jutong.kernel.errors import NotFound
from jutong.kernel.text import Text, plain, text

from ..wiring import Name, Ulid, Words
from .entries import AUDIT_STAGES, TONES
from .frame import Answer, Crumb, TheVisit, acted, done, page, shown
from .visit import Visit
from .wizard_choices import mask_words
from .words import word_of

EDITABLE = (Stage.DRAFT, Stage.RETURNED, Stage.PUBLISHED)
WAY = (Stage.DRAFT, Stage.SIGNED, Stage.SUBMITTED, Stage.REGISTERED, Stage.PUBLISHED)
STEPS: Mapping[Stage, Text] = {
    Stage.DRAFT: text("Drafted"),
    Stage.SIGNED: text("Signed by the department"),
    Stage.SUBMITTED: text("Submitted to the authority"),
    Stage.REGISTERED: text("Registered"),
    Stage.PUBLISHED: text("Published to all"),
    Stage.RETURNED: text("Returned with reasons"),
    Stage.WITHDRAWN: text("Withdrawn"),
}
LAWS: Mapping[Stage, Text] = {
    Stage.DRAFT: text("Order 809, art. 13"),
    Stage.SIGNED: text("Order 809, art. 13"),
    Stage.SUBMITTED: text("Order 809, art. 17"),
    Stage.REGISTERED: text("Order 809, art. 17"),
    Stage.PUBLISHED: text("Order 809, art. 17"),
}
FIELDS: Mapping[str, Text] = {
    "title": text("Title"),
    "service": text("Service name"),
    "abstract": text("Abstract"),
    "format": text("Format"),
    "theme": text("Theme"),
    "methods": text("Ways of sharing"),
    "update_cycle": text("Update cycle"),
    "open_type": text("Opening to the public"),
    "open_condition": text("Conditions of opening"),
    "region_item": text("Item that holds the area"),
    "resource_codes": text("Resource codes"),
    "classified": text("Classified"),
    "secrecy_assessed": text("Secrecy-risk assessment"),
    "impact_assessed": text("Personal-information impact assessment"),
    "share_type": text("Share type"),
    "scope": text("Scope"),
    "purposes": text("Purposes"),
    "conditions": text("Conditions"),
    "other_conditions": text("Other conditions"),
    "reason": text("Reason for not sharing"),
    "legal_basis": text("Legal basis"),
    "order": text("Order of the items"),
    "item": text("The item itself"),
    "data_type": text("Data type"),
    "length": text("Length"),
    "element": text("Standard element"),
    "grade": text("Grade"),
    "required": text("Must be filled"),
    "key": text("Key"),
    "mask": text("Mask"),
    "source": text("Authoritative source"),
}


class Reasons(msgspec.Struct, kw_only=True):
    """Why an entry is sent back: one reason a line."""

    reasons: Words


class Withdrawal(msgspec.Struct, kw_only=True):
    """Why an entry is taken back for good."""

    reason: Words


class Coding(msgspec.Struct, kw_only=True):
    """By which rule and for which classification a code is issued."""

    scheme: Name
    classification: Name


class Registration(msgspec.Struct, kw_only=True):
    """The first audit's answer to conditions that are not on the list."""

    other_conditions_accepted: bool = False


def entry_crumbs(entry: Entry) -> tuple[Crumb, ...]:
    """Return the way to what belongs to an entry."""
    return ("/", text("First page")), ("/entries", text("Catalogue")), (f"/entries/{entry.id}", entry.title)


@shown("/entries/{entry_id:str}", guard="pages.entries")
def show_entry(visit: TheVisit, entry_id: Ulid) -> Answer:
    """Show the version of an entry that the visitor may see, and what may be done with it."""
    with visit.house.reading() as db:
        entry = catalogue.visible_to(db, entry_id, visit.acting)
        versions = catalogue.versions_visible_to(db, entry_id, visit.acting)
        bodies = {one.code: one.name for one in registers.bodies(db)}
        calendar = registers.calendar(db)
        in_force = sharing.agreements_in_force_on(db, entry_id)
    due = entry.audit_due if entry.stage in AUDIT_STAGES else None
    return page(
        visit,
        "catalogue/entry.html",
        title=entry.title,
        crumbs=(("/", text("First page")), ("/entries", text("Catalogue"))),
        entry=entry,
        body=bodies.get(entry.provider, entry.provider),
        tone=TONES[entry.stage],
        seen=catalogue.digest_of(entry),
        own=entry.provider == visit.acting.org,
        versions=versions,
        moves=tuple((one, STEPS[one.stage], _hand(visit, one, bodies)) for one in entry.moves),
        way=_way_of(entry, late=due is not None and due < visit.today),
        due=due,
        days_left=calendar.working_days(visit.today, due) if due else 0,
        provisional=due is not None and calendar.day(due).provisional,
        missing=entry.missing() if entry.stage in EDITABLE else (),
        in_force=in_force,
        citations=tuple(legal(one) for one in entry.legal_basis),
        masks=tuple(mask_words(one.mask, one.grade) for one in entry.items),
        belongings=_belongings(visit, entry),
        may=_may(visit, entry),
        schemes=tuple((one.id, _scheme(one)) for one in catalogue.SCHEMES.values()),
    )


def _scheme(one: CodeScheme) -> Text:
    if one.read:
        return text("{title} ({standard})", title=one.title, standard=one.standard)
    return text("{title} ({standard}), form to be checked", title=one.title, standard=one.standard)


def _may(visit: Visit, entry: Entry) -> Mapping[str, bool]:
    """Return which buttons are shown: what the duty permits and the stage has come to."""
    sheet, stage = entry.sheet, entry.stage
    return {
        "edit": stage in EDITABLE and visit.may("catalogue.draft", sheet),
        "copy": visit.may("catalogue.draft"),
        "sign": stage is Stage.DRAFT and visit.may("catalogue.sign", sheet),
        "submit": stage is Stage.SIGNED and visit.may("catalogue.submit", sheet),
        "register": stage is Stage.SUBMITTED and visit.may("catalogue.audit_registration", sheet),
        "publish": stage is Stage.REGISTERED and visit.may("catalogue.audit_publication", sheet),
        "return": stage in AUDIT_STAGES and visit.may("catalogue.return_entry", sheet),
        "withdraw": stage is not Stage.WITHDRAWN and visit.may("catalogue.withdraw", sheet),
        "ask": stage is Stage.PUBLISHED and visit.may("sharing.draft_request", sheet),
    }


def _belongings(visit: Visit, entry: Entry) -> tuple[tuple[str, Text], ...]:
    """Return the pages of other rooms about an entry, for those who may see them."""
    here, in_force = f"/entries/{entry.id}", entry.stage is Stage.PUBLISHED
    places = (
        (f"{here}/batches", text("Its batches"), visit.may("pages.batches")),
        (f"{here}/quality", text("Its quality"), visit.may("pages.quality")),
        (f"{here}/doubt", text("Doubt a value"), visit.may("pages.doubt")),
        (f"{here}/deliver", text("Deliver a batch"), in_force and visit.may("collection.collect", entry.label)),
        (f"{here}/listings", text("Declared services"), in_force and visit.may("pages.services")),
        (f"{here}/proxies", text("Own services"), in_force and visit.may("pages.services")),
        ("/services", text("Its service"), in_force and visit.may("pages.services")),
    )
    return tuple((path, words) for path, words, seen in places if seen)


def _way_of(entry: Entry, *, late: bool) -> tuple[tuple[Text, str, datetime | None, Text], ...]:
    """Return the steps of this version's way: what is done, what is next, what is to come."""
    last: dict[Stage, datetime] = {}
    for move in entry.moves:
        last = {} if move.stage is Stage.DRAFT else last
        last[move.stage] = move.at
    ended = entry.stage in (Stage.WITHDRAWN, Stage.RETURNED)
    waits = next((stage for stage in WAY if stage not in last), None)
    return tuple(
        (
            STEPS[stage],
            "done"
            if stage in last
            else "skipped"
            if ended
            else ("late" if late else "now")
            if stage is waits
            else "next",
            last.get(stage),
            LAWS[stage],
        )
        for stage in WAY
    )


def _hand(visit: Visit, move: Move, bodies: Mapping[str, str]) -> Text:
    """Return whose hand made a move: the body and the post; the person's name for its own body alone."""
    body = bodies.get(move.org, move.org)
    with visit.house.reading() as db:
        titles = [post.title for post in registers.posts_held_by(db, move.by) if post.body == move.org]
        try:
            name = registers.find_person(db, move.by).name if move.org == visit.acting.org else ""
        except NotFound:
            name = ""
    return plain(" · ".join(one for one in (body, *titles[:1], name) if one))


@shown("/entries/{entry_id:str}/versions", guard="pages.entries")
def show_versions(visit: TheVisit, entry_id: Ulid) -> Answer:
    """Show what two versions say differently."""
    with visit.house.reading() as db:
        versions = {str(one.version): one for one in catalogue.versions_visible_to(db, entry_id, visit.acting)}
    numbers = list(versions)
    newer = visit.asked("to", numbers[-1])
    older = visit.asked("from", numbers[max(0, numbers.index(newer) - 1)] if newer in versions else "")
    if older not in versions or newer not in versions:
        raise NotFound("version of the catalogue entry", f"{older}, {newer}"[:40])
    found = catalogue.differences(versions[older], versions[newer])
    return page(
        visit,
        "catalogue/versions.html",
        title=text("What versions say differently"),
        crumbs=entry_crumbs(versions[newer]),
        versions=tuple(versions.values()),
        older=versions[older],
        newer=versions[newer],
        since=next((move.at for move in reversed(versions[newer].moves) if move.stage is Stage.PUBLISHED), None),
        sides=_sides(versions[older], versions[newer]),
        differences=tuple(
            (place_of(one), value_words(visit, one.before), value_words(visit, one.after)) for one in found
        ),
    )


def _sides(older: Entry, newer: Entry) -> tuple[tuple[Item | None, Item | None, Text, str], ...]:
    """Return the items of two versions beside each other, each pair with what became of it, and its tone."""
    before, after = ({item.name: item for item in entry.items} for entry in (older, newer))
    found: list[tuple[Item | None, Item | None, Text, str]] = []
    for name in dict.fromkeys((*before, *after)):
        old, new = before.get(name), after.get(name)
        if old is None:
            found.append((old, new, text("added"), "green"))
        elif new is None:
            found.append((old, new, text("removed"), "red"))
        else:
            found.append((old, new, text("the same"), "plain") if old == new else (old, new, text("changed"), "amber"))
    return tuple(found)


def place_of(one: Difference) -> Text:
    """Return where two wordings of an entry differ, in words."""
    if not one.item:
        return FIELDS.get(one.field, plain(one.field))
    return text("Item {item}: {field}", item=one.item, field=FIELDS.get(one.field, plain(one.field)))


def value_words(visit: Visit, value: object) -> str:
    """Return a value of a sheet as words; empty for nothing."""
    if isinstance(value, bool):
        return visit.say(text("yes") if value else text("no"))
    if isinstance(value, LegalBasis):
        return visit.say(legal(value))
    if isinstance(value, tuple):
        return "; ".join(value_words(visit, one) for one in value)
    if isinstance(value, Enum):
        return visit.say(word_of(value))
    return "" if value is None else str(value)


def legal(basis: LegalBasis) -> Text:
    """Return a citation as people read it."""
    kind = word_of(basis.instrument)
    if not basis.article:
        return text("{title} ({kind})", title=basis.title, kind=kind)
    return text("{title}, {article} ({kind})", title=basis.title, article=basis.article, kind=kind)


@acted("/entries/{entry_id:str}/code", guard="pages.entries", again=show_entry)
def issue_code(visit: TheVisit, entry_id: Ulid) -> Answer:
    """Give the entry the next code of a coding rule."""
    given = visit.form.read(Coding)
    with visit.desk() as desk:
        catalogue.issue_code(desk, entry_id, given.scheme, given.classification)
    return done(desk, f"/entries/{entry_id}")


@acted("/entries/{entry_id:str}/signature", guard="pages.entries", again=show_entry)
def sign(visit: TheVisit, entry_id: Ulid) -> Answer:
    """Sign as head of the department."""
    with visit.desk() as desk:
        catalogue.sign(desk, entry_id, seen=visit.form.seen)
    return done(desk, f"/entries/{entry_id}")


@acted("/entries/{entry_id:str}/submission", guard="pages.entries", again=show_entry)
def submit(visit: TheVisit, entry_id: Ulid) -> Answer:
    """Hand the entry to the authority."""
    with visit.desk() as desk:
        catalogue.submit(desk, entry_id)
    return done(desk, f"/entries/{entry_id}")


@acted("/entries/{entry_id:str}/registration", guard="pages.entries", again=show_entry)
def register(visit: TheVisit, entry_id: Ulid) -> Answer:
    """Pass the first audit."""
    given = visit.form.read(Registration)
    with visit.desk() as desk:
        accepted = given.other_conditions_accepted
        catalogue.audit_registration(desk, entry_id, other_conditions_accepted=accepted, seen=visit.form.seen)
    return done(desk, f"/entries/{entry_id}")


@acted("/entries/{entry_id:str}/publication", guard="pages.entries", again=show_entry)
def publish(visit: TheVisit, entry_id: Ulid) -> Answer:
    """Pass the second audit."""
    with visit.desk() as desk:
        catalogue.audit_publication(desk, entry_id, seen=visit.form.seen)
    return done(desk, f"/entries/{entry_id}")


@acted("/entries/{entry_id:str}/return", guard="pages.entries", again=show_entry)
def send_back(visit: TheVisit, entry_id: Ulid) -> Answer:
    """Send the entry back with everything that is wrong, one reason a line."""
    given = visit.form.read(Reasons)
    with visit.desk() as desk:
        catalogue.return_entry(desk, entry_id, tuple(one.strip() for one in given.reasons.splitlines() if one.strip()))
    return done(desk, f"/entries/{entry_id}")


@acted("/entries/{entry_id:str}/withdrawal", guard="pages.entries", again=show_entry)
def withdraw(visit: TheVisit, entry_id: Ulid) -> Answer:
    """Take the entry back for good."""
    given = visit.form.read(Withdrawal)
    with visit.desk() as desk:
        catalogue.withdraw(desk, entry_id, given.reason)
    return done(desk, f"/entries/{entry_id}")


PAGES = [show_entry, show_versions, issue_code, sign, submit, register, publish, send_back, withdraw]
