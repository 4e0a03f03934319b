"""An application for an IT project: what it will make and needs, the catalogue's advice, the authority's opinion."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from jutong.catalogue.entry import Entry
from jutong.catalogue.terms_of_use import ShareType
from jutong.guard.permit import Label
from jutong.kernel.errors import Invalid, WrongMoment
from jutong.kernel.text import text
from jutong.registers.inventory.profile import Cloud

from .names import element_named, folded

FIELDS_LIMIT = 500
SETS_LIMIT = 50
WORDS_LIMIT = 200
REASON_LIMIT = 2000
COLLECTION_RULE = "第809号令第十九条、第四十条"
CATALOGUE_RULE = "第809号令第十三条"
CLOUD_RULE = "云长制：管云"


class Opinion(StrEnum):
    """What the authority says to a project."""

    AGREED = "agreed"
    CONDITIONAL = "conditional"
    AGAINST = "against"


class Advice(StrEnum):
    """What the platform has to say."""

    RECOLLECTED = "recollected"  # a field that it would collect is already shared
    AVAILABLE = "available"  # what it needs can be asked for
    NOT_AVAILABLE = "not-available"  # what it needs is in no entry: file a demand
    NOT_SHARED = "not-shared"  # what it needs is in an entry that is not shared
    UNCATALOGUED = "uncatalogued"  # a data set that it makes has no entry and none is planned
    CATALOGUED = "catalogued"
    NOT_ON_CLOUD = "not-on-cloud"
    NO_SYSTEM = "no-system"


AGAINST = frozenset({Advice.RECOLLECTED, Advice.UNCATALOGUED, Advice.NOT_ON_CLOUD, Advice.NO_SYSTEM})


@dataclass(frozen=True, slots=True, kw_only=True)
class DataSet:
    """Data that the project will make: under which title it is to stand in the catalogue, and of which fields."""

    title: str
    fields: tuple[str, ...]
    will_be_catalogued: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation:
    """One piece of advice, about one field or set, and the entry and item that show it."""

    advice: Advice
    about: str
    entry: str = ""
    item: str = ""
    rule: str = ""

    @property
    def against(self) -> bool:
        """Say whether it speaks against the project as it is."""
        return self.advice in AGAINST


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """The application, the advice as it was given, and the opinion."""

    id: str
    body: str
    title: str
    systems: tuple[str, ...] = ()  # titles of the systems that it will make
    makes: tuple[DataSet, ...] = ()
    collects: tuple[str, ...] = ()  # fields that it would ask people or firms for
    needs: tuple[str, ...] = ()  # fields that it would have from other bodies
    cloud: Cloud = Cloud.OWN_ROOM
    cloud_reason: str = ""
    applied: datetime
    advice: tuple[Citation, ...] = ()
    opinion: Opinion | None = None
    opinion_by: str = ""
    opinion_at: datetime | None = None
    words: str = ""

    @property
    def label(self) -> Label:
        """What the guard needs."""
        return Label(owner=self.body)

    def checked(self) -> Project:
        """Return the application, or refuse one that is too large or says nothing."""
        fields = (*self.collects, *self.needs, *(one for made in self.makes for one in made.fields))
        words = (self.title, *self.systems, *(made.title for made in self.makes), *fields)
        if len(fields) > FIELDS_LIMIT or len(self.makes) > SETS_LIMIT or len(self.systems) > SETS_LIMIT:
            raise Invalid(
                text(
                    "an application names at most {sets} systems and data sets, and {fields} fields",
                    sets=SETS_LIMIT,
                    fields=FIELDS_LIMIT,
                )
            )
        if not all(0 < len(one.strip()) <= WORDS_LIMIT for one in words) or len(self.cloud_reason) > REASON_LIMIT:
            raise Invalid(text("each name in an application has 1 to {most} characters", most=WORDS_LIMIT))
        if not (self.systems or self.makes or self.collects or self.needs):
            raise Invalid(text("an application says which systems and data it will make, or which it needs"))
        return self

    def advised(self, entries: Iterable[Entry]) -> Project:
        """Return the application with what the catalogue says to it."""
        offered = _Offered.of(entries)
        return replace(self, advice=tuple(self._advice(offered)))

    def judged(self, opinion: Opinion, words: str, by: str, at: datetime) -> Project:
        """Return the project with the authority's opinion; against the advice only with words."""
        if self.opinion is not None:
            raise WrongMoment(text("the authority has given its opinion: {opinion}", opinion=self.opinion))
        needed = opinion is not Opinion.AGREED or any(one.against for one in self.advice)
        if len(words) > REASON_LIMIT or (needed and not words.strip()):
            raise Invalid(
                text("an opinion against the project, with conditions, or against the advice needs its reason"),
                basis=text("separate main switch: money and clouds follow from sharing (Order 809, art. 38)"),
            )
        return replace(self, opinion=opinion, words=words.strip(), opinion_by=by, opinion_at=at)

    def _advice(self, offered: _Offered) -> Iterator[Citation]:
        for field in self.collects:
            for entry, item in offered.find(field):
                yield Citation(advice=Advice.RECOLLECTED, about=field, entry=entry, item=item, rule=COLLECTION_RULE)
        for field in self.needs:
            found = offered.find(field)
            for entry, item in found:
                yield Citation(advice=Advice.AVAILABLE, about=field, entry=entry, item=item, rule=COLLECTION_RULE)
            if not found:
                withheld = offered.withheld(field)
                for entry, item in withheld:
                    yield Citation(advice=Advice.NOT_SHARED, about=field, entry=entry, item=item)
                if not withheld:
                    yield Citation(advice=Advice.NOT_AVAILABLE, about=field)
        for made in self.makes:
            entry = offered.titled(self.body, made.title)
            if entry:
                yield Citation(advice=Advice.CATALOGUED, about=made.title, entry=entry, rule=CATALOGUE_RULE)
            elif not made.will_be_catalogued:
                yield Citation(advice=Advice.UNCATALOGUED, about=made.title, rule=CATALOGUE_RULE)
        if self.makes and not self.systems:
            yield Citation(advice=Advice.NO_SYSTEM, about=self.title, rule=CATALOGUE_RULE)
        if self.cloud not in (Cloud.ON_CLOUD, Cloud.MOVING) and not (
            self.cloud is Cloud.EXEMPT and self.cloud_reason.strip()
        ):
            yield Citation(advice=Advice.NOT_ON_CLOUD, about=self.cloud, rule=CLOUD_RULE)


