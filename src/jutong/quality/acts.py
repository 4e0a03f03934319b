"""What is done about the fitness of rows: examine them, object at the source, answer, close."""

from __future__ import annotations

from dataclasses import replace

from jutong import catalogue, collection, registers
from jutong.catalogue.entry import Entry
from jutong.catalogue.item import DataType
from jutong.collection.batch import Batch
from jutong.desk import Desk
from jutong.guard import Label
from jutong.kernel.canon import digest
from jutong.kernel.clock import LEGAL_TIME
from jutong.kernel.errors import NotFound
from jutong.terms.grade import Grade

from . import books, store
from .asking import asking_of, newest_batch
from .examination import Examination, Timeliness, dimensions_of
from .example import Example, examples_of
from .measuring import measured
from .objection import Objection, Queue, doubt_of, objection_of
from .profile import Profile
from .scan import example_rows, land_findings, row_of_key
from .sight import objectors

CORRECTION = "CORRECTION"
CLOCKS = {Queue.CORRECTION: CORRECTION, Queue.PUBLIC: "PUBLIC_DOUBT", Queue.RIGHTS: "RIGHTS_DOUBT"}


def examine(desk: Desk, batch_id: str) -> Examination:
    """Ask every rule of the entry of every row of a batch; a batch is examined once."""
    batch = collection.find_batch(desk.db, batch_id)
    entry = catalogue.find(desk.db, batch.entry)
    desk.allow("quality.examine", _about(entry))
    done = store.known_examination(desk.db, batch.id) or _examined(desk, batch, entry)
    if store.save_examination(desk.db, done):
        desk.record(
            "quality.examined",
            on=batch.id,
            entry=entry.id,
            provider=entry.provider,
            rows=done.rows,
            findings=done.findings,
            dimensions={dimension.value: value for dimension, value in done.dimensions.items()},
            score=done.score,
            band=done.band.value,
            unasked=list(done.unasked),
            rulebook=done.rulebook,
        )
    return store.find_examination(desk.db, batch.id)


def profile(desk: Desk, batch_id: str) -> Profile:
    """Measure how full, how varied and how drifted the items of a batch are; a batch is measured once."""
    batch = collection.find_batch(desk.db, batch_id)
    entry = catalogue.find(desk.db, batch.entry)
    desk.allow("quality.profile", _about(entry))
    known = store.known_profile(desk.db, batch.id)
    done = known or _profiled(desk, batch, entry)
    if known is None and store.save_profile(desk.db, done):
        desk.record(
            "quality.profiled",
            on=batch.id,
            entry=entry.id,
            provider=entry.provider,
            rows=done.rows,
            items=len(done.items),
            drifted=list(done.drifted),
        )
    return done


def look_at_examples(desk: Desk, batch_id: str, rule: str, *, after: int = -1, limit: int = 20) -> tuple[Example, ...]:
    """Show an official rows that fail a rule, masked; that somebody looked is on record."""
    batch = collection.find_batch(desk.db, batch_id)
    entry = catalogue.visible_to(desk.db, batch.entry, desk.actor)
    authorities = objectors(desk.actor, registers.bodies(desk.db))
    desk.allow("quality.look_at_examples", Label(owner=entry.provider, parties=authorities))
    with desk.released():
        rows = example_rows(desk.pools, batch, rule=rule, limit=limit, after=after).to_pylist()
    shown = examples_of(rows, entry, desk.actor.cleared)
    desk.record(
        "quality.examples_looked_at",
        on=batch.id,
        entry=entry.id,
        provider=entry.provider,
        rule=rule,
        rows=len(shown),
    )
    return shown


def open_objections(desk: Desk, batch_id: str) -> tuple[Objection, ...]:
    """Object at the source department to each error that its rows have (Order 809, art. 26), once a delivery."""
    batch = collection.find_batch(desk.db, batch_id)
    entry = catalogue.find(desk.db, batch.entry)
    desk.allow("quality.open_objections", _about(entry))
    term = registers.deadline(desk.db, CORRECTION, desk.today)
    opened = []
    for failure in store.find_examination(desk.db, batch.id).failures:
        filed = objection_of(
            entry=entry.id,
            provider=entry.provider,
            batch=batch.id,
            rule=failure.rule,
            item=failure.item,
            count=failure.failed,
            term=term,
        )
        if store.save_new_objection(desk.db, filed):
            desk.record("quality.objection_opened", on=filed.id, **filed.facts())
        before = store.find_objection(desk.db, filed.id)
        again = (
            before.again(batch=batch.id, count=failure.failed, term=term) if _is_newer(desk, before, batch) else before
        )
        if again is not before:
            store.save_objection(desk.db, again)
        if again.reopened != before.reopened:
            desk.record("quality.objection_reopened", on=again.id, times=again.reopened, **again.facts())
        elif again is not before:
            desk.record("quality.objection_repeated", on=again.id, **again.facts())
        opened.append(again)
    return tuple(opened)


