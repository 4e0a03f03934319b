"""What is typed in letters: English words of the glossary, pinyin with and without blanks, initials."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass

from .concepts import Group, singular
from .kind import Kind
from .listed import listed
from .mend import Vocabulary
from .names import Names
from .slot import Slot
from .words import is_han, runs, spelled

PHRASE_LONGEST = 5
LIKE_ENOUGH = 0.84
MENDED_FROM = 5  # letters: shorter words are like too many others
SYLLABLE_LONGEST = 6
READING_LONGEST = 8  # syllables of one word
_STOP = frozenset(listed("english"))


@dataclass(frozen=True, slots=True)
class Latin:
    """What is needed to read letters."""

    syllables: frozenset[str]


def translated(text: str, names: Names, vocabulary: Vocabulary, latin: Latin) -> tuple[str, tuple[Slot, ...]]:
    """Return a question with its pinyin in characters and without its English, and what the English asks for."""
    kept: list[str] = []
    slots: list[Slot] = []
    letters: list[str] = []
    for run in (*re.findall(r"[^\sa-z0-9.\-+&']+|[a-z0-9][a-z0-9.\-+&']*|\s+", text), "\u3000"):
        if run.isspace() and run != "\u3000":
            continue
        if re.fullmatch(r"[a-z0-9.\-+&']+", run):
            letters.append(run.strip(".-+&'"))
            continue
        if letters:
            chinese, glossed = _read(letters, names, vocabulary, latin)
            kept.append(chinese)
            slots += glossed
            letters = []
        kept.append(run)
    return " ".join(part.strip() for part in kept if part.strip()), tuple(slots)


def _read(letters: list[str], names: Names, vocabulary: Vocabulary, latin: Latin) -> tuple[str, tuple[Slot, ...]]:
    spaced = "".join(letters)
    syllables = len(letters) > 1 and spaced.isalpha() and all(one in latin.syllables for one in letters)
    if syllables and (chinese := _of_pinyin([letters], vocabulary)):
        return chinese, ()
    chinese_parts: list[str] = []
    slots: list[Slot] = []
    place = 0
    while place < len(letters):
        size, groups = _glossed(letters, place, names)
        if size:
            said = " ".join(letters[place : place + size])
            slots.append(_of_groups(said, groups))
            place += size
            continue
        word = letters[place]
        place += 1
        if word in _STOP:
            continue
        chinese_parts.append(_single(word, names, vocabulary, latin, slots))
    return " ".join(one for one in chinese_parts if one), tuple(slots)


def _single(word: str, names: Names, vocabulary: Vocabulary, latin: Latin, slots: list[Slot]) -> str:
    if not word.isalpha() or (vocabulary.records_of(spelled(word)) > 0 and not _syllables(word, latin)):
        return word
    if chinese := _of_pinyin(_syllables(word, latin), vocabulary):
        return chinese
    if found := vocabulary.words_beginning(word) if len(word) > 2 else ():
        return found[0][0]
    if len(word) >= MENDED_FROM:
        like = difflib.get_close_matches(word, names.concepts.by_english, n=1, cutoff=LIKE_ENOUGH)
        if like:
            slots.append(_of_groups(like[0], names.concepts.by_english[like[0]]))
            return ""
    return word


def _glossed(letters: list[str], place: int, names: Names) -> tuple[int, tuple[Group, ...]]:
    for size in range(min(PHRASE_LONGEST, len(letters) - place), 0, -1):
        said = " ".join(letters[place : place + size])
        if size == 1 and said in _STOP:
            continue
        for form in (said, singular(said)):
            if form in names.concepts.by_english:
                return size, names.concepts.by_english[form]
    return 0, ()


def _of_groups(said: str, groups: tuple[Group, ...]) -> Slot:
    terms: dict[str, float] = {}
    for group in groups:
        for place, one in enumerate(group.same):
            terms[one] = max(terms.get(one, 0), 1.0 if place < 3 else 0.9)
        for one in group.near:
            terms[one] = max(terms.get(one, 0), 0.5)
    first = groups[0].same[0]
    return Slot(kind=Kind.WORD, said=first, terms=terms, glossed=said)


def _syllables(word: str, latin: Latin) -> list[list[str]]:
    """Return the ways to read letters as syllables, those of the fewest first.

    >>> _syllables("xian", Latin(frozenset({"xi", "an", "xian"})))
    [['xian'], ['xi', 'an']]
    """
    ways: list[list[list[str]]] = [[[]]]
    for end in range(1, len(word) + 1):
        here = [
            [*before, word[start:end]]
            for start in range(max(0, end - SYLLABLE_LONGEST), end)
            if word[start:end] in latin.syllables
            for before in ways[start]
        ]
        ways.append(sorted(here, key=len)[:8])
    return ways[-1]


def _of_pinyin(ways: list[list[str]], vocabulary: Vocabulary) -> str:
    """Return the words that are read so; of several readings the one of the fewest and most frequent words."""
    found = [one for way in ways if len(way) > 1 for one in _readings(way, vocabulary)]
    return min(found)[1] if found else ""


def _readings(syllables: list[str], vocabulary: Vocabulary) -> Iterator[tuple[float, str]]:
    best: list[tuple[float, str] | None] = [(0.0, "")]
    for end in range(1, len(syllables) + 1):
        here: list[tuple[float, str]] = []
        for start in range(max(0, end - READING_LONGEST), end - 1):
            before = best[start]
            if before is None:
                continue
            for word, records in vocabulary.words_sounding(" ".join(syllables[start:end])):
                here.append((before[0] + 1 + 1 / (1 + records), before[1] + word))
        best.append(min(here) if here else None)
    if best[-1] is not None:
        yield best[-1]


def has_letters(text: str) -> bool:
    """Say whether a question holds words of letters."""
    return any(not is_han(run) for run in runs(text))
