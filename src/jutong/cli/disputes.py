"""Disputes about sharing from the terminal: opened, negotiated, mediated, decided (Order 809, art. 28)."""

from __future__ import annotations

from typing import Annotated

import typer

from jutong.sharing import dispute
from jutong.sharing.dispute import Ruling

from .command import HERE, HomeOption, JsonOption, TokenOption, app, as_somebody, at_desk
from .output import show

commands = typer.Typer(name="disputes", no_args_is_help=True, help="Disputes about requests and agreements.")
app.add_typer(commands)
LISTED_MOST = 500

TheDispute = Annotated[str, typer.Argument(metavar="DISPUTE", help="The dispute's identifier.")]
TheRuling = Annotated[Ruling, typer.Argument(help="What becomes of the request or agreement.")]
Words = Annotated[str, typer.Argument(help="Why; written into the dispute's record.")]


@commands.command("list")
def list_disputes(
    after: Annotated[str, typer.Option(help="Only what was opened after this dispute.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=LISTED_MOST, help="At most so many, the oldest first.")] = 50,
    home: HomeOption = HERE,
    token: TokenOption = "",
    as_json: JsonOption = False,
) -> None:
    """List the disputes that concern your body, the oldest first."""
    with as_somebody(home, token) as (house, who), house.reading() as db:
        found = dispute.disputes_listed(db, who, after=(after,) if after else (), limit=limit)
    if as_json:
        show(list(found), as_json=True)
        return
    rows = [
        {"dispute": one.id, "about": one.about, "rung": one.rung.value, "state": one.state.value, "due": one.clock.due}
        for one in found
    ]
    show(rows, as_json=False)


@commands.command("show")
def show_dispute(
    number: TheDispute, home: HomeOption = HERE, token: TokenOption = "", as_json: JsonOption = False
) -> None:
    """Show one dispute with its rung, its opinions and the ruling that is offered."""
    with as_somebody(home, token) as (house, who), house.reading() as db:
        found = dispute.find_dispute(db, number, who)
    show(found, as_json=as_json)


@commands.command("open")
def open_dispute(
    about: Annotated[str, typer.Argument(help="The request or agreement between the two bodies.")],
    ruling: TheRuling,
    words: Words,
    home: HomeOption = HERE,
    token: TokenOption = "",
    as_json: JsonOption = False,
) -> None:
    """Open a dispute with the ruling that you want; the two bodies negotiate first."""
    with at_desk(home, token) as desk:
        found = dispute.open_dispute(desk, about, ruling, words)
    show(found, as_json=as_json)


@commands.command("say")
def state_opinion(
    number: TheDispute, words: Words, home: HomeOption = HERE, token: TokenOption = "", as_json: JsonOption = False
) -> None:
    """Say what your body holds."""
    with at_desk(home, token) as desk:
        found = dispute.state_opinion(desk, number, words)
    show(found, as_json=as_json)


@commands.command("propose")
def propose_ruling(
    number: TheDispute,
    ruling: TheRuling,
    words: Words,
    home: HomeOption = HERE,
    token: TokenOption = "",
    as_json: JsonOption = False,
) -> None:
    """Offer a ruling: a party while the two negotiate, the authority when it mediates."""
    with at_desk(home, token) as desk:
        found = dispute.propose_ruling(desk, number, ruling, words)
    show(found, as_json=as_json)


@commands.command("accept")
def accept_ruling(
    number: TheDispute, home: HomeOption = HERE, token: TokenOption = "", as_json: JsonOption = False
) -> None:
    """Accept the ruling that is offered; with both bodies' word it binds at once."""
    with at_desk(home, token) as desk:
        found = dispute.accept_ruling(desk, number)
    show(found, as_json=as_json)


@commands.command("mediate")
def take_up_dispute(
    number: TheDispute, words: Words, home: HomeOption = HERE, token: TokenOption = "", as_json: JsonOption = False
) -> None:
    """Bring the dispute before the authority, as one of the two bodies: negotiation came to nothing."""
    with at_desk(home, token) as desk:
        found = dispute.take_up_dispute(desk, number, words)
    show(found, as_json=as_json)


@commands.command("refer")
def refer_dispute(
    number: TheDispute, words: Words, home: HomeOption = HERE, token: TokenOption = "", as_json: JsonOption = False
) -> None:
    """Bring the dispute before the government, as the authority: mediation brought no agreement."""
    with at_desk(home, token) as desk:
        found = dispute.refer_dispute(desk, number, words)
    show(found, as_json=as_json)


@commands.command("decide")
def decide_dispute(
    number: TheDispute,
    ruling: TheRuling,
    words: Words,
    paper: Annotated[str, typer.Option(help="The number of the government's paper.")] = "",
    home: HomeOption = HERE,
    token: TokenOption = "",
    as_json: JsonOption = False,
) -> None:
    """Decide the dispute, as the government, or enter its paper where it does not sit at this node."""
    with at_desk(home, token) as desk:
        found = dispute.decide_dispute(desk, number, ruling, words, paper=paper)
    show(found, as_json=as_json)


@commands.command("withdraw")
def withdraw_dispute(
    number: TheDispute, home: HomeOption = HERE, token: TokenOption = "", as_json: JsonOption = False
) -> None:
    """Take a dispute back, as the body that opened it."""
    with at_desk(home, token) as desk:
        found = dispute.withdraw_dispute(desk, number)
    show(found, as_json=as_json)
