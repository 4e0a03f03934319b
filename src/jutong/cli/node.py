"""Setting a node up and looking after it."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import httpx
import typer

from jutong import access, custody, delivery, ledger, registers
from jutong.desk import House, open_house
from jutong.kernel.disk import Rest
from jutong.kernel.errors import NO_TEXT, Refused, Unavailable, WrongMoment
from jutong.kernel.files import write_whole
from jutong.kernel.keys import make_key, make_sm2_key
from jutong.kernel.migrate import check_standing, newest, standing
from jutong.kernel.migrate import migrate as migrate_database
from jutong.kernel.settings import Home
from jutong.kernel.sm2 import is_here
from jutong.kernel.text import Text, text
from jutong.terms import BodyKind, Duty, Org

from .access import link_for
from .command import HERE, HomeOption, JsonOption, app
from .output import INCOMPLETE, console, ending, said, show

ADMINISTRATORS = {
    "system": (Duty.SYSTEM_ADMIN, "系统管理员"),
    "security": (Duty.SECURITY_ADMIN, "安全管理员"),
    "audit": (Duty.AUDIT_ADMIN, "审计管理员"),
}
FREE_BYTES_WANTED = 1 << 30
REST = {Rest.ENCRYPTED: text("encrypted"), Rest.OPEN: text("open"), Rest.UNKNOWN: text("cannot be told")}


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that a node needs, whether it is there, and how to mend it."""

    name: str
    fine: bool
    found: str
    remedy: Text


def make_home(folder: Path, **settings: str | int) -> House:
    """Make a home in ``folder``, or open the one that is there; keys are made once and stay."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)  # rows, serving copies and evidence are this account's alone
    if not (folder / "jutong.toml").exists():
        # JSON's spelling of strings and integers is TOML's too.
        lines = [f"{name} = {json.dumps(value, ensure_ascii=False)}\n" for name, value in settings.items()]
        write_whole(folder / "jutong.toml", "".join(lines).encode(), mode=0o600)
    make_key(folder / "keys" / "node.pem")
    _make_sm2_key(folder)
    house = open_house(folder)
    migrate_database(house.engine)
    with house.desk(house.itself) as desk:
        registers.seed_standards(desk)
    return house


@app.command()
def init(
    name: Annotated[str, typer.Option(help="The node's name in the network: a-z, 0-9, hyphen.")],
    body: Annotated[str, typer.Option(help="Unified social credit code of the body that runs it.")],
    title: Annotated[str, typer.Option(help="That body's name.")],
    division: Annotated[str, typer.Option(help="The area's six-digit division code (GB/T 2260).")],
    home: HomeOption = HERE,
    authority: Annotated[bool, typer.Option(help="The body is its tier's sharing authority.")] = False,
    port: Annotated[int, typer.Option(min=1, max=65535)] = 8700,
    database: Annotated[str, typer.Option(help="PostgreSQL URL; embedded SQLite if empty.")] = "",
    lake: Annotated[str, typer.Option(help="Folder or s3:// URL; a folder of the home if empty.")] = "",
    as_json: JsonOption = False,
) -> None:
    """Make a home: settings, keys, control database, standards, and three administrators.

    Each of them gets a credential for programs, and a link with which a password is set; both are shown this once.
    """
    with ending():
        if (home / "jutong.toml").exists():
            raise WrongMoment(
                text("there is a home in {folder} already", folder=home), remedy=text("choose another folder")
            )
        try:
            house = make_home(home, name=name, body=body, division=division, port=port, database=database, lake=lake)
            tokens = _first_people(house, Org(code=body, name=title, division=division, kind=_kind(authority)))
        except (Refused, Unavailable):
            (home / "jutong.toml").unlink(missing_ok=True)
            raise
    show({"home": str(home), "key": str(house.key.public), **tokens}, as_json=as_json)


@app.command()
def migrate(home: HomeOption = HERE, as_json: JsonOption = False) -> None:
    """Bring the control database to the newest revision, and make the node's SM2 key where it has none."""
    with ending():
        _make_sm2_key(home)
        house = open_house(home)
        before = standing(house.engine)
        show({"before": before, "after": migrate_database(house.engine)}, as_json=as_json)


@app.command()
def doctor(home: HomeOption = HERE, as_json: JsonOption = False) -> None:
    """Say what is missing on this machine and in this home, and how to mend it."""
    checks = [*_machine(home), *_home(home)]
    if as_json:
        show({check.name: {"fine": check.fine, "found": check.found} for check in checks}, as_json=True)
    else:
        for check in checks:
            console.print(f"{'✓' if check.fine else '✗'} {check.name}: {check.found}", highlight=False, markup=False)
            if not check.fine:
                console.print(f"    {said(check.remedy)}", highlight=False, markup=False)
    if not all(check.fine for check in checks):
        raise typer.Exit(INCOMPLETE)


