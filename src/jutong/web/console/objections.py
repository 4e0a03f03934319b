"""Pages of objections: what the rules found goes back to its source, is verified, answered and closed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Literal

import msgspec

from jutong import catalogue, collection, guard, ledger, oversight, quality, registers
from jutong.kernel.errors import NotFound
from jutong.kernel.text import Text, plain, text
from jutong.quality import Objection, Queue, Stage

from ..wiring import NO_NUL, Ulid, Words
from .collection import bodies_first
from .frame import Answer, TheVisit, acted, done, page, shown
from .known_names import titles_of_items
from .quality import FIRST, rules_of
from .said import DONE
from .table import Asked, Column, Table, table_page

LAW = text("Order 809, art. 26")
STAGE_TONES: Mapping[Stage, str] = {
    Stage.FILED: "amber",
    Stage.VERIFYING: "blue",
    Stage.CORRECTED: "green",
    Stage.REJECTED_WITH_REASON: "plain",
    Stage.FEEDBACK_SENT: "plain",
}
RULES: Mapping[str, Text] = {
    "required": text("must be filled"),
    "length": text("length"),
    "alphabet": text("characters"),
    "pattern": text("form"),
    "check-digit": text("check digit"),
    "embedded-organisation-code": text("organisation code inside"),
    "old-registration-number": text("old registration number"),
    "old-number-check-digit": text("check digit of the old number"),
    "upper-case": text("capital letters"),
    "date-valid": text("a day that exists"),
    "not-in-future": text("not in the future"),
    "division-known": text("division code"),
    "member": text("code of the code set"),
    "unique": text("no repetition"),
    "readable-amount": text("readable amount"),
    "doubted": text("doubted by an officer"),
}


class Answering(msgspec.Struct, kw_only=True):
    """The source's answer: put right, or right as it is and why."""

    outcome: Literal["corrected", "rejected"]
    reason: Words = ""


@dataclass(frozen=True, slots=True)
class Row:
    """An objection with names and its clock."""

    objection: Objection
    title: str
    item: str
    provider: str
    left: int | None  # working days, while it waits for an answer


@shown("/objections", guard="pages.objections")
def list_objections(visit: TheVisit) -> Answer:
    """List the objections that one's body answers; the authority sees all of them."""
    with visit.house.reading() as db:
        bodies = registers.bodies(db)
        calendar = registers.calendar(db)
    names = {body.code: body.name for body in bodies}
    own = quality.answering_body(visit.acting, bodies)

    def fetch(ask: Asked) -> list[Row]:
        place = (ask.after[("due", "opened", "count").index(ask.sort)], ask.after[-1]) if len(ask.after) == 4 else ()
        stage, queue = ask.filter("stage"), ask.filter("queue")
        with visit.house.reading() as db:
            found = quality.objections_listed(
                db,
                provider=own or ask.filter("provider"),
                stage=Stage(stage) if stage else None,
                queue=Queue(queue) if queue else None,
                raised_by=own,
                sort=ask.sort,
                descending=ask.descending,
                after=place,
                limit=ask.limit,
            )
            titles = catalogue.titles(db, [one.entry for one in found])
            items = titles_of_items(db, visit.acting, {one.entry for one in found})
        return [
            Row(
                one,
                titles.get(one.entry, one.entry),
                items.get((one.entry, one.item), one.item),
                names.get(one.provider, one.provider),
                calendar.working_days(visit.today, one.due) if one.open else None,
            )
            for one in found
        ]

    columns = _OBJECTIONS.columns
    if not own:
        provider: Column[Row] = Column(
            key="provider",
            title=text("Answers"),
            value=lambda row: row.provider,
            options=bodies_first(names, visit.acting.org),
        )
        columns = (*columns[:1], provider, *columns[1:])
    return table_page(
        visit,
        replace(_OBJECTIONS, columns=columns),
        fetch,
        "quality/objections.html",
        title=text("Objections to our rows") if own else text("Objections at the sources"),
        crumbs=(FIRST,),
        own=own,
    )


