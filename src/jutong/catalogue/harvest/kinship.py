"""Records that belong together: the same twice, a file and its interface, one table of several years."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from jutong.kernel.canon import canonical, digest
from jutong.kernel.errors import WrongMoment
from jutong.kernel.ids import spell
from jutong.kernel.text import text

from .spelling import families_of
from .vocabulary import folded

TWIN = re.compile(
    r"(数据)?(的)?[(（\[【_\-—]*(api|web)?(接口服务|服务接口|数据接口|接口|api服务|api|webservice)[)）\]】]*$", re.I
)
# A year, alone or with its half, quarter or month; also from one year to another.
PERIOD = re.compile(
    r"((?:19|20)\d{2})(?:\s*年?度?\s*[-—~～至到/]\s*((?:19|20)?\d{2})(?=年|\D|$))?\s*年?(?:度)?"
    r"(?:\s*第?([一二三四1-4])\s*季度|\s*([上下])半年|[-.年]?\s*(1[0-2]|0?[1-9])\s*月(?:份)?)?"
)
MONTH_ALONE = re.compile(r"(?<!\d)(1[0-2]|0?[1-9])\s*月(?:份)?(?!\d)")
SHORTEST = 4  # characters of a title without its period: less says too little


class Kin(StrEnum):
    """How a record belongs to its leader."""

    DUPLICATE = "duplicate"
    TWIN = "twin"
    SERIES = "series"


class Why(StrEnum):
    """By what it was decided."""

    SAME_IN_ALL = "same-in-all"  # every field, dates too
    SAME_BUT_DATES = "same-but-dates"
    SUFFIX_AND_FORMAT = "suffix-and-format"  # the title says interface, and so does the format
    SUFFIX = "suffix"
    FORMAT = "format"  # the same title, one a file and one an interface
    TITLE_BUT_PERIOD = "title-but-period"


class Standing(StrEnum):
    """Whether a decision holds."""

    STANDS = "stands"
    OVERTURNED = "overturned"  # by an officer, until an officer restores it
    LAPSED = "lapsed"  # its records changed, and it would not be made again


# In thousandths; measured by `bench harvest` on a sample read by people.
CONFIDENCE = {
    Why.SAME_IN_ALL: 990,
    Why.SAME_BUT_DATES: 950,
    Why.SUFFIX_AND_FORMAT: 970,
    Why.SUFFIX: 900,
    Why.FORMAT: 850,
    Why.TITLE_BUT_PERIOD: 930,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Relative:
    """What kinship is told by."""

    id: str
    source: str
    title: str
    department: str
    formats: tuple[str, ...]
    content: str
    published: date | None
    updated: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One record belongs to another."""

    source: str
    kin: Kin
    leader: str
    member: str
    why: Why
    standing: Standing = Standing.STANDS

    @property
    def id(self) -> str:
        """Its identifier: a decision that is made again is the same one."""
        return id_of(self.kin, self.leader, self.member)

    @property
    def is_overturned(self) -> bool:
        """Say whether an officer has overturned it."""
        return self.standing is Standing.OVERTURNED

    @property
    def confidence(self) -> int:
        """How sure the rule is, in thousandths."""
        return CONFIDENCE[self.why]

    def overturned(self) -> Decision:
        """Return the decision as an officer has overturned it."""
        return self._turned(Standing.OVERTURNED)

    def restored(self) -> Decision:
        """Return the decision as an officer has restored it."""
        return self._turned(Standing.STANDS)

    def _turned(self, standing: Standing) -> Decision:
        if self.standing is Standing.LAPSED:
            raise WrongMoment(
                text("this decision does not stand any more: its records have changed"),
                remedy=text("look at the decisions that stand"),
            )
        return replace(self, standing=standing)


def decided(relatives: Iterable[Relative], overturned: Collection[str] = ()) -> tuple[Decision, ...]:
    """Return every decision on the records of one source, but for those that an officer has overturned.

    A collapsed duplicate takes part in nothing else, and the interface of a paired file in no series.
    """
    known = sorted(relatives, key=lambda one: one.id)

    def kept(found: Iterable[Decision]) -> list[Decision]:
        return [one for one in found if one.id not in overturned]

    duplicates = kept(_duplicates(known))
    collapsed = {one.member for one in duplicates}
    left = [one for one in known if one.id not in collapsed]
    twins = kept(_twins(left))
    paired = {one.member for one in twins}
    return (*duplicates, *twins, *kept(_series([one for one in left if one.id not in paired])))


