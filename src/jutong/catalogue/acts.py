"""What officials do with catalogue entries, from the draft to its publication, and what neighbour tiers hand over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from jutong import registers
from jutong.desk import Desk
from jutong.kernel.canon import Fact
from jutong.kernel.errors import NotFound, WrongMoment
from jutong.kernel.text import text

from . import store, upkeep
from .code_scheme import scheme_called
from .document import check_seen, digest_of
from .entry import Entry
from .stage import Stage


def draft(desk: Desk, entry: Entry, *, seen: str = "") -> Entry:
    """Keep what the provider wants the entry to say; of a published entry the next version begins.

    An entry without an identifier is the provider's entry of that service name, or a new one. ``seen`` is the digest
    of what the officer had before the eyes: what a colleague changed meanwhile is not overwritten.
    """
    desk.allow("catalogue.draft", entry.sheet)
    entry.check_form()
    known_id = entry.id or (store.id_of_service(desk.db, entry.provider, entry.service) if entry.service else None)
    known = store.in_work(desk.db, known_id) if known_id else None
    if known is not None and known.provider != entry.provider:
        raise NotFound("catalogue entry", entry.id)
    if known is None:
        drafted = entry.begun(known_id or desk.new_id(), desk.actor, desk.now)
    else:
        drafted = known.redrafted(entry, desk.actor, desk.now)
    if drafted != known:
        if known is not None:
            check_seen(known, seen)
        upkeep.claim_codes(desk.db, drafted)
        store.save(desk.db, drafted)
        desk.record("catalogue.drafted", on=drafted.id, **_facts(drafted))
    return drafted


def issue_code(desk: Desk, entry_id: str, scheme_id: str, classification: str) -> Entry:
    """Give an entry the next code of a scheme and classification; one that it has already stays."""
    entry = store.visible_to(desk.db, entry_id, desk.actor, hold=True)
    desk.allow("catalogue.draft", entry.sheet)
    scheme = scheme_called(scheme_id)
    stem = scheme.stem(entry.provider, classification)
    if any((held := scheme.parsed(one)) and held.stem == stem for one in entry.resource_codes):
        return entry
    code = scheme.spelled(stem, upkeep.next_number(desk.db, scheme, stem))
    drafted = entry.redrafted(replace(entry, resource_codes=(*entry.resource_codes, code)), desk.actor, desk.now)
    drafted.check_form()
    upkeep.claim_codes(desk.db, drafted)
    store.save(desk.db, drafted)
    desk.record("catalogue.code_issued", on=drafted.id, code=code, scheme=scheme.id, **_facts(drafted))
    return drafted


def sign(desk: Desk, entry_id: str, *, seen: str = "") -> Entry:
    """Sign an entry as the head of its department (art. 13), as it was ``seen``."""
    entry = store.visible_to(desk.db, entry_id, desk.actor, hold=True)
    desk.allow("catalogue.sign", entry.sheet)
    signed = entry.signed(desk.actor, desk.now)
    if signed is not entry:
        check_seen(entry, seen)
        store.save(desk.db, signed)
        desk.record("catalogue.signed", on=signed.id, **_facts(signed))
    return signed


def submit(desk: Desk, entry_id: str) -> Entry:
    """Hand a signed entry to the authority; its two working days begin (art. 17)."""
    entry = store.visible_to(desk.db, entry_id, desk.actor, hold=True)
    desk.allow("catalogue.submit", entry.sheet)
    deadline = registers.deadline(desk.db, "CAT_AUDIT", desk.today)
    submitted = entry.submitted(desk.actor, desk.now, due=deadline.due)
    if submitted is not entry:
        store.save(desk.db, submitted)
        authority = min(registers.authorities(desk.db) - {submitted.provider}, default="")
        desk.record(
            "catalogue.submitted",
            on=submitted.id,
            provisional=deadline.provisional,
            authority=authority,
            **_facts(submitted),
        )
        upkeep.settle_revisions(desk, submitted)
    return submitted


def audit_registration(desk: Desk, entry_id: str, *, other_conditions_accepted: bool = False, seen: str = "") -> Entry:
    """Pass the first audit: the entry is registered as it was ``seen``; free conditions must be accepted expressly."""
    entry = store.visible_to(desk.db, entry_id, desk.actor, hold=True)
    desk.allow("catalogue.audit_registration", entry.sheet)
    registered = entry.registered(desk.actor, desk.now, other_conditions_accepted=other_conditions_accepted)
    if registered is not entry:
        check_seen(entry, seen)
        store.save(desk.db, registered)
        others = len(registered.free_conditions)
        desk.record("catalogue.registered", on=registered.id, other_conditions=others, **_facts(registered))
    return registered


def audit_publication(desk: Desk, entry_id: str, *, seen: str = "") -> Entry:
    """Pass the second audit: the entry is published to all departments, as it was ``seen``."""
    entry = store.visible_to(desk.db, entry_id, desk.actor, hold=True)
    desk.allow("catalogue.audit_publication", entry.sheet)
    published = entry.published(desk.actor, desk.now)
    if published is not entry:
        check_seen(entry, seen)
        store.save(desk.db, published)
        desk.record("catalogue.published", on=published.id, **_facts(published))
    return published


def return_entry(desk: Desk, entry_id: str, reasons: tuple[str, ...]) -> Entry:
    """Send an entry back to its provider with everything that is wrong."""
    entry = store.visible_to(desk.db, entry_id, desk.actor, hold=True)
    desk.allow("catalogue.return_entry", entry.sheet)
    returned = entry.returned(reasons, desk.actor, desk.now)
    if returned is not entry:
        store.save(desk.db, returned)
        desk.record("catalogue.returned", on=returned.id, reasons=len(reasons), **_facts(returned))
    return returned


def withdraw(desk: Desk, entry_id: str, reason: str) -> Entry:
    """Take an entry back for good; its versions stay readable, its service ends."""
    seen = store.visible_to(desk.db, entry_id, desk.actor, hold=True)
    desk.allow("catalogue.withdraw", seen.sheet)
    entry = store.find(desk.db, entry_id)
    withdrawn = entry.withdrawn(reason, desk.actor, desk.now)
    if withdrawn is not entry:
        store.save(desk.db, withdrawn)
        desk.record("catalogue.withdrawn", on=withdrawn.id, **_facts(withdrawn))
    return withdrawn


def adopt(desk: Desk, entry: Entry, from_node: str) -> Entry:
    """Take over an entry as another tier tells it, under the same identifier and version; never older over newer."""
    desk.allow("catalogue.adopt", entry.sheet)
    latest = store.in_work(desk.db, entry.id)
    if latest is not None and latest.stage is Stage.WITHDRAWN:
        return latest
    if latest is not None and latest.provider != entry.provider:
        raise WrongMoment(
            text("this identifier belongs to an entry of another provider"),
            remedy=text("ask the node {node} to look into its catalogue", node=from_node),
        )
    known = store.known_version(desk.db, entry.id, entry.version)
    adopted = entry.adopted_over(known)
    if adopted != known:
        store.save(desk.db, adopted)
        desk.record("catalogue.adopted", on=adopted.id, node=from_node, stage=adopted.stage.value, **_facts(adopted))
    return adopted


def _facts(entry: Entry) -> Mapping[str, Fact]:
    facts: dict[str, Fact] = {
        "version": entry.version,
        "round": entry.round,
        "digest": digest_of(entry),
        "provider": entry.provider,
        "items": entry.counts(),
    }
    return facts if entry.audit_due is None else {**facts, "audit_due": entry.audit_due.isoformat()}
