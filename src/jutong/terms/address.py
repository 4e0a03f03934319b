"""A Chinese address read into twelve labelled parts; the words as they were written are kept beside them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from .division import Division

PARTS = (
    *("province", "city", "district", "town", "zone", "community"),
    *("road", "road_number", "place", "building", "floor", "room"),
)
_WIDE = "０１２３４５６７８９（），－—＃　"
_PLAIN = "0123456789(),--# "
_FOLD = str.maketrans(_WIDE, _PLAIN)
_SEPARATORS = "[ \t\r\n\f\v\u00a0_,，、]+"
# What no short name stands before: 江津 was a city and is a district, 吉林 is a province and a city in it.
_GUARDS = ("[市区县旗州盟]", "[区县旗]", "")
_KIND = re.compile("(?:[\u4e00-\u9fff]{1,3}族)*(?:自治区|特别行政区|自治州|自治县|地区|省|市|盟|区|县|旗)$")
_WORD = "[\u4e00-\u9fff]"
_COUNT = "[0-9A-Za-z一二三四五六七八九十负-]"
_ZONES = "|".join(
    (
        "经济技术开发区",
        "高新技术产业开发区",
        "高新技术开发区",
        "开发区",
        "工业园区",
        "工业园",
        "工业区",
        "产业园",
        "科技园",
        "园区",
        "保税区",
        "高新区",
    )
)
# From the largest to the smallest, each at most once; what no part takes is a name of a place, or left over.
_FORM = (
    rf"(?P<town>{_WORD}{{1,5}}?(?:街道办事处|街道|镇|乡|苏木|农场))?",
    rf"(?P<zone>{_WORD}{{2,8}}?(?:{_ZONES}))?",
    rf"(?P<community>{_WORD}{{1,5}}?(?:村委会|居委会|社区|村)(?:{_COUNT}{{1,4}}(?:组|社|队))?)?",
    rf"(?P<road>(?:{_WORD}|[0-9]){{1,8}}?(?:大道|大街|公路|国道|路|街|巷|弄|胡同)(?:[东南西北中一二三四五六七八九十]{{1,2}}[段路])?)?",
    r"(?P<road_number>[0-9][0-9-]*(?:号|弄)?(?:附[0-9-]+号?|之[0-9一二三四五]+)?(?:支?弄[0-9]+号?)?)?",
    r"(?P<place>[^0-9]{2,24}?)??",
    rf"(?P<building>(?:{_COUNT}{{1,6}})(?:号楼|幢|栋|座|号馆|号))?",
    rf"(?:{_COUNT}{{1,4}}单元)?",
    rf"(?P<floor>(?:地下|负)?{_COUNT}{{1,4}}(?:楼|层|F))?",
    r"(?:单元)?-?(?P<room>[0-9A-Za-z][0-9A-Za-z-]*(?:室|房|号|#)?)?$",
)
WHOLE_FORM = "".join(_FORM)
# Where something is left over behind them, the parts before it are still what they are.
BEGINNING_FORM = WHOLE_FORM.removesuffix("$")
_REST, _BEGINNING = re.compile(WHOLE_FORM), re.compile(BEGINNING_FORM)
ENDS = frozenset({"road_number", "building", "community", "room"})  # at one of these an address may end


class Reading(StrEnum):
    """How much of an address was understood."""

    WHOLE = "whole"  # it ends at a road's or a building's number, or in a village, and nothing is left over
    PART = "part"  # some of it
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """The parts that were found, by name; ``written`` is the address as it stood."""

    written: str
    parts: Mapping[str, str]
    reading: Reading


@dataclass(frozen=True, slots=True)
class Names:
    """The names of one level of divisions: two alternations with the longest first, and what no short name precedes."""

    full: str
    short: str
    guard: str

    @property
    def pattern(self) -> str:
        """The pattern that takes a name off the beginning of an address."""
        short = f"(?:{self.short})" + (f"(?!{self.guard})" if self.guard else "")
        return f"(?:{'|'.join(one for one in (self.full, short if self.short else '') if one) or '(?!)'})"

    @property
    def short_group(self) -> str:
        """The pattern of a short name alone, its only group; for engines that cannot look ahead."""
        return f"^({self.short})" + (f"(?:[^{self.guard[1:]}|$)" if self.guard else "")


@dataclass(frozen=True, slots=True)
class Gazetteer:
    """The names of provinces, cities and districts, long and short, of every year."""

    spans: tuple[Division, ...]
    levels: tuple[Names, ...] = field(init=False, compare=False)
    _patterns: tuple[re.Pattern[str], ...] = field(init=False, compare=False)

    def __post_init__(self) -> None:
        levels = tuple(_names(self.spans, level) for level in range(3))
        object.__setattr__(self, "levels", levels)
        object.__setattr__(self, "_patterns", tuple(re.compile(names.pattern) for names in levels))

    @classmethod
    def of(cls, spans: Iterable[Division]) -> Gazetteer:
        """Return the gazetteer of these divisions."""
        return cls(tuple(spans))

    def read(self, written: str) -> Address:
        """Read an address.

        >>> known = {"500000": "重庆市", "500103": "渝中区"}
        >>> gazetteer = Gazetteer.of(Division(code=code, name=name, since=1997) for code, name in known.items())
        >>> " ".join(gazetteer.read("重庆市渝中区大坪正街96号3幢2-1").parts.values())
        '重庆市 渝中区 大坪正街 96号 3幢 2-1'
        """
        rest = re.sub(_SEPARATORS, "", written.translate(_FOLD))
        parts: dict[str, str] = {}
        for name, level in zip(PARTS[:3], self._patterns, strict=True):
            found = level.match(rest)
            if found:
                parts[name], rest = found[0], rest[found.end() :]
                # A city that is named again, as forms do, is said once.
                rest = rest.removeprefix(parts[name])
        found = _REST.match(rest)
        begun = found or _BEGINNING.match(rest)
        if begun:
            parts |= {name: begun[name] for name in PARTS[3:] if begun[name]}
        reading = Reading.WHOLE if found and parts.keys() & ENDS else Reading.PART if parts else Reading.NONE
        return Address(written=written, parts=parts, reading=reading)


def folded_sql(value: str) -> str:
    """Return the SQL of an address as it is read: digits and brackets of one width, nothing between its parts."""
    return f"regexp_replace(translate({value}, '{_WIDE}', '{_PLAIN}'), '{_SEPARATORS}', '', 'g')"


def _names(spans: Iterable[Division], level: int) -> Names:
    """Return all names of a level: 0 provinces, 1 cities, 2 districts."""
    names: set[str] = set()
    shorts: set[str] = set()
    for span in spans:
        here = 0 if span.code.endswith("0000") else 1 if span.code.endswith("00") else 2
        if here == level and len(span.name) > 1 and span.name not in {"市辖区", "城区", "郊区"}:
            names.add(span.name)
            short = _KIND.sub("", span.name)
            if len(short) > 1 and level < 2:
                shorts.add(short)
    return Names(full=_alternation(names), short=_alternation(shorts - names), guard=_GUARDS[level])


def _alternation(names: Iterable[str]) -> str:
    return "|".join(map(re.escape, sorted(names, key=lambda name: (-len(name), name))))
