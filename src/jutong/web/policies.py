"""Endpoints of policies on deliveries: read, check, draft, try, put in force by a second person, withdraw."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

import msgspec
from litestar.params import JSONBody

from jutong import sharing
from jutong.delivery import policies
from jutong.delivery.policies import DeliveryPolicy, Sample, Sight, Stage
from jutong.desk import House
from jutong.guard import Label
from jutong.terms import Actor

from .wiring import NO_NUL, AfterUlid, Limit, TheActor, TheHouse, Ulid, act, look

TAGS = ["delivery"]
_ITEMS_MOST = 20_000  # items of one agreement, for all its purposes
Source = Annotated[str, msgspec.Meta(max_length=20_000, pattern=NO_NUL)]
Line = Annotated[str, msgspec.Meta(max_length=500, pattern=NO_NUL)]
Version = Annotated[int, msgspec.Meta(ge=1, le=2**31 - 1)]


class PolicySheet(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A policy in Cedar; ``whole`` for all deliveries of the node. ``seen`` is the version that was read before."""

    title: Line
    basis: Line
    source: Source
    whole: bool = False
    seen: Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)] = 0


class DraftSheet(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A text to be checked; ``policy`` names whose next version it would be."""

    source: Source
    whole: bool = False
    policy: Annotated[str, msgspec.Meta(max_length=26, pattern=NO_NUL)] = ""


class SampleSheet(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A text and a delivery that somebody might ask for; what is not said is taken from agreement and clock."""

    source: Source
    agreement: Ulid
    whole: bool = False
    policy: Annotated[str, msgspec.Meta(max_length=26, pattern=NO_NUL)] = ""
    action: Annotated[str, msgspec.Meta(max_length=40, pattern=NO_NUL)] = "query"
    system: Line = ""
    purpose: Annotated[str, msgspec.Meta(max_length=63, pattern=NO_NUL)] = ""
    hour: Annotated[int, msgspec.Meta(ge=0, le=23)] | None = None
    rows: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)] = 1
    address: Annotated[str, msgspec.Meta(max_length=43, pattern=NO_NUL)] = ""

    def sample(self) -> Sample:
        """Return it as a noun."""
        names = ("agreement", "action", "system", "purpose", "hour", "rows", "address")
        return Sample(**{name: getattr(self, name) for name in names})


