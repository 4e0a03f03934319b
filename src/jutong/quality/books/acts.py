"""What is done about rulebooks: try one on a sample, and issue it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from jutong import catalogue, registers
from jutong.catalogue.entry import Entry
from jutong.collection.batch import Batch
from jutong.desk import Desk
from jutong.guard import Label

from ..asking import Asking, asking_of, newest_batch, refuse_unfit
from ..edition import Edition
from ..example import Example, examples_of
from ..odcs import book_of
from ..rule import Rule, RuleCount
from ..scan import failing_rows, rows_at
from ..sight import objectors
from . import store

SAMPLE, EXAMPLES = 10_000, 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What a rulebook finds in the first rows of an entry's newest batch, with masked examples of each rule."""

    rules: tuple[Rule, ...] = ()
    unasked: tuple[str, ...] = ()
    rows: int = 0
    batch: str = ""
    counts: tuple[RuleCount, ...] = ()
    examples: Mapping[str, tuple[Example, ...]] = field(default_factory=dict)


def issue_rulebook(desk: Desk, entry_id: str, document: object, *, seen: int) -> Edition:
    """Issue an entry's own rules: asked, beside its standard elements' rules, of every batch from now on."""
    entry = catalogue.visible_to(desk.db, entry_id, desk.actor)
    desk.allow("quality.issue_rulebook", Label(owner=entry.provider))
    book = book_of(document)
    refuse_unfit(desk.db, book, entry, today=desk.today)
    before = store.standing_edition(desk.db, entry.id)
    items = {item.name: item.title for item in entry.items}
    issued = before.next(book, seen=seen, items=items, title=entry.title, at=desk.now, by=desk.actor.id)
    if issued is not before:
        store.save_edition(desk.db, issued)
        desk.record("quality.rulebook_issued", on=entry.id, provider=entry.provider, **issued.facts())
    return issued


def try_rulebook(desk: Desk, entry_id: str, document: object) -> Trial:
    """Ask a rulebook that is not issued yet of a sample; that somebody saw masked rows is on record."""
    entry = catalogue.visible_to(desk.db, entry_id, desk.actor)
    parties = objectors(desk.actor, registers.bodies(desk.db))
    desk.allow("quality.try_rulebook", Label(owner=entry.provider, parties=parties))
    book = book_of(document)
    refuse_unfit(desk.db, book, entry, today=desk.today)
    newest = newest_batch(desk.db, entry.id)
    trial = Trial()
    if newest is not None:
        asking = asking_of(
            desk.db, desk.pools.engine, entry, newest, today=desk.today, book=book, first_rows=SAMPLE
        )  # fmt: skip
        with desk.released():
            trial = _tried(desk, entry, newest, asking)
    desk.record(
        "quality.rulebook_tried", on=entry.id, entry=entry.id, provider=entry.provider, batch=trial.batch,
        rows=trial.rows, rules=len(book.rules),
    )  # fmt: skip
    return trial


def _tried(desk: Desk, entry: Entry, batch: Batch, asking: Asking) -> Trial:
    engine = desk.pools.engine
    rows, counts, places = failing_rows(engine, asking.sought, asking.rules, most=EXAMPLES)
    wanted = sorted({place for each in places.values() for place in each})
    seen = {one.row: one for one in examples_of(rows_at(engine, batch, wanted), entry, desk.actor.cleared)}
    return Trial(
        rules=asking.rules.all_rules,
        unasked=asking.rules.unasked,
        rows=rows,
        batch=batch.id,
        counts=counts,
        examples={rule: tuple(seen[place] for place in each if place in seen) for rule, each in places.items()},
    )
