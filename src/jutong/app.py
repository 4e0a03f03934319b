"""Composition: settings -> house -> faces and clockwork; the only file that knows everything."""

from __future__ import annotations

import logging
import os
import secrets
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer
import uvicorn

from jutong import access, cascade, catalogue, custody, delivery, ledger, notices, search, sharing, web
from jutong.cli import app as commands
from jutong.cli.command import HERE, HomeOption, standing_house
from jutong.cli.output import complaints, ending, said
from jutong.collection import packages, plans, pushes
from jutong.desk import House, open_house
from jutong.follows import Following
from jutong.kernel.clock import SteadyClock
from jutong.kernel.errors import Refused, Unavailable
from jutong.kernel.files import sweep
from jutong.kernel.outward import Outward
from jutong.kernel.text import text
from jutong.sharing import buying, dispute, use

log = logging.getLogger("jutong")
Asgi = Callable[[MutableMapping[str, Any], Callable[..., Any], Callable[..., Any]], Any]
RESTART_AFTER_SECONDS = 0.5
LEFT_AFTER = timedelta(days=1)
# How faces speak: by our own protocol, and telling nothing of what they are made of.
SPOKEN: Mapping[str, Any] = {
    "loop": delivery.LOOP,
    "http": delivery.PROTOCOL,
    "log_level": "warning",
    "access_log": False,
    "server_header": False,
    "proxy_headers": False,
    "date_header": False,
    "timeout_graceful_shutdown": 5,
    "h11_max_incomplete_event_size": 16 << 10,
}


@dataclass(frozen=True, slots=True)
class Work:
    """Something a house does again and again on its own account."""

    name: str
    every_seconds: float
    do: Callable[[], object]


def works(house: House, outward: Outward) -> tuple[Work, ...]:
    """Return the clockwork of a house, in the order in which a line travels."""

    def sequence() -> None:
        settings = house.home.settings
        ledger.seal(house.engine, house.home.ledger, house.home.journal, org=settings.body, now=house.now())
        ledger.sequence(house.engine, house.log)

    def listen() -> None:
        for peer in cascade.peers_of(house, outward):
            _patiently(f"listening to {peer.node.name}", partial(cascade.listen, house, peer))

    witnessing = cascade.Witnessing(house)

    def witness() -> None:
        for peer in cascade.peers_of(house, outward):
            _patiently(f"asking {peer.node.name} to witness", partial(witnessing.ask, peer))

    def keep_clocks() -> None:
        with house.desk(house.itself) as desk:
            sharing.end_terms(desk)
        with house.desk(house.itself) as desk:
            buying.end_purchases(desk)
        with house.desk(house.itself) as desk:
            use.watch_use(desk)
        with house.desk(house.itself) as desk:
            dispute.escalate_disputes(desk)
        with house.desk(house.itself) as desk:
            sharing.escalate_overdue(desk)
            sharing.escalate_prechecks(desk)
        with house.desk(house.itself) as desk:
            access.suspend_unused(desk, days=house.home.settings.unused_days)
        with house.desk(house.itself) as desk:
            catalogue.escalate_overdue(desk)
            catalogue.escalate_responsibilities(desk)

    def tidy() -> None:
        # Deliveries and hand-overs under way live for minutes; what is a day old was left by a process that died.
        for folder in ("inbox", "spool", "progress", "serving/.scratch"):
            sweep(house.home.folder / folder, before=house.clock() - LEFT_AFTER)
        sweep(house.home.folder / "pushed", before=house.clock() - pushes.LEFT_AFTER)
        access.sweep(house.engine, house.clock())

    def answer() -> None:
        if house.home.settings.unconditional_at_once:
            with house.desk(house.itself) as desk:
                sharing.answer_unconditional(desk)

    pause = house.home.settings.sequence_every_ms / 1000
    return (
        Work("ledger", pause, sequence),
        Work("follows", pause, Following(house)),
        Work("search", 1, lambda: search.keep_up(house)),
        Work("cascade", 0.3, listen),
        Work("witness", 0.5, witness),
        Work("answers", 5, answer),
        Work("clocks", 60, keep_clocks),
        Work("views", 2, lambda: delivery.keep_views(house)),
        Work("listings", 2, lambda: delivery.keep_listings(house)),
        Work("subscriptions", 2, lambda: delivery.tell_subscribers(house)),
        Work("outflows", 2, lambda: delivery.run_outflows(house)),
        Work("plans", 5, lambda: plans.run_due(house, outward)),
        Work("packages", 10, lambda: packages.go_on(house)),
        Work("letters", 15, lambda: notices.send_due(house)),
        Work("tidy", 600, tidy),
        Work("lake", 3600, lambda: custody.tend_lake(house)),
    )


