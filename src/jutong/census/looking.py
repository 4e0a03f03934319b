"""Looking things up in the census, each for somebody: what is not theirs to see is as absent as what never was."""

from __future__ import annotations

from jutong import catalogue, registers
from jutong.catalogue import Entry
from jutong.kernel.db import Db
from jutong.kernel.errors import NotFound
from jutong.terms import Actor

from . import store
from .edition import Edition
from .grading import Proposal, Wish, wishes
from .project import Project
from .reconcile import Reconciliation, reconciled
from .sight import seen_in, sees
from .table import Table


def table_visible_to(db: Db, table_id: str, actor: Actor) -> Table:
    """Return a table of a body whose census somebody may see."""
    table = store.find_table(db, table_id)
    if not sees(actor, table.body, over_all=registers.over_all(db, actor)):
        raise NotFound("table", table_id)
    return table


def proposal_visible_to(db: Db, proposal_id: str, actor: Actor) -> Proposal:
    """Return a proposal to a body whose census somebody may see."""
    proposal = store.find_proposal(db, proposal_id)
    if not sees(actor, proposal.provider, over_all=registers.over_all(db, actor)):
        raise NotFound("proposal", proposal_id)
    return proposal


def project_visible_to(db: Db, project_id: str, actor: Actor) -> Project:
    """Return a project of a body whose census somebody may see."""
    project = store.find_project(db, project_id)
    if not sees(actor, project.body, over_all=registers.over_all(db, actor)):
        raise NotFound("project", project_id)
    return project


def find_edition_shown(db: Db, edition_id: str, actor: Actor) -> Edition:
    """Return an edition; of other bodies' figures only to those who may see them."""
    edition = store.find_edition(db, edition_id)
    counts = {
        body: figures
        for body, figures in edition.counts.items()
        if sees(actor, body, over_all=registers.over_all(db, actor))
    }
    return Edition(
        id=edition.id,
        name=edition.name,
        frozen=edition.frozen,
        by=edition.by,
        counts=counts,
        digest=edition.digest,
    )


def reconciliation(db: Db, body: str, actor: Actor) -> Reconciliation:
    """Return how the published entries and the tables of one body fit."""
    if not sees(actor, body, over_all=registers.over_all(db, actor)):
        raise NotFound("body", body)
    return reconciled(body, catalogue.published(db, provider=body), store.tables_of(db, body))


def wishes_for(db: Db, entry: Entry) -> tuple[Wish, ...]:
    """Return what the assistant would change in an entry as it stands in its officer's hands; nothing is kept."""
    return wishes(entry, seen_in(store.tables_on(db, entry.id)))
