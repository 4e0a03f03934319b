"""What is done about declared services: declared, tried and opened by the provider, given up by the consumer, ended."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import msgspec

from jutong import catalogue, quality, sharing
from jutong.catalogue import Entry, Stage
from jutong.collection.taken_back import standing_tables
from jutong.desk import Desk
from jutong.guard import Label
from jutong.guard.grades import handling
from jutong.kernel.crypto import SigningKey
from jutong.kernel.errors import Invalid, NotAllowed, TooMuch, Unavailable, WrongMoment
from jutong.kernel.text import text
from jutong.pools import TableRef
from jutong.quality.example import SHOWN, shown_of
from jutong.terms import Duty

from ..opening import State, must_grant_queries
from ..plan import compile
from ..service import GOLDEN, columns_of, standing_table
from ..shape import words_of
from . import store
from .checking import check
from .clause import prepared
from .copying import PURPOSE, Recipe, copy_sql
from .listing import MOST_LISTINGS, Listing
from .question import Wish, question_of
from .right import refusal_of
from .sight import listing_shown

EVERY = timedelta(minutes=1)  # a copy follows its table at most so often
TRIED_ROWS = 20
_NO_SECRET = bytes(32)  # masks are compiled with the plan, but no value meets them here
_rows = msgspec.json.Decoder(dict[str, msgspec.Raw])


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """Rows that a question finds, as the provider's own officer may see them: masked by grade and clearance."""

    items: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    more: bool


def declare_listing(desk: Desk, entry_id: str, wish: Listing) -> Listing:
    """Declare, as the provider, a service over an entry; nobody may ask it before it is opened to an agreement."""
    entry = catalogue.visible_to(desk.db, entry_id, desk.actor)
    desk.allow("delivery.declare_listing", entry.label)
    entry = catalogue.find(desk.db, entry.id)
    _must_be_published(entry)
    new = wish.begun(desk.new_id(), entry=entry.id, provider=entry.provider, by=desk.actor.id, now=desk.now)
    check(new, entry)
    live = store.live_listings(desk.db, entry.id)
    for one in live:
        if one.said() == new.said() and one.title == new.title:
            return one
    if len(live) >= MOST_LISTINGS:
        raise TooMuch(
            text("an entry has {most} declared services at most", most=MOST_LISTINGS),
            remedy=text("end one that is not needed"),
        )
    store.add_listing(desk.db, new)
    desk.record("delivery.listing_declared", on=entry.id, **_facts(new), parameters=len(new.parameters))
    return new


def try_listing(desk: Desk, listing_id: str, wish: Wish, *, key: SigningKey) -> Trial:
    """Ask a declared service as its provider; what it finds is shown masked, a few rows of it, and is on record."""
    kept = listing_shown(desk.db, listing_id, desk.actor)
    entry = catalogue.find(desk.db, kept.entry)
    desk.allow("delivery.try_listing", entry.label)
    check(kept, entry)
    asked = prepared(kept, entry)
    question = question_of(asked, msgspec.structs.replace(wish, page_size=min(TRIED_ROWS, kept.page_rows), cursor=""))
    recipe = _recipe(desk, kept, entry)
    sql, handed = question.sql((), None)
    with desk.released():
        if desk.pools.ranges.version(kept.copy) is None:
            _build(desk, recipe, key)
        reader = desk.pools.ranges.open()
        try:
            found = reader.ask(kept.copy, sql, handed)
        finally:
            reader.close()
    shown = {name: shown_of(entry.item(name), desk.actor.cleared) for name in kept.items}
    rows = []
    for record, *_ in found[: question.page]:
        values = _rows.decode(str(record))
        told = {name: shown[name]((words_of(values.get(name)) or "")[:SHOWN] or None) for name in kept.items}
        rows.append(tuple(told[name] or "" for name in kept.items))
    desk.record("delivery.listing_tried", on=kept.entry, **_facts(kept), rows=len(rows))
    return Trial(items=kept.items, rows=tuple(rows), more=len(found) > question.page)


def open_listing(desk: Desk, listing_id: str, agreement_id: str) -> Listing:
    """Open a declared service to an agreement that grants queries, as the office that approves requests."""
    kept = listing_shown(desk.db, listing_id, desk.actor)
    agreement = sharing.find_agreement(desk.db, agreement_id, desk.actor)
    desk.allow("delivery.open_listing", Label(owner=kept.provider))
    kept.state.must_be_live()
    must_grant_queries(agreement, kept.entry)
    entry = catalogue.find(desk.db, kept.entry)
    # Policies are asked at each call: what they say today is no reason to open a service, or not to.
    refusal = refusal_of(compile(agreement, entry, secret=_NO_SECRET, policies=()), prepared(kept, entry))
    if refusal is not None:
        raise NotAllowed(refusal.reason, basis=refusal.basis, remedy=refusal.remedy)
    if agreement.id in store.agreements_of(desk.db, kept.id):
        return kept
    store.add_opening(desk.db, kept.id, agreement.id, opened=desk.now, by=desk.actor.id)
    desk.record(
        "delivery.listing_opened",
        on=agreement.id,
        **_facts(kept),
        consumer=agreement.consumer,
        declaration=kept.digest(),
    )
    return kept


