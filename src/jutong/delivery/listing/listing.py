"""A service by declaration: which rows of an entry may be listed, found by which parameters, in which order."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from jutong.kernel.canon import Fact, canonical, digest
from jutong.quality.expression import Kind

from ..opening import State, must_rest_on_none

MOST_LISTINGS = 20  # live ones of one entry
MOST_PARAMETERS, MOST_ORDER, MOST_ITEMS = 12, 3, 500
MOST_PAGE = 1000  # rows of a page
MOST_ROWS = 100_000  # rows that one question gives, page by page
TITLE_MOST = 200


class Operator(StrEnum):
    """How a parameter finds rows."""

    EQUALS = "equals"
    PREFIX = "prefix"  # the item's text begins with it
    FROM = "from"  # this much or later, itself included
    TO = "to"
    IN = "in"  # one of a list
    CONDITION = "condition"  # it stands in the condition that the provider wrote


class Type(StrEnum):
    """What a parameter's value is."""

    TEXT = "text"
    NUMBER = "number"
    DAY = "day"

    @property
    def kind(self) -> Kind:
        """The kind that expressions know."""
        return Kind(self.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One thing that a caller may say; left out, an optional one without a default finds every row."""

    name: str
    operator: Operator
    item: str = ""  # none where it stands in the condition
    type: Type = Type.TEXT
    required: bool = False
    default: str = ""  # of a list, its values between commas

    @property
    def defaults(self) -> tuple[str, ...]:
        """The values that stand where a caller says nothing."""
        return tuple(self.default.split(",")) if self.operator is Operator.IN else (self.default,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One item by which rows come, the smallest first unless ``descending``."""

    item: str
    descending: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """One declared service over one entry, called under its ``name``.

    The condition is an expression over the entry's items in which ``:name`` stands for a parameter.
    """

    id: str = ""
    entry: str = ""
    provider: str = ""
    name: str
    title: str
    items: tuple[str, ...]
    parameters: tuple[Parameter, ...] = ()
    condition: str = ""
    order: tuple[Order, ...] = ()
    page_rows: int = 100
    most_rows: int = 10_000
    made: datetime | None = None
    by: str = ""
    state: State = State.LIVE
    copied: str = ""  # version of the copy that answers
    copied_at: datetime | None = None
    rows: int = 0  # of the copy

    @property
    def copy(self) -> str:
        """The name of the copy that answers."""
        return self.id.lower()

    def parameter(self, name: str) -> Parameter | None:
        """Return the parameter called ``name``, if there is one."""
        return next((one for one in self.parameters if one.name == name), None)

    def begun(self, listing_id: str, *, entry: str, provider: str, by: str, now: datetime) -> Listing:
        """Return what somebody wishes as a new service over an entry."""
        return replace(self, id=listing_id, entry=entry, provider=provider, by=by, made=now)

    def ended(self, opened_for: int) -> Listing:
        """Return the service as over; while an agreement rests on it, its provider alone does not end it."""
        must_rest_on_none(opened_for)
        return replace(self, state=State.ENDED)

    def copied_as(self, version: str, rows: int, now: datetime) -> Listing:
        """Return the service with a new copy to answer from."""
        return replace(self, copied=version, rows=rows, copied_at=now)

    def said(self) -> dict[str, Fact]:
        """Return what it declares, apart from who declared it when."""
        return {
            "entry": self.entry,
            "name": self.name,
            "items": list(self.items),
            "parameters": [
                [one.name, one.item, one.operator.value, one.type.value, one.required, one.default]
                for one in self.parameters
            ],
            "condition": self.condition,
            "order": [[one.item, one.descending] for one in self.order],
            "page_rows": self.page_rows,
            "most_rows": self.most_rows,
        }

    def digest(self) -> str:
        """Return the digest of what it declares."""
        return digest(canonical(self.said()))