class Doubting(msgspec.Struct, kw_only=True):
    """Which value of which record is doubted, and why."""

    key: Annotated[str, msgspec.Meta(max_length=200, pattern=NO_NUL)]
    item: Annotated[str, msgspec.Meta(max_length=63, pattern=NO_NUL)]
    doubt: Words
    queue: Queue = Queue.CORRECTION


@shown("/entries/{entry_id:str}/doubt", guard="pages.doubt")
def show_doubt(visit: TheVisit, entry_id: Ulid) -> Answer:
    """Show the form in which an officer doubts one value of one record."""
    with visit.house.reading() as db:
        entry = catalogue.visible_to(db, entry_id, visit.acting)
        parties = quality.objectors(visit.acting, registers.bodies(db))
    return page(
        visit,
        "quality/doubt.html",
        title=text("Doubt a value of {title}", title=entry.title),
        crumbs=(FIRST, (f"/entries/{entry.id}", entry.title)),
        entry=entry,
        items=tuple((item.name, item.title) for item in entry.items),
        key_title=next((one.title for one in entry.items if one.name == entry.key_item), ""),
        law=LAW,
        queues=Queue,
        may_register=visit.may("quality.register_doubt", guard.Label(owner=entry.provider, parties=parties)),
    )


@acted("/entries/{entry_id:str}/doubt", guard="pages.doubt", again=show_doubt)
def raise_doubt(visit: TheVisit, entry_id: Ulid) -> Answer:
    """Doubt one value of one record."""
    given = visit.form.read(Doubting)
    with visit.desk() as desk:
        told = {"key": given.key, "item": given.item, "doubt": given.doubt}
        if given.queue is Queue.CORRECTION:
            raised = quality.raise_doubt(desk, entry_id, **told)
        else:
            raised = quality.register_doubt(desk, entry_id, **told, queue=given.queue)
    return done(desk, f"/objections/{raised.id}")


@shown("/objections/{objection_id:str}", guard="pages.objections")
def show_objection(visit: TheVisit, objection_id: Ulid) -> Answer:
    """Show one objection: what it says, its clock, its course, and what can be done now."""
    with visit.house.reading() as db:
        bodies = registers.bodies(db)
        objection = quality.known_objection(db, objection_id)
        own = quality.answering_body(visit.acting, bodies)
        if objection is None or own not in ("", objection.provider, objection.raised_by):
            raise NotFound("objection", objection_id)
        entry = catalogue.visible_to(db, objection.entry, visit.acting)
        rules = rules_of(visit, db, entry)
        days = registers.calendar(db).working_days(visit.today, objection.due)
        known_batch = collection.known(db, objection.batch)
        sight = oversight.sight_of(db, visit.acting)
        lines = [kept.line for kept in ledger.read_about(db, on=objection.id)]
    parties = quality.objectors(visit.acting, bodies) | ({objection.raised_by} - {""})
    label = guard.Label(owner=objection.provider, parties=parties)
    rule = rules.get(objection.rule)
    return page(
        visit,
        "quality/objection.html",
        title=text("Objection: {rule}", rule=rule.message if rule else plain(objection.rule)),
        crumbs=(FIRST, ("/objections", text("Objections"))),
        objection=objection,
        entry=entry,
        provider=next((body.name for body in bodies if body.code == objection.provider), objection.provider),
        own=own,
        raised_by=next((body.name for body in bodies if body.code == objection.raised_by), objection.raised_by),
        item=next((one.title for one in entry.items if one.name == objection.item), objection.item),
        days=days,
        law=LAW,
        known_batch=known_batch,
        steps=_steps(objection, late=objection.overdue(visit.today)),
        lines=[(line, DONE.get(line.act) or plain(line.act)) for line in lines if sight.shows(line)],
        may_look=visit.may("quality.look_at_examples", label),
        may_verify=objection.stage is Stage.FILED and visit.may("quality.verify_objection", label),
        may_answer=objection.open and visit.may("quality.answer_objection", label),
        may_close=objection.stage in (Stage.CORRECTED, Stage.REJECTED_WITH_REASON)
        and visit.may("quality.close_objection", label),
    )


