"""Pages of quality: what the rules found in a batch, rows that fail them, and the objections at the source."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from litestar.params import Parameter

from jutong import catalogue, guard, ledger, oversight, quality, registers
from jutong.catalogue import Entry
from jutong.kernel.clock import LEGAL_TIME
from jutong.kernel.errors import NotFound
from jutong.kernel.text import Text, plain, text
from jutong.quality import Examination, Rule, RuleCount
from jutong.terms.element import Dimension, Severity, StandardElement

from ..collection import visible_batch
from ..wiring import Ulid
from .collection import TONES
from .delivering import crumbs_of
from .frame import Answer, TheVisit, page, shown
from .visit import Visit

FIRST = ("/", text("First page"))
TREND = 12  # batches
EXAMPLES = 20
RuleName = Annotated[str, Parameter(pattern="^[a-z][a-z0-9_]{0,62}[.][a-z0-9-]{1,100}$")]


@dataclass(frozen=True, slots=True)
class RuleSaid:
    """One rule with what it says and what it found."""

    count: RuleCount
    message: Text
    item: str
    basis: Text

    @property
    def passing(self) -> float | None:
        """The share of the rows asked that pass."""
        return None if not self.count.asked else 1 - self.count.failed / self.count.asked


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What an examination found, as its page shows it; ``where`` is the evidence of the numbers."""

    failing: Sequence[RuleSaid]
    holding: Sequence[RuleSaid]
    dimensions: Sequence[tuple[Dimension, tuple[float, str]]]
    unmeasured: Sequence[Dimension]
    where: str
    tone: str
    may_look: bool


@shown("/entries/{entry_id:str}/quality", guard="pages.quality")
def entry_quality(visit: TheVisit, entry_id: Ulid) -> Answer:
    """Show the latest examination of an entry's rows, and how the batches before fared."""
    with visit.house.reading() as db:
        entry = catalogue.visible_to(db, entry_id, visit.acting)
        newest = quality.newest_examinations(db, entry.id, limit=TREND)
        found = _examined(visit, db, entry, newest[0]) if newest else None
        may_deliver = visit.may("collection.collect", entry.label)
    return page(
        visit,
        "quality/examination.html",
        title=text("Quality of {title}", title=entry.title),
        crumbs=crumbs_of(entry)[:2],
        entry=entry,
        latest=newest[0] if newest else None,
        trend=_trend(newest),
        may_deliver=may_deliver,
        found=found,
    )


@shown("/batches/{batch_id:str}/quality", guard="pages.quality")
def batch_quality(visit: TheVisit, batch_id: Ulid) -> Answer:
    """Show what the rules found in one batch."""
    with visit.house.reading() as db:
        batch = visible_batch(visit.house, visit.acting, batch_id, db)
        entry = catalogue.visible_to(db, batch.entry, visit.acting)
        examination = quality.known_examination(db, batch.id)
        found = _examined(visit, db, entry, examination) if examination else None
    return page(
        visit,
        "quality/examination.html",
        title=text("Findings in a batch of {title}", title=entry.title),
        crumbs=(*crumbs_of(entry), (f"/batches/{batch.id}", text("Batch"))),
        entry=entry,
        latest=examination,
        trend=(),
        may_deliver=False,
        found=found,
    )


