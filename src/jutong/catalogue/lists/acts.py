"""What officials do with the lists: demands are filed, audited, merged and split; bodies answer for their part."""

from __future__ import annotations

from dataclasses import replace

from jutong import registers
from jutong.desk import Desk
from jutong.guard import Label
from jutong.kernel.canon import digest
from jutong.kernel.errors import NotFound, WrongMoment
from jutong.kernel.mark import check_mark
from jutong.kernel.text import text

from .. import store as entries
from ..demand import Demand, DemandStage, Need
from ..responsibility import Progress, Responsibility, Task
from ..terms_of_use import Purpose
from ..wording import refuse_faulty, text_faults
from . import store

DUTIES_LIMIT = 20_000
TITLE_OF_A_SEARCH = 200
DEMAND_TAKEN_BACK = "需求已撤回"


def draft_demand(desk: Desk, need: Need) -> Demand:
    """Keep what the actor's body needs, as a draft."""
    return _begun(desk, need, searched="")


def propose_demand(desk: Desk, searched: str) -> Demand:
    """Begin a demand from a search that found nothing: what was sought becomes its title, the rest is to be filled."""
    title = " ".join(searched.split())[:TITLE_OF_A_SEARCH]
    return _begun(desk, Need(title=title, purpose=Purpose.APPROVAL), searched=title)


def redraft_demand(desk: Desk, demand_id: str, need: Need, *, seen: str | None = None) -> Demand:
    """Change a draft, as it was ``seen``."""
    before = _demand(desk, demand_id)
    desk.allow("catalogue.redraft_demand", before.label)
    _check_named(desk, need)
    after = before.redrafted(need)
    if after is not before:
        check_mark(seen, before.need)
        store.save_demand(desk.db, after)
        desk.record("catalogue.demand_drafted", on=after.id, **after.facts())
    return after


def file_demand(desk: Desk, demand_id: str) -> Demand:
    """Hand a demand to the authority."""
    before = _demand(desk, demand_id)
    desk.allow("catalogue.file_demand", before.label)
    after = before.filed(desk.today)
    if after is not before:
        store.save_demand(desk.db, after)
        desk.record("catalogue.demand_filed", on=after.id, **after.facts())
    return after


def withdraw_demand(desk: Desk, demand_id: str) -> Demand:
    """Take a demand back; what was asked of others for its sake is no longer asked."""
    before = _demand(desk, demand_id)
    desk.allow("catalogue.withdraw_demand", before.label)
    if store.merged_into(desk.db, demand_id):
        raise WrongMoment(text("other demands are met together with this one"))
    after = before.withdrawn()
    if after is not before:
        store.save_demand(desk.db, after)
        desk.record("catalogue.demand_withdrawn", on=after.id, **after.facts())
        for one in store.responsibilities_of(desk.db, demand_id):
            if one.progress is Progress.OPEN:
                dropped = one.dropped(DEMAND_TAKEN_BACK)
                store.save_responsibility(desk.db, dropped)
                late = one.overdue(desk.today)
                desk.record("catalogue.responsibility_dropped", on=one.id, late=late, **dropped.facts())
    return after


def accept_demand(desk: Desk, demand_id: str) -> Demand:
    """Put a demand on the list: a duty of the department covers it."""
    before = _demand(desk, demand_id)
    desk.allow("catalogue.audit_demand", _tier(desk))
    after = before.accepted()
    if after is not before:
        store.save_demand(desk.db, after)
        desk.record("catalogue.demand_accepted", on=after.id, **after.facts())
    return after


def refuse_demand(desk: Desk, demand_id: str, reason: str) -> Demand:
    """Refuse a demand that no duty of the department covers."""
    before = _demand(desk, demand_id)
    desk.allow("catalogue.audit_demand", _tier(desk))
    after = before.refused(reason)
    store.save_demand(desk.db, after)
    desk.record("catalogue.demand_refused", on=after.id, **after.facts())
    return after


def merge_demand(desk: Desk, demand_id: str, lead_id: str) -> Demand:
    """Let a demand be met together with another that wants the same."""
    before, lead = _demand(desk, demand_id), _demand(desk, lead_id)
    desk.allow("catalogue.audit_demand", _tier(desk))
    if store.responsibilities_of(desk.db, demand_id) or store.merged_into(desk.db, demand_id):
        raise WrongMoment(
            text("bodies are responsible for this demand already"), remedy=text("merge the other one into it")
        )
    after = before.merged(lead)
    if after is not before:
        store.save_demand(desk.db, after)
        desk.record("catalogue.demand_merged", on=after.id, into=lead.id, **after.facts())
    return after


def route_demand(desk: Desk, demand_id: str, owner: str) -> Demand:
    """Put a demand before the body that is presumed to have the data."""
    before = _demand(desk, demand_id)
    desk.allow("catalogue.audit_demand", _tier(desk))
    registers.find_body(desk.db, owner)
    after = before.routed(owner)
    if after is not before:
        store.save_demand(desk.db, after)
        desk.record("catalogue.demand_routed", on=after.id, provider=owner, **after.facts())
    return after


def confirm_demand(desk: Desk, demand_id: str) -> Demand:
    """Say that one's body has the data: it will be catalogued and handed over."""
    before = _demand(desk, demand_id)
    desk.allow("catalogue.answer_demand", Label(owner=before.owner))
    after = before.confirmed()
    if after is not before:
        store.save_demand(desk.db, after)
        desk.record("catalogue.demand_confirmed", on=after.id, provider=after.owner, **after.facts())
    return after