def release_listing(desk: Desk, listing_id: str, agreement_id: str) -> Listing:
    """Give a declared service up, as the consumer: its agreement rests on it no longer."""
    agreement = sharing.find_agreement(desk.db, agreement_id, desk.actor)
    kept = listing_shown(desk.db, listing_id, desk.actor)
    desk.allow("delivery.release_listing", Label(owner=agreement.consumer))
    if agreement.id in store.agreements_of(desk.db, kept.id):
        store.remove_opening(desk.db, kept.id, agreement.id)
        desk.record("delivery.listing_released", on=agreement.id, **_facts(kept), consumer=agreement.consumer)
    return kept


def end_listing(desk: Desk, listing_id: str) -> Listing:
    """End a declared service on which no agreement rests any more."""
    kept = listing_shown(desk.db, listing_id, desk.actor)
    desk.allow("delivery.end_listing", Label(owner=kept.provider))
    if kept.state is State.ENDED:
        return kept
    resting = [sharing.find_agreement(desk.db, one) for one in store.agreements_of(desk.db, kept.id)]
    ended = kept.ended(sum(not one.over for one in resting))
    store.save_listing(desk.db, ended)
    desk.record("delivery.listing_ended", on=kept.entry, **_facts(kept))
    return ended


def copy_listing(desk: Desk, listing_id: str, *, key: SigningKey, at_once: bool = False) -> Listing:
    """Bring the copy of a declared service up to its table; where it may not be answered any more, take it away.

    New rows are followed at most once a minute, unless ``at_once``.
    """
    kept = store.find_listing(desk.db, listing_id)
    entry = catalogue.find(desk.db, kept.entry)
    desk.allow("delivery.copy_listing", _label(desk, entry))
    ranges = desk.pools.ranges
    if kept.state is State.ENDED or entry.stage is not Stage.PUBLISHED or not handling(entry.grade).lists:
        ranges.remove(kept.copy)
        return kept
    if not desk.pools.lake.exists(_table(desk, entry)):
        return kept
    recipe = _recipe(desk, kept, entry)
    if kept.copied == recipe.version == ranges.version(kept.copy):
        return kept
    if not at_once and kept.copied_at is not None and kept.copied_at > desk.now - EVERY and ranges.version(kept.copy):
        return kept
    with desk.released():
        rows = _build(desk, recipe, key)
    kept = store.find_listing(desk.db, listing_id).copied_as(recipe.version, rows, desk.now)
    store.save_listing(desk.db, kept)
    desk.record(
        "delivery.listing_copied", on=kept.entry, **_facts(kept), table=recipe.table, version=recipe.source, rows=rows
    )
    return kept


def _build(desk: Desk, recipe: Recipe, key: SigningKey) -> int:
    ref, listing = TableRef(recipe.table, recipe.source), recipe.prepared.listing
    held = desk.pools.lake.files(recipe.table, version=recipe.source)[1].names
    given = {**recipe.known, "t": ref}
    if recipe.doubts is not None:
        given["doubts"] = desk.pools.engine.query(recipe.doubts.sql, recipe.doubts.tables).read_all()
    sql = copy_sql(recipe, held, secret=key.secret_for(PURPOSE))
    return desk.pools.ranges.build(listing.copy, desk.pools.engine.query(sql, given), version=recipe.version)


def _recipe(desk: Desk, kept: Listing, entry: Entry) -> Recipe:
    table = _table(desk, entry)
    if not desk.pools.lake.exists(table):
        raise Unavailable(text("the entry has no rows yet"), remedy=text("deliver rows first"))
    return Recipe(
        prepared=prepared(kept, entry),
        entry=entry,
        table=table,
        source=desk.pools.lake.version(table),
        columns=columns_of(entry, table, entry.key_item),
        known=standing_tables(desk.db, desk.pools.lake, entry.id),
        doubts=quality.doubts_of(desk.db, desk.pools.lake, entry.id, entry.key_item),
    )


def _table(desk: Desk, entry: Entry) -> str:
    return standing_table(entry, golden=desk.pools.lake.exists(GOLDEN))


def _must_be_published(entry: Entry) -> None:
    if entry.stage is not Stage.PUBLISHED:
        raise WrongMoment(text("the entry is {stage}", stage=entry.stage.value), remedy=text("publish it first"))
    if not entry.service:
        raise Invalid(
            text("{entry} has no service name or no key item, so nothing can be looked up in it", entry=entry.title),
            remedy=text("complete the entry and publish it again"),
        )


def _label(desk: Desk, entry: Entry) -> Label:
    # The node that serves an entry is a party to its delivery, whoever provides it.
    parties = frozenset({desk.actor.org}) if Duty.HOUSE in desk.actor.duties else frozenset[str]()
    return Label(owner=entry.provider, grade=entry.grade, parties=parties)


def _facts(kept: Listing) -> dict[str, str]:
    return {"listing": kept.id, "entry": kept.entry, "provider": kept.provider, "name": kept.name}
