"""Mistyped Chinese put right: a character that makes no word is exchanged for one that is read alike and does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from .names import Names
from .words import PAIR, is_han, runs

MENDED_LIMIT = 2  # characters of one question
_ALIKE = (("zh", "z"), ("ch", "c"), ("sh", "s"), ("ang", "an"), ("eng", "en"), ("ing", "in"), ("l", "n"), ("f", "h"))


class Vocabulary(Protocol):
    """What is known of the records' words; the index answers."""

    @property
    def size(self) -> int:
        """How many records there are."""
        ...

    def records_of(self, term: str, /) -> int:
        """In how many records a token stands."""
        ...

    def is_word(self, word: str, /) -> int:
        """In how many titles a word stands."""
        ...

    def words_sounding(self, syllables: str, /) -> Sequence[tuple[str, int]]:
        """The words that are read so."""
        ...

    def words_beginning(self, initials: str, /) -> Sequence[tuple[str, int]]:
        """The words of these initials."""
        ...

    def sound_of(self, sign: str, /) -> str:
        """How a character is read."""
        ...

    def signs_sounding(self, syllable: str, /) -> Sequence[str]:
        """The characters that are read so."""
        ...


def mended(text: str, sure_of: Callable[[str], list[bool]], names: Names, vocabulary: Vocabulary) -> str:
    """Return the question with its mistyped characters exchanged; as it is if nothing fits better.

    ``sure_of`` says which characters of a run stand in something that is understood: those are not touched.
    """
    for run in runs(text):
        if is_han(run) and len(run) > 1:
            better = run
            for _ in range(MENDED_LIMIT):
                exchanged = _exchanged(better, sure_of(better), names, vocabulary)
                if exchanged == better:
                    break
                better = exchanged
            text = text.replace(run, better)
    return text


def _exchanged(run: str, sure: list[bool], names: Names, vocabulary: Vocabulary) -> str:
    best: tuple[float, str] = (0.0, run)
    for place in range(len(run) - 1):
        if (sure[place] and sure[place + 1]) or vocabulary.records_of(PAIR + run[place : place + 2]):
            continue
        for at in (place, place + 1):
            if sure[at]:
                continue
            for sign in _alike(run[at], vocabulary):
                tried = run[:at] + sign + run[at + 1 :]
                around = (tried[max(0, at - 1) : at + 1], tried[at : at + 2])
                if not any(len(one) > 1 and vocabulary.records_of(PAIR + one) for one in around):
                    continue
                if (worth := _worth(tried, at, names, vocabulary)) > best[0]:
                    best = worth, tried
    return best[1]


def _worth(tried: str, at: int, names: Names, vocabulary: Vocabulary) -> float:
    """Return how well a character fits where it was put: by the longest word around it, then by how often it stands."""
    found = 0.0
    for start in range(max(0, at - 5), at + 1):
        for end in range(max(at + 1, start + 2), min(len(tried), at + 6) + 1):
            word = tried[start:end]
            records = vocabulary.is_word(word)
            if records or word in names.concepts.by_word:
                standing = min(vocabulary.records_of(PAIR + word[i : i + 2]) for i in range(len(word) - 1))
                if standing:
                    found = max(found, 10 * len(word) + min(standing, 5000) / 1000)
    return found


def _alike(sign: str, vocabulary: Vocabulary) -> list[str]:
    said = vocabulary.sound_of(sign)
    sounds = {said}
    for one, other in _ALIKE:
        for this, that in ((one, other), (other, one)):
            if len(this) > 1 and this not in ("zh", "ch", "sh"):
                sounds |= {said[: -len(this)] + that} if said.endswith(this) else set()
            elif said.startswith(this):
                sounds |= {that + said[len(this) :]}
    return [one for sound in sounds if sound for one in vocabulary.signs_sounding(sound) if one != sign]
