"""Applications for several entries, and the words that a body keeps for its requests, from the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from jutong import catalogue, sharing
from jutong.desk import Desk
from jutong.kernel.errors import Invalid
from jutong.kernel.text import text
from jutong.sharing import Request

from .command import HERE, HomeOption, JsonOption, TokenOption, app, as_somebody, at_desk
from .output import complain, ending, show
from .wishes import read_wishes

applications = typer.Typer(no_args_is_help=True, help="Several entries asked for with one purpose and basis.")
app.add_typer(applications, name="applications")
templates = typer.Typer(no_args_is_help=True, help="Words that your body keeps for its requests.")
app.add_typer(templates, name="templates")

DAY = ["%Y-%m-%d"]
SignOption = Annotated[bool, typer.Option("--sign", help="Sign as head of the sharing office (art. 20).")]
SubmitOption = Annotated[
    bool, typer.Option("--submit", help="Hand over to the provider; the answer clock starts (art. 21).")
]


@applications.command("file")
def file_application(
    wishes: Annotated[Path, typer.Argument(help="JSON (a list of wishes) or CSV (a line a wish; lists between ;).")],
    home: HomeOption = HERE,
    token: TokenOption = "",
    sign: SignOption = False,
    submit: SubmitOption = False,
    as_json: JsonOption = False,
) -> None:
    """Draft a request for each entry of a file, or none: every fault is told with its line or entry."""
    with ending():
        wanted, faults = read_wishes(wishes)
        for fault in faults:
            complain(fault)
        if faults:
            raise Invalid(
                text("nothing was filed: {count} faults stand in {path}", count=len(faults), path=wishes),
                remedy=text("put them right and file it again"),
            )
    with at_desk(home, token) as desk:
        try:
            requests = sharing.draft_batch(desk, wanted)
        except sharing.Faulty as faulty:
            for entry, refusal in faulty.faults.items():
                complain(text("{entry}: {why}", entry=entry, why=refusal.reason))
            raise
        show(list(_brought_on(desk, requests, sign=sign, submit=submit)), as_json=as_json)


@applications.command("status")
def show_application(
    application: Annotated[str, typer.Argument(help="The number that its requests have in common.")],
    home: HomeOption = HERE,
    token: TokenOption = "",
    as_json: JsonOption = False,
) -> None:
    """Show how far each request of an application has come."""
    with as_somebody(home, token) as (house, who), house.reading() as db:
        found = sharing.requests_of_batch(db, application, who)
        titles = catalogue.titles(db, {one.entry for one in found})
    if as_json:
        show(list(found), as_json=True)
        return
    rows = [
        {
            "request": one.id,
            "entry": titles.get(one.entry, one.entry),
            "provider": one.provider,
            "stage": one.stage.value,
            "due": one.due,
        }
        for one in found
    ]
    show(rows, as_json=False)


@templates.command("list")
def list_templates(home: HomeOption = HERE, token: TokenOption = "", as_json: JsonOption = False) -> None:
    """List the templates of your body by their names."""
    with as_somebody(home, token) as (house, who), house.reading() as db:
        found = sharing.templates(db, who.org)
    show(list(found), as_json=as_json)


@templates.command("show")
def show_template(
    template: Annotated[str, typer.Argument(help="The template's identifier.")],
    home: HomeOption = HERE,
    token: TokenOption = "",
    as_json: JsonOption = False,
) -> None:
    """Show the words of one template."""
    with as_somebody(home, token) as (house, who), house.reading() as db:
        found = sharing.find_template(db, template, who.org)
    show(found, as_json=as_json)


@templates.command("keep")
def keep_template(
    request: Annotated[str, typer.Argument(help="The request of your body whose words are kept.")],
    name: Annotated[str, typer.Argument(help="The name; the same name again takes its place.")],
    home: HomeOption = HERE,
    token: TokenOption = "",
    as_json: JsonOption = False,
) -> None:
    """Keep the words of a request as a template."""
    with at_desk(home, token) as desk:
        kept = sharing.keep_template(desk, request, name)
    show(kept, as_json=as_json)


@templates.command("use")
def use_template(
    template: Annotated[str, typer.Argument(help="The template's identifier.")],
    entry: Annotated[str, typer.Argument(help="The entry that is asked for.")],
    system: Annotated[list[str], typer.Option(help="A system of your body that will call; as often as there are.")],
    starts: Annotated[datetime, typer.Option(formats=DAY, help="The first day of use.")],
    ends: Annotated[datetime, typer.Option(formats=DAY, help="The last day of use.")],
    home: HomeOption = HERE,
    token: TokenOption = "",
    sign: SignOption = False,
    submit: SubmitOption = False,
    as_json: JsonOption = False,
) -> None:
    """Draft a request in the words of a template, for the entry's items that have its titles."""
    with at_desk(home, token) as desk:
        found = sharing.find_template(desk.db, template, desk.actor.org)
        asked = catalogue.visible_to(desk.db, entry, desk.actor)
        wish = found.wish_for(asked, systems=tuple(system), starts=starts.date(), ends=ends.date())
        (request,) = _brought_on(desk, (sharing.draft_request(desk, wish),), sign=sign, submit=submit)
    show(request, as_json=as_json)


@templates.command("drop")
def drop_template(
    template: Annotated[str, typer.Argument(help="The template's identifier.")],
    home: HomeOption = HERE,
    token: TokenOption = "",
    as_json: JsonOption = False,
) -> None:
    """Forget a template; requests that began with it stay as they are."""
    with at_desk(home, token) as desk:
        gone = sharing.drop_template(desk, template)
    show(gone, as_json=as_json)


def _brought_on(desk: Desk, requests: Sequence[Request], *, sign: bool, submit: bool) -> tuple[Request, ...]:
    if sign:
        requests = tuple(sharing.sign_request(desk, one.id) for one in requests)
    if submit:
        requests = tuple(sharing.submit_request(desk, one.id) for one in requests)
    return tuple(requests)
