"""Three tiers on one machine: a city, one of its districts, one of its departments, each an ordinary home."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx
import msgspec

from jutong import access, registers
from jutong.cli.node import make_home
from jutong.desk import House
from jutong.kernel.errors import Unavailable
from jutong.kernel.files import write_whole
from jutong.kernel.text import text
from jutong.registers import Node, Relation
from jutong.terms import ADMINISTRATORS, BodyKind, Duty, Grade, Org
from jutong.terms.identifier import credit_code_of, organisation_code_of

START_SECONDS = 120
FIRST_PORT = 8701


def _body_code(number: int) -> str:
    # 1 = registered by the staffing office, 1 = government body; a generated organisation code, no real body's.
    return credit_code_of("11500000" + organisation_code_of(f"MB00{number:04d}"))


AUTHORITY = Org(
    code=_body_code(1),
    name="重庆市大数据应用发展管理局",
    division="500000",
    kind=BodyKind.AUTHORITY,
    short_name="市大数据局",
)
MARKET = Org(code=_body_code(2), name="重庆市市场监督管理局", division="500000", short_name="市市场监管局")
LABOUR = Org(code=_body_code(3), name="重庆市人力资源和社会保障局", division="500000", short_name="市人社局")
YUBEI = Org(
    code=_body_code(4),
    name="渝北区大数据应用发展管理局",
    division="500112",
    kind=BodyKind.AUTHORITY,
    short_name="渝北区大数据局",
)


@dataclass(frozen=True, slots=True)
class Part:
    """Somebody who takes part in the story: an account, a post in a body, its duties."""

    account: str
    title: str
    body: Org
    duties: frozenset[Duty]
    cleared: Grade = Grade.L3


@dataclass(frozen=True, slots=True)
class Plan:
    """One tier before it is made."""

    folder: str
    node: str
    runs: Org
    bodies: tuple[Org, ...]
    people: tuple[Part, ...]


def _part(account: str, title: str, body: Org, *duties: Duty) -> Part:
    return Part(account, title, body, frozenset(duties))


CITY = Plan(
    "city",
    "cn-500000",
    AUTHORITY,
    (AUTHORITY, MARKET, LABOUR),
    (
        _part("auditor", "目录登记审核员", AUTHORITY, Duty.REGISTER_AUDIT),
        _part("publisher", "目录发布审核员", AUTHORITY, Duty.PUBLISH_AUDIT),
        _part("overseer", "共享监督员", AUTHORITY, Duty.OVERSIGHT, Duty.GOVERNANCE),
        _part("system", "系统管理员", AUTHORITY, Duty.SYSTEM_ADMIN),
        _part("security", "安全管理员", AUTHORITY, Duty.SECURITY_ADMIN),
        _part("audit", "审计管理员", AUTHORITY, Duty.AUDIT_ADMIN),
        _part("market-head", "市场监管局共享工作机构负责人", MARKET, Duty.OFFICE_HEAD, Duty.ANSWERS, Duty.GOVERNANCE),
        _part("labour-officer", "人社局共享联络员", LABOUR, Duty.REQUESTS),
        _part("labour-head", "人社局共享工作机构负责人", LABOUR, Duty.OFFICE_HEAD),
    ),
)
DISTRICT = Plan(
    "district",
    "cn-500112",
    YUBEI,
    (YUBEI, AUTHORITY, MARKET),
    (_part("officer", "渝北区数据专员", YUBEI, Duty.CATALOGUE, Duty.REQUESTS, Duty.OVERSIGHT),),
)
DEPARTMENT = Plan(
    "department",
    "cn-500000/scjg",
    MARKET,
    (MARKET, AUTHORITY),
    (
        _part("officer", "市场监管局数据专员", MARKET, Duty.CATALOGUE, Duty.COLLECTION, Duty.GOVERNANCE),
        _part("head", "市场监管局负责人", MARKET, Duty.DEPARTMENT_HEAD),
    ),
)
PLANS = (CITY, DISTRICT, DEPARTMENT)
RELATIONS: Mapping[tuple[str, str], Relation] = {
    ("city", "district"): Relation.CHILD,
    ("city", "department"): Relation.CHILD,
    ("district", "city"): Relation.PARENT,
    ("department", "city"): Relation.PARENT,
    ("district", "department"): Relation.PEER,
    ("department", "district"): Relation.PEER,
}


class WayIn(msgspec.Struct, frozen=True):
    """What somebody signs in with; administrators have the secret of a second factor, too."""

    password: str
    secret: str = ""


@dataclass(frozen=True, slots=True)
class Tier:
    """A tier that stands: where it is reached, its folder, and what its people call with."""

    plan: Plan
    folder: Path
    url: str
    port: int
    house: House
    tokens: Mapping[str, str]
    ways_in: Mapping[str, WayIn]


def stand_up(folder: Path, *, fixed_ports: bool) -> dict[str, Tier]:
    """Make the three homes, or take up those that stand, and have each trust the others."""
    tiers = {plan.folder: _tier(folder / plan.folder, plan, fixed_ports=fixed_ports) for plan in PLANS}
    for (here, there), relation in RELATIONS.items():
        neighbour = tiers[there]
        node = Node(
            name=neighbour.plan.node,
            url=neighbour.url,
            key=neighbour.house.key.public,
            relation=relation,
            body=neighbour.plan.runs.code,
        )
        house = tiers[here].house
        with house.desk(house.itself) as desk:
            registers.enrol_node(desk, node)
    return tiers


@contextlib.contextmanager
def serving(tiers: Mapping[str, Tier]) -> Iterator[None]:
    """Serve each tier by a process of its own; all of them end with the block."""
    processes = {}
    for name, tier in tiers.items():
        log = (tier.folder / "serve.log").open("ab")
        command = [sys.executable, "-m", "jutong", "serve", "--home", str(tier.folder)]
        processes[name] = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
    try:
        for name, tier in tiers.items():
            _wait_until_it_answers(name, tier, processes[name])
        yield
    finally:
        for process in processes.values():
            process.terminate()
        for process in processes.values():
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()


def _tier(folder: Path, plan: Plan, *, fixed_ports: bool) -> Tier:
    port = _port_of(folder, FIRST_PORT + [one.folder for one in PLANS].index(plan.folder), fixed=fixed_ports)
    house = make_home(folder, name=plan.node, body=plan.runs.code, division=plan.runs.division, port=port)
    port = house.home.settings.port
    tokens = _people(house, folder, plan)
    return Tier(plan, folder, f"http://127.0.0.1:{port}", port, house, tokens, _ways_in(house, folder, plan))


def _port_of(folder: Path, wanted: int, *, fixed: bool) -> int:
    if (folder / "jutong.toml").exists():
        return wanted  # a home keeps the port that it was made with
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", wanted if fixed else 0))
        except OSError:
            probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _people(house: House, folder: Path, plan: Plan) -> Mapping[str, str]:
    kept = folder / "keys" / "people.json"
    if kept.exists():
        return msgspec.json.decode(kept.read_bytes(), type=dict[str, str])
    tokens = {}
    with house.desk(house.itself) as desk:
        for body in plan.bodies:
            registers.register_body(desk, body)
        for part in plan.people:
            person = registers.register_person(desk, part.title, part.account)
            post = registers.appoint(desk, person.id, part.body.code, part.title, part.duties, part.cleared)
            tokens[part.account] = registers.issue_credential(desk, post.id)[1]
    write_whole(kept, msgspec.json.encode(tokens), mode=0o600)
    return tokens


def _ways_in(house: House, folder: Path, plan: Plan) -> Mapping[str, WayIn]:
    # Written down first: whoever is killed in between finds the passwords again, and opens what is not open yet.
    kept = folder / "keys" / "passwords.json"
    if kept.exists():
        ways = msgspec.json.decode(kept.read_bytes(), type=dict[str, WayIn])
    else:
        ways = {part.account: _way_in(part) for part in plan.people}
        write_whole(kept, msgspec.json.encode(ways), mode=0o600)
    vault = access.vault_of(house.key)
    with house.desk(house.itself) as desk:
        for account, way in ways.items():
            person = registers.person_with(desk.db, account)
            if person is not None:
                secret = access.read_secret(way.secret) if way.secret else b""
                access.open_account(desk, vault, person.id, way.password, secret=secret)
    return ways


def _way_in(part: Part) -> WayIn:
    secret = access.spelled(access.new_secret()).replace(" ", "") if part.duties & ADMINISTRATORS else ""
    return WayIn(access.new_code(groups=4), secret)


def _wait_until_it_answers(name: str, tier: Tier, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and process.poll() is None:
        with contextlib.suppress(httpx.HTTPError):
            if httpx.get(f"{tier.url}/healthz", timeout=2, trust_env=False).is_success:
                return
        time.sleep(0.1)
    raise Unavailable(
        text("the tier {name} does not start", name=name),
        remedy=text("read {log}", log=os.fspath(tier.folder / "serve.log")),
    )
