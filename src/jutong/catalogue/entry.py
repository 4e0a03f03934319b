"""A catalogue entry: what data exists, who answers for it, on what terms; and the moves from draft to publication."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from itertools import pairwise

from jutong.guard.grades import Method
from jutong.guard.permit import Label
from jutong.kernel.errors import Invalid, WrongMoment
from jutong.kernel.ids import is_ulid
from jutong.kernel.text import Text, text
from jutong.terms.actor import Actor
from jutong.terms.grade import Grade

from .code_scheme import code_faults
from .item import NAME, Format, Item, delivery_faults
from .stage import AUDITED, NEXT, PREPARED, RANK, REDRAFTED_FROM, SHOWN, TRAVELLING, WITH_AUTHORITY, Move, Stage
from .terms_of_use import LegalBasis, OpenType, ShareType, TermsOfUse, UpdateCycle, strictest
from .theming import Theme
from .wording import Part, reason_faults, refuse_faulty, text_faults

TITLE_LIMIT = 200
PHRASE_LIMIT = 500
ABSTRACT_LIMIT = 4000
ITEMS_LIMIT = 500
CODES_LIMIT = 20
CLASSIFIED_TITLE = "涉密数据（占位）"

_SERVICE = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_BODY = re.compile(r"[0-9A-HJ-NP-RT-UW-Y]{18}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One data resource of one provider, in one version."""

    id: str
    provider: str
    title: str
    service: str = ""  # its name in gateway paths
    abstract: str = ""
    format: Format = Format.DATABASE
    theme: Theme | None = None
    items: tuple[Item, ...] = ()
    terms: TermsOfUse
    methods: tuple[Method, ...] = ()
    update_cycle: UpdateCycle = UpdateCycle.IRREGULAR
    open_type: OpenType = OpenType.CLOSED
    open_condition: str = ""
    region_item: str = ""  # the item that holds the division of the data subject
    resource_codes: tuple[str, ...] = ()
    classified: bool = False
    secrecy_assessed: bool = False
    impact_assessed: bool = False
    version: int = 1
    stage: Stage = Stage.DRAFT
    moves: tuple[Move, ...] = ()
    audit_due: date | None = None

    @property
    def grade(self) -> Grade:
        """The gravest of the items' grades."""
        return max((item.grade for item in self.items), default=Grade.L1)

    @property
    def share_type(self) -> ShareType:
        """The share type that the provider gave the entry as a whole."""
        return self.terms.share_type

    @property
    def free_conditions(self) -> tuple[str, ...]:
        """The conditions in free words, of the entry and of its items: the authority looks at each (art. 15)."""
        return (*self.terms.other_conditions, *(line for item in self.items for line in item.other_conditions))

    @property
    def legal_basis(self) -> tuple[LegalBasis, ...]:
        """The rules that the provider cites."""
        return self.terms.legal_basis

    @property
    def key_item(self) -> str:
        """The item by which one record is looked up; empty if there is none."""
        return next((item.name for item in self.items if item.key), "")

    @property
    def label(self) -> Label:
        """What the guard needs for acts on the data itself."""
        return Label(owner=self.provider, grade=self.grade)

    @property
    def sheet(self) -> Label:
        """What the guard needs for acts on the catalogue sheet, which says nothing of any row."""
        return Label(owner=self.provider)

    def item(self, name: str) -> Item:
        """Return the item called ``name``, or refuse."""
        for item in self.items:
            if item.name == name:
                return item
        raise Invalid(
            text("the entry {title} has no item {name}", title=self.title, name=name),
            remedy=text("use one of: {names}", names=", ".join(item.name for item in self.items)),
        )

    def share_type_of(self, names: Iterable[str]) -> ShareType:
        """Return the share type that governs a request for these items together."""
        return strictest(tuple(self.item(name).share_type for name in names))

    def counts(self) -> Mapping[str, int]:
        """Return how many items there are of each share type."""
        return dict(sorted(Counter(item.share_type.value for item in self.items).items()))

    def check_form(self) -> None:
        """Refuse what not even a draft may hold: unsafe text, wrong names, more than fits."""
        refuse_faulty(tuple(self._form_faults()))

    def check(self) -> None:
        """Refuse an entry that is not fit to be signed, and say everything that is wrong with it (arts 13-15)."""
        refuse_faulty((*self._form_faults(), *(fault for _, fault in self._content_faults())))

    def missing(self) -> tuple[tuple[Part, Text], ...]:
        """Return what keeps a draft from being signed, each with the part of the sheet in which it is put right."""
        return tuple(self._content_faults())

    @property
    def ready(self) -> bool:
        """Say whether the head of the department could sign it as it stands."""
        return not self.classified and not any(self._form_faults()) and not any(self._content_faults())

    @property
    def shown_to_all(self) -> bool:
        """Say whether every department may know of this version."""
        return self.stage in SHOWN and self._passed(Stage.PUBLISHED)

    @property
    def shown_to_authority(self) -> bool:
        """Say whether the authority and neighbour tiers may know of this version."""
        return self.stage in TRAVELLING and self._passed(Stage.SUBMITTED)

    @property
    def round(self) -> int:
        """How often this version was submitted; within one round nobody changes its content."""
        return sum(move.stage is Stage.SUBMITTED for move in self.moves)

    def begun(self, entry_id: str, actor: Actor, at: datetime) -> Entry:
        """Return the first draft of a new entry."""
        first = _move(Stage.DRAFT, actor, at)
        return replace(self, id=entry_id, version=1, stage=Stage.DRAFT, moves=(first,), audit_due=None)

    def copied(self, provider: str) -> Entry:
        """Return what another entry of ``provider`` may begin with: the same words, but no name and no assessment."""
        return Entry(
            id="",
            provider=provider,
            title=self.title,
            abstract=self.abstract,
            format=self.format,
            theme=self.theme,
            items=self.items,
            terms=self.terms,
            methods=self.methods,
            update_cycle=self.update_cycle,
            open_type=self.open_type,
            open_condition=self.open_condition,
            region_item=self.region_item,
        )

    def redrafted(self, wish: Entry, actor: Actor, at: datetime) -> Entry:
        """Return what the provider wants the entry to say; a published version stays and the next one begins."""
        if self.same_content(wish):
            return self
        if self.stage not in REDRAFTED_FROM:
            raise self._wrong_moment(text("a signed entry must be returned before it can change"))
        if (self.version > 1 or self.stage is Stage.PUBLISHED) and wish.service != self.service:
            raise Invalid(
                text("the service name of an entry stays once it was published"),
                remedy=text("keep {service}, or withdraw the entry and draft a new one", service=self.service),
            )
        wish = replace(wish, id=self.id, version=self.version, stage=Stage.DRAFT, moves=self.moves, audit_due=None)
        first = _move(Stage.DRAFT, actor, at)
        if self.stage is Stage.PUBLISHED:
            return replace(wish, version=self.version + 1, moves=(first,))
        return wish if self.stage is Stage.DRAFT else replace(wish, moves=(*self.moves, first))

    def signed(self, actor: Actor, at: datetime) -> Entry:
        """Return the entry as signed by the head of the department, after both assessments (art. 13)."""
        if self._done(Stage.SIGNED, actor):
            return self
        self._need(Stage.DRAFT, remedy=text("draft it first"))
        if self.classified:
            raise Invalid(
                text("a classified entry is a placeholder and goes no further"),
                basis=text("Order 809, art. 3: state secrets are outside"),
            )
        self.check()
        return self._moved(Stage.SIGNED, actor, at)

    def submitted(self, actor: Actor, at: datetime, *, due: date) -> Entry:
        """Return the entry as handed to the authority, which audits and publishes by ``due``."""
        if self._done(Stage.SUBMITTED, actor):
            return self
        self._need(Stage.SIGNED, remedy=text("the head of the department signs it first (art. 13)"))
        return replace(self._moved(Stage.SUBMITTED, actor, at), audit_due=due)

    def registered(self, actor: Actor, at: datetime, *, other_conditions_accepted: bool = False) -> Entry:
        """Return the entry with its first audit passed."""
        if self._done(Stage.REGISTERED, actor):
            return self
        self._need(Stage.SUBMITTED, remedy=text("the provider submits it first"))
        if self.free_conditions and not other_conditions_accepted:
            raise Invalid(
                text(
                    "{count} conditions are not on the list of conditions and need the authority's own look",
                    count=len(self.free_conditions),
                ),
                basis=text("Order 809, art. 15: no conditions may be invented"),
                remedy=text("accept them expressly, or return the entry"),
            )
        self._need_other_hand(actor)
        return self._moved(Stage.REGISTERED, actor, at)

    def published(self, actor: Actor, at: datetime) -> Entry:
        """Return the entry with its second audit passed, by another person than the first."""
        if self._done(Stage.PUBLISHED, actor):
            return self
        self._need(Stage.REGISTERED, remedy=text("the first audit comes before"))
        self._need_other_hand(actor)
        return self._moved(Stage.PUBLISHED, actor, at)

    def returned(self, reasons: tuple[str, ...], actor: Actor, at: datetime) -> Entry:
        """Return the entry as sent back to its provider, with everything that is wrong."""
        if self._done(Stage.RETURNED, actor):
            return self
        if self.stage not in WITH_AUTHORITY:
            raise self._wrong_moment(text("only what lies with the authority can be sent back"))
        refuse_faulty(tuple(reason_faults(reasons)))
        return replace(self._moved(Stage.RETURNED, actor, at, reasons), audit_due=None)

    def withdrawn(self, reason: str, actor: Actor, at: datetime) -> Entry:
        """Return the entry as withdrawn for good."""
        if self.stage is Stage.WITHDRAWN:
            return self
        refuse_faulty(tuple(reason_faults((reason,))))
        return replace(self._moved(Stage.WITHDRAWN, actor, at, (reason,)), audit_due=None)

    def same_content(self, other: Entry) -> bool:
        """Say whether both say the same of the data, wherever they stand on their way."""
        return self == replace(
            other, id=self.id, version=self.version, stage=self.stage, moves=self.moves, audit_due=self.audit_due
        )

    def adopted_over(self, known: Entry | None) -> Entry:
        """Return which of two states of one version stands: the later one, whatever the order of their arrival.

        Nodes that hear the same states end the same. Publication settles a version, and only a withdrawal is later.
        Within one round of submission the content is what the department's head signed: two contents are a forgery.
        """
        self.check_way()
        if known is None:
            return self
        settled = known.round == self.round or known.stage is self.stage is Stage.PUBLISHED
        forked = settled and not self.same_content(known)
        if known.provider != self.provider or (forked and Stage.WITHDRAWN not in (self.stage, known.stage)):
            raise Invalid(
                text("version {version} of this entry is known here with another content", version=self.version),
                basis=text("catalogue rules, one content for one round of submission"),
                remedy=text("ask the provider which of the two its head signed"),
            )
        if self._place <= known._place:
            return known
        # A draft that was changed and then withdrawn was signed by nobody: its end is taken over, its words are not.
        return replace(known, stage=self.stage, moves=self.moves, audit_due=None) if forked else self

    def check_way(self) -> None:
        """Refuse an entry from elsewhere that could not have come by its stage."""
        stages = tuple(move.stage for move in self.moves)
        if self.stage not in TRAVELLING or stages[:1] != (Stage.DRAFT,) or stages[-1:] != (self.stage,):
            raise Invalid(text("an entry in the stage {stage} does not travel", stage=self.stage.value))
        for place, (before, after) in enumerate(pairwise(self.moves), start=1):
            if after.stage not in NEXT[before.stage]:
                raise Invalid(
                    text("an entry does not go from {before} to {after}", before=before.stage, after=after.stage)
                )
            if after.stage in AUDITED and after.by in _hands(self.moves[:place]):
                raise _same_hand()
        if self.classified or not self._passed(Stage.SUBMITTED):
            raise Invalid(text("what was never submitted does not travel"))
        if self.stage is Stage.WITHDRAWN:
            self.check_form()
        else:
            self.check()

    def _passed(self, stage: Stage) -> bool:
        return any(move.stage is stage for move in self.moves)

    @property
    def _place(self) -> tuple[object, ...]:
        # A published version ends only by its withdrawal. The last part settles what two nodes did at once: not
        # rightly, but everywhere alike.
        end = (Stage.PUBLISHED, Stage.WITHDRAWN).index(self.stage) + 1 if self.stage in SHOWN else 0
        hands = tuple((move.at, move.by, move.org, move.reasons) for move in self.moves)
        return end, len(self.moves), RANK[self.stage], hands

    def _done(self, stage: Stage, actor: Actor) -> bool:
        # The same hand doing the same thing again (a lost answer, a second click) changes nothing.
        return self.stage is stage and self.moves[-1].by == actor.id

    def _need(self, stage: Stage, *, remedy: Text) -> None:
        if self.stage is not stage:
            raise self._wrong_moment(remedy)

    def _wrong_moment(self, remedy: Text) -> WrongMoment:
        return WrongMoment(
            text("the entry is {stage}, version {version}", stage=self.stage.value, version=self.version), remedy=remedy
        )

    def _need_other_hand(self, actor: Actor) -> None:
        if actor.id in _hands(self.moves):
            raise _same_hand()

    def _moved(self, stage: Stage, actor: Actor, at: datetime, reasons: tuple[str, ...] = ()) -> Entry:
        return replace(self, stage=stage, moves=(*self.moves, _move(stage, actor, at, reasons)))

    def _form_faults(self) -> Iterator[Text]:
        yield from text_faults(text("title"), self.title, limit=TITLE_LIMIT, needed=True)
        yield from text_faults(text("abstract"), self.abstract, limit=ABSTRACT_LIMIT, lines=True)
        yield from text_faults(text("condition of opening"), self.open_condition, limit=PHRASE_LIMIT)
        if self.id and not is_ulid(self.id):
            yield text("the identifier is not spelled as one")
        if not _BODY.fullmatch(self.provider):
            yield text("the provider is named by its unified social credit code of 18 characters")
        if self.region_item and not NAME.fullmatch(self.region_item):
            yield text("the region item is named as an item is: 1 to 63 of a-z, 0-9 and _")
        if self.service and not _SERVICE.fullmatch(self.service):
            yield text("the service name is 1 to 63 of a-z, 0-9 and -, and begins and ends with a letter or digit")
        yield from code_faults(self.resource_codes)
        yield from self.terms.form_faults()
        if self.classified and (self.items or self.abstract or self.service or self.resource_codes):
            yield text("a classified entry is a placeholder: no items, abstract, service name or codes")
        if self.classified and self.title != CLASSIFIED_TITLE:
            yield text("the title of a classified entry is {title}", title=CLASSIFIED_TITLE)
        if len(self.items) > ITEMS_LIMIT or len(self.resource_codes) > CODES_LIMIT:
            yield text("an entry has at most {items} items and {codes} codes", items=ITEMS_LIMIT, codes=CODES_LIMIT)
        for item in self.items[:ITEMS_LIMIT]:
            yield from item.form_faults()
        for name, count in Counter(item.name for item in self.items).items():
            if count > 1:
                yield text("item {item} stands {count} times", item=name[:PHRASE_LIMIT], count=count)

    def _content_faults(self) -> Iterator[tuple[Part, Text]]:
        if not self.items:
            yield Part.ITEMS, text("an entry needs items (art. 13)")
        conditional = [item for item in self.items if item.share_type is ShareType.CONDITIONAL]
        yield from self.terms.faults(
            some_item_conditional=bool(conditional),
            items_conditioned=bool(conditional) and all(item.conditioned for item in conditional),
        )
        for item in self.items:
            yield from ((Part.ITEMS, fault) for fault in item.content_faults(self.terms))
        if sum(item.key for item in self.items) > 1:
            yield Part.ITEMS, text("an entry has one key item")
        delivery = delivery_faults(self.items, self.methods, service=self.service, region_item=self.region_item)
        yield from ((Part.DELIVERY, fault) for fault in delivery)
        if self.open_type is OpenType.CONDITIONAL and not self.open_condition.strip():
            yield Part.OPENING, text("data opened under conditions needs its conditions")
        opened = max((item.grade for item in self.items if item.open_type is None), default=Grade.L1)
        if self.open_type is OpenType.OPEN and opened > Grade.L2:
            yield Part.OPENING, text("data of grade {grade} may not be opened as it is", grade=opened.name)
        if not self.secrecy_assessed:
            yield Part.ASSESSMENT, text("the secrecy-risk assessment is not done (art. 13)")
        if not self.impact_assessed:
            yield Part.ASSESSMENT, text("the personal-information impact assessment is not done (art. 13)")


def _move(stage: Stage, actor: Actor, at: datetime, reasons: tuple[str, ...] = ()) -> Move:
    return Move(stage=stage, at=at.astimezone(UTC), by=actor.id, org=actor.org, reasons=reasons)


def _hands(moves: tuple[Move, ...]) -> frozenset[str]:
    """Return who prepared the entry, and who did the audit before: none of them may do the next audit."""
    prepared = {move.by for move in moves if move.stage in PREPARED}
    return frozenset(prepared | {move.by for move in moves[-1:] if move.stage is Stage.REGISTERED})


def _same_hand() -> Invalid:
    return Invalid(
        text("nobody audits what they prepared or audited before"),
        basis=text("catalogue rules, two audits by two persons"),
        remedy=text("let a colleague do this audit"),
    )