def raise_doubt(desk: Desk, entry_id: str, *, key: str, item: str, doubt: str) -> Objection:
    """Doubt one value of one record at its source (art. 26); nobody is told whether there is such a record."""
    entry = catalogue.visible_to(desk.db, entry_id, desk.actor)
    desk.allow("quality.raise_doubt", _about(entry))
    raised = _doubt(desk, entry, key=key, item=item, doubt=doubt, queue=Queue.CORRECTION)
    if store.save_new_objection(desk.db, raised):
        desk.record("quality.objection_opened", on=raised.id, raised_by=raised.raised_by, **raised.facts())
    return store.find_objection(desk.db, raised.id)


def register_doubt(desk: Desk, entry_id: str, *, key: str, item: str, doubt: str, queue: Queue) -> Objection:
    """Put what the public, or a person concerned, said of a value into the queue of its kind."""
    entry = catalogue.visible_to(desk.db, entry_id, desk.actor)
    parties = objectors(desk.actor, registers.bodies(desk.db))
    desk.allow("quality.register_doubt", Label(owner=entry.provider, parties=parties))
    raised = _doubt(desk, entry, key=key, item=item, doubt=doubt, queue=queue)
    if store.save_new_objection(desk.db, raised):
        desk.record("quality.objection_opened", on=raised.id, queue=queue.value, **raised.facts())
    return store.find_objection(desk.db, raised.id)


def adopt_objection(desk: Desk, objection: Objection, node: str) -> Objection:
    """Keep an objection that another tier made to this tier's rows; the same one again is no change."""
    desk.allow("quality.adopt_objection", objection.label)
    entry = catalogue.find(desk.db, objection.entry)
    adopted = objection.adopted(provider=entry.provider)
    if store.save_new_objection(desk.db, adopted):
        desk.record("quality.objection_adopted", on=adopted.id, node=node, **adopted.facts())
    before = store.find_objection(desk.db, adopted.id)
    if not before.open and objection.opened > before.opened:
        # The other tier's ticket was answered here, and its rule failed there again.
        store.save_objection(desk.db, replace(adopted, reopened=before.reopened + 1))
        desk.record(
            "quality.objection_reopened", on=adopted.id, times=before.reopened + 1, node=node, **adopted.facts()
        )
    return store.find_objection(desk.db, adopted.id)


def verify_objection(desk: Desk, objection_id: str) -> Objection:
    """Take an objection up: the source department looks at the rows."""
    before, label = _seen(desk, objection_id)
    desk.allow("quality.verify_objection", label)
    verifying = before.verifying()
    if verifying is not before:
        store.save_objection(desk.db, verifying)
        desk.record("quality.objection_taken_up", on=verifying.id, entry=verifying.entry, rule=verifying.rule)
    return verifying


def answer_objection(desk: Desk, objection_id: str, *, corrected: bool, reason: str = "") -> Objection:
    """Answer an objection: the rows are put right, or they are right as they are and why."""
    before, label = _seen(desk, objection_id)
    desk.allow("quality.answer_objection", label)
    answered = before.corrected() if corrected else before.rejected(reason)
    if answered is not before:
        store.save_objection(desk.db, answered)
        desk.record(
            "quality.objection_answered",
            on=answered.id,
            entry=answered.entry,
            provider=answered.provider,
            rule=answered.rule,
            outcome=answered.stage.value,
            in_time=desk.today <= answered.due,
        )
    return answered


def close_objection(desk: Desk, objection_id: str) -> Objection:
    """Send the answer back to whoever objected, and close the objection."""
    before, label = _seen(desk, objection_id)
    desk.allow("quality.close_objection", label)
    closed = before.fed_back(desk.today)
    if closed is not before:
        store.save_objection(desk.db, closed)
        desk.record(
            "quality.objection_closed", on=closed.id, entry=closed.entry, provider=closed.provider, rule=closed.rule
        )
    return closed


def close_resolved(desk: Desk, batch_id: str) -> tuple[Objection, ...]:
    """Count as corrected every open objection to earlier deliveries whose rule this delivery passes."""
    batch = collection.find_batch(desk.db, batch_id)
    entry = catalogue.find(desk.db, batch.entry)
    desk.allow("quality.close_resolved", _about(entry))
    done = store.find_examination(desk.db, batch.id)
    resolved = []
    for before in store.objections(desk.db, entry=entry.id, only_open=True, limit=None):
        if before.row or not (
            done.asks(before.rule) and done.passes(before.rule) and _is_resolved(desk, before, batch)
        ):
            continue
        corrected = before.corrected(by_batch=batch.id)
        store.save_objection(desk.db, corrected)
        desk.record(
            "quality.objection_resolved",
            on=corrected.id,
            entry=corrected.entry,
            provider=corrected.provider,
            rule=corrected.rule,
            batch=batch.id,
            in_time=desk.today <= corrected.due,
        )
        resolved.append(corrected)
    return tuple(resolved)


