"""What people leave with the search: words that stand for one another, kept questions, demand candidates."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from jutong.kernel.errors import Invalid
from jutong.kernel.text import text

from .concepts import Group, groups_of
from .words import fold

LINE_LIMIT, QUESTION_LIMIT, REASON_LIMIT = 300, 100, 500
MISSED_LONGEST = 30
WORDS_LEAST = 2
_PERSONAL = re.compile(r"\d{6}|@|\d{3}[-\s]\d{4}")


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptGroup:
    """A group of synonyms that an officer of this node added, as it is typed."""

    id: str
    line: str
    body: str
    changed: datetime

    @property
    def group(self) -> Group:
        """The group that the line means."""
        return group_of(self.line)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A question that a body keeps; it is told of entries that answer it and were published after that."""

    id: str
    body: str
    asked: str
    facets: Mapping[str, str] = field(default_factory=dict)
    kept: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Missed:
    """A question that found nothing: how often, and when first and last; never by whom."""

    words: str
    count: int
    first: date
    last: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A question that found nothing, put forward as something that departments should provide."""

    id: str
    words: str
    count: int
    reason: str
    body: str
    noted: datetime


def group_of(line: str) -> Group:
    """Return the group that a typed line means, or refuse it.

    >>> group_of("公厕 厕所 > 旅游厕所 = toilet").same
    ('公厕', '厕所')
    """
    found = groups_of([line]) if len(line) <= LINE_LIMIT and "\n" not in line else ()
    if not found or len({*found[0].same, *found[0].near, *found[0].english}) < WORDS_LEAST:
        raise Invalid(
            text("this line is not a group of words that stand for one another"),
            remedy=text("type at least two words with blanks between them, such as: 公厕 公共厕所 > 旅游厕所 = toilet"),
        )
    if any(len(word) < WORDS_LEAST for word in (*found[0].same, *found[0].near)):
        raise Invalid(
            text("a word of a single character would be found nearly everywhere"), remedy=text("use longer words")
        )
    return found[0]


def question(asked: str) -> str:
    """Return a question as it is kept, or refuse it."""
    words = " ".join(asked.split())
    if not words or len(words) > QUESTION_LIMIT:
        raise Invalid(text("a question has 1 to {most} characters", most=QUESTION_LIMIT), remedy=text("shorten it"))
    return words


def countable(asked: str) -> str:
    """Return a question as it may be counted, or nothing where it could be about a person.

    >>> countable(" 冷链 物流 "), countable("张三 500101199001011234"), countable("a@b.cn")
    ('冷链 物流', '', '')
    """
    words = " ".join(fold(asked).split())
    return "" if len(words) > MISSED_LONGEST or _PERSONAL.search(words) else words
