"""Searching the catalogue as somebody: what they may see, why it was found, what there is beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from jutong import catalogue
from jutong.desk import House
from jutong.kernel.clock import LEGAL_TIME
from jutong.kernel.db import transaction
from jutong.kernel.errors import Invalid
from jutong.kernel.text import text
from jutong.terms import Actor, Duty

from . import store
from .feed import finder_of
from .finder import Finder, Found
from .wish import QUESTION_LIMIT, countable

FACETS = ("provider", "share", "open", "cycle", "grade", "format", "division", "theme")
_AUDITING = frozenset({Duty.REGISTER_AUDIT, Duty.PUBLISH_AUDIT, Duty.OVERSIGHT, Duty.HOUSE, Duty.PEER})


def search(
    house: House,
    actor: Actor | None,
    asked: str,
    facets: Mapping[str, str] | None = None,
    *,
    finder: Finder | None = None,
    count: bool = True,
) -> Found:
    """Return what ``actor`` (nobody: the public) finds, best first; a question without any answer is counted.

    The index only proposes: what is shown is what the catalogue itself lets this reader see at this moment.
    """
    if len(asked) > QUESTION_LIMIT:
        raise Invalid(text("a question has 1 to {most} characters", most=QUESTION_LIMIT), remedy=text("shorten it"))
    chosen = {name: value for name, value in (facets or {}).items() if name in FACETS and value}
    found = (finder or finder_of(house)).find(asked, seen_by=readers(actor), facets=chosen)
    with house.reading() as db:
        shown = catalogue.shown_among(db, actor, {hit.row.entry for hit in found.hits})
    hits = tuple(hit for hit in found.hits if (hit.row.entry, hit.row.version) in shown)
    words = countable(asked)
    if count and not hits and not chosen and words and found.plan.slots:
        with transaction(house.engine) as db:
            store.count_missed(db, words, house.clock().astimezone(LEGAL_TIME).date())
    return replace(found, hits=hits)


def readers(actor: Actor | None) -> tuple[str, ...]:
    """Return which kinds of reader somebody is to the index."""
    if actor is None:
        return ("public",)
    return ("authority" if actor.duties & _AUDITING else "all", f"own{actor.org.lower()}")
