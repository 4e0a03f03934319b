"""What a consumer wants otherwise of a running agreement; what it does not name stays as it is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from jutong.catalogue.terms_of_use import Purpose
from jutong.guard.grades import Method

from ..wish import Paper, Wish


@dataclass(frozen=True, slots=True, kw_only=True)
class Delta:
    """The terms that are to be otherwise, each whole, and why: basis, scenario and scope are named anew."""

    legal_basis: str
    scenario: str
    scope: str
    items: tuple[str, ...] | None = None
    purposes: tuple[Purpose, ...] | None = None
    methods: frozenset[Method] | None = None
    systems: tuple[str, ...] | None = None
    divisions: tuple[str, ...] | None = None  # empty: the whole area of the entry
    quota_per_day: int | None = None
    ends: date | None = None
    papers: tuple[Paper, ...] = ()

    def on(self, before: Wish) -> Wish:
        """Return the whole of what is wanted from now on, beside how it stood."""
        return Wish(
            entry=before.entry,
            items=before.items if self.items is None else self.items,
            purposes=before.purposes if self.purposes is None else self.purposes,
            legal_basis=self.legal_basis,
            scenario=self.scenario,
            scope=self.scope,
            methods=before.methods if self.methods is None else self.methods,
            systems=before.systems if self.systems is None else self.systems,
            starts=before.starts,
            ends=before.ends if self.ends is None else self.ends,
            quota_per_day=before.quota_per_day if self.quota_per_day is None else self.quota_per_day,
            divisions=before.divisions if self.divisions is None else self.divisions,
            papers=self.papers,
        )