@shown("/batches/{batch_id:str}/findings/{rule:str}", guard="pages.quality")
def show_examples(visit: TheVisit, batch_id: Ulid, rule: RuleName) -> Answer:
    """Show rows that fail a rule, masked; looking leaves a line."""
    after = visit.asked("after")
    with visit.house.reading() as db:
        batch = visible_batch(visit.house, visit.acting, batch_id, db)
        entry = catalogue.visible_to(db, batch.entry, visit.acting)
        examination = quality.find_examination(db, batch.id)
        count = next((one for one in examination.counts if one.rule == rule), None)
        if count is None:
            raise NotFound("rule", rule)
        asked = _asked(visit, db, entry, examination)[rule]
    with visit.desk() as desk:
        start = int(after) if after.isascii() and after.isdigit() and len(after) < 16 else -1
        rows = quality.look_at_examples(desk, batch.id, rule, after=start, limit=EXAMPLES + 1)
    return page(
        visit,
        "quality/examples.html",
        title=text("Rows that fail: {rule}", rule=asked.message),
        crumbs=(
            *crumbs_of(entry),
            (f"/batches/{batch.id}", text("Batch")),
            (f"/batches/{batch.id}/quality", text("Findings")),
        ),
        entry=entry,
        batch=batch,
        asked=asked,
        rows=rows[:EXAMPLES],
        next=rows[EXAMPLES - 1].row if len(rows) > EXAMPLES else None,
        first=start >= 0,
        line=desk.left[-1][1],
    )


def _examined(visit: Visit, db: Any, entry: Entry, examination: Examination) -> Found:
    """Return what the page of an examination shows."""
    asked = sorted(
        _asked(visit, db, entry, examination).values(),
        key=lambda one: (one.count.failed == 0, one.count.severity is not Severity.ERROR, -one.count.failed),
    )
    lines = ledger.read_about(db, on=examination.batch, act="quality.examined", limit=1)
    sight = oversight.sight_of(db, visit.acting)
    line = next((kept.line for kept in lines if sight.shows(kept.line)), None)
    where = f"/ledger/lines/{line.id}" if line else f"/batches/{examination.batch}"
    return Found(
        failing=[one for one in asked if one.count.failed],
        holding=[one for one in asked if not one.count.failed],
        dimensions=[(dimension, (value / 10, where)) for dimension, value in examination.dimensions.items()],
        unmeasured=[one for one in Dimension if one not in examination.dimensions],
        where=where,
        tone=TONES[examination.band],
        may_look=visit.may("quality.look_at_examples", _about(visit, db, entry)),
    )


def _about(visit: Visit, db: Any, entry: Entry) -> guard.Label:
    return guard.Label(owner=entry.provider, parties=quality.objectors(visit.acting, registers.bodies(db)))


def _trend(newest: Sequence[Examination]) -> list[tuple[str, tuple[float, str]]]:
    return [
        (one.examined_at.astimezone(LEGAL_TIME).date().isoformat(), (one.score / 10, f"/batches/{one.batch}/quality"))
        for one in reversed(newest)
    ]


def _asked(visit: Visit, db: Any, entry: Entry, examination: Examination) -> dict[str, RuleSaid]:
    """Return the rules that were asked, with their words, by their names."""
    rules = rules_of(visit, db, entry)
    elements = {one.id: one for one in registers.elements(db)}
    titles = {item.name: item.title for item in entry.items}
    return {
        count.rule: RuleSaid(
            count,
            rules[count.rule].message if count.rule in rules else plain(count.rule),
            titles.get(count.item, count.item),
            basis_of(visit, rules.get(count.rule), elements),
        )
        for count in examination.counts
    }


def rules_of(visit: Visit, db: Any, entry: Entry) -> dict[str, Rule]:
    """Return the rules of an entry by their identifiers, as they stand today."""
    book = quality.standing_edition(db, entry.id).book
    sources = dict.fromkeys(("", *book.entries), "")
    standards = quality.standards_of(db)
    book_now = quality.rulebook_of(entry, standards, today=visit.today, book=book, sources=sources)
    return {rule.id: rule for rule in book_now.all_rules}


def basis_of(visit: Visit, rule: Rule | None, elements: Mapping[str, StandardElement]) -> Text:
    """Return what a rule rests on."""
    element = elements.get(rule.element or "") if rule else None
    if element is None:
        return text("the entry's own statement on the item")
    return text("standard element {title}", title=element.title if visit.language == "zh-CN" else element.title_en)


PAGES = [
    entry_quality,
    batch_quality,
    show_examples,
]
