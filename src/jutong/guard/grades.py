"""What a grade asks of whoever hands data over: one table, read by agreements, the gateway and the journal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from jutong.kernel.errors import NotAllowed
from jutong.kernel.text import Text, text
from jutong.terms.grade import Grade

GRADING = text("GB/T 43697-2024 grading; guard policy, handling by grade")


class Method(StrEnum):
    """How agreed data reaches its user (Order 809, art. 22, and the two that hand over less than rows)."""

    QUERY = "query"  # one record, by its key, through the gateway
    VERIFY = "verify"  # yes or no to a statement about one record
    TABLE = "table"  # batch exchange of a table
    FILE = "file"  # file download
    ENCLAVE = "enclave"  # the question travels, the rows stay


class Durability(StrEnum):
    """When a call's line must be safe on disk."""

    WITHIN_WINDOW = "within-window"  # group commit may follow the answer by the journal's window
    BEFORE_ANSWER = "before-answer"  # no answer leaves before its line would outlive a power cut


@dataclass(frozen=True, slots=True, kw_only=True)
class Handling:
    """What one grade allows and demands."""

    methods: frozenset[Method]
    always_masked: frozenset[Method]  # of these methods, clear text never leaves
    masked: bool  # masking is on unless the agreement says otherwise
    lists: bool  # many records may be found by what they say (services by declaration), not by their key alone
    default_mask: str  # spelled as ``guard.mask`` reads it; used where an item names none
    purpose: bool  # every call must name a purpose of the agreement
    second_approval: bool  # clear text needs a second person's approval
    shared_secret: bool  # a caller may be known by a secret that its provider's node holds too
    durability: Durability
    single: bool = False  # a query answers one record a call


_BATCH = frozenset({Method.TABLE, Method.FILE})
_ALL = frozenset(Method)

HANDLING: Mapping[Grade, Handling] = {
    Grade.L1: Handling(
        methods=_ALL,
        always_masked=frozenset(),
        masked=False,
        lists=True,
        default_mask="none",
        purpose=False,
        second_approval=False,
        shared_secret=True,
        durability=Durability.WITHIN_WINDOW,
    ),
    Grade.L2: Handling(
        methods=_ALL,
        always_masked=frozenset(),
        masked=False,
        lists=True,
        default_mask="none",
        purpose=False,
        second_approval=False,
        shared_secret=True,
        durability=Durability.BEFORE_ANSWER,
    ),
    Grade.L3: Handling(
        methods=_ALL,
        always_masked=_BATCH,
        masked=True,
        lists=True,
        default_mask="keep:1:1",
        purpose=True,
        second_approval=False,
        shared_secret=True,
        durability=Durability.BEFORE_ANSWER,
    ),
    Grade.L4: Handling(
        methods=_ALL - _BATCH,
        always_masked=frozenset(),
        masked=True,
        lists=False,
        default_mask="drop",
        purpose=True,
        second_approval=True,
        shared_secret=False,
        durability=Durability.BEFORE_ANSWER,
        single=True,
    ),
}


def handling(grade: Grade) -> Handling:
    """Return what ``grade`` allows and demands.

    >>> Method.TABLE in handling(Grade.L4).methods
    False
    """
    return HANDLING[grade]


def allows(grade: Grade, method: Method, *, masked: bool, purpose: bool) -> bool:
    """Say whether data of ``grade`` may leave by ``method``, masked or clear, with or without a purpose.

    >>> allows(Grade.L3, Method.TABLE, masked=False, purpose=True)
    False
    """
    return _objection(grade, method, masked=masked, purpose=purpose) is None


def require(grade: Grade, method: Method, *, masked: bool, purpose: bool) -> None:
    """Refuse what ``allows`` denies, and say what would be allowed."""
    objection = _objection(grade, method, masked=masked, purpose=purpose)
    if objection is not None:
        reason, remedy = objection
        raise NotAllowed(reason, basis=GRADING, remedy=remedy)


def _objection(grade: Grade, method: Method, *, masked: bool, purpose: bool) -> tuple[Text, Text] | None:
    rule = HANDLING[grade]
    if method not in rule.methods:
        return (
            text("data of grade {grade} may not leave by the method {method}", grade=grade.name, method=method.value),
            text("use one of: {methods}", methods=", ".join(sorted(rule.methods))),
        )
    if method in rule.always_masked and not masked:
        return (
            text(
                "data of grade {grade} leaves by the method {method} only masked", grade=grade.name, method=method.value
            ),
            text("give every item of this grade a mask"),
        )
    if rule.purpose and not purpose:
        return (
            text("data of grade {grade} leaves only for a named purpose", grade=grade.name),
            text("name a purpose of the agreement"),
        )
    return None
