"""Quality endpoints: what the rules found, and the objections at the source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any

import msgspec
from litestar.params import FromQuery, JSONBody

from jutong import catalogue, quality
from jutong.kernel.errors import NotFound
from jutong.quality import Band, Examination, ItemProfile, Objection, Queue, RuleCount

from .collection import visible_batch
from .wiring import NO_NUL, Limit, TheActor, TheHouse, Ulid, Words, act, look

TAGS = ["quality"]


class RuleView(msgspec.Struct, kw_only=True):
    """How many rows one rule was asked of, and how many fail it."""

    rule: str
    item: str
    dimension: str
    severity: str
    asked: int
    failed: int


class ExaminationView(msgspec.Struct, kw_only=True):
    """The result of one pass over one delivery; ratios in thousandths."""

    batch: str
    entry: str
    rows: int
    score: int
    band: Band
    dimensions: Mapping[str, int]
    rules: tuple[RuleView, ...]
    examined_at: datetime


class ProfileView(msgspec.Struct, kw_only=True):
    """The profile of one delivery; drift as PSI in thousandths, shares in thousandths."""

    batch: str
    entry: str
    rows: int
    items: tuple[ItemProfile, ...]
    profiled_at: datetime


class RulebookView(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The own rules of an entry, and which edition they are."""

    document: dict[str, Any]
    edition: Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)] = 0


class Doubt(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Which value of which record is doubted, and why."""

    key: Annotated[str, msgspec.Meta(max_length=200, pattern=NO_NUL)]
    item: Annotated[str, msgspec.Meta(max_length=63, pattern=NO_NUL)]
    doubt: Words
    queue: Queue = Queue.CORRECTION


class Verdict(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The source's answer: put right, or right as it is and why."""

    corrected: bool
    reason: Words = ""


@look("/api/batches/{batch_id:str}/examination", tags=TAGS)
def show_examination(house: TheHouse, actor: TheActor, batch_id: Ulid) -> ExaminationView:
    """Show what the rules found in a delivery: counts, six dimensions, score, band."""
    with house.reading() as db:
        visible_batch(house, actor, batch_id, db)
        return _view(quality.find_examination(db, batch_id))


@look("/api/entries/{entry_id:str}/rulebook", tags=TAGS)
def show_rulebook(house: TheHouse, actor: TheActor, entry_id: Ulid) -> RulebookView:
    """Show the own rules of an entry as an ODCS v3.1 document; beside them its standard elements' rules are asked."""
    with house.reading() as db:
        entry = catalogue.visible_to(db, entry_id, actor)
        standing = quality.standing_edition(db, entry.id)
        return RulebookView(edition=standing.version, document=quality.shown_document(standing, entry))


@act("/api/entries/{entry_id:str}/rulebook", tags=TAGS)
def issue_rulebook(house: TheHouse, actor: TheActor, entry_id: Ulid, data: JSONBody[RulebookView]) -> RulebookView:
    """Issue own rules; `edition` is the one that was changed, so that nobody's work is overwritten."""
    with house.desk(actor) as desk:
        issued = quality.issue_rulebook(desk, entry_id, data.document, seen=data.edition)
        return RulebookView(edition=issued.version, document=dict(issued.document))


@act("/api/entries/{entry_id:str}/rulebook/trial", tags=TAGS)
def try_rulebook(
    house: TheHouse, actor: TheActor, entry_id: Ulid, data: JSONBody[RulebookView]
) -> tuple[RuleView, ...]:
    """Ask own rules that are not issued of the first rows of the newest batch, and count."""
    with house.desk(actor) as desk:
        return tuple(_rule_view(one) for one in quality.try_rulebook(desk, entry_id, data.document).counts)


@look("/api/batches/{batch_id:str}/profile", tags=TAGS)
def show_profile(house: TheHouse, actor: TheActor, batch_id: Ulid) -> ProfileView:
    """Show how full, varied and drifted the items of a delivery are: counts and forms, no values."""
    with house.reading() as db:
        visible_batch(house, actor, batch_id, db)
        found = quality.known_profile(db, batch_id)
    if found is None:
        raise NotFound("profile", batch_id)
    return ProfileView(
        batch=found.batch, entry=found.entry, rows=found.rows, items=found.items, profiled_at=found.profiled_at
    )


@look("/api/objections", tags=TAGS)
def list_objections(
    house: TheHouse, actor: TheActor, only_open: FromQuery[bool] = False, limit: Limit = 100
) -> list[Objection]:
    """List the objections that your body must answer."""
    with house.reading() as db:
        return list(quality.objections(db, provider=actor.org, only_open=only_open))[:limit]


@act("/api/entries/{entry_id:str}/doubts", tags=TAGS)
def raise_doubt(house: TheHouse, actor: TheActor, entry_id: Ulid, data: JSONBody[Doubt]) -> Objection:
    """Doubt one value of one record at its source (art. 26); `queue` says for whom you speak."""
    told = {"key": data.key, "item": data.item, "doubt": data.doubt}
    with house.desk(actor) as desk:
        if data.queue is Queue.CORRECTION:
            raised = quality.raise_doubt(desk, entry_id, **told)
        else:
            raised = quality.register_doubt(desk, entry_id, **told, queue=data.queue)
    # Where the row stands tells that there is one.
    return raised if actor.org == raised.provider else replace(raised, row=0)


@act("/api/objections/{objection_id:str}/verification", tags=TAGS)
def verify_objection(house: TheHouse, actor: TheActor, objection_id: Ulid) -> Objection:
    """Take an objection up: the source department looks at the rows (art. 26)."""
    with house.desk(actor) as desk:
        return quality.verify_objection(desk, objection_id)


@act("/api/objections/{objection_id:str}/answer", tags=TAGS)
def answer_objection(house: TheHouse, actor: TheActor, objection_id: Ulid, data: JSONBody[Verdict]) -> Objection:
    """Answer an objection, within ten working days."""
    with house.desk(actor) as desk:
        return quality.answer_objection(desk, objection_id, corrected=data.corrected, reason=data.reason)


@act("/api/objections/{objection_id:str}/closure", tags=TAGS)
def close_objection(house: TheHouse, actor: TheActor, objection_id: Ulid) -> Objection:
    """Send the answer back to whoever objected, and close the objection."""
    with house.desk(actor) as desk:
        return quality.close_objection(desk, objection_id)


def _view(done: Examination) -> ExaminationView:
    return ExaminationView(
        batch=done.batch,
        entry=done.entry,
        rows=done.rows,
        score=done.score,
        band=done.band,
        dimensions={dimension.value: value for dimension, value in done.dimensions.items()},
        rules=tuple(_rule_view(one) for one in done.counts),
        examined_at=done.examined_at,
    )


def _rule_view(one: RuleCount) -> RuleView:
    return RuleView(
        rule=one.rule,
        item=one.item,
        dimension=one.dimension.value,
        severity=one.severity.value,
        asked=one.asked,
        failed=one.failed,
    )


ENDPOINTS = [
    show_profile,
    show_rulebook,
    issue_rulebook,
    try_rulebook,
    show_examination,
    list_objections,
    raise_doubt,
    verify_objection,
    answer_objection,
    close_objection,
]
