"""Endpoints of services by declaration: declared, tried and opened by the provider; given up by the consumer."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec
from litestar.params import JSONBody

from jutong import catalogue, sharing
from jutong.delivery import listing
from jutong.delivery.listing import Listing, Operator, Order, Parameter, State, Type, Wish

from .wiring import NO_NUL, AfterUlid, Limit, Name, TheActor, TheHouse, Ulid, UlidField, act, look

TAGS = ["delivery"]
Short = Annotated[str, msgspec.Meta(max_length=63, pattern=NO_NUL)]
Value = Annotated[str, msgspec.Meta(max_length=300, pattern=NO_NUL)]


class ParameterSheet(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """One thing that callers may say; no item where it stands in the condition."""

    name: Short
    operator: Operator
    item: Short = ""
    type: Type = Type.TEXT
    required: bool = False
    default: Value = ""


class OrderSheet(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """One item by which rows come."""

    item: Short
    descending: bool = False


class ListingSheet(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A service as its provider declares it; in the condition ``:name`` stands for a parameter."""

    name: Short
    title: Name
    items: Annotated[list[Short], msgspec.Meta(max_length=500)]
    parameters: Annotated[list[ParameterSheet], msgspec.Meta(max_length=50)] = []
    condition: Annotated[str, msgspec.Meta(max_length=2000, pattern=NO_NUL)] = ""
    order: Annotated[list[OrderSheet], msgspec.Meta(max_length=10)] = []
    page_rows: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 100
    most_rows: Annotated[int, msgspec.Meta(ge=1, le=100_000)] = 10_000

    def wish(self) -> Listing:
        """Return it as a noun."""
        return Listing(
            name=self.name,
            title=self.title,
            items=tuple(self.items),
            parameters=tuple(Parameter(**msgspec.structs.asdict(one)) for one in self.parameters),
            condition=self.condition,
            order=tuple(Order(**msgspec.structs.asdict(one)) for one in self.order),
            page_rows=self.page_rows,
            most_rows=self.most_rows,
        )


class ListingView(msgspec.Struct, kw_only=True):
    """A declared service as it stands; ``rows`` and ``copied_at`` are of the copy that answers."""

    id: str
    entry: str
    name: str
    title: str
    items: tuple[str, ...]
    parameters: tuple[Parameter, ...]
    condition: str
    order: tuple[Order, ...]
    page_rows: int
    most_rows: int
    state: State
    rows: int
    copied_at: datetime | None


class Question(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What is asked in a trial."""

    parameters: Annotated[
        dict[Short, Value | Annotated[list[Value], msgspec.Meta(max_length=100)]], msgspec.Meta(max_length=50)
    ] = {}


class TrialView(msgspec.Struct, kw_only=True):
    """A few rows, masked by each item's grade and the viewer's clearance; whether there are more."""

    items: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    more: bool


class Opening(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """To which agreement a service is opened."""

    agreement: UlidField


@look("/api/entries/{entry_id:str}/listings", tags=TAGS)
def list_listings(
    house: TheHouse, actor: TheActor, entry_id: Ulid, after: AfterUlid = "", limit: Limit = 100
) -> list[ListingView]:
    """List the services that an entry's provider declared; others see none of them here."""
    with house.reading() as db:
        entry = catalogue.visible_to(db, entry_id, actor)
        mine = listing.sees_all(actor, entry.provider)
        found = listing.listings_of(db, entry.id, after=(after,) if after else (), limit=limit) if mine else ()
    return [_view(one) for one in found]


@act("/api/entries/{entry_id:str}/listings", tags=TAGS)
def declare_listing(house: TheHouse, actor: TheActor, entry_id: Ulid, data: JSONBody[ListingSheet]) -> ListingView:
    """Declare, as the provider, a service over an entry; it is open to nobody before its office opens it."""
    with house.desk(actor) as desk:
        return _view(listing.declare_listing(desk, entry_id, data.wish()))


@look("/api/listings/{listing_id:str}", tags=TAGS)
def show_listing(house: TheHouse, actor: TheActor, listing_id: Ulid) -> ListingView:
    """Show a declared service."""
    with house.reading() as db:
        return _view(listing.listing_shown(db, listing_id, actor))


@act("/api/listings/{listing_id:str}/trial", tags=TAGS)
def try_listing(house: TheHouse, actor: TheActor, listing_id: Ulid, data: JSONBody[Question]) -> TrialView:
    """Ask a declared service as its provider: a few rows, masked; on record."""
    with house.desk(actor) as desk:
        trial = listing.try_listing(desk, listing_id, Wish(parameters=dict(data.parameters)), key=house.key)
    return TrialView(items=trial.items, rows=trial.rows, more=trial.more)


@act("/api/listings/{listing_id:str}/opening", tags=TAGS)
def open_listing(house: TheHouse, actor: TheActor, listing_id: Ulid, data: JSONBody[Opening]) -> ListingView:
    """Open a declared service to an agreement that grants queries of its entry."""
    with house.desk(actor) as desk:
        return _view(listing.open_listing(desk, listing_id, data.agreement))


@act("/api/listings/{listing_id:str}/ending", tags=TAGS)
def end_listing(house: TheHouse, actor: TheActor, listing_id: Ulid) -> ListingView:
    """End a declared service on which no agreement rests."""
    with house.desk(actor) as desk:
        return _view(listing.end_listing(desk, listing_id))


@look("/api/agreements/{agreement_id:str}/listings", tags=TAGS)
def list_open_listings(
    house: TheHouse, actor: TheActor, agreement_id: Ulid, after: AfterUlid = "", limit: Limit = 100
) -> list[ListingView]:
    """List the declared services that are open to an agreement."""
    with house.reading() as db:
        agreement = sharing.find_agreement(db, agreement_id, actor)
        found = listing.listings_open_to(db, agreement.id, after=(after,) if after else (), limit=limit)
    return [_view(one) for one in found]


@act("/api/agreements/{agreement_id:str}/listings/{listing_id:str}/release", tags=TAGS)
def release_listing(house: TheHouse, actor: TheActor, agreement_id: Ulid, listing_id: Ulid) -> ListingView:
    """Give a declared service up, as the using body: its agreement rests on it no longer."""
    with house.desk(actor) as desk:
        return _view(listing.release_listing(desk, listing_id, agreement_id))


def _view(kept: Listing) -> ListingView:
    return ListingView(**{name: getattr(kept, name) for name in ListingView.__struct_fields__})


ENDPOINTS = [
    list_listings,
    declare_listing,
    show_listing,
    try_listing,
    open_listing,
    end_listing,
    list_open_listings,
    release_listing,
]
