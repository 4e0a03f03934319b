"""Pages of agreements: the list, each one as a document that can be printed, and what takes rights away."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated

import msgspec

from jutong import catalogue, guard, registers, sharing
from jutong.desk import Reading
from jutong.kernel.text import text
from jutong.sharing import Agreement, Standing
from jutong.terms import BodyKind

from ..wiring import Name, Ulid, Words
from .disputing import disputes_about
from .footnotes import footnote
from .frame import Answer, TheVisit, acted, done, page, shown
from .known_names import division_words, entry_page, mask_words, names_of_bodies, titles_of_entries
from .sharing import FIRST, happened, left_tone, left_words, readable
from .sides import fetching, side_column
from .table import Column, Table, table_page
from .visit import Visit
from .words import word_of

AGREEMENTS = ("/agreements", text("Agreements"))
TONES: Mapping[Standing, str] = {
    Standing.IN_FORCE: "green",
    Standing.SUSPENDED: "amber",
    Standing.ENDED: "plain",
    Standing.TERMINATED: "plain",
}
CONSUMERS = frozenset({"draft_amendment", "rectify", "conclude", "certify_disposal"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """An agreement as a row of the list."""

    agreement: Agreement
    title: str
    provider: str
    consumer: str
    left: int | None  # working days until the delivery is due


class Suspension(msgspec.Struct, kw_only=True):
    """Why rights are taken away, and by when the misuse must be put right."""

    reason: Words
    rectify_by: date | None = None


class Termination(msgspec.Struct, kw_only=True):
    """Why an agreement ends for good."""

    why: Words


class Report(msgspec.Struct, kw_only=True):
    """What was put right."""

    report: Words


class Judgement(msgspec.Struct, kw_only=True):
    """Why it is not enough, and perhaps a new day."""

    short_why: Words
    short_by: date | None = None


class Proposal(msgspec.Struct, kw_only=True):
    """What is to be otherwise, why and by which rule."""

    change_reason: Words
    change_basis: Words
    last_day: date | None = None
    without: tuple[Name, ...] = ()
    smaller_quota: Annotated[int, msgspec.Meta(ge=1, le=sharing.QUOTA_LIMIT)] | None = None


class Declining(msgspec.Struct, kw_only=True):
    """Why the change is declined."""

    decline_why: Words


class Conclusion(msgspec.Struct, kw_only=True):
    """Why the data is needed no longer."""

    conclude_reason: Words


class Certificate(msgspec.Struct, kw_only=True):
    """What became of every copy."""

    manner: sharing.Manner
    copies: Words
    done_on: date
    kept_basis: Words = ""
    record: Name = ""


TABLE: Table[Listed] = Table(
    name="agreements",
    title=text("Agreements"),
    columns=(
        Column(
            key="title",
            title=text("Data"),
            value=lambda row: row.title,
            href=lambda row: f"/agreements/{row.agreement.id}",
        ),
        Column(key="consumer", title=text("Used by"), value=lambda row: row.consumer),
        Column(key="provider", title=text("Provided by"), value=lambda row: row.provider),
        Column(
            key="stage",
            title=text("Standing"),
            value=lambda row: row.agreement.stage,
            tone=lambda row: TONES[row.agreement.stage],
            options=Standing,
        ),
        Column(key="ends", title=text("Ends"), value=lambda row: row.agreement.ends, kind="day", sort=True),
        Column(key="due", title=text("Delivery due"), value=lambda row: row.agreement.due, kind="day", sort=True),
        Column(
            key="left", title=text("Left"), value=lambda row: left_words(row.left), tone=lambda row: left_tone(row.left)
        ),
        Column(key="quota", title=text("Records a day"), value=lambda row: row.agreement.quota_per_day, kind="number"),
        side_column(),
        Column(key="id", title=text("Number"), value=lambda row: row.agreement.id, kind="code", shown=False, sort=True),
    ),
    key=lambda row: sharing.key_of_agreement(row.agreement),
    sort="ends",
    empty=text("No agreement stands here."),
    then=text("One begins when a request is approved."),
)


@shown("/agreements", guard="pages.agreements")
def list_agreements(visit: TheVisit) -> Answer:
    """List the agreements that the visitor may see, those that end first first."""
    fetch = fetching(visit, sharing.agreements_listed, _rows, stages=Standing)
    return table_page(visit, TABLE, fetch, "sharing/agreements.html", title=TABLE.title, crumbs=(FIRST,))


@shown("/agreements/{agreement_id:str}", guard="pages.agreements")
def show_agreement(visit: TheVisit, agreement_id: Ulid) -> Answer:
    """Show an agreement as a document, with what can be done about it."""
    with visit.house.reading() as db:
        agreement = sharing.find_agreement(db, agreement_id, visit.acting)
        request = sharing.find_request(db, agreement.worded_by)
        changes = [one for one in sharing.changes_of(db, agreement.id) if one.visible_to(visit.acting)]
        entry = catalogue.at_version(db, agreement.entry, agreement.entry_version)
        bodies = {one.code: one for one in registers.bodies(db)}
        calendar, disputed = registers.calendar(db), disputes_about(db, visit, agreement)
        asked = [one for on in (agreement.request, *agreement.amended) for one in readable(db, visit, on)]
        since = readable(db, visit, agreement.id)
        lines = [*(one for one in asked if one.line.act == "sharing.approved"), *since]
        story = sorted((*asked, *since), key=lambda one: (one.line.at, one.line.id))
    authorities = frozenset(code for code, one in bodies.items() if one.kind is BodyKind.AUTHORITY)
    titles = {item.name: item for item in entry.items}
    return page(
        visit,
        "sharing/agreement.html",
        title=text("Agreement: {title}", title=entry.title),
        crumbs=(FIRST, AGREEMENTS),
        agreement=agreement,
        wish=request.wish,
        changes=changes,
        entry=entry,
        entry_page=entry_page(entry.id),
        provider=bodies[agreement.provider],
        consumer=bodies[agreement.consumer],
        items=[(titles[one.name], mask_words(one.mask)) for one in agreement.items if one.name in titles],
        divisions=division_words(agreement.divisions),
        conditions=[visit.say(word_of(one)) for one in entry.terms.conditions] + list(entry.terms.other_conditions),
        left=None if agreement.due is None else calendar.left(visit.today, agreement.due),
        notes=[footnote(one) for one in lines if one.line.act.startswith(("sharing.", "delivery."))],
        story=happened(story),
        owed=[
            (one, bodies[one.body].name, calendar.left(visit.today, one.clock.due) if one.clock else None)
            for one in agreement.owed
        ],
        names={code: one.name for code, one in bodies.items()},
        left_out=[(one.name, titles[one.name].title) for one in agreement.items if one.name in titles],
        taken=[titles[name].title for name in agreement.change.without if name in titles] if agreement.change else [],
        manners=tuple(sharing.Manner),
        digest=agreement.digest(),
        may={
            move
            for move in sharing.moves_of_agreement(agreement, visit.acting.org, visit.today)
            if visit.may(f"sharing.{move}", _label(agreement, move, authorities))
        },
        may_try=agreement.consumer == visit.acting.org and visit.may("pages.service_trial"),
        tone=TONES[agreement.stage],
        disputed=disputed,
    )


@acted("/agreements/{agreement_id:str}/suspension", guard="pages.agreements", again=show_agreement)
def suspend(visit: TheVisit, agreement_id: Ulid) -> Answer:
    """Take the rights away until a misuse has been put right."""
    given = visit.form.read(Suspension)
    with visit.desk() as desk:
        sharing.suspend(desk, agreement_id, reason=given.reason, rectify_by=given.rectify_by)
    return done(desk, f"/agreements/{agreement_id}")


@acted("/agreements/{agreement_id:str}/resumption", guard="pages.agreements", again=show_agreement)
def resume(visit: TheVisit, agreement_id: Ulid) -> Answer:
    """Give the rights back."""
    with visit.desk() as desk:
        sharing.resume(desk, agreement_id)
    return done(desk, f"/agreements/{agreement_id}")


@acted("/agreements/{agreement_id:str}/termination", guard="pages.agreements", again=show_agreement)
def terminate(visit: TheVisit, agreement_id: Ulid) -> Answer:
    """End an agreement for good."""
    given = visit.form.read(Termination)
    with visit.desk() as desk:
        sharing.terminate(desk, agreement_id, reason=given.why)
    return done(desk, f"/agreements/{agreement_id}")


@acted("/agreements/{agreement_id:str}/rectification", guard="pages.agreements", again=show_agreement)
def rectify(visit: TheVisit, agreement_id: Ulid) -> Answer:
    """Report what was put right."""
    given = visit.form.read(Report)
    with visit.desk() as desk:
        sharing.rectify(desk, agreement_id, report=given.report)
    return done(desk, f"/agreements/{agreement_id}")


@acted("/agreements/{agreement_id:str}/rectification-judgement", guard="pages.agreements", again=show_agreement)
def judge_rectification(visit: TheVisit, agreement_id: Ulid) -> Answer:
    """Say that it is not enough."""
    given = visit.form.read(Judgement)
    with visit.desk() as desk:
        sharing.judge_rectification(desk, agreement_id, why=given.short_why, rectify_by=given.short_by)
    return done(desk, f"/agreements/{agreement_id}")


@acted("/agreements/{agreement_id:str}/change", guard="pages.agreements", again=show_agreement)
def propose_change(visit: TheVisit, agreement_id: Ulid) -> Answer:
    """Propose to stop or change the service."""
    given = visit.form.read(Proposal)
    with visit.desk() as desk:
        sharing.propose_change(
            desk,
            agreement_id,
            reason=given.change_reason,
            basis=given.change_basis,
            last_day=given.last_day,
            without=given.without,
            quota_per_day=given.smaller_quota,
        )
    return done(desk, f"/agreements/{agreement_id}")


@acted("/agreements/{agreement_id:str}/change-consent", guard="pages.agreements", again=show_agreement)
def agree_change(visit: TheVisit, agreement_id: Ulid) -> Answer:
    """Agree to the proposed change."""
    with visit.desk() as desk:
        sharing.agree_change(desk, agreement_id)
    return done(desk, f"/agreements/{agreement_id}")


@acted("/agreements/{agreement_id:str}/change-refusal", guard="pages.agreements", again=show_agreement)
def decline_change(visit: TheVisit, agreement_id: Ulid) -> Answer:
    """Decline the proposed change."""
    given = visit.form.read(Declining)
    with visit.desk() as desk:
        sharing.decline_change(desk, agreement_id, why=given.decline_why)
    return done(desk, f"/agreements/{agreement_id}")


@acted("/agreements/{agreement_id:str}/change-withdrawal", guard="pages.agreements", again=show_agreement)
def take_back_change(visit: TheVisit, agreement_id: Ulid) -> Answer:
    """Take the proposed change back."""
    with visit.desk() as desk:
        sharing.take_back_change(desk, agreement_id)
    return done(desk, f"/agreements/{agreement_id}")


@acted("/agreements/{agreement_id:str}/conclusion", guard="pages.agreements", again=show_agreement)
def conclude(visit: TheVisit, agreement_id: Ulid) -> Answer:
    """Give the rights up."""
    given = visit.form.read(Conclusion)
    with visit.desk() as desk:
        sharing.conclude(desk, agreement_id, reason=given.conclude_reason)
    return done(desk, f"/agreements/{agreement_id}")


@acted("/agreements/{agreement_id:str}/disposal", guard="pages.agreements", again=show_agreement)
def certify_disposal(visit: TheVisit, agreement_id: Ulid) -> Answer:
    """Certify what became of every copy."""
    given = visit.form.read(Certificate)
    with visit.desk() as desk:
        sharing.certify_disposal(
            desk,
            agreement_id,
            manner=given.manner,
            copies=given.copies,
            done=given.done_on,
            basis=given.kept_basis,
            paper=given.record,
        )
    return done(desk, f"/agreements/{agreement_id}")


def _label(agreement: Agreement, move: str, authorities: frozenset[str]) -> guard.Label:
    if move in CONSUMERS:
        return guard.Label(owner=agreement.consumer)
    if move in {"agree_change", "decline_change"}:
        return guard.Label(owner=agreement.consumer, parties=authorities)
    alone = move in {"propose_change", "take_back_change"}
    return guard.Label(owner=agreement.provider, parties=frozenset() if alone else authorities)


def _rows(db: Reading, visit: Visit, found: Sequence[Agreement]) -> list[Listed]:
    calendar = registers.calendar(db)
    titles = titles_of_entries(db, (one.entry for one in found))
    names = names_of_bodies(db, (code for one in found for code in (one.provider, one.consumer)))
    return [
        Listed(
            agreement=one,
            title=titles[one.entry],
            provider=names[one.provider],
            consumer=names[one.consumer],
            left=None if one.due is None else calendar.left(visit.today, one.due),
        )
        for one in found
    ]


PAGES = [
    list_agreements,
    show_agreement,
    suspend,
    resume,
    terminate,
    rectify,
    judge_rectification,
    propose_change,
    agree_change,
    decline_change,
    take_back_change,
    conclude,
    certify_disposal,
]
