"""Every list of the console, in every order that it offers: page by page nothing is lost, doubled or moved.

And every list that is made otherwise has its reason here, so that no new one stays plain by oversight.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from html import unescape
from pathlib import Path

import pytest

from jutong import registers, search, web
from jutong.kernel.db import transaction
from jutong.search import store as searches
from jutong.terms import Actor
from jutong.web.console import table as tables
from jutong.web.console.table import Listed
from tests.city import MARKET, PEOPLE, City
from tests.console import Console
from tests.pages import a_lively_city, filled, knowing_all, routes
from tests.rows_city import CODE, a_rows_city

WHOLE = 1000
SAMPLES = "/style"  # a made-up list, whose rows are no store's
LISTS = [one for one in routes() if one.method == "GET" and one.path != SAMPLES and "events" not in one.path]
# Where one list has many lines, following each of them says no more than following some.
FOLLOWED = 25
TEMPLATES = Path(web.__file__).parent / "templates"
A_LIST = re.compile(r"<tbody|<ul\b|<ol\b|[.]grid[(]")

# Lists that are no ``Table``, template by template: how many, and why.
ONE_THING = "what one thing says of itself: as long as that thing, and read as a whole"
FIXED = "a few lines that are always the same ones"
FORM = "part of a form, or what a form was refused for"
NEWEST = "the newest few; all of them stand in a list of their own"
FRAME = "a part that pages are made of"
OWN = "a handful of one's own: sessions, posts, what is under way"
RANKED = "results by rank, with what narrows them; the list of entries is the table"
PLAIN: Mapping[str, tuple[int, str]] = {
    "access/account.html": (3, OWN),
    "access/identities.html": (1, OWN),
    "access/passkeys.html": (1, OWN),
    "access/recovery.html": (1, FIXED),
    "access/second_factor.html": (1, FIXED),
    "api.html": (1, FIXED),
    "atlas/impact.html": (2, ONE_THING),
    "catalogue/entry.html": (3, ONE_THING),
    "catalogue/item.html": (1, FORM),
    "catalogue/parts.html": (3, ONE_THING),
    "catalogue/step_basis.html": (1, FORM),
    "catalogue/step_items.html": (1, FORM),
    "catalogue/step_review.html": (1, FORM),
    "catalogue/versions.html": (2, ONE_THING),
    "catalogue/wizard.html": (1, FIXED),
    "census/census.html": (3, NEWEST),
    "census/edition.html": (1, ONE_THING),
    "census/inventory.html": (1, NEWEST),
    "census/parts.html": (1, FRAME),
    "census/project.html": (1, ONE_THING),
    "census/proposal.html": (1, ONE_THING),
    "census/table.html": (1, ONE_THING),
    "collection/batch.html": (2, ONE_THING),
    "collection/batches.html": (1, OWN),
    "collection/deliver.html": (2, FORM),
    "collection/plan.html": (1, ONE_THING),
    "collection/plan_form.html": (2, FORM),
    "custody/erasure.html": (1, ONE_THING),
    "custody/lake.html": (1, "one line a layer, under the list of tables"),
    "delivery/policy.html": (2, ONE_THING),
    "delivery/listing.html": (3, ONE_THING),
    "delivery/proxy.html": (4, ONE_THING),
    "delivery/proxy_trial.html": (1, ONE_THING),
    "delivery/try.html": (3, FORM),
    "desk/desk.html": (3, "what waits, the most urgent first; by kind it has addresses of its own"),
    "harvest/decision.html": (1, ONE_THING),
    "harvest/gather.html": (3, ONE_THING),
    "harvest/record.html": (1, ONE_THING),
    "layout.html": (2, FRAME),
    "ledger/checkpoint.html": (2, FIXED),
    "ledger/parts.html": (3, ONE_THING),
    "library/conflict.html": (1, ONE_THING),
    "library/match.html": (1, ONE_THING),
    "library/rates.html": (1, FIXED),
    "library/layer.html": (2, "what is wrong with a layer, the first hundred; and what is near one point"),
    "library/subject.html": (2, ONE_THING),
    "library/themes.html": (2, "the newest makings of each theme, beside its question"),
    "lists/demand.html": (4, ONE_THING),
    "lists/sheet.html": (1, FORM),
    "oversight/scorecard.html": (2, FIXED),
    "oversight/snapshot.html": (1, FIXED),
    "parts/chart.html": (1, FRAME),
    "parts/notice.html": (2, FRAME),
    "parts/show.html": (3, FRAME),
    "parts/table.html": (1, "the table itself"),
    "people/calendar.html": (2, "one line a year; one line a place's own term"),
    "people/person.html": (2, OWN),
    "portal/entry.html": (1, ONE_THING),
    "portal/first.html": (2, FIXED),
    "quality/examination.html": (1, ONE_THING),
    "quality/examples.html": (1, "at most a few rows of one finding"),
    "quality/objection.html": (1, ONE_THING),
    "quality/profile.html": (1, ONE_THING),
    "quality/rulebook.html": (2, ONE_THING),
    "search/parts.html": (1, RANKED),
    "search/results.html": (3, RANKED),
    "sharing/acceptance.html": (1, "the kinds above the table, with how much of each waits"),
    "sharing/agreement.html": (4, ONE_THING),
    "sharing/batch.html": (1, ONE_THING),
    "sharing/bought.html": (1, RANKED),
    "sharing/choose.html": (1, RANKED),
    "sharing/dispute.html": (1, ONE_THING),
    "sharing/form.html": (2, FORM),
    "sharing/request.html": (7, ONE_THING),
    "sharing/requests.html": (2, OWN),
    "style/style.html": (1, FIXED),
}


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
    _searches(made)
    yield made
    made.house.engine.dispose()


def _searches(city: City) -> None:
    """Let synonyms and questions be kept, and others be missed and put forward."""
    with city.house.reading() as db:
        posts = [registers.find_post(db, city.posts[name]) for name in ("officer", "asker")]
    officer, asker = (Actor(id=post.person, org=post.body, duties=post.duties, cleared=post.cleared) for post in posts)
    with city.house.desk(officer) as desk:
        for line in ("公厕 公共厕所", "学校 校园"):
            search.keep_group(desk, line)
    with transaction(city.house.engine) as db:
        for words in ("冷链物流", "冷链物流", "温控", "泵站", "闸门"):
            searches.count_missed(db, words, city.house.clock().date())
    with city.house.desk(asker) as desk:
        for asked in ("企业登记", "年报"):
            search.keep_question(desk, asked, {"provider": MARKET})
        for words in ("泵站", "闸门"):
            search.put_forward(desk, words, "防汛")


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
    orders = follow_all(city, reader, ((route.path, filled(city, route.path)) for route in LISTS))
    assert len(orders) >= 40, orders
    assert sum(rows > 1 for rows in orders.values()) >= 20, orders


def follow_all(city: City, reader: Reader, asked: Iterable[tuple[str, str]]) -> Mapping[str, int]:
    """Follow every list in every order; return how many lines each has."""
    console = Console(city, web.build(city.house, knowing_all(city)))
    clients = {account: console.client(account) for account in ("", "officer", "asker", *PEOPLE)}
    orders: dict[str, int] = {}
    for path, address in asked:
        for client in clients.values():
            reader.whole.clear()
            if client.get(address, follow_redirects=False).status_code == 200:
                break
        if not reader.whole:
            continue
        shown = reader.whole[-1]
        orders[path] = len(shown.rows)
        keys = [head.key for head in shown.heads if head.href]
        assert keys, f"{path} has one order only"
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
                    assert client.get(unescape(at.next)).status_code == 200, (path, sort)
                    at = reader.page[-1]
                assert found == wanted[:FOLLOWED], (path, sort)
            assert mirrored[1] == mirrored[0][::-1], (path, key)
    return orders


def test_conflicts_are_had_in_every_order_and_no_address_names_whom_they_are_about(
    tmp_path: Path, reader: Reader
) -> None:
    """The place of the next page is sealed: only this node can read it, and only as a place in this list."""
    rows = a_rows_city(tmp_path / "home")
    orders = follow_all(rows.city, reader, [("/conflicts", "/conflicts")])
    assert orders["/conflicts"] > 1
    shown = reader.page[0]
    assert shown.next
    assert CODE not in unescape(shown.next)
    browser = rows.console.client("overseer")
    assert browser.get("/conflicts?after=W10").status_code == 422
    place = unescape(shown.next).partition("after=")[2]
    assert browser.get(f"/matches?after={place}").status_code == 422
    assert CODE in browser.get("/conflicts?export=csv").text
    rows.city.house.engine.dispose()


def test_a_list_is_a_table_or_has_its_reason() -> None:
    """Who adds a list makes it a table that is sorted, filtered, paged and taken along, or says here why not."""
    found = {
        str(path.relative_to(TEMPLATES)): count
        for path in sorted(TEMPLATES.rglob("*.html"))
        if (count := len(A_LIST.findall(path.read_text("utf-8"))))
    }
    assert found == {name: count for name, (count, _) in PLAIN.items()}
