"""What officials do in the census: harvest, check, hang, freeze, answer the assistant, apply and judge projects."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from jutong import catalogue, registers
from jutong.catalogue import Entry, Format, Item, ShareType, TermsOfUse
from jutong.desk import Desk
from jutong.guard import Label
from jutong.kernel.errors import Invalid, WrongMoment
from jutong.kernel.mark import check_mark
from jutong.kernel.text import text
from jutong.registers import System, SystemName
from jutong.terms import Duty, Grade
from jutong.terms.element import StandardElement

from . import store
from .edition import Edition, edition_of
from .grading import Proposal, grade_of, wishes
from .looking import project_visible_to, proposal_visible_to, table_visible_to
from .project import Opinion, Project
from .reconcile import reconciled
from .sight import OVER_ALL, seen_in
from .sources import Source
from .table import Found, Table, names_of

EDITION_NAME_LIMIT = 200
REPORTED_MOST = 500


def harvest(
    desk: Desk, system: str, source: Source, *, progress: Callable[[int], None] = lambda _: None
) -> tuple[Table, ...]:
    """Look over a system's tables where they stand; counts are kept, values are not, and what is gone is marked.

    ``progress`` is told how many tables were looked over.
    """
    owner = _system(desk, system)
    desk.allow("census.harvest", Label(owner=owner.body))
    divisions = registers.divisions()
    with desk.released():
        found = []
        for one in source.tables(divisions):
            found.append(one)
            progress(len(found))
    kept = _kept(desk, owner, found, complete=source.complete)
    desk.record(
        "census.harvested",
        on=str(owner.name),
        body=owner.body,
        kind=source.kind,
        tables=len(found),
        columns=sum(len(one.columns) for one in found),
        rows=sum(one.rows or 0 for one in found),
    )
    return kept


def report(desk: Desk, system: str, found: Iterable[Found]) -> tuple[Table, ...]:
    """Enter tables that nobody can harvest, as the department describes them."""
    owner = _system(desk, system)
    desk.allow("census.report", Label(owner=owner.body))
    told = tuple(found)
    if not 1 <= len(told) <= REPORTED_MOST:
        raise Invalid(text("a report names 1 to {most} tables", most=REPORTED_MOST))
    kept = _kept(desk, owner, told, complete=False)
    desk.record("census.reported", on=str(owner.name), body=owner.body, tables=len(told))
    return kept


def check_table(desk: Desk, table_id: str, *, right: bool, reason: str = "", seen: str | None = None) -> Table:
    """Say, as the authority, that a table is reported rightly, as it was ``seen``, or send it back with the reason."""
    table = table_visible_to(desk.db, table_id, desk.actor)
    desk.allow("census.check_table", table.label)
    checked = table.checked() if right else table.returned(reason)
    if checked != table:
        check_mark(seen, (table.found.schema_digest, table.entry))
        store.save_table(desk.db, checked)
        desk.record("census.checked", on=table.id, body=table.body, right=right, schema=table.found.schema_digest)
    return checked


def hang(desk: Desk, table_id: str, entry_id: str, *, seen: str | None = None) -> Table:
    """Hang a table, as it was ``seen``, on an entry of the same body (挂接), column by column."""
    table = table_visible_to(desk.db, table_id, desk.actor)
    desk.allow("census.hang", table.label)
    hung = table.hung_on(catalogue.visible_to(desk.db, entry_id, desk.actor))
    if hung != table:
        check_mark(seen, (table.found.schema_digest, table.entry))
        store.save_table(desk.db, hung)
        desk.record("census.hung", on=table.id, body=table.body, entry=hung.entry, columns=_hung(hung))
    return hung


def propose_entry(desk: Desk, table_id: str) -> Entry:
    """Draft a catalogue entry from a table, with an item for each column, and hang the table on it."""
    table = table_visible_to(desk.db, table_id, desk.actor)
    desk.allow("census.propose_entry", table.label)
    if table.entry:
        raise WrongMoment(text("the table is hung on an entry already"), remedy=text("open its entry"))
    named = {column.name: name for column, name in names_of(table.found.columns)}
    entry = catalogue.draft(desk, _entry_of(table, named, registers.elements(desk.db)))
    hung = table.hung_on(entry, named)
    store.save_table(desk.db, hung)
    desk.record("census.entry_proposed", on=table.id, body=table.body, entry=entry.id, items=len(entry.items))
    return entry


def freeze_edition(desk: Desk, name: str) -> Edition:
    """Freeze the census as it stands today under a name, such as that of its year."""
    desk.allow("census.freeze_edition", Label(owner=desk.actor.org))
    told = name.strip()
    if not 1 <= len(told) <= EDITION_NAME_LIMIT or any(one.name == told for one in store.editions(desk.db)):
        raise Invalid(text("an edition has a name of its own, of 1 to {most} characters", most=EDITION_NAME_LIMIT))
    found = (
        reconciled(body.code, catalogue.published(desk.db, provider=body.code), store.tables_of(desk.db, body.code))
        for body in registers.bodies(desk.db)
    )
    edition = edition_of(found, id=desk.new_id(), name=told, by=desk.actor.org, at=desk.now)
    store.save_edition(desk.db, edition)
    desk.record("census.edition_frozen", on=edition.id, counts=dict(edition.totals), digest=edition.digest)
    return edition


def look_at_grades(desk: Desk, entry_id: str) -> tuple[Proposal, ...]:
    """Let the assistant look at an entry; what it would change is opened for its provider, once."""
    entry = catalogue.visible_to(desk.db, entry_id, desk.actor)
    # Whoever audits or oversees is a party to every entry that it may see.
    parties = frozenset({desk.actor.org}) if desk.actor.duties & OVER_ALL else frozenset[str]()
    desk.allow("census.look_at_grades", replace(entry.sheet, parties=parties))
    known = store.proposals_on(desk.db, entry.id)
    found = wishes(entry, seen_in(store.tables_on(desk.db, entry.id)))
    opened = []
    # By itself the node only speaks up where an entry contradicts itself; for more it is asked.
    for wish in (one for one in found if one.contradiction or Duty.HOUSE not in desk.actor.duties):
        proposal = Proposal(
            id=desk.new_id(),
            entry=entry.id,
            version=entry.version,
            provider=entry.provider,
            item=wish.item,
            aspect=wish.aspect,
            now=wish.now,
            proposed=wish.proposed,
            contradiction=wish.contradiction,
            reasons=wish.reasons,
            opened=desk.now,
        )
        if not any(proposal.same_as(one) for one in known):
            store.save_proposal(desk.db, proposal)
            opened.append(proposal)
    if opened:
        desk.record(
            "census.proposals_opened",
            on=entry.id,
            provider=entry.provider,
            proposals=len(opened),
            contradictions=sum(one.contradiction for one in opened),
        )
    return tuple(opened)


def accept_proposal(desk: Desk, proposal_id: str) -> Proposal:
    """Take a proposal over: the entry's next draft says so."""
    proposal = proposal_visible_to(desk.db, proposal_id, desk.actor)
    desk.allow("census.accept_proposal", proposal.label)
    accepted = proposal.accepted(desk.actor.id, desk.now)
    entry = catalogue.visible_to(desk.db, proposal.entry, desk.actor, hold=True)
    catalogue.draft(desk, proposal.applied(entry))
    store.save_proposal(desk.db, accepted)
    desk.record("census.proposal_accepted", on=proposal.id, **_told(proposal))
    return accepted


