"""One item of a catalogue entry: a column, its meaning and its own terms."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from jutong.guard.grades import Method, handling
from jutong.guard.mask import parse_mask
from jutong.kernel.errors import Invalid
from jutong.kernel.text import Text, text
from jutong.terms.grade import Grade

from .terms_of_use import (
    LIST_LIMIT,
    PHRASE_LIMIT,
    LegalBasis,
    OpenType,
    ShareCondition,
    ShareType,
    TermsOfUse,
    UpdateCycle,
    refusal_faults,
)
from .wording import text_faults

TITLE_LIMIT = 200
REASON_LIMIT = 2000
LENGTH_LIMIT = 1_000_000
SHOWN = 80
CLASSIFIED_ITEM_TITLE = "涉密数据项（占位）"

# Item names become column names in the lake, in SQL and in answers: nothing that would need quoting.
NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
_ELEMENT = re.compile(r"[a-z][a-z0-9-]{0,62}")
_BODY = re.compile(r"[0-9A-HJ-NP-RT-UW-Y]{18}")


class Format(StrEnum):
    """The resource's format category (发改高技术〔2017〕1272号)."""

    DOCUMENT = "document"
    SPREADSHEET = "spreadsheet"
    DATABASE = "database"
    IMAGE = "image"
    STREAM = "stream"
    SELF_DESCRIBED = "self-described"
    INTERFACE = "interface"


