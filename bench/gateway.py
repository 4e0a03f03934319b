"""Queries at the gateway beside a bare echo and a bare look-up: calls a second and latency, in one run."""

from __future__ import annotations

import asyncio
import json
import os
import re
import secrets
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import httpx
import pyarrow as pa
import pyarrow.parquet as pq

from jutong import catalogue, delivery, ledger, registers, sharing
from jutong.catalogue import Purpose
from jutong.delivery.gateway import Gateway, Names
from jutong.delivery.likeness import key_bytes
from jutong.desk import open_desk
from jutong.guard.grades import Method
from jutong.kernel.clock import system_clock
from jutong.kernel.crypto import SigningKey
from jutong.kernel.db import connect, metadata
from jutong.kernel.httpsig import Target, sign_request
from jutong.pools import Pools, open_pools
from jutong.pools.layout import raw_table
from jutong.registers import SystemName
from jutong.sharing import Wish
from jutong.terms import Actor, BodyKind, Duty, Grade, Org, house_of

AUTHORITY, PROVIDER, CONSUMER = "11500000MB1000010R", "11500000MB20000201", "11500000MB30000308"
SERVICE = f"CN-500000/GOV/{PROVIDER}/pool/enterprise-register"
CLIENT = f"CN-500000/GOV/{CONSUMER}/load"
CONNECTIONS = 32
HOT_KEYS = 20_000
NODE_KEY, CLIENT_KEY = SigningKey.of_seed(b"bench-node-bench-node-bench-node"), SigningKey.of_seed(b"c" * 32)


@dataclass(frozen=True)
class Load:
    """One thing that is measured: which application, and the requests for it."""

    name: str
    app: str
    requests: Callable[[int, float], Iterator[bytes]]