def reject_proposal(desk: Desk, proposal_id: str, why: str) -> Proposal:
    """Turn a proposal down, and say why; it is not made again."""
    proposal = proposal_visible_to(desk.db, proposal_id, desk.actor)
    desk.allow("census.reject_proposal", proposal.label)
    rejected = proposal.rejected(desk.actor.id, desk.now, why)
    store.save_proposal(desk.db, rejected)
    desk.record("census.proposal_rejected", on=proposal.id, **_told(proposal))
    return rejected


def apply_project(desk: Desk, project: Project) -> Project:
    """File an application for a project; the catalogue's advice to it is kept with it as it is today."""
    desk.allow("census.apply_project", Label(owner=project.body))
    checked = replace(project, id=desk.new_id(), applied=desk.now, advice=(), opinion=None).checked()
    advised = checked.advised(catalogue.published(desk.db))
    store.save_project(desk.db, advised)
    desk.record(
        "census.project_applied",
        on=advised.id,
        body=advised.body,
        advice=len(advised.advice),
        against=sum(one.against for one in advised.advice),
        entries=tuple(sorted({one.entry for one in advised.advice if one.entry})),
    )
    return advised


def judge_project(desk: Desk, project_id: str, opinion: Opinion, words: str) -> Project:
    """Give the authority's opinion on a project."""
    project = project_visible_to(desk.db, project_id, desk.actor)
    desk.allow("census.judge_project", project.label)
    judged = project.judged(opinion, words, desk.actor.id, desk.now)
    store.save_project(desk.db, judged)
    desk.record("census.project_judged", on=project.id, body=project.body, opinion=opinion)
    return judged


