"""What stands now beside what was typed, where a colleague was faster."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from jutong import catalogue, ledger, registers
from jutong.catalogue import Entry
from jutong.kernel.errors import NotFound, Overtaken
from jutong.kernel.mark import mark_of
from jutong.kernel.text import Text, plain, text
from jutong.sharing import Sketch, Wish

from .catalogue import place_of, value_words
from .visit import Visit

WISHED: Mapping[str, Text] = {
    "items": text("Items"),
    "purposes": text("Purposes"),
    "legal_basis": text("Legal basis"),
    "scenario": text("Scenario"),
    "scope": text("Scope"),
    "methods": text("Methods"),
    "systems": text("Systems that will call"),
    "starts": text("First day"),
    "ends": text("Last day"),
    "quota_per_day": text("Records a day"),
    "divisions": text("Divisions"),
    "papers": text("Papers"),
}
NEEDED: Mapping[str, Text] = {
    "title": text("Wanted data"),
    "purpose": text("Purpose"),
    "words": text("Use"),
    "legal_basis": text("Legal basis"),
    "items": text("Wanted items"),
    "source": text("Presumed source"),
    "entry": text("Catalogue entry"),
    "method": text("Way of sharing"),
    "by": text("Wanted by"),
}


@dataclass(frozen=True, slots=True)
class Overwritten:
    """One thing that saving again would overwrite."""

    place: Text
    now: str
    typed: str


@dataclass(frozen=True, slots=True)
class Faster:
    """Who was faster, and what saving again would overwrite."""

    who: Text
    changes: tuple[Overwritten, ...]


def entry_overtaken(visit: Visit, entry: Entry, typed: Callable[[], Entry]) -> Faster | None:
    """Return what of an entry a refused save would overwrite; nothing where it was refused for another reason."""
    if not isinstance(visit.refusal, Overtaken):
        return None
    found = catalogue.differences(entry, typed())
    return Faster(
        _who(visit, entry.id, "catalogue.drafted"),
        tuple(
            Overwritten(place_of(one), value_words(visit, one.before), value_words(visit, one.after)) for one in found
        ),
    )


def wish_overtaken(visit: Visit, request_id: str, wish: Wish, typed: Callable[[], Wish]) -> Faster | None:
    """Return what of a draft a refused save would overwrite."""
    if not isinstance(visit.refusal, Overtaken):
        return None
    return Faster(_who(visit, request_id, "sharing.redrafted"), _changes(visit, WISHED, wish, typed()))


def sketch_overtaken(visit: Visit, kept: Sketch) -> Faster | None:
    """Return what of a form that a colleague put aside a refused save would overwrite."""
    if not isinstance(visit.refusal, Overtaken):
        return None
    known = ((words, kept.fields.get(name, ()), visit.form.all(name)) for name, words in WISHED.items())
    changes = tuple(Overwritten(words, "; ".join(now), "; ".join(typed)) for words, now, typed in known if now != typed)
    return Faster(text("a colleague"), changes)  # other bodies sketch for the same entry, too


def noun_overtaken(
    visit: Visit, known: object | None, typed: Callable[[], object], fields: Mapping[str, Text], *, on: str, word: str
) -> Faster | None:
    """Return what of a thing a refused save would overwrite; ``word`` is the deed by which it came to stand so."""
    if known is None or not isinstance(visit.refusal, Overtaken):
        return None
    return Faster(_who(visit, on, word), _changes(visit, fields, known, typed()))


def seen_of(visit: Visit, known: object | None) -> str:
    """Return the mark of what a form shows: of what stands, unless the form came back for another reason."""
    return visit.form.seen if visit.form and not isinstance(visit.refusal, Overtaken) else mark_of(known)


def _changes(visit: Visit, fields: Mapping[str, Text], now: object, typed: object) -> tuple[Overwritten, ...]:
    shared = ((name, words) for name, words in fields.items() if hasattr(now, name))
    pairs = ((words, getattr(now, name), getattr(typed, name)) for name, words in shared)
    return tuple(
        Overwritten(words, _shown(visit, before), _shown(visit, after))
        for words, before, after in pairs
        if before != after
    )


def _shown(visit: Visit, value: object) -> str:
    if isinstance(value, Iterable) and not isinstance(value, str):
        return "; ".join(sorted(getattr(one, "title", "") or value_words(visit, one) for one in value))
    return value_words(visit, value)


def _who(visit: Visit, on: str, word: str) -> Text:
    with visit.house.reading() as db:
        kept = ledger.newest_on(db, on, word)
        if kept is None:
            return text("a colleague")
        try:
            return plain(registers.find_person(db, kept.actor).name)
        except NotFound:
            return text("a colleague")
