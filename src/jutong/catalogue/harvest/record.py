"""One record of another portal's list: what it says, in our code lists where that can be told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from jutong.kernel.canon import Fact, canonical, digest

from ..terms_of_use import OpenType, UpdateCycle
from .mapping import Idea, Mapped
from .spelling import absent, cycle_of, day_of, due_after, formats_of, number_of, open_of, theme_of

TITLE_LIMIT = 400
PHRASE_LIMIT = 400
URL_LIMIT = 2000
DISTINCT_LEAST = 0.9  # values by row of the field by which records are told apart; repeats are counted


class State(StrEnum):
    """Whether the portal still lists the record."""

    LISTED = "listed"
    VANISHED = "vanished"  # a complete gather did not find it


class Flaw(StrEnum):
    """Why a row of a list was refused."""

    NO_TITLE = "no-title"
    TOO_MANY_CELLS = "too-many-cells"
    FORMULA = "formula"
    ERROR_VALUE = "error-value"
    NO_OBJECT = "no-object"


class Identity(StrEnum):
    """By what a source's records are told apart, harvest after harvest."""

    IDENTIFIER = "identifier"
    URL = "url"
    WORDS = "words"  # title and body, counted where they repeat


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row as it was read; a flaw where it could not be."""

    line: int
    values: Mapping[str, str]
    flaw: Flaw | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What one record says."""

    key: str  # tells it apart within its source
    identifier: str
    title: str
    description: str
    department: str
    body: str  # the registered body, empty where nobody can tell
    category: str
    theme: str  # code, empty where nobody can tell
    industry: str
    tags: str
    open_words: str
    open_type: OpenType | None
    cycle_words: str
    update_cycle: UpdateCycle | None
    published: date | None
    updated: date | None
    due: date | None
    formats: tuple[str, ...]
    formats_unknown: str
    volume: int | None
    telephone: str
    email: str
    url: str
    fields: str
    aside: Mapping[str, str]

    @property
    def content(self) -> str:
        """The digest of what two exact duplicates have in common: all but how the portal numbers and dates them."""
        said = (self.title, self.department, self.description, self.category, self.industry, self.formats)
        return digest(canonical([*said, self.open_words, self.cycle_words, self.fields, self.volume]))

    def digest(self) -> str:
        """Return the digest of everything that is said."""
        said: list[Fact] = [self.identifier, self.title, self.description, self.department, self.category]
        said += [self.body, self.theme, self.industry, self.tags, self.open_words, self.open_type, self.cycle_words]
        said += [self.update_cycle, _iso(self.published), _iso(self.updated), _iso(self.due), self.formats]
        said += [self.formats_unknown, self.volume, self.telephone, self.email, self.url, self.fields, self.aside]
        return digest(canonical(said))


@dataclass(slots=True)
class Reader:
    """Turns rows into records in the order of the file, and counts keys that repeat."""

    mapped: Mapped
    identity: Identity
    body_of: Callable[[str], str]
    _seen: Counter[str] = field(default_factory=Counter)

    def read(self, row: Row) -> Record | Flaw:
        """Return the record that a row holds, or why it holds none."""
        if row.flaw is not None:
            return row.flaw
        said: dict[Idea, str] = {
            idea: value
            for name, value in row.values.items()
            if (idea := self.mapped.get(name, Idea.ASIDE)) is not Idea.ASIDE and not absent(value)
        }
        title = said.get(Idea.TITLE, "")[:TITLE_LIMIT]
        if not title:
            return Flaw.NO_TITLE
        return self._record(title, said, row.values)

    def _record(self, title: str, said: Mapping[Idea, str], values: Mapping[str, str]) -> Record:
        department = said.get(Idea.DEPARTMENT, "")[:PHRASE_LIMIT]
        published, updated = day_of(said.get(Idea.PUBLISH_TIME, "")), day_of(said.get(Idea.UPDATE_TIME, ""))
        cycle_words = said.get(Idea.UPDATE_FREQUENCY, "")[:PHRASE_LIMIT]
        open_words = said.get(Idea.IS_OPEN, "")[:PHRASE_LIMIT]
        formats, unknown = formats_of(said.get(Idea.DATA_FORMATS, ""))
        category, cycle = said.get(Idea.CATEGORY, "")[:PHRASE_LIMIT], cycle_of(cycle_words)
        identifier = self._identifier(said, title, department)
        return Record(
            key=self._key(identifier),
            identifier=identifier[:PHRASE_LIMIT],
            title=title,
            description=said.get(Idea.DESCRIPTION, ""),
            department=department,
            body=self.body_of(department) if department else "",
            category=category,
            theme=theme_of(category) or "",
            industry=said.get(Idea.INDUSTRY, "")[:PHRASE_LIMIT],
            tags=said.get(Idea.TAGS, "")[:URL_LIMIT],
            open_words=open_words,
            open_type=open_of(open_words),
            cycle_words=cycle_words,
            update_cycle=cycle,
            published=published,
            updated=updated,
            due=due_after(updated or published, cycle),
            formats=formats,
            formats_unknown=", ".join(unknown)[:PHRASE_LIMIT],
            volume=number_of(said.get(Idea.DATA_VOLUME, "")),
            telephone=said.get(Idea.TELEPHONE, "")[:100],
            email=said.get(Idea.EMAIL, "")[:254],
            url=said.get(Idea.URL, "")[:URL_LIMIT],
            fields=said.get(Idea.FIELDS, ""),
            aside={
                name: value
                for name, value in values.items()
                if value and self.mapped.get(name, Idea.ASIDE) is Idea.ASIDE
            },
        )

    def _identifier(self, said: Mapping[Idea, str], title: str, department: str) -> str:
        if self.identity is Identity.IDENTIFIER and Idea.IDENTIFIER in said:
            return said[Idea.IDENTIFIER]
        if self.identity is Identity.URL and Idea.URL in said:
            return said[Idea.URL]
        return f"{department}/{title}"

    def _key(self, identifier: str) -> str:
        self._seen[identifier] += 1
        return digest(canonical([identifier, self._seen[identifier]]))


def identity_of(mapped: Mapped, distinct: Mapping[str, float]) -> Identity:
    """Return by what records are told apart: the first of identifier and address that nearly every row has as its own.

    >>> identity_of({"编号": Idea.IDENTIFIER, "网址": Idea.URL}, {"编号": 0.4, "网址": 1.0}).value
    'url'
    """
    for idea, identity in ((Idea.IDENTIFIER, Identity.IDENTIFIER), (Idea.URL, Identity.URL)):
        name = next((name for name, one in mapped.items() if one is idea), "")
        if name and distinct.get(name, 0.0) >= DISTINCT_LEAST:
            return identity
    return Identity.WORDS


def _iso(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