def _make_sm2_key(folder: Path) -> None:
    # Where the machine's OpenSSL has no SM2, the node works without, unless its suite asks: callers with SM2 keys hear.
    if is_here():
        make_sm2_key(Home.open(folder).sm2_key)


def _kind(authority: bool) -> BodyKind:
    return BodyKind.AUTHORITY if authority else BodyKind.DEPARTMENT


def _first_people(house: House, org: Org) -> dict[str, str]:
    tokens = {}
    with house.desk(house.itself) as desk:
        registers.register_body(desk, org)
        for account, (duty, title) in ADMINISTRATORS.items():
            person = registers.register_person(desk, title, account)
            post = registers.appoint(desk, person.id, org.code, title, {duty})
            tokens[f"{account}_administrator"] = registers.issue_credential(desk, post.id)[1]
            tokens[f"{account}_administrator_link"] = link_for(house, access.invite(desk, person.id))
    return tokens


def _machine(home: Path) -> list[Check]:
    place = next(folder for folder in (home.absolute(), *home.absolute().parents) if folder.exists())
    free = shutil.disk_usage(place).free
    version = ".".join(map(str, sys.version_info[:3]))
    return [
        Check("python", sys.version_info >= (3, 11), version, text("install Python 3.11 or newer")),
        Check("disk", free >= FREE_BYTES_WANTED, f"{free >> 20} MiB", text("free at least 1 GiB on the home's disk")),
    ]


def _home(folder: Path) -> list[Check]:
    try:
        house = open_house(folder)
    except (Refused, Unavailable) as error:
        return [Check("home", False, said(error.reason), error.remedy or text("make one with `jutong init`"))]
    checks = [
        ("database", _database),
        ("clock", _clock),
        ("ledger", _ledger),
        ("keys", _keys),
        ("suite", _suite),
        ("copies", _copies),
        ("rest", _rest),
    ]
    checks.append(("port", _port))
    return [Check("home", True, house.home.settings.name, NO_TEXT), *(_tried(name, ask, house) for name, ask in checks)]


def _tried(name: str, ask: Callable[[House], Check], house: House) -> Check:
    try:
        return ask(house)
    except (Refused, Unavailable) as error:
        return Check(name, False, said(error.reason), error.remedy)


def _database(house: House) -> Check:
    check_standing(house.engine)
    return Check("database", True, f"{house.engine.dialect.name}, {newest()}", NO_TEXT)


def _clock(house: House) -> Check:
    check_standing(house.engine)
    return Check("clock", True, house.now().isoformat(timespec="seconds"), NO_TEXT)


def _ledger(house: House) -> Check:
    check_standing(house.engine)
    with house.reading() as db:
        placed = ledger.newest_place(db) + 1
    size = house.log.refresh()
    # A crash may leave the database behind the log, which the sequencer mends; a log that is shorter was lost.
    remedy = text("put the ledger's folder back from its copy; lines that were placed are missing from it")
    return Check("ledger", placed <= size, f"{size} / {placed}", remedy)


def _keys(house: House) -> Check:
    loose = [path for path in house.home.key.parent.glob("*") if path.stat().st_mode & 0o077]
    remedy = text("chmod 600 {path}", path=", ".join(map(str, loose)))
    return Check("keys", not loose, ", ".join(path.name for path in loose) or "600", remedy)


def _suite(house: House) -> Check:
    """Whether the published checkpoint is signed as the node's suite asks."""
    log = house.log
    signed = ledger.signed_by(log.checkpoint(), log.origin, log.verifiers)
    return Check("suite", True, f"{house.home.settings.crypto.suite}: {ledger.families(signed)}", NO_TEXT)


def _copies(house: House) -> Check:
    check_standing(house.engine)
    with house.reading() as db:
        names = {one.sealed_by for one in delivery.services(db)} - {""}
    for name in sorted(names):
        house.pools.vault.find(name)
    return Check("copies", True, ", ".join(sorted(names)) or "-", NO_TEXT)


def _rest(house: House) -> Check:
    """Whether entries of grade L4 lie on an encrypted disk; where that cannot be told, it is said and no fault."""
    check_standing(house.engine)
    found = custody.resting(house)
    remedy = text(
        "put home and lake on a disk that LUKS or fscrypt encrypts; entries of grade L4 lie open: {count}",
        count=found.grave,
    )
    return Check("rest", not found.bad, f"{said(REST[found.rest])}: {found.by}", remedy)


def _port(house: House) -> Check:
    host, port = house.home.settings.host, house.home.settings.port
    try:
        answer = httpx.get(f"http://{host}:{port}/healthz", timeout=2, trust_env=False)
        served = answer.json().get("node") == house.home.settings.name
        found = "serving" if served else "taken"
    except (httpx.HTTPError, ValueError, AttributeError) as error:
        served = isinstance(error, httpx.ConnectError)
        found = "free" if served else "taken"
    return Check("port", served, f"{host}:{port} {found}", text("choose another `port` in jutong.toml"))
