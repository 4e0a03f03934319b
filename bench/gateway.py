"""Calls at the gateway beside a bare echo, bare look-ups and Datasette's row API, in one run on one machine."""

from __future__ import annotations

import itertools
import json
import os
import secrets
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import msgspec
import psycopg
from tests.postgres import binaries, postgres_server

from jutong import delivery, ledger
from jutong.delivery.gateway import Gateway, Names
from jutong.kernel.clock import system_clock
from jutong.kernel.db import connect
from jutong.kernel.httpmac import HeaderProfile, mac_fields
from jutong.kernel.httpsig import Target, sign_request

from .gateway_city import CLIENT, CLIENT_KEY, NODE_KEY, SERVICE, City, pools_of
from .gateway_load import measured, on_record, soaked
from .gateway_peers import datasette, filled, packages_of, peers

CONNECTIONS, MANY_CONNECTIONS = 32, 1000
STEADY_SECONDS = 20  # at least, over many connections: their first calls, which wait to be let in, are then few
BATCH = 100  # keys in one verification
SESSION_SECONDS = 500  # after which the soak opens another
PER_SECOND = 1300  # calls of the soak: a province's peak
Requests = Callable[[int, float], Sequence[bytes]]
Figures = dict[str, list[dict[str, float]]]


@dataclass(frozen=True)
class Load:
    """One thing that is measured: which server, the requests for it, and over how many connections."""

    name: str
    app: str
    requests: Requests
    connections: int = CONNECTIONS


def run(
    *,
    input: str | Path | None = None,
    rows: int = 5_000_000,
    seconds: float = 6,
    rounds: int = 3,
    workers: int = 2,
    soak: float = 0,
    peer: bool = True,
) -> dict[str, Any]:
    """Measure each kind of call, one after the other, ``rounds`` times; ``input`` is a register (Parquet).

    ``soak`` is in minutes. Without ``peer`` nothing is compared with asyncpg and Datasette.
    """
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder, began = Path(name), time.perf_counter()
        os.environ |= {"BENCH_FOLDER": name, "BENCH_LOOKUP": "lmdb"}
        city = City(folder, input, rows)
        os.environ["BENCH_COPY"] = city.copy
        sizes = {"rows": city.rows, "workers": workers, "rounds": rounds, "built in s": time.perf_counter() - began}
        sizes["Ed25519 verified and signed a second of one core"] = _ceiling()
        served = {app: stack.enter_context(_served(app, workers)) for app in ("echo", "lookup", "gateway")}
        bearer = f"authorization: Bearer {_token(served['gateway'].port)}\r\n"
        plain = _plain(city.keys, bearer)
        loads = [
            Load("bare echo", "echo", plain),
            Load("bare look-up", "lookup", plain),
            Load("bare look-up, 1000 connections", "lookup", plain, MANY_CONNECTIONS),
            Load("session token", "gateway", plain),
            Load("session token, 1000 connections", "gateway", plain, MANY_CONNECTIONS),
            Load("signature", "gateway", _signed(city.keys)),
            Load("shared secret", "gateway", _by_secret(city.keys, city.secret().encode())),
            Load("verification of 100 keys", "gateway", _batches(city.firms, bearer)),
        ]
        time.sleep(1)  # the gateway sees the secret
        figures = _rounds(loads, served, folder, seconds, rounds)
        soaking = _soaked(served["gateway"], city.keys, folder, soak) if soak else {}
        home = peers() if peer else None
        if home is not None:
            figures |= _beside_datasette(home, city, folder, seconds, rounds)
            figures |= _on_postgres(home, city, folder, seconds, rounds, workers)
        return {"name": "gateway", "figures": sizes | _summary(figures) | soaking, "reach": _reach(figures, soaking)}


def _ceiling() -> float:
    """Return how often a core can do what no signed call does without: verify one signature and make another."""
    message, count = bytes(300), 1000
    signature = CLIENT_KEY.sign(message)
    began = time.process_time()
    for _ in range(count):
        CLIENT_KEY.public.verifies(signature, message)
        NODE_KEY.sign(message)
    return count / (time.process_time() - began)


def _rounds(loads: Sequence[Load], served: Mapping[str, Served], folder: Path, seconds: float, rounds: int) -> Figures:
    figures: Figures = {load.name: [] for load in loads}
    for _, load in itertools.product(range(rounds), loads):
        lasting = max(seconds, STEADY_SECONDS) if load.connections == MANY_CONNECTIONS else seconds
        requests = load.requests(served[load.app].port, lasting)
        figures[load.name].append(measured(requests, served[load.app].port, folder, lasting, load.connections))
    return figures


def _beside_datasette(home: Path, city: City, folder: Path, seconds: float, rounds: int) -> Figures:
    (copy,) = (folder / "serving" / city.copy).glob("*.lmdb")
    with datasette(home, filled(folder / "firms.db", copy)) as port:
        asked = [
            f"GET /firms/firms/{key}.json HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\n\r\n".encode() for key in city.keys
        ]
        load = Load("Datasette's row API", "datasette", lambda *_: asked)
        return _rounds([load], {"datasette": Served(port, 0)}, folder, seconds, rounds)


