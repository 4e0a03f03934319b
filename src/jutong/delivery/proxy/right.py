"""Whether an agreement lets a department's own service be asked, and what of its answers it lets leave."""

from __future__ import annotations

from dataclasses import dataclass

from jutong.catalogue.entry import Entry
from jutong.catalogue.terms_of_use import ShareType
from jutong.guard.grades import GRADING
from jutong.kernel.text import text

from ..plan import Plan
from ..refusal import Refusal
from ..ruling import RowRule
from .proxy import Proxy
from .reply import Cut, cut_of


@dataclass(frozen=True, slots=True)
class Offer:
    """A declared service over its entry as it is now."""

    proxy: Proxy
    items: frozenset[str]  # all that the entry shares


def offer_of(proxy: Proxy, entry: Entry) -> Offer:
    """Return a declared service as it is offered."""
    return Offer(proxy, frozenset(one.name for one in entry.items if one.share_type is not ShareType.NOT_SHARED))


def given_items(plan: Plan, offer: Offer) -> tuple[str, ...]:
    """Return the items that leave under a plan, where the service says which they are."""
    return tuple(dict.fromkeys(one.item for one in offer.proxy.fields if one.item in plan.columns))


def cut_under(plan: Plan, offer: Offer) -> Cut | None:
    """Return what of an answer leaves under a plan; None: all of it."""
    if not offer.proxy.fields:
        return None
    return cut_of(offer.proxy.fields, {name: column.mask for name, column in plan.columns.items()})


def refusal_of(plan: Plan, offer: Offer, kept: RowRule | None = None) -> Refusal | None:
    """Return why the service is not asked under the plan, or None; ``kept`` are the rows that policies leave.

    What this node cannot cut out of another's answer, it does not hand over in the hope that it is not there.
    """
    if not plan.lists:
        return Refusal(
            "grade",
            text("data of the gravest grade is not handed on by a department's own service"),
            GRADING,
            text("ask by key, or verify"),
        )
    if plan.regions:
        return Refusal(
            "scope",
            text("the agreement is for one area, which cannot be seen in the answers of a department's own service"),
            text("sharing agreement, divisions"),
            text("ask for the whole area, or by key"),
        )
    if kept is not None:
        return Refusal(
            "policy",
            text("a policy of this node takes rows out, which cannot be done in a department's own answers"),
            text("policies in force at this node"),
            text("ask by key"),
        )
    if offer.proxy.fields:
        if not given_items(plan, offer):
            return Refusal(
                "scope",
                text("of what this service answers, nothing was agreed"),
                text("sharing agreement, items"),
                text("ask for its items"),
            )
        return None
    held = offer.items <= plan.columns.keys() and all(plan.columns[name].mask is None for name in offer.items)
    if not held:
        return Refusal(
            "scope",
            text("this service does not say which fields are which items, so it needs all items in the clear"),
            text("sharing agreement, items and masks"),
            text("have the provider declare it anew, with the fields of its answers"),
        )
    return None
