"""What is done for batch delivery: views made and taken away, profiles issued and revoked, receipt confirmed."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

from jutong import catalogue, quality, registers, sharing
from jutong.catalogue import Entry, Purpose
from jutong.collection.taken_back import standing_tables
from jutong.desk import Desk
from jutong.guard import Label, Method
from jutong.kernel.crypto import SigningKey
from jutong.kernel.errors import Invalid, NotFound, TooMuch, Unavailable, WrongMoment
from jutong.kernel.files import sm3_of_file
from jutong.kernel.sm2 import Sm2SigningKey
from jutong.kernel.text import text
from jutong.registers import SystemName
from jutong.sharing import Agreement
from jutong.terms import Actor, Duty, Grade

from .. import policies
from ..call import Person, bulk_call
from ..plan import compile, judge, plan_of_view, token_key_of
from ..secrecy import node_secret
from . import store
from .form import Form, Handed
from .making import Recipe, folder_of, materialise, recipe_of, with_sm3
from .manifest import handed_of, manifest_of, sign
from .marking import PURPOSE, Marking, check_marking
from .profile import SECRET_BYTES, Profile, new_profile
from .telling import store as telling
from .telling.event import event_of
from .tracing import Leak, Trace, traced
from .view import BATCHES, EVERY, View, outlived, terms_of
from .writing import written

Take = Callable[[str, date, int], bool]  # counts one reading of the whole, or says that the day's are used up
_DIGEST = re.compile("[0-9a-f]{64}")


def make_view(
    desk: Desk,
    agreement_id: str,
    *,
    folder: Path,
    key: SigningKey,
    node: str,
    sm2: Sm2SigningKey | None = None,
    at_once: bool = False,
) -> View | None:
    """Bring the view of an agreement up to its table and its terms, and let go of versions that outlived their time.

    What stands already is left as it is. New rows are followed at most every fifteen minutes, unless ``at_once``;
    new terms, and what was erased from the lake, always.
    """
    agreement = sharing.find_agreement(desk.db, agreement_id)
    entry = catalogue.find(desk.db, agreement.entry)
    desk.allow("delivery.make_view", _label(desk, entry))
    recipe = _recipe(desk, agreement, entry, key)
    wanted = agreement.methods & BATCHES and not agreement.over and entry.stage is catalogue.Stage.PUBLISHED
    if recipe is None or not wanted:
        return None
    views = store.views_of(desk.db, agreement.id)
    if not recipe.plan.columns:
        _drop(desk, agreement.id, views)  # policies leave no item of it
        return None
    gone = outlived(views, now=desk.now, terms=recipe.terms, oldest=recipe.oldest)
    before = next((one for one in reversed(views) if one not in gone), None)
    other = before is not None and (before.source < recipe.source or before.doubts != recipe.doubted)
    late = before is not None and other and (at_once or before.made <= desk.now - EVERY)
    made = None
    if before is None or late:
        version = max((one.version for one in views), default=-1) + 1
        with desk.released():
            new = materialise(desk.pools, folder, recipe, version, before)
            if sm2 is not None:
                new = with_sm3(new, folder_of(folder, agreement.id, version))
        _check_still(desk, recipe, key)
        told = manifest_of(
            agreement, new.parts, version=version, terms=recipe.terms, made=desk.now, changes=new.changes
        )
        made = View(
            agreement=agreement.id,
            version=version,
            terms=recipe.terms,
            table=recipe.table,
            source=recipe.source,
            made=desk.now,
            schema=new.schema,
            parts=new.parts,
            changes=new.changes,
            manifest=sign(told, key, node, sm2),
            deleted=new.deleted,
            doubts=recipe.doubted,
            disputed=new.disputed,
        )
        store.save_view(desk.db, made)
        if Method.TABLE in agreement.methods:
            telling.add_event(desk.db, event_of(made, telling.newest_number(desk.db, made.agreement) + 1, desk.now))
    if made is None and not gone:
        return before
    store.remove_views(desk.db, agreement.id, [one.version for one in gone])
    standing = made or before
    assert standing is not None
    desk.record(
        "delivery.view_made",
        on=agreement.id,
        version=standing.version,
        terms=standing.terms,
        table=standing.table,
        source=standing.source,
        rows=standing.rows,
        disputed=standing.disputed,
        files=len(standing.parts),
        bytes=standing.size,
        manifest=standing.digest(),
        gone=[one.version for one in gone],
        withheld=recipe.plan.withheld,
    )
    return standing


def drop_view(desk: Desk, agreement_id: str) -> None:
    """Forget every version of a view whose agreement is over."""
    agreement = sharing.find_agreement(desk.db, agreement_id)
    entry = catalogue.find(desk.db, agreement.entry)
    desk.allow("delivery.make_view", _label(desk, entry))
    views = store.views_of(desk.db, agreement.id)
    if agreement.over:
        _drop(desk, agreement.id, views)


def hand_over_file(
    desk: Desk,
    agreement_id: str,
    form: Form,
    purpose: Purpose,
    *,
    folder: Path,
    key: SigningKey,
    node: str,
    take: Take,
    sm2: Sm2SigningKey | None = None,
) -> Handed:
    """Hand the view of an agreement over as one file to an official of its consumer; on record before a byte leaves."""
    agreement = sharing.find_agreement(desk.db, agreement_id, desk.actor)
    entry = catalogue.find(desk.db, agreement.entry)
    desk.allow("delivery.hand_over_file", _label_of_file(agreement, entry))
    plan = compile(agreement, entry, secret=node_secret(key), policies=policies.in_force(desk.db, desk.today))
    asking = Person(desk.actor.id, frozenset(map(str, desk.actor.duties)), int(desk.actor.assured))
    refusal = judge(plan, bulk_call(Method.FILE, purpose.value, desk.now, person=asking))
    if refusal is not None:
        raise refusal.error()
    view = store.newest_view(desk.db, agreement.id)
    marked = store.marks_of(desk.db, entry.id)
    if view is None or view.terms != terms_of(agreement, entry, plan, view.table, marked=marked):
        raise Unavailable(text("the view of this agreement is being made"), remedy=text("ask again in a moment"))
    with desk.released():
        path, size, content = written(desk.pools, folder, view, form)
        sm3 = sm3_of_file(path) if sm2 is not None else ""
    if sharing.find_agreement(desk.db, agreement_id).epoch != agreement.epoch:
        raise WrongMoment(text("the agreement changed meanwhile"), remedy=text("ask again"))
    if not take(f"whole {agreement.id}", desk.today, agreement.quota_per_day):
        raise TooMuch(
            text("the {quota} readings a day of the agreement are used up", quota=agreement.quota_per_day),
            basis=text("sharing agreement, quota per legal day (UTC+8)"),
            remedy=text("read again tomorrow, or ask the provider for a larger quota"),
        )
    desk.record(
        "delivery.file_handed_over",
        on=agreement.id,
        consumer=agreement.consumer,
        provider=agreement.provider,
        purpose=purpose.value,
        form=form.value,
        version=view.version,
        rows=view.rows,
        size=size,
        content=content,
        withheld=plan_of_view(plan).withheld,
    )
    return handed_of(agreement, entry, view, form, str(path), size, content, key=key, node=node, sm2=sm2, sm3=sm3)


def declare_marks(
    desk: Desk, entry_id: str, columns: Mapping[str, str], canaries: Sequence[Mapping[str, str]] = ()
) -> Marking:
    """Declare, as the owner, in which items of an entry copies may be marked, and which rows are canaries."""
    entry = catalogue.visible_to(desk.db, entry_id, desk.actor)
    desk.allow("delivery.declare_marks", entry.label)
    entry = catalogue.find(desk.db, entry_id)
    told = tuple({name: str(value) for name, value in one.items() if value} for one in canaries)
    check_marking(entry, columns, told)
    declared = Marking(entry=entry.id, columns=dict(columns), canaries=told, declared=desk.now, by=desk.actor.id)
    store.save_marking(desk.db, declared)
    desk.record(
        "delivery.marks_declared",
        on=entry.id,
        entry=entry.id,
        columns=dict(declared.columns),
        canaries=len(declared.canaries),
        digest=declared.digest(),
    )
    return declared


def trace(desk: Desk, entry_id: str, leak: Leak, *, key: SigningKey, body: str) -> Trace:
    """Say whose copy rows come from that were found elsewhere; ``body`` runs this node and may trace for all.

    All agreements that ever gave the entry as a whole are candidates. On record stands what was looked at, by its
    digest, and who was named.
    """
    entry = catalogue.find(desk.db, entry_id)
    desk.allow("delivery.trace", Label(owner=entry.provider, parties=frozenset({body})))
    marking = store.marking_of(desk.db, entry.id)
    if marking is None:
        raise WrongMoment(
            text("nothing is marked in the copies of {entry}", entry=entry.title),
            remedy=text("its owner declares what may be marked: jutong marks"),
        )
    candidates = _given_whole(desk, entry)
    with desk.released():
        found = traced(desk.pools, entry, marking, leak, candidates, key=key.secret_for(PURPOSE))
    desk.record(
        "delivery.traced",
        on=entry.id,
        entry=entry.id,
        content=leak.digest,
        rows=found.rows,
        positions=found.positions,
        candidates=len(candidates),
        named=[one.recipient for one in found.named],
    )
    return found


def issue_profile(desk: Desk, system: str, purpose: Purpose, *, days: int = 30) -> tuple[Profile, str]:
    """Issue a profile for a consumer's system and one purpose, and return it with its token, which is kept nowhere.

    The one before it for the same purpose serves an hour more, so that a read that runs can end.
    """
    known = registers.find_system(desk.db, SystemName.parse(system))
    desk.allow("delivery.issue_profile", Label(owner=known.body))
    new, token = new_profile(
        desk.new_id(), system, known.body, purpose.value, secrets.token_bytes(SECRET_BYTES), now=desk.now, days=days
    )
    older = [one for one in store.profiles_of(desk.db, [system], now=desk.now) if one.purpose == new.purpose]
    for one in older:
        store.save_profile(desk.db, one.followed(desk.now))
    store.save_profile(desk.db, new)
    desk.record(
        "delivery.profile_issued",
        on=new.id,
        system=system,
        consumer=known.body,
        purpose=new.purpose,
        expires=new.expires.isoformat(),
        followed=[one.id for one in older],
    )
    return new, token


def revoke_profile(desk: Desk, profile_id: str) -> Profile:
    """End a profile at once, and with it every address of a file that it was given."""
    kept = store.profile_with(desk.db, profile_id)
    # Of another body's profile nobody but the house learns that it is there.
    if kept is None or not (kept.body == desk.actor.org or Duty.HOUSE in desk.actor.duties):
        raise NotFound("profile", profile_id)
    desk.allow("delivery.revoke_profile", Label(owner=kept.body, parties=_house(desk)))
    if kept.revoked:
        return kept
    ended = kept.ended(desk.now)
    store.save_profile(desk.db, ended)
    desk.record("delivery.profile_revoked", on=kept.id, system=kept.system, consumer=kept.body)
    return ended


def confirm_receipt(desk: Desk, agreement_id: str, *, version: int, manifest: str, intact: bool) -> None:
    """Put on record that a consumer's system has received a delivery, and whether its digests were right."""
    agreement = sharing.find_agreement(desk.db, agreement_id)
    if desk.actor.id not in agreement.systems:
        raise NotFound("agreement", agreement_id)
    desk.allow("delivery.confirm_receipt", Label(owner=agreement.consumer))
    if not _DIGEST.fullmatch(manifest) or not 0 <= version < 2**31:
        raise Invalid(text("a manifest is known by its SHA-256 in 64 hex digits"))
    desk.record(
        "delivery.received",
        on=agreement.id,
        consumer=agreement.consumer,
        provider=agreement.provider,
        version=version,
        manifest=manifest,
        intact=intact,
    )