class DataType(StrEnum):
    """The item's type, by the letters of the national catalogue tables."""

    CHAR = "C"
    NUMERIC = "N"
    CURRENCY = "Y"
    DATE = "D"
    DATETIME = "T"
    LOGICAL = "L"
    MEMO = "M"
    GENERAL = "G"
    DOUBLE = "B"
    INTEGER = "I"
    FLOAT = "F"


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One column of the data, with terms of its own: sharing is asked for and granted item by item."""

    name: str  # the physical column
    title: str
    data_type: DataType = DataType.CHAR
    length: int | None = None
    element: str | None = None  # identifier of the standard element whose checks apply
    share_type: ShareType
    grade: Grade
    required: bool = False
    key: bool = False
    mask: str | None = None  # spelled as ``guard.parse_mask`` reads it
    reason: str = ""  # why it is not shared
    legal_basis: tuple[LegalBasis, ...] = ()  # which rule forbids it
    conditions: tuple[ShareCondition, ...] = ()  # beside those of the entry
    other_conditions: tuple[str, ...] = ()  # in free words: the authority must accept them (art. 15)
    open_type: OpenType | None = None  # None: as the entry
    open_condition: str = ""
    update_cycle: UpdateCycle | None = None  # None: as the entry
    source: str = ""  # the body whose data it authoritatively is (art. 19); empty: the provider itself
    classified: bool = False  # a placeholder: that there is such an item, and nothing else of it (art. 3)

    @property
    def standing_mask(self) -> str:
        """The mask that applies where an agreement names none: the item's own, or its grade's."""
        return self.mask or handling(self.grade).default_mask

    def form_faults(self) -> Iterator[Text]:
        """Yield what not even a draft may hold."""
        name = self.name[:SHOWN]
        if not NAME.fullmatch(self.name):
            yield text("item {item}: a name is 1 to 63 of a-z, 0-9 and _, and begins with a letter", item=name)
        yield from text_faults(text("item {item}, title", item=name), self.title, limit=TITLE_LIMIT, needed=True)
        yield from text_faults(text("item {item}, reason", item=name), self.reason, limit=REASON_LIMIT, lines=True)
        for basis in self.legal_basis:
            yield from basis.form_faults()
        if self.element is not None and not _ELEMENT.fullmatch(self.element):
            yield text("item {item}: the element identifier is not spelled as one", item=name)
        if self.length is not None and not 0 < self.length <= LENGTH_LIMIT:
            yield text("item {item}: the length is 1 to {limit}", item=name, limit=LENGTH_LIMIT)
        if self.mask is not None:
            try:
                parse_mask(self.mask)
            except Invalid as fault:
                yield text("item {item}: {fault}", item=name, fault=fault.reason)
        yield from self._terms_form_faults(name)

    def _terms_form_faults(self, name: str) -> Iterator[Text]:
        if len(self.conditions) > LIST_LIMIT or len(self.other_conditions) > LIST_LIMIT:
            yield text("item {item}: at most {limit} conditions", item=name, limit=LIST_LIMIT)
        field = text("item {item}, other condition", item=name)
        for line in self.other_conditions[:LIST_LIMIT]:
            yield from text_faults(field, line, limit=PHRASE_LIMIT, needed=True)
        opening = text("item {item}, condition of opening", item=name)
        yield from text_faults(opening, self.open_condition, limit=PHRASE_LIMIT)
        if self.source and not _BODY.fullmatch(self.source):
            yield text("item {item}: the source is named by its unified social credit code of 18 characters", item=name)
        if self.classified and self.title != CLASSIFIED_ITEM_TITLE:
            yield text("item {item}: the title of a classified item is {title}", item=name, title=CLASSIFIED_ITEM_TITLE)
        if self.classified and (self.element or self.conditions or self.other_conditions or self.reason):
            yield text("item {item}: a classified item is a placeholder and says nothing of the data", item=name)

    def content_faults(self, terms: TermsOfUse) -> Iterator[Text]:
        """Yield what is missing before the item can be signed for, in an entry with ``terms``."""
        if self.classified:
            if self.share_type is not ShareType.NOT_SHARED or self.open_type in (OpenType.OPEN, OpenType.CONDITIONAL):
                yield text("item {item} is classified: it is neither shared nor opened (art. 3)", item=self.name)
            return
        yield from self._opening_faults()
        if self.conditioned and self.share_type is not ShareType.CONDITIONAL:
            yield text("item {item} lists conditions, but is not shared under conditions (art. 15)", item=self.name)
        if self.share_type is ShareType.NOT_SHARED and terms.share_type is not ShareType.NOT_SHARED:
            yield from refusal_faults(self.reason, self.legal_basis, what=self.name)
        if terms.share_type is ShareType.NOT_SHARED and self.share_type is not ShareType.NOT_SHARED:
            yield text("item {item} is shared, but the entry is not", item=self.name)
        if self.share_type is ShareType.UNCONDITIONAL and self.grade > Grade.L2:
            yield text(
                "item {item}: data of grade {grade} is shared under conditions at most (GB/T 43697-2024)",
                item=self.name,
                grade=self.grade.name,
            )
        if self.key and self.share_type is ShareType.NOT_SHARED and terms.share_type is not ShareType.NOT_SHARED:
            yield text("item {item} is the key, but is not shared", item=self.name)

    @property
    def conditioned(self) -> bool:
        """Say whether the item has conditions of its own."""
        return bool(self.conditions or self.other_conditions)

    def _opening_faults(self) -> Iterator[Text]:
        if self.open_type is OpenType.CONDITIONAL and not self.open_condition.strip():
            yield text("item {item} is opened under conditions, but lists none", item=self.name)
        if self.open_type is OpenType.OPEN and self.grade > Grade.L2:
            yield text("item {item}: data of grade {grade} may not be opened", item=self.name, grade=self.grade.name)


def delivery_faults(
    items: tuple[Item, ...], methods: tuple[Method, ...], *, service: str, region_item: str
) -> Iterator[Text]:
    """Yield what keeps the items from being handed over by ``methods`` under the name ``service``."""
    shared = [item for item in items if item.share_type is not ShareType.NOT_SHARED]
    if region_item and region_item not in {item.name for item in items}:
        yield text("the region item {item} is not an item of the entry", item=region_item[:SHOWN])
    if not shared:
        return
    if not service:
        yield text("shared data needs a service name")
    if not methods:
        yield text("shared data needs its share methods (art. 13)")
    if {Method.QUERY, Method.VERIFY} & set(methods) and not any(item.key for item in items):
        yield text("query and verification need a key item")
    for method in methods:
        if not any(method in handling(item.grade).methods for item in shared):
            yield text(
                "no shared item has a grade that may leave by the method {method} (GB/T 43697-2024)",
                method=method.value,
            )
