"""The desk and the notices in a browser, for people of several posts, in both languages and at both widths."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from playwright.sync_api import Page

from jutong import sharing
from jutong.kernel.db import transaction
from jutong.sharing import store
from tests.browser.conftest import LOOKS, Visitors


def breach(visitors: Visitors) -> None:
    """Let the open request's day have passed."""
    house = visitors.city.house
    with transaction(house.engine) as db:
        request = sharing.find_request(db, visitors.city.found["request"])
        assert request.clock is not None
        late = request.clock.due - timedelta(days=60)

        store.save_request(db, request.reclocked(replace(request.clock, due=late)))


@pytest.mark.parametrize(("language", "width"), LOOKS)
def test_axe_finds_nothing_where_a_day_has_passed(
    visitors: Visitors, axe: Callable[[Page], list[str]], shot: Callable[[Page, str], None], language: str, width: int
) -> None:
    """What is late is told by words as well as by colour, on the desk and among all notices."""
    breach(visitors)
    page = visitors.page("head", language=language, width=width)
    for path in ("/desk", "/notices?show=all"):
        page.goto(path)
        shot(page, f"late{path.partition('?')[0].replace('/', '-')}-{language}")
        assert axe(page) == [], path
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
    assert visitors.complaints == []


def test_one_keystroke_leads_to_the_next_line(visitors: Visitors) -> None:
    """An officer goes down the desk without a mouse."""
    page = visitors.page("head")
    page.goto("/desk")
    page.keyboard.press("j")
    lines = page.locator("[data-todo] > li a")
    assert lines.first.evaluate("one => one === document.activeElement")
    page.keyboard.press("j")
    assert lines.nth(1).evaluate("one => one === document.activeElement")


@pytest.mark.parametrize("script", [True, False])
def test_a_notice_is_marked_as_read(visitors: Visitors, script: bool) -> None:
    """The count in the header falls; it works without JavaScript."""
    page = visitors.page("asker" if script else "head", script=script, language="en")
    page.goto("/notices")
    before = page.locator("#table-notices tbody tr").count()
    assert int(page.locator(".bell-count").inner_text()) == before
    page.locator("#table-notices .act button").first.click()
    page.wait_for_url("**/notices?done=*")
    assert page.locator("#table-notices tbody tr").count() == before - 1
    if before > 1:
        page.click(".actions button")
        page.wait_for_url("**/notices?done=*")
    assert page.locator(".bell-count").count() == 0
