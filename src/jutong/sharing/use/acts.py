"""What officials do about records of use: write one, let it go when its years are over; the house reminds."""

from __future__ import annotations

from datetime import date

from jutong import registers
from jutong.desk import Desk
from jutong.guard import Label
from jutong.terms.deadline import Deadline

from ..standing import OVER
from ..store import find_agreement
from . import store
from .record import Usage, UseRecord, record_of
from .watch import watch_of


def record_use(desk: Desk, agreement_id: str, usage: Usage) -> UseRecord:
    """Record, as the consumer, how shared data was used in a period (art. 29); the same again is the same record."""
    agreement = find_agreement(desk.db, agreement_id, desk.actor, hold=True)
    desk.allow("sharing.record_use", Label(owner=agreement.consumer))
    if twin := store.same_use(desk.db, agreement.id, usage.digest()):
        return twin
    kept = _clock(desk, "USE_RECORD", agreement.consumer, desk.today)
    record = record_of(usage, agreement, id=desk.new_id(), by=desk.actor.id, kept=kept)
    store.save_use(desk.db, record)
    if agreement.stage not in OVER:
        clock = _clock(desk, "USE_RECORD_EXPECTED", agreement.consumer, desk.today)
        watch = store.watch_over(desk.db, agreement.id) or watch_of(agreement, clock)
        store.save_watch(desk.db, watch.recorded(clock))
    desk.record("sharing.use_recorded", on=agreement.id, **record.facts())
    return record


def discard_use(desk: Desk, record_id: str) -> UseRecord:
    """Let a record of use go whose years are over; before that nobody can."""
    record = store.find_use(desk.db, record_id, desk.actor, hold=True)
    desk.allow("sharing.discard_use", Label(owner=record.consumer))
    record.check_discard(desk.today)
    store.drop_use(desk.db, record.id, desk.today)
    desk.record("sharing.use_discarded", on=record.agreement, **record.facts())
    return record


def watch_use(desk: Desk) -> tuple[str, ...]:
    """Remind the consumers of agreements in use that recorded nothing for a whole period: what the house does."""
    desk.allow("sharing.watch_use", Label(owner=desk.actor.org))
    store.drop_ended_watches(desk.db)
    for agreement in store.unwatched(desk.db):
        started = agreement.delivered or desk.today
        clock = _clock(desk, "USE_RECORD_EXPECTED", agreement.consumer, started)
        store.save_watch(desk.db, watch_of(agreement, clock))
    reminded = []
    for watch in store.watches_due(desk.db, desk.today):
        counted = _clock(desk, "USE_RECORD_EXPECTED", watch.consumer, watch.clock.started)
        if not counted.overdue(desk.today):  # a year's notice came meanwhile
            store.save_watch(desk.db, watch.recorded(counted))
            continue
        store.save_watch(desk.db, watch.remind(_clock(desk, "USE_RECORD_EXPECTED", watch.consumer, desk.today)))
        desk.record("sharing.use_unrecorded", on=watch.agreement, **watch.facts())
        reminded.append(watch.agreement)
    return tuple(reminded)


def _clock(desk: Desk, rule: str, body: str, started: date) -> Deadline:
    return registers.deadline(desk.db, rule, started, registers.find_body(desk.db, body).division)
