"""A head with a phone: what waits stands in one column, several requests are signed in one pass, one is decided."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest
from playwright.sync_api import Page

from jutong import sharing
from jutong.sharing import Delta, Stage
from tests.browser.conftest import Visitors
from tests.browser.test_agreement_course import someone
from tests.city import a_wish

WIDTH, HEIGHT, THUMB = 390, 844, 44  # pixels; WCAG 2.5.5 asks for 44


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_a_head_signs_several_with_a_thumb(
    visitors: Visitors, axe: Callable[[Page], list[str]], shot: Callable[[Page, str], None], language: str
) -> None:
    """What, for what, from whom and how graded stands on each card; the button is large and always in sight."""
    city = visitors.city
    drafts = []
    for scenario in ("补贴核验", "稳岗核验"):
        wish = msgspec.convert(a_wish(city, scenario=f"{scenario}-{language}"), sharing.Wish)
        with city.house.desk(someone(city, "asker")) as desk:
            drafts.append(sharing.draft_request(desk, wish).id)
    page = visitors.page("asking-head", language=language, width=WIDTH, height=HEIGHT)
    page.goto("/signatures")
    assert page.evaluate("document.documentElement.scrollWidth") <= WIDTH
    button = page.locator(".thumb button")
    box = button.bounding_box()
    assert box is not None
    assert box["height"] >= THUMB
    assert box["y"] + box["height"] <= HEIGHT  # in sight without scrolling
    for draft in drafts:
        page.locator(f"input[name=signed][value^='{draft}']").check()
    shot(page, f"signatures-{language}")
    assert axe(page) == []
    button.click()
    page.wait_for_url("**/signatures?done=*")
    with city.house.reading() as db:
        assert {sharing.find_request(db, one).stage for one in drafts} == {Stage.CONSUMER_OFFICE_SIGNED}
    assert visitors.complaints == []


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_a_provider_decides_on_a_change_with_a_thumb(
    visitors: Visitors, axe: Callable[[Page], list[str]], shot: Callable[[Page, str], None], language: str
) -> None:
    """The two states of the agreement stand under each other, and what can be done is one touch away."""
    city, agreement = visitors.city, visitors.city.found["agreement"]
    delta = Delta(legal_basis="条例", scenario="核验", scope="本市企业", quota_per_day=7 if language == "en" else 8)
    with city.house.desk(someone(city, "asker")) as desk:
        request = sharing.draft_amendment(desk, agreement, delta)
    with city.house.desk(someone(city, "asking-head")) as desk:
        sharing.sign_request(desk, request.id)
        sharing.submit_request(desk, request.id)
    page = visitors.page("head", language=language, width=WIDTH, height=HEIGHT)
    page.goto("/signatures")
    assert axe(page) == []
    page.locator(f"a[href='/requests/{request.id}#acts']").click()
    page.wait_for_url(f"**/requests/{request.id}#acts")
    page.goto(f"/requests/{request.id}")
    assert page.evaluate("document.documentElement.scrollWidth") <= WIDTH
    box = page.locator(".thumb a").bounding_box()
    assert box is not None
    assert box["height"] >= THUMB
    assert box["y"] + box["height"] <= HEIGHT
    assert page.locator("#compared tr.changed, .compared tr.changed").count() >= 1
    shot(page, f"change-{language}")
    assert axe(page) == []
    page.locator(".thumb a").click()
    page.locator("summary", has_text="同意" if language == "zh-CN" else "Approve").first.click()
    page.locator(f"form[action='/requests/{request.id}/approval'] button").click()
    page.wait_for_url("**/agreements/*")
    with city.house.reading() as db:
        assert sharing.find_agreement(db, agreement).amended[-1] == request.id
    assert visitors.complaints == []
