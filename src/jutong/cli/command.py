"""The root command and what every command shares: the home, the actor, the form of the output."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from jutong import registers
from jutong.delivery import Consumer
from jutong.desk import Desk, House, open_house
from jutong.kernel.errors import NotKnown
from jutong.kernel.keys import load_any_key
from jutong.kernel.migrate import check_standing
from jutong.kernel.public_key import read_public_key
from jutong.kernel.text import text
from jutong.terms import Actor

from .output import ending, language

app = typer.Typer(
    name="jutong",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
    help="Jutong (聚通): catalogue, collect, govern, share and deliver government data, and prove it.",
)

HomeOption = Annotated[Path, typer.Option("--home", envvar="JUTONG_HOME", help="The node's folder.")]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON document on the last line.")]
TokenOption = Annotated[
    str,
    typer.Option(
        "--token",
        envvar="JUTONG_TOKEN",
        help="The credential of your post; better in the variable than on the command line.",
        show_default=False,
    ),
]
UrlOption = Annotated[str, typer.Option(help="The node's address.")]
ClientOption = Annotated[str, typer.Option(help="Your system's name in the network.")]
KeyOption = Annotated[
    Path, typer.Option("--key", help="Your system's private key (PEM; Ed25519 or SM2); it stays here.")
]
NodeKeyOption = Annotated[
    str, typer.Option(help="The node's public key of your key's kind; answers are checked with it.")
]
PurposeOption = Annotated[str, typer.Option(help="A purpose of the agreement.")]
WhichOption = Annotated[str, typer.Option("--agreement", help="The agreement; needed where there are several.")]
IssueOption = Annotated[str, typer.Option(help="The case that the call belongs to.")]
HERE = Path()


def standing_house(home: Path) -> House:
    """Open the home; its database must stand at the revision that this version works on."""
    house = open_house(home)
    check_standing(house.engine)
    return house


@contextmanager
def as_system(url: str, client: str, private_key: Path, node_key: str) -> Iterator[Consumer]:
    """Call a node as a consumer's system, each call signed; refusals end the command with their message and code."""
    with (
        ending(),
        Consumer(
            url, client, load_any_key(private_key), read_public_key(node_key), signed=True, language=language()
        ) as consumer,
    ):
        yield consumer


@contextmanager
def at_desk(home: Path, token: str) -> Iterator[Desk]:
    """Open a desk in ``home`` for whoever holds ``token``; refusals end the command with their message and code."""
    with as_somebody(home, token) as (house, actor), house.desk(actor) as desk:
        yield desk


@contextmanager
def as_somebody(home: Path, token: str) -> Iterator[tuple[House, Actor]]:
    """Open the home for whoever holds ``token``, who sits down at more than one desk."""
    with ending():
        house = standing_house(home)
        with house.reading() as db:
            actor = registers.actor_of(db, _given(token), house.clock())
        yield house, actor


@contextmanager
def in_house(home: Path) -> Iterator[House]:
    """Open the home for looking something up."""
    with ending():
        yield standing_house(home)


def _given(token: str) -> str:
    if not token:
        raise NotKnown(
            text("this command acts for somebody, and nobody was named"),
            basis=text("default deny"),
            remedy=text("put the credential of your post into the variable JUTONG_TOKEN"),
        )
    return token


def interactive() -> bool:
    """Say whether a person is at the terminal."""
    return os.isatty(1) and os.environ.get("CI", "") != "true"
