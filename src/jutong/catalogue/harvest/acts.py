"""What officials do with other portals' lists: propose a reading, begin it, take it in, and settle what it found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from jutong import registers
from jutong.desk import Desk
from jutong.guard.permit import Label
from jutong.kernel.errors import Invalid, WrongMoment
from jutong.kernel.text import text

from .. import acts as entries
from ..entry import Entry
from . import looking, store
from .feed import Survey
from .gather import Gather, Source, Stage, checked_name, proposed, rules_of
from .kinship import Decision, Kin, decided, reconciled
from .listed import Harvested
from .mapping import Idea, Mapped, chosen, guessed
from .organs import home_of
from .portion import Portion, outcome
from .record import identity_of


def propose(
    desk: Desk,
    name: str,
    file: str,
    survey: Survey,
    wishes: Mapping[str, str],
    *,
    division: str = "",
    complete: bool = False,
    many: bool = False,
) -> Gather:
    """Propose how a file of a source is read; the same file by the same rules is the gather that is known already."""
    name = checked_name(name)
    source = store.known_source(desk.db, name, hold=True) or Source(name=name, owner=desk.actor.org)
    desk.allow("catalogue.harvest", source.label)
    guesses = proposed(source, guessed(survey.samples), wishes)
    mapped = chosen(guesses, {})
    identity = source.identity if source.accepted else identity_of(mapped, survey.distinct)
    source = replace(source, division=division or source.division or _home(desk, mapped, survey))
    rules = rules_of(mapped, identity, _names(desk, source))
    latest = store.latest_gather(desk.db, name)
    if latest is not None and latest.same_as(survey.content, rules) and (latest.complete or not complete):
        return latest
    gather = Gather(
        id=desk.new_id(),
        source=name,
        content=survey.content,
        rules=rules,
        file=file[:400],
        rows=survey.rows,
        guesses=guesses,
        identity=identity,
        stage=Stage.REVIEW,
        complete=complete,
        many=many,
        began=desk.now,
    )
    store.save_source(desk.db, source if source.accepted else replace(source, mapped=mapped, identity=identity))
    store.save_gather(desk.db, gather)
    desk.record("catalogue.gather_proposed", on=gather.id, content=gather.content, rows=gather.rows)
    return gather


def begin(
    desk: Desk, gather_id: str, wishes: Mapping[str, str], *, accept: bool, complete: bool | None = None
) -> Gather:
    """Begin a proposed gather; with ``accept``, its mapping is from now on the one that was accepted for the source."""
    gather = store.find_gather(desk.db, gather_id, hold=True)
    source = store.find_source(desk.db, gather.source)
    desk.allow("catalogue.harvest", source.label)
    mapped = chosen(gather.guesses, wishes)
    if accept and (not source.accepted or source.mapped != mapped):
        source = source.with_accepted(mapped, gather.identity, desk.actor.id, desk.now)
        store.save_source(desk.db, source)
        desk.record("catalogue.mapping_accepted", on=gather.id, fields=len(mapped))
    if gather.stage is Stage.REVIEW:
        begun = gather.begun(mapped, rules_of(mapped, gather.identity, _names(desk, source)), complete=complete)
        store.save_gather(desk.db, begun)
        desk.record("catalogue.gather_begun", on=begun.id, content=begun.content, rules=begun.rules, rows=begun.rows)
        return begun
    return gather


def take(desk: Desk, gather_id: str, portion: Portion) -> Gather:
    """Take in one portion of a gather: its rows and the position after them are kept together, or neither is."""
    gather = store.find_gather(desk.db, gather_id, hold=True)
    desk.allow("catalogue.harvest", store.find_source(desk.db, gather.source).label)
    if gather.position >= portion.end:
        return gather  # another process has dealt with it
    found = outcome(gather.source, portion, store.known_records(desk.db, gather.source, portion.keys))
    counts = found.counts(len(portion.flaws))
    taken = gather.taken(portion.start, portion.end, counts, portion.flaw_counts)
    store.add_records(desk.db, found.new, gather.source, gather.id, desk.now)
    store.change_records(desk.db, found.changed, gather.id, desk.now)
    store.mark_seen(desk.db, found.seen, gather.id)
    store.save_flaws(desk.db, gather.id, [(line, flaw.value) for line, flaw in portion.flaws])
    store.save_gather(desk.db, taken)
    desk.record("catalogue.portion_taken", on=gather.id, position=portion.end, **counts)
    return taken


def complete(desk: Desk, gather_id: str) -> Gather:
    """End a gather of which every row is dealt with: what is gone vanishes, what belongs together is put together."""
    gather = store.find_gather(desk.db, gather_id, hold=True)
    desk.allow("catalogue.harvest", store.find_source(desk.db, gather.source).label)
    if gather.stage is Stage.COMPLETED:
        return gather
    listed, missing = store.missing(desk.db, gather.source, gather.id)
    vanishes = gather.may_vanish(listed, missing)
    gather.check_whole()
    if vanishes:
        store.let_vanish(desk.db, gather.source, gather.id, desk.now)
    kin = _settle(desk, gather.source)
    ended = gather.completed(
        vanished=missing if vanishes else 0,
        held_back=missing if gather.complete and not vanishes else 0,
        kin=kin,
        at=desk.now,
    )
    store.save_gather(desk.db, ended)
    desk.record(
        "catalogue.gather_completed",
        on=ended.id,
        content=ended.content,
        read=ended.counts.read,
        vanished=ended.counts.vanished,
        held_back=ended.counts.held_back,
        **kin,
    )
    return ended


def overturn(desk: Desk, decision_id: str) -> Decision:
    """Overturn a decision that records belong together; no later gather makes it again."""
    decision = store.find_decision(desk.db, decision_id)
    desk.allow("catalogue.settle_kinship", store.find_source(desk.db, decision.source).label)
    turned = decision.overturned()
    if turned != decision:
        store.save_decisions(desk.db, (), (turned,), desk.now)
        _settle(desk, decision.source)
        desk.record("catalogue.kinship_overturned", on=decision_id, leader=turned.leader, member=turned.member)
    return turned


def uphold(desk: Desk, decision_id: str) -> Decision:
    """Let a decision stand again that was overturned."""
    decision = store.find_decision(desk.db, decision_id)
    desk.allow("catalogue.settle_kinship", store.find_source(desk.db, decision.source).label)
    turned = decision.restored()
    if turned != decision:
        store.save_decisions(desk.db, (), (turned,), desk.now)
        _settle(desk, decision.source)
        desk.record("catalogue.kinship_restored", on=decision_id, leader=turned.leader, member=turned.member)
    return turned


def name_body(desk: Desk, name: str, body: str) -> int:
    """Say which registered body a name in portals' lists means; return how many records bear it."""
    desk.allow("catalogue.name_body", Label(owner=desk.actor.org))
    meant = registers.find_body(desk.db, body)
    if not name.strip() or len(name) > 400:
        raise Invalid(text("a name of a body has 1 to 400 characters"), remedy=text("copy it from the list"))
    changed = store.save_alias(desk.db, name.strip(), meant.code)
    desk.record("catalogue.body_named", on=meant.code, records=changed)
    return changed