def _system(desk: Desk, name: str) -> System:
    return registers.find_system(desk.db, SystemName.parse(name))


def _kept(desk: Desk, system: System, found: Iterable[Found], *, complete: bool) -> tuple[Table, ...]:
    known = store.known_tables(desk.db, str(system.name))
    kept = []
    for one in found:
        before = known.get((one.place, one.name))
        table = (
            before.seen_again(one, desk.now)
            if before
            else Table(id=desk.new_id(), body=system.body, system=str(system.name), found=one, seen=desk.now)
        )
        store.save_table(desk.db, table)
        kept.append(table)
    if complete:
        standing = {(one.found.place, one.found.name) for one in kept}
        for place, table in known.items():
            if place not in standing and not table.gone:
                store.save_table(desk.db, replace(table, gone=True))
    return tuple(kept)


def _hung(table: Table) -> int:
    return sum(bool(one.item) for one in table.found.columns)


def _told(proposal: Proposal) -> Mapping[str, str]:
    return {
        "entry": proposal.entry,
        "provider": proposal.provider,
        "item": proposal.item,
        "aspect": proposal.aspect.value,
        "proposed": proposal.proposed,
    }


def _entry_of(table: Table, named: Mapping[str, str], elements: Iterable[StandardElement]) -> Entry:
    """Return the draft: conditional where a grade asks for it, never opened; its terms are for people to fill in."""
    titles = {one.id: one.title for one in elements}
    items = []
    for column in table.found.columns:
        element = column.guess.element if column.guess.element in titles else None
        title = column.comment.strip()[:200] or titles.get(element or "", "") or column.name
        grade, _ = grade_of(title, column.name, element)
        items.append(
            Item(
                name=named[column.name],
                title=title,
                data_type=column.data_type,
                element=element,
                share_type=ShareType.CONDITIONAL if grade > Grade.L2 else ShareType.UNCONDITIONAL,
                grade=grade,
                required=not column.nullable,
            )
        )
    keys = [named[one.name] for one in table.found.columns if one.key]
    if len(keys) == 1:
        items = [replace(one, key=one.name == keys[0]) for one in items]
    strict = any(one.share_type is ShareType.CONDITIONAL for one in items)
    return Entry(
        id="",
        provider=table.body,
        title=table.found.comment.strip()[:200] or table.found.name,
        format=Format.DATABASE,
        items=tuple(items),
        terms=TermsOfUse(share_type=ShareType.CONDITIONAL if strict else ShareType.UNCONDITIONAL),
    )
