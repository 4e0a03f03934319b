"""What a column holds: a standard element, told by its name and its values together; values are counted, never kept."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from jutong.terms.division import Divisions
from jutong.terms.identifier import (
    Fault,
    credit_code_fault,
    is_bank_card,
    is_licence_id,
    is_mobile,
    is_organisation_code,
    is_registration_number,
    is_resident_id,
)

from .names import element_named

# Thousandths of the values that are there.
MOST, MANY, SOME = 800, 600, 300
STRAY_LEAST, STRAY_SHARE = 3, 10
VALUE_LIMIT = 256
_ABSENT = frozenset({"", "n/a", "null", "none", "-", "--", "/", "无", "空", "不详"})
_DATE = re.compile(r"(?:18|19|20)\d\d[-/.年]?(?:0?[1-9]|1[0-2])[-/.月]?(?:0?[1-9]|[12]\d|3[01])日?(?:[ T]\d\d?:.*)?")
_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s.]+(?:\.[^@\s.]+)+")
_LANDLINE = re.compile(r"(?:0\d{2,3}-?)\d{7,8}(?:-\d{1,6})?")
_DIVISION = re.compile(r"[1-9]\d{5}(?:0{6}|\d{3}(?:\d{3})?)?")
_AMOUNT = re.compile(r"-?\d{1,3}(?:,\d{3})+(?:\.\d+)?|-?\d+\.\d+|-?\d+(?:\.\d+)?\s*\(?(?:万|亿)?(?:元|美元|港元).*")
_PLACE = re.compile(r"[省市区县乡镇村路街道巷弄号栋幢室楼组]")
_FIRM = re.compile(r".{2,}(?:公司|厂|店|部|商行|合作社|事务所|中心|集团|银行|企业|经营部|分公司)(?:[(（].*)?")
_HAN = re.compile(r"[\u4e00-\u9fff]{2,4}")
_EIGHTEEN = re.compile(r"(?<![0-9A-Za-z])\d{17}[0-9Xx](?![0-9A-Za-z])")
_SURNAMES = frozenset(
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟"
    "汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What a sample of a column shows: counts and lengths alone."""

    sampled: int
    absent: int
    distinct: int
    shortest: int = 0
    longest: int = 0
    valid: Mapping[str, int] = field(default_factory=dict)  # element -> values that pass its check
    stray_ids: int = 0  # resident numbers among or inside values that are something else

    @property
    def filled(self) -> int:
        """How many of the sampled values are there."""
        return self.sampled - self.absent

    def share(self, element: str) -> int:
        """Return how many thousandths of the values that are there pass the check of ``element``."""
        return 1000 * self.valid.get(element, 0) // self.filled if self.filled else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Guess:
    """The element that a column is taken for; ``by`` says whether its name, its values, or both speak for it."""

    element: str = ""
    by: str = ""  # name | values | both
    share: int = 0  # thousandths of the values that pass
    stray_ids: bool = False  # some values are, or hold, resident numbers: a person must look


def profile_of(values: Iterable[str | None], divisions: Divisions) -> Profile:
    """Count what a sample shows; the values are let go of."""
    counted = Counter("" if value is None else value.strip()[:VALUE_LIMIT] for value in values)
    absent = sum(count for value, count in counted.items() if value.casefold() in _ABSENT)
    there = {value: count for value, count in counted.items() if value.casefold() not in _ABSENT}
    valid: Counter[str] = Counter()
    strays = 0
    for value, count in there.items():
        for element, holds in _CHECKS.items():
            if holds(value):
                valid[element] += count
        if _DIVISION.fullmatch(value) and divisions.known_from(value[:6], 0):
            valid["division"] += count
        strays += count * _holds_stray_id(value)
    lengths = [len(value) for value in there]
    return Profile(
        sampled=counted.total(),
        absent=absent,
        distinct=len(there),
        shortest=min(lengths, default=0),
        longest=max(lengths, default=0),
        valid=dict(sorted(valid.items())),
        stray_ids=strays,
    )


