"""A city that shares the whole of an entry: rows in its lake, an agreement on them, and its server of shares."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pyarrow as pa
import uvicorn

from jutong import registers, sharing
from jutong.catalogue import Purpose
from jutong.delivery import bulk
from jutong.delivery.bulk import Profile, SharingServer, View
from jutong.desk import House
from jutong.ledger.calls import frames
from jutong.pools.layout import raw_table
from jutong.sharing import Agreement
from jutong.terms import Actor
from tests.city import SOCIAL, City, a_city, a_sheet, a_wish, done

COLUMNS = ("name", "uscc", "reg_date", "ent_type", "capital", "scope", "province", "city", "address")
ITEMS = ["name", "uscc", "reg_date", "capital", "city"]


@dataclass
class Sharing:
    """The city, its agreement, and the port of its server."""

    city: City
    agreement: str
    port: int
    workers: int = 0

    @property
    def house(self) -> House:
        """The node."""
        return self.city.house

    @property
    def system(self) -> str:
        """The consumer's system."""
        return self.city.found["system"]

    def lay(self, rows: Sequence[dict[str, Any]], mark: str) -> None:
        """Let rows stand for the entry."""
        table = pa.Table.from_pylist(list(rows), schema=pa.schema([(name, pa.string()) for name in COLUMNS]))
        self.house.pools.lake.replace(raw_table(self.city.found["entry"]), table.to_reader(), mark=mark)

    def keep(self, *, at_once: bool = True) -> View:
        """Bring the view up to date and return it."""
        made = bulk.keep_view(self.house, self.agreement, at_once=at_once)
        assert made is not None
        return made

    def actor(self, account: str) -> Actor:
        """Return somebody in office."""
        with self.house.reading() as db:
            post = registers.find_post(db, self.city.posts[account])
        return Actor(id=post.person, org=post.body, duties=post.duties, cleared=post.cleared)

    def profile(self, *, purpose: Purpose = Purpose.SOCIAL_SECURITY, days: int = 30) -> tuple[Profile, str]:
        """Let the consumer issue a profile."""
        with self.house.desk(self.actor("asker")) as desk:
            return bulk.issue_profile(desk, self.system, purpose, days=days)

    def standing(self) -> Agreement:
        """Return the agreement as it is."""
        with self.house.reading() as db:
            return sharing.find_agreement(db, self.agreement)

    def server(self) -> SharingServer:
        """Build one worker."""
        self.workers += 1
        return bulk.sharing_of(self.house, worker=f"shares-{self.workers}")

    def records(self) -> list[dict[str, Any]]:
        """Return every call on record, oldest first."""
        found = []
        for path in sorted(self.house.home.journal.glob("*.journal")):
            found += [msgspec.json.decode(record) for record, _ in frames(path.read_bytes())]
        return found

    @contextmanager
    def running(self) -> Iterator[httpx.Client]:
        """Run a worker behind a real socket, and lend a client for it."""
        worker = self.server()
        with served(worker, self.port), httpx.Client(base_url=f"http://127.0.0.1:{self.port}/sharing") as client:
            yield client
        worker.close()

    def table(self) -> str:
        """Return the path of the one table."""
        code = self.standing().provider.lower()
        return f"/shares/{self.agreement.lower()}/schemas/{code}/tables/enterprise_register"


def a_sharing(
    folder: Path,
    rows: Sequence[dict[str, Any]],
    *,
    port: int = 0,
    settings: Mapping[str, str | int] | None = None,
    **wish: Any,
) -> Sharing:
    """Build the city; its agreement asks for the table and the file, unless ``wish`` says otherwise."""
    city = a_city(folder, port=port or free_port(), **(settings or {}))
    made = Sharing(city, "", city.house.home.settings.port)
    with city.client() as client:

        def act(account: str, path: str, body: object = None) -> Any:
            content = msgspec.json.encode({} if body is None else body)
            return done(client.post(path, content=content, headers=city.bearer(account)))

        sheet = a_sheet(methods=["query", "verify", "table", "file"])
        entry = act("officer", "/api/entries", sheet)["id"]
        act("head", f"/api/entries/{entry}/signature")
        act("officer", f"/api/entries/{entry}/submission")
        act("auditor", f"/api/entries/{entry}/registration")
        act("publisher", f"/api/entries/{entry}/publication")
        city.found["entry"] = entry
        if rows:
            made.lay(rows, "first")
        system = act("system", "/api/systems", {"body": SOCIAL, "code": "claims", "title": "失业保险"})
        city.found["system"] = system["name"]
        made.agreement = an_agreement(made, act, **wish)
    city.settle()
    return made


def an_agreement(made: Sharing, act: Any, **wish: Any) -> str:
    """Ask and approve; return the agreement's identifier."""
    masks = wish.pop("masks", {})
    asked = a_wish(made.city, **{"items": ITEMS, "methods": ["table", "file"], **wish})
    request = act("asker", "/api/requests", asked)["id"]
    act("asking-head", f"/api/requests/{request}/signature")
    act("asker", f"/api/requests/{request}/submission")
    return str(act("head", f"/api/requests/{request}/approval", {"masks": masks})["id"])


def firms(count: int, *, start: int = 0) -> list[dict[str, Any]]:
    """Return made-up rows; every third is of another city."""
    return [
        {
            "name": f"重庆测试{number}有限公司",
            "uscc": f"9150000{number:011}",
            "reg_date": f"2001-03-{number % 28 + 1:02}",
            "ent_type": "有限责任公司",
            "capital": str(500_000 + number * 7),
            "scope": "秘密经营",
            "province": "重庆市",
            "city": "500103" if number % 3 else "510100",
            "address": f"人民路{number}号",
        }
        for number in range(start, start + count)
    ]


def free_port() -> int:
    """Return a port that nobody listens at."""
    return asyncio.run(_a_port())


async def _a_port() -> int:
    listening = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    port = int(listening.sockets[0].getsockname()[1])
    listening.close()
    await listening.wait_closed()
    return port


@contextmanager
def served(app: Any, port: int) -> Iterator[None]:
    """Serve an ASGI application at a port while the block runs."""
    config = uvicorn.Config(app, host="127.0.0.1", port=port, log_level="error", lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        threading.Event().wait(0.01)
    try:
        yield
    finally:
        server.should_exit = True
        thread.join(timeout=10)
