"""The edge agent (前置机): pack at the department, by a medium or the network to the node, and the receipts back."""

from __future__ import annotations

import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from jutong import ledger
from jutong.collection import LAYOUTS, Layout, Reach, Reading, packages, pushes
from jutong.collection.packages import Depot, Destination, Feed, Package, Paper, Taken
from jutong.collection.pushes import Parcel
from jutong.desk import House
from jutong.kernel.errors import Invalid, NotFound, Refused
from jutong.kernel.files import write_whole
from jutong.kernel.foreign import source_secret
from jutong.kernel.keys import load_any_key
from jutong.kernel.outward import Outward
from jutong.kernel.text import text
from jutong.ledger import VerifierKey

from .command import HERE, HomeOption, JsonOption, TokenOption, app, as_somebody, in_house
from .output import ending, language, progress, said, show

ANSWER_SECONDS = 60
RECEIPT_SECONDS = 10.0

commands = typer.Typer(name="edge", no_args_is_help=True, help="Departments behind a one-way network.")
app.add_typer(commands)
FeedArgument = Annotated[
    Path,
    typer.Argument(help="A JSON file: entry, system, node, log, key; reach and headers of a live source; url ..."),
]
SpoolOption = Annotated[Path, typer.Option("--spool", help="The folder where packages wait for their receipts.")]
SPOOL = Path("spool")