def recognise(name: str, comment: str, profile: Profile) -> Guess:
    """Return what a column holds; check digits speak louder than shapes, and one column has one meaning.

    A credit code may look like a resident number and even pass its check digit: what most values are, all are.
    """
    named = element_named(name, comment)
    element = next((one for one in _ORDER if _carries(one, named, profile)), "")
    stray = element not in ("resident-id", "bank-card") and (
        profile.stray_ids >= STRAY_LEAST and 1000 * profile.stray_ids >= STRAY_SHARE * profile.filled
    )
    if element:
        by = "both" if element == named else "values"
        return Guess(element=element, by=by, share=profile.share(element), stray_ids=stray)
    if named and _not_against(named, profile):
        return Guess(element=named, by="name", share=profile.share(named), stray_ids=stray)
    return Guess(stray_ids=stray)


def _carries(element: str, named: str, profile: Profile) -> bool:
    share = profile.share(element)
    if element in _CHECKED:
        return share >= (SOME if named == element else MANY)
    if element in _NEEDS_NAME:
        return named == element and share >= MANY
    if named and named != element and element in _WEAK:
        return False
    return share >= (MANY if named == element else MOST)


def _not_against(named: str, profile: Profile) -> bool:
    # A name alone counts where values cannot contradict it: none are there, or nothing checks them.
    return not profile.filled or named not in (*_CHECKS, "division") or profile.share(named) >= SOME // 2


def _holds_stray_id(value: str) -> bool:
    # A sound credit code is never a resident number, whatever its digits spell.
    found: Sequence[str] = _EIGHTEEN.findall(value) if len(value) >= 18 else ()
    return any(is_resident_id(one.upper()) and not _is_credit_code(one.upper()) for one in found)


def _is_credit_code(code: str) -> bool:
    # The outer check digit decides, as in the base library: registries have issued codes whose inner one fails.
    return credit_code_fault(code) in (None, Fault.ORGANISATION_CODE)


def _is_name(value: str) -> bool:
    return bool(_HAN.fullmatch(value)) and value[0] in _SURNAMES


_CHECKS: Mapping[str, Callable[[str], bool]] = {
    "credit-code": lambda value: len(value) == 18 and _is_credit_code(value.upper()),
    "resident-id": lambda value: len(value) == 18 and is_resident_id(value.upper()),
    "registration-number": is_registration_number,
    "organisation-code": lambda value: is_organisation_code(value.replace("-", "").upper()),
    "licence-id": lambda value: value.startswith("1.2.156") and is_licence_id(value),
    "bank-card": lambda value: value.isascii() and value.isdigit() and 16 <= len(value) <= 19 and is_bank_card(value),
    "phone": lambda value: is_mobile(value) or bool(_LANDLINE.fullmatch(value)),
    "email": lambda value: bool(_EMAIL.fullmatch(value)),
    "date": lambda value: len(value) >= 8 and bool(_DATE.fullmatch(value)),
    "enterprise-name": lambda value: bool(_FIRM.fullmatch(value)),
    "person-name": _is_name,
    "address": lambda value: len(value) >= 6 and len(_PLACE.findall(value)) >= 2,
    "amount": lambda value: bool(_AMOUNT.fullmatch(value)),
}
# One in ten numbers passes Luhn, six digits are many things: those need more than their values.
_CHECKED = ("credit-code", "resident-id", "registration-number", "organisation-code", "licence-id")
_NEEDS_NAME = ("bank-card", "division", "amount", "person-name")
_WEAK = ("date", "phone", "address", "enterprise-name")
_ORDER = (
    *_CHECKED,
    "email",
    "phone",
    "bank-card",
    "division",
    "date",
    "enterprise-name",
    "address",
    "person-name",
    "amount",
)