# Elements that mean one thing wherever they stand; a date, an amount or a telephone may be anybody's.
_TELLING = frozenset({"credit-code", "resident-id", "registration-number", "organisation-code", "licence-id"})
CITED_MOST = 5  # entries that are cited for one field
Place = tuple[str, str]


@dataclass(frozen=True, slots=True)
class _Offered:
    """The items of the catalogue in force, by the words of their titles and by their standard elements."""

    by_title: dict[str, list[Place]]
    by_element: dict[str, list[Place]]
    kept: dict[str, list[Place]]
    titles: dict[tuple[str, str], str]

    @classmethod
    def of(cls, entries: Iterable[Entry]) -> _Offered:
        by_title: dict[str, list[Place]] = {}
        by_element: dict[str, list[Place]] = {}
        kept: dict[str, list[Place]] = {}
        titles: dict[tuple[str, str], str] = {}
        for entry in entries:
            titles.setdefault((entry.provider, folded(entry.title)), entry.id)
            for item in entry.items:
                place = entry.id, item.name
                if item.share_type is ShareType.NOT_SHARED:
                    kept.setdefault(folded(item.title), []).append(place)
                    continue
                for words in {folded(item.title), folded(item.name)}:
                    by_title.setdefault(words, []).append(place)
                if item.element:
                    by_element.setdefault(item.element, []).append(place)
        return cls(by_title, by_element, kept, titles)

    def find(self, field: str) -> list[Place]:
        """Return the shared items of that title, or else of the element that the field names."""
        element = element_named(field)
        by_element = self.by_element.get(element, []) if element in _TELLING else []
        return (self.by_title.get(folded(field)) or by_element)[:CITED_MOST]

    def withheld(self, field: str) -> list[Place]:
        """Return the items of that title that are not shared."""
        return self.kept.get(folded(field), [])[:CITED_MOST]

    def titled(self, body: str, title: str) -> str:
        """Return the body's entry of that title; empty if there is none."""
        return self.titles.get((body, folded(title)), "")
