"""Words that a body keeps for its requests: a template says what is usual, and each request what it needs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from jutong.catalogue.entry import Entry
from jutong.catalogue.terms_of_use import Purpose
from jutong.catalogue.wording import text_faults
from jutong.guard.grades import Method
from jutong.kernel.canon import Fact, canonical, digest
from jutong.kernel.errors import Invalid
from jutong.kernel.text import text

from ..wish import Wish

NAME_LIMIT = 100
TEMPLATES_LIMIT = 50  # of one body


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """What a body's requests have in common; items stand by the titles that entries share, not by one entry's names."""

    id: str
    body: str
    name: str
    items: tuple[str, ...]
    purposes: tuple[Purpose, ...]
    legal_basis: str
    scenario: str
    scope: str
    methods: frozenset[Method]
    quota_per_day: int

    def items_of(self, entry: Entry) -> tuple[str, ...]:
        """Return the names of an entry's items that have a title of the template."""
        return tuple(item.name for item in entry.items if item.title in self.items)

    def wish_for(self, entry: Entry, *, systems: tuple[str, ...], starts: date, ends: date) -> Wish:
        """Return a wish for an entry in the words of the template; what the words cannot know is given."""
        return Wish(
            entry=entry.id,
            items=self.items_of(entry),
            purposes=self.purposes,
            legal_basis=self.legal_basis,
            scenario=self.scenario,
            scope=self.scope,
            methods=self.methods,
            systems=systems,
            starts=starts,
            ends=ends,
            quota_per_day=self.quota_per_day,
        )

    def digest(self) -> str:
        """Return the digest of what is kept."""
        said: dict[str, Fact] = {
            "name": self.name,
            "items": tuple(sorted(self.items)),
            "purposes": tuple(sorted(self.purposes)),
            "legal_basis": self.legal_basis,
            "scenario": self.scenario,
            "scope": self.scope,
            "methods": tuple(sorted(self.methods)),
            "quota_per_day": self.quota_per_day,
        }
        return digest(canonical(said))


def template_of(wish: Wish, entry: Entry, *, id: str, body: str, name: str) -> Template:
    """Return a template with the words of a wish."""
    for fault in text_faults(text("name of the template"), name, limit=NAME_LIMIT, needed=True):
        raise Invalid(fault)
    return Template(
        id=id,
        body=body,
        name=name.strip(),
        items=tuple(item.title for item in entry.items if item.name in wish.items),
        purposes=wish.purposes,
        legal_basis=wish.legal_basis,
        scenario=wish.scenario,
        scope=wish.scope,
        methods=wish.methods,
        quota_per_day=wish.quota_per_day,
    )
