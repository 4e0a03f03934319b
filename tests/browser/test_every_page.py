"""Every page of the console in both languages: axe finds nothing, it fits every screen, and its first view is light."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Browser, Page

from jutong import web
from jutong.kernel.text import LANGUAGES
from jutong.terms import Actor
from jutong.terms.grade import Grade
from tests.browser.conftest import Visitors
from tests.city import PEOPLE
from tests.console import serving
from tests.pages import a_lively_city, filled, knowing_all, routes
from tests.rights import LOOKED_AT_BY, OPEN, SEEN_IN

FIRST_VIEW_BYTES = 300_000
TELEPHONE, DESK, WALL = 390, 1440, 1920
CONTENT_WIDEST = 1280  # what one reads is no wider on a great screen
STEPS = ("about", "items", "sharing", "conditions", "basis", "delivery", "opening", "assessment", "review")
# What is no page to look at: streams, files, ways on; a second factor is looked at where one signs in (test_way_in).
NO_PAGES = {
    "/account/identities/provider",
    "/agreements/{agreement_id}/openapi",
    "/login/provider/return",
    "/batches/{batch_id}/events",
    "/census/harvest/{survey_id}/events",
    "/entries/{entry_id}/deliveries/{delivery_id}",
    "/entries/{entry_id}/deliveries/{delivery_id}/events",
    "/harvest/gathers/{gather_id}/events",
    "/language/{tag}",
    "/login/code",
    "/plans/{plan_id}/events",
    "/receipts/{some_id}/r.txt",
}
# The same page with things in other stages: slots of the address, by what the city calls them; and who looks.
STAGES: Mapping[str, list[tuple[str, Mapping[str, str]]]] = {
    "/entries/{entry_id}": [
        ("officer", {"entry_id": "draft"}),
        ("head", {"entry_id": "draft"}),
        ("auditor", {"entry_id": "submitted"}),
        ("publisher", {"entry_id": "registered"}),
        ("officer", {"entry_id": "returned"}),
        ("asker", {"entry_id": "entry"}),
    ],
    "/entries/{entry_id}/edit/{step}": [("officer", {"entry_id": "draft", "step": f"={step}"}) for step in STEPS],
    "/requests/{request_id}": [
        ("asking-head", {"request_id": "wish"}),
        ("head", {"request_id": "request"}),
        ("asker", {"request_id": "supplement"}),
        ("asker", {"request_id": "approved"}),
    ],
    "/agreements/{agreement_id}": [("head", {}), ("asker", {})],
    "/desk": [(account, {}) for account in ("head", "asker", "auditor", "overseer", "security", "system", "audit")],
    "/demands/{demand_id}": [
        ("officer", {"demand_id": "routed"}),
        ("auditor", {"demand_id": "filed"}),
        ("auditor", {"demand_id": "demand"}),
    ],
    "/people/{person_id}": [("system", {}), ("security", {})],
    "/systems": [("security", {})],
    "/requests/new": [("asker", {"?entry": "entry"})],
}
WIDTHS = "[document.documentElement.scrollWidth, document.querySelector('main').clientWidth]"
FAILURES = (
    ("", "/nowhere", 404),
    ("officer", "/people", 403),
    ("stranger", "/requests/01JZ0000000000000000000000", 404),
)


@dataclass
class Look:
    """One page that somebody looks at."""

    path: str
    account: str
    slots: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return " ".join([self.path, self.account or "anybody", *self.slots.values()])


def _viewer(path: str, guard: str) -> str:
    for account, (org, duties) in PEOPLE.items():
        actor = Actor(id=account, org=org, duties=duties, cleared=Grade.L4)
        sees = {str(duty) for duty in duties} & LOOKED_AT_BY[guard]
        if sees and (path not in SEEN_IN or SEEN_IN[path](actor) == 200):
            return account
    raise AssertionError(path)


def _looks() -> list[Look]:
    found = []
    for route in routes():
        if route.method == "GET" and route.path not in NO_PAGES:
            opened = not route.guard
            stranger = opened and OPEN[route.path][0] == 200
            account = ("" if stranger else "officer") if opened else _viewer(route.path, route.guard)
            found.append(Look(route.path, account))
            found += [Look(route.path, who, slots) for who, slots in STAGES.get(route.path, ())]
    return found


LOOKS = _looks()
IN_BOTH_LANGUAGES = [pytest.param(language, look, id=f"{language} {look}") for language in LANGUAGES for look in LOOKS]
_PAGES: dict[tuple[str, str], Page] = {}


@pytest.fixture(scope="module")
def visitors(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visitors]:
    """A lively city, served; one browser for each of its people and languages."""
    city = a_lively_city(tmp_path_factory.mktemp("every-page") / "home")
    with serving(web.build(city.house, knowing_all(city))) as address:
        yield Visitors(browser, address, city)
        for page in _PAGES.values():
            page.context.close()
        _PAGES.clear()
    city.house.engine.dispose()


@pytest.fixture(autouse=True)
def pages_are_left() -> None:
    """Each person's browser stays open from page to page."""


