"""What waits is looked up in the rooms, by their faces: a few lines of each kind of work, and how many there are."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import partial

from jutong import access, catalogue, library, quality, registers, sharing
from jutong.catalogue.stage import Stage as EntryStage
from jutong.kernel.clock import LEGAL_TIME
from jutong.kernel.db import Db
from jutong.kernel.errors import NotFound
from jutong.kernel.pile import Pile
from jutong.kernel.text import plain, text
from jutong.quality.objection import Objection
from jutong.quality.objection import Stage as ObjectionStage
from jutong.sharing.agreement import Agreement
from jutong.sharing.request import Stage as RequestStage
from jutong.sharing.turn import Side
from jutong.terms import Actor

from .todo import RULES, Todo, Todos, Work, by_urgency, works_of
from .waiting import (
    Look,
    disputes_waiting,
    prechecks_waiting,
    purchases_waiting,
    supplements_waiting,
    tasks_waiting,
    uses_waiting,
)

LINES = 12  # of each kind of work, where all kinds are shown
LINES_OF_ONE = 100  # where one kind is asked for
ENDING = timedelta(days=30)
CALENDAR_FROM_MONTH = 11  # the notice for the coming year comes in November


def waiting_for(db: Db, actor: Actor, now: datetime, *, only: Work | None = None) -> tuple[Todos, Todos]:
    """Return what waits for the actor, and what the actor waits for; of one kind of work, more of it."""
    look = Look(
        db, actor, now, registers.calendar(db), registers.authorities(db), LINES if only is None else LINES_OF_ONE
    )
    works = works_of(actor, look.authorities)
    piles = {work: READERS[work](look) for work in works if only in (None, work)}
    lines = _named(look, [line for pile in piles.values() for line in pile.top])
    sizes = {work: pile.size for work, pile in piles.items() if pile.size}
    own, others = (
        Todos(
            lines=by_urgency(line for line in lines if RULES[line.work].waiting is waiting),
            sizes={work: size for work, size in sizes.items() if RULES[work].waiting is waiting},
        )
        for waiting in (False, True)
    )
    return own, others


def _named(look: Look, lines: Collection[Todo]) -> list[Todo]:
    """Return the lines with the titles of their entries, the names of their bodies and the days that are left."""
    titles = catalogue.titles(look.db, {line.title for line in lines if isinstance(line.title, str)})
    names = registers.body_names(look.db, {line.body for line in lines if line.body})
    left = {day: look.calendar.left(look.today, day) for day in {line.due for line in lines} if day is not None}
    return [
        replace(
            line,
            title=titles.get(line.title, line.title) if isinstance(line.title, str) else line.title,
            body_name=names.get(line.body, line.body),
            days_left=left[line.due] if line.due is not None else None,
        )
        for line in lines
    ]


def _request(work: Work, side: Side | None) -> Callable[[sharing.Request], Todo]:
    def line(one: sharing.Request) -> Todo:
        return Todo(
            work=work,
            on=one.id,
            title=one.entry,
            body=one.consumer if side is Side.ANSWERING else one.provider,
            due=one.due,
            provisional=one.due is not None and one.clock is not None and one.clock.provisional,
        )

    return line


def _agreement(work: Work, side: Side | None) -> Callable[[Agreement], Todo]:
    def line(one: Agreement) -> Todo:
        other = one.consumer if side is Side.ANSWERING else one.provider
        return Todo(
            work=work, on=one.id, title=one.entry, body=other, due=one.due, provisional=one.delivery.provisional
        )

    return line


def _objection(look: Look, work: Work, one: Objection, item: str) -> Todo:
    answered = work is Work.CLOSE_OBJECTION
    return Todo(
        work=work,
        on=one.id,
        title=one.entry,
        body="" if one.provider == look.org else one.provider,
        about=text("{count} rows, item {item}", count=one.count, item=item),
        due=None if answered else one.due,
        provisional=one.provisional and not answered,
    )


def _answers(work: Work, side: Side) -> Callable[[Look], Pile[Todo]]:
    def read(look: Look) -> Pile[Todo]:
        return sharing.requests_waiting(look.db, side, look.org, limit=look.limit).map(_request(work, side))

    return read


def _requests(work: Work, stage: RequestStage, side: Side | None) -> Callable[[Look], Pile[Todo]]:
    def read(look: Look) -> Pile[Todo]:
        found = sharing.requests_waiting(look.db, side, look.org, stage=stage, limit=look.limit)
        return found.map(_request(work, side))

    return read


def _deliveries(work: Work, side: Side) -> Callable[[Look], Pile[Todo]]:
    def read(look: Look) -> Pile[Todo]:
        return sharing.agreements_waiting(look.db, side, look.org, limit=look.limit).map(_agreement(work, side))

    return read


def _own_entries(work: Work, stage: EntryStage, *, ready: bool | None = None) -> Callable[[Look], Pile[Todo]]:
    def read(look: Look) -> Pile[Todo]:
        found = catalogue.own_waiting(look.db, look.org, stage, ready=ready, limit=look.limit)
        return found.map(partial(_entry, look, work))

    return read


def _others_entries(work: Work, stage: EntryStage) -> Callable[[Look], Pile[Todo]]:
    def read(look: Look) -> Pile[Todo]:
        found = catalogue.others_waiting(look.db, look.org, stage, limit=look.limit)
        return found.map(partial(_entry, look, work))

    return read


def _entry(look: Look, work: Work, one: catalogue.Waiting) -> Todo:
    # The clock's length is not kept with the entry; two working days do not reach beyond the year's notice twice.
    provisional = one.audit_due is not None and one.audit_due.year not in look.calendar.notices
    other = "" if one.provider == look.org else one.provider
    return Todo(work=work, on=one.id, title=plain(one.title), body=other, due=one.audit_due, provisional=provisional)


def _objections(
    work: Work, stages: tuple[ObjectionStage, ...], *, mine: bool = False, late: bool = False
) -> Callable[[Look], Pile[Todo]]:
    def read(look: Look) -> Pile[Todo]:
        provider, before = look.org if mine else "", look.today if late else None
        piles = [
            quality.objections_at(look.db, stage, provider=provider, before=before, limit=look.limit)
            for stage in stages
        ]
        found = [one for pile in piles for one in pile.top]
        titles = _titles_of_items(look, found)
        top = tuple(_objection(look, work, one, titles.get((one.entry, one.item), one.item)) for one in found)
        return Pile(top, sum(pile.size for pile in piles))

    return read


def _titles_of_items(look: Look, found: Collection[Objection]) -> Mapping[tuple[str, str], str]:
    """Return what items are called, of as many entries as a desk has lines; the others keep their names."""
    titles: dict[tuple[str, str], str] = {}
    for entry in list(dict.fromkeys(one.entry for one in found))[:LINES]:
        with suppress(NotFound):
            seen = catalogue.visible_to(look.db, entry, look.actor)
            titles |= {(entry, item.name): item.title for item in seen.items}
    return titles


def _late_answers(look: Look) -> Pile[Todo]:
    found = sharing.requests_waiting(look.db, None, "", before=look.today.isoformat(), limit=look.limit)
    return found.map(_request(Work.URGE_ANSWER, None))


def _late_deliveries(look: Look) -> Pile[Todo]:
    found = sharing.agreements_waiting(look.db, None, "", before=look.today.isoformat(), limit=look.limit)
    return found.map(_agreement(Work.URGE_DELIVERY, None))


def _tasks(work: Work, task: sharing.Task, side: Side | None) -> Callable[[Look], Pile[Todo]]:
    return lambda look: tasks_waiting(look.db, look.org, look.today, work, task, side, limit=look.limit)


def _ending_agreements(look: Look) -> Pile[Todo]:
    days = look.today.isoformat(), (look.today + ENDING).isoformat()
    found = sharing.agreements_waiting(look.db, Side.ASKED, look.org, ends=days, limit=look.limit)
    return found.map(
        lambda one: Todo(work=Work.RENEW_AGREEMENT, on=one.id, title=one.entry, body=one.provider, due=one.ends)
    )


def _revision(work: Work, one: catalogue.Revision) -> Todo:
    return Todo(
        work=work,
        on=one.id,
        title=one.entry or text("an entry that is still to be drafted"),
        body=one.provider if work is not Work.UPDATE_ENTRY else "",
        due=one.due,
        provisional=one.clock.provisional,
    )


def _revisions(work: Work) -> Callable[[Look], Pile[Todo]]:
    def read(look: Look) -> Pile[Todo]:
        asked = work is Work.AGREE_UPDATE_EXTENSION
        return catalogue.revisions_waiting(
            look.db,
            provider=look.org if work is Work.UPDATE_ENTRY else "",
            steps=(catalogue.Step.EXTENSION_ASKED,) if asked else catalogue.OPEN_STEPS,
            before=look.today if work is Work.URGE_UPDATE else None,
            limit=look.limit,
        ).map(partial(_revision, work))

    return read


def _demand(work: Work, one: catalogue.Demand) -> Todo:
    own = work in (Work.FILE_DEMAND,)
    return Todo(work=work, on=one.id, title=plain(one.need.title), body="" if own else one.consumer)


def _demands(work: Work, stage: catalogue.DemandStage) -> Callable[[Look], Pile[Todo]]:
    def read(look: Look) -> Pile[Todo]:
        found = catalogue.demands_waiting(
            look.db,
            stage,
            consumer=look.org if work is Work.FILE_DEMAND else "",
            asked=look.org if work is Work.ANSWER_DEMAND else "",
            unsplit=work is Work.SPLIT_DEMAND,
            limit=look.limit,
        )
        return found.map(partial(_demand, work))

    return read


def _responsibilities(work: Work) -> Callable[[Look], Pile[Todo]]:
    def read(look: Look) -> Pile[Todo]:
        mine = work is Work.FULFIL_RESPONSIBILITY
        found = catalogue.responsibilities_waiting(
            look.db, owner=look.org if mine else "", before=None if mine else look.today, limit=look.limit
        )
        return found.map(
            lambda one: Todo(
                work=work, on=one.id, title=plain(one.title), body=one.consumer if mine else one.owner, due=one.task.due
            )
        )

    return read


def _conflicts(look: Look) -> Pile[Todo]:
    disputed = [merge for merge in library.newest_merges(look.db) if merge.conflicts]
    return Pile(
        tuple(
            Todo(work=Work.SETTLE_CONFLICTS, on=merge.batch, title=merge.entry, count=merge.conflicts)
            for merge in disputed[: look.limit]
        ),
        len(disputed),
    )


def _missing_years(look: Look) -> Pile[Todo]:
    years = [look.today.year] + [look.today.year + 1] * (look.today.month >= CALENDAR_FROM_MONTH)
    missing = [year for year in years if year not in look.calendar.notices]
    return Pile(
        tuple(
            Todo(
                work=Work.ENTER_CALENDAR,
                on=str(year),
                title=text("the working days of {year}", year=str(year)),
                due=date(year - 1, 12, 31) if year > look.today.year else None,
            )
            for year in missing
        ),
        len(missing),
    )


def _ending_credentials(look: Look) -> Pile[Todo]:
    found = registers.credentials_ending(
        look.db, since=look.now, until=look.now + ENDING, bodies=look.looked_after, limit=look.limit
    )
    return found.map(
        lambda pair: Todo(
            work=Work.RENEW_CREDENTIAL,
            on=pair[1].id,
            title=plain(pair[1].title),
            body=pair[1].body,
            due=pair[0].expires.astimezone(LEGAL_TIME).date(),
        )
    )


def _keyless_systems(look: Look) -> Pile[Todo]:
    found = registers.systems_without_key(look.db, bodies=look.looked_after, limit=look.limit)
    return found.map(lambda one: Todo(work=Work.SET_KEY, on=str(one.name), title=plain(one.title), body=one.body))


def _locked(look: Look) -> Pile[Todo]:
    count = access.count_locked(look.db, look.now)
    return Pile((Todo(work=Work.LOCKED, on="", title=plain(""), count=count),) if count else (), count)


def _invited(look: Look) -> Pile[Todo]:
    count = access.count_invited(look.db, look.now)
    return Pile((Todo(work=Work.INVITED, on="", title=plain(""), count=count),) if count else (), count)


_ASKED, _ANSWERING = Side.ASKED, Side.ANSWERING
READERS: Mapping[Work, Callable[[Look], Pile[Todo]]] = {
    Work.ANSWER: _answers(Work.ANSWER, _ANSWERING),
    Work.AGREE_EXTENSION: _requests(Work.AGREE_EXTENSION, RequestStage.EXTENSION_ASKED, None),
    Work.AUDIT_REGISTRATION: _others_entries(Work.AUDIT_REGISTRATION, EntryStage.SUBMITTED),
    Work.AUDIT_PUBLICATION: _others_entries(Work.AUDIT_PUBLICATION, EntryStage.REGISTERED),
    Work.DELIVER: _deliveries(Work.DELIVER, _ANSWERING),
    Work.TAKE_UP_OBJECTION: _objections(Work.TAKE_UP_OBJECTION, (ObjectionStage.FILED,), mine=True),
    Work.ANSWER_OBJECTION: _objections(Work.ANSWER_OBJECTION, (ObjectionStage.VERIFYING,), mine=True),
    Work.ANSWER_CHANGE: _tasks(Work.ANSWER_CHANGE, sharing.Task.ANSWER_CHANGE, _ASKED),
    Work.RECTIFY: _tasks(Work.RECTIFY, sharing.Task.RECTIFY, _ASKED),
    Work.JUDGE_RECTIFICATION: _tasks(Work.JUDGE_RECTIFICATION, sharing.Task.JUDGE_RECTIFICATION, _ASKED),
    Work.DISPOSE: _tasks(Work.DISPOSE, sharing.Task.DISPOSE, _ASKED),
    Work.CHECK_REQUEST: prechecks_waiting,
    Work.RECORD_USE: uses_waiting,
    Work.SETTLE_DISPUTE: disputes_waiting,
    Work.DECIDE_CHANGE: _tasks(Work.DECIDE_CHANGE, sharing.Task.ANSWER_CHANGE, None),
    Work.URGE_RECTIFICATION: _tasks(Work.URGE_RECTIFICATION, sharing.Task.RECTIFY, None),
    Work.URGE_DISPOSAL: _tasks(Work.URGE_DISPOSAL, sharing.Task.DISPOSE, None),
    Work.URGE_ANSWER: _late_answers,
    Work.URGE_DELIVERY: _late_deliveries,
    Work.URGE_CORRECTION: _objections(Work.URGE_CORRECTION, quality.OPEN, late=True),
    Work.UPDATE_ENTRY: _revisions(Work.UPDATE_ENTRY),
    Work.AGREE_UPDATE_EXTENSION: _revisions(Work.AGREE_UPDATE_EXTENSION),
    Work.URGE_UPDATE: _revisions(Work.URGE_UPDATE),
    Work.AUDIT_DEMAND: _demands(Work.AUDIT_DEMAND, catalogue.DemandStage.FILED),
    Work.SPLIT_DEMAND: _demands(Work.SPLIT_DEMAND, catalogue.DemandStage.PUBLISHED),
    Work.ANSWER_DEMAND: _demands(Work.ANSWER_DEMAND, catalogue.DemandStage.PUBLISHED),
    Work.FULFIL_RESPONSIBILITY: _responsibilities(Work.FULFIL_RESPONSIBILITY),
    Work.URGE_RESPONSIBILITY: _responsibilities(Work.URGE_RESPONSIBILITY),
    Work.SHARE_PURCHASE: purchases_waiting,
    Work.FILE_DEMAND: _demands(Work.FILE_DEMAND, catalogue.DemandStage.DRAFT),
    Work.MEND_ENTRY: _own_entries(Work.MEND_ENTRY, EntryStage.RETURNED),
    Work.SUPPLEMENT: supplements_waiting(_requests(Work.SUPPLEMENT, RequestStage.SUPPLEMENT_REQUIRED, _ASKED)),
    Work.SIGN_REQUEST: _requests(Work.SIGN_REQUEST, RequestStage.DRAFT, _ASKED),
    Work.SUBMIT_REQUEST: _requests(Work.SUBMIT_REQUEST, RequestStage.CONSUMER_OFFICE_SIGNED, _ASKED),
    Work.SIGN_ENTRY: _own_entries(Work.SIGN_ENTRY, EntryStage.DRAFT, ready=True),
    Work.SUBMIT_ENTRY: _own_entries(Work.SUBMIT_ENTRY, EntryStage.SIGNED),
    Work.FINISH_ENTRY: _own_entries(Work.FINISH_ENTRY, EntryStage.DRAFT, ready=False),
    Work.CLOSE_OBJECTION: _objections(Work.CLOSE_OBJECTION, quality.ANSWERED),
    Work.SETTLE_CONFLICTS: _conflicts,
    Work.RENEW_AGREEMENT: _ending_agreements,
    Work.ENTER_CALENDAR: _missing_years,
    Work.RENEW_CREDENTIAL: _ending_credentials,
    Work.SET_KEY: _keyless_systems,
    Work.LOCKED: _locked,
    Work.INVITED: _invited,
    Work.AWAIT_ANSWER: _answers(Work.AWAIT_ANSWER, _ASKED),
    Work.AWAIT_SUPPLEMENT: _requests(Work.AWAIT_SUPPLEMENT, RequestStage.SUPPLEMENT_REQUIRED, _ANSWERING),
    Work.AWAIT_EXTENSION: _requests(Work.AWAIT_EXTENSION, RequestStage.EXTENSION_ASKED, _ANSWERING),
    Work.AWAIT_DELIVERY: _deliveries(Work.AWAIT_DELIVERY, _ASKED),
    Work.AWAIT_CHANGE: _tasks(Work.AWAIT_CHANGE, sharing.Task.ANSWER_CHANGE, _ANSWERING),
    Work.AWAIT_RECTIFICATION: _tasks(Work.AWAIT_RECTIFICATION, sharing.Task.RECTIFY, _ANSWERING),
    Work.AWAIT_DISPOSAL: _tasks(Work.AWAIT_DISPOSAL, sharing.Task.DISPOSE, _ANSWERING),
    Work.AWAIT_AUDIT: _own_entries(Work.AWAIT_AUDIT, EntryStage.SUBMITTED),
    Work.AWAIT_PUBLICATION: _own_entries(Work.AWAIT_PUBLICATION, EntryStage.REGISTERED),
    Work.AWAIT_CORRECTION: _objections(Work.AWAIT_CORRECTION, quality.OPEN),
    Work.AWAIT_ENTRY_SIGNATURE: _own_entries(Work.AWAIT_ENTRY_SIGNATURE, EntryStage.DRAFT, ready=True),
    Work.AWAIT_REQUEST_SIGNATURE: _requests(Work.AWAIT_REQUEST_SIGNATURE, RequestStage.DRAFT, _ASKED),
}
