"""Policies on deliveries from the terminal: check, draft, try, put in force as a second person, withdraw."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from jutong import sharing
from jutong.delivery import policies
from jutong.delivery.policies import DeliveryPolicy, Sample
from jutong.guard import Label, decide
from jutong.kernel.errors import Invalid
from jutong.kernel.text import text

from .command import HERE, HomeOption, JsonOption, TokenOption, app, as_somebody, at_desk
from .output import show

commands = typer.Typer(
    name="policies", no_args_is_help=True, help="Policies in Cedar, by which deliveries are decided."
)
app.add_typer(commands)
LISTED_MOST = 1000
LONGEST = 100_000  # bytes of a file
FileArgument = Annotated[Path, typer.Argument(help="A file with one policy in Cedar.")]
PolicyArgument = Annotated[str, typer.Argument(help="The policy's identifier.")]
WholeOption = Annotated[
    bool, typer.Option("--tier", help="For all deliveries of the node, not only one's own entries.")
]
PolicyOption = Annotated[str, typer.Option("--policy", help="Whose next version it is.")]


@commands.command("list")
def list_policies(home: HomeOption = HERE, token: TokenOption = "", as_json: JsonOption = False) -> None:
    """List the policies that one's body may see, each in its newest version."""
    with as_somebody(home, token) as (house, who), house.reading() as db:
        decide(who, "pages.policies", Label(owner=who.org))
        every = who.org == house.home.settings.body
        found = policies.policies_shown(db, body=who.org, every=every, limit=LISTED_MOST)
    show([_told(one) for one in found], as_json=as_json)


@commands.command("show")
def show_policy(
    policy_id: PolicyArgument, home: HomeOption = HERE, token: TokenOption = "", as_json: JsonOption = False
) -> None:
    """Show every version of a policy with its text."""
    with as_somebody(home, token) as (house, who), house.reading() as db:
        decide(who, "pages.policies", Label(owner=who.org))
        policies.latest_policy(db, policy_id, body=who.org, every=who.org == house.home.settings.body)
        found = policies.versions_of(db, policy_id)
    show([_told(one) | {"basis": one.basis, "source": one.source} for one in found], as_json=as_json)


@commands.command()
def items(
    agreement: Annotated[str, typer.Argument(help="The agreement's identifier; none means all of them.")] = "",
    hidden: Annotated[bool, typer.Option("--hidden", help="Only items that a policy hides.")] = False,
    home: HomeOption = HERE,
    token: TokenOption = "",
    as_json: JsonOption = False,
) -> None:
    """List what consumers see of each item: open, masked, dropped or refused, and by which policies."""
    with as_somebody(home, token) as (house, who), house.reading() as db:
        decide(who, "pages.policies", Label(owner=who.org))
        every = who.org == house.home.settings.body
        if agreement:
            sharing.find_agreement(db, agreement, None if every else who)
        found = policies.items_seen(
            db,
            body=who.org,
            every=every,
            now=house.clock(),
            agreement_id=agreement,
            hidden=hidden,
            limit=LISTED_MOST,
        )
    show(
        [
            {"agreement": one.agreement, "consumer": one.consumer, "item": one.item, "grade": one.grade}
            | {"purpose": one.purpose, "single": one.single or "", "whole": one.whole or ""}
            | {"policies": ", ".join(title for _, title in one.policies)}
            for one in found
        ],
        as_json=as_json,
    )


@commands.command()
def check(
    file: FileArgument,
    whole: WholeOption = False,
    policy: PolicyOption = "",
    home: HomeOption = HERE,
    token: TokenOption = "",
    as_json: JsonOption = False,
) -> None:
    """Say what is wrong with a policy, and which deliveries would be decided otherwise by it."""
    with as_somebody(home, token) as (house, who):
        decide(who, "delivery.try_policy", Label(owner=house.home.settings.body if whole else who.org))
        source = _text(file)
        found = policies.faults(source, whole=whole)
        if found:
            raise Invalid(found[0], remedy=text("put the policy right and check it again"))
        with house.reading() as db:
            told = policies.consequences(db, source, body=who.org, whole=whole, policy_id=policy, now=house.clock())
    changed = [
        {"agreement": one.agreement, "consumer": one.consumer, "system": one.system, "action": one.action}
        | {"purpose": one.purpose, "refused": one.refused, "of_rows": one.of_rows}
        | {"dropped": ", ".join(one.dropped), "masked": ", ".join(one.masked), "opened": ", ".join(one.opened)}
        for one in told
    ]
    show({"faults": 0, "changed": changed} if as_json else (changed or {"faults": 0, "changed": 0}), as_json=as_json)


