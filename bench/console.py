"""Pages of a full node: how long one takes on one core, and how many leave two; beside a bare page of the same size."""

from __future__ import annotations

import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, replace
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from functools import cache
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import jinja2
import litestar
import msgspec
from litestar import MediaType

from bench.gateway_load import measured
from jutong import access, catalogue, registers
from jutong.access import store as ways_in
from jutong.access.account import Account
from jutong.access.session import new_session
from jutong.catalogue import Entry, Move, Purpose, Stage
from jutong.catalogue import store as entries
from jutong.catalogue.document import digest_of, entry_to_document
from jutong.catalogue.summary import by_sound, marks, summary_of, words_of
from jutong.cli.node import make_home
from jutong.desk import House
from jutong.guard.grades import Method
from jutong.kernel.canon import canonical
from jutong.kernel.clock import LEGAL_TIME
from jutong.kernel.db import transaction
from jutong.kernel.ids import ulid
from jutong.notices import store as told
from jutong.sharing import Request, Wish
from jutong.sharing import Stage as RequestStage
from jutong.sharing import store as requests
from jutong.sharing.request import request_of
from jutong.terms import Assurance, BodyKind, Deadline, Duty, Grade, Org
from jutong.terms.identifier import credit_code_of, organisation_code_of
from jutong.web.console.door import session_cookie

AUTHORITY, PROVIDER, CONSUMER = "11500000MB1000010R", "11500000MB20000201", "11500000MB30000308"
ENTRIES, REQUESTS, BODIES = 100_000, 10_000, 40
OF_PROVIDER = 5  # every fifth entry is this one department's
STAGES = (*[Stage.PUBLISHED] * 45, Stage.DRAFT, Stage.DRAFT, Stage.SIGNED, Stage.SUBMITTED, Stage.REGISTERED)
STEP = 2_000
CONNECTIONS = 32
WARM, ASKED = 30, 300
PEOPLE: Mapping[str, tuple[str, frozenset[Duty]]] = {
    "head": (PROVIDER, frozenset({Duty.OFFICE_HEAD, Duty.ANSWERS, Duty.CATALOGUE})),
    "asker": (CONSUMER, frozenset({Duty.REQUESTS})),
    "auditor": (AUTHORITY, frozenset({Duty.REGISTER_AUDIT, Duty.OVERSIGHT})),
}


