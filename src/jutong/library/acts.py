"""What is done with the base library: merge a batch, name who is believed, tie and cut bonds between subjects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from jutong import catalogue, collection, ledger, registers
from jutong.catalogue.entry import Entry
from jutong.collection.taken_back import standing_tables
from jutong.desk import Desk
from jutong.guard import Label
from jutong.kernel.canon import canonical, digest
from jutong.kernel.errors import Invalid
from jutong.kernel.mark import check_mark
from jutong.kernel.text import text
from jutong.terms import Duty
from jutong.terms.address import Reading

from . import store
from .addresses import address_items, lay_addresses
from .bond import Bond, Bonds
from .decision import AUTHORITY, Decision
from .golden import Conflict, Golden, Matching, Merge, Said, Suspect
from .kind import KINDS, LEGAL_PERSON, Kind, check_listed
from .laying import conflicts, count_settled, disputes, find_subject, lay, said_of
from .likeness import places_of
from .making import make, shown
from .matching import check_suspected, count_matched, match, suspects
from .settling import matched_by, settle, subjects_of_entry, whole
from .sight import whole_library, whole_theme
from .subject import checked_key, kind_of
from .survive import ALL_FIELDS, Authority, check_rank_free
from .theme import Making, Theme


def merge(desk: Desk, batch_id: str) -> Merge:
    """Lay a batch into the library; a batch is merged once, and again is no change."""
    batch = collection.find_batch(desk.db, batch_id)
    entry = catalogue.find(desk.db, batch.entry)
    desk.allow("library.merge", Label(owner=entry.provider))
    done = store.known_merge(desk.db, batch.id)
    if done is None:
        elements = {element.id: element for element in registers.elements(desk.db)}
        known = standing_tables(desk.db, desk.pools.lake, entry.id)
        number = -1
        # A decision that was taken while the rows were laid must be heard, too.
        while number != store.newest_decision(desk.db):
            standing = store.standing(desk.db, kind_of(entry) or LEGAL_PERSON)
            number = standing.number
            with desk.released():
                done = lay(desk.pools, batch, entry, elements, standing, known=known, at=desk.now)
        if done is not None and store.save_merge(desk.db, done):
            desk.record(
                "library.merged",
                on=batch.id,
                entry=entry.id,
                provider=entry.provider,
                rows=done.rows,
                touched=done.touched,
                created=done.created,
                conflicts=done.conflicts,
                unkeyed=done.unkeyed,
                capital_doubtful=done.doubtful,
            )
    return store.find_merge(desk.db, batch.id)


def read_addresses(desk: Desk, batch_id: str) -> Mapping[str, int]:
    """Read the addresses of a merged batch into their parts; once, and where the entry has none, nothing."""
    batch = collection.find_batch(desk.db, batch_id)
    entry = catalogue.find(desk.db, batch.entry)
    desk.allow("library.read_addresses", Label(owner=entry.provider))
    if not address_items(entry):
        return {}
    store.find_merge(desk.db, batch.id)
    with desk.released():
        read = lay_addresses(desk.pools, batch, entry, registers.gazetteer())
    if ledger.newest_on(desk.db, batch.id, "library.addresses_read") is None:
        counts = {reading.value: read.get(reading.value, 0) for reading in Reading}
        desk.record("library.addresses_read", on=batch.id, entry=entry.id, provider=entry.provider, **counts)
    return read


def match_batch(desk: Desk, batch_id: str) -> Matching | None:
    """Find the legal persons of a batch's rows that have no valid key; once, and where there are none, nothing."""
    batch = collection.find_batch(desk.db, batch_id)
    entry = catalogue.find(desk.db, batch.entry)
    desk.allow("library.match", Label(owner=entry.provider))
    return store.known_matching(desk.db, batch.id) or _match(desk, entry, batch.id, batch.id)


def match_again(desk: Desk, entry_id: str) -> Matching | None:
    """Look again for the legal persons of an entry's rows: the library may know them by now."""
    entry = catalogue.visible_to(desk.db, entry_id, desk.actor)
    desk.allow("library.match_again", Label(owner=entry.provider, parties=registers.authorities(desk.db)))
    return _match(desk, entry, desk.new_id(), "")