def _page(visitors: Visitors, account: str, language: str) -> Page:
    if (account, language) not in _PAGES:
        _PAGES[account, language] = visitors.page(account, language=language, width=TELEPHONE)
    return _PAGES[account, language]


@pytest.mark.parametrize(("language", "look"), IN_BOTH_LANGUAGES)
def test_axe_finds_nothing_and_it_fits(
    visitors: Visitors, axe: Callable[[Page], list[str]], shot: Callable[[Page, str], None], language: str, look: Look
) -> None:
    """Read on a telephone, at a desk and on a wall, all that folds opened, by eye or by ear, and light to load."""
    page = _page(visitors, look.account, language)
    visitors.complaints.clear()
    page.set_viewport_size({"width": TELEPHONE, "height": 844})
    answer = page.goto(_address(visitors, look))
    assert answer is not None
    assert answer.status == 200
    assert page.locator("html").get_attribute("lang") == language
    name = f"page-{language}-" + "-".join("".join(one if one.isalnum() else " " for one in str(look)).split())
    assert sum(_weights(page).values()) <= FIRST_VIEW_BYTES
    shot(page, name)
    page.evaluate("document.querySelectorAll('main details:not(.columns)').forEach(one => { one.open = true })")
    for width in (TELEPHONE, WALL, DESK):
        page.set_viewport_size({"width": width, "height": 900})
        wide, content = page.evaluate(WIDTHS)
        assert wide <= width, f"wider than {width}"
        assert content <= CONTENT_WIDEST, f"stretched on {width}"
    if language == "zh-CN":
        shot(page, name)
    page.set_viewport_size({"width": DESK if language == "zh-CN" else TELEPHONE, "height": 900})
    assert axe(page) == []
    assert visitors.complaints == []


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("account", "path", "status"), FAILURES)
def test_axe_finds_nothing_on_what_is_refused(
    visitors: Visitors, axe: Callable[[Page], list[str]], language: str, account: str, path: str, status: int
) -> None:
    """A refusal is a page like any other."""
    page = _page(visitors, account, language)
    page.set_viewport_size({"width": TELEPHONE, "height": 844})
    answer = page.goto(path)
    assert answer is not None
    assert answer.status == status
    assert page.evaluate("document.documentElement.scrollWidth") <= TELEPHONE
    assert axe(page) == []


def _address(visitors: Visitors, look: Look) -> str:
    found = visitors.city.found
    slots = {name: value[1:] if value.startswith("=") else found[value] for name, value in look.slots.items()}
    asked = "&".join(f"{name[1:]}={value}" for name, value in slots.items() if name.startswith("?"))
    return filled(visitors.city, look.path, **slots) + (f"?{asked}" if asked else "")


def _weights(page: Page) -> Mapping[str, int]:
    loaded = page.evaluate(
        "[...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]"
        ".map(one => [one.name, one.encodedBodySize])"
    )
    return dict(loaded)
