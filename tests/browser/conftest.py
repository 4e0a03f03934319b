"""What tests in a browser may ask for: a served node, a page of a signed-in visitor, axe, and screenshots."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.city import City, a_full_city
from tests.console import SEAT, a_console, serving

ROOT = Path(__file__).parents[2]
# The same browser without a desktop around it is lighter; either will do.
CHROMIUM = next(
    (path for path in map(Path, ("/usr/bin/chromium-headless-shell", "/usr/bin/chromium")) if path.exists()),
    Path("/usr/bin/chromium"),
)
AXE = ROOT / "node_modules/axe-core/axe.min.js"
SCREENSHOTS = ROOT / "var/screenshots"
# Narrow and wide, in either language; test_every_page looks at all pages in both.
LOOKS = (("zh-CN", 390), ("en", 1440))
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-extensions")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@dataclass
class Visitors:
    """People before the served pages: each page is a browser of its own; what it complains of is kept."""

    browser: Browser
    address: str
    city: City
    complaints: list[str] = field(default_factory=list)

    def page(
        self, account: str = "", *, language: str = "zh-CN", width: int = 1440, height: int = 900, script: bool = True
    ) -> Page:
        """Return a page of somebody, or of a stranger; addresses are those of the node."""
        context = self.browser.new_context(
            base_url=self.address,
            viewport={"width": width, "height": height},
            java_script_enabled=script,
            locale=language,
        )
        cookies = {"jutong-language": language} | ({SEAT: account} if account else {})
        context.add_cookies([{"name": name, "value": value, "url": self.address} for name, value in cookies.items()])
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", lambda said: self.complaints.append(said.text) if _grave(said.text, said.type) else None)
        return page


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, without a window; gone before other modules run event loops of their own."""
    if not CHROMIUM.exists():
        pytest.skip("no chromium (tools/system-packages installs it)")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=str(CHROMIUM), args=list(FLAGS))
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def visitors(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visitors]:
    """A full city, served; its people are known by their account's name."""
    city = a_full_city(tmp_path_factory.mktemp("browser") / "home")
    with serving(a_console(city).app) as address:
        yield Visitors(browser, address, city)
    for context in browser.contexts:
        context.close()
    city.house.engine.dispose()


@pytest.fixture(autouse=True)
def pages_are_left(request: pytest.FixtureRequest) -> Iterator[None]:
    """Close every page at the end of its test: a page that stays open goes on asking the node for news."""
    yield
    if "browser" in request.fixturenames:
        for context in request.getfixturevalue("browser").contexts:
            context.close()


@pytest.fixture(scope="session")
def axe() -> Callable[[Page], list[str]]:
    """Give what axe finds against WCAG 2.2 AA on a page, one line a finding; nothing is what we want."""
    if not AXE.exists():
        pytest.skip("no axe-core (`python hatch_build.py` installs it)")
    source = AXE.read_text("utf-8")

    def findings(page: Page) -> list[str]:
        page.evaluate(source)
        result: Any = page.evaluate("tags => axe.run(document, {runOnly: tags, resultTypes: ['violations']})", RULES)
        return [
            f"{one['id']}: {node['target']} {node['failureSummary']}"
            for one in result["violations"]
            for node in one["nodes"]
        ]

    return findings


@pytest.fixture(scope="session")
def shot() -> Callable[[Page, str], None]:
    """Keep a picture of a page under var/screenshots, for people who ask for pictures."""
    wanted = "JUTONG_PICTURES" in os.environ
    if wanted:
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)

    def take(page: Page, name: str) -> None:
        if not wanted:
            return
        width = (page.viewport_size or {"width": 0})["width"]
        page.screenshot(path=SCREENSHOTS / f"{name}-{width}.png", full_page=True)

    return take


def _grave(said: str, kind: str) -> bool:
    # A refusal's own status is no complaint: refusals are pages.
    return kind == "error" and "Failed to load resource" not in said
