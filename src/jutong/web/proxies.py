"""Endpoints of departments' own services: declared, tried, opened by the provider; asked, given up by the user."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec
from litestar.params import JSONBody

from jutong import catalogue, sharing
from jutong.delivery import proxy
from jutong.delivery.proxy import Asks, Field, Proxy, State, Tried, Wish

from .wiring import NO_NUL, AfterUlid, Limit, Name, TheActor, TheHouse, Ulid, UlidField, act, look

TAGS = ["delivery"]
Short = Annotated[str, msgspec.Meta(max_length=64, pattern=NO_NUL)]
Key = Annotated[str, msgspec.Meta(max_length=300, pattern=NO_NUL)]
Value = Annotated[str, msgspec.Meta(max_length=2000, pattern=NO_NUL)]
Secret = Annotated[str, msgspec.Meta(max_length=4000, pattern=NO_NUL)]


class FieldSheet(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Where in an answer an item stands: a JSON pointer in which ``*`` is every element of a list."""

    pointer: Key
    item: Short


class ProxySheet(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """An own service as its provider declares it; of the OpenAPI document, the operations that are named are offered.

    ``asks`` says which credential the service wants: ``secret`` is its value, ``header`` the field that carries it,
    ``user`` the name beside a password. It is never shown again.
    """

    name: Short
    title: Name
    base: Key
    document: Annotated[str, msgspec.Meta(max_length=512 << 10, pattern=NO_NUL)]
    operations: Annotated[list[Key], msgspec.Meta(max_length=50)] = []
    fields: Annotated[list[FieldSheet], msgspec.Meta(max_length=500)] = []
    first_seconds: Annotated[int, msgspec.Meta(ge=1, le=60)] = 5
    whole_seconds: Annotated[int, msgspec.Meta(ge=1, le=60)] = 15
    most_question: Annotated[int, msgspec.Meta(ge=1, le=64 << 10)] = 64 << 10
    most_answer: Annotated[int, msgspec.Meta(ge=1, le=8 << 20)] = 1 << 20
    at_once: Annotated[int, msgspec.Meta(ge=1, le=64)] = 8
    hedge_ms: Annotated[int, msgspec.Meta(ge=0, le=10_000)] = 0
    asks: Asks = Asks.NOTHING
    header: Short = ""
    secret: Secret = ""
    user: Short = ""

    def wish(self) -> Proxy:
        """Return it as a noun."""
        return Proxy(
            name=self.name,
            title=self.title,
            base=self.base,
            fields=tuple(Field(pointer=one.pointer, item=one.item) for one in self.fields),
            first_seconds=self.first_seconds,
            whole_seconds=self.whole_seconds,
            most_question=self.most_question,
            most_answer=self.most_answer,
            at_once=self.at_once,
            hedge_ms=self.hedge_ms,
            asks=self.asks,
            header=self.header,
        )


class ProxyView(msgspec.Struct, kw_only=True):
    """An own service as it stands; ``operations`` are method and path, the secret is not among what is shown."""

    id: str
    entry: str
    name: str
    title: str
    operations: tuple[str, ...]
    fields: tuple[Field, ...]
    first_seconds: int
    whole_seconds: int
    most_question: int
    most_answer: int
    at_once: int
    hedge_ms: int
    state: State
    declaration: str
    base: str = ""  # for the provider and who oversees
    asks: Asks | None = None
    secret_set: datetime | None = None


class Credential(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Another secret, as the department's side has changed it."""

    secret: Secret
    user: Short = ""


class ProxyQuestion(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What is asked by hand: an operation, values as ``query/since``, ``path/code``, ``header/X-Region``, a body."""

    operation: Key
    values: Annotated[dict[Key, Value], msgspec.Meta(max_length=100)] = {}
    body: Annotated[str, msgspec.Meta(max_length=64 << 10, pattern=NO_NUL)] = ""

    def wish(self) -> Wish:
        """Return it as a noun."""
        return Wish(operation=self.operation, values=self.values, body=self.body)


class TriedView(msgspec.Struct, kw_only=True):
    """What came back, cut and masked; ``code`` says why nothing did."""

    code: str
    status: int
    media: str
    body: str
    received: int
    milliseconds: int


class ProxyOpening(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """To which agreement a service is opened."""

    agreement: UlidField


@look("/api/entries/{entry_id:str}/proxies", tags=TAGS)
def list_proxies(
    house: TheHouse, actor: TheActor, entry_id: Ulid, after: AfterUlid = "", limit: Limit = 100
) -> list[ProxyView]:
    """List the own services that an entry's provider declared; others see none of them here."""
    with house.reading() as db:
        entry = catalogue.visible_to(db, entry_id, actor)
        mine = proxy.sees_all(actor, entry.provider)
        found = proxy.proxies_of(db, entry.id, after=(after,) if after else (), limit=limit) if mine else ()
    return [_view(one, inner=True) for one in found]


@act("/api/entries/{entry_id:str}/proxies", tags=TAGS)
def declare_proxy(house: TheHouse, actor: TheActor, entry_id: Ulid, data: JSONBody[ProxySheet]) -> ProxyView:
    """Declare, as the provider, an own HTTP service over an entry; it is open to nobody before its office opens it."""
    with house.desk(actor) as desk:
        kept = proxy.declare_proxy(
            desk,
            entry_id,
            data.wish(),
            door=proxy.door_of(house),
            written=data.document.encode(),
            offered=data.operations,
            secret=data.secret,
            user=data.user,
        )
    return _view(kept, inner=True)


@look("/api/proxies/{proxy_id:str}", tags=TAGS)
def show_proxy(house: TheHouse, actor: TheActor, proxy_id: Ulid) -> ProxyView:
    """Show an own service of a department."""
    with house.reading() as db:
        kept = proxy.proxy_shown(db, proxy_id, actor)
    return _view(kept, inner=proxy.sees_all(actor, kept.provider))


@act("/api/proxies/{proxy_id:str}/secret", tags=TAGS)
def renew_secret(house: TheHouse, actor: TheActor, proxy_id: Ulid, data: JSONBody[Credential]) -> ProxyView:
    """Enter another secret for a service; it counts within a second, and is shown to nobody."""
    with house.desk(actor) as desk:
        kept = proxy.renew_secret(desk, proxy_id, door=proxy.door_of(house), secret=data.secret, user=data.user)
    return _view(kept, inner=True)


@act("/api/proxies/{proxy_id:str}/trial", tags=TAGS)
def try_proxy(house: TheHouse, actor: TheActor, proxy_id: Ulid, data: JSONBody[ProxyQuestion]) -> TriedView:
    """Ask a service once as its provider, in a trial that is marked as one; masked, and on record."""
    with house.desk(actor) as desk:
        return _tried(proxy.try_proxy(desk, proxy_id, data.wish(), door=proxy.door_of(house)))


@act("/api/proxies/{proxy_id:str}/opening", tags=TAGS)
def open_proxy(house: TheHouse, actor: TheActor, proxy_id: Ulid, data: JSONBody[ProxyOpening]) -> ProxyView:
    """Open a service to an agreement that grants queries of its entry."""
    with house.desk(actor) as desk:
        return _view(proxy.open_proxy(desk, proxy_id, data.agreement), inner=True)


@act("/api/proxies/{proxy_id:str}/ending", tags=TAGS)
def end_proxy(house: TheHouse, actor: TheActor, proxy_id: Ulid) -> ProxyView:
    """End a service on which no agreement rests; its secret is forgotten."""
    with house.desk(actor) as desk:
        return _view(proxy.end_proxy(desk, proxy_id), inner=True)


@look("/api/agreements/{agreement_id:str}/proxies", tags=TAGS)
def list_open_proxies(
    house: TheHouse, actor: TheActor, agreement_id: Ulid, after: AfterUlid = "", limit: Limit = 100
) -> list[ProxyView]:
    """List the departments' own services that are open to an agreement."""
    with house.reading() as db:
        agreement = sharing.find_agreement(db, agreement_id, actor)
        found = proxy.proxies_open_to(db, agreement.id, after=(after,) if after else (), limit=limit)
    return [_view(one, inner=proxy.sees_all(actor, one.provider)) for one in found]


@act("/api/agreements/{agreement_id:str}/proxies/{proxy_id:str}/trial", tags=TAGS)
def ask_proxy(
    house: TheHouse, actor: TheActor, agreement_id: Ulid, proxy_id: Ulid, data: JSONBody[ProxyQuestion]
) -> TriedView:
    """Ask a service once by hand, as an official of the using body: counted, cut, masked and on record as any call."""
    quota = house.home.folder / "gateway" / "quota"
    with house.desk(actor) as desk:
        tried = proxy.ask_proxy(desk, proxy_id, agreement_id, data.wish(), door=proxy.door_of(house), quota=quota)
    return _tried(tried)


@act("/api/agreements/{agreement_id:str}/proxies/{proxy_id:str}/release", tags=TAGS)
def release_proxy(house: TheHouse, actor: TheActor, agreement_id: Ulid, proxy_id: Ulid) -> ProxyView:
    """Give a service up, as the using body: its agreement rests on it no longer."""
    with house.desk(actor) as desk:
        return _view(proxy.release_proxy(desk, proxy_id, agreement_id), inner=False)


def _view(kept: Proxy, *, inner: bool) -> ProxyView:
    told = {name: getattr(kept, name) for name in ProxyView.__struct_fields__ if hasattr(kept, name)}
    if not inner:
        # Where a department's machines stand is no business of whoever asks through us.
        told = {name: value for name, value in told.items() if name not in ("base", "asks", "secret_set")}
    told |= {"operations": tuple(one.key for one in kept.operations), "declaration": kept.digest()}
    return ProxyView(**told)


def _tried(tried: Tried) -> TriedView:
    return TriedView(
        code=tried.code,
        status=tried.status,
        media=tried.media,
        body=tried.body.decode("utf-8", "replace"),
        received=tried.received,
        milliseconds=tried.milliseconds,
    )


ENDPOINTS = [
    list_proxies,
    declare_proxy,
    show_proxy,
    renew_secret,
    try_proxy,
    open_proxy,
    end_proxy,
    list_open_proxies,
    ask_proxy,
    release_proxy,
]