def run_works(house: House, stop: threading.Event, *, parent: int = 0) -> None:
    """Keep the clockwork going until ``stop``; one work that fails does not hold up the others.

    A clockwork that a face started (``parent``) does not outlive it, however that one ended, and however early.
    """
    outward = Outward(inside=True)
    threads = [
        threading.Thread(target=_repeat, args=(work, stop), name=work.name, daemon=True)
        for work in works(house, outward)
    ]
    for thread in threads:
        thread.start()
    while not stop.wait(1) and parent in (0, os.getppid()):
        pass
    stop.set()
    for thread in threads:
        thread.join(timeout=10)
    outward.close()


def _repeat(work: Work, stop: threading.Event) -> None:
    while not stop.wait(work.every_seconds):
        _patiently(work.name, work.do)


def _patiently(name: str, do: Callable[[], object]) -> None:
    try:
        do()
    except Unavailable as error:
        log.info("%s waits: %s", name, error.reason)
    except Refused as error:
        log.warning("%s was refused: %s", name, error.reason)
    except Exception:
        log.exception("%s failed; it is tried again", name)


def asgi(house: House) -> Asgi:
    """Return the faces of a house: the gateway (/r1, /im), shares (/sharing), management API and pages elsewhere."""
    rooms = web.build(house)
    worker = f"{os.getpid()}-{secrets.token_hex(4)}"
    gateway, shares = delivery.gateway_of(house, worker=worker), delivery.sharing_of(house, worker=f"{worker}-s")

    async def front(scope: MutableMapping[str, Any], receive: Callable[..., Any], send: Callable[..., Any]) -> None:
        if scope["type"] == "lifespan":
            async with gateway:
                try:
                    await rooms(scope, receive, send)
                finally:
                    shares.close()
        elif scope["type"] == "http" and scope["path"].startswith(("/r1/", "/im/")):
            await gateway(scope, receive, send)
        elif scope["type"] == "http" and scope["path"].startswith("/sharing/"):
            await shares(scope, receive, send)
        else:
            await rooms(scope, receive, send)

    return front


def worker() -> Asgi:
    """Return the application for one worker process; its home is in the environment."""
    return asgi(open_house(Path(os.environ["JUTONG_HOME"]), clock=SteadyClock()))


@commands.command()
def serve(
    home: HomeOption = HERE,
    work: bool = True,
    face: bool = True,
    parent: Annotated[int, typer.Option(hidden=True)] = 0,
) -> None:
    """Serve a home until it is told to stop: pages, management API, gateway workers, clockwork.

    With --no-work or --no-face only one half runs, so that each can be its own process on its own machine.
    """
    with ending():
        house = standing_house(home)
        with house.reading() as db:
            if access.nobody_yet(db):
                complaints.print(said(text("nobody can sign in yet: run `jutong invite ACCOUNT`")), highlight=False)
    os.environ["JUTONG_HOME"] = str(home.absolute())
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(levelname)s %(message)s", stream=sys.stderr)
    for chatty in ("httpx", "fido2"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    stop = threading.Event()
    for kind in (signal.SIGTERM, signal.SIGINT):
        signal.signal(kind, lambda *_: stop.set())
    if not face:
        run_works(house, stop, parent=parent)
        return
    children = [_child(home, "--no-face")] if work else []
    faces = threading.Thread(target=_watch, args=(home, children, stop), daemon=True)
    faces.start()
    try:
        _serve_faces(house)
    finally:
        stop.set()
        for child in children:
            child.terminate()
        for child in children:
            child.wait(timeout=15)


def _serve_faces(house: House) -> None:
    settings = house.home.settings
    uvicorn.run(
        "jutong.app:worker",
        factory=True,
        host=settings.host,
        port=settings.port,
        workers=settings.workers,
        **SPOKEN,
    )


def _child(home: Path, flag: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "jutong", "serve", "--home", str(home), flag, "--parent", str(os.getpid())]
    return subprocess.Popen(command)


def _watch(home: Path, children: list[subprocess.Popen[bytes]], stop: threading.Event) -> None:
    while not stop.wait(RESTART_AFTER_SECONDS):
        for place, child in enumerate(children):
            if child.poll() is not None and not stop.is_set():
                log.warning("the clockwork ended with %s; it is started again", child.returncode)
                children[place] = _child(home, "--no-face")


def main() -> None:
    """Run the command line."""
    commands()
