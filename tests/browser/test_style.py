"""The style page in a browser: every part of every page, in both languages."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from jutong.kernel.text import LANGUAGES
from tests.browser.conftest import LOOKS, Visitors

FIRST_VIEW_BYTES = 300_000


@pytest.mark.parametrize(("language", "width"), LOOKS)
def test_axe_finds_nothing(
    visitors: Visitors,
    axe: Callable[[Page], list[str]],
    shot: Callable[[Page, str], None],
    language: str,
    width: int,
) -> None:
    """Everybody can read and use every part, on a telephone and on a desk."""
    page = visitors.page("officer", language=language, width=width)
    page.goto("/style")
    page.locator("[data-chart]").first.scroll_into_view_if_needed()
    page.wait_for_selector(".chart-picture svg")
    shot(page, f"style-{language}")
    assert axe(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert visitors.complaints == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_axe_finds_nothing_on_a_refusal(visitors: Visitors, axe: Callable[[Page], list[str]], language: str) -> None:
    """A refused form is as readable as one that was not sent yet, and names its fields."""
    page = visitors.page("officer", language=language)
    page.goto("/style")
    page.fill("#field-title", "企业登记")
    page.click("form[action='/style'] button:not([name])")
    assert page.locator("#refusal li").count() == 3
    assert page.evaluate("document.activeElement.id") == "refusal"
    assert page.input_value("#field-title") == "企业登记"
    assert axe(page) == []
    fault = page.locator("#refusal li a").first
    label = page.locator("label[for='field-capital']").evaluate("one => one.firstChild.textContent")
    assert fault.inner_text().startswith(label)


def test_the_first_view_is_light(visitors: Visitors) -> None:
    """A page with charts in sight, and all that it loads, weighs less than 300 kB on the wire."""
    page = visitors.page("officer")
    page.goto("/style", wait_until="networkidle")
    page.locator("[data-chart]").last.scroll_into_view_if_needed()
    page.wait_for_selector(".chart-picture svg")
    loaded = page.evaluate(
        "[...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]"
        ".map(one => [one.name, one.encodedBodySize])"
    )
    assert sum(size for _, size in {name: (name, size) for name, size in loaded}.values()) < FIRST_VIEW_BYTES, loaded
    assert {name.split("/")[2] for name, _ in loaded} == {visitors.address.split("/")[2]}


def test_keys_lead_through_the_page(visitors: Visitors) -> None:
    """The search field, the lines of a list and the table of keys are one keystroke away."""
    page = visitors.page("officer")
    page.goto("/style")
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "filter-title"
    page.keyboard.press("j")
    assert page.input_value("#filter-title") == "j"
    page.keyboard.press("Backspace")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("j")
    page.keyboard.press("j")
    lines = page.locator("[data-rows] tbody tr a")
    assert lines.nth(1).evaluate("one => one === document.activeElement")
    page.keyboard.press("k")
    assert lines.nth(0).evaluate("one => one === document.activeElement")
    page.keyboard.press("?")
    assert page.locator("#keys").is_visible()
    page.keyboard.press("Escape")
    assert not page.locator("#keys").is_visible()


@pytest.mark.parametrize("script", [True, False])
def test_a_table_is_filtered_sorted_and_paged(visitors: Visitors, script: bool) -> None:
    """Lists work the same with JavaScript and without."""
    page = visitors.page("officer", script=script, language="en")
    page.goto("/style")
    rows = page.locator("[data-rows] tbody tr")
    assert rows.count() == 3
    page.click("a[rel=next]")
    page.wait_for_url("**/style?*after=*")
    assert rows.count() == 1
    page.goto("/style")
    page.click("th a:has-text('Rows')")
    page.wait_for_url("**/style?*sort=rows*")
    assert "1,234" in rows.first.inner_text()
    page.select_option("#filter-share", "not-shared")
    if not script:
        page.click(".table-tools button")
    page.wait_for_url("**/style?*share=not-shared*")
    assert rows.count() == 1
    assert page.locator("h1").count() == 1


def test_the_menu_opens_on_a_telephone_without_a_script(visitors: Visitors) -> None:
    """The way to other pages needs no JavaScript."""
    page = visitors.page("officer", width=390, script=False)
    page.goto("/")
    assert not page.locator("#places").is_visible()
    page.click(".menu-button")
    assert page.locator("#places").is_visible()


def test_print_leaves_the_page_alone(visitors: Visitors, shot: Callable[[Page, str], None]) -> None:
    """What is printed is the document, without the way around it."""
    page = visitors.page("officer")
    page.goto("/style")
    page.emulate_media(media="print")
    assert not page.locator("header.top").is_visible()
    assert not page.locator("#places").is_visible()
    assert page.locator("h1").is_visible()
    shot(page, "style-print")
