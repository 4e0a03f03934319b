"""A question as the search understands it: what is looked for, where, of which year, and what stands for what."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from .concepts import SAME
from .kind import Kind
from .latin import Latin, translated
from .listed import listed
from .mend import Vocabulary, mended
from .names import Names
from .slot import Slot
from .words import PAIR, fold, is_han, pairs, phrase, runs, spelled, without_years, years

QUERY_LIMIT = 120
SLOTS_LIMIT = 12
TERMS_LIMIT = 24  # that stand for one word of the question
FREQUENT = 0.25  # a word that stands in one record of fifteen is worth less
GENERAL = 0.12  # what a word counts that stands in every other title
CUT_WORD_LONGEST = 6

_ASKING = re.compile("|".join(listed("asking")))
_GENERAL, _HALF = frozenset(listed("general")), frozenset(listed("half"))
_GLUE = re.compile(r"[的和与及或之等为对从以于有个家些]+")


@dataclass(frozen=True, slots=True)
class Asking:
    """A turn of speech that only says that somebody looks for data."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A question, taken apart."""

    asked: str
    slots: tuple[Slot, ...]
    read_as: str = ""  # the Chinese that stands for what was typed, where that was mended or translated
    whole: tuple[str, ...] = ()  # the Chinese runs that would best stand in a title just so

    @property
    def topics(self) -> tuple[Slot, ...]:
        """What is looked for, without where and when."""
        return tuple(one for one in self.slots if one.kind is Kind.WORD)

    def expression(self) -> str:
        """Return what the index is asked: any of the terms that say something; empty for a question of nothing."""
        return " OR ".join(dict.fromkeys(part for slot in self._telling() for part in _parts(slot)))

    def conjunction(self) -> str:
        """Return what asks for all that says something at once."""
        groups = (" OR ".join(dict.fromkeys(_parts(slot))) for slot in self._telling())
        return " AND ".join(f"({one})" for one in groups if one)

    def _telling(self) -> list[Slot]:
        slots = [one for one in self.slots if not one.general] or list(self.slots)
        return [one for one in slots if one.kind is Kind.WORD] or slots

    def narrowings(self) -> Iterator[str]:
        """Yield expressions that narrow to the places, years and departments that were named."""
        for slot in self.slots:
            if slot.kind is not Kind.WORD:
                yield " OR ".join(dict.fromkeys(_parts(slot)))


def _parts(slot: Slot) -> Iterator[str]:
    if slot.kind is Kind.PLACE:
        yield from (f"marks : place_{code}" for code in sorted(slot.codes))
    elif slot.kind is Kind.YEAR:
        yield f'title : "{slot.said}"'
    else:
        # A word of every third title is looked up as it is: what is near to it would only cost time.
        least = SAME if slot.weight < FREQUENT else 0.0
        terms = sorted((one for one in slot.terms if slot.terms[one] >= least), key=lambda one: -slot.terms[one])
        yield from (phrase(one) for one in terms[:TERMS_LIMIT] if len(one) > 1 or one == slot.said)
        rare = [one for one, worth in slot.pairs.items() if worth >= FREQUENT and one != slot.said]
        yield from (PAIR + one for one in rare)


def planned(asked: str, names: Names, vocabulary: Vocabulary, latin: Latin) -> Plan:
    """Return the question taken apart."""
    folded = fold(asked)[:QUERY_LIMIT]
    named_years = years(folded)
    rest = without_years(folded)
    chinese, glossed = translated(rest, names, vocabulary, latin)
    slots = list(_slots(chinese, names, vocabulary))
    read_as = chinese if chinese != rest else ""
    better = mended(chinese, lambda run: _sure(run, names), names, vocabulary)
    if better != chinese:
        slots, read_as = list(_slots(better, names, vocabulary)), better
    slots += (_weighed(one, vocabulary) for one in glossed)
    slots += (Slot(kind=Kind.YEAR, said=year, terms={year: 1.0}) for year in named_years)
    slots = _merged(slots)[:SLOTS_LIMIT]
    whole = tuple(run for run in runs(_ASKING.sub(" ", better)) if is_han(run) and len(run) > 1)
    return Plan(asked=asked, slots=tuple(slots), read_as=" ".join(read_as.split()), whole=whole)


def _merged(slots: list[Slot]) -> list[Slot]:
    seen: dict[tuple[Kind, str], Slot] = {}
    for one in slots:
        seen.setdefault((one.kind, one.said), one)
    kept = list(seen.values())
    words = [one for one in kept if one.kind is Kind.WORD]
    if words and all(one.general for one in words):
        chief = max(words, key=lambda one: one.weight)
        return [replace(one, general=False, weight=1.0) if one is chief else one for one in kept]
    return kept


