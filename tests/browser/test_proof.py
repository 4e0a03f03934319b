"""The pages of proof in a browser: verification with and without a script."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from jutong import ledger
from tests.browser.conftest import Visitors


def a_receipt(visitors: Visitors) -> str:
    """Return the receipt of an act, as the node hands it out."""
    house = visitors.city.house
    return ledger.receipt_of(house.engine, house.home.ledger, visitors.city.found["line"])


@pytest.mark.parametrize("script", [True, False])
@pytest.mark.parametrize("spoiled", [False, True])
def test_one_verdict_with_and_without_a_script(
    visitors: Visitors, axe: Callable[[Page], list[str]], shot: Callable[[Page, str], None], script: bool, spoiled: bool
) -> None:
    """The browser alone says of a good and of a spoiled receipt what the node says, step by step."""
    receipt = a_receipt(visitors)
    if spoiled:
        receipt = receipt.replace("leaf {", "leaf {" + '"x":1,', 1)
    page = visitors.page(script=script)
    asked: list[str] = []
    page.goto("/verify", wait_until="networkidle")
    page.on("request", lambda request: asked.append(request.method))
    page.fill("#field-receipt", receipt)
    page.click("#verify button")
    page.wait_for_selector("#verdict .verdict-fails" if spoiled else "#verdict .verdict-holds")
    states = (
        page.locator("#verdict .check").evaluate_all("all => all.map(one => one.className.split('check-')[1])")
        if (script)
        else [one.get_attribute("class").split("check-")[1] for one in page.locator("#verdict .check").all()]
    )
    assert states == (["fails"] + ["open"] * 5 if spoiled else ["holds", "skipped", "skipped"] + ["holds"] * 3)
    assert page.locator("[data-at-node]").is_visible() == (not script)
    assert ("POST" in asked) == (not script)
    if script:
        shot(page, f"proof-verdict-{'bad' if spoiled else 'good'}")
        assert axe(page) == []
        assert visitors.complaints == []
    page.context.close()


def test_a_chosen_file_is_verified_in_the_browser_and_a_bad_key_is_named(visitors: Visitors) -> None:
    """The officer chooses r.txt; a key that is none is told before anything is checked."""
    page = visitors.page(language="en")
    page.goto("/verify", wait_until="networkidle")
    given = {"name": "r.txt", "mimeType": "text/plain", "buffer": a_receipt(visitors).encode()}
    page.set_input_files("#field-file", given)
    page.click("#verify button")
    page.wait_for_selector("#verdict .verdict-holds")
    page.fill("#field-keys", "no key")
    page.click("#verify button")
    page.wait_for_selector("#verdict .verdict-fails")
    assert "A key is not in its form" in page.inner_text("#verdict")
    page.context.close()
