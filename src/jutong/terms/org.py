"""A public body and its place in the country."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class BodyKind(StrEnum):
    """What a body is in the sharing system (Order 809, arts 8-10)."""

    AUTHORITY = "authority"  # 政务数据共享主管部门, one a tier
    DEPARTMENT = "department"  # 政府部门, or a body authorised by law to run public affairs
    GOVERNMENT = "government"  # 人民政府 of a tier: decides disputes that mediation did not end (art. 28)
    PROCESSOR = "processor"  # 受托方: no right to data of its own (art. 36)
    CONSUMER = "consumer"  # a firm or bank that may use but not see


@dataclass(frozen=True, slots=True, kw_only=True)
class Org:
    """A body known by its unified social credit code, in a division (six digits)."""

    code: str
    name: str
    division: str
    kind: BodyKind = BodyKind.DEPARTMENT
    short_name: str = ""
