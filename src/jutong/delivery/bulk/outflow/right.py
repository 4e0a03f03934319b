"""Whether rows of an agreement may go out into a target now: asked before a run, and again before each batch."""

from __future__ import annotations

from jutong import catalogue, sharing
from jutong.catalogue import Entry
from jutong.desk import House
from jutong.guard import Label, decide
from jutong.guard.mask import Clear
from jutong.kernel.db import Db
from jutong.sharing import Agreement
from jutong.terms import Actor

from ... import policies
from ...call import bulk_call
from ...plan import Plan, compile, judge, plan_of_view
from ...refusal import Refusal
from ...secrecy import node_secret
from ...subjects import OUTFLOW
from .. import store as views
from ..rights import STALE, day_of
from ..view import View, terms_of
from .outflow import Outflow


def refusal_now(db: Db, house: House, kept: Outflow) -> Refusal | None:
    """Return why nothing may go out now, or None: standing, term, purpose, method, grade, and a view of these terms."""
    agreement, entry, plan = _of(db, house, kept)
    refusal = judge(plan, bulk_call(kept.target.method, kept.purpose, house.clock(), way=OUTFLOW))
    if refusal is not None:
        return refusal
    newest = views.newest_view(db, kept.agreement)
    return None if newest is not None and _of_these_terms(db, agreement, entry, plan, newest) else STALE


def agreement_shown(db: Db, agreement_id: str, actor: Actor) -> Agreement:
    """Return an agreement to those of its two sides who look after outflows: where rows go is nobody else's to read."""
    agreement = sharing.find_agreement(db, agreement_id, actor)
    decide(actor, "delivery.compare_outflow", Label(owner=agreement.consumer, parties=frozenset({agreement.provider})))
    return agreement


def key_of(db: Db, house: House, kept: Outflow) -> str:
    """Return the item by which rows are known, where it leaves in clear; else empty."""
    _, entry, plan = _of(db, house, kept)
    return entry.key_item if isinstance(plan_of_view(plan).masks.get(entry.key_item), Clear) else ""


def _of(db: Db, house: House, kept: Outflow) -> tuple[Agreement, Entry, Plan]:
    agreement = sharing.find_agreement(db, kept.agreement)
    entry = catalogue.find(db, agreement.entry)
    in_force = policies.in_force(db, day_of(house.clock()))
    return agreement, entry, compile(agreement, entry, secret=node_secret(house.key), policies=in_force)


def _of_these_terms(db: Db, agreement: Agreement, entry: Entry, plan: Plan, newest: View) -> bool:
    return newest.terms == terms_of(agreement, entry, plan, newest.table, marked=views.marks_of(db, entry.id))