def _slots(text: str, names: Names, vocabulary: Vocabulary) -> Iterator[Slot]:
    for run in runs(text):
        if is_han(run):
            yield from _of_run(run, names, vocabulary)
        else:
            others = names.concepts.others(run)
            yield _weighed(Slot(kind=Kind.WORD, said=run, terms={**others, run: 1.0}), vocabulary)


def _of_run(run: str, names: Names, vocabulary: Vocabulary) -> Iterator[Slot]:
    rest = ""
    for said, kind in _spans(run, names):
        if kind is None:
            rest += said
            continue
        yield from _of_rest(rest, names, vocabulary)
        rest = ""
        if isinstance(kind, Kind):
            yield _weighed(_named(kind, said, names), vocabulary)
    yield from _of_rest(rest, names, vocabulary)


def _spans(run: str, names: Names) -> Iterator[tuple[str, Kind | Asking | None]]:
    """Yield a run in parts from left to right: what is named, what only asks, and other characters one by one."""
    place = 0
    while place < len(run):
        kind, said = names.match_at(run, place)
        asking = _ASKING.match(run, place)
        if asking and len(asking[0]) >= len(said):
            yield asking[0], Asking()
        elif said:
            yield said, kind
        else:
            yield run[place], None
        place += len(asking[0]) if asking and len(asking[0]) >= len(said) else len(said) or 1


def _sure(run: str, names: Names) -> list[bool]:
    """Return which characters of a run stand in what is understood."""
    return [kind is not None for said, kind in _spans(run, names) for _ in said]


def _named(kind: Kind, said: str, names: Names) -> Slot:
    if kind is Kind.PLACE:
        return Slot(kind=kind, said=said, terms={said: 1.0}, codes=names.places.by_name[said])
    if kind is Kind.ORGAN:
        return Slot(kind=kind, said=said, terms=dict.fromkeys(names.organ(said), 1.0))
    return Slot(kind=kind, said=said, terms={**names.concepts.others(said), said: 1.0})


def _of_rest(rest: str, names: Names, vocabulary: Vocabulary) -> Iterator[Slot]:
    for part in _GLUE.split(rest):
        for word in _cut(part, vocabulary):
            terms = {**names.concepts.others(word), word: 1.0}
            yield _weighed(Slot(kind=Kind.WORD, said=word, terms=terms), vocabulary)


def _cut(part: str, vocabulary: Vocabulary) -> list[str]:
    """Return the words of a stretch that no table knows: as few and as frequent ones as the vocabulary allows."""
    best: list[tuple[float, list[str]]] = [(0.0, [])]
    for end in range(1, len(part) + 1):
        ways = []
        for start in range(max(0, end - CUT_WORD_LONGEST), end):
            word = part[start:end]
            records = vocabulary.is_word(word) if len(word) > 1 else 0
            if records or len(word) == 1:
                cost = 1.0 - 0.01 * math.log1p(records) if records else 1.6
                ways.append((best[start][0] + cost, [*best[start][1], word]))
        best.append(min(ways))
    words: list[str] = []
    loose = False
    for word in best[-1][1]:
        if len(word) == 1 and loose:
            words[-1] += word
        else:
            words.append(word)
        loose = len(word) == 1
    return [one for one in words if len(one) > 1 or len(part) == 1]


def _weighed(slot: Slot, vocabulary: Vocabulary) -> Slot:
    if slot.kind is not Kind.WORD:
        return slot
    total = max(vocabulary.size, 1)
    of_pairs = {one: _rarity(vocabulary.records_of(PAIR + one), total) for run in runs(slot.said) for one in pairs(run)}
    counts = [vocabulary.records_of(PAIR + one) for one in of_pairs] or [vocabulary.records_of(spelled(slot.said))]
    weight = max(_rarity(min(counts), total), 0.25)
    general = slot.said in _GENERAL
    if general:
        weight *= 0.4 if slot.said in _HALF else GENERAL
    return replace(slot, weight=weight, general=general, pairs={one: rare for one, rare in of_pairs.items() if rare})


def _rarity(records: int, total: int) -> float:
    """Return what finding a token is worth: 1 for the rarest, 0 for one that no record has."""
    return 0.0 if not records else max(0.05, math.log((total + 1) / (records + 0.5)) / math.log(total + 2))