def contest_demand(desk: Desk, demand_id: str, reason: str) -> Demand:
    """Say why one's body does not have the data; the authority asks another one."""
    before = _demand(desk, demand_id)
    desk.allow("catalogue.answer_demand", Label(owner=before.owner))
    after = before.contested(reason)
    store.save_demand(desk.db, after)
    desk.record("catalogue.demand_contested", on=after.id, provider=after.owner, **after.facts())
    return after


def split_demand(desk: Desk, demand_id: str, task: Task) -> Responsibility:
    """Make a body responsible for a part of a demand, or for all of it."""
    demand = _demand(desk, demand_id)
    desk.allow("catalogue.audit_demand", _tier(desk))
    demand.check_splits()
    registers.find_body(desk.db, task.owner)
    if task.entry and entries.find_published(desk.db, task.entry).provider != task.owner:
        raise NotFound("catalogue entry", task.entry)
    one = Responsibility(
        id=desk.new_id(), demand=demand.id, consumer=demand.consumer, title=demand.need.title, task=task
    )
    one.check(desk.today)
    store.save_responsibility(desk.db, one)
    desk.record("catalogue.responsibility_opened", on=one.id, **one.facts())
    return one


def fulfil_responsibility(desk: Desk, responsibility_id: str, entry_id: str) -> Responsibility:
    """Show the entry in force that holds what was asked for; the last one done satisfies the demand."""
    demand = _demand(desk, store.find_responsibility(desk.db, responsibility_id).demand)
    before = store.find_responsibility(desk.db, responsibility_id, hold=True)
    desk.allow("catalogue.fulfil_responsibility", before.label)
    after = before.fulfilled(entries.find_published(desk.db, entry_id), desk.today)
    if after is not before:
        store.save_responsibility(desk.db, after)
        late = before.overdue(desk.today)
        desk.record("catalogue.responsibility_fulfilled", on=after.id, late=late, **after.facts())
        _satisfy(desk, demand)
    return after


def drop_responsibility(desk: Desk, responsibility_id: str, reason: str) -> Responsibility:
    """Take a responsibility off the list, because it was mistaken: the authority's word."""
    demand = _demand(desk, store.find_responsibility(desk.db, responsibility_id).demand)
    before = store.find_responsibility(desk.db, responsibility_id, hold=True)
    desk.allow("catalogue.audit_demand", _tier(desk))
    after = before.dropped(reason)
    if after is not before:
        store.save_responsibility(desk.db, after)
        late = before.overdue(desk.today)
        desk.record("catalogue.responsibility_dropped", on=after.id, late=late, **after.facts())
        _satisfy(desk, demand)
    return after


def escalate_responsibilities(desk: Desk) -> tuple[str, ...]:
    """Report each responsibility whose day has passed, once."""
    desk.allow("catalogue.escalate_overdue", Label(owner=desk.actor.org))
    told = []
    for one in store.overdue_responsibilities(desk.db, desk.today):
        if not one.escalated:
            store.save_responsibility(desk.db, replace(one, escalated=True))
            desk.record("catalogue.responsibility_escalated", on=one.id, **one.facts())
            told.append(one.id)
    return tuple(told)


def state_duties(desk: Desk, body: str, words: str, *, seen: str | None = None) -> None:
    """Keep what a body answers for, in the words of its duties: by them demands find their way.

    Other words that stand already are changed as they were ``seen``.
    """
    desk.allow("catalogue.state_duties", Label(owner=body, parties=registers.authorities(desk.db)))
    registers.find_body(desk.db, body)
    refuse_faulty(tuple(text_faults(text("duties"), words, limit=DUTIES_LIMIT, needed=True, lines=True)))
    known = store.duties_stated(desk.db).get(body)
    if known != words:
        check_mark(seen, known)
        store.save_duties(desk.db, body, words)
        desk.record("catalogue.duties_stated", on=body, provider=body, words=digest(words.encode()))


def _begun(desk: Desk, need: Need, *, searched: str) -> Demand:
    desk.allow("catalogue.draft_demand", Label(owner=desk.actor.org))
    refuse_faulty(tuple(need.form_faults()))
    _check_named(desk, need)
    demand = Demand(id=desk.new_id(), consumer=desk.actor.org, need=need, at=desk.now, searched=searched)
    store.save_demand(desk.db, demand)
    desk.record("catalogue.demand_drafted", on=demand.id, **demand.facts())
    return demand


def _check_named(desk: Desk, need: Need) -> None:
    if need.entry:
        entries.visible_to(desk.db, need.entry, desk.actor)
    if need.source:
        registers.find_body(desk.db, need.source)


def _satisfy(desk: Desk, demand: Demand) -> None:
    asked = [one for one in store.responsibilities_of(desk.db, demand.id) if one.progress is not Progress.DROPPED]
    if demand.stage is not DemandStage.PUBLISHED or not asked or any(one.progress is Progress.OPEN for one in asked):
        return
    for one in (demand, *store.merged_into(desk.db, demand.id)):
        met = one.satisfied()
        store.save_demand(desk.db, met)
        desk.record("catalogue.demand_satisfied", on=met.id, **met.facts())


def _demand(desk: Desk, demand_id: str) -> Demand:
    found = store.find_demand(desk.db, demand_id, hold=True)
    if not found.seen_by(desk.actor.org, registers.authorities(desk.db)):
        raise NotFound("demand", demand_id)
    return found


def _tier(desk: Desk) -> Label:
    return Label(owner="", parties=registers.authorities(desk.db))
