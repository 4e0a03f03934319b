"""Who may see what of the census, and what its columns tell the assistant."""

from __future__ import annotations

from collections.abc import Iterable

from jutong.terms.actor import Actor
from jutong.terms.duty import Duty

from .grading import Seen
from .table import Table

OVER_ALL = frozenset({Duty.REGISTER_AUDIT, Duty.PUBLISH_AUDIT, Duty.OVERSIGHT, Duty.AUDIT_ADMIN, Duty.HOUSE})


def sees(actor: Actor, body: str, *, over_all: bool) -> bool:
    """Say whether somebody may see what the census holds of a body: its own people, and those who check it.

    ``over_all`` says whether the actor looks over the tier at its sharing authority.
    """
    return actor.org == body or (bool(actor.duties & OVER_ALL) and over_all)


def own_only(actor: Actor) -> str:
    """Return the one body whose census somebody sees; empty for those who see all."""
    return "" if actor.duties & OVER_ALL else actor.org


def seen_in(tables: Iterable[Table]) -> dict[str, Seen]:
    """Return what was counted in the columns that items are hung on, by item."""
    return {
        column.item: Seen(element=column.guess.element, share=column.guess.share, stray_ids=column.guess.stray_ids)
        for table in tables
        for column in table.found.columns
        if column.item and column.profile is not None
    }
