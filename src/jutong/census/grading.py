"""What the grading assistant proposes and why; it never decides."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from jutong.catalogue.entry import Entry
from jutong.catalogue.item import Item
from jutong.catalogue.terms_of_use import OpenType, ShareType
from jutong.guard.permit import Label
from jutong.kernel.errors import Invalid, WrongMoment
from jutong.kernel.text import text
from jutong.terms.grade import Grade

from .names import element_named

NATIONAL = "GB/T 43697-2024"
PERSONAL_LAW = "个人信息保护法第二十八条"
OPENING = "第809号令第三条；GB/T 43697-2024"
REASON_LIMIT = 2000


class Aspect(StrEnum):
    """What of an entry or item a proposal is about."""

    GRADE = "grade"
    SHARE_TYPE = "share-type"
    OPEN_TYPE = "open-type"


class Verdict(StrEnum):
    """Where a proposal stands."""

    OPEN = "open"
    ACCEPTED = "accepted"
    REJECTED = "rejected"


class Clue(StrEnum):
    """What speaks for a proposal."""

    ELEMENT = "element"  # the item's standard element
    TITLE = "title"  # the words of its title or name
    VALUES = "values"  # what the census counted in the column that is hung on it
    STRAY_IDS = "stray-ids"  # resident numbers inside other values
    METADATA = "metadata"  # the entry's title, abstract or tags name such items
    GRAVEST_ITEM = "gravest-item"  # the grade of the gravest item


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One clue and the rule by which it weighs: codes and counts, never a value."""

    clue: Clue
    what: str  # the element or the kind of words
    share: int = 0  # thousandths of the sampled values
    rule: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """What the assistant would change, why, and what a person said to it."""

    id: str
    entry: str
    version: int
    provider: str
    item: str  # empty: the entry as a whole
    aspect: Aspect
    now: str
    proposed: str
    contradiction: bool  # the entry says two things that cannot both stand
    reasons: tuple[Reason, ...]
    opened: datetime
    verdict: Verdict = Verdict.OPEN
    decided: datetime | None = None
    by: str = ""
    why: str = ""

    @property
    def label(self) -> Label:
        """What the guard needs."""
        return Label(owner=self.provider)

    def same_as(self, other: Proposal) -> bool:
        """Say whether both would change the same thing in the same way: what was answered is not asked again."""
        return (self.entry, self.item, self.aspect, self.now, self.proposed) == (
            *(other.entry, other.item, other.aspect),
            *(other.now, other.proposed),
        )

    def accepted(self, by: str, at: datetime) -> Proposal:
        """Return the proposal as a person took it over."""
        return replace(self._answered(by, at), verdict=Verdict.ACCEPTED)

    def rejected(self, by: str, at: datetime, why: str) -> Proposal:
        """Return the proposal as a person turned it down, with the reason."""
        if not 1 <= len(why.strip()) <= REASON_LIMIT:
            raise Invalid(text("say why it stays as it is"), remedy=text("give 1 to {count} reasons", count=1))
        return replace(self._answered(by, at), verdict=Verdict.REJECTED, why=why.strip())

    def applied(self, entry: Entry) -> Entry:
        """Return the entry as the proposal would have it; what else must change then, the entry itself says."""
        match self.aspect:
            case Aspect.OPEN_TYPE:
                return replace(entry, open_type=OpenType(self.proposed))
            case Aspect.GRADE:
                return self._with_item(entry, replace(entry.item(self.item), grade=Grade[self.proposed]))
            case Aspect.SHARE_TYPE:
                return self._with_item(entry, replace(entry.item(self.item), share_type=ShareType(self.proposed)))

    def _with_item(self, entry: Entry, changed: Item) -> Entry:
        return replace(entry, items=tuple(changed if one.name == self.item else one for one in entry.items))

    def _answered(self, by: str, at: datetime) -> Proposal:
        if self.verdict is not Verdict.OPEN:
            raise WrongMoment(text("the proposal is already answered: {verdict}", verdict=self.verdict))
        return replace(self, decided=at, by=by)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A change that the assistant would make, before it is anybody's."""

    item: str
    aspect: Aspect
    now: str
    proposed: str
    contradiction: bool = False
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What the census counted in the column that is hung on an item."""

    element: str
    share: int
    stray_ids: bool


# Grade by what an item means, and the rule: the matrix of the domain rules, 4.2, after GB/T 43697-2024.
_BY_ELEMENT: Mapping[str, tuple[Grade, str]] = {
    "resident-id": (Grade.L4, PERSONAL_LAW),
    "bank-card": (Grade.L4, PERSONAL_LAW),
    "phone": (Grade.L3, NATIONAL),
    "email": (Grade.L3, NATIONAL),
    "address": (Grade.L3, NATIONAL),
    "person-name": (Grade.L2, NATIONAL),
}
_BY_WORDS: tuple[tuple[str, Grade, str, re.Pattern[str]], ...] = (
    ("biometrics", Grade.L4, PERSONAL_LAW, re.compile(r"指纹|人脸|虹膜|声纹|掌纹|基因")),
    ("health", Grade.L4, PERSONAL_LAW, re.compile(r"病历|病史|诊断|疾病名称|健康状况|艾滋|残疾类[别型]|传染病患者")),
    ("whereabouts", Grade.L4, PERSONAL_LAW, re.compile(r"行踪|轨迹|实时位置|住宿记录")),
    ("minors", Grade.L4, PERSONAL_LAW, re.compile(r"(?:儿童|未成年人|学生)(?:姓名|身份证|证件)|监护人")),
    ("belief", Grade.L4, PERSONAL_LAW, re.compile(r"宗教信仰")),
    ("income", Grade.L3, NATIONAL, re.compile(r"(?:个人|家庭|本人)(?:年|月)?收入|工资|缴费基数")),
    ("home", Grade.L3, NATIONAL, re.compile(r"家庭住址|户籍地址|户口所在地")),
)
# What a public body shows at its own door is nobody's secret: an enquiry line, the address of an office or a firm.
_PUBLIC = re.compile(
    r"(?:咨询|服务|监督|投诉|举报|办公|客服|公开|值班|热线|单位|机构|企业|公司|医院|学校|场馆|窗口|景区|酒店|药店)"
    r"(?:联系|固定)?(?:电话|邮箱|地址|联系方式|住所)"
    r"|(?:经营|注册|办公|单位|机构|企业|公司|生产)(?:地址|场所|住所)|^地址$|^住所$"
)
_OPENED = frozenset({"resident-id", "bank-card", "phone", "biometrics", "health", "whereabouts", "minors", "belief"})
_PERSONAL_ELEMENTS = ("resident-id", "bank-card", "phone")
_TAGS = re.compile(r"[,，、;；\s|/]+")


def grade_of(
    title: str, name: str = "", element: str | None = None, seen: Seen | None = None
) -> tuple[Grade, tuple[Reason, ...]]:
    """Return the grade that an item's meaning asks for at least, and every reason; no reason leaves L1.

    >>> grade_of("身份证号", "f1")[0].name, grade_of("服务热线电话")[0].name, grade_of("年份")[0].name
    ('L4', 'L1', 'L1')
    """
    found = tuple(_clues(title, name, element, seen))
    return max((grade for grade, _ in found), default=Grade.L1), tuple(reason for _, reason in found)


def _clues(title: str, name: str, element: str | None, seen: Seen | None) -> Iterator[tuple[Grade, Reason]]:
    public = bool(_PUBLIC.search(title)) if title else False
    for clue, what, share in (
        (Clue.ELEMENT, element or "", 0),
        (Clue.TITLE, element_named(title, name), 0),
        (Clue.VALUES, seen.element if seen else "", seen.share if seen else 0),
    ):
        if what in _BY_ELEMENT and not (public and what in ("phone", "email", "address")):
            grade, rule = _BY_ELEMENT[what]
            yield grade, Reason(clue=clue, what=what, share=share, rule=rule)
    if seen and seen.stray_ids:
        yield Grade.L4, Reason(clue=Clue.STRAY_IDS, what="resident-id", rule=PERSONAL_LAW)
    for what, grade, rule, words in _BY_WORDS:
        if words.search(title):
            yield grade, Reason(clue=Clue.TITLE, what=what, rule=rule)


def wishes(entry: Entry, seen: Mapping[str, Seen]) -> tuple[Wish, ...]:
    """Return everything that the assistant would change in an entry: grades up, and terms that the grades forbid."""
    found: list[Wish] = []
    gravest: list[tuple[Grade, Reason]] = [(item.grade, _gravest(item)) for item in entry.items]
    for item in entry.items:
        grade, reasons = grade_of(item.title, item.name, item.element, seen.get(item.name))
        if grade > item.grade:
            found.append(
                Wish(item=item.name, aspect=Aspect.GRADE, now=item.grade.name, proposed=grade.name, reasons=reasons)
            )
            gravest += [(grade, one) for one in reasons]
        if max(grade, item.grade) > Grade.L2 and item.share_type is ShareType.UNCONDITIONAL:
            why = reasons or (_gravest(item),)
            found.append(
                Wish(
                    item=item.name,
                    aspect=Aspect.SHARE_TYPE,
                    now=item.share_type,
                    proposed=ShareType.CONDITIONAL,
                    contradiction=True,
                    reasons=why,
                )
            )
    return (*found, *_opening(entry, gravest))


def _opening(entry: Entry, gravest: list[tuple[Grade, Reason]]) -> Iterator[Wish]:
    if entry.open_type is not OpenType.OPEN:
        return
    named = contradictions((entry.title, entry.abstract))
    grave = [(grade, reason) for grade, reason in gravest if grade > Grade.L2]
    if not named and not grave:
        return
    worst = max((grade for grade, _ in grave), default=Grade.L4 if named else Grade.L1)
    yield Wish(
        item="",
        aspect=Aspect.OPEN_TYPE,
        now=entry.open_type,
        proposed=OpenType.CLOSED if worst is Grade.L4 else OpenType.CONDITIONAL,
        contradiction=True,
        reasons=tuple(dict.fromkeys((*named, *(reason for _, reason in grave)))),
    )


def contradictions(words: Iterable[str]) -> tuple[Reason, ...]:
    """Return which personal items the title, tags and description of something openly published name.

    >>> [one.what for one in contradictions(["自然人名称,联系电话,身份证号,开户银行"])]
    ['phone', 'resident-id']
    >>> contradictions(["景区咨询电话,地址"])
    ()
    """
    found: dict[str, Reason] = {}
    for one in words:
        for tag in _TAGS.split(one):
            if not tag or _PUBLIC.search(tag):
                continue
            element = element_named(tag)
            if element in _PERSONAL_ELEMENTS:
                rule = _BY_ELEMENT[element][1]
                found.setdefault(element, Reason(clue=Clue.METADATA, what=element, rule=rule))
            for what, _, rule, pattern in _BY_WORDS:
                if what in _OPENED and pattern.search(tag):
                    found.setdefault(what, Reason(clue=Clue.METADATA, what=what, rule=rule))
    return tuple(found[what] for what in sorted(found))


def _gravest(item: Item) -> Reason:
    return Reason(clue=Clue.GRAVEST_ITEM, what=item.name, rule=OPENING)
