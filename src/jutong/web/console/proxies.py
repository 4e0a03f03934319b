"""The pages of departments' own services: declared over an entry, opened to agreements, given up, ended."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated

import msgspec

from jutong import catalogue, sharing
from jutong.catalogue import Stage
from jutong.delivery import proxy
from jutong.delivery.proxy import Asks, Proxy, State
from jutong.guard import Label, Method
from jutong.guard.grades import handling
from jutong.kernel.text import plain, text
from jutong.sharing import Agreement, Standing

from ..wiring import Name, Ulid, UlidField
from .agreements import AGREEMENTS
from .delivery import SERVICES
from .form import Form, Misfilled
from .frame import Answer, TheVisit, acted, done, page, shown
from .known_names import names_of_bodies
from .proxy_words import FAILURES
from .sharing import FIRST
from .table import Act, Asked, Column, Table, table_page

CHOSEN_MOST = 100
Short = Annotated[str, msgspec.Meta(max_length=64, pattern=r"^[^\u0000]*$")]
Lines = Annotated[str, msgspec.Meta(max_length=20_000, pattern=r"^[^\u0000]*$")]
Secret = Annotated[str, msgspec.Meta(max_length=4000, pattern=r"^[^\u0000]*$")]


class NewProxy(msgspec.Struct, kw_only=True):
    """A declaration, apart from the file with its OpenAPI document."""

    service_title: Name
    service_name: Short
    base: Annotated[str, msgspec.Meta(max_length=500, pattern=r"^[^\u0000]*$")]
    operations: Lines = ""
    fields: Lines = ""
    first_seconds: Annotated[int, msgspec.Meta(ge=1, le=60)] = 5
    whole_seconds: Annotated[int, msgspec.Meta(ge=1, le=60)] = 15
    most_answer: Annotated[int, msgspec.Meta(ge=1, le=8 << 20)] = 1 << 20
    at_once: Annotated[int, msgspec.Meta(ge=1, le=64)] = 8
    hedge_ms: Annotated[int, msgspec.Meta(ge=0, le=10_000)] = 0
    asks: Asks = Asks.NOTHING
    secret_header: Short = ""
    secret_user: Short = ""
    secret_value: Secret = ""


class Opening(msgspec.Struct, kw_only=True):
    """To which agreement a service is opened."""

    agreement: UlidField


class NewSecret(msgspec.Struct, kw_only=True):
    """Another secret, as the department's side has changed it."""

    secret_value: Secret
    secret_user: Short = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Used:
    """An own service of a department under one agreement, as a row of the list."""

    proxy: Proxy
    path: str
    agreement: str
    may_release: bool


@shown("/entries/{entry_id:str}/proxies", guard="pages.services")
def show_proxies(visit: TheVisit, entry_id: Ulid) -> Answer:
    """Show the own services that were declared over an entry, and let its provider declare one."""
    with visit.house.reading() as db:
        entry = catalogue.visible_to(db, entry_id, visit.acting)
    sees = proxy.sees_all(visit.acting, entry.provider)

    def fetch(asked: Asked) -> Iterable[Proxy]:
        with visit.house.reading() as db:
            return (
                proxy.proxies_of(db, entry.id, after=asked.after, descending=asked.descending, limit=asked.limit)
                if sees
                else ()
            )

    table = Table(
        name="proxies",
        title=text("Own services"),
        columns=_PROXIES,
        key=lambda row: (row.id,),
        sort="-made",
        empty=text("No own service is declared over this entry."),
        path=f"/entries/{entry.id}/proxies",
    )
    return table_page(
        visit,
        table,
        fetch,
        "delivery/proxies.html",
        title=text("Own services: {title}", title=entry.title),
        crumbs=(FIRST, SERVICES),
        entry=entry,
        may_declare=visit.may("delivery.declare_proxy", entry.label)
        and entry.stage is Stage.PUBLISHED
        and handling(entry.grade).lists,
        grave=not handling(entry.grade).lists,
        hosts=visit.house.home.settings.proxies.hosts,
        asking=list(Asks),
    )


