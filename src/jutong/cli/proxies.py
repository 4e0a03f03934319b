"""Departments' own services from the terminal: declare, try, open, ask by hand, give up, end."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
import typer

from jutong import sharing
from jutong.delivery import proxy
from jutong.delivery.proxy import Asks, Field, Proxy, Tried, Wish
from jutong.kernel.errors import Invalid, NotFound
from jutong.kernel.text import text

from .command import (
    HERE,
    ClientOption,
    HomeOption,
    IssueOption,
    JsonOption,
    KeyOption,
    NodeKeyOption,
    PurposeOption,
    TokenOption,
    UrlOption,
    WhichOption,
    app,
    as_somebody,
    as_system,
    at_desk,
)
from .output import show

commands = typer.Typer(
    name="proxies", no_args_is_help=True, help="Departments' own HTTP services, asked through the node by OpenAPI."
)
app.add_typer(commands)
LISTED_MOST = 1000
EntryArgument = Annotated[str, typer.Argument(help="The entry's identifier.")]
ProxyArgument = Annotated[str, typer.Argument(help="The service's identifier.")]
AgreementArgument = Annotated[str, typer.Argument(help="The agreement's identifier.")]
OperationArgument = Annotated[str, typer.Argument(help="Method and path, such as 'GET /firms/{code}'.")]
ValueOption = Annotated[
    list[str] | None, typer.Option("--value", "-v", help="place/name=value, such as query/since=2026-01-01.")
]
BodyOption = Annotated[str, typer.Option(help="The body, in JSON.")]
SecretOption = Annotated[
    str,
    typer.Option(
        envvar="JUTONG_UPSTREAM_SECRET",
        help="What the service asks for; better in the variable than on the command line.",
        show_default=False,
    ),
]
UserOption = Annotated[str, typer.Option(help="The name beside a password.")]


class Sheet(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A declaration in a file, apart from its OpenAPI document and its secret."""

    name: str
    title: str
    base: str
    operations: list[str] = []
    fields: dict[str, str] = {}  # pointer -> item
    first_seconds: int = 5
    whole_seconds: int = 15
    most_question: int = 64 << 10
    most_answer: int = 1 << 20
    at_once: int = 8
    hedge_ms: int = 0
    asks: Asks = Asks.NOTHING
    header: str = ""


@commands.command()
def declare(
    entry: EntryArgument,
    file: Annotated[
        Path,
        typer.Argument(help="A JSON file: name, title, base, operations, fields, times and sizes, asks, header."),
    ],
    document: Annotated[Path, typer.Argument(help="The OpenAPI document, 3.0 or 3.1, in JSON or YAML.")],
    secret: SecretOption = "",
    user: UserOption = "",
    home: HomeOption = HERE,
    token: TokenOption = "",
    as_json: JsonOption = False,
) -> None:
    """Declare, as the provider, an own service over an entry; it is open to nobody before its office opens it."""
    with as_somebody(home, token) as (house, who), house.desk(who) as desk:
        wish, written, offered = _wish(file, document)
        kept = proxy.declare_proxy(
            desk,
            entry,
            wish,
            door=proxy.door_of(house),
            written=written,
            offered=offered,
            secret=secret,
            user=user,
        )
        show(_told(kept), as_json=as_json)


@commands.command("list")
def list_proxies(
    entry: EntryArgument, home: HomeOption = HERE, token: TokenOption = "", as_json: JsonOption = False
) -> None:
    """List the own services that were declared over an entry of your body."""
    with as_somebody(home, token) as (house, who), house.reading() as db:
        found = [one for one in proxy.proxies_of(db, entry, limit=LISTED_MOST) if proxy.sees_all(who, one.provider)]
    show([_told(one) for one in found], as_json=as_json)


@commands.command("open-to")
def open_to(
    agreement: AgreementArgument, home: HomeOption = HERE, token: TokenOption = "", as_json: JsonOption = False
) -> None:
    """List the departments' own services that are open to an agreement."""
    with as_somebody(home, token) as (house, who), house.reading() as db:
        known = sharing.find_agreement(db, agreement, who)
        found = proxy.proxies_open_to(db, known.id, limit=LISTED_MOST)
    show([_told(one) for one in found], as_json=as_json)


@commands.command()
def secret(
    service: ProxyArgument,
    secret: SecretOption = "",
    user: UserOption = "",
    home: HomeOption = HERE,
    token: TokenOption = "",
    as_json: JsonOption = False,
) -> None:
    """Enter another secret for a service, as the department's side has changed it."""
    with as_somebody(home, token) as (house, who), house.desk(who) as desk:
        kept = proxy.renew_secret(desk, service, door=proxy.door_of(house), secret=secret, user=user)
        show(_told(kept), as_json=as_json)


@commands.command("try")
def try_service(
    service: ProxyArgument,
    operation: OperationArgument,
    value: ValueOption = None,
    body: BodyOption = "",
    home: HomeOption = HERE,
    token: TokenOption = "",
    as_json: JsonOption = False,
) -> None:
    """Ask a service once as its provider; what comes back is shown masked, and that is on record."""
    wish = Wish(operation=operation, values=_values(value), body=body)
    with as_somebody(home, token) as (house, who), house.desk(who) as desk:
        tried = proxy.try_proxy(desk, service, wish, door=proxy.door_of(house))
    show(_came(tried), as_json=as_json)


