"""The page of an entry's rulebook: what is asked, a draft to change and try on a sample, and its issue."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any

import msgspec

from jutong import catalogue, guard, quality, registers
from jutong.catalogue import Entry
from jutong.kernel.errors import Invalid
from jutong.kernel.text import Text, text
from jutong.quality import Edition, Example, Rule, RuleCount, Trial
from jutong.terms.element import Severity

from ..wiring import NO_NUL, Ulid
from .delivering import crumbs_of
from .frame import Answer, TheVisit, acted, done, page, shown
from .quality import basis_of
from .visit import Visit

Line = Annotated[str, msgspec.Meta(max_length=2000, pattern=NO_NUL)]


class Kind(StrEnum):
    """The rules that can be added without writing a document."""

    REQUIRED = "required"
    UNIQUE = "unique"
    PATTERN = "pattern"
    ONE_OF = "one-of"
    SATISFIES = "satisfies"


KINDS: Mapping[Kind, Text] = {
    Kind.REQUIRED: text("something is filled in"),
    Kind.UNIQUE: text("no two rows share the value"),
    Kind.PATTERN: text("the value has a form (a regular expression)"),
    Kind.ONE_OF: text("the value is one of a list"),
    Kind.SATISFIES: text("the row satisfies an expression"),
}


class Addition(msgspec.Struct, kw_only=True):
    """One rule as it is filled in."""

    kind: Kind
    item: Line = ""
    told: Line = ""
    says: Line = ""
    severity: Severity = Severity.ERROR


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One rule as the page shows it, with what a trial found of it."""

    rule: Rule
    item: str
    basis: Text
    count: RuleCount | None
    examples: Sequence[Example]


@shown("/entries/{entry_id:str}/rulebook", guard="pages.quality")
def show_rulebook(visit: TheVisit, entry_id: Ulid) -> Answer:
    """Show what is asked of an entry's rows, and the draft of its own rules."""
    return _page(visit, entry_id, visit.form.get("document"), None)


@acted("/entries/{entry_id:str}/rulebook", guard="pages.quality", again=show_rulebook)
def issue_rulebook(visit: TheVisit, entry_id: Ulid) -> Answer:
    """Issue the draft."""
    document = quality.document_of_text(visit.form.get("document").encode())
    seen = visit.form.get("edition")
    with visit.desk() as desk:
        quality.issue_rulebook(desk, entry_id, document, seen=int(seen) if re.fullmatch("[0-9]{1,9}", seen) else 0)
    return done(desk, f"/entries/{entry_id}/rulebook")


@acted("/entries/{entry_id:str}/rulebook/trial", guard="pages.quality", again=show_rulebook)
def try_rulebook(visit: TheVisit, entry_id: Ulid) -> Answer:
    """Try the draft on a sample, with one rule more if one was filled in."""
    document = quality.document_of_text(visit.form.get("document").encode())
    if visit.form.get("do") == "add":
        document = _with_rule(document, visit.form.read(Addition))
    with visit.desk() as desk:
        trial = quality.try_rulebook(desk, entry_id, document)
    return _page(visit, entry_id, _spelled(document), trial)


def _page(visit: Visit, entry_id: str, document: str, trial: Trial | None) -> Answer:
    with visit.house.reading() as db:
        entry = catalogue.visible_to(db, entry_id, visit.acting)
        standing = quality.standing_edition(db, entry.id)
        editions = quality.editions(db, entry.id, limit=10)
        elements = {one.id: one for one in registers.elements(db)}
        rules = trial.rules if trial and trial.rules else _standing_rules(visit, db, entry, standing)
        parties = quality.objectors(visit.acting, registers.bodies(db))
    counts = {one.rule: one for one in trial.counts} if trial else {}
    titles = {item.name: item.title for item in entry.items}
    asked = [
        Asked(
            rule=rule,
            item=titles.get(rule.item, rule.item),
            basis=basis_of(visit, rule, elements) if rule.element else _own(rule),
            count=counts.get(rule.id),
            examples=trial.examples.get(rule.id, ()) if trial else (),
        )
        for rule in rules
    ]
    return page(
        visit,
        "quality/rulebook.html",
        title=text("Rulebook of {title}", title=entry.title),
        crumbs=crumbs_of(entry)[:2],
        entry=entry,
        standing=standing,
        editions=editions,
        asked=sorted(asked, key=lambda one: -(one.count.failed if one.count else 0)),
        prose=standing.book.unasked,
        trial=trial,
        document=document or _spelled(quality.shown_document(standing, entry)),
        kinds=tuple((kind.value, words) for kind, words in KINDS.items()),
        severities=Severity,
        items=tuple((item.name, item.title) for item in entry.items),
        functions=", ".join(quality.FUNCTIONS),
        may_try=visit.may("quality.try_rulebook", guard.Label(owner=entry.provider, parties=parties)),
        may_issue=visit.may("quality.issue_rulebook", guard.Label(owner=entry.provider)),
    )


def _standing_rules(visit: Visit, db: Any, entry: Entry, standing: Edition) -> tuple[Rule, ...]:
    book = standing.book
    sources = dict.fromkeys(("", *book.entries), "")
    standards = quality.standards_of(db)
    return quality.rulebook_of(entry, standards, today=visit.today, book=book, sources=sources).all_rules


def _own(rule: Rule) -> Text:
    del rule
    return text("the entry's own rulebook")


def _with_rule(document: object, added: Addition) -> object:
    """Return a document with one rule more, at the item that it is about."""
    rule: dict[str, Any] = {"severity": added.severity.value, "description": added.says}
    match added.kind:
        case Kind.REQUIRED:
            rule |= {"type": "library", "metric": "nullValues", "mustBe": 0}
        case Kind.UNIQUE:
            rule |= {"type": "library", "metric": "duplicateValues", "mustBe": 0}
        case Kind.PATTERN:
            rule |= {"type": "library", "metric": "invalidValues", "arguments": {"pattern": added.told}, "mustBe": 0}
        case Kind.ONE_OF:
            values = [word.strip() for word in added.told.replace("，", ",").split(",") if word.strip()]
            rule |= {"type": "library", "metric": "invalidValues", "arguments": {"validValues": values}, "mustBe": 0}
        case Kind.SATISFIES:
            made = {"check": "satisfies", "expression": added.told}
            rule |= {"type": "custom", "engine": "jutong", "implementation": made}
    quality.book_of(document)
    schema = dict(document["schema"][0]) if isinstance(document, dict) else {}
    if added.kind is Kind.SATISFIES:
        return _renewed(document, {**schema, "quality": [*schema.get("quality", ()), rule]})
    properties = [dict(one) for one in schema.get("properties", ())]
    place = next((one for one in properties if one.get("name") == added.item), None)
    if place is None:
        raise Invalid(text("choose the item that the rule is about"), remedy=text("choose from the list"))
    place["quality"] = [*place.get("quality", ()), rule]
    return _renewed(document, {**schema, "properties": properties})


def _renewed(document: object, schema: dict[str, Any]) -> dict[str, Any]:
    return {**document, "schema": [schema]} if isinstance(document, dict) else {"schema": [schema]}


def _spelled(document: object) -> str:
    return msgspec.json.format(msgspec.json.encode(document), indent=2).decode()


PAGES = [show_rulebook, issue_rulebook, try_rulebook]
