"""A request to erase one subject's data, the two people it needs, and what came of it (PIPL, art. 47)."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from jutong.kernel.errors import Invalid, NotAllowed, WrongMoment
from jutong.kernel.text import text
from jutong.terms.identifier import Fault, credit_code_fault, is_resident_id

BASIS_LIMIT = 400


class Ground(StrEnum):
    """Why data must go: the five cases of PIPL art. 47."""

    PURPOSE_OVER = "purpose-over"  # (1) reached, cannot be reached, or the data is no longer needed for it
    TERM_OVER = "term-over"  # (2) no longer provided, or the storage term has ended
    CONSENT_WITHDRAWN = "consent-withdrawn"  # (3)
    UNLAWFUL = "unlawful"  # (4) handled against the law or an agreement
    OTHER_LAW = "other-law"  # (5) laws and administrative regulations


class Phase(StrEnum):
    """How far a request has come."""

    ASKED = "asked"
    CONFIRMED = "confirmed"
    DONE = "done"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What was erased, by table, and what this node cannot reach."""

    rows: Mapping[str, int] = field(default_factory=dict)  # deleted, by table
    cells: Mapping[str, int] = field(default_factory=dict)  # rows of others in which a mention was cleared, by table
    neighbours: tuple[str, ...] = ()  # nodes that were handed batches with such rows
    consumers: tuple[str, ...] = ()  # bodies with an agreement in force on such an entry
    decisions: int = 0  # of the base library that name the subject, kept as official acts

    def joined(self, again: Outcome) -> Outcome:
        """Return the outcome of both times that an erasure was carried out."""
        return Outcome(
            rows=_sums(self.rows, again.rows),
            cells=_sums(self.cells, again.cells),
            neighbours=tuple(sorted({*self.neighbours, *again.neighbours})),
            consumers=tuple(sorted({*self.consumers, *again.consumers})),
            decisions=max(self.decisions, again.decisions),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasure:
    """Who asked for what on which ground, and who confirmed it; the subject is known by a keyed digest alone."""

    id: str
    digest: str
    ground: Ground
    basis: str
    asked_by: str
    asked_at: datetime
    phase: Phase = Phase.ASKED
    confirmed_by: str = ""
    confirmed_at: datetime | None = None
    done_at: datetime | None = None
    outcome: Outcome = Outcome()

    def __post_init__(self) -> None:
        if not self.basis.strip() or len(self.basis) > BASIS_LIMIT or any(ord(one) < 32 for one in self.basis):
            raise Invalid(
                text("the basis of an erasure has 1 to {most} characters and no control characters", most=BASIS_LIMIT),
                basis=text("PIPL, art. 47"),
                remedy=text("name the request or the decision, by its number and date"),
            )

    def confirm(self, by: str, at: datetime) -> Erasure:
        """Return the request as confirmed by a second person."""
        if by == self.asked_by:
            raise NotAllowed(
                text("whoever asked for an erasure does not confirm it"),
                basis=text("two persons for what cannot be taken back"),
                remedy=text("have the security administrator or the head confirm it"),
            )
        if self.phase is not Phase.ASKED:
            return self
        return replace(self, phase=Phase.CONFIRMED, confirmed_by=by, confirmed_at=at)

    def done(self, outcome: Outcome, at: datetime) -> Erasure:
        """Return the request as carried out."""
        if self.phase is Phase.ASKED:
            raise WrongMoment(text("the erasure is not confirmed"), remedy=text("have a second person confirm it"))
        return replace(self, phase=Phase.DONE, outcome=outcome, done_at=at)

    def check_subject(self, value: str, key: bytes) -> str:
        """Return the subject's identifier, or refuse one that is not what was asked for."""
        subject = subject_of(value)
        if not hmac.compare_digest(self.digest, digest_of_subject(subject, key)):
            raise Invalid(
                text("this is not the identifier for which the erasure was asked"),
                remedy=text("type it again from the request, character by character"),
            )
        return subject


def subject_of(value: str) -> str:
    """Return an identifier as it is looked for, or refuse what is neither a credit code nor a resident's number.

    >>> subject_of(" 11010519491231002x")
    '11010519491231002X'
    """
    upper = value.strip().upper()
    if credit_code_fault(upper) in (None, Fault.ORGANISATION_CODE) or is_resident_id(upper):
        return upper
    raise Invalid(
        text("this is neither a sound credit code nor a sound identity number"),
        basis=text("GB 32100-2015; GB 11643-1999"),
        remedy=text("type it again from the request, character by character"),
    )


def digest_of_subject(subject: str, key: bytes) -> str:
    """Return by what the ledger knows the subject: whoever does not hold the node's key can find nobody by it."""
    return hmac.digest(key, subject.encode(), "sha256").hex()


def _sums(one: Mapping[str, int], other: Mapping[str, int]) -> Mapping[str, int]:
    return {name: one.get(name, 0) + other.get(name, 0) for name in sorted({*one, *other})}
