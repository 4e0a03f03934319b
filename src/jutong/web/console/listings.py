"""The pages of services by declaration: declared over an entry, tried with masked rows, opened to agreements, used."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, TypeVar

import msgspec
from litestar.response import Stream

from jutong import catalogue, delivery, sharing
from jutong.catalogue import Stage
from jutong.delivery import listing, proxy
from jutong.delivery.describe import openapi
from jutong.delivery.listing import Listing, Operator, Order, Parameter, State, Trial, Type, Wish
from jutong.delivery.plan import compile
from jutong.delivery.secrecy import node_secret
from jutong.guard import Label, Method
from jutong.guard.grades import handling
from jutong.kernel.errors import NotFound
from jutong.kernel.text import text
from jutong.sharing import Agreement, Standing

from ..wiring import Name, Ulid, UlidField
from .agreements import AGREEMENTS
from .delivery import SERVICES, base_of
from .form import Form, Misfilled
from .frame import Answer, TheVisit, acted, done, page, shown
from .known_names import names_of_bodies
from .sharing import FIRST
from .table import Act, Asked, Column, Table, table_page
from .visit import Visit

PARAMETERS, ORDERS = 6, 2  # lines of the form; more by file (jutong services declare) or API
CHOSEN_MOST = 100
Short = Annotated[str, msgspec.Meta(max_length=63, pattern=r"^[^\u0000]*$")]
Known = TypeVar("Known", Operator, Type)


class NewListing(msgspec.Struct, kw_only=True):
    """A declaration, apart from its lines of parameters and order."""

    service_name: Short
    service_title: Name
    returned: tuple[Short, ...]
    condition: Annotated[str, msgspec.Meta(max_length=2000, pattern=r"^[^\u0000]*$")] = ""
    page_rows: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 100
    most_rows: Annotated[int, msgspec.Meta(ge=1, le=100_000)] = 10_000


class Opening(msgspec.Struct, kw_only=True):
    """To which agreement a service is opened."""

    agreement: UlidField


@dataclass(frozen=True, slots=True, kw_only=True)
class Used:
    """A declared service under one agreement, as a row of the list."""

    listing: Listing
    path: str
    agreement: str
    may_release: bool


@shown("/entries/{entry_id:str}/listings", guard="pages.services")
def show_listings(visit: TheVisit, entry_id: Ulid) -> Answer:
    """Show the services that were declared over an entry, and let its provider declare one."""
    with visit.house.reading() as db:
        entry = catalogue.visible_to(db, entry_id, visit.acting)
    sees = listing.sees_all(visit.acting, entry.provider)

    def fetch(asked: Asked) -> Iterable[Listing]:
        with visit.house.reading() as db:
            return (
                listing.listings_of(db, entry.id, after=asked.after, descending=asked.descending, limit=asked.limit)
                if sees
                else ()
            )

    table = Table(
        name="listings",
        title=text("Declared services"),
        columns=_LISTINGS,
        key=lambda row: (row.id,),
        sort="-made",
        empty=text("No service is declared over this entry."),
        path=f"/entries/{entry.id}/listings",
    )
    return table_page(
        visit,
        table,
        fetch,
        "delivery/listings.html",
        title=text("Declared services: {title}", title=entry.title),
        crumbs=(FIRST, SERVICES),
        entry=entry,
        may_declare=visit.may("delivery.declare_listing", entry.label)
        and entry.stage is Stage.PUBLISHED
        and handling(entry.grade).lists,
        items=[(item.name, item.title) for item in entry.items],
        operators=list(Operator),
        types=list(Type),
        lines=range(1, PARAMETERS + 1),
        orders=range(1, ORDERS + 1),
    )


@acted("/entries/{entry_id:str}/listings", guard="pages.services", again=show_listings)
def declare_listing(visit: TheVisit, entry_id: Ulid) -> Answer:
    """Declare a service, as the provider."""
    given = visit.form.read(NewListing)
    wish = Listing(
        name=given.service_name,
        title=given.service_title,
        items=given.returned,
        parameters=_parameters(visit.form),
        condition=given.condition,
        order=tuple(
            Order(item=item, descending=visit.form.get(f"order{line}_down") == "on")
            for line in range(1, ORDERS + 1)
            if (item := visit.form.get(f"order{line}"))
        ),
        page_rows=given.page_rows,
        most_rows=given.most_rows,
    )
    with visit.desk() as desk:
        kept = listing.declare_listing(desk, entry_id, wish)
    return done(desk, f"/listings/{kept.id}")


@shown("/listings/{listing_id:str}", guard="pages.services")
def show_listing(visit: TheVisit, listing_id: Ulid) -> Answer:
    """Show one declared service: what it says, a trial, to whom it is open."""
    return _listing(visit, listing_id)


@acted("/listings/{listing_id:str}/trial", guard="pages.services", again=show_listing)
def try_listing(visit: TheVisit, listing_id: Ulid) -> Answer:
    """Ask the service as its provider; what it finds is shown masked, and that is on record."""
    with visit.house.reading() as db:
        kept = listing.listing_shown(db, listing_id, visit.acting)
    said: dict[str, str | int | float | list[str]] = {}
    for one in kept.parameters:
        value = visit.form.get(f"value_{one.name}").strip()
        if value:
            said[one.name] = value.split(",") if one.operator is Operator.IN else value
    with visit.desk() as desk:
        trial = listing.try_listing(desk, kept.id, Wish(parameters=said), key=visit.house.key)
    return _listing(visit, listing_id, trial)


@acted("/listings/{listing_id:str}/opening", guard="pages.services", again=show_listing)
def open_listing(visit: TheVisit, listing_id: Ulid) -> Answer:
    """Open the service to an agreement."""
    given = visit.form.read(Opening)
    with visit.desk() as desk:
        listing.open_listing(desk, listing_id, given.agreement)
    return done(desk, f"/listings/{listing_id}")


@acted("/listings/{listing_id:str}/ending", guard="pages.services", again=show_listing)
def end_listing(visit: TheVisit, listing_id: Ulid) -> Answer:
    """End the service for good."""
    with visit.desk() as desk:
        listing.end_listing(desk, listing_id)
    return done(desk, f"/listings/{listing_id}")


@shown("/agreements/{agreement_id:str}/listings", guard="pages.agreements")
def show_open_listings(visit: TheVisit, agreement_id: Ulid) -> Answer:
    """Show the declared services that are open to an agreement, each with its address."""
    with visit.house.reading() as db:
        agreement = sharing.find_agreement(db, agreement_id, visit.acting)
        entry = catalogue.at_version(db, agreement.entry, agreement.entry_version)
        service = delivery.service_for(db, agreement.entry)
    may_release = visit.may("delivery.release_listing", Label(owner=agreement.consumer))
    base = f"/r1/{service.path}/list/" if service else ""

    def fetch(asked: Asked) -> Iterable[Used]:
        with visit.house.reading() as db:
            found = listing.listings_open_to(
                db, agreement.id, after=asked.after, descending=asked.descending, limit=asked.limit
            )
        return [
            Used(listing=one, path=base and base + one.name, agreement=agreement.id, may_release=may_release)
            for one in found
        ]

    table = Table(
        name="open-listings",
        title=text("Declared services"),
        columns=_USED,
        key=lambda row: (row.listing.id,),
        sort="-id",
        empty=text("No declared service is open to this agreement."),
        then=text("The provider's office opens one to it."),
        path=f"/agreements/{agreement.id}/listings",
    )
    return table_page(
        visit,
        table,
        fetch,
        "delivery/open_listings.html",
        title=text("Declared services: {title}", title=entry.title),
        crumbs=(FIRST, AGREEMENTS),
        agreement=agreement,
        service=service,
        mine=listing.sees_all(visit.acting, agreement.provider),
    )


@shown("/agreements/{agreement_id:str}/openapi", guard="pages.agreements")
def take_openapi(visit: TheVisit, agreement_id: Ulid) -> Answer:
    """Download the OpenAPI document of what the agreement opens, under this node's own address."""
    with visit.house.reading() as db:
        agreement = sharing.find_agreement(db, agreement_id, visit.acting)
        entry = catalogue.find(db, agreement.entry)
        service = delivery.service_for(db, agreement.entry)
        found = listing.listings_open_to(db, agreement.id, limit=CHOSEN_MOST)
        open_own = [
            one for one in proxy.proxies_open_to(db, agreement.id, limit=CHOSEN_MOST) if one.state is proxy.State.LIVE
        ]
        if service is None and open_own:
            service = proxy.service_at(db, entry)
    if service is None:
        raise NotFound("service", agreement.entry)
    plan = compile(agreement, entry, secret=node_secret(visit.house.key), policies=())
    declared = [listing.prepared(one, entry) for one in found if one.state is State.LIVE]
    own = [proxy.offer_of(one, entry) for one in open_own]
    told = openapi(service, (plan,), declared, own, language=visit.language, base=base_of(visit))
    headers = {
        "content-disposition": f'attachment; filename="openapi-{agreement.id.lower()}.json"',
        "cache-control": "no-store",
    }
    return Stream(iter((msgspec.json.encode(told),)), media_type="application/json", headers=headers)


