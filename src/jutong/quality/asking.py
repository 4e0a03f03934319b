"""What is asked of a batch: the rules that stood when it came, and the rows of other entries that they look into."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from jutong import catalogue, collection, registers
from jutong.catalogue.entry import Entry
from jutong.collection.batch import Batch
from jutong.kernel.db import Db
from jutong.kernel.errors import Invalid
from jutong.kernel.text import text
from jutong.pools import Engine

from .declared import NO_BOOK, Book, Refers
from .rulebook import Rulebook, Standards, rulebook_of
from .scan import Sought, batch_where, lends, raw_of


@dataclass(frozen=True, slots=True)
class Asking:
    """Compiled rules, and where the rows are that they are asked of."""

    rules: Rulebook
    sought: Sought


def standards_of(db: Db) -> Standards:
    """Return what the rules rest on, as the registers have it."""
    return Standards(
        elements={element.id: element for element in registers.elements(db)},
        divisions=registers.divisions(),
        code_sets={codes.id: codes for codes in registers.code_sets(db)},
    )


def asking_of(
    db: Db, engine: Engine, entry: Entry, batch: Batch, *, today: date, book: Book = NO_BOOK, first_rows: int = 0
) -> Asking:
    """Return what is asked of a batch (of its first rows alone, if so many are named)."""
    others = {other: there for other in book.entries if (there := newest_batch(db, other, batch)) is not None}
    where = batch_where(batch) + (f' AND "_row" <= {first_rows}' if first_rows else "")
    rules = rulebook_of(
        entry,
        standards_of(db),
        today=today,
        book=book,
        sources={"": where, **{other: batch_where(there) for other, there in others.items()}},
        lent=lends(engine),
    )
    tables = {name: raw_of(others[other]) for name, other in rules.looks_into.items()}
    return Asking(rules, Sought({"raw": raw_of(batch), **tables}, where))


def newest_batch(db: Db, entry: str, before: Batch | None = None) -> Batch | None:
    """Return the newest batch of an entry that had come when ``before`` came."""
    there = [one for one in collection.batches(db, entry) if before is None or one.collected_at <= before.collected_at]
    return max(there, key=lambda one: one.collected_at, default=None)


def refuse_unfit(db: Db, book: Book, entry: Entry, *, today: date) -> None:
    """Refuse a book that cannot be asked of an entry, or that looks into rows of another body."""
    for rule in book.rules:
        if not isinstance(rule.check, Refers) or not rule.check.entry:
            continue
        other = catalogue.find(db, rule.check.entry)
        # Asking whether a value stands there answers for one value at a time what the rows hold.
        if other.provider != entry.provider or all(item.name != rule.check.to for item in other.items):
            raise Invalid(
                text("the rule {rule} looks into rows that are not there for it", rule=rule.name),
                basis=text("a rule sees rows of its own provider alone"),
                remedy=text("name an entry of the same provider, and one of its items"),
            )
    rulebook_of(entry, standards_of(db), today=today, book=book, sources=dict.fromkeys(("", *book.entries), ""))


def elements_known(book: Book, elements: Mapping[str, object]) -> None:
    """Refuse a book that names a standard element that nobody knows."""
    for item, element in book.elements.items():
        if element not in elements:
            raise Invalid(
                text("the item {item} names the element {element}, which is no standard", item=item, element=element),
                remedy=text("name one of: {names}", names=", ".join(sorted(elements))),
            )
