"""The powers on a body's public list, the service items that rest on them, and what an applicant must show."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from jutong.kernel.errors import Invalid
from jutong.kernel.text import text

REQUIREMENTS_LIMIT = 100
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


class PowerKind(StrEnum):
    """The kinds of the lists of powers and responsibilities (权责清单)."""

    LICENSING = "licensing"  # 行政许可
    PENALTY = "penalty"  # 行政处罚
    COERCION = "coercion"  # 行政强制
    LEVY = "levy"  # 行政征收
    PAYMENT = "payment"  # 行政给付
    INSPECTION = "inspection"  # 行政检查
    CONFIRMATION = "confirmation"  # 行政确认
    REWARD = "reward"  # 行政奖励
    RULING = "ruling"  # 行政裁决
    OTHER = "other"


class RequirementKind(StrEnum):
    """What a requirement asks for (SEMIC CCCEV 2.1)."""

    CRITERION = "criterion"
    INFORMATION = "information"
    CONSTRAINT = "constraint"


@dataclass(frozen=True, slots=True, kw_only=True)
class Power:
    """One line of a body's list of powers and responsibilities."""

    code: str
    body: str
    title: str
    kind: PowerKind
    basis: str = ""

    def __post_init__(self) -> None:
        check_code(self.code)


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """What an applicant must show, and which items of which catalogue entry show it already; empty for paper."""

    code: str
    title: str
    kind: RequirementKind = RequirementKind.INFORMATION
    entry: str = ""
    items: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_code(self.code)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceItem:
    """A government service item (政务服务事项), the power that it rests on, and its requirements."""

    code: str
    body: str
    title: str
    power: str = ""
    requirements: tuple[Requirement, ...] = ()

    def __post_init__(self) -> None:
        check_code(self.code)
        codes = {one.code for one in self.requirements}
        if len(codes) < len(self.requirements) or len(self.requirements) > REQUIREMENTS_LIMIT:
            raise Invalid(text("a service item has at most {most} requirements, each once", most=REQUIREMENTS_LIMIT))


def check_code(code: str) -> None:
    """Refuse a code that could not stand in an address."""
    if not _CODE.fullmatch(code):
        raise Invalid(text("a code is 1 to 64 letters, digits or ._- and begins with a letter or digit"))
