"""Whether an agreement lets a declared service be asked, and what of a row it lets leave."""

from __future__ import annotations

from collections.abc import Collection

from jutong.guard.grades import GRADING
from jutong.kernel.text import text

from ..plan import Plan
from ..refusal import Refusal
from .clause import Prepared


def given_items(plan: Plan, prepared: Prepared) -> tuple[str, ...]:
    """Return the items that leave under a plan, in the declared order."""
    return tuple(name for name in prepared.listing.items if name in plan.columns)


def refusal_of(plan: Plan, prepared: Prepared, wanted: Collection[str] = ()) -> Refusal | None:
    """Return why the service is not answered under the plan, or None; ``wanted`` are the items that are asked for.

    Rows may be found and ordered only by what leaves in the clear: else a caller could search for a hidden value.
    """
    if not plan.lists:
        return Refusal(
            "scope",
            text("data of the gravest grade is not listed: only single records are asked for"),
            GRADING,
            text("ask by key, or verify"),
        )
    hidden = [name for name in prepared.asked if name not in plan.columns or plan.columns[name].mask is not None]
    if hidden:
        return Refusal(
            "scope",
            text("rows are found by items that were not agreed in the clear: {items}", items=", ".join(hidden)),
            text("sharing agreement, items"),
            text("ask for these items in the clear, or the provider for another service"),
        )
    given = given_items(plan, prepared)
    if not given or not set(wanted) <= set(given):
        return Refusal(
            "scope",
            text("the call names items that were not agreed"),
            text("sharing agreement, items: {items}", items=", ".join(given)),
            text("leave them out, or ask for them"),
        )
    return None
