"""The catalogue in a browser: refused screens, and a wizard that needs no script."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from jutong.kernel.text import LANGUAGES
from tests.browser.conftest import Visitors


@pytest.mark.parametrize("language", LANGUAGES)
def test_axe_finds_nothing_on_refused_screens(
    visitors: Visitors, axe: Callable[[Page], list[str]], language: str
) -> None:
    """A refused screen is as readable as before, and leads to the faulty field."""
    page = visitors.page("officer", language=language)
    page.goto("/entries/new")
    page.check("input[name=way][value=nothing]")
    page.click("main form[action='/entries/new'] button")
    assert page.locator("#refusal a").first.get_attribute("href") == "#field-title"
    assert axe(page) == []
    page.goto(f"/entries/{visitors.city.found['draft']}/edit/delivery")
    page.fill("#field-service", "Not A Name")
    page.click(".wizard-buttons button[value=next]")
    assert page.input_value("#field-service") == "Not A Name"
    assert axe(page) == []


@pytest.mark.parametrize("script", [True, False])
def test_the_wizard_is_walked_to_its_end(visitors: Visitors, script: bool) -> None:
    """An officer fills in an entry from nothing, leaves it, comes back, and hands it to the head; no script needed."""
    page = visitors.page("officer", script=script, language="en")
    page.goto("/entries")
    page.click("text=New entry")
    page.check("input[name=way][value=nothing]")
    page.fill("#field-title", "道路里程")
    page.click("text=Begin >> nth=-1")
    page.wait_for_url("**/edit/about*")
    entry = page.url.split("/")[4]
    page.fill("#field-abstract", "全市道路里程")
    page.click(".wizard-buttons button[value=later]")
    page.wait_for_url(f"**/entries/{entry}?*")
    assert "Still missing" in page.inner_text("main")
    page.click(".actions >> text=Edit")
    assert page.input_value("#field-abstract") == "全市道路里程"
    page.check("input[name=format][value=database]")
    page.press("#field-title", "Enter")
    page.wait_for_url("**/edit/items*")
    for name, title in (("road_code", "道路代码"), ("length_km", "里程")):
        page.click("text=Add an item")
        page.fill("#field-name", name)
        page.fill("#field-title", title)
        page.check("input[name=grade][value='1']")
        if name == "road_code":
            page.check("#field-key")
        page.click("text=Save the item")
        page.wait_for_url("**/edit/items*")
    page.click("[aria-label='Move up: 里程']")
    assert page.locator("[data-rows] tbody tr").first.inner_text().startswith("里程")
    page.click(".wizard-buttons button[value=next]")
    page.check("input[name=share_type][value=conditional]")
    page.click(".wizard-buttons button[value=next]")
    page.fill("#field-scope", "本级政府部门")
    page.check("input[name=purposes][value=statistics]")
    page.check("input[name=conditions][value=duty-only]")
    page.click(".wizard-buttons button[value=next]")
    page.select_option("#field-instrument", "law")
    page.fill("#field-rule", "公路法")
    page.fill("#field-article", "第八条")
    page.click("text=Add this rule")
    assert "公路法" in page.inner_text(".cited")
    page.click(".wizard-buttons button[value=next]")
    page.select_option("#field-update_cycle", "yearly")
    page.check("input[name=methods][value=query]")
    page.fill("#field-service", f"roads-{'js' if script else 'plain'}")
    page.click(".wizard-buttons button[value=previous]")
    page.wait_for_url("**/edit/basis*")
    page.click(".wizard-steps >> text=Assessments")
    page.wait_for_url("**/edit/assessment*")
    page.check("#field-secrecy_assessed")
    page.check("#field-impact_assessed")
    page.click(".wizard-buttons button[value=next]")
    page.wait_for_url("**/edit/review*")
    assert "Nothing is missing" in page.inner_text("main")
    assert f"roads-{'js' if script else 'plain'}" in page.inner_text("main")
    page.click("text=Finish")
    head = visitors.page("head", script=script, language="en")
    head.goto(f"/entries/{entry}")
    head.click("form[action$='/signature'] button")
    head.wait_for_url("**done=catalogue.signed*")
    assert "The entry was signed." in head.inner_text("[role=status]")
