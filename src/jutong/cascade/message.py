"""What one tier tells another: numbered lines of its own ledger, each with the document that it speaks of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from jutong.kernel.errors import Invalid
from jutong.kernel.shape import learn
from jutong.kernel.text import text
from jutong.registers.node import Relation

# Who is told what. Up: what the authority must audit, and rows that are aggregated. Down and sideways: what is
# in force.
TOLD: Mapping[str, frozenset[Relation]] = {
    "catalogue.submitted": frozenset({Relation.PARENT}),
    "catalogue.published": frozenset(Relation),
    "catalogue.withdrawn": frozenset(Relation),
    "catalogue.returned": frozenset({Relation.CHILD}),
    "collection.landed": frozenset({Relation.PARENT}),
    "quality.objection_opened": frozenset({Relation.CHILD}),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One line of a neighbour's ledger: its place there, its word, the thing, and the thing's document."""

    place: int
    word: str
    on: str
    document: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Messages in the order of the ledger, and the place up to which the neighbour has looked."""

    messages: tuple[Message, ...]
    upto: int


learn(Page)


def spell(page: Page) -> bytes:
    """Return the page as JSON.

    >>> read(spell(Page(messages=(), upto=7)))
    Page(messages=(), upto=7)
    """
    return msgspec.json.encode(page)


def read(data: bytes) -> Page:
    """Read a page, or refuse; messages must come in rising order, or one could be skipped unseen."""
    try:
        page = msgspec.json.decode(data, type=Page)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise Invalid(text("the neighbour's feed is not in the agreed form")) from error
    places = [message.place for message in page.messages]
    if places != sorted(set(places)) or (places and places[-1] > page.upto):
        raise Invalid(text("the neighbour's feed is not in order"))
    return page
