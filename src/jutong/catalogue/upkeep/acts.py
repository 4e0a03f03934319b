"""What officials and the node do about revisions that are due: set the clock going, extend it, close it, report it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from jutong import registers
from jutong.desk import Desk
from jutong.guard import Label
from jutong.kernel.errors import NotFound
from jutong.terms import Deadline

from .. import store as entries
from ..entry import Entry
from ..revision import Cause, Revision
from . import store

RULE = "CAT_UPDATE"
EXTENSION_DAYS = 5


def open_revisions(
    desk: Desk, provider: str, *, cause: Cause, words: str, changed_on: date, entry_ids: Collection[str] = ()
) -> tuple[Revision, ...]:
    """Set the update clock of entries going, or of one that the department does not have yet (art. 17).

    The term is counted from ``changed_on``, the day on which the law or the duties changed.
    """
    desk.allow("catalogue.open_revisions", _of_tier(desk, provider))
    clock = _term(desk, provider, changed_on)
    opened = []
    for entry_id in dict.fromkeys(entry_ids) or [""]:
        if entry_id and entries.find(desk.db, entry_id).provider != provider:
            raise NotFound("catalogue entry", entry_id)
        one = Revision(id=desk.new_id(), provider=provider, entry=entry_id, cause=cause, words=words, clock=clock)
        one.check()
        store.save_revision(desk.db, one)
        desk.record("catalogue.revision_opened", on=one.id, **one.facts())
        opened.append(one)
    return tuple(opened)


def ask_revision_extension(desk: Desk, revision_id: str, reason: str) -> Revision:
    """Ask the authority for more time: up to five working days (art. 17)."""
    before = store.find_revision(desk.db, revision_id, hold=True)
    desk.allow("catalogue.ask_revision_extension", Label(owner=before.provider))
    after = before.extension_asked(reason, desk.today)
    if after is not before:
        store.save_revision(desk.db, after)
        desk.record("catalogue.revision_extension_asked", on=after.id, **after.facts())
    return after


def decide_revision_extension(desk: Desk, revision_id: str, *, agreed: bool, days: int = EXTENSION_DAYS) -> Revision:
    """Agree to more time for a revision, or let its day stand: the authority's word (art. 17)."""
    before = store.find_revision(desk.db, revision_id, hold=True)
    desk.allow("catalogue.decide_revision_extension", _of_tier(desk, ""))
    if not agreed:
        after = before.kept()
        store.save_revision(desk.db, after)
        desk.record("catalogue.revision_extension_declined", on=after.id, **after.facts())
        return after
    clock = _term(desk, before.provider, before.clock.started, extension_days=days)
    after = before.extended(clock, days=days)
    store.save_revision(desk.db, after)
    desk.record("catalogue.revision_extended", on=after.id, days=days, **after.facts())
    return after


def drop_revision(desk: Desk, revision_id: str, reason: str) -> Revision:
    """End a clock that was set going in error: the authority's word, so that nobody stops its own clock."""
    before = store.find_revision(desk.db, revision_id, hold=True)
    desk.allow("catalogue.drop_revision", _of_tier(desk, ""))
    after = before.dropped(reason)
    if after is not before:
        store.save_revision(desk.db, after)
        desk.record("catalogue.revision_dropped", on=after.id, late=before.overdue(desk.today), **after.facts())
    return after


def close_revision(desk: Desk, revision_id: str, entry_id: str) -> Revision:
    """Close the clock of an entry that was still to be drafted, by the entry that now lies with the authority."""
    before = store.find_revision(desk.db, revision_id, hold=True)
    desk.allow("catalogue.close_revision", Label(owner=before.provider))
    after = before.done(entries.visible_to(desk.db, entry_id, desk.actor), desk.today)
    if after is not before:
        store.save_revision(desk.db, after)
        late = before.overdue(desk.today)
        desk.record("catalogue.revision_settled", on=after.id, late=late, by=entry_id, **after.facts())
    return after


def settle_revisions(desk: Desk, entry: Entry) -> tuple[Revision, ...]:
    """Close the clocks of an entry that was just submitted: what the submission itself does."""
    desk.allow("catalogue.submit", entry.sheet)
    settled = []
    for before in store.open_revisions_of(desk.db, entry.id):
        if before.clock.started <= desk.today:
            after = before.done(entry, desk.today)
            store.save_revision(desk.db, after)
            late = before.overdue(desk.today)
            desk.record("catalogue.revision_settled", on=after.id, late=late, by=entry.id, **after.facts())
            settled.append(after)
    return tuple(settled)


def escalate_overdue(desk: Desk) -> tuple[str, ...]:
    """Report each revision and audit whose day has passed, once (arts 17 and 39)."""
    desk.allow("catalogue.escalate_overdue", Label(owner=desk.actor.org))
    told = []
    for one in store.running_revisions(desk.db):
        if one.overdue(desk.today) and not one.escalated:
            store.save_revision(desk.db, one.escalate())
            desk.record("catalogue.revision_escalated", on=one.id, **one.facts())
            told.append(one.id)
    for late in store.late_audits(desk.db, desk.today):
        store.note_late_audit(desk.db, late)
        desk.record(
            "catalogue.audit_escalated",
            on=late.entry,
            entry=late.entry,
            version=late.version,
            due=late.due.isoformat(),
            provider=late.provider,
        )
        told.append(late.entry)
    return tuple(told)


def recompute_revisions(desk: Desk, year: int) -> tuple[str, ...]:
    """Count anew the clocks of revisions that touch ``year``, once its calendar is in; evidence keeps the old day."""
    desk.allow("catalogue.recompute_revisions", Label(owner=desk.actor.org))
    moved = []
    for one in store.running_revisions(desk.db):
        clock = _term(desk, one.provider, one.clock.started, extension_days=one.extension_days)
        # A year's notice may also name days at the end of the year before.
        if one.clock.started.year <= year <= one.due.year + 1 and clock != one.clock:
            after = one.reclocked(clock)
            store.save_revision(desk.db, after)
            desk.record("catalogue.revision_recounted", on=one.id, was=one.due.isoformat(), **after.facts())
            moved.append(one.id)
    return tuple(moved)


def _term(desk: Desk, provider: str, started: date, *, extension_days: int = 0) -> Deadline:
    division = registers.find_body(desk.db, provider).division
    return registers.deadline(desk.db, RULE, started, division, extension_days=extension_days)


def _of_tier(desk: Desk, body: str) -> Label:
    return Label(owner=body, parties=registers.authorities(desk.db))