@acted("/entries/{entry_id:str}/proxies", guard="pages.services", again=show_proxies)
def declare_proxy(visit: TheVisit, entry_id: Ulid) -> Answer:
    """Declare an own service, as the provider."""
    given = visit.form.read(NewProxy)
    named = [line.strip() for line in given.operations.splitlines() if line.strip()]
    wish = Proxy(
        name=given.service_name,
        title=given.service_title,
        base=given.base,
        fields=proxy.fields_in(given.fields),
        first_seconds=given.first_seconds,
        whole_seconds=given.whole_seconds,
        most_answer=given.most_answer,
        at_once=given.at_once,
        hedge_ms=given.hedge_ms,
        asks=given.asks,
        header=given.secret_header,
    )
    with visit.desk() as desk:
        kept = proxy.declare_proxy(
            desk,
            entry_id,
            wish,
            door=proxy.door_of(visit.house),
            written=_document(visit.form),
            offered=named,
            secret=given.secret_value,
            user=given.secret_user,
        )
    return done(desk, f"/proxies/{kept.id}")


@shown("/proxies/{proxy_id:str}", guard="pages.services")
def show_proxy(visit: TheVisit, proxy_id: Ulid) -> Answer:
    """Show one own service: what it offers, how it answers, to whom it is open."""
    with visit.house.reading() as db:
        kept = proxy.proxy_shown(db, proxy_id, visit.acting)
        entry = catalogue.find(db, kept.entry)
        open_to = set(proxy.agreements_of(db, kept.id))
        known = sharing.agreements_listed(db, visit.acting, entry=kept.entry, limit=CHOSEN_MOST)
        names = names_of_bodies(db, {one.consumer for one in known})
    titles = {item.name: item.title for item in entry.items}
    live, house = kept.state is State.LIVE, visit.house
    owner = Label(owner=kept.provider)
    return page(
        visit,
        "delivery/proxy.html",
        title=kept.title,
        crumbs=(FIRST, SERVICES, (f"/entries/{kept.entry}/proxies", text("Own services"))),
        proxy=kept,
        entry=entry,
        inner=proxy.sees_all(visit.acting, kept.provider),
        fields=[(one.pointer, titles.get(one.item, one.item)) for one in kept.fields],
        tone="green" if live else "plain",
        told=[
            (one, FAILURES.get(one.last) or plain(one.last))
            for one in proxy.told_in(house.home.folder / "gateway" / "upstreams", kept.id, house.clock())
        ],
        open_to=[(one, names[one.consumer]) for one in known if one.id in open_to],
        choices=[(one.id, names[one.consumer]) for one in known if one.id not in open_to and _grants(one)],
        may_try=live and visit.may("delivery.try_proxy", entry.label),
        may_open=live and visit.may("delivery.open_proxy", owner),
        may_end=live and visit.may("delivery.end_proxy", owner),
        may_renew=live and kept.asks is not Asks.NOTHING and visit.may("delivery.renew_proxy_secret", owner),
    )


@acted("/proxies/{proxy_id:str}/opening", guard="pages.services", again=show_proxy)
def open_proxy(visit: TheVisit, proxy_id: Ulid) -> Answer:
    """Open the service to an agreement."""
    given = visit.form.read(Opening)
    with visit.desk() as desk:
        proxy.open_proxy(desk, proxy_id, given.agreement)
    return done(desk, f"/proxies/{proxy_id}")


@acted("/proxies/{proxy_id:str}/secret", guard="pages.services", again=show_proxy)
def renew_secret(visit: TheVisit, proxy_id: Ulid) -> Answer:
    """Enter another secret."""
    given = visit.form.read(NewSecret)
    with visit.desk() as desk:
        proxy.renew_secret(
            desk, proxy_id, door=proxy.door_of(visit.house), secret=given.secret_value, user=given.secret_user
        )
    return done(desk, f"/proxies/{proxy_id}")


@acted("/proxies/{proxy_id:str}/ending", guard="pages.services", again=show_proxy)
def end_proxy(visit: TheVisit, proxy_id: Ulid) -> Answer:
    """End the service for good."""
    with visit.desk() as desk:
        proxy.end_proxy(desk, proxy_id)
    return done(desk, f"/proxies/{proxy_id}")


