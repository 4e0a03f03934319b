"""What is done about policies: drafted, tried against a sample, put in force by a second person, withdrawn."""

from __future__ import annotations

from datetime import date

from jutong import catalogue, sharing
from jutong.desk import Desk
from jutong.guard import Label
from jutong.kernel.errors import NotFound, Overtaken

from . import store
from .policy import DeliveryPolicy, Stage, checked
from .trying import Answer, Sample, answer_to


def draft_policy(
    desk: Desk, title: str, basis: str, source: str, *, tier: str, whole: bool, policy_id: str = "", seen: int = 0
) -> DeliveryPolicy:
    """Draft a policy, or the next version of one; what is in force stays so until a second person enforces the draft.

    ``whole`` is for the administrators of ``tier``, the body that runs the node: for all its deliveries. ``seen`` is
    the version that the writer had before the eyes.
    """
    body = tier if whole else desk.actor.org
    versions = _known(desk, policy_id) if policy_id else ()
    if versions:
        body, whole = versions[0].body, versions[0].whole
    if whole:
        desk.allow("delivery.draft_tier_policy", Label(owner=body))
    else:
        desk.allow("delivery.draft_policy", Label(owner=body))
    if versions and versions[0].version != seen:
        raise Overtaken
    new = DeliveryPolicy(
        id=policy_id or desk.new_id(),
        version=versions[0].version + 1 if versions else 1,
        title=title.strip(),
        basis=basis.strip(),
        source=checked(source.replace("\r\n", "\n"), whole=whole),
        body=body,
        whole=whole,
        by=desk.actor.id,
        at=desk.now,
    )
    if versions and versions[0].stage is Stage.DRAFT:
        if (versions[0].title, versions[0].basis, versions[0].source) == (new.title, new.basis, new.source):
            return versions[0]
        store.save(desk.db, versions[0].withdrawn(desk.actor.id, desk.now))
    store.save(desk.db, new)
    desk.record("delivery.policy_drafted", on=new.id, **new.facts())
    return new


def try_policy(desk: Desk, source: str, sample: Sample, *, tier: str, whole: bool, policy_id: str = "") -> Answer:
    """Say what would be decided of a sample, with a draft in force and without; nothing is handed over."""
    desk.allow("delivery.try_policy", Label(owner=tier if whole else desk.actor.org))
    agreement = sharing.find_agreement(desk.db, sample.agreement)
    if not whole and agreement.provider != desk.actor.org:
        raise NotFound("agreement", sample.agreement)
    entry = catalogue.find(desk.db, agreement.entry)
    standing = store.in_force(desk.db, desk.today)
    answer = answer_to(
        sample,
        agreement,
        entry,
        standing,
        checked(source.replace("\r\n", "\n"), whole=whole),
        body=desk.actor.org,
        whole=whole,
        policy_id=policy_id,
        now=desk.now,
    )
    desk.record(
        "delivery.policy_tried",
        on=policy_id or agreement.id,
        agreement=agreement.id,
        entry=entry.id,
        action=sample.action,
        refused=answer.refusal is not None,
    )
    return answer


def enforce_policy(desk: Desk, policy_id: str, version: int, starts: date | None = None) -> DeliveryPolicy:
    """Put a version in force, as a second person of its body: within a second at every gateway, from its day on."""
    _known(desk, policy_id)
    kept = store.find_policy(desk.db, policy_id, version)
    if kept.whole:
        desk.allow("delivery.enforce_tier_policy", Label(owner=kept.body))
    else:
        desk.allow("delivery.enforce_policy", Label(owner=kept.body))
    if kept.stage is Stage.IN_FORCE:
        return kept
    if version != store.versions_of(desk.db, policy_id)[0].version:
        raise Overtaken
    checked(kept.source, whole=kept.whole)
    enforced = kept.enforced(desk.actor.id, desk.now, starts=starts or desk.today, today=desk.today)
    store.save(desk.db, enforced)
    desk.record("delivery.policy_enforced", on=kept.id, **kept.facts(), starts=str(enforced.starts))
    return enforced


def withdraw_policy(desk: Desk, policy_id: str) -> DeliveryPolicy:
    """Withdraw a policy with all its versions, as another than who wrote what is in force."""
    versions = _known(desk, policy_id)
    newest = versions[0]
    if newest.whole:
        desk.allow("delivery.withdraw_tier_policy", Label(owner=newest.body))
    else:
        desk.allow("delivery.withdraw_policy", Label(owner=newest.body))
    live = [one for one in versions if one.stage is not Stage.WITHDRAWN]
    for one in live:
        store.save(desk.db, one.withdrawn(desk.actor.id, desk.now))
    if live:
        desk.record("delivery.policy_withdrawn", on=newest.id, **newest.facts(), versions=[one.version for one in live])
    return store.versions_of(desk.db, policy_id)[0]


def _known(desk: Desk, policy_id: str) -> tuple[DeliveryPolicy, ...]:
    """Return the versions of a policy: the tier's are known to all, another body's are as if they were not there."""
    versions = store.versions_of(desk.db, policy_id)
    if not versions or not (versions[0].whole or versions[0].body == desk.actor.org):
        raise NotFound("policy", policy_id)
    return versions
