"""Every list of the console, in every order that it offers: page by page nothing is lost, doubled or moved."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from html import unescape

import pytest

from jutong import web
from jutong.web.console import table as tables
from jutong.web.console.table import Listed
from tests.city import PEOPLE, City
from tests.console import Console
from tests.pages import a_lively_city, filled, knowing_all, routes

pytestmark = pytest.mark.xdist_group("lists")

WHOLE = 1000
SAMPLES = "/style"  # a made-up list, whose rows are no store's
# Where one list has many lines, following each of them says no more than following some.
FOLLOWED = 25


@dataclass
class Reader:
    """Reads each list one line a page, beside the whole of it."""

    whole: list[Listed] = field(default_factory=list)
    page: list[Listed] = field(default_factory=list)

    def values(self) -> list[list[object]]:
        """Return the whole list as it was last asked for."""
        return [[cell.value for cell in row] for row in self.whole[-1].rows]


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    """A lively city."""
    made = a_lively_city(tmp_path_factory.mktemp("lists") / "home")
    yield made
    made.house.engine.dispose()


@pytest.fixture
def reader(monkeypatch: pytest.MonkeyPatch) -> Reader:
    """Let every list show one line a page."""
    read, listed = Reader(), tables.listed

    def narrow(visit: object, table: object, fetch: object) -> Listed:
        read.whole.append(listed(visit, replace(table, rows=WHOLE), fetch))  # type: ignore[arg-type, type-var]
        read.page.append(listed(visit, replace(table, rows=1), fetch))  # type: ignore[arg-type, type-var]
        return read.page[-1]

    monkeypatch.setattr(tables, "listed", narrow)
    return read


def test_every_list_is_had_in_every_order_page_by_page(city: City, reader: Reader) -> None:
    """What the pages show one after another is what the list holds, and the other way round is its mirror."""
    console = Console(city, web.build(city.house, knowing_all(city)))
    clients = {account: console.client(account) for account in ("", "officer", "asker", *PEOPLE)}
    orders: dict[str, int] = {}
    for route in routes():
        if route.method != "GET" or route.path == SAMPLES or "events" in route.path:
            continue
        address = filled(city, route.path)
        for client in clients.values():
            reader.whole.clear()
            if client.get(address, follow_redirects=False).status_code == 200:
                break
        if not reader.whole:
            continue
        shown = reader.whole[-1]
        orders[route.path] = len(shown.rows)
        keys = [head.key for head in shown.heads if head.href]
        assert keys, f"{route.path} has one order only"
        join = "&" if "?" in address else "?"
        for key in keys:
            mirrored = []
            for sort in (key, f"-{key}"):
                assert client.get(f"{address}{join}sort={sort}").status_code == 200
                wanted, found, at = reader.values(), [], reader.page[-1]
                mirrored.append(wanted)
                while at.rows and len(found) < FOLLOWED:
                    found += [[cell.value for cell in row] for row in at.rows]
                    if not at.next:
                        break
                    assert client.get(unescape(at.next)).status_code == 200, (route.path, sort)
                    at = reader.page[-1]
                assert found == wanted[:FOLLOWED], (route.path, sort)
            assert mirrored[1] == mirrored[0][::-1], (route.path, key)
    assert len(orders) >= 28, orders
    assert sum(rows > 1 for rows in orders.values()) >= 15, orders