def accept_match(desk: Desk, ref: str, code: str, *, basis: str) -> Bond:
    """Decide that a row without a key tells of this legal person."""
    desk.allow("library.decide_match", whole_library(registers.bodies(desk.db)))
    check_suspected(desk.pools, ref, code)
    bond = store.bonds(desk.db).joined(code, ref, basis=basis)
    taken = _decide(desk, bond)
    desk.record("library.match_accepted", on=taken.id, decision=taken.id)
    return bond


def reject_match(desk: Desk, ref: str, code: str, *, basis: str) -> Bond:
    """Decide that a row without a key does not tell of this legal person; also where likeness alone had bound them."""
    desk.allow("library.decide_match", whole_library(registers.bodies(desk.db)))
    check_suspected(desk.pools, ref, code)
    bonds = store.bonds(desk.db)
    known = bonds.root(ref) != ref
    bond = bonds.parted(ref, basis=basis) if known else bonds.told_apart(code, ref, basis=basis)
    taken = _decide(desk, bond)
    desk.record("library.match_rejected", on=taken.id, decision=taken.id)
    return bond


def look_at_matches(
    desk: Desk,
    *,
    sure: bool | None = False,
    entry: str = "",
    ref: str = "",
    by_weight: bool = False,
    descending: bool = False,
    after: tuple[str, ...] = (),
    limit: int = 20,
) -> tuple[Suspect, ...]:
    """Show an official rows without a key beside the legal persons that they may tell of.

    ``sure`` picks those that were bound by themselves, not those to decide on; None picks both.
    """
    desk.allow("library.look_at_matches", whole_library(registers.bodies(desk.db)))
    bonds = store.bonds(desk.db)
    with desk.released():
        found = suspects(
            desk.pools,
            bonds,
            sure=sure,
            entry=entry,
            ref=ref,
            by_weight=by_weight,
            descending=descending,
            after=after,
            limit=limit,
        )
    desk.record("library.matches_looked_at", on="legal-person", rows=len(found))
    return found


def set_authority(desk: Desk, named: Authority, *, seen: str | None = None) -> Authority:
    """Name how far an entry's source is believed on a field, and on which basis (Order 809, art. 19).

    ``seen`` is the mark of what the form showed; what stands otherwise by now is not overwritten unseen.
    """
    entry = catalogue.visible_to(desk.db, named.entry, desk.actor)
    desk.allow("library.set_authority", Label(owner=entry.provider))
    named = _about_its_kind(named, entry)
    every = store.authorities(desk.db)
    known = next((one for one in every if (one.field, one.entry) == (named.field, named.entry)), None)
    if named != known:
        check_mark(seen, known)
        check_rank_free(named, every)
        store.save_authority(desk.db, named)
        taken = Decision.on_authority(named, id=desk.new_id(), org=desk.actor.org, at=desk.now)
        store.save_decision(desk.db, taken)
        desk.record(
            "library.authority_set",
            on=entry.id,
            field=named.field,
            rank=named.rank,
            provider=entry.provider,
            decision=taken.id,
        )
    return named


def join(
    desk: Desk, kept: str, other: str, *, basis: str, although_parted: bool = False, kind: Kind = LEGAL_PERSON
) -> Bond:
    """Decide that two subjects are one; nothing is overwritten, so that it can be cut again."""
    desk.allow("library.join", whole_library(registers.bodies(desk.db), kind))
    bonds = store.bonds(desk.db, kind)
    codes = _both_known(desk, bonds, kind, kept, other)
    bond = bonds.joined(*codes, basis=basis, although_parted=although_parted)
    taken = _decide(desk, bond, kind)
    desk.record("library.joined", on=taken.id, decision=taken.id)
    return bond


def part(desk: Desk, other: str, *, basis: str, kind: Kind = LEGAL_PERSON) -> Bond:
    """Decide that a merged subject is one of its own; a negative link stays, so that nothing merges it again unseen."""
    desk.allow("library.part", whole_library(registers.bodies(desk.db), kind))
    bond = store.bonds(desk.db, kind).parted(checked_key(other, kind), basis=basis)
    taken = _decide(desk, bond, kind)
    desk.record("library.parted", on=taken.id, decision=taken.id)
    return bond


