"""The pages of collection, quality and the base library in a browser: readable, usable, and alive."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import LOOKS, Visitors
from tests.city import ROWS
from tests.console import serving
from tests.rows_city import CODE, RowsCity, a_rows_city


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RowsCity]:
    """A city with rows in it."""
    made = a_rows_city(tmp_path_factory.mktemp("rows") / "home")
    yield made
    made.city.house.engine.dispose()


@pytest.fixture(scope="module")
def visitors(browser: Browser, rows: RowsCity) -> Iterator[Visitors]:
    """People before the pages of that city."""
    with serving(rows.console.app) as address:
        yield Visitors(browser, address, rows.city)
        for context in browser.contexts:
            context.close()


def pages(rows: RowsCity) -> dict[str, tuple[str, str]]:
    """Return the pages that show more of a city with rows: who looks, and where."""
    return {
        "batch": ("officer", f"/batches/{rows.strange}"),
        "quality": ("officer", f"/entries/{rows.entry}/quality"),
        "examples": ("officer", f"/batches/{rows.strange}/findings/uscc.length"),
        "conflicts": ("overseer", "/conflicts"),
    }


@pytest.mark.parametrize(("language", "width"), LOOKS)
def test_axe_finds_nothing(
    visitors: Visitors,
    rows: RowsCity,
    axe: Callable[[Page], list[str]],
    shot: Callable[[Page, str], None],
    language: str,
    width: int,
) -> None:
    """Everybody can read and use every page, on a telephone and on a desk."""
    for name, (who, path) in pages(rows).items():
        page = visitors.page(who, language=language, width=width)
        page.goto(path)
        for more in page.locator("details.more > summary").all():
            more.click()
        shot(page, f"{name}-{language}")
        assert axe(page) == [], name
        assert page.evaluate("document.documentElement.scrollWidth") <= width, name
        page.context.close()
    page = visitors.page("overseer", language=language, width=width)
    page.goto("/conflicts")
    page.locator("form[action='/conflicts/one'] button").first.click()
    expect(page.locator(".side-value").first).to_have_text("重庆长江有限公司")
    shot(page, f"conflict-{language}")
    assert axe(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.goto("/subjects")
    page.fill("#field-code", CODE)
    page.locator("form[action='/subjects'] button").click()
    expect(page.locator("h1")).to_have_text("重庆长江有限公司")
    shot(page, f"subject-{language}")
    assert axe(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert visitors.complaints == []


def test_rows_are_delivered_without_a_script(visitors: Visitors, rows: RowsCity, tmp_path: Path) -> None:
    """Form, progress and result are the same pages; a link looks again."""
    file = tmp_path / "企业.csv"
    file.write_text(ROWS.replace("长江", "沱江"), "utf-8")
    page = visitors.page("officer", script=False)
    page.goto(f"/entries/{rows.entry}/deliver")
    page.set_input_files("#field-rows", file)
    page.locator(f"form[action='/entries/{rows.entry}/deliver'] button").click()
    expect(page.locator(".alert-success")).to_be_visible()
    expect(page.locator(".stage-now")).to_have_count(1)
    rows.city.settle()
    page.locator(".again a").click()
    expect(page.locator(".stage-done")).to_have_count(3)
    expect(page.locator(".again")).to_have_count(0)


def test_a_batch_comes_alive_by_itself(visitors: Visitors, rows: RowsCity, tmp_path: Path) -> None:
    """Whoever waits sees examination and library without touching anything."""
    file = tmp_path / "企业.csv"
    file.write_text(ROWS.replace("长江", "涪江"), "utf-8")
    page = visitors.page("officer")
    page.goto(f"/entries/{rows.entry}/deliver")
    page.set_input_files("#field-rows", file)
    page.locator(f"form[action='/entries/{rows.entry}/deliver'] button").click()
    expect(page.locator(".stage-now")).to_have_count(1)
    rows.city.settle()
    expect(page.locator(".stage-done")).to_have_count(3, timeout=8000)
    expect(page.locator(".again")).to_have_count(0)
    assert visitors.complaints == []


def test_a_refused_file_is_said_at_once(
    visitors: Visitors, rows: RowsCity, axe: Callable[[Page], list[str]], tmp_path: Path
) -> None:
    """The panel has the focus and says what to do."""
    file = tmp_path / "空.csv"
    file.write_bytes(b"")
    page = visitors.page("officer", language="zh-CN")
    page.goto(f"/entries/{rows.entry}/deliver")
    page.set_input_files("#field-rows", file)
    page.locator(f"form[action='/entries/{rows.entry}/deliver'] button").click()
    expect(page.locator("#refusal")).to_be_focused()
    expect(page.locator("#refusal")).to_contain_text("空.csv")
    assert axe(page) == []
