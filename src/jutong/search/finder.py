"""A question put to the index: taken apart, looked up, ranked, its series folded together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from .concepts import Concepts
from .index import Index
from .latin import Latin
from .names import Names
from .places import Places
from .query import Plan, planned
from .rank import Hit, ranked
from .record import mark_of
from .row import Row

CANDIDATES, NARROWED = 240, 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One place in the list of results: a record, and those of its series and its twin behind it."""

    first: Hit
    more: tuple[Hit, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The answer to a question."""

    plan: Plan
    hits: tuple[Hit, ...]
    full: bool = False  # more records than are ranked hold one of the words

    @property
    def places(self) -> tuple[Place, ...]:
        """The hits, a series taking one place."""
        by_series: dict[str, list[Hit]] = {}
        for hit in self.hits:
            by_series.setdefault(hit.row.series, []).append(hit)
        return tuple(Place(first=hits[0], more=tuple(hits[1:])) for hits in by_series.values())

    def counted(self, facets: Iterable[str]) -> Mapping[str, Mapping[str, int]]:
        """Return how many of the hits have which value of each facet, the most frequent first."""
        return {
            facet: dict(Counter(one.row.facets[facet] for one in self.hits if one.row.facets.get(facet)).most_common())
            for facet in facets
        }


class Finder:
    """An index with the names of its node."""

    def __init__(self, index: Index, concepts: Concepts, places: Places, organs: Mapping[str, tuple[str, ...]]) -> None:
        self.index = index
        self.names = Names(concepts, places, organs)
        self._latin = Latin(index.syllables())

    def planned(self, asked: str) -> Plan:
        """Return the question taken apart."""
        return planned(asked, self.names, self.index, self._latin)

    def find(
        self,
        asked: str,
        *,
        seen_by: Collection[str] = (),
        facets: Mapping[str, str] | None = None,
        within: str = "",
    ) -> Found:
        """Return the records that readers of these kinds may find, best first; ``within`` is a division's code."""
        plan = self.planned(asked)
        expression = plan.expression()
        if not expression:
            return Found(plan=plan, hits=())
        wanted = [mark_of(name, value) for name, value in (facets or {}).items() if value]
        wanted += [f"place_{within}"] if within else []
        bounds = [f"marks : ({' OR '.join(f'seen_{one}' for one in sorted(seen_by))})"] if seen_by else []
        bounds += [f"marks : {one}" for one in wanted]
        after = self.index.overflow(_all_of((expression, *bounds)))
        rows = self._rows((expression, *bounds), CANDIDATES, after)
        full = len(rows) >= CANDIDATES
        # Of too many, those that hold every word are looked for first, wherever they stand.
        whole = [plan.conjunction()] if after else []
        for narrowing in (*whole, *plan.narrowings()) if full else ():
            parts = (expression, narrowing, *bounds)
            rows |= self._rows(parts, NARROWED, self.index.overflow(_all_of(parts)) if after else 0)
        return Found(plan=plan, hits=tuple(ranked(rows.values(), plan)), full=full)

    def _rows(self, parts: Iterable[str], limit: int, after: int) -> dict[int, Row]:
        return {row.number: row for row in self.index.matching(_all_of(parts), limit=limit, after=after)}


def _all_of(parts: Iterable[str]) -> str:
    return " AND ".join(f"({one})" for one in parts)