class EnforcementSheet(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """From which day on; none: from today on."""

    starts: date | None = None


class PolicyView(msgspec.Struct, kw_only=True):
    """A version as it stands."""

    id: str
    version: int
    title: str
    basis: str
    source: str
    body: str
    whole: bool
    effect: str
    stage: Stage
    starts: date | None
    by: str
    at: datetime
    approved_by: str
    approved_at: datetime | None
    withdrawn_by: str
    withdrawn_at: datetime | None
    digest: str


class ConsequenceView(msgspec.Struct, kw_only=True):
    """A delivery that would be decided otherwise; ``of_rows``: only some rows would be kept back.

    ``dropped``, ``masked`` and ``opened`` are the items that would leave no more, less of them, or more of them.
    """

    agreement: str
    entry: str
    consumer: str
    system: str
    action: str
    purpose: str
    refused: bool
    of_rows: bool
    dropped: tuple[str, ...]
    masked: tuple[str, ...]
    opened: tuple[str, ...]


class SeenView(msgspec.Struct, kw_only=True):
    """One item for one purpose: what leaves of it one by one and in the whole (none: not agreed); who hides it."""

    item: str
    title: str
    grade: str
    purpose: str
    single: Sight | None
    whole: Sight | None
    policies: tuple[str, ...]


class CheckView(msgspec.Struct, kw_only=True):
    """What is wrong with a text, and what it would change; nothing is changed where something is wrong."""

    faults: tuple[str, ...]
    consequences: tuple[ConsequenceView, ...] = ()


class AnswerView(msgspec.Struct, kw_only=True):
    """What is decided of a sample: now, and with the draft."""

    allowed_before: bool
    allowed: bool
    code: str
    reason: str
    basis: str
    policies: tuple[str, ...]
    errors: tuple[str, ...]
    of_rows: bool
    dropped: tuple[str, ...]
    masked: tuple[str, ...]


@look("/api/policies", tags=TAGS)
def list_policies(house: TheHouse, actor: TheActor, after: AfterUlid = "", limit: Limit = 100) -> list[PolicyView]:
    """List the policies that one's body may see, each in its newest version."""
    _ask(house, actor, "pages.policies", actor.org)
    with house.reading() as db:
        found = policies.policies_shown(
            db,
            body=actor.org,
            every=actor.org == house.home.settings.body,
            after=(after,) if after else (),
            limit=limit,
        )
    return [_view(one) for one in found]


@look("/api/agreements/{agreement_id:str}/items", tags=TAGS)
def list_items(house: TheHouse, actor: TheActor, agreement_id: Ulid) -> list[SeenView]:
    """List what the consumer of an agreement sees of each item at this hour, and by which policies it is hidden."""
    _ask(house, actor, "pages.policies", actor.org)
    with house.reading() as db:
        every = actor.org == house.home.settings.body
        sharing.find_agreement(db, agreement_id, None if every else actor)
        found = policies.items_seen(
            db, body=actor.org, every=every, now=house.clock(), agreement_id=agreement_id, limit=_ITEMS_MOST
        )
    return [
        SeenView(
            **{name: getattr(one, name) for name in ("item", "title", "grade", "purpose", "single", "whole")},
            policies=tuple(name for name, _ in one.policies),
        )
        for one in found
    ]


@look("/api/policies/{policy_id:str}", tags=TAGS)
def read_policy(house: TheHouse, actor: TheActor, policy_id: Ulid) -> list[PolicyView]:
    """Read every version of a policy, the newest first."""
    _ask(house, actor, "pages.policies", actor.org)
    with house.reading() as db:
        policies.latest_policy(db, policy_id, body=actor.org, every=actor.org == house.home.settings.body)
        return [_view(one) for one in policies.versions_of(db, policy_id)]


@act("/api/policies", tags=TAGS)
def draft_policy(house: TheHouse, actor: TheActor, data: JSONBody[PolicySheet]) -> PolicyView:
    """Draft a policy; a second person puts it in force."""
    with house.desk(actor) as desk:
        kept = policies.draft_policy(
            desk, data.title, data.basis, data.source, tier=house.home.settings.body, whole=data.whole
        )
    return _view(kept)


@act("/api/policies/{policy_id:str}/versions", tags=TAGS)
def draft_version(house: TheHouse, actor: TheActor, policy_id: Ulid, data: JSONBody[PolicySheet]) -> PolicyView:
    """Draft the next version of a policy; what is in force stays so meanwhile."""
    with house.desk(actor) as desk:
        kept = policies.draft_policy(
            *(desk, data.title, data.basis, data.source),
            tier=house.home.settings.body,
            whole=data.whole,
            policy_id=policy_id,
            seen=data.seen,
        )
    return _view(kept)


@act("/api/policies/check", tags=TAGS)
def check_policy(house: TheHouse, actor: TheActor, data: JSONBody[DraftSheet]) -> CheckView:
    """Check a text, and say which deliveries would be decided otherwise by it at this hour (at most 200)."""
    _ask(house, actor, "delivery.try_policy", house.home.settings.body if data.whole else actor.org)
    found = policies.faults(data.source, whole=data.whole)
    if found:
        return CheckView(faults=tuple(map(str, found)))
    with house.reading() as db:
        told = policies.consequences(
            db, data.source, body=actor.org, whole=data.whole, policy_id=data.policy, now=house.clock()
        )
    return CheckView(
        faults=(),
        consequences=tuple(
            ConsequenceView(**{name: getattr(one, name) for name in ConsequenceView.__struct_fields__}) for one in told
        ),
    )


@act("/api/policies/trial", tags=TAGS)
def try_policy(house: TheHouse, actor: TheActor, data: JSONBody[SampleSheet]) -> AnswerView:
    """Say what would be decided of a sample, with the text in force and without; nothing is handed over."""
    with house.desk(actor) as desk:
        answer = policies.try_policy(
            desk,
            data.source,
            data.sample(),
            tier=house.home.settings.body,
            whole=data.whole,
            policy_id=data.policy,
        )
    refusal = answer.refusal
    return AnswerView(
        allowed_before=answer.before is None,
        allowed=refusal is None,
        code=refusal.code if refusal else "ok",
        reason=str(refusal.reason) if refusal else "",
        basis=str(refusal.basis) if refusal else "",
        policies=answer.reasons,
        errors=answer.errors,
        of_rows=answer.of_rows,
        dropped=answer.dropped,
        masked=answer.masked,
    )


@act("/api/policies/{policy_id:str}/versions/{version:int}/enforcement", tags=TAGS)
def enforce_policy(
    house: TheHouse, actor: TheActor, policy_id: Ulid, version: Version, data: JSONBody[EnforcementSheet]
) -> PolicyView:
    """Put a version in force, as a second person of its body."""
    with house.desk(actor) as desk:
        return _view(policies.enforce_policy(desk, policy_id, version, data.starts))


@act("/api/policies/{policy_id:str}/withdrawal", tags=TAGS)
def withdraw_policy(house: TheHouse, actor: TheActor, policy_id: Ulid) -> PolicyView:
    """Withdraw a policy with all its versions."""
    with house.desk(actor) as desk:
        return _view(policies.withdraw_policy(desk, policy_id))


def _ask(house: House, actor: Actor, act: str, owner: str) -> None:
    """Ask the guard at a desk, where a denial leaves its line."""
    with house.desk(actor) as desk:
        desk.allow(act, Label(owner=owner))


def _view(kept: DeliveryPolicy) -> PolicyView:
    return PolicyView(**{name: getattr(kept, name) for name in PolicyView.__struct_fields__})


ENDPOINTS = [
    list_policies,
    list_items,
    read_policy,
    draft_policy,
    draft_version,
    check_policy,
    try_policy,
    enforce_policy,
    withdraw_policy,
]
