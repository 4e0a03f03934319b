"""Entries as lists show them, and what may be asked of such a list."""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from itertools import pairwise

from jutong.kernel.errors import Invalid
from jutong.kernel.text import text
from jutong.terms.grade import Grade

from .entry import Entry
from .item import Format
from .stage import WITH_AUTHORITY, Stage
from .terms_of_use import OpenType, ShareType, UpdateCycle

SORTED_CHARACTERS = 40
MARKS = 12
BITS = 62  # of each mark: a signed 64-bit column holds them in both databases
WORDS_LIMIT = 8
WORD_LEAST = 2
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)  # when an entry changed of which another node tells no moves


class Order(StrEnum):
    """By what a list of entries is sorted."""

    CHANGED = "changed"
    TITLE = "title"
    DUE = "due"


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """One version of an entry without its items and its words."""

    id: str
    version: int
    provider: str
    title: str
    stage: Stage
    format: Format
    share_type: ShareType
    update_cycle: UpdateCycle
    open_type: OpenType
    grade: Grade
    item_count: int
    refusing: bool  # the entry, or one of its items, is not shared
    changed: datetime
    audit_due: date | None  # only while the entry lies with the authority

    @property
    def title_order(self) -> str:
        """The title's place in a list."""
        return by_sound(self.title)

    def place(self, order: Order) -> tuple[str, str]:
        """Return after what a list in this order goes on."""
        match order:
            case Order.TITLE:
                return self.title_order, self.id
            case Order.DUE:
                return self.audit_due.isoformat() if self.audit_due else "", self.id
            case Order.CHANGED:
                return self.changed.isoformat(), self.id


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What a reader asks of the list of entries; what is left out does not narrow it."""

    own: bool = False  # the entries of the reader's own body, as it works on them
    providers: tuple[str, ...] | None = None
    stages: tuple[Stage, ...] = ()
    share_type: ShareType | None = None
    update_cycle: UpdateCycle | None = None
    words: str = ""  # all of them stand somewhere in title, abstract and items ...
    or_providers: tuple[str, ...] = ()  # ... or the entry is one of these bodies'
    order: Order = Order.CHANGED
    descending: bool = False
    after: tuple[str, ...] = ()  # the place of the last entry that was shown
    limit: int = 50

    @property
    def sought(self) -> tuple[str, ...]:
        """The words, case folded; refuse a search for single characters, which stand nearly everywhere."""
        words = self.words.casefold().split()
        long = tuple(one for one in words if len(one) >= WORD_LEAST)[:WORDS_LIMIT]
        if words and not long:
            raise Invalid(
                text("a word of at least {count} characters is needed to search for", count=WORD_LEAST),
                remedy=text("type more of the word"),
            )
        return long

    @property
    def start(self) -> tuple[str | datetime | date, str] | None:
        """Where the list goes on, as the order's values; refuse a place that no list gave out."""
        if not self.after:
            return None
        try:
            place, entry_id = self.after
            match self.order:
                case Order.TITLE:
                    return place, entry_id
                case Order.DUE:
                    return date.fromisoformat(place), entry_id
                case Order.CHANGED:
                    return datetime.fromisoformat(place), entry_id
        except ValueError as error:
            raise Invalid(
                text("the list cannot be continued from there"), remedy=text("begin at the first page of the list")
            ) from error


def summary_of(entry: Entry) -> Summary:
    """Return what lists show of an entry."""
    return Summary(
        id=entry.id,
        version=entry.version,
        provider=entry.provider,
        title=entry.title,
        stage=entry.stage,
        format=entry.format,
        share_type=entry.share_type,
        update_cycle=entry.update_cycle,
        open_type=entry.open_type,
        grade=entry.grade,
        item_count=len(entry.items),
        refusing=ShareType.NOT_SHARED in (entry.share_type, *(item.share_type for item in entry.items)),
        changed=entry.moves[-1].at if entry.moves else LONG_AGO,
        audit_due=entry.audit_due if entry.stage in WITH_AUTHORITY else None,
    )


def words_of(entry: Entry) -> str:
    """Return what a reader may search in an entry, case folded."""
    titles = (entry.title, entry.abstract, entry.service, *(item.title for item in entry.items))
    return "\n".join(titles).casefold()


def by_sound(title: str) -> str:
    """Return what sorts titles as dictionaries do: GB 18030 has the common characters in the order of their pinyin.

    >>> sorted(["重庆", "安徽", "北京"], key=by_sound)
    ['安徽', '北京', '重庆']
    """
    return title[:SORTED_CHARACTERS].casefold().encode("gb18030", "replace").hex()


def marks(words: Iterable[str]) -> tuple[int, ...]:
    """Return a few numbers in which every pair of neighbouring characters has set two bits.

    A text can hold the sought words only if its marks hold all of theirs: a list passes over the others
    without reading them, in both databases and without an extension of either.
    """
    bits = 0
    for one in words:
        for first, second in pairwise(one):
            more, place = divmod(zlib.crc32((first + second).encode("utf-8", "replace")), MARKS * BITS)
            bits |= 1 << place | 1 << more % (MARKS * BITS)
    return tuple((bits >> (BITS * place)) & ((1 << BITS) - 1) for place in range(MARKS))
