"""Which registered body a portal means: with or without its place, in short or in full; never a guess between two."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import lru_cache

from jutong.terms.org import Org

from .vocabulary import folded, vocabulary

# A place and what stands after it: the last province, city, county or zone that the name begins with.
PLACE = re.compile(r"^(.{0,24}?(?:自治区|自治州|自治县|特别行政区|地区|省|市|州|盟|县|区|旗))(?=.{2,})")
BARE = frozenset({"", "市", "省", "区", "县", "自治区", "州", "本市", "本级", "全市", "市级", "市直", "省级"})
NOT_PLACES = ("市场", "区域", "市政", "省直", "县域", "州际", "社区")


class Resolver:
    """Finds bodies by the names that portals give them."""

    def __init__(self, bodies: Iterable[Org], aliases: Mapping[str, str], home: str) -> None:
        self._aliases = {folded(name): code for name, code in aliases.items()}
        self._home = home
        self._whole: dict[str, set[str]] = defaultdict(set)
        self._parts: dict[str, list[tuple[str, Org]]] = defaultdict(list)
        for body in bodies:
            for name in filter(None, (body.name, body.short_name)):
                self._whole[folded(name)].add(body.code)
                place, core = parted(name)
                self._parts[core].append((place, body))

    def __call__(self, name: str) -> str:
        """Return the code of the body that ``name`` means; empty where there is none, or more than one."""
        sought = folded(name)
        if sought in self._aliases:
            return self._aliases[sought]
        whole = self._whole.get(sought, set())
        if len(whole) == 1:
            return next(iter(whole))
        place, core = parted(name)
        found = {body.code for at, body in self._parts.get(core, ()) if self._fits(place, at, body)}
        return next(iter(found)) if len(found) == 1 else ""

    def _fits(self, place: str, at: str, body: Org) -> bool:
        if place in BARE:
            return bool(self._home) and body.division == self._home
        return place == at or place.endswith(at or "\0") or at.endswith(place)


def home_of(names: Iterable[str], bodies: Iterable[Org], division: str) -> str:
    """Return ``division`` if one of the names begins with the place of its bodies, else nothing.

    "市财政局" in a list of another city is none of ours: names without a place are read only in a list that
    also names bodies of this place in full.
    """
    places = {parted(body.name)[0] for body in bodies if body.division == division} - BARE
    return division if any(parted(name)[0] in places for name in names) else ""


@lru_cache(maxsize=16384)
def parted(name: str) -> tuple[str, str]:
    """Return the place that a body's name begins with, and the rest of the name in full.

    >>> parted("市人社局"), parted("重庆市人力资源和社会保障局")
    (('市', '人力资源和社会保障局'), ('重庆市', '人力资源和社会保障局'))
    >>> parted("泸州市纳溪区文旅局"), parted("市场监管局")
    (('泸州市纳溪区', '文化和旅游局'), ('', '市场监督管理局'))
    """
    rest, place = folded(name), ""
    while (found := PLACE.match(rest)) is not None:
        if rest[len(found[1]) - 1 :].startswith(NOT_PLACES):
            break
        place, rest = place + found[1], rest[len(found[1]) :]
    return place, vocabulary().bodies.get(rest, rest)
