"""A demand: the data that a department needs for a duty, from the filing to the day on which it is satisfied."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from itertools import pairwise

from jutong.guard.grades import Method
from jutong.guard.permit import Label
from jutong.kernel.canon import Fact, digest
from jutong.kernel.errors import Invalid, WrongMoment
from jutong.kernel.text import Text, text

from .terms_of_use import Purpose
from .wording import reason_faults, refuse_faulty, text_faults

TITLE_LIMIT = 200
WORDS_LIMIT = 2000
ITEMS_LIMIT = 100
SIMILAR_FROM = 300  # thousandths of shared pairs of characters from which two demands are shown as alike


class DemandStage(StrEnum):
    """Where a demand stands."""

    DRAFT = "draft"
    FILED = "filed"  # the authority audits it
    PUBLISHED = "published"  # lawful, on the demand list
    REFUSED = "refused"  # no duty of the department covers it
    MERGED = "merged"  # lawful, and met together with another one
    WITHDRAWN = "withdrawn"
    SATISFIED = "satisfied"


class Standing(StrEnum):
    """What the presumed owner of uncatalogued data says."""

    NOBODY = "nobody"  # nobody was asked
    ASKED = "asked"
    CONFIRMED = "confirmed"
    CONTESTED = "contested"


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """What a department writes down."""

    title: str
    purpose: Purpose
    words: str = ""  # for which matter, and what is done with the data
    legal_basis: str = ""  # the duty that needs it
    items: tuple[str, ...] = ()
    source: str = ""  # the body that is thought to have it
    entry: str = ""  # the catalogue entry, where there is one
    method: Method = Method.QUERY
    by: date | None = None  # when it is needed

    def form_faults(self) -> Iterator[Text]:
        """Yield what not even a draft may hold."""
        yield from text_faults(text("title"), self.title, limit=TITLE_LIMIT, needed=True)
        yield from text_faults(text("use"), self.words, limit=WORDS_LIMIT, lines=True)
        yield from text_faults(text("legal basis"), self.legal_basis, limit=WORDS_LIMIT, lines=True)
        if len(self.items) > ITEMS_LIMIT:
            yield text("a demand has at most {limit} items", limit=ITEMS_LIMIT)
        for item in self.items[:ITEMS_LIMIT]:
            yield from text_faults(text("wanted item"), item, limit=TITLE_LIMIT, needed=True)

    def faults(self, today: date) -> Iterator[Text]:
        """Yield what keeps it from being filed: the authority must see duty, items and day."""
        yield from self.form_faults()
        if not self.legal_basis.strip():
            yield text("a demand needs the duty or provision that it serves (art. 20)")
        if not self.words.strip():
            yield text("a demand needs its use: for which matter the data is needed (art. 20)")
        if not self.items:
            yield text("a demand needs the items that are wanted")
        if self.by is None or self.by <= today:
            yield text("a demand needs a day in the future by which it is wanted")


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """One line of the demand list."""

    id: str
    consumer: str
    need: Need
    at: datetime
    stage: DemandStage = DemandStage.DRAFT
    owner: str = ""  # who is presumed to have the data
    standing: Standing = Standing.NOBODY
    reason: str = ""  # of a refusal, or of the owner who contests
    into: str = ""  # the demand together with which it is met
    searched: str = ""  # the words of the search that found nothing

    @property
    def label(self) -> Label:
        """What the guard needs: it is the asking body's."""
        return Label(owner=self.consumer)

    @property
    def listed(self) -> bool:
        """Say whether every department may see it."""
        return self.stage in (DemandStage.PUBLISHED, DemandStage.SATISFIED, DemandStage.MERGED)

    def seen_by(self, org: str, authorities: Collection[str]) -> bool:
        """Say whether a body may know of it: its own, what it is asked about, what is listed; the authority of all."""
        if self.stage is DemandStage.DRAFT:
            return org == self.consumer
        return self.listed or org in (self.consumer, self.owner) or org in authorities

    def redrafted(self, need: Need) -> Demand:
        """Return the demand as the department now wants it."""
        refuse_faulty(tuple(need.form_faults()))
        if need == self.need:
            return self
        self._need(DemandStage.DRAFT, text("what was filed stays as it is; withdraw it and file a new one"))
        return replace(self, need=need)

    def filed(self, today: date) -> Demand:
        """Return the demand as handed to the authority."""
        if self.stage is DemandStage.FILED:
            return self
        self._need(DemandStage.DRAFT, text("only a draft is filed"))
        refuse_faulty(tuple(self.need.faults(today)))
        return replace(self, stage=DemandStage.FILED)

    def accepted(self) -> Demand:
        """Return the demand as lawful and on the list."""
        if self.stage is DemandStage.PUBLISHED:
            return self
        self._need(DemandStage.FILED, text("the department files it first"))
        return replace(self, stage=DemandStage.PUBLISHED)

    def refused(self, reason: str) -> Demand:
        """Return the demand as one that no duty covers."""
        self._need(DemandStage.FILED, text("only what was filed is audited"))
        refuse_faulty(tuple(reason_faults((reason,))))
        return replace(self, stage=DemandStage.REFUSED, reason=reason)

    def merged(self, lead: Demand) -> Demand:
        """Return the demand as one that is met together with ``lead``."""
        if self.stage is DemandStage.MERGED and self.into == lead.id:
            return self
        if self.stage not in (DemandStage.FILED, DemandStage.PUBLISHED):
            raise self._wrong_moment(text("only open demands are merged"))
        if lead.id == self.id or lead.stage is not DemandStage.PUBLISHED:
            raise Invalid(
                text("the other demand is not on the list"), remedy=text("accept it first, then merge into it")
            )
        return replace(self, stage=DemandStage.MERGED, into=lead.id)

    def routed(self, owner: str) -> Demand:
        """Return the demand as put before the body that is presumed to have the data."""
        self._need(DemandStage.PUBLISHED, text("accept the demand first"))
        if owner == self.consumer:
            raise Invalid(text("the asking body does not have the data that it asks for"))
        if owner == self.owner and self.standing in (Standing.ASKED, Standing.CONFIRMED):
            return self
        return replace(self, owner=owner, standing=Standing.ASKED, reason="")

    def confirmed(self) -> Demand:
        """Return the demand as one whose data the presumed owner has."""
        if self.standing is Standing.CONFIRMED:
            return self
        self._need_asked()
        return replace(self, standing=Standing.CONFIRMED)

    def contested(self, reason: str) -> Demand:
        """Return the demand as one whose data the presumed owner says it does not have."""
        self._need_asked()
        refuse_faulty(tuple(reason_faults((reason,))))
        return replace(self, standing=Standing.CONTESTED, reason=reason)

    def satisfied(self) -> Demand:
        """Return the demand as met."""
        return replace(self, stage=DemandStage.SATISFIED)

    def withdrawn(self) -> Demand:
        """Return the demand as taken back by the department."""
        if self.stage is DemandStage.WITHDRAWN:
            return self
        if self.stage not in (DemandStage.DRAFT, DemandStage.FILED, DemandStage.PUBLISHED):
            raise self._wrong_moment(text("it has ended already"))
        return replace(self, stage=DemandStage.WITHDRAWN)

    def check_splits(self) -> None:
        """Refuse to make responsibilities of what is not on the list, or of data that nobody owns up to."""
        self._need(DemandStage.PUBLISHED, text("accept the demand first"))
        if self.standing in (Standing.ASKED, Standing.CONTESTED):
            raise self._wrong_moment(text("wait for the presumed owner's word, or ask another body"))

    def facts(self) -> Mapping[str, Fact]:
        """Return what evidence may say of the demand."""
        return {
            "consumer": self.consumer,
            "entry": self.need.entry,
            "owner": self.owner,
            "purpose": self.need.purpose.value,
            "items": len(self.need.items),
            "words": digest("\n".join((self.need.title, self.need.words, *self.need.items)).encode()),
            "by": self.need.by.isoformat() if self.need.by else None,
        }

    def _need_asked(self) -> None:
        if self.standing is not Standing.ASKED:
            raise self._wrong_moment(text("nobody waits for this answer"))

    def _need(self, stage: DemandStage, remedy: Text) -> None:
        if self.stage is not stage:
            raise self._wrong_moment(remedy)

    def _wrong_moment(self, remedy: Text) -> WrongMoment:
        return WrongMoment(text("the demand is {stage}", stage=self.stage), remedy=remedy)