def restore(desk: Desk, record_id: str) -> Harvested:
    """Put a vanished record back into the list; the next complete gather may find it missing again."""
    record = looking.find_harvested(desk.db, record_id)
    desk.allow("catalogue.harvest", store.find_source(desk.db, record.source).label)
    restored = record.restored()
    store.set_state(desk.db, record.id, restored.state, desk.now)
    _settle(desk, record.source)
    desk.record("catalogue.record_restored", on=record.id)
    return restored


def draft_from(desk: Desk, record_id: str) -> Entry:
    """Begin a draft entry with what a portal says; its body fills in what no portal knows, signs, and is audited."""
    record = looking.find_harvested(desk.db, record_id)
    desk.allow("catalogue.draft_from_harvest", record.label if record.body else Label(owner=desk.actor.org))
    if not record.body:
        raise WrongMoment(
            text("nobody has said yet which registered body this record is of"),
            remedy=text("let the authority name the body on the page of the source"),
        )
    if record.entry:
        return store.entry_of(desk.db, record.entry)
    entry = entries.draft(desk, record.drafted())
    store.set_entry(desk.db, record.id, entry.id)
    desk.record("catalogue.record_drafted", on=entry.id, record=record.id)
    return entry


def _names(desk: Desk, source: Source) -> Mapping[str, str]:
    """Return everything by which names of bodies are read."""
    named = {f"{body.code}/{body.division}": f"{body.name}/{body.short_name}" for body in registers.bodies(desk.db)}
    return {**named, **store.aliases(desk.db), "": source.division}


def _home(desk: Desk, mapped: Mapped, survey: Survey) -> str:
    field = next((name for name, idea in mapped.items() if idea is Idea.DEPARTMENT), "")
    division = registers.find_body(desk.db, desk.actor.org).division
    return home_of(survey.samples.get(field, ()), registers.bodies(desk.db), division)


def _settle(desk: Desk, source: str) -> Mapping[str, int]:
    """Make every decision on a source's records anew, keep what changed, and return how many stand of each kind."""
    before = store.decisions_of(desk.db, source)
    found = decided(store.relatives(desk.db, source), {one.id for one in before if one.is_overturned})
    new, changed = reconciled(found, before)
    store.save_decisions(desk.db, new, changed, desk.now)
    store.point_members(desk.db, source, found)
    return {kin.value: sum(one.kin is kin for one in found) for kin in Kin}