def tell_apart(desk: Desk, one: str, another: str, *, basis: str, kind: Kind = LEGAL_PERSON) -> Bond:
    """Decide that two subjects that look alike are not the same."""
    desk.allow("library.part", whole_library(registers.bodies(desk.db), kind))
    bonds = store.bonds(desk.db, kind)
    bond = bonds.told_apart(*_both_known(desk, bonds, kind, one, another), basis=basis)
    taken = _decide(desk, bond, kind)
    desk.record("library.parted", on=taken.id, decision=taken.id)
    return bond


def settle_decision(desk: Desk, decision_id: str) -> int:
    """Bring the golden records up to a decision, and return how many it changed; again is no change."""
    desk.allow("library.settle", Label(owner=desk.actor.org))
    taken = store.find_decision(desk.db, decision_id)
    done = store.settled_subjects(desk.db, decision_id)
    if done is not None:
        return done
    subjects, number, kind = 0, -1, KINDS[taken.about]
    while number != store.newest_decision(desk.db):
        standing = store.standing(desk.db, kind)
        number = standing.number
        decided = taken.kind == AUTHORITY
        touched = subjects_of_entry(taken.entry, kind) if decided else whole(_roots(standing.bonds, taken), kind)
        with desk.released():
            if desk.pools.lake.exists(kind.sources):
                settle(desk.pools, standing, touched, taken.id, only_changed=True)
                subjects = count_settled(desk.pools, taken.id, kind)
    if store.settled_subjects(desk.db, decision_id) is None:
        store.save_settled(desk.db, decision_id, subjects, desk.now)
        # A line an entry: what is served of it follows.
        for entry in store.merged_entries(desk.db):
            if (kind_of(catalogue.find(desk.db, entry)) or LEGAL_PERSON) is not kind:
                continue
            desk.record("library.settled", on=decision_id, entry=entry, subjects=subjects)
    return subjects


def look_up(desk: Desk, code: str, kind: Kind = LEGAL_PERSON) -> Golden:
    """Show a golden record to an official, masked; that somebody looked is on record, whom they looked at is not."""
    desk.allow("library.look_up", whole_library(registers.bodies(desk.db), kind))
    found = find_subject(desk.pools, code, store.bonds(desk.db, kind), kind)
    desk.record("library.looked_up", on=kind.spelled, fields=len(found.fields))
    return found.masked()


def look_into(desk: Desk, code: str, kind: Kind = LEGAL_PERSON) -> tuple[Golden, tuple[Said, ...]]:
    """Show a golden record with all that was ever said of it; it leaves the line that looking it up leaves."""
    desk.allow("library.look_up", whole_library(registers.bodies(desk.db), kind))
    bonds = store.bonds(desk.db, kind)
    with desk.released():
        found, said = find_subject(desk.pools, code, bonds, kind), said_of(desk.pools, code, bonds, kind)
    desk.record("library.looked_up", on=kind.spelled, fields=len(found.fields))
    return found.masked(), tuple(one.masked(kind) for one in said)


def look_at_conflicts(
    desk: Desk, *, after: str = "", limit: int = 100, kind: Kind = LEGAL_PERSON
) -> tuple[Conflict, ...]:
    """Show an official the values that stand against each other; of a secret kind there is no list."""
    desk.allow("library.look_at_conflicts", whole_library(registers.bodies(desk.db), kind))
    check_listed(kind)
    standing = store.standing(desk.db, kind)
    with desk.released():
        found = conflicts(desk.pools, standing, after=after, limit=limit)
    desk.record("library.conflicts_looked_at", on=kind.spelled, values=len(found))
    return tuple(one.masked(kind) for one in found)


def look_at_disputes(
    desk: Desk,
    *,
    field: str = "",
    descending: bool = False,
    after: tuple[str, str] | None = None,
    limit: int = 50,
    kind: Kind = LEGAL_PERSON,
) -> tuple[tuple[Conflict, ...], ...]:
    """Show an official the values that stand against each other, a group for each subject and field.

    Of a secret kind there is no list: it would name persons.
    """
    desk.allow("library.look_at_conflicts", whole_library(registers.bodies(desk.db), kind))
    check_listed(kind)
    standing = store.standing(desk.db, kind)
    with desk.released():
        found = disputes(desk.pools, standing, field=field, descending=descending, after=after, limit=limit)
    desk.record("library.conflicts_looked_at", on=kind.spelled, values=sum(len(one) for one in found))
    return tuple(tuple(one.masked(kind) for one in group) for group in found)


