"""Services by declaration from the terminal: declare, try, open, ask, give up, end."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
import typer

from jutong import sharing
from jutong.delivery import listing
from jutong.delivery.listing import Listing, Wish
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

commands = typer.Typer(name="services", no_args_is_help=True, help="Services by declaration: rows found by parameters.")
app.add_typer(commands)
LISTED_MOST = 1000
EntryArgument = Annotated[str, typer.Argument(help="The entry's identifier.")]
ListingArgument = Annotated[str, typer.Argument(help="The service's identifier.")]
AgreementArgument = Annotated[str, typer.Argument(help="The agreement's identifier.")]
ParameterOption = Annotated[
    list[str] | None, typer.Option("--parameter", "-p", help="name=value; a list by naming it several times.")
]


@commands.command()
def declare(
    entry: EntryArgument,
    file: Annotated[
        Path,
        typer.Argument(help="A JSON file: name, title, items, parameters, condition, order, page_rows, most_rows."),
    ],
    home: HomeOption = HERE,
    token: TokenOption = "",
    as_json: JsonOption = False,
) -> None:
    """Declare, as the provider, a service over an entry; it is open to nobody before its office opens it."""
    with at_desk(home, token) as desk:
        show(_told(listing.declare_listing(desk, entry, _sheet(file))), as_json=as_json)


@commands.command("list")
def list_services(
    entry: EntryArgument, home: HomeOption = HERE, token: TokenOption = "", as_json: JsonOption = False
) -> None:
    """List the services that were declared over an entry of your own body."""
    with as_somebody(home, token) as (house, who), house.reading() as db:
        found = [
            one for one in listing.listings_of(db, entry, limit=LISTED_MOST) if listing.sees_all(who, one.provider)
        ]
    show([_told(one) for one in found], as_json=as_json)


@commands.command("open-to")
def open_to(
    agreement: AgreementArgument, home: HomeOption = HERE, token: TokenOption = "", as_json: JsonOption = False
) -> None:
    """List the services that are open to an agreement."""
    with as_somebody(home, token) as (house, who), house.reading() as db:
        known = sharing.find_agreement(db, agreement, who)
        found = listing.listings_open_to(db, known.id, limit=LISTED_MOST)
    show([_told(one) for one in found], as_json=as_json)


@commands.command("try")
def try_service(
    service: ListingArgument,
    parameter: ParameterOption = None,
    home: HomeOption = HERE,
    token: TokenOption = "",
    as_json: JsonOption = False,
) -> None:
    """Ask a service as its provider; a few rows are shown, masked, and that is on record."""
    with as_somebody(home, token) as (house, who), house.desk(who) as desk:
        trial = listing.try_listing(desk, service, Wish(parameters=dict(_said(parameter))), key=house.key)
    rows = [dict(zip(trial.items, row, strict=True)) for row in trial.rows]
    show({"rows": rows, "more": trial.more}, as_json=as_json)


@commands.command("open")
def open_service(
    service: ListingArgument,
    agreement: AgreementArgument,
    home: HomeOption = HERE,
    token: TokenOption = "",
    as_json: JsonOption = False,
) -> None:
    """Open a service to an agreement that grants queries of its entry, as the provider's office."""
    with at_desk(home, token) as desk:
        show(_told(listing.open_listing(desk, service, agreement)), as_json=as_json)


@commands.command()
def release(
    service: ListingArgument,
    agreement: AgreementArgument,
    home: HomeOption = HERE,
    token: TokenOption = "",
    as_json: JsonOption = False,
) -> None:
    """Give a service up, as the using body: its agreement rests on it no longer."""
    with at_desk(home, token) as desk:
        show(_told(listing.release_listing(desk, service, agreement)), as_json=as_json)


@commands.command()
def end(
    service: ListingArgument, home: HomeOption = HERE, token: TokenOption = "", as_json: JsonOption = False
) -> None:
    """End a service on which no agreement rests any more."""
    with at_desk(home, token) as desk:
        show(_told(listing.end_listing(desk, service)), as_json=as_json)


@commands.command()
def ask(
    service: Annotated[str, typer.Argument(help="The service's path: instance/class/member/system/service.")],
    name: Annotated[str, typer.Argument(help="The name of the service by declaration.")],
    url: UrlOption,
    client: ClientOption,
    private_key: KeyOption,
    node_key: NodeKeyOption,
    purpose: PurposeOption,
    parameter: ParameterOption = None,
    agreement: WhichOption = "",
    issue: IssueOption = "",
    item: Annotated[list[str] | None, typer.Option(help="Only this item; may be repeated.")] = None,
    page_size: Annotated[int, typer.Option(min=0, help="Rows of a page; 0 means as declared.")] = 0,
    cursor: Annotated[str, typer.Option(help="Where the page before ended.")] = "",
    as_json: JsonOption = False,
) -> None:
    """Ask for a page of rows as a consumer's system; prints the page, its cursor and the call's identifier."""
    with as_system(url, client, private_key, node_key) as consumer:
        answer = consumer.rows(
            *(service, name, _said(parameter)),
            purpose=purpose,
            items=item or (),
            page_size=page_size,
            cursor=cursor,
            agreement=agreement,
            issue=issue,
        )
    show({"call": answer.call, "status": answer.status, "answer": answer.body}, as_json=as_json)


def _said(parameters: list[str] | None) -> dict[str, str | float | list[str]]:
    """Return what was said for each parameter; what was named several times is a list."""
    told: dict[str, list[str]] = {}
    for one in parameters or ():
        name, between, value = one.partition("=")
        if not name or not between:
            raise Invalid(text("a parameter is given as name=value"))
        told.setdefault(name, []).append(value)
    return {name: values if len(values) > 1 else values[0] for name, values in told.items()}


def _sheet(file: Path) -> Listing:
    try:
        return msgspec.json.decode(file.read_bytes(), type=Listing)
    except OSError as error:
        raise NotFound("file", file.name) from error
    except msgspec.MsgspecError as error:
        raise Invalid(text("{path}: {why}", path=file.name, why=str(error))) from error


def _told(kept: Listing) -> dict[str, object]:
    return {
        "service": kept.id,
        "name": kept.name,
        "title": kept.title,
        "parameters": ", ".join(one.name for one in kept.parameters),
        "items": ", ".join(kept.items),
        "state": kept.state.value,
        "rows": kept.rows,
        "copied_at": kept.copied_at,
    }