def _examined(desk: Desk, batch: Batch, entry: Entry) -> Examination:
    # The day of collection, not of examination: trying again, here or in another tier, asks the same questions.
    day = batch.collected_at.astimezone(LEGAL_TIME).date()
    edition = books.edition_at(desk.db, entry.id, batch.collected_at)
    asking = asking_of(desk.db, desk.pools.engine, entry, batch, today=day, book=edition.book)
    earlier = [each for each in collection.batches(desk.db, entry.id) if each.collected_at < batch.collected_at]
    before = max((each.collected_at for each in earlier), default=None)
    with desk.released():
        count, counts = land_findings(desk.pools, batch, asking.sought, asking.rules)
    timeliness = Timeliness(
        cycle=entry.update_cycle, before=before.astimezone(LEGAL_TIME).date() if before else None, arrived=day
    )
    return Examination(
        batch=batch.id,
        entry=entry.id,
        rows=count,
        counts=counts,
        dimensions=dimensions_of(
            counts,
            # Where nothing but taking back was delivered, all that was delivered could be read.
            rows_read=batch.rows_read or int(batch.rows_withdrawn > 0),
            rows_landed=batch.rows_landed or int(not batch.rows_read and batch.rows_withdrawn > 0),
            timeliness=timeliness,
        ),
        unasked=asking.rules.unasked,
        examined_at=desk.now,
        rulebook=edition.version,
    )


def _profiled(desk: Desk, batch: Batch, entry: Entry) -> Profile:
    elements = {element.id: element for element in registers.elements(desk.db)}
    of_item = {item.name: elements.get(item.element or "") for item in entry.items}
    absents = {name: element.absent if element else () for name, element in of_item.items()}
    # A day that somebody's row names is told only where everybody may see the rows.
    dated = [one.name for one in entry.items if one.grade is Grade.L1 and one.data_type is DataType.DATE]
    earlier = [one for one in collection.batches(desk.db, entry.id) if one.collected_at < batch.collected_at]
    before = max(earlier, key=lambda one: one.collected_at, default=None)
    with desk.released():
        rows, items = measured(desk.pools.engine, batch, absents, dated=dated, today=desk.today)
    done = Profile(batch=batch.id, entry=entry.id, rows=rows, items=items, profiled_at=desk.now)
    return replace(done, items=done.against(store.known_profile(desk.db, before.id) if before else None))


def _seen(desk: Desk, objection_id: str) -> tuple[Objection, Label]:
    """Return an objection and whom it concerns: its source and the tier that objects; for others it is absent."""
    found = store.find_objection(desk.db, objection_id)
    authorities = objectors(desk.actor, registers.bodies(desk.db))
    if desk.actor.org not in {found.provider, found.raised_by, *authorities}:
        raise NotFound("objection", objection_id)
    return found, Label(owner=found.provider, parties=authorities | ({found.raised_by} - {""}))


def _doubt(desk: Desk, entry: Entry, *, key: str, item: str, doubt: str, queue: Queue) -> Objection:
    entry.item(item)
    batch = newest_batch(desk.db, entry.id)
    row = 0
    if batch is not None and entry.key_item:
        with desk.released():
            row = row_of_key(desk.pools.engine, batch, entry.key_item, key)
    return doubt_of(
        entry=entry.id,
        provider=entry.provider,
        batch=batch.id if batch else "",
        row=row,
        item=item,
        key=digest(f"{entry.id}:{key.strip().upper()}".encode()),
        queue=queue,
        raised_by=desk.actor.org,
        doubt=doubt,
        term=registers.deadline(desk.db, CLOCKS[queue], desk.today),
    )


def _is_newer(desk: Desk, objection: Objection, batch: Batch) -> bool:
    """Say whether a batch came after the one that was objected to."""
    known = next((one for one in collection.batches(desk.db, batch.entry) if one.id == objection.batch), None)
    return known is None or known.collected_at < batch.collected_at


def _is_resolved(desk: Desk, objection: Objection, batch: Batch) -> bool:
    """Say whether a delivery that passes the rule came after the objected one and can hold its rows."""
    objected = next((each for each in collection.batches(desk.db, batch.entry) if each.id == objection.batch), None)
    if objected is not None and objected.collected_at >= batch.collected_at:
        return False
    return objection.resolved_by_rows(rows=batch.rows_landed, before=objected.rows_landed if objected else None)


def _about(entry: Entry) -> Label:
    """Acts on findings show counts, not rows: the entry's grade does not hold them up."""
    return Label(owner=entry.provider)