def declare_theme(desk: Desk, declared: Theme, *, seen: str | None = None) -> Theme:
    """Declare a theme library, or change its question; ``seen`` is the mark of what the form showed."""
    bodies = registers.bodies(desk.db)
    desk.allow("library.declare_theme", whole_library(bodies))
    question = declared.question()
    desk.allow("library.declare_theme", whole_theme(bodies, declared))
    known = next((one for one in store.themes(desk.db) if one.name == declared.name), None)
    if declared != known:
        if known is not None:
            declared.check_follows(known)
        check_mark(seen, known)
        store.save_theme(desk.db, declared)
        desk.record("library.theme_declared", on=declared.name, question=digest(canonical(question)))
    return declared


def make_theme(desk: Desk, name: str) -> Making:
    """Make a theme's table from the base libraries as they stand; the same again changes nothing."""
    # The node that keeps the library is a party to its themes.
    parties = frozenset({desk.actor.org}) if Duty.HOUSE in desk.actor.duties else frozenset[str]()
    bodies = registers.bodies(desk.db)
    desk.allow("library.make_theme", replace(whole_library(bodies), parties=parties))
    declared = store.find_theme(desk.db, name)
    desk.allow("library.make_theme", replace(whole_theme(bodies, declared), parties=parties))
    with desk.released():
        made, bases = make(desk.pools, declared, at=desk.now)
    if store.save_making(desk.db, made):
        desk.record(
            "library.theme_made",
            on=name,
            base=made.base,
            bases=", ".join(f"{base}@{version}" for base, version in bases.items()),
            version=made.version,
            rows=made.rows,
            digest=made.digest,
        )
    return made


def look_at_theme(desk: Desk, name: str, version: int) -> tuple[Sequence[str], Sequence[Sequence[object]]]:
    """Show an official the first rows of a theme, as it was made at a version; over a secret kind there is no list."""
    bodies = registers.bodies(desk.db)
    desk.allow("library.look_at_theme", whole_library(bodies))
    declared = store.find_theme(desk.db, name)
    desk.allow("library.look_at_theme", whole_theme(bodies, declared))
    for kind in declared.kinds:
        check_listed(kind)
    with desk.released():
        columns, rows = shown(desk.pools, declared.name, version)
    desk.record("library.theme_looked_at", on=name, version=version, rows=len(rows))
    return columns, rows


def _match(desk: Desk, entry: Entry, asker: str, batch: str) -> Matching | None:
    places = places_of(registers.divisions().spans)
    found, number = (0, 0), -1
    while number != store.newest_decision(desk.db):
        standing = store.standing(desk.db)
        number = standing.number
        with desk.released():
            if not match(desk.pools, entry, asker, batch, standing, places):
                return None
            found = count_matched(desk.pools, asker)
            if found[0]:
                settle(desk.pools, standing, matched_by(asker), asker, only_changed=True)
    done = Matching(asker=asker, entry=entry.id, matched=found[0], in_review=found[1], at=desk.now)
    if store.save_matching(desk.db, done):
        desk.record("library.matched", on=asker, entry=entry.id, matched=done.matched, in_review=done.in_review)
    return done


def _decide(desk: Desk, bond: Bond, kind: Kind = LEGAL_PERSON) -> Decision:
    taken = Decision.on_bond(bond, id=desk.new_id(), org=desk.actor.org, at=desk.now, about=kind)
    store.save_decision(desk.db, taken)
    return taken


def _both_known(desk: Desk, bonds: Bonds, kind: Kind, one: str, another: str) -> tuple[str, str]:
    keys = (checked_key(one, kind), checked_key(another, kind))
    for key in keys:
        find_subject(desk.pools, key, bonds, kind)
    return keys


def _about_its_kind(named: Authority, entry: Entry) -> Authority:
    kind = kind_of(entry) or LEGAL_PERSON
    if named.field != ALL_FIELDS and named.field not in {field.name for field in kind.fields}:
        raise Invalid(
            text("the records that this entry fills have no field {field}", field=named.field),
            remedy=text("choose a field of the entry's own base library"),
        )
    return replace(named, about=kind.name)


def _roots(bonds: Bonds, taken: Decision) -> set[str]:
    """Return whose records a decision on a pair may change: both, and those under which they are known now."""
    return {taken.kept, taken.other, bonds.root(taken.kept), bonds.root(taken.other)}