@acted(
    "/agreements/{agreement_id:str}/listings/{listing_id:str}/release",
    guard="pages.agreements",
    again=show_open_listings,
)
def release_listing(visit: TheVisit, agreement_id: Ulid, listing_id: Ulid) -> Answer:
    """Give a declared service up, as the using body."""
    with visit.desk() as desk:
        listing.release_listing(desk, listing_id, agreement_id)
    return done(desk, f"/agreements/{agreement_id}/listings")


def _listing(visit: Visit, listing_id: str, trial: Trial | None = None) -> Answer:
    with visit.house.reading() as db:
        kept = listing.listing_shown(db, listing_id, visit.acting)
        entry = catalogue.find(db, kept.entry)
        open_to = set(listing.agreements_of(db, kept.id))
        known = sharing.agreements_listed(db, visit.acting, entry=kept.entry, limit=CHOSEN_MOST)
        names = names_of_bodies(db, {one.consumer for one in known})
    titles = {item.name: item.title for item in entry.items}
    live = kept.state is State.LIVE
    return page(
        visit,
        "delivery/listing.html",
        title=kept.title,
        crumbs=(FIRST, SERVICES, (f"/entries/{kept.entry}/listings", text("Declared services"))),
        listing=kept,
        entry=entry,
        titles=titles,
        returned=", ".join(titles.get(name, name) for name in kept.items),
        tone="green" if live else "plain",
        trial=trial,
        tried=trial.items if trial else (),
        open_to=[(one, names[one.consumer]) for one in known if one.id in open_to],
        choices=[(one.id, names[one.consumer]) for one in known if one.id not in open_to and _grants(one)],
        may_try=live and visit.may("delivery.try_listing", entry.label),
        may_open=live and visit.may("delivery.open_listing", Label(owner=kept.provider)),
        may_end=live and visit.may("delivery.end_listing", Label(owner=kept.provider)),
    )


