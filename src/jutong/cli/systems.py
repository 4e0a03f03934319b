"""What systems are known by, from the terminal: keys in rotation, shared secrets; and calls of other platforms."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from jutong import registers
from jutong.delivery import dialects
from jutong.delivery.dialects import HeaderProfile
from jutong.kernel.crypto import PublicKey
from jutong.kernel.errors import Invalid
from jutong.kernel.files import write_whole
from jutong.kernel.outward import Outward
from jutong.kernel.text import text
from jutong.registers import SystemName

from .command import HERE, HomeOption, JsonOption, TokenOption, app, as_somebody, at_desk
from .output import ending, show

commands = typer.Typer(name="systems", no_args_is_help=True, help="What systems are known by: keys and secrets.")
app.add_typer(commands)
SystemArgument = Annotated[str, typer.Argument(help="The system's name in the network.")]
OverlapOption = Annotated[
    int, typer.Option(min=0, max=registers.OVERLAP_DAYS, help="Days for which the one before goes on counting.")
]


@commands.command()
def set_key(
    system: SystemArgument,
    public_key: Annotated[str, typer.Argument(help="Its new Ed25519 public key, in base64.")],
    overlap_days: OverlapOption = 0,
    home: HomeOption = HERE,
    token: TokenOption = "",
    as_json: JsonOption = False,
) -> None:
    """Give a system its key, or a new one: the old one ends at once, or after the overlap."""
    with at_desk(home, token) as desk:
        made = registers.set_key(desk, SystemName.parse(system), PublicKey.read(public_key), overlap_days=overlap_days)
        counting = made.counting(desk.now)
    show(_told(system, counting), as_json=as_json)


@commands.command()
def end_overlap(
    system: SystemArgument, home: HomeOption = HERE, token: TokenOption = "", as_json: JsonOption = False
) -> None:
    """Let a system's newest key count alone from now on."""
    with at_desk(home, token) as desk:
        counting = registers.end_overlap(desk, SystemName.parse(system)).counting(desk.now)
    show(_told(system, counting), as_json=as_json)


@commands.command()
def withdraw_key(
    system: SystemArgument, home: HomeOption = HERE, token: TokenOption = "", as_json: JsonOption = False
) -> None:
    """Take a system's keys from it; all that they opened is closed within a second."""
    with at_desk(home, token) as desk:
        counting = registers.withdraw_key(desk, SystemName.parse(system)).counting(desk.now)
    show(_told(system, counting), as_json=as_json)


@commands.command()
def issue_secret(
    system: SystemArgument,
    file: Annotated[Path, typer.Argument(help="Where the secret is written, for its own account alone.")],
    profile: Annotated[HeaderProfile, typer.Option(help="In which header profile it counts.")],
    days: Annotated[int, typer.Option(min=1, max=dialects.LONGEST_DAYS, help="Days that it counts.")] = 90,
    overlap_days: OverlapOption = 0,
    home: HomeOption = HERE,
    token: TokenOption = "",
    as_json: JsonOption = False,
) -> None:
    """Issue a shared secret for a system that cannot sign; only its own account can read the file."""
    with as_somebody(home, token) as (house, who):
        with house.desk(who) as desk:
            kept, letters = dialects.issue_secret(
                *(desk, system, profile), key=house.key, days=days, overlap_days=overlap_days
            )
        write_whole(file, letters.encode(), mode=0o600)
    told = {"secret": kept.id, "file": str(file), "profile": kept.profile.value, "expires": kept.expires.isoformat()}
    show(told, as_json=as_json)


@commands.command()
def revoke_secret(
    secret: Annotated[str, typer.Argument(help="The secret's identifier.")],
    home: HomeOption = HERE,
    token: TokenOption = "",
    as_json: JsonOption = False,
) -> None:
    """End a shared secret at once."""
    with at_desk(home, token) as desk:
        kept = dialects.revoke_secret(desk, secret)
    show({"secret": kept.id, "revoked": kept.revoked}, as_json=as_json)


@commands.command("ask-platform")
def ask_platform(
    url: Annotated[str, typer.Argument(help="The platform's address, and the path of the service if it has its own.")],
    service: Annotated[str, typer.Argument(help="The service's name there; at a Jutong node, its path.")],
    client: Annotated[str, typer.Option(help="Your requester's name there; at a Jutong node, your system's.")],
    secret: Annotated[Path, typer.Option(help="The file that holds the shared secret.")],
    profile: Annotated[HeaderProfile, typer.Option(help="The header profile of the platform.")],
    key: Annotated[str, typer.Option(help="Ask a Jutong node for the record with this key.")] = "",
    body: Annotated[Path | None, typer.Option(help="Ask by POST with the JSON of this file.")] = None,
    purpose: Annotated[str, typer.Option(help="A purpose of the agreement, where the platform takes one.")] = "",
    agreement: Annotated[str, typer.Option(help="The agreement, where the platform takes one.")] = "",
    as_json: JsonOption = False,
) -> None:
    """Ask a platform that knows its callers by a shared secret; prints the answer."""
    with ending(), closing(Outward(inside=True)) as outward:
        try:
            letters = secret.read_bytes().strip()
            content = body.read_bytes() if body else b""
        except OSError as error:
            raise Invalid(text("{path} cannot be read", path=error.filename)) from error
        platform = dialects.Platform(*(url, profile, client, letters, outward), purpose=purpose, agreement=agreement)
        answer = platform.query(service, key) if key else platform.ask("", service=service, body=content)
    show({"call": answer.call, "status": answer.status, "answer": answer.body}, as_json=as_json)


def _told(system: str, counting: tuple[registers.SystemKey, ...]) -> dict[str, object]:
    keys = [{"key": str(one.key), "since": one.since, "until": one.until} for one in counting]
    return {"system": system, "keys": keys}