def run(
    *, input: str | Path | None = None, rows: int = 200_000, seconds: float = 6, rounds: int = 3, workers: int = 2
) -> dict[str, Any]:
    """Measure all four kinds of call, one after the other, ``rounds`` times; ``input`` is a register (Parquet)."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        os.environ["BENCH_FOLDER"] = folder
        keys = _built(Path(folder), _rows(input, rows))
        ports = {app: stack.enter_context(_served(app, workers)) for app in ("echo", "lookup", "gateway")}
        token = _token(ports["gateway"])
        bearer = f"authorization: Bearer {token}\r\n"
        plain = _plain(keys, bearer)
        loads = (
            Load("bare echo", "echo", plain),
            Load("bare look-up", "lookup", plain),
            Load("session token", "gateway", plain),
            Load("signature", "gateway", _signed(keys)),
        )
        figures: dict[str, list[dict[str, float]]] = {load.name: [] for load in loads}
        for _ in range(rounds):
            for load in loads:
                figures[load.name].append(_measured(load, ports[load.app], Path(folder), seconds))
        sizes = {"rows": len(keys), "workers": workers, "connections": CONNECTIONS, "rounds": rounds}
        return {"name": "gateway", "figures": sizes | _summary(figures), "reach": _reach(figures)}


def _summary(figures: dict[str, list[dict[str, float]]]) -> dict[str, Any]:
    echo = [figure["per_second"] for figure in figures["bare echo"]]
    summary: dict[str, Any] = {}
    for name, found in figures.items():
        for word in found[0]:
            summary[f"{name}: {word}"] = round(statistics.median(one[word] for one in found), 2)
        to_echo = statistics.median(one["per_second"] / other for one, other in zip(found, echo, strict=True))
        summary[f"{name}: to bare echo"] = round(to_echo, 3)
    return summary


def _reach(figures: dict[str, list[dict[str, float]]]) -> list[dict[str, Any]]:
    bare = [figure["per_second"] for figure in figures["bare look-up"]]
    token, signed = figures["session token"], figures["signature"]
    ratio = statistics.median(one["per_second"] / other for one, other in zip(token, bare, strict=True))
    speed = statistics.median(one["per_second"] for one in signed)
    slowest = max(statistics.median(one["p99_ms"] for one in found) for found in (token, signed))
    refused = sum(one["refused"] for found in figures.values() for one in found)
    return [
        {"what": "session token to bare look-up", "value": round(ratio, 3), "target": 0.4, "holds": ratio >= 0.4},
        {"what": "signed calls a second", "value": round(speed), "target": 2000, "holds": speed >= 2000},
        {"what": "p99 in ms", "value": round(slowest, 1), "target": 60, "holds": slowest < 60},
        {"what": "calls not answered", "value": refused, "target": 0, "holds": refused == 0},
    ]


# What is served ----------------------------------------------------------------------------------------------------


async def echo(scope: Any, _: Any, send: Any) -> None:
    """Answer without looking."""
    if scope["type"] == "http":
        await _send(send, b'{"name":"echo","uscc":"915000002028033215"}')


def lookup() -> Callable[..., Awaitable[None]]:
    """Return an application that looks the key up, and nothing else."""
    reader = _pools(Path(os.environ["BENCH_FOLDER"])).lookup.open(os.environ["BENCH_COPY"])

    async def look(scope: Any, _: Any, send: Any) -> None:
        if scope["type"] == "http":
            await _send(send, reader.get(scope["raw_path"].rpartition(b"/")[2]) or b"{}")

    return look


def gateway() -> Gateway:
    """Return the whole gateway."""
    folder = Path(os.environ["BENCH_FOLDER"])
    return Gateway(
        connect(f"sqlite:///{folder}/control.db"),
        _pools(folder),
        ledger.Journal(folder / "journal", f"w{os.getpid()}"),
        NODE_KEY,
        system_clock,
        Names("bench", frozenset({f"127.0.0.1:{os.environ['BENCH_PORT']}"})),
        folder / "gateway",
    )


async def _send(send: Any, body: bytes) -> None:
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


@contextmanager
def _served(app: str, workers: int) -> Iterator[int]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    # As the product is served: one server for all of them, floor and gateway.
    options = {
        "factory": app != "echo",
        "http": delivery.PROTOCOL,
        "port": port,
        "workers": workers,
        "log_level": "warning",
        "access_log": False,
        "server_header": False,
        "date_header": False,
        "proxy_headers": False,
    }
    command = [sys.executable, "-c", f"import uvicorn; uvicorn.run('bench.gateway:{app}', **{options})"]
    path = os.pathsep.join(["src", ".", os.environ.get("PYTHONPATH", "")])
    process = subprocess.Popen(command, env=os.environ | {"BENCH_PORT": str(port), "PYTHONPATH": path})
    try:
        for _ in range(300):
            time.sleep(0.1)
            if process.poll() is not None:
                raise RuntimeError(f"{app} does not start")
            try:
                httpx.get(f"http://127.0.0.1:{port}/", timeout=1)
                break
            except httpx.TransportError:
                continue
        yield port
    finally:
        process.terminate()
        process.wait(timeout=20)


# What is asked -----------------------------------------------------------------------------------------------------


def _plain(keys: Sequence[str], bearer: str) -> Callable[[int, float], Iterator[bytes]]:
    def requests(port: int, _: float) -> Iterator[bytes]:
        for key in keys[:: max(1, len(keys) // HOT_KEYS)]:
            yield _head(key, port, bearer)

    return requests


def _signed(keys: Sequence[str]) -> Callable[[int, float], Iterator[bytes]]:
    def requests(port: int, seconds: float) -> Iterator[bytes]:
        fields = {"x-road-client": CLIENT, "jutong-purpose": "social-security"}
        # More than are answered in the time: one that came twice would rightly be refused.
        for place in range(int(16_000 * (seconds + 1))):
            key = keys[place * 7919 % len(keys)]
            target = Target("GET", f"127.0.0.1:{port}", f"/r1/{SERVICE}/{key}", "")
            nonce = secrets.token_hex(12)
            added = sign_request(CLIENT_KEY, target, fields, keyid=CLIENT, nonce=nonce, created=int(time.time()))
            yield _head(key, port, "".join(f"{name}: {value}\r\n" for name, value in added.items()))

    return requests


def _head(key: str, port: int, more: str) -> bytes:
    return (
        f"GET /r1/{SERVICE}/{key} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\nx-road-client: {CLIENT}\r\n"
        f"jutong-purpose: social-security\r\n{more}\r\n"
    ).encode()


def _token(port: int) -> str:
    with delivery.Consumer(f"http://127.0.0.1:{port}", CLIENT, CLIENT_KEY, NODE_KEY.public) as consumer:
        return consumer.open_session()


# How it is measured ------------------------------------------------------------------------------------------------

_WRK = """
local file = io.open("{path}", "rb")
local all = file:read("*a")
file:close()
local requests, at = {{}}, 1
while at <= #all do
  local stop = select(2, string.find(all, "\\r\\n\\r\\n", at, true))
  requests[#requests + 1] = string.sub(all, at, stop)
  at = stop + 1
end
local place = 0
function request()
  place = place % #requests + 1
  return requests[place]
end
"""
_UNITS = {"us": 0.001, "ms": 1.0, "s": 1000.0}


def _measured(load: Load, port: int, folder: Path, seconds: float) -> dict[str, float]:
    requests = list(load.requests(port, seconds))
    if shutil.which("wrk") is None:
        return asyncio.run(_generated(requests, port, seconds))
    (folder / "requests").write_bytes(b"".join(requests))
    script = folder / "load.lua"
    script.write_text(_WRK.format(path=folder / "requests"))
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{int(seconds)}s", "--latency", "-s", str(script)]
    said = subprocess.run([*command, f"http://127.0.0.1:{port}"], capture_output=True, text=True, check=True).stdout
    rate = float(_found(r"Requests/sec:\s+([\d.]+)", said)[0])
    quantiles = {
        name: float(number) * _UNITS[unit] for name, number, unit in re.findall(r"(\d+)%\s+([\d.]+)(us|ms|s)\b", said)
    }
    refused = re.search(r"Non-2xx or 3xx responses: (\d+)", said)
    return {
        "per_second": rate,
        "p50_ms": quantiles["50"],
        "p99_ms": quantiles["99"],
        "refused": float(refused[1]) if refused else 0.0,
    }


def _found(pattern: str, said: str) -> re.Match[str]:
    found = re.search(pattern, said)
    if found is None:
        raise RuntimeError(said)
    return re.compile(r"[\d.]+").search(found[1]) or found


async def _generated(requests: list[bytes], port: int, seconds: float) -> dict[str, float]:
    """Measure without wrk: slower at the sending end, so its figures are lower bounds."""
    took: list[float] = []
    refused = 0
    waiting = iter(requests * (1 if len(requests) > HOT_KEYS else 1000))
    until = time.perf_counter() + seconds

    async def one() -> None:
        nonlocal refused
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while (started := time.perf_counter()) < until:
            writer.write(next(waiting))
            head = await reader.readuntil(b"\r\n\r\n")
            length = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
            await reader.readexactly(int(length[1]) if length else 0)
            took.append(time.perf_counter() - started)
            refused += not head.startswith(b"HTTP/1.1 200")
        writer.close()

    await asyncio.gather(*(one() for _ in range(CONNECTIONS)))
    took.sort()
    return {
        "per_second": len(took) / seconds,
        "p50_ms": took[len(took) // 2] * 1000,
        "p99_ms": took[len(took) * 99 // 100] * 1000,
        "refused": float(refused),
    }


# What is delivered -------------------------------------------------------------------------------------------------


def _rows(input: str | Path | None, rows: int) -> pa.Table:
    items = [item.name for item in catalogue.template("enterprise_register", PROVIDER).items]
    if input is not None:
        table = pq.read_table(input, columns=items)
        return table.filter(pa.compute.equal(pa.compute.utf8_length(table["uscc"]), 18)).slice(0, rows)
    return pa.table(
        {
            "name": [f"重庆第{place}工贸有限公司" for place in range(rows)],
            "uscc": [f"91500000{place * 2_654_435_761 % 10**10:010}" for place in range(rows)],
            "reg_date": ["2003-05-06"] * rows,
            "ent_type": ["有限责任公司"] * rows,
            "capital": [f"{place % 900 + 1}万元人民币" for place in range(rows)],
            "scope": ["批发、零售：五金、交电、建筑材料（不含危险化学品）、日用百货。"] * rows,
            "province": ["重庆市"] * rows,
            "city": ["500103"] * rows,
            "address": [f"重庆市渝中区人民路{place % 999}号" for place in range(rows)],
        }
    ).select(items)


def _pools(folder: Path) -> Pools:
    return open_pools(str(folder / "lake"), {}, "duckdb", "lmdb", folder / "serving")


def _built(folder: Path, table: pa.Table) -> list[str]:
    """Walk the way to a delivered service by the product's own acts, and return the keys that can be asked for."""
    engine = connect(f"sqlite:///{folder}/control.db")
    metadata.create_all(engine)
    pools, now = _pools(folder), system_clock() - timedelta(minutes=5)

    @contextmanager
    def desk(body: str, *duties: Duty) -> Iterator[Any]:
        actor = Actor(id="-".join(duties), org=body, duties=frozenset(duties), cleared=Grade.L4)
        with open_desk(engine, actor if duties else house_of(AUTHORITY), now, pools) as one:
            yield one

    with desk(AUTHORITY) as house:
        registers.seed_standards(house)
        for code, kind in (
            (AUTHORITY, BodyKind.AUTHORITY),
            (PROVIDER, BodyKind.DEPARTMENT),
            (CONSUMER, BodyKind.DEPARTMENT),
        ):
            registers.register_body(house, Org(code=code, name=code, division="500000", kind=kind))
        registers.register_system(house, CONSUMER, "load", "load")
        registers.set_key(house, SystemName.parse(CLIENT), CLIENT_KEY.public)
    entry = _published(desk)
    pools.lake.append(raw_table(entry), table.to_reader(), mark="bench")
    request = _submitted(desk, entry)
    with desk(PROVIDER, Duty.OFFICE_HEAD) as one:
        agreement = sharing.approve(one, request)
    with desk(AUTHORITY) as house:
        delivery.open_service(house, agreement.id)
        os.environ["BENCH_COPY"] = delivery.find_service(house.db, entry).copy
    return [key_bytes(key).decode() for key in table["uscc"].to_pylist()]


def _published(desk: Any) -> str:
    wanted = catalogue.template("enterprise_register", PROVIDER)
    with desk(PROVIDER, Duty.CATALOGUE) as one:
        entry = catalogue.draft(one, replace(wanted, secrecy_assessed=True, impact_assessed=True))
    with desk(PROVIDER, Duty.DEPARTMENT_HEAD) as one:
        catalogue.sign(one, entry.id)
        catalogue.submit(one, entry.id)
    with desk(AUTHORITY, Duty.REGISTER_AUDIT) as one:
        catalogue.audit_registration(one, entry.id)
    with desk(AUTHORITY, Duty.PUBLISH_AUDIT) as one:
        catalogue.audit_publication(one, entry.id)
    return entry.id


def _submitted(desk: Any, entry: str) -> str:
    today = date.fromisoformat(system_clock().date().isoformat())
    wish = Wish(
        entry=entry,
        items=("name", "uscc", "capital", "address"),
        purposes=(Purpose.SOCIAL_SECURITY,),
        legal_basis="失业保险条例第十七条",
        scenario="核验申领失业保险金人员的原单位",
        scope="本市登记的企业",
        methods=frozenset({Method.QUERY, Method.VERIFY}),
        systems=(CLIENT,),
        starts=today,
        ends=today + timedelta(days=365),
        quota_per_day=100_000_000,
    )
    with desk(CONSUMER, Duty.REQUESTS) as one:
        request = sharing.draft_request(one, wish)
    with desk(CONSUMER, Duty.OFFICE_HEAD) as one:
        sharing.sign_request(one, request.id)
        sharing.submit_request(one, request.id)
    return str(request.id)


if __name__ == "__main__":
    print(json.dumps(run(), ensure_ascii=False, indent=1))
