"""A record as it is handed to the index: what of an entry can be searched, and who may find it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

# What a series changes from one record to the next, and what a twin adds to its file.
_CHANGES = re.compile(
    r"(?:19|20)\d\d年?度?|[第]?[一二三四1-4]季度?|\d{1,2}月份?|[上下]半年|第?\d+[批期次]|[\d_\-—.()（）\s]+"
)
_TWIN = re.compile(r"(?:数据)?(?:接口服务|接口|api服务|api|数据集|信息|数据|情况|服务)+$", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One version of an entry, for those who see this version."""

    entry: str
    version: int = 1
    provider: str = ""
    title: str
    tags: str = ""
    description: str = ""
    publisher: str = ""
    items: str = ""
    places: frozenset[str] = frozenset()  # codes of divisions, with those around them
    changed: str = ""  # the day, YYYY-MM-DD
    facets: Mapping[str, str] = field(default_factory=dict)
    seen_by: tuple[str, ...] = ()  # kinds of readers

    @property
    def series(self) -> str:
        """What this record has in common with its twin, and with the other years of its series."""
        return f"{self.provider or self.publisher}\n{core_of(self.title)}"

    @property
    def marks(self) -> Iterator[str]:
        """What the record can be narrowed by."""
        yield from (f"seen_{one}" for one in self.seen_by)
        yield from (f"place_{one}" for one in sorted(self.places))
        yield from (mark_of(name, value) for name, value in self.facets.items() if value)


def core_of(title: str) -> str:
    """Return a title without its year, its number and what says only that it is an interface.

    >>> core_of("2021年泸州市医院名单接口服务"), core_of("泸州市医院名单（2020）")
    ('泸州市医院名单', '泸州市医院名单')
    """
    bare = _CHANGES.sub("", title)
    return _TWIN.sub("", bare) or bare or title


def mark_of(facet: str, value: str) -> str:
    """Return the token by which a facet narrows.

    >>> mark_of("format", "xls")
    'format_786c73'
    """
    return f"{facet}_{value.encode().hex()}"