@commands.command()
def draft(
    file: FileArgument,
    title: Annotated[str, typer.Option(help="What it is called; refusals name it.")],
    basis: Annotated[str, typer.Option(help="The rule on which it rests; refusals cite it.")],
    whole: WholeOption = False,
    policy: PolicyOption = "",
    seen: Annotated[int, typer.Option(help="Of a next version: the version that was read before.")] = 0,
    home: HomeOption = HERE,
    token: TokenOption = "",
    as_json: JsonOption = False,
) -> None:
    """Draft a policy or its next version; a second person puts it in force."""
    with as_somebody(home, token) as (house, who), house.desk(who) as desk:
        kept = policies.draft_policy(
            *(desk, title, basis, _text(file)),
            tier=house.home.settings.body,
            whole=whole,
            policy_id=policy,
            seen=seen,
        )
    show(_told(kept), as_json=as_json)


@commands.command("try")
def try_policy(
    file: FileArgument,
    agreement: Annotated[str, typer.Argument(help="The agreement's identifier.")],
    action: Annotated[str, typer.Option(help="query, verify, table, file, subscribe, outflow or enclave.")] = "query",
    system: Annotated[str, typer.Option(help="The using body's system; nothing means the first.")] = "",
    purpose: Annotated[str, typer.Option(help="Nothing means the first that was agreed.")] = "",
    hour: Annotated[int, typer.Option(help="0 to 23 by legal time; -1 means now.", min=-1, max=23)] = -1,
    rows: Annotated[int, typer.Option(help="Keys of the call.", min=1)] = 1,
    address: Annotated[str, typer.Option(help="From where it comes.")] = "",
    whole: WholeOption = False,
    policy: PolicyOption = "",
    home: HomeOption = HERE,
    token: TokenOption = "",
    as_json: JsonOption = False,
) -> None:
    """Say what would be decided of a sample, with the policy in force and without; nothing is handed over."""
    sample = Sample(
        agreement=agreement,
        action=action,
        system=system,
        purpose=purpose,
        hour=None if hour < 0 else hour,
        rows=rows,
        address=address,
    )
    with as_somebody(home, token) as (house, who), house.desk(who) as desk:
        answer = policies.try_policy(
            desk, _text(file), sample, tier=house.home.settings.body, whole=whole, policy_id=policy
        )
    refusal = answer.refusal
    show(
        {
            "before": "ok" if answer.before is None else answer.before.code,
            "with it": "ok" if refusal is None else refusal.code,
            "reason": str(refusal.reason) if refusal else "",
            "basis": str(refusal.basis) if refusal else "",
            "policies": ", ".join(answer.reasons),
            "of rows": answer.of_rows,
            "dropped": ", ".join(answer.dropped),
            "masked": ", ".join(answer.masked),
        },
        as_json=as_json,
    )


@commands.command()
def enforce(
    policy_id: PolicyArgument,
    version: Annotated[int, typer.Argument(help="The version.", min=1)],
    starts: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The first day; nothing means today.")
    ] = None,
    home: HomeOption = HERE,
    token: TokenOption = "",
    as_json: JsonOption = False,
) -> None:
    """Put a version in force, as a second person of its body: at every gateway within a second."""
    with at_desk(home, token) as desk:
        show(
            _told(policies.enforce_policy(desk, policy_id, version, starts.date() if starts else None)), as_json=as_json
        )


@commands.command()
def withdraw(
    policy_id: PolicyArgument, home: HomeOption = HERE, token: TokenOption = "", as_json: JsonOption = False
) -> None:
    """Withdraw a policy, as another than who wrote it."""
    with at_desk(home, token) as desk:
        show(_told(policies.withdraw_policy(desk, policy_id)), as_json=as_json)


def _text(file: Path) -> str:
    try:
        with file.open("rb") as stream:
            return stream.read(LONGEST).decode()
    except (OSError, UnicodeDecodeError) as error:
        raise Invalid(text("the file {path} cannot be read", path=file.name)) from error


def _told(kept: DeliveryPolicy) -> dict[str, object]:
    return {
        "id": kept.id,
        "version": kept.version,
        "title": kept.title,
        "effect": kept.effect.value,
        "stage": kept.stage.value,
        "starts": str(kept.starts or ""),
        "body": kept.body,
        "whole": kept.whole,
        "digest": kept.digest,
    }
