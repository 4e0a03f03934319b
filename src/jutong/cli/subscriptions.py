"""Subscriptions from the terminal: who is told of an agreement's new versions, and what lies as a dead letter."""

from __future__ import annotations

from typing import Annotated

import typer

from jutong import sharing
from jutong.catalogue import Purpose
from jutong.delivery.bulk import telling
from jutong.delivery.bulk.telling import Subscription

from .command import HERE, HomeOption, JsonOption, TokenOption, app, as_somebody, at_desk
from .output import show

commands = typer.Typer(
    name="subscriptions", no_args_is_help=True, help="Systems that are told of new versions of the whole."
)
app.add_typer(commands)
LISTED_MOST = 1000
AgreementArgument = Annotated[str, typer.Argument(help="The agreement's identifier.")]
SubscriptionArgument = Annotated[str, typer.Argument(help="The subscription's identifier.")]


@commands.command()
def add(
    agreement: AgreementArgument,
    system: Annotated[str, typer.Argument(help="Your body's system, by its name in the network.")],
    url: Annotated[str, typer.Argument(help="Where its receiver takes webhooks (CloudEvents 1.0).")],
    purpose: Annotated[Purpose, typer.Option(help="A purpose of the agreement.")],
    home: HomeOption = HERE,
    token: TokenOption = "",
    as_json: JsonOption = False,
) -> None:
    """Let a system be told of each new version of the whole, in order, from the newest one on."""
    with as_somebody(home, token) as (house, who), house.desk(who) as desk:
        kept = telling.subscribe(desk, agreement, system, url, purpose, key=house.key)
        newest = telling.newest_number(desk.db, agreement)
    show(_told(kept, newest), as_json=as_json)


@commands.command("list")
def list_subscriptions(
    agreement: AgreementArgument,
    home: HomeOption = HERE,
    token: TokenOption = "",
    as_json: JsonOption = False,
) -> None:
    """List the subscriptions of an agreement that your body uses: how far each was told, and what lies dead."""
    with as_somebody(home, token) as (house, who), house.reading() as db:
        known = sharing.find_agreement(db, agreement, who)
        found = telling.subscriptions_of(db, known.id, limit=LISTED_MOST) if known.consumer == who.org else ()
        newest = telling.newest_number(db, known.id)
    show([_told(one, newest) for one in found], as_json=as_json)


@commands.command()
def end(
    agreement: AgreementArgument,
    subscription: SubscriptionArgument,
    home: HomeOption = HERE,
    token: TokenOption = "",
    as_json: JsonOption = False,
) -> None:
    """End a subscription at once."""
    with at_desk(home, token) as desk:
        kept = telling.end_subscription(desk, agreement, subscription)
    show(_told(kept, kept.told), as_json=as_json)


@commands.command()
def again(
    agreement: AgreementArgument,
    subscription: SubscriptionArgument,
    home: HomeOption = HERE,
    token: TokenOption = "",
    as_json: JsonOption = False,
) -> None:
    """Send a dead letter again, and after it what waits behind it."""
    with at_desk(home, token) as desk:
        kept = telling.send_again(desk, agreement, subscription)
        newest = telling.newest_number(desk.db, agreement)
    show(_told(kept, newest), as_json=as_json)


def _told(one: Subscription, newest: int) -> dict[str, object]:
    return {
        "subscription": one.id,
        "system": one.system,
        "receiver": one.url,
        "state": one.state(newest).value,
        "told": one.told,
        "waiting": one.waiting(newest),
        "tries": one.tries,
        "failure": one.failure.value if one.failure else "",
        "status": one.status,
        "due": one.due.isoformat() if one.due else "",
    }
