"""Decisions on attributes: forbid wins, and what no policy permits is denied. Pure: same question, same answer."""

from __future__ import annotations

from dataclasses import dataclass

from jutong.kernel.errors import NotAllowed, NotSure
from jutong.kernel.text import text
from jutong.terms.actor import Actor
from jutong.terms.assurance import Assurance
from jutong.terms.duty import ADMINISTRATORS, Duty
from jutong.terms.grade import Grade

from .policy import POLICIES, Tie


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """What the guard needs to know of a thing: who owns it, who else is party to it, and how grave it is."""

    owner: str
    parties: frozenset[str] = frozenset()
    grade: Grade = Grade.L1


@dataclass(frozen=True, slots=True)
class Permit:
    """Leave to do one act on one thing, and the duty that gave it."""

    act: str
    duty: Duty


def decide(actor: Actor, act: str, label: Label) -> Permit:
    """Return a permit, or refuse and say why.

    >>> decide(Actor(id="a", org="B", duties=frozenset()), "catalogue.audit_publication", Label(owner="B"))
    Traceback (most recent call last):
    jutong.kernel.errors.NotAllowed: catalogue.audit_publication needs a duty that you do not hold (publish-audit)
    """
    if len(actor.duties & ADMINISTRATORS) > 1:
        raise NotAllowed(
            text("one account holds two of the three administrators' duties"),
            basis=text("GB/T 22239-2019 level 3, separation of administrators"),
            remedy=text("give each administrator's duty to a person of its own"),
        )
    policy = POLICIES.get(act)
    if policy is None:
        raise NotAllowed(text("no policy permits {act}", act=act), basis=text("default deny"))
    held = sorted(actor.duties & policy.duties)
    if not held:
        raise NotAllowed(
            text(
                "{act} needs a duty that you do not hold ({duties})", act=act, duties=", ".join(sorted(policy.duties))
            ),
            basis=text("guard policy, duties"),
            remedy=text("ask the system administrator of your body for a post with this duty"),
        )
    if not _tied(actor, label, policy.tie):
        raise NotAllowed(
            text("{act} is for another body to do", act=act),
            basis=text("guard policy, tie: {tie}", tie=policy.tie.value),
            remedy=text("ask the body that answers for it"),
        )
    if label.grade > actor.cleared:
        raise NotAllowed(
            text("{act} needs clearance {grade}", act=act, grade=label.grade.name),
            basis=text("GB/T 43697-2024 grading; guard policy, clearance"),
            remedy=text("ask the security administrator to raise your post's clearance"),
        )
    sure = [duty for duty in held if actor.assured >= assurance_for(duty, label.grade)]
    if not sure:
        raise NotSure(
            text("{act} needs two factors, and this session has shown one", act=act),
            basis=text("GB/T 22239-2019 level 3, identification by two factors; guard policy, assurance"),
            remedy=text("show a code of your phone or a passkey, then repeat the act"),
        )
    return Permit(act, sure[0])


def assurance_for(duty: Duty, grade: Grade = Grade.L1) -> Assurance:
    """Return how surely one must be known to act by a duty on a thing of a grade: the one place of this rule.

    >>> assurance_for(Duty.SECURITY_ADMIN).name, assurance_for(Duty.GOVERNANCE, Grade.L4).name
    ('TWO', 'TWO')
    >>> assurance_for(Duty.GOVERNANCE, Grade.L3).name
    'ONE'
    """
    return Assurance.TWO if duty in ADMINISTRATORS or grade >= Grade.L4 else Assurance.ONE


def _tied(actor: Actor, label: Label, tie: Tie) -> bool:
    match tie:
        case Tie.OWN:
            return actor.org == label.owner
        case Tie.PARTY:
            return actor.org == label.owner or actor.org in label.parties
        case Tie.OTHER:
            return actor.org != label.owner
        case Tie.ANY:
            return True