class Sheet(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """An edge's feed as it stands in a file; paths are beside it."""

    entry: str
    system: str
    node: str  # as `jutong edge key` prints it
    key: str  # the system's private key (PEM; Ed25519 or SM2)
    log: str = ""  # as `jutong keys` prints it; its SM2 key after a space, where it has one
    url: str = ""
    reach: Reach | None = None
    headers: dict[str, str] = {}
    castable: tuple[str, ...] = ()
    watermark: str = ""
    overlap: int = 0
    checksum: bool = True
    layout: str = ""
    encoding: str = ""
    delimiter: str = ""
    table: str = ""
    rows_at: str = ""

    def declared(self) -> Layout:
        """Return how the files are written."""
        if self.layout and self.layout not in LAYOUTS:
            raise Invalid(
                text("there is no layout {name}", name=self.layout),
                remedy=text("use one of: {names}", names=", ".join(LAYOUTS)),
            )
        shipped = LAYOUTS.get(self.layout, Layout())
        words = {**shipped.headers, **self.headers}
        declared = shipped.declaring(
            encoding=self.encoding, delimiter=self.delimiter, table=self.table, rows_at=self.rows_at
        )
        return replace(declared, headers=words, castable=declared.castable | frozenset(self.castable))

    def verifiers(self) -> list[VerifierKey]:
        """Return the keys of the node's log under which receipts must hold; with its SM2 key, under that one too."""
        if not self.log:
            raise Invalid(
                text("without the key of the node's log no receipt can be checked"),
                remedy=text("have `jutong keys` print it at the node, and give it as `log` in the feed"),
            )
        return [VerifierKey.read(one) for one in self.log.split()]


@commands.command()
def key(home: HomeOption = HERE, as_json: JsonOption = False) -> None:
    """At the node: print the public key to which packages are sealed, for the department's feed."""
    with in_house(home) as house:
        show({"node": str(packages.destination_of(house))}, as_json=as_json)


@commands.command()
def pack(
    feed: FeedArgument,
    files: Annotated[list[Path] | None, typer.Argument(help="Files to pack; none: read the feed's source.")] = None,
    spool: SpoolOption = SPOOL,
    to: Annotated[Path | None, typer.Option("--to", help="A medium: what has no receipt yet is put there.")] = None,
    as_json: JsonOption = False,
) -> None:
    """At the department: read what is new, seal and number it; after any break the same command goes on."""
    with ending():
        sheet = _sheet(feed)
        depot, signing = _depot(sheet, spool), load_any_key(feed.parent / sheet.key)
        packed: list[tuple[Paper, bool]] = []
        if files:
            packed = [packages.pack_file(depot, path, sheet.declared(), signing) for path in files]
        elif sheet.reach is not None:
            reading = Reading.of(sheet.watermark, overlap=sheet.overlap, checksum=sheet.checksum)
            source = Feed(reach=sheet.reach, headers=sheet.headers, castable=frozenset(sheet.castable), reading=reading)
            secret = source_secret(feed.parent, sheet.reach.secret) if sheet.reach.secret else ""
            with (
                closing(Outward(inside=True)) as outward,
                progress(text("reading {name}", name=sheet.reach.place), quiet=as_json) as bar,
            ):
                one = packages.pack_feed(depot, source, secret, signing, outward, progress=bar)
            packed = [one] if one else []
        elif to is None:
            raise Invalid(
                text("there is nothing to pack"), remedy=text("name files, or give `reach` and `headers` in the feed")
            )
        copied = {paper.number for paper in depot.copy_to(to)} if to else set()
        new = {paper.number for paper, is_new in packed if is_new}
    show([_paper(one, packed=one.number in new, copied=one.number in copied) for one in depot.papers], as_json=as_json)


@commands.command()
def send(
    feed: FeedArgument,
    spool: SpoolOption = SPOOL,
    patience: Annotated[int, typer.Option(min=0, help="Seconds to wait for a node that is away.")] = 600,
    as_json: JsonOption = False,
) -> None:
    """At the department: push what has no receipt yet to the node, in order, and keep the receipts that come back."""
    told = []
    with ending():
        sheet = _sheet(feed)
        depot, signing, log = _depot(sheet, spool), load_any_key(feed.parent / sheet.key), sheet.verifiers()
        with closing(Outward(inside=True, timeout_seconds=ANSWER_SECONDS)) as outward, depot.held():
            sender = pushes.Sender(sheet.url, sheet.system, signing, outward, patience=patience, language=language())
            for paper in depot.unanswered():
                view = _handed(sender, depot, paper, quiet=as_json)
                if view["stage"] in ("landed", "skipped"):
                    depot.answered(paper, sender.receipt_of(paper.id), log)
                told.append({name: view[name] for name in ("number", "stage", "waits_for", "batch", "reason")})
    show(told, as_json=as_json)


@commands.command()
def receipts(
    feed: FeedArgument,
    medium: Annotated[Path, typer.Argument(help="The medium that came back from the node.")],
    spool: SpoolOption = SPOOL,
    as_json: JsonOption = False,
) -> None:
    """At the department: take in the receipts on a medium, check them, and let go of what they answer."""
    with ending():
        sheet = _sheet(feed)
        depot = _depot(sheet, spool)
        with depot.held():
            found = depot.receipts_from(medium, sheet.verifiers())
    show([_paper(one) for one in found], as_json=as_json)


@commands.command(name="show")
def show_spool(feed: FeedArgument, spool: SpoolOption = SPOOL, as_json: JsonOption = False) -> None:
    """At the department: list what was packed, and which receipts are here."""
    with ending():
        found = _depot(_sheet(feed), spool).papers
    show([_paper(one) for one in found], as_json=as_json)


@commands.command()
def take(
    medium: Annotated[Path, typer.Argument(help="The medium that came from departments.")],
    home: HomeOption = HERE,
    token: TokenOption = "",
    receipts_to: Annotated[
        Path | None, typer.Option("--receipts", help="Where receipts are put; the medium itself if not named.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """At the node: take in every package on a medium, land what is next, and put the receipts beside."""
    with as_somebody(home, token) as (house, actor):
        taken = packages.take_folder(house, actor, medium)
        written = _receipts(house, taken, receipts_to or medium)
        missing = {one.file: packages.waits_for(house, one.package) if one.package else 0 for one in taken}
    show(
        [
            {
                "file": one.file.name,
                "number": one.package.number if one.package else 0,
                "stage": one.package.stage.value if one.package else "turned-away",
                "waits_for": missing[one.file],
                "batch": one.package.batch if one.package else "",
                "reason": said(one.package.reason if one.package else one.reason),
                "receipt": one.file in written,
            }
            for one in taken
        ],
        as_json=as_json,
    )


@commands.command(name="list")
def list_packages(home: HomeOption = HERE, token: TokenOption = "", as_json: JsonOption = False) -> None:
    """At the node: list the packages of your body's edge agents, the newest first, and what they wait for."""
    with as_somebody(home, token) as (house, actor):
        with house.reading() as db:
            found = packages.packages_listed(db, provider=actor.org, limit=500)
        told = [_package(one, packages.waits_for(house, one)) for one in found]
    show(told, as_json=as_json)


@commands.command()
def skip(
    package: Annotated[str, typer.Argument(help="The package's identifier.")],
    home: HomeOption = HERE,
    token: TokenOption = "",
    as_json: JsonOption = False,
) -> None:
    """At the node: go on without the rows of a package that were refused; the department's receipt says so."""
    with as_somebody(home, token) as (house, actor):
        skipped = packages.skip(house, actor, package)
    show(_package(skipped, 0), as_json=as_json)


def _handed(sender: pushes.Sender, depot: Depot, paper: Paper, *, quiet: bool) -> Any:
    path = depot.package(paper.number)
    parcel = Parcel(entry=paper.entry, name=paper.name, size=path.stat().st_size, content=paper.digest)
    with progress(text("pushing {name}", name=paper.name), quiet=quiet) as bar:
        return sender.hand_over(path, parcel, paper.id, progress=bar)


def _receipts(house: House, taken: tuple[Taken, ...], folder: Path) -> set[Path]:
    """Put the receipts of what has ended beside; a line waits for the ledger's next checkpoint, a moment at most."""
    written, until = set(), time.monotonic() + RECEIPT_SECONDS
    for one in taken:
        if one.package is None or not one.package.over:
            continue
        while one.file not in written:
            try:
                receipt = ledger.receipt_of(house.engine, house.home.ledger, one.package.line)
                write_whole(folder / f"{one.file.name}.receipt", receipt.encode())
                written.add(one.file)
            except Refused:
                if time.monotonic() > until:
                    break
                time.sleep(0.2)
    return written


def _sheet(file: Path) -> Sheet:
    try:
        return msgspec.json.decode(file.read_bytes(), type=Sheet)
    except OSError as error:
        raise NotFound("file", file.name) from error
    except msgspec.MsgspecError as error:
        raise Invalid(text("{path}: {why}", path=file.name, why=str(error))) from error


def _depot(sheet: Sheet, spool: Path) -> Depot:
    return Depot.of(spool, sheet.system, sheet.entry, Destination.read(sheet.node))


def _paper(paper: Paper, *, packed: bool = False, copied: bool = False) -> dict[str, object]:
    return {
        "number": paper.number,
        "package": paper.id,
        "file": paper.name,
        "read_up_to": paper.until,
        "receipt": paper.landed or paper.skipped,
        "left_out": paper.skipped,
        "new": packed,
        "copied": copied,
    }


def _package(package: Package, waits_for: int) -> dict[str, object]:
    return {
        "package": package.id,
        "number": package.number,
        "system": package.system,
        "entry": package.entry,
        "stage": package.stage.value,
        "waits_for": waits_for,
        "batch": package.batch,
        "reason": said(package.reason),
        "came": package.came,
    }
