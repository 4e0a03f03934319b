"""Divisions as people write them: with and without what they are called, under today's and former names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from jutong.terms.division import Divisions

from .listed import listed

WORDS_TOO = frozenset(listed("places"))
_PEOPLES = (
    "汉|蒙古|回|藏|维吾尔|苗|彝|壮|布依|朝鲜|满|侗|瑶|白|土家|哈尼|哈萨克|傣|黎|傈僳|佤|畲|拉祜|水|东乡|纳西|景颇|柯尔克孜"
    "|土|达斡尔|仫佬|羌|布朗|撒拉|毛南|仡佬|锡伯|普米|塔吉克|怒|鄂温克|保安|裕固|独龙|鄂伦春|门巴|珞巴|各"
)
_OF_PEOPLES = re.compile(f"(?:(?:{_PEOPLES})族?)*(?:联合)?自治[区州县旗]$")
_CALLED = re.compile(r"(?:特别行政区|地区|林区|特区|新区|省|市|县|区|盟|旗)$")
_FILLERS = frozenset({"市辖区", "县", "市", "省直辖县级行政区划", "自治区直辖县级行政区划", "省直辖行政单位"})
LEAST = 2


@dataclass(frozen=True, slots=True)
class Places:
    """Every way of naming a division, to the codes that go or went by it."""

    by_name: Mapping[str, frozenset[str]]
    longest: int

    @classmethod
    def of(cls, divisions: Divisions) -> Places:
        """Return the index over the divisions, former ones too."""
        full: dict[str, set[str]] = {}
        short: dict[str, set[str]] = {}
        for span in divisions.spans:
            if span.registry or span.name in _FILLERS or len(span.name) < LEAST:
                continue
            full.setdefault(span.name, set()).add(span.code)
            short.setdefault(short_name(span.name), set()).add(span.code)
        found: dict[str, frozenset[str]] = {}
        for name, codes in full.items():
            # 梁平县 became 梁平区 under another code: one place for whoever looks for it.
            alike = {code for code in short[short_name(name)] for one in codes if code[:2] == one[:2]}
            found[name] = frozenset(codes | alike)
        for name, codes in short.items():
            if len(name) >= LEAST and name not in WORDS_TOO and name not in found:
                found[name] = frozenset(codes)
        return cls(found, max(map(len, found), default=0))

    def match_at(self, folded: str, start: int) -> str:
        """Return the longest name of a division that stands there, or nothing."""
        for length in range(min(self.longest, len(folded) - start), LEAST - 1, -1):
            if (name := folded[start : start + length]) in self.by_name:
                return name
        return ""

    def named_in(self, folded: str) -> Mapping[str, frozenset[str]]:
        """Return the divisions that a text names, from left to right, the longest name first."""
        found: dict[str, frozenset[str]] = {}
        place = 0
        while place < len(folded):
            name = self.match_at(folded, place)
            if name:
                found[name] = self.by_name[name]
            place += len(name) or 1
        return found


def short_name(name: str) -> str:
    """Return a division's name without what it is called.

    >>> short_name("凉山彝族自治州"), short_name("黔东南苗族侗族自治州"), short_name("泸县"), short_name("合江县")
    ('凉山', '黔东南', '泸县', '合江')
    """
    bare = _OF_PEOPLES.sub("", name)
    if bare == name:
        bare = _CALLED.sub("", name)
    return bare if len(bare) >= LEAST else name


def around(codes: Iterable[str]) -> frozenset[str]:
    """Return codes with those of the city and the province around them.

    >>> sorted(around(["510502"]))
    ['510000', '510500', '510502']
    """
    return frozenset(one for code in codes for one in (code, f"{code[:4]}00", f"{code[:2]}0000"))


def nearness(wanted: frozenset[str], standing: frozenset[str]) -> float:
    """Return how near a record of ``standing`` (with what is around it) is to a place that is looked for.

    >>> nearness(frozenset({"510500"}), around(["510502"])), nearness(frozenset({"510502"}), around(["510500"]))
    (1.0, 0.5)
    """
    if not standing:
        return 0.0
    if wanted & standing:
        return 1.0
    return 0.5 if any(f"{code[:4]}00" in standing and not code.endswith("00") for code in wanted) else 0.0