def reconciled(found: Iterable[Decision], before: Iterable[Decision]) -> tuple[list[Decision], list[Decision]]:
    """Return the decisions that are new, and the known ones whose standing changes: lapsed, or made once more."""
    made, known = {one.id: one for one in found}, {one.id: one for one in before}
    new = [one for one in made.values() if one.id not in known]
    again = [
        one
        for one in made.values()
        if one.id in known and (known[one.id].standing is Standing.LAPSED or known[one.id].why is not one.why)
    ]
    lapsed = [
        replace(one, standing=Standing.LAPSED)
        for one in known.values()
        if one.standing is Standing.STANDS and one.id not in made
    ]
    return new, again + lapsed


def id_of(*parts: str) -> str:
    """Return the identifier that the same parts always have: who does a thing again finds it under the same name.

    >>> id_of("twin", "a", "b") == id_of("twin", "a", "b")
    True
    """
    return spell(int(digest(canonical(list(parts)))[:32], 16))


def _duplicates(known: list[Relative]) -> Iterator[Decision]:
    same: dict[str, list[Relative]] = defaultdict(list)
    for one in known:
        same[one.content].append(one)
    for group in same.values():
        leader, *others = group
        for one in others:
            alike = (one.published, one.updated) == (leader.published, leader.updated)
            why = Why.SAME_IN_ALL if alike else Why.SAME_BUT_DATES
            yield Decision(source=one.source, kin=Kin.DUPLICATE, leader=leader.id, member=one.id, why=why)


def _twins(known: list[Relative]) -> Iterator[Decision]:
    files: dict[tuple[str, str], list[Relative]] = defaultdict(list)
    interfaces: list[tuple[str, bool, Relative]] = []
    for one in known:
        title, suffixed = base_of(one.title)
        families = families_of(one.formats)
        if suffixed or families == {"interface"}:
            interfaces.append((title, suffixed, one))
        else:
            files[one.department, title].append(one)
    taken: set[str] = set()
    for title, suffixed, one in interfaces:
        leader = next((each for each in files.get((one.department, title), ()) if each.id not in taken), None)
        if leader is None:
            continue
        only = families_of(one.formats) == {"interface"}
        why = Why.SUFFIX_AND_FORMAT if suffixed and only else Why.SUFFIX if suffixed else Why.FORMAT
        taken.add(leader.id)
        yield Decision(source=one.source, kin=Kin.TWIN, leader=leader.id, member=one.id, why=why)


def _series(known: list[Relative]) -> Iterator[Decision]:
    groups: dict[tuple[str, str], dict[str, Relative]] = defaultdict(dict)
    for one in known:
        stem, period = stem_of(one.title)
        if period and len(stem) >= SHORTEST:
            groups[one.department, stem].setdefault(period, one)
    for group in groups.values():
        if len(group) > 1:
            leader, *others = (group[period] for period in sorted(group, reverse=True))
            for one in others:
                why = Why.TITLE_BUT_PERIOD
                yield Decision(source=one.source, kin=Kin.SERIES, leader=leader.id, member=one.id, why=why)


def base_of(title: str) -> tuple[str, bool]:
    """Return a title without the words that only say that it is an interface, and whether it had them.

    >>> base_of("企业名录信息接口服务"), base_of("接口")
    (('企业名录信息', True), ('接口', False))
    """
    found = TWIN.search(title.strip())
    rest = folded(title[: found.start()]) if found else ""
    return (rest, True) if len(rest) >= 2 else (folded(title), False)


def stem_of(title: str) -> tuple[str, str]:
    """Return a title without its period, and the period; without a period it is the title alone.

    >>> stem_of("邮政局所情况_1995"), stem_of("2020年上半年财政收入")[1] > stem_of("2019年财政收入")[1]
    (('邮政局所情况', '1995'), True)
    """
    found = PERIOD.search(title)
    if found is None:
        return folded(title), ""
    year, until, quarter, half, month = found.groups()
    rest = title[: found.start()] + "·" + title[found.end() :]
    within = ""
    if month is None and quarter is None and half is None and (alone := MONTH_ALONE.search(rest)):
        month, rest = alone[1], rest[: alone.start()] + rest[alone.end() :]
    if quarter:
        within = "q" + str("一二三四".find(quarter) + 1 or quarter)
    elif half:
        within = "h1" if half == "上" else "h2"
    elif month:
        within = f"m{int(month):02}"
    stem = folded(rest) + ("/" + within[:1] if within else "")
    return stem, "-".join(filter(None, (year, until, within)))