@acted("/objections/{objection_id:str}/verification", guard="pages.objections", again=show_objection)
def verify_objection(visit: TheVisit, objection_id: Ulid) -> Answer:
    """Take an objection up."""
    with visit.desk() as desk:
        quality.verify_objection(desk, objection_id)
    return done(desk, f"/objections/{objection_id}")


@acted("/objections/{objection_id:str}/answer", guard="pages.objections", again=show_objection)
def answer_objection(visit: TheVisit, objection_id: Ulid) -> Answer:
    """Answer an objection."""
    given = visit.form.read(Answering)
    with visit.desk() as desk:
        quality.answer_objection(desk, objection_id, corrected=given.outcome == "corrected", reason=given.reason)
    return done(desk, f"/objections/{objection_id}")


@acted("/objections/{objection_id:str}/closure", guard="pages.objections", again=show_objection)
def close_objection(visit: TheVisit, objection_id: Ulid) -> Answer:
    """Send the answer back and close the objection."""
    with visit.desk() as desk:
        quality.close_objection(desk, objection_id)
    return done(desk, f"/objections/{objection_id}")


_OBJECTIONS: Table[Row] = Table(
    name="objections",
    title=text("Objections"),
    columns=(
        Column(
            key="entry",
            title=text("Entry"),
            value=lambda row: row.title,
            href=lambda row: f"/objections/{row.objection.id}",
        ),
        Column(key="item", title=text("Item"), value=lambda row: row.item),
        Column(key="rule", title=text("Rule"), value=lambda row: rule_in_words(row.objection.rule)),
        Column(key="count", title=text("Rows"), value=lambda row: row.objection.count, kind="number", sort=True),
        Column(
            key="stage",
            title=text("Stage"),
            value=lambda row: row.objection.stage,
            tone=lambda row: STAGE_TONES[row.objection.stage],
            options=Stage,
        ),
        Column(key="queue", title=text("Queue"), value=lambda row: row.objection.queue, options=Queue),
        Column(key="reopened", title=text("Opened again"), value=lambda row: row.objection.reopened, kind="number"),
        Column(key="opened", title=text("Opened"), value=lambda row: row.objection.opened, kind="day", sort=True),
        Column(key="due", title=text("Due"), value=lambda row: row.objection.due, kind="day", sort=True),
        Column(key="left", title=text("Working days left"), value=lambda row: row.left, kind="number"),
    ),
    key=lambda row: (
        row.objection.due.isoformat(),
        row.objection.opened.isoformat(),
        str(row.objection.count),
        row.objection.id,
    ),
    sort="due",
    empty=text("No objection waits."),
    then=text("Rules find errors in every delivery; an error becomes an objection that its source answers."),
)


def rule_in_words(rule: str) -> Text:
    """Return in two words what a rule is about; its code where it is none of ours."""
    code = rule.partition(".")[2]
    return RULES.get(code) or plain(code)


def _steps(objection: Objection, *, late: bool) -> list[tuple[Text | Stage, str, object, Text | str]]:
    """Return the course of an objection by article 26: filed, taken up, answered, closed."""
    answered = Stage.REJECTED_WITH_REASON if objection.stage is Stage.REJECTED_WITH_REASON else Stage.CORRECTED
    if objection.stage is Stage.FEEDBACK_SENT and objection.reason:
        answered = Stage.REJECTED_WITH_REASON
    course = (Stage.FILED, Stage.VERIFYING, answered, Stage.FEEDBACK_SENT)
    place = course.index(objection.stage)
    ended = objection.stage is Stage.FEEDBACK_SENT
    open_now = place + 1 if not ended else place
    told: list[tuple[Text | Stage, str, object, Text | str]] = []
    for number, stage in enumerate(course):
        state = "done" if number <= place else "now" if number == open_now else "next"
        if late and state == "now":
            state = "late"
        words: Text | Stage = text("answered") if stage is answered and number > place else stage
        told.append((words, state, "", LAW if number in (1, 2) else ""))
    return told


PAGES = [show_doubt, raise_doubt, list_objections, show_objection, verify_objection, answer_objection, close_objection]