def _on_postgres(home: Path, city: City, folder: Path, seconds: float, rounds: int, workers: int) -> Figures:
    where = binaries()
    if where is None:
        print("no PostgreSQL server is installed", file=sys.stderr)
        return {}
    with postgres_server(where) as url, ExitStack() as stack:
        city.copied_to(url)
        os.environ |= {"BENCH_LOOKUP": url, "BENCH_POSTGRES": url}
        with psycopg.connect(url) as db:
            found = db.execute("SELECT relation FROM serving_copy WHERE served").fetchone()
        assert found is not None
        os.environ["BENCH_RELATION"] = found[0]
        served = {
            "asyncpg": stack.enter_context(
                _served("asyncpg_lookup", workers, module="gateway_peers", packages=packages_of(home))
            ),
            "postgres": stack.enter_context(_served("gateway", workers)),
        }
        bearer = f"authorization: Bearer {_token(served['postgres'].port)}\r\n"
        plain = _plain(city.keys, bearer)
        loads = [
            Load("bare look-up, PostgreSQL by asyncpg", "asyncpg", plain),
            Load("session token, PostgreSQL", "postgres", plain),
            Load("session token, PostgreSQL, 1000 connections", "postgres", plain, MANY_CONNECTIONS),
            Load("verification of 100 keys, PostgreSQL", "postgres", _batches(city.firms, bearer)),
        ]
        return _rounds(loads, served, folder, seconds, rounds)


def _soaked(served: Served, keys: Sequence[str], folder: Path, minutes: float) -> dict[str, float]:
    time.sleep(1)  # what was called before reaches the disk within its window
    before, sessions = on_record(folder / "journal"), 0

    def asked() -> Iterator[bytes]:
        nonlocal sessions
        bearer, until = "", 0.0
        for key in itertools.cycle(keys):
            if time.monotonic() >= until:
                bearer, until = f"authorization: Bearer {_token(served.port)}\r\n", time.monotonic() + SESSION_SECONDS
                sessions += 1
            yield _head(key, served.port, bearer)

    told = soaked(asked(), served.port, per_second=PER_SECOND, seconds=minutes * 60, pid=served.pid)
    time.sleep(1)
    told["calls not on record"] = told["calls"] + sessions - (on_record(folder / "journal") - before)
    return {f"soak: {word}": value for word, value in told.items()}


def _summary(figures: Figures) -> dict[str, Any]:
    summary: dict[str, Any] = {}
    for name, found in figures.items():
        for word in found[0]:
            summary[f"{name}: {word}"] = round(_median(found, word), 2)
    return summary


def _median(found: Sequence[Mapping[str, float]], word: str) -> float:
    return statistics.median(one[word] for one in found)


def _ratio(figures: Figures, name: str, other: str) -> float:
    """Return the median of a load's speed as a part of another's, round by round."""
    pairs = zip(figures[name], figures[other], strict=True)
    return statistics.median(one["per_second"] / two["per_second"] for one, two in pairs)


def _reach(figures: Figures, soaking: Mapping[str, float]) -> list[dict[str, Any]]:
    token, many, batches = "session token", "session token, 1000 connections", "verification of 100 keys"
    slowest = max(_median(figures[name], "p99_ms") for name in (token, "signature"))
    refused = sum(one["refused"] for found in figures.values() for one in found)
    reach = [
        _least("session token to bare look-up", _ratio(figures, token, "bare look-up"), 0.5),
        _least("signed calls a second", _median(figures["signature"], "per_second"), 3500),
        _least("verified keys a second", BATCH * _median(figures[batches], "per_second"), 60_000),
        _most("p99 in ms at 32 connections", slowest, 40),
        _most("p99 in ms at 1000 connections", _median(figures[many], "p99_ms"), 250),
        _most("calls not answered", refused, 0),
    ]
    if "Datasette's row API" in figures:
        reach.append(_least("times Datasette's row API", _ratio(figures, token, "Datasette's row API"), 10))
    bare = "bare look-up, PostgreSQL by asyncpg"
    if bare in figures:
        reach.append(
            _least("PostgreSQL-backed to bare asyncpg", _ratio(figures, "session token, PostgreSQL", bare), 0.5)
        )
    if soaking:
        reach += [
            _most("soak: errors", soaking["soak: errors"], 0),
            _most("soak: calls not on record", abs(soaking["soak: calls not on record"]), 0),
            _most("soak: growth of memory", soaking["soak: memory_grew"], 0.05),
            _least("soak: calls a second", soaking["soak: per_second"], PER_SECOND * 0.99),
        ]
    return reach


def _least(what: str, value: float, target: float) -> dict[str, Any]:
    return {"what": what, "value": round(value, 3), "target": f">= {target}", "holds": value >= target}


def _most(what: str, value: float, target: float) -> dict[str, Any]:
    return {"what": what, "value": round(value, 3), "target": f"<= {target}", "holds": value <= target}


