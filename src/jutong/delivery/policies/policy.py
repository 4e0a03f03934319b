"""A policy on deliveries as its body writes it, and the moves that it allows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum

from jutong.guard.cedar import Effect, Policy, faults_of, parse, row_faults
from jutong.kernel.canon import Fact, digest
from jutong.kernel.errors import Invalid, NotAllowed, WrongMoment
from jutong.kernel.text import Text, text

from ..cutting import item_faults, of_items
from ..ruling import BUILT_IN, InForce
from ..subjects import BATCH_SCOPE, SCHEMA

TITLE_LIMIT, BASIS_LIMIT = 200, 500
TWO_PEOPLE = text("guard policy, a second person approves")


class Stage(StrEnum):
    """How far one version has come."""

    DRAFT = "draft"
    IN_FORCE = "in-force"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryPolicy:
    """One version of a policy; of the versions in force whose day has come the newest counts."""

    id: str
    version: int
    title: str
    basis: str  # the rule on which it rests; every refusal cites it
    source: str  # Cedar
    body: str
    whole: bool  # for all deliveries of the node; else for those of the body's own entries
    by: str
    at: datetime
    stage: Stage = Stage.DRAFT
    starts: date | None = None
    approved_by: str = ""
    approved_at: datetime | None = None
    withdrawn_by: str = ""
    withdrawn_at: datetime | None = None

    def __post_init__(self) -> None:
        if not 0 < len(self.title.strip()) <= TITLE_LIMIT or not 0 < len(self.basis.strip()) <= BASIS_LIMIT:
            raise Invalid(
                text("a policy has a title and the rule on which it rests"),
                remedy=text("at most {title} and {basis} characters", title=TITLE_LIMIT, basis=BASIS_LIMIT),
            )

    @property
    def effect(self) -> Effect:
        """Whether it permits or forbids."""
        return parse(self.source).effect

    @property
    def digest(self) -> str:
        """The digest of its text."""
        return digest(self.source.encode())

    def enforced(self, who: str, now: datetime, *, starts: date, today: date) -> DeliveryPolicy:
        """Return it in force from a day on, by a second person."""
        if self.stage is not Stage.DRAFT:
            raise WrongMoment(text("this version of the policy is {stage}", stage=self.stage.value))
        if who == self.by:
            raise NotAllowed(
                text("who wrote a policy does not put it in force"),
                basis=TWO_PEOPLE,
                remedy=text("ask another person of the body with this duty"),
            )
        if starts < today:
            raise Invalid(text("a policy is in force from today on at the earliest"))
        return replace(self, stage=Stage.IN_FORCE, starts=starts, approved_by=who, approved_at=now)

    def withdrawn(self, who: str, now: datetime) -> DeliveryPolicy:
        """Return it withdrawn; what is in force is not lifted by whoever wrote it."""
        if self.stage is Stage.WITHDRAWN:
            return self
        if self.stage is Stage.IN_FORCE and who == self.by:
            raise NotAllowed(
                text("who wrote a policy does not withdraw it alone"),
                basis=TWO_PEOPLE,
                remedy=text("ask another person of the body with this duty"),
            )
        return replace(self, stage=Stage.WITHDRAWN, withdrawn_by=who, withdrawn_at=now)

    def in_force(self) -> InForce:
        """Return it as deliveries are judged by it."""
        return InForce(
            id=self.id,
            version=self.version,
            title=self.title,
            basis=self.basis,
            source=self.source,
            body=self.body,
            whole=self.whole,
            starts=self.starts or date.max,
        )

    def facts(self) -> dict[str, Fact]:
        """Return what stands on record of it: never its text, which may name somebody."""
        return {
            "policy": self.id,
            "version": self.version,
            "effect": self.effect.value,
            "whole": self.whole,
            "provider": "" if self.whole else self.body,
            "digest": self.digest,
        }


def faults(source: str, *, whole: bool) -> tuple[Text, ...]:
    """Return what is wrong with a text; nothing, if it could be put in force."""
    try:
        policy = parse(source)
    except Invalid as error:
        return (error.reason,)
    told = (*faults_of(policy, SCHEMA), *_row_faults(policy), *item_faults(policy))
    found = list({str(one): one for one in told}.values())
    replaces = policy.notes.get("replaces")
    if replaces is not None and replaces != BUILT_IN:
        found.append(text("the built-in policy is called {name}", name=BUILT_IN))
    if replaces is not None and (not whole or policy.effect is not Effect.PERMIT):
        found.append(text("only a permit for the whole tier replaces a built-in policy"))
    return tuple(found)


def _row_faults(policy: Policy) -> Iterator[Text]:
    return iter(()) if of_items(policy) else row_faults(policy, batch=BATCH_SCOPE)


def checked(source: str, *, whole: bool) -> str:
    """Return a text that nothing is wrong with, or refuse it."""
    found = faults(source, whole=whole)
    if found:
        raise Invalid(
            found[0],
            basis=text("Cedar; the schema of deliveries"),
            remedy=text("put the policy right and check it again"),
        )
    return source
