"""Lists of what two bodies have to do with: the one that asks, and the one that answers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Protocol, TypeVar

from jutong.desk import Reading
from jutong.kernel.text import text
from jutong.sharing import Side

from .known_names import names_of_bodies
from .table import Asked, Column, Fetch
from .visit import Visit

SIDES = ((Side.ASKED.value, text("asked by us")), (Side.ANSWERING.value, text("to be answered by us")))


class Sided(Protocol):
    """A request or an agreement, as far as its two sides go."""

    @property
    def id(self) -> str:
        """Its identifier."""

    @property
    def consumer(self) -> str:
        """The body that asks."""

    @property
    def provider(self) -> str:
        """The body that answers."""


Noun = TypeVar("Noun", bound=Sided)
Row = TypeVar("Row")


def side_column() -> Column[Row]:
    """Return the filter by the side on which the visitor's body stands."""
    return Column(key="side", title=text("Side"), value=lambda _: None, options=SIDES, shown=False)


def fetching(
    visit: Visit,
    listed: Callable[..., Iterable[Noun]],
    rows: Callable[[Reading, Visit, Sequence[Noun]], list[Row]],
    *,
    stages: type[StrEnum] | None = None,
) -> Fetch[Row]:
    """Return what fetches a part of such a list, by side, by stage and in the order that was asked for."""

    def fetch(ask: Asked) -> list[Row]:
        side, stage = ask.filter("side"), ask.filter("stage")
        narrowed = {"stage": stages(stage)} if stages and stage else {}
        with visit.house.reading() as db:
            found = listed(
                db,
                visit.acting,
                side=Side(side) if side else None,
                sort=ask.sort,
                descending=ask.descending,
                after=ask.after,
                limit=ask.limit,
                **narrowed,
            )
            return rows(db, visit, tuple(found))

    return fetch


def other_sides(db: Reading, visit: Visit, found: Sequence[Sided]) -> Mapping[str, str]:
    """Return the name of the body on the other side of each, by its identifier."""
    mine = visit.acting.org
    other = {one.id: one.provider if one.consumer == mine else one.consumer for one in found}
    names = names_of_bodies(db, other.values())
    return {identifier: names[code] for identifier, code in other.items()}
