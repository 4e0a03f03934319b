"""Every link that people find from page to page: none is dead, none leads away, and looking changes nothing."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from urllib.parse import urljoin, urlsplit

import httpx
import pytest
from litestar.testing import TestClient

from jutong import web
from tests.city import City
from tests.console import Console
from tests.markup import Markup, read_markup
from tests.pages import a_lively_city, knowing_all, routes, state_of

# A department's officer, its head, the authority's auditor, a consumer, an audit administrator; then the others.
PEOPLE = ("officer", "head", "auditor", "asker", "audit", "overseer", "publisher", "system", "security", "own-answers")
# To look at some things is itself on record, and their pages say so; a denial would be, too, but no link is denied.
LEDGER = "ledger_evidence"
LOOKED = {
    "quality.examples_looked_at",
    "library.looked_up",
    "library.conflicts_looked_at",
    "library.matches_looked_at",
    "library.theme_looked_at",
    "library.layer_looked_at",
}
# Of one kind of page so many are opened, and so many read for their links: more of a kind only repeat themselves.
OPENED = 16
READ = 4
SAMPLES = "/style"  # shows parts with made-up links


@dataclass
class Crawl:
    """What somebody found on the way from the first page and the desk."""

    answers: dict[str, int] = field(default_factory=dict)
    found_on: dict[str, str] = field(default_factory=dict)
    pages: dict[str, Markup] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    """A lively city."""
    made = a_lively_city(tmp_path_factory.mktemp("links") / "home")
    yield made
    made.house.engine.dispose()


@pytest.fixture(scope="module")
def console(city: City) -> Console:
    """Its pages."""
    return Console(city, web.build(city.house, knowing_all(city)))


@pytest.mark.parametrize("account", PEOPLE)
def test_no_link_is_dead(console: Console, city: City, account: str) -> None:
    """Whatever a page offers to somebody, that person can open; every form has somewhere to go."""
    before = state_of(city)
    crawl = _crawl(console, account)
    assert crawl.faults == []
    bad = {
        path: (status, crawl.found_on[path]) for path, status in crawl.answers.items() if status not in (200, 303, 304)
    }
    assert bad == {}
    assert len(crawl.pages) > 20
    after = state_of(city)
    changed = {name for name, rows in after.items() if rows != before[name]}
    assert changed <= {LEDGER}, "looking at pages changes nothing"
    assert _new_lines(before, after) <= _looks(city), "only looking at rows themselves is on record"


@pytest.mark.parametrize("account", ["", *PEOPLE])
def test_every_page_is_sound_html(console: Console, account: str) -> None:
    """One heading, a language, a title, labels, unique names, and nothing that the security policy would refuse."""
    crawl = _crawl(console, account)
    wrong = {path: markup.wrongs() for path, markup in crawl.pages.items()}
    assert {path: found for path, found in wrong.items() if found} == {}
    assert {markup.language for markup in crawl.pages.values()} <= {"zh-CN"}


def test_every_page_is_reached_by_somebody(console: Console) -> None:
    """No page of the console stands where nobody finds it from the first page or the own desk."""
    reached = {_template(urlsplit(path).path) for account in PEOPLE for path in _crawl(console, account).answers}
    looks = {route.path for route in routes() if route.method == "GET"}
    by_acts = {  # where only a form's button, a link in a letter, or a delivery under way leads
        "/login/code",
        *("/login/provider", "/login/provider/return", "/account/identities/provider"),  # where one is trusted
        "/welcome",
        "/batches/{batch_id}/events",
        "/entries/{entry_id}/edit/item",
        "/entries/{entry_id}/edit/sheet",
        "/demands/{demand_id}/draft",
        "/harvest/gathers/{gather_id}/events",
        "/plans/{plan_id}/events",
        "/entries/{entry_id}/deliveries/{delivery_id}",
        "/entries/{entry_id}/deliveries/{delivery_id}/events",
        "/census/harvest/{survey_id}",
        "/census/harvest/{survey_id}/events",
        "/calls/{agreement_id}/{day}",
        "/login",
    }
    assert looks - reached - by_acts == set()


_CRAWLS: dict[tuple[int, str, str], Crawl] = {}


def _crawl(console: Console, account: str, language: str = "zh-CN") -> Crawl:
    key = (id(console), account, language)
    if key not in _CRAWLS:
        _CRAWLS[key] = _crawled(console, account, language)
    return _CRAWLS[key]


def _crawled(console: Console, account: str, language: str) -> Crawl:
    crawl, client = Crawl(), console.client(account, language)
    client.follow_redirects = False
    waiting, seen = ["/", "/desk"] if account else ["/"], {"/", "/desk"}
    read: Counter[str] = Counter()
    opened: Counter[str] = Counter()
    crawl.found_on = dict.fromkeys(waiting, "the beginning")
    while waiting:
        path = waiting.pop(0)
        # A link to the other language is kept in the cookies: whoever tries it sits before another browser.
        there = console.client(account) if path.startswith("/language/") else client
        answer = there.get(path, follow_redirects=False)
        crawl.answers[path] = answer.status_code
        template = _template(urlsplit(path).path)
        if not _is_page(answer) or read[template] >= READ or path == SAMPLES:
            continue
        read[template] += 1
        markup = crawl.pages[path] = read_markup(answer.text)
        for target in _targets(crawl, client, path, markup):
            where = _template(urlsplit(target).path)
            if target in seen or opened[where] >= OPENED:
                continue
            seen.add(target)
            opened[where] += 1
            crawl.found_on[target] = path
            waiting.append(target)
    return crawl


def _targets(crawl: Crawl, client: TestClient[object], path: str, markup: Markup) -> Iterator[str]:
    for element, attribute, address in markup.links:
        if element == "img" and address.startswith("data:"):
            continue  # a picture that the page itself carries
        parts = urlsplit(urljoin(path, address))
        if parts.scheme or parts.netloc:
            crawl.faults.append(f"{path}: <{element} {attribute}> leads away: {address}")
            continue
        if parts.fragment and parts.path == urlsplit(path).path and parts.fragment not in markup.ids:
            crawl.faults.append(f"{path}: no part is named #{parts.fragment}")
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        if element == "form" or attribute in ("formaction", "hx-post"):
            allowed = client.options(parts.path).headers.get("allow", "")
            if not {"GET", "POST"} & set(allowed.replace(" ", "").split(",")):
                crawl.faults.append(f"{path}: a form goes to {parts.path}, which takes none")
        elif not address.startswith("#"):
            yield target


@cache
def _template(here: str) -> str:
    paths = sorted({route.path for route in routes()}, key=lambda path: path.count("{"))
    return next((path for path in paths if re.fullmatch(re.sub("{[^}]*}", "[^/]+", path), here)), here)


def _is_page(answer: httpx.Response) -> bool:
    return answer.status_code == 200 and answer.headers.get("content-type", "").startswith("text/html")


def _new_lines(before: Mapping[str, object], after: Mapping[str, object]) -> set[str]:
    return {str(row) for row in set(after[LEDGER]) - set(before[LEDGER])}  # type: ignore[call-overload]


def _looks(city: City) -> set[str]:
    return {repr((line.id,)) for act in LOOKED for line in city.lines(act)}