def _drop(desk: Desk, agreement_id: str, views: Sequence[View]) -> None:
    """Forget versions of a view."""
    if views:
        store.remove_views(desk.db, agreement_id, [one.version for one in views])
        desk.record("delivery.view_dropped", on=agreement_id, versions=[one.version for one in views])


def _given_whole(desk: Desk, entry: Entry) -> dict[str, str]:
    """Return every agreement that ever gave an entry as a whole, with its consumer."""
    found: dict[str, str] = {}
    provider, after = Actor(id="", org=entry.provider, duties=frozenset()), ""
    while page := sharing.agreements(desk.db, provider, after=after, limit=500):
        found |= {one.id: one.consumer for one in page if one.entry == entry.id and one.methods & BATCHES}
        after = page[-1].id
    return found


def _label_of_file(agreement: Agreement, entry: Entry) -> Label:
    """The file is the consumer's; it is as grave as the gravest of its items."""
    names = {one.name for one in agreement.items}
    grade = max((one.grade for one in entry.items if one.name in names), default=Grade.L1)
    return Label(owner=agreement.consumer, grade=grade)


def _recipe(desk: Desk, agreement: Agreement, entry: Entry, key: SigningKey) -> Recipe | None:
    secret = node_secret(key)
    plan = compile(agreement, entry, secret=secret, policies=policies.in_force(desk.db, desk.today))
    return recipe_of(
        *(desk.pools, agreement, entry, plan),
        token_key=token_key_of(agreement, entry, secret),
        marking=store.marking_of(desk.db, entry.id),
        mark_key=key.secret_for(PURPOSE),
        known=standing_tables(desk.db, desk.pools.lake, entry.id),
        doubts=quality.doubts_of(desk.db, desk.pools.lake, entry.id, entry.key_item) if entry.key_item else None,
    )


def _check_still(desk: Desk, recipe: Recipe, key: SigningKey) -> None:
    """Refuse what was made by terms, or of rows, that stand no longer: they changed while it was made."""
    agreement = sharing.find_agreement(desk.db, recipe.agreement.id)
    again = _recipe(desk, agreement, catalogue.find(desk.db, agreement.entry), key)
    if again is None or again.terms != recipe.terms or recipe.source < again.oldest:
        raise WrongMoment(
            text("the agreement or its rows changed while its view was made; nothing of it was kept"),
            remedy=text("it is made again by itself"),
        )


def _label(desk: Desk, entry: Entry) -> Label:
    return replace(entry.label, parties=_house(desk))


def _house(desk: Desk) -> frozenset[str]:
    # The node that serves an entry is a party to its delivery, whoever provides it.
    return frozenset({desk.actor.org}) if Duty.HOUSE in desk.actor.duties else frozenset()