@commands.command()
def ask(
    service: ProxyArgument,
    agreement: AgreementArgument,
    operation: OperationArgument,
    value: ValueOption = None,
    body: BodyOption = "",
    home: HomeOption = HERE,
    token: TokenOption = "",
    as_json: JsonOption = False,
) -> None:
    """Ask a service once by hand, as an official of the using body: counted, cut, masked and on record."""
    wish = Wish(operation=operation, values=_values(value), body=body)
    with as_somebody(home, token) as (house, who), house.desk(who) as desk:
        quota = house.home.folder / "gateway" / "quota"
        tried = proxy.ask_proxy(desk, service, agreement, wish, door=proxy.door_of(house), quota=quota)
    show(_came(tried), as_json=as_json)


@commands.command()
def call(
    service: Annotated[str, typer.Argument(help="The service's path: instance/class/member/system/service.")],
    name: Annotated[str, typer.Argument(help="The name of the department's own service.")],
    path: Annotated[str, typer.Argument(help="The path with its values, such as /firms/915000002028033215.")],
    url: UrlOption,
    client: ClientOption,
    private_key: KeyOption,
    node_key: NodeKeyOption,
    purpose: PurposeOption,
    method: Annotated[str, typer.Option(help="The method, as the OpenAPI document has it.")] = "GET",
    value: Annotated[
        list[str] | None, typer.Option("--value", "-v", help="query/name=value or header/name=value; may be repeated.")
    ] = None,
    body: BodyOption = "",
    agreement: WhichOption = "",
    issue: IssueOption = "",
    as_json: JsonOption = False,
) -> None:
    """Ask a department's own service as a consumer's system: signed here, checked here."""
    with as_system(url, client, private_key, node_key) as consumer:
        query, fields = _parts(value)
        answer = consumer.proxied(
            *(service, name, path),
            method=method.upper(),
            query=query,
            fields=fields,
            body=_json(body),
            purpose=purpose,
            agreement=agreement,
            issue=issue,
        )
    show({"call": answer.call, "status": answer.status, "answer": answer.body}, as_json=as_json)


@commands.command("open")
def open_service(
    service: ProxyArgument,
    agreement: AgreementArgument,
    home: HomeOption = HERE,
    token: TokenOption = "",
    as_json: JsonOption = False,
) -> None:
    """Open a service to an agreement that grants queries of its entry, as the provider's office."""
    with at_desk(home, token) as desk:
        show(_told(proxy.open_proxy(desk, service, agreement)), as_json=as_json)


@commands.command()
def release(
    service: ProxyArgument,
    agreement: AgreementArgument,
    home: HomeOption = HERE,
    token: TokenOption = "",
    as_json: JsonOption = False,
) -> None:
    """Give a service up, as the using body: its agreement rests on it no longer."""
    with at_desk(home, token) as desk:
        show(_told(proxy.release_proxy(desk, service, agreement)), as_json=as_json)


@commands.command()
def end(service: ProxyArgument, home: HomeOption = HERE, token: TokenOption = "", as_json: JsonOption = False) -> None:
    """End a service on which no agreement rests any more; its secret is forgotten."""
    with at_desk(home, token) as desk:
        show(_told(proxy.end_proxy(desk, service)), as_json=as_json)


def _wish(file: Path, document: Path) -> tuple[Proxy, bytes, list[str]]:
    try:
        sheet = msgspec.json.decode(file.read_bytes(), type=Sheet)
        written = document.read_bytes()
    except OSError as error:
        raise NotFound("file", Path(str(error.filename)).name) from error
    except msgspec.MsgspecError as error:
        raise Invalid(text("{path}: {why}", path=file.name, why=str(error))) from error
    told = msgspec.structs.asdict(sheet) | {
        "operations": (),
        "fields": tuple(Field(pointer=pointer, item=item) for pointer, item in sheet.fields.items()),
    }
    return Proxy(**told), written, sheet.operations


def _parts(stated: list[str] | None) -> tuple[dict[str, list[str]], dict[str, str]]:
    """Return what goes into the query, and the fields."""
    query: dict[str, list[str]] = {}
    fields: dict[str, str] = {}
    for one in stated or ():
        place, _, named = one.partition("/")
        name, between, value = named.partition("=")
        if place not in ("query", "header") or not name or not between:
            raise Invalid(text("a value of a call is given as query/name=value or header/name=value"))
        if place == "query":
            query.setdefault(name, []).append(value)
        else:
            fields[name] = value
    return query, fields


def _json(body: str) -> object:
    try:
        return msgspec.json.decode(body) if body else None
    except msgspec.DecodeError as error:
        raise Invalid(text("the body is no JSON")) from error


def _values(stated: list[str] | None) -> dict[str, str]:
    told = {}
    for one in stated or ():
        name, between, value = one.partition("=")
        if "/" not in name or not between:
            raise Invalid(text("a value is given as place/name=value, such as query/since=2026-01-01"))
        told[name] = value
    return told


def _told(kept: Proxy) -> dict[str, object]:
    return {
        "service": kept.id,
        "name": kept.name,
        "title": kept.title,
        "operations": ", ".join(one.key for one in kept.operations),
        "items": ", ".join(dict.fromkeys(one.item for one in kept.fields)),
        "state": kept.state.value,
        "secret_set": kept.secret_set,
    }


def _came(tried: Tried) -> dict[str, object]:
    return {
        "code": tried.code,
        "status": tried.status,
        "media": tried.media,
        "milliseconds": tried.milliseconds,
        "body": tried.body.decode("utf-8", "replace"),
    }