# What is served ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Served:
    """A server that runs: its port, and its first process."""

    port: int
    pid: int


async def echo(scope: Any, _: Any, send: Any) -> None:
    """Answer without looking."""
    if scope["type"] == "http":
        await _send(send, b'{"name":"echo","uscc":"915000002028033215"}')


def lookup() -> Callable[..., Awaitable[None]]:
    """Return an application that looks the key up, and nothing else."""
    reader = pools_of(Path(os.environ["BENCH_FOLDER"])).lookup.open(os.environ["BENCH_COPY"])

    async def look(scope: Any, _: Any, send: Any) -> None:
        if scope["type"] == "http":
            await _send(send, reader.get(scope["raw_path"].rpartition(b"/")[2]) or b"{}")

    return look


def gateway() -> Gateway:
    """Return the whole gateway."""
    folder = Path(os.environ["BENCH_FOLDER"])
    return Gateway(
        connect(f"sqlite:///{folder}/control.db"),
        pools_of(folder, os.environ["BENCH_LOOKUP"]),
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
def _served(app: str, workers: int, *, module: str = "gateway", packages: str = "") -> Iterator[Served]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    # As the product is served: one server for all of them, floor and gateway.
    options = {
        "factory": app != "echo",
        "loop": delivery.LOOP,
        "http": delivery.PROTOCOL,
        "port": port,
        "workers": workers,
        "log_level": "warning",
        "access_log": False,
        "server_header": False,
        "date_header": False,
        "proxy_headers": False,
    }
    command = [sys.executable, "-c", f"import uvicorn; uvicorn.run('bench.{module}:{app}', **{options})"]
    path = os.pathsep.join(one for one in ("src", ".", os.environ.get("PYTHONPATH", ""), packages) if one)
    process = subprocess.Popen(command, env=os.environ | {"BENCH_PORT": str(port), "PYTHONPATH": path})
    try:
        for _ in range(600):
            time.sleep(0.1)
            if process.poll() is not None:
                raise RuntimeError(f"{app} does not start")
            try:
                httpx.get(f"http://127.0.0.1:{port}/", timeout=1)
                break
            except httpx.TransportError:
                continue
        yield Served(port, process.pid)
    finally:
        process.terminate()
        process.wait(timeout=20)


# What is asked -----------------------------------------------------------------------------------------------------


def _plain(keys: Sequence[str], bearer: str) -> Requests:
    return lambda port, _: [_head(key, port, bearer) for key in keys]


def _signed(keys: Sequence[str]) -> Requests:
    fields = {"x-road-client": CLIENT, "jutong-purpose": "social-security"}

    def one(key: str, port: int) -> bytes:
        target = Target("GET", f"127.0.0.1:{port}", f"/r1/{SERVICE}/{key}", "")
        nonce = secrets.token_hex(12)
        added = sign_request(CLIENT_KEY, target, fields, keyid=CLIENT, nonce=nonce, created=int(time.time()))
        return _head(key, port, _lines(added))

    return lambda port, seconds: [one(key, port) for key in _once(keys, seconds)]


def _by_secret(keys: Sequence[str], secret: bytes) -> Requests:
    def one(key: str, port: int) -> bytes:
        now, nonce = int(time.time() * 1000), secrets.token_hex(12)
        fields = mac_fields(secret, HeaderProfile.PORTAL, client=CLIENT, milliseconds=now, told=nonce)
        return _head(key, port, _lines(fields))

    return lambda port, seconds: [one(key, port) for key in _once(keys, seconds)]


def _once(keys: Sequence[str], seconds: float) -> Iterator[str]:
    """Yield more keys than are answered in the time: a call that came twice would rightly be refused."""
    return itertools.islice(itertools.cycle(keys), int(16_000 * (seconds + 1)))


def _batches(firms: Sequence[tuple[str, str]], bearer: str) -> Requests:
    bodies = [
        msgspec.json.encode([{"key": key, "facts": {"name": name}} for key, name in firms[at : at + BATCH]])
        for at in range(0, len(firms) - BATCH + 1, BATCH)
    ]

    def one(body: bytes, port: int) -> bytes:
        more = f"{bearer}content-length: {len(body)}\r\n"
        return _head("verify", port, more, method="POST") + body

    return lambda port, _: [one(body, port) for body in bodies]


def _lines(fields: Mapping[str, str]) -> str:
    return "".join(f"{name}: {value}\r\n" for name, value in fields.items())


def _head(last: str, port: int, more: str, *, method: str = "GET") -> bytes:
    return (
        f"{method} /r1/{SERVICE}/{last} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\nx-road-client: {CLIENT}\r\n"
        f"jutong-purpose: social-security\r\n{more}\r\n"
    ).encode()


def _token(port: int) -> str:
    with delivery.Consumer(f"http://127.0.0.1:{port}", CLIENT, CLIENT_KEY, NODE_KEY.public) as consumer:
        return consumer.open_session()


if __name__ == "__main__":
    print(json.dumps(run(), ensure_ascii=False, indent=1))