def run(*, rows: int = ENTRIES, seconds: float = 8) -> dict[str, Any]:
    """Fill a node, then measure its pages one after the other on one core, and mixed on two."""
    with tempfile.TemporaryDirectory() as folder:
        house = make_home(Path(folder) / "home", name="bench", body=AUTHORITY, division="500000", port=free_port())
        started = time.perf_counter()
        found = filled(house, rows)
        figures: dict[str, Any] = {"entries": rows, "open_requests": min(REQUESTS, rows // 10)}
        figures["filling_seconds"] = time.perf_counter() - started
        pages = {
            "desk": ("/desk", "head"),
            "desk of the asking body": ("/desk", "asker"),
            "desk of the authority": ("/desk", "auditor"),
            "own entries": ("/entries", "head"),
            "all entries": ("/entries/all", "asker"),
            "requests": ("/requests", "head"),
            "one entry": (f"/entries/{found['entry']}", "asker"),
            "one request": (f"/requests/{found['request']}", "head"),
        }
        name_of_cookie = session_cookie(house.home.settings.name)
        seats = {person: f"{name_of_cookie}={found[person]}" for _, person in pages.values()}
        size, slowest = 0, 0.0
        port = house.home.settings.port
        with served(house.home.folder, workers=1, core=0) as process:
            for name, (path, person) in pages.items():
                before = processor_ms(process)
                took, length = asked(port, path, seats[person])
                figures[f"{name}: processor ms"] = (processor_ms(process) - before) / (WARM + ASKED)
                figures[f"{name}: p50 ms"] = quantile(took, 50)
                figures[f"{name}: p95 ms"] = quantile(took, 95)
                figures[f"{name}: bytes"] = length
                slowest = max(slowest, quantile(took, 95))
                size = max(size, length if name == "desk" else 0)
        with served(house.home.folder, workers=2):
            wanted = mixed([(path, seats[person]) for path, person in pages.values()], port)
            speeds = [measured(wanted, port, Path(folder), seconds, CONNECTIONS) for _ in range(3)]
        pages_a_second = statistics.median(one["per_second"] for one in speeds)
        refused = sum(one["refused"] for one in speeds)
        figures |= floor(size, Path(folder), seconds)
    figures["pages a second on two cores"] = pages_a_second
    figures["to bare page"] = pages_a_second / figures["bare page: a second on two cores"]
    return {
        "name": "console",
        "figures": figures,
        "reach": [
            {"what": "slowest page, p95 in ms on one core", "value": slowest, "target": 60, "holds": slowest < 60},
            {
                "what": "pages a second on two cores",
                "value": pages_a_second,
                "target": 150,
                "holds": pages_a_second >= 150,
            },
            {"what": "pages not answered", "value": refused, "target": 0, "holds": refused == 0},
        ],
    }


# What is asked -----------------------------------------------------------------------------------------------------


def asked(port: int, path: str, seat: str, *, warm: int = WARM, times: int = ASKED) -> tuple[list[float], int]:
    """Ask for one page again and again over one connection, and return milliseconds and the page's length."""
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    took, length = [], 0
    for _ in range(warm + times):
        started = time.perf_counter()
        connection.request("GET", path, headers={"cookie": seat, "accept": "text/html"})
        answer = connection.getresponse()
        length = len(answer.read())
        took.append(1000 * (time.perf_counter() - started))
        if answer.status != 200:
            raise RuntimeError(f"{path}: {answer.status} {answer.headers.get('location', '')}")
    connection.close()
    return took[warm:], length


def mixed(pages: Iterable[tuple[str, str]], port: int) -> list[bytes]:
    """Return one request for each page, by turns."""
    head = f"HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\naccept: text/html\r\n"
    return [f"GET {path} {head}cookie: {seat}\r\n\r\n".encode() for path, seat in pages]


def processor_ms(process: int) -> float:
    """Return how long a process has worked: what a busy machine cannot lengthen."""
    spent = Path(f"/proc/{process}/stat").read_text("utf-8").rpartition(")")[2].split()
    return 1000 * (int(spent[11]) + int(spent[12])) / os.sysconf("SC_CLK_TCK")


def quantile(took: list[float], per_cent: int) -> float:
    """Return a quantile of what was measured."""
    return sorted(took)[min(len(took) * per_cent // 100, len(took) - 1)]


@contextmanager
def served(home: Path, *, workers: int, core: int | None = None) -> Iterator[int]:
    """Serve a home by the product's own command, on one core or on all, and nothing else of the node's work."""
    settings = home / "jutong.toml"
    kept = [line for line in settings.read_text("utf-8").splitlines() if not line.startswith("workers")]
    settings.write_text("\n".join([f"workers = {workers}", *kept]) + "\n", "utf-8")
    port = next(int(line.split("=")[1]) for line in kept if line.startswith("port"))
    command = [sys.executable, "-m", "jutong", "serve", "--home", str(home), "--no-work"]
    with running(command, port, core) as process:
        yield process


@contextmanager
def running(command: list[str], port: int, core: int | None = None, **environment: str) -> Iterator[int]:
    """Run a server until the block ends; it is up when it answers."""
    path = os.pathsep.join(["src", ".", os.environ.get("PYTHONPATH", "")])
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores if core is None else {core})  # a child is born on its parent's cores
    process = subprocess.Popen(command, env=os.environ | environment | {"PYTHONPATH": path})
    os.sched_setaffinity(0, cores)
    try:
        for _ in range(3000):
            time.sleep(0.1)
            if process.poll() is not None:
                raise RuntimeError("the server does not start")
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
        time.sleep(1)
        yield process.pid
    finally:
        process.terminate()
        process.wait(timeout=30)


def free_port() -> int:
    """Return a port that nobody listens at."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


# The floor ---------------------------------------------------------------------------------------------------------

BARE = """<!doctype html><html lang="zh-CN"><head><title>{{ title }}</title></head><body><ol>
{% for one in lines %}<li><a href="/requests/{{ one.id }}">{{ one.words }}</a> <span>{{ one.who }}</span></li>
{% endfor %}</ol></body></html>"""


@cache
def _bare() -> jinja2.Template:
    return jinja2.Environment(autoescape=True).from_string(BARE)


def bare() -> litestar.Litestar:
    """Return an application with one page of the size of a desk, from a list in memory."""
    line = {"id": "01JZ" * 6, "words": "答复对“企业登记信息”的共享申请" * 3, "who": "重庆市人力资源和社会保障局"}
    count = max(int(os.environ["BENCH_BYTES"]) // len(_bare().render(title="", lines=[line]).encode()), 1)

    @litestar.get("/", sync_to_thread=True, media_type=MediaType.HTML)
    def page() -> str:
        return _bare().render(title="工作台", lines=[line] * count)

    return litestar.Litestar([page], openapi_config=None, logging_config=None)


def floor(size: int, folder: Path, seconds: float) -> dict[str, float]:
    """Measure a bare Litestar and Jinja page of the same size, without a database."""
    port = free_port()
    command = [sys.executable, "-m", "uvicorn", "bench.console:bare", "--factory", "--port", str(port)]
    command += ["--log-level", "warning", "--no-access-log"]
    with running(command, port, 0, BENCH_BYTES=str(size)):
        took, _ = asked(port, "/", "")
    with running([*command, "--workers", "2"], port, BENCH_BYTES=str(size)):
        wanted = [f"GET / HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\n\r\n".encode()]
        speed = measured(wanted, port, folder, seconds, CONNECTIONS)["per_second"]
    return {
        "bare page: p50 ms": quantile(took, 50),
        "bare page: p95 ms": quantile(took, 95),
        "bare page: a second on two cores": speed,
    }


# What the node holds -----------------------------------------------------------------------------------------------


def filled(house: House, rows: int) -> dict[str, str]:
    """Fill a node with bodies, people who are signed in, entries, requests and notices; return tokens and things."""
    now = house.clock()
    names = [_code(place) for place in range(BODIES)]
    with house.desk(house.itself) as desk:
        for code, kind in (
            (AUTHORITY, BodyKind.AUTHORITY),
            (PROVIDER, BodyKind.DEPARTMENT),
            (CONSUMER, BodyKind.DEPARTMENT),
        ):
            registers.register_body(desk, Org(code=code, name=f"单位{code[-4:]}", division="500000", kind=kind))
        for code in names:
            registers.register_body(desk, Org(code=code, name=f"单位{code[-4:]}", division="500000"))
        system = str(registers.register_system(desk, CONSUMER, "load", "load").name)
    found = {account: _signed_in(house, account, body, duties, now) for account, (body, duties) in PEOPLE.items()}
    first = _entries(house, names, rows, now)
    found["entry"], found["request"] = first.id, _requests(house, first, system, min(REQUESTS, rows // 10), now)
    return found


def _signed_in(house: House, account: str, body: str, duties: frozenset[Duty], now: datetime) -> str:
    with house.desk(house.itself) as desk:
        person = registers.register_person(desk, account, account)
        post = registers.appoint(desk, person.id, body, account, duties, Grade.L3)
    kept = Account(person=person.id, password="$", changed=now, must_change=False, post=post.id)
    token = f"bench-{account}"
    with transaction(house.engine) as db:
        ways_in.save_account(db, kept)
        ways_in.save_session(db, new_session(ulid(now), kept, token, access.Caller(), now=now, level=Assurance.TWO))
    return token


def _entries(house: House, names: list[str], rows: int, now: datetime) -> Entry:
    sheet = replace(catalogue.template("enterprise_register", PROVIDER), secrecy_assessed=True, impact_assessed=True)
    first: Entry | None = None
    for start in range(0, rows, STEP):
        made = [
            _entry(sheet, place, _of(place, names), STAGES[place // OF_PROVIDER % len(STAGES)], now)
            for place in range(start, min(start + STEP, rows))
        ]
        first = first or made[0]
        with transaction(house.engine) as db:
            db.execute(entries.version.insert(), [_version(one) for one in made])
            db.execute(entries.head.insert(), [_head(one) for one in made])
    assert first is not None
    return first


def _of(place: int, names: list[str]) -> str:
    return PROVIDER if place % OF_PROVIDER == 0 else names[place % len(names)]


def _entry(sheet: Entry, place: int, provider: str, stage: Stage, now: datetime) -> Entry:
    way = (Stage.DRAFT, Stage.SIGNED, Stage.SUBMITTED, Stage.REGISTERED, Stage.PUBLISHED)
    at = now - timedelta(minutes=place % 500_000)
    moves = tuple(
        Move(stage=one, at=at + timedelta(seconds=step), by=f"p{step}", org=provider)
        for step, one in enumerate(way[: way.index(stage) + 1])
    )
    audited = stage in (Stage.SUBMITTED, Stage.REGISTERED)
    return replace(
        sheet,
        id=ulid(at),
        provider=provider,
        title=f"{['经营主体', '不动产', '社会保险', '医疗机构', '道路运输', '学籍'][place % 6]}信息{place}",
        service=f"service-{place}",
        stage=stage,
        moves=moves,
        audit_due=now.date() + timedelta(days=place % 9 - 4) if audited else None,
    )


def _version(one: Entry) -> dict[str, Any]:
    words = words_of(one)
    shown = {name: value.value if isinstance(value, Enum) else value for name, value in asdict(summary_of(one)).items()}
    return {
        **shown,
        "title_order": by_sound(one.title),
        "ready": one.ready,
        "seen_by_owner": True,
        "seen_by_authority": one.shown_to_authority,
        "seen_by_all": one.shown_to_all,
        **{f"mark{place}": mark for place, mark in enumerate(marks([words]))},
        "words": words,
        "digest": digest_of(one),
        "body": canonical(entry_to_document(one)).decode(),
    }


def _head(one: Entry) -> dict[str, Any]:
    return {
        "id": one.id,
        "provider": one.provider,
        "service": one.service,
        "version": 1,
        "authority_version": 1 if one.shown_to_authority else None,
        "public_version": 1 if one.shown_to_all else None,
        "withdrawn": False,
    }


def _requests(house: House, entry: Entry, system: str, count: int, now: datetime) -> str:
    today = now.astimezone(LEGAL_TIME).date()
    wish = Wish(
        entry=entry.id,
        items=("name", "uscc"),
        purposes=(Purpose.SOCIAL_SECURITY,),
        legal_basis="失业保险条例第十七条",
        scenario="核验申领失业保险金人员的原单位",
        scope="本市登记的企业",
        methods=frozenset({Method.QUERY, Method.VERIFY}),
        systems=(system,),
        starts=today,
        ends=today + timedelta(days=365),
        quota_per_day=1000,
    )
    drafted = request_of(wish, entry, id=ulid(now), consumer=CONSUMER, today=today)
    made = [_request(drafted, place, now, today) for place in range(count)]
    with transaction(house.engine) as db:
        for one in made[:1]:
            requests.save_request(db, one)
        db.execute(requests.request.insert(), [_request_row(one) for one in made[1:]])
        db.execute(told.notice.insert(), [_notice(one, place) for place, one in enumerate(made)])
    return made[0].id


def _request(drafted: Request, place: int, now: datetime, today: date) -> Request:
    started = today - timedelta(days=place % 14)
    clock = Deadline(
        rule_id="REQ_ANSWER_COND",
        started=started,
        due=started + timedelta(days=12),
        provisional=False,
        basis="政务数据共享条例第二十一条",
        notice="",
    )
    stage = RequestStage.EXTENDED if place % 50 == 0 else RequestStage.SUBMITTED
    at = now - timedelta(minutes=place)
    return replace(drafted, id=ulid(at), stage=stage, received=started, clock=clock)


def _request_row(one: Request) -> dict[str, Any]:
    assert one.due is not None
    return {
        "id": one.id,
        "consumer": one.consumer,
        "provider": one.provider,
        "entry": one.entry,
        "stage": one.stage.value,
        "due": one.due.isoformat(),
        "wish": one.wish.digest(),
        "body": msgspec.to_builtins(one, order="deterministic"),
    }


def _notice(one: Request, place: int) -> dict[str, Any]:
    return {
        "line": one.id,
        "body": PROVIDER,
        "side": "answering",
        "word": "sharing.submitted",
        "thing": "request",
        "on": one.id,
        "entry": one.entry,
        "other": CONSUMER,
        "at": datetime.now(UTC) - timedelta(minutes=place),
        "due": one.due,
    }


def _code(place: int) -> str:
    return credit_code_of("11500000" + organisation_code_of(f"MB{500_000 + place}"))