@shown("/agreements/{agreement_id:str}/proxies", guard="pages.agreements")
def show_open_proxies(visit: TheVisit, agreement_id: Ulid) -> Answer:
    """Show the departments' own services that are open to an agreement, each with its address."""
    with visit.house.reading() as db:
        agreement = sharing.find_agreement(db, agreement_id, visit.acting)
        entry = catalogue.find(db, agreement.entry)
        service = proxy.service_at(db, entry)
    may_release = visit.may("delivery.release_proxy", Label(owner=agreement.consumer))

    def fetch(asked: Asked) -> Iterable[Used]:
        with visit.house.reading() as db:
            found = proxy.proxies_open_to(
                db, agreement.id, after=asked.after, descending=asked.descending, limit=asked.limit
            )
        return [
            Used(
                proxy=one,
                path=f"/r1/{service.path}/proxy/{one.name}",
                agreement=agreement.id,
                may_release=may_release,
            )
            for one in found
        ]

    table = Table(
        name="open-proxies",
        title=text("Own services"),
        columns=_USED,
        key=lambda row: (row.proxy.id,),
        sort="-id",
        empty=text("No own service of the department is open to this agreement."),
        then=text("The provider's office opens one to it."),
        path=f"/agreements/{agreement.id}/proxies",
    )
    return table_page(
        visit,
        table,
        fetch,
        "delivery/open_proxies.html",
        title=text("Own services: {title}", title=entry.title),
        crumbs=(FIRST, AGREEMENTS),
        agreement=agreement,
        mine=proxy.sees_all(visit.acting, agreement.provider),
    )


@acted(
    "/agreements/{agreement_id:str}/proxies/{proxy_id:str}/release",
    guard="pages.agreements",
    again=show_open_proxies,
)
def release_proxy(visit: TheVisit, agreement_id: Ulid, proxy_id: Ulid) -> Answer:
    """Give the service up, as the using body."""
    with visit.desk() as desk:
        proxy.release_proxy(desk, proxy_id, agreement_id)
    return done(desk, f"/agreements/{agreement_id}/proxies")


def _document(form: Form) -> bytes:
    file = form.files.get("document")
    if file is None or not file.filename:
        raise Misfilled({"document": text("this must be filled in")})
    file.file.seek(0)
    return file.file.read((512 << 10) + 1)


def _grants(agreement: Agreement) -> bool:
    return agreement.stage is Standing.IN_FORCE and Method.QUERY in agreement.methods


_PROXIES: tuple[Column[Proxy], ...] = (
    Column(key="made", title=text("Declared"), value=lambda row: row.made, kind="instant", sort=True),
    Column(key="title", title=text("Title"), value=lambda row: row.title, href=lambda row: f"/proxies/{row.id}"),
    Column(key="name", title=text("Name in the address"), value=lambda row: row.name, kind="code"),
    Column(
        key="operations",
        title=text("Operations"),
        value=lambda row: ", ".join(one.key for one in row.operations),
        kind="code",
    ),
    Column(
        key="state",
        title=text("State"),
        value=lambda row: row.state,
        tone=lambda row: "green" if row.state is State.LIVE else "plain",
    ),
    Column(key="secret", title=text("Credential since"), value=lambda row: row.secret_set, kind="instant"),
)
_USED: tuple[Column[Used], ...] = (
    Column(
        key="id",
        title=text("Title"),
        value=lambda row: row.proxy.title,
        href=lambda row: f"/proxies/{row.proxy.id}",
        sort=True,
    ),
    Column(key="path", title=text("Address"), value=lambda row: row.path, kind="code"),
    Column(
        key="operations",
        title=text("Operations"),
        value=lambda row: ", ".join(one.key for one in row.proxy.operations),
        kind="code",
    ),
    Column(
        key="ask",
        title=text("Ask by hand"),
        value=lambda row: text("Ask by hand") if row.may_release else None,
        href=lambda row: f"/agreements/{row.agreement}/proxies/{row.proxy.id}/trial" if row.may_release else "",
    ),
    Column(
        key="release",
        title=text("Give up"),
        value=lambda row: (
            Act(action=f"/agreements/{row.agreement}/proxies/{row.proxy.id}/release", words=text("Give up"))
            if row.may_release
            else None
        ),
        kind="act",
    ),
)

PAGES = [
    show_proxies,
    declare_proxy,
    show_proxy,
    open_proxy,
    renew_secret,
    end_proxy,
    show_open_proxies,
    release_proxy,
]
