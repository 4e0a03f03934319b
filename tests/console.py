"""A node with its pages, and people who are known by their account's name: what tests of pages share."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import uvicorn

from jutong import access, registers, web
from jutong.access import Seat
from jutong.desk import House
from jutong.terms import Assurance
from jutong.web import Faces
from jutong.web.console import Doorkeeper
from jutong.web.console.door import form_cookie, session_cookie
from tests.calling import TestClient
from tests.city import NODE, City

CSRF = "right"
SEAT = session_cookie(NODE)
FORM = form_cookie(NODE)
HTML = {"accept": "text/html"}
STARTED_WITHIN_SECONDS = 20


@dataclass
class Console:
    """A city with its pages, called without a network."""

    city: City
    app: Faces

    def client(self, account: str = "", language: str = "en") -> TestClient:
        """Return a browser of somebody, or of a stranger."""
        cookies = {"jutong-language": language} | ({SEAT: account} if account else {})
        client = TestClient(self.app, cookies=cookies, raise_server_exceptions=False)
        client.headers.update(HTML)
        return client


def knowing(city: City) -> Doorkeeper:
    """Return a doorkeeper who takes an account's name for its session, so that no test needs a password."""

    def doorkeeper(house: House, token: str) -> Seat | None:
        if token not in city.posts:
            return None
        with house.reading() as db:
            person = registers.find_post(db, city.posts[token]).person
            (chair,) = access.chairs(db, person, house.clock().date())
        return Seat(
            session="s",
            person=person,
            account=token,
            name=token,
            language=None,
            chairs=(chair,),
            chair=chair,
            csrf=CSRF,
            owes=None,
            has_second=False,
            level=Assurance.TWO,
            opened=house.clock(),
            seen=house.clock(),
        )

    return doorkeeper


def a_console(city: City) -> Console:
    """Return the pages of a city."""
    return Console(city, web.build(city.house, knowing(city)))


@contextmanager
def serving(app: Faces) -> Iterator[str]:
    """Serve an application on a free port of this machine; yields its address."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", date_header=False, server_header=False))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        until = time.monotonic() + STARTED_WITHIN_SECONDS
        while not server.started and time.monotonic() < until:
            time.sleep(0.02)
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(timeout=10)