def _grants(agreement: Agreement) -> bool:
    return agreement.stage is Standing.IN_FORCE and Method.QUERY in agreement.methods


def _parameters(form: Form) -> tuple[Parameter, ...]:
    """Return the lines that were filled in; a name makes a line."""
    found = []
    for line in range(1, PARAMETERS + 1):
        name = form.get(f"name{line}").strip()
        if name:
            found.append(
                Parameter(
                    name=name,
                    item=form.get(f"item{line}"),
                    operator=_chosen(form, f"operator{line}", Operator),
                    type=_chosen(form, f"type{line}", Type),
                    required=form.get(f"required{line}") == "on",
                    default=form.get(f"default{line}").strip(),
                )
            )
    return tuple(found)


def _chosen(form: Form, name: str, kind: type[Known]) -> Known:
    try:
        return kind(form.get(name))
    except ValueError:
        raise Misfilled({name: text("choose from the list")}) from None


_LISTINGS: tuple[Column[Listing], ...] = (
    Column(key="made", title=text("Declared"), value=lambda row: row.made, kind="instant", sort=True),
    Column(key="title", title=text("Title"), value=lambda row: row.title, href=lambda row: f"/listings/{row.id}"),
    Column(key="name", title=text("Name in the address"), value=lambda row: row.name, kind="code"),
    Column(
        key="parameters",
        title=text("Parameters"),
        value=lambda row: ", ".join(one.name for one in row.parameters),
        kind="code",
    ),
    Column(
        key="state",
        title=text("State"),
        value=lambda row: row.state,
        tone=lambda row: "green" if row.state is State.LIVE else "plain",
    ),
    Column(key="rows", title=text("Rows"), value=lambda row: row.rows, kind="number"),
    Column(key="copied", title=text("Copy of"), value=lambda row: row.copied_at or "", kind="instant"),
)
_USED: tuple[Column[Used], ...] = (
    Column(
        key="id",
        title=text("Title"),
        value=lambda row: row.listing.title,
        href=lambda row: f"/listings/{row.listing.id}",
        sort=True,
    ),
    Column(key="path", title=text("Address"), value=lambda row: row.path, kind="code"),
    Column(
        key="parameters",
        title=text("Parameters"),
        value=lambda row: ", ".join(one.name for one in row.listing.parameters),
        kind="code",
    ),
    Column(key="page", title=text("Rows of a page"), value=lambda row: row.listing.page_rows, kind="number"),
    Column(
        key="release",
        title=text("Give up"),
        value=lambda row: (
            Act(action=f"/agreements/{row.agreement}/listings/{row.listing.id}/release", words=text("Give up"))
            if row.may_release
            else None
        ),
        kind="act",
    ),
)

PAGES = [
    show_listings,
    declare_listing,
    show_listing,
    try_listing,
    open_listing,
    end_listing,
    show_open_listings,
    take_openapi,
    release_listing,
]
