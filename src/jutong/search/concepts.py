"""Words that stand for one another: the shipped table, and what the officers of a node add to it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from .words import fold

SAME, NEAR = 0.9, 0.55  # what a word counts that stands for another, and one that is narrower or beside it
GROUPS_LIMIT = 5000


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Words that mean the same, what is near to them, and their English."""

    same: tuple[str, ...]
    near: tuple[str, ...] = ()
    english: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Concepts:
    """All groups, by each of their words."""

    groups: tuple[Group, ...]
    by_word: Mapping[str, tuple[Group, ...]]
    by_english: Mapping[str, tuple[Group, ...]]
    longest: int

    @classmethod
    def of(cls, groups: Iterable[Group]) -> Concepts:
        """Return the index over groups."""
        kept = tuple(groups)
        by_word: dict[str, tuple[Group, ...]] = {}
        by_english: dict[str, tuple[Group, ...]] = {}
        for group in kept:
            for word in group.same:
                by_word[word] = (*by_word.get(word, ()), group)
            for word in group.english:
                for form in {word, singular(word)}:
                    by_english[form] = (*by_english.get(form, ()), group)
        return cls(kept, by_word, by_english, max(map(len, by_word), default=0))

    def others(self, word: str) -> Mapping[str, float]:
        """Return what stands for a word, and how much each counts."""
        found: dict[str, float] = {}
        for group in self.by_word.get(word, ()):
            for one in group.same:
                found[one] = max(found.get(one, 0), SAME)
            for one in group.near:
                found[one] = max(found.get(one, 0), NEAR)
        found.pop(word, None)
        return found


def groups_of(lines: Iterable[str]) -> tuple[Group, ...]:
    """Return the groups of a table, one a line; what cannot be read as one is passed over.

    >>> groups_of(["公厕 厕所 > 旅游厕所 = toilet, wc"])[0].near
    ('旅游厕所',)
    """
    found = []
    for line in lines:
        chinese, _, english = line.partition("#")[0].partition("=")
        same, _, near = chinese.partition(">")
        words = tuple(dict.fromkeys(fold(same).split()))
        if words:
            given = tuple(one for part in fold(english).split(",") if (one := " ".join(part.split())))
            found.append(Group(same=words, near=tuple(dict.fromkeys(fold(near).split())), english=given))
    return tuple(found)


def singular(words: str) -> str:
    """Return English words without their plural.

    >>> singular("public libraries"), singular("bus"), singular("car parks")
    ('public library', 'bus', 'car park')
    """
    return " ".join(
        re.sub(r"ies$", "y", one)
        if len(one) > 4 and one.endswith("ies")
        else one[:-2]
        if re.search(r"(?:ch|sh|ss|x|us)es$", one)
        else one[:-1]
        if len(one) > 3 and re.search(r"[^su]s$", one)
        else one
        for one in words.split()
    )


@cache
def shipped_groups() -> tuple[Group, ...]:
    """Return the groups that the product ships."""
    return groups_of(files("jutong.data").joinpath("search_concepts.txt").read_text("utf-8").splitlines())


@cache
def shipped_organs() -> Mapping[str, tuple[str, ...]]:
    """Return every way of naming a department, without what its kind is called, to all the ways it is named.

    >>> shipped_organs()["人社"][0]
    '人力资源和社会保障'
    """
    found: dict[str, tuple[str, ...]] = {}
    for line in files("jutong.data").joinpath("search_organs.txt").read_text("utf-8").splitlines():
        names = tuple(dict.fromkeys(fold(line.partition("#")[0]).split()))
        for name in names:
            found[name] = tuple(dict.fromkeys((*found.get(name, ()), *names)))
    return found