@dataclass(frozen=True, slots=True, kw_only=True)
class Presumed:
    """A body that may have wanted data, and why it is thought so."""

    body: str
    items: tuple[str, ...]  # wanted items that stand in its catalogue
    shared: int  # thousandths of the demand's pairs of characters that stand in its duties


def presumed_owners(
    demand: Demand, duties: Mapping[str, str], holders: Mapping[str, tuple[str, ...]]
) -> tuple[Presumed, ...]:
    """Return who may have the data, the likeliest first: by wanted items in its catalogue, then by its duties' words.

    ``duties`` holds what bodies answer for, ``holders`` the wanted items that stand in their entries.
    """
    wanted = _pairs((demand.need.title, *demand.need.items))
    found = []
    for body in dict.fromkeys((*duties, *holders)):
        known = _pairs((duties.get(body, ""),))
        shared = 1000 * len(wanted & known) // max(len(wanted), 1)
        if body != demand.consumer and (shared or holders.get(body)):
            found.append(Presumed(body=body, items=holders.get(body, ()), shared=shared))
    return tuple(sorted(found, key=lambda one: (-len(one.items), -one.shared, one.body)))


def alike(demand: Demand, others: Iterable[Demand]) -> tuple[Demand, ...]:
    """Return the demands that want nearly the same, the most alike first."""
    mine = _pairs((demand.need.title, *demand.need.items))
    ranked = []
    for other in others:
        theirs = _pairs((other.need.title, *other.need.items))
        shared = 1000 * len(mine & theirs) // max(len(mine | theirs), 1)
        same_entry = bool(demand.need.entry) and demand.need.entry == other.need.entry
        if other.id != demand.id and (shared >= SIMILAR_FROM or same_entry):
            ranked.append((-shared, other.id, other))
    return tuple(other for _, _, other in sorted(ranked, key=lambda one: one[:2]))


def _pairs(words: Iterable[str]) -> frozenset[str]:
    return frozenset(
        first + second
        for one in words
        for first, second in pairwise("".join(one.casefold().split()))
        if first.isalnum() and second.isalnum()
    )
