"""An agreement's course in a browser: what is owed, what was proposed, and what each side can do about it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from jutong import registers, sharing
from jutong.terms import Actor
from tests.browser.conftest import LOOKS, Visitors
from tests.city import City


def someone(city: City, account: str) -> Actor:
    """Return somebody of the city by the account."""
    with city.house.reading() as db:
        post = registers.find_post(db, city.posts[account])
    return Actor(id=post.person, org=post.body, duties=post.duties, cleared=post.cleared)


@pytest.mark.parametrize("account", ["head", "asking-head"])
def test_the_course_of_an_agreement_is_readable_at_every_width(
    visitors: Visitors, axe: Callable[[Page], list[str]], shot: Callable[[Page, str], None], account: str
) -> None:
    """Suspended, with a change proposed: either side sees what it owes and what it can do, narrow and wide."""
    city, agreement = visitors.city, visitors.city.found["agreement"]
    with city.house.desk(someone(city, "head")) as desk:
        sharing.suspend(desk, agreement, reason="超范围使用")
    with city.house.desk(someone(city, "head")) as desk:
        sharing.propose_change(desk, agreement, reason="系统整合", basis="条例第二十七条", quota_per_day=10)
    for language, width in LOOKS:
        page = visitors.page(account, language=language, width=width)
        page.goto(f"/agreements/{agreement}")
        assert page.locator("#owed, [aria-label='What is owed']").count() >= 1
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        shot(page, f"agreement-course-{account}-{language}")
        assert axe(page) == []
        page.goto(f"/requests/{city.found['request']}")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        shot(page, f"request-urged-{account}-{language}")
        assert axe(page) == []
    assert visitors.complaints == []
